"""What an engine saves, checked when it comes back."""

from collections.abc import Mapping
from types import MappingProxyType

# Any: what a type checker refuses has to get past it, to be refused when it runs
from typing import Any, Final

import pytest

from firesteel.engine._saved import Saved
from firesteel.errors import ArgumentTypeError, StateDictError
from firesteel.events import Events

WHOLE: Final = MappingProxyType(
    {
        "iteration": 10,
        "epoch": 2,
        "epoch_iteration": 2,
        "data_position": 3,
        "data": None,
        "epoch_length": 4,
        "max_epochs": 5,
        "max_iters": None,
        "counts": {"Events.STARTED": 1},
        "values": {"loss": 0.5},
    }
)


def untyped(value: object) -> Any:
    return value


def without(*names: str) -> dict[str, object]:
    return {name: entry for name, entry in WHOLE.items() if name not in names}


def position(saved: Saved) -> tuple[int, int, int]:
    return saved.iteration, saved.epoch, saved.epoch_iteration


def test_what_was_saved_comes_back() -> None:
    assert Saved.from_dict(WHOLE).to_dict() == dict(WHOLE)


def test_an_open_end_comes_back() -> None:
    entries = {**WHOLE, "epoch_length": None, "max_epochs": None, "max_iters": 40}
    assert Saved.from_dict(entries).to_dict() == entries


def test_a_saved_dictionary_can_be_changed_without_harm() -> None:
    saved = Saved.from_dict(WHOLE)
    untyped(saved.to_dict())["counts"].clear()
    untyped(saved.to_dict())["values"].clear()
    assert saved.to_dict() == dict(WHOLE)


def test_the_data_stands_where_the_epoch_stands_if_nothing_is_said() -> None:
    assert Saved.from_dict(without("data_position")).data_position == 2


def test_counts_and_values_may_be_missing() -> None:
    saved = Saved.from_dict(without("counts", "values"))
    once_per_iteration = (Events.GET_BATCH_STARTED, Events.GET_BATCH_COMPLETED)
    assert saved.counts == {str(event): saved.iteration for event in once_per_iteration}
    assert saved.values == {}


def test_one_limit_may_be_missing() -> None:
    assert Saved.from_dict(without("max_iters")).max_iters is None
    entries = {**without("max_epochs"), "max_iters": 99}
    assert Saved.from_dict(entries).max_epochs is None


@pytest.mark.parametrize(
    ("counter", "expected"),
    [
        ({"iteration": 0}, (0, 0, 0)),
        ({"iteration": 3}, (3, 0, 3)),
        ({"iteration": 4}, (4, 1, 0)),
        ({"iteration": 9}, (9, 2, 1)),
        ({"epoch": 0}, (0, 0, 0)),
        ({"epoch": 3}, (12, 3, 0)),
    ],
    ids=str,
)
def test_what_ignite_saves_is_completed(
    counter: Mapping[str, object], expected: tuple[int, int, int]
) -> None:
    saved = Saved.from_dict({"epoch_length": 4, "max_epochs": 5, **counter})
    assert position(saved) == expected
    assert saved.data_position == expected[2]


def test_what_ignite_saves_of_a_new_engine_is_taken() -> None:
    saved = Saved.from_dict({"epoch_length": None, "iteration": 0, "max_epochs": None})
    assert position(saved) == (0, 0, 0)


def test_an_epoch_of_which_all_iterations_are_done_is_under_way() -> None:
    entries = {**WHOLE, "iteration": 12, "epoch": 2, "epoch_iteration": 4}
    assert position(Saved.from_dict(entries)) == (12, 2, 4)


def test_whole_numbers_of_other_libraries_become_numbers() -> None:
    class Ten:
        def __index__(self) -> int:
            return 10

    saved = Saved.from_dict({**WHOLE, "iteration": Ten()})
    assert type(saved.iteration) is int


@pytest.mark.parametrize("entries", [None, 3, [("iteration", 1)], "iteration"])
def test_what_is_no_mapping_is_refused(entries: object) -> None:
    with pytest.raises(ArgumentTypeError, match="state_dict must be a mapping, got"):
        Saved.from_dict(untyped(entries))


