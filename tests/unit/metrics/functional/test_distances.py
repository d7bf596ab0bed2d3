"""Distances beside scipy and torch."""

import math
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Final, TypeAlias

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from firesteel.errors import ArgumentError
from firesteel.metrics._functional._distances import (
    canberra_metric,
    cosine_similarity,
    manhattan_distance,
    mean_pairwise_distance,
    minkowski_distance,
    wave_hedges_distance,
)

pytestmark = pytest.mark.parity

OfPair: TypeAlias = Callable[[Tensor, Tensor], Tensor]
by_hypothesis = settings(deadline=None, derandomize=True, max_examples=80)
SEEDS: Final = st.integers(0, 2**16)
SHAPES: Final = st.one_of(
    st.tuples(st.integers(1, 9)), st.tuples(st.integers(1, 9), st.integers(1, 4))
)
ROWS: Final = st.tuples(st.integers(1, 9), st.integers(1, 4))


@pytest.fixture(scope="module", name="scipy")
def import_scipy() -> ModuleType:
    """Import scipy's distances."""
    return import_module("scipy.spatial.distance")


def pair_of(shape: tuple[int, ...], seed: int) -> tuple[Tensor, Tensor]:
    """Give whole numbers from -3 to 3 and numbers between, so that hits and zeros occur."""
    generator = torch.Generator().manual_seed(seed)
    prediction, target = torch.randint(-3, 4, (2, *shape), generator=generator).double()
    between = torch.rand(shape, generator=generator, dtype=torch.float64)
    return torch.where(between < 0.5, prediction, prediction + between), target


def numbers_of(values: Tensor) -> list[float]:
    """Give the values of a tensor, row after row."""
    return [value.item() for value in values.flatten()]


class TestSums:
    @pytest.mark.parametrize(
        ("ours", "name"), [(manhattan_distance, "cityblock"), (canberra_metric, "canberra")]
    )
    @by_hypothesis
    @given(shape=SHAPES, seed=SEEDS)
    def test_the_value_is_that_of_scipy(
        self, scipy: ModuleType, ours: OfPair, name: str, shape: tuple[int, ...], seed: int
    ) -> None:
        prediction, target = pair_of(shape, seed)
        expected = getattr(scipy, name)(prediction.flatten().numpy(), target.flatten().numpy())
        assert ours(prediction, target).item() == pytest.approx(expected, rel=1e-12)

    @by_hypothesis
    @given(shape=SHAPES, seed=SEEDS, p=st.sampled_from([1, 1.5, 2, 3, 10]))
    def test_minkowski_is_that_of_scipy(
        self, scipy: ModuleType, shape: tuple[int, ...], seed: int, p: float
    ) -> None:
        prediction, target = pair_of(shape, seed)
        expected = scipy.minkowski(prediction.flatten().numpy(), target.flatten().numpy(), p)
        result = minkowski_distance(prediction, target, p=p)
        assert result.item() == pytest.approx(expected, rel=1e-12)

    @by_hypothesis
    @given(shape=SHAPES, seed=SEEDS)
    def test_wave_hedges_is_that_of_the_formula(self, shape: tuple[int, ...], seed: int) -> None:
        prediction, target = (x.abs() for x in pair_of(shape, seed))
        pairs = zip(numbers_of(prediction), numbers_of(target), strict=True)
        expected = sum(abs(y - p) / max(p, y) for p, y in pairs if p != y)
        assert wave_hedges_distance(prediction, target).item() == pytest.approx(expected)

    def test_wave_hedges_takes_the_larger_value_with_its_sign(self) -> None:
        assert wave_hedges_distance(torch.tensor([-1.0]), torch.tensor([-2.0])) == -1
        assert wave_hedges_distance(torch.tensor([0.0]), torch.tensor([-2.0])) == math.inf

    @pytest.mark.parametrize("p", [0, 0.5, -1, math.inf, math.nan])
    def test_minkowski_refuses_other_powers(self, p: float) -> None:
        message = f"^minkowski_distance: p must be at least 1 and finite, got {p}$"
        with pytest.raises(ArgumentError, match=message):
            minkowski_distance(torch.ones(3), torch.ones(3), p=p)

    def test_powers_of_large_errors_stay_in_range(self) -> None:
        result = minkowski_distance(torch.tensor([1e10]), torch.tensor([0.0]), p=10)
        assert result.item() == pytest.approx(1e10)

    def test_many_values_keep_the_accuracy_of_float64(self) -> None:
        value = torch.tensor(2.56)
        prediction = value.expand(10_000_000)
        target = torch.zeros(()).expand(10_000_000)
        result = manhattan_distance(prediction, target).item()
        assert result == pytest.approx(1e7 * value.item(), rel=1e-12)


