"""Metrics of retrieval: the functional form and torchmetrics, taken in batch by batch."""

import warnings
from collections.abc import Callable, Mapping
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
from firesteel.metrics import (
    Metric,
    RetrievalAveragePrecision,
    RetrievalFallOut,
    RetrievalHitRate,
    RetrievalNormalizedDCG,
    RetrievalPrecision,
    RetrievalRecall,
    RetrievalReciprocalRank,
    RetrievalRPrecision,
)
from firesteel.metrics._functional._queries import Queries, rank_queries
from firesteel.metrics._functional._ranked import EmptyTarget
from firesteel.metrics._functional._retrieval import (
    retrieval_average_precision,
    retrieval_fall_out,
    retrieval_hit_rate,
    retrieval_normalized_dcg,
    retrieval_precision,
    retrieval_r_precision,
    retrieval_recall,
    retrieval_reciprocal_rank,
)
from firesteel.metrics.ranking import _retrieval_metric

by_hypothesis = settings(deadline=None, derandomize=True, max_examples=25)

Triple: TypeAlias = tuple[Tensor, Tensor, Tensor]
RetrievalMetric: TypeAlias = Metric[Triple, float, Triple]

SCORES: Final = torch.tensor([0.9, 0.8, 0.3, 0.2, 0.7])
RELEVANCE: Final = torch.tensor([0, 1, 1, 1, 0])
INDEXES: Final = torch.tensor([0, 0, 0, 1, 1])
ALL: Final = (SCORES, RELEVANCE, INDEXES)


@dataclass(frozen=True)
class Case:
    """A metric, its functional form, and its name in torchmetrics, if it has one."""

    make: Callable[[int | None, EmptyTarget], RetrievalMetric]
    by_function: Callable[[Triple, int | None, EmptyTarget], Tensor]
    theirs: str | None = None


CASES: Final[Mapping[str, Case]] = {
    "RetrievalAveragePrecision": Case(
        lambda k, empty: RetrievalAveragePrecision(top_k=k, empty_target=empty),
        lambda t, k, empty: retrieval_average_precision(
            t[0], t[1], indexes=t[2], top_k=k, empty_target=empty
        ),
    ),
    "RetrievalAveragePrecision of hits": Case(
        lambda k, empty: RetrievalAveragePrecision(top_k=k, denominator="hits", empty_target=empty),
        lambda t, k, empty: retrieval_average_precision(
            t[0], t[1], indexes=t[2], top_k=k, denominator="hits", empty_target=empty
        ),
        "RetrievalMAP",
    ),
    "RetrievalReciprocalRank": Case(
        lambda k, empty: RetrievalReciprocalRank(top_k=k, empty_target=empty),
        lambda t, k, empty: retrieval_reciprocal_rank(
            t[0], t[1], indexes=t[2], top_k=k, empty_target=empty
        ),
        "RetrievalMRR",
    ),
    "RetrievalPrecision": Case(
        lambda k, empty: RetrievalPrecision(top_k=k, empty_target=empty),
        lambda t, k, empty: retrieval_precision(
            t[0], t[1], indexes=t[2], top_k=k, empty_target=empty
        ),
        "RetrievalPrecision",
    ),
    "RetrievalPrecision clipped": Case(
        lambda k, empty: RetrievalPrecision(top_k=k, clip_k=True, empty_target=empty),
        lambda t, k, empty: retrieval_precision(
            t[0], t[1], indexes=t[2], top_k=k, clip_k=True, empty_target=empty
        ),
    ),
    "RetrievalRecall": Case(
        lambda k, empty: RetrievalRecall(top_k=k, empty_target=empty),
        lambda t, k, empty: retrieval_recall(t[0], t[1], indexes=t[2], top_k=k, empty_target=empty),
        "RetrievalRecall",
    ),
    "RetrievalHitRate": Case(
        lambda k, empty: RetrievalHitRate(top_k=k, empty_target=empty),
        lambda t, k, empty: retrieval_hit_rate(
            t[0], t[1], indexes=t[2], top_k=k, empty_target=empty
        ),
        "RetrievalHitRate",
    ),
    "RetrievalNormalizedDCG": Case(
        lambda k, empty: RetrievalNormalizedDCG(top_k=k, empty_target=empty),
        lambda t, k, empty: retrieval_normalized_dcg(
            t[0], t[1], indexes=t[2], top_k=k, empty_target=empty
        ),
        "RetrievalNormalizedDCG",  # of relevance 0 or 1 the two gains are the same
    ),
    "RetrievalNormalizedDCG linear": Case(
        lambda k, empty: RetrievalNormalizedDCG(top_k=k, gain="linear_rank", empty_target=empty),
        lambda t, k, empty: retrieval_normalized_dcg(
            t[0], t[1], indexes=t[2], top_k=k, gain="linear_rank", empty_target=empty
        ),
    ),
    "RetrievalRPrecision": Case(
        lambda k, empty: RetrievalRPrecision(empty_target=empty),
        lambda t, k, empty: retrieval_r_precision(t[0], t[1], indexes=t[2], empty_target=empty),
    ),
    "RetrievalFallOut": Case(
        lambda k, empty: RetrievalFallOut(top_k=k, empty_target=empty),
        lambda t, k, empty: retrieval_fall_out(
            t[0], t[1], indexes=t[2], top_k=k, empty_target=empty
        ),
        "RetrievalFallOut",
    ),
}

