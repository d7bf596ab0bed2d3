"""LRFinder: what it records, when it ends, and that nothing is left of it."""

from collections.abc import Callable
from typing import Any, Final

import matplotlib as mpl
import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, Optimizer

from firesteel import Engine, Events
from firesteel.engine import StopCause, Stopped
from firesteel.errors import (
    ArgumentError,
    ArgumentTypeError,
    NotAvailableError,
    NotComputableError,
)
from firesteel.handlers import LRFinder
from firesteel.recipes import TensorPair, create_supervised_trainer

NAN: Final = float("nan")

DATA: Final = [(torch.ones(4, 2), torch.ones(4, 1)), (-torch.ones(4, 2), torch.ones(4, 1))]


def made() -> tuple[nn.Module, SGD, Engine[TensorPair, Tensor]]:
    """Give a model, its optimizer with a state, and what trains it."""
    torch.manual_seed(0)
    model = nn.Linear(2, 1)
    optimizer = SGD(model.parameters(), lr=1e-3, momentum=0.9)
    return model, optimizer, create_supervised_trainer(model, optimizer, nn.MSELoss())


def recorded(losses: list[float]) -> tuple[SGD, Engine[float, float], list[float]]:
    """Give an engine that gives these losses, and notes the rates that it used."""
    optimizer = SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    used: list[float] = []

    def step(engine: Engine[float, float], batch: float) -> float:
        used.append(optimizer.param_groups[0]["lr"])
        return losses[engine.state.iteration - 1]

    return optimizer, Engine(step), used


class TestRecords:
    def test_are_the_rates_that_were_used_and_their_losses(self) -> None:
        losses = [5.0, 4.0, 2.0, 3.0]
        optimizer, trainer, used = recorded(losses)
        finder = LRFinder(optimizer, num_iter=4, start_lr=1, end_lr=8, smooth_f=0.5)
        with finder.attach(trainer, restore=[]) as finding:
            finding.run([0.0])
        results = finder.get_results()
        assert used == pytest.approx([1, 2, 4, 8])
        assert [lr for (lr,) in results.lrs] == used
        assert list(results.raw_losses) == losses
        assert list(results.losses) == [5, 4.5, 3.25, 3.125]
        assert not results.is_diverged

    def test_are_of_exactly_as_many_iterations(self) -> None:
        model, optimizer, trainer = made()
        finder = LRFinder(optimizer, num_iter=7, end_lr=0.1)
        with finder.attach(trainer, restore=[model]) as finding:
            finding.run(DATA, max_epochs=2)
        assert len(finder.get_results().losses) == 7

    def test_have_a_rate_for_each_group(self) -> None:
        one, two = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
        optimizer = SGD([{"params": [one], "lr": 0.5}, {"params": [two], "lr": 0.25}])
        trainer: Engine[int, float] = Engine(lambda engine, batch: 1.0)
        finder = LRFinder(optimizer, num_iter=3, end_lr=[2, 4], step_mode="linear")
        with finder.attach(trainer, restore=[]) as finding:
            finding.run([0])
        assert finder.get_results().lrs == ((0.5, 0.25), (1.25, 2.125), (2, 4))

    def test_are_of_the_latest_run(self) -> None:
        optimizer, trainer, _ = recorded([3.0, 2.0, 1.0])
        finder = LRFinder(optimizer, num_iter=3)
        with finder.attach(trainer, restore=[]) as finding:
            finding.run([0.0])
            finding.run([0.0])
        assert finder.get_results().raw_losses == (3, 2, 1)

    def test_set_a_rate_that_is_a_tensor_in_place(self) -> None:
        parameter = nn.Parameter(torch.ones(1))
        lr = torch.tensor(0.5)
        optimizer = Adam([parameter], lr=lr, capturable=False, foreach=False)
        seen: list[tuple[bool, float]] = []

        def step(engine: Engine[int, float], batch: int) -> float:
            now = optimizer.param_groups[0]["lr"]
            seen.append((now is lr, float(now)))
            return 1.0

        finder = LRFinder(optimizer, num_iter=3, end_lr=2, step_mode="linear")
        with finder.attach(Engine(step), restore=[]) as finding:
            finding.run([0])
        assert seen == [(True, 0.5), (True, 1.25), (True, 2.0)]
        assert float(optimizer.param_groups[0]["lr"]) == 0.5

    def test_win_over_a_schedule_that_is_needed(self) -> None:
        optimizer, trainer, used = recorded([1.0] * 3)

        def schedule() -> None:
            optimizer.param_groups[0]["lr"] = 99.0

        trainer.add_event_handler(Events.ITERATION_STARTED, schedule)
        finder = LRFinder(optimizer, num_iter=3, start_lr=1, end_lr=3, step_mode="linear")
        with finder.attach(trainer, restore=[], handlers=[schedule]) as finding:
            finding.run([0.0])
        assert used == [1, 2, 3]


