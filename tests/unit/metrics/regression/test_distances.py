"""Distances: what their options may be, and of which shapes they are."""

import math
from typing import Any

import pytest
import torch

from firesteel.errors import ArgumentError
from firesteel.metrics.regression import (
    CosineSimilarity,
    ManhattanDistance,
    MeanPairwiseDistance,
    MinkowskiDistance,
)


@pytest.mark.parametrize("p", [0.5, math.nan, -1, math.inf])
def test_an_exponent_out_of_range_is_refused_when_a_metric_is_made(p: float) -> None:
    with pytest.raises(ArgumentError) as caught:
        MinkowskiDistance(p=p)
    assert str(caught.value) == f"MinkowskiDistance: p must be at least 1 and finite, got {p}"


@pytest.mark.parametrize("p", [0.5, math.nan, -1])
def test_an_order_out_of_range_is_refused_when_a_metric_is_made(p: float) -> None:
    with pytest.raises(ArgumentError) as caught:
        MeanPairwiseDistance(p=p)
    assert str(caught.value) == f"MeanPairwiseDistance: p must be at least 1, got {p}"


def test_an_infinite_order_takes_the_largest_difference() -> None:
    distance = MeanPairwiseDistance(p=math.inf, eps=0.0)
    distance.update((torch.zeros(2, 2), torch.tensor([[3.0, 4.0], [0.0, -2.0]])))
    assert distance.compute() == 3.0


@pytest.mark.parametrize("eps", [0.0, -1.0, math.nan])
def test_a_smallest_norm_must_be_positive(eps: float) -> None:
    with pytest.raises(ArgumentError) as caught:
        CosineSimilarity(eps=eps)
    assert str(caught.value) == f"CosineSimilarity: eps must be above 0, got {eps}"


@pytest.mark.parametrize("metric", [CosineSimilarity(), MeanPairwiseDistance()])
def test_distances_of_rows_need_rows(metric: Any) -> None:
    with pytest.raises(ArgumentError, match=rf"^{type(metric).__name__}: .*shape \(N, feat"):
        metric.update((torch.ones(3), torch.ones(3)))


def test_the_first_order_is_the_sum_of_sizes() -> None:
    plain, general = ManhattanDistance(), MinkowskiDistance(p=1)
    pair = torch.tensor([1.0, -2.0]), torch.tensor([3.0, 1.0])
    for _ in range(3):
        plain.update(pair)
        general.update(pair)
    assert plain.compute() == general.compute() == 15.0
