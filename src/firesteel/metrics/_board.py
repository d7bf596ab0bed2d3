"""All metrics of one engine: reset, updated, brought together over ranks and computed together."""

import copy
import operator
import weakref
from abc import abstractmethod
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

# Any: a board takes metrics of every type; `Metric.attach` ties their types to the engine's.
from typing import Any, Self, TypeAlias, final

import torch
from torch import Tensor
from typing_extensions import override

from firesteel.engine import Engine, MetricKey
from firesteel.errors import ArgumentError, ArgumentTypeError
from firesteel.events import EventEnum, FilteredEvent, RemovableEventHandle

from ._fields import HasFields
from ._padding import Padding, is_tuple
from ._ranks import ranks
from ._reduction import Agreement, held_together
from ._usage import MetricUsage

__all__ = ["Board", "Composed", "Computation", "Statistic", "holders_of", "parts_of"]

Transform: TypeAlias = Callable[[Any], Any]
AnyEngine: TypeAlias = Engine[Any, Any]
UsageEvent: TypeAlias = EventEnum | FilteredEvent[AnyEngine]


class Statistic(HasFields):
    """What several metrics may be computed from: declared state, added to by each batch.

    Statistics of equal keys that are given the same inputs hold the same, and are kept once.

    Args:
        device: Where the state is kept; ``None`` for where the inputs are.
    """

    def __init__(self, *, device: torch.device | str | None = None) -> None:
        self.device: torch.device | None = None if device is None else torch.device(device)

    @property
    @abstractmethod
    def key(self) -> Hashable:
        """The options: what decides what is seen in an input, besides the class."""

    @property
    def detail(self) -> int:
        """How much is kept: of several with one key the one with the most serves them all."""
        return 0

    def narrowed(self, detail: int) -> Self:
        """Give another one that has seen the same and keeps no more than this much.

        To be overridden where there is a :attr:`detail`, so that what a metric saves does not
        depend on what is attached beside it.

        Args:
            detail: How much; at most as much as is kept.
        """
        del detail  # nothing to leave out
        return self.copied()

    def reset(self) -> None:
        """Forget all inputs."""
        self.reset_fields(self.device)

    @abstractmethod
    def update(self, value: Any, /) -> None:
        """Take an input in."""

    def copied(self) -> Self:
        """Give another one that stands where this one stands."""
        other = copy.copy(self)
        other.write_fields(
            {
                name: value.clone() if isinstance(value, Tensor) else copy.copy(value)
                for name, value in self.read_fields().items()
            }
        )
        return other


class Computation(HasFields):
    """What a board sees of a metric.

    Args:
        own_transform: Gives the input from an engine's output, where nothing else is said.
        device: Where the state is kept; ``None`` for where the inputs are.
    """

    def __init__(
        self, own_transform: Transform | None, *, device: torch.device | str | None = None
    ) -> None:
        self.own_transform = own_transform
        self._device = None if device is None else torch.device(device)
        self.boards: weakref.WeakSet[Board] = weakref.WeakSet()

        if type(self).reset is Computation.reset and not self.declared_fields():
            raise ArgumentTypeError(
                f"{type(self).__name__}: must declare its state by field(...) or override reset"
            )

    @override
    def __getstate__(self) -> dict[str, object]:
        """Leave out what a copy has no part in: it is attached to no engine."""
        return {name: value for name, value in vars(self).items() if name != "boards"}

    def __setstate__(self, state: dict[str, object]) -> None:
        vars(self).update(state)
        self.boards = weakref.WeakSet()

    @property
    def device(self) -> torch.device | None:
        """Where the metric keeps its state; ``None`` for where the inputs are."""
        return self._device

    def reset(self) -> None:
        """Forget all inputs.

        Declared state begins anew by itself; a metric that keeps its state in other ways overrides
        this.
        """
        self.reset_fields(self._device)

    @abstractmethod
    def update(self, value: Any, /) -> None:
        """Take an input in."""

    @abstractmethod
    def compute(self) -> object:
        """Give the result."""

    def statistic_held(self) -> Statistic | None:
        """Give the statistic that the result is computed from, if it is one that can be shared."""
        return None

    def hold(self, statistic: Statistic) -> None:
        """Compute from another statistic from now on."""
        raise NotImplementedError

    def parts(self) -> Sequence[tuple["Computation", Transform | None]]:
        """Give the metrics that the result is made of, each with its own transform."""
        return ()

    def result(self, known: dict[int, object]) -> object:
        """Give the result; ``known`` has those that were computed for this moment already."""
        if id(self) not in known:
            known[id(self)] = self.compute()
        return known[id(self)]


