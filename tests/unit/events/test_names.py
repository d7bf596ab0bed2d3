"""Names of events: members, constants with a payload, filtered ones and lists of them."""

import pickle

# Any: what a type checker refuses has to get past it, to be refused when it runs
from typing import Any

import pytest

from firesteel.errors import ArgumentError, ArgumentTypeError
from firesteel.events import (
    EventEnum,
    Events,
    EventsList,
    FilteredEvent,
    FilteredPayloadEvent,
    PayloadEvent,
    filtered,
)


class Phases(EventEnum):
    STARTED = "started"
    WARM = "warm"


def untyped(value: object) -> Any:
    return value


def third(_engine: object, count: int) -> bool:
    return count == 3


def test_an_event_equals_itself_only() -> None:
    assert untyped(Phases.STARTED) != Events.STARTED
    assert untyped(Phases.STARTED) != "started"
    assert untyped(Phases.STARTED) == Phases.STARTED


def test_events_of_two_enums_with_one_name_are_two_keys() -> None:
    table: dict[EventEnum, str] = {Events.STARTED: "theirs", Phases.STARTED: "ours"}
    assert (table[Events.STARTED], table[Phases.STARTED]) == ("theirs", "ours")


def test_an_event_survives_pickling_as_itself() -> None:
    assert pickle.loads(pickle.dumps(Events.STARTED)) is Events.STARTED  # noqa: S301  # our own


def test_two_events_of_one_value_in_an_enum_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"Twice: each event must have a value .* for SECOND"):
        untyped(EventEnum)("Twice", {"FIRST": "a", "SECOND": "a"})


def test_a_call_gives_the_event_with_a_filter_and_leaves_the_member_as_it_is() -> None:
    made = Events.STARTED(every=2)
    assert isinstance(made, FilteredEvent)
    assert made.event is Events.STARTED
    assert made is not untyped(Events.STARTED)
    assert list(Events).count(Events.STARTED) == 1


def test_filtered_events_are_equal_where_event_and_filter_are() -> None:
    assert Events.STARTED(every=2) == Events.STARTED(every=2)
    assert Events.STARTED(every=2) != Events.STARTED(every=3)
    assert Events.STARTED(every=2) != Events.COMPLETED(every=2)
    assert Events.STARTED(third) == Events.STARTED(third)


def test_a_filtered_event_is_not_equal_to_the_bare_one() -> None:
    assert untyped(Events.STARTED(every=2)) != Events.STARTED


def test_a_filter_that_cannot_be_called_is_refused() -> None:
    with pytest.raises(ArgumentTypeError, match=r"STARTED: event_filter must be callable, got 3"):
        untyped(Events.STARTED)(3)


def test_filtered_makes_what_the_call_makes() -> None:
    assert filtered(Events.STARTED, once=3) == Events.STARTED(once=3)


def test_an_event_shows_its_enum_and_its_filter() -> None:
    assert repr(Phases.WARM) == "Phases.WARM"
    assert repr(Phases.WARM(every=3, after=4)) == "Phases.WARM(every=3, after=4)"
    assert "event_filter=" in repr(Phases.WARM(third))
    assert repr(PayloadEvent[int]("norm")) == "PayloadEvent('norm')"
    assert repr(PayloadEvent[int]("norm")(once=[2, 1])) == "PayloadEvent('norm')(once=[1, 2])"


def test_a_bar_joins_events_in_their_order() -> None:
    joined = Events.STARTED | Events.EPOCH_STARTED(every=2) | Phases.WARM
    assert list(joined) == [Events.STARTED, Events.EPOCH_STARTED(every=2), Phases.WARM]
    assert len(joined) == 3
    assert joined[1] == Events.EPOCH_STARTED(every=2)


