"""One event's handlers: who is due when, and in what order."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import pytest

from firesteel.events import Channel, CountFilter, Entry, Events, filtered

Call: TypeAlias = Callable[[list[str]], object]


def named(name: str) -> Call:
    return lambda log: log.append(name)


def entry(name: str, when: CountFilter | None = None) -> Entry[Call]:
    call = named(name)
    return Entry(call, call, when, Events.STARTED)


def at(*counts: int) -> CountFilter:
    made = filtered(Events.STARTED, once=counts).filter
    assert isinstance(made, CountFilter)
    return made


def every(number: int) -> CountFilter:
    made = filtered(Events.STARTED, every=number).filter
    assert isinstance(made, CountFilter)
    return made


def called(calls: Sequence[Call]) -> list[str]:
    log: list[str] = []
    for call in calls:
        call(log)
    return log


def channel_of(*entries: Entry[Call]) -> Channel[Call]:
    channel: Channel[Call] = Channel()
    for one in entries:
        channel.add(one)
    return channel


def test_an_empty_channel_is_not_heard_and_calls_nobody() -> None:
    channel = channel_of()
    assert not channel.is_heard
    assert list(channel.take(1)) == []


def test_handlers_are_called_in_the_order_in_which_they_were_added() -> None:
    channel = channel_of(entry("a"), entry("b"), entry("c"))
    assert called(channel.take(1)) == ["a", "b", "c"]


def test_handlers_with_and_without_filters_keep_their_order() -> None:
    channel = channel_of(
        entry("a", every(2)), entry("b"), entry("c", at(2)), entry("d"), entry("e", every(2))
    )
    assert called(channel.take(1)) == ["b", "d"]
    assert called(channel.take(2)) == ["a", "b", "c", "d", "e"]
    assert called(channel.take(3)) == ["b", "d"]
    assert called(channel.take(4)) == ["a", "b", "d", "e"]


def test_several_filters_that_are_due_at_once_keep_the_order_of_their_handlers() -> None:
    channel = channel_of(entry("a", every(3)), entry("b", every(2)), entry("c", at(6)), entry("d"))
    fired = [called(channel.take(count)) for count in range(1, 7)]
    assert fired == [["d"], ["b", "d"], ["a", "d"], ["b", "d"], ["d"], ["a", "b", "c", "d"]]


def test_a_filtered_handler_that_is_added_late_waits_for_its_next_count() -> None:
    channel = channel_of()
    channel.take(3)
    channel.add(entry("a", every(2)))
    assert [called(channel.take(count)) for count in (4, 5, 6)] == [["a"], [], ["a"]]


def test_counts_that_are_passed_over_call_nobody() -> None:
    channel = channel_of(entry("a", every(2)), entry("b", at(3)))
    channel.take(1)
    assert called(channel.take(5)) == []
    assert called(channel.take(6)) == ["a"]


def test_a_count_that_is_reached_by_passing_others_over_calls_who_is_due_there() -> None:
    channel = channel_of(entry("a", every(2)), entry("b", at(3, 8)))
    channel.take(1)
    assert called(channel.take(8)) == ["a", "b"]


def test_what_a_firing_works_on_stays_when_a_handler_is_added() -> None:
    channel = channel_of(entry("a"), entry("b", at(1)))
    calls = channel.take(1)
    channel.add(entry("c"))
    assert called(calls) == ["a", "b"]
    assert called(channel.take(2)) == ["a", "c"]


def test_what_a_firing_works_on_stays_when_a_handler_is_removed() -> None:
    first, second = entry("a"), entry("b")
    channel = channel_of(first, second)
    calls = channel.take(1)
    channel.remove(second)
    assert called(calls) == ["a", "b"]
    assert called(channel.take(2)) == ["a"]


def test_a_removed_handler_with_a_filter_is_not_called_again() -> None:
    one = entry("a", every(2))
    channel = channel_of(one, entry("b", every(2)))
    channel.take(2)
    channel.remove(one)
    assert [called(channel.take(count)) for count in (3, 4)] == [[], ["b"]]


def test_only_the_entry_itself_is_removed() -> None:
    call = named("a")
    first, second = (Entry(call, call, None, Events.STARTED) for _ in range(2))
    channel = channel_of(first, second)
    channel.remove(second)
    assert list(channel.entries) == [first]


def test_removing_what_is_not_there_changes_nothing() -> None:
    channel = channel_of(entry("a"))
    channel.remove(entry("b"))
    assert called(channel.take(1)) == ["a"]


def test_a_channel_whose_last_handler_went_is_not_heard() -> None:
    one = entry("a")
    channel = channel_of(one)
    assert channel.is_heard
    channel.remove(one)
    assert not channel.is_heard


def test_a_handler_that_is_added_after_a_removal_stands_last() -> None:
    first = entry("a", at(1))
    channel = channel_of(first, entry("b", at(1)))
    channel.remove(first)
    channel.add(entry("c", at(1)))
    channel.add(first)
    assert called(channel.take(1)) == ["b", "c", "a"]


def test_after_a_restart_the_counts_are_due_again() -> None:
    channel = channel_of(entry("a", at(2)), entry("b", every(2)))
    assert called(channel.take(2)) == ["a", "b"]
    channel.restart()
    assert channel.count == 0
    assert [called(channel.take(count)) for count in (1, 2)] == [[], ["a", "b"]]


def test_after_a_restart_at_a_count_those_above_it_are_due() -> None:
    channel = channel_of(entry("a", at(2, 7)), entry("b", every(5)))
    channel.restart(5)
    assert channel.count == 5
    assert [called(channel.take(count)) for count in (6, 7, 10)] == [[], ["a"], ["b"]]


def test_due_is_the_next_count_of_a_filtered_handler() -> None:
    channel = channel_of(entry("a"), entry("b", every(3)), entry("c", at(4)))
    assert channel.due == 3
    channel.take(3)
    assert channel.due == 4
    channel.take(4)
    assert channel.due == 6


def test_without_filters_no_count_is_due() -> None:
    assert channel_of(entry("a")).due > 2**60


def test_looking_at_a_count_does_not_move_on() -> None:
    channel = channel_of(entry("a", at(1)), entry("b"))
    assert called(channel.at(1)) == ["a", "b"]
    assert called(channel.at(2)) == ["b"]
    assert channel.count == 0
    assert called(channel.take(1)) == ["a", "b"]


def test_taking_moves_the_count_on() -> None:
    channel = channel_of(entry("a"))
    channel.take(4)
    assert channel.count == 4


def test_a_change_is_told_after_it_was_made() -> None:
    told: list[bool] = []
    channel: Channel[Call] = Channel(lambda: told.append(channel.is_heard))
    one = entry("a")
    channel.add(one)
    channel.remove(one)
    assert told == [True, False]


def test_counting_anew_is_no_change() -> None:
    told: list[str] = []
    channel: Channel[Call] = Channel(lambda: told.append("changed"))
    channel.add(entry("a", at(2)))
    channel.restart(1)
    channel.take(2)
    assert told == ["changed"]


@pytest.mark.parametrize("num_handlers", [1, 50])
def test_equal_filters_ask_once_for_all_their_handlers(num_handlers: int) -> None:
    channel = channel_of(*(entry(str(n), every(2)) for n in range(num_handlers)))
    assert called(channel.take(2)) == [str(n) for n in range(num_handlers)]
    assert called(channel.take(3)) == []
