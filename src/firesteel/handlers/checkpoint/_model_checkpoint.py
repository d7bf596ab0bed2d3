"""Saving into a folder, with the objects given where the handler is attached."""

from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path

# Any: what is saved is nothing to the batches of the engine.
from typing import Any, Generic, final, overload

from typing_extensions import TypeVar, override

from firesteel.engine import Attachable, Engine, MetricKey
from firesteel.errors import ArgumentError
from firesteel.events import RemovableEventHandle
from firesteel.handlers._score import Score

from ._keeper import OWN_NAME, CheckpointTime, Keeper, check_to_save, name_of
from ._objects import StatefulTree
from ._place import as_path
from ._store import DiskSaver

__all__ = ["ModelCheckpoint"]

OutputT = TypeVar("OutputT", contravariant=True, default=object)


@final
class ModelCheckpoint(
    Attachable[OutputT, RemovableEventHandle, CheckpointTime, Mapping[str, StatefulTree]],
    Generic[OutputT],
):
    """Saves into a folder what it is given with the event, and keeps the latest or the best.

    As :class:`Checkpoint`, with a :class:`DiskSaver` of its own, and with the objects as a further
    argument of the handler: ``engine.add_event_handler(event, handler, {"model": model})``.

    Args:
        dirname: The folder.
        filename_prefix: Stands before each filename, with an underscore.
        score_function: The key of a metric, or a function of the engine; higher is better. ``None``
            for the latest.
        score_name: How the score is called in filenames.
        n_saved: How many are kept, ``>= 1``; ``None`` for all.
        require_empty: Whether a folder is refused in which there are checkpoints already. Where it
            is not, those of the same name count as kept.
        create_dir: Whether the folder is made where it is not there.
        global_step_transform: Gives the step from the engine.
        filename_pattern: Another pattern of filenames, see :class:`Checkpoint`.
        include_self: Whether what is kept is saved too, as ``checkpointer``.
        greater_or_equal: Whether a score that equals the lowest is enough.
        save_on_rank: The rank that saves, ``>= 0``.
        fsync: Whether a file is on the disk itself before it counts as saved.

    Raises:
        ArgumentTypeError: An argument is of another kind.
        ArgumentError: An argument is out of range, or the folder is not as it has to be.

    Example:
        >>> import tempfile, torch
        >>> from firesteel.engine import Engine
        >>> from firesteel.events import Events
        >>> from firesteel.handlers import ModelCheckpoint
        >>> model = torch.nn.Linear(1, 1)
        >>> trainer = Engine(lambda engine, batch: batch)
        >>> folder = tempfile.TemporaryDirectory()
        >>> handler = ModelCheckpoint(folder.name, "my")
        >>> handle = trainer.add_event_handler(Events.EPOCH_COMPLETED, handler, {"model": model})
        >>> state = trainer.run([1, 2, 3], max_epochs=2)
        >>> handler.last_checkpoint.name
        'my_model_6.pt'
        >>> folder.cleanup()
    """

    @overload
    def __init__(
        self: "ModelCheckpoint[object]",
        dirname: str | PathLike[str],
        filename_prefix: str = "",
        *,
        score_function: MetricKey[float] | None = None,
        score_name: str | None = None,
        n_saved: int | None = 1,
        require_empty: bool = False,
        create_dir: bool = True,
        global_step_transform: Callable[[Engine[Any, Any]], int] | None = None,
        filename_pattern: str | None = None,
        include_self: bool = False,
        greater_or_equal: bool = False,
        save_on_rank: int = 0,
        fsync: bool = True,
    ) -> None: ...
    @overload
    def __init__(
        self,
        dirname: str | PathLike[str],
        filename_prefix: str = "",
        *,
        score_function: Callable[[Engine[Any, OutputT]], float],
        score_name: str | None = None,
        n_saved: int | None = 1,
        require_empty: bool = False,
        create_dir: bool = True,
        global_step_transform: Callable[[Engine[Any, Any]], int] | None = None,
        filename_pattern: str | None = None,
        include_self: bool = False,
        greater_or_equal: bool = False,
        save_on_rank: int = 0,
        fsync: bool = True,
    ) -> None: ...
    def __init__(
        self,
        dirname: str | PathLike[str],
        filename_prefix: str = "",
        *,
        score_function: Score[OutputT] | None = None,
        score_name: str | None = None,
        n_saved: int | None = 1,
        require_empty: bool = False,
        create_dir: bool = True,
        global_step_transform: Callable[[Engine[Any, Any]], int] | None = None,
        filename_pattern: str | None = None,
        include_self: bool = False,
        greater_or_equal: bool = False,
        save_on_rank: int = 0,
        fsync: bool = True,
    ) -> None:
        self._own_name = OWN_NAME if include_self else None
        self._name: str | None = None
        self._keeper: Keeper[OutputT] = Keeper(
            "ModelCheckpoint",
            DiskSaver(
                dirname,
                create_dir=create_dir,
                require_empty=require_empty,
                save_on_rank=save_on_rank,
                fsync=fsync,
            ),
            filename_prefix=filename_prefix,
            score_function=score_function,
            score_name=score_name,
            n_saved=n_saved,
            global_step_transform=global_step_transform,
            filename_pattern=filename_pattern,
            greater_or_equal=greater_or_equal,
            save_on_rank=save_on_rank,
        )

    def __call__(
        self,
        engine: Engine[Any, OutputT],
        to_save: Mapping[str, StatefulTree],
        /,
        *_: BaseException,
    ) -> None:
        """Save where it is due.

        Args:
            engine: The engine.
            to_save: What is saved, by name; of the same names each time.

        Raises:
            ArgumentError: There is nothing in it, or it has other names than before.
            ArgumentTypeError: It is no mapping of names to things with a state.
        """
        self._check(to_save)
        self._keeper.save(engine, to_save, own_name=self._own_name)

    def attach(
        self,
        engine: Engine[Any, OutputT],
        event: CheckpointTime,
        *,
        to_save: Mapping[str, StatefulTree],
    ) -> RemovableEventHandle:
        """Save whenever an event of an engine fires; see :meth:`Checkpoint.attach`.

        Args:
            engine: The engine.
            event: When.
            to_save: What is saved, by name.
        """
        self._check(to_save)
        name = name_of(to_save)

        def save(engine: Engine[Any, OutputT], /, *_: BaseException) -> None:
            self._keeper.save(engine, to_save, own_name=self._own_name)

        return self._keeper.attach(engine, event, name, save)

    @override
    def attach_to(
        self,
        engine: Engine[Any, OutputT],
        event: CheckpointTime,
        to_save: Mapping[str, StatefulTree],
    ) -> RemovableEventHandle:
        """Attach; :meth:`firesteel.engine.Engine.attach` calls this.

        Args:
            engine: The engine.
            event: When to save.
            to_save: What is saved, by name.
        """
        return self.attach(engine, event, to_save=to_save)

    @property
    def last_checkpoint(self) -> Path | None:
        """The path of what was saved last, once something was saved or attached."""
        return None if self._name is None else as_path(self._keeper.latest(self._name))

    @property
    def best_checkpoint(self) -> Path | None:
        """The path of what has the highest score, once something was saved or attached."""
        return None if self._name is None else as_path(self._keeper.best(self._name))

    def _check(self, to_save: Mapping[str, StatefulTree]) -> None:
        check_to_save("ModelCheckpoint", to_save, own_name=self._own_name)
        if not to_save:
            raise ArgumentError("ModelCheckpoint: to_save must hold something, got nothing")
        name = name_of(to_save)
        if self._name not in {None, name}:
            raise ArgumentError(
                f"ModelCheckpoint: saves {self._name!r} already, got {name!r}; make a handler for "
                "each"
            )
        self._name = name
