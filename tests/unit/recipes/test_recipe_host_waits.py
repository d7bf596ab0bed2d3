"""No step makes the host wait for the device."""

from collections.abc import Sequence
from typing import Final

import pytest
import torch
from tests.unit.host_waits import waits
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import SGD

from firesteel import Engine, RunningAverage
from firesteel.recipes import (
    ClipNorm,
    ClipValue,
    TensorPair,
    TrainingOptions,
    create_supervised_evaluator,
    create_supervised_trainer,
)

DATA: Final = [(torch.ones(4, 3), torch.ones(4, 2)) for _ in range(5)]


def trainer_of(options: TrainingOptions) -> Engine[TensorPair, Tensor]:
    model = nn.Linear(3, 2)
    optimizer = SGD(model.parameters(), lr=0.1)
    return create_supervised_trainer(
        model, optimizer, functional.mse_loss, num_items=lambda y: y.ne(0).sum(), **options
    )


OPTIONS: Final[Sequence[TrainingOptions]] = (
    {},
    {"gradient_accumulation_steps": 2},
    {"clipping": ClipNorm(max_norm=1.0)},
    {"clipping": ClipValue(max_value=1.0), "gradient_accumulation_steps": 4},
    {"amp_dtype": "bfloat16", "device": "cpu"},
)


@pytest.mark.parametrize("options", OPTIONS)
def test_a_training_does_not_wait(options: TrainingOptions) -> None:
    trainer = trainer_of(options)
    RunningAverage().attach(trainer, "loss")
    with waits() as found:
        trainer.run(DATA, max_epochs=2)
    assert found == []


def test_reading_the_loss_is_the_wait() -> None:
    trainer = trainer_of({})
    with waits() as found:
        trainer.run(DATA).output.item()
    assert len(found) == 1


def test_an_evaluation_does_not_wait() -> None:
    evaluator = create_supervised_evaluator(nn.Linear(3, 2), device="cpu")
    with waits() as found:
        evaluator.run(DATA)
    assert found == []
