"""The three ways to say where a metric's values are in the output."""

from typing import Any, NamedTuple, assert_type

import torch
from torch import Tensor

from firesteel import Accuracy, Average, Engine, Loss, MetricKey, RunningAverage


class Output(NamedTuple):
    logits: Tensor
    target: Tensor
    loss: Tensor


def evaluate(engine: Engine[Tensor, Output], batch: Tensor) -> Output:
    return Output(batch, torch.tensor([0, 1]), batch.mean())


def select(output: Output) -> tuple[Tensor, Tensor]:
    return output.logits, output.target


def select_loss(output: Output) -> Tensor:
    return output.loss


cross_entropy = torch.nn.CrossEntropyLoss()
evaluator = Engine(evaluate)

# 1. a named function, given to the metric
first = Accuracy(select).attach(evaluator, "accuracy_1")
assert_type(first, MetricKey[float])
assert_type(Accuracy(select), Accuracy[Output])
loss_1 = Loss(cross_entropy, select).attach(evaluator, "loss_1")
average_1 = Average(select_loss).attach(evaluator, "average_1")
smooth_1 = RunningAverage(select_loss, alpha=0.5).attach(evaluator, "smooth_1")

# 2. a lambda, given on attaching
second = Accuracy().attach(
    evaluator, "accuracy_2", output_transform=lambda out: (out.logits, out.target)
)
assert_type(second, MetricKey[float])
loss_2 = Loss(cross_entropy).attach(
    evaluator, "loss_2", output_transform=lambda out: (out.logits, out.target)
)
average_2 = Average().attach(evaluator, "average_2", output_transform=lambda out: out.loss)
named_2 = Accuracy().attach(evaluator, "named_2", output_transform=select)

# 3. a lambda, in a metric that the engine attaches
third = evaluator.attach(Accuracy(lambda out: (out.logits, out.target)), "accuracy_3")
assert_type(third, MetricKey[float])
loss_3 = evaluator.attach(Loss(cross_entropy, lambda out: (out.logits, out.target)), "loss_3")
average_3 = evaluator.attach(Average(lambda out: out.loss), "average_3")
smooth_3 = evaluator.attach(RunningAverage(lambda out: out.loss, alpha=0.9), "smooth_3")
named_3 = evaluator.attach(Accuracy(select, device="cpu"), "named_3")
by_keyword = evaluator.attach(Average(output_transform=lambda out: out.loss.item()), "keyword")
multilabel = Accuracy(select, is_multilabel=False).attach(evaluator, "multilabel")

metrics = evaluator.run([torch.eye(2), torch.rand(2, 2)]).metrics
assert metrics[first] == metrics[second] == metrics[third]
assert metrics[loss_1] == metrics[loss_2] == metrics[loss_3]
assert metrics[average_1] == metrics[average_2] == metrics[average_3]


# one metric for several engines: each says where its values are
def other(engine: Engine[int, dict[str, Tensor]], batch: int) -> dict[str, Tensor]:
    return {"scores": torch.eye(2), "labels": torch.tensor([0, 1])}


another = Engine(other)
shared = Accuracy()
shared.attach(another, "accuracy", output_transform=lambda out: (out["scores"], out["labels"]))
assert_type(shared.is_attached(another), bool)
shared.detach(another)


# and a metric that takes more than one kind of output, as its transform does
def from_anything(output: object) -> float:
    return float(len(str(output)))


def attach_everywhere(*engines: Engine[Any, object]) -> None:
    for engine in engines:
        Average(from_anything).attach(engine, "length")


attach_everywhere(evaluator, another)
