"""Schedulers of values in the state, or behind a function."""

from collections.abc import Callable

# Any: what a type checker refuses has to get past it, to be refused when it runs
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firesteel.engine import Engine, StateKey
from firesteel.errors import ArgumentError, ArgumentTypeError
from firesteel.events import Events
from firesteel.handlers import (
    ExpStateScheduler,
    LambdaStateScheduler,
    MultiStepStateScheduler,
    PiecewiseLinearStateScheduler,
    StateParamScheduler,
    StateTarget,
    StepStateScheduler,
)

WEIGHT = StateKey[float]("weight")


def give(engine: Engine[int, int], batch: int) -> int:
    return batch


def untyped(value: object) -> Any:
    return value


def halving(target: StateTarget) -> StateParamScheduler:
    return LambdaStateScheduler(target, lambda_obj=lambda index: 0.5**index, save_history=True)


def piecewise(target: StateTarget) -> StateParamScheduler:
    return PiecewiseLinearStateScheduler(target, milestones_values=[(0, 1), (4, 0.0), (4, 3.0)])


def exponential(target: StateTarget) -> StateParamScheduler:
    return ExpStateScheduler(target, initial_value=2.0, gamma=0.5)


def step_wise(target: StateTarget) -> StateParamScheduler:
    return StepStateScheduler(target, initial_value=2.0, gamma=0.5, step_size=3)


def multi_step(target: StateTarget) -> StateParamScheduler:
    return MultiStepStateScheduler(target, initial_value=2.0, gamma=0.5, milestones=[1, 4])


MAKERS = (halving, piecewise, exponential, step_wise, multi_step)


def seen_in_a_run(scheduler: StateParamScheduler, num: int) -> list[float]:
    def step(engine: Engine[int, None], batch: int) -> None:
        seen.append(engine.state[WEIGHT])

    seen: list[float] = []
    trainer = Engine(step)
    trainer.attach(scheduler)
    trainer.run(range(num))
    return seen


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (halving, [1.0, 0.5, 0.25, 0.125, 0.0625, 0.03125]),
        (piecewise, [1.0, 0.75, 0.5, 0.25, 3.0, 3.0]),
        (exponential, [2.0, 1.0, 0.5, 0.25, 0.125, 0.0625]),
        (step_wise, [2.0, 2.0, 2.0, 1.0, 1.0, 1.0]),
        (multi_step, [2.0, 1.0, 1.0, 1.0, 0.5, 0.5]),
    ],
)
def test_each_iteration_sees_its_value(
    make: Callable[[StateTarget], StateParamScheduler], expected: list[float]
) -> None:
    scheduler = make(WEIGHT)
    assert seen_in_a_run(scheduler, 6) == expected == scheduler.simulate_values(6)


@given(make=st.sampled_from(MAKERS), num=st.integers(1, 12))
def test_what_is_simulated_is_what_a_run_applies(
    make: Callable[[StateTarget], StateParamScheduler], num: int
) -> None:
    assert seen_in_a_run(make(WEIGHT), num) == make(WEIGHT).simulate_values(num)


def test_values_are_floats() -> None:
    assert [type(value) for value in piecewise(WEIGHT).simulate_values(1)] == [float]


def test_a_function_is_given_the_value() -> None:
    given_values: list[float] = []
    trainer = Engine(give)
    scheduler = halving(given_values.append)
    trainer.attach(scheduler)
    trainer.run(range(3))
    assert given_values == [1.0, 0.5, 0.25] == scheduler.history


def test_the_event_is_chosen_when_it_is_attached() -> None:
    trainer = Engine(give)
    halving(WEIGHT).attach(trainer, Events.EPOCH_STARTED)
    assert trainer.run(range(3), max_epochs=2)[WEIGHT] == 0.5


def test_a_value_in_the_state_is_saved_with_the_engine() -> None:
    trainer = Engine(give)
    scheduler = halving(WEIGHT)
    trainer.attach(scheduler)
    trainer.run(range(3))
    other = Engine(give)
    other.load_state_dict(trainer.state_dict())
    assert other.state[WEIGHT] == 0.25


def test_a_function_is_given_the_value_anew_when_a_state_is_loaded() -> None:
    trainer = Engine(give)
    scheduler = halving(lambda value: None)
    trainer.attach(scheduler)
    trainer.run(range(3))
    given_values: list[float] = []
    halving(given_values.append).load_state_dict(scheduler.state_dict())
    assert given_values == [0.25]


def test_a_function_is_given_nothing_where_nothing_was_set() -> None:
    given_values: list[float] = []
    halving(given_values.append).load_state_dict({"event_index": 0, "event_count": 0})
    assert given_values == []


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: halving(untyped("weight")),
            ArgumentTypeError,
            r"target must be a StateKey\[float\], or a function that takes the value, got 'weight'",
        ),
        (
            lambda: LambdaStateScheduler(WEIGHT, lambda_obj=untyped(0.1)),
            ArgumentTypeError,
            "LambdaStateScheduler: lambda_obj must be callable, got 0.1",
        ),
        (
            lambda: ExpStateScheduler(WEIGHT, initial_value=1.0, gamma=-1.0),
            ArgumentError,
            "gamma must be above 0, got -1.0",
        ),
        (
            lambda: PiecewiseLinearStateScheduler(WEIGHT, milestones_values=[]),
            ArgumentError,
            "milestones_values must be a sequence of one or more",
        ),
        (
            lambda: halving(WEIGHT).simulate_values(-1),
            ArgumentError,
            "LambdaStateScheduler.simulate_values: num_events must be at least 0, got -1",
        ),
    ],
)
def test_what_does_not_fit_is_refused(
    make: Callable[[], object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        make()