@final
@dataclass(frozen=True, slots=True)
class Composed:
    """One transform behind another; equal where both are."""

    first: Transform
    second: Transform

    def __call__(self, output: Any) -> Any:
        return self.second(self.first(output))


@final
class Member:
    """One metric on one engine.

    Attributes:
        metric: The metric.
        transform: Gives the metric's input from the engine's output.
        keys: Where its result goes; none for what is only part of others.
        num_users: How many others it is part of.
    """

    __slots__ = ("keys", "metric", "num_users", "transform")

    def __init__(self, metric: Computation, transform: Transform | None) -> None:
        self.metric = metric
        self.transform = transform
        self.keys: list[MetricKey[object]] = []
        self.num_users = 0

    def value(self, output: Any) -> Any:
        """Give the metric's input."""
        return output if self.transform is None else self.transform(output)

    def computed(self, known: dict[int, object] | None = None) -> object:
        """Give the result; ``known`` has those that were computed for this moment already."""
        try:
            return self.metric.result({} if known is None else known)
        except Exception as error:
            error.add_note(f"firesteel: raised while {self} was computed")
            raise

    @override
    def __str__(self) -> str:
        names = ", ".join(repr(key.name) for key in self.keys) or "that is part of another"
        return f"the metric {names} ({type(self.metric).__name__})"


@final
class Updater:
    """Members that are updated by one update, since they need the same of the same inputs."""

    __slots__ = ("members", "statistic")

    def __init__(self, members: Sequence[Member], statistic: Statistic | None) -> None:
        self.members = list(members)
        self.statistic = statistic

    @override
    def __str__(self) -> str:
        return " and ".join(map(str, self.members))

    def reset(self, kept: Sequence[Member]) -> None:
        """Forget all inputs, but for those of some members."""
        if kept or self.statistic is None or not self._is_held():
            for member in self.members:
                if member not in kept:
                    member.metric.reset()
        else:
            self.statistic.reset()

    def update(self, output: Any, padding: Padding | None) -> "list[Updater]":
        """Take an output in; give members that part from the others here, updated as well."""
        first = self.members[0]
        whole = first.value(output)
        value = whole if padding is None else padding.without(whole)
        if self.statistic is None:
            first.metric.update(value)
            return []
        parting = [member for member in self.members if self._parts(member, first, output, whole)]
        if not parting:
            self.statistic.update(value)
            return []
        gone: list[Updater] = []
        for member in parting:
            held = member.metric.statistic_held()
            if held is self.statistic:
                held = self.statistic.copied()
                member.metric.hold(held)
            gone.append(Updater([member], held))
        self.members = [member for member in self.members if member not in parting]
        if self.members:
            self.statistic.update(value)
        for updater in gone:
            updater.update(output, padding)
        return gone

    def _parts(self, member: Member, first: Member, output: Any, value: Any) -> bool:
        """Tell whether a member was given another input, or was used by hand meanwhile."""
        if member.metric.statistic_held() is not self.statistic:
            return len(self.members) > 1 or self._follow(member)
        if member is first or member.transform == first.transform:
            return False
        return not _is_same(member.value(output), value)

    def _follow(self, member: Member) -> bool:
        """Go on with what a lone member holds now."""
        self.statistic = member.metric.statistic_held()
        return False

    def _is_held(self) -> bool:
        return all(member.metric.statistic_held() is self.statistic for member in self.members)


def _is_same(one: object, other: object) -> bool:
    """Tell whether two inputs are the same objects."""
    if one is other:
        return True
    if not is_tuple(one) or not is_tuple(other) or len(one) != len(other):
        return False
    return all(map(operator.is_, one, other))


