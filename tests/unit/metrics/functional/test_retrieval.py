"""Retrieval metrics are those of torchmetrics, and the dense ones where queries have one length."""

import doctest
import math
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Final, Protocol

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from firesteel.errors import ArgumentError, ArgumentTypeError, NotComputableError
from firesteel.metrics._functional import _retrieval
from firesteel.metrics._functional._ranked import EmptyTarget
from firesteel.metrics._functional._ranking import hit_rate_at_k, precision_at_k, recall_at_k
from firesteel.metrics._functional._ranking_order import map_at_k, mrr_at_k, ndcg_at_k
from firesteel.metrics._functional._retrieval import (
    retrieval_average_precision,
    retrieval_fall_out,
    retrieval_hit_rate,
    retrieval_normalized_dcg,
    retrieval_precision,
    retrieval_r_precision,
    retrieval_recall,
    retrieval_reciprocal_rank,
)

by_hypothesis = settings(deadline=None, derandomize=True, max_examples=40)


class Retrieval(Protocol):
    """A metric with the options that all have."""

    def __call__(
        self,
        scores: Tensor,
        relevance: Tensor,
        *,
        indexes: Tensor,
        empty_target: EmptyTarget = ...,
    ) -> Tensor:
        """Give the value."""
        ...


METRICS: Final[tuple[tuple[str, Retrieval], ...]] = (
    ("retrieval_average_precision", retrieval_average_precision),
    ("retrieval_fall_out", retrieval_fall_out),
    ("retrieval_hit_rate", retrieval_hit_rate),
    ("retrieval_normalized_dcg", retrieval_normalized_dcg),
    ("retrieval_precision", retrieval_precision),
    ("retrieval_r_precision", retrieval_r_precision),
    ("retrieval_recall", retrieval_recall),
    ("retrieval_reciprocal_rank", retrieval_reciprocal_rank),
)
each_metric = pytest.mark.parametrize(
    ("name", "metric"), METRICS, ids=[name for name, _ in METRICS]
)

THEIR_ACTION: Final[tuple[tuple[EmptyTarget, str], ...]] = (
    ("skip", "skip"),
    ("zero", "neg"),
    ("one", "pos"),
)


@pytest.fixture(scope="module", name="theirs")
def import_torchmetrics() -> ModuleType:
    return import_module("torchmetrics.retrieval")