class TestDivergence:
    @pytest.mark.parametrize(("last", "num_kept"), [(10.1, 4), (NAN, 3), (float("inf"), 3)])
    def test_ends_the_test(self, last: float, num_kept: int) -> None:
        optimizer, trainer, used = recorded([5.0, 2.0, 9.0, last, 0.1])
        finder = LRFinder(optimizer, num_iter=5, smooth_f=0, diverge_th=5)
        with finder.attach(trainer, restore=[]) as finding:
            finding.run([0.0])
            assert finding.outcome == Stopped(
                StopCause.TERMINATED, "LRFinder: the loss has diverged in iteration 4"
            )
        assert len(used) == 4
        assert finder.get_results().is_diverged
        assert len(finder.get_results().losses) == num_kept
        assert len(finder.get_results().lrs) == num_kept


def snapshot(model: nn.Module, optimizer: Optimizer, trainer: Engine[Any, Any]) -> list[str]:
    gradients = [str(parameter.grad) for parameter in model.parameters()]
    states = [model.state_dict(), optimizer.state_dict(), trainer.state_dict()]
    return [*map(str, states), str(torch.get_rng_state().sum()), *gradients]


def stop_well(finding: Engine[TensorPair, Tensor]) -> None:
    finding.run(DATA)


def stop_early(finding: Engine[TensorPair, Tensor]) -> None:
    finding.run(iter(DATA), epoch_length=2)


def fail(finding: Engine[TensorPair, Tensor]) -> None:
    finding.run(DATA)
    raise KeyboardInterrupt


