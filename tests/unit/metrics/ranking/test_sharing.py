"""All metrics at k of one engine are computed from one ranking, each from its own sums."""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import pytest
import torch
from torch import Tensor

from firesteel import Engine
from firesteel.errors import ArgumentError
from firesteel.metrics import (
    NDCG,
    F1AtK,
    HitRate,
    HitRateAtK,
    LabelF1AtK,
    LabelPrecisionAtK,
    LabelRecallAtK,
    MAPAtK,
    Metric,
    MRRAtK,
    NDCGAtK,
    PrecisionAtK,
    PredTarget,
    RecallAtK,
)
from firesteel.metrics._functional._distinct_scores import labels_of_distinct_scores
from firesteel.metrics.ranking import _statistic, _terms

SCORES: Final = torch.tensor(
    [
        [0.9, 0.8, 0.3, 0.2, 0.1],
        [0.1, 0.7, 0.7, 0.5, 0.2],
        [0.6, 0.1, 0.2, 0.9, 0.3],
        [0.4, 0.3, 0.2, 0.1, 0.0],
    ]
)
RELEVANCE: Final = torch.tensor([[0, 1, 0, 1, 0], [0, 0, 1, 1, 1], [1, 0, 0, 1, 0], [0] * 5])

KS: Final = (1, 2, 3)
ROWS: Final[Mapping[str, tuple[Callable[[], Metric[Any, Tensor, PredTarget]], Sequence[float]]]] = {
    "precision": (lambda: PrecisionAtK(k=KS), [0.333333, 0.666667, 0.555556]),
    "recall": (lambda: RecallAtK(k=KS), [0.166667, 0.611111, 0.722222]),
    "f1": (lambda: F1AtK(k=KS), [0.222222, 0.633333, 0.622222]),
    "hit rate": (lambda: HitRateAtK(k=KS), [0.333333, 1, 1]),
    "mrr": (lambda: MRRAtK(k=KS), [0.333333, 0.666667, 0.666667]),
    "map min": (lambda: MAPAtK(k=KS), [0.333333, 0.5, 0.546296]),
    "map relevant": (
        lambda: MAPAtK(k=KS, denominator="relevant"),
        [0.166667, 0.472222, 0.546296],
    ),
    "map hits": (lambda: MAPAtK(k=KS, denominator="hits"), [0.333333, 0.666667, 0.694444]),
    "ndcg": (lambda: NDCGAtK(k=KS), [0.333333, 0.591235, 0.639191]),
    "ndcg linear": (lambda: NDCGAtK(k=KS, gain="linear_rank"), [0.333333, 0.591235, 0.639191]),
}
"""The worked example of the specification, section 16.4: rows."""

LABELS: Final[
    Mapping[str, tuple[Callable[[], Metric[Any, Tensor, PredTarget]], Sequence[float]]]
] = {
    "label precision": (lambda: LabelPrecisionAtK(k=2), [1 / 3, 1 / 3, 1, 1, 0]),
    "label recall": (lambda: LabelRecallAtK(k=2), [1, 1, 1, 1 / 3, 0]),
    "label f1": (lambda: LabelF1AtK(k=2), [0.5, 0.5, 1, 0.5, 0]),
}
"""And labels."""


@pytest.fixture
def rankings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """List the number of ranks of each ranking."""
    found: list[int] = []

    def counted(scores: Tensor, *, k_max: int, mask: Tensor | None = None) -> Tensor | None:
        found.append(k_max)
        return labels_of_distinct_scores(scores, k_max=k_max, mask=mask)

    monkeypatch.setattr(_statistic, "labels_of_distinct_scores", counted)
    return found


def numbers(values: Tensor) -> list[float]:
    return [float(value) for value in values.unbind()]


def pairs() -> Engine[slice, PredTarget]:
    def give(engine: Engine[slice, PredTarget], rows: slice) -> PredTarget:
        return SCORES[rows], RELEVANCE[rows]

    return Engine(give)


def copied_scores(pair: PredTarget) -> PredTarget:
    return pair[0].clone(), pair[1]


HALVES: Final = (slice(0, 1), slice(1, 4))


