"""TerminateOnNan: when it looks, when it waits, and what it says."""

import logging
from collections.abc import Callable, Sequence
from typing import Any, Final

import pytest
import torch
from tests.unit.host_waits import waits
from torch import Tensor

from firesteel import Engine, Events
from firesteel.engine import Completed, StopCause, Stopped
from firesteel.errors import ArgumentError, ArgumentTypeError
from firesteel.handlers import TerminateOnNan

NAN: Final = float("nan")


def give_number(engine: Engine[float, float], batch: float) -> float:
    return batch


def give_tensor(engine: Engine[float, Tensor], batch: float) -> Tensor:
    return torch.tensor(batch)


def give_pair(engine: Engine[float, dict[str, object]], batch: float) -> dict[str, object]:
    return {"loss": torch.full((2, 2), batch), "text": "nan", "nothing": None}


def stopped(where: str, iteration: int) -> Stopped:
    reason = f"TerminateOnNan: {where} is not finite, in iteration {iteration}"
    return Stopped(StopCause.TERMINATED, reason)


STOPS: Final[Sequence[Callable[[Engine[float, Tensor]], None]]] = (
    lambda trainer: trainer.terminate(),
    lambda trainer: trainer.terminate_epoch(skip_epoch_completed=True),
    lambda trainer: trainer.interrupt(),
)


class TestAtOnce:
    @pytest.mark.parametrize("bad", [NAN, float("inf"), -float("inf")])
    def test_a_float_ends_the_run_in_its_iteration(self, bad: float) -> None:
        trainer = Engine(give_number)
        trainer.attach(TerminateOnNan())
        assert trainer.run([1.0, 2.0, bad, 3.0], max_epochs=2).iteration == 3
        assert trainer.outcome == stopped("output", 3)

    def test_so_does_a_tensor_on_the_cpu(self) -> None:
        trainer = Engine(give_tensor)
        trainer.attach(TerminateOnNan())
        assert trainer.run([1.0, 2.0, NAN, 3.0]).iteration == 3

    def test_where_it_is_is_said(self, caplog: pytest.LogCaptureFixture) -> None:
        trainer = Engine(give_pair)
        trainer.attach(TerminateOnNan())
        with caplog.at_level(logging.WARNING, "firesteel.handlers"):
            trainer.run([1.0, NAN])
        assert trainer.outcome == stopped("output['loss']", 2)
        assert [record.getMessage() for record in caplog.records] == [
            "TerminateOnNan: output['loss'] is not finite, in iteration 2; the run ends."
        ]

    def test_of_several_the_first_is_named(self, caplog: pytest.LogCaptureFixture) -> None:
        trainer: Engine[float, list[float]] = Engine(lambda engine, batch: [1.0, batch, batch])
        trainer.attach(TerminateOnNan())
        trainer.run([NAN])
        assert trainer.outcome == stopped("output[1]", 1)
        assert len(caplog.records) == 1

    def test_only_what_the_transform_gives_is_looked_at(self) -> None:
        trainer = Engine(give_number)
        trainer.attach(TerminateOnNan(lambda output: [abs(output), output > 1]))
        assert trainer.run([-1.0, 2.0]).iteration == 2
        trainer.attach(TerminateOnNan(lambda output: output / 1e308 / 1e308 * 1e308 * 1e308))
        assert trainer.run([1.0, float("inf"), 2.0]).iteration == 2

    def test_as_a_handler_it_looks_where_it_is_called(self) -> None:
        trainer = Engine(give_tensor)
        trainer.add_event_handler(Events.ITERATION_COMPLETED(every=2), TerminateOnNan(every=50))
        assert trainer.run([NAN, 1.0, NAN, NAN, 1.0]).iteration == 4
        assert trainer.outcome == stopped("output", 4)

    def test_no_more_once_it_is_taken_off(self) -> None:
        trainer = Engine(give_number)
        trainer.attach(TerminateOnNan()).remove()
        assert trainer.run([NAN, NAN]).iteration == 2

    def test_of_two_engines_each_by_itself(self) -> None:
        check = TerminateOnNan(every=10)
        one, two = Engine(give_tensor), Engine(give_tensor)
        one.attach(check)
        two.attach(check)
        one.add_event_handler(Events.ITERATION_COMPLETED(once=1), lambda: two.run([1.0, NAN]))
        one.run([1.0, 2.0])
        assert one.outcome == Completed()
        assert two.outcome == stopped("output", 2)


