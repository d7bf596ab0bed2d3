"""What the loop and the world outside it share while a run goes on."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, Generic, final

from typing_extensions import TypeVar

from ._data import as_loader, next_pass
from ._outcome import Stopped
from ._phases import NOTHING, OVER, START, Pending, Phase

__all__ = ["MISSING", "Live", "Missing", "Termination"]

BatchT = TypeVar("BatchT")
OutputT = TypeVar("OutputT")


class Missing(Enum):
    """The type of ``MISSING``."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING
"""Stands where there is no value yet: ``None`` may be a value."""


@final
@dataclass(frozen=True, slots=True)
class Termination:
    """A call of ``terminate`` or ``terminate_epoch`` that has not been answered yet.

    Attributes:
        is_silent: Whether the event that would close the run or the epoch is left out.
        reason: Why, in the caller's words.
    """

    is_silent: bool
    reason: str = ""


@final
class Live(Generic[BatchT, OutputT]):
    """Where a run stands, what is written in each iteration, and what the loop is asked to do.

    All that is kept of a run while it is suspended is here. The loop compares the iteration with
    one number and tests nothing else; whoever wants to be heard calls ``wake``, which sets it to
    zero.

    Attributes:
        phase: The part of the run that it is in, or, while suspended, that is next; ``OVER`` where
            there is no run.
        pending: How far the iteration under way has come, where the loop left it in the middle.
        batch: The batch at hand; ``MISSING`` while the next one is fetched.
        output: What the process function returned; ``MISSING`` from the next batch on.
        stop: The next iteration after which the loop has to look up.
        is_unusual: Whether after the iteration at hand others are to be called than after the one
            before: somebody with a filter, or somebody new.
        data: What the batches come from; ``None`` for an engine without data.
        source: The current pass over the data.
        source_start: The iteration after which batches came from it, or from the next pass.
        source_state: Where the data stood then, where it is a loader that can count on from there:
            whatever else is done with the loader, its passes go on from here.
        source_unused: The ``unused_batches`` of that moment.
        num_to_skip: Batches of the pass that were used before the data is first asked for.
        is_data_placed: Whether the data stands behind these by itself.
        is_data_new: Whether the data was replaced and has to be started.
        is_without_data: Whether the run is one without data.
        is_fetching: Whether handlers of the fetching of a batch are running.
        unused_asks: How often ``GET_BATCH_STARTED`` was fired for a batch that was not used.
        unused_batches: How often ``GET_BATCH_COMPLETED`` was fired for such a batch.
        is_in_epoch: Whether an epoch has begun and not yet ended.
        is_epoch_begun: Whether the next epoch is one that was begun in an earlier run.
        epoch_start: The iteration after which the epoch began.
        pass_start: The iteration after which the current pass over the data began.
        first_iteration: The iteration after which the run began.
        spent: How the run will have ended, where the data has ended for good.
        run_since_s: The time at which the run would have begun had it never been suspended;
            less the time at hand while it is suspended.
        epoch_since_s: The same for the epoch.
        is_asked: Whether there may be a request; it saves to look at each of them.
        terminate: A request to end the run.
        terminate_epoch: A request to end the epoch.
        interrupt: Whether there is a request to suspend the run.
    """

    __slots__ = (
        "batch",
        "data",
        "epoch_since_s",
        "epoch_start",
        "first_iteration",
        "interrupt",
        "is_asked",
        "is_data_new",
        "is_data_placed",
        "is_epoch_begun",
        "is_fetching",
        "is_in_epoch",
        "is_unusual",
        "is_without_data",
        "num_to_skip",
        "output",
        "pass_start",
        "pending",
        "phase",
        "run_since_s",
        "source",
        "source_start",
        "source_state",
        "source_unused",
        "spent",
        "stop",
        "terminate",
        "terminate_epoch",
        "unused_asks",
        "unused_batches",
    )

    def __init__(self) -> None:
        self.restart(None)
        self.leave_run()

    def restart(self, data: Iterable[BatchT] | None) -> None:
        """Stand at the beginning of a run over this data, the first of its engine."""
        self.phase: Phase = START
        self.pending: Pending = NOTHING
        self.batch: BatchT | Missing = MISSING
        self.output: OutputT | Missing = MISSING
        self.stop: int = 0
        self.is_unusual: bool = False
        self.data: Iterable[BatchT] | None = data
        self.source: Iterator[BatchT] | None = None
        self.source_start: int = 0
        self.source_state: Mapping[str, object] | None = None
        self.source_unused: int = 0
        self.num_to_skip: int = 0
        self.is_data_placed: bool = False
        self.is_data_new: bool = False
        self.is_without_data: bool = False
        self.is_fetching: bool = False
        self.unused_asks: int = 0
        self.unused_batches: int = 0
        self.is_in_epoch: bool = False
        self.is_epoch_begun: bool = False
        self.epoch_start: int = 0
        self.pass_start: int = 0
        self.first_iteration: int = 0
        self.spent: Stopped | None = None
        self.run_since_s: float = 0.0
        self.epoch_since_s: float = 0.0
        self.is_asked: bool = False
        self.terminate: Termination | None = None
        self.terminate_epoch: Termination | None = None
        self.interrupt: bool = False

    def leave_run(self) -> None:
        """Drop what is only needed while there is a run."""
        self.phase = OVER
        self.pending = NOTHING
        self.source = None

    def leave_pass(self, iteration: int) -> None:
        """Have the next batch, the one after this iteration, be the first one of a pass."""
        loader = as_loader(self.data)
        if loader is not None and self.source_state is None:
            loader.end_pass()
            self.source_state = loader.state_dict()
        elif loader is not None and self.source_state is not None:
            is_under_way = self.source is not None
            num_used = 0 if is_under_way or self.is_data_new else iteration - self.source_start
            state = loader.state_after(self.source_state, num_used)
            is_begun = is_under_way or state["samples_taken"] != 0
            self.source_state = next_pass(state) if is_begun else state
        self.source = None
        self.pass_start = self.source_start = iteration
        self.num_to_skip = 0
        self.is_data_placed = False

    def ask(self) -> None:
        """Make the loop answer the requests after the event at hand."""
        self.is_asked = True
        self.wake()

    def wake(self) -> None:
        """Make the loop look up after the iteration it is in."""
        self.stop = 0
        self.is_unusual = True
