"""The metrics of label ranking are those of scikit-learn, ties and rows without labels too."""

import doctest
import math
from collections.abc import Callable
from importlib import import_module
from itertools import accumulate, pairwise
from types import ModuleType
from typing import Final, TypeAlias

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from firesteel.errors import ArgumentError, ArgumentTypeError, NotComputableError
from firesteel.metrics._functional import _label_ranking
from firesteel.metrics._functional._at_k_sums import RankingSums, ranking_result
from firesteel.metrics._functional._label_ranking import (
    coverage_error,
    coverage_error_sums,
    label_ranking_average_precision,
    label_ranking_average_precision_sums,
    label_ranking_loss,
    label_ranking_loss_sums,
)

by_hypothesis = settings(deadline=None, derandomize=True, max_examples=60)

Value: TypeAlias = Callable[[Tensor, Tensor], Tensor]
Sums: TypeAlias = Callable[[Tensor, Tensor], RankingSums]

METRICS: Final[tuple[tuple[str, Value, Sums], ...]] = (
    ("coverage_error", coverage_error, coverage_error_sums),
    (
        "label_ranking_average_precision",
        label_ranking_average_precision,
        label_ranking_average_precision_sums,
    ),
    ("label_ranking_loss", label_ranking_loss, label_ranking_loss_sums),
)
each_metric = pytest.mark.parametrize(
    ("name", "value", "sums"), METRICS, ids=[name for name, _, _ in METRICS]
)

DTYPES: Final = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
TARGETS: Final = (torch.bool, torch.uint8, torch.int64, torch.float16, torch.float64)


@pytest.fixture(scope="module", name="sklearn")
def import_sklearn() -> ModuleType:
    return import_module("sklearn.metrics")


@st.composite
def inputs(draw: st.DrawFn) -> tuple[Tensor, Tensor]:
    """Give scores with ties, and relevance with rows of no label and of all."""
    shape = (draw(st.integers(1, 6)), draw(st.integers(2, 9)))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**16)))
    levels = draw(st.sampled_from([1, 3, 100]))
    scores = torch.randint(-levels, levels + 1, shape, generator=generator) / 4
    share = draw(st.sampled_from([0.1, 0.5, 0.9]))
    relevance = torch.rand(shape, generator=generator) < share
    if draw(st.booleans()):  # in memory by column
        scores, relevance = scores.T.contiguous().T, relevance.T.contiguous().T
    return scores.to(draw(st.sampled_from(DTYPES))), relevance.to(draw(st.sampled_from(TARGETS)))


@pytest.mark.parity
@each_metric
@by_hypothesis
@given(pair=inputs())
def test_it_is_that_of_scikit_learn(
    sklearn: ModuleType, name: str, value: Value, sums: Sums, pair: tuple[Tensor, Tensor]
) -> None:
    scores, relevance = pair
    theirs_of = {
        "coverage_error": sklearn.coverage_error,
        "label_ranking_average_precision": sklearn.label_ranking_average_precision_score,
        "label_ranking_loss": sklearn.label_ranking_loss,
    }
    theirs: float = theirs_of[name](relevance.int().numpy(), scores.float().numpy())
    ours = value(scores, relevance)
    assert float(ours) == pytest.approx(theirs, abs=1e-9)
    assert ours.dtype == torch.float64


@each_metric
@by_hypothesis
@given(
    seed=st.integers(0, 2**16),
    sizes=st.lists(st.integers(0, 4), min_size=1, max_size=4),
)
def test_sums_of_batches_add_up_to_the_sums_of_all_rows_in_any_order(
    name: str, value: Value, sums: Sums, seed: int, sizes: list[int]
) -> None:
    generator = torch.Generator().manual_seed(seed)
    scores = torch.rand((sum(sizes), 6), generator=generator)
    relevance = torch.rand((sum(sizes), 6), generator=generator) < 0.4
    order = torch.randperm(len(scores), generator=generator)
    whole = sums(scores[order], relevance[order])
    parts = [sums(scores[a:b], relevance[a:b]) for a, b in pairwise([0, *accumulate(sizes)])]
    merged = RankingSums(
        torch.stack([part.total for part in parts]).sum(),
        torch.stack([part.num_rows for part in parts]).sum(),
    )
    torch.testing.assert_close(merged, whole, rtol=1e-12, atol=1e-12)


@each_metric
@pytest.mark.parametrize("num_labels", [0, 3])
def test_an_empty_batch_contributes_nothing(
    name: str, value: Value, sums: Sums, num_labels: int
) -> None:
    empty = torch.zeros(0, num_labels)
    assert [float(field) for field in sums(empty, empty)] == [0.0, 0.0]
    with pytest.raises(NotComputableError, match=rf"^{name}: needs at least one row that counts$"):
        value(empty, empty)


@each_metric
def test_nan_ranks_last_in_sums(name: str, value: Value, sums: Sums) -> None:
    scores = torch.tensor([[0.1, math.nan, 0.5], [math.nan, 0.2, 0.1]])
    lowest = torch.tensor([[0.1, -9.0, 0.5], [-9.0, 0.2, 0.1]])
    relevance = torch.tensor([[1, 0, 0], [1, 0, 0]])
    for ours, expected in zip(sums(scores, relevance), sums(lowest, relevance), strict=True):
        assert float(ours) == float(expected)


def test_a_row_without_a_relevant_label_is_covered_at_once_even_by_an_infinite_score() -> None:
    assert float(coverage_error(torch.tensor([[math.inf, 0.0]]), torch.tensor([[0, 0]]))) == 0.0


def test_sums_stay_exact_over_many_values() -> None:
    # each row gives 1 / 3, which float32 has to seven digits only
    scores, relevance = torch.tensor([[0.3, 0.2, 0.1]]), torch.tensor([[False, False, True]])
    sums = label_ranking_average_precision_sums(
        scores.expand(1_000_000, 3), relevance.expand(1_000_000, 3)
    )
    assert float(ranking_result("F", sums)) == pytest.approx(1 / 3, rel=1e-12)


@each_metric
def test_mistakes_are_refused_in_the_name_of_the_function(
    name: str, value: Value, sums: Sums
) -> None:
    ones = torch.ones(2, 3)
    message = r"scores and relevance must have one shape, got \[2, 3\] and \[3\]"
    with pytest.raises(ArgumentError, match=f"^{name}: {message}$"):
        value(ones, ones[0])
    with pytest.raises(ArgumentError, match=f"^{name}: {message}$"):
        sums(ones, ones[0])
    with pytest.raises(ArgumentTypeError, match=f"^{name}: scores must be floating point, got"):
        value(ones.long(), ones)
    with pytest.raises(ArgumentError, match=f"^{name}: scores must not be NaN, got NaN$"):
        value(ones * math.nan, ones)
    with pytest.raises(ArgumentError, match=f"^{name}: relevance must be 0 or 1, got other"):
        value(ones, ones * 2)


def test_the_examples_run() -> None:
    results = doctest.testmod(_label_ranking)
    assert results.attempted > 0
    assert results.failed == 0
