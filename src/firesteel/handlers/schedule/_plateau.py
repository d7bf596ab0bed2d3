"""Less of the learning rate, where a score does not get better any more."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

# Any: whatever the batches are, a score is read off the engine.
from typing import Any, Final, Generic, Literal, SupportsIndex, TypeAlias, final, get_args, overload

from torch.optim import Optimizer
from typing_extensions import TypeVar, override

from firesteel._require import at_least, is_a, mismatch, one_of, real_number
from firesteel.engine import Attachable, Engine, MetricKey
from firesteel.errors import ArgumentError, EngineStateError, StateDictError
from firesteel.events import EventLike, Events, RemovableEventHandle
from firesteel.handlers._order import SHOWING, placed
from firesteel.handlers._score import Score, score_reader

from ._checks import sequence
from ._scheduler import whole
from ._targets import targets_of, write

__all__ = [
    "PlateauMode",
    "PlateauRule",
    "PlateauState",
    "ReduceLROnPlateauScheduler",
    "ThresholdMode",
]

BatchT = TypeVar("BatchT")
OutputT = TypeVar("OutputT", contravariant=True, default=object)

PlateauMode: TypeAlias = Literal["min", "max"]
"""Whether lower or higher is better."""

ThresholdMode: TypeAlias = Literal["rel", "abs"]
"""Whether a threshold is a part of the best score, or a difference to it."""

_WHERE: Final = "ReduceLROnPlateauScheduler"
_MODES: Final[Sequence[str]] = get_args(PlateauMode)
_THRESHOLD_MODES: Final[Sequence[str]] = get_args(ThresholdMode)
_KNOWN: Final = ("best", "num_bad_events", "num_cooldown_left")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PlateauState:
    """What is remembered of the scores so far.

    Attributes:
        best: The best score; ``None`` before the first.
        num_bad_events: Scores since then that were not better.
        num_cooldown_left: Scores that are still not counted.
    """

    best: float | None = None
    num_bad_events: int = 0
    num_cooldown_left: int = 0


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PlateauRule:
    """When to reduce, as a function of the scores.

    Attributes:
        mode: Whether lower or higher is better.
        patience: Scores that may be no better, before the next such one reduces.
        threshold: How much better a score has to be to count as better.
        threshold_mode: Whether that is a part of the best score's size, or a difference.
        cooldown: Scores after a reduction that are not counted.
    """

    mode: PlateauMode
    patience: int
    threshold: float
    threshold_mode: ThresholdMode
    cooldown: int

    def is_better(self, score: float, best: float | None) -> bool:
        """Tell whether a score is better than the best one. NaN never is.

        Args:
            score: The score.
            best: The best one so far.
        """
        if best is None:
            return not math.isnan(score)
        # of its size: of a score below zero, a part has the other sign
        margin = self.threshold * (abs(best) if self.threshold_mode == "rel" else 1)
        return score < best - margin if self.mode == "min" else score > best + margin

    def after(self, state: PlateauState, score: float) -> tuple[PlateauState, bool]:
        """Give what is remembered after a score, and whether it reduces.

        Args:
            state: What was remembered before.
            score: The score.
        """
        is_better = self.is_better(score, state.best)
        best = score if is_better else state.best
        if state.num_cooldown_left:
            left = state.num_cooldown_left - 1
            return PlateauState(best=best, num_cooldown_left=left), False
        num_bad = 0 if is_better else state.num_bad_events + 1
        if num_bad > self.patience:
            return PlateauState(best=best, num_cooldown_left=self.cooldown), True
        return PlateauState(best=best, num_bad_events=num_bad), False


@final
class ReduceLROnPlateauScheduler(Attachable[OutputT, RemovableEventHandle], Generic[OutputT]):
    """Multiplies learning rates with a factor, where a score has not got better for a while.

    Attached to an evaluator, it looks at a score of it when its run is completed. With ranks, the
    score has to be the same on all of them, as the result of a metric is.

    Args:
        optimizer: The optimizer.
        score_function: The score: a metric's key, or a function of the engine.
        mode: ``"min"`` where lower is better, ``"max"`` where higher is.
        factor: What learning rates are multiplied with, ``0 < factor < 1``.
        patience: So many scores may be no better, ``>= 0``; the next such one reduces.
        threshold: How much better than the best a score has to be, ``>= 0``.
        threshold_mode: ``"rel"``: that part of the best score's size. ``"abs"``: that difference.
        cooldown: So many scores after a reduction do not count, ``>= 0``.
        min_lr: Below which no learning rate is brought, ``>= 0``: for all, or for each group that
            is reduced.
        eps: A reduction by no more than this is left out, ``>= 0``.
        param_group_index: Which group; all of them if not given.
        save_history: Whether to keep the learning rates after each score, in :attr:`history`.

    Raises:
        ArgumentError: A number is out of its range, an option does not exist, or there is no such
            group.
        ArgumentTypeError: An argument is of another kind.

    Source:
        torch's ``ReduceLROnPlateau`` gives the same learning rates, save for scores below zero with
        a relative threshold, where it calls slightly worse ones better.

    Example:
        >>> import torch
        >>> from firesteel.engine import Engine
        >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
        >>> evaluator = Engine(lambda engine, loss: loss)
        >>> scheduler = ReduceLROnPlateauScheduler(
        ...     optimizer, lambda engine: engine.state.output, factor=0.5, patience=0
        ... )
        >>> handle = scheduler.attach(evaluator)
        >>> for loss in (0.5, 0.4, 0.4):
        ...     state = evaluator.run([loss])
        >>> optimizer.param_groups[0]["lr"]
        0.5
    """

    @overload
    def __init__(
        self: "ReduceLROnPlateauScheduler[object]",
        optimizer: Optimizer,
        score_function: MetricKey[float],
        *,
        mode: PlateauMode = "min",
        factor: float = 0.1,
        patience: SupportsIndex = 10,
        threshold: float = 1e-4,
        threshold_mode: ThresholdMode = "rel",
        cooldown: SupportsIndex = 0,
        min_lr: float | Sequence[float] = 0.0,
        eps: float = 1e-8,
        param_group_index: SupportsIndex | None = None,
        save_history: bool = False,
    ) -> None: ...
    @overload
    def __init__(
        self,
        optimizer: Optimizer,
        score_function: Callable[[Engine[Any, OutputT]], float],
        *,
        mode: PlateauMode = "min",
        factor: float = 0.1,
        patience: SupportsIndex = 10,
        threshold: float = 1e-4,
        threshold_mode: ThresholdMode = "rel",
        cooldown: SupportsIndex = 0,
        min_lr: float | Sequence[float] = 0.0,
        eps: float = 1e-8,
        param_group_index: SupportsIndex | None = None,
        save_history: bool = False,
    ) -> None: ...
    def __init__(
        self,
        optimizer: Optimizer,
        score_function: Score[OutputT],
        *,
        mode: PlateauMode = "min",
        factor: float = 0.1,
        patience: SupportsIndex = 10,
        threshold: float = 1e-4,
        threshold_mode: ThresholdMode = "rel",
        cooldown: SupportsIndex = 0,
        min_lr: float | Sequence[float] = 0.0,
        eps: float = 1e-8,
        param_group_index: SupportsIndex | None = None,
        save_history: bool = False,
    ) -> None:
        targets = targets_of(_WHERE, optimizer, "lr", param_group_index)
        one_of(_WHERE, "mode", mode, _MODES)
        one_of(_WHERE, "threshold_mode", threshold_mode, _THRESHOLD_MODES)
        if not real_number(_WHERE, "factor", factor, above=0) < 1:
            raise ArgumentError(mismatch(_WHERE, "factor", "below 1", factor))
        self._rule = PlateauRule(
            mode=mode,
            patience=at_least(_WHERE, "patience", patience, 0),
            threshold=_not_below_zero("threshold", threshold),
            threshold_mode=threshold_mode,
            cooldown=at_least(_WHERE, "cooldown", cooldown, 0),
        )
        self._optimizer = optimizer
        self._indices = [target.group_index for target in targets]
        self._read_score = score_reader(_WHERE, score_function)
        self._factor = float(factor)
        self._eps = _not_below_zero("eps", eps)
        self._min_lrs = _min_lrs(min_lr, num=len(targets))
        self._state = PlateauState()
        self._history: list[list[float]] | None = [] if save_history else None

    @property
    def history(self) -> list[list[float]]:
        """The learning rate of each group, after each score.

        Raises:
            EngineStateError: The scheduler was made without ``save_history=True``.
        """
        if self._history is None:
            raise EngineStateError(f"{_WHERE}.history: is kept with save_history=True only")
        return [*self._history]

    def attach(
        self,
        engine: Engine[BatchT, OutputT],
        event: EventLike[Engine[BatchT, OutputT]] = Events.COMPLETED,
    ) -> RemovableEventHandle:
        """Look at the score at an engine's events.

        Args:
            engine: The engine that has the score: an evaluator.
            event: When to look; unless it has a priority, behind metrics and other handlers.

        Returns:
            What detaches the scheduler.

        Raises:
            UnknownEventError: The event is not registered on this engine.
        """
        return engine.add_event_handler(placed(event, SHOWING), self)

    @override
    def attach_to(self, engine: Engine[Any, OutputT]) -> RemovableEventHandle:
        """Attach to ``COMPLETED``; :meth:`firesteel.engine.Engine.attach` calls this.

        Args:
            engine: The engine that has the score.
        """
        return self.attach(engine)

    def __call__(self, engine: Engine[Any, OutputT]) -> None:
        """Look at the score, and reduce if it is time to.

        Args:
            engine: The engine that has the score.

        Raises:
            ArgumentTypeError: The score is no number.
        """
        self._state, is_reduced = self._rule.after(self._state, self._read_score(engine))
        if is_reduced:
            groups = self._optimizer.param_groups
            values = self._values()
            for index, old, new in zip(self._indices, values, self._reduced(values), strict=True):
                if new != old:
                    write(groups[index], "lr", new)
        if self._history is not None:
            self._history.append(self._values())

    def simulate_values(self, scores: Sequence[float]) -> list[list[float]]:
        """Give the learning rates after each of some scores, from where they are now.

        Args:
            scores: The scores, as if they were the first ones.

        Returns:
            A row for each score, with the learning rate of each group.

        Raises:
            ArgumentTypeError: ``scores`` is no sequence.
        """
        sequence(f"{_WHERE}.simulate_values", "scores", scores, at_least_one=False)
        state, values, rows = PlateauState(), self._values(), list[list[float]]()
        for score in scores:
            state, is_reduced = self._rule.after(state, score)
            if is_reduced:
                values = self._reduced(values)
            rows.append(values)
        return rows

    def state_dict(self) -> dict[str, float | None]:
        """Give what is remembered of the scores.

        Returns:
            ``"best"``, the best score or ``None``; ``"num_bad_events"`` since then;
            ``"num_cooldown_left"``.
        """
        state = self._state
        return {
            "best": state.best,
            "num_bad_events": state.num_bad_events,
            "num_cooldown_left": state.num_cooldown_left,
        }

    def load_state_dict(self, state_dict: Mapping[str, object], /) -> None:
        """Go on where another scheduler stood. The learning rates are the optimizer's to load.

        Args:
            state_dict: What :meth:`state_dict` gave.

        Raises:
            StateDictError: Entries are missing, unknown, or not what they have to be.
            ArgumentTypeError: It is no mapping.
        """
        where = f"{_WHERE}.load_state_dict"
        is_a(where, "state_dict", state_dict, Mapping, "a mapping")
        missing = [name for name in _KNOWN if name not in state_dict]
        unknown = [name for name in state_dict if name not in _KNOWN]
        if missing or unknown:
            raise StateDictError(
                f"{where}: entries must be {', '.join(map(repr, _KNOWN))}; missing are {missing}, "
                f"unknown are {unknown}"
            )
        best = state_dict["best"]
        if best is not None and (isinstance(best, bool) or not isinstance(best, float | int)):
            raise StateDictError(mismatch(where, "'best'", "a number or None", best))
        self._state = PlateauState(
            best=None if best is None else float(best),
            num_bad_events=whole(where, "num_bad_events", state_dict["num_bad_events"]),
            num_cooldown_left=whole(where, "num_cooldown_left", state_dict["num_cooldown_left"]),
        )

    def _values(self) -> list[float]:
        groups = self._optimizer.param_groups
        return [float(groups[index]["lr"]) for index in self._indices]

    def _reduced(self, values: Sequence[float]) -> list[float]:
        reduced = [
            max(value * self._factor, lowest)
            for value, lowest in zip(values, self._min_lrs, strict=True)
        ]
        return [
            new if old - new > self._eps else old for old, new in zip(values, reduced, strict=True)
        ]


def _not_below_zero(what: str, value: float) -> float:
    number = real_number(_WHERE, what, value)
    if number < 0:
        raise ArgumentError(mismatch(_WHERE, what, "at least 0", value))
    return number


def _min_lrs(min_lr: float | Sequence[float], *, num: int) -> tuple[float, ...]:
    if not isinstance(min_lr, Sequence):
        return (_not_below_zero("min_lr", min_lr),) * num
    sequence(_WHERE, "min_lr", min_lr)
    if len(min_lr) != num:
        condition = f"a number, or one for each of the {num} groups that are reduced"
        raise ArgumentError(mismatch(_WHERE, "min_lr", condition, min_lr))
    return tuple(_not_below_zero(f"min_lr[{place}]", value) for place, value in enumerate(min_lr))
