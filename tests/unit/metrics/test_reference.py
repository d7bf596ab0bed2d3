"""Our metrics give the numbers of scikit-learn and ignite, on random data."""

from importlib import import_module
from itertools import accumulate, pairwise
from types import ModuleType
from typing import Final

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from firesteel import Accuracy, Average, Loss, RunningAverage

# ignite uses torch.jit while it is being imported, which torch has deprecated since
pytestmark = [
    pytest.mark.parity,
    pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning"),
]

SEEDS: Final = st.integers(0, 2**16)
SIZES: Final = st.lists(st.integers(1, 6), min_size=1, max_size=4)
NUMBERS: Final = st.lists(st.floats(-1e3, 1e3, width=32), min_size=1, max_size=20)


@pytest.fixture(scope="module", name="ignite")
def import_ignite() -> ModuleType:
    """Import ignite's metrics, under the filter that is set above."""
    return import_module("ignite.metrics")


@pytest.fixture(scope="module", name="sklearn")
def import_sklearn() -> ModuleType:
    """Import scikit-learn's metrics, which no other test needs."""
    return import_module("sklearn.metrics")


def random_ints(high: int, *shape: int, seed: int) -> Tensor:
    """Give random whole numbers below ``high``."""
    return torch.randint(0, high, shape, generator=torch.Generator().manual_seed(seed))


def split(sizes: list[int], *tensors: Tensor) -> list[tuple[Tensor, ...]]:
    """Split tensors into batches."""
    bounds = pairwise([0, *accumulate(sizes)])
    return [tuple(tensor[a:b] for tensor in tensors) for a, b in bounds]


def our_accuracy(
    sizes: list[int], prediction: Tensor, target: Tensor, *, is_multilabel: bool = False
) -> float:
    """Give our accuracy, batch by batch."""
    accuracy = Accuracy(is_multilabel=is_multilabel)
    for a, b in pairwise([0, *accumulate(sizes)]):
        accuracy.update((prediction[a:b], target[a:b]))
    return accuracy.compute()


@settings(deadline=None)
@given(sizes=SIZES, classes=st.integers(2, 5), seed=SEEDS)
def test_accuracy_of_scores_is_that_of_scikit_learn(
    sklearn: ModuleType, sizes: list[int], classes: int, seed: int
) -> None:
    scores = random_ints(100, sum(sizes), classes, seed=seed).float()
    target = random_ints(classes, sum(sizes), seed=seed + 1)
    expected = sklearn.accuracy_score(target.numpy(), scores.argmax(1).numpy())
    assert our_accuracy(sizes, scores, target) == pytest.approx(expected, rel=1e-12)


@settings(deadline=None)
@given(sizes=SIZES, labels=st.integers(2, 3), seed=SEEDS)
def test_accuracy_of_labels_is_that_of_scikit_learn(
    sklearn: ModuleType, sizes: list[int], labels: int, seed: int
) -> None:
    prediction = random_ints(2, sum(sizes), labels, seed=seed)
    target = random_ints(2, sum(sizes), labels, seed=seed + 1)
    expected = sklearn.accuracy_score(target.numpy(), prediction.numpy())
    ours = our_accuracy(sizes, prediction, target, is_multilabel=True)
    assert ours == pytest.approx(expected, rel=1e-12)


@settings(deadline=None)
@given(
    sizes=SIZES,
    kind=st.sampled_from(["scores", "binary", "one column", "labels"]),
    axes=st.lists(st.integers(1, 3), max_size=2),
    seed=SEEDS,
)
def test_accuracy_is_that_of_ignite(
    ignite: ModuleType, sizes: list[int], kind: str, axes: list[int], seed: int
) -> None:
    total = sum(sizes)
    is_multilabel = kind == "labels"
    if kind == "scores":
        prediction = random_ints(100, total, 3, *axes, seed=seed).float()
        target = random_ints(3, total, *axes, seed=seed + 1)
    else:
        column = {"binary": [], "one column": [1], "labels": [3]}[kind]
        prediction = random_ints(2, total, *column, *axes, seed=seed)
        column = column if is_multilabel else []
        target = random_ints(2, total, *column, *axes, seed=seed + 1)
    theirs = ignite.Accuracy(is_multilabel=is_multilabel)
    for batch in split(sizes, prediction, target):
        theirs.update(batch)
    ours = our_accuracy(sizes, prediction, target, is_multilabel=is_multilabel)
    assert ours == pytest.approx(theirs.compute(), rel=1e-6)  # ignite counts in float32


@settings(deadline=None)
@given(sizes=SIZES, seed=SEEDS)
def test_loss_is_that_of_ignite(ignite: ModuleType, sizes: list[int], seed: int) -> None:
    scores = random_ints(100, sum(sizes), 3, seed=seed) / 10
    target = random_ints(3, sum(sizes), seed=seed + 1)
    ours, theirs = Loss(nn.functional.cross_entropy), ignite.Loss(nn.functional.cross_entropy)
    for a, b in pairwise([0, *accumulate(sizes)]):
        ours.update((scores[a:b], target[a:b]))
        theirs.update((scores[a:b], target[a:b]))
    assert ours.compute() == pytest.approx(theirs.compute(), rel=1e-5)  # ignite sums in float32


@settings(deadline=None)
@given(values=NUMBERS, is_tensor=st.booleans())
def test_average_is_that_of_ignite(
    ignite: ModuleType, values: list[float], is_tensor: bool
) -> None:
    ours, theirs = Average(), ignite.Average()
    for value in values:
        ours.update(torch.tensor(value) if is_tensor else value)
        theirs.update(torch.tensor(value) if is_tensor else value)
    assert ours.compute() == pytest.approx(float(theirs.compute()), rel=1e-9, abs=1e-9)


@settings(deadline=None)
@given(values=NUMBERS, alpha=st.floats(0.01, 1.0))
def test_running_average_is_that_of_ignite(
    ignite: ModuleType, values: list[float], alpha: float
) -> None:
    def itself(output: float) -> float:
        return output

    ours = RunningAverage(alpha=alpha)
    theirs = ignite.RunningAverage(alpha=alpha, output_transform=itself)
    for value in values:
        ours.update(value)
        theirs.update(value)
    assert ours.compute() == pytest.approx(float(theirs.compute()), rel=1e-9, abs=1e-9)
