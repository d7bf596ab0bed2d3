"""Schedulers one after another, side by side, and behind a warm-up."""

import math
from collections.abc import Callable

# Any: what a type checker refuses has to get past it, to be refused when it runs
from typing import Any

import pytest
import torch
from torch.optim import SGD, Optimizer, lr_scheduler

from firesteel.engine import Engine
from firesteel.errors import ArgumentError, ArgumentTypeError, StateDictError
from firesteel.handlers import (
    ConcatScheduler,
    CosineAnnealingScheduler,
    CurveScheduler,
    LRScheduler,
    OptimizerScheduler,
    ParamGroupScheduler,
    PiecewiseLinear,
    ReduceLROnPlateauScheduler,
    create_lr_scheduler_with_warmup,
)


def give(engine: Engine[int, int], batch: int) -> int:
    return batch


def untyped(value: object) -> Any:
    return value


def make_optimizer(*lrs: float) -> Optimizer:
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": lr} for lr in lrs]
    return SGD(groups, lr=0.1, momentum=0.9)


def flat(optimizer: Optimizer, value: float, *, group: int | None = None) -> CurveScheduler:
    return CurveScheduler(
        optimizer, "lr", curve=lambda index: value + index / 10, param_group_index=group
    )


def halving(optimizer: Optimizer) -> lr_scheduler.LRScheduler:
    return lr_scheduler.ExponentialLR(optimizer, gamma=0.5)


# one after another


def test_each_scheduler_begins_at_its_own_zero() -> None:
    optimizer = make_optimizer(0.1)
    members = [flat(optimizer, value) for value in (1.0, 2.0, 3.0)]
    rows = ConcatScheduler(members, durations=[2, 1]).simulate_values(6)
    assert rows == [[1.0], [1.1], [2.0], [3.0], [3.1], [3.2]]


def test_a_simulation_may_end_within_any_of_them() -> None:
    optimizer = make_optimizer(0.1)
    members = [flat(optimizer, value) for value in (1.0, 2.0, 3.0)]
    scheduler = ConcatScheduler(members, durations=[2, 1])
    rows = scheduler.simulate_values(6)
    assert [scheduler.simulate_values(num) for num in range(6)] == [rows[:num] for num in range(6)]


def test_a_scheduler_of_torch_begins_with_the_initial_learning_rate() -> None:
    optimizer = make_optimizer(0.4, 0.8)
    after = LRScheduler(halving(optimizer))
    scheduler = ConcatScheduler([flat(optimizer, 9.0), after], durations=[2], save_history=True)
    engine = Engine(give)
    engine.attach(scheduler)
    engine.run(range(4))
    assert scheduler.history == [[9.0, 9.0], [9.1, 9.1], [0.4, 0.8], [0.2, 0.4]]


def test_a_concatenation_can_be_part_of_another() -> None:
    optimizer = make_optimizer(0.1)
    inner = ConcatScheduler([flat(optimizer, 1.0), flat(optimizer, 2.0)], durations=[1])
    rows = ConcatScheduler([flat(optimizer, 0.0), inner], durations=[2]).simulate_values(5)
    assert rows == [[0.0], [0.1], [1.0], [2.0], [2.1]]


def test_values_stand_in_the_order_of_the_first_scheduler() -> None:
    optimizer = make_optimizer(0.1, 0.2)
    first = ParamGroupScheduler([flat(optimizer, 1.0, group=1), flat(optimizer, 0.0, group=0)])
    second = ParamGroupScheduler([flat(optimizer, 2.0, group=0), flat(optimizer, 3.0, group=1)])
    scheduler = ConcatScheduler([first, second], durations=[1])
    assert [target.group_index for target in scheduler.targets] == [1, 0]
    assert scheduler.simulate_values(2) == [[1.0, 0.0], [3.0, 2.0]]
    scheduler.set_values(index=1)
    assert [group["lr"] for group in optimizer.param_groups] == [2.0, 3.0]
    assert scheduler.applied(index=1) == [3.0, 2.0]


