"""Metrics with a value for each class, or an average of these, against scikit-learn."""

import copy
from collections.abc import Callable, Sequence
from importlib import import_module
from itertools import accumulate, pairwise
from typing import Any, Final, Literal, NamedTuple

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from firesteel.engine import Engine
from firesteel.errors import ArgumentError, NotComputableError
from firesteel.metrics import Metric, PredTarget
from firesteel.metrics.classification import (
    F1,
    ClassificationReport,
    Fbeta,
    JaccardIndex,
    NegativePredictiveValue,
    Precision,
    Recall,
    Specificity,
)

sklearn: Final[Any] = import_module("sklearn.metrics")  # which is not typed

Average = Literal["micro", "macro", "weighted"]
AVERAGES: Final[Sequence[Average]] = ("micro", "macro", "weighted")
NUM_CLASSES: Final = 4


class Case(NamedTuple):
    """A metric, without and with an average, and what scikit-learn has for it."""

    per_class: Callable[..., Metric[PredTarget, Tensor, PredTarget]]
    averaged: Callable[..., Metric[PredTarget, Any, PredTarget]]  # a float, as is tested
    reference: Callable[..., Any]  # scikit-learn's are not typed


def f2(**options: Any) -> Fbeta[Any, PredTarget]:  # the options are the cases'
    return Fbeta(beta=2, **options)


def fbeta_reference(*args: Any, **kwargs: Any) -> Any:
    return sklearn.fbeta_score(*args, beta=2, **kwargs)


CASES: Final = [
    Case(Precision, Precision, sklearn.precision_score),
    Case(Recall, Recall, sklearn.recall_score),
    Case(F1, F1, sklearn.f1_score),
    Case(f2, f2, fbeta_reference),
    Case(JaccardIndex, JaccardIndex, sklearn.jaccard_score),
]
NAMES: Final = ["Precision", "Recall", "F1", "Fbeta", "JaccardIndex"]
each = pytest.mark.parametrize("case", CASES, ids=NAMES)


def split(sizes: Sequence[int], *tensors: Tensor) -> list[tuple[Tensor, ...]]:
    bounds = pairwise([0, *accumulate(sizes)])
    return [tuple(tensor[a:b] for tensor in tensors) for a, b in bounds]


def updated(
    metric: Metric[PredTarget, Any, PredTarget], sizes: Sequence[int], pair: PredTarget
) -> Any:
    for prediction, target in split(sizes, *pair):
        metric.update((prediction, target))
    return metric.compute()


def close(value: Tensor, expected: Any) -> None:
    torch.testing.assert_close(
        value, torch.as_tensor(expected, dtype=torch.float64), rtol=1e-12, atol=1e-12
    )


seeds = given(sizes=st.lists(st.integers(0, 6), min_size=1, max_size=4), seed=st.integers(0, 9999))


@each
@settings(deadline=None, max_examples=25)
@seeds
def test_of_classes_they_are_scikit_learns(case: Case, sizes: list[int], seed: int) -> None:
    sizes = [*sizes, 3]
    generator = torch.Generator().manual_seed(seed)
    scores = torch.rand(sum(sizes), NUM_CLASSES, generator=generator)
    target = torch.randint(0, NUM_CLASSES, (sum(sizes),), generator=generator)
    indices = scores.argmax(1)
    options = {"labels": range(NUM_CLASSES), "zero_division": 0}
    expected = case.reference(target, indices, average=None, **options)
    close(updated(case.per_class(), sizes, (scores, target)), expected)
    close(updated(case.per_class(num_classes=NUM_CLASSES), sizes, (indices, target)), expected)
    for average in AVERAGES:
        value = updated(case.averaged(average=average), sizes, (scores, target))
        assert type(value) is float
        expected = case.reference(target, indices, average=average, **options)
        assert value == pytest.approx(expected, abs=1e-12)


