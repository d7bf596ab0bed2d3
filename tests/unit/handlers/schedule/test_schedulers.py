"""Schedulers of an optimizer: what is set when, counted, simulated, saved and gone on with."""

import io
from collections.abc import Callable, Mapping, Sequence

# Any: what a type checker refuses has to get past it, to be refused when it runs
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.optim import SGD, Optimizer

from firesteel.engine import Engine, StateKey
from firesteel.errors import (
    ArgumentError,
    ArgumentTypeError,
    EngineStateError,
    StateDictError,
    UnknownEventError,
)
from firesteel.events import EventEnum, Events
from firesteel.handlers import (
    ConcatScheduler,
    CosineAnnealingScheduler,
    CurveScheduler,
    LinearCyclicalScheduler,
    LRScheduler,
    OptimizerScheduler,
    ParamGroupScheduler,
    PiecewiseLinear,
    create_lr_scheduler_with_warmup,
)

NUM_STEPS = StateKey[int]("num_steps")


class Own(EventEnum):
    STEPPED = "stepped"


class BrokenError(Exception):
    """What goes wrong in a test."""


def give(engine: Engine[int, int], batch: int) -> int:
    return batch


def untyped(value: object) -> Any:
    return value


def make_optimizer(*lrs: float | Tensor) -> Optimizer:
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": lr} for lr in lrs or (0.1,)]
    return SGD(groups, lr=0.1, momentum=0.9)


def lrs_of(optimizer: Optimizer) -> list[float]:
    return [float(group["lr"]) for group in optimizer.param_groups]


def counting(optimizer: Optimizer) -> CurveScheduler:
    """Give a scheduler whose value is the index."""
    return CurveScheduler(optimizer, "lr", curve=float)


def make_trainer(optimizer: Optimizer) -> tuple[Engine[int, None], list[float]]:
    """Make an engine that writes down the learning rate of each iteration."""
    seen: list[float] = []

    def step(engine: Engine[int, None], batch: int) -> None:
        seen.append(lrs_of(optimizer)[0])

    return Engine(step), seen


def through_a_file(state: dict[str, Any]) -> Mapping[str, object]:
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    loaded: Mapping[str, object] = torch.load(file, weights_only=True)
    return loaded


# when


def test_the_first_iteration_has_the_value_of_index_zero() -> None:
    optimizer = make_optimizer()
    trainer, seen = make_trainer(optimizer)
    trainer.attach(counting(optimizer))
    trainer.run(range(3), max_epochs=2)
    assert seen == [0, 1, 2, 3, 4, 5]


def test_an_event_with_a_filter_has_an_index_each_time_it_is_due() -> None:
    optimizer = make_optimizer()
    trainer, seen = make_trainer(optimizer)
    counting(optimizer).attach(trainer, Events.ITERATION_STARTED(every=2))
    trainer.run(range(6))
    assert seen == [0.1, 0, 0, 1, 1, 2]


def test_several_events_share_one_index() -> None:
    optimizer = make_optimizer()
    trainer, seen = make_trainer(optimizer)
    warm = Events.ITERATION_STARTED(before=3) | Events.EPOCH_STARTED(after=1)
    counting(optimizer).attach(trainer, warm)
    trainer.run(range(3), max_epochs=3)
    assert seen == [0, 1, 1, 2, 2, 2, 3, 3, 3]


def test_an_own_event_sets_the_next_value() -> None:
    optimizer = make_optimizer()
    scheduler = counting(optimizer)

    def step(engine: Engine[int, float], batch: int) -> float:
        if batch % 2:
            engine.fire_event(Own.STEPPED)
        return lrs_of(optimizer)[0]

    trainer = Engine(step)
    trainer.register_events(*Own)
    scheduler.attach(trainer, Own.STEPPED)
    trainer.run(range(6))
    assert scheduler.event_index == 3


def test_with_a_counter_the_index_is_the_count() -> None:
    optimizer = make_optimizer()
    seen: list[float] = []

    def step(engine: Engine[int, None], batch: int) -> None:
        seen.append(lrs_of(optimizer)[0])
        if batch % 2:
            engine.state[NUM_STEPS] = engine.state.get(NUM_STEPS, 0) + 1

    trainer = Engine(step)
    scheduler = counting(optimizer)
    scheduler.attach(trainer, counter=NUM_STEPS)
    trainer.run(range(6))
    assert seen == [0, 0, 1, 1, 2, 2]
    assert scheduler.event_index == 0


def test_a_scheduler_can_be_added_by_hand() -> None:
    optimizer = make_optimizer()
    trainer, seen = make_trainer(optimizer)
    trainer.add_event_handler(Events.ITERATION_STARTED, counting(optimizer))
    trainer.run(range(3))
    assert seen == [0, 1, 2]


