"""Frequency: units per second, by a clock that is turned by hand."""

import math
from collections.abc import Sequence
from typing import Any

import pytest
from torch import distributed

from firesteel.engine import Engine
from firesteel.errors import ArgumentError, ArgumentTypeError, NotComputableError
from firesteel.events import Events
from firesteel.metrics import EpochWise, over_all_ranks
from firesteel.metrics._frequency import Frequency
from firesteel.testing import RankPool


class Clock:
    """Stands still until it is turned."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture(name="clock")
def make_clock() -> Clock:
    return Clock()


def test_it_is_units_by_the_time_since_the_reset(clock: Clock) -> None:
    frequency = Frequency(clock=clock)
    clock.now_s += 1
    frequency.update(3)
    clock.now_s += 1
    frequency.update(5)
    assert frequency.compute() == 4.0
    clock.now_s += 100  # what follows the latest update does not count
    assert frequency.compute() == 4.0
    frequency.reset()
    clock.now_s += 2
    frequency.update(1)
    assert frequency.compute() == 0.5


def test_a_clock_that_has_not_moved_is_no_error(clock: Clock) -> None:
    frequency = Frequency(clock=clock)
    frequency.update(0)
    assert frequency.compute() == 0.0
    frequency.update(1)
    assert frequency.compute() == math.inf


def test_nothing_seen_is_nothing_to_compute() -> None:
    with pytest.raises(NotComputableError, match="Frequency: needs at least one update"):
        Frequency().compute()


def test_wrong_arguments_are_refused() -> None:
    wrong: Any = 0.5
    with pytest.raises(ArgumentTypeError, match=r"Frequency: value must be a whole number"):
        Frequency().update(wrong)
    with pytest.raises(ArgumentError, match="Frequency: value must be at least 0, got -1"):
        Frequency().update(-1)
    with pytest.raises(ArgumentTypeError, match=r"Frequency: clock must be callable, got 0\.5"):
        Frequency(clock=wrong)


def test_it_goes_on_where_another_stood(clock: Clock) -> None:
    one, other = Frequency(clock=clock), Frequency(clock=clock)
    clock.now_s += 2
    one.update(8)
    clock.now_s += 50
    other.load_state_dict(one.state_dict())
    clock.now_s += 2
    other.update(0)
    assert one.compute() == 4.0
    assert other.compute() == 2.0


def test_merged_it_is_of_two_at_work_side_by_side(clock: Clock) -> None:
    one, other = Frequency(clock=clock), Frequency(clock=clock)
    clock.now_s += 2
    one.update(8)
    other.update(2)
    one.merge(other)
    assert one.compute() == 5.0


def give(engine: Engine[int, int], batch: int) -> int:
    return batch


def twice(output: int) -> int:
    return 2 * output


def test_attached_it_can_be_read_after_each_iteration_of_an_epoch(clock: Clock) -> None:
    trainer = Engine(give)
    frequency = Frequency(clock=clock)
    key = frequency.attach(trainer, "samples")
    seen: list[float] = []

    @trainer.on(Events.ITERATION_STARTED)
    def turn() -> None:
        clock.now_s += 2

    @trainer.on(Events.ITERATION_COMPLETED)
    def read() -> None:
        seen.append(trainer.state.metrics.get(key, -1.0))

    trainer.run([2, 6], max_epochs=2)
    assert seen == [1.0, 2.0, 1.0, 2.0]
    assert frequency.is_attached(trainer)
    frequency.detach(trainer)
    assert not frequency.is_attached(trainer)
    assert "samples" not in trainer.run([2], max_epochs=3).metrics


def test_a_transform_can_be_given_in_all_three_ways(clock: Clock) -> None:
    trainer = Engine(give)
    keys = [
        Frequency(twice, clock=clock).attach(trainer, "one", usage=EpochWise()),
        Frequency(clock=clock).attach(trainer, "two", output_transform=lambda out: 2 * out),
        trainer.attach(Frequency(lambda out: 2 * out, clock=clock), "three"),
    ]

    @trainer.on(Events.ITERATION_STARTED)
    def turn() -> None:
        clock.now_s += 1

    metrics = trainer.run([1, 2]).metrics
    assert [metrics[key] for key in keys] == [3.0, 3.0, 3.0]


def rate_of_ranks(parts: Sequence[Sequence[int]]) -> float:
    clock = Clock()
    frequency = Frequency(clock=clock)
    for units in parts[distributed.get_rank()]:
        clock.now_s += 2
        frequency.update(units)
    with over_all_ranks(frequency):
        return frequency.compute()


@pytest.mark.distributed
@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([[4, 4], [2, 2]], 3.0),
        ([[4], [2, 6]], 12 * 2 / 6),
        ([[], [2, 6]], 2.0),  # ignite gives 4
    ],
)
def test_units_of_ranks_add_up_and_their_time_does_not(
    two_ranks: RankPool, parts: Sequence[Sequence[int]], expected: float
) -> None:
    assert two_ranks.run(rate_of_ranks, parts) == [expected, expected]
