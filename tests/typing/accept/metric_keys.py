"""What attaching a metric gives: a key that reads its result with its type."""

from dataclasses import dataclass
from typing import Any, NamedTuple, assert_type

import torch
from torch import Tensor
from typing_extensions import override

from firesteel import Accuracy, Average, Engine, Events, Loss, Metric, MetricKey, RunningAverage
from firesteel.metrics import PredTarget


def predict(engine: Engine[int, PredTarget], batch: int) -> PredTarget:
    return torch.eye(3), torch.tensor([0, 1, 2])


class Confusion(Metric[PredTarget, Tensor]):
    @override
    def reset(self) -> None:
        self._matrix = torch.zeros(3, 3, dtype=torch.int64)

    @override
    def update(self, value: PredTarget, /) -> None:
        scores, target = value
        for row, column in zip(target, scores.argmax(dim=1), strict=True):
            self._matrix[row, column] += 1

    @override
    def compute(self) -> Tensor:
        return self._matrix


@dataclass(frozen=True)
class Results:
    accuracy: MetricKey[float]
    loss: MetricKey[float]
    confusion: MetricKey[Tensor]


def attach_all(evaluator: Engine[Any, PredTarget]) -> Results:
    return Results(
        accuracy=Accuracy().attach(evaluator, "accuracy"),
        loss=evaluator.attach(Loss(torch.nn.functional.cross_entropy), "loss"),
        confusion=Confusion().attach(evaluator, "confusion"),
    )


evaluator = Engine(predict)
keys = attach_all(evaluator)
assert_type(keys.accuracy, MetricKey[float])
metrics = evaluator.run([1, 2]).metrics
assert_type(metrics[keys.accuracy], float)
assert_type(metrics[keys.confusion], Tensor)
assert_type(metrics.get(keys.loss), float | None)
assert_type(metrics.get(keys.loss, 0.0), float)
assert_type(metrics[keys.accuracy] > 0.5, bool)
print(f"{metrics[keys.accuracy]:.2f}", metrics[keys.confusion].trace())

# by name it is an object, to be narrowed
by_name = metrics["accuracy"]
assert_type(by_name, object)
if isinstance(by_name, float):
    assert_type(by_name, float)
for name, result in metrics.items():
    assert_type(name, str)
    print(name, result)
assert keys.loss in metrics
assert "loss" in metrics

# a key is read where something wider is asked for
wider: MetricKey[float | Tensor] = keys.accuracy
results: list[MetricKey[object]] = [keys.accuracy, keys.confusion]
print([metrics[key] for key in results])


# a NamedTuple of predictions and targets is a pair of them
class Prediction(NamedTuple):
    scores: Tensor
    target: Tensor


def predict_named(engine: Engine[int, Prediction], batch: int) -> Prediction:
    return Prediction(torch.eye(3), torch.tensor([0, 1, 2]))


named = Engine(predict_named)
named_accuracy = named.attach(Accuracy(), "accuracy")
assert_type(named.run([1]).metrics[named_accuracy], float)

# several metrics at once, as many scripts have them
to_attach = {"top1": Accuracy(), "mean_loss": Loss(torch.nn.functional.cross_entropy)}
for name, metric in to_attach.items():
    metric.attach(evaluator, name)
by_names = {name: evaluator.attach(metric, f"{name}_again") for name, metric in to_attach.items()}
assert_type(by_names, dict[str, MetricKey[float]])


def train(engine: Engine[float, float], batch: float) -> float:
    return batch


trainer = Engine(train)
smooth = RunningAverage().attach(trainer, "smooth")
mean = trainer.attach(Average(), "mean")


@trainer.on(Events.ITERATION_COMPLETED)
def show(engine: Engine[float, float]) -> None:
    print(engine.state.metrics[smooth])


print(trainer.run([1.0, 2.0]).metrics[mean])
