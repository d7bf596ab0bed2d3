"""Schedulers, ours against ignite's: the same numbers, save for what is listed here with a reason.

torch's own schedulers, whose numbers ignite does not give, are held against torch in
``tests/unit/handlers/schedule/test_torch.py``.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module

# Any: ignite is not typed
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.optim import SGD, Optimizer, lr_scheduler
from torch.utils.data import DataLoader as TorchDataLoader
from torch.utils.data import TensorDataset

from firesteel.engine import Engine, StateKey
from firesteel.events import Events
from firesteel.handlers import (
    BatchSizeScheduler,
    ConcatScheduler,
    CosineAnnealingScheduler,
    ExpStateScheduler,
    LambdaStateScheduler,
    LinearCyclicalScheduler,
    LRScheduler,
    MultiStepStateScheduler,
    ParamGroupScheduler,
    PiecewiseLinear,
    PiecewiseLinearStateScheduler,
    StateParamScheduler,
    StepStateScheduler,
    create_lr_scheduler_with_warmup,
)

pytestmark = [
    pytest.mark.parity,
    pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning"),  # while ignite is imported
    pytest.mark.filterwarnings("ignore:Attribute .* is not defined:UserWarning"),  # of its states
]

NUM = 60
WEIGHT = StateKey[float]("weight")


@pytest.fixture(scope="module", name="theirs")
def import_ignite() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return import_module("ignite.handlers")


def make_optimizer(*lrs: float) -> Optimizer:
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": lr} for lr in lrs or (1.0,)]
    return SGD(groups, lr=0.1, momentum=0.9)


def second(rows: Sequence[Sequence[float]]) -> list[float]:
    """Give the values of ignite's rows, which begin with the index."""
    return [row[1] for row in rows]


def applied(reference: Any, optimizer: Optimizer, num: int) -> list[list[float]]:
    """Give what a scheduler of ignite sets at each event."""
    rows: list[list[float]] = []
    for _ in range(num):
        reference(None)
        rows.append([group["lr"] for group in optimizer.param_groups])
    return rows


CYCLES: Sequence[Mapping[str, Any]] = (
    {"cycle_size": 4},
    {"cycle_size": 4, "start_value_mult": 0.5, "end_value_mult": 2.0},
    {"cycle_size": 5, "cycle_mult": 1.5},
    {"cycle_size": 2, "cycle_mult": 1.2},
    {"cycle_size": 7, "cycle_mult": 2.0, "start_value_mult": 0.9},
)
WITH_WARMUP: Sequence[Mapping[str, Any]] = (
    {"cycle_size": 5, "warmup_duration": 3},
    {"cycle_size": 5, "warmup_duration": 3, "cycle_mult": 1.3, "end_value_mult": 1.1},
)
MILESTONES: Sequence[list[tuple[int, float]]] = (
    [(0, 0.0), (10, 1.0)],
    [(3, 1.0), (5, 2.0), (5, 7.0), (9, 0.0)],
    [(2, 1.0)],
    [(4, 0.0), (4, 1.0), (4, 2.0), (6, 3.0)],
)


@pytest.mark.parametrize("options", [*CYCLES, *({**one, "monotonic": True} for one in WITH_WARMUP)])
def test_linear_cycles(theirs: Any, options: Mapping[str, Any]) -> None:
    expected = theirs.LinearCyclicalScheduler.simulate_values(
        NUM, param_name="lr", start_value=1.0, end_value=0.1, **options
    )
    ours = LinearCyclicalScheduler(
        make_optimizer(), "lr", start_value=1.0, end_value=0.1, **options
    )
    values = [value for (value,) in ours.simulate_values(NUM)]
    # factors of cycles are raised to a power here, and multiplied one by one there
    assert values == pytest.approx(second(expected), rel=1e-12)


@pytest.mark.parametrize("options", [*CYCLES, *WITH_WARMUP])
def test_cosine_cycles(theirs: Any, options: Mapping[str, Any]) -> None:
    expected = theirs.CosineAnnealingScheduler.simulate_values(
        NUM, param_name="lr", start_value=1.0, end_value=0.1, **options
    )
    ours = CosineAnnealingScheduler(
        make_optimizer(), "lr", start_value=1.0, end_value=0.1, **options
    )
    values = [value for (value,) in ours.simulate_values(NUM)]
    assert values == pytest.approx(second(expected), rel=1e-12)


@pytest.mark.parametrize("milestones", MILESTONES)
def test_piecewise_linear(theirs: Any, milestones: list[tuple[int, float]]) -> None:
    expected = theirs.PiecewiseLinear.simulate_values(
        NUM, param_name="lr", milestones_values=milestones
    )
    ours = PiecewiseLinear(make_optimizer(), "lr", milestones_values=milestones)
    assert [value for (value,) in ours.simulate_values(NUM)] == pytest.approx(second(expected))