each = pytest.mark.parametrize("name", CASES)


def some_items(seed: int, num: int) -> Triple:
    """Give items of queries of which the first two have both relevant and irrelevant ones."""
    generator = torch.Generator().manual_seed(seed)
    scores = torch.rand(num, generator=generator, dtype=torch.float64)
    relevance = (torch.rand(num, generator=generator) < 0.4).long()
    indexes = torch.randint(0, 4, (num,), generator=generator)
    relevance[:4] = torch.tensor([0, 1, 0, 1])
    indexes[:4] = torch.tensor([0, 0, 1, 1])
    return scores, relevance, indexes


def updated(metric: RetrievalMetric, triple: Triple, *sizes: int) -> RetrievalMetric:
    for a, b in pairwise([0, *accumulate(sizes)]):
        metric.update((triple[0][a:b], triple[1][a:b], triple[2][a:b]))
    return metric


@each
@by_hypothesis
@given(
    seed=st.integers(0, 2**16),
    sizes=st.lists(st.integers(0, 9), min_size=1, max_size=4),
    top_k=st.sampled_from((None, 1, 2, 6)),
    empty_target=st.sampled_from(("skip", "zero", "one")),
)
def test_batches_give_what_the_functional_form_gives_for_all_items(
    name: str, seed: int, sizes: list[int], top_k: int | None, empty_target: EmptyTarget
) -> None:
    case, triple = CASES[name], some_items(seed, 4 + sum(sizes))
    metric = updated(case.make(top_k, empty_target), triple, 1, 3, *sizes)
    expected = case.by_function(triple, top_k, empty_target)
    assert metric.compute() == pytest.approx(float(expected), rel=1e-12)


@pytest.mark.parity
@each
@pytest.mark.parametrize("top_k", [None, 2])
def test_it_is_that_of_torchmetrics(name: str, top_k: int | None) -> None:
    case = CASES[name]
    if case.theirs is None:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        retrieval = pytest.importorskip("torchmetrics.retrieval")
    theirs = getattr(retrieval, case.theirs)(top_k=top_k, empty_target_action="skip")
    for seed in range(5):
        triple = some_items(seed, 30)
        ours = updated(case.make(top_k, "skip"), triple, 11, 19)
        theirs.reset()
        theirs.update(triple[0], triple[1], indexes=triple[2])
        assert ours.compute() == pytest.approx(float(theirs.compute()), abs=1e-6)


def test_the_direction_is_told() -> None:
    assert RetrievalAveragePrecision.higher_is_better is True
    assert RetrievalHitRate.higher_is_better is True
    assert RetrievalNormalizedDCG.higher_is_better is True
    assert RetrievalPrecision.higher_is_better is True
    assert RetrievalRPrecision.higher_is_better is True
    assert RetrievalRecall.higher_is_better is True
    assert RetrievalReciprocalRank.higher_is_better is True
    assert RetrievalFallOut.higher_is_better is False