class TestAfterwards:
    @pytest.mark.parametrize("body", [stop_well, fail])
    @pytest.mark.parametrize("num_epochs_before", [0, 3])
    def test_all_is_as_it_was(
        self,
        body: Callable[[Engine[TensorPair, Tensor]], None],
        num_epochs_before: int,
    ) -> None:
        model, optimizer, trainer = made()
        if num_epochs_before:
            trainer.run(DATA, max_epochs=num_epochs_before)
        heard: list[int] = []
        trainer.add_event_handler(Events.ITERATION_COMPLETED, lambda: heard.append(1))
        before = snapshot(model, optimizer, trainer)
        finder = LRFinder(optimizer, num_iter=20)
        try:
            with finder.attach(trainer, restore=[model]) as finding:
                body(finding)
        except KeyboardInterrupt:
            assert body is fail
        assert snapshot(model, optimizer, trainer) == before
        assert heard == []
        assert len(finder.get_results().losses) > 2
        trainer.run(DATA, max_epochs=num_epochs_before + 1)
        assert trainer.state.epoch == num_epochs_before + 1
        assert heard == [1, 1]

    def test_a_training_is_the_one_that_it_would_have_been(self) -> None:
        results: list[str] = []
        for finds in (False, True):
            model, optimizer, trainer = made()
            if finds:
                finder = LRFinder(optimizer, num_iter=20)
                with finder.attach(trainer, restore=[model]) as finding:
                    finding.run(DATA)
            trainer.run(DATA, max_epochs=3)
            results.append(str(model.state_dict()))
        assert results[0] == results[1]

    @pytest.mark.parametrize("stop", ["terminate", "interrupt", "raise"])
    def test_it_is_so_when_the_step_stops_the_run(self, stop: str) -> None:
        optimizer = SGD([nn.Parameter(torch.zeros(1))], lr=1.0)

        def step(engine: Engine[int, float], batch: int) -> float:
            if engine.state.iteration == 3:
                if stop == "raise":
                    raise ValueError("in the step")
                if stop == "terminate":
                    engine.terminate(skip_completed=True)
                else:
                    engine.interrupt()
            return 1.0

        trainer = Engine(step)
        finder = LRFinder(optimizer, num_iter=9)
        try:
            with finder.attach(trainer, restore=[]) as finding:
                finding.run([0])
        except ValueError:
            assert stop == "raise"
        assert optimizer.param_groups[0]["lr"] == 1
        assert trainer.state.iteration == 0
        assert len(finder.get_results().losses) in {2, 3}

    def test_nothing_is_attached_without_a_block(self) -> None:
        optimizer, trainer, _ = recorded([1.0] * 9)
        LRFinder(optimizer, num_iter=3).attach(trainer, restore=[])
        assert trainer.run([0.0] * 5).iteration == 5

    def test_data_that_ends_for_good_ends_the_test(self) -> None:
        optimizer, trainer, _ = recorded([1.0] * 9)
        finder = LRFinder(optimizer, num_iter=9)
        with (
            pytest.warns(UserWarning, match="the data ended after iteration 4"),
            finder.attach(trainer, restore=[]) as finding,
        ):
            finding.run(iter([0.0] * 4))
        assert len(finder.get_results().losses) == 4


def found(losses: list[float]) -> tuple[LRFinder, SGD]:
    optimizer, trainer, _ = recorded(losses)
    finder = LRFinder(
        optimizer,
        num_iter=len(losses),
        start_lr=1,
        end_lr=len(losses),
        step_mode="linear",
        smooth_f=0,
        diverge_th=100,
    )
    with finder.attach(trainer, restore=[]) as finding:
        finding.run([0.0])
    return finder, optimizer


class TestSuggestion:
    def test_is_the_rate_at_the_steepest_place(self) -> None:
        finder, optimizer = found([9, 9, 8, 3, 2, 1, 5])
        assert finder.lr_suggestion() == (3,)
        finder.apply_suggested_lr(optimizer)
        assert optimizer.param_groups[0]["lr"] == 3

    def test_is_refused_where_the_loss_does_not_fall(self) -> None:
        finder, _ = found([1, 2, 3, 4])
        with pytest.raises(NotComputableError, match="at least 3 losses must lead to the lowest"):
            finder.lr_suggestion()

    def test_does_not_exist_before_a_test(self) -> None:
        finder = LRFinder(made()[1])
        for read in (finder.get_results, finder.lr_suggestion, finder.plot):
            with pytest.raises(NotAvailableError, match="exists once an engine has run"):
                read()

    def test_is_not_applied_to_other_groups(self) -> None:
        finder, _ = found([9, 9, 8, 3, 2, 1, 5])
        other = SGD([{"params": [nn.Parameter(torch.ones(1))]} for _ in range(2)], lr=0.1)
        with pytest.raises(ArgumentError, match="must have 1 parameter groups, as in the test"):
            finder.apply_suggested_lr(other)


