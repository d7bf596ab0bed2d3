"""Shapes that are asked of a user's own objects."""

import pytest
import torch
from torch import nn

from firesteel import Engine
from firesteel.protocols import Stateful


def nothing(engine: Engine[int, None], batch: int) -> None:
    """Do nothing."""


MODEL = nn.Linear(2, 1)
OPTIMIZER = torch.optim.AdamW(MODEL.parameters())


class HalfOfIt:
    """Has a state that cannot be put back."""

    def state_dict(self) -> dict[str, object]:
        """Give nothing."""
        return {}


@pytest.mark.parametrize(
    "stateful",
    [
        MODEL,
        OPTIMIZER,
        torch.optim.lr_scheduler.StepLR(OPTIMIZER, 1),
        torch.amp.GradScaler(enabled=False),
        Engine(nothing),
    ],
    ids=lambda stateful: type(stateful).__name__,
)
def test_what_torch_saves_is_stateful_and_so_is_an_engine(stateful: Stateful) -> None:
    assert isinstance(stateful, Stateful)
    stateful.load_state_dict(stateful.state_dict())


@pytest.mark.parametrize("other", [{}, HalfOfIt(), nn.Linear])
def test_the_rest_is_not(other: object) -> None:
    assert isinstance(other, Stateful) is (other is nn.Linear)  # a class has the methods too