def test_what_a_loader_writes_over_was_copied() -> None:
    scores, relevance, indexes = (tensor.clone() for tensor in ALL)
    metric = RetrievalAveragePrecision()
    metric.update((scores, relevance, indexes))
    for tensor in (scores, relevance, indexes):
        tensor.zero_()
    assert metric.compute() == pytest.approx(0.5417, abs=5e-5)


def test_nothing_of_the_graph_is_kept() -> None:
    metric = RetrievalPrecision()
    metric.update((SCORES.clone().requires_grad_() * 2, RELEVANCE, INDEXES))
    assert not metric.statistic.scores[0].requires_grad


def test_a_result_may_be_asked_for_on_the_way() -> None:
    metric = RetrievalRecall(top_k=1)
    metric.update((SCORES[:3], RELEVANCE[:3], INDEXES[:3]))
    assert metric.compute() == 0.0
    metric.update((SCORES[3:], RELEVANCE[3:], INDEXES[3:]))
    assert metric.compute() == 0.0
    metric.update((SCORES[:1], 1 - RELEVANCE[:1], INDEXES[:1] + 5))
    assert metric.compute() == pytest.approx(1 / 3)


def test_all_that_are_given_the_same_items_keep_them_once() -> None:
    def give(engine: Engine[int, list[Tensor]], batch: int) -> list[Tensor]:
        return list(ALL)

    def triple(output: list[Tensor]) -> Triple:
        return output[0], output[1], output[2]

    evaluator = Engine(give)
    precision, ndcg = RetrievalPrecision(triple), RetrievalNormalizedDCG(triple)
    keys = evaluator.attach(precision, "precision"), evaluator.attach(ndcg, "ndcg")
    for _ in range(2):
        metrics = evaluator.run([0]).metrics
        assert metrics[keys[0]] == pytest.approx(0.5833, abs=5e-5)
        assert metrics[keys[1]] == pytest.approx(0.6622, abs=5e-5)
        assert precision.statistic is ndcg.statistic
    assert [len(part) for part in precision.statistic.scores] == [5]


@pytest.fixture
def sorted_sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """List how many items each sort had."""
    found: list[int] = []

    def counted(scores: Tensor, relevance: Tensor, indexes: Tensor) -> Queries:
        found.append(len(scores))
        return rank_queries(scores, relevance, indexes)

    monkeypatch.setattr(_retrieval_metric, "rank_queries", counted)
    return found


def test_all_that_are_given_the_same_items_sort_them_once(sorted_sizes: list[int]) -> None:
    def give(engine: Engine[int, Triple], batch: int) -> Triple:
        return ALL

    evaluator = Engine(give)
    for name in CASES:
        CASES[name].make(2, "skip").attach(evaluator, name)
    evaluator.run([0, 1])
    assert sorted_sizes == [10]
    evaluator.run([0])
    assert sorted_sizes == [10, 5]


def test_what_was_sorted_is_forgotten_with_the_next_batch(sorted_sizes: list[int]) -> None:
    metric = updated(RetrievalRecall(), ALL, 3)
    other = updated(RetrievalRecall(), ALL, 3)
    metric.compute()
    metric.compute()
    updated(metric, ALL, 5).compute()
    assert sorted_sizes == [3, 8]
    metric.merge(other)
    metric.compute()
    metric.load_state_dict(other.state_dict())
    metric.compute()
    assert sorted_sizes == [3, 8, 11, 3]


def test_graded_relevance_that_was_sorted_is_refused_by_the_one_that_asks_whether() -> None:
    def give(engine: Engine[int, Triple], batch: int) -> Triple:
        return SCORES, RELEVANCE * 3, INDEXES

    evaluator = Engine(give)
    ndcg = RetrievalNormalizedDCG(validate="never").attach(evaluator, "ndcg")
    RetrievalRecall(validate="never").attach(evaluator, "recall")
    with pytest.raises(ArgumentError, match=r"^RetrievalRecall: relevance must be 0 or 1"):
        evaluator.run([0])
    assert 0 < evaluator.state.metrics[ndcg] < 1