class TestPlot:
    @pytest.fixture(autouse=True)
    def use_no_screen(self) -> None:
        """Draw in memory."""
        mpl.use("agg")

    def test_shows_the_losses_that_are_not_left_out(self) -> None:
        finder, _ = found([9, 9, 8, 3, 2, 1, 5])
        axes = finder.plot(skip_start=1, skip_end=2)
        (line,) = axes.get_lines()
        assert line.get_xydata() == pytest.approx(np.array([[2, 9], [3, 8], [4, 3], [5, 2]]))
        assert axes.get_xscale() == "log"
        assert len(axes.collections) == 1  # the suggestion

    def test_draws_where_it_is_told_to(self) -> None:
        finder, _ = found([1, 2, 3, 4])
        axes = found([9, 9, 8, 3, 2, 1, 5])[0].plot(
            skip_start=0, skip_end=0, log_lr=False, display_suggestion=False
        )
        assert finder.plot(skip_start=0, skip_end=0, log_lr=False, ax=axes) is axes
        assert len(axes.get_lines()) == 2
        assert axes.get_xscale() == "linear"
        assert len(axes.collections) == 0

    @pytest.mark.parametrize(
        ("skip_start", "skip_end", "words"),
        [
            (-1, 0, "skip_start must be at least 0"),
            (0, -1, "skip_end must be at least 0"),
            (4, 3, "must leave some of the 7 iterations, got 4 and 3"),
        ],
    )
    def test_of_nothing_is_refused(self, skip_start: int, skip_end: int, words: str) -> None:
        finder, _ = found([9, 9, 8, 3, 2, 1, 5])
        with pytest.raises(ArgumentError, match=words):
            finder.plot(skip_start=skip_start, skip_end=skip_end)


class TestArguments:
    @pytest.mark.parametrize(
        ("options", "error", "words"),
        [
            ({"num_iter": 0}, ArgumentError, "num_iter must be at least 1"),
            ({"start_lr": 0}, ArgumentError, "start_lr must be above 0"),
            ({"start_lr": 11}, ArgumentError, "end_lr must be above the first rate, 11, got 10.0"),
            ({"end_lr": 1e-4}, ArgumentError, "end_lr must be above the first rate, 0.001"),
            ({"end_lr": [1, 2]}, ArgumentError, "end_lr must be a number, or 1, one for each"),
            ({"end_lr": [-1]}, ArgumentError, r"end_lr\[0\] must be above 0"),
            ({"end_lr": None}, ArgumentTypeError, "end_lr must be a number"),
            ({"step_mode": "log"}, ArgumentError, "step_mode must be one of 'exp', 'linear'"),
            ({"smooth_f": 1}, ArgumentError, "smooth_f must be at least 0 and below 1, got 1"),
            ({"diverge_th": 0.5}, ArgumentError, "diverge_th must be at least 1, got 0.5"),
        ],
    )
    def test_out_of_their_range_are_refused(
        self, options: dict[str, Any], error: type[Exception], words: str
    ) -> None:
        with pytest.raises(error, match=f"LRFinder: {words}"):
            LRFinder(made()[1], **options)

    def test_what_is_no_optimizer_is_refused(self) -> None:
        wrong: Any = nn.Linear(1, 1)
        with pytest.raises(ArgumentTypeError, match="optimizer must be an optimizer"):
            LRFinder(wrong)

    @pytest.mark.parametrize(
        ("output", "error", "words"),
        [
            (torch.ones(2), ArgumentError, "the loss must have one element, got shape"),
            ({"loss": 1.0}, ArgumentTypeError, "the loss must be a number or a tensor"),
            (True, ArgumentTypeError, "the loss must be a number or a tensor"),
        ],
    )
    def test_an_output_that_is_no_loss_is_refused(
        self, output: Any, error: type[Exception], words: str
    ) -> None:
        trainer: Engine[int, Any] = Engine(lambda engine, batch: output)
        finder = LRFinder(made()[1], num_iter=3)
        with pytest.raises(error, match=words), finder.attach(trainer, restore=[]) as finding:
            finding.run([1])

    def test_a_transform_gives_the_loss(self) -> None:
        trainer: Engine[int, dict[str, float]] = Engine(lambda engine, batch: {"loss": 1.0 * batch})
        finder = LRFinder(made()[1], num_iter=2)
        attached = finder.attach(
            trainer, output_transform=lambda output: output["loss"], restore=[]
        )
        with attached as finding:
            finding.run([3, 4])
        assert finder.get_results().raw_losses == (3, 4)
