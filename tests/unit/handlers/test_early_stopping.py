"""EarlyStopping: when it looks, when it stops, what it remembers."""

import gc
import logging
import weakref
from collections.abc import Iterable, Iterator
from typing import Any, Final

import pytest
import torch

from firesteel import Average, Engine, Events, MetricKey
from firesteel.engine import StopCause, Stopped
from firesteel.errors import ArgumentError, ArgumentTypeError, NotAvailableError, StateDictError
from firesteel.handlers import EarlyStopping

NAN: Final = float("nan")


def keep(engine: Engine[int, int], batch: int) -> int:
    """Give the batch back."""
    return batch


def evaluated(
    scores: Iterable[float],
) -> tuple[Engine[int, int], Engine[int, float], MetricKey[float]]:
    """Give a trainer that is evaluated after each epoch, with these scores."""
    given: Iterator[float] = iter(scores)

    def evaluate(engine: Engine[int, float], batch: int) -> float:
        return next(given)

    trainer, evaluator = Engine(keep), Engine(evaluate)
    trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda: evaluator.run([0]))
    return trainer, evaluator, evaluator.attach(Average(), "score")


def score_of(engine: Engine[Any, float]) -> float:
    """Give the output."""
    return engine.state.output


class TestStopping:
    def test_after_as_many_scores_without_an_improvement(self) -> None:
        trainer, evaluator, score = evaluated([1, 2, 2, 1.5, 9])
        evaluator.attach(EarlyStopping(score, patience=2, trainer=trainer))
        assert trainer.run([0], max_epochs=9).epoch == 4

    def test_with_patience_one_an_equal_score_stops(self) -> None:
        trainer, evaluator, score = evaluated([1, 1, 9])
        evaluator.attach(EarlyStopping(score, patience=1, trainer=trainer))
        assert trainer.run([0], max_epochs=9).epoch == 2

    def test_says_why_in_the_outcome_and_in_the_log(self, caplog: pytest.LogCaptureFixture) -> None:
        trainer, evaluator, score = evaluated([1, 0.5])
        evaluator.attach(EarlyStopping(score, patience=1, trainer=trainer))
        with caplog.at_level(logging.INFO, "firesteel.handlers"):
            trainer.run([0], max_epochs=9)
        reason = (
            "EarlyStopping: no improvement in 1 scores in a row, the last is 0.5, the one to beat 1"
        )
        assert trainer.outcome == Stopped(StopCause.TERMINATED, reason)
        assert [record.getMessage() for record in caplog.records] == [f"{reason}; the run ends."]

    def test_a_function_of_the_engine_gives_the_score(self) -> None:
        trainer, evaluator, _ = evaluated([3, 2, 4])
        evaluator.attach(EarlyStopping(score_of, patience=1, trainer=trainer, mode="min"))
        assert trainer.run([0], max_epochs=9).epoch == 3

    def test_works_by_default_on_the_trainer_itself_at_the_end_of_epochs(self) -> None:
        trainer = Engine(keep)
        loss = trainer.attach(Average(float), "loss")
        trainer.attach(EarlyStopping(loss, patience=2, trainer=trainer, mode="min"))
        assert trainer.run([1, 2], max_epochs=9).epoch == 3

    def test_works_as_a_handler_of_any_event(self) -> None:
        trainer = Engine(keep)
        stopping = EarlyStopping(score_of_int, patience=3, trainer=trainer, mode="min")
        trainer.add_event_handler(Events.ITERATION_COMPLETED, stopping)
        assert trainer.run([3, 2, 1, 1, 1, 1, 1]).iteration == 6

    def test_at_an_event_that_was_chosen(self) -> None:
        trainer, evaluator, score = evaluated([1, 1, 1, 1])
        stopping = EarlyStopping(score, patience=1, trainer=trainer)
        stopping.attach(evaluator, event=Events.COMPLETED(event_filter=lambda _, count: count != 2))
        assert trainer.run([0], max_epochs=4).epoch == 2

    def test_nan_counts_as_a_score_that_is_no_improvement(self) -> None:
        trainer, evaluator, score = evaluated([1, NAN, 2, NAN, NAN, 9])
        stopping = EarlyStopping(score, patience=2, trainer=trainer)
        evaluator.attach(stopping)
        assert trainer.run([0], max_epochs=9).epoch == 5
        assert stopping.best_score == 2

    def test_nan_stops_at_once_where_that_was_asked_for(self) -> None:
        trainer, evaluator, score = evaluated([1, NAN, 2])
        evaluator.attach(
            EarlyStopping(score, patience=9, trainer=trainer, nan="stop", num_warmup=9)
        )
        assert trainer.run([0], max_epochs=3).epoch == 2
        assert trainer.outcome == Stopped(StopCause.TERMINATED, "EarlyStopping: the score is NaN")

    def test_scores_of_the_warm_up_are_not_looked_at(self) -> None:
        trainer, evaluator, score = evaluated([9, 1, 2, 1, 1])
        stopping = EarlyStopping(score, patience=2, trainer=trainer, num_warmup=2)
        evaluator.attach(stopping)
        assert trainer.run([0], max_epochs=9).epoch == 5
        assert stopping.best_score == 2

    def test_no_more_once_it_is_taken_off(self) -> None:
        trainer, evaluator, score = evaluated([1, 1, 1, 1])
        handle = evaluator.attach(EarlyStopping(score, patience=1, trainer=trainer))
        handle.remove()
        assert trainer.run([0], max_epochs=4).epoch == 4

    def test_where_the_trainer_is_gone_there_is_nothing_to_stop(self) -> None:
        trainer = Engine(keep)
        stopping = EarlyStopping(score_of, patience=1, trainer=trainer)
        gone = weakref.ref(trainer)
        del trainer
        assert gone() is None
        evaluator: Engine[float, float] = Engine(lambda engine, batch: batch)
        evaluator.add_event_handler(Events.ITERATION_COMPLETED, stopping)
        assert evaluator.run([1.0, 1.0, 1.0]).iteration == 3

    def test_two_of_one_trainer_each_have_their_own_patience(self) -> None:
        trainer, evaluator, score = evaluated([1, 1, 1, 1, 1])
        short, long = (
            EarlyStopping(score, patience=patience, trainer=trainer) for patience in (3, 9)
        )
        evaluator.attach(long)
        evaluator.attach(short)
        assert trainer.run([0], max_epochs=9).epoch == 4
        assert (short.counter, long.counter) == (3, 3)

    def test_engines_are_freed_without_the_collector(self) -> None:
        trainer = Engine(keep)
        trainer.attach(EarlyStopping(score_of_int, patience=1, trainer=trainer))
        gone = weakref.ref(trainer)
        gc.disable()
        try:
            del trainer
            assert gone() is None
        finally:
            gc.enable()


