"""Average precision over several batches is that of scikit-learn over all samples."""

from typing import Final, Literal

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.metrics.curves.cases import SKLEARN, fed, with_ties

from firesteel.metrics import (
    AveragePrecision,
    BinaryAveragePrecision,
    MulticlassAveragePrecision,
    MultilabelAveragePrecision,
)

SEEDS: Final = st.integers(0, 2**16)
SIZES: Final = st.lists(st.integers(0, 12), min_size=1, max_size=4)


@settings(deadline=None)
@given(seed=SEEDS, sizes=SIZES)
def test_one_curve(seed: int, sizes: list[int]) -> None:
    num = sum(sizes) + 1
    scores, generator = with_ties(seed, num)
    target = torch.randint(0, 2, (num,), generator=generator)
    target[0] = 1
    expected = SKLEARN.average_precision_score(target.numpy(), scores.numpy())
    for metric in (AveragePrecision(), BinaryAveragePrecision()):
        fed(scores, target, [1, *sizes], metric)
        assert metric.compute() == pytest.approx(expected, rel=1e-12)


@settings(deadline=None)
@given(seed=SEEDS, sizes=SIZES, average=st.sampled_from(["macro", "weighted", "micro"]))
def test_labels(
    seed: int, sizes: list[int], average: Literal["macro", "weighted", "micro"]
) -> None:
    num = sum(sizes) + 1
    scores, generator = with_ties(seed, num, 3)
    target = torch.randint(0, 2, (num, 3), generator=generator)
    target[0] = 1
    number = MultilabelAveragePrecision(average=average)
    each = MultilabelAveragePrecision(average=None)
    by_shape = AveragePrecision()
    fed(scores, target, [1, *sizes], number, each, by_shape)
    truth = target.numpy()
    expected = SKLEARN.average_precision_score(truth, scores.numpy(), average=average)
    assert number.compute() == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(
        each.compute().numpy(),
        SKLEARN.average_precision_score(truth, scores.numpy(), average=None),
        rtol=1e-12,
    )
    macro = SKLEARN.average_precision_score(truth, scores.numpy(), average="macro")
    assert by_shape.compute() == pytest.approx(macro, rel=1e-12)


@settings(deadline=None)
@given(seed=SEEDS, sizes=SIZES, average=st.sampled_from(["macro", "weighted"]))
def test_classes(seed: int, sizes: list[int], average: Literal["macro", "weighted"]) -> None:
    num = sum(sizes) + 4
    scores, generator = with_ties(seed, num, 4)
    target = torch.randint(0, 4, (num,), generator=generator)
    target[:4] = torch.arange(4)
    truth = torch.nn.functional.one_hot(target, 4).numpy()
    number, each = (
        MulticlassAveragePrecision(average=average),
        MulticlassAveragePrecision(average=None),
    )
    fed(scores, target, [4, *sizes], number, each)
    expected = SKLEARN.average_precision_score(truth, scores.numpy(), average=average)
    assert number.compute() == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(
        each.compute().numpy(),
        SKLEARN.average_precision_score(truth, scores.numpy(), average=None),
        rtol=1e-12,
    )


def test_a_class_without_samples_counts_as_nothing() -> None:
    scores = torch.tensor([[0.8, 0.1, 0.1], [0.2, 0.5, 0.3], [0.3, 0.6, 0.1]])
    each, mean = MulticlassAveragePrecision(average=None), MulticlassAveragePrecision()
    for metric in (each, mean):
        metric.update((scores, torch.tensor([0, 1, 1])))
    assert each.compute().tolist() == [1.0, 1.0, 0.0]
    assert mean.compute() == pytest.approx(2 / 3)


def test_no_positives_give_nothing() -> None:
    for metric in (AveragePrecision(), BinaryAveragePrecision()):
        metric.update((torch.tensor([0.5, 0.2]), torch.tensor([0, 0])))
        assert metric.compute() == 0.0
