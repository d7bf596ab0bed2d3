"""What metrics cost, beside code written by hand, ignite and torchmetrics, in one run.

``python tests/benchmarks/bench_metrics.py`` prints, for each case, the processor time of eight
updates and one result, in an engine for firesteel and ignite, and the ratios to the fastest form by
hand: medians over rounds in which the contenders take turns. Then the wall time in which two
processes bring ten metrics together and compute them, beside one sum and the results by hand. Lower
is better; 1.00 is by hand.
"""

import argparse
import gc
import logging
import statistics
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
import torch
from torch import Tensor, distributed

from firesteel import Engine, Events
from firesteel.metrics import (
    F1,
    Accuracy,
    BalancedAccuracy,
    CohenKappa,
    ConfusionMatrix,
    Loss,
    MatthewsCorrCoef,
    MeanIoU,
    MeanSquaredError,
    Metric,
    Precision,
    Recall,
    Specificity,
)
from firesteel.testing import RankPool

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # ignite's imports warn of torch.jit
    import ignite.engine
    import ignite.metrics
    import torchmetrics
    import torchmetrics.classification

logging.disable(logging.INFO)

Pair = tuple[Tensor, Tensor]
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


def give(_engine: object, batch: Pair) -> Pair:
    return batch


def in_engine(
    make: Callable[[], Sequence[Metric[Pair, object, Pair]]], data: Sequence[Pair]
) -> Runner:
    engine: Engine[Pair, Pair] = Engine(give)
    for number, metric in enumerate(make()):
        metric.attach(engine, str(number))
    return lambda: engine.run(data)


def in_ignite(make: Callable[[], Sequence[ignite.metrics.Metric]], data: Sequence[Pair]) -> Runner:
    engine = ignite.engine.Engine(give)
    for number, metric in enumerate(make()):
        metric.attach(engine, str(number))
    return lambda: engine.run(data)


def on_torchmetrics(metric: object, data: Sequence[Pair]) -> Runner:
    assert isinstance(metric, torchmetrics.Metric | torchmetrics.MetricCollection)

    def loop() -> None:
        metric.reset()
        for prediction, target in data:
            metric.update(prediction, target)
        metric.compute()

    return loop


# by hand: the fastest form that was found


def accuracy_by_hand(data: Sequence[Pair]) -> Runner:
    def loop() -> float:
        num_right = num_seen = 0
        for scores, target in data:
            num_right += int(np.count_nonzero(scores.numpy().argmax(1) == target.numpy()))
            num_seen += len(target)
        return num_right / num_seen

    return loop


def matrix_by_hand(
    data: Sequence[Pair], num_classes: int, compute: Callable[[Tensor], object]
) -> Runner:
    def loop() -> object:
        matrix = np.zeros(num_classes * num_classes, dtype=np.int64)
        for scores, target in data:
            cells = target.numpy() * num_classes + scores.numpy().argmax(1)
            if num_classes <= 100:
                matrix += np.bincount(cells, minlength=num_classes * num_classes)
            else:
                np.add.at(matrix, cells, 1)
        return compute(torch.from_numpy(matrix).view(num_classes, num_classes))

    return loop


def classes_by_hand(
    data: Sequence[Pair], num_classes: int, compute: Callable[..., object]
) -> Runner:
    def loop() -> object:
        sums = [np.zeros(num_classes, dtype=np.int64) for _ in range(3)]
        for scores, target in data:
            best, true = scores.numpy().argmax(1), target.numpy()
            for place, classes in enumerate((best[best == true], best, true)):
                sums[place] += np.bincount(classes, minlength=num_classes)
        return compute(*sums)

    return loop


def macro_precision(hits: np.ndarray, predicted: np.ndarray, _actual: np.ndarray) -> float:
    return float((hits / np.maximum(predicted, 1)).mean())


def ten_results(matrix: Tensor) -> list[float]:
    counts = matrix.double().numpy()
    hits, predicted, actual = np.diagonal(counts), counts.sum(0), counts.sum(1)
    total = counts.sum()
    precision = hits / np.maximum(predicted, 1)
    recall = hits / np.maximum(actual, 1)
    f1 = 2 * hits / np.maximum(predicted + actual, 1)
    union = predicted + actual - hits
    iou = hits / np.maximum(union, 1)
    negatives = total - actual
    specificity = (negatives - predicted + hits) / np.maximum(negatives, 1)
    accuracy = hits.sum() / total
    chance = (predicted * actual).sum() / total**2
    kappa = (accuracy - chance) / (1 - chance)
    spread = (total**2 - (predicted**2).sum()) * (total**2 - (actual**2).sum())
    mcc = (hits.sum() * total - (predicted * actual).sum()) / np.sqrt(max(spread, 1.0))
    return [
        float(value)
        for value in (
            accuracy, precision.mean(), recall.mean(), f1.mean(), iou.mean(), specificity.mean(),
            recall[actual > 0].mean(), kappa, mcc,
        )
    ]  # fmt: skip


