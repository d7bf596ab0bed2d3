"""ProgressBar: when it is drawn, what it shows, and that it is closed whatever happens."""

import gc
import io
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.handlers.hand_clock import HandClock
from typing_extensions import override

from firesteel import Average, Engine, Events, Metric, ProgressBar
from firesteel.errors import ArgumentError, ArgumentTypeError, MissingExtraError, NotComputableError

# not public, but a function of values: the one decision that a bar takes
from firesteel.handlers._bars import next_draw
from firesteel.metrics import RunningBatchWise, Scalar


@final
class Asked(Metric[float, float]):
    """Counts how often its result was asked for."""

    def __init__(self) -> None:
        self.num_computed = 0
        super().__init__()

    @override
    def reset(self) -> None:
        self.last = 0.0

    @override
    def update(self, value: float, /) -> None:
        self.last = value

    @override
    def compute(self) -> float:
        self.num_computed += 1
        return self.last


@final
class Never(Metric[float, float]):
    """Has no result, whatever it sees."""

    @override
    def reset(self) -> None:
        pass

    @override
    def update(self, value: float, /) -> None:
        pass

    @override
    def compute(self) -> float:
        raise NotComputableError("Never: needs a miracle")


def give(engine: Engine[float, float], batch: float) -> float:
    """Give the batch back."""
    return batch


def drawings(screen: io.StringIO) -> list[str]:
    """Give what was drawn, one after the other; the blanks that wipe a bar are left out."""
    return [text.strip() for text in screen.getvalue().split("\r") if text.strip()]


def positions(screen: io.StringIO) -> list[str]:
    """Give how far each drawing said that the epoch was."""
    return re.findall(r"(\d+/\d+) \[", screen.getvalue())


class TestWhenToDraw:
    @given(
        count=st.integers(0, 10**9),
        counts_since=st.integers(1, 10**6),
        elapsed_s=st.floats(0, 1e6),
        interval_s=st.floats(1e-3, 1e3),
    )
    def test_it_is_later_but_at_most_ten_times_as_far_away(
        self, count: int, counts_since: int, elapsed_s: float, interval_s: float
    ) -> None:
        distance = (
            next_draw(
                count=count,
                counts_since=counts_since,
                elapsed_s=elapsed_s,
                interval_s=interval_s,
            )
            - count
        )
        assert 1 <= distance <= 10 * counts_since

    @given(
        counts_since=st.integers(1, 10**6),
        pace_s=st.floats(1e-6, 1e3),
        interval_s=st.floats(1e-3, 1e3),
    )
    def test_at_a_steady_pace_it_is_the_last_iteration_within_the_interval(
        self, counts_since: int, pace_s: float, interval_s: float
    ) -> None:
        distance = next_draw(
            count=0,
            counts_since=counts_since,
            elapsed_s=pace_s * counts_since,
            interval_s=interval_s,
        )
        slack = 1 + 1e-9  # products of floats
        assert distance == 1 or distance * pace_s <= interval_s * slack
        assert distance == 10 * counts_since or (distance + 1) * pace_s * slack > interval_s

    def test_a_clock_that_stands_still_does_no_harm(self) -> None:
        assert next_draw(count=7, counts_since=2, elapsed_s=0.0, interval_s=0.1) == 27


class TestDrawingSeldom:
    @pytest.mark.parametrize(
        ("pace_s", "num_iterations", "most"),
        [(0.001, 5000, 50 + 10), (0.03, 200, 67 + 5), (1.0, 20, 20 + 3), (0.0, 5000, 4 + 5)],
    )
    def test_it_is_drawn_about_once_in_an_interval(
        self, pace_s: float, num_iterations: int, most: int
    ) -> None:
        clock, screen = HandClock(), io.StringIO()

        def step(engine: Engine[int, int], batch: int) -> int:
            clock.now_s += pace_s
            return batch

        trainer = Engine(step)
        trainer.attach(ProgressBar(interval_s=0.1, file=screen, clock=clock))
        trainer.run(range(num_iterations))
        assert 4 <= len(drawings(screen)) <= most

    def test_a_pace_that_slows_down_is_found_again(self) -> None:
        clock, screen = HandClock(), io.StringIO()

        def step(engine: Engine[int, int], batch: int) -> int:
            clock.now_s += 0.0001 if batch < 10_000 else 1.0
            return batch

        trainer = Engine(step)
        trainer.attach(ProgressBar(interval_s=0.1, file=screen, clock=clock))
        trainer.run(range(11_100))
        late = [text for text in positions(screen) if int(text.partition("/")[0]) > 10_000]
        assert len(late) > 90

    def test_results_are_computed_only_where_they_are_shown(self) -> None:
        clock, screen, asked = HandClock(), io.StringIO(), Asked()

        def step(engine: Engine[float, float], batch: float) -> float:
            clock.now_s += 0.001
            return batch

        trainer = Engine(step)
        asked.attach(trainer, "asked", usage=RunningBatchWise())
        trainer.attach(ProgressBar(interval_s=0.1, file=screen, clock=clock))
        trainer.run(range(1000))
        assert 0 < asked.num_computed <= len(drawings(screen)) < 30

    def test_the_transform_is_called_only_where_it_is_shown(self) -> None:
        clock, screen, seen = HandClock(), io.StringIO(), list[float]()

        def show(output: float) -> dict[str, object]:
            seen.append(output)
            return {}

        trainer = Engine(give)
        trainer.attach(ProgressBar(show, file=screen, clock=clock))
        trainer.run(range(1000))
        assert seen == [0, 10, 110, 999]


