"""The one ranking is that of a stable sort, whatever the dtype, the ties and what is left out."""

import doctest
import math
from typing import Final

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from firesteel.errors import ArgumentError, ArgumentTypeError
from firesteel.metrics._functional import _ranked
from firesteel.metrics._functional._ranked import (
    ascending_k,
    best_relevance,
    ranked_relevance,
    topk_labels,
)

by_hypothesis = settings(deadline=None, derandomize=True, max_examples=60)

DTYPES: Final = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
EDGES: Final = (math.nan, math.inf, -math.inf, 0.0, -0.0)


@st.composite
def scores_with_ties(draw: st.DrawFn) -> tuple[Tensor, Tensor | None, int]:
    """Give scores with many ties and some NaN and infinities, perhaps a mask, and a number."""
    num_rows, num_labels = draw(st.integers(0, 4)), draw(st.integers(0, 40))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**16)))
    num_values = draw(st.sampled_from([1, 3, 50]))
    shape = (num_rows, num_labels)
    scores = torch.randint(-num_values, num_values + 1, shape, generator=generator).double() / 4
    if draw(st.booleans()):
        which = torch.randint(0, 3 * len(EDGES), shape, generator=generator)
        for i, edge in enumerate(EDGES):
            scores[which == i] = edge
    mask = None
    if draw(st.booleans()):
        mask = torch.rand(shape, generator=generator) < draw(st.sampled_from([0.1, 0.5, 0.95]))
    k_max = draw(st.integers(1, 45))
    return scores.to(draw(st.sampled_from(DTYPES))), mask, k_max


def by_hand(scores: Tensor, mask: Tensor | None, k_max: int) -> list[list[int]]:
    """Rank with Python's own stable sort."""
    all_scores = [[float(score) for score in row.unbind()] for row in scores.unbind()]
    ranking: list[list[int]] = []
    for n, with_nan in enumerate(all_scores):
        row = [-math.inf if math.isnan(score) else score for score in with_nan]
        labels = [i for i in range(len(row)) if mask is None or not bool(mask[n, i])]
        by_score = sorted(labels, key=row.__getitem__, reverse=True)  # stable, in reverse too
        ranking.append([*by_score, *[-1] * (len(row) - len(labels))][:k_max])
    return ranking


@by_hypothesis
@given(given_scores=scores_with_ties())
def test_labels_come_in_the_order_of_a_stable_sort(
    given_scores: tuple[Tensor, Tensor | None, int],
) -> None:
    scores, mask, k_max = given_scores
    assert topk_labels(scores, k_max=k_max, mask=mask).tolist() == by_hand(scores, mask, k_max)


@by_hypothesis
@given(given_scores=scores_with_ties())
def test_scores_that_are_not_contiguous_rank_the_same(
    given_scores: tuple[Tensor, Tensor | None, int],
) -> None:
    scores, mask, k_max = given_scores
    labels = topk_labels(scores, k_max=k_max, mask=mask)
    turned = scores.T.contiguous().T
    turned_mask = None if mask is None else mask.T.contiguous().T
    assert topk_labels(turned, k_max=k_max, mask=turned_mask).tolist() == labels.tolist()


@pytest.mark.parametrize("k_max", [3, 4800])
@pytest.mark.parametrize("dtype", DTYPES)
def test_equal_scores_of_a_wide_row_rank_by_index(k_max: int, dtype: torch.dtype) -> None:
    scores = torch.zeros(2, 9001, dtype=dtype)
    scores[:, 4001:] = 1  # indices that half precision cannot hold
    labels = topk_labels(scores, k_max=k_max)
    assert labels.tolist() == [list(range(4001, 4001 + k_max))] * 2


@pytest.mark.parametrize("k_max", [4, 9])
def test_what_is_left_out_ranks_after_minus_infinity(k_max: int) -> None:
    scores = torch.full((1, 12), -math.inf)
    scores[0, [0, 10]] = 1.0
    mask = torch.ones(1, 12, dtype=torch.bool)
    mask[0, [5, 7, 10]] = False
    labels = topk_labels(scores, k_max=k_max, mask=mask)
    assert labels.tolist() == [[10, 5, 7, *[-1] * (k_max - 3)]]