def test_a_bar_joins_lists_too() -> None:
    left = Events.STARTED | Events.COMPLETED
    right = Phases.WARM | Phases.STARTED
    assert list(left | right) == [Events.STARTED, Events.COMPLETED, Phases.WARM, Phases.STARTED]
    assert list(Events.STARTED(once=1) | right)[1:] == list(right)


def test_a_bar_leaves_the_list_that_it_extends_as_it_is() -> None:
    pair = Events.STARTED | Events.COMPLETED
    longer = pair | Phases.WARM
    assert (len(pair), len(longer)) == (2, 3)


def test_an_event_may_stand_in_a_list_twice() -> None:
    assert len(Events.STARTED | Events.STARTED) == 2


def test_a_list_shows_its_events() -> None:
    joined = Events.STARTED | Events.COMPLETED(once=2)
    assert repr(joined) == "Events.STARTED | Events.COMPLETED(once=2)"


@pytest.mark.parametrize("other", ["started", None, 3, Events.EXCEPTION_RAISED], ids=repr)
def test_what_is_no_event_without_a_payload_cannot_be_joined(other: object) -> None:
    with pytest.raises(ArgumentTypeError, match="must be an event without a payload"):
        _ = untyped(Events.STARTED) | other
    with pytest.raises(ArgumentTypeError, match="must be an event without a payload"):
        untyped(EventsList)(Events.STARTED, other)


def test_an_event_with_a_payload_joins_nothing() -> None:
    with pytest.raises(TypeError):
        _ = untyped(Events.EXCEPTION_RAISED) | Events.STARTED


def test_a_payload_event_equals_itself_only() -> None:
    assert PayloadEvent[int]("norm") != PayloadEvent[int]("norm")
    assert PayloadEvent[int]("norm").name == "norm"


def test_a_payload_event_takes_a_filter() -> None:
    norm = PayloadEvent[float]("norm")
    made = norm(every=2)
    assert isinstance(made, FilteredPayloadEvent)
    assert made.event is norm
    assert made == norm(every=2)


def test_a_payload_event_refuses_filters_that_exclude_each_other() -> None:
    norm = PayloadEvent[float]("norm")
    with pytest.raises(ArgumentError, match=r"PayloadEvent\('norm'\): takes one of"):
        untyped(norm)(every=2, once=3)


@pytest.mark.parametrize("name", [None, 3, b"norm"])
def test_a_payload_events_name_must_be_a_string(name: object) -> None:
    with pytest.raises(ArgumentTypeError, match="PayloadEvent: name must be a string, got"):
        untyped(PayloadEvent)(name)


def test_the_raised_exception_is_an_event_beside_the_members() -> None:
    assert isinstance(untyped(Events).EXCEPTION_RAISED, PayloadEvent)
    assert Events.EXCEPTION_RAISED not in list[object](Events)


def test_an_event_with_a_priority_alone_is_due_at_every_count() -> None:
    made = Events.STARTED(priority=-100)
    assert (made.event, made.filter, made.priority) == (Events.STARTED, None, -100)
    assert repr(made) == "Events.STARTED(priority=-100)"


def test_a_priority_stands_beside_each_filter() -> None:
    assert repr(Events.STARTED(every=2, priority=3)) == "Events.STARTED(every=2, priority=3)"
    assert Events.STARTED(once=2, priority=3).priority == 3
    assert Events.STARTED(third, priority=3).filter is third
    assert PayloadEvent[float]("norm")(after=2, priority=3).priority == 3


def test_events_of_two_priorities_are_two_events() -> None:
    assert Events.STARTED(every=2, priority=1) != Events.STARTED(every=2)
    assert Events.STARTED(every=2, priority=0) == Events.STARTED(every=2)


@pytest.mark.parametrize("priority", [1.5, "first", True])
def test_a_priority_that_is_no_whole_number_is_refused(priority: object) -> None:
    with pytest.raises(ArgumentTypeError, match=r"STARTED: priority must be a whole number"):
        Events.STARTED(priority=untyped(priority))
