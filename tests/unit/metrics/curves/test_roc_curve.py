"""ROC curves over several batches are those of all samples."""

from typing import Final

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.metrics.curves.cases import SKLEARN, fed
from torch import Tensor

from firesteel.metrics import MulticlassRocCurve, MultilabelRocCurve, RocCurve
from firesteel.metrics._functional._roc import RocPoints, multiclass_roc_curve, multilabel_roc_curve

SIZES: Final = st.lists(st.integers(0, 12), min_size=1, max_size=4)


def drawn(seed: int, num: int, num_classes: int) -> tuple[Tensor, Tensor, Tensor]:
    """Give scores with ties, classes and labels."""
    generator = torch.Generator().manual_seed(seed)
    shape = (num, num_classes)
    return (
        torch.randint(0, 7, shape, generator=generator) / 6,
        torch.randint(0, num_classes, (num,), generator=generator),
        torch.randint(0, 2, shape, generator=generator),
    )


def same(ours: tuple[RocPoints, ...], expected: tuple[RocPoints, ...]) -> bool:
    return len(ours) == len(expected) and all(
        torch.allclose(one, other, rtol=0, atol=0, equal_nan=True)
        for mine, theirs in zip(ours, expected, strict=True)
        for one, other in zip(mine, theirs, strict=True)
    )


@settings(deadline=None)
@given(seed=st.integers(0, 2**16), sizes=SIZES, drop=st.booleans())
def test_one_curve_is_that_of_scikit_learn(seed: int, sizes: list[int], drop: bool) -> None:
    scores, _, target = drawn(seed, sum(sizes) + 2, 1)
    target[0], target[1] = 0, 1
    metric = RocCurve(drop_intermediate=drop)
    fed(scores, target, [2, *sizes], metric)
    expected = SKLEARN.roc_curve(target[:, 0].numpy(), scores[:, 0].numpy(), drop_intermediate=drop)
    ours = metric.compute()
    for one, other in zip(ours, expected, strict=True):
        assert one.dtype == torch.float64
        assert one.tolist() == pytest.approx(other.tolist(), rel=1e-12)


@pytest.mark.parametrize("drop", [True, False])
def test_each_class_and_label_has_its_curve(drop: bool) -> None:
    scores, classes, labels = drawn(0, 30, 3)
    of_classes = MulticlassRocCurve(drop_intermediate=drop)
    of_labels = MultilabelRocCurve(drop_intermediate=drop)
    for part in (slice(0, 20), slice(20, 30)):
        of_classes.update((scores[part], classes[part]))
        of_labels.update((scores[part], labels[part]))
    assert same(of_classes.compute(), multiclass_roc_curve(scores, classes, drop_intermediate=drop))
    assert same(of_labels.compute(), multilabel_roc_curve(scores, labels, drop_intermediate=drop))


def test_points_on_a_line_are_left_out_unless_asked_for() -> None:
    scores, target = torch.arange(9) / 8, torch.tensor([0, 0, 0, 0, 0, 1, 1, 1, 1])
    lengths: list[int] = []
    for metric in (RocCurve(), RocCurve(drop_intermediate=False)):
        metric.update((scores, target))
        lengths.append(len(metric.compute().fpr))
    assert lengths == [4, 10]
