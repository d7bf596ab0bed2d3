"""Less of the learning rate where a score does not get better."""

import io
import math
from collections.abc import Mapping, Sequence

# Any: what a type checker refuses has to get past it, to be refused when it runs
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import SGD, Optimizer
from torch.optim.lr_scheduler import ReduceLROnPlateau

from firesteel.engine import Engine
from firesteel.errors import ArgumentError, ArgumentTypeError, EngineStateError, StateDictError
from firesteel.handlers import PlateauMode, ReduceLROnPlateauScheduler, ThresholdMode
from firesteel.metrics import Average


def untyped(value: object) -> Any:
    return value


def make_optimizer(*lrs: float) -> Optimizer:
    return SGD(
        [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": lr} for lr in lrs or (1.0,)],
        lr=0.1,
    )


def lrs_of(optimizer: Optimizer) -> list[float]:
    return [float(group["lr"]) for group in optimizer.param_groups]


def give(engine: Engine[float, float], batch: float) -> float:
    return batch


def output_of(engine: Engine[Any, float]) -> float:
    return engine.state.output


def word_of(engine: Engine[Any, Any]) -> Any:
    return "low"


def after_each(
    optimizer: Optimizer, scheduler: ReduceLROnPlateauScheduler[float], scores: Sequence[float]
) -> list[list[float]]:
    """Give the learning rates after each evaluation."""
    evaluator = Engine(give)
    scheduler.attach(evaluator)
    rows: list[list[float]] = []
    for score in scores:
        evaluator.run([score])
        rows.append(lrs_of(optimizer))
    return rows


def test_it_reduces_once_the_score_has_been_no_better_for_longer_than_patience() -> None:
    optimizer = make_optimizer()
    scheduler = ReduceLROnPlateauScheduler(optimizer, output_of, factor=0.5, patience=1)
    rows = after_each(optimizer, scheduler, [3.0, 2.0, 2.0, 2.0, 2.0, 2.0])
    assert rows == [[1.0], [1.0], [1.0], [0.5], [0.5], [0.25]]


def test_the_key_of_a_metric_is_a_score() -> None:
    optimizer = make_optimizer()
    evaluator = Engine(give)
    key = Average().attach(evaluator, "loss")
    evaluator.attach(ReduceLROnPlateauScheduler(optimizer, key, factor=0.5, patience=0))
    evaluator.run([1.0, 3.0])
    evaluator.run([2.0, 2.0])
    assert lrs_of(optimizer) == [0.5]


@given(
    mode=st.sampled_from(["min", "max"]),
    threshold_mode=st.sampled_from(["rel", "abs"]),
    numbers=st.tuples(st.integers(0, 3), st.integers(0, 3), st.sampled_from([0.0, 0.1])),
    min_lr=st.sampled_from([0.0, 0.2, [0.3, 0.0]]),
    scores=st.lists(st.one_of(st.floats(0, 2), st.just(math.nan)), max_size=25),
)
def test_learning_rates_are_those_of_torch(
    mode: PlateauMode,
    threshold_mode: ThresholdMode,
    numbers: tuple[int, int, float],
    min_lr: float | list[float],
    scores: list[float],
) -> None:
    patience, cooldown, threshold = numbers
    theirs = make_optimizer(1.0, 0.5)
    reference = ReduceLROnPlateau(
        theirs,
        mode=mode,
        factor=0.5,
        patience=patience,
        threshold=threshold,
        threshold_mode=threshold_mode,
        cooldown=cooldown,
        min_lr=min_lr,
    )
    ours = make_optimizer(1.0, 0.5)
    scheduler = ReduceLROnPlateauScheduler(
        ours,
        output_of,
        mode=mode,
        factor=0.5,
        patience=patience,
        threshold=threshold,
        threshold_mode=threshold_mode,
        cooldown=cooldown,
        min_lr=min_lr,
        save_history=True,
    )
    expected: list[list[float]] = []
    for score in scores:
        reference.step(score)
        expected.append(lrs_of(theirs))
    simulated = scheduler.simulate_values(scores)
    assert after_each(ours, scheduler, scores) == expected
    assert scheduler.history == simulated == expected


def test_a_score_below_zero_that_is_worse_is_not_better() -> None:
    optimizer = make_optimizer()
    scheduler = ReduceLROnPlateauScheduler(
        optimizer, output_of, patience=0, threshold=0.1, factor=0.5
    )
    assert after_each(optimizer, scheduler, [-1.0, -0.95]) == [[1.0], [0.5]]


def test_a_score_that_is_nan_is_never_better() -> None:
    optimizer = make_optimizer()
    scheduler = ReduceLROnPlateauScheduler(optimizer, output_of, patience=1, factor=0.5)
    rows = after_each(optimizer, scheduler, [math.nan, math.nan, 1.0, 0.5])
    assert rows == [[1.0], [0.5], [0.5], [0.5]]


def test_a_lowest_learning_rate_is_kept_without_a_group_index() -> None:
    optimizer = make_optimizer(1.0, 0.2)
    scheduler = ReduceLROnPlateauScheduler(
        optimizer, output_of, patience=0, factor=0.1, min_lr=0.15
    )
    assert after_each(optimizer, scheduler, [1.0, 1.0, 1.0])[2] == [0.15, 0.15]


def test_one_group_is_reduced_alone_and_has_its_own_lowest_learning_rate() -> None:
    optimizer = make_optimizer(1.0, 1.0)
    scheduler = ReduceLROnPlateauScheduler(
        optimizer, output_of, patience=0, factor=0.1, min_lr=0.4, param_group_index=1
    )
    assert after_each(optimizer, scheduler, [1.0, 1.0])[1] == [1.0, 0.4]


def test_a_reduction_by_next_to_nothing_is_left_out() -> None:
    optimizer = make_optimizer(1e-3)
    scheduler = ReduceLROnPlateauScheduler(optimizer, output_of, patience=0, factor=0.5, eps=1e-3)
    assert after_each(optimizer, scheduler, [1.0, 1.0]) == [[1e-3], [1e-3]]


def test_a_tensor_is_written_to_in_place() -> None:
    held = torch.tensor(1.0)
    optimizer = SGD([torch.nn.Parameter(torch.zeros(1))], lr=held)
    scheduler = ReduceLROnPlateauScheduler(optimizer, output_of, patience=0, factor=0.5)
    after_each(optimizer, scheduler, [1.0, 1.0])
    assert optimizer.param_groups[0]["lr"] is held
    assert held.item() == 0.5


@given(scores=st.lists(st.floats(-1, 1), max_size=12), num_before=st.integers(0, 12))
def test_a_scheduler_that_was_loaded_goes_on_exactly(scores: list[float], num_before: int) -> None:
    def make(optimizer: Optimizer) -> ReduceLROnPlateauScheduler[float]:
        return ReduceLROnPlateauScheduler(
            optimizer, output_of, patience=1, cooldown=2, factor=0.5, threshold=0.01
        )

    optimizer = make_optimizer()
    scheduler = make(optimizer)
    after_each(optimizer, scheduler, scores[:num_before])
    file = io.BytesIO()
    torch.save({"lr": optimizer.state_dict(), "it": scheduler.state_dict()}, file)
    file.seek(0)
    saved: dict[str, Any] = torch.load(file, weights_only=True)
    expected = after_each(optimizer, scheduler, scores[num_before:])
    other = make_optimizer()
    other.load_state_dict(saved["lr"])
    loaded = make(other)
    loaded.load_state_dict(saved["it"])
    assert after_each(other, loaded, scores[num_before:]) == expected


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"best": 1.0}, "missing are"),
        ({"best": "1", "num_bad_events": 0, "num_cooldown_left": 0}, "'best' must be a number"),
        ({"best": 1, "num_bad_events": -1, "num_cooldown_left": 0}, "'num_bad_events' must be"),
        ({"best": 1, "num_bad_events": 0, "num_cooldown_left": 0, "lr": 1}, "unknown are"),
    ],
)
def test_a_wrong_state_changes_nothing(state: Mapping[str, object], message: str) -> None:
    scheduler = ReduceLROnPlateauScheduler(make_optimizer(), output_of)
    before = scheduler.state_dict()
    with pytest.raises(StateDictError, match=message):
        scheduler.load_state_dict(state)
    assert scheduler.state_dict() == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "best"}, "mode must be one of 'min', 'max', got 'best'"),
        ({"threshold_mode": "relative"}, "threshold_mode must be one of 'rel', 'abs'"),
        ({"factor": 1.0}, "factor must be below 1, got 1.0"),
        ({"factor": 0.0}, "factor must be above 0, got 0.0"),
        ({"patience": -1}, "patience must be at least 0, got -1"),
        ({"threshold": -0.1}, "threshold must be at least 0, got -0.1"),
        ({"cooldown": -1}, "cooldown must be at least 0, got -1"),
        ({"min_lr": -1.0}, "min_lr must be at least 0, got -1.0"),
        ({"min_lr": [0.0, 0.0, 0.0]}, "min_lr must be a number, or one for each of the 2 groups"),
        ({"min_lr": [0.0, 0.0], "param_group_index": 1}, "one for each of the 1 groups"),
        ({"eps": math.inf}, "eps must be finite, got inf"),
        ({"param_group_index": 2}, "param_group_index must be below 2"),
    ],
)
def test_an_option_that_is_out_of_range_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=f"ReduceLROnPlateauScheduler: .*{message}"):
        ReduceLROnPlateauScheduler(make_optimizer(1.0, 1.0), output_of, **options)


def test_a_score_that_is_no_number_is_refused() -> None:
    evaluator = Engine(give)
    evaluator.attach(ReduceLROnPlateauScheduler(make_optimizer(), word_of))
    with pytest.raises(ArgumentTypeError, match="the score must be a number, got 'low'"):
        evaluator.run([1.0])


def test_a_name_is_no_score() -> None:
    with pytest.raises(ArgumentTypeError, match="score_function must be callable, got 'loss'"):
        ReduceLROnPlateauScheduler(make_optimizer(), untyped("loss"))


def test_a_history_that_was_not_asked_for_is_refused() -> None:
    with pytest.raises(EngineStateError, match="kept with save_history=True only"):
        _ = ReduceLROnPlateauScheduler(make_optimizer(), output_of).history
