"""Correlation and explained variance beside scipy, scikit-learn and torchmetrics."""

import math
from collections.abc import Callable, Sequence
from importlib import import_module
from itertools import accumulate, pairwise
from types import ModuleType
from typing import Final, TypeAlias

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from firesteel.errors import ArgumentError
from firesteel.metrics._functional._moments import (
    concordance_correlation,
    error_moments,
    explained_variance,
    explained_variance_result,
    merge_moments,
    pair_moments,
    pearson_correlation,
    pearson_correlation_result,
    r2_score,
    r2_score_result,
    relative_squared_error,
)
from firesteel.metrics._functional._pairs import Multioutput

pytestmark = [
    pytest.mark.parity,
    # both references warn of constants and of single samples, of which we compare the values
    pytest.mark.filterwarnings("ignore:R\\^2 score is not well-defined"),
    pytest.mark.filterwarnings("ignore:An input array is constant"),
]

by_hypothesis = settings(deadline=None, derandomize=True, max_examples=80)
SEEDS: Final = st.integers(0, 2**16)
SHAPES: Final = st.one_of(
    st.tuples(st.integers(2, 9)), st.tuples(st.integers(2, 9), st.integers(1, 4))
)
Moments: TypeAlias = Callable[[Tensor, Tensor], Tensor]
ALL: Final[Sequence[Callable[..., Tensor]]] = (
    concordance_correlation,
    explained_variance,
    pearson_correlation,
    r2_score,
    relative_squared_error,
)


@pytest.fixture(scope="module", name="sklearn")
def import_sklearn() -> ModuleType:
    """Import scikit-learn's metrics."""
    return import_module("sklearn.metrics")


def pair_of(shape: tuple[int, ...], seed: int, *, num_levels: int = 0) -> tuple[Tensor, Tensor]:
    """Give random predictions and targets; whole numbers below ``num_levels`` if that is given."""
    generator = torch.Generator().manual_seed(seed)
    both = torch.rand((2, *shape), generator=generator, dtype=torch.float64)
    if num_levels:
        both = (both * num_levels).floor()
    return both[0], both[1]


def assert_close(ours: Tensor, expected: object) -> None:
    """Compare with what a reference gives."""
    wanted = torch.as_tensor(expected, dtype=torch.float64)
    torch.testing.assert_close(ours, wanted, rtol=1e-10, atol=1e-12, equal_nan=True)


@pytest.mark.parametrize("multioutput", ["uniform_average", "raw_values"])
@by_hypothesis
@given(shape=SHAPES, seed=SEEDS, num_levels=st.sampled_from([0, 1, 2, 3]))
def test_scores_are_those_of_sklearn_constants_included(
    sklearn: ModuleType,
    multioutput: Multioutput,
    shape: tuple[int, ...],
    seed: int,
    num_levels: int,
) -> None:
    prediction, target = pair_of(shape, seed, num_levels=num_levels)
    for ours, theirs in (
        (r2_score, sklearn.r2_score),
        (explained_variance, sklearn.explained_variance_score),
    ):
        expected = theirs(target.numpy(), prediction.numpy(), multioutput=multioutput)
        assert_close(ours(prediction, target, multioutput=multioutput), expected)


@by_hypothesis
@given(size=st.integers(2, 12), seed=SEEDS, num_levels=st.sampled_from([0, 1, 2, 3]))
def test_pearson_is_that_of_scipy(size: int, seed: int, num_levels: int) -> None:
    prediction, target = pair_of((size,), seed, num_levels=num_levels)
    expected = import_module("scipy.stats").pearsonr(prediction.numpy(), target.numpy()).statistic
    assert_close(pearson_correlation(prediction, target), expected)


@by_hypothesis
@given(shape=SHAPES, seed=SEEDS)
def test_concordance_is_that_of_lin(shape: tuple[int, ...], seed: int) -> None:
    prediction, target = pair_of(shape, seed)
    distance = (prediction.mean(dim=0) - target.mean(dim=0)).square()
    together = ((prediction - prediction.mean(dim=0)) * (target - target.mean(dim=0))).mean(dim=0)
    spread = prediction.var(dim=0, correction=0) + target.var(dim=0, correction=0)
    expected = (2 * together / (spread + distance)).reshape(-1)
    assert_close(concordance_correlation(prediction, target, multioutput="raw_values"), expected)


