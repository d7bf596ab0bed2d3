"""Every error is of the family, and of the built-in that a user would catch."""

import inspect
import pickle
import re
from typing import Final

import pytest

from firesteel import errors
from firesteel.errors import FiresteelError, HandlerSignatureError, UnknownKeyError

MEMBERS: Final[dict[str, type[FiresteelError]]] = {
    name: getattr(errors, name) for name in errors.__all__ if name != "FiresteelError"
}
BUILT_INS: Final = {
    "ArgumentError": ValueError,
    "ArgumentTypeError": TypeError,
    "CheckpointError": Exception,
    "CheckpointMismatchError": ValueError,
    "CheckpointVersionError": ValueError,
    "CheckpointWriteError": OSError,
    "CorruptCheckpointError": ValueError,
    "DataError": ValueError,
    "DeclaredTypeError": TypeError,
    "EngineStateError": RuntimeError,
    "ForeignCheckpointError": ValueError,
    "HandlerSignatureError": TypeError,
    "MissingCheckpointError": FileNotFoundError,
    "MissingExtraError": ImportError,
    "NotAvailableError": RuntimeError,
    "NotComputableError": RuntimeError,
    "ResumeError": AssertionError,
    "StateDictError": ValueError,
    "TracingError": RuntimeError,
    "UnknownEventError": ValueError,
    "UnknownKeyError": KeyError,
    "UnsafeCheckpointError": ValueError,
}


def test_there_is_a_built_in_for_each() -> None:
    assert MEMBERS.keys() == BUILT_INS.keys()


@pytest.mark.parametrize("name", MEMBERS)
def test_an_error_is_caught_by_the_family_and_by_the_built_in(name: str) -> None:
    assert issubclass(MEMBERS[name], FiresteelError)
    assert issubclass(MEMBERS[name], BUILT_INS[name])


def test_a_wrong_handler_is_a_value_error_too_as_in_ignite() -> None:
    assert issubclass(HandlerSignatureError, ValueError)


@pytest.mark.parametrize("name", MEMBERS)
def test_the_tree_in_the_documentation_shows_it(name: str) -> None:
    shown = dict(re.findall(r"\|-- (\w+)\s+(\w+)  +", inspect.getdoc(errors) or ""))
    assert shown[name] == BUILT_INS[name].__name__
    assert len(shown) == len(MEMBERS)


@pytest.mark.parametrize("name", MEMBERS)
def test_an_error_shows_its_message_and_survives_another_process(name: str) -> None:
    error = MEMBERS[name]("Engine: something is wrong")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own
    assert str(error) == str(again) == "Engine: something is wrong"
    assert type(again) is type(error)


def test_an_unknown_key_is_not_shown_in_quotes() -> None:
    assert str(UnknownKeyError("there is no 'x'")) == "there is no 'x'"
    assert str(UnknownKeyError()) == ""
