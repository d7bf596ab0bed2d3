"""What every metric of regression does alike, held against its function."""

import inspect
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, Final, NamedTuple

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from typing_extensions import override

from firesteel import Engine
from firesteel.errors import ArgumentError, ArgumentTypeError, NotComputableError
from firesteel.metrics import Metric, PredTarget, regression
from firesteel.metrics._functional._distances import (
    canberra_metric,
    cosine_similarity,
    manhattan_distance,
    mean_pairwise_distance,
    minkowski_distance,
    wave_hedges_distance,
)
from firesteel.metrics._functional._medians import (
    median_absolute_error,
    median_absolute_percentage_error,
    median_relative_absolute_error,
)
from firesteel.metrics._functional._moments import (
    concordance_correlation,
    explained_variance,
    pearson_correlation,
    r2_score,
    relative_squared_error,
)
from firesteel.metrics._functional._rank_correlation import (
    kendall_rank_correlation,
    spearman_rank_correlation,
)
from firesteel.metrics._functional._regression import (
    geometric_mean_absolute_error,
    log_cosh_error,
    maximum_absolute_error,
    mean_absolute_error,
    mean_error,
    mean_squared_error,
    mean_squared_log_error,
    root_mean_squared_error,
)
from firesteel.metrics._functional._relative_errors import (
    fractional_absolute_error,
    fractional_bias,
    geometric_mean_relative_absolute_error,
    mean_absolute_percentage_error,
    mean_absolute_relative_error,
    mean_normalized_bias,
    symmetric_mean_absolute_percentage_error,
    weighted_mean_absolute_percentage_error,
)

Make = Callable[..., Metric[PredTarget, Any, Any]]
Function = Callable[..., Tensor]
Case = tuple[Make, Function, dict[str, Any]]

RAW: Final = {"multioutput": "raw_values"}

BY_COLUMN: Final[list[tuple[Make, Function]]] = [
    (regression.ConcordanceCorrelation, concordance_correlation),
    (regression.ExplainedVariance, explained_variance),
    (regression.MeanAbsoluteError, mean_absolute_error),
    (regression.MeanSquaredError, mean_squared_error),
    (regression.MeanSquaredLogError, mean_squared_log_error),
    (regression.PearsonCorrelation, pearson_correlation),
    (regression.R2Score, r2_score),
    (regression.RelativeSquaredError, relative_squared_error),
    (regression.RootMeanSquaredError, root_mean_squared_error),
]

OF_TABLES: Final[list[Case]] = [
    *((make, function, {}) for make, function in BY_COLUMN),
    *((make, function, RAW) for make, function in BY_COLUMN),
    (regression.CanberraMetric, canberra_metric, {}),
    (regression.CosineSimilarity, cosine_similarity, {}),
    (regression.CosineSimilarity, cosine_similarity, {"eps": 5.0}),
    (regression.FractionalAbsoluteError, fractional_absolute_error, {}),
    (regression.FractionalBias, fractional_bias, {}),
    (regression.GeometricMeanAbsoluteError, geometric_mean_absolute_error, {}),
    (
        regression.GeometricMeanRelativeAbsoluteError,
        geometric_mean_relative_absolute_error,
        {},
    ),
    (regression.LogCoshError, log_cosh_error, {}),
    (regression.ManhattanDistance, manhattan_distance, {}),
    (regression.MaximumAbsoluteError, maximum_absolute_error, {}),
    (regression.MeanAbsolutePercentageError, mean_absolute_percentage_error, {}),
    (regression.MeanAbsoluteRelativeError, mean_absolute_relative_error, {}),
    (regression.MeanError, mean_error, {}),
    (regression.MeanNormalizedBias, mean_normalized_bias, {}),
    (regression.MeanPairwiseDistance, mean_pairwise_distance, {}),
    (regression.MeanPairwiseDistance, mean_pairwise_distance, {"p": 1.0, "eps": 0.5}),
    (regression.MedianAbsoluteError, median_absolute_error, {}),
    (regression.MedianAbsolutePercentageError, median_absolute_percentage_error, {}),
    (regression.MedianRelativeAbsoluteError, median_relative_absolute_error, {}),
    (regression.MinkowskiDistance, minkowski_distance, {"p": 3.0}),
    (
        regression.SymmetricMeanAbsolutePercentageError,
        symmetric_mean_absolute_percentage_error,
        {},
    ),
    (regression.WaveHedgesDistance, wave_hedges_distance, {}),
    (
        regression.WeightedMeanAbsolutePercentageError,
        weighted_mean_absolute_percentage_error,
        {},
    ),
]