def score_of_int(engine: Engine[Any, int]) -> float:
    """Give the output."""
    return engine.state.output


class TestRuns:
    def test_that_begin_anew_count_anew(self) -> None:
        trainer, evaluator, score = evaluated([5, 5, 1, 1, 1])
        stopping = EarlyStopping(score, patience=2, trainer=trainer)
        evaluator.attach(stopping)
        trainer.run([0], max_epochs=2)
        assert trainer.run([0], max_epochs=2).epoch == 2
        assert (stopping.best_score, stopping.counter) == (1, 1)

    def test_that_go_on_keep_their_patience(self) -> None:
        trainer, evaluator, score = evaluated([5, 5, 5, 5, 5])
        stopping = EarlyStopping(score, patience=3, trainer=trainer)
        evaluator.attach(stopping)
        trainer.run([0], max_epochs=2)
        assert trainer.run([0], max_epochs=9).epoch == 4

    def test_that_were_suspended_keep_their_patience(self) -> None:
        trainer, evaluator, score = evaluated([5, 5, 5, 5, 5])
        evaluator.attach(EarlyStopping(score, patience=3, trainer=trainer))
        trainer.add_event_handler(Events.EPOCH_STARTED(once=3), trainer.interrupt)
        trainer.run([0], max_epochs=9)
        assert trainer.run([0]).epoch == 4

    def test_that_are_loaded_keep_their_patience(self) -> None:
        trainer, evaluator, score = evaluated([5, 5])
        stopping = EarlyStopping(score, patience=3, trainer=trainer)
        evaluator.attach(stopping)
        trainer.run([0], max_epochs=2)
        saved = trainer.state_dict(), stopping.state_dict()

        trainer, evaluator, score = evaluated([5, 5, 5, 5])
        stopping = EarlyStopping(score, patience=3, trainer=trainer)
        evaluator.attach(stopping)
        trainer.load_state_dict(saved[0])
        stopping.load_state_dict(saved[1])
        assert trainer.run([0], max_epochs=9).epoch == 4

    def test_that_begin_with_scores_that_were_loaded_keep_them_once(self) -> None:
        trainer, evaluator, score = evaluated([5, 4, 3, 2])
        stopping = EarlyStopping(score, patience=9, trainer=trainer)
        evaluator.attach(stopping)
        stopping.load_state_dict({"counter": 3, "best_score": 7.0, "num_scores": 9})
        trainer.run([0], max_epochs=1)
        assert (stopping.best_score, stopping.counter) == (7, 4)
        trainer.run([0], max_epochs=1)
        assert (stopping.best_score, stopping.counter) == (4, 0)

    def test_of_an_evaluator_do_not_count_anew(self) -> None:
        trainer, evaluator, score = evaluated([5, 4, 3])
        stopping = EarlyStopping(score, patience=9, trainer=trainer)
        evaluator.attach(stopping)
        trainer.run([0], max_epochs=3)
        assert stopping.counter == 2

    def test_that_are_rehearsed_leave_no_trace(self) -> None:
        trainer, evaluator, score = evaluated([5, 9, 4])
        stopping = EarlyStopping(score, patience=1, trainer=trainer)
        evaluator.attach(stopping)
        trainer.run([0], max_epochs=1)
        with trainer.rehearsal():
            trainer.run([0], max_epochs=1)
        assert (stopping.best_score, stopping.counter) == (5, 0)


