"""TimeLimit: from when time counts, and when it is up."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firesteel import Engine, Events
from firesteel.engine import Completed, StopCause, Stopped
from firesteel.errors import ArgumentError, ArgumentTypeError
from firesteel.handlers import TimeLimit

PACE_S: Final = 10.0


@final
class HandClock:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now_s


def paced(clock: HandClock) -> Engine[int, None]:
    """Give an engine whose iterations take ten seconds."""

    def step(engine: Engine[int, None], batch: int) -> None:
        clock.now_s += PACE_S

    return Engine(step)


def test_a_run_ends_with_the_iteration_in_which_time_is_up() -> None:
    clock = HandClock()
    trainer = paced(clock)
    trainer.attach(TimeLimit(25.0, clock=clock))
    assert trainer.run(range(9)).iteration == 3
    reason = "TimeLimit: 30.0 s of 25.0 s are over"
    assert trainer.outcome == Stopped(StopCause.TERMINATED, reason)


def test_a_run_that_is_faster_is_complete() -> None:
    clock = HandClock()
    trainer = paced(clock)
    trainer.attach(TimeLimit(100, clock=clock))
    trainer.run(range(9))
    assert trainer.outcome == Completed()


def test_a_margin_ends_it_earlier() -> None:
    clock = HandClock()
    trainer = paced(clock)
    trainer.attach(TimeLimit(timedelta(minutes=1), margin=timedelta(seconds=25), clock=clock))
    assert trainer.run(range(9)).iteration == 4


def test_time_counts_from_the_beginning_of_the_run() -> None:
    clock = HandClock()
    trainer = paced(clock)
    trainer.attach(TimeLimit(25.0, clock=clock))
    clock.now_s += 500
    assert trainer.run(range(9)).iteration == 3


def test_each_run_has_its_own_time() -> None:
    clock = HandClock()
    trainer = paced(clock)
    trainer.attach(TimeLimit(25.0, clock=clock))
    assert [trainer.run(range(9)).iteration for _ in range(2)] == [3, 3]


def test_time_for_which_a_run_was_suspended_is_left_out() -> None:
    clock = HandClock()
    trainer = paced(clock)
    trainer.attach(TimeLimit(45.0, clock=clock))
    trainer.add_event_handler(Events.ITERATION_COMPLETED(once=2), trainer.interrupt)
    trainer.run(range(9))
    clock.now_s += 500
    # the third iteration is not seen: no event says that a run goes on
    assert trainer.run(range(9)).iteration == 6


def test_attached_in_a_run_it_counts_from_its_first_look() -> None:
    clock = HandClock()
    trainer = paced(clock)
    limit = TimeLimit(15.0, clock=clock)
    trainer.add_event_handler(Events.ITERATION_STARTED(once=3), lambda: trainer.attach(limit))
    assert trainer.run(range(9)).iteration == 5


def test_two_engines_have_their_own_time() -> None:
    clock = HandClock()
    limit = TimeLimit(25.0, clock=clock)
    one, two = paced(clock), paced(clock)
    one.attach(limit)
    two.attach(limit)
    one.add_event_handler(Events.ITERATION_COMPLETED(once=1), lambda: two.run(range(9)))
    assert one.run(range(9)).iteration == 2
    assert two.state.iteration == 3


def test_it_looks_at_the_event_that_was_chosen() -> None:
    clock = HandClock()
    trainer = paced(clock)
    TimeLimit(25.0, clock=clock).attach(trainer, event=Events.ITERATION_COMPLETED(every=4))
    assert trainer.run(range(9)).iteration == 4


def test_no_more_once_it_is_taken_off() -> None:
    clock = HandClock()
    trainer = paced(clock)
    trainer.attach(TimeLimit(25.0, clock=clock)).remove()
    assert trainer.run(range(9)).iteration == 9


@pytest.mark.parametrize("is_over_elsewhere", [True, False])
def test_ranks_agree(is_over_elsewhere: bool) -> None:
    clock = HandClock()
    asked: list[bool] = []

    def agree(is_over: bool) -> bool:
        asked.append(is_over)
        return is_over or is_over_elsewhere

    trainer = paced(clock)
    trainer.attach(TimeLimit(25.0, agree=agree, clock=clock))
    trainer.run(range(9))
    assert asked == ([False] if is_over_elsewhere else [False, False, True])


def test_without_agreement_several_ranks_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firesteel.handlers._time_limit.get_world_size", lambda: 2)
    trainer = paced(HandClock())
    with pytest.raises(ArgumentError, match="agree must be given on several ranks, got None"):
        trainer.attach(TimeLimit(25.0))
    trainer.attach(TimeLimit(25.0, agree=bool))


@given(limit_s=st.floats(1, 1000), pace_s=st.floats(1, 100))
def test_a_run_takes_at_most_an_iteration_longer(limit_s: float, pace_s: float) -> None:
    clock = HandClock()
    clock.now_s = 0.0

    def step(engine: Engine[int, None], batch: int) -> None:
        clock.now_s += pace_s

    trainer = Engine(step)
    trainer.attach(TimeLimit(limit_s, clock=clock))
    trainer.run(range(2000))
    assert limit_s <= clock.now_s < limit_s + pace_s * (1 + 1e-9)  # a sum of floats


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: TimeLimit(0), ArgumentError, "limit must be above 0, got 0"),
        (lambda: TimeLimit(float("nan")), ArgumentError, "limit must be above 0, got nan"),
        (lambda: TimeLimit(timedelta(seconds=-1)), ArgumentError, "limit must be above 0, got -1"),
        (lambda: TimeLimit(5, margin=5), ArgumentError, "margin must be at least 0 and below 5"),
        (lambda: TimeLimit(5, margin=-1), ArgumentError, "margin must be at least 0 and below 5"),
    ],
)
def test_what_makes_no_sense_is_refused(
    make: Callable[[], object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=f"TimeLimit: {words}"):
        make()


def test_what_is_no_duration_is_refused() -> None:
    wrong: Any = "1h"
    with pytest.raises(ArgumentTypeError, match="limit must be a number, got '1h'"):
        TimeLimit(wrong)
