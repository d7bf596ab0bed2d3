"""How long saving holds the loop, beside a plain copy, torch.save and ignite's Checkpoint.

``python tests/benchmarks/bench_checkpoint.py`` prints for about 200 MB in 24 tensors how long the
saving call blocks, in milliseconds, as medians over rounds in which all take turns, and the ratio
to a copy of the tensors into buffers that are kept. Lower is better; 1.00 is the copy alone. What
runs in a thread is waited for between the rounds; how long it takes to be in place is printed too.
"""

import argparse
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Final, final

import torch
from torch import nn

from firesteel import Engine, Events
from firesteel.handlers import AsyncSaver, Checkpoint, DiskSaver

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # ignite's imports warn of torch.jit
    from ignite.engine import Engine as IgniteEngine
    from ignite.handlers import Checkpoint as IgniteCheckpoint
    from ignite.handlers import DiskSaver as IgniteDiskSaver

WIDTH: Final = 1445
NUM_LAYERS: Final = 24


@final
class Contender:
    """Something that saves: what blocks the loop, and what is waited for."""

    def __init__(self, save: Callable[[], object], wait: Callable[[], object]) -> None:
        self.save = save
        self.wait = wait
        self.blocked: list[float] = []
        self.in_place: list[float] = []

    def round(self) -> None:
        """Save once."""
        start = time.perf_counter()
        self.save()
        self.blocked.append(time.perf_counter() - start)
        self.wait()
        self.in_place.append(time.perf_counter() - start)


def give(engine: Engine[int, int], batch: int) -> int:
    """Do nothing."""
    return batch


def nothing() -> None:
    """Wait for nothing."""


def contenders(model: nn.Module, folder: Path) -> dict[str, Contender]:
    """Give all that are compared."""
    kept = {name: torch.empty_like(tensor) for name, tensor in model.state_dict().items()}

    def copy() -> None:
        for name, tensor in model.state_dict().items():
            kept[name].copy_(tensor)

    def torch_save() -> None:
        torch.save(model.state_dict(), folder / "plain.pt")

    trainer = Engine(give)
    trainer.run([0])
    sync = Checkpoint({"model": model}, folder / "sync")
    saver = AsyncSaver(DiskSaver(folder / "async"))
    in_thread = Checkpoint({"model": model}, saver)
    in_thread.attach(trainer, Events.COMPLETED)

    ignite_trainer = IgniteEngine(lambda engine, batch: batch)
    ignite_saver = IgniteCheckpoint({"model": model}, IgniteDiskSaver(folder / "ignite"))
    ignite_trainer.run([0])

    def ignite_save() -> None:
        ignite_saver.reset()
        ignite_saver(ignite_trainer)

    return {
        "copy into kept buffers": Contender(copy, nothing),
        "firesteel, AsyncSaver(DiskSaver)": Contender(lambda: in_thread(trainer), saver.wait),
        "firesteel, DiskSaver": Contender(lambda: sync(trainer), nothing),
        "torch.save": Contender(torch_save, nothing),
        "ignite, Checkpoint and DiskSaver": Contender(ignite_save, nothing),
    }


def main() -> None:
    """Print all rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=11)
    rounds: int = parser.parse_args().rounds
    layers = [nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(NUM_LAYERS)]
    model = nn.Sequential(*layers)
    num_bytes = sum(tensor.nbytes for tensor in model.state_dict().values())
    print(f"{num_bytes / 1e6:.0f} MB in {NUM_LAYERS} tensors, {torch.get_num_threads()} threads")
    with tempfile.TemporaryDirectory() as folder:
        rows = contenders(model, Path(folder))
        for _ in range(rounds + 1):  # the first makes buffers
            for row in rows.values():
                row.round()
    print(f"{'':34} {'blocked ms':>10} {'ratio':>6} {'in place ms':>11}")
    limits = rows["copy into kept buffers"].blocked[1:]
    for name, row in rows.items():
        blocked, in_place = (statistics.median(times[1:]) for times in (row.blocked, row.in_place))
        ratio = statistics.median(
            ours / limit for ours, limit in zip(row.blocked[1:], limits, strict=True)
        )
        print(f"{name:34} {blocked * 1e3:10.1f} {ratio:6.2f} {in_place * 1e3:11.1f}")


if __name__ == "__main__":
    main()
