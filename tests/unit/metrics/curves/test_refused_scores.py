"""Scores and targets that are refused: in an update, or in the result."""

from collections.abc import Callable
from typing import Any, Final

import pytest
import torch

from firesteel.errors import ArgumentError, ArgumentTypeError
from firesteel.metrics import (
    ROC_AUC,
    AveragePrecision,
    BinaryAveragePrecision,
    BinaryRocAuc,
    MeanAveragePrecision,
    Metric,
    MulticlassRocAuc,
    MultilabelRocAuc,
    PrecisionRecallCurve,
    PredTarget,
    RocCurve,
)

SCORES: Final = torch.tensor([0.1, 0.4, 0.35, 0.8])
TARGET: Final = torch.tensor([0, 0, 1, 1])
CLASS_SCORES: Final = torch.tensor([[0.8, 0.1, 0.1], [0.2, 0.5, 0.3], [0.3, 0.6, 0.1]])
CLASSES: Final = torch.tensor([0, 1, 2])
LABELS: Final = torch.tensor([[1, 0, 0], [0, 1, 0], [1, 0, 1]])

BY_SHAPE: Final = [ROC_AUC, AveragePrecision]
OF_ONE: Final = [BinaryRocAuc, BinaryAveragePrecision, RocCurve, PrecisionRecallCurve]


@pytest.mark.parametrize("kind", [*BY_SHAPE, *OF_ONE])
def test_other_shapes_of_targets_are_refused(
    kind: Callable[[], Metric[PredTarget, Any, PredTarget]],
) -> None:
    with pytest.raises(ArgumentError, match=r"^\w+: scores and target must have one shape.*\[4\]"):
        kind().update((SCORES, TARGET[:3]))


@pytest.mark.parametrize("kind", BY_SHAPE)
def test_classes_are_referred_to_another_metric(
    kind: Callable[[], Metric[PredTarget, Any, PredTarget]],
) -> None:
    match = r"^\w+: scores and targets must have one shape, got \[3, 3\] and \[3\]; there is a"
    with pytest.raises(ArgumentError, match=match):
        kind().update((CLASS_SCORES, CLASSES))


def test_other_shapes_than_those_of_classes_are_refused() -> None:
    with pytest.raises(ArgumentError, match="MulticlassRocAuc: shapes of scores and"):
        MulticlassRocAuc().update((CLASS_SCORES, CLASSES[:2]))
    with pytest.raises(
        ArgumentTypeError, match="MulticlassRocAuc: dtype of target must be a whole"
    ):
        MulticlassRocAuc().update((CLASS_SCORES, CLASSES.float()))
    with pytest.raises(ArgumentError, match=r"MultilabelRocAuc: shapes of scores and target must"):
        MultilabelRocAuc().update((SCORES, TARGET))


def test_another_number_of_classes_is_refused_and_changes_nothing() -> None:
    auc = MulticlassRocAuc()
    auc.update((CLASS_SCORES, CLASSES))
    before = auc.compute()
    match = r"MulticlassRocAuc: the number of classes must .* of shape \[3, 2\] after \[3, 3\]"
    with pytest.raises(ArgumentError, match=match):
        auc.update((CLASS_SCORES[:, :2], CLASSES.clamp(max=1)))
    assert auc.compute() == before


def test_another_dtype_is_refused() -> None:
    auc = ROC_AUC()
    auc.update((SCORES, TARGET))
    match = r"ROC_AUC: scores must be of one dtype, got torch.float64 after torch.float32"
    with pytest.raises(ArgumentError, match=match):
        auc.update((SCORES.double(), TARGET))


def test_merged_parts_that_do_not_go_together_are_refused() -> None:
    one, other = MultilabelRocAuc(), MultilabelRocAuc()
    one.update((CLASS_SCORES, LABELS))
    other.update((CLASS_SCORES[:, :2], LABELS[:, :2]))
    one.merge(other)
    with pytest.raises(ArgumentError, match=r"MultilabelRocAuc: the number of classes must be"):
        one.compute()


