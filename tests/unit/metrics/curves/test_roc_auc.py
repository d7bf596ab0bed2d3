"""ROC AUC over several batches is that of scikit-learn over all samples."""

import math
from typing import Final, Literal

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.metrics.curves.cases import SKLEARN, fed, with_ties
from torch import Tensor

from firesteel.errors import ArgumentError
from firesteel.metrics import (
    ROC_AUC,
    BinaryRocAuc,
    MulticlassRocAuc,
    MultilabelRocAuc,
)
from firesteel.metrics._functional._roc import multiclass_roc_auc, multilabel_roc_auc

SEEDS: Final = st.integers(0, 2**16)
SIZES: Final = st.lists(st.integers(0, 12), min_size=1, max_size=4)


@settings(deadline=None)
@given(seed=SEEDS, sizes=SIZES, max_fpr=st.sampled_from([None, 0.1, 0.5, 1.0]))
def test_one_curve(seed: int, sizes: list[int], max_fpr: float | None) -> None:
    num = sum(sizes) + 2
    scores, generator = with_ties(seed, num)
    target = torch.randint(0, 2, (num,), generator=generator)
    target[0], target[1] = 0, 1
    expected = SKLEARN.roc_auc_score(target.numpy(), scores.numpy(), max_fpr=max_fpr)
    binary, by_shape = BinaryRocAuc(max_fpr=max_fpr), ROC_AUC()
    fed(scores, target, [2, *sizes], binary, by_shape)
    assert binary.compute() == pytest.approx(expected, rel=1e-12)
    if max_fpr in {None, 1.0}:
        assert by_shape.compute() == pytest.approx(expected, rel=1e-12)


@settings(deadline=None)
@given(
    seed=SEEDS,
    sizes=SIZES,
    average=st.sampled_from([None, "macro", "weighted", "micro"]),
)
def test_labels(
    seed: int, sizes: list[int], average: Literal["macro", "weighted", "micro"] | None
) -> None:
    num = sum(sizes) + 2
    scores, generator = with_ties(seed, num, 3)
    target = torch.randint(0, 2, (num, 3), generator=generator)
    target[0], target[1] = 0, 1
    expected = SKLEARN.roc_auc_score(target.numpy(), scores.numpy(), average=average)
    metric = MultilabelRocAuc[Tensor](average=None) if average is None else None
    if metric is None:
        assert average is not None
        number = MultilabelRocAuc(average=average)
        fed(scores, target, [2, *sizes], number)
        assert number.compute() == pytest.approx(expected, rel=1e-12)
    else:
        fed(scores, target, [2, *sizes], metric)
        np.testing.assert_allclose(metric.compute().numpy(), expected, rtol=1e-12)
    if average == "macro":
        by_shape = ROC_AUC()
        fed(scores, target, [2, *sizes], by_shape)
        assert by_shape.compute() == pytest.approx(expected, rel=1e-12)


@settings(deadline=None)
@given(seed=SEEDS, sizes=SIZES, average=st.sampled_from(["macro", "weighted"]))
def test_classes(seed: int, sizes: list[int], average: Literal["macro", "weighted"]) -> None:
    num = sum(sizes) + 4
    scores, generator = with_ties(seed, num, 4)
    target = torch.randint(0, 4, (num,), generator=generator)
    target[:4] = torch.arange(4)
    truth = torch.nn.functional.one_hot(target, 4).numpy()
    metric, each = MulticlassRocAuc(average=average), MulticlassRocAuc(average=None)
    fed(scores, target, [4, *sizes], metric, each)
    expected = SKLEARN.roc_auc_score(truth, scores.numpy(), average=average)
    assert metric.compute() == pytest.approx(expected, rel=1e-12)
    values = each.compute()
    assert values.dtype == torch.float64
    np.testing.assert_allclose(
        values.numpy(), SKLEARN.roc_auc_score(truth, scores.numpy(), average=None), rtol=1e-12
    )


def test_a_class_without_a_curve_is_left_out_of_the_means() -> None:
    scores = torch.tensor([[0.8, 0.1, 0.1], [0.2, 0.5, 0.3], [0.3, 0.6, 0.1]])
    target = torch.tensor([0, 1, 1])
    metric, each = MulticlassRocAuc(), MulticlassRocAuc(average=None)
    metric.update((scores, target))
    each.update((scores, target))
    assert each.compute().isnan().tolist() == [False, False, True]
    assert metric.compute() == float(multiclass_roc_auc(scores, target))
    assert not math.isnan(metric.compute())


def test_no_negatives_give_nan() -> None:
    for metric in (ROC_AUC(), BinaryRocAuc()):
        metric.update((torch.tensor([0.5, 0.2]), torch.tensor([1, 1])))
        assert math.isnan(metric.compute())


def test_one_label_is_a_label() -> None:
    scores, target = torch.tensor([[0.5], [0.2]]), torch.tensor([[1], [0]])
    each = MultilabelRocAuc(average=None)
    each.update((scores, target))
    assert torch.equal(each.compute(), multilabel_roc_auc(scores, target, average=None))
    assert each.compute().shape == (1,)


@pytest.mark.parametrize("max_fpr", [0.0, -0.5, 1.5, math.nan])
def test_limits_out_of_range_are_refused(max_fpr: float) -> None:
    with pytest.raises(ArgumentError, match=r"BinaryRocAuc: max_fpr must be in \(0, 1\], got"):
        BinaryRocAuc(max_fpr=max_fpr)


def test_unknown_averages_are_refused() -> None:
    untyped = as_type(MulticlassRocAuc)
    with pytest.raises(ArgumentError, match=r"MulticlassRocAuc: average must be one of .*'micro'"):
        untyped(average="micro")
    untyped = as_type(MultilabelRocAuc)
    with pytest.raises(ArgumentError, match=r"MultilabelRocAuc: average must be one of .*'mean'"):
        untyped(average="mean")


def as_type(kind: type) -> type:
    """Give a class as one that no checker knows the options of."""
    return kind
