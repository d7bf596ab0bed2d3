"""TopKCategoricalAccuracy: the functional form and scikit-learn, taken in batch by batch."""

import math
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any, Final

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from firesteel import Engine
from firesteel.errors import ArgumentError, ArgumentTypeError, NotComputableError, StateDictError
from firesteel.metrics import PredTarget, TopKCategoricalAccuracy
from firesteel.metrics._functional._top_k_accuracy import top_k_accuracy

by_hypothesis = settings(deadline=None, derandomize=True, max_examples=25)

SCORES: Final = torch.tensor([[0.1, 0.6, 0.3], [0.5, 0.3, 0.2]])
TARGET: Final = torch.tensor([2, 0])


def numbers(values: Tensor) -> list[float]:
    return [float(value) for value in values.unbind()]


@by_hypothesis
@given(
    seed=st.integers(0, 2**16),
    sizes=st.lists(st.integers(0, 5), min_size=1, max_size=4).filter(any),
    k=st.lists(st.integers(1, 8), min_size=1, max_size=3),
)
def test_batches_give_what_the_functional_form_gives_for_all_samples(
    seed: int, sizes: Sequence[int], k: Sequence[int]
) -> None:
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randint(0, 9, (sum(sizes), 6), generator=generator) / 8
    target = torch.randint(0, 6, (sum(sizes),), generator=generator)
    several, single = TopKCategoricalAccuracy(k=k), TopKCategoricalAccuracy(k=k[0])
    for a, b in pairwise([0, *accumulate(sizes)]):
        several.update((scores[a:b], target[a:b]))
        single.update((scores[a:b], target[a:b]))
    expected = top_k_accuracy(scores, target, k=k)
    assert numbers(several.compute()) == pytest.approx(numbers(expected), rel=1e-12)
    assert type(single.compute()) is float
    assert single.compute() == pytest.approx(float(top_k_accuracy(scores, target, k=k[0])))


@pytest.mark.parity
@pytest.mark.parametrize("k", [1, 2, 5])
def test_it_is_that_of_scikit_learn_and_of_ignite(k: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    ignite = pytest.importorskip("ignite.metrics")
    generator = torch.Generator().manual_seed(0)
    scores = torch.rand(50, 6, generator=generator)
    target = torch.randint(0, 6, (50,), generator=generator)
    ours, theirs = TopKCategoricalAccuracy(k=k), ignite.TopKCategoricalAccuracy(k=k)
    for part in (slice(0, 20), slice(20, 50)):
        ours.update((scores[part], target[part]))
        theirs.update((scores[part], target[part]))
    expected = metrics.top_k_accuracy_score(target.numpy(), scores.numpy(), k=k, labels=range(6))
    assert ours.compute() == pytest.approx(float(expected))
    assert ours.compute() == pytest.approx(theirs.compute())


def test_without_a_number_five_classes_may_be_named() -> None:
    metric = TopKCategoricalAccuracy()
    metric.update((torch.arange(7.0).expand(2, 7), torch.tensor([1, 2])))
    assert metric.compute() == 0.5
    assert metric.higher_is_better is True


def test_values_are_looked_at_in_the_updates_that_are_asked_for() -> None:
    outside = (SCORES, torch.tensor([3, 0]))
    first = TopKCategoricalAccuracy(k=1)
    with pytest.raises(
        ArgumentError, match=r"^TopKCategoricalAccuracy: target must be in .*, got 3$"
    ):
        first.update(outside)
    with pytest.raises(ArgumentError, match=r"^TopKCategoricalAccuracy: scores must not be NaN"):
        first.update((SCORES * math.nan, TARGET))
    first.update((SCORES, TARGET))
    first.update((SCORES * math.nan, TARGET))
    first.update(outside)
    assert first.compute() == pytest.approx(3 / 6)
    first.reset()
    with pytest.raises(ArgumentError, match="scores must not be NaN"):
        first.update((SCORES * math.nan, TARGET))
    always = TopKCategoricalAccuracy(k=1, validate="always")
    always.update((SCORES, TARGET))
    with pytest.raises(ArgumentError, match="target must be in"):
        always.update(outside)
    assert always.compute() == 0.5


def test_mistakes_are_refused() -> None:
    name = "TopKCategoricalAccuracy"
    with pytest.raises(ArgumentError, match=rf"^{name}: k must be at least 1, got 0$"):
        TopKCategoricalAccuracy(k=0)
    unknown: Any = "last"
    with pytest.raises(ArgumentError, match=rf"^{name}: validate must be one of "):
        TopKCategoricalAccuracy(validate=unknown)
    metric = TopKCategoricalAccuracy(k=1)
    with pytest.raises(NotComputableError, match=rf"^{name}: needs at least one row that counts$"):
        metric.compute()
    message = r"scores and target must have shapes \(N, C\) and \(N,\), got \[2, 3\] and \[1\]"
    with pytest.raises(ArgumentError, match=rf"^{name}: {message}$"):
        metric.update((SCORES, TARGET[:1]))
    with pytest.raises(ArgumentTypeError, match=rf"^{name}: target must be integer, got torch.f"):
        metric.update((SCORES, TARGET.float()))
    with pytest.raises(ArgumentTypeError, match=rf"^{name}: scores must be floating point, got "):
        metric.update((SCORES.long(), TARGET))
    saved = TopKCategoricalAccuracy(k=[1, 2])
    with pytest.raises(StateDictError, match=rf"^{name}.load_state_dict: 'total' must be like"):
        metric.load_state_dict(saved.state_dict())


def test_attached_it_is_computed_over_an_epoch() -> None:
    def give(engine: Engine[int, list[Tensor]], batch: int) -> list[Tensor]:
        return [SCORES[batch : batch + 1], TARGET[batch : batch + 1]]

    def pair(output: list[Tensor]) -> PredTarget:
        return output[0], output[1]

    evaluator = Engine(give)
    single = evaluator.attach(TopKCategoricalAccuracy(pair, k=1, device="cpu"), "top 1")
    several = TopKCategoricalAccuracy(k=[1, 2]).attach(evaluator, "top", output_transform=pair)
    metrics = evaluator.run([0, 1], max_epochs=2).metrics
    assert metrics[single] == 0.5
    assert metrics[several].tolist() == [0.5, 1.0]
