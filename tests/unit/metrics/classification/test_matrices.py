"""Matrices, and values of each class: confusion, counts, intersection over union."""

from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from firesteel.errors import ArgumentError, ArgumentTypeError, NotComputableError
from firesteel.metrics import Metric, PredTarget
from firesteel.metrics.classification import (
    ConfusionMatrix,
    DiceCoefficient,
    IoU,
    MeanIoU,
    MultiLabelConfusionMatrix,
    StatScores,
    mIoU,
)

sklearn: Final[Any] = import_module("sklearn.metrics")  # which is not typed

NUM_CLASSES: Final = 4
INDICES: Final = torch.tensor([0, 1, 1, 2, 0]), torch.tensor([0, 1, 2, 2, 1])
MATRIX: Final = [[1, 0, 0], [1, 1, 0], [0, 1, 1]]

sizes_and_seeds = given(
    size=st.integers(1, 20), num_first=st.integers(0, 20), seed=st.integers(0, 9999)
)


def updated(metric: Metric[PredTarget, Any, PredTarget], pair: PredTarget, num_first: int) -> Any:
    prediction, target = pair
    metric.update((prediction[:num_first], target[:num_first]))
    metric.update((prediction[num_first:], target[num_first:]))
    return metric.compute()


def random_pair(size: int, seed: int) -> PredTarget:
    generator = torch.Generator().manual_seed(seed)
    scores = torch.rand(size, NUM_CLASSES, generator=generator)
    return scores, torch.randint(0, NUM_CLASSES, (size,), generator=generator)


def close(value: Tensor, expected: Any) -> None:
    torch.testing.assert_close(
        value, torch.as_tensor(expected, dtype=torch.float64), rtol=1e-12, atol=1e-12
    )


class TestConfusionMatrix:
    @settings(deadline=None, max_examples=25)
    @sizes_and_seeds
    def test_it_is_scikit_learns(self, size: int, num_first: int, seed: int) -> None:
        scores, target = random_pair(size, seed)
        labels = range(NUM_CLASSES)
        expected = sklearn.confusion_matrix(target, scores.argmax(1), labels=labels)
        value = updated(ConfusionMatrix(), (scores, target), num_first)
        assert value.dtype == torch.int64
        assert value.tolist() == expected.tolist()
        by_index = ConfusionMatrix(num_classes=NUM_CLASSES)
        assert updated(by_index, (scores.argmax(1), target), num_first).tolist() == value.tolist()

    @pytest.mark.parametrize(
        ("average", "normalize"), [("samples", "all"), ("recall", "true"), ("precision", "pred")]
    )
    def test_its_averages_are_scikit_learns(self, average: Any, normalize: str) -> None:
        prediction, target = INDICES
        value = updated(ConfusionMatrix(num_classes=3, average=average), INDICES, 2)
        close(value, sklearn.confusion_matrix(target, prediction, normalize=normalize))

    def test_of_a_yes_or_no_it_has_two_classes(self) -> None:
        pair = torch.tensor([0.9, 0.6, 0.1]), torch.tensor([1, 0, 0])
        assert updated(ConfusionMatrix(), pair, 1).tolist() == [[1, 1], [0, 1]]

    def test_what_was_computed_stays_as_it_was(self) -> None:
        matrix = ConfusionMatrix(num_classes=3)
        matrix.update(INDICES)
        before = matrix.compute()
        matrix.update(INDICES)
        assert before.tolist() == MATRIX
        before.zero_()
        assert matrix.compute().sum() == 10

    def test_the_first_counts_do_not_alias_later_ones(self) -> None:
        matrix = ConfusionMatrix(num_classes=3)
        matrix.update(INDICES)
        saved = matrix.state_dict()
        matrix.update(INDICES)
        matrix.load_state_dict(saved)
        matrix.update(INDICES)
        assert matrix.compute().sum() == 10

    def test_other_metrics_are_a_function_away(self) -> None:
        matrix = ConfusionMatrix(num_classes=3)
        accuracy = matrix.map(lambda counts: float(counts.trace() / counts.sum()))
        recall = matrix.map(lambda counts: counts.diagonal() / counts.sum(dim=1))
        matrix.update(INDICES)
        assert accuracy.compute() == pytest.approx(3 / 5)
        assert recall.compute().tolist() == [1.0, 0.5, 0.5]

    def test_all_ignored_is_nothing_seen(self) -> None:
        matrix = ConfusionMatrix(num_classes=3, ignore_index=1)
        matrix.update((torch.tensor([0]), torch.tensor([1])))
        with pytest.raises(NotComputableError, match="ConfusionMatrix: needs at least one sample"):
            matrix.compute()

    def test_classes_out_of_range_are_found_in_the_end(self) -> None:
        matrix = ConfusionMatrix(num_classes=2, validate="never")
        matrix.update(INDICES)
        with pytest.raises(ArgumentError) as caught:
            matrix.compute()
        assert str(caught.value) == (
            "ConfusionMatrix: predictions and targets must be in [0, 2), got 2 samples outside"
        )

    def test_averages_have_a_name(self) -> None:
        average: Any = "rows"
        with pytest.raises(ArgumentError, match="ConfusionMatrix: average must be one of None, 's"):
            ConfusionMatrix(average=average)


