"""A job that saves as it trains and goes on where it was: to be killed, and started again."""

import argparse
import hashlib
import time
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn
from torch.utils.data import TensorDataset

from firesteel import Engine, Events
from firesteel.data import DataLoader, RandomStates, manual_seed
from firesteel.handlers import (
    AsyncSaver,
    Checkpoint,
    DiskSaver,
    StatefulTree,
    find_latest,
    load_objects,
)

NUM_SAMPLES: Final = 60
NUM_EPOCHS: Final = 6


def data(num_workers: int) -> DataLoader[list[Tensor]]:
    """Give images of digits, as far as size and kind go, in an order of its own for each epoch."""
    generator = torch.Generator().manual_seed(3)
    inputs = torch.rand(NUM_SAMPLES, 64, generator=generator)
    targets = torch.randint(10, (NUM_SAMPLES,), generator=generator)
    return DataLoader(
        TensorDataset(inputs, targets),
        batch_size=5,
        shuffle=True,
        seed=7,
        num_workers=num_workers,
    )


def digest(model: nn.Module, optimizer: torch.optim.Optimizer) -> str:
    """Give a text that differs where a bit of a weight or of a state does."""
    found = hashlib.sha256()
    for tensor in model.state_dict().values():
        found.update(tensor.numpy().tobytes())
    for state in optimizer.state_dict()["state"].values():
        for tensor in state.values():
            found.update(tensor.numpy().tobytes())
    return found.hexdigest()


def main() -> None:
    """Train, and save; print where it began, how much was done, a digest, and the time."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, required=True)
    parser.add_argument("--n-saved", type=int, required=True)
    parser.add_argument("--num-workers", type=int, default=0)
    parser.add_argument("--in-thread", action="store_true")
    options = parser.parse_args()
    folder: Path = options.folder
    every: int = options.every
    torch.set_num_threads(1)
    manual_seed(5)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Dropout(0.3), nn.Linear(32, 10))
    optimizer = torch.optim.Adam(model.parameters())
    loss_fn = nn.CrossEntropyLoss()

    def step(engine: Engine[list[Tensor], None], batch: list[Tensor]) -> None:
        inputs, targets = batch
        optimizer.zero_grad()
        loss_fn(model(inputs), targets).backward()
        optimizer.step()

    trainer = Engine(step)
    parts: dict[str, StatefulTree] = {
        "model": model,
        "optimizer": optimizer,
        "trainer": trainer,
        "random": RandomStates(),
    }
    disk = DiskSaver(folder)
    saver = AsyncSaver(disk) if options.in_thread else disk
    checkpoint = Checkpoint(parts, saver, n_saved=options.n_saved)
    checkpoint.attach(trainer, Events.ITERATION_COMPLETED(every=every) | Events.COMPLETED)
    latest = find_latest(folder)
    if latest is not None:
        load_objects(parts, latest)
    begun = trainer.state.iteration
    print("ready", flush=True)  # noqa: T201  # read by the test
    began_s = time.perf_counter()
    trainer.run(data(options.num_workers), max_epochs=NUM_EPOCHS)
    done = trainer.state.iteration - begun
    elapsed_s = time.perf_counter() - began_s
    print(begun, done, digest(model, optimizer), elapsed_s)  # noqa: T201


if __name__ == "__main__":
    main()