class TestState:
    def test_comes_back_from_a_file_that_holds_no_objects(self, tmp_path: Any) -> None:
        trainer = Engine(keep)
        stopping = EarlyStopping(score_of, patience=3, trainer=trainer)
        evaluator: Engine[float, float] = Engine(lambda engine, batch: batch)
        evaluator.add_event_handler(Events.ITERATION_COMPLETED, stopping)
        evaluator.run([1.0, 0.5])
        torch.save(stopping.state_dict(), tmp_path / "state.pt")
        other = EarlyStopping(score_of, patience=3, trainer=trainer)
        other.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
        assert other.state_dict() == stopping.state_dict()
        assert other.state_dict() == {"counter": 1, "best_score": 1.0, "num_scores": 2}

    def test_of_ignite_is_taken_as_one_behind_its_warm_up(self) -> None:
        stopping = EarlyStopping(score_of, patience=3, trainer=Engine(keep), num_warmup=2)
        stopping.load_state_dict({"counter": 1, "best_score": 2, "threshold_mode": "abs"})
        assert stopping.state_dict() == {"counter": 1, "best_score": 2.0, "num_scores": 2}

    def test_with_a_best_that_is_nan_has_none(self) -> None:
        stopping = EarlyStopping(score_of, patience=3, trainer=Engine(keep))
        stopping.load_state_dict({"counter": 0, "best_score": NAN})
        assert stopping.state_dict()["best_score"] is None

    def test_before_any_score_has_no_best(self) -> None:
        stopping = EarlyStopping(score_of, patience=3, trainer=Engine(keep))
        assert stopping.state_dict()["best_score"] is None
        with pytest.raises(NotAvailableError, match="exists from the first score on"):
            _ = stopping.best_score

    @pytest.mark.parametrize(
        ("state", "words"),
        [
            ({"counter": 1}, "missing are \\['best_score'\\]"),
            ({"counter": 1, "best_score": 1.0, "patience": 3}, "unknown are \\['patience'\\]"),
            ({"counter": -1, "best_score": 1.0}, "'counter' must be a whole number >= 0, got -1"),
            ({"counter": True, "best_score": 1.0}, "'counter' must be"),
            ({"counter": 1.5, "best_score": 1.0}, "'counter' must be"),
            ({"counter": 1, "best_score": "high"}, "'best_score' must be a number or None"),
            ({"counter": 1, "best_score": 1.0, "num_scores": "2"}, "'num_scores' must be"),
        ],
    )
    def test_that_does_not_fit_is_refused_and_nothing_is_changed(
        self, state: dict[str, object], words: str
    ) -> None:
        stopping = EarlyStopping(score_of, patience=3, trainer=Engine(keep))
        before = stopping.state_dict()
        with pytest.raises(StateDictError, match=words):
            stopping.load_state_dict(state)
        assert stopping.state_dict() == before

    def test_that_is_no_mapping_is_refused(self) -> None:
        stopping = EarlyStopping(score_of, patience=3, trainer=Engine(keep))
        wrong: Any = [("counter", 1)]
        with pytest.raises(ArgumentTypeError, match="must be a mapping"):
            stopping.load_state_dict(wrong)


class TestArguments:
    @pytest.mark.parametrize(
        ("options", "error", "words"),
        [
            ({"patience": 0}, ArgumentError, "patience must be at least 1, got 0"),
            ({"patience": 1.5}, ArgumentTypeError, "patience must be a whole number"),
            ({"threshold": -0.1}, ArgumentError, "threshold must be at least 0, got -0.1"),
            ({"threshold": NAN}, ArgumentError, "threshold must be at least 0, got nan"),
            ({"threshold": "1"}, ArgumentTypeError, "threshold must be a number"),
            (
                {"threshold_mode": "pct"},
                ArgumentError,
                "threshold_mode must be one of 'abs', 'rel'",
            ),
            ({"mode": "best"}, ArgumentError, "mode must be one of 'max', 'min', got 'best'"),
            ({"nan": "skip"}, ArgumentError, "nan must be one of 'count', 'stop'"),
            ({"num_warmup": -1}, ArgumentError, "num_warmup must be at least 0"),
            ({"trainer": None}, ArgumentTypeError, "trainer must be an engine"),
        ],
    )
    def test_out_of_their_range_are_refused(
        self, options: dict[str, Any], error: type[Exception], words: str
    ) -> None:
        given: dict[str, Any] = {"patience": 2, "trainer": Engine(keep)}
        with pytest.raises(error, match=f"EarlyStopping: {words}"):
            EarlyStopping(score_of, **(given | options))

    def test_a_score_that_is_neither_key_nor_function_is_refused(self) -> None:
        wrong: Any = "loss"
        with pytest.raises(ArgumentTypeError, match="score_function must be callable"):
            EarlyStopping(wrong, patience=2, trainer=Engine(keep))

    def test_a_score_that_is_no_number_is_refused_when_it_is_read(self) -> None:
        trainer = Engine(keep)
        wrong: Any = "high"
        trainer.attach(EarlyStopping(lambda _: wrong, patience=2, trainer=trainer))
        with pytest.raises(ArgumentTypeError, match="the score must be a number, got 'high'"):
            trainer.run([1])
