"""Moments of many batches: few merges, no loss of digits, nothing of unbounded size."""

from collections.abc import Callable
from typing import Any, Final

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from firesteel import Engine
from firesteel.metrics import Metric, PredTarget
from firesteel.metrics._functional._moments import merge_moments
from firesteel.metrics.regression import (
    ConcordanceCorrelation,
    ExplainedVariance,
    PearsonCorrelation,
    R2Score,
    RelativeSquaredError,
)
from firesteel.metrics.regression._moment_statistic import MomentStatistic

KINDS: Final[list[Any]] = [
    ConcordanceCorrelation,
    ExplainedVariance,
    PearsonCorrelation,
    R2Score,
    RelativeSquaredError,
]


def give(engine: Engine[PredTarget, PredTarget], batch: PredTarget) -> PredTarget:
    return batch


def random_pair(num_rows: int, *, seed: int = 0, offset: float = 0.0) -> PredTarget:
    generator = torch.Generator().manual_seed(seed)
    pair = torch.randn(2, num_rows, generator=generator, dtype=torch.float64) + offset
    return pair[0] + pair[1], pair[1]


@pytest.fixture
def merges(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Give how many parts were merged, each time."""
    found: list[int] = []

    def counted(stacked: Tensor) -> Tensor:
        found.append(len(stacked))
        return merge_moments(stacked)

    monkeypatch.setattr("firesteel.metrics.regression._moment_statistic.merge_moments", counted)
    return found


def test_batches_wait_until_several_are_merged_at_once(merges: list[int]) -> None:
    score = R2Score()
    for _ in range(70):
        score.update(random_pair(3))
    assert merges == [32, 33]
    score.compute()
    score.compute()
    assert merges == [32, 33, 7]


def test_wide_batches_do_not_wait_for_long(merges: list[int]) -> None:
    score = R2Score()
    wide = torch.rand(2, 4, 5000)
    for _ in range(6):
        score.update((wide[0], wide[1]))
    assert merges == [3, 4]


@given(
    sizes=st.lists(st.integers(1, 4), min_size=1, max_size=80),
    kind=st.sampled_from(KINDS),
    seed=st.integers(0, 99),
)
def test_many_batches_are_as_good_as_one(
    sizes: list[int], kind: Callable[[], Metric[PredTarget, float, PredTarget]], seed: int
) -> None:
    prediction, target = random_pair(sum(sizes) + 1, seed=seed)
    split, whole = kind(), kind()
    start = 0
    for size in [*sizes, 1]:
        split.update((prediction[start : start + size], target[start : start + size]))
        start += size
        if size == 4:
            split.compute()
    whole.update((prediction, target))
    assert split.compute() == pytest.approx(whole.compute(), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_a_large_mean_costs_no_digits(kind: Any) -> None:
    near, far = kind(), kind()
    for seed in range(40):
        prediction, target = random_pair(16, seed=seed)
        prediction, target = (prediction * 2**20).round(), (target * 2**20).round()
        near.update((prediction, target))
        far.update((prediction + 2.0**44, target + 2.0**44))
    assert far.compute() == pytest.approx(near.compute(), rel=1e-6)


@pytest.mark.parametrize("num_batches", [1, 5, 40])
def test_a_constant_stays_a_constant(num_batches: int) -> None:
    correlation, score, variance = PearsonCorrelation(), R2Score(), ExplainedVariance()
    for seed in range(num_batches):
        prediction = random_pair(7, seed=seed)[0]
        pair = prediction, torch.full_like(prediction, 0.1)
        for metric in (correlation, score, variance):
            metric.update(pair)
    assert str(correlation.compute()) == "nan"
    assert score.compute() == variance.compute() == 0.0


@pytest.mark.parametrize(
    ("kinds", "num_statistics"),
    [
        ([R2Score, ExplainedVariance, RelativeSquaredError], 1),
        ([PearsonCorrelation, ConcordanceCorrelation], 1),
        (KINDS, 2),
    ],
)
def test_what_needs_the_same_moments_shares_them(kinds: list[Any], num_statistics: int) -> None:
    evaluator = Engine(give)
    metrics = [kind() for kind in kinds] + [kind(multioutput="raw_values") for kind in kinds]
    keys = [metric.attach(evaluator, str(number)) for number, metric in enumerate(metrics)]
    batches = [random_pair(5, seed=seed) for seed in range(3)]
    results = evaluator.run(batches).metrics
    assert len({id(metric.statistic) for metric in metrics}) == num_statistics
    for kind, key, raw_key in zip(kinds, keys, keys[len(kinds) :], strict=False):
        alone = kind()
        for batch in batches:
            alone.update(batch)
        assert results[key] == alone.compute()
        assert results[raw_key].tolist() == [alone.compute()]


def test_a_copy_goes_its_own_way() -> None:
    statistic = MomentStatistic("moments", is_crossed=True)
    statistic.update(random_pair(3))
    statistic.update(random_pair(3))
    other = statistic.copied()
    other.update(random_pair(5))
    assert statistic.merged()[0].item() == 6
    assert other.merged()[0].item() == 11
    statistic.update(random_pair(2))
    assert other.merged()[0].item() == 11


def test_a_loaded_state_replaces_what_was_waiting() -> None:
    saved, loaded = R2Score(), R2Score()
    saved.update(random_pair(4, seed=1))
    loaded.update(random_pair(4, seed=2))
    loaded.load_state_dict(saved.state_dict())
    assert loaded.compute() == saved.compute()


def test_loaded_moments_follow_new_ones_to_their_device() -> None:
    statistic = MomentStatistic("moments", is_crossed=False)
    statistic.update(random_pair(3))
    statistic.merged()
    statistic.update((torch.ones(2, device="meta"), torch.ones(2, device="meta")))
    assert statistic.merged().device.type == "meta"