class TestMultiLabelConfusionMatrix:
    PAIR: Final = (
        torch.tensor([[0.9, 0.1], [0.6, 0.7], [0.2, 0.8]]),
        torch.tensor([[1, 0], [0, 1], [0, 0]]),
    )

    def test_it_is_scikit_learns(self) -> None:
        scores, target = self.PAIR
        expected = sklearn.multilabel_confusion_matrix(target, (scores > 0.5).int())
        assert updated(MultiLabelConfusionMatrix(), self.PAIR, 1).tolist() == expected.tolist()

    @pytest.mark.parametrize(("average", "dims"), [("samples", (1, 2)), ("recall", 2)])
    def test_its_averages_are_shares(self, average: Any, dims: Any) -> None:
        counts = updated(MultiLabelConfusionMatrix(), self.PAIR, 1).double()
        value = updated(MultiLabelConfusionMatrix(average=average), self.PAIR, 1)
        close(value, counts / counts.sum(dim=dims, keepdim=True))

    def test_labels_are_held_to_their_number(self) -> None:
        message = "MultiLabelConfusionMatrix: num_classes must be the number of labels, 2, got 3"
        with pytest.raises(ArgumentError, match=message):
            MultiLabelConfusionMatrix(num_classes=3).update(self.PAIR)

    def test_averages_have_a_name(self) -> None:
        average: Any = "rows"
        with pytest.raises(ArgumentError, match="MultiLabelConfusionMatrix: average must be one"):
            MultiLabelConfusionMatrix(average=average)


class TestStatScores:
    def test_of_classes_they_are_counted_for_each(self) -> None:
        value = updated(StatScores(num_classes=3), INDICES, 2)
        assert value.tolist() == [[1, 1, 3, 0, 1], [1, 1, 2, 1, 2], [1, 0, 3, 1, 2]]
        assert value.dtype == torch.int64

    def test_or_summed_up(self) -> None:
        value = updated(StatScores(num_classes=3, average="micro"), INDICES, 2)
        assert value.tolist() == [3, 2, 8, 2, 5]

    def test_of_labels_they_are_those_of_the_matrices(self) -> None:
        pair = TestMultiLabelConfusionMatrix.PAIR
        value = updated(StatScores(is_multilabel=True), pair, 1)
        matrices = updated(MultiLabelConfusionMatrix(), pair, 1)
        assert value[:, [2, 1, 3, 0]].tolist() == matrices.flatten(1).tolist()

    def test_averages_have_a_name(self) -> None:
        average: Any = "macro"
        with pytest.raises(ArgumentError, match="StatScores: average must be one of None, 'micro'"):
            StatScores(average=average)


OVERLAPS: Final = [(IoU, sklearn.jaccard_score), (DiceCoefficient, sklearn.f1_score)]


class TestOverlaps:
    @pytest.mark.parametrize(("make", "reference"), OVERLAPS, ids=["iou", "dice"])
    @settings(deadline=None, max_examples=25)
    @sizes_and_seeds
    def test_they_are_scikit_learns(
        self,
        make: Callable[..., Metric[PredTarget, Tensor, PredTarget]],
        reference: Callable[..., Any],
        size: int,
        num_first: int,
        seed: int,
    ) -> None:
        scores, target = random_pair(size, seed)
        expected = reference(
            target, scores.argmax(1), average=None, labels=range(NUM_CLASSES), zero_division=0
        )
        close(updated(make(), (scores, target), num_first), expected)
        dropped = updated(make(drop_index=1), (scores, target), num_first)
        close(dropped, [*expected[:1], *expected[2:]])

    @pytest.mark.parametrize(("make", "reference"), OVERLAPS, ids=["iou", "dice"])
    def test_of_a_yes_or_no_both_classes_have_one(
        self,
        make: Callable[..., Metric[PredTarget, Tensor, PredTarget]],
        reference: Callable[..., Any],
    ) -> None:
        pair = torch.tensor([0.9, 0.6, 0.1]), torch.tensor([1, 0, 0])
        close(updated(make(), pair, 1), reference(pair[1], [1, 1, 0], average=None))

    @pytest.mark.parametrize("zero_division", [0.0, 1.0, float("nan")])
    @pytest.mark.parametrize("drop_index", [None, 0])
    def test_the_mean_is_that_of_the_values(
        self, zero_division: float, drop_index: int | None
    ) -> None:
        pair = torch.tensor([0, 1, 1]), torch.tensor([0, 1, 0])  # class 2 does not occur
        values = updated(
            IoU(num_classes=3, zero_division=zero_division, drop_index=drop_index), pair, 1
        )
        mean = updated(
            MeanIoU(num_classes=3, zero_division=zero_division, drop_index=drop_index), pair, 1
        )
        assert type(mean) is float
        assert mean == pytest.approx(float(values.nanmean()))

    def test_ignites_name_is_there(self) -> None:
        assert mIoU is MeanIoU

    @pytest.mark.parametrize("make", [IoU, MeanIoU, DiceCoefficient])
    def test_a_class_to_drop_has_to_be_one(
        self, make: Callable[..., Metric[PredTarget, Any, PredTarget]]
    ) -> None:
        with pytest.raises(ArgumentError, match=": drop_index must be at least 0, got -1"):
            make(drop_index=-1)
        with pytest.raises(ArgumentError, match=r": drop_index must be in \[0, 3\), got 3"):
            make(num_classes=3, drop_index=3)
        metric = make(drop_index=3)
        metric.update((torch.eye(3), torch.tensor([0, 1, 2])))
        name = type(metric).__name__
        with pytest.raises(ArgumentError, match=rf"^{name}: drop_index must be in \[0, 3\), got 3"):
            metric.compute()
        whole: Any = 0.5
        with pytest.raises(ArgumentTypeError, match=f"^{name}: drop_index must be a whole number"):
            make(drop_index=whole)