OF_VECTORS: Final[list[Case]] = [
    (regression.KendallRankCorrelation, kendall_rank_correlation, {}),
    (
        regression.KendallRankCorrelation,
        kendall_rank_correlation,
        {"variant": "c"},
    ),
    (regression.SpearmanRankCorrelation, spearman_rank_correlation, {}),
]

VALIDATED: Final = {"MeanSquaredLogError": 2}
"""How often those that look at values by themselves make the host wait for the first batch."""


def _name(value: object) -> str | None:
    return value.__name__ if callable(value) and hasattr(value, "__name__") else None


each = pytest.mark.parametrize(
    ("make", "function", "options"), [*OF_TABLES, *OF_VECTORS], ids=_name
)


def pair_of(make: Make, num_rows: int = 20, dtype: torch.dtype = torch.float64) -> PredTarget:
    """Give positive quarters, exact in any floating point dtype: a vector, or three columns."""
    shape = (num_rows,) if make in {case[0] for case in OF_VECTORS} else (num_rows, 3)
    generator = torch.Generator().manual_seed(3)
    prediction, target = torch.randint(1, 24, (2, *shape), generator=generator)
    if not dtype.is_floating_point:
        return prediction.to(dtype), target.to(dtype)
    return (prediction / 4).to(dtype), (target / 4).to(dtype)


def parts_of(pair: PredTarget, *bounds: int) -> list[PredTarget]:
    prediction, target = pair
    ends = pairwise([0, *bounds, len(target)])
    return [(prediction[start:end], target[start:end]) for start, end in ends]


def check_result(result: object, expected: Tensor, rel: float = 1e-9) -> None:
    if expected.ndim:
        assert isinstance(result, Tensor)
        assert result.dtype == torch.float64
        torch.testing.assert_close(result, expected, rtol=rel, atol=1e-12)
    else:
        assert type(result) is float
        assert result == pytest.approx(expected.item(), rel=rel, abs=1e-12)


@contextmanager
def waits() -> Generator[list[str]]:
    """List the operations at which the host would wait for a device."""
    found: list[str] = []
    waiting = {"_local_scalar_dense", "item", "is_nonzero", "equal", "nonzero", "masked_select"}
    waiting |= {"_unique2", "unique_dim", "bincount"}

    class Listing(TorchDispatchMode):
        @override
        def __torch_dispatch__(
            self,
            func: Callable[..., object],
            types: Iterable[type],
            args: tuple[object, ...] = (),
            kwargs: Mapping[str, object] | None = None,
        ) -> object:
            _, name, _ = str(func).split(".")
            if name in waiting:
                found.append(name)
            return func(*args, **(kwargs or {}))

    make: Callable[[], TorchDispatchMode] = Listing  # torch's constructor is not typed
    with make():
        yield found


def test_every_metric_is_here() -> None:
    public = {getattr(regression, name) for name in regression.__all__}
    assert {make for make, _, _ in [*OF_TABLES, *OF_VECTORS]} == public


@each
def test_several_updates_give_what_the_function_gives_of_all(
    make: Make, function: Function, options: dict[str, Any]
) -> None:
    pair = pair_of(make)
    metric = make(**options)
    for part in parts_of(pair, 7, 8, 8, 15):
        metric.update(part)
    check_result(metric.compute(), function(*pair, **options))


@each
@pytest.mark.parametrize(
    "dtype", [torch.uint8, torch.int64, torch.float16, torch.bfloat16, torch.float64]
)
def test_any_real_dtype_is_taken(
    make: Make, function: Function, options: dict[str, Any], dtype: torch.dtype
) -> None:
    pair = pair_of(make, dtype=dtype)
    metric = make(**options)
    for part in parts_of(pair, 9):
        metric.update(part)
    prediction, target = pair
    expected = function(prediction.double(), target.double(), **options)
    # what has at most 32 bits is divided, or put to a power, in float32
    check_result(metric.compute(), expected, rel=1e-9 if dtype == torch.float64 else 1e-5)


