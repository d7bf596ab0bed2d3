"""What an iteration with a scheduler costs, beside a loop by hand and beside ignite, in one run.

``python tests/benchmarks/bench_schedules.py`` prints, for each case, the processor time of one
iteration that does nothing but have its learning rate set: in a loop by hand that works the same
formula out and writes it, then the ratios to it of the engines with their schedulers, as medians
over rounds in which the contenders take turns. Lower is better; 1.00 is the loop by hand.
"""

import argparse
import gc
import math
import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass

# Any: ignite is not typed
from typing import Any

import torch
from torch.optim import SGD, lr_scheduler

from firesteel.engine import Engine
from firesteel.handlers import (
    CosineAnnealingScheduler,
    LinearCyclicalScheduler,
    LRScheduler,
    PiecewiseLinear,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # ignite's imports warn of torch.jit
    import ignite.engine
    import ignite.handlers

NUM = 2000
CYCLE = 100


@dataclass(frozen=True, slots=True)
class Case:
    """One row; each attaches what it is about, to an engine of its own."""

    name: str
    by_hand: Callable[[SGD], Callable[[int], object]]
    ours: Callable[[SGD], Any]
    theirs: Callable[[SGD], Any]


def make_optimizer() -> SGD:
    return SGD([torch.zeros(1)], lr=1.0)


def nothing(_engine: object, _batch: int) -> None:
    """Do nothing."""


def cosine_by_hand(optimizer: SGD) -> Callable[[int], None]:
    def write(iteration: int) -> None:
        part = (iteration - 1) % CYCLE / CYCLE
        optimizer.param_groups[0]["lr"] = 0.5 * (1 + math.cos(math.pi * part))

    return write


def linear_by_hand(optimizer: SGD) -> Callable[[int], None]:
    def write(iteration: int) -> None:
        part = (iteration - 1) % CYCLE / CYCLE
        optimizer.param_groups[0]["lr"] = abs(part - 0.5) * 2

    return write


def piecewise_by_hand(optimizer: SGD) -> Callable[[int], None]:
    def write(iteration: int) -> None:
        index = iteration - 1
        value = index / CYCLE if index < CYCLE else max(0.0, 1 - (index - CYCLE) / NUM)
        optimizer.param_groups[0]["lr"] = value

    return write


def torch_by_hand(optimizer: SGD) -> Callable[[int], None]:
    scheduler: Any = lr_scheduler.StepLR(optimizer, CYCLE)

    def write(iteration: int) -> None:
        if iteration > 1:
            scheduler.step()

    return write


CASES = (
    Case(
        "CosineAnnealingScheduler",
        cosine_by_hand,
        lambda optimizer: CosineAnnealingScheduler(
            optimizer, "lr", start_value=1.0, end_value=0.0, cycle_size=CYCLE
        ),
        lambda optimizer: ignite.handlers.CosineAnnealingScheduler(
            optimizer, "lr", 1.0, 0.0, CYCLE
        ),
    ),
    Case(
        "LinearCyclicalScheduler",
        linear_by_hand,
        lambda optimizer: LinearCyclicalScheduler(
            optimizer, "lr", start_value=1.0, end_value=0.0, cycle_size=CYCLE
        ),
        lambda optimizer: ignite.handlers.LinearCyclicalScheduler(optimizer, "lr", 1.0, 0.0, CYCLE),
    ),
    Case(
        "PiecewiseLinear",
        piecewise_by_hand,
        lambda optimizer: PiecewiseLinear(
            optimizer, "lr", milestones_values=[(0, 0.0), (CYCLE, 1.0), (CYCLE + NUM, 0.0)]
        ),
        lambda optimizer: ignite.handlers.PiecewiseLinear(
            optimizer, "lr", [(0, 0.0), (CYCLE, 1.0), (CYCLE + NUM, 0.0)]
        ),
    ),
    Case(
        "LRScheduler(StepLR)",
        torch_by_hand,
        lambda optimizer: LRScheduler(lr_scheduler.StepLR(optimizer, CYCLE)),
        lambda optimizer: ignite.handlers.LRScheduler(lr_scheduler.StepLR(optimizer, CYCLE)),
    ),
)


def timed_us(run: Callable[[], object]) -> float:
    start = time.process_time_ns()
    run()
    return (time.process_time_ns() - start) / NUM / 1e3


def runs_of(case: Case) -> list[Callable[[], object]]:
    """Make all anew, since torch's schedulers only go forward."""
    write = case.by_hand(make_optimizer())

    def loop() -> None:
        for number, batch in enumerate(range(NUM)):
            write(number + 1)
            nothing(None, batch)

    ours, theirs = Engine(nothing), ignite.engine.Engine(nothing)
    case.ours(make_optimizer()).attach(ours)
    theirs.add_event_handler(ignite.engine.Events.ITERATION_STARTED, case.theirs(make_optimizer()))
    return [loop, lambda: ours.run(range(NUM)), lambda: theirs.run(range(NUM))]


def measure(case: Case, *, rounds: int) -> None:
    """Let the contenders take turns, and print one row."""
    times: list[list[float]] = [[], [], []]
    for turn in range(rounds):
        runs = runs_of(case)
        gc.collect()
        gc.disable()
        for place in (0, 1, 2) if turn % 2 else (2, 1, 0):
            times[place].append(timed_us(runs[place]))
        gc.enable()
    by_hand, *others = times
    print(f"{case.name:28} {statistics.median(by_hand):10.2f}", end="")
    for own in others:
        ratio = statistics.median(mine / limit for mine, limit in zip(own, by_hand, strict=True))
        print(f"{ratio:13.2f}", end="")
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=51)
    rounds: int = parser.parse_args().rounds
    warnings.simplefilter("ignore")  # torch warns of an optimizer that is not stepped
    print(f"{'CPU us per iteration':28} {'by hand':>10}{'ours/hand':>13}{'ignite/hand':>13}")
    for case in CASES:
        measure(case, rounds=rounds)


if __name__ == "__main__":
    main()
