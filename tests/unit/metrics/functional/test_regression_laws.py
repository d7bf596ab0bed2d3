"""What all of regression has to satisfy: splits, order, dtypes, strides, nothing, no waits."""

import doctest
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from itertools import accumulate, pairwise
from typing import Final, NamedTuple, TypeAlias

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from typing_extensions import override

from firesteel.errors import ArgumentError, ArgumentTypeError, NotComputableError
from firesteel.metrics._functional import _distances as distances
from firesteel.metrics._functional import _medians as medians
from firesteel.metrics._functional import _moments as moments
from firesteel.metrics._functional import _rank_correlation as ranks
from firesteel.metrics._functional import _regression as plain
from firesteel.metrics._functional import _relative_errors as relative
from firesteel.metrics._functional._pairs import MeanSums, mean_result, sum_result

Pair: TypeAlias = tuple[Tensor, Tensor]
OfPair: TypeAlias = Callable[[Tensor, Tensor], Tensor]
OfBatches: TypeAlias = Callable[[Sequence[Pair]], Tensor]


class Law(NamedTuple):
    """A metric, and the same from batches."""

    name: str
    of_all: OfPair
    of_batches: OfBatches


def _merged(all_sums: Sequence[MeanSums]) -> MeanSums:
    total = torch.stack([sums.total for sums in all_sums]).sum(dim=0)
    return MeanSums(total, sum(sums.num_values for sums in all_sums))


def _mean(
    name: str,
    of_all: OfPair,
    of_batch: Callable[[Tensor, Tensor], MeanSums],
    result: Callable[[MeanSums], Tensor] | None = None,
) -> Law:
    def of_batches(batches: Sequence[Pair]) -> Tensor:
        sums = _merged([of_batch(*batch) for batch in batches])
        return mean_result(sums, where=name) if result is None else result(sums)

    return Law(name, of_all, of_batches)


def _total(name: str, of_all: OfPair, of_batch: Callable[[Tensor, Tensor], MeanSums]) -> Law:
    return _mean(name, of_all, of_batch, lambda sums: sum_result(sums, where=name))


def _moment(name: str, of_all: OfPair, of_batch: OfPair, result: Callable[[Tensor], Tensor]) -> Law:
    def of_batches(batches: Sequence[Pair]) -> Tensor:
        return result(moments.merge_moments(torch.stack([of_batch(*one) for one in batches])))

    return Law(name, of_all, of_batches)


def _largest(batches: Sequence[Pair]) -> Tensor:
    parts = [plain.maximum_absolute_error_sums(*batch) for batch in batches]
    largest = torch.stack([part.largest for part in parts]).amax()
    num_values = sum(part.num_values for part in parts)
    return plain.maximum_absolute_error_result(plain.MaximumSums(largest, num_values))


def _weighted(batches: Sequence[Pair]) -> Tensor:
    parts = [relative.weighted_mean_absolute_percentage_error_sums(*batch) for batch in batches]
    error, scale = (
        torch.stack(each).sum() for each in ([p[0] for p in parts], [p[1] for p in parts])
    )
    num_values = sum(part.num_values for part in parts)
    sums = relative.WeightedSums(error, scale, num_values)
    return relative.weighted_mean_absolute_percentage_error_result(sums)