@pytest.mark.parametrize("duration", [0, -1])
def test_a_duration_below_one_is_refused(duration: int) -> None:
    optimizer = make_optimizer(0.1)
    members = [flat(optimizer, 1.0), flat(optimizer, 2.0), flat(optimizer, 3.0)]
    with pytest.raises(ArgumentError, match=r"durations\[1\] must be at least 1"):
        ConcatScheduler(members, durations=[1, duration])


def other_parameter(optimizer: Optimizer) -> OptimizerScheduler:
    return PiecewiseLinear(optimizer, "momentum", milestones_values=[(0, 0.5)])


def other_group(optimizer: Optimizer) -> OptimizerScheduler:
    return flat(optimizer, 1.0, group=1)


def other_optimizer(_optimizer: Optimizer) -> OptimizerScheduler:
    return flat(make_optimizer(0.1, 0.2), 1.0)


@pytest.mark.parametrize("make", [other_parameter, other_group, other_optimizer])
def test_schedulers_of_different_things_do_not_follow_one_another(
    make: Callable[[Optimizer], OptimizerScheduler],
) -> None:
    optimizer = make_optimizer(0.1, 0.2)
    with pytest.raises(ArgumentError, match=r"schedulers\[1\] must be one of lr of group 0, lr of"):
        ConcatScheduler([flat(optimizer, 1.0), make(optimizer)], durations=[1])


def test_fewer_than_two_schedulers_are_refused() -> None:
    with pytest.raises(ArgumentError, match="schedulers must be two or more"):
        ConcatScheduler([flat(make_optimizer(0.1), 1.0)], durations=[])


def test_a_scheduler_that_stands_there_twice_is_refused() -> None:
    one = flat(make_optimizer(0.1), 1.0)
    with pytest.raises(ArgumentError, match=r"schedulers\[1\] must be another one"):
        ConcatScheduler([one, one], durations=[1])


def test_a_scheduler_of_torch_has_to_be_wrapped() -> None:
    optimizer = make_optimizer(0.1)
    with pytest.raises(ArgumentTypeError, match="wrap torch's in LRScheduler"):
        ConcatScheduler([flat(optimizer, 1.0), untyped(halving(optimizer))], durations=[1])


# side by side


def test_groups_have_schedules_of_their_own() -> None:
    optimizer = make_optimizer(0.1, 0.2)
    scheduler = ParamGroupScheduler(
        [flat(optimizer, 1.0, group=0), flat(optimizer, 5.0, group=1)], save_history=True
    )
    engine = Engine(give)
    engine.attach(scheduler)
    engine.run(range(2))
    assert [group["lr"] for group in optimizer.param_groups] == [1.1, 5.1]
    assert scheduler.history == [[1.0, 5.0], [1.1, 5.1]] == scheduler.simulate_values(2)


def test_optimizers_may_be_different_ones() -> None:
    first, second = make_optimizer(0.1), make_optimizer(0.2)
    ParamGroupScheduler([flat(first, 1.0), flat(second, 2.0)]).set_values(index=0)
    assert first.param_groups[0]["lr"] == 1.0
    assert second.param_groups[0]["lr"] == 2.0


def test_a_parameter_that_two_would_set_is_refused() -> None:
    optimizer = make_optimizer(0.1, 0.2)
    with pytest.raises(ArgumentError, match="of different parameters or groups, got 'lr of group"):
        ParamGroupScheduler([flat(optimizer, 1.0), flat(optimizer, 2.0, group=1)])


def test_no_scheduler_at_all_is_refused() -> None:
    with pytest.raises(ArgumentError, match="schedulers must be a sequence of one or more"):
        ParamGroupScheduler([])


@pytest.mark.parametrize(
    ("num_kept", "added", "message"),
    [
        (1, list[object](), "'schedulers' must be a list of the states of 2 schedulers"),
        (2, [dict[str, object]()], "'schedulers' must be a list of the states of 2 schedulers"),
        (1, [3], r"'schedulers'\[1\] must be a dictionary, got 3"),
        (1, [dict[str, object]()], "missing are"),
    ],
)
def test_a_wrong_state_of_a_member_changes_none(
    num_kept: int, added: list[object], message: str
) -> None:
    optimizer = make_optimizer(0.1)
    members = [flat(optimizer, 1.0), flat(optimizer, 2.0)]
    scheduler = ConcatScheduler(members, durations=[1])
    states: list[dict[str, object]] = [member.state_dict() for member in members]
    states[0]["event_index"] = 7
    saved = {"event_index": 5, "event_count": 5, "schedulers": [*states[:num_kept], *added]}
    with pytest.raises(StateDictError, match=message):
        scheduler.load_state_dict(saved)
    assert scheduler.event_index == members[0].event_index == 0