@pytest.mark.parametrize("is_first", [True, False])
def test_the_strictest_of_those_that_share_is_named(*, is_first: bool) -> None:
    def give(engine: Engine[int, Triple], batch: int) -> Triple:
        return SCORES, RELEVANCE * 3, INDEXES

    evaluator = Engine(give)
    metrics: list[RetrievalMetric] = [RetrievalNormalizedDCG(), RetrievalRecall()]
    for number, metric in enumerate(metrics if is_first else metrics[::-1]):
        metric.attach(evaluator, str(number))
    with pytest.raises(ArgumentError, match=r"^RetrievalRecall: relevance must be 0 or 1"):
        evaluator.run([0])


def test_relevance_may_be_graded_where_it_is_weighed() -> None:
    metric = RetrievalNormalizedDCG()
    metric.update((SCORES, RELEVANCE * 3, INDEXES))
    assert 0 < metric.compute() < 1


def test_values_are_looked_at_in_the_updates_that_are_asked_for_and_in_the_end() -> None:
    wrong = (SCORES, RELEVANCE * 2, INDEXES)
    first = RetrievalRecall()
    with pytest.raises(ArgumentError, match=r"^RetrievalRecall: relevance must be 0 or 1"):
        first.update(wrong)
    first.update(ALL)
    first.update(wrong)
    with pytest.raises(ArgumentError, match="relevance must be 0 or 1"):
        first.compute()
    always = RetrievalRecall(validate="always")
    always.update(ALL)
    with pytest.raises(ArgumentError, match="relevance must be 0 or 1"):
        always.update(wrong)
    assert always.compute() == 1.0
    never = RetrievalRecall(validate="never")
    never.update(wrong)


def test_a_query_without_a_relevant_item_may_be_a_mistake() -> None:
    metric = RetrievalRecall(empty_target="error")
    metric.update((SCORES, torch.tensor([0, 1, 1, 0, 0]), INDEXES))
    with pytest.raises(ArgumentError, match=r"every query must have relevant items, got 1 without"):
        metric.compute()


@each
def test_mistakes_are_refused_in_the_name_of_the_metric(name: str) -> None:
    case, name = CASES[name], name.split(maxsplit=1)[0]
    unknown: Any = "last"
    with pytest.raises(ArgumentError, match=rf"^{name}: empty_target must be one of 'skip', "):
        case.make(None, unknown)
    if name != "RetrievalRPrecision":
        with pytest.raises(ArgumentError, match=rf"^{name}: top_k must be at least 1, got 0$"):
            case.make(0, "skip")
    metric = case.make(None, "skip")
    with pytest.raises(NotComputableError, match=rf"^{name}: needs at least one query that count"):
        metric.compute()
    with pytest.raises(ArgumentError) as caught:
        metric.update((SCORES, RELEVANCE, INDEXES[:1]))
    assert str(caught.value) == (
        f"{name}: scores, relevance and indexes must have one shape (M,), got [5], [5] and [1]"
    )
    with pytest.raises(ArgumentTypeError, match=rf"^{name}: indexes must be integer, got torch.f"):
        metric.update((SCORES, RELEVANCE, SCORES))
    with pytest.raises(ArgumentTypeError, match=rf"^{name}: scores must be floating point, got "):
        metric.update((RELEVANCE, RELEVANCE, INDEXES))


def test_an_option_that_does_not_exist_is_refused() -> None:
    wrong: Any = "else"
    with pytest.raises(ArgumentError, match=r"^RetrievalAveragePrecision: denominator must be one"):
        RetrievalAveragePrecision(denominator=wrong)
    with pytest.raises(ArgumentError, match=r"^RetrievalNormalizedDCG: gain must be one of 'exp_"):
        RetrievalNormalizedDCG(gain=wrong)
    with pytest.raises(ArgumentError, match=r"^RetrievalRecall: validate must be one of 'first'"):
        RetrievalRecall(validate=wrong)