@each
def test_views_are_taken(make: Make, function: Function, options: dict[str, Any]) -> None:
    prediction, target = pair_of(make)
    metric = make(**options)
    metric.update((torch.stack([prediction, target], dim=-1)[::2, ..., 0], target[::2]))
    check_result(metric.compute(), function(prediction[::2], target[::2], **options))


@each
def test_a_metric_goes_on_from_a_saved_state_which_stays(
    make: Make, function: Function, options: dict[str, Any]
) -> None:
    first, second, third = parts_of(pair_of(make), 6, 11)
    saved, loaded = make(**options), make(**options)
    saved.update(first)
    state = saved.state_dict()
    saved.update(second)
    loaded.load_state_dict(state)
    loaded.update(third)
    loaded.update(second)
    check_result(loaded.compute(), function(*pair_of(make)[:2], **options))
    again = make(**options)
    again.load_state_dict(state)
    check_result(again.compute(), function(*first, **options))


@each
def test_a_merge_takes_in_what_another_one_saw(
    make: Make, function: Function, options: dict[str, Any]
) -> None:
    pair = pair_of(make)
    one, other = make(**options), make(**options)
    first, second = parts_of(pair, 6)
    one.merge(other)  # nothing to nothing
    with pytest.raises(NotComputableError):
        one.compute()
    one.update(first)
    one.merge(other)  # nothing to something
    other.update(second)
    one.merge(other)
    check_result(one.compute(), function(*pair, **options))
    check_result(other.compute(), function(*second, **options))
    fresh = make(**options)
    fresh.merge(other)  # something to nothing
    other.update(first)
    check_result(fresh.compute(), function(*second, **options))
    fresh.update(first)  # what was taken in weighs once
    check_result(fresh.compute(), function(*pair, **options))


@each
def test_a_reset_forgets(make: Make, function: Function, options: dict[str, Any]) -> None:
    first, second = parts_of(pair_of(make), 6)
    metric = make(**options)
    metric.update(first)
    metric.reset()
    metric.update(second)
    check_result(metric.compute(), function(*second, **options))
    metric.reset()
    with pytest.raises(NotComputableError):
        metric.compute()


@each
def test_an_empty_batch_is_nothing(make: Make, function: Function, options: dict[str, Any]) -> None:
    pair = pair_of(make)
    empty = parts_of(pair, 0)[0]
    metric = make(**options)
    metric.update(empty)
    with pytest.raises(NotComputableError) as caught:
        metric.compute()
    assert str(caught.value) == f"{type(metric).__name__}: needs at least one value"
    metric.update(pair)
    metric.update(empty)
    check_result(metric.compute(), function(*pair, **options))


@each
def test_what_is_kept_is_no_view_of_the_batch_and_has_no_graph(
    make: Make, function: Function, options: dict[str, Any]
) -> None:
    prediction, target = pair_of(make, dtype=torch.float64)
    expected = function(prediction, target, **options).clone()
    metric = make(**options)
    buffer = prediction.clone().requires_grad_()
    metric.update((buffer, target))
    with torch.no_grad():
        buffer.zero_()
    target.zero_()
    check_result(metric.compute(), expected)
    held = metric.read_fields().values()
    tensors = [one for value in held for one in (value if isinstance(value, list) else [value])]
    assert not any(isinstance(one, Tensor) and one.requires_grad for one in tensors)


@each
def test_an_update_leaves_the_batch_as_it_is(
    make: Make, function: Function, options: dict[str, Any]
) -> None:
    prediction, target = pair_of(make, dtype=torch.float64)
    before = prediction.clone(), target.clone()
    metric = make(**options)
    metric.update((prediction, target))
    metric.compute()
    assert torch.equal(prediction, before[0])
    assert torch.equal(target, before[1])


