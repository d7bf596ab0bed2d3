"""What every metric has to satisfy, each found by itself: order, splits, state, merges, ranks."""

import copy
import importlib
import inspect
import math
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pytest
import torch
from torch import Tensor, distributed
from torch._subclasses.fake_tensor import FakeTensorMode
from typing_extensions import TypeIs

import firesteel.metrics
from firesteel.engine import Engine
from firesteel.errors import ArgumentError, NotComputableError
from firesteel.metrics import (
    Accuracy,
    Average,
    Loss,
    Metric,
    MetricGroup,
    RunningAverage,
    over_all_ranks,
)
from firesteel.testing import RankPool

Make = Callable[[], Metric[Any, Any, Any]]
MakeBatch = Callable[[torch.Generator, int], Any]

TOLERANCE: Final = 1e-9

ABSTRACT: Final = {"Metric", "StatisticMetric"}

FROM_OTHERS: Final = {"MetricGroup", "MetricsLambda"}

ORDERED: Final = {"RunningAverage", "Frequency"}
"""Where the order of batches matters."""

ASKING_OTHERS: Final = {"Loss", "TorchMetric", "EpochMetric", "MetricsLambda", "MetricGroup"}
"""Where somebody else looks at the shapes: a loss function, torchmetrics, other metrics."""

NEEDING_ALL: Final = {
    # the order of all scores, in whole curves
    "AveragePrecision",
    "BinaryAveragePrecision",
    "BinaryRocAuc",
    "MeanAveragePrecision",
    "MulticlassAveragePrecision",
    "MulticlassPrecisionRecallCurve",
    "MulticlassRocAuc",
    "MulticlassRocCurve",
    "MultilabelAveragePrecision",
    "MultilabelPrecisionRecallCurve",
    "MultilabelRocAuc",
    "MultilabelRocCurve",
    "PrecisionAtFixedRecall",
    "PrecisionRecallCurve",
    "ROC_AUC",
    "RecallAtFixedPrecision",
    "RocCurve",
    "SensitivityAtSpecificity",
    "SpecificityAtSensitivity",
    # the order of all values, or their distance from the mean of all
    "GeometricMeanRelativeAbsoluteError",
    "KendallRankCorrelation",
    "MedianAbsoluteError",
    "MedianAbsolutePercentageError",
    "MedianRelativeAbsoluteError",
    "SpearmanRankCorrelation",
    # the items of a query, which may come in several batches
    "RetrievalAveragePrecision",
    "RetrievalFallOut",
    "RetrievalHitRate",
    "RetrievalNormalizedDCG",
    "RetrievalPrecision",
    "RetrievalRPrecision",
    "RetrievalRecall",
    "RetrievalReciprocalRank",
    # a function of all that was seen
    "EpochMetric",
}
"""Where memory grows with the data. For curves there are binned ones, where it does not."""

UNSPLITTABLE: Final = {
    "RunningAverage",
    "Average",
    "Frequency",
    "GeometricAverage",
    "VariableAccumulation",
}
"""Where an update counts as one, whatever is in it."""


def scalar(generator: torch.Generator, num_rows: int) -> Tensor:
    return torch.rand((), generator=generator)


def pair(generator: torch.Generator, num_rows: int) -> tuple[Tensor, Tensor]:
    rand = torch.rand(2, num_rows, 3, generator=generator, dtype=torch.float64)
    return rand[0], rand[1]


def mean_squared_error(prediction: Tensor, target: Tensor) -> Tensor:
    return ((prediction - target) ** 2).sum() / max(1, prediction.numel())


def _examples() -> Iterator[tuple[Make, MakeBatch]]:
    yield Average, scalar
    yield lambda: RunningAverage(alpha=0.5), scalar
    yield lambda: Loss(mean_squared_error), pair
    yield lambda: Average() + 2 * Average(), scalar
    yield lambda: MetricGroup(a=Average(), b=Average().map(str)), scalar
    for path in sorted(Path(__file__).parent.glob("*/examples.py")):
        module = importlib.import_module(f"tests.unit.metrics.{path.parent.name}.examples")
        yield from module.EXAMPLES


EXAMPLES: Final = list(_examples())
NUMBERS: Final = range(len(EXAMPLES))


def _name(number: int) -> str:
    return f"{number}-{type(EXAMPLES[number][0]()).__name__}"


each = pytest.mark.parametrize("number", NUMBERS, ids=_name)


def made(number: int) -> Metric[Any, Any, Any]:
    return EXAMPLES[number][0]()


def batches(number: int, sizes: Sequence[int], seed: int = 0) -> list[Any]:
    generator = torch.Generator().manual_seed(seed)
    return [EXAMPLES[number][1](generator, size) for size in sizes]


def after(number: int, values: Sequence[Any]) -> object:
    metric = made(number)
    for value in values:
        metric.update(value)
    return metric.compute()