def test_a_scheduler_that_is_detached_sets_nothing_more() -> None:
    optimizer = make_optimizer()
    trainer, seen = make_trainer(optimizer)
    handle = counting(optimizer).attach(trainer)
    trainer.add_event_handler(Events.ITERATION_COMPLETED(once=2), handle.remove)
    trainer.run(range(4))
    assert seen == [0, 1, 1, 1]


def test_the_index_goes_on_over_several_runs() -> None:
    optimizer = make_optimizer()
    trainer, seen = make_trainer(optimizer)
    trainer.attach(counting(optimizer))
    trainer.run([0])
    trainer.run([0])
    assert seen == [0, 1]


def test_an_unknown_event_leaves_nothing_attached() -> None:
    optimizer = make_optimizer()
    trainer, seen = make_trainer(optimizer)
    with pytest.raises(UnknownEventError):
        counting(optimizer).attach(trainer, Events.ITERATION_STARTED | Own.STEPPED)
    trainer.run([0])
    assert seen == [0.1]


# an event that is fired again


@pytest.mark.parametrize("event", [Events.ITERATION_STARTED, Events.EPOCH_STARTED])
@pytest.mark.parametrize("failing", [1, 2, 3, 4, 6])
def test_what_is_done_again_has_the_index_that_it_had(event: EventEnum, failing: int) -> None:
    optimizer = make_optimizer()
    trainer, seen = make_trainer(optimizer)
    counting(optimizer).attach(trainer, event)

    left = {failing}

    @trainer.on(Events.ITERATION_STARTED)
    def fail_once(engine: Engine[int, None]) -> None:
        if engine.state.iteration in left:
            left.clear()
            raise BrokenError

    with pytest.raises(BrokenError):
        trainer.run(range(3), max_epochs=2)
    trainer.run(range(3), max_epochs=2)
    expected = [0, 1, 2, 3, 4, 5] if event is Events.ITERATION_STARTED else [0, 0, 0, 1, 1, 1]
    assert seen == expected


@pytest.mark.parametrize("event", [Events.ITERATION_STARTED, Events.EPOCH_STARTED])
@pytest.mark.parametrize("saved_after", [1, 2, 3, 4, 5])
def test_a_run_that_is_loaded_goes_on_along_the_curve(event: EventEnum, saved_after: int) -> None:
    optimizer = make_optimizer()
    trainer, seen = make_trainer(optimizer)
    scheduler = counting(optimizer)
    scheduler.attach(trainer, event)
    saved: list[Mapping[str, object]] = []

    @trainer.on(Events.ITERATION_COMPLETED(once=saved_after))
    def save() -> None:
        saved.extend(through_a_file(one.state_dict()) for one in (trainer, scheduler, optimizer))

    trainer.run(range(3), max_epochs=2)

    other_optimizer = make_optimizer()
    other, seen_there = make_trainer(other_optimizer)
    other_scheduler = counting(other_optimizer)
    other_scheduler.attach(other, event)
    other.load_state_dict(saved[0])
    other_scheduler.load_state_dict(saved[1])
    other_optimizer.load_state_dict(dict(saved[2]))
    other.run(range(3), max_epochs=2)
    assert seen[:saved_after] + seen_there == seen


def test_what_is_saved_within_an_iteration_begins_it_again() -> None:
    optimizer = make_optimizer()
    trainer, seen = make_trainer(optimizer)
    scheduler = counting(optimizer)
    scheduler.attach(trainer)
    saved: list[dict[str, object]] = []

    @trainer.on(Events.ITERATION_STARTED(once=3))
    def save() -> None:
        saved.extend([trainer.state_dict(), scheduler.state_dict()])

    trainer.run(range(4))
    other, seen_there = make_trainer(optimizer)
    loaded = counting(optimizer)
    loaded.attach(other)
    other.load_state_dict(saved[0])
    loaded.load_state_dict(saved[1])
    other.run(range(4), max_epochs=1)
    assert seen_there == seen[2:]


# where


def test_all_groups_are_set() -> None:
    optimizer = make_optimizer(0.1, 0.2)
    counting(optimizer).set_values(index=3)
    assert lrs_of(optimizer) == [3.0, 3.0]


def test_one_group_is_set_alone() -> None:
    optimizer = make_optimizer(0.1, 0.2, 0.3)
    CurveScheduler(optimizer, "lr", curve=float, param_group_index=1).set_values(index=3)
    assert lrs_of(optimizer) == [0.1, 3.0, 0.3]


