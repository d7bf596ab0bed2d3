"""What regression metrics cost, beside code written by hand, ignite and torchmetrics, in one run.

``python tests/benchmarks/bench_regression.py`` prints, for each case, the processor time of eight
updates and one result, in an engine for firesteel and ignite, and the ratios to the fastest form by
hand: medians over rounds in which the contenders take turns. Lower is better; 1.00 is by hand.
ignite gives other numbers than the rest where there are columns, and is handed flat values.
"""

import argparse
import gc
import logging
import statistics
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import torch
from torch import Tensor

from firesteel import Engine
from firesteel.metrics import (
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    Metric,
    PearsonCorrelation,
    PredTarget,
    R2Score,
    RootMeanSquaredError,
    SpearmanRankCorrelation,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # ignite's imports warn of torch.jit
    import ignite.engine
    import ignite.metrics
    import torchmetrics
    from ignite.metrics.regression.mean_absolute_relative_error import MeanAbsoluteRelativeError
    from ignite.metrics.regression.pearson_correlation import (
        PearsonCorrelation as IgnitesPearsonCorrelation,
    )
    from ignite.metrics.regression.r2_score import R2Score as IgnitesR2Score

logging.disable(logging.INFO)

Runner = Callable[[], object]

NUM_BATCHES: Final = 8
NUM_ROWS: Final = 256


class Case(NamedTuple):
    """One row."""

    name: str
    by_hand: Runner
    ours: Runner
    ignites: Runner | None
    torchmetrics_: Runner | None


def give(_engine: object, batch: PredTarget) -> PredTarget:
    return batch


def in_engine(
    metrics: Sequence[Metric[PredTarget, object, PredTarget]], data: Sequence[PredTarget]
) -> Runner:
    engine: Engine[PredTarget, PredTarget] = Engine(give)
    for number, metric in enumerate(metrics):
        metric.attach(engine, str(number))
    return lambda: engine.run(data)


def in_ignite(metrics: Sequence[ignite.metrics.Metric], data: Sequence[PredTarget]) -> Runner:
    engine = ignite.engine.Engine(give)
    for number, metric in enumerate(metrics):
        metric.attach(engine, str(number))
    return lambda: engine.run(data)


def on_torchmetrics(metric: object, data: Sequence[PredTarget]) -> Runner:
    assert isinstance(metric, torchmetrics.Metric | torchmetrics.MetricCollection)

    def loop() -> None:
        metric.reset()
        for prediction, target in data:
            metric.update(prediction, target)
        metric.compute()

    return loop


# by hand: the fastest form that was found and keeps the digits of float64


def mean_by_hand(values: Callable[[Tensor, Tensor], Tensor], data: Sequence[PredTarget]) -> Runner:
    def loop() -> float:
        total, num = torch.zeros((), dtype=torch.float64), 0
        for prediction, target in data:
            total += values(prediction, target).sum(dtype=torch.float64)
            num += target.numel()
        return float(total) / num

    return loop


def squares(prediction: Tensor, target: Tensor) -> Tensor:
    difference = prediction - target
    return difference * difference


def absolutes(prediction: Tensor, target: Tensor) -> Tensor:
    return (prediction - target).abs_()


def shares(prediction: Tensor, target: Tensor) -> Tensor:
    return (prediction - target).abs_().div_(target.abs())


def column_roots_by_hand(data: Sequence[PredTarget]) -> Runner:
    def loop() -> float:
        total, num = torch.zeros((), dtype=torch.float64), 0
        for prediction, target in data:
            total = total + squares(prediction, target).sum(dim=0, dtype=torch.float64)
            num += len(target)
        return float((total / num).sqrt().mean())

    return loop


def three_by_hand(data: Sequence[PredTarget]) -> Runner:
    def loop() -> list[float]:
        sizes, total, num = torch.zeros((), dtype=torch.float64), torch.zeros(1), 0
        for prediction, target in data:
            difference = prediction - target
            sizes += difference.abs().sum(dtype=torch.float64)
            total = total + difference.square_().sum(dim=0, dtype=torch.float64)
            num += len(target)
        means = total / num
        return [float(means.mean()), float(means.sqrt().mean()), float(sizes) / num / len(means)]

    return loop


def r2_by_hand(data: Sequence[PredTarget]) -> Runner:
    def loop() -> float:
        errors, num = torch.zeros((), dtype=torch.float64), 0
        mean, spread = torch.zeros((), dtype=torch.float64), torch.zeros((), dtype=torch.float64)
        for prediction, target in data:
            errors = errors + squares(prediction, target).sum(dim=0, dtype=torch.float64)
            values = target.double()
            mean_here, num_here = values.mean(dim=0), len(values)
            values -= mean_here
            apart = mean_here - mean
            share = num_here / (num + num_here)
            spread = spread + values.square_().sum(dim=0) + apart * apart * (num * share)
            mean = mean + apart * share
            num += num_here
        return float((1 - errors / spread).mean())

    return loop


def pearson_by_hand(data: Sequence[PredTarget]) -> Runner:
    def loop() -> float:
        num, mean, products = 0, torch.zeros(1, dtype=torch.float64), torch.zeros(1)
        for pair in data:
            both = torch.stack(pair).double().view(2, len(pair[0]), -1)
            mean_here, num_here = both.mean(dim=1, keepdim=True), both.shape[1]
            both -= mean_here
            apart, share = mean_here - mean, num_here / (num + num_here)
            crossed = torch.einsum("inc,jnc->ijc", both, both)
            merged = torch.einsum("inc,jnc->ijc", apart, apart) * (num * share)
            products = products + crossed + merged
            mean, num = mean + apart * share, num + num_here
        return float((products[0, 1] / (products[0, 0] * products[1, 1]).sqrt()).mean())

    return loop


def spearman_by_hand(data: Sequence[PredTarget]) -> Runner:
    def loop() -> float:
        prediction, target = (torch.cat(parts) for parts in zip(*data, strict=True))
        ranks = torch.stack([prediction.argsort().argsort(), target.argsort().argsort()])
        return float(torch.corrcoef(ranks.double())[0, 1])  # right where no two are equal

    return loop


# the cases


def three_of_ours() -> list[Metric[PredTarget, float, PredTarget]]:
    return [MeanSquaredError(), RootMeanSquaredError(), MeanAbsoluteError()]


def cases(num_columns: int) -> list[Case]:
    torch.manual_seed(0)
    shape = (NUM_ROWS, num_columns) if num_columns > 1 else (NUM_ROWS,)
    data = [(torch.randn(shape), torch.randn(shape) + 3) for _ in range(NUM_BATCHES)]
    flat = [(one.reshape(-1), other.reshape(-1)) for one, other in data]
    kinds, theirs = torchmetrics, ignite.metrics
    columns = f"{num_columns} columns"
    made = [
        Case(
            f"squared error, {columns}",
            mean_by_hand(squares, data),
            in_engine([MeanSquaredError()], data),
            in_ignite([theirs.MeanSquaredError()], flat),
            on_torchmetrics(kinds.MeanSquaredError(), data),
        ),
        Case(
            f"absolute error, {columns}",
            mean_by_hand(absolutes, data),
            in_engine([MeanAbsoluteError()], data),
            in_ignite([theirs.MeanAbsoluteError()], flat),
            on_torchmetrics(kinds.MeanAbsoluteError(), data),
        ),
        Case(
            f"root of squared error, {columns}",
            column_roots_by_hand(data),
            in_engine([RootMeanSquaredError()], data),
            in_ignite([theirs.RootMeanSquaredError()], flat),
            on_torchmetrics(kinds.MeanSquaredError(squared=False), data),
        ),
        Case(
            f"percentage error, {columns}",
            mean_by_hand(shares, data),
            in_engine([MeanAbsolutePercentageError()], data),
            in_ignite([MeanAbsoluteRelativeError()], flat),
            on_torchmetrics(kinds.MeanAbsolutePercentageError(), data),
        ),
        Case(
            f"R2, {columns}",
            r2_by_hand(data),
            in_engine([R2Score()], data),
            in_ignite([IgnitesR2Score()], flat),
            on_torchmetrics(kinds.R2Score(), data),
        ),
        Case(
            f"Pearson, {columns}",
            pearson_by_hand(data),
            in_engine([PearsonCorrelation()], data),
            in_ignite([IgnitesPearsonCorrelation()], flat),
            on_torchmetrics(kinds.PearsonCorrCoef(num_outputs=num_columns), data),
        ),
        Case(
            f"three of them, {columns}",
            three_by_hand(data),
            in_engine(three_of_ours(), data),
            None,
            None,
        ),
    ]
    if num_columns == 1:
        made.append(
            Case(
                "Spearman",
                spearman_by_hand(data),
                in_engine([SpearmanRankCorrelation()], data),
                None,
                on_torchmetrics(kinds.SpearmanCorrCoef(), data),
            )
        )
    return made


def measure(case: Case, *, rounds: int) -> None:
    """Let the contenders take turns, and print one row."""
    runners = [case.by_hand, case.ours, case.ignites, case.torchmetrics_]
    times: list[list[float]] = [[] for _ in runners]
    for runner in runners:
        if runner is not None:
            runner()
    gc.disable()
    for turn in range(rounds):
        for place in range(4) if turn % 2 else range(3, -1, -1):
            runner = runners[place]
            if runner is not None:
                start = time.process_time_ns()
                runner()
                times[place].append((time.process_time_ns() - start) / 1000)
    gc.enable()
    by_hand = times[0]
    row = f"{case.name:38} {statistics.median(by_hand):10,.0f} {statistics.median(times[1]):10,.0f}"
    for own in times[1:]:
        ratios = [mine / limit for mine, limit in zip(own, by_hand, strict=False)]
        row += f"{statistics.median(ratios):12.2f}" if ratios else f"{'-':>12}"
    print(row)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=41)
    rounds: int = parser.parse_args().rounds
    torch.set_num_threads(1)
    print(f"{'CPU us, 8 updates and a result':38} {'by hand':>10} {'firesteel':>10}", end="")
    print(f"{'ours/hand':>12}{'ignite/hand':>12}{'tm/hand':>12}")
    warnings.simplefilter("ignore")  # torchmetrics warns of what it keeps
    with torch.no_grad():
        for num_columns in (1, 10, 1000):
            for case in cases(num_columns):
                measure(case, rounds=rounds if num_columns < 1000 else max(5, rounds // 4))


if __name__ == "__main__":
    main()
