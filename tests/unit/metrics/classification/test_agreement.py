"""Metrics that are one number: of agreement, of labels, against scikit-learn."""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, Final

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from firesteel.errors import ArgumentError
from firesteel.metrics import Metric, PredTarget
from firesteel.metrics.classification import (
    Accuracy,
    BalancedAccuracy,
    CohenKappa,
    ExactMatch,
    HammingDistance,
    MatthewsCorrCoef,
)

sklearn: Final[Any] = import_module("sklearn.metrics")  # which is not typed

OfPair = Metric[PredTarget, float, PredTarget]
Reference = Callable[[Tensor, Tensor], Any]  # scikit-learn's are not typed


def make_linear(**options: Any) -> OfPair:
    return CohenKappa(weights="linear", **options)


def make_quadratic(**options: Any) -> OfPair:
    return CohenKappa(weights="quadratic", **options)


def linear_kappa(target: Tensor, prediction: Tensor) -> Any:
    return sklearn.cohen_kappa_score(target, prediction, weights="linear")


def quadratic_kappa(target: Tensor, prediction: Tensor) -> Any:
    return sklearn.cohen_kappa_score(target, prediction, weights="quadratic")


CASES: Final[Sequence[tuple[Callable[..., OfPair], Reference]]] = [
    (Accuracy, sklearn.accuracy_score),
    (BalancedAccuracy, sklearn.balanced_accuracy_score),
    (MatthewsCorrCoef, sklearn.matthews_corrcoef),
    (CohenKappa, sklearn.cohen_kappa_score),
    (make_linear, linear_kappa),
    (make_quadratic, quadratic_kappa),
    (HammingDistance, sklearn.hamming_loss),
]
NAMES: Final = ["Accuracy", "BalancedAccuracy", "MatthewsCorrCoef", "CohenKappa"]
each = pytest.mark.parametrize(
    ("make", "reference"), CASES, ids=[*NAMES, "linear", "quadratic", "HammingDistance"]
)


def updated(metric: OfPair, prediction: Tensor, target: Tensor, num_first: int) -> float:
    metric.update((prediction[:num_first], target[:num_first]))
    metric.update((prediction[num_first:], target[num_first:]))
    value = metric.compute()
    assert type(value) is float
    return value


# scikit-learn warns of a confusion of one class, and of classes that are only predicted
@pytest.mark.filterwarnings("ignore:.*single label:UserWarning")
@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true:UserWarning")
@pytest.mark.filterwarnings("ignore:.*:RuntimeWarning")
@each
@settings(deadline=None, max_examples=25)
@given(size=st.integers(2, 20), num_first=st.integers(0, 20), seed=st.integers(0, 9999))
def test_of_classes_they_are_scikit_learns(
    make: Callable[..., OfPair], reference: Reference, size: int, num_first: int, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    scores = torch.rand(size, 4, generator=generator)
    target = torch.randint(0, 4, (size,), generator=generator)
    target[:2] = torch.tensor([0, 1])  # two classes occur
    indices = scores.argmax(1)
    expected = reference(target, indices)
    assert updated(make(), scores, target, num_first) == pytest.approx(expected, abs=1e-12)
    by_index = updated(make(num_classes=4), indices, target, num_first)
    assert by_index == pytest.approx(expected, abs=1e-12)


@each
def test_of_a_yes_or_no_they_are_scikit_learns(
    make: Callable[..., OfPair], reference: Reference
) -> None:
    scores, target = torch.tensor([0.9, 0.8, 0.2, 0.7, 0.1]), torch.tensor([1, 0, 0, 1, 1])
    expected = reference(target, (scores > 0.5).long())
    assert updated(make(), scores, target, 2) == pytest.approx(expected, abs=1e-12)
    expected = reference(target, (scores > 0.75).long())
    assert updated(make(threshold=0.75), scores, target, 2) == pytest.approx(expected, abs=1e-12)


@settings(deadline=None, max_examples=25)
@given(size=st.integers(1, 20), num_first=st.integers(0, 20), seed=st.integers(0, 9999))
def test_of_labels_there_are_right_ones_and_right_samples(
    size: int, num_first: int, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    prediction, target = torch.randint(0, 2, (2, size, 2), generator=generator)
    wrong = updated(HammingDistance(is_multilabel=True), prediction, target, num_first)
    assert wrong == pytest.approx(sklearn.hamming_loss(target, prediction), abs=1e-12)
    expected = sklearn.accuracy_score(target, prediction)
    for exact in (ExactMatch(), Accuracy(is_multilabel=True)):
        assert updated(exact, prediction, target, num_first) == pytest.approx(expected, abs=1e-12)


def test_ignored_samples_are_as_if_they_were_not_there() -> None:
    scores, target = torch.rand(9, 3), torch.tensor([0, 1, 2, 0, 1, 2, 0, 1, 2])
    is_kept = target != 1
    for make in (Accuracy, BalancedAccuracy, MatthewsCorrCoef, CohenKappa, HammingDistance):
        ignoring, kept = make(ignore_index=1), make()
        value = updated(ignoring, scores, target, 4)
        assert value == updated(kept, scores[is_kept], target[is_kept], 2), make


def test_weights_have_a_name() -> None:
    weights: Any = "cubic"
    with pytest.raises(ArgumentError, match="CohenKappa: weights must be one of None, 'linear'"):
        CohenKappa(weights=weights)