@pytest.mark.parametrize(
    ("entries", "text"),
    [
        ({}, "one of 'max_epochs' and 'max_iters' is missing"),
        (without("max_epochs", "max_iters"), "one of 'max_epochs' and 'max_iters' is missing"),
        (without("epoch_length"), "'epoch_length' is missing"),
        (without("iteration", "epoch"), "'iteration' is missing"),
        (without("iteration"), "'iteration' is missing; 'epoch_iteration' needs both"),
        (without("epoch"), "'epoch' is missing; 'epoch_iteration' needs both"),
        (without("epoch_iteration"), "with 'iteration' and 'epoch', 'epoch_iteration' is missing"),
        (
            {"epoch_length": None, "max_epochs": 5, "iteration": 3},
            "'epoch_length' must be a number where 'epoch_iteration' is missing",
        ),
        (
            {"epoch_length": None, "max_epochs": 5, "epoch": 3},
            "'epoch_length' must be a number where 'epoch_iteration' is missing",
        ),
    ],
)
def test_a_missing_entry_is_refused_and_named(entries: Mapping[str, object], text: str) -> None:
    with pytest.raises(StateDictError, match=f"Engine.load_state_dict: {text}"):
        Saved.from_dict(entries)


def test_an_unknown_entry_is_refused_and_named_and_so_is_the_place_for_values() -> None:
    with pytest.raises(StateDictError, match=r"unknown entries 'seed', 'x'; .* into 'values'"):
        Saved.from_dict({**WHOLE, "seed": 1, "x": 2})


@pytest.mark.parametrize(
    "name", ["iteration", "epoch", "epoch_iteration", "data_position", "epoch_length", "max_epochs"]
)
@pytest.mark.parametrize("entry", [-1, True, 1.0, "1", [1]])
def test_what_is_no_count_is_refused(name: str, entry: object) -> None:
    with pytest.raises(StateDictError, match=f"'{name}' must be (a whole number|at least [01]), g"):
        Saved.from_dict({**WHOLE, name: entry})


@pytest.mark.parametrize("name", ["epoch_length", "max_epochs", "max_iters"])
def test_a_limit_of_zero_is_refused(name: str) -> None:
    with pytest.raises(StateDictError, match=f"'{name}' must be at least 1, got 0"):
        Saved.from_dict({**without("max_epochs"), name: 0})


@pytest.mark.parametrize("name", ["counts", "values"])
@pytest.mark.parametrize("entry", [None, 3, ["a"]])
def test_what_has_to_be_a_mapping_and_is_none_is_refused(name: str, entry: object) -> None:
    with pytest.raises(StateDictError, match=f"'{name}' must be a mapping, got"):
        Saved.from_dict({**WHOLE, name: entry})


@pytest.mark.parametrize("name", ["counts", "values"])
def test_names_have_to_be_strings(name: str) -> None:
    with pytest.raises(StateDictError, match=rf"'{name}' must have strings as names, got \[1\]"):
        Saved.from_dict({**WHOLE, name: {1: 1}})


@pytest.mark.parametrize("count", [-1, 1.5, "a", True])
def test_a_count_of_an_event_has_to_be_one(count: object) -> None:
    with pytest.raises(StateDictError, match="'my_event' must be"):
        Saved.from_dict({**WHOLE, "counts": {"my_event": count}})


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"max_iters": 40}, "'max_epochs' and 'max_iters' are both given"),
        ({"iteration": 1}, "more iterations in this epoch than in all"),
        ({"epoch": 0}, "in the first epoch, but not as many iterations in it as in all"),
        ({"epoch_iteration": 5}, "more iterations in this epoch than it has"),
        ({"data_position": 11}, "more batches taken from the data than iterations"),
        ({"max_epochs": 2}, "more epochs than 'max_epochs'"),
        ({"max_epochs": None, "max_iters": 9}, "more iterations than 'max_iters'"),
    ],
    ids=str,
)
def test_entries_that_contradict_each_other_are_refused(
    changes: Mapping[str, object], text: str
) -> None:
    with pytest.raises(StateDictError, match=f"contradict each other: .*{text}.*; got Saved"):
        Saved.from_dict({**WHOLE, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"iteration": 10, "max_epochs": None, "max_iters": 10},
        {"epoch": 5, "epoch_iteration": 0},
        {"epoch": 4, "epoch_iteration": 4},
        {"data_position": 10},
        {"data_position": 0},
        {"iteration": 2, "epoch": 0, "data_position": 2},
    ],
    ids=str,
)
def test_entries_at_their_limits_are_taken(changes: Mapping[str, object]) -> None:
    Saved.from_dict({**WHOLE, **changes})
