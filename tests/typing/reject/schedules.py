"""Schedules: names, options and scores that do not fit, and what was called otherwise in ignite."""

from typing import Any, NamedTuple

import torch
from torch.optim import SGD
from torch.optim.lr_scheduler import StepLR

from firesteel import Average, Engine, Events, PayloadEvent, StateKey
from firesteel.data import DataLoader
from firesteel.handlers import (
    BatchSizeScheduler,
    ConcatScheduler,
    ConstantCurve,
    CosineAnnealingScheduler,
    Curve,
    CurveScheduler,
    ExpStateScheduler,
    LambdaStateScheduler,
    LinearCyclicalScheduler,
    LRScheduler,
    ParamGroupScheduler,
    ParamScheduler,
    PiecewiseCurve,
    PiecewiseLinear,
    RampCurve,
    ReduceLROnPlateauScheduler,
    StateParamScheduler,
    create_lr_scheduler_with_warmup,
    with_warmup,
)


class Output(NamedTuple):
    loss: float


class Other(NamedTuple):
    score: float


NORM = PayloadEvent[float]("norm")
NUM_STEPS = StateKey[int]("num_steps")
WEIGHT = StateKey[float]("weight")
NAME = StateKey[str]("name")


def step(engine: Engine[int, Output], batch: int) -> Output:
    return Output(1.0)


def other_step(engine: Engine[int, Other], batch: int) -> Other:
    return Other(1.0)


def is_late(engine: Engine[int, Other], count: int) -> bool:
    return True


def loss_of(engine: Engine[Any, Output]) -> float:
    return engine.state.output.loss


def text_of(index: int) -> str:
    return "0.1"


def print_text(text: str) -> None: ...


trainer = Engine(step)
others = Engine(other_step)
optimizer = SGD([torch.zeros(1)], lr=0.1)
piecewise = PiecewiseLinear(optimizer, "lr", milestones_values=[(0, 1.0)])
halving = StepLR(optimizer, 2)

# curves
RampCurve(0.0, 1.0, 5)  # E: by keyword
RampCurve(start_value=0.0, end_value=1.0, duration=5, shape="sine")  # E
RampCurve(start_value=0.0, end_value=1.0, duration=5.5)  # E
RampCurve(start_value=0.0, end_value=1.0)  # E
PiecewiseCurve(milestones_values=[0.1, 0.2])  # E
PiecewiseCurve(milestones_values=[(0.5, 1.0)])  # E: not the index
PiecewiseCurve(milestones_values={0: 1.0})  # E
ConstantCurve(value=1.0).value = 2.0  # E: it does not change
Curve()  # E: abstract
with_warmup(0.1, duration=3)  # E: a curve, not a value
with_warmup(piecewise, duration=3)  # E: a curve, not a scheduler
with_warmup(text_of, duration=3)  # E


class TextCurve(Curve):
    def __call__(self, index: int, /) -> str:  # E
        return "0.1"


class Incomplete(ParamScheduler):
    pass


class AsInIgnite(ParamScheduler):
    def get_param(self) -> float:  # E: the index is an argument
        return 0.1


Incomplete(optimizer, "lr")  # E: abstract
ParamScheduler(optimizer, "lr")  # E: abstract
StateParamScheduler(WEIGHT)  # E: abstract

