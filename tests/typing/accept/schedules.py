"""Schedules: curves, schedulers of optimizers, of the state and of loaders, on any engine."""

from typing import Any, NamedTuple, assert_type

import torch
from torch import Tensor
from torch.optim import SGD
from torch.optim.lr_scheduler import OneCycleLR, StepLR
from torch.utils.data import DataLoader as TorchDataLoader
from torch.utils.data import TensorDataset
from typing_extensions import override

from firesteel import Average, Engine, EventEnum, Events, RemovableEventHandle, StateKey
from firesteel.data import DataLoader
from firesteel.handlers import (
    BatchSizeScheduler,
    ConcatScheduler,
    CosineAnnealingScheduler,
    CosineCycleCurve,
    Curve,
    CurveScheduler,
    ExpStateScheduler,
    JoinedCurve,
    LambdaStateScheduler,
    LinearCyclicalScheduler,
    LRScheduler,
    MultiStepStateScheduler,
    OptimizerScheduler,
    ParamGroupScheduler,
    ParamScheduler,
    PiecewiseLinear,
    PlotAxes,
    ReduceLROnPlateauScheduler,
    StateParamScheduler,
    create_lr_scheduler_with_warmup,
    warmup_stable_decay,
    with_warmup,
)
from firesteel.protocols import Stateful


class Output(NamedTuple):
    loss: float


class Own(EventEnum):
    OPTIM_STEP_COMPLETED = "optim_step_completed"


NUM_STEPS = StateKey[int]("num_steps")
TEACHER_FORCING = StateKey[float]("teacher_forcing")


def step(engine: Engine[int, Output], batch: int) -> Output:
    return Output(1 / (1 + batch))


def is_late(engine: Engine[int, Output], count: int) -> bool:
    return engine.state.epoch > 1


trainer = Engine(step)
trainer.register_events(*Own)
optimizer = SGD([{"params": [torch.zeros(1)]}, {"params": [torch.zeros(1)]}], lr=0.1)

# curves are functions of the index, and functions of the index are curves
curve = with_warmup(CosineCycleCurve(start_value=0.1, end_value=0.0, cycle_size=10), duration=5)
assert_type(curve, JoinedCurve)
assert_type(curve.values(3), list[float])
assert_type(curve(3), float)
stable = warmup_stable_decay(
    peak_value=1, warmup_duration=1, stable_duration=1, decay_duration=1, decay_shape="cosine"
)
curves: list[Curve] = [curve, stable]


class Halving(Curve):
    @override
    def __call__(self, index: int, /) -> float:
        return 0.5**index


# attached in all ways
scheduler = CurveScheduler(optimizer, "lr", curve=Halving(), param_group_index=0)
assert_type(trainer.attach(scheduler), RemovableEventHandle)
assert_type(scheduler.attach(trainer, Events.EPOCH_STARTED), RemovableEventHandle)
scheduler.attach(trainer, Events.ITERATION_STARTED(every=2) | Events.EPOCH_STARTED(once=3))
scheduler.attach(trainer, Events.EPOCH_STARTED(is_late))
scheduler.attach(trainer, Own.OPTIM_STEP_COMPLETED)
scheduler.attach(trainer, counter=NUM_STEPS)
trainer.add_event_handler(Events.ITERATION_STARTED, scheduler)

assert_type(scheduler.simulate_values(3), list[list[float]])
assert_type(scheduler.state_dict(), dict[str, object])
axes: PlotAxes


class Constant(ParamScheduler):
    @override
    def get_param(self, index: int) -> float:
        return 0.1


# of all kinds, one after another and side by side
first: OptimizerScheduler = LinearCyclicalScheduler(
    optimizer, "lr", start_value=0, end_value=1, cycle_size=4, monotonic=True
)
of_torch = LRScheduler(StepLR(optimizer, 2))
joined = ConcatScheduler([first, of_torch, Constant(optimizer, "lr")], durations=[3, 4])
assert_type(joined.simulate_values(2), list[list[float]])
grouped = ParamGroupScheduler(
    [
        PiecewiseLinear(optimizer, "lr", milestones_values=[(0, 0.1), (5, 1)]),
        CosineAnnealingScheduler(
            optimizer, "momentum", start_value=0.9, end_value=0.8, cycle_size=4
        ),
    ],
    save_history=True,
)
assert_type(grouped.history, list[list[float]])
warm = create_lr_scheduler_with_warmup(
    OneCycleLR(optimizer, 1.0, 10), warmup_start_value=0.0, warmup_duration=3
)
assert_type(warm, ConcatScheduler)
create_lr_scheduler_with_warmup(joined, warmup_start_value=0.0, warmup_duration=3)

# of the state, and of what a function sets
held = torch.zeros(())


def hold(value: float) -> Tensor:
    return held.fill_(value)


forcing = ExpStateScheduler(TEACHER_FORCING, initial_value=1.0, gamma=0.99)
assert_type(forcing.simulate_values(3), list[float])
trainer.attach(forcing)
trainer.attach(MultiStepStateScheduler(hold, initial_value=1.0, gamma=0.5, milestones=[3]))
trainer.attach(LambdaStateScheduler(hold, lambda_obj=lambda index: 0.1 * index))
trainer.attach(LambdaStateScheduler(TEACHER_FORCING, lambda_obj=Halving()))


class OwnState(StateParamScheduler):
    @override
    def get_param(self, index: int) -> float:
        return 0.1


OwnState(TEACHER_FORCING).attach(trainer, Events.EPOCH_STARTED)

# of a score: a metric's key, or a function whose engine is known where it is attached
evaluator = Engine(step)
loss = evaluator.attach(Average(lambda out: out.loss), "loss")
plateau = ReduceLROnPlateauScheduler(optimizer, loss, mode="min", min_lr=[0.1, 0.01])
assert_type(plateau, ReduceLROnPlateauScheduler[object])
evaluator.attach(plateau)
evaluator.attach(
    ReduceLROnPlateauScheduler(optimizer, lambda engine: engine.state.output.loss, patience=3)
)


def output_loss(engine: Engine[Any, Output]) -> float:
    return engine.state.output.loss


named = ReduceLROnPlateauScheduler(optimizer, output_loss)
assert_type(named, ReduceLROnPlateauScheduler[Output])
named.attach(evaluator, Events.EPOCH_COMPLETED)

# of a loader
samples = TensorDataset(torch.zeros(4, 1))
sizes = BatchSizeScheduler(DataLoader(samples, batch_size=2), scheduler_fn=lambda index: 1 + index)
assert_type(sizes.simulate_values(2), list[int])
plain: TorchDataLoader[Any] = TorchDataLoader(samples, batch_size=2)
BatchSizeScheduler(plain, scheduler_fn=lambda index: 1 + index)
trainer.attach(sizes)

saved: dict[str, Stateful] = {"scheduler": joined, "plateau": plateau, "sizes": sizes}
