"""What writing, verifying and reading a checkpoint costs, beside torch, ignite and safetensors.

``python tests/benchmarks/bench_checkpoint_files.py`` writes 200 MB in 24 tensors into a folder of
its own and prints the median time of each contender, in milliseconds, and its ratio to plain
``torch.save`` or ``torch.load``. The contenders take turns. Wall time, since a disk takes part.
"""

import argparse
import os
import statistics
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import torch
from safetensors import torch as safetensors
from torch import Tensor

from firesteel.handlers import (
    CheckpointMetadata,
    DiskSaver,
    load_checkpoint,
    load_safetensors,
    read_manifest,
    save_checkpoint,
    save_safetensors,
    verify_checkpoint,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # ignite's imports warn of torch.jit
    from ignite.handlers import DiskSaver as IgniteDiskSaver

NUM_TENSORS: Final = 24
NUM_NUMBERS: Final = 2 * 1024 * 1024
META: Final = CheckpointMetadata(name="model")


def save_and_force(weights: Mapping[str, Tensor], path: Path) -> None:
    """Do by hand what DiskSaver does, without checksums of one's own."""
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        torch.save(weights, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def measure(contenders: Mapping[str, Callable[[], object]], *, rounds: int) -> None:
    """Let the contenders take turns, and print a row for each; the first is what others are to."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for run in contenders.values():
        run()
    for turn in range(rounds):
        for name in contenders if turn % 2 else reversed(list(contenders)):
            start = time.perf_counter()
            contenders[name]()
            times[name].append((time.perf_counter() - start) * 1e3)
    first = next(iter(times.values()))
    for name, own in times.items():
        ratio = statistics.median(mine / limit for mine, limit in zip(own, first, strict=True))
        print(f"{name:44}{statistics.median(own):10.1f}{ratio:9.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds: int = parser.parse_args().rounds
    torch.set_num_threads(1)
    weights = {f"layer{n}": torch.randn(NUM_NUMBERS) for n in range(NUM_TENSORS)}
    with TemporaryDirectory(dir=".") as name:
        folder = Path(name)
        saver = DiskSaver(folder)
        theirs = IgniteDiskSaver(str(folder), require_empty=False)
        plain, ours, safe = folder / "plain.pt", folder / "ours.pt", folder / "w.safetensors"
        print(f"{'writing':44}{'ms':>10}{'ratio':>9}")
        measure(
            {
                "torch.save": lambda: torch.save(weights, plain),
                "save_checkpoint, fsync=False": lambda: save_checkpoint(weights, ours, fsync=False),
                "ignite DiskSaver (no fsync)": lambda: theirs(weights, "theirs.pt"),
                "safetensors save_file (no fsync)": lambda: safetensors.save_file(weights, safe),
                "save_safetensors, fsync=False": lambda: save_safetensors(
                    weights, folder / "o.safetensors", fsync=False
                ),
                "torch.save, fsync, rename": lambda: save_and_force(weights, folder / "f.pt"),
                "DiskSaver.save (fsync of file and folder)": lambda: saver.save(
                    weights, "saver.pt", META
                ),
            },
            rounds=rounds,
        )
        print(f"\n{'reading':44}{'ms':>10}{'ratio':>9}")
        measure(
            {
                "torch.load": lambda: torch.load(plain, weights_only=True),
                "load_checkpoint (every byte checked)": lambda: load_checkpoint(ours),
                "load_checkpoint, mmap=True": lambda: load_checkpoint(ours, mmap=True),
                "verify_checkpoint": lambda: verify_checkpoint(ours),
                "read_manifest": lambda: read_manifest(ours),
                "safetensors load_file": lambda: safetensors.load_file(safe),
                "load_safetensors": lambda: load_safetensors(safe),
            },
            rounds=rounds,
        )
        saver.close()


if __name__ == "__main__":
    main()
