"""What saves and keeps: the part that ``Checkpoint`` and ``ModelCheckpoint`` have in common."""

import logging
import math
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

# Any: what is saved is nothing to the batches of the engine.
from typing import Any, Final, Generic, Protocol, TypeAlias, final

from typing_extensions import TypeIs, TypeVar

from firesteel._require import at_least, is_a, is_callable, mismatch, whole_number
from firesteel.engine import Engine
from firesteel.errors import ArgumentError, ArgumentTypeError
from firesteel.events import (
    EventLike,
    FilteredPayloadEvent,
    PayloadEvent,
    PayloadEventLike,
    RemovableEventHandle,
)
from firesteel.handlers._finiteness import Finiteness
from firesteel.handlers._order import SAVING, placed
from firesteel.handlers._score import Score, score_reader
from firesteel.protocols import Stateful

from ._async import AsyncSaver
from ._collective import CollectiveSaver
from ._events import SAVED_CHECKPOINT, SavedCheckpoint
from ._gathered import gather_shards, kept_on
from ._inventory import Inventory
from ._keep import Kept, Plan, best, plan
from ._manifest import is_mapping
from ._names import Naming
from ._objects import StatefulTree, collect_states
from ._place import SaveFunction, is_same_place, located
from ._ranks import on_one_rank
from ._saving import BaseSaveHandler, CheckpointMetadata

__all__ = ["OWN_NAME", "CheckpointTime", "Keeper", "check_to_save", "name_of"]

OutputT = TypeVar("OutputT", contravariant=True, default=object)

OWN_NAME: Final = "checkpointer"
"""The name of what ``include_self`` saves."""

CheckpointTime: TypeAlias = EventLike[Any] | PayloadEventLike[BaseException, Any]
"""When to save: an event, bare, filtered or several; or ``EXCEPTION_RAISED``."""


class Saves(Protocol[OutputT]):
    """A handler of events with an exception, and of those without."""

    def __call__(self, engine: Engine[Any, OutputT], /, *_: BaseException) -> object:
        """Save where it is due."""
        ...


@final
@dataclass(frozen=True, slots=True)
class Decision:
    """What the saving rank has decided, for all ranks."""

    filename: str
    metadata: CheckpointMetadata
    plan: Plan


@final
class Keepers:
    """Who saves for one engine, so that two do not save the same into one place."""

    def __init__(self) -> None:
        self.members: weakref.WeakSet[Keeper[Any]] = weakref.WeakSet()


