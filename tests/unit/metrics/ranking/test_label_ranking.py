"""Metrics of label ranking: scikit-learn, taken in batch by batch."""

from collections.abc import Mapping
from itertools import accumulate, pairwise
from typing import Any, Final, TypeAlias

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from firesteel import Engine
from firesteel.errors import ArgumentError, ArgumentTypeError, NotComputableError
from firesteel.metrics import (
    CoverageError,
    LabelRankingAveragePrecision,
    LabelRankingLoss,
    PrecisionAtK,
    PredTarget,
)
from firesteel.metrics._functional._label_ranking import TiedRanks, rank_with_ties
from firesteel.metrics.ranking import _statistic

by_hypothesis = settings(deadline=None, derandomize=True, max_examples=25)

Kind: TypeAlias = (
    type[LabelRankingAveragePrecision[PredTarget]]
    | type[LabelRankingLoss[PredTarget]]
    | type[CoverageError[PredTarget]]
)

KINDS: Final[Mapping[str, Kind]] = {
    "label_ranking_average_precision_score": LabelRankingAveragePrecision,
    "label_ranking_loss": LabelRankingLoss,
    "coverage_error": CoverageError,
}
each = pytest.mark.parametrize("kind", KINDS.values())

SCORES: Final = torch.tensor([[0.75, 0.5, 1.0], [1.0, 0.2, 0.1]])
RELEVANCE: Final = torch.tensor([[1, 0, 0], [0, 0, 1]])


@pytest.mark.parity
@pytest.mark.parametrize("name", KINDS)
@by_hypothesis
@given(
    seed=st.integers(0, 2**16),
    sizes=st.lists(st.integers(0, 5), min_size=1, max_size=4).filter(any),
)
def test_batches_give_what_scikit_learn_gives_for_all_rows(
    name: str, seed: int, sizes: list[int]
) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randint(0, 9, (sum(sizes), 5), generator=generator) / 8
    relevance = (torch.rand(sum(sizes), 5, generator=generator) < 0.4).long()
    metric = KINDS[name]()
    for a, b in pairwise([0, *accumulate(sizes)]):
        metric.update((scores[a:b], relevance[a:b]))
    expected = getattr(metrics, name)(relevance.numpy(), scores.numpy())
    assert metric.compute() == pytest.approx(float(expected), rel=1e-9)


def test_the_direction_is_told() -> None:
    assert LabelRankingAveragePrecision.higher_is_better is True
    assert LabelRankingLoss.higher_is_better is False
    assert CoverageError.higher_is_better is False


@each
def test_values_are_looked_at_in_the_updates_that_are_asked_for(kind: Kind) -> None:
    name = kind.__name__
    first = kind()
    with pytest.raises(ArgumentError, match=rf"^{name}: relevance must be 0 or 1, got other"):
        first.update((SCORES, RELEVANCE * 2))
    with pytest.raises(ArgumentError, match=rf"^{name}: scores must not be NaN"):
        first.update((SCORES * torch.nan, RELEVANCE))
    first.update((SCORES, RELEVANCE))
    result = first.compute()
    first.update((SCORES, RELEVANCE * 2))
    assert first.compute() == result
    first.reset()
    with pytest.raises(ArgumentError, match="relevance must be 0 or 1"):
        first.update((SCORES, RELEVANCE * 2))
    always = kind(validate="always")
    always.update((SCORES, RELEVANCE))
    with pytest.raises(ArgumentError, match="relevance must be 0 or 1"):
        always.update((SCORES, RELEVANCE * 2))
    assert always.compute() == result


@each
def test_mistakes_are_refused_in_the_name_of_the_metric(kind: Kind) -> None:
    name = kind.__name__
    unknown: Any = "last"
    with pytest.raises(ArgumentError, match=rf"^{name}: validate must be one of "):
        kind(validate=unknown)
    metric = kind(device="cpu")
    with pytest.raises(NotComputableError, match=rf"^{name}: needs at least one row that counts$"):
        metric.compute()
    with pytest.raises(ArgumentError) as caught:
        metric.update((SCORES, RELEVANCE[:1]))
    assert str(caught.value) == (
        f"{name}: scores and relevance must have one shape, got [2, 3] and [1, 3]"
    )
    with pytest.raises(ArgumentTypeError, match=rf"^{name}: scores must be floating point, got "):
        metric.update((RELEVANCE, RELEVANCE))


@each
def test_attached_it_is_computed_over_an_epoch(kind: Kind) -> None:
    def give(engine: Engine[int, list[Tensor]], batch: int) -> list[Tensor]:
        return [SCORES[batch : batch + 1], RELEVANCE[batch : batch + 1]]

    def pair(output: list[Tensor]) -> PredTarget:
        return output[0], output[1]

    evaluator = Engine(give)
    key = kind().attach(evaluator, "ranking", output_transform=pair)
    whole = kind()
    whole.update((SCORES, RELEVANCE))
    assert evaluator.run([0, 1], max_epochs=2).metrics[key] == pytest.approx(whole.compute())


def test_all_of_one_engine_rank_once_and_save_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    num_rows: list[int] = []

    def counted(scores: Tensor, relevance: Tensor) -> TiedRanks:
        num_rows.append(len(scores))
        return rank_with_ties(scores, relevance)

    def give(engine: Engine[int, PredTarget], batch: int) -> PredTarget:
        return SCORES[: batch + 1], RELEVANCE[: batch + 1]

    monkeypatch.setattr(_statistic, "rank_with_ties", counted)
    evaluator = Engine(give)
    metrics = [kind() for kind in KINDS.values()]
    keys = [metric.attach(evaluator, str(number)) for number, metric in enumerate(metrics)]
    precision = PrecisionAtK(k=[1, 3]).attach(evaluator, "precision")
    results = evaluator.run([0, 1]).metrics
    assert num_rows == [1, 2]
    monkeypatch.undo()
    for kind, metric, key in zip(KINDS.values(), metrics, keys, strict=True):
        alone = kind()
        for batch in (0, 1):
            alone.update((SCORES[: batch + 1], RELEVANCE[: batch + 1]))
        assert results[key] == alone.compute()
        assert metric.state_dict() == alone.state_dict()
    assert results[precision].tolist() == [0, 1 / 3]


def test_coverage_alone_sorts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(_statistic, "rank_with_ties")
    monkeypatch.delattr(_statistic, "topk_labels")
    monkeypatch.delattr(_statistic, "labels_of_distinct_scores")
    metric = CoverageError()
    metric.update((SCORES, RELEVANCE))
    assert metric.compute() == 2.5
