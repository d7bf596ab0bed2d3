"""Correlation of orders beside scipy."""

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Final, Literal

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from firesteel.errors import ArgumentError
from firesteel.metrics._functional._rank_correlation import (
    kendall_rank_correlation,
    spearman_rank_correlation,
)

pytestmark = [
    pytest.mark.parity,
    pytest.mark.filterwarnings("ignore:An input array is constant"),
]

by_hypothesis = settings(deadline=None, derandomize=True, max_examples=300)
SEEDS: Final = st.integers(0, 2**16)
SIZES: Final = st.one_of(st.integers(2, 40), st.sampled_from([63, 64, 65, 128, 129, 500]))
LEVELS: Final = st.sampled_from([1, 2, 3, 10, 100_000])
VARIANTS: Final[st.SearchStrategy[Literal["b", "c"]]] = st.sampled_from(("b", "c"))


@pytest.fixture(scope="module", name="scipy")
def import_scipy() -> ModuleType:
    """Import scipy's statistics."""
    return import_module("scipy.stats")


def numbers(size: int, num_levels: int, seed: int) -> Tensor:
    """Give random whole numbers of both signs, many of them equal if there are few levels."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(num_levels, (size,), generator=generator) - num_levels // 2


def assert_value(ours: Tensor, expected: float) -> None:
    """Compare a tensor without axes with a number."""
    assert ours.shape == ()
    assert ours.dtype == torch.float64
    assert ours.item() == pytest.approx(expected, rel=1e-12, abs=1e-14, nan_ok=True)


@by_hypothesis
@given(size=SIZES, levels=st.tuples(LEVELS, LEVELS), seed=SEEDS, variant=VARIANTS)
def test_kendall_is_that_of_scipy_ties_and_constants_included(
    scipy: ModuleType,
    size: int,
    levels: tuple[int, int],
    seed: int,
    variant: Literal["b", "c"],
) -> None:
    prediction, target = numbers(size, levels[0], seed), numbers(size, levels[1], seed + 1)
    expected = scipy.kendalltau(prediction.numpy(), target.numpy(), variant=variant).statistic
    assert_value(kendall_rank_correlation(prediction, target, variant=variant), float(expected))


@by_hypothesis
@given(size=SIZES, levels=st.tuples(LEVELS, LEVELS), seed=SEEDS)
def test_spearman_is_that_of_scipy_ties_and_constants_included(
    scipy: ModuleType, size: int, levels: tuple[int, int], seed: int
) -> None:
    prediction, target = numbers(size, levels[0], seed), numbers(size, levels[1], seed + 1)
    expected = scipy.spearmanr(prediction.numpy(), target.numpy()).statistic
    assert_value(spearman_rank_correlation(prediction, target), float(expected))


@pytest.mark.parametrize(
    "dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int8, torch.uint8]
)
def test_only_the_order_counts(dtype: torch.dtype) -> None:
    prediction, target = numbers(50, 20, 1) + 10, numbers(50, 20, 2) + 10
    for ours in (kendall_rank_correlation, spearman_rank_correlation):
        expected = ours(prediction, target).item()
        assert_value(ours(prediction.to(dtype), target.to(dtype)), expected)
        assert_value(ours(prediction.to(dtype), target.double() ** 3), expected)


def test_numbers_that_floats_cannot_tell_apart_keep_their_order() -> None:
    prediction, target = torch.arange(5) + 2**60, torch.arange(5)
    assert_value(kendall_rank_correlation(prediction, target), 1)
    assert_value(spearman_rank_correlation(prediction, target), 1)


def test_zeros_of_both_signs_are_one_number() -> None:
    prediction, target = torch.tensor([0.0, -0.0, 1.0, -1.0]), torch.tensor([1.0, 1.0, 2.0, 0.0])
    assert_value(kendall_rank_correlation(prediction, target), 1)
    assert_value(spearman_rank_correlation(prediction, target), 1)


def test_infinities_have_their_place() -> None:
    prediction, target = torch.tensor([-torch.inf, 0.0, torch.inf]), torch.tensor([1.0, 2.0, 3.0])
    assert_value(kendall_rank_correlation(prediction, target), 1)
    assert_value(spearman_rank_correlation(prediction, target), 1)


def test_one_sample_has_no_order() -> None:
    one = torch.ones(1)
    assert kendall_rank_correlation(one, one).isnan()
    assert kendall_rank_correlation(one, one, variant="c").isnan()
    assert spearman_rank_correlation(one, one).isnan()


@pytest.mark.parametrize("size", [2, 3, 100, 100_000])
def test_the_order_reversed_is_minus_1(size: int) -> None:
    values = torch.arange(size)
    assert_value(kendall_rank_correlation(values, -values), -1)
    assert_value(spearman_rank_correlation(values, -values), -1)


def test_many_values_are_counted_as_scipy_does(scipy: ModuleType) -> None:
    prediction, target = numbers(200_000, 1000, 1), numbers(200_000, 10**9, 2)
    expected = scipy.kendalltau(prediction.numpy(), target.numpy()).statistic
    assert_value(kendall_rank_correlation(prediction, target), float(expected))
    expected = scipy.spearmanr(prediction.numpy(), target.numpy()).statistic
    assert_value(spearman_rank_correlation(prediction, target), float(expected))


@by_hypothesis
@given(size=SIZES, num_levels=LEVELS, seed=SEEDS, sign=st.sampled_from([-1, 1]))
def test_rounding_gives_no_correlation_beyond_1(
    size: int, num_levels: int, seed: int, sign: int
) -> None:
    values = numbers(size, num_levels, seed)
    for ours in (kendall_rank_correlation, spearman_rank_correlation):
        result = ours(values, sign * values)
        assert result.isnan() or abs(result.item()) <= 1


def test_another_letter_is_an_error() -> None:
    kendall = import_module(kendall_rank_correlation.__module__).kendall_rank_correlation
    with pytest.raises(
        ArgumentError, match=r"^kendall_rank_correlation: variant must be 'b' or 'c', got 'a'$"
    ):
        kendall(torch.ones(3), torch.ones(3), variant="a")


@pytest.mark.parametrize("ours", [kendall_rank_correlation, spearman_rank_correlation])
def test_columns_are_an_error(ours: Callable[[Tensor, Tensor], Tensor]) -> None:
    message = rf"^{ours.__name__}: prediction and target must be of shape \(N,\), got \[3, 2\]$"
    with pytest.raises(ArgumentError, match=message):
        ours(torch.ones(3, 2), torch.ones(3, 2))
