"""Metrics of regression give the numbers of ignite, scikit-learn, scipy and torchmetrics."""

import inspect
from collections.abc import Callable
from importlib import import_module
from itertools import accumulate, pairwise
from types import ModuleType
from typing import Any, Final, Literal

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from firesteel.metrics import Metric, PredTarget, regression

# ignite uses torch.jit while it is being imported, which torch has deprecated since
pytestmark = [
    pytest.mark.parity,
    pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning"),
]

SEEDS: Final = st.integers(0, 2**16)
SIZES: Final = st.lists(st.integers(1, 6), min_size=2, max_size=5)
by_hypothesis = settings(deadline=None, max_examples=15)

Make = Callable[..., Metric[PredTarget, Any, Any]]


@pytest.fixture(scope="module", name="ignite")
def import_ignite() -> ModuleType:
    """Import ignite's metrics, under the filter that is set above."""
    import_module("ignite.metrics.regression")
    return import_module("ignite.metrics")


@pytest.fixture(scope="module", name="sklearn")
def import_sklearn() -> ModuleType:
    """Import scikit-learn's metrics."""
    return import_module("sklearn.metrics")


@pytest.fixture(scope="module", name="scipy")
def import_scipy() -> ModuleType:
    """Import scipy's statistics."""
    return import_module("scipy.stats")


@pytest.fixture(scope="module", name="torchmetrics")
def import_torchmetrics() -> ModuleType:
    """Import torchmetrics' metrics of regression."""
    return import_module("torchmetrics.regression")


def pair_of(*shape: int, seed: int) -> PredTarget:
    """Give positive numbers, all of them different."""
    generator = torch.Generator().manual_seed(seed)
    pair = torch.rand(2, *shape, generator=generator, dtype=torch.float64) + 0.1
    return pair[0], pair[1]


def updated(metric: Any, pair: PredTarget, sizes: list[int]) -> Any:
    """Update a metric of ours or of ignite's with a pair, batch by batch."""
    for start, end in pairwise([0, *accumulate(sizes)]):
        metric.update((pair[0][start:end], pair[1][start:end]))
    return metric


OF_IGNITE: Final = [
    "MeanAbsoluteError",
    "MeanSquaredError",
    "RootMeanSquaredError",
    "regression.CanberraMetric",
    "regression.FractionalAbsoluteError",
    "regression.FractionalBias",
    "regression.GeometricMeanAbsoluteError",
    "regression.GeometricMeanRelativeAbsoluteError",
    "regression.KendallRankCorrelation",
    "regression.ManhattanDistance",
    "regression.MaximumAbsoluteError",
    "regression.MeanAbsoluteRelativeError",
    "regression.MeanError",
    "regression.MeanNormalizedBias",
    "regression.MedianAbsoluteError",
    "regression.MedianAbsolutePercentageError",
    "regression.MedianRelativeAbsoluteError",
    "regression.PearsonCorrelation",
    "regression.R2Score",
    "regression.SpearmanRankCorrelation",
    "regression.WaveHedgesDistance",
]
OF_ROWS: Final = ["MeanPairwiseDistance", "CosineSimilarity"]


@pytest.mark.parametrize("name", OF_IGNITE)
@by_hypothesis
@given(sizes=SIZES, seed=SEEDS)
def test_vectors_give_ignites_number(
    ignite: ModuleType, name: str, sizes: list[int], seed: int
) -> None:
    sizes = [2, *sizes]  # of one sample ignite warns
    if not sum(sizes) % 2:
        sizes = [*sizes, 1]  # of an even number ignite's median is the lower of two
    pair = pair_of(sum(sizes), seed=seed)
    package, _, last = name.rpartition(".")
    theirs = getattr(getattr(ignite, package) if package else ignite, last)
    ours: Make = getattr(regression, last)
    expected = float(updated(theirs(), pair, sizes).compute())
    assert updated(ours(), pair, sizes).compute() == pytest.approx(expected, rel=2e-5, abs=2e-6)