@each
def test_a_result_is_not_changed_by_what_comes_after(
    make: Make, function: Function, options: dict[str, Any]
) -> None:
    first, second = parts_of(pair_of(make), 6)
    metric = make(**options)
    metric.update(first)
    result = metric.compute()
    metric.update(second)
    metric.compute()
    check_result(result, function(*first, **options))


@each
def test_the_host_waits_for_no_update_but_a_first_one_that_looks_at_values(
    make: Make, function: Function, options: dict[str, Any]
) -> None:
    metric = make(**options)
    batches = parts_of(pair_of(make), 5, 10) * 30  # enough for moments to be merged
    for _ in range(2):
        with waits() as found:
            metric.update(batches[0])
        assert len(found) == VALIDATED.get(type(metric).__name__, 0)
        with waits() as found:
            for batch in batches[1:]:
                metric.update(batch)
        assert found == []
        metric.reset()


@each
def test_a_state_kept_on_a_device_is_there(
    make: Make, function: Function, options: dict[str, Any]
) -> None:
    pair = pair_of(make)
    metric = make(device="cpu", **options)
    for part in parts_of(pair, 5):
        metric.update(part)
    check_result(metric.compute(), function(*pair, **options))
    assert metric.device == torch.device("cpu")


@each
def test_other_shapes_are_refused_by_name(
    make: Make, function: Function, options: dict[str, Any]
) -> None:
    metric = make(**options)
    name = type(metric).__name__
    with pytest.raises(ArgumentError) as caught:
        metric.update((torch.ones(3, 2), torch.ones(3)))
    assert str(caught.value) == (
        f"{name}: prediction and target must have one shape, got [3, 2] and [3]"
    )
    with pytest.raises(ArgumentError, match=f"^{name}: .*prediction.squeeze"):
        metric.update((torch.ones(3, 1), torch.ones(3)))
    with pytest.raises(ArgumentError, match=f"^{name}: .*at least one axis"):
        metric.update((torch.ones(()), torch.ones(())))
    with pytest.raises(ArgumentTypeError, match=f"^{name}: .*must be real"):
        metric.update((torch.ones(3, dtype=torch.complex64), torch.ones(3)))
    with pytest.raises(NotComputableError):
        metric.compute()


@each
def test_the_better_direction_is_told(
    make: Make, function: Function, options: dict[str, Any]
) -> None:
    kind = type(make(**options))
    said = inspect.getdoc(kind) or ""
    direction = {True: "Better is higher", False: "Better is lower", None: "Best is 0"}
    assert direction[vars(kind)["higher_is_better"]] in " ".join(said.split())
    if vars(kind)["higher_is_better"] is not None:
        target = torch.tensor([[10.0, 40.0], [30.0, 20.0], [50.0, 70.0]])
        if make in {case[0] for case in OF_VECTORS}:
            target = target[:, 0]
        good, bad = make(**options), make(**options)
        good.update((target + 0.01 * target.flip(0), target))
        bad.update((target.flip(0) + 1, target))
        is_higher = torch.as_tensor(good.compute()) > torch.as_tensor(bad.compute())
        assert bool((is_higher == vars(kind)["higher_is_better"]).all())


class Output(NamedTuple):
    loss: float
    prediction: Tensor
    target: Tensor


def select(output: Output) -> PredTarget:
    return output.prediction, output.target


@each
def test_attached_it_covers_an_epoch(
    make: Make, function: Function, options: dict[str, Any]
) -> None:
    def give(engine: Engine[PredTarget, Output], batch: PredTarget) -> Output:
        return Output(0.0, *batch)

    pair = pair_of(make)
    evaluator = Engine(give)
    with_transform = make(select, **options)
    key = with_transform.attach(evaluator, "one")
    other = make(**options).attach(
        evaluator, "other", output_transform=lambda out: (out.prediction, out.target)
    )
    for _ in range(2):
        metrics = evaluator.run(parts_of(pair, 5, 9)).metrics
        check_result(metrics[key], function(*pair, **options))
        check_result(metrics[other], function(*pair, **options))