class TestWhatIsShown:
    def test_the_description_the_epoch_and_how_many_there_are(self) -> None:
        screen, trainer = io.StringIO(), Engine(give)
        trainer.attach(ProgressBar(description="Train", file=screen))
        trainer.run([1.0, 2.0], max_epochs=2)
        shown = drawings(screen)
        assert shown[0].startswith("Train 1/2:   0%|")
        assert shown[-1].startswith("Train 2/2: 100%|")
        assert positions(screen) == ["0/2", "1/2", "2/2", "0/2", "1/2", "2/2"]

    def test_of_one_epoch_the_number_is_not_shown(self) -> None:
        screen, trainer = io.StringIO(), Engine(give)
        trainer.attach(ProgressBar(file=screen))
        trainer.run([1.0])
        assert drawings(screen)[-1].startswith("Epoch 1: 100%|")

    def test_with_a_limit_in_iterations_the_last_epoch_is_as_long_as_it_is_run(self) -> None:
        screen, trainer = io.StringIO(), Engine(give)
        trainer.attach(ProgressBar(file=screen))
        trainer.run([1.0, 2.0], max_iters=3)
        assert drawings(screen)[-1].startswith("Epoch 2/2: 100%|")

    def test_data_without_a_length_is_counted_until_it_has_ended(self) -> None:
        def batches() -> Iterator[float]:
            yield from [1.0, 2.0, 3.0]

        screen, trainer = io.StringIO(), Engine(give)
        trainer.attach(ProgressBar(file=screen))
        trainer.run(batches())
        assert drawings(screen)[1].startswith("Epoch 1: 1it [")
        assert drawings(screen)[-1].startswith("Epoch 1: 100%|")

    def test_numbers_are_rounded_and_the_rest_is_shown_as_it_is(self) -> None:
        screen, trainer = io.StringIO(), Engine(give)
        trainer.attach(
            ProgressBar(lambda output: {"x": output, "n": 123456, "word": "ok"}, file=screen)
        )
        trainer.run([0.123456789])
        assert drawings(screen)[-1].endswith("x=0.1235, n=123456, word=ok]")

    def test_all_results_are_shown_unless_some_are_chosen(self) -> None:
        trainer = Engine(give)
        Average().attach(trainer, "one", output_transform=half, usage=RunningBatchWise())
        two = Asked().attach(trainer, "two", usage=RunningBatchWise())
        shown: list[str] = []
        for metrics in (None, [two]):
            screen = io.StringIO()
            bar = ProgressBar(metrics=metrics, file=screen)
            bar.attach(trainer)
            trainer.run([3.0])
            bar.detach()
            shown.append(drawings(screen)[-1].rpartition("it/s, ")[2])
        assert shown == ["one=1.5, two=3]", "two=3]"]

    def test_what_the_transform_gives_stands_behind_the_results(self) -> None:
        screen, trainer = io.StringIO(), Engine(give)
        Asked().attach(trainer, "loss", usage=RunningBatchWise())
        trainer.attach(ProgressBar(lambda output: {"raw": -output}, file=screen))
        trainer.run([3.0])
        assert drawings(screen)[-1].endswith("loss=3, raw=-3]")

    def test_a_result_that_is_not_there_yet_is_left_out(self) -> None:
        screen, trainer = io.StringIO(), Engine(give)
        loss = Asked().attach(trainer, "loss")
        trainer.attach(ProgressBar(metrics=[loss], file=screen))
        trainer.run([3.0])
        *during, last = drawings(screen)
        assert not any("loss" in text for text in during)
        assert last.endswith("loss=3]")

    def test_a_result_that_cannot_be_computed_is_left_out(self) -> None:
        screen, trainer = io.StringIO(), Engine(give)
        Never().attach(trainer, "never", usage=RunningBatchWise())
        trainer.attach(ProgressBar(file=screen))
        trainer.run([3.0])
        assert "never" not in screen.getvalue()

    def test_a_message_gets_a_line_of_its_own(self) -> None:
        screen, trainer = io.StringIO(), Engine(give)
        bar = ProgressBar(file=screen)
        trainer.attach(bar)
        trainer.add_event_handler(Events.ITERATION_COMPLETED(once=1), bar.log_message, "halfway")
        trainer.run([1.0, 2.0])
        assert "halfway\n" in screen.getvalue()
        assert positions(screen)[-1] == "2/2"


