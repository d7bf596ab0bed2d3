"""LossSpikeDetector: what a spike is, when it is told, and what the window holds."""

import math
import statistics
from typing import Any, Final

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.host_waits import waits
from torch import Tensor

from firesteel import Engine, Events
from firesteel.engine import StopCause, Stopped
from firesteel.errors import ArgumentError, ArgumentTypeError
from firesteel.handlers import LOSS_SPIKE, LossSpike, LossSpikeDetector

# not public, but functions of values
from firesteel.handlers._recent import Recent, is_spike

CALM: Final = [2.0, 1.9, 2.1, 2.0]
INF: Final = float("inf")


class TestTheLatest:
    @given(
        numbers=st.lists(st.floats(-1e6, 1e6), min_size=1),
        size=st.integers(1, 6),
    )
    def test_are_those_that_were_put_in_last(self, numbers: list[float], size: int) -> None:
        recent = Recent(size)
        for number in numbers:
            recent.put(number)
        latest = numbers[-size:]
        median = statistics.median(latest)
        assert recent.median() == pytest.approx(median)
        assert recent.deviation() == pytest.approx(
            1.4826 * statistics.median(abs(one - recent.median()) for one in latest)
        )
        assert recent.is_full == (len(numbers) >= size)


def spike(number: float, *, num_deviations: float = 6.0, min_rise: float = 0.2) -> bool:
    recent = Recent(4)
    for one in CALM:  # the median is 2, the deviation 0.07413
        recent.put(one)
    return is_spike(number, recent, num_deviations=num_deviations, min_rise=min_rise)


class TestASpike:
    def test_lies_far_enough_above_the_median(self) -> None:
        assert spike(2.5)
        assert not spike(2.3)

    def test_is_no_fall(self) -> None:
        assert not spike(-100.0)

    def test_lies_as_many_deviations_above_it(self) -> None:
        assert not spike(2.5, num_deviations=7)
        assert spike(2.5, num_deviations=6.5)

    def test_has_the_least_rise(self) -> None:
        assert spike(2.5, min_rise=0.24)
        assert not spike(2.5, min_rise=0.25)

    @pytest.mark.parametrize("number", [math.nan, INF, -INF])
    def test_is_what_is_not_finite(self, number: float) -> None:
        assert spike(number)


def spikes_of(
    losses: list[float], detector: LossSpikeDetector[float], *, max_epochs: int = 1
) -> tuple[list[int], Engine[float, float]]:
    trainer: Engine[float, float] = Engine(lambda engine, batch: batch)
    trainer.attach(detector)
    found: list[int] = []

    def note(engine: Engine[float, float], spike: LossSpike) -> None:
        found.append(spike.iteration)

    trainer.add_event_handler(LOSS_SPIKE, note)
    trainer.run(losses, max_epochs=max_epochs)
    return found, trainer


class TestTelling:
    def test_of_each_spike_once_the_window_is_full(self) -> None:
        losses = [50.0, *CALM, 9.0, 2.0, math.nan, 2.0, 8.0]
        found, trainer = spikes_of(losses, LossSpikeDetector(window=5))
        assert found == [6, 8, 10]
        assert trainer.state.iteration == 10

    def test_nothing_before_it_is(self) -> None:
        assert spikes_of([*CALM, 9.0, 2.0], LossSpikeDetector(window=6))[0] == []

    def test_a_new_level_is_one_for_half_a_window(self) -> None:
        losses = [*CALM, *CALM, *[9.0, 9.1, 8.9, 9.0] * 5]
        found, _ = spikes_of(losses, LossSpikeDetector(window=8))
        assert found[0] == 9
        assert max(found) <= 9 + 4

    def test_the_run_ends_where_that_was_asked_for(self) -> None:
        found, trainer = spikes_of(
            [*CALM, 9.0, 2.0], LossSpikeDetector(window=4, action="terminate")
        )
        assert (found, trainer.state.iteration) == ([5], 5)
        reason = "LossSpikeDetector: the loss of iteration 5 is 9, the median before it 2"
        assert trainer.outcome == Stopped(StopCause.TERMINATED, reason)

    def test_the_window_goes_on_over_epochs(self) -> None:
        found, _ = spikes_of([*CALM, 9.0], LossSpikeDetector(window=4), max_epochs=2)
        assert found == [5, 10]

    def test_a_run_that_begins_anew_has_a_window_of_its_own(self) -> None:
        trainer: Engine[float, float] = Engine(lambda engine, batch: batch)
        trainer.attach(LossSpikeDetector(window=4, action="terminate"))
        trainer.run(CALM)
        assert trainer.run([9.0, 9.0, 9.0, 9.0, 9.0]).iteration == 5

    def test_the_transform_gives_the_loss(self) -> None:
        trainer: Engine[float, tuple[str, float]] = Engine(lambda engine, batch: ("loss", batch))
        trainer.attach(LossSpikeDetector(lambda output: output[1], window=4, action="terminate"))
        assert trainer.run([*CALM, 9.0, 2.0]).iteration == 5

    def test_a_rehearsal_leaves_no_trace(self) -> None:
        trainer: Engine[float, float] = Engine(lambda engine, batch: batch)
        trainer.attach(LossSpikeDetector(window=2, action="terminate"))
        with trainer.rehearsal(num_batches=3):
            trainer.run([1.0, 1.0, 9.0])
            assert not trainer.should_terminate

    def test_no_more_once_it_is_taken_off(self) -> None:
        trainer: Engine[float, float] = Engine(lambda engine, batch: batch)
        trainer.attach(LossSpikeDetector(window=4, action="terminate")).remove()
        assert trainer.run([*CALM, 9.0, 2.0]).iteration == 6


