"""What the engine costs, beside a bare loop and beside ignite, in one run.

``python tests/benchmarks/bench_engine.py`` prints, for each case, the processor time of one
iteration (of one run, in the last case) for the bare loop that calls the same functions, and the
ratios to it: medians over rounds in which the contenders take turns. Lower is better; 1.00 is the
bare loop.
"""

import argparse
import gc
import logging
import statistics
import time
import warnings
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import SGD, Optimizer
from tqdm import tqdm

from firesteel import Engine, Events, ProgressBar, RunningAverage

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # ignite's imports warn of torch.jit
    import ignite.engine
    import ignite.handlers
    import ignite.metrics

Runner = Callable[[], object]
logging.disable(logging.INFO)


class Case(NamedTuple):
    """One row: what is run, and how many iterations (or runs) that is."""

    name: str
    num: int
    bare: Runner
    ours: Runner
    theirs: Runner


SEEN = [0]


def step(_engine: object, _batch: object) -> None:
    """Do nothing."""


class Handler:
    """A handler that does next to nothing, as an object with a method."""

    def on_event(self, _engine: object) -> None:
        SEEN[0] += 1


def straight_loop(data: Sequence[int], handlers: Sequence[Callable[[object], None]]) -> Runner:
    """Write the loop with these calls out, as one would by hand."""
    names = [f"handler_{number}" for number in range(len(handlers))]
    calls = "".join(f"            {name}(None)\n" for name in names)
    source = (
        f"def make(data, step, {', '.join(names)}):\n"
        "    def loop():\n        for batch in data:\n            step(None, batch)\n"
        f"{calls}    return loop\n"
    )
    return _made(source, data, handlers)


def straight_loop_every(
    data: Sequence[int], handlers: Sequence[Callable[[object], None]], every: int
) -> Runner:
    """The same, with one test of the counter for all handlers."""
    names = [f"handler_{number}" for number in range(len(handlers))]
    calls = "".join(f"                {name}(None)\n" for name in names)
    source = (
        f"def make(data, step, {', '.join(names)}):\n"
        "    def loop():\n        i = 0\n        for batch in data:\n"
        f"            step(None, batch)\n            i += 1\n            if i % {every} == 0:\n"
        f"{calls}    return loop\n"
    )
    return _made(source, data, handlers)


def _made(source: str, data: Sequence[int], handlers: Sequence[Callable[[object], None]]) -> Runner:
    namespace: dict[str, Callable[..., Runner]] = {}
    exec(source, namespace)  # noqa: S102  # written just above
    return namespace["make"](data, step, *handlers)


def no_handlers(num: int) -> Case:
    data = list(range(num))
    ours = Engine(step)
    theirs = ignite.engine.Engine(step)

    def bare() -> None:
        for batch in data:
            step(None, batch)

    return Case("a: no handlers", num, bare, lambda: ours.run(data), lambda: theirs.run(data))


def handlers(num: int, num_handlers: int, every: int | None = None) -> Case:
    data = list(range(num))
    each = [Handler().on_event for _ in range(num_handlers)]
    ours = Engine(step)
    theirs = ignite.engine.Engine(step)
    for handler in each:
        if every is None:
            ours.add_event_handler(Events.ITERATION_COMPLETED, handler)
            theirs.add_event_handler(ignite.engine.Events.ITERATION_COMPLETED, handler)
        else:
            ours.add_event_handler(Events.ITERATION_COMPLETED(every=every), handler)
            theirs.add_event_handler(ignite.engine.Events.ITERATION_COMPLETED(every=every), handler)
    bare = straight_loop(data, each) if every is None else straight_loop_every(data, each, every)
    letter, what = ("b", "") if every is None else ("c", f", every={every}")
    name = f"{letter}: {num_handlers} handlers{what}"
    return Case(name, num, bare, lambda: ours.run(data), lambda: theirs.run(data))


class Silent:
    """A screen that nobody looks at."""

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        """Do nothing."""