def test_a_group_that_came_later_is_set() -> None:
    optimizer = make_optimizer(0.1)
    scheduler = counting(optimizer)
    optimizer.add_param_group({"params": [torch.zeros(1)]})
    scheduler.set_values(index=3)
    assert lrs_of(optimizer) == [3.0, 3.0]


def test_an_optimizer_that_was_loaded_is_still_set() -> None:
    optimizer = make_optimizer(0.1)
    scheduler = counting(optimizer)
    optimizer.load_state_dict(optimizer.state_dict())
    scheduler.set_values(index=3)
    assert lrs_of(optimizer) == [3.0]


def test_other_parameters_than_the_learning_rate_are_set() -> None:
    optimizer = make_optimizer(0.1)
    PiecewiseLinear(optimizer, "momentum", milestones_values=[(0, 0.5)]).set_values(index=0)
    assert optimizer.param_groups[0]["momentum"] == 0.5
    assert lrs_of(optimizer) == [0.1]


def test_a_tensor_is_written_to_in_place() -> None:
    held = torch.tensor(0.1)
    optimizer = SGD([torch.nn.Parameter(torch.zeros(1))], lr=held)
    counting(optimizer).set_values(index=3)
    assert optimizer.param_groups[0]["lr"] is held
    assert held.item() == 3.0


def test_a_value_that_is_a_whole_number_becomes_a_float() -> None:
    optimizer = make_optimizer(0.1)
    PiecewiseLinear(optimizer, "lr", milestones_values=[(0, 1)]).set_values(index=0)
    assert isinstance(optimizer.param_groups[0]["lr"], float)


@pytest.mark.parametrize("name", ["learning_rate", "nesterov", "params"])
def test_a_name_of_no_number_is_refused(name: str) -> None:
    message = f"CurveScheduler: param_name must be one of the numbers in group 0: 'lr', .* '{name}'"
    with pytest.raises(ArgumentError, match=message):
        CurveScheduler(make_optimizer(), name, curve=float)


def test_a_misspelt_name_makes_no_new_entry() -> None:
    optimizer = make_optimizer()
    with pytest.raises(ArgumentError):
        CurveScheduler(optimizer, "Lr", curve=float)
    assert "Lr" not in optimizer.param_groups[0]


@pytest.mark.parametrize("index", [2, -1])
def test_a_group_that_is_not_there_is_refused(index: int) -> None:
    with pytest.raises(ArgumentError, match="param_group_index must be"):
        CurveScheduler(make_optimizer(0.1, 0.2), "lr", curve=float, param_group_index=index)


@pytest.mark.parametrize(
    "make",
    [
        lambda: CurveScheduler(untyped(None), "lr", curve=float),
        lambda: CurveScheduler(make_optimizer(), untyped(3), curve=float),
        lambda: CurveScheduler(make_optimizer(), "lr", curve=untyped(0.1)),
        lambda: CurveScheduler(make_optimizer(), "lr", curve=float, param_group_index=untyped("0")),
        lambda: counting(make_optimizer()).attach(
            make_trainer(make_optimizer())[0], counter=untyped("steps")
        ),
    ],
)
def test_what_is_of_another_kind_is_refused(make: Callable[[], object]) -> None:
    with pytest.raises(ArgumentTypeError):
        make()


# history


def test_the_history_is_what_was_set() -> None:
    optimizer = make_optimizer(0.1, 0.2)
    scheduler = CurveScheduler(optimizer, "lr", curve=float, save_history=True)
    trainer, _ = make_trainer(optimizer)
    trainer.attach(scheduler)
    trainer.run(range(2))
    assert scheduler.history == [[0.0, 0.0], [1.0, 1.0]]


def test_a_history_that_was_not_asked_for_is_refused() -> None:
    with pytest.raises(EngineStateError, match="kept with save_history=True only"):
        _ = counting(make_optimizer()).history


# simulated is applied


def cyclic(optimizer: Optimizer) -> OptimizerScheduler:
    return LinearCyclicalScheduler(
        optimizer, "lr", start_value=1.0, end_value=0.1, cycle_size=3, cycle_mult=2.0
    )


def cosine(optimizer: Optimizer) -> OptimizerScheduler:
    return CosineAnnealingScheduler(
        optimizer, "lr", start_value=1.0, end_value=0.1, cycle_size=4, warmup_duration=2
    )


def piecewise(optimizer: Optimizer) -> OptimizerScheduler:
    return PiecewiseLinear(optimizer, "lr", milestones_values=[(1, 1.0), (5, 0.1), (5, 0.5)])


def of_torch(optimizer: Optimizer) -> OptimizerScheduler:
    return LRScheduler(torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 3))


def of_torch_with_warmup(optimizer: Optimizer) -> OptimizerScheduler:
    halving = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    return create_lr_scheduler_with_warmup(halving, warmup_start_value=0.0, warmup_duration=4)