def give_tensor(engine: Engine[float, Tensor], batch: float) -> Tensor:
    return torch.tensor([batch])


class TestTensors:
    def test_on_the_cpu_are_looked_at_at_once(self) -> None:
        trainer = Engine(give_tensor)
        trainer.attach(LossSpikeDetector(window=4, action="terminate"))
        assert trainer.run([*CALM, 9.0, 2.0]).iteration == 5

    def test_are_read_together_and_judged_in_their_order(self) -> None:
        trainer = Engine(give_tensor)
        trainer.attach(LossSpikeDetector(window=4, every=4))
        told: list[tuple[int, int]] = []

        def note(engine: Engine[float, Tensor], spike: LossSpike) -> None:
            told.append((engine.state.iteration, spike.iteration))

        trainer.add_event_handler(LOSS_SPIKE, note)
        trainer.run([*CALM, 9.0, 2.0, 2.0, 2.0, 8.0])
        assert told == [(8, 5), (9, 9)]  # the end of an epoch is a look, too

    def test_are_not_waited_for_in_between(self) -> None:
        trainer = Engine(give_tensor)
        trainer.attach(LossSpikeDetector(window=4, every=100))
        seen: list[int] = []
        with waits() as found:
            trainer.add_event_handler(Events.ITERATION_COMPLETED, lambda: seen.append(len(found)))
            trainer.run([2.0] * 30)
        assert seen == [0] * 30

    def test_that_are_overwritten_are_known_as_they_were(self) -> None:
        kept = torch.zeros(())

        def step(engine: Engine[float, Tensor], batch: float) -> Tensor:
            return kept.fill_(batch)

        trainer = Engine(step)
        trainer.attach(LossSpikeDetector(window=4, every=8, action="terminate"))
        trainer.run([*CALM, 9.0, 2.0, 2.0, 2.0])
        assert "iteration 5 is 9" in str(trainer.outcome)

    def test_of_a_run_that_failed_are_forgotten(self) -> None:
        def step(engine: Engine[float, Tensor], batch: float) -> Tensor:
            if batch < 0:
                raise ValueError("negative")
            return torch.tensor(batch)

        trainer = Engine(step)
        trainer.attach(LossSpikeDetector(window=2, every=100, action="terminate"))
        with pytest.raises(ValueError, match="negative"):
            trainer.run([1.0, 1.0, 9.0, -1.0])
        trainer.reset()
        assert trainer.run([1.0, 1.0]).iteration == 2
        assert not trainer.should_terminate


class TestArguments:
    @pytest.mark.parametrize(
        ("options", "error", "words"),
        [
            ({"window": 1}, ArgumentError, "window must be at least 2, got 1"),
            ({"num_deviations": 0}, ArgumentError, "num_deviations must be above 0, got 0"),
            ({"min_rise": -0.1}, ArgumentError, "min_rise must be at least 0, got -0.1"),
            ({"action": "stop"}, ArgumentError, "action must be one of 'report', 'terminate'"),
            ({"every": 0}, ArgumentError, "every must be at least 1, got 0"),
            ({"window": "50"}, ArgumentTypeError, "window must be a whole number"),
        ],
    )
    def test_out_of_their_range_are_refused(
        self, options: dict[str, Any], error: type[Exception], words: str
    ) -> None:
        with pytest.raises(error, match=f"LossSpikeDetector: {words}"):
            LossSpikeDetector(**options)

    @pytest.mark.parametrize(
        ("output", "error", "words"),
        [
            ("high", ArgumentTypeError, "the loss must be a number or a tensor of one element"),
            (torch.ones(2), ArgumentError, "the loss must have one element, got shape \\[2\\]"),
        ],
    )
    def test_an_output_that_is_no_loss_is_refused(
        self, output: Any, error: type[Exception], words: str
    ) -> None:
        trainer: Engine[int, Any] = Engine(lambda engine, batch: output)
        trainer.attach(LossSpikeDetector())
        with pytest.raises(error, match=words):
            trainer.run([1])