def test_concordance_is_that_of_torchmetrics_for_many_samples() -> None:
    prediction, target = pair_of((100_000,), 1)
    theirs = import_module("torchmetrics.functional.regression").concordance_corrcoef
    ours = concordance_correlation(prediction, target)
    assert ours.item() == pytest.approx(theirs(prediction, target).item(), rel=1e-3)


@by_hypothesis
@given(size=st.integers(2, 12), seed=SEEDS)
def test_relative_squared_error_is_that_of_torchmetrics(size: int, seed: int) -> None:
    prediction, target = pair_of((size,), seed)
    theirs = import_module("torchmetrics.functional.regression").relative_squared_error
    expected = theirs(prediction, target).item()
    assert relative_squared_error(prediction, target).item() == pytest.approx(expected, rel=1e-6)


class TestConstants:
    @by_hypothesis
    @given(value=st.floats(-1e6, 1e6), sizes=st.lists(st.integers(0, 9), min_size=1, max_size=6))
    def test_a_constant_has_no_spread_however_it_is_split(
        self, value: float, sizes: list[int]
    ) -> None:
        batches = [torch.full((size,), value, dtype=torch.float64) for size in [*sizes, 3]]
        moments = merge_moments(torch.stack([pair_moments(b, b) for b in batches]))
        expected = [sum(sizes) + 3, value, value, 0.0, 0.0, 0.0]
        assert moments.flatten().tolist() == expected
        running = pair_moments(batches[0], batches[0])
        for batch in batches[1:]:
            running = merge_moments(torch.stack([running, pair_moments(batch, batch)]))
        assert running.flatten().tolist() == expected

    def test_a_constant_target_scores_by_whether_it_was_hit(self) -> None:
        target = torch.full((3,), 0.1)
        missed = torch.tensor([0.1, 0.1, 0.2])
        assert r2_score(target, target) == explained_variance(target, target) == 1
        assert r2_score(missed, target) == explained_variance(missed, target) == 0
        assert r2_score(target + 1, target) == 0
        assert relative_squared_error(missed, target).item() == math.inf
        assert relative_squared_error(target, target).isnan()

    def test_constants_correlate_with_nothing(self) -> None:
        one, other = torch.full((3,), 0.1), torch.tensor([1.0, 2.0, 3.0])
        assert pearson_correlation(one, other).isnan()
        assert pearson_correlation(other, one).isnan()
        assert concordance_correlation(one, other) == 0
        assert concordance_correlation(one, one).isnan()

    def test_one_sample_has_no_score(self) -> None:
        one, other = torch.tensor([1.0]), torch.tensor([2.0])
        assert r2_score(one, other).isnan()
        assert pearson_correlation(one, other).isnan()
        assert explained_variance(one, other) == 1
        assert r2_score(torch.ones(1, 2), torch.ones(1, 2), multioutput="raw_values").isnan().all()


