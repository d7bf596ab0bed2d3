"""Displays: tqdm, rich and plain lines, on true streams."""

import io
import sys
from typing import Any

import pytest
import torch
from tests.unit.handlers.hand_clock import HandClock
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from typing_extensions import override

from firesteel import Engine, Events, ProgressBar, RunningAverage
from firesteel.errors import ArgumentError, MissingExtraError
from firesteel.handlers import LinesDisplay, RichDisplay, TqdmDisplay, display_for
from firesteel.testing import RankPool


class Terminal(io.StringIO):
    """A stream that says that somebody looks."""

    @override
    def isatty(self) -> bool:
        return True


def give(_engine: Engine[int, int], batch: int) -> int:
    return batch


class TestLines:
    def lines(self, *, interval_s: float | None, step_s: float) -> list[str]:
        clock, screen = HandClock(), io.StringIO()

        def step(_engine: Engine[int, int], batch: int) -> int:
            clock.wait(step_s)
            return batch

        trainer = Engine(step)
        display = LinesDisplay(interval_s=interval_s, file=screen, clock=clock)
        trainer.attach(ProgressBar(lambda batch: {"n": batch}, display=display, clock=clock))
        trainer.run(range(1, 5), max_epochs=2)
        return screen.getvalue().splitlines()

    def test_each_epoch_has_one(self) -> None:
        assert self.lines(interval_s=None, step_s=0.5) == [
            "Epoch 1/2: 4/4, 100 %, 2.0 s, 2/s, n=4",
            "Epoch 2/2: 4/4, 100 %, 2.0 s, 2/s, n=4",
        ]

    def test_one_after_each_interval_as_well(self) -> None:
        assert self.lines(interval_s=25.0, step_s=10.0)[:2] == [
            "Epoch 1/2: 3/4, 75 %, 30.0 s, 0.1/s, n=3",
            "Epoch 1/2: 4/4, 100 %, 40.0 s, 0.1/s, n=4",
        ]

    def test_what_was_told_last_is_told_once(self) -> None:
        display = LinesDisplay(interval_s=1.0, file=io.StringIO(), clock=HandClock())
        clock, screen = HandClock(), io.StringIO()
        display = LinesDisplay(interval_s=1.0, file=screen, clock=clock)
        bar = display.open("x", position=0, total=None, persist=False)
        clock.wait(1.0)
        bar.draw(3, total=None, text="")
        bar.close()
        assert screen.getvalue() == "x: 3, 1.0 s, 3/s\n"

    def test_a_run_that_fails_tells_how_far_it_came(self) -> None:
        screen, trainer = io.StringIO(), Engine(give)
        trainer.attach(ProgressBar(display=LinesDisplay(file=screen, clock=HandClock())))

        def fail() -> None:
            raise ArithmeticError

        trainer.add_event_handler(Events.ITERATION_COMPLETED(once=1), fail)
        with pytest.raises(ArithmeticError):
            trainer.run([1, 2])
        assert screen.getvalue() == "Epoch 1: 1/2, 50 %, 0.0 s\n"

    @pytest.mark.parametrize("interval_s", [0, -1.0, float("nan")])
    def test_an_interval_has_to_be_above_zero(self, interval_s: float) -> None:
        with pytest.raises(ArgumentError, match="LinesDisplay: interval_s must be above 0"):
            LinesDisplay(interval_s=interval_s)

    def test_messages_are_lines(self) -> None:
        screen = io.StringIO()
        ProgressBar(display=LinesDisplay(file=screen)).log_message("hello")
        assert screen.getvalue() == "hello\n"


class TestChoosing:
    def test_a_terminal_gets_bars_and_a_file_lines(self) -> None:
        assert isinstance(display_for(Terminal()), TqdmDisplay)
        display = display_for(io.StringIO(), interval_s=5.0)
        assert isinstance(display, LinesDisplay)
        assert display.interval_s == 5.0

    def test_without_a_file_the_error_output_is_asked(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "stderr", Terminal())
        assert isinstance(display_for(), TqdmDisplay)
        monkeypatch.setattr(sys, "stderr", io.StringIO())
        assert isinstance(display_for(), LinesDisplay)


def nested(display: TqdmDisplay | RichDisplay, *, persist: bool) -> Engine[int, int]:
    """Make a trainer with a bar of epochs and one of iterations."""
    trainer = Engine(give)
    trainer.attach(ProgressBar(event=Events.EPOCH_COMPLETED, display=display, persist=persist))
    trainer.attach(ProgressBar(lambda batch: {"n": batch}, display=display, persist=persist))
    return trainer


