"""Ranking metrics: one cut-off gives a number, several a tensor; labels combined or not."""

from collections.abc import Sequence
from typing import NamedTuple, assert_type

import torch
from torch import Tensor

from firesteel import Engine, Metric, MetricKey
from firesteel.metrics import (
    NDCG,
    CoverageError,
    F1AtK,
    HitRate,
    HitRateAtK,
    LabelF1AtK,
    LabelPrecisionAtK,
    LabelRankingAveragePrecision,
    LabelRankingLoss,
    LabelRecallAtK,
    MAPAtK,
    MRRAtK,
    NDCGAtK,
    PrecisionAtK,
    PredTarget,
    RecallAtK,
    RetrievalAveragePrecision,
    RetrievalFallOut,
    RetrievalPrecision,
    TopKCategoricalAccuracy,
)


class Output(NamedTuple):
    scores: Tensor
    relevance: Tensor


class Found(NamedTuple):
    scores: Tensor
    relevance: Tensor
    query: Tensor


def evaluate(engine: Engine[int, Output], batch: int) -> Output:
    return Output(torch.tensor([[0.9, 0.8], [0.1, 0.7]]), torch.tensor([[0, 1], [1, 1]]))


def give_pair(engine: Engine[int, PredTarget], batch: int) -> PredTarget:
    return torch.tensor([[0.9, 0.8], [0.1, 0.7]]), torch.tensor([[0, 1], [1, 1]])


def search(engine: Engine[int, Found], batch: int) -> Found:
    return Found(torch.tensor([0.9, 0.8]), torch.tensor([0, 1]), torch.tensor([batch, batch]))


def select(output: Output) -> PredTarget:
    return output.scores, output.relevance


def first_class(output: Output) -> PredTarget:
    return output.scores, output.relevance[:, 0]


def select_found(output: Found) -> tuple[Tensor, Tensor, Tensor]:
    return output.scores, output.relevance, output.query


evaluator = Engine(evaluate)
pairs = Engine(give_pair)
searcher = Engine(search)

# what is given for k says what comes
assert_type(PrecisionAtK(k=1), PrecisionAtK[float, PredTarget])
assert_type(PrecisionAtK(k=[1, 2]), PrecisionAtK[Tensor, PredTarget])
assert_type(PrecisionAtK(select, k=1), PrecisionAtK[float, Output])
assert_type(PrecisionAtK(select, k=(1, 2), clip_k=True), PrecisionAtK[Tensor, Output])


def results(pair: PredTarget, ks: Sequence[int]) -> list[float | Tensor]:
    number, tensor = F1AtK(k=2), F1AtK(k=ks)
    number.update(pair)
    tensor.update(pair)
    assert_type(number.compute(), float)
    assert_type(tensor.compute(), Tensor)
    return [number.compute(), tensor.compute()]


# the three ways to say where the values are
first = RecallAtK(select, k=2).attach(evaluator, "first")
assert_type(first, MetricKey[float])
second = RecallAtK(k=[1, 2]).attach(
    evaluator, "second", output_transform=lambda out: (out.scores, out.relevance)
)
assert_type(second, MetricKey[Tensor])
third = evaluator.attach(RecallAtK(lambda out: (out.scores, out.relevance), k=2), "third")
assert_type(third, MetricKey[float])
fourth = evaluator.attach(RecallAtK(lambda out: (out.scores, out.relevance), k=[1, 2]), "fourth")
assert_type(fourth, MetricKey[Tensor])
fifth = evaluator.attach(
    F1AtK(lambda out: (out.scores, out.relevance), k=1, clip_k=True, empty_target="zero"), "fifth"
)
assert_type(fifth, MetricKey[float])
assert_type(
    evaluator.attach(HitRateAtK(lambda out: (out.scores, out.relevance), k=[1]), "hit rate"),
    MetricKey[Tensor],
)
assert_type(
    evaluator.attach(MRRAtK(lambda out: (out.scores, out.relevance), k=1), "mrr"),
    MetricKey[float],
)
assert_type(
    evaluator.attach(
        MAPAtK(lambda out: (out.scores, out.relevance), k=[1], denominator="relevant"), "map"
    ),
    MetricKey[Tensor],
)
assert_type(
    evaluator.attach(
        NDCGAtK(lambda out: (out.scores, out.relevance), k=1, gain="linear_rank"), "ndcg"
    ),
    MetricKey[float],
)