def half(output: float) -> Scalar:
    """Give half of an output."""
    return output / 2


def fail(error: type[BaseException]) -> None:
    """Raise."""
    raise error


def persistent_bar(trainer: Engine[float, float]) -> io.StringIO:
    """Attach a bar that, when it is closed, leaves a line that is ended."""
    screen = io.StringIO()
    trainer.attach(ProgressBar(persist=True, file=screen))
    return screen


def bars_closed(screen: io.StringIO) -> int:
    """Count the bars on a screen, and see that all of them are closed and below each other."""
    text = screen.getvalue()
    assert text.endswith("\n")
    assert "\x1b" not in text  # it moves the cursor where two bars are open at once
    return text.count("\n")


STOPS: Final[Sequence[Callable[[Engine[float, float]], None]]] = (
    lambda trainer: trainer.terminate(),
    lambda trainer: trainer.terminate(skip_completed=True),
    lambda trainer: trainer.interrupt(),
)


class TestClosing:
    def test_at_the_end_of_each_epoch(self) -> None:
        trainer = Engine(give)
        screen = persistent_bar(trainer)
        trainer.run([1.0, 2.0], max_epochs=3)
        assert bars_closed(screen) == 3

    def test_without_persist_the_line_is_wiped(self) -> None:
        screen, trainer = io.StringIO(), Engine(give)
        trainer.attach(ProgressBar(file=screen))
        trainer.run([1.0, 2.0], max_epochs=2)
        assert screen.getvalue().endswith(" \r")

    @pytest.mark.parametrize("stop", STOPS)
    @pytest.mark.parametrize(
        "event",
        [Events.EPOCH_STARTED, Events.ITERATION_STARTED, Events.ITERATION_COMPLETED],
    )
    def test_when_the_run_is_stopped(
        self, stop: Callable[[Engine[float, float]], None], event: Events
    ) -> None:
        trainer = Engine(give)
        screen = persistent_bar(trainer)
        trainer.add_event_handler(event, stop)
        trainer.run([1.0, 2.0, 3.0], max_epochs=2)
        assert bars_closed(screen) == 1

    @pytest.mark.parametrize("skip_epoch_completed", [True, False])
    def test_when_the_epoch_is_stopped(self, skip_epoch_completed: bool) -> None:
        trainer = Engine(give)
        screen = persistent_bar(trainer)
        trainer.add_event_handler(
            Events.ITERATION_COMPLETED(once=2),
            lambda: trainer.terminate_epoch(skip_epoch_completed=skip_epoch_completed),
        )
        trainer.run([1.0, 2.0, 3.0], max_epochs=2)
        assert bars_closed(screen) == 2
        assert "2/3" in positions(screen)  # drawn once more when it is closed

    @pytest.mark.parametrize("error", [ArithmeticError, KeyboardInterrupt, SystemExit])
    @pytest.mark.parametrize(
        "event", [Events.EPOCH_STARTED, Events.ITERATION_COMPLETED(once=2), Events.EPOCH_COMPLETED]
    )
    def test_when_the_run_fails(self, error: type[BaseException], event: Events) -> None:
        trainer = Engine(give)
        screen = persistent_bar(trainer)
        trainer.add_event_handler(event, fail, error)
        with pytest.raises(error):
            trainer.run([1.0, 2.0, 3.0])
        assert bars_closed(screen) == 1

    def test_when_the_data_ends(self) -> None:
        trainer = Engine(give)
        screen = persistent_bar(trainer)
        with pytest.warns(UserWarning, match="the data ended"):
            trainer.run(iter([1.0, 2.0, 3.0]), max_epochs=2, epoch_length=2)
        assert bars_closed(screen) == 2

    def test_with_a_limit_in_iterations_within_an_epoch(self) -> None:
        trainer = Engine(give)
        screen = persistent_bar(trainer)
        trainer.run([1.0, 2.0], max_iters=3)
        assert bars_closed(screen) == 2

    def test_when_it_is_detached(self) -> None:
        trainer = Engine(give)
        screen = io.StringIO()
        bar = ProgressBar(persist=True, file=screen)
        trainer.attach(bar)
        trainer.add_event_handler(Events.ITERATION_COMPLETED(once=1), bar.detach)
        trainer.run([1.0, 2.0], max_epochs=2)
        assert bars_closed(screen) == 1
        assert "2/2" not in screen.getvalue()