def one_after_another(optimizer: Optimizer) -> OptimizerScheduler:
    return ConcatScheduler([cyclic(optimizer), of_torch(optimizer)], durations=[3])


def side_by_side(optimizer: Optimizer) -> OptimizerScheduler:
    return ParamGroupScheduler(
        [
            PiecewiseLinear(
                optimizer, "lr", milestones_values=[(0, 0.0), (9, 1.0)], param_group_index=place
            )
            for place in range(len(optimizer.param_groups))
        ]
    )


MAKERS = (
    cyclic,
    cosine,
    piecewise,
    counting,
    of_torch,
    of_torch_with_warmup,
    one_after_another,
    side_by_side,
)


@given(
    make=st.sampled_from(MAKERS),
    lrs=st.lists(st.floats(0.01, 2.0), min_size=1, max_size=3),
    num_epochs=st.integers(1, 4),
    are_tensors=st.booleans(),
)
def test_what_is_simulated_is_what_a_run_applies(
    make: Callable[[Optimizer], OptimizerScheduler],
    lrs: Sequence[float],
    num_epochs: int,
    *,
    are_tensors: bool,
) -> None:
    optimizer = make_optimizer(*(torch.tensor(lr) if are_tensors else lr for lr in lrs))
    scheduler = make(optimizer)
    before = lrs_of(optimizer)
    simulated = scheduler.simulate_values(5 * num_epochs)
    assert lrs_of(optimizer) == before
    applied: list[list[float]] = []

    def step(engine: Engine[int, None], batch: int) -> None:
        applied.append(lrs_of(optimizer))
        # `step` of an optimizer is not annotated; torch warns where it does not come first
        stepped: Callable[[], object] = optimizer.step
        stepped()

    trainer = Engine(step)
    trainer.attach(scheduler)
    trainer.run(range(5), max_epochs=num_epochs)
    if are_tensors:  # which hold floats of 32 bits
        assert applied == [pytest.approx(row, rel=1e-6) for row in simulated]
    else:
        assert applied == simulated
    assert scheduler.simulate_values(5 * num_epochs) == simulated


@given(make=st.sampled_from(MAKERS), num_before=st.integers(0, 12), num_after=st.integers(1, 6))
def test_a_scheduler_that_was_loaded_goes_on_exactly(
    make: Callable[[Optimizer], OptimizerScheduler], num_before: int, num_after: int
) -> None:
    engine = Engine(give)

    def advance(optimizer: Optimizer, scheduler: OptimizerScheduler, num: int) -> list[list[float]]:
        rows: list[list[float]] = []
        for _ in range(num):
            scheduler(engine)
            rows.append(lrs_of(optimizer))
            stepped: Callable[[], object] = optimizer.step
            stepped()
        return rows

    optimizer = make_optimizer(0.5, 1.0)
    scheduler = make(optimizer)
    advance(optimizer, scheduler, num_before)
    saved = through_a_file({"optimizer": optimizer.state_dict(), "it": scheduler.state_dict()})
    expected = advance(optimizer, scheduler, num_after)

    other = make_optimizer(0.5, 1.0)
    loaded = make(other)
    loaded.load_state_dict(untyped(saved["it"]))
    other.load_state_dict(untyped(saved["optimizer"]))
    assert advance(other, loaded, num_after) == expected
    assert loaded.state_dict() == scheduler.state_dict()


# saving


def test_a_state_is_little_more_than_the_index() -> None:
    optimizer = make_optimizer()
    trainer, _ = make_trainer(optimizer)
    scheduler = counting(optimizer)
    trainer.attach(scheduler)
    trainer.run(range(3))
    assert scheduler.state_dict() == {"event_index": 3, "event_count": 3}


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"event_index": 1}, r"missing are \['event_count'\]"),
        ({"event_index": 1, "event_count": 1, "lr": 3}, r"unknown are \['lr'\]"),
        ({"event_index": -1, "event_count": 1}, "'event_index' must be a whole number"),
        ({"event_index": 1.0, "event_count": 1}, "'event_index' must be a whole number"),
        ({"event_index": 1, "event_count": True}, "'event_count' must be a whole number"),
    ],
)
def test_a_wrong_state_changes_nothing(state: dict[str, object], message: str) -> None:
    scheduler = counting(make_optimizer())
    with pytest.raises(StateDictError, match=message):
        scheduler.load_state_dict(state)
    assert scheduler.event_index == 0


def test_a_state_that_is_no_mapping_is_refused() -> None:
    with pytest.raises(ArgumentTypeError, match="state_dict must be a mapping"):
        counting(make_optimizer()).load_state_dict(untyped([1]))
