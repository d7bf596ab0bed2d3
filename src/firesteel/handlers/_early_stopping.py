"""EarlyStopping: end a training whose score does not get better any more."""

import logging
import math
import weakref
from collections.abc import Callable, Mapping

# Any: a score is read off an engine whatever its batches are, and the trainer is only stopped.
from typing import Any, Final, Generic, Literal, SupportsIndex, final, get_args, overload

from typing_extensions import TypeVar, override

from firesteel._require import at_least, is_a, one_of, real_number
from firesteel.engine import Attachable, Engine, MetricKey
from firesteel.errors import NotAvailableError, StateDictError
from firesteel.events import EventLike, Events, RemovableEventHandle

from ._order import SHOWING, placed
from ._patience import Mode, Patience, Progress, ThresholdMode
from ._score import Score, score_reader

__all__ = ["EarlyStopping"]

OutputT = TypeVar("OutputT", contravariant=True, default=object)

_WHERE: Final = "EarlyStopping"
_LOAD: Final = "EarlyStopping.load_state_dict"
_KNOWN: Final = frozenset({"counter", "best_score", "num_scores", "threshold_mode"})
_LOGGER: Final = logging.getLogger("firesteel.handlers")


@final
class EarlyStopping(Attachable[OutputT, RemovableEventHandle], Generic[OutputT]):
    r"""Ends a run once the score has not become better for a number of times.

    A score :math:`s` is an improvement when it is strictly beyond the score to beat :math:`b` by
    more than the threshold :math:`t`: for higher is better, :math:`s > b + t`, or with
    ``threshold_mode="rel"`` :math:`s > b + t\,|b|`, so that the bar is higher than :math:`b` where
    :math:`b` is negative, too. A score at the bar is none, and NaN never is one. The first score
    is one.

    A run of the trainer that begins anew counts anew. One that goes on, after
    :meth:`load_state_dict` as well, keeps its patience. In a rehearsal the score is read and
    forgotten. On several ranks all have to have the same score, as merged metrics have.

    Args:
        score_function: Gives the score: the key of a metric, or a function of the engine that this
            is attached to.
        patience: Scores in a row without an improvement after which the run ends, ``>= 1``.
        trainer: The engine that is stopped.
        threshold: By how much a score has to be better, ``>= 0``, in the unit of the score, or as
            a share of the score to beat.
        threshold_mode: ``"abs"`` for a difference, ``"rel"`` for a share.
        mode: ``"max"`` where a higher score is better, ``"min"`` where a lower one is.
        cumulative: Whether the score to beat moves with improvements alone. Else it is the best
            one so far, and many steps that are each below the threshold are no improvement.
        num_warmup: Scores at the beginning that are not looked at, ``>= 0``.
        nan: What a NaN does: ``"count"`` as a score that is no improvement, or ``"stop"`` the run
            at once, in the warm-up too.

    Raises:
        ArgumentError: A number is out of range, or a word is none of those above.
        ArgumentTypeError: ``trainer`` is no engine, or something else is of another kind.

    Source:
        The names and the default behaviour are those of ``ignite.handlers.EarlyStopping``.

    Example:
        >>> from firesteel.engine import Engine
        >>> from firesteel.metrics import Average
        >>> losses = iter([0.5, 0.4, 0.45, 0.41, 0.3])
        >>> evaluator = Engine(lambda engine, batch: next(losses))
        >>> trainer = Engine(lambda engine, batch: batch)
        >>> handle = trainer.add_event_handler(
        ...     Events.EPOCH_COMPLETED, lambda: evaluator.run([0])
        ... )
        >>> loss = evaluator.attach(Average(), "loss")
        >>> stopping = EarlyStopping(loss, patience=2, trainer=trainer, mode="min")
        >>> handle = evaluator.attach(stopping)
        >>> trainer.run([0], max_epochs=5).epoch, stopping.best_score
        (4, 0.4)
    """

    @overload
    def __init__(
        self: "EarlyStopping[object]",
        score_function: MetricKey[float],
        *,
        patience: SupportsIndex,
        trainer: Engine[Any, Any],
        threshold: float = 0.0,
        threshold_mode: ThresholdMode = "abs",
        mode: Mode = "max",
        cumulative: bool = False,
        num_warmup: SupportsIndex = 0,
        nan: Literal["count", "stop"] = "count",
    ) -> None: ...
    @overload
    def __init__(
        self,
        score_function: Callable[[Engine[Any, OutputT]], float],
        *,
        patience: SupportsIndex,
        trainer: Engine[Any, Any],
        threshold: float = 0.0,
        threshold_mode: ThresholdMode = "abs",
        mode: Mode = "max",
        cumulative: bool = False,
        num_warmup: SupportsIndex = 0,
        nan: Literal["count", "stop"] = "count",
    ) -> None: ...
    def __init__(
        self,
        score_function: Score[OutputT],
        *,
        patience: SupportsIndex,
        trainer: Engine[Any, Any],
        threshold: float = 0.0,
        threshold_mode: ThresholdMode = "abs",
        mode: Mode = "max",
        cumulative: bool = False,
        num_warmup: SupportsIndex = 0,
        nan: Literal["count", "stop"] = "count",
    ) -> None:
        is_a(_WHERE, "trainer", trainer, Engine, "an engine")
        one_of(_WHERE, "threshold_mode", threshold_mode, get_args(ThresholdMode))
        one_of(_WHERE, "mode", mode, get_args(Mode))
        one_of(_WHERE, "nan", nan, ("count", "stop"))
        self._read = score_reader(_WHERE, score_function)
        self._rule = Patience(
            patience=at_least(_WHERE, "patience", patience, 1),
            mode=mode,
            threshold=real_number(_WHERE, "threshold", threshold, at_least=0),
            threshold_mode=threshold_mode,
            is_cumulative=cumulative,
            num_warmup=at_least(_WHERE, "num_warmup", num_warmup, 0),
        )
        self._stops_at_nan = nan == "stop"
        self._trainer = weakref.ref(trainer)
        self._progress = Progress()
        self._is_loaded = False

    @property
    def counter(self) -> int:
        """Scores in a row that were no improvement."""
        return self._progress.counter

    @property
    def best_score(self) -> float:
        """The score to beat.

        Raises:
            NotAvailableError: There was none yet.
        """
        if self._progress.best is None:
            raise NotAvailableError(
                f"{_WHERE}.best_score: exists from the first score on that is not NaN and is "
                "behind the warm-up"
            )
        return self._progress.best

    def attach(
        self,
        engine: Engine[Any, OutputT],
        *,
        event: EventLike[Engine[Any, OutputT]] | None = None,
    ) -> RemovableEventHandle:
        """Look at the score of an engine each time that an event is fired.

        Args:
            engine: The engine whose score it is: an evaluator, or the trainer itself.
            event: When to look; by default ``COMPLETED`` of an evaluator, and ``EPOCH_COMPLETED``
                where ``engine`` is the trainer. Unless the event has a priority it looks behind
                metrics and other handlers, and before a :class:`Checkpoint`.

        Returns:
            The way to take it off again.
        """
        trainer = self._trainer()
        if event is None:
            event = Events.EPOCH_COMPLETED if engine is trainer else Events.COMPLETED
        handle = engine.add_event_handler(placed(event, SHOWING), self)
        if trainer is not None:
            handle += trainer.add_event_handler(Events.STARTED, self._begin)
        return handle

    @override
    def attach_to(self, engine: Engine[Any, OutputT]) -> RemovableEventHandle:
        """Attach; :meth:`firesteel.engine.Engine.attach` calls this.

        Args:
            engine: The engine.
        """
        return self.attach(engine)

    def __call__(self, engine: Engine[Any, OutputT]) -> None:
        """Look at the score now, and stop the trainer where it is time.

        Args:
            engine: The engine whose score it is.

        Raises:
            ArgumentTypeError: The score is no number.
        """
        score = self._read(engine)
        trainer = self._trainer()
        if engine.is_rehearsing or (trainer is not None and trainer.is_rehearsing):
            return
        self._progress = self._rule.after(self._progress, score)
        if self._stops_at_nan and math.isnan(score):
            self._stop(f"{_WHERE}: the score is NaN")
        elif self._rule.is_over(self._progress):
            self._stop(
                f"{_WHERE}: no improvement in {self._progress.counter} scores in a row, "
                f"the last is {score:.6g}, the one to beat {_shown(self._progress.best)}"
            )

    def reset(self) -> None:
        """Forget all scores."""
        self._progress = Progress()

    def state_dict(self) -> dict[str, object]:
        """Give what is remembered of the scores.

        Returns:
            ``"counter"`` and ``"num_scores"``, whole numbers, and ``"best_score"``, a number or
            ``None``.
        """
        progress = self._progress
        return {
            "counter": progress.counter,
            "best_score": progress.best,
            "num_scores": progress.num_scores,
        }

    def load_state_dict(self, state_dict: Mapping[str, object], /) -> None:
        """Put back what was remembered; the trainer's next run does not forget it.

        What ignite saved can be loaded, too.

        Args:
            state_dict: What :meth:`state_dict` gave.

        Raises:
            StateDictError: Entries are missing, unknown, or of another kind.
            ArgumentTypeError: It is no mapping.
        """
        is_a(_LOAD, "state_dict", state_dict, Mapping, "a mapping")
        missing = sorted({"counter", "best_score"} - state_dict.keys())
        unknown = sorted(map(str, state_dict.keys() - _KNOWN))
        if missing or unknown:
            raise StateDictError(
                f"{_LOAD}: entries must be 'counter', 'best_score' and 'num_scores'; "
                f"missing are {missing}, unknown are {unknown}"
            )
        best = state_dict["best_score"]
        if best is not None and (isinstance(best, bool) or not isinstance(best, int | float)):
            raise StateDictError(f"{_LOAD}: 'best_score' must be a number or None, got {best!r}")
        counter = _count("counter", state_dict["counter"])
        self._progress = Progress(
            # ignite takes NaN for a best score; nothing would ever beat it
            best=None if best is None or math.isnan(best) else float(best),
            counter=counter,
            num_scores=_count("num_scores", state_dict.get("num_scores", self._rule.num_warmup)),
        )
        self._is_loaded = True

    def _begin(self, trainer: Engine[Any, Any]) -> None:
        """Count anew where a run of the trainer begins anew."""
        if trainer.state.iteration == 0 and not self._is_loaded and not trainer.is_rehearsing:
            self.reset()
        self._is_loaded &= trainer.is_rehearsing

    def _stop(self, reason: str) -> None:
        trainer = self._trainer()
        if trainer is not None:
            _LOGGER.info("%s; the run ends.", reason)
            trainer.terminate(reason=reason)


def _shown(best: float | None) -> str:
    return "none" if best is None else f"{best:.6g}"


def _count(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise StateDictError(f"{_LOAD}: {name!r} must be a whole number >= 0, got {value!r}")
    return value