LAWS: Final = (
    _mean("mean_absolute_error", plain.mean_absolute_error, plain.mean_absolute_error_sums),
    _mean("mean_squared_error", plain.mean_squared_error, plain.mean_squared_error_sums),
    _mean(
        "root_mean_squared_error",
        plain.root_mean_squared_error,
        plain.root_mean_squared_error_sums,
        plain.root_mean_squared_error_result,
    ),
    _mean(
        "mean_squared_log_error", plain.mean_squared_log_error, plain.mean_squared_log_error_sums
    ),
    _mean("mean_error", plain.mean_error, plain.mean_error_sums),
    _mean("log_cosh_error", plain.log_cosh_error, plain.log_cosh_error_sums),
    _mean(
        "geometric_mean_absolute_error",
        plain.geometric_mean_absolute_error,
        plain.geometric_mean_absolute_error_sums,
        plain.geometric_mean_absolute_error_result,
    ),
    Law("maximum_absolute_error", plain.maximum_absolute_error, _largest),
    _mean(
        "mean_absolute_relative_error",
        relative.mean_absolute_relative_error,
        relative.mean_absolute_relative_error_sums,
    ),
    _mean(
        "mean_absolute_percentage_error",
        relative.mean_absolute_percentage_error,
        relative.mean_absolute_percentage_error_sums,
    ),
    _mean(
        "fractional_absolute_error",
        relative.fractional_absolute_error,
        relative.fractional_absolute_error_sums,
    ),
    _mean(
        "symmetric_mean_absolute_percentage_error",
        relative.symmetric_mean_absolute_percentage_error,
        relative.symmetric_mean_absolute_percentage_error_sums,
    ),
    Law(
        "weighted_mean_absolute_percentage_error",
        relative.weighted_mean_absolute_percentage_error,
        _weighted,
    ),
    _mean(
        "mean_normalized_bias", relative.mean_normalized_bias, relative.mean_normalized_bias_sums
    ),
    _mean("fractional_bias", relative.fractional_bias, relative.fractional_bias_sums),
    _total("manhattan_distance", distances.manhattan_distance, distances.manhattan_distance_sums),
    _total("canberra_metric", distances.canberra_metric, distances.canberra_metric_sums),
    _total(
        "wave_hedges_distance", distances.wave_hedges_distance, distances.wave_hedges_distance_sums
    ),
    _mean(
        "minkowski_distance",
        lambda p, y: distances.minkowski_distance(p, y, p=3),
        lambda p, y: distances.minkowski_distance_sums(p, y, p=3),
        lambda sums: distances.minkowski_distance_result(sums, p=3),
    ),
    _mean(
        "mean_pairwise_distance",
        distances.mean_pairwise_distance,
        distances.mean_pairwise_distance_sums,
    ),
    _mean("cosine_similarity", distances.cosine_similarity, distances.cosine_similarity_sums),
    _moment(
        "pearson_correlation",
        moments.pearson_correlation,
        moments.pair_moments,
        moments.pearson_correlation_result,
    ),
    _moment(
        "concordance_correlation",
        moments.concordance_correlation,
        moments.pair_moments,
        moments.concordance_correlation_result,
    ),
    _moment("r2_score", moments.r2_score, moments.error_moments, moments.r2_score_result),
    _moment(
        "explained_variance",
        moments.explained_variance,
        moments.error_moments,
        moments.explained_variance_result,
    ),
    _moment(
        "relative_squared_error",
        moments.relative_squared_error,
        moments.error_moments,
        moments.relative_squared_error_result,
    ),
)
WITHOUT_BATCHES: Final[Mapping[str, OfPair]] = {
    "geometric_mean_relative_absolute_error": relative.geometric_mean_relative_absolute_error,
    "median_absolute_error": medians.median_absolute_error,
    "median_absolute_percentage_error": medians.median_absolute_percentage_error,
    "median_relative_absolute_error": medians.median_relative_absolute_error,
}
OF_VECTORS: Final[Mapping[str, OfPair]] = {
    "kendall_rank_correlation": ranks.kendall_rank_correlation,
    "spearman_rank_correlation": ranks.spearman_rank_correlation,
}
ALL: Final[Mapping[str, OfPair]] = {
    **{law.name: law.of_all for law in LAWS},
    **WITHOUT_BATCHES,
    **OF_VECTORS,
}
MODULES: Final = (distances, medians, moments, ranks, plain, relative)
WAITING: Final = frozenset(
    {"_local_scalar_dense", "item", "is_nonzero", "equal", "nonzero", "masked_select"}
    | {"_unique2", "unique_dim", "bincount"}
)
DTYPES: Final = (
    torch.uint8,
    torch.int64,
    torch.float16,
    torch.bfloat16,
    torch.float32,
    torch.float64,
)

each_law = pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
each_function = pytest.mark.parametrize("name", sorted(ALL))
by_hypothesis = settings(deadline=None, derandomize=True, max_examples=25)


