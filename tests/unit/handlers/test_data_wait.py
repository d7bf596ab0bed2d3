"""DataWait: waiting for data, and all else."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.handlers.hand_clock import HandClock

from firesteel.engine import Engine, MetricKey
from firesteel.errors import ArgumentTypeError
from firesteel.events import Events
from firesteel.handlers import DataWait


class Scene:
    """A trainer whose data takes ``wait_s`` and whose iterations take ``work_s``."""

    def __init__(self, *, wait_s: float, work_s: float) -> None:
        self.clock = HandClock()
        self.wait_s = wait_s

        def step(_engine: Engine[int, int], batch: int) -> int:
            self.clock.wait(work_s)
            return batch

        self.engine = Engine(step)
        self.key: MetricKey[float] = self.engine.attach(DataWait(clock=self.clock), "wait")

    def data(self, num_batches: int) -> Iterator[int]:
        for batch in range(num_batches):
            self.clock.wait(self.wait_s)
            yield batch

    def share(self) -> float:
        return self.engine.state.metrics[self.key]


@given(wait_s=st.integers(0, 100), work_s=st.integers(1, 100), num_batches=st.integers(1, 5))
def test_it_is_the_wait_by_all_time(wait_s: int, work_s: int, num_batches: int) -> None:
    scene = Scene(wait_s=wait_s, work_s=work_s)
    scene.engine.run(scene.data(num_batches))
    assert scene.share() == pytest.approx(wait_s / (wait_s + work_s))


def test_handlers_count_as_work_and_those_between_epochs_do_not_count() -> None:
    scene = Scene(wait_s=1, work_s=1)
    scene.engine.add_event_handler(Events.ITERATION_STARTED, scene.clock.wait, 2.0)
    scene.engine.add_event_handler(Events.EPOCH_COMPLETED, scene.clock.wait, 50.0)
    scene.engine.run(scene.data(4), max_epochs=2, epoch_length=2)
    assert scene.share() == 0.25


def test_each_epoch_begins_anew() -> None:
    scene, seen = Scene(wait_s=1, work_s=1), list[float]()

    def note() -> None:
        seen.append(scene.share())
        scene.wait_s = 3

    scene.engine.add_event_handler(Events.EPOCH_COMPLETED, note)
    scene.engine.run(scene.data(4), max_epochs=2, epoch_length=2)
    assert seen == [0.5, 0.75]


def test_the_time_of_a_suspension_does_not_count() -> None:
    scene = Scene(wait_s=1, work_s=1)
    handle = scene.engine.add_event_handler(
        Events.GET_BATCH_STARTED(once=2), scene.engine.interrupt
    )
    scene.engine.run(scene.data(3))
    handle.remove()
    scene.clock.wait(1000.0)
    scene.engine.run([])
    assert scene.share() <= 0.5


def test_without_data_there_is_no_wait() -> None:
    def step(_engine: Engine[None, None], _batch: None) -> None:
        pass

    trainer = Engine(step)
    key = trainer.attach(DataWait(), "wait")
    assert key not in trainer.run(epoch_length=3).metrics


def test_a_clock_has_to_be_callable() -> None:
    clock: Any = 1.0
    with pytest.raises(ArgumentTypeError, match="DataWait: clock must be callable"):
        DataWait(clock=clock)
