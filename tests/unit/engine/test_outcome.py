"""How a run ended, as a value."""

# Any: what a type checker refuses has to get past it, to be refused when it runs
from typing import Any

import pytest

from firesteel.engine import Completed, Failed, Interrupted, RunOutcome, StopCause, Stopped


def untyped(value: object) -> Any:
    return value


def told(outcome: RunOutcome) -> str:
    match outcome:
        case Completed():
            return "completed"
        case Stopped(cause, reason):
            return f"{cause.value}: {reason}"
        case Interrupted():
            return "interrupted"
        case Failed(error):
            return error


def test_an_outcome_can_be_matched() -> None:
    assert told(Completed()) == "completed"
    assert told(Stopped(StopCause.TERMINATED, "enough")) == "terminated: enough"
    assert told(Stopped(StopCause.DATA_EXHAUSTED)) == "data_exhausted: "
    assert told(Interrupted()) == "interrupted"
    assert told(Failed("KeyError: 'a'")) == "KeyError: 'a'"


def test_outcomes_are_equal_where_they_say_the_same() -> None:
    assert Stopped(StopCause.TERMINATED, "a") == Stopped(StopCause.TERMINATED, "a")
    assert Stopped(StopCause.TERMINATED, "a") != Stopped(StopCause.TERMINATED, "b")
    assert untyped(Completed()) != Interrupted()


def test_an_outcome_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        untyped(Failed("a")).error = "b"