def _pair(name: str, num_rows: int, *, seed: int) -> Pair:
    """Give whole numbers from 1 to 250, which every dtype of the tests holds, but bfloat16."""
    shape = (num_rows,) if name in OF_VECTORS else (num_rows, 3)
    generator = torch.Generator().manual_seed(seed)
    prediction, target = torch.randint(1, 251, (2, *shape), generator=generator)
    return prediction, target


def _assert_close(ours: Tensor, expected: Tensor, *, rtol: float = 1e-9) -> None:
    assert ours.dtype == torch.float64
    assert ours.shape == ()
    torch.testing.assert_close(ours, expected, rtol=rtol, atol=1e-12, equal_nan=True)


def test_every_public_function_is_here() -> None:
    public = {name for module in MODULES for name in module.__all__}
    assert public - {"check_nonzero", "merge_moments"} == set(ALL)


@each_law
@by_hypothesis
@given(seed=st.integers(0, 2**16), sizes=st.lists(st.integers(0, 5), min_size=1, max_size=5))
def test_parts_merge_to_the_whole(law: Law, seed: int, sizes: list[int]) -> None:
    sizes = [*sizes, 3]
    prediction, target = (x.double() / 7 for x in _pair(law.name, sum(sizes), seed=seed))
    bounds = pairwise([0, *accumulate(sizes)])
    batches = [(prediction[a:b], target[a:b]) for a, b in bounds]
    _assert_close(law.of_batches(batches), law.of_all(prediction, target))


@each_law
def test_an_empty_batch_adds_nothing(law: Law) -> None:
    batch = _pair(law.name, 6, seed=1)
    empty = (batch[0][:0], batch[1][:0])
    for batches in ([batch, empty], [empty, batch]):
        assert law.of_batches(batches) == law.of_all(*batch)


@each_law
def test_batches_without_a_sample_are_an_error_that_names_the_metric(law: Law) -> None:
    empty = torch.zeros(0, 3)
    with pytest.raises(NotComputableError, match=f"^{law.name}: needs at least one "):
        law.of_batches([(empty, empty)])


@each_law
@pytest.mark.parametrize("dtype", DTYPES)
def test_no_batch_is_waited_for(law: Law, dtype: torch.dtype) -> None:
    found: list[str] = []
    is_result = False

    class Listing(TorchDispatchMode):
        @override
        def __torch_dispatch__(
            self,
            func: Callable[..., object],
            types: Iterable[type],
            args: tuple[object, ...] = (),
            kwargs: Mapping[str, object] | None = None,
        ) -> object:
            if not is_result and str(func).split(".")[1] in WAITING:
                found.append(str(func))
            return func(*args, **(kwargs or {}))

    prediction, target = (x.to(dtype) for x in _pair(law.name, 6, seed=1))
    make: Callable[[], TorchDispatchMode] = Listing  # torch's constructor is not typed
    with make():
        law.of_batches([(prediction, target)])
    # what makes a result of moments asks once whether there were samples
    is_of_moments = law.name in set(moments.__all__)
    assert len(found) == is_of_moments


@each_function
@by_hypothesis
@given(seed=st.integers(0, 2**16), num_rows=st.integers(2, 9))
def test_the_order_of_rows_does_not_matter(name: str, seed: int, num_rows: int) -> None:
    prediction, target = (x.double() for x in _pair(name, num_rows, seed=seed))
    order = torch.randperm(num_rows, generator=torch.Generator().manual_seed(seed))
    _assert_close(ALL[name](prediction[order], target[order]), ALL[name](prediction, target))


