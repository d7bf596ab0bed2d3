"""Train a generative adversarial net on points in the plane: two nets, two optimizers, one step.

Run it with ``python examples/gan.py``. The data are points near eight centres on a circle. The
generator makes points of noise, the discriminator tells them from data. It takes some ten seconds
on one core, and prints which share of the generated points lies near a centre, and near how many
of the centres there are at least a few.

Source:
    Goodfellow et al., "Generative adversarial nets", NeurIPS 2014; the generator minimizes
    ``-log D(G(z))``, as they advise for practice.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Adam
from torch.utils.data import Dataset
from typing_extensions import override

from firesteel import Average, Engine, Events, PayloadEvent, ProgressBar, RunningAverage
from firesteel.data import DataLoader, manual_seed

NUM_CENTRES = 8
SPREAD = 0.1
NUM_INPUTS = 8


class Losses(NamedTuple):
    """What a training step returns."""

    generator: Tensor
    discriminator: Tensor


class Verdict(NamedTuple):
    """What the discriminator says before it learns: logits, above 0 for data, of shape (batch,)."""

    of_data: Tensor
    of_generated: Tensor

    def accuracy(self) -> Tensor:
        """Give the share that is right, of shape ()."""
        return torch.cat([self.of_data > 0, self.of_generated <= 0]).float().mean()


class Result(NamedTuple):
    """How near the generated points are to the data."""

    share_near_a_centre: float
    num_centres_found: int


DISCRIMINATOR_UPDATED = PayloadEvent[Verdict]("discriminator_updated")


def make_centres() -> Tensor:
    angle = 2 * math.pi * torch.arange(NUM_CENTRES) / NUM_CENTRES
    return 2 * torch.stack([angle.cos(), angle.sin()], dim=1)


class Points(Dataset[Tensor]):
    """Points near the centres, each of shape (2,)."""

    def __init__(self, num_points: int) -> None:
        centres = make_centres()[torch.randint(NUM_CENTRES, (num_points,))]
        self._points = centres + SPREAD * torch.randn(num_points, 2)

    @override
    def __getitem__(self, index: int) -> Tensor:
        return self._points[index]

    def __len__(self) -> int:
        return len(self._points)


def make_net(num_inputs: int, num_outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(num_inputs, 64),
        nn.ReLU(),
        nn.Linear(64, 64),
        nn.ReLU(),
        nn.Linear(64, num_outputs),
    )


def make_trainer(generator: nn.Module) -> Engine[Tensor, Losses]:
    discriminator = make_net(2, 1)
    optimizer_g = Adam(generator.parameters(), lr=2e-3, betas=(0.5, 0.99))
    optimizer_d = Adam(discriminator.parameters(), lr=2e-3, betas=(0.5, 0.99))

    def train(engine: Engine[Tensor, Losses], points: Tensor) -> Losses:
        generated: Tensor = generator(torch.randn(len(points), NUM_INPUTS))

        # detached, so that this step leaves the generator alone
        judged = discriminator(torch.cat([points, generated.detach()])).squeeze(1)
        verdict = Verdict(judged[: len(points)], judged[len(points) :])
        # log(1 + exp(-x)) is the cross entropy of the label "data", log(1 + exp(x)) of the other
        loss_d = functional.softplus(-verdict.of_data) + functional.softplus(verdict.of_generated)
        optimizer_d.zero_grad()
        loss_d.mean().backward()
        optimizer_d.step()
        engine.fire_event(DISCRIMINATOR_UPDATED, verdict)

        loss_g = functional.softplus(-discriminator(generated)).mean()
        optimizer_g.zero_grad()
        loss_g.backward()
        optimizer_g.step()
        return Losses(generator=loss_g.detach(), discriminator=loss_d.detach().mean())

    trainer = Engine(train)
    trainer.register_events(DISCRIMINATOR_UPDATED)
    return trainer


@torch.no_grad()
def measure(generator: nn.Module, num_points: int = 2000) -> Result:
    generated: Tensor = generator(torch.randn(num_points, NUM_INPUTS))
    distance, centre = torch.cdist(generated, make_centres()).min(dim=1)
    is_near = distance < 3 * SPREAD
    num_near = torch.bincount(centre[is_near], minlength=NUM_CENTRES)
    return Result(
        share_near_a_centre=float(is_near.float().mean()),
        # a fair share would be 1 / 8
        num_centres_found=int((num_near > 0.02 * num_points).sum()),
    )


def main(*, num_epochs: int = 30, num_points: int = 8192) -> Result:
    """Train, and tell how near the generated points are to the data."""
    manual_seed(7)
    generator = make_net(NUM_INPUTS, 2)
    trainer = make_trainer(generator)
    loss_g = trainer.attach(RunningAverage(lambda losses: losses.generator), "generator")
    loss_d = trainer.attach(RunningAverage(lambda losses: losses.discriminator), "discriminator")
    bar = ProgressBar(metrics=[loss_g, loss_d])
    trainer.attach(bar)
    accuracy = Average()
    trainer.add_event_handler(Events.EPOCH_STARTED, accuracy.reset)

    @trainer.on(DISCRIMINATOR_UPDATED)
    def judge(verdict: Verdict) -> None:
        accuracy.update(verdict.accuracy())

    @trainer.on(Events.EPOCH_COMPLETED(every=5))
    def report(engine: Engine[Tensor, Losses]) -> None:
        result = measure(generator)
        bar.log_message(
            f"epoch {engine.state.epoch:2}: {result.share_near_a_centre:.3f} of the points near "
            f"{result.num_centres_found} centres, discriminator right {accuracy.compute():.3f}"
        )

    loader = DataLoader(Points(num_points), batch_size=256, shuffle=True, drop_last=True, seed=7)
    trainer.run(loader, max_epochs=num_epochs)
    return measure(generator)


if __name__ == "__main__":
    result = main()
    print(f"{result.share_near_a_centre:.3f} of the generated points are near a centre,", end=" ")
    print(f"{result.num_centres_found} of {NUM_CENTRES} centres found")