class TestRows:
    @by_hypothesis
    @given(
        shape=ROWS,
        seed=SEEDS,
        p=st.sampled_from([1.0, 2.0, 3.0, math.inf]),
        eps=st.sampled_from([0.0, 1e-6, 0.1]),
    )
    def test_the_distance_is_that_of_torch(
        self, shape: tuple[int, ...], seed: int, p: float, eps: float
    ) -> None:
        prediction, target = pair_of(shape, seed)
        expected = (prediction - target + eps).abs().pow(p).sum(dim=1).pow(1 / p).mean()
        if p == math.inf:
            expected = (prediction - target + eps).abs().amax(dim=1).mean()
        result = mean_pairwise_distance(prediction, target, p=p, eps=eps)
        torch.testing.assert_close(result, expected)

    def test_the_defaults_are_those_of_torch(self) -> None:
        prediction, target = pair_of((5, 3), 1)
        expected = nn.functional.pairwise_distance(prediction, target).mean()
        torch.testing.assert_close(mean_pairwise_distance(prediction, target), expected)

    @by_hypothesis
    @given(shape=st.lists(st.integers(1, 4), min_size=2, max_size=4).map(tuple), seed=SEEDS)
    def test_the_cosine_is_that_of_torch(self, shape: tuple[int, ...], seed: int) -> None:
        prediction, target = pair_of(shape, seed)
        rows, others = (x.reshape(shape[0], -1) for x in (prediction, target))
        expected = nn.functional.cosine_similarity(rows, others).mean()
        torch.testing.assert_close(cosine_similarity(prediction, target), expected)

    def test_a_row_of_zeros_counts_0(self) -> None:
        ones, half_zeros = torch.ones(2, 3), torch.tensor([[0.0] * 3, [2.0] * 3])
        assert cosine_similarity(half_zeros, ones).item() == pytest.approx(0.5)
        assert cosine_similarity(ones, half_zeros).item() == pytest.approx(0.5)

    def test_a_small_norm_is_taken_to_be_eps(self) -> None:
        small, one = torch.tensor([[1e-3]]), torch.tensor([[1.0]])
        assert cosine_similarity(small, one, eps=1e-2).item() == pytest.approx(0.1)

    @pytest.mark.parametrize("p", [0.5, 0, -1, math.nan])
    def test_other_norms_are_refused(self, p: float) -> None:
        with pytest.raises(
            ArgumentError, match=f"^mean_pairwise_distance: p must be at least 1, got {p}$"
        ):
            mean_pairwise_distance(torch.ones(3, 2), torch.ones(3, 2), p=p)

    @pytest.mark.parametrize("eps", [0.0, -1.0, math.nan])
    def test_a_norm_that_may_be_0_is_refused(self, eps: float) -> None:
        with pytest.raises(
            ArgumentError, match=f"^cosine_similarity: eps must be above 0, got {eps}$"
        ):
            cosine_similarity(torch.ones(3, 2), torch.ones(3, 2), eps=eps)

    @pytest.mark.parametrize("shape", [(3,), (3, 2, 2), (3, 0)])
    def test_a_distance_needs_rows_of_features(self, shape: tuple[int, ...]) -> None:
        message = rf"^mean_pairwise_distance: .* of shape \(N, features\), got \{[*shape]}$"
        with pytest.raises(ArgumentError, match=message):
            mean_pairwise_distance(torch.ones(shape), torch.ones(shape))

    def test_a_cosine_needs_rows(self) -> None:
        with pytest.raises(
            ArgumentError, match=r"^cosine_similarity: .* got \[3\]; unsqueeze\(0\)"
        ):
            cosine_similarity(torch.ones(3), torch.ones(3))
