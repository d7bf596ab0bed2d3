"""The folder that one rank writes predictions to: what is in it, and when it is complete.

::

    folder/rank-00001/000000001.pt    the predictions of its first iteration, and so on
                      index.jsonl     a line for each of these: which samples they are of
                      complete.json   written last: that this is all
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

import torch
from torch import Tensor

from firesteel.errors import DataError

from ._durations import write_whole

__all__ = ["Part", "RankFolder", "parts_of_all_ranks"]

_INDEX: Final = "index.jsonl"
_COMPLETE: Final = "complete.json"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A file of predictions.

    Attributes:
        path: Where it is.
        rank: The rank that wrote it.
        world_size: How many ranks there were.
        num_before: How many samples the rank had written before.
        num_samples: How many samples are in it.
        given: The numbers of the samples, where they were given.
    """

    path: Path
    rank: int
    world_size: int
    num_before: int
    num_samples: int
    given: Sequence[int] | None

    def numbers(self) -> Tensor:
        """Give the numbers of the samples: int64, of shape ``(num_samples,)``."""
        if self.given is not None:
            return torch.tensor(self.given, dtype=torch.int64)
        return (self.num_before + torch.arange(self.num_samples)) * self.world_size + self.rank


@final
class RankFolder:
    """The folder of one rank, written to.

    Args:
        folder: The folder of all ranks.
        rank: The rank.
        world_size: How many ranks there are.
    """

    __slots__ = ("_folder", "_num_parts", "_num_samples", "_rank", "_world_size")

    def __init__(self, folder: Path, *, rank: int, world_size: int) -> None:
        self._folder = folder / f"rank-{rank:05d}"
        self._rank = rank
        self._world_size = world_size
        self._num_parts = 0
        self._num_samples = 0

    def begin(self, *, num_parts: int) -> None:
        """Take away all but the first so many parts, and go on behind these.

        Raises:
            DataError: There are not so many.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        # first, so that from now on nothing here is taken for a result
        (self._folder / _COMPLETE).unlink(missing_ok=True)
        parts = _parts(self._folder, self._rank, self._world_size)[:num_parts]
        if len(parts) < num_parts or not all(part.path.exists() for part in parts):
            raise DataError(
                f"PredictionWriter: to go on after iteration {num_parts}, {self._folder} must have "
                f"the predictions of all before, got those of {len(parts)}; call engine.reset() to "
                "begin anew"
            )
        write_whole(self._folder / _INDEX, "".join(map(_line, parts)))
        kept = {part.path.name for part in parts} | {_INDEX}
        for path in self._folder.iterdir():
            if path.name not in kept and _is_ours(path):
                path.unlink()
        self._num_parts = num_parts
        self._num_samples = sum(part.num_samples for part in parts)

    def write(
        self,
        write: Callable[[Path], object],
        *,
        suffix: str,
        num_samples: int,
        numbers: Sequence[int] | None,
    ) -> None:
        """Write the next part."""
        path = self._folder / f"{self._num_parts + 1:09d}{suffix}"
        unfinished = path.with_name(path.name + ".unfinished")
        try:
            write(unfinished)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
        part = Part(
            path=path,
            rank=self._rank,
            world_size=self._world_size,
            num_before=self._num_samples,
            num_samples=num_samples,
            given=numbers,
        )
        with (self._folder / _INDEX).open("a", encoding="utf-8") as index:
            index.write(_line(part))
        self._num_parts += 1
        self._num_samples += num_samples

    def complete(self) -> None:
        """Say that this is all."""
        said = {"world_size": self._world_size, "num_parts": self._num_parts}
        write_whole(self._folder / _COMPLETE, json.dumps(said))


def parts_of_all_ranks(folder: Path) -> Sequence[Part]:
    """Give the parts of all ranks, rank by rank.

    Raises:
        DataError: A rank is missing, or has not finished.
    """
    where = f"read_predictions: {folder}"
    ranks = sorted(path for path in folder.glob("rank-*") if path.is_dir())
    if not ranks:
        raise DataError(f"{where} must have the predictions of at least one rank, got none")
    parts: list[Part] = []
    for rank, path in enumerate(ranks):
        try:
            said = json.loads((path / _COMPLETE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise DataError(
                f"{where}: the run that wrote {path.name} must be complete, and is not; run it "
                "to its end"
            ) from None
        world_size: int = said["world_size"]
        if world_size != len(ranks) or path.name != f"rank-{rank:05d}":
            raise DataError(
                f"{where}: must have the predictions of {world_size} ranks, got those of "
                f"{', '.join(one.name for one in ranks)}; give each run a folder of its own"
            )
        own = _parts(path, rank, world_size)
        if len(own) != said["num_parts"]:
            raise DataError(
                f"{where}: {path.name} must have {said['num_parts']} files, got {len(own)}"
            )
        parts += own
    return parts


def _parts(folder: Path, rank: int, world_size: int) -> Sequence[Part]:
    """Give the parts that the index names, up to a line that was not written to its end."""
    parts: list[Part] = []
    num_before = 0
    index = folder / _INDEX
    *lines, _unfinished = index.read_text("utf-8").split("\n") if index.exists() else [""]
    for line in lines:
        entry = json.loads(line)
        num_samples: int = entry["num_samples"]
        parts.append(
            Part(
                path=folder / entry["file"],
                rank=rank,
                world_size=world_size,
                num_before=num_before,
                num_samples=num_samples,
                given=entry["numbers"],
            )
        )
        num_before += num_samples
    return parts


def _line(part: Part) -> str:
    given = None if part.given is None else list(part.given)
    entry = {"file": part.path.name, "num_samples": part.num_samples, "numbers": given}
    return json.dumps(entry) + "\n"


def _is_ours(path: Path) -> bool:
    return path.is_file() and path.name[:9].isdigit()
