"""The parts of a run, and which may follow which: the loop is held to the table."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from firesteel.engine import Engine, Interrupted
from firesteel.engine._live import Live
from firesteel.engine._phases import FOLLOWERS, Pending, Phase
from firesteel.events import EventEnum, Events


def step(engine: Engine[int, int], batch: int) -> int:
    return batch


def phase_of(engine: Engine[int, int]) -> Phase:
    return engine._live.phase  # pyright: ignore[reportPrivateUsage]  # shown to nobody else


def test_a_run_begins_at_its_start_with_nothing_under_way() -> None:
    live: Live[int, int] = Live()
    assert (live.phase, live.pending) == (Phase.OVER, Pending.NOTHING)
    live.restart([1, 2])
    assert (live.phase, live.pending) == (Phase.START, Pending.NOTHING)


def test_every_part_but_the_last_ones_has_followers() -> None:
    assert set(Phase) - set(FOLLOWERS) == {Phase.OVER, Phase.SUSPENDED}


def test_every_part_can_be_reached_and_leads_to_the_end() -> None:
    reached = {Phase.START}
    for _ in Phase:
        reached |= {after for phase in reached for after in FOLLOWERS.get(phase, ())}
    assert reached == set(Phase)
    assert all(Phase.END in FOLLOWERS[phase] for phase in FOLLOWERS if phase is not Phase.END)


def test_what_was_ended_is_not_gone_on_with() -> None:
    assert FOLLOWERS[Phase.END] == {Phase.OVER}


def terminate(engine: Engine[int, int]) -> None:
    engine.terminate()


def interrupt(engine: Engine[int, int]) -> None:
    engine.interrupt()


def no_request(engine: Engine[int, int]) -> None:
    pass


def terminate_epoch_if_there_is_one(engine: Engine[int, int]) -> None:
    if phase_of(engine) in {Phase.EPOCH_START, Phase.ITERATIONS}:
        engine.terminate_epoch(skip_epoch_completed=engine.state.epoch == 2)


@pytest.mark.parametrize("event", list(Events), ids=str)
@pytest.mark.parametrize("ask", [no_request, terminate, terminate_epoch_if_there_is_one, interrupt])
def test_the_loop_goes_no_way_that_the_table_does_not_know(
    event: Events, ask: Callable[[Engine[int, int]], object]
) -> None:
    engine = Engine(step)
    phases: list[Phase] = []
    for one in Events:
        engine.add_event_handler(one, lambda engine: phases.append(phase_of(engine)))
    engine.add_event_handler(event(once=[1, 2]), ask)
    engine.run([1, 2, 3], max_epochs=3, epoch_length=4)
    while isinstance(engine.outcome, Interrupted):
        engine.run([], max_epochs=3)
    ways = {(before, after) for before, after in pairwise(phases) if before is not after}
    assert ways
    assert all(after in FOLLOWERS[before] for before, after in ways)


def test_events_belong_to_the_parts_that_fire_them() -> None:
    engine = Engine(step)
    phases: dict[EventEnum, set[Phase]] = {}

    def note(engine: Engine[int, int], event: EventEnum) -> None:
        phases.setdefault(event, set()).add(phase_of(engine))

    for event in Events:
        engine.add_event_handler(event, note, event)
    engine.run([1, 2, 3], max_epochs=2, epoch_length=4)
    assert phases[Events.STARTED] == {Phase.START}
    assert phases[Events.EPOCH_STARTED] == {Phase.EPOCH_START}
    assert phases[Events.ITERATION_COMPLETED] == {Phase.ITERATIONS}
    assert phases[Events.DATALOADER_STOP_ITERATION] == {Phase.ITERATIONS}
    assert phases[Events.EPOCH_COMPLETED] == {Phase.EPOCH_END}
    assert phases[Events.COMPLETED] == {Phase.END}