def squares_by_hand(data: Sequence[Pair]) -> Runner:
    def loop() -> float:
        total, num = torch.zeros((), dtype=torch.float64), 0
        for prediction, target in data:
            difference = prediction - target
            total += (difference * difference).sum(dtype=torch.float64)
            num += target.numel()
        return float(total) / num

    return loop


def loss_by_hand(data: Sequence[Pair]) -> Runner:
    def loop() -> float:
        total, num = torch.zeros((), dtype=torch.float64), 0
        for prediction, target in data:
            total += mean_of(prediction, target) * len(target)
            num += len(target)
        return float(total) / num

    return loop


def mean_of(prediction: Tensor, _target: Tensor) -> Tensor:
    return prediction[0, 0]


# the cases


def ten_of_ours() -> list[Metric[Pair, object, Pair]]:
    return [
        Accuracy(),
        Precision(average="macro"),
        Recall(average="macro"),
        F1(average="macro"),
        MeanIoU(),
        Specificity(average="macro"),
        BalancedAccuracy(),
        CohenKappa(),
        MatthewsCorrCoef(),
        ConfusionMatrix(),
    ]


def ten_of_ignites(num_classes: int) -> list[ignite.metrics.Metric]:
    matrix = ignite.metrics.ConfusionMatrix(num_classes)
    precision = ignite.metrics.Precision(average=False)
    recall = ignite.metrics.Recall(average=False)
    return [
        ignite.metrics.Accuracy(),
        ignite.metrics.Precision(average="macro"),
        ignite.metrics.Recall(average="macro"),
        (precision * recall * 2 / (precision + recall)).mean(),
        ignite.metrics.mIoU(matrix),
        ignite.metrics.DiceCoefficient(matrix),
        ignite.metrics.JaccardIndex(matrix),
        ignite.metrics.CohenKappa(output_transform=indices),
        ignite.metrics.MatthewsCorrCoef(),
        matrix,
    ]


def indices(output: Pair) -> Pair:
    return output[0].argmax(1), output[1]


def ten_of_torchmetrics(num_classes: int) -> object:
    kinds = torchmetrics.classification
    made = [
        kinds.MulticlassAccuracy(num_classes, average="micro"),
        kinds.MulticlassPrecision(num_classes),
        kinds.MulticlassRecall(num_classes),
        kinds.MulticlassF1Score(num_classes),
        kinds.MulticlassJaccardIndex(num_classes),
        kinds.MulticlassSpecificity(num_classes),
        kinds.MulticlassAccuracy(num_classes),
        kinds.MulticlassCohenKappa(num_classes),
        kinds.MulticlassMatthewsCorrCoef(num_classes),
        kinds.MulticlassConfusionMatrix(num_classes),
    ]
    return torchmetrics.MetricCollection({str(number): one for number, one in enumerate(made)})


