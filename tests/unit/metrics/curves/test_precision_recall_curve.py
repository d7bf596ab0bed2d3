"""Precision-recall curves over several batches are those of all samples."""

from typing import Final

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.metrics.curves.cases import SKLEARN, fed
from torch import Tensor

from firesteel.metrics import (
    MulticlassPrecisionRecallCurve,
    MultilabelPrecisionRecallCurve,
    PrecisionRecallCurve,
)
from firesteel.metrics._functional._precision_recall import (
    multiclass_precision_recall_curve,
    multilabel_precision_recall_curve,
)

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


@settings(deadline=None)
@given(seed=st.integers(0, 2**16), sizes=SIZES)
def test_one_curve_is_that_of_scikit_learn(seed: int, sizes: list[int]) -> None:
    scores, _, target = drawn(seed, sum(sizes) + 1, 1)
    target[0] = 1
    metric = PrecisionRecallCurve()
    fed(scores, target, [1, *sizes], metric)
    expected = SKLEARN.precision_recall_curve(target[:, 0].numpy(), scores[:, 0].numpy())
    for one, other in zip(metric.compute(), expected, strict=True):
        assert one.dtype == torch.float64
        assert one.tolist() == pytest.approx(other.tolist(), rel=1e-12)


def test_each_class_and_label_has_its_curve() -> None:
    scores, classes, labels = drawn(0, 30, 3)
    of_classes, of_labels = MulticlassPrecisionRecallCurve(), MultilabelPrecisionRecallCurve()
    for part in (slice(0, 20), slice(20, 30)):
        of_classes.update((scores[part], classes[part]))
        of_labels.update((scores[part], labels[part]))
    assert repr(of_classes.compute()) == repr(multiclass_precision_recall_curve(scores, classes))
    assert repr(of_labels.compute()) == repr(multilabel_precision_recall_curve(scores, labels))
    assert len(of_classes.compute()) == len(of_labels.compute()) == 3