def random_items(seed: int, num_items: int, *, most: int = 1) -> tuple[Tensor, Tensor, Tensor]:
    """Give scores above 0 without ties, relevance and queries of any length, in any order."""
    generator = torch.Generator().manual_seed(seed)
    scores = (torch.randperm(num_items, generator=generator) + 1) / (num_items + 1)
    relevance = torch.randint(0, most + 1, (num_items,), generator=generator)
    relevance *= torch.rand(num_items, generator=generator) < 0.7
    indexes = torch.randint(3, 3 + max(num_items // 3, 1), (num_items,), generator=generator)
    return scores, relevance, indexes


def value_or_none(metric: Callable[[], Tensor]) -> float | None:
    """Give the value, or ``None`` where no query counts."""
    try:
        return float(metric())
    except NotComputableError:
        return None


@pytest.mark.parity
@by_hypothesis
@given(
    seed=st.integers(0, 2**16),
    num_items=st.integers(1, 30),
    top_k=st.none() | st.integers(1, 6),
    action=st.sampled_from(THEIR_ACTION),
)
def test_they_are_those_of_torchmetrics(
    theirs: ModuleType,
    seed: int,
    num_items: int,
    top_k: int | None,
    action: tuple[EmptyTarget, str],
) -> None:
    empty, their_empty = action
    scores, target, indexes = random_items(seed, num_items)
    graded = random_items(seed, num_items, most=3)[1]
    options = {"empty_target_action": their_empty, "top_k": top_k}
    pairs: list[tuple[Callable[..., Tensor], Tensor, Callable[[], Tensor]]] = [
        (
            theirs.RetrievalMAP(**options),
            target,
            lambda: retrieval_average_precision(
                scores,
                target,
                indexes=indexes,
                top_k=top_k,
                denominator="hits",
                empty_target=empty,
            ),
        ),
        (
            theirs.RetrievalMRR(**options),
            target,
            lambda: retrieval_reciprocal_rank(
                scores, target, indexes=indexes, top_k=top_k, empty_target=empty
            ),
        ),
        (
            theirs.RetrievalPrecision(**options),
            target,
            lambda: retrieval_precision(
                scores, target, indexes=indexes, top_k=top_k, empty_target=empty
            ),
        ),
        (
            theirs.RetrievalPrecision(adaptive_k=True, **options),
            target,
            lambda: retrieval_precision(
                scores, target, indexes=indexes, top_k=top_k, clip_k=True, empty_target=empty
            ),
        ),
        (
            theirs.RetrievalRecall(**options),
            target,
            lambda: retrieval_recall(
                scores, target, indexes=indexes, top_k=top_k, empty_target=empty
            ),
        ),
        (
            theirs.RetrievalHitRate(**options),
            target,
            lambda: retrieval_hit_rate(
                scores, target, indexes=indexes, top_k=top_k, empty_target=empty
            ),
        ),
        (
            theirs.RetrievalFallOut(**options),
            target,
            lambda: retrieval_fall_out(
                scores, target, indexes=indexes, top_k=top_k, empty_target=empty
            ),
        ),
        (
            theirs.RetrievalNormalizedDCG(**options),
            graded,
            lambda: retrieval_normalized_dcg(
                scores,
                graded,
                indexes=indexes,
                top_k=top_k,
                gain="linear_rank",
                empty_target=empty,
            ),
        ),
        (
            theirs.RetrievalRPrecision(empty_target_action=their_empty),
            target,
            lambda: retrieval_r_precision(scores, target, indexes=indexes, empty_target=empty),
        ),
    ]
    for reference, relevance, ours in pairs:
        expected = float(reference(scores, relevance, indexes=indexes))
        value = value_or_none(ours)
        # where no query counts torchmetrics gives 0
        assert (0.0 if value is None else value) == pytest.approx(expected, abs=1e-5), reference


@by_hypothesis
@given(
    seed=st.integers(0, 2**16),
    num_rows=st.integers(1, 5),
    num_labels=st.integers(1, 7),
    k=st.integers(1, 9),
)
def test_with_queries_of_one_length_they_are_the_dense_ones_ties_too(
    seed: int, num_rows: int, num_labels: int, k: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    shape = (num_rows, num_labels)
    scores = torch.randint(-2, 3, shape, generator=generator).to(torch.bfloat16)
    target = torch.randint(0, 2, shape, generator=generator)
    graded = torch.randint(0, 4, shape, generator=generator)
    flat, indexes = scores.flatten(), torch.arange(num_rows).repeat_interleave(num_labels)
    zero: EmptyTarget = "zero"

    def same(dense: Tensor, retrieval: Tensor) -> None:
        torch.testing.assert_close(retrieval, dense, rtol=1e-12, atol=1e-12)

    same(
        precision_at_k(scores, target, k=k, empty_target=zero),
        retrieval_precision(flat, target.flatten(), indexes=indexes, top_k=k, empty_target=zero),
    )
    same(
        recall_at_k(scores, target, k=k, empty_target=zero),
        retrieval_recall(flat, target.flatten(), indexes=indexes, top_k=k, empty_target=zero),
    )
    same(
        hit_rate_at_k(scores, target, k=k, empty_target=zero),
        retrieval_hit_rate(flat, target.flatten(), indexes=indexes, top_k=k, empty_target=zero),
    )
    same(
        mrr_at_k(scores, target, k=k, empty_target=zero),
        retrieval_reciprocal_rank(
            flat, target.flatten(), indexes=indexes, top_k=k, empty_target=zero
        ),
    )
    same(
        ndcg_at_k(scores, graded, k=k, empty_target=zero),
        retrieval_normalized_dcg(
            flat, graded.flatten(), indexes=indexes, top_k=k, empty_target=zero
        ),
    )
    same(
        map_at_k(scores, target, k=k, empty_target=zero),
        retrieval_average_precision(
            flat, target.flatten(), indexes=indexes, top_k=k, empty_target=zero
        ),
    )
    same(
        map_at_k(scores, target, k=k, denominator="relevant", empty_target=zero),
        retrieval_average_precision(
            flat,
            target.flatten(),
            indexes=indexes,
            top_k=k,
            denominator="relevant",
            empty_target=zero,
        ),
    )


@each_metric
@by_hypothesis
@given(seed=st.integers(0, 2**16), num_items=st.integers(4, 30))
def test_neither_the_order_of_items_nor_the_name_of_a_query_matters(
    name: str, metric: Retrieval, seed: int, num_items: int
) -> None:
    scores, relevance, indexes = random_items(seed, num_items)
    order = torch.randperm(num_items, generator=torch.Generator().manual_seed(seed))
    value = metric(scores, relevance, indexes=indexes, empty_target="one")
    moved = metric(
        scores[order], relevance[order], indexes=7 - 1000 * indexes[order], empty_target="one"
    )
    torch.testing.assert_close(moved, value, rtol=1e-12, atol=1e-12)


@each_metric
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("target", [torch.bool, torch.uint8, torch.float16, torch.float32])
def test_any_dtype_and_stride_gives_the_same(
    name: str, metric: Retrieval, dtype: torch.dtype, target: torch.dtype
) -> None:
    scores, relevance, indexes = random_items(3, 12)
    value = metric(scores, relevance, indexes=indexes)
    assert value.dtype == torch.float64
    assert value.shape == ()
    spaced = torch.stack([scores, scores], dim=1).to(dtype)[:, 0]
    other = metric(spaced, relevance.to(target), indexes=indexes.to(torch.uint8))
    assert float(other) == float(value)


@each_metric
def test_scores_of_any_sign_are_ranked(name: str, metric: Retrieval) -> None:
    scores, relevance, indexes = random_items(5, 20)
    value = metric(scores, relevance, indexes=indexes)
    assert float(metric(scores - 9, relevance, indexes=indexes)) == float(value)


def test_many_items_give_the_mean_to_twelve_digits() -> None:
    # queries of three items with the last one relevant; float32 has 1 / 3 to seven digits only
    num_items = 1_200_000
    scores = -torch.arange(num_items, dtype=torch.float64)
    relevance = torch.arange(num_items) % 3 == 2
    value = retrieval_reciprocal_rank(scores, relevance, indexes=torch.arange(num_items) // 3)
    assert float(value) == pytest.approx(1 / 3, rel=1e-12)


ONES: Final = torch.ones(3)
QUERY: Final = torch.tensor([0, 0, 1])


@each_metric
def test_mistakes_are_refused_in_the_name_of_the_function(name: str, metric: Retrieval) -> None:
    shapes = r"scores, relevance and indexes must have one shape \(M,\), got \[3\], \[2\] and \[3\]"
    with pytest.raises(ArgumentError, match=rf"^{name}: {shapes}$"):
        metric(ONES, ONES[:2], indexes=QUERY)
    with pytest.raises(ArgumentError, match=rf"^{name}: .* got \[3, 1\], \[3, 1\] and \[3, 1\]$"):
        metric(ONES[:, None], ONES[:, None], indexes=QUERY[:, None])
    with pytest.raises(ArgumentTypeError, match=rf"^{name}: scores must be floating point, got"):
        metric(QUERY, ONES, indexes=QUERY)
    with pytest.raises(ArgumentTypeError, match=rf"^{name}: relevance must be real, got"):
        metric(ONES, ONES.to(torch.complex64), indexes=QUERY)
    with pytest.raises(ArgumentTypeError, match=rf"^{name}: indexes must be integer, got"):
        metric(ONES, ONES, indexes=ONES)
    with pytest.raises(ArgumentError, match=rf"^{name}: scores must not be NaN, got NaN$"):
        metric(ONES * math.nan, ONES, indexes=QUERY)
    with pytest.raises(ArgumentError, match=rf"^{name}: relevance must be "):
        metric(ONES, -ONES, indexes=QUERY)
    with pytest.raises(NotComputableError, match=rf"^{name}: needs at least one query that counts"):
        metric(ONES[:0], ONES[:0], indexes=QUERY[:0])


@each_metric
def test_a_query_without_a_target_is_refused_where_it_is_a_mistake(
    name: str, metric: Retrieval
) -> None:
    relevance = torch.tensor([1, 0, int(name == "retrieval_fall_out")])
    word = "(ir)?relevant"
    with pytest.raises(ArgumentError, match=rf"^{name}: every query must have {word} items, got 1"):
        metric(ONES, relevance, indexes=QUERY, empty_target="error")
    value = metric(ONES[:2], relevance[:2], indexes=QUERY[:2], empty_target="error")
    assert float(value) == float(metric(ONES, relevance, indexes=QUERY, empty_target="skip"))


def test_options_that_do_not_exist_are_refused() -> None:
    untyped = import_module(_retrieval.__name__)
    with pytest.raises(ArgumentError, match=r"^retrieval_recall: top_k must be at least 1, got 0$"):
        retrieval_recall(ONES, ONES, indexes=QUERY, top_k=0)
    with pytest.raises(ArgumentError, match=r"^retrieval_average_precision: denominator must be"):
        untyped.retrieval_average_precision(ONES, ONES, indexes=QUERY, denominator="max")
    with pytest.raises(ArgumentError, match=r"^retrieval_normalized_dcg: gain must be one of"):
        untyped.retrieval_normalized_dcg(ONES, ONES, indexes=QUERY, gain="linear")
    with pytest.raises(ArgumentError, match=r"^retrieval_recall: empty_target must be one of"):
        untyped.retrieval_recall(ONES, ONES, indexes=QUERY, empty_target="neg")


def test_the_examples_run() -> None:
    results = doctest.testmod(_retrieval)
    assert results.attempted > 0
    assert results.failed == 0
