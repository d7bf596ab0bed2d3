"""Check checkpoints: ``python -m firesteel.handlers.checkpoint verify FILE...``."""

import argparse
import sys
from collections.abc import Sequence
from math import prod
from pathlib import Path

from firesteel.errors import CheckpointError

from ._files import verify_checkpoint

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Check every byte of some files, without unpickling anything, and tell what is in them.

    Args:
        arguments: The words behind the command; those of the process if ``None``.

    Returns:
        0 if all of them are whole, 1 if not.
    """
    parser = argparse.ArgumentParser(prog="python -m firesteel.handlers.checkpoint")
    commands = parser.add_subparsers(required=True)
    verify = commands.add_parser("verify", help="check every byte, and tell what is in it")
    verify.add_argument("files", nargs="+", metavar="FILE")
    files: list[str] = parser.parse_args(arguments).files
    told = [_tell(file) for file in files]
    for is_whole, line in told:
        sys.stdout.write(f"{'whole ' if is_whole else 'FAULTY'}  {line}\n")
    return 0 if all(is_whole for is_whole, _ in told) else 1


def _tell(file: str) -> tuple[bool, str]:
    try:
        manifest = verify_checkpoint(file)
    except (CheckpointError, OSError) as error:
        return False, str(error)
    numbers = sum(prod(info.shape) for info in manifest.tensors.values())
    step = manifest.metadata.global_step
    return True, (
        f"{file}: step {'unknown' if step is None else step}, version {manifest.version}, "
        f"{len(manifest.tensors)} tensors of {numbers:,} numbers, {Path(file).stat().st_size:,} "
        f"bytes, written by firesteel {manifest.firesteel} with torch {manifest.torch}"
    )


if __name__ == "__main__":
    sys.exit(main())
