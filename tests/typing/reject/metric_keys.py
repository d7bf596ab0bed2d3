"""Results of metrics: read by name, as another type, with another key."""

import torch
from torch import Tensor

from firesteel import Accuracy, Average, Engine, Loss, Metric, MetricKey, StateKey
from firesteel.metrics import PredTarget


class Confusion(Metric[PredTarget, Tensor]):
    def reset(self) -> None: ...
    def update(self, value: PredTarget, /) -> None: ...
    def compute(self) -> Tensor:
        return torch.zeros(2, 2)


def predict(engine: Engine[int, PredTarget], batch: int) -> PredTarget:
    return torch.eye(2), torch.tensor([0, 1])


def takes_text(text: str) -> None:
    print(text)


evaluator = Engine(predict)
metrics = evaluator.state.metrics
accuracy = Accuracy().attach(evaluator, "accuracy")
confusion = evaluator.attach(Confusion(), "confusion")
EMA = StateKey[float]("ema")

print(metrics["accuracy"] + 1)  # E: an object
print(metrics["accuracy"] > 0.5)  # E
print(round(metrics["accuracy"]))  # E
print(f"{metrics['accuracy']:.2f}", float(metrics["accuracy"]))  # E
best: float = metrics["accuracy"]  # E
text: str = metrics[accuracy]  # E
number: int = metrics[accuracy]  # E
tensor: Tensor = metrics[accuracy]  # E
value: float = metrics[confusion]  # E
print(metrics[accuracy].item())  # E: a float
print(metrics[confusion].foo_bar)  # E
print(metrics[confusion]["a"].foo_bar)  # E
takes_text(metrics[accuracy])  # E
takes_text(metrics.get(accuracy))  # E
print(metrics.get(accuracy) + 1)  # E: may be None
sure: float = metrics.get(accuracy)  # E
named: float = metrics.get("accuracy", 0.5)  # E
print(metrics[0])  # E
print(metrics[EMA])  # E: a value of one's own
print(metrics[Accuracy])  # E
print(metrics[Accuracy()])  # E: the key was meant
print(metrics.accuracy)  # E
metrics["accuracy"] = 0.5  # E
metrics[accuracy] = 0.5  # E
del metrics[accuracy]  # E
print(evaluator.state[accuracy])  # E
print(evaluator.state.accuracy)  # E
key: MetricKey[str] = accuracy  # E
narrow: MetricKey[int] = accuracy  # E
wide: MetricKey[Tensor] = accuracy  # E
again: MetricKey[Tensor] = Accuracy().attach(evaluator, "again")  # E
loss: MetricKey[Tensor] = evaluator.attach(Loss(torch.nn.functional.mse_loss), "loss")  # E
metric: Accuracy = Accuracy().attach(evaluator, "metric")  # E: gives a key
print(accuracy.compute())  # E: the metric was meant
accuracy.name = "other"  # E
for name, result in metrics.items():
    print(name, result + 1)  # E
print(sum(metrics[name] for name in metrics))  # E
mixed = [accuracy, confusion]
total: float = sum(metrics[one] for one in mixed)  # E
print(Average().compute().item())  # E
print(MetricKey[float](3))  # E

print(metrics[accuracy] + 1, metrics[confusion].sum(), metrics["accuracy"])
