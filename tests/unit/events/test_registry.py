"""Which events are known, who listens to them, and handles to leave by."""

import weakref
from collections.abc import Callable

# Any: what a type checker refuses has to get past it; a registry of no engine at all will do
from typing import Any

import pytest

from firesteel.errors import ArgumentTypeError, UnknownEventError
from firesteel.events import (
    Channel,
    Entry,
    EventEnum,
    Events,
    PayloadEvent,
    Registry,
    RemovableEventHandle,
    bare,
    single_events,
)

NORM = PayloadEvent[float]("norm")


class Phases(EventEnum):
    STARTED = "started"
    WARM = "warm"


def untyped(value: object) -> Any:
    return value


def nothing() -> None:
    pass


def registry_of(*events: EventEnum | PayloadEvent[float]) -> Registry[Any]:
    registry: Registry[Any] = Registry(nothing)
    registry.register("Test", events)
    return registry


def something() -> None:
    pass


def file_in(
    channel: Channel[Any], handler: Callable[..., object], source: object = Phases.WARM
) -> tuple[Channel[Any], Entry[Any]]:
    entry: Entry[Any] = Entry(handler, handler, None, source)
    channel.add(entry)
    return channel, entry


def test_registered_events_are_known_and_others_are_not() -> None:
    registry = registry_of(Phases.WARM, NORM)
    assert Phases.WARM in registry
    assert NORM in registry
    assert Phases.STARTED not in registry
    assert Events.STARTED not in registry


def test_all_known_events_can_be_gone_through() -> None:
    assert list(registry_of(NORM, Phases.WARM, Phases.STARTED)) == [
        Phases.WARM,
        Phases.STARTED,
        NORM,
    ]


def test_registering_again_keeps_the_handlers() -> None:
    registry = registry_of(Phases.WARM)
    channel, _ = file_in(registry.plain("Test", Phases.WARM), nothing)
    registry.register("Test", [Phases.WARM, Phases.STARTED])
    assert registry.plain("Test", Phases.WARM) is channel


@pytest.mark.parametrize("event", ["warm", Phases, Phases.WARM(every=2), NORM(once=1)], ids=repr)
def test_what_is_no_bare_event_cannot_be_registered(event: object) -> None:
    with pytest.raises(ArgumentTypeError, match=r"Test: each event must be a member of an EventEn"):
        untyped(registry_of()).register("Test", [Phases.STARTED, event])


def test_where_one_event_is_refused_none_is_registered() -> None:
    registry = registry_of()
    with pytest.raises(ArgumentTypeError):
        untyped(registry).register("Test", [Phases.STARTED, "warm"])
    assert Phases.STARTED not in registry


def test_an_unknown_event_is_refused_with_the_way_out() -> None:
    text = r"Test: Phases\.WARM is not registered .*; call engine\.register_events\(Phases\.WARM\)"
    with pytest.raises(UnknownEventError, match=text):
        registry_of().channel("Test", Phases.WARM)
    with pytest.raises(UnknownEventError, match=r"PayloadEvent\('norm'\) is not registered"):
        registry_of().channel("Test", NORM)


@pytest.mark.parametrize("event", ["warm", None, [Phases.WARM], {}], ids=repr)
def test_what_is_no_event_is_refused_as_a_type(event: object) -> None:
    with pytest.raises(ArgumentTypeError, match="Test: event must be a member of an EventEnum"):
        untyped(registry_of()).channel("Test", event)


def test_each_event_has_a_channel_of_its_own() -> None:
    registry = registry_of(Phases.WARM, Phases.STARTED, NORM)
    channels = {id(registry.channel("Test", event)) for event in registry}
    assert len(channels) == 3


def test_a_restart_counts_all_events_anew() -> None:
    registry = registry_of(Phases.WARM, NORM)
    for event in registry:
        registry.channel("Test", event).take(5)
    registry.restart()
    assert [registry.channel("Test", event).count for event in registry] == [0, 0]


def test_all_registrations_of_a_handler_are_found() -> None:
    registry = registry_of(Phases.WARM, Phases.STARTED)
    warm = registry.plain("Test", Phases.WARM)
    filed = [file_in(warm, nothing), file_in(warm, nothing, Phases.WARM(every=2))]
    file_in(warm, something)
    assert registry.find("Test", nothing, Phases.WARM) == filed
    assert registry.find("Test", nothing, None) == filed
    assert registry.find("Test", nothing, Phases.STARTED) == []