@each
@settings(deadline=None, max_examples=15)
@seeds
def test_of_labels_they_are_scikit_learns(case: Case, sizes: list[int], seed: int) -> None:
    sizes = [*sizes, 3]
    generator = torch.Generator().manual_seed(seed)
    scores = torch.rand(sum(sizes), 3, generator=generator)
    target = torch.randint(0, 2, (sum(sizes), 3), generator=generator)
    answer = (scores > 0.25).int()
    labels = {"is_multilabel": True, "threshold": 0.25}
    close(
        updated(case.per_class(**labels), sizes, (scores, target)),
        case.reference(target, answer, average=None, zero_division=0),
    )
    for average in (*AVERAGES, "samples"):
        value = updated(case.averaged(average=average, **labels), sizes, (scores, target))
        expected = case.reference(target, answer, average=average, zero_division=0)
        assert value == pytest.approx(expected, abs=1e-12)


@each
def test_of_a_yes_or_no_they_are_of_the_yes_without_an_average(case: Case) -> None:
    scores, target = torch.tensor([0.9, 0.8, 0.2, 0.7, 0.1]), torch.tensor([1, 0, 0, 1, 1])
    answer = (scores > 0.5).long()
    close(updated(case.per_class(), [2, 3], (scores, target)), case.reference(target, answer))
    close(updated(case.per_class(), [5], (answer, target)), case.reference(target, answer))
    for average in AVERAGES:
        expected = case.reference(target, answer, average=average)
        value = updated(case.averaged(average=average), [2, 3], (scores, target))
        assert value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("of_yes", "of_no"),
    [(Specificity, sklearn.recall_score), (NegativePredictiveValue, sklearn.precision_score)],
)
@settings(deadline=None, max_examples=15)
@seeds
def test_metrics_of_the_negative_are_those_of_the_other_class(
    of_yes: Callable[..., Metric[PredTarget, Any, PredTarget]],
    of_no: Callable[..., Any],
    sizes: list[int],
    seed: int,
) -> None:
    sizes = [*sizes, 3]
    generator = torch.Generator().manual_seed(seed)
    scores = torch.rand(sum(sizes), NUM_CLASSES, generator=generator)
    target = torch.randint(0, NUM_CLASSES, (sum(sizes),), generator=generator)
    expected = torch.tensor(
        [
            of_no(target == index, scores.argmax(1) == index, pos_label=False, zero_division=0)
            for index in range(NUM_CLASSES)
        ],
        dtype=torch.float64,
    )
    close(updated(of_yes(), sizes, (scores, target)), expected)
    assert updated(of_yes(average="macro"), sizes, (scores, target)) == pytest.approx(
        float(expected.mean()), abs=1e-12
    )


@pytest.mark.parametrize(
    ("make", "expected"),
    [(Precision, 1.0), (Recall, 0.0), (F1, 0.0), (JaccardIndex, 0.0)],
    ids=["precision", "recall", "f1", "jaccard"],
)
def test_zero_by_zero_is_as_said(
    make: Callable[..., Metric[PredTarget, Tensor, PredTarget]], expected: float
) -> None:
    pair = torch.tensor([0, 0]), torch.tensor([0, 1])  # class 1 is never predicted, 2 never seen
    value = updated(make(num_classes=3, zero_division=1.0), [2], pair)
    assert value.tolist()[1:] == [expected, 1.0]


def test_a_class_that_is_not_a_number_is_left_out_of_the_mean() -> None:
    pair = torch.tensor([0, 0]), torch.tensor([0, 1])
    metric = Recall(num_classes=3, zero_division=float("nan"), average="macro")
    assert updated(metric, [2], pair) == 0.5


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_is_a_metric_of_its_own(copied: Callable[[Any], Any]) -> None:
    pair = torch.tensor([0.9, 0.8, 0.2, 0.7]), torch.tensor([1, 0, 0, 1])
    metrics = Fbeta(beta=2), Precision(average="micro"), ClassificationReport(as_json=True)
    for metric in metrics:
        metric.update(pair)
        other = copied(metric)
        assert type(other) is type(metric)
        assert other.compute() == metric.compute()


def test_options_that_a_metric_lacks_are_refused() -> None:
    unchecked: Any = Fbeta
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'beta'"):
        unchecked()
    unchecked = Precision
    with pytest.raises(TypeError, match="unexpected keyword argument 'beta'"):
        unchecked(beta=2)
    with pytest.raises(TypeError, match="positional argument"):
        unchecked(None, "macro")


