"""Typed names of what a state keeps."""

# Any: what a type checker refuses has to get past it, to be refused when it runs
from typing import Any

import pytest

from firesteel.engine import MetricKey, ReadableKey, StateKey
from firesteel.errors import ArgumentTypeError


def untyped(value: object) -> Any:
    return value


def test_a_key_equals_itself_only() -> None:
    assert StateKey[int]("loss") != StateKey[int]("loss")
    assert MetricKey[int]("loss") != MetricKey[int]("loss")


def test_a_key_shows_its_name() -> None:
    assert repr(StateKey[int]("loss")) == "StateKey('loss')"
    assert repr(MetricKey[int]("loss")) == "MetricKey('loss')"
    assert (StateKey[int]("loss").name, MetricKey[int]("loss").name) == ("loss", "loss")


@pytest.mark.parametrize("kind", [StateKey, MetricKey])
@pytest.mark.parametrize("name", [None, 3, b"loss"])
def test_a_name_that_is_no_string_is_refused(kind: object, name: object) -> None:
    with pytest.raises(ArgumentTypeError, match=r"Key: name must be a string, got"):
        untyped(kind)(name)


def test_a_key_cannot_be_renamed() -> None:
    with pytest.raises(AttributeError):
        untyped(StateKey[int]("loss")).name = "other"


def test_a_key_of_a_narrow_type_reads_a_wide_one() -> None:
    key: ReadableKey[object] = StateKey[int]("loss")
    assert key.name == "loss"