def test_one_after_another(theirs: Any) -> None:
    optimizer = make_optimizer()
    expected = theirs.ConcatScheduler.simulate_values(
        NUM,
        schedulers=[
            theirs.LinearCyclicalScheduler(optimizer, "lr", 1.0, 0.0, 4),
            theirs.CosineAnnealingScheduler(optimizer, "lr", 0.0, 1.0, 10),
            theirs.PiecewiseLinear(optimizer, "lr", [(0, 1.0), (20, 0.0)]),
        ],
        durations=[7, 13],
    )
    ours = ConcatScheduler(
        [
            LinearCyclicalScheduler(optimizer, "lr", start_value=1.0, end_value=0.0, cycle_size=4),
            CosineAnnealingScheduler(
                optimizer, "lr", start_value=0.0, end_value=1.0, cycle_size=10
            ),
            PiecewiseLinear(optimizer, "lr", milestones_values=[(0, 1.0), (20, 0.0)]),
        ],
        durations=[7, 13],
    )
    assert [value for (value,) in ours.simulate_values(NUM)] == pytest.approx(second(expected))


def test_side_by_side(theirs: Any) -> None:
    """Applied, not simulated: what ignite simulates here is not what it applies."""
    other = make_optimizer(1.0, 2.0)
    reference = theirs.ParamGroupScheduler(
        [
            theirs.PiecewiseLinear(other, "lr", [(0, 0.0), (9, 1.0)], param_group_index=0),
            theirs.CosineAnnealingScheduler(other, "lr", 1.0, 0.0, 8, param_group_index=1),
        ]
    )
    optimizer = make_optimizer(1.0, 2.0)
    ours = ParamGroupScheduler(
        [
            PiecewiseLinear(
                optimizer, "lr", milestones_values=[(0, 0.0), (9, 1.0)], param_group_index=0
            ),
            CosineAnnealingScheduler(
                optimizer, "lr", start_value=1.0, end_value=0.0, cycle_size=8, param_group_index=1
            ),
        ]
    )
    assert ours.simulate_values(NUM) == [
        pytest.approx(row, abs=1e-15) for row in applied(reference, other, NUM)
    ]


@pytest.mark.parametrize("end_value", [None, 5.0, 1.0])
@pytest.mark.parametrize("duration", [2, 3, 4])
def test_a_warmup_before_a_scheduler_of_torch(
    theirs: Any, end_value: float | None, duration: int
) -> None:
    def stepping() -> lr_scheduler.LRScheduler:
        return lr_scheduler.StepLR(make_optimizer(), 2, gamma=0.1)

    expected: list[Any] = [None] * NUM
    theirs.create_lr_scheduler_with_warmup(
        stepping(),
        warmup_start_value=0.0,
        warmup_duration=duration,
        warmup_end_value=end_value,
        output_simulated_values=expected,
    )
    ours = create_lr_scheduler_with_warmup(
        stepping(),
        warmup_start_value=0.0,
        warmup_duration=duration,
        warmup_end_value=end_value,
    )
    assert [value for (value,) in ours.simulate_values(NUM)] == pytest.approx(second(expected))


@pytest.mark.parametrize("end_value", [0.7, 1.0])
@pytest.mark.parametrize("duration", [2, 3, 4])
def test_a_warmup_before_another_scheduler(theirs: Any, end_value: float, duration: int) -> None:
    expected: list[Any] = [None] * NUM
    theirs.create_lr_scheduler_with_warmup(
        theirs.CosineAnnealingScheduler(make_optimizer(), "lr", 1.0, 0.1, 4),
        warmup_start_value=0.0,
        warmup_duration=duration,
        warmup_end_value=end_value,
        output_simulated_values=expected,
    )
    ours = create_lr_scheduler_with_warmup(
        CosineAnnealingScheduler(
            make_optimizer(), "lr", start_value=1.0, end_value=0.1, cycle_size=4
        ),
        warmup_start_value=0.0,
        warmup_duration=duration,
        warmup_end_value=end_value,
    )
    assert [value for (value,) in ours.simulate_values(NUM)] == pytest.approx(second(expected))


def linear_cycle_factor(index: int) -> float:
    return 1 / (1 + index)