def test_beta_has_to_be_above_zero() -> None:
    with pytest.raises(ArgumentError, match="Fbeta: beta must be above 0 and finite, got 0"):
        Fbeta(beta=0)


def test_averages_are_refused_where_there_are_none() -> None:
    kind: Any = "samples"
    with pytest.raises(ArgumentError, match="Precision: average='samples' needs is_multilabel"):
        Precision(average="samples")
    message = "Specificity: average must be one of None, 'micro', 'macro', 'weighted', got 'sampl"
    with pytest.raises(ArgumentError, match=message):
        Specificity(average=kind, is_multilabel=True)
    kind = False
    with pytest.raises(ArgumentError, match=r"Recall: average must be one of .*, got False"):
        Recall(average=kind)
    with pytest.raises(ArgumentError, match="F1: zero_division must be a number where average="):
        F1(average="samples", is_multilabel=True, zero_division=float("nan"))


class TestSamples:
    PAIR: Final = torch.tensor([[1, 1, 0], [0, 0, 1]]), torch.tensor([[1, 0, 0], [1, 0, 1]])

    def test_nothing_seen_is_no_result(self) -> None:
        metric = Precision(average="samples", is_multilabel=True)
        with pytest.raises(NotComputableError, match="Precision: needs at least one sample"):
            metric.compute()
        metric.update((torch.zeros(0, 3), torch.zeros(0, 3)))
        with pytest.raises(NotComputableError, match="Precision: needs at least one sample"):
            metric.compute()

    def test_labels_that_are_none_are_refused_at_first(self) -> None:
        metric = F1(average="samples", is_multilabel=True)
        wrong = self.PAIR[0], self.PAIR[1] * 2
        with pytest.raises(ArgumentError, match=r"F1: .* must be 0 or 1, got 3 outside"):
            metric.update(wrong)
        metric.update(self.PAIR)
        metric.update(wrong)  # is found in the end
        with pytest.raises(ArgumentError, match=r"F1: .* must be 0 or 1, got 3 labels outside"):
            metric.compute()

    def test_labels_are_held_to_their_number(self) -> None:
        metric = F1(average="samples", is_multilabel=True, num_classes=4)
        with pytest.raises(ArgumentError, match="F1: num_classes must be the number of labels, 3"):
            metric.update(self.PAIR)

    def test_shapes_that_do_not_fit_are_refused_by_name(self) -> None:
        metric = Recall(average="samples", is_multilabel=True)
        with pytest.raises(ArgumentError, match=r"Recall: shapes .* \[2, 3\] and \[2\]"):
            metric.update((self.PAIR[0], torch.zeros(2)))

    def test_precision_and_recall_share_their_sums(self) -> None:
        def give(engine: Engine[int, PredTarget], batch: int) -> PredTarget:
            return self.PAIR

        evaluator = Engine(give)
        precision = Precision(average="samples", is_multilabel=True)
        recall = Recall(average="samples", is_multilabel=True)
        f2 = Fbeta(beta=2, average="samples", is_multilabel=True)
        keys = [
            metric.attach(evaluator, name) for metric, name in ((precision, "p"), (recall, "r"))
        ]
        f2.attach(evaluator, "f")
        metrics = evaluator.run([0]).metrics
        assert precision.statistic is recall.statistic
        assert f2.statistic is not recall.statistic
        assert [metrics[key] for key in keys] == [0.75, 0.75]


def test_attached_with_a_transform_the_key_has_the_kind_of_the_result() -> None:
    def give(engine: Engine[int, dict[str, Tensor]], batch: int) -> dict[str, Tensor]:
        return {"scores": torch.tensor([0.9, 0.2, 0.8]), "truth": torch.tensor([1, 0, 0])}

    evaluator = Engine(give)
    macro = evaluator.attach(
        Precision(lambda out: (out["scores"], out["truth"]), average="macro"), "macro"
    )
    of_yes = evaluator.attach(Precision(lambda out: (out["scores"], out["truth"])), "yes")
    metrics = evaluator.run([0, 1]).metrics
    number: float = metrics[macro]
    tensor: Tensor = metrics[of_yes]
    assert number == 0.75
    assert tensor.item() == 0.5