@by_hypothesis
@given(given_scores=scores_with_ties())
def test_ranked_relevance_is_the_relevance_of_the_labels_and_0_beyond(
    given_scores: tuple[Tensor, Tensor | None, int],
) -> None:
    scores, mask, k_max = given_scores
    relevance = torch.arange(1, scores.numel() + 1).view_as(scores)
    ranked = ranked_relevance(scores, relevance, k_max=k_max, mask=mask)
    rows = [
        [int(relevance[n, label]) if label >= 0 else 0 for label in labels]
        for n, labels in enumerate(by_hand(scores, mask, k_max))
    ]
    assert ranked.tolist() == [row + [0] * (k_max - len(row)) for row in rows]
    assert ranked.dtype == relevance.dtype


@pytest.mark.parametrize(
    "dtype", [torch.bool, torch.uint8, torch.int64, torch.float16, torch.float64]
)
@pytest.mark.parametrize("k_max", [2, 6])
def test_the_best_relevance_is_sorted(dtype: torch.dtype, k_max: int) -> None:
    relevance = torch.tensor([[0, 1, 0, 1], [0, 0, 0, 0], [1, 1, 1, 0]]).to(dtype)
    expected = [[1, 1, 0, 0, 0, 0], [0] * 6, [1, 1, 1, 0, 0, 0]]
    best = best_relevance(relevance, k_max=k_max)
    assert best.tolist() == [row[:k_max] for row in expected]


def test_the_inputs_are_left_as_they_were() -> None:
    scores, mask = torch.rand(2, 9), torch.rand(2, 9) < 0.3
    relevance = torch.rand(2, 9)
    before = scores.clone(), relevance.clone()
    for k_max in (2, 8):
        ranked_relevance(scores, relevance, k_max=k_max, mask=mask)
    torch.testing.assert_close((scores, relevance), before, rtol=0, atol=0)


def test_what_is_ranked_keeps_no_gradient() -> None:
    scores = torch.rand(2, 3, requires_grad=True)
    relevance = torch.rand(2, 3, requires_grad=True)
    assert not ranked_relevance(scores, relevance, k_max=2).requires_grad
    assert not best_relevance(relevance, k_max=2).requires_grad


def test_cut_offs_are_ascending_and_each_once() -> None:
    assert ascending_k("f", [3, 1, 3]) == (1, 3)
    assert ascending_k("f", 4) == (4,)


@pytest.mark.parametrize(
    ("k", "message"),
    [(0, "f: k must be at least 1, got 0"), ([], r"f: k must be at least one number, got \[\]")],
)
def test_a_cut_off_below_1_and_none_at_all_are_refused(k: int | list[int], message: str) -> None:
    with pytest.raises(ArgumentError, match=f"^{message}$"):
        ascending_k("f", k)


def test_a_cut_off_that_is_no_whole_number_is_refused() -> None:
    with pytest.raises(ArgumentTypeError, match="f: k must be a whole number, got True"):
        ascending_k("f", True)


ONES: Final = torch.ones(3, 2)


@pytest.mark.parametrize(
    ("scores", "relevance", "mask", "message"),
    [
        (ONES[0], ONES[0], None, r"scores must have shape \(N, L\), got \[2\]"),
        (ONES, ONES[0], None, r"scores and relevance must have one shape, got \[3, 2\] and \[2\]"),
        (ONES, ONES, ONES[:1] > 0, r"scores and mask must have one shape, got \[3, 2\] and \[1, 2"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(
    scores: Tensor, relevance: Tensor, mask: Tensor | None, message: str
) -> None:
    with pytest.raises(ArgumentError, match=f"^ranked_relevance: {message}"):
        ranked_relevance(scores, relevance, k_max=1, mask=mask)


@pytest.mark.parametrize(
    ("scores", "relevance", "mask", "message"),
    [
        (ONES.long(), ONES, None, "scores must be floating point, got torch.int64"),
        (ONES, ONES.to(torch.complex64), None, "relevance must be real, got torch.complex64"),
        (ONES, ONES, ONES, "mask must be bool, got torch.float32"),
    ],
)
def test_dtypes_that_do_not_fit_are_refused(
    scores: Tensor, relevance: Tensor, mask: Tensor | None, message: str
) -> None:
    with pytest.raises(ArgumentTypeError, match=f"^ranked_relevance: {message}$"):
        ranked_relevance(scores, relevance, k_max=1, mask=mask)


def test_no_rank_at_all_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"^topk_labels: k_max must be at least 1, got 0$"):
        topk_labels(ONES, k_max=0)


def test_the_examples_run() -> None:
    results = doctest.testmod(_ranked)
    assert results.attempted > 0
    assert results.failed == 0
