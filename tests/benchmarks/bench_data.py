"""What loading and moving batches costs, beside torch's own loader and ignite's convert_tensor.

``python tests/benchmarks/bench_data.py`` prints the time of one batch, in microseconds, and the
ratio of ours to theirs: medians over rounds in which both take turns. Lower is better; 1.00 is as
fast as theirs.
"""

import argparse
import statistics
import time
import warnings
from collections.abc import Callable
from typing import Final, TypeAlias

import torch
from torch import Tensor
from torch.utils.data import DataLoader as TorchDataLoader
from torch.utils.data import TensorDataset

from firesteel.data import DataLoader, to_device

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # ignite's imports warn of torch.jit
    # what a batch may hold is not said in full
    from ignite.utils import convert_tensor  # pyright: ignore[reportUnknownVariableType]

NUM_SAMPLES: Final = 4096
BATCH_SIZE: Final = 16
NUM_MOVES: Final = 2000


def collate(samples: list[tuple[Tensor, ...]]) -> Tensor:
    """Make a batch cheaply, so that the loader's own time shows."""
    return samples[0][0]


def seconds(run: Callable[[], object]) -> float:
    """Time one call."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def compare(
    name: str, num: int, ours: Callable[[], object], theirs: Callable[[], object], *, rounds: int
) -> None:
    """Print a row."""
    ours()
    theirs()
    times = [(seconds(ours), seconds(theirs)) for _ in range(rounds)]
    our_us, their_us = (
        statistics.median(of_one) / num * 1e6 for of_one in zip(*times, strict=True)
    )
    ratio = statistics.median(our / their for our, their in times)
    print(f"{name:36} {our_us:9.2f} {their_us:9.2f} {ratio:7.2f}")


def exhaust(batches: TorchDataLoader[object]) -> None:
    """Read a whole pass."""
    for _ in batches:
        pass


def loaders(num_workers: int, rounds: int) -> None:
    """Compare loaders over the same samples."""
    dataset = TensorDataset(torch.rand(NUM_SAMPLES, 8))
    persistent = num_workers > 0
    ours = DataLoader(
        dataset,
        collate_fn=collate,
        batch_size=BATCH_SIZE,
        shuffle=True,
        num_workers=num_workers,
        persistent_workers=persistent,
    )
    theirs = TorchDataLoader(
        dataset,
        collate_fn=collate,
        batch_size=BATCH_SIZE,
        shuffle=True,
        num_workers=num_workers,
        persistent_workers=persistent,
    )
    name = f"a batch of a loader, {num_workers} workers"
    num_batches = NUM_SAMPLES // BATCH_SIZE
    compare(name, num_batches, lambda: exhaust(ours), lambda: exhaust(theirs), rounds=rounds)


Nested: TypeAlias = "Tensor | tuple[Tensor, ...] | dict[str, dict[str, Tensor]]"


def moves(name: str, batch: Nested, rounds: int) -> None:
    """Compare the moving of a batch to where it is already: what is left is our own time."""

    def ours() -> None:
        for _ in range(NUM_MOVES):
            to_device(batch, "cpu")

    def theirs() -> None:
        for _ in range(NUM_MOVES):
            convert_tensor(batch, "cpu")

    compare(name, NUM_MOVES, ours, theirs, rounds=rounds)


def main() -> None:
    """Print all rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds: int = parser.parse_args().rounds
    torch.set_num_threads(1)
    print(f"{'us per batch':36} {'firesteel':>9} {'other':>9} {'ratio':>7}")
    for num_workers in (0, 2):
        loaders(num_workers, rounds)
    x = torch.rand(4)
    moves("to_device, a tensor", x, rounds)
    moves("to_device, a tuple of two", (x, x), rounds)
    moves("to_device, dict of dicts, 8 tensors", {k: {"x": x, "y": x} for k in "abcd"}, rounds)


if __name__ == "__main__":
    main()
