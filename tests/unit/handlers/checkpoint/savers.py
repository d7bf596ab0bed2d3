"""Savers and steps that tests of several files use."""

from collections.abc import Mapping, Sequence
from typing import final

import torch
from typing_extensions import override

from firesteel import Engine
from firesteel.handlers import BaseSaveHandler, CheckpointMetadata, MemorySaver


def give(engine: Engine[float, float], batch: float) -> float:
    """Give the batch back."""
    return batch


@final
class Counter:
    """Something with a state: a number."""

    def __init__(self, value: int = 0) -> None:
        self.value = value

    def state_dict(self) -> dict[str, int]:
        return {"value": self.value}

    def load_state_dict(self, state_dict: dict[str, int]) -> None:
        self.value = state_dict["value"]


@final
class Noting(BaseSaveHandler):
    """A saver in memory that notes what it is asked, and fails where it is told to."""

    def __init__(self) -> None:
        self.inner = MemorySaver()
        self.calls: list[str] = []
        self.fails_to_save: set[str] = set()
        self.fails_to_remove: set[str] = set()

    @override
    def save(
        self, checkpoint: Mapping[str, object], filename: str, metadata: CheckpointMetadata
    ) -> None:
        self.calls.append(f"save {filename}")
        if filename in self.fails_to_save:
            raise OSError(28, "No space left on device", filename)
        self.inner.save(checkpoint, filename, metadata)

    @override
    def load(
        self, filename: str, *, map_location: torch.device | str | None = None
    ) -> dict[str, object]:
        return self.inner.load(filename, map_location=map_location)

    @override
    def remove(self, filename: str) -> None:
        self.calls.append(f"remove {filename}")
        if filename in self.fails_to_remove:
            raise PermissionError(13, "Permission denied", filename)
        self.inner.remove(filename)

    @override
    def filenames(self) -> Sequence[str]:
        return self.inner.filenames()

    @override
    def metadata(self, filename: str) -> CheckpointMetadata:
        return self.inner.metadata(filename)