# labels: each, or combined
assert_type(LabelPrecisionAtK(k=1), LabelPrecisionAtK[Tensor, PredTarget])
assert_type(LabelPrecisionAtK(k=[1, 2]), LabelPrecisionAtK[Tensor, PredTarget])
assert_type(LabelPrecisionAtK(k=1, average="macro"), LabelPrecisionAtK[float, PredTarget])
assert_type(LabelPrecisionAtK(k=[1], average="micro"), LabelPrecisionAtK[Tensor, PredTarget])
assert_type(LabelRecallAtK(select, k=1, average=None), LabelRecallAtK[Tensor, Output])
assert_type(LabelRecallAtK(select, k=1, average="weighted"), LabelRecallAtK[float, Output])
assert_type(
    evaluator.attach(LabelF1AtK(lambda out: (out.scores, out.relevance), k=1), "labels"),
    MetricKey[Tensor],
)
macro = evaluator.attach(
    LabelF1AtK(lambda out: (out.scores, out.relevance), k=1, average="macro"), "macro"
)
assert_type(macro, MetricKey[float])
assert_type(
    evaluator.attach(
        LabelF1AtK(lambda out: (out.scores, out.relevance), k=[1, 2], average="macro"), "macros"
    ),
    MetricKey[Tensor],
)

# arithmetic keeps both
precision, recall = LabelPrecisionAtK(k=1, average="macro"), LabelRecallAtK(k=1, average="macro")
combined = (2 * precision * recall / (precision + recall)).attach(pairs, "C-F1")
assert_type(combined, MetricKey[float])
at_two = PrecisionAtK(k=[1, 2])[1].attach(pairs, "precision@2")
assert_type(at_two, MetricKey[Tensor])

# ignite's
assert_type(HitRate(top_k=[1, 2]).attach(pairs, "hits"), MetricKey[list[float]])
ndcg = evaluator.attach(NDCG(lambda out: (out.scores, out.relevance), top_k=[1]), "ndcgs")
assert_type(ndcg, MetricKey[list[float]])
assert_type(TopKCategoricalAccuracy(), TopKCategoricalAccuracy[float, PredTarget])
assert_type(TopKCategoricalAccuracy(first_class, k=[1]), TopKCategoricalAccuracy[Tensor, Output])
top = evaluator.attach(
    TopKCategoricalAccuracy(lambda out: (out.scores, out.relevance[:, 0]), k=1), "top"
)
assert_type(top, MetricKey[float])
tops = evaluator.attach(
    TopKCategoricalAccuracy(lambda out: (out.scores, out.relevance[:, 0]), k=[1, 2]), "tops"
)
assert_type(tops, MetricKey[Tensor])

# without a cut-off
lrap = evaluator.attach(
    LabelRankingAveragePrecision(lambda out: (out.scores, out.relevance)), "lrap"
)
assert_type(lrap, MetricKey[float])
assert_type(LabelRankingLoss().attach(pairs, "loss"), MetricKey[float])
assert_type(CoverageError(select).attach(evaluator, "coverage"), MetricKey[float])

# queries: three tensors
found = RetrievalAveragePrecision(select_found, top_k=1).attach(searcher, "map")
assert_type(found, MetricKey[float])
assert_type(
    searcher.attach(
        RetrievalPrecision(lambda out: (out.scores, out.relevance, out.query)), "precision"
    ),
    MetricKey[float],
)
fall_out: Metric[tuple[Tensor, Tensor, Tensor], float] = RetrievalFallOut()

metrics = evaluator.run([0, 1]).metrics
assert metrics[first] == metrics[third] == metrics[second][1]
assert metrics[fourth].shape == (2,)
assert metrics[ndcg] == [0.5]
assert len(results(give_pair(pairs, 0), [1, 2])) == 2
assert pairs.run([0]).metrics[at_two].shape == ()
assert searcher.run([0, 1]).metrics[found] == 0.0
