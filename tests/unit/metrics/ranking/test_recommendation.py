"""ignite's HitRate and NDCG: the numbers that it gives, as a list."""

from types import ModuleType
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from firesteel import Engine
from firesteel.errors import ArgumentError, NotComputableError
from firesteel.metrics import NDCG, HitRate, PredTarget
from firesteel.metrics._functional._at_k_sums import Gain

by_hypothesis = settings(deadline=None, derandomize=True, max_examples=30)


@pytest.fixture(scope="module")
def ignite() -> ModuleType:
    module: ModuleType = pytest.importorskip("ignite.metrics")
    return module


def some_batches(seed: int) -> list[PredTarget]:
    generator = torch.Generator().manual_seed(seed)
    batches: list[PredTarget] = []
    for rows in (4, 3):
        scores = torch.rand((rows, 9), generator=generator)
        relevance = torch.randint(0, 4, (rows, 9), generator=generator)
        relevance *= torch.rand((rows, 9), generator=generator) < 0.4
        relevance[0] = 0
        relevance[1, 0] = 3
        batches.append((scores, relevance))
    return batches


@pytest.mark.parity
@by_hypothesis
@given(seed=st.integers(0, 2**16), ignores=st.booleans())
def test_the_hit_rate_is_that_of_ignite(ignite: ModuleType, seed: int, *, ignores: bool) -> None:
    theirs = ignite.HitRate(top_k=[1, 3, 9], ignore_zero_hits=ignores)
    ours = HitRate(top_k=[3, 1, 9], ignore_zero_hits=ignores)
    for batch in some_batches(seed):
        theirs.update(batch)
        ours.update(batch)
    assert ours.compute() == pytest.approx(theirs.compute(), abs=1e-6)


@pytest.mark.parity
@pytest.mark.parametrize("gain", ["exp_rank", "linear_rank"])
@by_hypothesis
@given(seed=st.integers(0, 2**16), ignores=st.booleans(), threshold=st.sampled_from((0.5, 1, 1.5)))
def test_the_ndcg_is_that_of_ignite(
    ignite: ModuleType, seed: int, gain: Gain, *, ignores: bool, threshold: float
) -> None:
    theirs = ignite.NDCG(
        top_k=[2, 5, 9],
        ignore_zero_hits=ignores,
        relevance_threshold=threshold,
        gain_function=gain,
    )
    ours = NDCG(
        top_k=[5, 2, 9],
        ignore_zero_hits=ignores,
        relevance_threshold=threshold,
        gain_function=gain,
    )
    for scores, relevance in some_batches(seed):
        batch = ((scores * 4).round(), relevance / 2)  # ties rank by index there, too
        theirs.update(batch)
        ours.update(batch)
    assert ours.compute() == pytest.approx(theirs.compute(), abs=1e-6)


def test_one_number_is_a_list_too() -> None:
    scores, relevance = torch.tensor([[0.9, 0.8], [0.1, 0.7]]), torch.tensor([[0, 1], [0, 1]])
    hit_rate, ndcg = HitRate(), NDCG(top_k=1)
    hit_rate.update((scores, relevance))
    ndcg.update((scores, relevance))
    assert hit_rate.compute() == [0.5]
    assert ndcg.compute() == [0.5]


@pytest.mark.parametrize(("ignores", "expected"), [(True, [1.0]), (False, [0.5])])
def test_rows_without_a_relevant_label_may_count(*, ignores: bool, expected: list[float]) -> None:
    scores, relevance = torch.tensor([[0.9, 0.8], [0.1, 0.7]]), torch.tensor([[0, 0], [0, 1]])
    hit_rate = HitRate(ignore_zero_hits=ignores)
    ndcg = NDCG(top_k=1, ignore_zero_hits=ignores)
    hit_rate.update((scores, relevance))
    ndcg.update((scores, relevance))
    assert hit_rate.compute() == expected
    assert ndcg.compute() == expected


def test_more_may_be_asked_for_than_there_are_labels() -> None:
    hit_rate = HitRate(top_k=[1, 5])
    hit_rate.update((torch.tensor([[0.9, 0.8]]), torch.tensor([[0.0, 0.25]])))
    assert hit_rate.compute() == [0.0, 1.0]


def test_relevance_below_the_threshold_is_none() -> None:
    ndcg = NDCG(top_k=[1])
    ndcg.update((torch.tensor([[0.9, 0.8]]), torch.tensor([[0.9, 0.0]])))
    with pytest.raises(NotComputableError, match=r"^NDCG: needs at least one row that counts"):
        ndcg.compute()


def test_mistakes_are_refused_in_the_name_of_the_metric() -> None:
    unknown: Any = "square"
    with pytest.raises(ArgumentError, match=r"^NDCG: gain_function must be one of 'exp_rank', "):
        NDCG(top_k=1, gain_function=unknown)
    with pytest.raises(ArgumentError, match=r"^NDCG: relevance_threshold must be above 0, got 0"):
        NDCG(top_k=1, relevance_threshold=0)
    with pytest.raises(ArgumentError, match=r"^HitRate: k must be at least 1, got -1"):
        HitRate(top_k=[2, -1])
    with pytest.raises(ArgumentError, match=r"^HitRate: relevance must be finite and at least 0"):
        HitRate().update((torch.rand(1, 2), -torch.ones(1, 2)))
    with pytest.raises(NotComputableError, match=r"^HitRate: needs at least one row that counts"):
        HitRate().compute()


def test_higher_is_better() -> None:
    assert HitRate.higher_is_better is True
    assert NDCG.higher_is_better is True


def test_attached_it_is_computed_over_an_epoch() -> None:
    scores, relevance = torch.tensor([[0.9, 0.8], [0.1, 0.7]]), torch.tensor([[0, 1], [0, 1]])

    def give(engine: Engine[int, list[Tensor]], batch: int) -> list[Tensor]:
        return [scores[batch : batch + 1], relevance[batch : batch + 1]]

    def pair(output: list[Tensor]) -> PredTarget:
        return output[0], output[1]

    evaluator = Engine(give)
    hits = evaluator.attach(HitRate(pair, top_k=[1, 2]), "hits")
    ndcg = NDCG(top_k=[1]).attach(evaluator, "ndcg", output_transform=pair)
    metrics = evaluator.run([0, 1]).metrics
    assert metrics[hits] == [0.5, 1.0]
    assert metrics[ndcg] == [0.5]
