"""Throughput and MFU: what counts as time, and what as samples."""

from typing import Any, NamedTuple

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.handlers.hand_clock import HandClock
from torch import Tensor, nn

from firesteel.engine import Engine, MetricKey
from firesteel.errors import ArgumentError, ArgumentTypeError, NotComputableError, UnknownKeyError
from firesteel.events import Events
from firesteel.handlers import ModelFlopsUtilization, Throughput, count_flops
from firesteel.handlers._throughput import Rate


class Batch(NamedTuple):
    name: str
    x: Tensor


class Scene:
    """A trainer whose iterations take a second, with a throughput over ``window`` of them."""

    def __init__(self, window: int = 100) -> None:
        self.clock = HandClock()

        def step(_engine: Engine[Any, int], batch: Any) -> int:
            self.clock.wait(1.0)
            return 5

        self.engine: Engine[Any, int] = Engine(step)
        self.measured = Throughput(window=window, clock=self.clock)
        self.key: MetricKey[float] = self.engine.attach(self.measured, "samples/s")

    def rate(self) -> float:
        return self.engine.state.metrics[self.key]


BATCH = torch.zeros(8, 2)


def test_it_is_samples_by_seconds() -> None:
    scene = Scene()
    scene.engine.run([BATCH] * 10)
    assert scene.rate() == 8.0


def test_it_is_that_of_the_latest_iterations() -> None:
    scene = Scene(window=2)
    scene.engine.run([BATCH] * 10 + [torch.zeros(20, 1)] * 2)
    assert scene.rate() == 20.0


@given(
    window=st.integers(1, 10),
    steps=st.lists(st.tuples(st.integers(1, 50), st.integers(0, 50)), min_size=1, max_size=30),
)
def test_a_rate_is_the_sum_of_the_latest_by_their_time(
    window: int, steps: list[tuple[int, int]]
) -> None:
    rate, now = Rate(window), 100
    rate.resume(now)
    for elapsed, amount in steps:
        now += elapsed
        rate.add(now, amount)
    latest = steps[-window:]
    assert rate.per_s() == sum(one[1] for one in latest) / sum(one[0] for one in latest)


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 50)), min_size=1, max_size=30))
def test_time_away_does_not_count_wherever_it_is(steps: list[tuple[int, int]]) -> None:
    with_breaks, without = Rate(5), Rate(5)
    now = 0
    with_breaks.resume(0)
    without.resume(0)
    for elapsed, away in steps:
        now += away
        with_breaks.resume(now)
        now += elapsed
        with_breaks.add(now, 3)
    now = 0
    for elapsed, _ in steps:
        now += elapsed
        without.add(now, 3)
    assert with_breaks.per_s() == without.per_s()


def test_time_between_epochs_does_not_count() -> None:
    scene = Scene()
    scene.engine.add_event_handler(Events.EPOCH_COMPLETED, scene.clock.wait, 100.0)
    scene.engine.run([BATCH] * 3, max_epochs=3)
    assert scene.rate() == 8.0


def test_time_of_handlers_within_an_epoch_does() -> None:
    scene = Scene()
    scene.engine.add_event_handler(Events.ITERATION_STARTED, scene.clock.wait, 1.0)
    scene.engine.run([BATCH] * 3)
    assert scene.rate() == 4.0


def test_time_of_a_suspension_does_not_count() -> None:
    scene = Scene()
    scene.engine.add_event_handler(Events.ITERATION_COMPLETED(once=3), scene.engine.interrupt)
    scene.engine.run([BATCH] * 6)
    scene.clock.wait(1000.0)
    assert scene.rate() == 8.0
    scene.engine.run([])
    assert scene.rate() == 8.0


def test_a_new_run_begins_anew() -> None:
    scene = Scene()
    scene.engine.run([torch.zeros(100, 1)] * 3)
    seen: list[object] = []
    scene.engine.add_event_handler(
        Events.EPOCH_STARTED, lambda: seen.append(scene.key in scene.engine.state.metrics)
    )
    scene.clock.wait(1000.0)
    scene.engine.run([BATCH] * 3)
    assert (scene.rate(), seen) == (8.0, [False])


def test_after_a_failure_the_run_goes_on_with_a_new_window() -> None:
    scene = Scene()

    def fail() -> None:
        raise ArithmeticError

    handle = scene.engine.add_event_handler(Events.ITERATION_COMPLETED(once=2), fail)
    with pytest.raises(ArithmeticError):
        scene.engine.run([BATCH] * 4, max_epochs=1)
    handle.remove()
    scene.clock.wait(1000.0)
    scene.engine.run([BATCH] * 4, max_epochs=1)
    assert scene.rate() == 8.0