def realistic(num: int, folder: Path, *, with_model: bool) -> Case:
    """Running mean, bar, early stop and a checkpoint every 1000 iterations; ours on its parts."""
    file = folder / "weights.pt"
    screen = Silent()
    if with_model:
        one_step = make_step()
        data: list[tuple[Tensor, Tensor]] = [
            (torch.randn(32, 32), torch.randint(10, (32,))) for _ in range(num)
        ]

        def compute(batch: tuple[Tensor, Tensor]) -> Tensor:
            return one_step(batch)
    else:
        losses = [torch.tensor(1.0 / (1 + i)) for i in range(100)]
        data = [(losses[i % 100], losses[0]) for i in range(num)]

        def compute(batch: tuple[Tensor, Tensor]) -> Tensor:
            return batch[0]

    weights = {"weight": torch.zeros(16, 16)}

    class Stopper:
        best = float("inf")
        bad = 0

        def see(self, loss: float) -> bool:
            self.bad = 0 if loss < self.best else self.bad + 1
            self.best = min(self.best, loss)
            return self.bad > 10**9

    def bare() -> None:
        mean: Tensor | None = None
        stopper = Stopper()
        with tqdm(total=num, file=screen, mininterval=0.1) as bar:
            for i, batch in enumerate(data, 1):
                loss = compute(batch).detach()
                mean = loss if mean is None else 0.98 * mean + 0.02 * loss
                if i % 100 == 0:
                    bar.set_postfix_str(f"loss={float(mean):.4g}", refresh=False)
                    bar.update(100)
                    if stopper.see(float(mean)):
                        break
                if i % 1000 == 0:
                    torch.save(weights, file)

    ours = Engine(lambda _, batch: compute(batch).detach())
    key = ours.attach(RunningAverage(), "loss")
    ours.attach(ProgressBar(metrics=[key], file=screen))
    our_stopper = Stopper()

    @ours.on(Events.ITERATION_COMPLETED(every=100))
    def stop(engine: Engine[tuple[Tensor, Tensor], Tensor]) -> None:
        if our_stopper.see(engine.state.metrics[key]):
            engine.terminate()

    ours.add_event_handler(
        Events.ITERATION_COMPLETED(every=1000), lambda _: torch.save(weights, file)
    )

    theirs = ignite.engine.Engine(lambda _, batch: compute(batch).detach())
    ignite.metrics.RunningAverage(output_transform=lambda x: x).attach(theirs, "loss")
    ignite.handlers.ProgressBar(file=screen).attach(theirs, ["loss"])
    their_stopper = Stopper()

    @theirs.on(ignite.engine.Events.ITERATION_COMPLETED(every=100))
    def their_stop(engine: ignite.engine.Engine) -> None:
        if their_stopper.see(engine.state.metrics["loss"]):
            engine.terminate()

    theirs.add_event_handler(
        ignite.engine.Events.ITERATION_COMPLETED(every=1000), lambda _: torch.save(weights, file)
    )
    name = "e: MLP, handlers of (d)" if with_model else "d: mean, bar, early stop, checkpoint"
    return Case(name, num, bare, lambda: ours.run(data), lambda: theirs.run(data))


def make_step() -> Callable[[tuple[Tensor, Tensor]], Tensor]:
    model = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer: Optimizer = SGD(model.parameters(), lr=0.01)

    def one_step(batch: tuple[Tensor, Tensor]) -> Tensor:
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
        return loss

    return one_step


def model_step(num: int) -> Case:
    one_step = make_step()
    data = [(torch.randn(32, 32), torch.randint(10, (32,))) for _ in range(num)]

    def bare() -> None:
        for batch in data:
            one_step(batch)

    ours = Engine(lambda _, batch: one_step(batch))
    theirs = ignite.engine.Engine(lambda _, batch: one_step(batch))
    return Case("e: MLP, no handlers", num, bare, lambda: ours.run(data), lambda: theirs.run(data))


def one_iteration(num: int) -> Case:
    data = [1]
    ours = Engine(step)
    theirs = ignite.engine.Engine(step)

    def repeated(run: Callable[[], object]) -> Runner:
        def many() -> None:
            for _ in range(num):
                run()

        return many

    def bare() -> None:
        for batch in data:
            step(None, batch)

    return Case(
        "f: a run of one iteration",
        num,
        repeated(bare),
        repeated(lambda: ours.run(data)),
        repeated(lambda: theirs.run(data)),
    )


def measure(case: Case, *, rounds: int) -> None:
    """Let the contenders take turns, and print one row."""
    runners = (case.bare, case.ours, case.theirs)
    for runner in runners:
        runner()
    times: list[list[float]] = [[], [], []]
    gc.disable()
    for turn in range(rounds):
        for place in (0, 1, 2) if turn % 2 else (2, 1, 0):
            start = time.process_time_ns()
            runners[place]()
            times[place].append((time.process_time_ns() - start) / case.num)
    gc.enable()
    bare, ours, theirs = times
    print(
        f"{case.name:38} {statistics.median(bare):10,.0f} {statistics.median(ours):10,.0f} "
        f"{statistics.median(theirs):11,.0f}"
        + "".join(
            f"{statistics.median(mine / limit for mine, limit in zip(own, bare, strict=True)):9.2f}"
            for own in (ours, theirs)
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=41)
    rounds: int = parser.parse_args().rounds
    torch.set_num_threads(1)
    print(f"{'CPU ns per iteration':38} {'bare':>10} {'firesteel':>10} {'ignite':>11}", end="")
    print(f"{'ours/bare':>10}{'ign./bare':>10}")
    with TemporaryDirectory() as name:
        folder = Path(name)
        cases = [
            no_handlers(10_000),
            *(handlers(10_000, num) for num in (1, 5, 20)),
            *(handlers(10_000, num, every=100) for num in (1, 5, 20)),
            realistic(3_000, folder, with_model=False),
            model_step(400),
            realistic(2_000, folder, with_model=True),
            one_iteration(2_000),
        ]
        for case, _ in zip(cases, count(), strict=False):
            measure(case, rounds=max(5, rounds // 4) if case.name[0] in "de" else rounds)


if __name__ == "__main__":
    main()
