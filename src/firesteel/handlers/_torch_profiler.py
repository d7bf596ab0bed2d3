"""TorchProfiler: torch's own profiler over some iterations, into files."""

from collections.abc import Iterable, Sequence
from pathlib import Path

# Any: whose batches and outputs an engine has is nothing to a profiler.
from typing import Any, Final, Literal, Protocol, TypeAlias, final

from torch.profiler import ProfilerAction, ProfilerActivity, profile

from firesteel._require import at_least, is_a, mismatch
from firesteel.distributed import get_rank
from firesteel.engine import Engine
from firesteel.errors import ArgumentError
from firesteel.events import Events, RemovableEventHandle

from ._durations import write_whole

__all__ = ["TorchProfiler"]

_WHERE: Final = "TorchProfiler"

Report: TypeAlias = Literal["trace", "table", "both"]

_REPORTS: Final = ("trace", "table", "both")

_ENDS: Final = Events.COMPLETED | Events.TERMINATE | Events.INTERRUPT


class _Averages(Protocol):
    """What is used of what torch's profiler sums up."""

    def table(self, *, sort_by: str, row_limit: int) -> str:
        """Give it as text."""
        ...


def action_at(step: int, *, wait: int, warmup: int, active: int) -> ProfilerAction:
    """Say what torch's profiler does in an iteration of a cycle.

    Args:
        step: The iteration of a cycle, from 0.
        wait: Iterations that pass first.
        warmup: Those that are recorded and thrown away.
        active: Those that are recorded.
    """
    if step < wait or step >= wait + warmup + active:
        return ProfilerAction.NONE
    if step < wait + warmup:
        return ProfilerAction.WARMUP
    is_last = step == wait + warmup + active - 1
    return ProfilerAction.RECORD_AND_SAVE if is_last else ProfilerAction.RECORD


