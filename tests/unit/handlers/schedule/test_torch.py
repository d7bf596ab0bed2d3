"""torch's schedulers by way of ours: the values that torch gives, for each of them."""

import warnings
from collections.abc import Callable, Mapping
from types import MappingProxyType

# Any: groups of an optimizer are not typed, and what a checker refuses has to get past it
from typing import Any, Protocol

import pytest
import torch
from torch import Tensor
from torch.optim import SGD, Adam, Optimizer, lr_scheduler

from firesteel.engine import Engine
from firesteel.errors import ArgumentError, ArgumentTypeError, EngineStateError, StateDictError
from firesteel.handlers import LRScheduler

NUM = 12


class Steps(Protocol):
    def step(self) -> object: ...


def make_sgd(make_lr: Callable[[float], float | Tensor] = float) -> Optimizer:
    lrs = (0.5, 1.0)
    return SGD(
        [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": make_lr(lr)} for lr in lrs],
        lr=0.1,
        momentum=0.9,
    )


def sequential(optimizer: Optimizer) -> lr_scheduler.LRScheduler:
    before = lr_scheduler.ConstantLR(optimizer, 0.1, 3)
    after = lr_scheduler.ExponentialLR(optimizer, 0.9)
    return lr_scheduler.SequentialLR(optimizer, [before, after], [3])


def chained(optimizer: Optimizer) -> lr_scheduler.LRScheduler:
    first = lr_scheduler.ConstantLR(optimizer, 0.1, 3)
    return lr_scheduler.ChainedScheduler([first, lr_scheduler.ExponentialLR(optimizer, 0.9)])


def power(epoch: int) -> float:
    return 0.9**epoch


def constant_factor(epoch: int) -> float:
    return 0.8


MAKERS: Mapping[str, Callable[[Optimizer], lr_scheduler.LRScheduler]] = MappingProxyType(
    {
        "LambdaLR": lambda o: lr_scheduler.LambdaLR(o, power),
        "MultiplicativeLR": lambda o: lr_scheduler.MultiplicativeLR(o, constant_factor),
        "StepLR": lambda o: lr_scheduler.StepLR(o, 2, 0.1),
        "MultiStepLR": lambda o: lr_scheduler.MultiStepLR(o, [2, 4], 0.1),
        "ConstantLR": lambda o: lr_scheduler.ConstantLR(o, 0.5, 3),
        "LinearLR": lambda o: lr_scheduler.LinearLR(o, 0.3, 1.0, 4),
        "ExponentialLR": lambda o: lr_scheduler.ExponentialLR(o, 0.5),
        "PolynomialLR": lambda o: lr_scheduler.PolynomialLR(o, 5),
        "CosineAnnealingLR": lambda o: lr_scheduler.CosineAnnealingLR(o, 5),
        "CosineAnnealingWarmRestarts": lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 3, 2),
        "CyclicLR": lambda o: lr_scheduler.CyclicLR(o, 0.1, 1.0, 3),
        "OneCycleLR": lambda o: lr_scheduler.OneCycleLR(o, 1.0, NUM),
        "SequentialLR": sequential,
        "ChainedScheduler": chained,
    }
)


def rows_of(optimizer: Optimizer) -> list[tuple[float, float]]:
    return [(float(group["lr"]), group["momentum"]) for group in optimizer.param_groups]


def step_of(thing: Steps) -> Callable[[], object]:
    """Give the method; torch's own is not annotated."""
    return thing.step


def by_hand(optimizer: Optimizer, scheduler: Steps) -> list[list[tuple[float, float]]]:
    """Do what torch says: the optimizer's step, then the scheduler's."""
    rows: list[list[tuple[float, float]]] = []
    for _ in range(NUM):
        rows.append(rows_of(optimizer))
        step_of(optimizer)()
        step_of(scheduler)()
    return rows


def attached(optimizer: Optimizer, scheduler: LRScheduler) -> list[list[tuple[float, float]]]:
    rows: list[list[tuple[float, float]]] = []

    def step(engine: Engine[int, None], batch: int) -> None:
        rows.append(rows_of(optimizer))
        step_of(optimizer)()

    trainer = Engine(step)
    trainer.attach(scheduler)
    trainer.run(range(NUM))
    return rows


@pytest.mark.parametrize("make_lr", [float, torch.tensor], ids=["float", "tensor"])
@pytest.mark.parametrize("name", MAKERS)
def test_a_scheduler_of_torch_gives_what_torch_gives(
    name: str, make_lr: Callable[[float], float | Tensor]
) -> None:
    theirs = make_sgd(make_lr)
    expected = by_hand(theirs, MAKERS[name](theirs))
    ours = make_sgd(make_lr)
    scheduler = LRScheduler(MAKERS[name](ours))
    simulated = scheduler.simulate_values(NUM)
    assert attached(ours, scheduler) == expected
    assert simulated == [[lr for lr, _ in row] for row in expected]


