"""Saving objects while an engine runs, and keeping the latest or the best."""

from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path

# Any: what is saved is nothing to the batches of the engine.
from typing import Any, ClassVar, Generic, final, overload

from typing_extensions import TypeVar, override

from firesteel._require import is_a, mismatch
from firesteel.engine import Attachable, Engine, MetricKey
from firesteel.errors import ArgumentError, MissingCheckpointError
from firesteel.events import PayloadEvent, RemovableEventHandle
from firesteel.handlers._score import Score, score_reader

from ._events import SAVED_CHECKPOINT, SavedCheckpoint
from ._keeper import OWN_NAME, CheckpointTime, Keeper, check_to_save, name_of
from ._names import default_pattern
from ._objects import StatefulTree, load_objects
from ._place import SaveFunction, as_saver
from ._saving import BaseSaveHandler

__all__ = ["Checkpoint"]

OutputT = TypeVar("OutputT", contravariant=True, default=object)


@final
class Checkpoint(Attachable[OutputT, RemovableEventHandle, CheckpointTime], Generic[OutputT]):
    """Saves objects whenever an event fires, and keeps the latest or the best of what it saved.

    Without a score it keeps the latest ``n_saved`` and saves each time. With one it keeps those of
    the highest scores, and saves where fewer are kept or the score is above the lowest of them; a
    score that is NaN is never saved, which is logged. Of equal scores the one that was saved first
    stays, unless ``greater_or_equal`` is set. What would replace a file of its own name has to beat
    that one.

    Where a :class:`TerminateOnNan` of the engine has found a number that is not finite, nothing is
    saved any more in that run.

    The new checkpoint is in place before an old one is removed. Where saving fails, what was there
    is there still, the error goes to the run, and the next save works.

    What is kept is found out from the saver: a checkpoint in a new process goes on where the one
    before was killed, and exactly ``n_saved`` are kept. These are the files that were saved under
    the same prefix, name and score name, whoever did it: give each experiment a folder of its own.

    The files are called as ignite calls them::

        score_function  score_name  global_step_transform   filename
        no              no          no                      name_{iteration}.pt
        no              no          yes                     name_{step}.pt
        yes             no          no                      name_{score}.pt
        yes             no          yes                     name_{step}_{score}.pt
        yes             yes         no                      name_{score_name}={score}.pt
        yes             yes         yes                     name_{step}_{score_name}={score}.pt

    ``name`` is the key of ``to_save`` where it has one, else ``checkpoint``, and stands behind
    ``filename_prefix``. The iteration is the number of iterations that are done.

    With several ranks every rank attaches it. ``save_on_rank`` decides and writes; all ranks are
    told, in one broadcast before and one after, so that they agree and none goes on where saving
    failed. The states are read on all ranks, as what lies on several has to be brought together. A
    :class:`ShardedSaver` writes on all of them.

    In a rehearsal a checkpoint is written and removed again, whatever is kept.

    Args:
        to_save: What is saved, by name: models, optimizers, schedulers, the engine, loaders.
        save_handler: A folder, a saver, or a function of the checkpoint, its filename and its
            metadata, which is called once for each.
        filename_prefix: Stands before each filename, with an underscore.
        score_function: The key of a metric, or a function of the engine; higher is better. ``None``
            for the latest.
        score_name: How the score is called in filenames.
        n_saved: How many are kept, ``>= 1``; ``None`` for all.
        global_step_transform: Gives the step from the engine, as
            :func:`~firesteel.handlers.global_step_from_engine` does.
        filename_pattern: Another pattern of filenames: in braces may stand ``filename_prefix``,
            ``name``, ``ext``, ``score_name``, ``score`` and ``global_step``, with formats as in
            ``{global_step:06d}``.
        include_self: Whether what is kept is saved too, as ``checkpointer``.
        greater_or_equal: Whether a score that equals the lowest is enough.
        save_on_rank: The rank that saves, ``>= 0``. A saver that has a ``save_on_rank`` of its own
            has to have the same.

    Attributes:
        SAVED_CHECKPOINT: Fired on all ranks once a checkpoint was handed to its saver and is in
            place; with an :class:`AsyncSaver`, once it was copied. Handlers take
            ``(engine, saved)``, a :class:`SavedCheckpoint`. The engine knows it from
            :meth:`attach` on, or by ``engine.register_events``.

    Raises:
        ArgumentTypeError: An argument is of another kind.
        ArgumentError: A number is out of range, ``score_name`` has no score, a pattern has parts
            that are unknown or never there, or ``to_save`` has the name that ``include_self`` uses.

    Example:
        >>> import torch
        >>> from firesteel.engine import Engine
        >>> from firesteel.events import Events
        >>> from firesteel.handlers import Checkpoint, MemorySaver
        >>> model = torch.nn.Linear(1, 1)
        >>> trainer = Engine(lambda engine, batch: batch)
        >>> checkpoint = Checkpoint({"model": model}, MemorySaver(), n_saved=2)
        >>> handle = checkpoint.attach(trainer, Events.EPOCH_COMPLETED)
        >>> state = trainer.run([1, 2, 3], max_epochs=4)
        >>> checkpoint.kept
        ('model_9.pt', 'model_12.pt')
    """

    SAVED_CHECKPOINT: ClassVar[PayloadEvent[SavedCheckpoint]] = SAVED_CHECKPOINT

    @overload
    def __init__(
        self: "Checkpoint[object]",
        to_save: Mapping[str, StatefulTree],
        save_handler: str | PathLike[str] | BaseSaveHandler | SaveFunction,
        *,
        filename_prefix: str = "",
        score_function: MetricKey[float] | None = None,
        score_name: str | None = None,
        n_saved: int | None = 1,
        global_step_transform: Callable[[Engine[Any, Any]], int] | None = None,
        filename_pattern: str | None = None,
        include_self: bool = False,
        greater_or_equal: bool = False,
        save_on_rank: int = 0,
    ) -> None: ...
    @overload
    def __init__(
        self,
        to_save: Mapping[str, StatefulTree],
        save_handler: str | PathLike[str] | BaseSaveHandler | SaveFunction,
        *,
        filename_prefix: str = "",
        score_function: Callable[[Engine[Any, OutputT]], float],
        score_name: str | None = None,
        n_saved: int | None = 1,
        global_step_transform: Callable[[Engine[Any, Any]], int] | None = None,
        filename_pattern: str | None = None,
        include_self: bool = False,
        greater_or_equal: bool = False,
        save_on_rank: int = 0,
    ) -> None: ...
    def __init__(
        self,
        to_save: Mapping[str, StatefulTree],
        save_handler: str | PathLike[str] | BaseSaveHandler | SaveFunction,
        *,
        filename_prefix: str = "",
        score_function: Score[OutputT] | None = None,
        score_name: str | None = None,
        n_saved: int | None = 1,
        global_step_transform: Callable[[Engine[Any, Any]], int] | None = None,
        filename_pattern: str | None = None,
        include_self: bool = False,
        greater_or_equal: bool = False,
        save_on_rank: int = 0,
    ) -> None:
        self._own_name = OWN_NAME if include_self else None
        check_to_save("Checkpoint", to_save, own_name=self._own_name)
        self._to_save = dict(to_save)
        self._name = name_of(to_save)
        self._keeper: Keeper[OutputT] = Keeper(
            "Checkpoint",
            as_saver(save_handler, save_on_rank=save_on_rank),
            filename_prefix=filename_prefix,
            score_function=score_function,
            score_name=score_name,
            n_saved=n_saved,
            global_step_transform=global_step_transform,
            filename_pattern=filename_pattern,
            greater_or_equal=greater_or_equal,
            save_on_rank=save_on_rank,
        )

    def __call__(self, engine: Engine[Any, OutputT], /, *_: BaseException) -> None:
        """Save where it is due: a handler of any event, ``EXCEPTION_RAISED`` too.

        Args:
            engine: The engine.
        """
        self._keeper.save(engine, self._to_save, own_name=self._own_name)

    def attach(self, engine: Engine[Any, OutputT], event: CheckpointTime) -> RemovableEventHandle:
        """Save whenever an event of an engine fires.

        The engine knows :attr:`SAVED_CHECKPOINT` from here on, and waits for an
        :class:`AsyncSaver` at the end of its runs.

        Args:
            engine: The engine.
            event: When, bare or filtered: ``EPOCH_COMPLETED``, ``ITERATION_COMPLETED(every=100)``,
                ``EXCEPTION_RAISED``. Unless the event has a priority it saves behind other
                handlers, so that it sees what they compute.

        Returns:
            The way to have it save no more.

        Raises:
            UnknownEventError: The engine does not know the event.
            ArgumentError: Another one of this engine saves under the same name into the same place.
        """
        return self._keeper.attach(engine, event, self._name, self)

    @override
    def attach_to(
        self, engine: Engine[Any, OutputT], event: CheckpointTime
    ) -> RemovableEventHandle:
        """Attach; :meth:`firesteel.engine.Engine.attach` calls this.

        Args:
            engine: The engine.
            event: When to save.
        """
        return self.attach(engine, event)

    @property
    def kept(self) -> tuple[str, ...]:
        """The filenames of what is kept, in the order in which it was saved."""
        return tuple(one.filename for one in self._keeper.inventory.kept(self._name))

    @property
    def last_checkpoint(self) -> Path | str | None:
        """What was saved last, if anything is kept: a path where it lies in a folder, else a name.

        In ignite this is the best one, see :attr:`best_checkpoint`.
        """
        return self._keeper.latest(self._name)

    @property
    def best_checkpoint(self) -> Path | str | None:
        """What has the highest score, if anything is kept; without scores, what was saved last.

        Of equal scores the first, as it was never beaten; the last with ``greater_or_equal``.
        """
        return self._keeper.best(self._name)

    def reset(self) -> None:
        """Forget what is kept; it stays where it is, and is never removed."""
        self._keeper.inventory.reset()

    def state_dict(self) -> dict[str, object]:
        """Give what is kept.

        Returns:
            ``"saved"``: lists of priority and filename, in the order in which they were saved.
            ``"num_saves"``: how often was saved.
        """
        return self._keeper.inventory.state_dict()

    def load_state_dict(self, state_dict: Mapping[str, object], /) -> None:
        """Take what another one kept; where there is a saver, it is asked for what is there still.

        Args:
            state_dict: What :meth:`state_dict` gave.

        Raises:
            StateDictError: An entry is missing, unknown or of another kind.
            ArgumentTypeError: It is no mapping.
        """
        self._keeper.inventory.load_state_dict(state_dict)

    @staticmethod
    def load_objects(
        to_load: Mapping[str, StatefulTree],
        checkpoint: Mapping[str, object] | str | PathLike[str],
        *,
        strict: bool = True,
        allow_foreign: bool = False,
    ) -> None:
        """Put a checkpoint into objects, all or none; :func:`~firesteel.handlers.load_objects`.

        Args:
            to_load: The objects, by the names that they were saved under.
            checkpoint: A checkpoint, or the path of its file.
            strict: Whether the entries of a model have to be exactly those that were saved.
            allow_foreign: Whether a file may be one that ``torch.save`` or ignite wrote.

        Raises:
            CheckpointError: It cannot be read, or does not fit.
        """
        load_objects(to_load, checkpoint, strict=strict, allow_foreign=allow_foreign)

    def reload_objects(
        self,
        to_load: Mapping[str, StatefulTree],
        *,
        global_step: int | None = None,
        strict: bool = True,
    ) -> None:
        """Put a checkpoint that is kept into objects, all or none.

        Args:
            to_load: The objects, by the names that they were saved under.
            global_step: The step of the checkpoint; ``None`` for the best, which without scores is
                the last.
            strict: Whether the entries of a model have to be exactly those that were saved.

        Raises:
            MissingCheckpointError: None is kept, or none of that step.
            ArgumentTypeError: The checkpoints go to a function, which cannot load.
            CheckpointError: It cannot be read, or does not fit.
        """
        saver = self._keeper.saver
        where = "Checkpoint.reload_objects"
        is_a(where, "save_handler", saver, BaseSaveHandler, "a folder or a saver")
        filename = self._keeper.find(self._name, global_step=global_step)
        if filename is None:
            raise MissingCheckpointError(
                f"{where}: one must be kept"
                + ("" if global_step is None else f" of step {global_step}")
                + f", got {', '.join(self.kept) or 'none'}"
            )
        if isinstance(saver, BaseSaveHandler):
            load_objects(to_load, saver.load(filename, map_location="cpu"), strict=strict)

    @staticmethod
    def setup_filename_pattern(
        *,
        with_prefix: bool = True,
        with_score: bool = True,
        with_score_name: bool = True,
        with_global_step: bool = True,
    ) -> str:
        """Give a pattern of filenames of some parts: the one that is used where none is given.

        Args:
            with_prefix: Whether the prefix stands first.
            with_score: Whether the score is part of it.
            with_score_name: Whether the score's name stands before it.
            with_global_step: Whether the step is part of it.

        Raises:
            ArgumentError: Neither score nor step is part of it, or the score's name without the
                score.

        Example:
            >>> from firesteel.handlers import Checkpoint
            >>> Checkpoint.setup_filename_pattern(with_score=False, with_score_name=False)
            '{filename_prefix}_{name}_{global_step}.{ext}'
        """
        return default_pattern(
            with_prefix=with_prefix,
            with_score=with_score,
            with_score_name=with_score_name,
            with_global_step=with_global_step,
        )

    @staticmethod
    def get_default_score_fn(
        key: MetricKey[float], *, score_sign: float = 1.0
    ) -> Callable[[Engine[Any, object]], float]:
        """Give a score function that reads a metric, with its sign turned where lower is better.

        Args:
            key: The key that attaching the metric returned.
            score_sign: 1, or -1 for a metric of which lower is better.

        Raises:
            ArgumentError: ``score_sign`` is neither.
            ArgumentTypeError: ``key`` is no key.

        Example:
            >>> from firesteel.engine import Engine
            >>> from firesteel.handlers import Checkpoint
            >>> from firesteel.metrics import Average
            >>> evaluator = Engine(lambda engine, loss: loss * 1.0)
            >>> loss = evaluator.attach(Average(), "loss")
            >>> score = Checkpoint.get_default_score_fn(loss, score_sign=-1)
            >>> state = evaluator.run([1.0, 3.0])
            >>> score(evaluator)
            -2.0
        """
        where = "Checkpoint.get_default_score_fn"
        is_a(where, "key", key, MetricKey, "the key of a metric")
        if score_sign not in {1, -1}:
            raise ArgumentError(mismatch(where, "score_sign", "1 or -1", score_sign))
        read: Callable[[Engine[Any, object]], float] = score_reader(where, key)
        return lambda engine: score_sign * read(engine)
