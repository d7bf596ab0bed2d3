"""Timer: what counts, what does not, and what events do with it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.handlers.hand_clock import HandClock

from firesteel.engine import Engine
from firesteel.errors import ArgumentTypeError, UnknownEventError
from firesteel.events import EventEnum, Events
from firesteel.handlers import Timer


class Own(EventEnum):
    TICK = "tick"


def ticking(clock: HandClock, step_s: float = 1.0) -> Engine[int, int]:
    """Make an engine whose process function takes some time."""

    def step(_engine: Engine[int, int], batch: int) -> int:
        clock.now_s += step_s
        return batch

    return Engine(step)


def test_it_runs_from_when_it_is_made() -> None:
    clock = HandClock()
    timer = Timer(clock=clock)
    clock.now_s = 3.0
    assert (timer.is_running, timer.value()) == (True, 3.0)


def test_paused_time_does_not_count() -> None:
    clock = HandClock()
    timer = Timer(clock=clock)
    clock.now_s = 1.0
    timer.pause()
    clock.now_s = 10.0
    timer.resume()
    clock.now_s = 12.0
    assert timer.value() == 3.0


def test_pausing_and_resuming_twice_is_as_once() -> None:
    clock = HandClock()
    timer = Timer(clock=clock)
    clock.now_s = 1.0
    timer.resume()
    clock.now_s = 2.0
    timer.pause()
    clock.now_s = 5.0
    timer.pause()
    assert (timer.is_running, timer.value()) == (False, 2.0)


def test_an_average_is_per_step_and_the_whole_before_the_first() -> None:
    clock = HandClock()
    timer = Timer(average=True, clock=clock)
    clock.now_s = 6.0
    assert timer.value() == 6.0
    timer.step()
    timer.step()
    timer.step()
    assert (timer.num_steps, timer.value(), timer.total_s) == (3, 2.0, 6.0)


def test_reset_begins_anew_and_runs() -> None:
    clock = HandClock()
    timer = Timer(average=True, clock=clock)
    timer.step()
    timer.pause()
    clock.now_s = 4.0
    assert timer.reset() is timer
    clock.now_s = 5.0
    assert (timer.is_running, timer.num_steps, timer.value()) == (True, 0, 1.0)


@given(st.lists(st.tuples(st.sampled_from(["pause", "resume", "reset"]), st.integers(0, 100))))
def test_it_counts_what_a_list_of_stretches_counts(actions: list[tuple[str, int]]) -> None:
    clock = HandClock()
    timer = Timer(clock=clock)
    running, expected = True, 0
    for action, elapsed in actions:
        if action == "reset":
            timer.reset()
            running, expected = True, 0
        elif action == "pause":
            timer.pause()
            running = False
        else:
            timer.resume()
            running = True
        clock.now_s += elapsed
        expected += elapsed * running
    assert timer.value() == expected


def test_attached_it_reads_the_time_of_a_run() -> None:
    clock = HandClock()
    trainer = ticking(clock)
    timer = Timer(clock=clock)
    timer.attach(trainer)
    clock.now_s = 100.0
    trainer.run(range(3), max_epochs=2)
    clock.now_s = 1000.0
    assert timer.value() == 6.0
    trainer.run(range(3), max_epochs=2)
    assert timer.value() == 6.0


def test_the_time_per_iteration_leaves_out_what_is_between_them() -> None:
    clock = HandClock()
    trainer = ticking(clock)
    timer = Timer(average=True, clock=clock)
    timer.attach(
        trainer,
        start=Events.EPOCH_STARTED,
        resume=Events.ITERATION_STARTED,
        pause=Events.ITERATION_COMPLETED,
        step=Events.ITERATION_COMPLETED,
    )

    def wait(elapsed_s: float) -> None:
        clock.now_s += elapsed_s

    trainer.add_event_handler(Events.ITERATION_COMPLETED, wait, 5.0)
    trainer.run(range(4))
    assert (timer.value(), timer.num_steps) == (1.0, 4)


def test_one_event_resets_pauses_resumes_and_steps_in_this_order() -> None:
    clock = HandClock()
    trainer = ticking(clock)
    timer = Timer(clock=clock)
    event = Events.ITERATION_COMPLETED
    timer.attach(trainer, start=event, pause=event, resume=event, step=event)
    trainer.run(range(3))
    assert (timer.num_steps, timer.is_running, timer.value()) == (1, True, 0.0)


def test_own_and_filtered_events_do_as_well() -> None:
    clock = HandClock()
    trainer = ticking(clock)
    trainer.register_events(*Own)
    timer = Timer(clock=clock)
    timer.attach(trainer, step=Events.ITERATION_COMPLETED(every=2) | Own.TICK)
    trainer.add_event_handler(Events.COMPLETED, trainer.fire_event, Own.TICK)
    trainer.run(range(5))
    assert timer.num_steps == 3


def test_removed_it_is_left_alone() -> None:
    clock = HandClock()
    trainer = ticking(clock)
    timer = Timer(clock=clock)
    timer.attach(trainer, step=Events.ITERATION_COMPLETED).remove()
    trainer.run(range(5))
    assert (timer.num_steps, timer.is_running) == (0, True)


def test_an_unknown_event_is_refused() -> None:
    with pytest.raises(UnknownEventError):
        Timer().attach(ticking(HandClock()), step=Own.TICK)


def test_a_clock_has_to_be_callable() -> None:
    clock: Any = 3.0
    with pytest.raises(ArgumentTypeError, match="Timer: clock must be callable"):
        Timer(clock=clock)