def test_the_worked_example_has_its_numbers_from_one_ranking_of_each_batch(
    rankings: list[int],
) -> None:
    found = rankings
    evaluator = pairs()
    keys = {name: make().attach(evaluator, name) for name, (make, _) in {**ROWS, **LABELS}.items()}
    precision_2 = PrecisionAtK(k=2).attach(evaluator, "precision@2")
    precision_of_all = PrecisionAtK(k=2, empty_target="zero").attach(evaluator, "of all")
    ndcg_of_all = NDCGAtK(k=2, empty_target="zero").attach(evaluator, "ndcg of all")
    with_one = PrecisionAtK(k=2, empty_target="one").attach(evaluator, "with one")
    recall_5 = RecallAtK(k=5).attach(evaluator, "recall@5")
    hit_rate = HitRate(top_k=[1, 2]).attach(evaluator, "ignite's")
    macro_precision = LabelPrecisionAtK(k=2, average="macro")
    macro_recall = LabelRecallAtK(k=2, average="macro")
    macro = [
        macro_precision.attach(evaluator, "macro precision"),
        macro_recall.attach(evaluator, "macro recall"),
        LabelF1AtK(k=2, average="macro").attach(evaluator, "macro f1"),
        LabelPrecisionAtK(k=2, average="micro").attach(evaluator, "micro precision"),
        LabelRecallAtK(k=2, average="micro").attach(evaluator, "micro recall"),
        (2 * macro_precision * macro_recall / (macro_precision + macro_recall)).attach(
            evaluator, "C-F1"
        ),
    ]
    for _ in range(2):
        metrics = evaluator.run(HALVES).metrics
        assert found == [5, 5]
        found.clear()
        for name, (_, expected) in {**ROWS, **LABELS}.items():
            assert metrics[keys[name]].tolist() == pytest.approx(expected, abs=5e-7), name
        assert metrics[precision_2] == pytest.approx(2 / 3)
        assert metrics[precision_of_all] == pytest.approx(0.5)
        assert metrics[ndcg_of_all] == pytest.approx(0.443426, abs=5e-7)
        assert metrics[with_one] == pytest.approx(0.75)
        assert metrics[recall_5] == pytest.approx(1.0)
        assert metrics[hit_rate] == pytest.approx([1 / 3, 1])
        of_labels = [metrics[key] for key in macro]
        assert of_labels == pytest.approx(
            [0.533333, 0.666667, 0.5, 0.5, 0.571429, 0.592593], abs=5e-7
        )


@pytest.mark.parametrize(
    "other",
    [
        RecallAtK(k=2, relevance_threshold=1),
        RecallAtK(k=2, ignore_index=-1),
        RecallAtK(k=2, validate="never"),
        RecallAtK(k=2, device="cpu"),
        RecallAtK(copied_scores, k=2),
        NDCG(top_k=[2]),
    ],
)
def test_what_is_seen_in_another_way_is_ranked_on_its_own(
    rankings: list[int], other: Metric[PredTarget, Any, PredTarget]
) -> None:
    found = rankings
    evaluator = pairs()
    RecallAtK(k=3).attach(evaluator, "recall")
    other.attach(evaluator, "other")
    evaluator.run(HALVES)
    assert sorted(found) == [2, 2, 3, 3]


def test_what_a_metric_saves_is_its_own() -> None:
    evaluator = pairs()
    make: list[Callable[[], Metric[Any, Any, PredTarget]]] = [
        lambda: PrecisionAtK(k=2),
        lambda: PrecisionAtK(k=[1, 3]),
        lambda: RecallAtK(k=[1, 3]),
        lambda: LabelF1AtK(k=[1, 2]),
    ]
    attached, fresh = [one() for one in make], [one() for one in make]
    for number, metric in enumerate(attached):
        metric.attach(evaluator, str(number))
    evaluator.run(HALVES)
    for metric, other in zip(attached, fresh, strict=True):
        result = torch.as_tensor(metric.compute())
        other.load_state_dict(metric.state_dict())
        assert torch.as_tensor(other.compute()).equal(result)
        metric.merge(other)
        assert torch.allclose(torch.as_tensor(metric.compute()), result)


def test_loading_one_changes_no_other() -> None:
    evaluator = pairs()
    first, second = PrecisionAtK(k=[1, 2]), PrecisionAtK(k=[2, 3])
    key = first.attach(evaluator, "first")
    second.attach(evaluator, "second")
    before = numbers(evaluator.run(HALVES).metrics[key])
    other = PrecisionAtK(k=[2, 3])
    other.update((SCORES[2:3], RELEVANCE[2:3]))
    second.load_state_dict(other.state_dict())
    assert second.compute().tolist() == [1.0, pytest.approx(2 / 3)]
    assert numbers(first.compute()) == before
    again = evaluator.run(HALVES).metrics
    assert numbers(again[key]) == before