# schedulers of optimizers
LinearCyclicalScheduler(optimizer, "lr", 1.0, 0.0, 4)  # E: by keyword
LinearCyclicalScheduler(optimizer, start_value=1.0, end_value=0.0, cycle_size=4)  # E: of what?
LinearCyclicalScheduler(optimizer, "lr", start_value=1.0, end_value=0.0, cycle_size="4")  # E
CosineAnnealingScheduler(optimizer, "lr", start_value=1.0, end_value=0.0, cycle_sise=4)  # E
PiecewiseLinear("lr", optimizer, milestones_values=[(0, 1.0)])  # E: the other way round
PiecewiseLinear(optimizer, "lr", milestones_values=[(0, "1.0")])  # E
PiecewiseLinear(torch.zeros(1), "lr", milestones_values=[(0, 1.0)])  # E
CurveScheduler(optimizer, "lr", curve=0.1)  # E
CurveScheduler(optimizer, "lr", curve=text_of)  # E
CurveScheduler(optimizer, "lr", curve=piecewise)  # E: a scheduler is no curve
CurveScheduler(optimizer, "lr", curve=float, param_group_index="0")  # E
LRScheduler(optimizer)  # E: its scheduler was meant
LRScheduler(piecewise)  # E
LRScheduler(halving, use_legacy=True)  # E
ConcatScheduler([piecewise, halving], durations=[2])  # E: to be wrapped
ConcatScheduler([piecewise, piecewise], [2])  # E: by keyword
ConcatScheduler([piecewise, piecewise], durations=2)  # E
ConcatScheduler(piecewise, durations=[])  # E
ParamGroupScheduler([piecewise, ConstantCurve(value=1.0)])  # E
create_lr_scheduler_with_warmup(halving, warmup_start_value=0.0)  # E: how long?
create_lr_scheduler_with_warmup(optimizer, warmup_start_value=0.0, warmup_duration=3)  # E
create_lr_scheduler_with_warmup(halving, 0.0, 3)  # E: by keyword

# attaching
piecewise.attach(trainer, "iteration_started")  # E: no event
piecewise.attach(trainer, NORM)  # E: it carries a payload
piecewise.attach(trainer, Events.EPOCH_STARTED(is_late))  # E: a filter of another engine
piecewise.attach(trainer, counter="num_steps")  # E
piecewise.attach(trainer, counter=NAME)  # E: no count
piecewise.attach(trainer, counter=WEIGHT)  # E: no count
piecewise.attach()  # E
trainer.attach(piecewise, Events.EPOCH_STARTED)  # E: scheduler.attach(trainer, event)
trainer.attach(halving)  # E: to be wrapped
trainer.add_event_handler(NORM, piecewise)  # E
rows: list[float] = piecewise.simulate_values(3)  # E
piecewise.simulate_values(num_event=3)  # E
piecewise.event_index = 3  # E: load a state

# values of the state
ExpStateScheduler("weight", initial_value=1.0, gamma=0.9)  # E: not by name
ExpStateScheduler(NAME, initial_value=1.0, gamma=0.9)  # E
ExpStateScheduler(NUM_STEPS, initial_value=1.0, gamma=0.9)  # E: a float is no whole number
ExpStateScheduler(print_text, initial_value=1.0, gamma=0.9)  # E
ExpStateScheduler(1.0, 0.9, "weight")  # E: as in ignite
LambdaStateScheduler(WEIGHT, lambda_obj=text_of)  # E
LambdaStateScheduler(WEIGHT, lambda_obj=lambda: 0.1)  # E

# scores
ReduceLROnPlateauScheduler(optimizer, "loss")  # E: a key, not a name
ReduceLROnPlateauScheduler(optimizer, Average())  # E: the key was meant
ReduceLROnPlateauScheduler(optimizer, loss_of, mode="lowest")  # E
ReduceLROnPlateauScheduler(optimizer, loss_of, verbose=True)  # E
ReduceLROnPlateauScheduler(optimizer, loss_of, min_lr="0.1")  # E
ReduceLROnPlateauScheduler(optimizer, loss_of).attach(others)  # E
others.attach(ReduceLROnPlateauScheduler(optimizer, loss_of))  # E
others.attach(ReduceLROnPlateauScheduler(optimizer, lambda engine: engine.state.output.loss))  # E
plateau = ReduceLROnPlateauScheduler(optimizer, loss_of)
create_lr_scheduler_with_warmup(plateau, warmup_start_value=0.0, warmup_duration=3)  # E

# loaders
BatchSizeScheduler([1, 2], scheduler_fn=lambda index: 1)  # E
BatchSizeScheduler(DataLoader, scheduler_fn=lambda index: 1)  # E
BatchSizeScheduler(DataLoader([1]), scheduler_fn=2)  # E

piecewise.attach(others, Events.EPOCH_STARTED(is_late))
trainer.attach(ReduceLROnPlateauScheduler(optimizer, loss_of))