class TestNotInEachIteration:
    def test_the_run_goes_on_until_the_next_look_and_names_the_first_iteration(self) -> None:
        trainer = Engine(give_tensor)
        trainer.attach(TerminateOnNan(every=4))
        assert trainer.run([1.0, 2.0, NAN, NAN, NAN, 1.0, 1.0, 1.0]).iteration == 4
        assert trainer.outcome == stopped("output", 3)

    def test_looks_are_as_far_apart_as_was_said(self) -> None:
        trainer = Engine(give_tensor)
        trainer.attach(TerminateOnNan(every=3))
        with waits() as found:
            trainer.run([1.0] * 9)
        assert len(found) == 9  # each of the numbers is read once, and not one in between
        trainer = Engine(give_tensor)
        trainer.attach(TerminateOnNan(every=100))
        seen: list[int] = []
        with waits() as found:
            trainer.add_event_handler(Events.ITERATION_COMPLETED, lambda: seen.append(len(found)))
            trainer.run([1.0] * 50)
        assert seen == [0] * 50
        assert len(found) == 50

    def test_floats_are_looked_at_all_the_same(self) -> None:
        trainer = Engine(give_number)
        trainer.attach(TerminateOnNan(every=100))
        assert trainer.run([1.0, NAN, 1.0]).iteration == 2

    def test_the_end_of_an_epoch_is_a_look(self) -> None:
        trainer = Engine(give_tensor)
        trainer.attach(TerminateOnNan(every=100))
        assert trainer.run([1.0, NAN, 1.0], max_epochs=5).epoch == 1
        assert trainer.outcome == stopped("output", 2)

    @pytest.mark.parametrize("stop", STOPS)
    def test_so_is_whatever_ends_the_run(
        self, stop: Callable[[Engine[float, Tensor]], object], caplog: pytest.LogCaptureFixture
    ) -> None:
        trainer = Engine(give_tensor)
        trainer.attach(TerminateOnNan(every=100))
        trainer.add_event_handler(Events.ITERATION_COMPLETED(once=2), stop)
        trainer.run([NAN, 1.0, 1.0])
        assert "output is not finite, in iteration 1" in caplog.text

    def test_a_run_that_was_suspended_ends_when_it_is_gone_on_with(self) -> None:
        trainer = Engine(give_tensor)
        trainer.attach(TerminateOnNan(every=100))
        trainer.add_event_handler(Events.ITERATION_COMPLETED(once=2), trainer.interrupt)
        trainer.run([NAN, 1.0, 1.0])
        assert trainer.run([NAN, 1.0, 1.0]).iteration == 2
        assert trainer.outcome == stopped("output", 1)

    def test_what_was_not_read_of_a_run_that_failed_is_forgotten(self) -> None:
        def step(engine: Engine[float, Tensor], batch: float) -> Tensor:
            if batch < 0:
                raise ValueError("negative")
            return torch.tensor(batch)

        trainer = Engine(step)
        trainer.attach(TerminateOnNan(every=100))
        with pytest.raises(ValueError, match="negative"):
            trainer.run([NAN, -1.0])
        trainer.reset()
        trainer.run([1.0])
        assert trainer.outcome == Completed()

    def test_all_numbers_of_all_kinds_are_read(self) -> None:
        def step(engine: Engine[float, list[Tensor]], batch: float) -> list[Tensor]:
            return [torch.ones(2), torch.tensor([1, batch], dtype=torch.float64), torch.ones(1)]

        trainer = Engine(step)
        trainer.attach(TerminateOnNan(every=3))
        trainer.run([1.0, NAN, 2.0, 3.0])
        assert trainer.outcome == stopped("output[1]", 2)

    def test_a_tensor_that_is_overwritten_is_known_as_it_was(self) -> None:
        kept = torch.zeros(())

        def step(engine: Engine[float, Tensor], batch: float) -> Tensor:
            return kept.fill_(batch)

        trainer = Engine(step)
        trainer.attach(TerminateOnNan(every=3))
        trainer.run([1.0, NAN, 2.0])
        assert trainer.outcome == stopped("output", 2)

    def test_a_device_is_not_waited_for_until_the_epoch_ends(self) -> None:
        def step(engine: Engine[int, Tensor], batch: int) -> Tensor:
            return torch.empty(3, device="meta")  # whose numbers cannot be read at all

        trainer = Engine(step)
        trainer.attach(TerminateOnNan())
        with pytest.raises((RuntimeError, NotImplementedError), match="meta"):
            trainer.run(range(60))
        assert trainer.state.completed_iterations == 60

    def test_it_is_after_a_hundred_iterations(self) -> None:
        def step(engine: Engine[int, Tensor], batch: int) -> Tensor:
            return torch.empty((), device="meta")

        trainer = Engine(step)
        trainer.attach(TerminateOnNan())
        with pytest.raises((RuntimeError, NotImplementedError), match="meta"):
            trainer.run(range(500))
        assert trainer.state.completed_iterations == 100


@pytest.mark.parametrize(
    ("every", "error", "words"),
    [
        (0, ArgumentError, "every must be at least 1, got 0"),
        (1.5, ArgumentTypeError, "every must be a whole number"),
    ],
)
def test_an_interval_out_of_range_is_refused(
    every: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=f"TerminateOnNan: {words}"):
        TerminateOnNan(every=every)


def test_a_transform_that_cannot_be_called_is_refused() -> None:
    wrong: Any = "loss"
    with pytest.raises(ArgumentTypeError, match="output_transform must be callable"):
        TerminateOnNan(wrong)