@final
class Section:
    """The metrics of one engine that have one usage."""

    __slots__ = (
        "_is_fresh", "_is_planned", "_is_spread", "_padding", "_updaters", "members", "usage",
    )  # fmt: skip

    def __init__(self, usage: MetricUsage) -> None:
        self.usage = usage
        self.members: list[Member] = []
        self._updaters: list[Updater] = []
        self._is_planned = False
        self._is_spread: bool = False
        self._is_fresh = False
        self._padding: Padding | None = None

    def add(self, member: Member) -> None:
        """Take a metric in. In the middle of an epoch, it shares from the next reset on."""
        self.members.append(member)
        self._updaters += self._lone(member)
        self._is_planned = False

    def remove(self, member: Member) -> None:
        """Take a metric out."""
        self.members.remove(member)
        for updater in self._updaters:
            if member in updater.members:
                updater.members.remove(member)
        self._updaters = [updater for updater in self._updaters if updater.members]
        self._is_planned = False

    def reset(self, board: "Board", engine: AnyEngine) -> None:
        """Forget all inputs; what other engines have put off is computed before.

        A state that was loaded stays where a run goes on in the middle of what the usage spans.
        """
        for member in self.members:
            if len(member.metric.boards) > 1:
                for other in member.metric.boards:
                    if other is not board:
                        other.settle(member.metric)
        if self.usage.is_lazy:
            self._drop_results(engine)
        loaded = [member for member in self.members if member.metric.is_loaded]
        for member in loaded:
            member.metric.is_loaded = False
        kept = loaded if loaded and self.usage.goes_on(engine) else []
        for updater in self._updaters:
            updater.reset(kept)
        self._is_fresh = not kept
        self._is_planned = self._is_planned and not kept
        is_spread = ranks() is not None
        if is_spread != self._is_spread:
            self._is_planned, self._is_spread = False, is_spread
        if is_spread and self._is_fresh and not self._is_planned:
            # ranks have to send the same, and one may see no batch: decided without looking at one
            self._share(_have_one_transform)
        self._padding = Padding.of(engine)

    def _drop_results(self, engine: AnyEngine) -> None:
        for member in self.members:
            for key in member.keys:
                engine.state.metrics.drop(key)

    def update(self, engine: AnyEngine) -> None:
        """Take the engine's output in."""
        output = engine.state.output
        if self._is_fresh:
            self._is_fresh = False
            if not self._is_planned:
                self._share(_InputsOf(output))
        padding = self._padding
        if padding is not None and not padding.begins(engine):
            padding = None
        gone: list[Updater] = []
        for updater in self._updaters:
            try:
                gone += updater.update(output, padding)
            except Exception as error:
                error.add_note(
                    f"firesteel: raised while {updater} was updated on "
                    f"{self.usage.iteration_completed!r} of the engine {engine!r}"
                )
                raise
        if gone:
            self._updaters = [other for other in self._updaters if other.members] + gone
            self._is_planned = False  # whether they share again shows the next epoch

    def holders(self) -> Iterator[HasFields]:
        """Give where the state of the members is."""
        for member in self.members:
            yield from holders_of(member.metric)

    def record(self, engine: AnyEngine) -> None:
        """Compute the results, each once, and tell them to the engine."""
        known: dict[int, object] = {}
        for member in self.members:
            if member.keys:
                result = member.computed(known)
                for key in member.keys:
                    engine.state.metrics.record(key, result)

    def put_off(self, engine: AnyEngine) -> None:
        """Have the results computed when they are read."""
        for member in self.members:
            for key in member.keys:
                engine.state.metrics.record_later(key, member.computed)

    def _share(self, is_alike: "IsAlike") -> None:
        """Find out who needs the same of the same inputs; all states are as after a reset here."""
        self._is_planned = True
        candidates: dict[Hashable, list[Member]] = {}
        updaters: list[Updater] = []
        for member in self.members:
            statistic = member.metric.statistic_held()
            if statistic is None or len(member.metric.boards) > 1:
                updaters += self._lone(member)
            else:
                key = (type(statistic), statistic.device, statistic.key)
                candidates.setdefault(key, []).append(member)
        for members in candidates.values():
            updaters += _grouped(members, is_alike)
        self._updaters = updaters

    def _lone(self, member: Member) -> list[Updater]:
        return [] if member.metric.parts() else [Updater([member], member.metric.statistic_held())]


