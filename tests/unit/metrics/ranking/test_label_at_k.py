"""Metrics of each label at k: the functional form, taken in batch by batch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, Final, TypeAlias

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from firesteel import Engine
from firesteel.errors import ArgumentError, ArgumentTypeError, NotComputableError
from firesteel.metrics import LabelF1AtK, LabelPrecisionAtK, LabelRecallAtK, Metric, PredTarget
from firesteel.metrics._functional._label_at_k import (
    LabelAverage,
    label_f1_at_k,
    label_precision_at_k,
    label_recall_at_k,
)

by_hypothesis = settings(deadline=None, derandomize=True, max_examples=25)

LabelMetric: TypeAlias = Metric[PredTarget, Tensor, PredTarget]
AnyLabelMetric: TypeAlias = (
    LabelPrecisionAtK[Any, Any] | LabelRecallAtK[Any, Any] | LabelF1AtK[Any, Any]
)
Pick: TypeAlias = int | Sequence[int]

AVERAGES: Final[Sequence[LabelAverage]] = ("macro", "weighted", "micro")
SCORES: Final = torch.tensor([[0.9, 0.8, 0.3], [0.1, 0.7, 0.5]])
RELEVANCE: Final = torch.tensor([[0, 1, 1], [0, 1, 1]])


@dataclass(frozen=True)
class Case:
    """A metric with and without labels combined, and its functional form."""

    make: Callable[[Pick], LabelMetric]
    combined: Callable[[int, LabelAverage, float], Metric[PredTarget, float, PredTarget]]
    combined_at: Callable[[Sequence[int], LabelAverage, float], LabelMetric]
    by_function: Callable[[Tensor, Tensor, Pick, LabelAverage | None, float], Tensor]


CASES: Final[Mapping[str, Case]] = {
    "LabelPrecisionAtK": Case(
        lambda k: LabelPrecisionAtK(k=k),
        lambda k, average, zero: LabelPrecisionAtK(k=k, average=average, zero_division=zero),
        lambda k, average, zero: LabelPrecisionAtK(k=k, average=average, zero_division=zero),
        lambda s, r, k, average, zero: label_precision_at_k(
            s, r, k=k, average=average, zero_division=zero
        ),
    ),
    "LabelRecallAtK": Case(
        lambda k: LabelRecallAtK(k=k),
        lambda k, average, zero: LabelRecallAtK(k=k, average=average, zero_division=zero),
        lambda k, average, zero: LabelRecallAtK(k=k, average=average, zero_division=zero),
        lambda s, r, k, average, zero: label_recall_at_k(
            s, r, k=k, average=average, zero_division=zero
        ),
    ),
    "LabelF1AtK": Case(
        lambda k: LabelF1AtK(k=k),
        lambda k, average, zero: LabelF1AtK(k=k, average=average, zero_division=zero),
        lambda k, average, zero: LabelF1AtK(k=k, average=average, zero_division=zero),
        lambda s, r, k, average, zero: label_f1_at_k(
            s, r, k=k, average=average, zero_division=zero
        ),
    ),
}

each = pytest.mark.parametrize("name", CASES)


def numbers(values: Tensor) -> list[float]:
    return [float(value) for value in values.flatten().unbind()]


@each
@by_hypothesis
@given(
    seed=st.integers(0, 2**16),
    sizes=st.lists(st.integers(0, 5), min_size=1, max_size=4).filter(any),
    k=st.lists(st.integers(1, 8), min_size=1, max_size=3),
    zero_division=st.sampled_from((0.0, 1.0)),
)
def test_batches_give_what_the_functional_form_gives_for_all_rows(
    name: str, seed: int, sizes: list[int], k: list[int], zero_division: float
) -> None:
    case = CASES[name]
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randint(0, 9, (sum(sizes), 6), generator=generator) / 8
    relevance = torch.rand(sum(sizes), 6, generator=generator) < 0.3
    per_label = case.make(k)
    combined = [case.combined(k[0], average, zero_division) for average in AVERAGES]
    combined_at = [case.combined_at(k, average, zero_division) for average in AVERAGES]
    metrics: list[Metric[PredTarget, Any, PredTarget]] = [per_label, *combined, *combined_at]
    for a, b in pairwise([0, *accumulate(sizes)]):
        for metric in metrics:
            metric.update((scores[a:b], relevance[a:b]))
    expected = case.by_function(scores, relevance, k, None, 0.0)
    assert per_label.compute().shape == expected.shape
    assert numbers(per_label.compute()) == pytest.approx(numbers(expected), rel=1e-12)
    for average, one, several in zip(AVERAGES, combined, combined_at, strict=True):
        value = one.compute()
        assert type(value) is float
        expected = case.by_function(scores, relevance, k[0], average, zero_division)
        assert value == pytest.approx(float(expected), rel=1e-12)
        expected = case.by_function(scores, relevance, k, average, zero_division)
        assert numbers(several.compute()) == pytest.approx(numbers(expected), rel=1e-12)


@each
def test_one_k_without_an_average_gives_one_number_for_each_label(name: str) -> None:
    metric = CASES[name].make(2)
    metric.update((SCORES, RELEVANCE))
    assert metric.compute().shape == (3,)
    assert metric.compute().dtype == torch.float64


@pytest.mark.parametrize("kind", [LabelPrecisionAtK, LabelRecallAtK, LabelF1AtK])
def test_higher_is_better(kind: type[AnyLabelMetric]) -> None:
    assert kind.higher_is_better is True


def test_rows_without_a_relevant_label_count() -> None:
    metric = LabelPrecisionAtK(k=1)
    metric.update((SCORES, torch.tensor([[1, 0, 0], [0, 0, 0]])))
    metric.update((SCORES[:1], torch.zeros(1, 3)))
    assert metric.compute().tolist() == [0.5, 0.0, 0.0]


def test_what_is_ignored_is_neither_named_nor_relevant() -> None:
    metric = LabelRecallAtK(k=1, ignore_index=-1)
    metric.update((SCORES, torch.tensor([[-1, 1, 1], [0, 1, -1]])))
    assert metric.compute().tolist() == [0.0, 1.0, 0.0]


def test_a_threshold_says_what_is_relevant() -> None:
    metric = LabelRecallAtK(k=2, relevance_threshold=2)
    metric.update((SCORES, torch.tensor([[1, 2, 5], [1, 3, 1]])))
    assert metric.compute().tolist() == [0.0, 1.0, 0.0]


@each
def test_another_number_of_labels_is_refused_and_leaves_no_trace(name: str) -> None:
    metric = CASES[name].make([1, 2])
    metric.update((SCORES, RELEVANCE))
    before = metric.compute()
    with pytest.raises(ArgumentError) as caught:
        metric.update((torch.rand(2, 4), torch.ones(2, 4)))
    assert str(caught.value) == (
        f"{name}: the number of labels must be the same in all batches, got sums of shape "
        "[2, 3, 4] after [2, 3, 3]"
    )
    assert metric.compute().equal(before)
    metric.reset()
    metric.update((torch.rand(2, 4), torch.ones(2, 4)))
    assert metric.compute().shape == (2, 4)


@each
def test_mistakes_are_refused_in_the_name_of_the_metric(name: str) -> None:
    case, wrong = CASES[name], "both"
    unknown: Any = wrong
    with pytest.raises(ArgumentError, match=rf"^{name}: average must be one of 'macro', 'weigh"):
        case.combined(1, unknown, 0.0)
    with pytest.raises(ArgumentError, match=rf"^{name}: zero_division must be in \[0, 1\], got 2"):
        case.combined(1, "macro", 2.0)
    with pytest.raises(ArgumentError, match=rf"^{name}: k must be at least 1, got 0$"):
        case.make(0)
    metric = case.make(1)
    with pytest.raises(NotComputableError, match=rf"^{name}: needs at least one row$"):
        metric.compute()
    metric.update((torch.zeros(0, 3), torch.zeros(0, 3)))
    with pytest.raises(NotComputableError, match=rf"^{name}: needs at least one row$"):
        metric.compute()
    with pytest.raises(ArgumentError, match=rf"^{name}: scores and relevance must have one shape"):
        metric.update((SCORES, RELEVANCE[:1]))
    with pytest.raises(ArgumentTypeError, match=rf"^{name}: scores must be floating point, got "):
        metric.update((RELEVANCE, RELEVANCE))
    with pytest.raises(ArgumentError, match=rf"^{name}: relevance must be 0 or 1, got other"):
        metric.update((SCORES, RELEVANCE * 2))


def test_a_result_does_not_change_when_the_metric_goes_on() -> None:
    metric = LabelRecallAtK(k=[1, 2])
    metric.update((SCORES, RELEVANCE))
    result, state = metric.compute(), metric.state_dict()
    metric.update((SCORES, 1 - RELEVANCE))
    assert result.tolist() == [[0, 0.5, 0], [0, 1, 0.5]]
    metric.load_state_dict(state)
    assert metric.compute().equal(result)


def test_attached_it_is_computed_over_an_epoch() -> None:
    def give(engine: Engine[int, dict[str, Tensor]], batch: int) -> dict[str, Tensor]:
        return {"scores": SCORES[batch : batch + 1], "relevance": RELEVANCE[batch : batch + 1]}

    def pair(output: dict[str, Tensor]) -> PredTarget:
        return output["scores"], output["relevance"]

    evaluator = Engine(give)
    macro = evaluator.attach(LabelRecallAtK(pair, k=2, average="macro"), "macro")
    labels = LabelRecallAtK(k=2).attach(evaluator, "labels", output_transform=pair)
    metrics = evaluator.run([0, 1], max_epochs=2).metrics
    assert metrics[macro] == 0.5
    assert metrics[labels].tolist() == [0.0, 1.0, 0.5]
