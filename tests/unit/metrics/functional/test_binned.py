"""Curves from counts per bin are the exact ones where the scores lie on the thresholds."""

from collections.abc import Callable
from fractions import Fraction
from importlib import import_module
from typing import Final, TypeAlias

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from firesteel.errors import ArgumentError, ArgumentTypeError, NotComputableError
from firesteel.metrics._functional._binned import (
    BinnedCounts,
    binary_bin_table,
    binary_binned_counts,
    binned_average_precision,
    binned_precision_recall_curve,
    binned_roc_auc,
    binned_roc_curve,
    multiclass_bin_table,
    multiclass_binned_counts,
    multilabel_bin_table,
    multilabel_binned_counts,
)
from firesteel.metrics._functional._precision_recall import (
    binary_average_precision,
    multiclass_average_precision,
)
from firesteel.metrics._functional._roc import (
    binary_roc_auc,
    multiclass_roc_auc,
    multilabel_roc_auc,
)

UNTYPED: Final = import_module(binned_roc_auc.__module__)
SEEDS: Final = st.integers(0, 2**16)
SIZES: Final = st.integers(1, 60)
THRESHOLDS: Final = st.sampled_from([2, 3, 8, 11, 200, 1001])
FLOATS: Final = st.sampled_from([torch.float32, torch.float64])
Sums: TypeAlias = Callable[[Tensor, Tensor], BinnedCounts]


def random_ints(high: int, *shape: int, seed: int) -> Tensor:
    return torch.randint(0, high, shape, generator=torch.Generator().manual_seed(seed))


def on_thresholds(*shape: int, count: int, dtype: torch.dtype, seed: int) -> Tensor:
    """Give scores on the thresholds, by two formulas that round differently."""
    place = random_ints(count, *shape[::-1], seed=seed).permute(*reversed(range(len(shape))))
    if seed % 2:
        return torch.linspace(0, 1, count, dtype=dtype)[place]
    return place.to(dtype) / (count - 1)


