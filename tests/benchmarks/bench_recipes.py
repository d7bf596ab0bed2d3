"""What a supervised step costs, beside the same step by hand and beside ignite's, in one run.

``python tests/benchmarks/bench_recipes.py`` prints, for each case, the processor time of one
iteration of a small model (32-64-10, batches of 32, on the CPU with one thread) for a loop by hand,
and the ratios to it: medians over rounds in which the contenders take turns. Lower is better; 1.00
is the loop by hand. All three do the same: none reads the loss. One row has a model of a hundred
times as many weights (32-1024-256-10), still a small one.
"""

import argparse
import gc
import statistics
import time
import warnings
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import clip_grad_norm_
from torch.optim import SGD, Optimizer

from firesteel.recipes import (
    ClipNorm,
    create_supervised_evaluator,
    create_supervised_trainer,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # ignite's imports warn of torch.jit
    import ignite.engine

Runner = Callable[[], object]
Pair = tuple[Tensor, Tensor]

NUM = 40
"""Iterations of one turn: short, so that all contenders meet the same load of the machine."""

WINDOW = 4


class Case(NamedTuple):
    """One row; ``theirs`` is ``None`` where ignite has nothing like it."""

    name: str
    by_hand: Runner
    ours: Runner
    theirs: Runner | None


def make_model(*widths: int) -> tuple[nn.Module, Optimizer]:
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for width, following in pairwise((32, *(widths or (64,)), 10)):
        layers += [nn.Linear(width, following), nn.ReLU()]
    model = nn.Sequential(*layers[:-1])
    return model, SGD(model.parameters(), lr=0.01)


def detached(_x: object, _y: object, _y_pred: object, loss: Tensor) -> Tensor:
    """Give ignite an output that nobody waits for; its own default reads the loss."""
    return loss.detach()


def plain(data: Sequence[Pair], *widths: int) -> Case:
    model, optimizer = make_model(*widths)

    def by_hand() -> None:
        for x, y in data:
            optimizer.zero_grad()
            loss = functional.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            loss.detach()

    ours = create_supervised_trainer(*make_model(*widths), functional.cross_entropy)
    theirs = ignite.engine.create_supervised_trainer(
        *make_model(*widths), functional.cross_entropy, output_transform=detached
    )
    name = f"training step{', larger model' if widths else ''}"
    return Case(name, by_hand, lambda: ours.run(data), lambda: theirs.run(data))


def larger(data: Sequence[Pair]) -> Case:
    return plain(data, 1024, 256)


def accumulating(data: Sequence[Pair]) -> Case:
    model, optimizer = make_model()

    def by_hand() -> None:
        for number, (x, y) in enumerate(data):
            if number % WINDOW == 0:
                optimizer.zero_grad()
            loss = functional.cross_entropy(model(x), y)
            (loss / WINDOW).backward()
            if number % WINDOW == WINDOW - 1:
                optimizer.step()
            loss.detach()

    ours = create_supervised_trainer(
        *make_model(), functional.cross_entropy, gradient_accumulation_steps=WINDOW
    )
    theirs = ignite.engine.create_supervised_trainer(
        *make_model(),
        functional.cross_entropy,
        gradient_accumulation_steps=WINDOW,
        output_transform=detached,
    )
    name = f"training step, windows of {WINDOW}"
    return Case(name, by_hand, lambda: ours.run(data), lambda: theirs.run(data))


def clipping(data: Sequence[Pair]) -> Case:
    model, optimizer = make_model()
    parameters = list(model.parameters())

    def by_hand() -> None:
        for x, y in data:
            optimizer.zero_grad()
            loss = functional.cross_entropy(model(x), y)
            loss.backward()
            clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            loss.detach()

    ours = create_supervised_trainer(
        *make_model(), functional.cross_entropy, clipping=ClipNorm(max_norm=1.0)
    )
    return Case("training step, norm clipped", by_hand, lambda: ours.run(data), None)


def in_bfloat16(data: Sequence[Pair]) -> Case:
    model, optimizer = make_model()

    def by_hand() -> None:
        for x, y in data:
            optimizer.zero_grad()
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = functional.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            loss.detach()

    ours = create_supervised_trainer(
        *make_model(), functional.cross_entropy, amp_dtype="bfloat16", device="cpu"
    )
    return Case("training step, bfloat16", by_hand, lambda: ours.run(data), None)


def evaluating(data: Sequence[Pair]) -> Case:
    model, _ = make_model()
    model.eval()

    def by_hand() -> None:
        for x, y in data:
            with torch.no_grad():
                _ = model(x), y

    ours = create_supervised_evaluator(make_model()[0])
    theirs = ignite.engine.create_supervised_evaluator(make_model()[0])
    return Case("evaluation step", by_hand, lambda: ours.run(data), lambda: theirs.run(data))


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
    print(f"{case.name:36} {statistics.median(by_hand):10,.1f}", end="")
    for own in others:
        ratio = statistics.median(mine / limit for mine, limit in zip(own, by_hand, strict=True))
        print(f"{ratio:13.3f}", end="")
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=201)
    rounds: int = parser.parse_args().rounds
    torch.set_num_threads(1)
    data = [(torch.randn(32, 32), torch.randint(10, (32,))) for _ in range(NUM)]
    print(f"{'CPU us per iteration':36} {'by hand':>10}{'ours/hand':>13}{'ignite/hand':>13}")
    for make in (plain, larger, accumulating, clipping, in_bfloat16, evaluating):
        measure(make(data), rounds=rounds)


if __name__ == "__main__":
    main()
