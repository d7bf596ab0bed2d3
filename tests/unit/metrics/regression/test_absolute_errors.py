"""The largest error, in which NaN must not get lost on the way, be it over batches or ranks."""

import math

import pytest
import torch
from torch import distributed

from firesteel.metrics import over_all_ranks
from firesteel.metrics.regression import GeometricMeanAbsoluteError, MaximumAbsoluteError
from firesteel.testing import RankPool


@pytest.mark.parametrize("numbers", [[math.nan, 1.0], [1.0, math.nan], [1.0, math.nan, 2.0]])
def test_nan_is_the_largest_error(numbers: list[float]) -> None:
    error, halves = MaximumAbsoluteError(), [MaximumAbsoluteError(), MaximumAbsoluteError()]
    for place, number in enumerate(numbers):
        pair = torch.zeros(1), torch.tensor([number])
        error.update(pair)
        halves[place % 2].update(pair)
    assert math.isnan(error.compute())
    halves[0].merge(halves[1])
    assert math.isnan(halves[0].compute())


def largest_on_this_rank(numbers: list[float | None]) -> float:
    error = MaximumAbsoluteError()
    number = numbers[distributed.get_rank()]
    if number is not None:
        error.update((torch.zeros(1, dtype=torch.float64), torch.tensor([number])))
    with over_all_ranks(error):
        return error.compute()


@pytest.mark.distributed
@pytest.mark.parametrize(
    ("numbers", "expected"),
    [([math.nan, 1.0], math.nan), ([1.0, math.nan], math.nan), ([0.1, None], 0.1), ([None, 3], 3)],
    ids=str,
)
def test_it_is_so_over_ranks(
    two_ranks: RankPool, numbers: list[float | None], expected: float
) -> None:
    found = two_ranks.run(largest_on_this_rank, numbers)
    assert found == pytest.approx([expected, expected], nan_ok=True)


def test_one_exact_hit_makes_a_geometric_mean_0() -> None:
    error = GeometricMeanAbsoluteError()
    error.update((torch.zeros(2), torch.tensor([1.0, 8.0])))
    error.update((torch.ones(1), torch.ones(1)))
    assert error.compute() == 0.0
