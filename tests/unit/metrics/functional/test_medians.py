"""Medians of errors beside scikit-learn and the formulas."""

import math
from collections.abc import Callable
from importlib import import_module
from statistics import median

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from firesteel.metrics._functional._medians import (
    median_absolute_error,
    median_absolute_percentage_error,
    median_relative_absolute_error,
)

pytestmark = pytest.mark.parity

by_hypothesis = settings(deadline=None, derandomize=True, max_examples=150)
VALUES = st.one_of(st.integers(-3, 3).map(float), st.floats(-9, 9))
PAIRS = st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=9)


def tensors(pairs: list[tuple[float, float]]) -> tuple[Tensor, Tensor]:
    """Give predictions and targets."""
    prediction, target = torch.tensor(pairs, dtype=torch.float64).unbind(dim=1)
    return prediction, target


@by_hypothesis
@given(pairs=PAIRS)
def test_the_absolute_error_is_that_of_sklearn(pairs: list[tuple[float, float]]) -> None:
    prediction, target = tensors(pairs)
    expected = import_module("sklearn.metrics").median_absolute_error(target, prediction)
    assert median_absolute_error(prediction, target).item() == pytest.approx(expected, rel=1e-14)


@by_hypothesis
@given(pairs=PAIRS)
def test_relative_errors_are_those_of_the_formula(pairs: list[tuple[float, float]]) -> None:
    prediction, target = tensors(pairs)
    for ours, scale, base in (
        (median_absolute_percentage_error, 100, 0.0),
        (median_relative_absolute_error, 1, target.mean().item()),
    ):
        ratios = [
            abs(y - p) / abs(y - base) if y != base else math.inf if y != p else math.nan
            for p, y in pairs
        ]
        expected = math.nan if any(map(math.isnan, ratios)) else scale * median(ratios)
        result = ours(prediction, target).item()
        assert result == pytest.approx(expected, rel=1e-12, nan_ok=True)


@pytest.mark.parametrize("num_values", [1, 2, 5, 6])
def test_further_axes_are_further_values(num_values: int) -> None:
    sizes = torch.arange(num_values * 4.0)
    expected = (num_values * 4 - 1) / 2
    assert median_absolute_error(-sizes.view(num_values, 2, 2), torch.zeros(num_values, 2, 2)) == (
        expected
    )


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([1.0, 2.0], 1.5),
        ([1.0, 1.0, 1.0, 9.0], 1.0),
        ([1.0, 1.0, 9.0, 9.0], 5.0),
        ([1.0, math.inf], math.inf),
        ([math.inf, math.inf], math.inf),
        ([1.0, 2.0, math.inf], 2.0),
        ([0.0, math.nan, 0.0], math.nan),
    ],
)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_the_middle_is_found_beside_ties_and_infinities(
    sizes: list[float], expected: float, dtype: torch.dtype
) -> None:
    prediction = torch.tensor(sizes, dtype=dtype)
    result = median_absolute_error(prediction, torch.zeros_like(prediction))
    assert result.item() == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("ours", "value"),
    [
        (median_absolute_error, 2.5),
        (median_absolute_percentage_error, 250.0),
        (median_relative_absolute_error, math.inf),
    ],
)
def test_of_ten_million_values_one_is_found(
    ours: Callable[[Tensor, Tensor], Tensor], value: float
) -> None:
    target = torch.ones(()).expand(10_000_000)
    assert ours(torch.tensor(3.5).expand(10_000_000), target).item() == value
