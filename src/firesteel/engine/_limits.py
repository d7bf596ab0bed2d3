"""How far a run goes: epochs, iterations, and the length of an epoch."""

from typing import final

from firesteel.errors import ArgumentError

__all__ = ["Limits"]


@final
class Limits:
    """The limits of a run.

    Attributes:
        max_epochs: Epochs after which a run is complete; ``None`` for no such limit.
        max_iters: Iterations after which a run is complete; ``None`` for no such limit.
        epoch_length: Iterations of an epoch; ``None`` while it is not known.
        is_goal: Whether the limit was asked for. A run that was given no limit makes one fresh
            pass each time; one that was given a limit is gone on with until the limit is reached.
        is_open_ended: Whether an epoch is one pass over data that does not tell its length.
        rehearsal_length: In a rehearsal, the most iterations that a run makes; else ``None``.
        is_length_of_data: Whether an epoch is one pass over data that does tell it.
        next_epoch_length: Iterations of an epoch from the next one on; 0 where that is no other
            number.
    """

    __slots__ = (
        "epoch_length",
        "is_goal",
        "is_length_of_data",
        "is_open_ended",
        "max_epochs",
        "max_iters",
        "next_epoch_length",
        "rehearsal_length",
    )

    def __init__(self) -> None:
        self.max_epochs: int | None = None
        self.max_iters: int | None = None
        self.epoch_length: int | None = None
        self.is_goal: bool = False
        self.is_open_ended: bool = False
        self.rehearsal_length: int | None = None
        self.is_length_of_data: bool = False
        self.next_epoch_length: int = 0

    @property
    def are_set(self) -> bool:
        """Whether there is a limit."""
        return self.max_epochs is not None or self.max_iters is not None

    def set_epoch_length(
        self, epoch_length: int | None, *, is_length_of_data: bool = False
    ) -> None:
        """Set how long an epoch is, from now on."""
        self.epoch_length = epoch_length
        self.is_open_ended = epoch_length is None
        self.is_length_of_data = is_length_of_data
        self.next_epoch_length = 0

    def start(
        self, max_epochs: int | None, max_iters: int | None, epoch_length: int | None
    ) -> None:
        """Set the limits of a run that begins: the given, else the old ones, else one epoch."""
        self.set_epoch_length(epoch_length)
        if max_epochs is not None or max_iters is not None:
            self.max_epochs, self.max_iters, self.is_goal = max_epochs, max_iters, True
        elif not self.is_goal:
            self.max_epochs, self.max_iters = 1, None

    def take_over(
        self, max_epochs: int | None, max_iters: int | None, *, epochs_begun: int
    ) -> None:
        """Set the limits of a run that goes on; without a limit at all it ends with its epoch."""
        if max_epochs is not None or max_iters is not None:
            self.max_epochs, self.max_iters, self.is_goal = max_epochs, max_iters, True
        elif not self.are_set:
            self.max_epochs = max(1, epochs_begun)

    def are_exceeded_by(self, max_epochs: int | None, max_iters: int | None) -> bool:
        """Tell whether new limits lie elsewhere than these, so that a run has to look at them."""
        return (max_epochs is not None and max_epochs != self.max_epochs) or (
            max_iters is not None and max_iters != self.max_iters
        )

    def refuse_both(
        self, what: str, value: int | None, other: str, other_value: int | None
    ) -> None:
        """Refuse to set one limit where the other one is set."""
        if value is not None and other_value is not None and self.is_goal:
            raise ArgumentError(
                f"State: {what} must be None while {other} is {other_value}, got {value}; "
                f"set {other} to None first"
            )

    def refuse_other_kind(self, max_epochs: int | None, max_iters: int | None) -> None:
        """Refuse a limit in iterations where there is one in epochs, and the reverse."""
        if max_iters is not None and self.max_epochs is not None and self.is_goal:
            old, new = f"max_epochs={self.max_epochs}", f"max_iters={max_iters}"
        elif max_epochs is not None and self.max_iters is not None:
            old, new = f"max_iters={self.max_iters}", f"max_epochs={max_epochs}"
        else:
            return
        raise ArgumentError(
            f"Engine.run: the engine has {old} and takes no {new}; set the old limit in "
            "engine.state to None first, or call engine.reset(), to start over"
        )

    def are_reached(self, *, epochs: int, iterations: int) -> bool:
        """Tell whether so many epochs or iterations complete a run."""
        return (self.max_epochs is not None and epochs >= self.max_epochs) or (
            self.max_iters is not None and iterations >= self.max_iters
        )
