"""Batch and output as dataclasses; a training class whose methods are step and handlers."""

from dataclasses import dataclass, field
from typing import assert_type

import torch
from torch import Tensor, nn

from firesteel import Engine, Events


@dataclass(frozen=True)
class Batch:
    image: Tensor
    label: Tensor

    def to(self, device: torch.device) -> "Batch":
        return Batch(self.image.to(device), self.label.to(device))


@dataclass(frozen=True, kw_only=True)
class StepResult:
    loss: Tensor
    num_right: int


@dataclass
class Training:
    device: torch.device
    model: nn.Module = field(default_factory=lambda: nn.Linear(3, 2))
    losses: list[float] = field(default_factory=list[float])

    def step(self, engine: Engine[Batch, StepResult], batch: Batch) -> StepResult:
        batch = batch.to(self.device)
        scores: Tensor = self.model(batch.image)
        loss = nn.functional.cross_entropy(scores, batch.label)
        num_right = int((scores.argmax(dim=1) == batch.label).sum())
        return StepResult(loss=loss.detach(), num_right=num_right)

    def keep_loss(self, engine: Engine[Batch, StepResult]) -> None:
        self.losses.append(engine.state.output.loss.item())

    def finish(self) -> float:
        return sum(self.losses) / len(self.losses)

    def fit(self, batches: list[Batch]) -> Engine[Batch, StepResult]:
        trainer = Engine(self.step)
        trainer.add_event_handler(Events.ITERATION_COMPLETED, self.keep_loss)
        trainer.add_event_handler(Events.COMPLETED, self.finish)
        trainer.run(batches, max_epochs=2)
        return trainer


def main() -> None:
    training = Training(torch.device("cpu"))
    batches = [Batch(torch.rand(4, 3), torch.tensor([0, 1, 0, 1])) for _ in range(2)]
    trainer = training.fit(batches)
    assert_type(trainer.state.output, StepResult)
    assert_type(trainer.state.output.num_right, int)
    assert_type(trainer.state.batch.to(training.device).label, Tensor)
    assert len(training.losses) == 4


if __name__ == "__main__":
    main()
