"""What guards and averages cost in each iteration, beside the loop by hand and beside ignite.

Run it on an idle machine: ``python tests/benchmarks/bench_handlers_guard.py``. The contenders take
turns, and each figure is the median over the turns; ratios are medians of the ratios within a turn.
"""

import argparse
import gc
import math
import statistics
import time
import warnings
from collections.abc import Callable, Sequence

# Any: two engines of two libraries behind one shape, and one of them is not typed
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from firesteel import Engine, Events
from firesteel.handlers import EarlyStopping, EMAHandler, LossSpikeDetector, TerminateOnNan

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # ignite's imports warn of torch.jit
    import ignite.engine
    import ignite.handlers

Runner = Callable[[], object]

NUM = 200
"""Iterations of one turn: short, so that all contenders meet the same load of the machine."""


class Case(NamedTuple):
    """One row; ``theirs`` is ``None`` where ignite has nothing like it."""

    name: str
    by_hand: Runner
    ours: Runner
    theirs: Runner | None


def give(_: object, batch: Any) -> Any:
    return batch


def stopping(numbers: Sequence[float]) -> Case:
    def by_hand() -> None:
        best, counter = -math.inf, 0
        for number in numbers:
            if number > best:
                best, counter = number, 0
            else:
                counter += 1
                if counter >= 10**9:
                    break

    def score(engine: Any) -> float:
        return float(engine.state.output)

    ours, theirs = Engine(give), ignite.engine.Engine(give)
    early = EarlyStopping(score, patience=10**9, trainer=ours)
    ours.add_event_handler(Events.ITERATION_COMPLETED, early)
    theirs.add_event_handler(
        ignite.engine.Events.ITERATION_COMPLETED,
        ignite.handlers.EarlyStopping(10**9, score, theirs),
    )
    name = "early stopping, each iteration"
    return Case(name, by_hand, lambda: ours.run(numbers), lambda: theirs.run(numbers))


def nan_check(name: str, batches: Sequence[Tensor], every: int | None) -> Case:
    def by_hand() -> None:
        for batch in batches:
            if not torch.isfinite(batch).all():
                break

    ours, theirs = Engine(give), ignite.engine.Engine(give)
    ours.attach(TerminateOnNan(every=every))
    theirs.add_event_handler(
        ignite.engine.Events.ITERATION_COMPLETED, ignite.handlers.TerminateOnNan()
    )
    return Case(name, by_hand, lambda: ours.run(batches), lambda: theirs.run(batches))


def spikes(batches: Sequence[Tensor]) -> Case:
    def by_hand() -> None:
        for batch in batches:
            batch.item()

    ours = Engine(give)
    ours.attach(LossSpikeDetector(min_rise=1e9))
    return Case("loss spikes, a number on the CPU", by_hand, lambda: ours.run(batches), None)


def averaging(name: str, make: Callable[[], nn.Module], numbers: Sequence[float]) -> Case:
    net = make()
    make_average: Any = get_ema_multi_avg_fn
    of_torch = AveragedModel(net, multi_avg_fn=make_average(0.999))
    of_torch.update_parameters(net)

    def by_hand() -> None:
        for _ in numbers:
            of_torch.update_parameters(net)

    ours, theirs = Engine(give), ignite.engine.Engine(give)
    ours.attach(EMAHandler(net, momentum=0.001))
    ignite.handlers.EMAHandler(net, momentum=0.001).attach(theirs)
    return Case(name, by_hand, lambda: ours.run(numbers), lambda: theirs.run(numbers))


def small() -> nn.Module:
    return nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 10))


def deep() -> nn.Module:
    blocks = [nn.Sequential(nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU()) for _ in range(50)]
    return nn.Sequential(*blocks)


def measure(case: Case, *, rounds: int) -> None:
    """Let the contenders take turns, and print one row."""
    runners = [case.by_hand, case.ours, *([] if case.theirs is None else [case.theirs])]
    for runner in runners:
        runner()
    times: list[list[float]] = [[] for _ in runners]
    gc.disable()
    for turn in range(rounds):
        places = list(range(len(runners)))
        for place in places if turn % 2 else reversed(places):
            start = time.process_time_ns()
            runners[place]()
            times[place].append((time.process_time_ns() - start) / NUM / 1e3)
    gc.enable()
    by_hand, *others = times
    print(f"{case.name:36} {statistics.median(by_hand):10,.2f}", end="")
    for own in others:
        ratio = statistics.median(mine / limit for mine, limit in zip(own, by_hand, strict=True))
        print(f"{ratio:13.3f}", end="")
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=51)
    rounds: int = parser.parse_args().rounds
    torch.set_num_threads(1)
    torch.manual_seed(0)
    numbers = [float(number) for number in torch.rand(NUM)]
    losses = [torch.tensor(number) for number in numbers]
    logits = [torch.randn(256, 1000) for _ in range(4)] * (NUM // 4)
    print(f"{'CPU us per iteration':36} {'by hand':>10}{'ours/hand':>13}{'ignite/hand':>13}")
    measure(stopping(numbers), rounds=rounds)
    measure(nan_check("NaN in a loss", losses, None), rounds=rounds)
    measure(nan_check("NaN in a loss, every 100", losses, 100), rounds=rounds)
    measure(nan_check("NaN in 256 x 1000 logits", logits, None), rounds=max(3, rounds // 10))
    measure(spikes(losses), rounds=rounds)
    print("by hand is torch's AveragedModel from here on")
    measure(averaging("EMA, 4 parameters", small, numbers), rounds=max(3, rounds // 3))
    measure(averaging("EMA, 200 parameters", deep, numbers), rounds=max(3, rounds // 10))


if __name__ == "__main__":
    main()