class TestGoingOn:
    def test_after_an_interrupt_a_new_bar_begins_where_the_epoch_stands(self) -> None:
        trainer = Engine(give)
        screen = persistent_bar(trainer)
        trainer.add_event_handler(Events.ITERATION_COMPLETED(once=2), trainer.interrupt)
        trainer.run([1.0, 2.0, 3.0, 4.0])
        before = positions(screen)
        assert before == ["0/4", "1/4", "2/4", "2/4"]
        trainer.run([])
        after = positions(screen)[len(before) :]
        assert after[0] == "3/4"
        assert after[-1] == "4/4"
        assert bars_closed(screen) == 2

    def test_after_loading_within_an_epoch_it_begins_where_the_epoch_stands(self) -> None:
        first, second = Engine(give), Engine(give)
        first.add_event_handler(Events.ITERATION_COMPLETED(once=3), first.terminate)
        first.run([1.0, 2.0, 3.0, 4.0], max_epochs=1)
        second.load_state_dict(first.state_dict())
        screen = persistent_bar(second)
        second.run([1.0, 2.0, 3.0, 4.0])
        assert positions(screen) == ["3/4", "4/4", "4/4", "4/4"]

    def test_after_a_failure_the_epoch_goes_on(self) -> None:
        trainer = Engine(give)
        screen = persistent_bar(trainer)
        at = Events.ITERATION_COMPLETED(once=2)
        handle = trainer.add_event_handler(at, fail, ArithmeticError)
        with pytest.raises(ArithmeticError):
            trainer.run([1.0, 2.0, 3.0, 4.0], max_epochs=1)
        handle.remove()
        trainer.run([1.0, 2.0, 3.0, 4.0], max_epochs=1)
        assert positions(screen)[-1] == "4/4"
        assert bars_closed(screen) == 2


def new_engine() -> Engine[float, float]:
    """Make an engine that nobody else knows."""
    return Engine(give)


def attach_to_engine(bar: ProgressBar, trainer: Engine[float, float]) -> None:
    """Attach the one way."""
    bar.attach(trainer)


def attach_by_engine(bar: ProgressBar, trainer: Engine[float, float]) -> None:
    """Attach the other way."""
    trainer.attach(bar)


class TestAttaching:
    @pytest.mark.parametrize("attach", [attach_to_engine, attach_by_engine])
    def test_both_ways(self, attach: Callable[[ProgressBar, Engine[float, float]], None]) -> None:
        screen, trainer = io.StringIO(), Engine(give)
        attach(ProgressBar(file=screen), trainer)
        trainer.run([1.0])
        assert positions(screen)[-1] == "1/1"

    def test_a_bar_belongs_to_one_engine(self) -> None:
        trainer, bar = Engine(give), ProgressBar()
        bar.attach(trainer)
        another = Engine(give)
        with pytest.raises(ArgumentError, match="must not be attached already"):
            bar.attach(another)

    def test_detached_it_can_be_attached_again(self) -> None:
        screen, other = io.StringIO(), Engine(give)
        bar = ProgressBar(file=screen)
        bar.detach()
        bar.attach(new_engine())
        bar.detach()
        bar.attach(other)
        other.run([1.0])
        assert positions(screen)[-1] == "1/1"

    def test_of_an_engine_that_is_gone_it_is_free(self) -> None:
        screen, other = io.StringIO(), Engine(give)
        bar = ProgressBar(file=screen)
        bar.attach(new_engine())
        gc.collect()
        bar.attach(other)
        other.run([1.0])
        assert positions(screen)[-1] == "1/1"


class TestArguments:
    @pytest.mark.parametrize("interval_s", [0, -1.0, float("nan")])
    def test_an_interval_has_to_be_above_zero(self, interval_s: float) -> None:
        with pytest.raises(ArgumentError, match="ProgressBar: interval_s must be above 0, got "):
            ProgressBar(interval_s=interval_s)

    def test_what_cannot_be_called_is_no_transform(self) -> None:
        not_callable: Any = {"loss": 1}
        with pytest.raises(ArgumentTypeError, match="output_transform must be callable"):
            ProgressBar(not_callable)

    def test_without_tqdm_it_says_how_to_install_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "tqdm", None)
        with pytest.raises(MissingExtraError) as caught:
            ProgressBar()
        assert str(caught.value) == (
            "ProgressBar: needs the package 'tqdm'; pip install 'firesteel[progress]'"
        )