def test_a_state_without_a_list_of_states_is_refused() -> None:
    scheduler = ParamGroupScheduler([flat(make_optimizer(0.1), 1.0)])
    with pytest.raises(StateDictError, match="must be a list of the states of 1 schedulers"):
        scheduler.load_state_dict({"event_index": 5, "event_count": 5, "schedulers": None})


# behind a warm-up


def test_the_warmup_ends_with_the_initial_learning_rate_of_each_group() -> None:
    scheduler = create_lr_scheduler_with_warmup(
        halving(make_optimizer(1.0, 2.0)), warmup_start_value=0.0, warmup_duration=3
    )
    rows = scheduler.simulate_values(5)
    assert rows == [[0.0, 0.0], [0.5, 1.0], [1.0, 2.0], [0.5, 1.0], [0.25, 0.5]]


def test_another_end_value_is_followed_by_the_initial_learning_rate() -> None:
    stepping = lr_scheduler.StepLR(make_optimizer(1.0), 2, gamma=0.1)
    scheduler = create_lr_scheduler_with_warmup(
        stepping, warmup_start_value=0.0, warmup_duration=3, warmup_end_value=5.0
    )
    values = [value for (value,) in scheduler.simulate_values(7)]
    assert values == pytest.approx([0.0, 2.5, 5.0, 1.0, 1.0, 0.1, 0.1])


def test_no_group_misses_its_initial_learning_rate() -> None:
    """Only the last group has the end value as its learning rate."""
    scheduler = create_lr_scheduler_with_warmup(
        halving(make_optimizer(1.0, 2.0)),
        warmup_start_value=0.0,
        warmup_duration=2,
        warmup_end_value=2.0,
    )
    assert scheduler.simulate_values(4) == [[0.0, 0.0], [2.0, 2.0], [1.0, 2.0], [0.5, 1.0]]


def test_a_scheduler_of_ours_ends_its_warmup_with_its_own_first_value() -> None:
    optimizer = make_optimizer(0.1)
    cosine = CosineAnnealingScheduler(
        optimizer, "lr", start_value=1.0, end_value=0.0, cycle_size=10
    )
    scheduler = create_lr_scheduler_with_warmup(
        cosine, warmup_start_value=0.0, warmup_duration=2, save_history=True
    )
    rows = scheduler.simulate_values(3)
    assert rows[:2] == [[0.0], [1.0]]
    assert rows[2] == cosine.simulate_values(2)[1]


def warmed_up(scheduler: Any, *, start_value: float = 0.0, duration: int = 2) -> object:
    return create_lr_scheduler_with_warmup(
        scheduler, warmup_start_value=start_value, warmup_duration=duration
    )


def test_a_warmup_of_one_value_is_refused() -> None:
    with pytest.raises(ArgumentError, match="warmup_duration must be at least 2, got 1"):
        warmed_up(halving(make_optimizer(1.0)), duration=1)


def test_a_value_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ArgumentError, match="warmup_start_value must be finite, got nan"):
        warmed_up(halving(make_optimizer(1.0)), start_value=math.nan)


def test_a_scheduler_of_torch_that_needs_a_score_is_refused() -> None:
    with pytest.raises(ArgumentError, match="use ReduceLROnPlateauScheduler"):
        warmed_up(lr_scheduler.ReduceLROnPlateau(make_optimizer(1.0)))


def test_our_scheduler_that_needs_a_score_is_refused() -> None:
    def score(engine: Engine[Any, Any]) -> float:
        return 1.0

    scored = ReduceLROnPlateauScheduler(make_optimizer(1.0), score)
    with pytest.raises(ArgumentTypeError, match="must be a scheduler of torch, or of an optim"):
        warmed_up(scored)
