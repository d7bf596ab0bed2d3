"""Binned curves over several batches: the counts add up, and are shared."""

from collections.abc import Callable
from typing import Final, Literal

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.metrics.curves.cases import fed
from torch import Tensor

from firesteel import Engine
from firesteel.errors import ArgumentError, ArgumentTypeError
from firesteel.metrics import (
    BinnedAveragePrecision,
    BinnedPrecisionRecallCurve,
    BinnedRocAuc,
    BinnedRocCurve,
    Metric,
    PredTarget,
)
from firesteel.metrics._functional._binned import (
    BinnedCounts,
    binary_binned_counts,
    binned_average_precision,
    binned_precision_recall_curve,
    binned_roc_auc,
    binned_roc_curve,
    multiclass_binned_counts,
    multilabel_binned_counts,
)
from firesteel.metrics._functional._precision_recall import multilabel_average_precision
from firesteel.metrics._functional._roc import multilabel_roc_auc

Kind = Literal["binary", "multiclass", "multilabel"]

COUNTS: Final = {
    "binary": binary_binned_counts,
    "multiclass": multiclass_binned_counts,
    "multilabel": multilabel_binned_counts,
}
KINDS: Final[tuple[Kind, ...]] = ("binary", "multiclass", "multilabel")


def drawn(kind: Kind, num: int, seed: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    shape = (num,) if kind == "binary" else (num, 3)
    scores = torch.rand(shape, generator=generator)
    if kind == "multiclass":
        return scores, torch.randint(0, 3, (num,), generator=generator)
    return scores, torch.randint(0, 2, shape, generator=generator)


@settings(deadline=None)
@given(
    kind=st.sampled_from(KINDS),
    num_thresholds=st.sampled_from([2, 5, 200]),
    sizes=st.lists(st.integers(0, 12), min_size=1, max_size=4),
    seed=st.integers(0, 2**16),
)
def test_results_are_those_of_all_samples(
    kind: Kind, num_thresholds: int, sizes: list[int], seed: int
) -> None:
    scores, target = drawn(kind, sum(sizes) + 1, seed)
    areas = BinnedRocAuc(kind=kind, num_thresholds=num_thresholds, average=None)
    precisions = BinnedAveragePrecision(kind=kind, num_thresholds=num_thresholds, average=None)
    roc = BinnedRocCurve(kind=kind, num_thresholds=num_thresholds)
    pr = BinnedPrecisionRecallCurve(kind=kind, num_thresholds=num_thresholds)
    metrics: list[Metric[PredTarget, object, PredTarget]] = [areas, precisions, roc, pr]
    fed(scores, target, [1, *sizes], *metrics)
    counts = COUNTS[kind](scores, target, num_thresholds=num_thresholds)
    assert repr(areas.compute()) == repr(binned_roc_auc(counts, average=None))
    assert repr(precisions.compute()) == repr(binned_average_precision(counts, average=None))
    assert repr(roc.compute()) == repr(binned_roc_curve(counts))
    assert repr(pr.compute()) == repr(binned_precision_recall_curve(counts))


@pytest.mark.parametrize("average", ["micro", "macro", "weighted"])
@pytest.mark.parametrize("kind", KINDS)
def test_means_are_numbers(kind: Kind, average: Literal["micro", "macro", "weighted"]) -> None:
    scores, target = drawn(kind, 40, 1)
    counts = COUNTS[kind](scores, target, num_thresholds=9)
    if average == "micro" and kind != "binary":
        counts = BinnedCounts(counts.positives.sum(0), counts.negatives.sum(0))
    average_of = "macro" if average == "micro" else average
    area = BinnedRocAuc(kind=kind, num_thresholds=9, average=average)
    precision = BinnedAveragePrecision(kind=kind, num_thresholds=9, average=average)
    for metric in (area, precision):
        metric.update((scores, target))
    assert area.compute() == float(binned_roc_auc(counts, average=average_of))
    assert precision.compute() == float(binned_average_precision(counts, average=average_of))


@pytest.mark.parametrize("average", ["micro", "macro", "weighted"])
def test_scores_on_the_thresholds_give_the_exact_values(
    average: Literal["micro", "macro", "weighted"],
) -> None:
    generator = torch.Generator().manual_seed(0)
    scores = torch.randint(0, 9, (60, 3), generator=generator) / 8
    target = torch.randint(0, 2, (60, 3), generator=generator)
    area = BinnedRocAuc(kind="multilabel", num_thresholds=9, average=average)
    precision = BinnedAveragePrecision(kind="multilabel", num_thresholds=9, average=average)
    for metric in (area, precision):
        metric.update((scores, target))
    exact = float(multilabel_roc_auc(scores, target, average=average))
    assert area.compute() == pytest.approx(exact, rel=1e-12)
    exact = float(multilabel_average_precision(scores, target, average=average))
    assert precision.compute() == pytest.approx(exact, rel=1e-12)


def give(engine: Engine[PredTarget, PredTarget], batch: PredTarget) -> PredTarget:
    return batch


def test_metrics_with_the_same_options_share_their_counts() -> None:
    evaluator = Engine(give)
    area, precision = BinnedRocAuc(), BinnedAveragePrecision(average=None)
    roc, pr = BinnedRocCurve(), BinnedPrecisionRecallCurve()
    others = [BinnedRocCurve(num_thresholds=5), BinnedRocCurve(validate="never")]
    for place, metric in enumerate((area, precision, roc, pr, *others)):
        metric.attach(evaluator, str(place))
    evaluator.run([drawn("binary", 5, 0), drawn("binary", 3, 1)])
    assert area.statistic is precision.statistic is roc.statistic is pr.statistic
    assert len({id(metric.statistic) for metric in (area, *others)}) == 3


def test_the_state_does_not_grow() -> None:
    area = BinnedRocAuc(kind="multiclass", num_thresholds=7)
    for seed in range(3):
        area.update(drawn("multiclass", 50, seed))
        (table,) = area.read_fields().values()
        assert isinstance(table, Tensor)
        assert table.shape == (2, 3, 7)


def test_a_single_column_counts_as_none() -> None:
    scores, target = drawn("binary", 9, 0)
    column, plain = BinnedRocAuc(), BinnedRocAuc()
    column.update((scores[:, None], target))
    plain.update((scores, target))
    assert column.compute() == plain.compute()


@pytest.mark.parametrize(
    ("kind", "value", "match"),
    [
        (
            "binary",
            (torch.rand(3), torch.ones(2)),
            "BinnedRocAuc: scores and target must have",
        ),
        ("multiclass", (torch.rand(3), torch.ones(3)), "BinnedRocAuc: shapes of scores and target"),
        ("multilabel", (torch.rand(3), torch.ones(3)), "BinnedRocAuc: shapes of scores and target"),
        ("binary", (torch.ones(3) + 1, torch.ones(3)), "BinnedRocAuc: scores must be in"),
        ("binary", (torch.rand(3), torch.ones(3) + 1), "BinnedRocAuc: target must be 0 or 1"),
        ("multilabel", (torch.rand(3, 2), torch.ones(3, 2) + 1), "BinnedRocAuc: target must be 0"),
        (
            "multiclass",
            (torch.rand(1, 2), torch.tensor([2])),
            "BinnedRocAuc: target must be in",
        ),
    ],
)
def test_what_does_not_fit_is_refused(kind: Kind, value: PredTarget, match: str) -> None:
    with pytest.raises(ArgumentError, match=match):
        BinnedRocAuc(kind=kind).update(value)


def test_whole_scores_are_refused() -> None:
    with pytest.raises(ArgumentTypeError, match="BinnedRocAuc: dtype of scores must be a floating"):
        BinnedRocAuc().update((torch.tensor([0, 1]), torch.tensor([0, 1])))


def test_targets_that_are_no_class_are_found_in_the_end() -> None:
    metric = BinnedRocCurve(kind="multiclass", validate="never")
    metric.update((torch.rand(4, 3), torch.tensor([0, 1, 3, -1])))
    with pytest.raises(ArgumentError, match=r"BinnedRocCurve: targets .* \[0, 3\), got 2 outside"):
        metric.compute()


def test_another_number_of_classes_is_refused_and_changes_nothing() -> None:
    metric = BinnedRocAuc(kind="multilabel")
    metric.update(drawn("multilabel", 20, 0))
    before = metric.compute()
    match = r"BinnedRocAuc: the number of classes must be .* \[2, 2, 200\] after \[2, 3, 200\]"
    with pytest.raises(ArgumentError, match=match):
        metric.update((torch.rand(4, 2), torch.ones(4, 2)))
    assert metric.compute() == before


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: BinnedRocAuc(num_thresholds=1), "BinnedRocAuc: num_thresholds must be at least 2"),
        (lambda: untyped(BinnedRocCurve)(kind="labels"), "BinnedRocCurve: kind must be one of"),
        (lambda: untyped(BinnedRocAuc)(average="mean"), "BinnedRocAuc: average must be one of"),
    ],
)
def test_options_out_of_range_are_refused(make: Callable[[], object], match: str) -> None:
    with pytest.raises(ArgumentError, match=match):
        make()


def untyped(kind: type) -> type:
    """Give a class as one that no checker knows the options of."""
    return kind
