"""Model, optimizer and engine are saved, loaded elsewhere, and the run goes on."""

import io
from typing import Any, assert_type

import torch
from torch import nn

from firesteel import Engine, Events, StateKey
from firesteel.protocols import Stateful

BEST = StateKey[float]("best")


def build() -> tuple[nn.Linear, torch.optim.Optimizer, Engine[float, float]]:
    model = nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

    def step(engine: Engine[float, float], batch: float) -> float:
        engine.state[BEST] = min(engine.state.get(BEST, batch), batch)
        return batch

    return model, optimizer, Engine(step)


def save(to_save: dict[str, Stateful], file: io.BytesIO) -> None:
    torch.save({name: thing.state_dict() for name, thing in to_save.items()}, file)


def main() -> None:
    data = [1.0, 2.0, 3.0]
    model, optimizer, trainer = build()
    to_save: dict[str, Stateful] = {"model": model, "optimizer": optimizer, "trainer": trainer}
    file = io.BytesIO()
    trainer.add_event_handler(Events.EPOCH_COMPLETED(once=2), save, to_save, file)
    trainer.run(data, max_epochs=2)

    saved = trainer.state_dict()
    assert_type(saved, dict[str, object])
    file.seek(0)
    checkpoint: dict[str, dict[str, Any]] = torch.load(file)
    model, optimizer, trainer = build()
    things: list[Stateful] = [model, optimizer, trainer]
    for name, thing in zip(("model", "optimizer", "trainer"), things, strict=True):
        thing.load_state_dict(checkpoint[name])
    assert_type(trainer.state.epoch, int)
    assert trainer.state[BEST] == 1.0
    state = trainer.run(data, max_epochs=3)
    assert state.iteration == 9

    trainer.load_state_dict(saved)
    trainer.load_state_dict({"epoch": 1, "epoch_length": 3, "max_epochs": 4})
    assert trainer.run(data).epoch == 4


if __name__ == "__main__":
    main()
