"""Precision, recall and F1 of each label are those of scikit-learn on the labels that are named."""

import doctest
import math
from collections.abc import Sequence
from importlib import import_module
from itertools import accumulate, pairwise
from typing import Final, Protocol

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from firesteel.errors import ArgumentError, ArgumentTypeError, NotComputableError
from firesteel.metrics._functional import _label_at_k
from firesteel.metrics._functional._label_at_k import (
    LabelAtKSums,
    LabelAverage,
    label_at_k_sums,
    label_f1_at_k,
    label_precision_at_k,
    label_recall_at_k,
)
from firesteel.metrics._functional._ranked import topk_labels

by_hypothesis = settings(deadline=None, derandomize=True, max_examples=60)

SCORES: Final = torch.tensor(
    [
        [0.9, 0.8, 0.3, 0.2, 0.1],
        [0.1, 0.7, 0.7, 0.5, 0.2],
        [0.6, 0.1, 0.2, 0.9, 0.3],
        [0.4, 0.3, 0.2, 0.1, 0.0],
    ]
)
TARGET: Final = torch.tensor([[0, 1, 0, 1, 0], [0, 0, 1, 1, 1], [1, 0, 0, 1, 0], [0, 0, 0, 0, 0]])


class OfLabels(Protocol):
    """One of the three functions."""

    def __call__(
        self,
        scores: Tensor,
        relevance: Tensor,
        *,
        k: int | Sequence[int],
        average: LabelAverage | None = ...,
        zero_division: float = ...,
        relevance_threshold: float | None = ...,
        mask: Tensor | None = ...,
    ) -> Tensor:
        """Give the value."""
        ...


METRICS: Final[tuple[tuple[str, OfLabels], ...]] = (
    ("label_precision_at_k", label_precision_at_k),
    ("label_recall_at_k", label_recall_at_k),
    ("label_f1_at_k", label_f1_at_k),
)
each_metric = pytest.mark.parametrize(
    ("name", "metric"), METRICS, ids=[name for name, _ in METRICS]
)


def test_the_worked_example_has_its_counts() -> None:
    sums = label_at_k_sums(topk_labels(SCORES, k_max=2), TARGET, ks=(2,))
    assert sums.num_hits.tolist() == [[1, 1, 1, 1, 0]]
    assert sums.num_named.tolist() == [[3, 3, 1, 1, 0]]
    assert sums.num_relevant.tolist() == [1, 1, 1, 3, 1]
    assert int(sums.num_rows) == 4


@pytest.mark.parametrize(
    ("metric", "by_label", "macro", "micro"),
    [
        (label_precision_at_k, [1 / 3, 1 / 3, 1, 1, 0], 0.533333, 0.5),
        (label_recall_at_k, [1, 1, 1, 1 / 3, 0], 0.666667, 0.571429),
        (label_f1_at_k, [0.5, 0.5, 1, 0.5, 0], 0.5, 8 / 15),
    ],
)
def test_the_worked_example_has_its_numbers(
    metric: OfLabels, by_label: list[float], macro: float, micro: float
) -> None:
    assert metric(SCORES, TARGET, k=2).tolist() == pytest.approx(by_label)
    assert float(metric(SCORES, TARGET, k=2, average="macro")) == pytest.approx(macro, abs=1e-6)
    assert float(metric(SCORES, TARGET, k=2, average="micro")) == pytest.approx(micro, abs=1e-6)


def test_the_worked_example_has_its_harmonic_mean_of_means() -> None:
    precision = float(label_precision_at_k(SCORES, TARGET, k=2, average="macro"))
    recall = float(label_recall_at_k(SCORES, TARGET, k=2, average="macro"))
    assert 2 * precision * recall / (precision + recall) == pytest.approx(0.592593, abs=1e-6)


@st.composite
def inputs(draw: st.DrawFn) -> tuple[Tensor, Tensor]:
    """Give scores with ties, and relevance with labels that no row has."""
    shape = (draw(st.integers(1, 6)), draw(st.integers(2, 9)))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**16)))
    scores = torch.randint(-3, 4, shape, generator=generator) / 4
    relevance = torch.rand(shape, generator=generator) < draw(st.sampled_from([0.1, 0.5]))
    if draw(st.booleans()):
        scores, relevance = scores.T.contiguous().T, relevance.T.contiguous().T
    targets = [torch.bool, torch.uint8, torch.int64, torch.float16, torch.float64]
    score_dtype = draw(st.sampled_from([torch.float16, torch.bfloat16, torch.float64]))
    return scores.to(score_dtype), relevance.to(draw(st.sampled_from(targets)))


