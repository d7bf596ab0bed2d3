"""Sums that several metrics share, and the state that each of them has nonetheless."""

from collections.abc import Callable
from typing import Any, Final

import pytest
import torch

from firesteel import Engine
from firesteel.metrics import Metric, PredTarget
from firesteel.metrics.regression import (
    ExplainedVariance,
    FractionalAbsoluteError,
    ManhattanDistance,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanAbsoluteRelativeError,
    MeanSquaredError,
    MinkowskiDistance,
    PearsonCorrelation,
    R2Score,
    RootMeanSquaredError,
    SymmetricMeanAbsolutePercentageError,
)
from firesteel.metrics.regression._sums import SumMetric

BATCHES: Final[list[PredTarget]] = [
    (torch.zeros(2, 2), torch.tensor([[3.0, 1.0], [3.0, 1.0]])),
    (torch.zeros(1, 2), torch.tensor([[3.0, 4.0]])),
]


def give(engine: Engine[PredTarget, PredTarget], batch: PredTarget) -> PredTarget:
    return batch


def run_with(*metrics: Metric[PredTarget, Any, PredTarget]) -> list[Any]:
    evaluator = Engine(give)
    keys = [metric.attach(evaluator, str(number)) for number, metric in enumerate(metrics)]
    results = evaluator.run(BATCHES).metrics
    return [results[key] for key in keys]


@pytest.mark.parametrize(
    "pair",
    [
        (MeanSquaredError(), RootMeanSquaredError()),
        (MeanSquaredError(multioutput="raw_values"), MeanSquaredError()),
        (MeanAbsoluteError(), ManhattanDistance()),
        (MeanAbsoluteError(multioutput="raw_values"), ManhattanDistance()),
        (MeanAbsolutePercentageError(), MeanAbsoluteRelativeError()),
        (FractionalAbsoluteError(), SymmetricMeanAbsolutePercentageError()),
        (MinkowskiDistance(p=3), MinkowskiDistance(p=3)),
    ],
)
def test_what_needs_the_same_sums_shares_them(pair: tuple[Any, Any]) -> None:
    first, second = pair
    run_with(first, second)
    assert first.statistic is second.statistic


@pytest.mark.parametrize(
    "pair",
    [
        (MeanSquaredError(), MeanAbsoluteError()),
        (MinkowskiDistance(p=3), MinkowskiDistance(p=2)),
        (MeanAbsolutePercentageError(), MeanAbsolutePercentageError(validate="always")),
        (MeanSquaredError(), MeanSquaredError(device="cpu")),
        (R2Score(), PearsonCorrelation()),
        (MeanSquaredError(), ExplainedVariance()),
    ],
)
def test_what_needs_others_does_not(pair: tuple[Any, Any]) -> None:
    first, second = pair
    run_with(first, second)
    assert first.statistic is not second.statistic


def test_shared_sums_give_each_its_result() -> None:
    metrics = [
        RootMeanSquaredError(),
        MeanSquaredError(),
        MeanSquaredError(multioutput="raw_values"),
        MeanAbsoluteError(),
        ManhattanDistance(),
        MeanAbsoluteError(multioutput="raw_values"),
    ]
    rmse, mse, raw_mse, mae, distance, raw_mae = run_with(*metrics)
    assert rmse == pytest.approx((3 + 6**0.5) / 2)
    assert mse == 7.5
    assert raw_mse.tolist() == [9, 6]
    assert (mae, distance, raw_mae.tolist()) == (2.5, 15, [3, 2])


def plain() -> list[SumMetric[float, PredTarget]]:
    return [MeanSquaredError(), ManhattanDistance()]


def with_columns() -> list[Metric[PredTarget, Any, PredTarget]]:
    return [RootMeanSquaredError(), MeanAbsoluteError(multioutput="raw_values")]


@pytest.mark.parametrize("number", range(2))
class TestStateBesideColumns:
    """A sum over all values, which is kept column by column for another metric's sake."""

    def test_it_is_that_of_a_lone_one(self, number: int) -> None:
        lone, shared = plain()[number], plain()[number]
        for batch in BATCHES:
            lone.update(batch)
        run_with(shared, with_columns()[number])
        assert shared.statistic.is_by_column
        assert shared.state_dict() == lone.state_dict()

    def test_it_is_loaded_by_a_lone_one(self, number: int) -> None:
        lone, shared = plain()[number], plain()[number]
        (expected,) = run_with(plain()[number])
        run_with(shared, with_columns()[number])
        lone.load_state_dict(shared.state_dict())
        assert lone.compute() == expected

    def test_it_is_loaded_without_harm_to_the_other(self, number: int) -> None:
        shared, other = plain()[number], with_columns()[number]
        lone = plain()[number]
        lone.update((torch.zeros(3), torch.tensor([1.0, 1.0, 2.0])))
        results = run_with(shared, other)
        shared.load_state_dict(lone.state_dict())
        assert shared.compute() == lone.compute()
        assert str(other.compute()) == str(results[1])
        for metric in (shared, lone):
            metric.update(BATCHES[0])
            metric.update((torch.zeros(1), torch.tensor([4.0])))
        assert shared.compute() == lone.compute()
        assert shared.state_dict() == lone.state_dict()

    def test_it_merges_with_that_of_a_lone_one(self, number: int) -> None:
        lone, shared, whole = plain()[number], plain()[number], plain()[number]
        lone.update((torch.zeros(3), torch.tensor([1.0, 1.0, 2.0])))
        for batch in [*BATCHES, (torch.zeros(3), torch.tensor([1.0, 1.0, 2.0]))]:
            whole.update(batch)
        run_with(shared, with_columns()[number])
        lone.merge(shared)
        assert lone.compute() == whole.compute()
        shared.reset()
        shared.merge(whole)
        assert shared.compute() == whole.compute()

    def test_the_next_run_is_shared_again(self, number: int) -> None:
        shared, other = plain()[number], with_columns()[number]
        evaluator = Engine(give)
        key = shared.attach(evaluator, "shared")
        other.attach(evaluator, "other")
        expected = evaluator.run(BATCHES).metrics[key]
        shared.load_state_dict(plain()[number].state_dict())
        assert evaluator.run(BATCHES).metrics[key] == expected


@pytest.mark.parametrize("make", [MeanSquaredError, MeanAbsoluteError, ManhattanDistance])
def test_a_sum_over_all_values_takes_batches_of_any_shape(
    make: Callable[[], Metric[PredTarget, float, PredTarget]],
) -> None:
    ragged, flat = make(), make()
    for shape in [(2, 3), (2, 5), (4,), (1, 2, 2)]:
        ragged.update((torch.zeros(shape), torch.full(shape, 3.0)))
        flat.update((torch.zeros(shape).flatten(), torch.full(shape, 3.0).flatten()))
    assert ragged.compute() == flat.compute()


def test_many_values_are_summed_in_double_precision() -> None:
    error = MeanAbsoluteError()
    pair = torch.zeros(10**6), torch.full((10**6,), 0.1)
    for _ in range(10):
        error.update(pair)
    assert error.compute() == pytest.approx(float(torch.tensor(0.1)), rel=1e-12)