class TestStability:
    def test_a_large_mean_costs_nothing(self) -> None:
        values = 1e4 + torch.linspace(0, 1e-2, 1000, dtype=torch.float64)
        assert pearson_correlation(values, values).item() == pytest.approx(1, abs=1e-12)
        assert pearson_correlation(values, -values).item() == pytest.approx(-1, abs=1e-12)

    def test_a_large_mean_costs_nothing_over_many_batches(self) -> None:
        generator = torch.Generator().manual_seed(1)
        target = 1e8 + torch.rand(6000, generator=generator, dtype=torch.float64)
        prediction = target + 0.1 * torch.rand(6000, generator=generator, dtype=torch.float64)
        error, pair = torch.zeros(5, 1).double(), torch.zeros(6, 1).double()
        for start in range(0, 6000, 7):
            batch = prediction[start : start + 7], target[start : start + 7]
            error = merge_moments(torch.stack([error, error_moments(*batch)]))
            pair = merge_moments(torch.stack([pair, pair_moments(*batch)]))
        centred = (prediction - 1e8, target - 1e8)
        expected = r2_score(*centred).item()
        assert r2_score_result(error).item() == pytest.approx(expected, rel=1e-7)
        expected = explained_variance(*centred).item()
        assert explained_variance_result(error).item() == pytest.approx(expected, rel=1e-7)
        expected = pearson_correlation(*centred).item()
        assert pearson_correlation_result(pair).item() == pytest.approx(expected, rel=1e-7)

    def test_many_values_keep_the_accuracy_of_float64(self) -> None:
        target = torch.arange(10_000_000, dtype=torch.int32)
        _, mean, _, spread, _ = error_moments(target // 2, target)
        # the error is 0, 1, 1, 2, 2, ..., 5e6 - 1, 5e6 - 1, 5e6
        n, top = 10_000_000, 5_000_000
        total, squares = top**2, (top - 1) * top * (2 * top - 1) // 3 + top**2
        assert mean.item() == pytest.approx(total / n, rel=1e-14)
        assert spread.item() == pytest.approx(squares - total * total / n, rel=1e-12)

    @by_hypothesis
    @given(size=st.integers(2, 9), seed=SEEDS, factor=st.sampled_from([-3.7, -0.1, 0.3, 1.1]))
    def test_rounding_gives_no_correlation_beyond_1(
        self, size: int, seed: int, factor: float
    ) -> None:
        values, _ = pair_of((size,), seed)
        assert abs(pearson_correlation(values, factor * values).item()) <= 1

    def test_a_product_of_spreads_may_be_out_of_range(self) -> None:
        values = torch.tensor([1.0, 2.0, 4.0], dtype=torch.float64)
        for scale in (1e-90, 1e90):
            assert pearson_correlation(values * scale, values * scale).item() == pytest.approx(1)


class TestMerging:
    @pytest.mark.parametrize("moments", [pair_moments, error_moments])
    @by_hypothesis
    @given(
        seed=SEEDS,
        num_columns=st.integers(1, 3),
        sizes=st.lists(st.integers(0, 6), min_size=1, max_size=6),
    )
    def test_parts_merge_to_the_whole_at_once_or_in_steps(
        self, moments: Moments, seed: int, num_columns: int, sizes: list[int]
    ) -> None:
        prediction, target = pair_of((sum(sizes), num_columns), seed)
        whole = moments(prediction, target)
        bounds = pairwise([0, *accumulate(sizes)])
        parts = torch.stack([moments(prediction[a:b], target[a:b]) for a, b in bounds])
        assert_close(merge_moments(parts), whole)
        running = parts[0]
        for part in parts[1:]:
            running = merge_moments(torch.stack([running, part]))
        assert_close(running, whole)

    def test_nothing_merged_with_nothing_is_nothing(self) -> None:
        empty = pair_moments(torch.zeros(0, 2), torch.zeros(0, 2))
        assert empty.shape == (6, 2)
        assert not merge_moments(torch.stack([empty, empty])).any()

    def test_rows_are_what_the_module_says(self) -> None:
        prediction, target = torch.tensor([1.0, 3.0]), torch.tensor([2.0, 8.0])
        assert pair_moments(prediction, target)[:, 0].tolist() == [2, 2, 5, 2, 18, 6]
        assert error_moments(prediction, target)[:, 0].tolist() == [2, 3, 5, 8, 18]


@pytest.mark.parametrize("ours", ALL)
@by_hypothesis
@given(shape=st.lists(st.integers(2, 4), min_size=3, max_size=5).map(tuple), seed=SEEDS)
def test_axes_after_the_second_are_samples(
    ours: Callable[..., Tensor], shape: tuple[int, ...], seed: int
) -> None:
    prediction, target = pair_of(shape, seed)
    columns = [
        ours(prediction[:, column].flatten(), target[:, column].flatten())
        for column in range(shape[1])
    ]
    result = ours(prediction, target, multioutput="raw_values")
    assert_close(result, torch.stack(columns))
    assert_close(ours(prediction, target), result.mean())


@pytest.mark.parametrize("ours", ALL)
def test_another_word_for_columns_is_an_error(ours: Callable[..., Tensor]) -> None:
    message = f"^{ours.__name__}: multioutput must be 'uniform_average' or 'raw_values', got 'sum'$"
    with pytest.raises(ArgumentError, match=message):
        ours(torch.ones(3), torch.ones(3), multioutput="sum")


@pytest.mark.parametrize("shape", [(2**14 + 1,), (2**13, 3), (4, 3, 2**13)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.int64])
def test_many_values_have_the_moments_of_their_parts(
    shape: tuple[int, ...], dtype: torch.dtype
) -> None:
    generator = torch.Generator().manual_seed(0)
    prediction = torch.randint(100, shape, generator=generator).to(dtype)
    target = torch.randint(100, shape, generator=generator).to(torch.float64)
    for moments in (pair_moments, error_moments):
        whole = moments(prediction, target)
        halves = zip(prediction.chunk(16), target.chunk(16), strict=True)
        parts = merge_moments(torch.stack([moments(*half) for half in halves]))
        torch.testing.assert_close(whole, parts, rtol=1e-12, atol=1e-6)
        same = moments(prediction.double(), target)
        torch.testing.assert_close(same, whole, rtol=1e-12, atol=1e-6)
