"""What looking in costs an iteration: bars, timers, profilers, measurements, stores.

``python tests/benchmarks/bench_looking_in.py`` prints processor time per iteration of an engine
that does nothing, beside the same written by hand into a loop where somebody would do that, and
beside ignite where it has the same: medians over rounds in which the contenders take turns.
"""

import argparse
import gc
import io
import logging
import statistics
import time
import warnings
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils import get_total_norm
from tqdm import tqdm

from firesteel import Engine, Events, ProgressBar
from firesteel.handlers import (
    BasicTimeProfiler,
    DataWait,
    EpochOutputStore,
    GradientNorm,
    HandlersTimeProfiler,
    LinesDisplay,
    RichDisplay,
    Throughput,
    Timer,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # ignite's imports warn of torch.jit
    import ignite.engine
    import ignite.handlers

Runner = Callable[[], object]
logging.disable(logging.INFO)

NUM = 5_000
BATCH = torch.zeros(32, 1)
DATA: Sequence[Tensor] = [BATCH] * NUM


class Case(NamedTuple):
    """One row; who has no such thing is ``None``."""

    name: str
    by_hand: Runner | None
    ours: Runner
    theirs: Runner | None


def step(_engine: object, batch: Tensor) -> Tensor:
    return batch


def ours(attach: Callable[[Engine[Tensor, Tensor]], object]) -> Runner:
    engine = Engine(step)
    attach(engine)
    return lambda: engine.run(DATA)


def theirs(attach: Callable[[ignite.engine.Engine], object]) -> Runner:
    engine = ignite.engine.Engine(step)
    attach(engine)
    return lambda: engine.run(DATA)


def nothing() -> Case:
    def loop() -> None:
        for batch in DATA:
            step(None, batch)

    return Case("nothing", loop, ours(lambda _: None), theirs(lambda _: None))


def bar() -> Case:
    def loop() -> None:
        for batch in tqdm(DATA, file=io.StringIO()):
            step(None, batch)

    def attach_theirs(engine: ignite.engine.Engine) -> None:
        ignite.handlers.ProgressBar(file=io.StringIO()).attach(engine)

    return Case(
        "a bar of tqdm",
        loop,
        ours(ProgressBar(file=io.StringIO()).attach),
        theirs(attach_theirs),
    )


def other_bars() -> list[Case]:
    def nested(engine: Engine[Tensor, Tensor]) -> None:
        screen = io.StringIO()
        engine.attach(ProgressBar(event=Events.EPOCH_COMPLETED, file=screen))
        engine.attach(ProgressBar(file=screen))

    rich, lines = RichDisplay(file=io.StringIO()), LinesDisplay(file=io.StringIO())
    return [
        Case("two nested bars of tqdm", None, ours(nested), None),
        Case("a bar of rich", None, ours(ProgressBar(display=rich).attach), None),
        Case("lines", None, ours(ProgressBar(display=lines).attach), None),
    ]


def timer() -> Case:
    def loop() -> None:
        total = 0.0
        for batch in DATA:
            start = time.perf_counter()
            step(None, batch)
            total += time.perf_counter() - start

    def attach(engine: Engine[Tensor, Tensor]) -> None:
        started, completed = Events.ITERATION_STARTED, Events.ITERATION_COMPLETED
        Timer(average=True).attach(engine, resume=started, pause=completed, step=completed)

    def attach_theirs(engine: ignite.engine.Engine) -> None:
        events = ignite.engine.Events
        started, completed = events.ITERATION_STARTED, events.ITERATION_COMPLETED
        timer = ignite.handlers.Timer(average=True)
        timer.attach(engine, resume=started, pause=completed, step=completed)

    return Case("a timer of iterations", loop, ours(attach), theirs(attach_theirs))


def do_nothing(_engine: object) -> None:
    pass


def handled(engine: Engine[Tensor, Tensor]) -> None:
    for _ in range(5):
        engine.add_event_handler(Events.ITERATION_COMPLETED, do_nothing)


def handled_theirs(engine: ignite.engine.Engine) -> None:
    for _ in range(5):
        engine.add_event_handler(ignite.engine.Events.ITERATION_COMPLETED, do_nothing)


def profilers() -> list[Case]:
    def once_profiled(engine: Engine[Tensor, Tensor]) -> None:
        handled(engine)
        profiler = HandlersTimeProfiler()
        profiler.attach(engine)
        profiler.detach()

    def basic(engine: Engine[Tensor, Tensor]) -> None:
        handled(engine)
        profiler = BasicTimeProfiler()
        profiler.attach(engine)
        engine.add_event_handler(Events.COMPLETED, profiler.reset)

    def single(engine: Engine[Tensor, Tensor]) -> None:
        handled(engine)
        HandlersTimeProfiler().attach(engine)

    def basic_theirs(engine: ignite.engine.Engine) -> None:
        handled_theirs(engine)
        ignite.handlers.BasicTimeProfiler().attach(engine)

    return [
        Case("five handlers", None, ours(handled), theirs(handled_theirs)),
        Case("  after a profiler was detached", None, ours(once_profiled), None),
        Case("  and BasicTimeProfiler", None, ours(basic), theirs(basic_theirs)),
        # ignite's unwraps and wraps what it has wrapped in each run
        Case("  and HandlersTimeProfiler", None, ours(single), None),
    ]


def throughput() -> Case:
    def loop() -> None:
        marks: deque[tuple[float, int]] = deque(maxlen=101)
        total = 0
        for batch in DATA:
            step(None, batch)
            total += len(batch)
            marks.append((time.perf_counter(), total))

    return Case("Throughput", loop, ours(lambda engine: engine.attach(Throughput(), "x")), None)


def data_wait() -> Case:
    def loop() -> None:
        waited = worked = 0.0
        batches = iter(DATA)
        while True:
            asked = time.perf_counter()
            batch = next(batches, None)
            if batch is None:
                break
            came = time.perf_counter()
            waited += came - asked
            step(None, batch)
            worked += time.perf_counter() - came

    return Case("DataWait", loop, ours(lambda engine: engine.attach(DataWait(), "x")), None)


def gradient_norm() -> Case:
    model = nn.Linear(4, 4)
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)

    def loop() -> None:
        for number, batch in enumerate(DATA):
            step(None, batch)
            if number % 100 == 0:
                grads = [one.grad for one in model.parameters() if one.grad is not None]
                float(get_total_norm(grads))

    def attach(engine: Engine[Tensor, Tensor]) -> None:
        key = engine.attach(GradientNorm(model), "norm")
        engine.add_event_handler(
            Events.ITERATION_COMPLETED(every=100), lambda engine: engine.state.metrics[key]
        )

    return Case("GradientNorm, read every 100", loop, ours(attach), None)