def test_of_a_filtered_event_only_registrations_with_an_equal_filter_are_found() -> None:
    registry = registry_of(Phases.WARM)
    warm = registry.plain("Test", Phases.WARM)
    file_in(warm, nothing)
    file_in(warm, nothing, Phases.WARM(every=3))
    second = file_in(warm, nothing, Phases.WARM(every=2))
    assert registry.find("Test", nothing, Phases.WARM(every=2)) == [second]


def test_of_a_list_the_registrations_on_each_event_are_found() -> None:
    registry = registry_of(Phases.WARM, Phases.STARTED)
    first = file_in(registry.plain("Test", Phases.WARM), nothing)
    second = file_in(registry.plain("Test", Phases.STARTED), nothing, Phases.STARTED)
    assert registry.find("Test", nothing, Phases.WARM | Phases.STARTED) == [first, second]


def test_bound_methods_of_one_object_are_one_handler() -> None:
    registry = registry_of(Phases.WARM)
    log: list[int] = []
    filed = file_in(registry.plain("Test", Phases.WARM), log.clear)
    assert registry.find("Test", log.clear, Phases.WARM) == [filed]


def test_whoever_asked_is_told_of_handlers_that_come_and_go() -> None:
    told: list[str] = []
    registry: Registry[Any] = Registry(lambda: told.append("changed"))
    registry.register("Test", [Phases.WARM, NORM])
    assert told == []
    for event in registry:
        channel, entry = file_in(registry.channel("Test", event), nothing)
        channel.remove(entry)
    assert told == ["changed"] * 4


def test_looking_at_an_unknown_event_is_refused() -> None:
    with pytest.raises(UnknownEventError):
        registry_of().find("Test", nothing, Phases.WARM)


def test_a_handle_removes_exactly_what_it_was_given() -> None:
    channel: Channel[Any] = Channel()
    filed = [file_in(channel, nothing) for _ in range(3)]
    RemovableEventHandle(filed[1:2]).remove()
    assert list(channel.entries) == [filed[0][1], filed[2][1]]


def test_a_handle_can_be_used_twice() -> None:
    channel: Channel[Any] = Channel()
    handle = RemovableEventHandle([file_in(channel, nothing)])
    handle.remove()
    kept = file_in(channel, nothing)
    handle.remove()
    assert list(channel.entries) == [kept[1]]


def test_a_handle_removes_on_the_way_out_of_its_block() -> None:
    channel: Channel[Any] = Channel()
    handle = RemovableEventHandle([file_in(channel, nothing)])
    with handle as entered:
        assert entered is handle
        assert channel.is_heard
    assert not channel.is_heard


def test_a_handle_removes_where_its_block_fails() -> None:
    channel: Channel[Any] = Channel()
    with pytest.raises(KeyError), RemovableEventHandle([file_in(channel, nothing)]):
        raise KeyError
    assert not channel.is_heard


def test_joined_handles_remove_what_both_do_and_stay_as_they_are() -> None:
    channel: Channel[Any] = Channel()
    first, second, third = (RemovableEventHandle([file_in(channel, nothing)]) for _ in range(3))
    joined = first + second
    first.remove()
    assert len(channel.entries) == 2
    joined.remove()
    assert len(channel.entries) == 1
    third.remove()
    assert not channel.is_heard


@pytest.mark.usefixtures("no_collector")
def test_a_handle_keeps_neither_the_handler_nor_the_channel_alive() -> None:
    def handler() -> None:
        pass

    channel: Channel[Any] = Channel()
    handle = RemovableEventHandle([file_in(channel, handler)])
    refs = weakref.ref(handler), weakref.ref(channel)
    del handler, channel
    assert [ref() for ref in refs] == [None, None]
    handle.remove()


def test_bare_takes_the_filter_off() -> None:
    assert bare(Phases.WARM(every=2)) is Phases.WARM
    assert bare(Phases.WARM) is Phases.WARM
    assert bare(NORM(every=2)) is NORM
    assert bare(NORM) is NORM


def test_a_list_is_taken_apart_and_anything_else_stands_for_itself() -> None:
    assert single_events(Phases.WARM | Events.STARTED) == (Phases.WARM, Events.STARTED)
    assert single_events(Phases.WARM(once=1)) == (Phases.WARM(once=1),)
    assert single_events(NORM) == (NORM,)