def test_every_scheduler_of_torch_is_tried() -> None:
    kinds = {
        name
        for name, kind in vars(lr_scheduler).items()
        if isinstance(kind, type) and issubclass(kind, lr_scheduler.LRScheduler)
    }
    assert kinds - set(MAKERS) == {"LRScheduler", "_LRScheduler", "ReduceLROnPlateau"}


@pytest.mark.parametrize("name", ["CosineAnnealingLR", "ExponentialLR"])
def test_the_first_value_is_the_initial_one(name: str) -> None:
    assert LRScheduler(MAKERS[name](make_sgd())).simulate_values(1) == [[0.5, 1.0]]


def test_the_momentum_that_one_cycle_drives_is_driven() -> None:
    optimizer = Adam([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    scheduler = LRScheduler(lr_scheduler.OneCycleLR(optimizer, 1.0, 10))
    scheduler.set_values(index=0)
    first: tuple[float, float] = optimizer.param_groups[0]["betas"]
    step_of(optimizer)()
    scheduler.set_values(index=3)
    later: tuple[float, float] = optimizer.param_groups[0]["betas"]
    assert first[0] == 0.95
    assert later[0] < 0.95


def test_a_tensor_stays_the_tensor_that_it_was() -> None:
    optimizer = make_sgd(torch.tensor)
    held: list[Tensor] = [group["lr"] for group in optimizer.param_groups]
    scheduler = LRScheduler(lr_scheduler.ExponentialLR(optimizer, 0.5))
    for value in held:
        value.fill_(7.0)  # somebody else's, as a warm-up's
    scheduler.set_values(index=0)
    assert [group["lr"] for group in optimizer.param_groups] == [0.5, 1.0]
    assert all(group["lr"] is one for group, one in zip(optimizer.param_groups, held, strict=True))


def test_simulating_changes_nothing_and_needs_no_beginning() -> None:
    optimizer = make_sgd()
    scheduler = LRScheduler(MAKERS["SequentialLR"](optimizer))
    expected = scheduler.simulate_values(NUM)
    attached(optimizer, scheduler)
    before = rows_of(optimizer), scheduler.state_dict()
    assert scheduler.simulate_values(NUM) == expected
    assert (rows_of(optimizer), scheduler.state_dict()) == before


def test_simulating_does_not_warn() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        LRScheduler(MAKERS["StepLR"](make_sgd())).simulate_values(3)


def test_a_run_that_goes_on_does_not_warn_of_the_order() -> None:
    saved = LRScheduler(MAKERS["StepLR"](make_sgd())).state_dict()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scheduler = LRScheduler(MAKERS["StepLR"](make_sgd()))
        scheduler.load_state_dict(saved)
        scheduler.set_values(index=1)


def test_an_index_that_lies_before_is_refused() -> None:
    optimizer = make_sgd()
    scheduler = LRScheduler(MAKERS["StepLR"](optimizer))
    step_of(optimizer)()
    scheduler.set_values(index=2)
    with pytest.raises(EngineStateError, match=r"the index must be at least 2, .* got 1"):
        scheduler.set_values(index=1)


def test_a_scheduler_that_needs_a_score_is_refused() -> None:
    with pytest.raises(ArgumentError, match="use ReduceLROnPlateauScheduler"):
        LRScheduler(lr_scheduler.ReduceLROnPlateau(make_sgd()))


def test_what_is_no_scheduler_of_torch_is_refused() -> None:
    optimizer: Any = make_sgd()
    with pytest.raises(ArgumentTypeError, match="lr_scheduler must be a scheduler of torch"):
        LRScheduler(optimizer)


def test_the_state_of_another_kind_of_scheduler_is_refused() -> None:
    saved = LRScheduler(MAKERS["StepLR"](make_sgd())).state_dict()
    scheduler = LRScheduler(MAKERS["CosineAnnealingLR"](make_sgd()))
    before = scheduler.state_dict()
    with pytest.raises(StateDictError, match="'scheduler' must be the state of a CosineAnneal"):
        scheduler.load_state_dict(saved)
    assert scheduler.state_dict() == before


def test_a_state_does_not_change_when_the_scheduler_goes_on() -> None:
    optimizer = make_sgd()
    scheduler = LRScheduler(MAKERS["MultiStepLR"](optimizer))
    saved = scheduler.state_dict()
    attached(optimizer, scheduler)
    scheduler.load_state_dict(saved)
    assert scheduler.state_dict() == saved