@pytest.mark.parity
@each_metric
@by_hypothesis
@given(pair=inputs(), k=st.integers(1, 12), data=st.data())
def test_it_is_that_of_scikit_learn_on_the_labels_named(
    name: str, metric: OfLabels, pair: tuple[Tensor, Tensor], k: int, data: st.DataObject
) -> None:
    average: LabelAverage | None = data.draw(st.sampled_from([None, "macro", "weighted", "micro"]))
    zero_division = data.draw(st.sampled_from([0.0, 1.0]))
    scores, relevance = pair
    best = scores.sort(dim=1, descending=True, stable=True).indices[:, :k]
    named = torch.zeros(scores.shape, dtype=torch.int64).scatter_(1, best, 1)
    sklearn = import_module("sklearn.metrics")
    theirs_of = {
        "label_precision_at_k": sklearn.precision_score,
        "label_recall_at_k": sklearn.recall_score,
        "label_f1_at_k": sklearn.f1_score,
    }
    theirs = theirs_of[name](
        relevance.long().numpy(), named.numpy(), average=average, zero_division=zero_division
    )
    ours = metric(scores, relevance, k=k, average=average, zero_division=zero_division)
    torch.testing.assert_close(ours, torch.as_tensor(theirs, dtype=torch.float64))


@each_metric
def test_with_several_cut_offs_there_is_an_axis_of_them(name: str, metric: OfLabels) -> None:
    value = metric(SCORES, TARGET, k=[3, 1, 3, 9])
    assert value.shape == (3, 5)
    assert value.dtype == torch.float64
    combined = metric(SCORES, TARGET, k=[3, 1, 9], average="weighted")
    for i, k in enumerate([1, 3, 9]):
        assert value[i].tolist() == metric(SCORES, TARGET, k=k).tolist()
        assert float(combined[i]) == float(metric(SCORES, TARGET, k=k, average="weighted"))