def is_same(one: object, other: object) -> bool:
    """Tell whether two results agree but for rounding."""
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        one, other = one.cpu(), other.cpu()
        return one.shape == other.shape and bool(
            torch.allclose(one.double(), other.double(), TOLERANCE, TOLERANCE, equal_nan=True)
        )
    if isinstance(one, float) and isinstance(other, float):
        both_nan = math.isnan(one) and math.isnan(other)
        return both_nan or math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    if is_mapping(one) and is_mapping(other):
        return list(one) == list(other) and all(is_same(one[key], other[key]) for key in one)
    if is_row(one) and is_row(other):
        return len(one) == len(other) and all(map(is_same, one, other))
    return one == other


def is_mapping(value: object) -> TypeIs[Mapping[object, object]]:
    return isinstance(value, Mapping)


def is_row(value: object) -> TypeIs[list[object] | tuple[object, ...]]:
    return isinstance(value, list | tuple)


def joined(values: Sequence[Any]) -> Any:
    """Make one batch of several."""
    first = values[0]
    if isinstance(first, Tensor):
        return torch.cat(list(values))
    if isinstance(first, tuple):
        return tuple(joined(column) for column in zip(*values, strict=True))
    return [entry for value in values for entry in value]


def test_every_public_metric_has_an_example() -> None:
    public = {
        kind.__name__
        for name in firesteel.metrics.__all__
        if inspect.isclass(kind := getattr(firesteel.metrics, name)) and issubclass(kind, Metric)
    }
    assert public - ABSTRACT <= {type(made(number)).__name__ for number in NUMBERS}


@each
def test_the_order_of_batches_does_not_matter(number: int) -> None:
    values = batches(number, [5, 3, 8])
    if type(made(number)).__name__ not in ORDERED:
        assert is_same(after(number, values), after(number, values[::-1]))


@each
def test_the_split_into_batches_does_not_matter(number: int) -> None:
    values = batches(number, [5, 3, 8])
    name = type(made(number)).__name__
    if name not in UNSPLITTABLE | FROM_OTHERS:
        assert is_same(after(number, values), after(number, [joined(values)]))


@each
def test_an_empty_batch_is_nothing(number: int) -> None:
    if type(made(number)).__name__ not in UNSPLITTABLE | FROM_OTHERS:
        values = batches(number, [5, 0, 3])
        assert is_same(after(number, values), after(number, [values[0], values[2]]))


@each
def test_a_reset_forgets_everything(number: int) -> None:
    metric, values = made(number), batches(number, [5, 3])
    metric.update(values[0])
    metric.reset()
    metric.update(values[1])
    assert is_same(metric.compute(), after(number, values[1:]))


@each
def test_computing_changes_nothing(number: int) -> None:
    metric, values = made(number), batches(number, [5, 3])
    metric.update(values[0])
    assert is_same(metric.compute(), metric.compute())
    metric.update(values[1])
    assert is_same(metric.compute(), after(number, values))


@each
def test_nothing_seen_is_no_result(number: int) -> None:
    metric = made(number)
    named = type(metric).__name__
    with pytest.raises(NotComputableError, match="^Average: " if named in FROM_OTHERS else named):
        metric.compute()


@each
def test_shapes_that_do_not_go_together_are_named(number: int) -> None:
    name, batch = type(made(number)).__name__, batches(number, [5])[0]
    if name in ASKING_OTHERS or not is_row(batch):
        return
    first, second, *others = batch
    if not isinstance(first, Tensor) or not isinstance(second, Tensor):
        return
    with pytest.raises(ArgumentError) as caught:
        made(number).update((first[:-1], second, *others))
    message = str(caught.value)
    assert message.startswith(f"{name}: ")
    assert str(list(first[:-1].shape)) in message
    assert str(list(second.shape)) in message


def test_what_is_kept_grows_only_where_the_definition_needs_all_of_it() -> None:
    growing = {type(made(number)).__name__ for number in NUMBERS if _grows(number)}
    assert growing - {"TorchMetric"} == NEEDING_ALL


def _grows(number: int) -> bool:
    metric, values = made(number), batches(number, [5] * 12)
    sizes: list[int] = []
    for part in (values[:3], values[3:]):
        for value in part:
            metric.update(value)
        sizes.append(_num_elements(metric.state_dict()))
    return sizes[1] > sizes[0]


def _num_elements(value: object) -> int:
    if isinstance(value, Tensor):
        return value.numel()
    if is_mapping(value):
        return sum(map(_num_elements, value.values()))
    return sum(map(_num_elements, value)) if is_row(value) else 1


def test_no_update_after_the_first_needs_to_see_what_lies_on_a_device() -> None:
    # what lies on the device "meta" cannot be seen by anybody
    waiting: dict[str, str] = {}
    free: set[str] = set()
    for number in NUMBERS:
        metric, values = made(number), batches(number, [5, 5, 5])
        metric.update(values[0])
        try:
            for value in values[1:]:
                metric.update(_on_meta(value))
        except (RuntimeError, NotImplementedError) as error:  # always checked, or kept elsewhere
            waiting[type(metric).__name__] = str(error)
        else:
            free.add(type(metric).__name__)
    assert {name: waiting[name] for name in waiting.keys() - free} == {}


