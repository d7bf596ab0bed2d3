"""What the engine costs, beside a bare loop and beside ignite, in one run.

``python tests/benchmarks/bench_engine.py`` prints, for each case, the processor time of one
iteration (of one run, in the last case) for the bare loop that calls the same functions, and the
ratios to it: medians over rounds in which the contenders take turns. Lower is better; 1.00 is the
bare loop.
"""

import argparse
import gc
import io
import logging
import statistics
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import SGD, Optimizer
from tqdm import tqdm

from firesteel import Engine, Events, ProgressBar, RunningAverage
from firesteel.handlers import Checkpoint, DiskSaver, EarlyStopping

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


def step(_engine: object, _batch: object) -> None:
    """Do nothing."""


class Handler:
    """A handler that does next to nothing: it counts."""

    def __init__(self) -> None:
        self.num_events = 0

    def on_event(self, _engine: object) -> None:
        self.num_events += 1


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


class Stopper:
    """Early stopping by hand, with a patience that is never at its end."""

    def __init__(self) -> None:
        self.best = float("inf")
        self.num_bad = 0

    def has_to_stop(self, loss: float) -> bool:
        self.num_bad = 0 if loss < self.best else self.num_bad + 1
        self.best = min(self.best, loss)
        return self.num_bad > 10**9


Pair = tuple[Tensor, Tensor]
Compute = Callable[[Pair], Tensor]


class Weights:
    """What is saved."""

    def __init__(self) -> None:
        self.weight = torch.zeros(16, 16)

    def state_dict(self) -> dict[str, object]:
        return {"weight": self.weight}

    def load_state_dict(self, state_dict: dict[str, object], /) -> None:
        """Load nothing: it only is to be saved."""


def by_hand(data: Sequence[Pair], compute: Compute, folder: Path) -> Runner:
    """Write the handlers of the realistic loop out, each done as often as there is need."""
    weights = Weights()

    def loop() -> None:
        mean: Tensor | None = None
        stopper = Stopper()
        with tqdm(total=len(data), file=io.StringIO(), mininterval=0.1) as bar:
            for i, batch in enumerate(data, 1):
                loss = compute(batch).detach()
                mean = loss if mean is None else 0.98 * mean + 0.02 * loss
                if i % 100 == 0:
                    bar.set_postfix_str(f"loss={float(mean):.4g}", refresh=False)
                    bar.update(100)
                    if stopper.has_to_stop(float(mean)):
                        break
                if i % 1000 == 0:
                    torch.save(weights.state_dict(), folder / "weights.pt")

    return loop


def on_firesteel(data: Sequence[Pair], compute: Compute, folder: Path) -> Runner:
    def one_step(_engine: Engine[Pair, Tensor], batch: Pair) -> Tensor:
        return compute(batch).detach()

    engine = Engine(one_step)
    key = engine.attach(RunningAverage(), "loss")
    engine.attach(ProgressBar(metrics=[key], file=io.StringIO()))
    stopping = EarlyStopping(key, patience=10**9, trainer=engine, mode="min")
    stopping.attach(engine, event=Events.ITERATION_COMPLETED(every=100))
    saver = DiskSaver(folder / "ours", fsync=False)  # as the others, which wait for no disk
    checkpoint = Checkpoint({"weights": Weights()}, saver)
    checkpoint.attach(engine, Events.ITERATION_COMPLETED(every=1000))
    return lambda: engine.run(data)


def itself(output: Tensor) -> Tensor:
    return output


def on_ignite(data: Sequence[Pair], compute: Compute, folder: Path) -> Runner:
    engine = ignite.engine.Engine(lambda _, batch: compute(batch).detach())
    ignite.metrics.RunningAverage(output_transform=itself).attach(engine, "loss")
    ignite.handlers.ProgressBar(file=io.StringIO()).attach(engine, ["loss"])

    def score(engine: ignite.engine.Engine) -> float:
        loss: float = engine.state.metrics["loss"]
        return -loss

    stopping = ignite.handlers.EarlyStopping(10**9, score, engine)
    completed = ignite.engine.Events.ITERATION_COMPLETED
    engine.add_event_handler(completed(every=100), stopping)
    checkpoint = ignite.handlers.Checkpoint(
        {"weights": Weights()}, ignite.handlers.DiskSaver(folder / "theirs", require_empty=False)
    )
    engine.add_event_handler(completed(every=1000), checkpoint)
    return lambda: engine.run(data)


def realistic(num: int, folder: Path, *, with_model: bool) -> Case:
    """Running mean, bar, early stop, and a checkpoint every 1000 iterations."""
    if with_model:
        name, compute = "e: MLP, handlers of (d)", make_step()
        data = [(torch.randn(32, 32), torch.randint(10, (32,))) for _ in range(num)]
    else:
        name, compute = "d: mean, bar, early stop, checkpoint", first
        losses = [torch.tensor(1.0 / (1 + i)) for i in range(100)]
        data = [(losses[i % 100], losses[0]) for i in range(num)]
    for name_of_folder in ("ours", "theirs"):
        (folder / name_of_folder).mkdir(exist_ok=True)
    contenders = [make(data, compute, folder) for make in (by_hand, on_firesteel, on_ignite)]
    return Case(name, num, *contenders)


def first(pair: Pair) -> Tensor:
    return pair[0]


def make_step() -> Compute:
    model = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer: Optimizer = SGD(model.parameters(), lr=0.01)

    def one_step(batch: Pair) -> Tensor:
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
        return loss

    return one_step


def model_step(num: int) -> Case:
    one_step = make_step()
    data = [(torch.randn(32, 32), torch.randint(10, (32,))) for _ in range(num)]

    def in_engine(_engine: object, batch: Pair) -> Tensor:
        return one_step(batch)

    def bare() -> None:
        for batch in data:
            in_engine(None, batch)

    ours = Engine(in_engine)
    theirs = ignite.engine.Engine(in_engine)
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
        for case in cases:
            measure(case, rounds=max(5, rounds // 4) if case.name[0] in "de" else rounds)


if __name__ == "__main__":
    main()