IsAlike: TypeAlias = Callable[[Member, Member], bool]
"""Tells whether two members are given the same inputs."""


def _have_one_transform(one: Member, other: Member) -> bool:
    return one.transform == other.transform


@final
class _InputsOf:
    """Tells whether two members are given the same objects, of one output."""

    def __init__(self, output: Any) -> None:
        self._output = output
        self._known: dict[int, Any] = {}

    def __call__(self, one: Member, other: Member) -> bool:
        return one.transform == other.transform or _is_same(self._input(one), self._input(other))

    def _input(self, member: Member) -> Any:
        if id(member) not in self._known:
            self._known[id(member)] = member.value(self._output)
        return self._known[id(member)]


def _grouped(members: Sequence[Member], is_alike: IsAlike) -> Iterator[Updater]:
    """Put members together that are given the same inputs."""
    groups: list[list[Member]] = []
    for member in members:
        for group in groups:
            if is_alike(group[0], member):
                group.append(member)
                break
        else:
            groups.append([member])
    taken: set[int] = set()
    for group in groups:
        held = [statistic for member in group if (statistic := member.metric.statistic_held())]
        most = max(held, key=lambda statistic: statistic.detail)
        if id(most) in taken:
            most = most.copied()
        taken.add(id(most))
        for member in group:
            member.metric.hold(most)
        yield Updater(group, most)


@final
class Slot:
    """What happens on one event, in this order: resets, updates, results."""

    __slots__ = ("agreement", "board", "completes", "handle", "resets", "updates")

    def __init__(self, board: "Board") -> None:
        self.board = weakref.ref(board)
        self.agreement = Agreement()
        self.handle: RemovableEventHandle | None = None
        self.resets: list[Section] = []
        self.updates: list[Section] = []
        self.completes: list[Section] = []

    def fire(self, engine: AnyEngine) -> None:
        """Do what is due on this event."""
        if self.resets and (board := self.board()) is not None:
            for section in self.resets:
                section.reset(board, engine)
        if self.updates:
            self._update(engine)
        if self.completes and (board := self.board()) is not None:
            board.complete(engine, self.completes, self.agreement)

    def _update(self, engine: AnyEngine) -> None:
        if torch.is_grad_enabled():
            with torch.no_grad():
                for section in self.updates:
                    section.update(engine)
        else:
            for section in self.updates:
                section.update(engine)


