"""How much memory was taken: on a device in an epoch, and by the process."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

# Any: what an engine puts out is nothing to its memory.
from typing import Any, Final, final

import torch
from typing_extensions import override

from firesteel._require import mismatch
from firesteel.engine import Engine, MetricKey
from firesteel.errors import ArgumentError, NotAvailableError
from firesteel.events import Events, RemovableEventHandle

from ._measurement import Measurement

if sys.platform != "win32":
    import resource

__all__ = ["DeviceMemory", "MemoryPeak", "ProcessMemory"]

_UNITS: Final = ("B", "KiB", "MiB", "GiB", "TiB")
_STEP: Final = 1024
_STATUS: Final = Path("/proc/self/status")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryPeak:
    """The most memory that was taken of a device at one time. As text it has units.

    Attributes:
        allocated_bytes: Taken by tensors.
        reserved_bytes: Taken from the device, to be given to tensors: what other programs miss.
    """

    allocated_bytes: int
    reserved_bytes: int

    @override
    def __str__(self) -> str:
        return f"{in_units(self.allocated_bytes)} of {in_units(self.reserved_bytes)}"


@final
class DeviceMemory(Measurement[object, MemoryPeak]):
    """The most memory that each epoch has taken of a CUDA device.

    It begins anew with each epoch: the device's own count of its peak is set back then, for all who
    read it. Read within an epoch it is that of the epoch so far.

    Args:
        device: The device, ``"cuda"`` or one with a number.

    Raises:
        ArgumentError: The device is not one of CUDA.

    Example: On a machine with a GPU::

        peak = trainer.attach(DeviceMemory("cuda"), "memory")
        print(trainer.run(data).metrics[peak])  # 11.2 GiB of 14.0 GiB
    """

    __slots__ = ("_device",)

    def __init__(self, device: torch.device | str) -> None:
        super().__init__()
        self._device = torch.device(device)
        if self._device.type != "cuda":
            raise ArgumentError(
                mismatch("DeviceMemory", "device", "one of cuda", str(self._device))
                + "; for the memory of the host see ProcessMemory"
            )

    @override
    def _add_to(
        self, engine: Engine[Any, object], key: MetricKey[MemoryPeak]
    ) -> RemovableEventHandle:
        def begin(engine: Engine[Any, object]) -> None:
            torch.cuda.reset_peak_memory_stats(self._device)
            engine.state.metrics.record_later(key, self._peak)

        def renew(engine: Engine[Any, object]) -> None:
            engine.state.metrics.record_later(key, self._peak)

        def end(engine: Engine[Any, object]) -> None:
            engine.state.metrics.record(key, self._peak())

        return (
            engine.add_event_handler(Events.EPOCH_STARTED, begin)
            + engine.add_event_handler(Events.ITERATION_COMPLETED, renew)
            + engine.add_event_handler(Events.EPOCH_COMPLETED, end)
        )

    def _peak(self) -> MemoryPeak:
        return MemoryPeak(
            allocated_bytes=torch.cuda.max_memory_allocated(self._device),
            reserved_bytes=torch.cuda.max_memory_reserved(self._device),
        )


@final
class ProcessMemory(Measurement[object, int]):
    """The most memory of the host that this process has taken since it began, in bytes.

    The pages that lie in memory, those of shared libraries too; the processes of a loader's workers
    are not in it. It never goes down. Read after each epoch.

    Raises:
        NotAvailableError: On Windows, which does not count it in this way.

    Source:
        ``VmHWM`` of ``/proc/self/status`` where there is one, else ``ru_maxrss`` of ``getrusage``.

    Example:
        >>> from firesteel.engine import Engine
        >>> trainer = Engine(lambda engine, batch: batch)
        >>> peak = trainer.attach(ProcessMemory(), "RSS")
        >>> trainer.run([1]).metrics[peak] > 1_000_000
        True
    """

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__()
        if sys.platform == "win32":
            raise NotAvailableError("ProcessMemory: exists on Linux and macOS, not on Windows")

    @override
    def _add_to(self, engine: Engine[Any, object], key: MetricKey[int]) -> RemovableEventHandle:
        def end(engine: Engine[Any, object]) -> None:
            engine.state.metrics.record(key, peak_of_process())

        return engine.add_event_handler(Events.EPOCH_COMPLETED, end)


def peak_of_process() -> int:
    """Give the most memory that this process has taken, in bytes; 0 on Windows."""
    if sys.platform == "win32":
        return 0
    if _STATUS.is_file():
        # what getrusage says here begins with the peak of the process that started this one
        found = re.search(r"^VmHWM:\s*(\d+) kB$", _STATUS.read_text(), re.MULTILINE)
        if found is not None:
            return int(found[1]) * _STEP
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * _STEP


def in_units(num_bytes: float) -> str:
    """Say a number of bytes in the largest unit of which there is one."""
    for unit in _UNITS[:-1]:
        if num_bytes < _STEP:
            return f"{num_bytes:.4g} {unit}"
        num_bytes /= _STEP
    return f"{num_bytes:.4g} {_UNITS[-1]}"