@final
class TorchProfiler:
    """Runs ``torch.profiler`` over some iterations, and writes what it has seen.

    From the start of a run it lets ``wait`` iterations pass, warms up for ``warmup`` and records
    ``active`` ones; that ``repeat`` times, after which it is off, and an iteration costs one
    comparison. A run that ends before, for whatever reason, gives what was recorded up to there;
    the next run begins with the first of the cycles that are left.

    Each cycle writes, on each rank, ``trace-<rank>-<cycle>.json``, to be looked at in
    https://ui.perfetto.dev or ``chrome://tracing``, or ``table-<rank>-<cycle>.txt``, or both.

    Only one profiler of torch can run in a process at a time.

    Args:
        folder: Where to; missing folders are made.
        wait: Iterations that pass first, ``>= 0``.
        warmup: Iterations that are recorded and thrown away, ``>= 0``: the profiler is slow at
            first.
        active: Iterations that are recorded, ``>= 1``.
        repeat: Cycles of all these, ``>= 1``.
        report: ``"trace"``, ``"table"`` or ``"both"``.
        activities: What is recorded; ``None`` for all that there is: the CPU, and a GPU if any.
        record_shapes: Whether the shapes of inputs are recorded.
        profile_memory: Whether memory that is taken and freed is recorded.
        with_stack: Whether lines of source are recorded, at some cost.
        row_limit: Rows of the table, ``>= 1``.

    Raises:
        ArgumentError: A number is out of range, or ``report`` is unknown.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> import torch
        >>> from firesteel.engine import Engine
        >>> trainer = Engine(lambda engine, batch: batch @ batch)
        >>> with TemporaryDirectory() as folder:
        ...     profiler = TorchProfiler(folder, wait=1, warmup=1, active=2, report="table")
        ...     handle = profiler.attach(trainer)
        ...     state = trainer.run([torch.ones(8, 8)] * 6)
        ...     [path.name for path in profiler.files]
        ...     "aten::mm" in profiler.files[0].read_text()
        ['table-00000-1.txt']
        True
    """

    __slots__ = (
        "_active",
        "_activities",
        "_files",
        "_folder",
        "_num_cycles",
        "_profile",
        "_profile_memory",
        "_record_shapes",
        "_repeat",
        "_report",
        "_row_limit",
        "_wait",
        "_warmup",
        "_with_stack",
    )

    def __init__(
        self,
        folder: str | Path,
        *,
        wait: int = 1,
        warmup: int = 1,
        active: int = 3,
        repeat: int = 1,
        report: Report = "trace",
        activities: Iterable[ProfilerActivity] | None = None,
        record_shapes: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        row_limit: int = 100,
    ) -> None:
        is_a(_WHERE, "folder", folder, str | Path, "a path")
        is_a(_WHERE, "report", report, str, f"one of {_REPORTS}")
        if report not in _REPORTS:
            raise ArgumentError(mismatch(_WHERE, "report", f"one of {_REPORTS}", report))
        self._folder = Path(folder)
        self._wait = at_least(_WHERE, "wait", wait, 0)
        self._warmup = at_least(_WHERE, "warmup", warmup, 0)
        self._active = at_least(_WHERE, "active", active, 1)
        self._repeat = at_least(_WHERE, "repeat", repeat, 1)
        self._row_limit = at_least(_WHERE, "row_limit", row_limit, 1)
        self._report: Report = report
        self._activities = None if activities is None else tuple(activities)
        self._record_shapes = record_shapes
        self._profile_memory = profile_memory
        self._with_stack = with_stack
        self._profile: profile | None = None
        self._num_cycles = 0
        self._files: list[Path] = []

    @property
    def files(self) -> Sequence[Path]:
        """The files that were written so far."""
        return tuple(self._files)

    def attach(self, engine: Engine[Any, Any]) -> RemovableEventHandle:
        """Profile an engine.

        Args:
            engine: The engine.

        Returns:
            The way to take the profiler off again.
        """
        return (
            engine.add_event_handler(Events.STARTED, self._start)
            + engine.add_event_handler(Events.ITERATION_COMPLETED, self._step)
            + engine.add_event_handler(_ENDS, self._stop)
            + engine.add_event_handler(Events.EXCEPTION_RAISED, self._stop)
        )

    def _start(self) -> None:
        self._stop()
        if self._num_cycles < self._repeat:
            # one for each cycle: torch warns where one profiler does several
            self._profile = profile(
                activities=self._activities,
                schedule=self._action,
                on_trace_ready=self._write,
                record_shapes=self._record_shapes,
                profile_memory=self._profile_memory,
                with_stack=self._with_stack,
            )
            self._profile.start()

    def _action(self, step: int) -> ProfilerAction:
        return action_at(step, wait=self._wait, warmup=self._warmup, active=self._active)

    def _step(self) -> None:
        if self._num_cycles >= self._repeat:
            return
        running, self._profile = self._profile, None
        if running is None:  # the run goes on where it was left
            self._start()
            return
        num_cycles = self._num_cycles
        running.step()
        # only now: one that has failed, as where the disk is full, crashes when it is stopped
        self._profile = running
        if self._num_cycles > num_cycles:
            self._start()

    def _stop(self, *_: object) -> None:
        running, self._profile = self._profile, None
        if running is not None:
            running.stop()

    def _write(self, recorded: profile) -> None:
        self._num_cycles += 1
        name = f"{get_rank():05d}-{self._num_cycles}"
        self._folder.mkdir(parents=True, exist_ok=True)
        if self._report != "table":
            path = self._folder / f"trace-{name}.json"
            unfinished = self._folder / f".trace-{name}.unfinished.json"
            recorded.export_chrome_trace(str(unfinished))
            unfinished.replace(path)
            self._files.append(path)
        if self._report != "trace":
            path = self._folder / f"table-{name}.txt"
            by = "self_device_time_total" if _has_device(recorded) else "self_cpu_time_total"
            write_whole(path, _table(recorded.key_averages(), by, self._row_limit))
            self._files.append(path)


def _has_device(recorded: profile) -> bool:
    return any(activity is not ProfilerActivity.CPU for activity in recorded.activities)


def _table(averages: _Averages, by: str, row_limit: int) -> str:
    return averages.table(sort_by=by, row_limit=row_limit)
