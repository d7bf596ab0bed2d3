"""What metrics of ranking cost, beside code written by hand, ignite and torchmetrics, in one run.

``python tests/benchmarks/bench_ranking.py`` prints, for each case, the processor time of eight
updates and one result, in an engine for firesteel and ignite, and the ratios to the fastest form by
hand: medians over rounds in which the contenders take turns. Lower is better; 1.00 is by hand.
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
    NDCG,
    F1AtK,
    HitRate,
    HitRateAtK,
    LabelRankingAveragePrecision,
    LabelRankingLoss,
    MAPAtK,
    Metric,
    MRRAtK,
    NDCGAtK,
    PrecisionAtK,
    PredTarget,
    RecallAtK,
    RetrievalAveragePrecision,
    RetrievalNormalizedDCG,
    RetrievalPrecision,
    RetrievalRecall,
    RetrievalReciprocalRank,
    TopKCategoricalAccuracy,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # ignite's imports warn of torch.jit
    import ignite.engine
    import ignite.metrics
    import torchmetrics
    import torchmetrics.classification
    import torchmetrics.retrieval

logging.disable(logging.INFO)

Triple = tuple[Tensor, Tensor, Tensor]
Runner = Callable[[], object]

NUM_BATCHES: Final = 8
NUM_ROWS: Final = 256
K: Final = 10


class Case(NamedTuple):
    """One row."""

    name: str
    by_hand: Runner
    ours: Runner
    ignites: Runner | None
    torchmetrics_: Runner | None


def give(_engine: object, batch: PredTarget) -> PredTarget:
    return batch


def give_items(_engine: object, batch: Triple) -> Triple:
    return batch


def in_engine(
    metrics: Sequence[Metric[PredTarget, object, PredTarget]], data: Sequence[PredTarget]
) -> Runner:
    engine: Engine[PredTarget, PredTarget] = Engine(give)
    for number, metric in enumerate(metrics):
        metric.attach(engine, str(number))
    return lambda: engine.run(data)


def over_items(metrics: Sequence[Metric[Triple, float, Triple]], data: Sequence[Triple]) -> Runner:
    engine: Engine[Triple, Triple] = Engine(give_items)
    for number, metric in enumerate(metrics):
        metric.attach(engine, str(number))
    return lambda: engine.run(data)


def in_ignite(
    metrics: Sequence[ignite.metrics.Metric], data: Sequence[tuple[Tensor, ...]]
) -> Runner:
    engine = ignite.engine.Engine(lambda _engine, batch: batch)
    for number, metric in enumerate(metrics):
        metric.attach(engine, str(number))
    return lambda: engine.run(data)


def on_torchmetrics(metric: object, data: Sequence[tuple[Tensor, ...]]) -> Runner:
    assert isinstance(metric, torchmetrics.Metric | torchmetrics.MetricCollection)

    def loop() -> None:
        metric.reset()
        for batch in data:
            if len(batch) > 2:
                metric.update(batch[0], batch[1], indexes=batch[2])
            else:
                metric.update(*batch)
        metric.compute()

    return loop


# by hand: the fastest form that was found


def top_k_by_hand(data: Sequence[PredTarget]) -> Runner:
    def loop() -> float:
        right, num = torch.zeros((), dtype=torch.int64), 0
        for scores, target in data:
            best = scores.topk(K, dim=1, sorted=False).indices
            right += (best == target[:, None]).sum()
            num += len(target)
        return float(right) / num

    return loop


def hits_by_hand(data: Sequence[PredTarget]) -> Runner:
    def loop() -> float:
        hits, num = torch.zeros((), dtype=torch.int64), torch.zeros((), dtype=torch.int64)
        for scores, relevance in data:
            best = scores.topk(K, dim=1, sorted=False).indices
            hits += relevance.gather(1, best).any(dim=1).sum()
            num += relevance.any(dim=1).sum()
        return float(hits) / float(num)

    return loop


def gain_by_hand(data: Sequence[PredTarget]) -> Runner:
    discount = 1 / torch.log2(torch.arange(2.0, K + 2, dtype=torch.float64))

    def loop() -> float:
        total, num = torch.zeros((), dtype=torch.float64), torch.zeros((), dtype=torch.int64)
        for scores, relevance in data:
            found = relevance.gather(1, scores.topk(K, dim=1).indices)
            best = relevance.topk(K, dim=1).values
            got = (found.double().exp2() - 1) @ discount
            possible = (best.double().exp2() - 1) @ discount
            is_counted = possible > 0
            total += torch.where(is_counted, got / possible, 0).sum()
            num += is_counted.sum()
        return float(total) / float(num)

    return loop


def seven_by_hand(data: Sequence[PredTarget]) -> Runner:
    rank = torch.arange(1.0, K + 1, dtype=torch.float64)
    discount = 1 / torch.log2(rank + 1)
    best = torch.cat([torch.zeros(1, dtype=torch.float64), discount.cumsum(0)])

    def loop() -> list[float]:
        total, num = torch.zeros(7, dtype=torch.float64), torch.zeros((), dtype=torch.int64)
        for scores, relevance in data:
            found = relevance.gather(1, scores.topk(K, dim=1).indices).double()
            num_relevant = relevance.sum(dim=1, dtype=torch.int32).double()
            is_counted = num_relevant > 0
            relevant, so_far = num_relevant.clamp(min=1), found.cumsum(1)
            num_hits, most = so_far[:, -1], relevant.clamp(max=K)
            total += torch.stack(
                [
                    (num_hits / K).sum(),
                    (num_hits / relevant).sum(),
                    (2 * num_hits / (K + relevant)).sum(),
                    (num_hits > 0).sum(),
                    ((found * (so_far == 1)) / rank).sum(),
                    ((found * so_far / rank).sum(dim=1) / most).sum(),
                    ((found @ discount) / best[most.long()]).sum(),
                ]
            )
            num += is_counted.sum()
        return [float(value) for value in total / num]

    return loop


def label_ranking_by_hand(data: Sequence[PredTarget]) -> Runner:
    def loop() -> float:
        total, num = torch.zeros((), dtype=torch.float64), 0
        for scores, relevance in data:
            order = scores.argsort(dim=1, descending=True)
            found = relevance.gather(1, order)
            place = torch.arange(1.0, scores.shape[1] + 1, dtype=torch.float64)
            precision = found.cumsum(1) / place * found
            num_relevant = found.sum(dim=1)
            total += torch.where(num_relevant > 0, precision.sum(dim=1) / num_relevant, 1).sum()
            num += len(scores)
        return float(total) / num

    return loop


def average_precision_by_hand(data: Sequence[Triple]) -> Runner:
    def loop() -> float:
        scores, relevance, query = (torch.cat(parts) for parts in zip(*data, strict=True))
        order = scores.argsort(descending=True)
        order = order[query[order].argsort(stable=True)]
        found, query = relevance[order].double(), query[order]
        num_items = torch.bincount(query)
        start = num_items.cumsum(0) - num_items
        rank = torch.arange(1, len(query) + 1) - start[query]
        so_far = found.cumsum(0)
        before = torch.cat([torch.zeros(1, dtype=torch.float64), so_far])[start]
        precision = (so_far - before[query]) / rank * found
        total = torch.zeros(len(start), dtype=torch.float64).index_add_(0, query, precision)
        num_relevant = torch.bincount(query, found)
        return float((total / num_relevant.clamp(min=1)).sum() / (num_relevant > 0).sum())

    return loop


# the cases


def seven_of_ours() -> list[Metric[PredTarget, float, PredTarget]]:
    return [
        PrecisionAtK(k=K),
        RecallAtK(k=K),
        F1AtK(k=K),
        HitRateAtK(k=K),
        MRRAtK(k=K),
        MAPAtK(k=K),
        NDCGAtK(k=K),
    ]


def five_of_ours() -> list[Metric[Triple, float, Triple]]:
    return [
        RetrievalAveragePrecision(),
        RetrievalReciprocalRank(),
        RetrievalNormalizedDCG(),
        RetrievalPrecision(top_k=K),
        RetrievalRecall(top_k=K),
    ]


def five_of_torchmetrics() -> object:
    kinds = torchmetrics.retrieval
    return torchmetrics.MetricCollection(
        [
            kinds.RetrievalMAP(),
            kinds.RetrievalMRR(),
            kinds.RetrievalNormalizedDCG(),
            kinds.RetrievalPrecision(top_k=K),
            kinds.RetrievalRecall(top_k=K),
        ]
    )


def cases(num_items: int) -> list[Case]:
    torch.manual_seed(0)
    scores = [torch.rand(NUM_ROWS, num_items) for _ in range(NUM_BATCHES)]
    classes = [(one, torch.randint(num_items, (NUM_ROWS,))) for one in scores]
    binary = [(one, (torch.rand_like(one) < 0.05).long()) for one in scores]
    graded = [(one, torch.randint(4, one.shape)) for one in scores]
    rows = torch.arange(NUM_ROWS).repeat_interleave(num_items)
    items = [(one[:16].reshape(-1), other[:16].reshape(-1)) for one, other in binary]
    queries = [
        (one, other, rows[: len(one)] + 16 * number) for number, (one, other) in enumerate(items)
    ]
    return [
        Case(
            f"top-{K} accuracy, {num_items} classes",
            top_k_by_hand(classes),
            in_engine([TopKCategoricalAccuracy(k=K)], classes),
            in_ignite([ignite.metrics.TopKCategoricalAccuracy(K)], classes),
            on_torchmetrics(
                torchmetrics.classification.MulticlassAccuracy(num_items, top_k=K, average="micro"),
                classes,
            ),
        ),
        Case(
            f"hit rate at {K}, {num_items} items",
            hits_by_hand(binary),
            in_engine([HitRate(top_k=[K])], binary),
            in_ignite([ignite.metrics.HitRate([K])], binary),
            None,
        ),
        Case(
            f"NDCG at {K}, {num_items} items",
            gain_by_hand(graded),
            in_engine([NDCG(top_k=[K])], graded),
            in_ignite([ignite.metrics.NDCG([K])], graded),
            None,
        ),
        Case(
            f"seven at {K}, {num_items} items",
            seven_by_hand(binary),
            in_engine(seven_of_ours(), binary),
            None,
            None,
        ),
        Case(
            f"label ranking precision, {num_items} labels",
            label_ranking_by_hand(binary),
            in_engine([LabelRankingAveragePrecision()], binary),
            None,
            on_torchmetrics(
                torchmetrics.classification.MultilabelRankingAveragePrecision(num_items), binary
            )
            if num_items <= 100
            else None,
        ),
        Case(
            f"label ranking, two of it, {num_items} labels",
            label_ranking_by_hand(binary),
            in_engine([LabelRankingAveragePrecision(), LabelRankingLoss()], binary),
            None,
            None,
        ),
        Case(
            f"retrieval, 128 queries of {num_items} items",
            average_precision_by_hand(queries),
            over_items([RetrievalAveragePrecision()], queries),
            None,
            on_torchmetrics(torchmetrics.retrieval.RetrievalMAP(), queries),
        ),
        Case(
            f"retrieval, five of it, {num_items} items",
            average_precision_by_hand(queries),
            over_items(five_of_ours(), queries),
            None,
            on_torchmetrics(five_of_torchmetrics(), queries),
        ),
    ]


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
    parser.add_argument("--rounds", type=int, default=21)
    rounds: int = parser.parse_args().rounds
    torch.set_num_threads(1)
    print(f"{'CPU us, 8 updates and a result':38} {'by hand':>10} {'firesteel':>10}", end="")
    print(f"{'ours/hand':>12}{'ignite/hand':>12}{'tm/hand':>12}")
    with torch.no_grad():
        for num_items in (20, 1000):
            for case in cases(num_items):
                measure(case, rounds=rounds)


if __name__ == "__main__":
    main()