@final
class Board:
    """All metrics that are attached to one engine.

    Args:
        engine: The engine, which keeps the board.
    """

    def __init__(self, engine: AnyEngine) -> None:
        self._engine = weakref.ref(engine)
        self._sections: dict[MetricUsage, Section] = {}
        self._slots: dict[UsageEvent, Slot] = {}

    @classmethod
    def of(cls, engine: AnyEngine) -> "Board":
        """Give the board of an engine, made on first request."""
        return engine.companion(cls, lambda: cls(engine))

    def attach(
        self,
        engine: AnyEngine,
        metric: Computation,
        key: MetricKey[object],
        transform: Transform | None,
        usage: MetricUsage,
    ) -> None:
        """Put a metric on the engine, or give the one that is there another name.

        Raises:
            ArgumentError: The name is taken, or the metric has another usage or transform.
        """
        wanted = [(metric, transform), *parts_of(metric, transform)]
        for one, own in wanted:
            self._refuse_other(one, own, usage)
        engine.state.metrics.claim(key)
        try:
            section = self._section(engine, usage)
        except BaseException:
            engine.state.metrics.discard(key)
            raise
        members = [self._member(section, one, own) for one, own in wanted]
        if not members[0].keys:
            for part in members[1:]:
                part.num_users += 1
        members[0].keys.append(key)

    def detach(self, engine: AnyEngine, metric: Computation) -> None:
        """Take a metric off, with its results and what was there for its sake alone."""
        found = self._find(metric)
        if found is None or not found[1].keys:
            return
        section, member = found
        for key in member.keys:
            engine.state.metrics.discard(key)
        member.keys = []
        for part, _ in parts_of(metric, member.transform):
            there = self._find(part)
            if there is not None:
                there[1].num_users -= 1
                self._drop_unused(section, there[1])
        self._drop_unused(section, member)
        if not section.members:
            self._close(section)

    def is_attached(self, metric: Computation) -> bool:
        """Tell whether the results of a metric are told to the engine."""
        found = self._find(metric)
        return found is not None and bool(found[1].keys)

    def settle(self, metric: Computation) -> None:
        """Compute what was put off, before what it is computed from goes."""
        engine, found = self._engine(), self._find(metric)
        if engine is not None and found is not None:
            for key in found[1].keys:
                engine.state.metrics.settle(key)

    def complete(
        self, engine: AnyEngine, sections: Sequence[Section], agreement: Agreement
    ) -> None:
        """Give results: those that are put off when they are read, the others together now."""
        now: list[Section] = []
        for section in sections:
            if section.usage.is_lazy:
                section.put_off(engine)
            else:
                now.append(section)
        if now:
            held = {id(holder): holder for section in now for holder in section.holders()}
            with held_together(*held.values(), agreement=agreement):
                for section in now:
                    section.record(engine)

    def _refuse_other(
        self, metric: Computation, transform: Transform | None, usage: MetricUsage
    ) -> None:
        found = self._find(metric)
        if found is not None and (found[0].usage != usage or found[1].transform != transform):
            raise ArgumentError(
                f"{type(metric).__name__}: attached to this engine with another usage or transform "
                "already, and would be updated by both; make a second metric"
            )

    def _find(self, metric: Computation) -> tuple[Section, Member] | None:
        for section in self._sections.values():
            for member in section.members:
                if member.metric is metric:
                    return section, member
        return None

    def _member(self, section: Section, metric: Computation, transform: Transform | None) -> Member:
        found = self._find(metric)
        if found is not None:
            return found[1]
        member = Member(metric, transform)
        statistic = metric.statistic_held()
        if metric.boards and statistic is not None:
            metric.hold(statistic.copied())  # two engines share nothing
        metric.boards.add(self)
        section.add(member)
        return member

    def _drop_unused(self, section: Section, member: Member) -> None:
        if not member.keys and not member.num_users and member in section.members:
            section.remove(member)
            member.metric.boards.discard(self)
            statistic = member.metric.statistic_held()
            if statistic is not None:
                member.metric.hold(statistic.copied())

    def _section(self, engine: AnyEngine, usage: MetricUsage) -> Section:
        section = self._sections.get(usage)
        if section is None:
            section = Section(usage)
            started = self._slot(engine, usage.started)
            iteration_completed = self._slot(engine, usage.iteration_completed)
            completed = self._slot(engine, usage.completed)
            started.resets.append(section)
            iteration_completed.updates.append(section)
            completed.completes.append(section)
            self._sections[usage] = section
        return section

    def _slot(self, engine: AnyEngine, event: UsageEvent) -> Slot:
        slot = self._slots.get(event)
        if slot is None:
            slot = Slot(self)
            slot.handle = engine.add_event_handler(event, slot.fire)
            self._slots[event] = slot
        return slot

    def _close(self, section: Section) -> None:
        del self._sections[section.usage]
        for event, slot in list(self._slots.items()):
            for sections in (slot.resets, slot.updates, slot.completes):
                if section in sections:
                    sections.remove(section)
            if not slot.resets and not slot.updates and not slot.completes:
                if slot.handle is not None:
                    slot.handle.remove()
                del self._slots[event]


def holders_of(metric: Computation) -> Iterator[HasFields]:
    """Give where the state of a metric is: that of one made of others is with these."""
    if not metric.parts():
        yield metric.statistic_held() or metric
        return
    for part, _ in parts_of(metric, None):
        if not part.parts():
            yield part.statistic_held() or part


def parts_of(
    metric: Computation, transform: Transform | None
) -> Iterator[tuple[Computation, Transform | None]]:
    """Give all that a metric is made of, each once, with what gives its input."""
    seen: set[int] = set()
    waiting = [(metric, transform)]
    while waiting:
        one, outer = waiting.pop()
        for part, inner in one.parts():
            if id(part) not in seen:
                seen.add(id(part))
                own = inner if outer is None else outer if inner is None else Composed(outer, inner)
                waiting.append((part, own))
                yield part, own
