"""Metrics made of metrics keep the types of their results and of the engine's output."""

from typing import NamedTuple, assert_type

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel import Average, Engine, Metric, MetricKey
from firesteel.metrics import MetricGroup, MetricsLambda, over_all_ranks


class Output(NamedTuple):
    loss: float
    weight: float
    embedding: Tensor


OutputT = TypeVar("OutputT", contravariant=True, default=Tensor)


class Total(Metric[Tensor, Tensor, OutputT]):
    @override
    def reset(self) -> None:
        self.total = torch.zeros(3)

    @override
    def update(self, value: Tensor, /) -> None:
        self.total = self.total + value

    @override
    def compute(self) -> Tensor:
        return self.total


def step(engine: Engine[float, Output], batch: float) -> Output:
    return Output(batch, 1.0, torch.ones(3))


def loss_of(output: Output) -> float:
    return output.loss


def weight_of(output: Output) -> float:
    return output.weight


def embedding_of(output: Output) -> Tensor:
    return output.embedding


trainer = Engine(step)
loss, weight, total = Average(loss_of), Average(weight_of), Total(embedding_of)

harmonic = 2 * loss * weight / (loss + weight)
assert_type(harmonic, MetricsLambda[float, Output])
assert_type(harmonic.attach(trainer, "harmonic"), MetricKey[float])
assert_type(trainer.attach(1 - loss, "rest"), MetricKey[float])
assert_type(-loss, MetricsLambda[float, Output])
assert_type(loss**2, MetricsLambda[float, Output])
assert_type(total / loss, MetricsLambda[Tensor, Output])
assert_type(loss * total, MetricsLambda[Tensor, Output])
assert_type(total[0], MetricsLambda[Tensor, Output])
assert_type(total[1:], MetricsLambda[Tensor, Output])
assert_type(total.map(float), MetricsLambda[float, Output])
assert_type(loss.map(lambda value: f"{value:.2f}"), MetricsLambda[str, Output])
assert_type(MetricsLambda(max, loss, weight), MetricsLambda[float, Output])

group = MetricGroup(loss=loss, rest=1 - loss)
key = group.attach(trainer, "group")
assert_type(key, MetricKey[dict[str, float]])

state = trainer.run([1.0, 2.0])
assert_type(state.metrics[key], dict[str, float])
assert state.metrics[key] == {"loss": 1.5, "rest": -0.5}

with over_all_ranks(loss, harmonic, group):
    assert_type(harmonic.compute(), float)