def cases(num_classes: int) -> list[Case]:
    torch.manual_seed(0)
    data = [
        (torch.randn(NUM_ROWS, num_classes), torch.randint(num_classes, (NUM_ROWS,)))
        for _ in range(NUM_BATCHES)
    ]
    real = [(scores, torch.randn_like(scores)) for scores, _ in data]
    flat = [(one.reshape(-1), other.reshape(-1)) for one, other in real]
    kinds = torchmetrics.classification
    return [
        Case(
            f"accuracy, {num_classes} classes",
            accuracy_by_hand(data),
            in_engine(lambda: [Accuracy()], data),
            in_ignite(lambda: [ignite.metrics.Accuracy()], data),
            on_torchmetrics(kinds.MulticlassAccuracy(num_classes, average="micro"), data),
        ),
        Case(
            f"precision macro, {num_classes} classes",
            classes_by_hand(data, num_classes, macro_precision),
            in_engine(lambda: [Precision(average="macro")], data),
            in_ignite(lambda: [ignite.metrics.Precision(average="macro")], data),
            on_torchmetrics(kinds.MulticlassPrecision(num_classes), data),
        ),
        Case(
            f"confusion matrix, {num_classes} classes",
            matrix_by_hand(data, num_classes, lambda matrix: matrix),
            in_engine(lambda: [ConfusionMatrix()], data),
            in_ignite(lambda: [ignite.metrics.ConfusionMatrix(num_classes)], data),
            on_torchmetrics(kinds.MulticlassConfusionMatrix(num_classes), data),
        ),
        Case(
            f"mean squared error, {num_classes} columns",
            squares_by_hand(real),
            in_engine(lambda: [MeanSquaredError()], real),
            in_ignite(lambda: [ignite.metrics.MeanSquaredError()], flat),
            on_torchmetrics(torchmetrics.MeanSquaredError(), real),
        ),
        Case(
            "mean loss",
            loss_by_hand(real),
            in_engine(lambda: [Loss(mean_of)], real),
            in_ignite(lambda: [ignite.metrics.Loss(mean_of)], real),
            None,
        ),
        Case(
            f"ten metrics, {num_classes} classes",
            matrix_by_hand(data, num_classes, ten_results),
            in_engine(ten_of_ours, data),
            in_ignite(lambda: ten_of_ignites(num_classes), data),
            on_torchmetrics(ten_of_torchmetrics(num_classes), data),
        ),
    ]


def measure(case: Case, *, rounds: int) -> None:
    """Let the contenders take turns, and print one row."""
    runners = [runner for runner in case[1:] if callable(runner)]
    for runner in runners:
        runner()
    times: list[list[float]] = [[] for _ in runners]
    gc.disable()
    for turn in range(rounds):
        order = range(len(runners)) if turn % 2 else range(len(runners) - 1, -1, -1)
        for place in order:
            start = time.process_time_ns()
            runners[place]()
            times[place].append((time.process_time_ns() - start) / 1000)
    gc.enable()
    by_hand = times[0]
    ratios = [
        statistics.median(mine / limit for mine, limit in zip(own, by_hand, strict=True))
        for own in times[1:]
    ]
    print(
        f"{case.name:38} {statistics.median(by_hand):10,.0f} {statistics.median(times[1]):10,.0f}"
        + "".join(f"{ratio:12.2f}" for ratio in ratios)
    )


# two processes


def bring_together(rounds: int, num_classes: int) -> tuple[float, float]:
    """Give the median wall time, in us, by hand and of ours, from the last update to results."""
    scores, target = torch.randn(NUM_ROWS, num_classes), torch.randint(num_classes, (NUM_ROWS,))
    engine: Engine[Pair, Pair] = Engine(give)
    moments: list[float] = []

    def note() -> None:
        moments.append(time.perf_counter())

    def meet() -> None:
        distributed.barrier()
        note()

    engine.add_event_handler(Events.EPOCH_COMPLETED, meet)
    for number, metric in enumerate(ten_of_ours()):
        metric.attach(engine, str(number))
    engine.add_event_handler(Events.EPOCH_COMPLETED, note)
    table = torch.ones(num_classes * num_classes, dtype=torch.int64)
    times: list[list[float]] = [[], []]
    for _ in range(rounds):
        distributed.barrier()
        start = time.perf_counter()
        in_double = table.double()
        distributed.all_reduce(in_double)
        ten_results(in_double.view(num_classes, num_classes))
        times[0].append(time.perf_counter() - start)
        moments.clear()
        engine.run([(scores, target)])
        start, end = moments
        times[1].append(end - start)
    by_hand, ours = (1e6 * statistics.median(one) for one in times)
    return by_hand, ours


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=41)
    rounds: int = parser.parse_args().rounds
    torch.set_num_threads(1)
    print(f"{'CPU us, 8 updates and a result':38} {'by hand':>10} {'firesteel':>10}", end="")
    print(f"{'ours/hand':>12}{'ignite/hand':>12}{'tm/hand':>12}")
    with torch.no_grad():
        for num_classes in (10, 1000):
            for case in cases(num_classes):
                measure(case, rounds=rounds if num_classes == 10 else max(5, rounds // 4))
    with RankPool(2) as pool:
        for num_classes in (10, 100):
            by_hand, ours = pool.run(bring_together, 200, num_classes)[0]
            name = f"2 processes, ten metrics, {num_classes} classes"
            print(f"{name:38} {by_hand:10,.0f} {ours:10,.0f}{ours / by_hand:12.2f}   (wall)")


if __name__ == "__main__":
    main()
