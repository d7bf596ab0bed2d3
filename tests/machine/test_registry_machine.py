"""A channel beside a list of handlers that are all asked at every count."""

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from firesteel.events import (
    Channel,
    CountFilter,
    Entry,
    Events,
    Registry,
    RemovableEventHandle,
    filtered,
)

Call: TypeAlias = Callable[[list[int]], object]


def every(number: int, after: int | None, before: int | None) -> CountFilter:
    made = filtered(Events.STARTED, every=number, after=after, before=before).filter
    assert isinstance(made, CountFilter)
    return made


def once(counts: list[int]) -> CountFilter:
    made = filtered(Events.STARTED, once=counts).filter
    assert isinstance(made, CountFilter)
    return made


COUNTS: Final = st.integers(0, 12)
FILTERS: Final = st.one_of(
    st.none(),
    st.builds(every, st.integers(1, 5), st.none() | COUNTS, st.none() | COUNTS),
    st.builds(once, st.lists(st.integers(1, 20), min_size=1, max_size=3)),
)


class ChannelMachine(RuleBasedStateMachine):
    """Adds, removes and fires; the model is the list of those that are there, in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.num_changes = 0
        self.num_added = 0
        self.registry: Registry[list[int]] = Registry(self.note_change)
        self.registry.register("Test", [Events.STARTED])
        self.channel: Channel[Call] = self.registry.plain("Test", Events.STARTED)
        self.model: list[Entry[Call]] = []
        self.numbers: dict[Entry[Call], int] = {}
        self.count = 0
        self.under_way: tuple[Sequence[Call], list[int]] | None = None

    def note_change(self) -> None:
        self.num_changes += 1

    def put(self, entry: Entry[Call]) -> None:
        self.model.append(entry)
        self.model.sort(key=lambda other: -other.priority)

    def due(self, count: int) -> list[int]:
        return [
            self.numbers[entry]
            for entry in self.model
            if entry.filter is None or entry.filter.fires(count)
        ]

    def called(self, calls: Sequence[Call]) -> list[int]:
        log: list[int] = []
        for call in calls:
            call(log)
        return log

    @rule(when=FILTERS, priority=st.sampled_from([0, 0, 0, -100, 1, 7]))
    def add(self, when: CountFilter | None, priority: int) -> None:
        number = self.num_added
        self.num_added += 1

        def call(log: list[int]) -> None:
            log.append(number)

        entry: Entry[Call] = Entry(call, call, when, Events.STARTED, priority=priority)
        self.numbers[entry] = number
        self.put(entry)
        self.channel.add(entry)
        assert self.num_changes == 1
        self.num_changes = 0

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        entry = self.model.pop(data.draw(st.integers(0, len(self.model) - 1)))
        RemovableEventHandle([(self.channel, entry)]).remove()
        assert self.num_changes == 1
        self.num_changes = 0

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def add_again(self, data: st.DataObject) -> None:
        entry = self.model.pop(data.draw(st.integers(0, len(self.model) - 1)))
        self.channel.remove(entry)
        self.channel.add(entry)
        self.put(entry)
        self.num_changes = 0

    @rule(step=st.sampled_from([1, 1, 1, 2, 5]))
    def fire(self, step: int) -> None:
        self.count += step
        assert self.called(self.channel.take(self.count)) == self.due(self.count)

    @precondition(lambda self: self.under_way is None)
    @rule()
    def begin_to_fire(self) -> None:
        self.count += 1
        self.under_way = self.channel.take(self.count), self.due(self.count)

    @precondition(lambda self: self.under_way is not None)
    @rule()
    def go_on_with_the_firing(self) -> None:
        assert self.under_way is not None
        calls, expected = self.under_way
        assert self.called(calls) == expected
        self.under_way = None

    @rule(count=COUNTS)
    def look(self, count: int) -> None:
        assert self.called(self.channel.at(count)) == self.due(count)

    @rule(count=COUNTS)
    def restart(self, count: int) -> None:
        self.channel.restart(count)
        self.count = count

    @invariant()
    def shows_what_the_model_shows(self) -> None:
        assert list(self.channel.entries) == self.model
        assert self.channel.count == self.count
        assert self.channel.is_heard == bool(self.model)
        assert self.called(self.channel.always) == [
            self.numbers[entry] for entry in self.model if entry.filter is None
        ]

    @invariant()
    def is_due_no_later_than_somebody_with_a_filter(self) -> None:
        filters = [entry.filter for entry in self.model if entry.filter is not None]
        assert all(self.channel.due <= one.next_after(self.count) for one in filters)
        assert not filters or self.channel.due > self.count

    @invariant()
    def finds_each_of_them_by_its_handler(self) -> None:
        for entry in self.model[-2:]:
            found = self.registry.find("Test", entry.handler, Events.STARTED)
            assert found == [(self.channel, entry)]


def test_a_channel_does_what_a_list_does() -> None:
    run_state_machine_as_test(
        ChannelMachine,
        settings=settings(
            max_examples=100,
            stateful_step_count=30,
            derandomize=True,
            database=None,
            deadline=None,
        ),
    )
