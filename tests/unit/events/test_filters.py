"""At which counts a handler is due: the filters as functions of whole numbers."""

from collections.abc import Collection
from itertools import pairwise

# Any: what a type checker refuses has to get past it, to be refused when it runs
from typing import Any, SupportsIndex

import pytest

from firesteel.errors import ArgumentError, ArgumentTypeError, FiresteelError
from firesteel.events import CountFilter, Events, filtered

COUNTS = range(1, 31)


class Seven:
    """A whole number of another library, as numpy's are."""

    def __index__(self) -> int:
        return 7


def make(
    every: SupportsIndex | None = None,
    once: SupportsIndex | Collection[SupportsIndex] | None = None,
    before: SupportsIndex | None = None,
    after: SupportsIndex | None = None,
) -> CountFilter:
    made = filtered(Events.STARTED, every=every, once=once, before=before, after=after).filter
    assert isinstance(made, CountFilter)
    return made


def untyped(value: object) -> Any:
    return value


def always(_engine: object, _count: int) -> bool:
    return True


def due(made: CountFilter) -> list[int]:
    return [count for count in COUNTS if made.fires(count)]


ALL_KINDS = pytest.mark.parametrize(
    "made",
    [
        make(every=1),
        make(every=3),
        make(every=3, after=4),
        make(every=3, after=3, before=9),
        make(every=7, before=7),
        make(before=5),
        make(before=0),
        make(after=5),
        make(after=5, before=6),
        make(once=4),
        make(once=[9, 2, 2, 30]),
        make(once=range(3, 6)),
    ],
    ids=str,
)


def test_every_is_due_at_the_multiples() -> None:
    assert due(make(every=7)) == [7, 14, 21, 28]


def test_every_one_is_due_always() -> None:
    assert due(make(every=1)) == list(COUNTS)


def test_every_keeps_its_phase_behind_after() -> None:
    assert due(make(every=10, after=4)) == [10, 20, 30]


def test_every_keeps_its_phase_below_before() -> None:
    assert due(make(every=3, before=9)) == [3, 6]


def test_every_keeps_its_phase_between_both() -> None:
    assert due(make(every=4, after=8, before=20)) == [12, 16]


def test_before_excludes_its_bound() -> None:
    assert due(make(before=4)) == [1, 2, 3]


def test_after_excludes_its_bound() -> None:
    assert due(make(after=27)) == [28, 29, 30]


def test_after_and_before_enclose_what_lies_between() -> None:
    assert due(make(after=3, before=6)) == [4, 5]


@pytest.mark.parametrize("before", [0, 1])
def test_before_the_first_count_nothing_is_due(before: int) -> None:
    assert due(make(before=before)) == []


def test_after_zero_is_due_from_the_first_count_on() -> None:
    assert due(make(after=0)) == list(COUNTS)


def test_once_is_due_at_one_count() -> None:
    assert due(make(once=5)) == [5]


@pytest.mark.parametrize("once", [[9, 4, 9], (4, 9), {4, 9}, frozenset({9, 4}), range(4, 10, 5)])
def test_once_takes_any_collection_in_any_order(once: Collection[int]) -> None:
    assert due(make(once=once)) == [4, 9]


def test_whole_numbers_of_other_libraries_pass() -> None:
    assert due(make(every=Seven())) == [7, 14, 21, 28]
    assert due(make(once=[Seven()])) == [7]


@ALL_KINDS
def test_the_next_count_is_the_first_that_is_due_above_the_given_one(made: CountFilter) -> None:
    for count in range(20):
        later = [other for other in range(count + 1, 200) if made.fires(other)]
        expected = later[0] if later else made.next_after(10_000)
        assert made.next_after(count) == expected


@pytest.mark.parametrize("made", [make(before=5), make(once=3), make(every=5, before=20)], ids=str)
def test_behind_the_last_count_no_count_is_ever_due(made: CountFilter) -> None:
    assert not made.fires(made.next_after(20))
    assert made.next_after(20) > 2**60


@ALL_KINDS
def test_a_filter_is_dense_where_all_between_its_ends_is_due(made: CountFilter) -> None:
    counts = due(made)
    if made.is_dense:
        assert all(second - first == 1 for first, second in pairwise(counts))


@pytest.mark.parametrize(
    "arguments",
    [
        {"every": 0},
        {"every": -1},
        {"before": -1},
        {"after": -1},
        {"every": 2, "after": -1},
        {"once": 0},
        {"once": -3},
        {"once": [1, 0]},
        {"once": []},
        {"once": ()},
    ],
    ids=str,
)
def test_a_number_out_of_range_is_refused_as_a_value(arguments: dict[str, int]) -> None:
    with pytest.raises(
        ArgumentError, match=rf"Events\.STARTED: {list(arguments)[-1]} must be at l"
    ):
        untyped(Events.STARTED)(**arguments)


@pytest.mark.parametrize("name", ["every", "once", "before", "after"])
@pytest.mark.parametrize("number", [True, False, 2.0, 1.5, "a", b"1", complex(1)])
def test_what_is_no_whole_number_is_refused_as_a_type(name: str, number: object) -> None:
    with pytest.raises(ArgumentTypeError, match=rf"Events\.STARTED: {name} must be a whole number"):
        untyped(Events.STARTED)(**{name: number})


@pytest.mark.parametrize("once", [[1, True], [1, 2.0], {"a"}])
def test_one_count_of_several_that_is_no_whole_number_is_refused(once: Collection[object]) -> None:
    with pytest.raises(ArgumentTypeError, match="once must be a whole number"):
        untyped(Events.STARTED)(once=once)


@pytest.mark.parametrize(
    "arguments",
    [
        {"once": 1, "every": 2},
        {"once": 1, "before": 2},
        {"once": 1, "after": 2},
        {"event_filter": always, "every": 2},
        {"event_filter": always, "once": 2},
        {"event_filter": always, "once": 2, "after": 1},
    ],
    ids=list,
)
def test_filters_that_exclude_each_other_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(ArgumentError, match="got filters that exclude each other"):
        untyped(Events.STARTED)(**arguments)


def test_a_call_without_a_filter_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"Events\.STARTED: takes one of .*; got nothing"):
        untyped(Events.STARTED)()


def test_a_refused_filter_is_an_error_of_the_family_and_a_value_error() -> None:
    with pytest.raises(ValueError, match="every must be at least 1, got 0") as caught:
        Events.STARTED(every=0)
    assert isinstance(caught.value, FiresteelError)


def test_a_filter_says_what_it_was_made_of() -> None:
    assert str(make(every=3, before=9, after=0)) == "every=3, before=9, after=0"
    assert str(make(once=4)) == "once=4"
    assert str(make(once={9, 4})) == "once=[4, 9]"


def test_filters_that_are_due_at_the_same_counts_are_equal_however_they_were_written() -> None:
    assert make(every=2, after=0) == make(every=2)
    assert make(once=[3]) == make(once=3)
    assert make(every=2) != make(every=3)


def test_a_filter_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        untyped(make(every=2)).every = 3