@final
class Keeper(Generic[OutputT]):
    """Decides, saves, and removes; see :class:`Checkpoint` for what the arguments mean."""

    def __init__(
        self,
        where: str,
        saver: BaseSaveHandler | SaveFunction,
        *,
        filename_prefix: str,
        score_function: Score[OutputT] | None,
        score_name: str | None,
        n_saved: int | None,
        global_step_transform: Callable[[Engine[Any, Any]], int] | None,
        filename_pattern: str | None,
        greater_or_equal: bool,
        save_on_rank: int,
    ) -> None:
        if not isinstance(saver, BaseSaveHandler):
            is_callable(where, "save_handler", saver)
        if global_step_transform is not None:
            is_callable(where, "global_step_transform", global_step_transform)
        self._where = where
        self._saver = saver
        self._save_on_rank = at_least(where, "save_on_rank", save_on_rank, 0)
        self._n_saved = None if n_saved is None else at_least(where, "n_saved", n_saved, 1)
        self._read_score = None if score_function is None else score_reader(where, score_function)
        self._read_step = global_step_transform
        self._greater_or_equal = greater_or_equal
        self._naming = Naming(
            where,
            prefix=filename_prefix,
            score_name=score_name,
            has_score=score_function is not None,
            has_step=score_function is None or global_step_transform is not None,
            template=filename_pattern,
        )
        self._inventory = Inventory(
            where, saver if isinstance(saver, BaseSaveHandler) else None, self._naming
        )
        self._logger = logging.getLogger("firesteel.handlers")
        self._num_failures = 0
        self._identities: set[tuple[str, str | None]] = set()

    @property
    def inventory(self) -> Inventory:
        """What is kept, asked of the saver anew where a save failed since."""
        if isinstance(self._saver, AsyncSaver):
            num_failures = self._saver.num_failures
            if num_failures != self._num_failures:
                self._num_failures = num_failures
                self._inventory.doubt()
        return self._inventory

    @property
    def saver(self) -> BaseSaveHandler | SaveFunction:
        """Where it goes."""
        return self._saver

    def latest(self, name: str) -> Path | str | None:
        """Give what was saved last."""
        kept = self.inventory.kept(name)
        return located(self._saver, kept[-1].filename) if kept else None

    def best(self, name: str) -> Path | str | None:
        """Give what has the highest priority."""
        found = best(self.inventory.kept(name), greater_or_equal=self._greater_or_equal)
        return None if found is None else located(self._saver, found.filename)

    def find(self, name: str, *, global_step: int | None) -> str | None:
        """Give the filename of what is kept of a step, or of the best."""
        kept = self.inventory.kept(name)
        if global_step is None or not isinstance(self._saver, BaseSaveHandler):
            found = best(kept, greater_or_equal=self._greater_or_equal)
            return None if found is None else found.filename
        steps = {one.filename: self._saver.metadata(one.filename).global_step for one in kept}
        return next((name for name, step in steps.items() if step == global_step), None)

    def register(self, engine: Engine[Any, OutputT], name: str) -> bool:
        """Make the event known to an engine; refuse another keeper that saves the same.

        Args:
            engine: The engine.
            name: What is saved.

        Returns:
            Whether it is the first time.

        Raises:
            ArgumentError: Another one saves under the same name into the same place.
        """
        engine.register_events(SAVED_CHECKPOINT)
        full_name = self._naming.full_name(name)
        identity = (full_name, self._naming.score_name)
        members = engine.companion(Keepers, Keepers).members
        if any(one is not self and one.collides(self._saver, identity) for one in members):
            raise ArgumentError(
                f"{self._where}: another one of this engine saves {full_name!r} into the same "
                "place, and each would remove what the other keeps; give one of them a "
                "filename_prefix or a place of its own"
            )
        is_new = self not in members
        members.add(self)
        self._identities.add(identity)
        return is_new

    def collides(
        self, saver: BaseSaveHandler | SaveFunction, identity: tuple[str, str | None]
    ) -> bool:
        """Tell whether files of that identity would be taken for those of this one.

        Args:
            saver: Where they go.
            identity: Their name, with the prefix, and how their score is called.
        """
        return identity in self._identities and is_same_place(self._saver, saver)

    def attach(
        self,
        engine: Engine[Any, OutputT],
        event: CheckpointTime,
        name: str,
        call: "Saves[OutputT]",
    ) -> RemovableEventHandle:
        """Have a function called whenever an event fires, and wait for what it saves in the end.

        Args:
            engine: The engine.
            event: When.
            name: What is saved.
            call: The function that saves.
        """
        self.register(engine, name)
        handle = add_to(engine, placed(event, SAVING), call)
        # behind the save, so that what is saved at the end of a run is waited for
        saver = self._saver
        return handle + saver.attach(engine) if isinstance(saver, AsyncSaver) else handle

    def save(
        self,
        engine: Engine[Any, OutputT],
        to_save: Mapping[str, StatefulTree],
        *,
        own_name: str | None = None,
    ) -> None:
        """Save where it is due, and remove what is then too much.

        Args:
            engine: The engine, which scores and steps are read off.
            to_save: What is saved.
            own_name: Under which name what is kept is saved too, if it is.
        """
        name = name_of(to_save)
        is_new = self.register(engine, name)
        score = None if self._read_score is None else self._read_score(engine)
        step = self._step(engine)
        if engine.is_rehearsing:
            self._rehearse(to_save, name)
            return
        decision = on_one_rank(
            self._where, lambda: self._decide(engine, name, score, step), rank=self._save_on_rank
        )
        if decision is None:
            return
        states = self._collect(to_save)
        if own_name is not None:
            states[own_name] = self.inventory.state_dict(decision.plan.kept)
        try:
            self._put(states, decision)
        except BaseException:
            # it may have got anywhere; and that of an AsyncSaver may be of an earlier save
            self.inventory.doubt()
            raise
        self.inventory.keep(decision.plan.kept)
        saver = self._saver
        if is_new and isinstance(saver, AsyncSaver):
            # nobody called attach: this may be the end of the run, and too late to wait at
            saver.wait()
            saver.attach(engine)
        engine.fire_event(
            SAVED_CHECKPOINT,
            SavedCheckpoint(
                filename=decision.filename,
                metadata=decision.metadata,
                saver=saver if isinstance(saver, BaseSaveHandler) else None,
            ),
        )

    def _decide(
        self, engine: Engine[Any, OutputT], name: str, score: float | None, step: int | None
    ) -> Decision | None:
        """Decide, on the saving rank."""
        if not Finiteness.of(engine).holds(engine):
            self._logger.warning(
                "%s: a number in the output is not finite; nothing is saved", self._where
            )
            return None
        if isinstance(self._saver, AsyncSaver) and self._saver.skips:
            self._logger.info("%s: skipped a save, as one is in flight", self._where)
            return None
        self.inventory.remove_left_over(name, n_saved=self._n_saved)
        if score is not None and math.isnan(score):
            self._logger.warning("%s: the score is NaN; nothing is saved", self._where)
            return None
        filename = self._naming.filename(name, score=score, global_step=step)
        priority = float(self.inventory.num_saves + 1) if score is None else score
        decided = plan(
            self.inventory.kept(name),
            Kept(priority, filename),
            n_saved=self._n_saved,
            greater_or_equal=self._greater_or_equal,
        )
        if decided is None:
            return None
        metadata = CheckpointMetadata(
            name=self._naming.full_name(name),
            global_step=step,
            score=score,
            score_name=self._naming.score_name,
            priority=priority,
        )
        return Decision(filename, metadata, decided)

    def _collect(self, to_save: Mapping[str, StatefulTree]) -> dict[str, object]:
        if isinstance(self._saver, CollectiveSaver):
            return collect_states(to_save)
        asked = kept_on(self._save_on_rank, to_save)
        return {name: gather_shards(state) for name, state in collect_states(asked).items()}

    def _put(self, states: Mapping[str, object], decision: Decision) -> None:
        """Save, and only then remove."""
        saver = self._saver
        if isinstance(saver, CollectiveSaver):
            saver.save(states, decision.filename, decision.metadata)

        def put() -> None:
            if not isinstance(saver, BaseSaveHandler):
                saver(states, decision.filename, decision.metadata)
                return
            if not isinstance(saver, CollectiveSaver):
                saver.save(states, decision.filename, decision.metadata)
            for filename in decision.plan.removed:
                saver.remove(filename)

        on_one_rank(self._where, put, rank=self._save_on_rank)

    def _rehearse(self, to_save: Mapping[str, StatefulTree], name: str) -> None:
        """Write, and remove again: to see that it can be done. A function is not asked to."""
        states, saver = self._collect(to_save), self._saver
        if not isinstance(saver, BaseSaveHandler):
            return
        metadata = CheckpointMetadata(name=f"rehearsal_{self._naming.full_name(name)}")
        decision = Decision(f"{metadata.name}.pt", metadata, Plan((), (f"{metadata.name}.pt",)))
        self._put(states, decision)

    def _step(self, engine: Engine[Any, OutputT]) -> int | None:
        if self._read_step is None:
            return None if self._read_score is not None else engine.state.completed_iterations
        return whole_number(self._where, "the global step", self._read_step(engine))