@by_hypothesis
@given(seed=st.integers(0, 2**16), k=st.integers(1, 8))
def test_what_is_left_out_is_neither_named_nor_relevant(seed: int, k: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    scores = torch.rand((5, 7), generator=generator)
    relevance = torch.rand((5, 7), generator=generator) < 0.5
    mask = torch.rand((5, 7), generator=generator) < 0.6
    named = torch.zeros(5, 7, dtype=torch.bool)
    for n in range(5):
        kept = [label for label in range(7) if not bool(mask[n, label])]
        kept.sort(key=[-float(score) for score in scores[n].unbind()].__getitem__)
        named[n, kept[:k]] = True
    kept_relevance = relevance & ~mask
    recall = (named & kept_relevance).sum(0) / kept_relevance.sum(0)
    precision = (named & kept_relevance).sum(0) / named.sum(0)
    scores = scores.masked_fill(mask, math.nan)
    relevance = relevance.long().masked_fill(mask, 7)
    ours = label_recall_at_k(scores, relevance, k=k, mask=mask)
    torch.testing.assert_close(ours, recall.nan_to_num(0).double(), rtol=0, atol=1e-6)
    ours = label_precision_at_k(scores, relevance, k=k, mask=mask)
    torch.testing.assert_close(ours, precision.nan_to_num(0).double(), rtol=0, atol=1e-6)


def test_relevance_below_the_threshold_does_not_count() -> None:
    graded = torch.tensor([[0.4, 2.0], [1.0, -3.0]])
    recall = label_recall_at_k(torch.rand(2, 2), graded, k=2, relevance_threshold=1.0)
    assert recall.tolist() == [1.0, 1.0]
    sums = label_at_k_sums(topk_labels(torch.rand(2, 2), k_max=2), graded >= 1, ks=(2,))
    assert sums.num_relevant.tolist() == [1, 1]


@by_hypothesis
@given(seed=st.integers(0, 2**16), sizes=st.lists(st.integers(0, 4), min_size=1, max_size=4))
def test_sums_of_batches_add_up_to_the_sums_of_all_rows_in_any_order(
    seed: int, sizes: list[int]
) -> None:
    generator = torch.Generator().manual_seed(seed)
    scores = torch.rand((sum(sizes), 6), generator=generator)
    relevance = torch.rand((sum(sizes), 6), generator=generator) < 0.4
    order = torch.randperm(len(scores), generator=generator)

    def sums_of(scores: Tensor, relevance: Tensor) -> LabelAtKSums:
        return label_at_k_sums(topk_labels(scores, k_max=8), relevance, ks=(1, 3, 8))

    parts = [sums_of(scores[a:b], relevance[a:b]) for a, b in pairwise([0, *accumulate(sizes)])]
    merged = [torch.stack(fields).sum(0) for fields in zip(*parts, strict=True)]
    for ours, expected in zip(merged, sums_of(scores[order], relevance[order]), strict=True):
        assert ours.tolist() == expected.tolist()
        assert ours.dtype == torch.int64


@each_metric
def test_an_empty_batch_contributes_nothing(name: str, metric: OfLabels) -> None:
    empty = torch.zeros(0, 3)
    sums = label_at_k_sums(topk_labels(empty, k_max=2), empty, ks=(1, 2))
    assert [int(field.sum()) for field in sums] == [0, 0, 0, 0]
    with pytest.raises(NotComputableError, match=rf"^{name}: needs at least one row$"):
        metric(empty, empty, k=1)


def test_counts_stay_exact_over_ten_million_values() -> None:
    labels = torch.tensor([[1, 0]]).expand(5_000_000, 2)
    relevance = torch.tensor([[True, False]]).expand(5_000_000, 2)
    sums = label_at_k_sums(labels, relevance, ks=(1, 2))
    assert sums.num_named.tolist() == [[0, 5_000_000], [5_000_000, 5_000_000]]
    assert sums.num_hits.tolist() == [[0, 0], [5_000_000, 0]]


@each_metric
def test_mistakes_are_refused_in_the_name_of_the_function(name: str, metric: OfLabels) -> None:
    with pytest.raises(ArgumentError, match=rf"^{name}: k must be at least 1, got 0$"):
        metric(SCORES, TARGET, k=0)
    with pytest.raises(ArgumentError, match=rf"^{name}: scores and relevance must have one shape"):
        metric(SCORES, TARGET[:1], k=1)
    with pytest.raises(ArgumentTypeError, match=rf"^{name}: scores must be floating point"):
        metric(TARGET, TARGET, k=1)
    with pytest.raises(ArgumentError, match=rf"^{name}: scores must not be NaN"):
        metric(SCORES * math.nan, TARGET, k=1)
    with pytest.raises(ArgumentError, match=rf"^{name}: relevance must be 0 or 1, got other"):
        metric(SCORES, TARGET * 2, k=1)
    with pytest.raises(ArgumentError, match=rf"^{name}: zero_division must be in \[0, 1\], got 2"):
        metric(SCORES, TARGET, k=1, zero_division=2)
    with pytest.raises(ArgumentError, match=rf"^{name}: relevance_threshold must be above 0"):
        metric(SCORES, TARGET, k=1, relevance_threshold=-1)


def test_an_average_that_does_not_exist_is_refused() -> None:
    untyped = import_module(_label_at_k.__name__)
    message = "label_f1_at_k: average must be one of 'macro', 'weighted', 'micro', got 'samples'"
    with pytest.raises(ArgumentError, match=f"^{message}$"):
        untyped.label_f1_at_k(SCORES, TARGET, k=1, average="samples")


def test_labels_that_do_not_fit_are_refused() -> None:
    labels = topk_labels(SCORES, k_max=2)
    with pytest.raises(ArgumentError, match=r"labels must have 3 columns, got 2"):
        label_at_k_sums(labels, TARGET, ks=(1, 3))
    with pytest.raises(
        ArgumentError, match=r"\(N, k_max\) and \(N, L\), got \[1, 2\] and \[4, 5\]"
    ):
        label_at_k_sums(labels[:1], TARGET, ks=(1,))


def test_the_examples_run() -> None:
    results = doctest.testmod(_label_at_k)
    assert results.attempted > 0
    assert results.failed == 0
