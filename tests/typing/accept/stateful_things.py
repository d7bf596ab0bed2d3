"""Whatever has state_dict and load_state_dict is Stateful: torch's things, engines, one's own."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from firesteel import Engine
from firesteel.protocols import Stateful


class Curriculum:
    def __init__(self) -> None:
        self.level = 0

    def state_dict(self) -> dict[str, int]:
        return {"level": self.level}

    def load_state_dict(self, state_dict: Mapping[str, int]) -> None:
        self.level = state_dict["level"]


class Sampler:
    seed = 0

    def state_dict(self) -> dict[str, object]:
        return {"seed": self.seed}

    def load_state_dict(self, state_dict: dict[str, Any], /) -> "Sampler":
        self.seed = int(state_dict["seed"])
        return self


def step(engine: Engine[float, float], batch: float) -> float:
    return batch


def names(to_save: Mapping[str, Stateful]) -> list[str]:
    return [name for name, thing in to_save.items() if thing.state_dict()]


def copy(source: Stateful, target: Stateful) -> None:
    target.load_state_dict(source.state_dict())


model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
optimizer = torch.optim.AdamW(model.parameters())
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2)
plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
scaler = torch.amp.GradScaler("cpu", enabled=False)
trainer = Engine(step)
trainer.run([1.0])

print(
    names(
        {
            "model": model,
            "optimizer": optimizer,
            "scheduler": scheduler,
            "plateau": plateau,
            "scaler": scaler,
            "trainer": trainer,
            "curriculum": Curriculum(),
            "sampler": Sampler(),
        }
    )
)
copy(model, model)
copy(trainer, Engine(step))
curriculum = Curriculum()
curriculum.level = 3
other = Curriculum()
copy(curriculum, other)
assert other.level == 3
