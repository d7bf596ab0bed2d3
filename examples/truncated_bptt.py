"""Train an LSTM on sequences too long for one backward pass: truncated back-propagation in time.

Run it with ``python examples/truncated_bptt.py``. A batch holds noisy sine waves, each with a
frequency and a phase of its own, 600 steps long. The net reads them step by step and says what the
wave is at the next step, without the noise. Each batch is cut into chunks: the hidden state goes on
from chunk to chunk, the gradient does not, and the weights change after each chunk.

It takes some five seconds on one core, and prints how far the net is off on new waves, beside what
repeating the value that was read last would give.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Adam
from typing_extensions import override

from firesteel import Average, Engine, PayloadEvent, ProgressBar, RunningAverage
from firesteel.data import manual_seed

NUM_WAVES = 32
NUM_STEPS = 600
NOISE = 0.3
NUM_UNITS = 32


class Waves(NamedTuple):
    """What was measured and the truth one step later: both of shape (waves, steps, 1)."""

    measured: Tensor
    truth: Tensor


class Chunk(NamedTuple):
    """A chunk after which the weights have changed: where in the sequence it began, its loss."""

    start: int
    loss: Tensor


class Memory(NamedTuple):
    """What an LSTM remembers: hidden state and cell, both of shape (1, waves, units)."""

    hidden: Tensor
    cell: Tensor

    def detach(self) -> "Memory":
        """Give the same values, cut off from how they came about."""
        return Memory(self.hidden.detach(), self.cell.detach())


class Result(NamedTuple):
    """Root mean squared errors on new waves, and mean losses of chunks in the last batch."""

    error: float
    error_of_last_value: float
    first_chunk: float
    later_chunks: float


CHUNK_COMPLETED = PayloadEvent[Chunk]("chunk_completed")


def make_waves() -> Waves:
    frequency = 0.05 + 0.2 * torch.rand(NUM_WAVES, 1, 1)
    phase = 2 * math.pi * torch.rand(NUM_WAVES, 1, 1)
    wave = torch.sin(frequency * torch.arange(NUM_STEPS + 1.0).reshape(1, -1, 1) + phase)
    measured = wave + NOISE * torch.randn_like(wave)
    return Waves(measured[:, :-1], wave[:, 1:])


def make_memory(num_waves: int) -> Memory:
    return Memory(torch.zeros(1, num_waves, NUM_UNITS), torch.zeros(1, num_waves, NUM_UNITS))


class Forecaster(nn.Module):
    """An LSTM that says what comes next, and what it remembers."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(1, NUM_UNITS, batch_first=True)
        self.head = nn.Linear(NUM_UNITS, 1)

    @override
    def forward(self, measured: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
        output, (hidden, cell) = self.lstm(measured, memory)
        return self.head(output), Memory(hidden, cell)


def make_trainer(model: Forecaster, chunk_length: int) -> Engine[Waves, float]:
    optimizer = Adam(model.parameters(), lr=1e-2)

    def train(engine: Engine[Waves, float], waves: Waves) -> float:
        memory = make_memory(len(waves.measured))
        losses: list[Tensor] = []
        for start in range(0, waves.measured.shape[1], chunk_length):
            steps = slice(start, start + chunk_length)
            forecast, memory = model(waves.measured[:, steps], memory)
            loss = functional.mse_loss(forecast, waves.truth[:, steps])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            # what is remembered goes on, the gradient does not
            memory = memory.detach()
            losses.append(loss.detach())
            engine.fire_event(CHUNK_COMPLETED, Chunk(start, losses[-1]))
        return float(torch.stack(losses).mean())

    trainer = Engine(train)
    trainer.register_events(CHUNK_COMPLETED)
    return trainer


def main(*, num_batches: int = 40, chunk_length: int = 40) -> Result:
    """Train, and tell how far off the net is on new waves."""
    manual_seed(7)
    torch.set_num_threads(1)  # a layer is so small that threads would only wait for one another
    model = Forecaster()
    trainer = make_trainer(model, chunk_length)
    loss = trainer.attach(RunningAverage(alpha=0.9), "loss")
    trainer.attach(ProgressBar(metrics=[loss]))
    first, later = Average(), Average()

    @trainer.on(CHUNK_COMPLETED)
    def compare(engine: Engine[Waves, float], chunk: Chunk) -> None:
        if engine.state.iteration == num_batches:
            (first if chunk.start == 0 else later).update(chunk.loss)

    trainer.run([make_waves() for _ in range(num_batches)])
    test = make_waves()
    with torch.no_grad():
        forecast, _ = model(test.measured, make_memory(NUM_WAVES))
    return Result(
        error=float(functional.mse_loss(forecast, test.truth).sqrt()),
        error_of_last_value=float(functional.mse_loss(test.measured, test.truth).sqrt()),
        first_chunk=first.compute(),
        later_chunks=later.compute(),
    )


if __name__ == "__main__":
    result = main()
    print(f"loss of the first chunk {result.first_chunk:.4f}, of later ones", end=" ")
    print(f"{result.later_chunks:.4f}: what was remembered is used")
    print(
        f"error on new waves {result.error:.3f}, of the last value {result.error_of_last_value:.3f}"
    )