def test_a_metric_that_is_updated_by_hand_parts() -> None:
    evaluator = pairs()
    precision, recall = PrecisionAtK(k=2), RecallAtK(k=2)
    by_engine = precision.attach(evaluator, "precision")
    recall.attach(evaluator, "recall")

    evaluator.run(HALVES[:1])
    recall.update((SCORES[1:], RELEVANCE[1:]))
    assert recall.compute() == pytest.approx(0.611111, abs=5e-7)
    assert precision.compute() == 0.5
    assert evaluator.run(HALVES).metrics[by_engine] == pytest.approx(2 / 3)


@pytest.mark.parametrize("turned", [False, True])
def test_metrics_that_stand_somewhere_share_from_there(*, turned: bool) -> None:
    """As in an epoch that is gone on with after loading."""
    first, second = PrecisionAtK(k=[1, 3]), PrecisionAtK(k=[2, 3])
    third = LabelRecallAtK(k=2)
    metrics: list[Any] = [first, second, third]
    for metric in metrics:
        metric.update((SCORES[2:], RELEVANCE[2:]))
    if turned:
        metrics.reverse()
    shared = metrics[0].statistic
    for metric in metrics:
        metric.hold(shared)
    shared.update((SCORES[:2], RELEVANCE[:2]))
    assert first.compute().tolist() == pytest.approx([0.333333, 0.555556], abs=5e-7)
    assert second.compute().tolist() == pytest.approx([0.666667, 0.555556], abs=5e-7)
    assert third.compute().tolist() == pytest.approx([1, 1, 1, 1 / 3, 0])


def test_labels_are_counted_at_more_cut_offs_from_the_start() -> None:
    first, second = LabelRecallAtK(k=2), LabelPrecisionAtK(k=[1, 2])
    second.hold(first.statistic)
    first.statistic.update((SCORES, RELEVANCE))
    assert first.compute().tolist() == pytest.approx([1, 1, 1, 1 / 3, 0])
    assert second.compute()[1].tolist() == pytest.approx([1 / 3, 1 / 3, 1, 1, 0])


def test_cut_offs_stay_in_ascending_order() -> None:
    evaluator = pairs()
    far = PrecisionAtK(k=64).attach(evaluator, "far")
    near = PrecisionAtK(k=1).attach(evaluator, "near")
    metrics = evaluator.run(HALVES).metrics
    assert metrics[far] == pytest.approx(7 / 3 / 64)
    assert metrics[near] == pytest.approx(1 / 3)


def test_no_two_terms_have_one_name() -> None:
    names = [name for name in _terms.__all__ if name not in {"AVERAGE_PRECISION", "NDCG_GAIN"}]
    terms: list[_statistic.Term] = [vars(_terms)[name] for name in names]
    terms += [*_terms.AVERAGE_PRECISION.values(), *_terms.NDCG_GAIN.values()]
    assert len({term.name for term in terms}) == len(terms) == 18


def test_the_strictest_of_those_that_share_is_named() -> None:
    def give(engine: Engine[int, PredTarget], batch: int) -> PredTarget:
        return SCORES, RELEVANCE * 2

    evaluator = Engine(give)
    NDCGAtK(k=1).attach(evaluator, "ndcg")
    evaluator.run([0])
    MRRAtK(k=1).attach(evaluator, "mrr")
    with pytest.raises(ArgumentError, match=r"^MRRAtK: relevance must be 0 or 1"):
        evaluator.run([0])


def test_empty_rows_are_a_mistake_to_the_one_that_says_so() -> None:
    evaluator = pairs()
    PrecisionAtK(k=1).attach(evaluator, "precision")
    RecallAtK(k=1, empty_target="error").attach(evaluator, "recall")
    with pytest.raises(ArgumentError, match=r"^RecallAtK: every row must have a relevant label"):
        evaluator.run([slice(2, 4), slice(0, 1)])
    assert evaluator.state.iteration == 1


def test_a_copy_shares_with_the_metric_that_it_was_made_of(rankings: list[int]) -> None:
    found = rankings
    evaluator = pairs()
    precision = PrecisionAtK(k=2)
    copied = copy.deepcopy(precision)
    one, other = precision.attach(evaluator, "one"), copied.attach(evaluator, "other")
    metrics = evaluator.run(HALVES).metrics
    assert metrics[one] == metrics[other]
    assert found == [2, 2]
