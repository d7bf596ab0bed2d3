"""Arithmetic on metrics of other outputs, with what is no number, and what metrics do not have."""

from typing import NamedTuple

from firesteel import Average, Engine, Metric
from firesteel.metrics import MetricGroup, MetricsLambda, over_all_ranks


class Output(NamedTuple):
    loss: float


class Other(NamedTuple):
    score: float


class Length(Metric[str, int]):
    def reset(self) -> None: ...
    def update(self, value: str, /) -> None: ...
    def compute(self) -> int:
        return 0


class Word(Metric[str, str]):
    def reset(self) -> None: ...
    def update(self, value: str, /) -> None: ...
    def compute(self) -> str:
        return ""


def loss_of(output: Output) -> float:
    return output.loss


def score_of(output: Other) -> float:
    return output.score


def step(engine: Engine[int, Output], batch: int) -> Output:
    raise NotImplementedError


engine = Engine(step)
loss, score, word = Average(loss_of), Average(score_of), Word()

loss + score  # E: metrics of two outputs
loss * word  # E: a word is no factor
loss + "1"  # E: nor is a text
word - 1  # E: nor the other way round
-word  # E: a word has no negative
abs(word)  # P: nor an absolute value; mypy takes any __abs__ for one
loss[0]  # E: a number cannot be indexed
score.attach(engine, "score")  # E: of another output
(1 - score).attach(engine, "rest")  # E: the same for what is made of it
loss.cpu()  # E: a result's methods are not a metric's
loss.map(len)  # E: a float has no length
MetricsLambda(max, loss, score)  # E: metrics of two outputs
MetricsLambda(max, loss, 1.0)  # E: a number is no metric
MetricsLambda(len, loss)  # E: a float has no length
MetricGroup(loss=loss, one=1.0)  # E: a number is no metric
for part in loss:  # E: a metric is no sequence
    break
over_all_ranks(1.0)  # E: a number is no metric