def close(ours: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(ours, expected, rtol=1e-12, atol=0, equal_nan=True)


@settings(deadline=None)
@given(size=SIZES, count=THRESHOLDS, dtype=FLOATS, seed=SEEDS)
def test_counts_are_those_of_a_loop(size: int, count: int, dtype: torch.dtype, seed: int) -> None:
    place = random_ints(count, size, seed=seed)
    target = random_ints(2, size, seed=seed + 1)
    positives, negatives = [0] * count, [0] * count
    for index, label in zip(place, target, strict=True):
        (positives if label else negatives)[int(index)] += 1
    # anywhere between two thresholds is the bin of the lower one
    share = torch.rand(size, generator=torch.Generator().manual_seed(seed)) * 0.99
    scores = ((place + share * (place < count - 1)) / (count - 1)).to(dtype)
    counts = binary_binned_counts(scores, target, num_thresholds=count)
    assert (counts.positives.tolist(), counts.negatives.tolist()) == (positives, negatives)
    assert counts.positives.dtype == counts.negatives.dtype == torch.int64


@settings(deadline=None)
@given(size=SIZES, count=THRESHOLDS, dtype=FLOATS, seed=SEEDS)
def test_binary_results_are_exact_on_the_thresholds(
    size: int, count: int, dtype: torch.dtype, seed: int
) -> None:
    scores = on_thresholds(size, count=count, dtype=dtype, seed=seed)
    target = random_ints(2, size, seed=seed + 1)
    counts = binary_binned_counts(scores, target, num_thresholds=count)
    close(binned_roc_auc(counts), binary_roc_auc(scores, target))
    close(binned_average_precision(counts), binary_average_precision(scores, target))


@settings(deadline=None)
@given(size=SIZES, classes=st.integers(1, 5), count=THRESHOLDS, dtype=FLOATS, seed=SEEDS)
def test_results_of_classes_are_exact_on_the_thresholds(
    size: int, classes: int, count: int, dtype: torch.dtype, seed: int
) -> None:
    scores = on_thresholds(size, classes, count=count, dtype=dtype, seed=seed)
    target = random_ints(classes, size, seed=seed + 1)
    labels = target[:, None] == torch.arange(classes)
    counts = multiclass_binned_counts(scores, target, num_thresholds=count)
    same = multilabel_binned_counts(scores, labels, num_thresholds=count)
    assert torch.equal(counts.positives, same.positives)
    assert torch.equal(counts.negatives, same.negatives)
    for average in (None, "macro", "weighted"):
        exact = multiclass_roc_auc(scores, target, average=average)
        close(binned_roc_auc(counts, average=average), exact)
        exact = multiclass_average_precision(scores, target, average=average)
        close(binned_average_precision(counts, average=average), exact)
    micro = binned_roc_auc(BinnedCounts(*(part.sum(0) for part in same)))
    close(micro, multilabel_roc_auc(scores, labels, average="micro"))


@settings(deadline=None)
@given(size=SIZES, count=THRESHOLDS, seed=SEEDS)
def test_curves_hold_the_rates_at_each_threshold(size: int, count: int, seed: int) -> None:
    scores = on_thresholds(size, count=count, dtype=torch.float64, seed=2 * seed)
    target = random_ints(2, size, seed=seed + 1)
    counts = binary_binned_counts(scores, target, num_thresholds=count)
    roc, curve = binned_roc_curve(counts), binned_precision_recall_curve(counts)
    thresholds = torch.arange(count).double() / (count - 1)
    assert torch.equal(curve.thresholds, thresholds)
    assert torch.equal(roc.thresholds[1:].flip(0), thresholds)
    assert roc.thresholds[0] == torch.inf
    predicted = scores >= torch.cat((thresholds, torch.tensor([torch.inf])))[:, None]
    true = (predicted & (target == 1)).sum(1)
    close(roc.tpr.flip(0), true.double() / (target == 1).sum())
    close(roc.fpr.flip(0), (predicted & (target == 0)).sum(1).double() / (target == 0).sum())
    close(curve.precision, (true / predicted.sum(1).double()).nan_to_num(1))
    recall = (true.double() / (target == 1).sum()).nan_to_num(1)
    recall[-1] = 0
    close(curve.recall, recall)


def test_curves_of_classes_are_rows() -> None:
    scores = on_thresholds(20, 3, count=8, dtype=torch.float32, seed=1)
    labels = random_ints(2, 20, 3, seed=2)
    counts = multilabel_binned_counts(scores, labels, num_thresholds=8)
    curve, roc = binned_precision_recall_curve(counts), binned_roc_curve(counts)
    for label in range(3):
        one = binary_binned_counts(scores[:, label], labels[:, label], num_thresholds=8)
        close(curve.precision[label], binned_precision_recall_curve(one).precision)
        close(curve.recall[label], binned_precision_recall_curve(one).recall)
        close(roc.tpr[label], binned_roc_curve(one).tpr)
        close(roc.fpr[label], binned_roc_curve(one).fpr)


SUMS: Final[list[tuple[Sums, tuple[int, ...], tuple[int, ...], int]]] = [
    (lambda s, t: BinnedCounts.of(binary_bin_table(s, t, 9)), (30,), (30,), 2),
    (lambda s, t: BinnedCounts.of(multiclass_bin_table(s, t, 9)), (30, 4), (30,), 4),
    (lambda s, t: BinnedCounts.of(multilabel_bin_table(s, t, 9)), (30, 4), (30, 4), 2),
    (lambda s, t: BinnedCounts.of(multiclass_bin_table(s, t, 9)), (30, 4, 5), (30, 5), 4),
    (lambda s, t: BinnedCounts.of(multilabel_bin_table(s, t, 9)), (30, 4, 5), (30, 4, 5), 2),
]


@pytest.mark.parametrize(("sums", "shape", "target_shape", "high"), SUMS)
@settings(deadline=None)
@given(cut=st.integers(0, 30), seed=SEEDS)
def test_counts_of_parts_add_up(
    sums: Sums,
    shape: tuple[int, ...],
    target_shape: tuple[int, ...],
    high: int,
    *,
    cut: int,
    seed: int,
) -> None:
    scores = on_thresholds(*shape, count=9, dtype=torch.float32, seed=seed)
    target = random_ints(high, *target_shape, seed=seed)
    whole = sums(scores, target)
    parts = sums(scores[:cut], target[:cut]), sums(scores[cut:], target[cut:])
    assert torch.equal(parts[0].positives + parts[1].positives, whole.positives)
    assert torch.equal(parts[0].negatives + parts[1].negatives, whole.negatives)
    order = torch.randperm(30, generator=torch.Generator().manual_seed(seed))
    again = sums(scores[order], target[order])
    assert torch.equal(again.positives, whole.positives)
    assert torch.equal(again.negatives, whole.negatives)


@pytest.mark.parametrize(("sums", "shape", "target_shape", "high"), SUMS)
def test_counting_needs_no_values(
    sums: Sums, shape: tuple[int, ...], target_shape: tuple[int, ...], high: int
) -> None:
    # tensors without values, so that a wait for one is an error
    scores = torch.zeros(shape, device="meta", requires_grad=True)
    counts = sums(scores, torch.full(target_shape, high - 1, device="meta"))
    assert counts.positives.device == counts.negatives.device == scores.device
    assert not counts.positives.requires_grad


@pytest.mark.parametrize(("sums", "shape", "target_shape", "high"), SUMS)
@pytest.mark.parametrize("score", [-1.0, 2.0, 1e30, torch.inf, -torch.inf, torch.nan])
def test_no_score_or_target_leaves_the_bounds(
    sums: Sums, shape: tuple[int, ...], target_shape: tuple[int, ...], high: int, *, score: float
) -> None:
    for target in (-5, high, 1000):
        counts = sums(torch.full(shape, score), torch.full(target_shape, target))
        total = counts.positives.sum() + counts.negatives.sum()
        assert int(total) == torch.Size(shape).numel()


@pytest.mark.parametrize("target", [-1, 4, 1000])
def test_a_target_that_is_no_class_is_a_negative_of_all(target: int) -> None:
    counts = BinnedCounts.of(multiclass_bin_table(torch.rand(3, 4), torch.full((3,), target), 9))
    assert int(counts.positives.sum()) == 0
    assert counts.negatives.sum(1).tolist() == [3, 3, 3, 3]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_halves_count_as_the_numbers_that_they_are(dtype: torch.dtype) -> None:
    scores = torch.rand(1000, generator=torch.Generator().manual_seed(0)).to(dtype)
    target = random_ints(2, 1000, seed=0)
    ours = binary_binned_counts(scores, target, num_thresholds=300)
    wide = binary_binned_counts(scores.double(), target, num_thresholds=300)
    assert torch.equal(ours.positives, wide.positives)
    assert torch.equal(ours.negatives, wide.negatives)


def test_billions_are_counted_exactly() -> None:
    counts = BinnedCounts(
        positives=torch.tensor([1, 0, 2]) * 10**9 + 1, negatives=torch.tensor([2, 0, 1]) * 10**9
    )
    below, beside = [0, 2 * 10**9, 2 * 10**9], counts.negatives
    twice = sum(
        int(positives) * (2 * behind + int(tied))
        for positives, behind, tied in zip(counts.positives, below, beside, strict=True)
    )
    expected = Fraction(twice, 2 * (3 * 10**9 + 3) * 3 * 10**9)
    assert float(binned_roc_auc(counts)) == pytest.approx(float(expected), rel=1e-15)


def test_ten_million_scores_of_one_bin_are_counted() -> None:
    counts = binary_binned_counts(torch.full((20_000_000,), 0.5), torch.ones(20_000_000))
    assert int(counts.positives.sum()) == int(counts.positives[99]) == 20_000_000


RESULTS: Final[list[Callable[[BinnedCounts], object]]] = [
    binned_roc_auc,
    binned_average_precision,
    binned_roc_curve,
    binned_precision_recall_curve,
]


@pytest.mark.parametrize("result", RESULTS)
def test_nothing_counted_gives_no_result(result: Callable[[BinnedCounts], object]) -> None:
    counts = binary_binned_counts(torch.zeros(0), torch.zeros(0))
    assert int(counts.positives.sum() + counts.negatives.sum()) == 0
    with pytest.raises(NotComputableError, match=r"binned_.*: needs at least one sample"):
        result(counts)


def test_classes_without_positives_are_nan_in_areas_and_0_in_precisions() -> None:
    scores = torch.tensor([[0.8, 0.1], [0.2, 0.5]])
    counts = multilabel_binned_counts(scores, torch.tensor([[1, 0], [0, 0]]))
    assert binned_roc_auc(counts, average=None).isnan().tolist() == [False, True]
    assert float(binned_roc_auc(counts)) == 1
    assert binned_average_precision(counts, average=None).tolist() == [1, 0]
    assert float(binned_average_precision(counts)) == 0.5


def test_arguments_are_checked() -> None:
    scores, target = torch.tensor([[0.5, 0.25], [0.3, 0.6]]), torch.tensor([1, 0])
    with pytest.raises(ArgumentError, match=r"binary_binned_counts: scores and target must have"):
        binary_binned_counts(scores, target)
    with pytest.raises(ArgumentError, match=r"multiclass_binned_counts: shapes of scores and"):
        multiclass_binned_counts(scores, target[:1])
    with pytest.raises(ArgumentError, match=r"multilabel_binned_counts: shapes of scores and"):
        multilabel_binned_counts(scores, target)
    hits = torch.ones(2, 2)
    for count, truth in (
        (binary_binned_counts, hits),
        (multilabel_binned_counts, hits),
        (multiclass_binned_counts, target),
    ):
        with pytest.raises(ArgumentError, match=r"num_thresholds must be at least 2, got 1"):
            count(scores, truth, num_thresholds=1)
        with pytest.raises(ArgumentError, match=r"in \[0, 1\], got numbers from 0.6 to 1.2; apply"):
            count(2 * scores.clamp(min=0.3), truth)
        with pytest.raises(ArgumentError, match=r"scores must be in \[0, 1\]"):
            count(-scores, truth)
        with pytest.raises(ArgumentError, match=r"scores must be in \[0, 1\]"):
            count(scores * torch.nan, truth)
        with pytest.raises(ArgumentError, match=r"target must be"):
            count(scores, truth + 2)
        with pytest.raises(ArgumentTypeError, match=r"a floating point one, got torch.int64"):
            count(scores.long(), truth)
    counts = multiclass_binned_counts(scores, target)
    for result in (UNTYPED.binned_roc_auc, UNTYPED.binned_average_precision):
        with pytest.raises(ArgumentError, match=r"binned_.*: average must be one of"):
            result(counts, average="micro")


@pytest.mark.parametrize(
    ("table", "shape", "target_shape", "high"),
    [
        (binary_bin_table, (50,), (50,), 2),
        (multiclass_bin_table, (50, 4), (50,), 4),
        (multilabel_bin_table, (50, 4, 2), (50, 4, 2), 2),
    ],
)
def test_without_numpy_counts_are_the_same(
    monkeypatch: pytest.MonkeyPatch,
    table: Callable[[Tensor, Tensor, int], Tensor],
    shape: tuple[int, ...],
    target_shape: tuple[int, ...],
    high: int,
) -> None:
    scores = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    target = random_ints(high, *target_shape, seed=1)
    expected = table(scores, target, 9)
    monkeypatch.setattr("firesteel.metrics._functional._counts.has_numpy", False)
    found = table(scores, target, 9)
    assert found.dtype is torch.int64
    assert torch.equal(found, expected)