@pytest.mark.parametrize(
    "batch",
    [BATCH, (BATCH, 1), [None, BATCH], {"n": 3, "x": BATCH}, Batch("a", BATCH), {"x": [BATCH]}],
)
def test_samples_are_the_first_axis_of_the_first_tensor(batch: object) -> None:
    scene = Scene()
    scene.engine.run([batch] * 3)
    assert scene.rate() == 8.0


@pytest.mark.parametrize("batch", [7, "text", [], torch.zeros(())])
def test_where_there_is_none_it_says_what_to_do(batch: object) -> None:
    scene = Scene()
    with pytest.raises(ArgumentTypeError, match="say how many there are with num_samples"):
        scene.engine.run([batch])


def test_or_they_are_counted_by_a_function_of_the_output() -> None:
    scene = Scene()
    key = scene.engine.attach(Throughput(lambda out: out * 2, clock=scene.clock), "doubled")
    scene.engine.run([BATCH] * 3)
    assert scene.engine.state.metrics[key] == 10.0


def test_before_time_has_passed_there_is_no_rate() -> None:
    clock = HandClock()

    def step(_engine: Engine[Tensor, Tensor], batch: Tensor) -> Tensor:
        return batch

    engine = Engine(step)
    key = engine.attach(Throughput(clock=clock), "x")
    engine.run([BATCH])
    with pytest.raises(NotComputableError, match="exists once time has passed"):
        _ = engine.state.metrics[key]


def test_utilization_is_operations_by_what_the_device_can_do() -> None:
    scene = Scene()
    mfu = scene.engine.attach(
        ModelFlopsUtilization(flops_per_sample=100.0, peak_flops_per_s=1600.0, clock=scene.clock),
        "MFU",
    )
    scene.engine.run([BATCH] * 3)
    assert scene.engine.state.metrics[mfu] == 0.5


class TestAttaching:
    def test_detached_it_measures_no_more_and_the_name_is_free(self) -> None:
        scene = Scene()
        scene.engine.run([BATCH] * 3)
        scene.measured.detach()
        scene.measured.detach()
        with pytest.raises(UnknownKeyError):
            scene.rate()
        again = scene.engine.attach(scene.measured, "samples/s")
        scene.engine.run([BATCH] * 3)
        assert scene.engine.state.metrics[again] == 8.0

    def test_it_belongs_to_one_engine(self) -> None:
        scene = Scene()
        with pytest.raises(ArgumentError, match="Throughput: must not be attached already"):
            scene.measured.attach(scene.engine, "again")

    def test_a_name_that_is_taken_is_refused_and_it_stays_free(self) -> None:
        scene, other = Scene(), Throughput()
        with pytest.raises(ArgumentError, match="another metric is attached"):
            other.attach(scene.engine, "samples/s")
        other.attach(scene.engine, "another")

    def test_results_are_no_part_of_a_state_dict(self) -> None:
        scene = Scene()
        scene.engine.run([BATCH] * 3)
        assert "samples/s" not in str(scene.engine.state_dict())


@pytest.mark.parametrize("window", [0, -1])
def test_a_window_is_at_least_one(window: int) -> None:
    with pytest.raises(ArgumentError, match="Throughput: window must be at least 1"):
        Throughput(window=window)


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan")])
def test_operations_are_above_zero(value: float) -> None:
    with pytest.raises(ArgumentError, match="flops_per_sample must be above 0"):
        ModelFlopsUtilization(flops_per_sample=value, peak_flops_per_s=1.0)
    with pytest.raises(ArgumentError, match="peak_flops_per_s must be above 0"):
        ModelFlopsUtilization(flops_per_sample=1.0, peak_flops_per_s=value)


def test_what_cannot_be_called_is_refused() -> None:
    number: Any = 8
    with pytest.raises(ArgumentTypeError, match="Throughput: num_samples must be callable"):
        Throughput(number)
    with pytest.raises(ArgumentTypeError, match="count_flops: function must be callable"):
        count_flops(number)


def test_operations_are_counted_with_the_backward_pass() -> None:
    model, batch = nn.Linear(100, 10, bias=False), torch.ones(4, 100)
    forward = 2 * 4 * 100 * 10
    assert count_flops(lambda: model(batch)) == forward
    assert count_flops(lambda: model(batch).sum().backward()) == 2 * forward  # none for the input