@pytest.mark.parametrize(
    ("metric", "value", "match"),
    [
        (ROC_AUC, (SCORES * torch.nan, TARGET), "ROC_AUC: scores must be numbers"),
        (ROC_AUC, (SCORES, TARGET * 2), "ROC_AUC: target must be 0 or 1, got numbers from 0 to 2"),
        (MulticlassRocAuc, (CLASS_SCORES, CLASSES + 1), r"MulticlassRocAuc: target must be in \["),
        (MulticlassRocAuc, (CLASS_SCORES, CLASSES - 1), r"got numbers from -1 to"),
    ],
)
@pytest.mark.parametrize("at", [0, 1])
def test_wrong_values_are_refused_in_the_first_update_or_the_result(
    metric: type[ROC_AUC] | type[MulticlassRocAuc[float]], value: PredTarget, match: str, at: int
) -> None:
    auc = metric()
    if at:
        good = (CLASS_SCORES, CLASSES) if metric is MulticlassRocAuc else (SCORES, TARGET)
        auc.update(good)
        auc.update(value)
        with pytest.raises(ArgumentError, match=match):
            auc.compute()
    else:
        with pytest.raises(ArgumentError, match=match):
            auc.update(value)
    never = metric(validate="never")
    never.update(value)
    with pytest.raises(ArgumentError, match=match):
        never.compute()


@pytest.mark.parametrize("wrong", [0.5, -0.25, 1.5, 256.0, -1.0, torch.nan])
def test_a_target_between_0_and_1_is_noticed_in_the_result(wrong: float) -> None:
    auc = ROC_AUC()
    auc.update((SCORES, TARGET.float()))
    auc.update((SCORES, torch.tensor([0, 1, 1, wrong])))
    with pytest.raises(ArgumentError, match="ROC_AUC: target must be 0 or 1"):
        auc.compute()


@pytest.mark.parametrize("wrong", [2, 256, -256, -1, 2**40 + 1])
def test_a_whole_number_that_is_no_target_is_noticed_in_the_result(wrong: int) -> None:
    auc = ROC_AUC()
    auc.update((SCORES, TARGET))
    auc.update((SCORES, torch.tensor([0, 1, 1, wrong])))
    with pytest.raises(ArgumentError, match="ROC_AUC: target must be 0 or 1"):
        auc.compute()


def test_what_is_loaded_or_merged_is_looked_at_in_the_result() -> None:
    wrong = ROC_AUC(validate="never")
    wrong.update((SCORES, 2 * TARGET))
    loaded, merged = ROC_AUC(), ROC_AUC()
    loaded.load_state_dict(wrong.state_dict())
    merged.update((SCORES, TARGET))
    merged.merge(wrong)
    for auc in (loaded, merged):
        with pytest.raises(ArgumentError, match="ROC_AUC: target must be 0 or 1"):
            auc.compute()


def test_parts_that_were_looked_at_together_stay_of_one_kind() -> None:
    auc, other = ROC_AUC(), ROC_AUC()
    auc.update((SCORES, TARGET))
    other.update((SCORES.double(), TARGET))
    assert auc.compute() == 0.75
    auc.merge(other)
    with pytest.raises(ArgumentError, match="ROC_AUC: scores must be of one dtype"):
        auc.compute()


def test_always_looks_at_every_batch() -> None:
    auc = ROC_AUC(validate="always")
    auc.update((SCORES, TARGET))
    with pytest.raises(ArgumentError, match="got NaN"):
        auc.update((SCORES * torch.nan, TARGET))
    assert auc.compute() == 0.75


def test_whole_scores_of_mean_average_precision_are_refused() -> None:
    with pytest.raises(ArgumentTypeError, match="MeanAveragePrecision: dtype of scores must"):
        MeanAveragePrecision().update((TARGET, TARGET))
