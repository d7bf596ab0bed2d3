"""A GAN: batches and outputs are TypedDicts, two optimizers, one engine."""

from typing import TypedDict, assert_type

import torch
from torch import Tensor, nn

from firesteel import Engine, Events, RunningAverage


class Batch(TypedDict):
    real: Tensor


class Losses(TypedDict):
    generator: float
    discriminator: float


generator = nn.Linear(2, 4)
discriminator = nn.Linear(4, 1)
optimizers: dict[str, torch.optim.Optimizer] = {
    "generator": torch.optim.Adam(generator.parameters()),
    "discriminator": torch.optim.Adam(discriminator.parameters()),
}
criterion = nn.BCEWithLogitsLoss()


def step(engine: Engine[Batch, Losses], batch: Batch) -> Losses:
    real = batch["real"]
    fake: Tensor = generator(torch.randn(len(real), 2))
    optimizers["discriminator"].zero_grad()
    loss_d: Tensor = criterion(discriminator(real), torch.ones(len(real), 1))
    loss_d = loss_d + criterion(discriminator(fake.detach()), torch.zeros(len(real), 1))
    torch.autograd.backward(loss_d)
    optimizers["discriminator"].step()
    optimizers["generator"].zero_grad()
    loss_g: Tensor = criterion(discriminator(fake), torch.ones(len(real), 1))
    torch.autograd.backward(loss_g)
    optimizers["generator"].step()
    return {"generator": loss_g.item(), "discriminator": loss_d.item()}


trainer = Engine(step)
smooth_g = trainer.attach(RunningAverage(lambda losses: losses["generator"]), "generator")
smooth_d = trainer.attach(RunningAverage(lambda losses: losses["discriminator"]), "discriminator")


@trainer.on(Events.EPOCH_COMPLETED)
def show(engine: Engine[Batch, Losses]) -> None:
    losses = engine.state.output
    assert_type(losses, Losses)
    assert_type(losses["generator"], float)
    both = engine.state.metrics[smooth_g] + engine.state.metrics[smooth_d]
    assert_type(both, float)
    print(losses["discriminator"], both)


data: list[Batch] = [{"real": torch.rand(3, 4)}, {"real": torch.rand(3, 4)}]
state = trainer.run(data, max_epochs=2)
assert_type(state.batch, Batch)
