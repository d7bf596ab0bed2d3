"""Train a small convolutional net to read handwritten digits, and show how well it does.

Run it with ``python examples/digits.py``. The data comes with scikit-learn: 1,797 grey pictures of
8 x 8 pixels. It takes less than a minute on two cores, prints the accuracy on pictures that were
never trained on, and saves the learning curve to ``digits-learning-curve.png``.
"""

import gzip
import io
import math
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import AdamW
from torch.optim.lr_scheduler import OneCycleLR

from firesteel import (
    Accuracy,
    Engine,
    EventEnum,
    Events,
    Loss,
    MetricKey,
    ProgressBar,
    RunningAverage,
    StateKey,
)

NUM_EPOCHS = 12
BATCH_SIZE = 64
PICTURE = Path("digits-learning-curve.png")


class Batch(NamedTuple):
    """What the data gives: pictures of shape (batch, 1, 8, 8), labels of shape (batch,)."""

    picture: Tensor
    label: Tensor


class TrainOutput(NamedTuple):
    """What a training step returns."""

    loss: Tensor


class EvalOutput(NamedTuple):
    """What an evaluation step returns: scores of shape (batch, 10), labels of shape (batch,)."""

    score: Tensor
    label: Tensor


class BackpropEvents(EventEnum):
    """Events of our own, fired in the training step."""

    OPTIM_STEP_COMPLETED = "optim_step_completed"


class Curve(NamedTuple):
    """One point of the learning curve."""

    epoch: int
    training_loss: float
    validation_loss: float
    validation_accuracy: float


CURVE = StateKey[list[Curve]]("curve")


class Digits:
    """Batches of pictures and labels, in a new order in each pass where ``shuffle`` says so."""

    def __init__(self, picture: Tensor, label: Tensor, *, shuffle: bool = False) -> None:
        self._picture = picture
        self._label = label
        self._shuffle = shuffle

    def __iter__(self) -> Iterator[Batch]:
        num_pictures = len(self._label)
        order = torch.randperm(num_pictures) if self._shuffle else torch.arange(num_pictures)
        for start in range(0, num_pictures, BATCH_SIZE):
            chosen = order[start : start + BATCH_SIZE]
            yield Batch(self._picture[chosen], self._label[chosen])

    def __len__(self) -> int:
        return math.ceil(len(self._label) / BATCH_SIZE)


def load() -> tuple[Digits, Digits, Digits]:
    """Read the data and part it: 1,197 pictures to train, 300 to validate, 300 to test."""
    packed = resources.files("sklearn.datasets.data").joinpath("digits.csv.gz").read_bytes()
    rows = np.loadtxt(io.BytesIO(gzip.decompress(packed)), delimiter=",", dtype=np.float32)
    table = torch.from_numpy(rows)[torch.randperm(len(rows))]
    picture = table[:, :64].reshape(-1, 1, 8, 8) / 16 - 0.5
    label = table[:, 64].long()
    return (
        Digits(picture[600:], label[600:], shuffle=True),
        Digits(picture[300:600], label[300:600]),
        Digits(picture[:300], label[:300]),
    )


def make_model() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(64 * 4 * 4, 10),
    )


def make_trainer(model: nn.Module, num_iterations: int) -> Engine[Batch, TrainOutput]:
    optimizer = AdamW(model.parameters(), lr=3e-3, weight_decay=1e-2)
    schedule = OneCycleLR(optimizer, max_lr=1e-2, total_steps=num_iterations + 1)

    def train(engine: Engine[Batch, TrainOutput], batch: Batch) -> TrainOutput:
        model.train()
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(batch.picture), batch.label)
        loss.backward()
        optimizer.step()
        engine.fire_event(BackpropEvents.OPTIM_STEP_COMPLETED)
        return TrainOutput(loss.detach())

    trainer = Engine(train)
    trainer.register_events(*BackpropEvents)
    trainer.add_event_handler(BackpropEvents.OPTIM_STEP_COMPLETED, schedule.step)
    return trainer


class Evaluator(NamedTuple):
    """An engine that evaluates, and the keys of what it measures."""

    engine: Engine[Batch, EvalOutput]
    accuracy: MetricKey[float]
    loss: MetricKey[float]


def make_evaluator(model: nn.Module) -> Evaluator:
    @torch.no_grad()
    def evaluate(_engine: Engine[Batch, EvalOutput], batch: Batch) -> EvalOutput:
        model.eval()
        return EvalOutput(model(batch.picture), batch.label)

    def select(output: EvalOutput) -> tuple[Tensor, Tensor]:
        return output.score, output.label

    engine = Engine(evaluate)
    return Evaluator(
        engine,
        accuracy=Accuracy(select).attach(engine, "accuracy"),
        loss=Loss(functional.cross_entropy, select).attach(engine, "loss"),
    )


def draw(curve: list[Curve], path: Path) -> None:
    figure = Figure(figsize=(8, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    epochs = [point.epoch for point in curve]
    left.plot(epochs, [point.training_loss for point in curve], label="training")
    left.plot(epochs, [point.validation_loss for point in curve], label="validation")
    left.set(xlabel="epoch", ylabel="loss", yscale="log")
    left.legend()
    right.plot(epochs, [point.validation_accuracy for point in curve], color="tab:green")
    right.set(xlabel="epoch", ylabel="validation accuracy")
    figure.savefig(path)


def main() -> float:
    """Train, test, and give the accuracy on the test pictures."""
    torch.manual_seed(7)
    training, validation, test = load()
    model = make_model()
    trainer = make_trainer(model, num_iterations=NUM_EPOCHS * len(training))
    evaluator = make_evaluator(model)
    training_loss = trainer.attach(RunningAverage(lambda output: output.loss, alpha=0.9), "loss")
    bar = ProgressBar(metrics=[training_loss])
    trainer.attach(bar)
    trainer.state[CURVE] = []
    best_weights = model.state_dict()
    best_accuracy = 0.0

    @trainer.on(Events.EPOCH_COMPLETED)
    def validate(engine: Engine[Batch, TrainOutput]) -> None:
        nonlocal best_accuracy, best_weights
        results = evaluator.engine.run(validation).metrics
        point = Curve(
            epoch=engine.state.epoch,
            training_loss=engine.state.metrics[training_loss],
            validation_loss=results[evaluator.loss],
            validation_accuracy=results[evaluator.accuracy],
        )
        engine.state[CURVE].append(point)
        if point.validation_accuracy > best_accuracy:
            best_accuracy = point.validation_accuracy
            best_weights = {name: value.clone() for name, value in model.state_dict().items()}
        bar.log_message(
            f"epoch {point.epoch:2}: training loss {point.training_loss:.4f}, validation loss "
            f"{point.validation_loss:.4f}, validation accuracy {point.validation_accuracy:.4f}"
        )

    trainer.run(training, max_epochs=NUM_EPOCHS)
    model.load_state_dict(best_weights)
    test_accuracy = evaluator.engine.run(test).metrics[evaluator.accuracy]
    draw(trainer.state[CURVE], PICTURE)
    print(f"learning curve: {PICTURE}")
    print(f"test accuracy: {test_accuracy:.4f}")
    return test_accuracy


if __name__ == "__main__":
    main()
