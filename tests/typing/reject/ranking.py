"""Ranking metrics: another result than the cut-offs give, options that are none, other outputs."""

from typing import Any, NamedTuple

from torch import Tensor

from firesteel import Engine, Metric, MetricKey
from firesteel.metrics import (
    NDCG,
    CoverageError,
    F1AtK,
    HitRate,
    LabelF1AtK,
    LabelPrecisionAtK,
    LabelRankingLoss,
    MAPAtK,
    MRRAtK,
    NDCGAtK,
    PrecisionAtK,
    PredTarget,
    RecallAtK,
    RetrievalFallOut,
    RetrievalPrecision,
    RetrievalRPrecision,
    TopKCategoricalAccuracy,
)


class Output(NamedTuple):
    scores: Tensor
    relevance: Tensor
    loss: float


def evaluate(engine: Engine[int, Output], batch: int) -> Output:
    raise NotImplementedError


def give_pair(engine: Engine[int, PredTarget], batch: int) -> PredTarget:
    raise NotImplementedError


def select(output: Output) -> PredTarget:
    return output.scores, output.relevance


engine = Engine(evaluate)
pairs = Engine(give_pair)

# another result
number: Metric[PredTarget, float, PredTarget] = PrecisionAtK(k=[1, 2])  # E
tensor: Metric[PredTarget, Tensor, PredTarget] = PrecisionAtK(k=1)  # E
of_transform: Metric[PredTarget, Tensor, Output] = PrecisionAtK(select, k=1)  # E
key: MetricKey[float] = RecallAtK(select, k=[1]).attach(engine, "x")  # E
other_key: MetricKey[Tensor] = RecallAtK(select, k=1).attach(engine, "x")  # E
each_label: Metric[PredTarget, float, PredTarget] = LabelF1AtK(k=1)  # E
combined: Metric[PredTarget, Tensor, PredTarget] = LabelF1AtK(k=1, average="macro")  # E
several: Metric[PredTarget, float, PredTarget] = LabelF1AtK(k=[1], average="macro")  # E
listed: Metric[PredTarget, float, PredTarget] = HitRate(top_k=1)  # E
top: Metric[PredTarget, float, PredTarget] = TopKCategoricalAccuracy(k=[1])  # E
top_5: Metric[PredTarget, Tensor, PredTarget] = TopKCategoricalAccuracy()  # E
PrecisionAtK(k=1)[0]  # E
LabelPrecisionAtK(k=1, average="micro")[0]  # E

# options
PrecisionAtK()  # E
PrecisionAtK(1)  # E
PrecisionAtK(k=1.5)  # E
PrecisionAtK(k="1")  # E
PrecisionAtK(k=1, capped=True)  # E
RecallAtK(k=1, clip_k=True)  # E
F1AtK(k=1, empty_target="ignore")  # E
F1AtK(k=1, validate="once")  # E
F1AtK(k=1, validate=True)  # E
MRRAtK(k=1, denominator="min")  # E
MAPAtK(k=1, denominator="all")  # E
NDCGAtK(k=1, gain="square")  # E
LabelF1AtK(k=1, average="samples")  # E
LabelF1AtK(k=1, empty_target="skip")  # E
NDCG()  # E
NDCG(top_k=[1], gain_function="square")  # E
HitRate(top_k=["1"])  # E
TopKCategoricalAccuracy(5)  # E
LabelRankingLoss(k=1)  # E
CoverageError(validate="once")  # E
RetrievalPrecision(top_k="1")  # E
RetrievalRPrecision(top_k=1)  # E
RetrievalFallOut(empty_target="neg")  # E

# other outputs
PrecisionAtK(k=1).attach(engine, "x")  # E
engine.attach(PrecisionAtK(k=1), "x")  # E
engine.attach(PrecisionAtK(lambda out: (out.score, out.relevance), k=1), "x")  # E
engine.attach(PrecisionAtK(lambda out: (out.scores, out.relevant), k=[1]), "x")  # E
engine.attach(PrecisionAtK(lambda out: (out.scores, out.loss), k=1), "x")  # E
engine.attach(LabelF1AtK(lambda out: (out.scores, out.relevant), k=1), "x")  # E
engine.attach(LabelF1AtK(lambda out: (out.scores, out.relevant), k=1, average="macro"), "x")  # E
engine.attach(NDCG(lambda out: (out.score, out.relevance), top_k=[1]), "x")  # E
engine.attach(TopKCategoricalAccuracy(lambda out: (out.score, out.relevance)), "x")  # E
engine.attach(LabelRankingLoss(lambda out: out.scores), "x")  # E
engine.attach(RetrievalPrecision(lambda out: (out.scores, out.relevance)), "x")  # E
pairs.attach(RetrievalPrecision(), "x")  # E
RetrievalPrecision(select)  # E
RetrievalPrecision().update((Tensor(), Tensor()))  # E
PrecisionAtK(k=1).update((Tensor(), Tensor(), Tensor()))  # E
wrong: Metric[Any, float, PredTarget] = PrecisionAtK(select, k=1)  # E

PrecisionAtK(select, k=1).attach(engine, "x")
PrecisionAtK(k=1).attach(pairs, "x")