class TestTqdm:
    def test_nested_bars_stand_below_each_other(self) -> None:
        screen = io.StringIO()
        nested(TqdmDisplay(file=screen), persist=True).run(range(3), max_epochs=2)
        text = screen.getvalue()
        assert "Epochs: 100%|##########| 2/2" in text
        assert "Epoch 2/2: 100%|##########| 3/3" in text
        assert "\n\rEpoch 1/2" in text
        assert "\x1b[A" in text  # from the inner bar's line back to the outer one's


class TestRich:
    def test_a_bar_shows_title_position_and_values(self) -> None:
        screen, trainer = io.StringIO(), Engine(give)
        trainer.attach(
            ProgressBar(lambda batch: {"n": batch}, display=RichDisplay(file=screen), persist=True)
        )
        trainer.run(range(3))
        assert "Epoch 1" in screen.getvalue()
        assert "3/3" in screen.getvalue()
        assert "n=2" in screen.getvalue()

    def test_nested_bars_are_drawn_in_one_place_and_runs_follow_one_another(self) -> None:
        screen = io.StringIO()
        trainer = nested(RichDisplay(file=screen), persist=True)
        trainer.run(range(3), max_epochs=2)
        trainer.run(range(3), max_epochs=2)
        text = screen.getvalue()
        assert text.count("Epochs ") == 2  # no terminal: each run is drawn once, when it is over
        assert text.count("Epoch 2/2") == 2

    def test_bars_that_do_not_persist_leave_nothing(self) -> None:
        screen = io.StringIO()
        nested(RichDisplay(file=screen), persist=False).run(range(3), max_epochs=2)
        assert not screen.getvalue().strip()

    @pytest.mark.parametrize("event", [Events.EPOCH_STARTED, Events.ITERATION_COMPLETED])
    def test_after_a_failure_the_next_display_can_draw(self, event: Events) -> None:
        def fail() -> None:
            raise ArithmeticError

        for _ in range(2):
            screen = io.StringIO()
            trainer = nested(RichDisplay(file=screen), persist=True)
            trainer.add_event_handler(event, fail)
            with pytest.raises(ArithmeticError):
                trainer.run(range(3), max_epochs=2)
            assert "Epoch 1/2" in screen.getvalue()

    def test_brackets_are_no_markup(self) -> None:
        screen, trainer = io.StringIO(), Engine(give)
        display = RichDisplay(file=screen)
        bar = ProgressBar(
            lambda batch: {"x": "[red]"}, description="[bold]", display=display, persist=True
        )
        trainer.attach(bar)
        trainer.run([1])
        bar.log_message("[blue]")
        assert "[bold] 1" in screen.getvalue()
        assert "x=[red]" in screen.getvalue()
        assert "[blue]\n" in screen.getvalue()

    def test_without_rich_it_says_how_to_install_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "rich", None)
        monkeypatch.delitem(sys.modules, "rich.progress", raising=False)
        with pytest.raises(MissingExtraError) as caught:
            RichDisplay()
        assert str(caught.value) == (
            "RichDisplay: needs the package 'rich'; pip install 'firesteel[rich]'"
        )


class CountReads(TorchDispatchMode):
    """Counts how often the host reads a number from a tensor."""

    def __init__(self) -> None:
        TorchDispatchMode.__init__(self)
        self.num_reads = 0

    @override
    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> object:
        self.num_reads += func is torch.ops.aten._local_scalar_dense.default
        return func(*args, **(kwargs or {}))


def test_numbers_are_read_from_the_device_only_when_they_are_drawn() -> None:
    screen = io.StringIO()

    def step(_engine: Engine[Tensor, Tensor], batch: Tensor) -> Tensor:
        return batch * 2

    trainer = Engine(step)
    loss = trainer.attach(RunningAverage(), "loss")
    trainer.attach(
        ProgressBar(lambda loss: {"raw": loss}, metrics=[loss], file=screen, clock=HandClock())
    )
    data = [torch.ones(())] * 1000
    with CountReads() as reads:
        trainer.run(data)
    num_drawings = screen.getvalue().count("raw=")
    assert num_drawings == 4  # after 1, 11 and 111 iterations, and at the end
    assert reads.num_reads == 2 * num_drawings


def show_a_bar() -> tuple[str, int]:
    """Show a bar on each rank, and give what is seen, and how often its transform was called."""
    screen, calls, trainer = io.StringIO(), list[int](), Engine(give)

    def transform(batch: int) -> dict[str, object]:
        calls.append(batch)
        return {}

    bar = ProgressBar(transform, file=screen)
    trainer.attach(bar)
    trainer.run(range(300), max_epochs=2)
    bar.log_message("hello")
    return screen.getvalue(), len(calls)


@pytest.mark.distributed
def test_only_rank_0_shows_anything(two_ranks: RankPool) -> None:
    first, second = two_ranks.run(show_a_bar)
    assert "300/300" in first[0]
    assert second == ("", 0)