def add_to(
    engine: Engine[Any, OutputT], event: CheckpointTime, call: Saves[OutputT]
) -> RemovableEventHandle:
    """Add a handler to an event of either kind, which to type checkers are two."""
    if isinstance(event, PayloadEvent | FilteredPayloadEvent):
        return engine.add_event_handler(event, call)
    return engine.add_event_handler(event, call)


def name_of(to_save: Mapping[str, StatefulTree]) -> str:
    """Give what a checkpoint of these is called: as the only one of them, else ``checkpoint``."""
    return next(iter(to_save)) if len(to_save) == 1 else "checkpoint"


def check_to_save(where: str, to_save: Mapping[str, StatefulTree], *, own_name: str | None) -> None:
    """Refuse what cannot be saved.

    Args:
        where: Who saves, for errors.
        to_save: What is saved.
        own_name: The name that is taken, if any.

    Raises:
        ArgumentTypeError: It is no mapping of names to things with a state.
        ArgumentError: It has the name that is taken.
    """
    is_a(where, "to_save", to_save, Mapping, "a mapping of names to what is saved")
    if own_name in to_save:
        raise ArgumentError(
            f"{where}: to_save must not have {own_name!r}, which include_self uses; give it "
            "another name"
        )
    for name, one in to_save.items():
        is_a(where, "each name in to_save", name, str, "a string")
        _check_tree(where, f"to_save[{name!r}]", one)


def _check_tree(where: str, what: str, tree: object) -> None:
    if isinstance(tree, Stateful):
        return
    if is_mapping(tree):
        for name, one in tree.items():
            _check_tree(where, f"{what}[{name!r}]", one)
    elif _is_list(tree):
        for place, one in enumerate(tree):
            _check_tree(where, f"{what}[{place}]", one)
    else:
        condition = "something with state_dict and load_state_dict, or a mapping or list of such"
        raise ArgumentTypeError(mismatch(where, what, condition, tree))


def _is_list(value: object) -> TypeIs[list[object] | tuple[object, ...]]:
    return isinstance(value, list | tuple)