def store() -> Case:
    def loop() -> None:
        kept: list[Tensor] = []
        for batch in DATA:
            kept.append(step(None, batch))  # noqa: PERF401  # as in a loop that does more

    def attach(engine: Engine[Tensor, Tensor]) -> None:
        engine.attach(EpochOutputStore(lambda output: output))

    return Case(
        "EpochOutputStore", loop, ours(attach), theirs(ignite.handlers.EpochOutputStore().attach)
    )


def measure(case: Case, *, rounds: int) -> None:
    """Let the contenders take turns, and print one row."""
    runners = (case.by_hand, case.ours, case.theirs)
    times: list[list[float]] = [[], [], []]
    gc.disable()
    for turn in range(rounds + 1):
        for place in (0, 1, 2) if turn % 2 else (2, 1, 0):
            runner = runners[place]
            if runner is not None:
                start = time.process_time_ns()
                runner()
                if turn:  # the first round warms up
                    times[place].append((time.process_time_ns() - start) / NUM)
        gc.collect()
    gc.enable()
    by_hand, own, of_ignite = ([*map(float, one)] for one in times)
    shown = [f"{statistics.median(one):10,.0f}" if one else f"{'-':>10}" for one in times]
    ratios = [
        f"{statistics.median(a / b for a, b in zip(one, other, strict=True)):9.2f}"
        if one and other
        else f"{'-':>9}"
        for one, other in ((own, by_hand), (own, of_ignite))
    ]
    print(f"{case.name:34}" + "".join(shown) + "".join(ratios), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds: int = parser.parse_args().rounds
    torch.set_num_threads(1)
    print(f"{'CPU ns per iteration':34}{'by hand':>10}{'firesteel':>10}{'ignite':>10}", end="")
    print(f"{'/by hand':>9}{'/ignite':>9}")
    for case in (
        nothing(),
        bar(),
        *other_bars(),
        timer(),
        *profilers(),
        throughput(),
        data_wait(),
        gradient_norm(),
        store(),
    ):
        measure(case, rounds=rounds)


if __name__ == "__main__":
    main()