STATES: Mapping[str, tuple[Callable[[], StateParamScheduler], Mapping[str, Any]]] = {
    "LambdaStateScheduler": (
        lambda: LambdaStateScheduler(WEIGHT, lambda_obj=linear_cycle_factor),
        {"lambda_obj": linear_cycle_factor},
    ),
    "PiecewiseLinearStateScheduler": (
        lambda: PiecewiseLinearStateScheduler(WEIGHT, milestones_values=[(2, 1.0), (7, 0.0)]),
        {"milestones_values": [(2, 1.0), (7, 0.0)]},
    ),
    "ExpStateScheduler": (
        lambda: ExpStateScheduler(WEIGHT, initial_value=3.0, gamma=0.9),
        {"initial_value": 3.0, "gamma": 0.9},
    ),
    "StepStateScheduler": (
        lambda: StepStateScheduler(WEIGHT, initial_value=3.0, gamma=0.9, step_size=3),
        {"initial_value": 3.0, "gamma": 0.9, "step_size": 3},
    ),
    "MultiStepStateScheduler": (
        lambda: MultiStepStateScheduler(WEIGHT, initial_value=3.0, gamma=0.9, milestones=[2, 5]),
        {"initial_value": 3.0, "gamma": 0.9, "milestones": [2, 5]},
    ),
}


@pytest.mark.parametrize("name", STATES)
def test_a_value_in_the_state_is_the_same_from_the_second_iteration_on(
    theirs: Any, name: str
) -> None:
    """There index 1 is set behind the first iteration; here index 0 is set before it."""
    make, options = STATES[name]
    there: list[float | None] = []

    def note_there(engine: Any, batch: int) -> None:
        there.append(engine.state.weight)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = import_module("ignite.engine").Engine(note_there)
        vars(theirs)[name](param_name="weight", create_new=True, **options).attach(other)
    other.run(range(12))

    here: list[float] = []

    def note_weight(engine: Engine[int, None], batch: int) -> None:
        here.append(engine.state[WEIGHT])

    trainer = Engine(note_weight)
    trainer.attach(make())
    trainer.run(range(12))
    assert there[0] is None
    assert here[1:] == pytest.approx(there[1:])


def test_batch_sizes(theirs: Any) -> None:
    """One after another; how many batches there are of each is not the same, see below."""

    def double(index: int) -> int:
        return 1 << index

    loader: Any = TorchDataLoader(TensorDataset(torch.arange(16)), batch_size=4)
    there: list[int] = []

    def note_there(engine: Any, batch: list[Tensor]) -> None:
        there.append(len(batch[0]))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        engine = import_module("ignite.engine")
    reference = engine.Engine(note_there)
    theirs.BatchSizeScheduler(loader, double).attach(reference)
    reference.run(loader, max_epochs=3)

    loader = TorchDataLoader(TensorDataset(torch.arange(16)), batch_size=4)
    here: list[int] = []

    def note_size(engine: Engine[list[Tensor], None], batch: list[Tensor]) -> None:
        here.append(len(batch[0]))

    trainer = Engine(note_size)
    BatchSizeScheduler(loader, scheduler_fn=double).attach(trainer, Events.EPOCH_STARTED)
    trainer.run(loader, max_epochs=3)
    assert list(dict.fromkeys(here)) == [1, 2, 4]
    assert here == [1] * 16 + [2] * 8 + [4] * 4
    # there an epoch stays as long as it was with the first batch size
    assert there[:4] == [1] * 4
    assert len(there) == 12


# where ignite's numbers are not ours


def test_ignite_gives_wrong_values_for_schedulers_that_torch_defines_by_steps(theirs: Any) -> None:
    def exponential() -> lr_scheduler.LRScheduler:
        return lr_scheduler.ExponentialLR(make_optimizer(), gamma=0.5)

    there = second(theirs.LRScheduler.simulate_values(3, lr_scheduler=exponential()))
    assert there == [0.5, 0.25, 0.125]
    assert LRScheduler(exponential()).simulate_values(3) == [[1.0], [0.5], [0.25]]


def test_ignite_lets_a_group_miss_its_initial_learning_rate(theirs: Any) -> None:
    def stepping(optimizer: Optimizer) -> lr_scheduler.LRScheduler:
        return lr_scheduler.StepLR(optimizer, 3, gamma=0.5)

    other = make_optimizer(1.0, 3.0)
    reference = theirs.create_lr_scheduler_with_warmup(
        stepping(other), warmup_start_value=0.0, warmup_duration=2, warmup_end_value=2.0
    )
    ours = create_lr_scheduler_with_warmup(
        stepping(make_optimizer(1.0, 3.0)),
        warmup_start_value=0.0,
        warmup_duration=2,
        warmup_end_value=2.0,
    )
    assert applied(reference, other, 3)[2] == [2.0, 2.0]
    assert ours.simulate_values(3)[2] == [1.0, 3.0]