@each_function
@pytest.mark.parametrize("target_dtype", DTYPES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_real_dtype_gives_the_value_of_its_numbers(
    name: str, dtype: torch.dtype, target_dtype: torch.dtype
) -> None:
    prediction, target = _pair(name, 20, seed=3)
    prediction, target = prediction.to(dtype), target.to(target_dtype)
    expected = ALL[name](prediction.double(), target.double())
    _assert_close(ALL[name](prediction, target), expected, rtol=1e-6)


@each_function
def test_booleans_count_as_0_and_1(name: str) -> None:
    prediction, target = (x > 100 for x in _pair(name, 20, seed=3))
    expected = ALL[name](prediction.double(), target.double())
    _assert_close(ALL[name](prediction, target), expected, rtol=1e-6)


@each_function
def test_strides_do_not_matter_and_inputs_stay_as_they_are(name: str) -> None:
    prediction, target = (x.double() for x in _pair(name, 12, seed=5))
    wide = torch.stack([prediction, target], dim=-1)
    before = wide.clone()
    _assert_close(ALL[name](wide[..., 0], wide[..., 1]), ALL[name](prediction, target))
    _assert_close(
        ALL[name](wide[::2, ..., 0], wide[1::2, ..., 0]),
        ALL[name](prediction[::2], prediction[1::2]),
    )
    assert torch.equal(wide, before)


@each_function
def test_no_gradient_is_kept(name: str) -> None:
    prediction, target = (x.double().requires_grad_() for x in _pair(name, 5, seed=5))
    assert not ALL[name](prediction, target).requires_grad


@each_function
def test_nan_is_passed_on(name: str) -> None:
    prediction, target = (x.double() for x in _pair(name, 5, seed=5))
    prediction[1] = torch.nan
    assert ALL[name](prediction, target).isnan()
    prediction[1] = 1
    target[1] = torch.nan
    assert ALL[name](prediction, target).isnan()


@each_function
def test_nothing_is_an_error_that_names_the_function(name: str) -> None:
    empty = torch.zeros(0) if name in OF_VECTORS else torch.zeros(0, 3)
    with pytest.raises(NotComputableError, match=f"^{name}: needs at least one "):
        ALL[name](empty, empty)


@each_function
@pytest.mark.parametrize(
    ("shape", "target_shape", "way_out"),
    [
        ((3, 2), (3,), ""),
        ((3,), (4,), ""),
        ((3, 1), (3,), r"; prediction\.squeeze\(1\) drops the axis too many"),
        ((3,), (3, 1), r"; target\.squeeze\(1\) drops the axis too many"),
        ((3, 1, 2), (3, 2), r"; prediction\.squeeze\(1\) drops the axis too many"),
    ],
)
def test_other_shapes_are_an_error(
    name: str, shape: tuple[int, ...], target_shape: tuple[int, ...], way_out: str
) -> None:
    shapes = rf"\{[*shape]} and \{[*target_shape]}"
    message = f"^{name}: prediction and target must have one shape, got {shapes}{way_out}$"
    with pytest.raises(ArgumentError, match=message):
        ALL[name](torch.ones(shape), torch.ones(target_shape))


@each_function
def test_numbers_without_axes_are_an_error(name: str) -> None:
    with pytest.raises(ArgumentError, match=f"^{name}: .* at least one axis, got numbers"):
        ALL[name](torch.ones(()), torch.ones(()))


@each_function
@pytest.mark.parametrize(
    "dtypes", [(torch.complex64, torch.float32), (torch.float32, torch.complex64)]
)
def test_complex_numbers_are_an_error(name: str, dtypes: tuple[torch.dtype, torch.dtype]) -> None:
    shape = (3,) if name in OF_VECTORS else (3, 2)
    message = f"^{name}: prediction and target must be real, got {dtypes[0]} and {dtypes[1]}$"
    with pytest.raises(ArgumentTypeError, match=message):
        ALL[name](torch.ones(shape, dtype=dtypes[0]), torch.ones(shape, dtype=dtypes[1]))


@each_function
def test_what_is_no_tensor_is_an_error(name: str) -> None:
    ours: Callable[[object, object], Tensor] = getattr(_module_of(name), name)
    options = {"p": 2} if name == "minkowski_distance" else {}
    with pytest.raises(ArgumentTypeError, match=f"^{name}: prediction must be a tensor, got 1.0$"):
        ours(1.0, torch.ones(3, 3), **options)
    with pytest.raises(ArgumentTypeError, match=f"^{name}: target must be a tensor, got None$"):
        ours(torch.ones(3, 3), None, **options)


def _module_of(name: str) -> object:
    return next(module for module in MODULES if name in module.__all__)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
def test_examples_run(module: object) -> None:
    name = str(getattr(module, "__name__", ""))
    result = doctest.testmod(import_module(name))
    assert result.attempted > 0
    assert result.failed == 0
