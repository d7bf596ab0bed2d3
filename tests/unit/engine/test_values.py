"""A user's own values, each under a typed key."""

import pytest

from firesteel.engine import StateKey
from firesteel.engine._values import Values
from firesteel.errors import UnknownKeyError

LOSS = StateKey[float]("loss")
NAMES = StateKey[list[str]]("names")


def test_a_value_is_read_as_it_was_written() -> None:
    values = Values()
    names = ["a"]
    values.write(NAMES, names)
    assert values.read(NAMES) is names


def test_a_value_that_was_never_written_is_refused_with_the_way_out() -> None:
    text = r"state: nothing is stored under StateKey\('loss'\) yet; .* state\.get\(key, default\)"
    with pytest.raises(UnknownKeyError, match=text):
        Values().read(LOSS)


def test_an_unknown_key_is_a_key_error_whose_text_is_not_quoted() -> None:
    with pytest.raises(KeyError) as caught:
        Values().read(LOSS)
    assert str(caught.value).startswith("state: ")


def test_a_value_that_was_removed_is_gone() -> None:
    values = Values()
    values.write(LOSS, 1.0)
    values.remove(LOSS)
    assert not values.has(LOSS)
    assert values.dump() == {}


def test_removing_what_is_not_there_is_refused() -> None:
    with pytest.raises(UnknownKeyError, match="nothing is stored"):
        Values().remove(LOSS)


def test_two_keys_of_one_name_are_refused() -> None:
    values = Values()
    values.write(LOSS, 1.0)
    other = StateKey[float]("loss")
    for use in (values.read, values.has, values.remove):
        with pytest.raises(UnknownKeyError, match="another key is called 'loss'"):
            use(other)
    with pytest.raises(UnknownKeyError, match="make it once and import it"):
        values.write(other, 2.0)
    assert values.read(LOSS) == 1.0


def test_values_are_given_by_name_as_the_objects_themselves() -> None:
    values = Values()
    names = ["a"]
    values.write(NAMES, names)
    values.write(LOSS, 2.0)
    assert values.dump() == {"names": ["a"], "loss": 2.0}
    assert values.dump()["names"] is names


def test_loaded_values_wait_for_their_key() -> None:
    values = Values()
    values.load({"loss": 3.0})
    assert values.has(LOSS)
    assert values.read(LOSS) == 3.0


def test_loaded_values_that_nobody_asked_for_are_given_again() -> None:
    values = Values()
    values.load({"loss": 3.0, "names": []})
    values.read(LOSS)
    assert values.dump() == {"loss": 3.0, "names": []}


def test_a_loaded_value_belongs_to_the_first_key_that_asks() -> None:
    values = Values()
    values.load({"loss": 3.0})
    values.read(LOSS)
    with pytest.raises(UnknownKeyError, match="another key is called"):
        values.read(StateKey[float]("loss"))


def test_a_written_value_replaces_a_loaded_one() -> None:
    values = Values()
    values.load({"loss": 3.0})
    values.write(LOSS, 4.0)
    assert values.dump() == {"loss": 4.0}


def test_loading_replaces_all_values() -> None:
    values = Values()
    values.write(LOSS, 1.0)
    values.load({"names": ["a"]})
    assert not values.has(LOSS)
    assert values.dump() == {"names": ["a"]}


def test_loading_leaves_the_given_mapping_as_it_is() -> None:
    given: dict[str, object] = {"loss": 3.0}
    values = Values()
    values.load(given)
    values.read(LOSS)
    assert given == {"loss": 3.0}


def test_none_is_a_value() -> None:
    key = StateKey[None]("nothing")
    values = Values()
    values.write(key, None)
    assert values.has(key)
    assert values.read(key) is None
