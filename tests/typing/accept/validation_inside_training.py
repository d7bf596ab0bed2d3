"""The usual script: a trainer, an evaluator that it runs, a scheduler, early stopping."""

from typing import NamedTuple, assert_type

import torch
from torch import Tensor, nn

from firesteel import Accuracy, Engine, Events, Loss, RunningAverage, StateKey, Stopped


class Batch(NamedTuple):
    x: Tensor
    y: Tensor


BEST = StateKey[float]("best")


def make_optimizer(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), lr=0.1)


def main() -> None:
    train_data = [Batch(torch.rand(8, 2), torch.randint(2, (8,))) for _ in range(3)]
    val_data = train_data[:1]
    model = nn.Linear(2, 2)
    optimizer = make_optimizer(model)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9)

    def train_step(engine: Engine[Batch, float], batch: Batch) -> float:
        model.train()
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(batch.x), batch.y)
        torch.autograd.backward(loss)
        optimizer.step()
        return loss.item()

    def eval_step(
        engine: Engine[Batch, tuple[Tensor, Tensor]], batch: Batch
    ) -> tuple[Tensor, Tensor]:
        model.eval()
        with torch.no_grad():
            return model(batch.x), batch.y

    trainer = Engine(train_step)
    evaluator = Engine(eval_step)
    smooth = RunningAverage().attach(trainer, "loss")
    accuracy = Accuracy().attach(evaluator, "accuracy")
    val_loss = Loss(nn.CrossEntropyLoss()).attach(evaluator, "loss")

    @trainer.on(Events.STARTED | Events.EPOCH_COMPLETED(every=2))
    def validate(engine: Engine[Batch, float]) -> None:
        metrics = evaluator.run(val_data).metrics
        assert_type(metrics[accuracy], float)
        best = engine.state.get(BEST, float("inf"))
        engine.state[BEST] = min(best, metrics[val_loss])
        print(f"{engine.state.epoch}: {metrics[accuracy]:.2f} {engine.state[BEST]:.3f}")

    @trainer.on(Events.EPOCH_COMPLETED)
    def stop_early() -> None:
        if trainer.state.metrics[smooth] < 10 and trainer.state.epoch == 4:
            trainer.terminate(reason="good enough")

    trainer.add_event_handler(Events.EPOCH_COMPLETED, scheduler.step)
    trainer.add_event_handler(Events.COMPLETED, lambda: print("done"))

    trainer.run(train_data, max_epochs=10)
    assert isinstance(trainer.outcome, Stopped)
    assert trainer.outcome.reason == "good enough"
    assert evaluator.state.metrics[accuracy] <= 1


if __name__ == "__main__":
    main()
