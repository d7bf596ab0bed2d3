"""What a bar shows of where a run stands, and that any display can show it."""

import io
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from firesteel.engine import Engine, StateKey
from firesteel.errors import ArgumentError, ArgumentTypeError
from firesteel.events import Events
from firesteel.handlers import Bar, ProgressBar
from firesteel.handlers._bars import Span, progress


def give(_engine: Engine[int, int], batch: int) -> int:
    return batch


class Screen:
    """A display that writes down what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.num_open = 0

    @property
    def interval_s(self) -> float:
        return 1e-9  # each count is due

    def open(self, title: str, *, position: int, total: int | None, persist: bool) -> Bar:
        self.num_open += 1
        self.lines.append(f"open {title} {position}/{total}{' stays' if persist else ''}")
        return Drawn(self, title)

    def write(self, line: str) -> None:
        self.lines.append(line)


class Drawn:
    """A bar on it."""

    def __init__(self, screen: Screen, title: str) -> None:
        self.screen = screen
        self.title = title

    def draw(self, position: int, *, total: int | None, text: str) -> None:
        self.screen.lines.append(f"{position}/{total} {text}".strip())

    def close(self) -> None:
        self.screen.num_open -= 1
        self.screen.lines.append(f"close {self.title}")


class TestProgress:
    @given(
        span=st.sampled_from(Span),
        epoch_length=st.integers(1, 20),
        max_epochs=st.integers(1, 20),
        done=st.integers(0, 400),
    )
    def test_at_the_end_of_a_run_of_epochs_all_is_done_and_never_more(
        self, span: Span, epoch_length: int, max_epochs: int, done: int
    ) -> None:
        iteration = min(done, epoch_length * max_epochs)
        epoch = math.ceil(iteration / epoch_length)
        now = progress(
            span,
            description="",
            iteration=iteration,
            epoch=epoch,
            epochs_done=iteration // epoch_length,
            epoch_iteration=iteration - max(epoch - 1, 0) * epoch_length,
            epoch_length=epoch_length,
            max_epochs=max_epochs,
            max_iters=None,
        )
        assert now.total is not None
        assert now.position <= now.total
        is_over = iteration == epoch_length * max_epochs
        if span is not Span.EPOCH:
            assert (now.position == now.total) is is_over
        elif is_over:
            assert now.position == now.total

    @given(
        span=st.sampled_from(Span), epoch_length=st.integers(1, 20), max_iters=st.integers(1, 200)
    )
    def test_a_limit_in_iterations_gives_the_number_of_epochs_and_the_last_length(
        self, span: Span, epoch_length: int, max_iters: int
    ) -> None:
        epoch = math.ceil(max_iters / epoch_length)
        now = progress(
            span,
            description="",
            iteration=max_iters,
            epoch=epoch,
            epochs_done=epoch - 1,
            epoch_iteration=max_iters - (epoch - 1) * epoch_length,
            epoch_length=epoch_length,
            max_epochs=None,
            max_iters=max_iters,
        )
        if span is Span.EPOCHS:
            assert now.total == epoch
        else:
            assert now.total == now.position

    def test_what_is_not_known_is_not_said(self) -> None:
        for span in Span:
            now = progress(
                span,
                description="x",
                iteration=3,
                epoch=1,
                epochs_done=0,
                epoch_iteration=3,
                epoch_length=None,
                max_epochs=None,
                max_iters=None,
            )
            assert now.total is None


class TestSpans:
    def test_a_bar_of_the_epochs(self) -> None:
        screen, trainer = Screen(), Engine(give)
        trainer.attach(ProgressBar(event=Events.EPOCH_COMPLETED, display=screen))
        trainer.run(range(5), max_epochs=3)
        assert screen.lines == [
            "open Epochs 0/3", "1/3", "2/3", "3/3", "3/3", "close Epochs",
        ]  # fmt: skip

    def test_a_bar_of_all_iterations(self) -> None:
        screen, trainer = Screen(), Engine(give)
        trainer.attach(ProgressBar(closing_event=Events.COMPLETED, display=screen))
        trainer.run(range(2), max_epochs=2)
        assert screen.lines == [
            "open Iterations 0/4", "1/4", "2/4", "3/4", "4/4", "4/4", "close Iterations",
        ]  # fmt: skip

    def test_a_length_that_becomes_known_is_shown(self) -> None:
        screen, trainer = Screen(), Engine(give)
        trainer.attach(ProgressBar(closing_event=Events.COMPLETED, display=screen))

        class Unsized:
            def __iter__(self) -> Any:
                return iter(range(2))

        trainer.run(Unsized(), max_epochs=2)
        assert screen.lines[:2] == ["open Iterations 0/None", "1/None"]
        assert screen.lines[3:] == ["3/4", "4/4", "4/4", "close Iterations"]

    def test_bars_of_epochs_and_of_each_one_are_nested(self) -> None:
        screen, trainer = Screen(), Engine(give)
        trainer.attach(ProgressBar(event=Events.EPOCH_COMPLETED, display=screen))
        trainer.attach(ProgressBar(display=screen))
        trainer.run([1], max_epochs=2)
        assert screen.lines == [
            "open Epochs 0/2",
            "open Epoch 1/2 0/1", "1/1", "1/2", "1/1", "close Epoch 1/2",
            "open Epoch 2/2 0/1", "1/1", "2/2", "1/1", "close Epoch 2/2",
            "2/2", "close Epochs",
        ]  # fmt: skip

    def test_an_epoch_that_is_cut_short_is_not_counted(self) -> None:
        screen, trainer = Screen(), Engine(give)
        trainer.attach(ProgressBar(event=Events.EPOCH_COMPLETED, display=screen))
        trainer.add_event_handler(Events.ITERATION_COMPLETED(once=3), trainer.terminate)
        trainer.run(range(2), max_epochs=3)
        assert screen.lines == ["open Epochs 0/3", "1/3", "1/3", "close Epochs"]

    @pytest.mark.parametrize("event", [Events.EPOCH_COMPLETED, Events.ITERATION_COMPLETED])
    def test_of_a_run_it_is_closed_when_it_fails_and_opened_when_it_goes_on(
        self, event: Any
    ) -> None:
        screen, trainer = Screen(), Engine(give)
        trainer.attach(
            ProgressBar(event=event, closing_event=Events.COMPLETED, display=screen, description="")
        )

        def fail() -> None:
            raise ArithmeticError

        handle = trainer.add_event_handler(Events.ITERATION_COMPLETED(once=3), fail)
        with pytest.raises(ArithmeticError):
            trainer.run(range(2), max_epochs=2)
        assert (screen.num_open, screen.lines[-1]) == (0, "close ")
        handle.remove()
        trainer.run(range(2), max_epochs=2)
        assert screen.num_open == 0
        total = 4 if event is Events.ITERATION_COMPLETED else 2
        assert screen.lines[-2:] == [f"{total}/{total}", "close "]

    def test_of_a_run_it_is_closed_by_an_interrupt_and_opened_when_it_goes_on(self) -> None:
        screen, trainer = Screen(), Engine(give)
        trainer.attach(ProgressBar(event=Events.EPOCH_COMPLETED, display=screen))
        trainer.add_event_handler(Events.ITERATION_COMPLETED(once=3), trainer.interrupt)
        trainer.run(range(2), max_epochs=3)
        assert screen.lines == ["open Epochs 0/3", "1/3", "1/3", "close Epochs"]
        screen.lines = []
        trainer.run(range(2), max_epochs=3)
        assert screen.lines == ["open Epochs 2/3", "2/3", "3/3", "3/3", "close Epochs"]

    @pytest.mark.parametrize(
        ("event", "closing_event"),
        [
            (Events.EPOCH_COMPLETED, Events.EPOCH_COMPLETED),
            (Events.ITERATION_COMPLETED, Events.STARTED),
            (Events.ITERATION_STARTED, None),
            (Events.COMPLETED, None),
        ],
    )
    def test_events_that_do_not_go_together_are_refused(
        self, event: Any, closing_event: Any
    ) -> None:
        with pytest.raises(ArgumentError, match=r"ProgressBar: (closing_)?event .*must be "):
            ProgressBar(event=event, closing_event=closing_event, display=Screen())

    @pytest.mark.parametrize("event", ["epoch_completed", Events.EPOCH_COMPLETED(every=2), None])
    def test_what_is_no_event_is_refused(self, event: Any) -> None:
        with pytest.raises(ArgumentTypeError, match="ProgressBar: event must be "):
            ProgressBar(event=event, display=Screen())


class TestDisplays:
    def test_a_display_says_how_often(self) -> None:
        class Seldom(Screen):
            @property
            @override
            def interval_s(self) -> float:
                return 1e9

        screen, trainer = Seldom(), Engine(give)
        trainer.attach(ProgressBar(display=screen))
        trainer.run(range(200))
        assert screen.lines == [
            "open Epoch 1 0/200", "1/200", "11/200", "111/200", "200/200", "close Epoch 1",
        ]  # fmt: skip

    def test_a_file_beside_a_display_is_refused(self) -> None:
        with pytest.raises(ArgumentError, match="takes a file or a display, got both"):
            ProgressBar(file=io.StringIO(), display=Screen())

    def test_a_message_goes_to_the_display(self) -> None:
        screen = Screen()
        ProgressBar(display=screen).log_message("hello")
        assert screen.lines == ["hello"]

    def test_persist_is_told(self) -> None:
        screen, trainer = Screen(), Engine(give)
        trainer.attach(ProgressBar(display=screen, persist=True))
        trainer.run([1])
        assert screen.lines[0] == "open Epoch 1 0/1 stays"

    def test_a_transform_that_fails_on_the_last_drawing_leaves_no_bar_open(self) -> None:
        def transform(output: int) -> dict[str, object]:
            if output == 2:
                raise ArithmeticError
            return {}

        screen, trainer = Screen(), Engine(give)
        trainer.attach(ProgressBar(transform, display=screen))
        with pytest.raises(ArithmeticError):
            trainer.run([1, 2])
        assert screen.num_open == 0


class TestValues:
    def test_values_of_the_state_are_shown_where_they_are_there(self) -> None:
        scale, missing = StateKey[float]("scale"), StateKey[int]("missing")
        screen, trainer = Screen(), Engine(give)
        trainer.state[scale] = 0.25
        trainer.attach(ProgressBar(state_keys=[scale, missing], display=screen))
        trainer.run([1])
        assert screen.lines[1] == "1/1 scale=0.25"

    @pytest.mark.parametrize("name", ["metrics", "state_keys"])
    def test_names_are_no_keys(self, name: str) -> None:
        arguments: Any = {name: ["loss"]}
        with pytest.raises(ArgumentTypeError, match=r"ProgressBar: each .* must be "):
            ProgressBar(display=Screen(), **arguments)