@pytest.mark.parametrize("name", OF_ROWS)
@by_hypothesis
@given(sizes=SIZES, seed=SEEDS)
def test_rows_give_ignites_number(
    ignite: ModuleType, name: str, sizes: list[int], seed: int
) -> None:
    pair = pair_of(sum(sizes), 3, seed=seed)
    ours: Make = getattr(regression, name)
    expected = float(updated(getattr(ignite, name)(), pair, sizes).compute())
    assert updated(ours(), pair, sizes).compute() == pytest.approx(expected, rel=2e-5)


def test_every_name_of_ignites_is_ours(ignite: ModuleType) -> None:
    theirs = {name for name, _ in inspect.getmembers(ignite.regression, inspect.isclass)}
    assert len(theirs) > 15
    assert theirs <= set(regression.__all__)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (regression.ExplainedVariance, "explained_variance_score"),
        (regression.MeanAbsoluteError, "mean_absolute_error"),
        (regression.MeanSquaredError, "mean_squared_error"),
        (regression.MeanSquaredLogError, "mean_squared_log_error"),
        (regression.R2Score, "r2_score"),
        (regression.RootMeanSquaredError, "root_mean_squared_error"),
    ],
)
@by_hypothesis
@given(sizes=SIZES, seed=SEEDS)
def test_columns_give_the_numbers_of_sklearn(
    sklearn: ModuleType, ours: Make, theirs: str, sizes: list[int], seed: int
) -> None:
    prediction, target = pair = pair_of(sum(sizes), 3, seed=seed)
    function = getattr(sklearn, theirs)
    for multioutput in ("uniform_average", "raw_values"):
        result = updated(ours(multioutput=multioutput), pair, sizes).compute()
        expected = function(target.numpy(), prediction.numpy(), multioutput=multioutput)
        found, expected = torch.as_tensor(result).double(), torch.as_tensor(expected).double()
        torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("variant", ["b", "c"])
@by_hypothesis
@given(sizes=SIZES, seed=SEEDS)
def test_ties_of_ranks_are_those_of_scipy(
    scipy: ModuleType, variant: Literal["b", "c"], sizes: list[int], seed: int
) -> None:
    numbers = (torch.stack(pair_of(sum(sizes) + 2, seed=seed)) * 4).round()
    numbers[:, -2:] = torch.tensor([0.0, 9.0])  # so that neither is constant
    pair = numbers[0], numbers[1]
    tau = regression.KendallRankCorrelation(variant=variant)
    rho = regression.SpearmanRankCorrelation()
    of_tau = scipy.kendalltau(pair[0].numpy(), pair[1].numpy(), variant=variant)
    of_rho = scipy.spearmanr(pair[0].numpy(), pair[1].numpy())
    found = updated(tau, pair, [*sizes, 2]).compute()
    assert found == pytest.approx(of_tau.statistic, abs=1e-12)
    assert updated(rho, pair, [*sizes, 2]).compute() == pytest.approx(of_rho.statistic, abs=1e-12)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (regression.LogCoshError(), "LogCoshError"),
        (regression.RelativeSquaredError(), "RelativeSquaredError"),
        (
            regression.SymmetricMeanAbsolutePercentageError(),
            "SymmetricMeanAbsolutePercentageError",
        ),
        (regression.WeightedMeanAbsolutePercentageError(), "WeightedMeanAbsolutePercentageError"),
        (regression.MeanAbsolutePercentageError(), "MeanAbsolutePercentageError"),
        (regression.PearsonCorrelation(), "PearsonCorrCoef"),
    ],
)
@by_hypothesis
@given(sizes=SIZES, seed=SEEDS)
def test_vectors_give_the_number_of_torchmetrics(
    torchmetrics: ModuleType, ours: Any, theirs: str, sizes: list[int], seed: int
) -> None:
    prediction, target = pair = pair_of(sum(sizes), seed=seed)
    reference = getattr(torchmetrics, theirs)().set_dtype(torch.float64)
    expected = reference(prediction.double(), target.double()).item()
    ours.reset()
    assert updated(ours, pair, sizes).compute() == pytest.approx(expected, rel=1e-4, abs=1e-5)
