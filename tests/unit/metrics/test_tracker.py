"""BestValue: the best result, and when it was seen."""

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import pytest

from firesteel.engine import Engine, MetricKey
from firesteel.errors import ArgumentError, ArgumentTypeError, NotAvailableError, StateDictError
from firesteel.events import Events
from firesteel.metrics import Average, Loss
from firesteel.metrics._tracker import BestValue, Mode
from firesteel.protocols import Stateful


def give(engine: Engine[float, float], batch: float) -> float:
    return batch


class Higher:
    higher_is_better: ClassVar[bool | None] = True


class Neither:
    higher_is_better: ClassVar[bool | None] = None


def made(mode: Mode = "max") -> tuple[Engine[float, float], BestValue, MetricKey[float]]:
    """Give an engine whose epochs have one result each, and who looks at them."""
    engine = Engine(give)
    best = BestValue(Average().attach(engine, "score"), mode=mode)
    return engine, best, best.attach(engine, "best")


def after(mode: Mode, results: Sequence[float]) -> tuple[float, int]:
    engine, best, _ = made(mode)
    engine.run([*results], epoch_length=1, max_epochs=len(results))
    return best.value, best.epoch


@pytest.mark.parametrize(
    ("mode", "results", "expected"),
    [
        ("max", [1.0, 3.0, 2.0], (3.0, 2)),
        ("min", [1.0, 3.0, 0.5], (0.5, 3)),
        ("max", [2.0, 2.0], (2.0, 1)),
        ("max", [math.nan, -math.inf, math.nan], (-math.inf, 2)),
        ("min", [math.nan, 5.0, math.nan, 4.0], (4.0, 4)),
        ("max", [0.0, math.inf, math.nan], (math.inf, 2)),
    ],
)
def test_it_knows_the_best_and_its_epoch(
    mode: Mode, results: list[float], expected: tuple[float, int]
) -> None:
    assert after(mode, results) == expected


def test_the_best_so_far_is_among_the_results() -> None:
    engine, best, key = made()
    seen: list[tuple[float | None, bool]] = []
    engine.add_event_handler(
        Events.EPOCH_COMPLETED, lambda: seen.append((engine.state.metrics.get(key), best.is_new))
    )
    engine.run([math.nan, 1.0, 0.0, 2.0], epoch_length=1, max_epochs=4)
    assert seen == [(None, False), (1.0, True), (1.0, False), (2.0, True)]


def test_before_there_is_one_it_says_so() -> None:
    engine, best, _ = made()
    engine.run([math.nan])
    with pytest.raises(NotAvailableError) as caught:
        _ = best.value
    assert str(caught.value) == "BestValue.value: exists once 'score' had a result other than NaN"
    with pytest.raises(NotAvailableError, match=r"BestValue\.epoch: exists once"):
        _ = best.epoch


def test_the_epochs_can_be_those_of_the_trainer() -> None:
    evaluator, trainer = Engine(give), Engine(give)
    score = Average().attach(evaluator, "score")
    best = BestValue(score, mode="max", epoch_of=trainer)
    best.attach(evaluator, "best")
    scores = [1.0, 4.0, 2.0]

    @trainer.on(Events.EPOCH_COMPLETED)
    def evaluate() -> None:
        evaluator.run([scores[trainer.state.epoch - 1]])

    trainer.run([0.0], max_epochs=3)
    assert (best.value, best.epoch) == (4.0, 2)


def test_a_metric_says_which_is_better() -> None:
    engine = Engine(give)
    key = Average().attach(engine, "score")
    assert BestValue(key, metric=Higher()).state_dict()["mode"] == "max"
    assert BestValue(key, metric=Loss(lambda a, b: a)).state_dict()["mode"] == "min"
    with pytest.raises(ArgumentError, match="metric must be one whose higher or lower results"):
        BestValue(key, metric=Neither())


def test_wrong_arguments_are_refused() -> None:
    key = MetricKey[float]("score")
    make: Any = BestValue
    with pytest.raises(ArgumentTypeError, match="needs one of mode and metric"):
        make(key)
    with pytest.raises(ArgumentTypeError, match="needs one of mode and metric"):
        make(key, mode="max", metric=Higher())
    with pytest.raises(ArgumentError, match=r"mode must be one of .*, got 'largest'"):
        make(key, mode="largest")
    with pytest.raises(ArgumentTypeError, match="key must be what attaching a metric gave"):
        make("score", mode="max")


def test_it_is_attached_to_one_engine_under_a_free_name() -> None:
    engine, best, _ = made()
    other = Engine(give)
    with pytest.raises(ArgumentError, match="must be attached to one engine"):
        best.attach(other, "best")
    with pytest.raises(ArgumentError, match="another metric is attached to this engine as 'best'"):
        BestValue(MetricKey[float]("score"), mode="max").attach(engine, "best")


def test_detached_it_looks_no_more_and_can_be_attached_again() -> None:
    engine, best, key = made()
    engine.run([1.0])
    best.detach()
    best.detach()
    assert key not in engine.state.metrics
    engine.run([2.0])
    assert best.value == 1.0
    again = engine.attach(best, "best")
    assert engine.run([3.0]).metrics[again] == 3.0


def test_it_can_be_saved_and_goes_on() -> None:
    engine, best, _ = made()
    engine.run([1.0, 5.0, 2.0], epoch_length=1, max_epochs=3)
    assert isinstance(best, Stateful)
    saved = best.state_dict()
    assert saved == {"value": 5.0, "epoch": 2, "mode": "max"}
    other_engine, other, key = made()
    other.load_state_dict(saved)
    assert (other.value, other.epoch, other.is_new) == (5.0, 2, False)
    assert other_engine.run([4.0]).metrics[key] == 5.0
    assert other_engine.run([6.0]).metrics[key] == 6.0
    assert other.epoch == 1


def test_nothing_seen_can_be_saved_too() -> None:
    _, best, _ = made()
    _, other, _ = made()
    other.load_state_dict(best.state_dict())
    with pytest.raises(NotAvailableError):
        _ = other.value


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"value": 1.0}, r"the entries must be \['epoch', 'mode', 'value'\], got \['value'\]"),
        ({"value": 1.0, "epoch": 1, "mode": "min"}, "mode must be 'max', got 'min'"),
        ({"value": "1", "epoch": 1, "mode": "max"}, "value must be a number or None, got '1'"),
        ({"value": 1.0, "epoch": 1.5, "mode": "max"}, r"epoch must be a whole number, got 1\.5"),
    ],
)
def test_a_state_that_does_not_fit_is_refused(state: dict[str, object], message: str) -> None:
    engine, best, _ = made()
    engine.run([7.0])
    with pytest.raises(StateDictError, match=rf"^BestValue\.load_state_dict: {message}$"):
        best.load_state_dict(state)
    assert best.value == 7.0