@pytest.mark.parametrize("make", [make for make, _ in BY_COLUMN], ids=_name)
def test_another_way_to_treat_columns_is_refused(make: Make) -> None:
    with pytest.raises(ArgumentError) as caught:
        make(multioutput="mean")
    assert str(caught.value) == (
        f"{make.__name__}: multioutput must be 'uniform_average' or 'raw_values', got 'mean'"
    )


@pytest.mark.parametrize(("make", "function"), BY_COLUMN, ids=_name)
def test_one_column_is_as_good_as_none(make: Make, function: Function) -> None:
    prediction, target = pair_of(regression.SpearmanRankCorrelation)
    raw = make(multioutput="raw_values")
    raw.update((prediction[:8], target[:8]))
    raw.update((prediction[8:, None], target[8:, None]))
    check_result(raw.compute(), function(prediction, target, multioutput="raw_values"))


@pytest.mark.parametrize(("make", "function"), BY_COLUMN, ids=_name)
def test_axes_after_the_second_count_as_samples(make: Make, function: Function) -> None:
    generator = torch.Generator().manual_seed(5)
    pair = torch.rand(2, 6, 3, 4, generator=generator).unbind()
    raw = make(multioutput="raw_values")
    for part in parts_of((pair[0], pair[1]), 2):
        raw.update(part)
    check_result(raw.compute(), function(*pair, multioutput="raw_values"))
    raw.update((pair[0][..., :1], pair[1][..., :1]))  # not so many of them now


@pytest.mark.parametrize("make", [make for make, _ in BY_COLUMN], ids=_name)
def test_columns_stay_as_many_as_they_were(make: Make) -> None:
    raw = make(multioutput="raw_values")
    name = type(raw).__name__
    raw.update((torch.ones(4, 3), torch.ones(4, 3)))
    with pytest.raises(ArgumentError) as caught:
        raw.update((torch.ones(4, 2), torch.ones(4, 2)))
    condition = "the number of columns must be the same in all batches"
    assert str(caught.value) == f"{name}: {condition}, got 2 after 3"
    other = make(multioutput="raw_values")
    other.update((torch.ones(4, 2), torch.ones(4, 2)))
    with pytest.raises(ArgumentError, match=rf"^{name}\.merge: the parts of .* must go together"):
        raw.merge(other)
    raw.update((torch.ones(4, 3), torch.ones(4, 3)))


@pytest.mark.parametrize(
    "make",
    [
        regression.MeanSquaredLogError,
        regression.MeanAbsoluteRelativeError,
        regression.MeanAbsolutePercentageError,
        regression.MeanNormalizedBias,
    ],
)
class TestValidate:
    def test_only_the_first_batch_with_values_is_looked_at(self, make: Make) -> None:
        good, bad = self.pairs(make)
        metric = make(validate="first")
        metric.update((torch.ones(0), torch.ones(0)))
        with pytest.raises(ArgumentError, match=f"^{type(metric).__name__}: target must be "):
            metric.update(bad)
        with pytest.raises(NotComputableError):
            metric.compute()
        metric.update(good)
        metric.update(bad)
        metric.reset()
        with pytest.raises(ArgumentError):
            metric.update(bad)

    def test_all_batches_are_looked_at(self, make: Make) -> None:
        good, bad = self.pairs(make)
        metric = make(validate="always")
        metric.update(good)
        before = metric.compute()
        with pytest.raises(ArgumentError):
            metric.update(bad)
        assert metric.compute() == before

    def test_no_batch_is_looked_at(self, make: Make) -> None:
        metric = make(validate="never")
        with waits() as found:
            metric.update(self.pairs(make)[1])
        assert found == []

    def test_another_word_is_refused(self, make: Make) -> None:
        with pytest.raises(ArgumentError) as caught:
            make(validate="once")
        condition = "validate must be one of 'first', 'always', 'never', got 'once'"
        assert str(caught.value) == f"{make.__name__}: {condition}"

    @staticmethod
    def pairs(make: Make) -> tuple[PredTarget, PredTarget]:
        wrong = -2.0 if make is regression.MeanSquaredLogError else 0.0
        return (torch.ones(2), torch.ones(2)), (torch.ones(2), torch.tensor([1.0, wrong]))
