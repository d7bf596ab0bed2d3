"""What curves and areas cost, beside code written by hand, torchmetrics, scikit-learn and ignite.

``python tests/benchmarks/bench_curves.py`` prints, for each case, the processor time of all updates
and one result by hand and of firesteel, and the ratios to the form by hand: medians over rounds in
which the contenders take turns, torch on one thread. Then the same of updates alone. Lower is
better; 1.00 is by hand.

By hand is the fastest exact form that was found, for probabilities in float32: it keeps the tensors
that it is given, not copies, and looks at no value to refuse it.
"""

import argparse
import gc
import statistics
import time
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module

# Any: scikit-learn has no types
from typing import Any, Final, NamedTuple

import numpy as np
import torch
from torch import Tensor

from firesteel.metrics import (
    ROC_AUC,
    AveragePrecision,
    BinnedRocAuc,
    Metric,
    MulticlassAveragePrecision,
    MulticlassPrecisionRecallCurve,
    MulticlassRocAuc,
    PrecisionRecallCurve,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # ignite's imports warn of torch.jit
    import ignite.metrics
    import torchmetrics
    import torchmetrics.classification

SKLEARN: Final[Any] = import_module("sklearn.metrics")  # Any: see above
KINDS: Final = torchmetrics.classification

Pair = tuple[Tensor, Tensor]
Runner = Callable[[], object]
Ints = np.ndarray[tuple[int, ...], np.dtype[np.int32]]
Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

NUM_ROWS: Final = 256
NUM_UPDATES: Final = 64
NUM_CLASSES: Final = 10
NUM_THRESHOLDS: Final = 200
ONE_IN_BITS: Final = 0x3F800000


class Case(NamedTuple):
    """One row."""

    name: str
    by_hand: Runner
    ours: Runner
    torchmetrics_: Runner | None = None
    sklearn: Runner | None = None
    ignites: Runner | None = None


def samples(num_samples: int, num_classes: int) -> Pair:
    generator = torch.Generator().manual_seed(0)
    if num_classes == 1:
        target = torch.randint(2, (num_samples,), generator=generator)
        return (torch.randn(num_samples, generator=generator) + target).sigmoid(), target
    target = torch.randint(num_classes, (num_samples,), generator=generator)
    scores = torch.randn(num_samples, num_classes, generator=generator)
    scores[torch.arange(num_samples), target] += 1
    return scores.softmax(1), target


def in_batches(scores: Tensor, target: Tensor, size: int) -> list[Pair]:
    return [
        (scores[start : start + size].clone(), target[start : start + size].clone())
        for start in range(0, len(scores), size)
    ]


# by hand


def ranked(data: Sequence[Pair]) -> Ints:
    """Sort ranks and labels as one number: a row per class, the best first."""
    scores = np.concatenate([part.numpy() for part, _ in data])
    target = np.concatenate([part.numpy() for _, part in data])
    if scores.ndim == 1:
        keys = (ONE_IN_BITS - scores.view(np.int32))[None]
        keys <<= 1
        keys |= target.astype(np.int32)
    else:
        keys = ONE_IN_BITS - np.ascontiguousarray(scores.T).view(np.int32)
        keys <<= 1
        keys[target, np.arange(len(target))] |= 1
    keys.sort()
    return keys


def area_of(row: Ints) -> float:
    so_far = row & 1
    np.cumsum(so_far, out=so_far)
    positives = int(so_far[-1])
    meeting = np.flatnonzero((row[1:] ^ row[:-1]) == 1)
    before = meeting + 1 - row.searchsorted(row[meeting])
    after = row.searchsorted(row[meeting] + 1, side="right") - meeting - 1
    twice = 2 * int(so_far.sum()) - positives * (positives + 1) + int(before @ after)
    return twice / (2 * positives * (len(row) - positives))


def last_of_ties(row: Ints) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    is_last = np.empty(len(row), dtype=np.bool_)
    is_last[-1] = True
    np.greater(row[1:] ^ row[:-1], 1, out=is_last[:-1])
    return is_last


def precision_of(row: Ints) -> float:
    labels = row & 1
    is_rise = last_of_ties(row)
    is_rise &= labels.astype(np.bool_)
    ends = np.flatnonzero(is_rise)
    so_far = np.cumsum(labels, out=labels)[ends]
    shares = so_far / (ends + 1)
    return float((shares * np.diff(so_far, prepend=0)).sum()) / int(so_far[-1])


def curve_of(row: Ints) -> tuple[Floats, Floats, Floats]:
    ends = np.flatnonzero(last_of_ties(row))
    labels = row & 1
    so_far = np.cumsum(labels, out=labels)[ends]
    precision, recall = np.ones(len(ends) + 1), np.zeros(len(ends) + 1)
    np.divide(so_far, ends + 1, out=precision[1:])
    np.divide(so_far, so_far[-1], out=recall[1:])
    thresholds = (ONE_IN_BITS - (row[ends] >> 1)).view(np.float32).astype(np.float64)
    return precision[::-1], recall[::-1], thresholds[::-1]


def of_rows(read: Callable[[Ints], object], data: Sequence[Pair]) -> Runner:
    def loop() -> list[object]:
        return [read(row) for row in ranked(data)]

    return loop


def binned_by_hand(data: Sequence[Pair]) -> Runner:
    num_columns = data[0][0][0].numel()

    def loop() -> Floats:
        counts = np.zeros(2 * num_columns * NUM_THRESHOLDS, dtype=np.int64)
        count_by_hand(counts, data)
        negatives, positives = counts.reshape(2, num_columns, NUM_THRESHOLDS)
        below = negatives.cumsum(1) - negatives
        twice = (positives * (2 * below + negatives)).sum(1)
        area: Floats = twice / (2 * positives.sum(1) * negatives.sum(1))
        return area

    return loop


def count_by_hand(
    counts: np.ndarray[tuple[int, ...], np.dtype[np.int64]], data: Sequence[Pair]
) -> None:
    for scores, target in data:
        bins = (scores.numpy() * np.float32(NUM_THRESHOLDS - 1)).astype(np.int64)
        if scores.ndim == 1:
            bins += target.numpy() * NUM_THRESHOLDS
        else:
            bins += np.arange(0, scores.shape[1] * NUM_THRESHOLDS, NUM_THRESHOLDS)
            bins[np.arange(len(target)), target.numpy()] += len(counts) // 2
        counts += np.bincount(bins.reshape(-1), minlength=len(counts))


def copies(data: Sequence[Pair]) -> Runner:
    return lambda: [(scores.clone(), target.clone()) for scores, target in data]


def counts_only(data: Sequence[Pair]) -> Runner:
    num_columns = data[0][0][0].numel()
    counts = np.zeros(2 * num_columns * NUM_THRESHOLDS, dtype=np.int64)
    return lambda: count_by_hand(counts, data)


# the libraries


def of_ours(
    metric: Metric[Pair, object, Pair], data: Sequence[Pair], *, has_result: bool
) -> Runner:
    def loop() -> None:
        metric.reset()
        for pair in data:
            metric.update(pair)
        if has_result:
            metric.compute()

    return loop


def of_torchmetrics(metric: object, data: Sequence[Pair], *, has_result: bool) -> Runner:
    assert isinstance(metric, torchmetrics.Metric)

    def loop() -> None:
        metric.reset()
        for scores, target in data:
            metric.update(scores, target)
        if has_result:
            metric.compute()

    return loop


def of_ignite(metric: ignite.metrics.Metric, data: Sequence[Pair]) -> Runner:
    def loop() -> None:
        metric.reset()
        for pair in data:
            metric.update(pair)
        metric.compute()

    return loop


def of_sklearn(read: Callable[[object, object], object], data: Sequence[Pair]) -> Runner:
    def loop() -> object:
        scores = np.concatenate([part.numpy() for part, _ in data])
        target = np.concatenate([part.numpy() for _, part in data])
        return read(target, scores)

    return loop


def each_curve(target: Any, scores: Any) -> object:  # Any: arrays of two kinds
    return [
        SKLEARN.precision_recall_curve(target == place, scores[:, place])
        for place in range(NUM_CLASSES)
    ]


# the cases


def binary_cases(num_samples: int, size: int, name: str) -> list[Case]:
    data = in_batches(*samples(num_samples, 1), size)
    tm = partial(of_torchmetrics, data=data, has_result=True)
    ours = partial(of_ours, data=data, has_result=True)
    return [
        Case(
            f"ROC AUC, {name}",
            of_rows(area_of, data),
            ours(ROC_AUC()),
            tm(KINDS.BinaryAUROC()),
            of_sklearn(SKLEARN.roc_auc_score, data),
            of_ignite(ignite.metrics.ROC_AUC(), data),
        ),
        Case(
            f"average precision, {name}",
            of_rows(precision_of, data),
            ours(AveragePrecision()),
            tm(KINDS.BinaryAveragePrecision()),
            of_sklearn(SKLEARN.average_precision_score, data),
            of_ignite(ignite.metrics.AveragePrecision(), data),
        ),
        Case(
            f"PR curve, {name}",
            of_rows(curve_of, data),
            ours(PrecisionRecallCurve()),
            tm(KINDS.BinaryPrecisionRecallCurve()),
            of_sklearn(SKLEARN.precision_recall_curve, data),
            of_ignite(ignite.metrics.PrecisionRecallCurve(), data),
        ),
        Case(
            f"binned ROC AUC, {name}",
            binned_by_hand(data),
            ours(BinnedRocAuc(num_thresholds=NUM_THRESHOLDS)),
            tm(KINDS.BinaryAUROC(thresholds=NUM_THRESHOLDS)),
        ),
    ]


def multiclass_cases(num_samples: int, size: int, name: str) -> list[Case]:
    data = in_batches(*samples(num_samples, NUM_CLASSES), size)
    tm = partial(of_torchmetrics, data=data, has_result=True)
    ours = partial(of_ours, data=data, has_result=True)
    return [
        Case(
            f"ROC AUC, {name}",
            of_rows(area_of, data),
            ours(MulticlassRocAuc()),
            tm(KINDS.MulticlassAUROC(NUM_CLASSES)),
            of_sklearn(partial(SKLEARN.roc_auc_score, multi_class="ovr"), data),
        ),
        Case(
            f"average precision, {name}",
            of_rows(precision_of, data),
            ours(MulticlassAveragePrecision()),
            tm(KINDS.MulticlassAveragePrecision(NUM_CLASSES)),
            of_sklearn(SKLEARN.average_precision_score, data),
        ),
        Case(
            f"PR curve, {name}",
            of_rows(curve_of, data),
            ours(MulticlassPrecisionRecallCurve()),
            tm(KINDS.MulticlassPrecisionRecallCurve(NUM_CLASSES)),
            of_sklearn(each_curve, data),
        ),
        Case(
            f"binned ROC AUC, {name}",
            binned_by_hand(data),
            ours(BinnedRocAuc(kind="multiclass", num_thresholds=NUM_THRESHOLDS)),
            tm(KINDS.MulticlassAUROC(NUM_CLASSES, thresholds=NUM_THRESHOLDS)),
        ),
    ]


def update_cases() -> list[Case]:
    """Give many updates; by hand is a copy of both tensors, or what counting takes."""
    binary = in_batches(*samples(NUM_UPDATES * NUM_ROWS, 1), NUM_ROWS)
    classes = in_batches(*samples(NUM_UPDATES * NUM_ROWS, NUM_CLASSES), NUM_ROWS)
    number = NUM_THRESHOLDS
    made: list[
        tuple[str, Sequence[Pair], Metric[Pair, object, Pair], object, Callable[..., Runner]]
    ] = [
        ("ROC AUC, binary", binary, ROC_AUC(), KINDS.BinaryAUROC(), copies),
        (
            "ROC AUC, 10 classes",
            classes,
            MulticlassRocAuc(),
            KINDS.MulticlassAUROC(NUM_CLASSES),
            copies,
        ),
        (
            "binned ROC AUC, binary",
            binary,
            BinnedRocAuc(num_thresholds=number),
            KINDS.BinaryAUROC(thresholds=number),
            counts_only,
        ),
        (
            "binned ROC AUC, 10 classes",
            classes,
            BinnedRocAuc(kind="multiclass", num_thresholds=number),
            KINDS.MulticlassAUROC(NUM_CLASSES, thresholds=number),
            counts_only,
        ),
    ]
    return [
        Case(
            name,
            by_hand(data),
            of_ours(metric, data, has_result=False),
            of_torchmetrics(other, data, has_result=False),
        )
        for name, data, metric, other, by_hand in made
    ]


def measure(case: Case, *, rounds: int) -> None:
    """Let the contenders take turns, and print one row."""
    runners = {place: runner for place, runner in enumerate(case[1:]) if callable(runner)}
    times: dict[int, list[float]] = {place: [] for place in runners}
    for runner in runners.values():
        runner()
    gc.disable()
    for turn in range(rounds):
        for place in runners if turn % 2 else reversed(runners):
            start = time.process_time_ns()
            runners[place]()
            times[place].append((time.process_time_ns() - start) / 1000)
    gc.enable()
    print(
        f"{case.name:40}{statistics.median(times[0]):11,.0f}{statistics.median(times[1]):11,.0f}",
        end="",
    )
    for place in range(1, len(case) - 1):
        ratio = "-"
        if place in times:
            pairs = zip(times[place], times[0], strict=True)
            ratio = f"{statistics.median(mine / limit for mine, limit in pairs):.2f}"
        print(f"{ratio:>13}", end="")
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=21)
    rounds: int = parser.parse_args().rounds
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # torchmetrics, of the memory that exact curves take
    print(f"{'CPU us, updates and a result':40}{'by hand':>11}{'firesteel':>11}", end="")
    for name in ("ours", "torchmetrics", "sklearn", "ignite"):
        print(f"{name:>13}", end="")
    print()
    with torch.no_grad():
        for num_samples in (1_000, 100_000):
            for size in (NUM_ROWS, num_samples):
                how = f"{num_samples:,} in {-(-num_samples // size)}"
                for case in binary_cases(num_samples, size, f"binary, {how}"):
                    measure(case, rounds=rounds)
                for case in multiclass_cases(num_samples, size, f"10 classes, {how}"):
                    measure(case, rounds=rounds if num_samples == 1_000 else max(5, rounds // 4))
        print(f"\n{NUM_UPDATES} updates of {NUM_ROWS} samples")
        for case in update_cases():
            measure(case, rounds=4 * rounds)


if __name__ == "__main__":
    main()