def test_updates_can_be_tried_on_tensors_that_have_only_a_shape() -> None:
    needing: dict[str, str] = {}
    free: set[str] = set()
    for number in NUMBERS:
        metric = made(number)
        try:
            with FakeTensorMode(allow_non_fake_inputs=True) as mode:
                for value in batches(number, [5, 3]):
                    metric.update(_pretended(value, mode))
        except (RuntimeError, NotImplementedError) as error:
            needing[type(metric).__name__] = str(error)
        else:
            free.add(type(metric).__name__)
    assert {name: needing[name] for name in needing.keys() - free} == {}


def _pretended(value: object, mode: FakeTensorMode) -> object:
    if isinstance(value, Tensor):
        return mode.from_tensor(value)
    return tuple(_pretended(one, mode) for one in value) if is_row(value) else value


def _on_meta(value: object) -> object:
    if isinstance(value, Tensor):
        return value.to("meta")
    return tuple(map(_on_meta, value)) if is_row(value) else value


def test_which_way_is_better_is_said_of_each() -> None:
    for number in NUMBERS:
        kind = type(made(number))
        if kind.__name__ not in FROM_OTHERS:
            assert any(
                "higher_is_better" in vars(base) for base in kind.mro() if base is not Metric
            )


@each
def test_a_loaded_metric_goes_on_where_the_saved_one_stood(number: int) -> None:
    saved, loaded, values = made(number), made(number), batches(number, [5, 3, 4])
    saved.update(values[0])
    state = saved.state_dict()
    saved.update(values[1])  # must not reach what was saved
    loaded.load_state_dict(state)
    loaded.update(values[2])
    assert is_same(loaded.compute(), after(number, [values[0], values[2]]))
    again = made(number)
    again.load_state_dict(state)  # nor must what was loaded have changed it
    assert is_same(again.compute(), after(number, values[:1]))


@each
def test_a_copy_is_attached_to_nothing_and_goes_on_by_itself(number: int) -> None:
    metric, values = made(number), batches(number, [5, 3])
    metric.update(values[0])
    metric.attach(Engine(lambda engine, batch: batch), "metric")
    copied = copy.deepcopy(metric)
    metric.update(values[1])
    assert is_same(copied.compute(), after(number, values[:1]))
    assert not copied.boards


def test_a_metric_can_be_pickled() -> None:
    metric = Accuracy()
    metric.update((torch.tensor([1, 0]), torch.tensor([1, 1])))
    metric.attach(Engine(lambda engine, batch: batch), "metric")
    assert pickle.loads(pickle.dumps(metric)).compute() == 0.5  # noqa: S301  # our own


@each
def test_a_metric_that_is_merged_has_seen_what_both_saw(number: int) -> None:
    if type(made(number)).__name__ in ORDERED:
        return
    one, other, fresh = made(number), made(number), made(number)
    values = batches(number, [5, 3, 4])
    one.update(values[0])
    other.update(values[1])
    one.merge(other)
    one.merge(fresh)
    one.update(values[2])
    assert is_same(one.compute(), after(number, values))
    assert is_same(other.compute(), after(number, values[1:2]))
    fresh.merge(other)
    assert is_same(fresh.compute(), after(number, values[1:2]))


def results_of_all(sizes: Sequence[Sequence[int]]) -> list[tuple[object, object]]:
    """Give, for each metric, its result over all ranks and its result on this one."""
    rank = distributed.get_rank()
    metrics = [made(number) for number in NUMBERS]
    for number, metric in zip(NUMBERS, metrics, strict=True):
        for value in batches(number, sizes[rank], seed=rank):
            metric.update(value)
    with over_all_ranks(*metrics):
        together = [_computed(metric) for metric in metrics]
    return list(zip(together, map(_computed, metrics), strict=True))


def _computed(metric: Metric[Any, Any, Any]) -> object:
    try:
        return metric.compute()
    except NotComputableError:
        return "nothing"


def check_ranks(pool: RankPool, sizes: Sequence[Sequence[int]]) -> None:
    answers = pool.run(results_of_all, sizes)
    for number in NUMBERS:
        if type(made(number)).__name__ in ORDERED:
            continue
        parts = [batches(number, part, seed=rank) for rank, part in enumerate(sizes)]
        metric = made(number)
        for part in parts:
            for value in part:
                metric.update(value)
        for rank, answer in enumerate(answers):
            together, alone = answer[number]
            assert is_same(together, _computed(metric)), (_name(number), rank)
            own = made(number)
            for value in parts[rank]:
                own.update(value)
            assert is_same(alone, _computed(own)), (_name(number), rank)


@pytest.mark.distributed
@pytest.mark.parametrize("sizes", [[[4, 3], [5]], [[], [6]], [[2, 0], []], [[], []]], ids=str)
def test_two_ranks_compute_what_one_would(
    two_ranks: RankPool, sizes: Sequence[Sequence[int]]
) -> None:
    check_ranks(two_ranks, sizes)


@pytest.mark.distributed
@pytest.mark.parametrize("sizes", [[[4], [5, 2], [3]], [[], [6], []]], ids=str)
def test_three_ranks_compute_what_one_would(
    three_ranks: RankPool, sizes: Sequence[Sequence[int]]
) -> None:
    check_ranks(three_ranks, sizes)
