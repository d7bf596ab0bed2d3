"""Top-k accuracy counts the samples whose true class is among the first k of a stable ranking."""

import doctest
import math
from importlib import import_module
from itertools import accumulate, pairwise
from typing import Final

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from firesteel.errors import ArgumentError, ArgumentTypeError, NotComputableError
from firesteel.metrics._functional import _top_k_accuracy
from firesteel.metrics._functional._at_k_sums import RankingSums, ranking_result
from firesteel.metrics._functional._top_k_accuracy import (
    class_ranks,
    top_k_accuracy,
    top_k_accuracy_sums,
)

by_hypothesis = settings(deadline=None, derandomize=True, max_examples=60)

DTYPES: Final = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
TARGETS: Final = (torch.uint8, torch.int32, torch.int64)


def random_inputs(seed: int, num_samples: int, num_classes: int) -> tuple[Tensor, Tensor]:
    """Give scores with many ties, and classes."""
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randint(-3, 4, (num_samples, num_classes), generator=generator) / 4
    return scores, torch.randint(0, num_classes, (num_samples,), generator=generator)


@by_hypothesis
@given(
    seed=st.integers(0, 2**16),
    shape=st.tuples(st.integers(1, 6), st.integers(1, 9)),
    k=st.lists(st.integers(1, 12), min_size=1, max_size=3),
    dtype=st.sampled_from(DTYPES),
    target_dtype=st.sampled_from(TARGETS),
)
def test_it_counts_the_classes_that_a_stable_sort_names(
    seed: int,
    shape: tuple[int, int],
    k: list[int],
    dtype: torch.dtype,
    target_dtype: torch.dtype,
) -> None:
    scores, target = random_inputs(seed, *shape)
    named = scores.sort(dim=1, descending=True, stable=True).indices
    is_true = named == target.unsqueeze(1)
    expected = [float(is_true[:, :one].any(dim=1).double().mean()) for one in sorted(set(k))]
    value = top_k_accuracy(scores.to(dtype).T.contiguous().T, target.to(target_dtype), k=k)
    assert value.tolist() == pytest.approx(expected)
    assert value.dtype == torch.float64
    alone = top_k_accuracy(scores, target, k=max(k))
    assert alone.shape == ()
    assert float(alone) == pytest.approx(expected[-1])


@pytest.mark.parity
@by_hypothesis
@given(seed=st.integers(0, 2**16), k=st.integers(1, 6))
def test_without_ties_it_is_that_of_scikit_learn(seed: int, k: int) -> None:
    sklearn = import_module("sklearn.metrics")
    generator = torch.Generator().manual_seed(seed)
    scores = torch.rand((8, 7), generator=generator)
    target = torch.randint(0, 7, (8,), generator=generator)
    theirs = sklearn.top_k_accuracy_score(target.numpy(), scores.numpy(), k=k, labels=range(7))
    assert float(top_k_accuracy(scores, target, k=k)) == pytest.approx(theirs)


@by_hypothesis
@given(seed=st.integers(0, 2**16), sizes=st.lists(st.integers(0, 4), min_size=1, max_size=4))
def test_sums_of_batches_add_up_to_the_sums_of_all_samples_in_any_order(
    seed: int, sizes: list[int]
) -> None:
    scores, target = random_inputs(seed, sum(sizes), 5)
    order = torch.randperm(len(target), generator=torch.Generator().manual_seed(seed))
    whole = top_k_accuracy_sums(class_ranks(scores[order], target[order]), ks=(1, 3))
    parts = [
        top_k_accuracy_sums(class_ranks(scores[a:b], target[a:b]), ks=(1, 3))
        for a, b in pairwise([0, *accumulate(sizes)])
    ]
    merged = RankingSums(
        torch.stack([part.total for part in parts]).sum(0),
        torch.stack([part.num_rows for part in parts]).sum(0),
    )
    torch.testing.assert_close(merged, whole, rtol=0, atol=0)


def test_nan_ranks_with_minus_infinity() -> None:
    scores = torch.tensor([[math.nan, -math.inf, 0.0], [-math.inf, math.nan, 0.0]])
    assert class_ranks(scores, torch.tensor([0, 0])).tolist() == [1, 1]
    assert class_ranks(scores, torch.tensor([1, 1])).tolist() == [2, 2]


@pytest.mark.parametrize("num_classes", [0, 4])
def test_an_empty_batch_contributes_nothing(num_classes: int) -> None:
    scores, target = torch.zeros(0, num_classes), torch.zeros(0, dtype=torch.int64)
    sums = top_k_accuracy_sums(class_ranks(scores, target), ks=(1, 2))
    assert sums.total.tolist() == [0.0, 0.0]
    assert int(sums.num_rows) == 0
    message = "top_k_accuracy: needs at least one row that counts"
    with pytest.raises(NotComputableError, match=f"^{message}$"):
        top_k_accuracy(scores, target, k=1)


def test_counts_stay_exact_beyond_what_float32_can_count() -> None:
    num_samples = 20_000_001
    ranks = torch.zeros(1, dtype=torch.int64).expand(num_samples)
    sums = top_k_accuracy_sums(ranks, ks=(1,))
    assert sums.total.tolist() == [num_samples]
    assert float(ranking_result("F", sums)) == 1.0


ONES: Final = torch.ones(3, 2)
ZEROS: Final = torch.zeros(3, dtype=torch.int64)


def test_shapes_dtypes_and_values_that_do_not_fit_are_refused() -> None:
    message = r"scores and target must have shapes \(N, C\) and \(N,\), got \[3, 2\] and \[2\]"
    with pytest.raises(ArgumentError, match=f"^top_k_accuracy: {message}$"):
        top_k_accuracy(ONES, ZEROS[:2], k=1)
    with pytest.raises(ArgumentError, match=r"got \[3\] and \[3\]"):
        top_k_accuracy(ONES[:, 0], ZEROS, k=1)
    with pytest.raises(ArgumentTypeError, match=r"scores must be floating point, got torch.int64"):
        top_k_accuracy(ONES.long(), ZEROS, k=1)
    with pytest.raises(ArgumentTypeError, match=r"target must be integer, got torch.float32"):
        top_k_accuracy(ONES, ZEROS.float(), k=1)
    with pytest.raises(ArgumentTypeError, match=r"target must be integer, got torch.bool"):
        top_k_accuracy(ONES, ZEROS.bool(), k=1)
    with pytest.raises(ArgumentError, match=r"^top_k_accuracy: target must be in \[0, 2\), got 2$"):
        top_k_accuracy(ONES, ZEROS + 2, k=1)
    with pytest.raises(ArgumentError, match=r"target must be in \[0, 2\), got -1$"):
        top_k_accuracy(ONES, ZEROS - 1, k=1)
    with pytest.raises(ArgumentError, match="scores must not be NaN"):
        top_k_accuracy(ONES * math.nan, ZEROS, k=1)
    with pytest.raises(ArgumentError, match="top_k_accuracy: k must be at least 1, got 0"):
        top_k_accuracy(ONES, ZEROS, k=0)


def test_the_examples_run() -> None:
    results = doctest.testmod(_top_k_accuracy)
    assert results.attempted > 0
    assert results.failed == 0


def test_a_target_that_is_no_class_is_right_at_no_cut_off() -> None:
    ranks = class_ranks(torch.tensor([[3.0, 2.0, 1.0]]).expand(4, 3), torch.tensor([0, 3, -1, 2]))
    assert top_k_accuracy_sums(ranks, ks=(1, 3, 100)).total.tolist() == [1.0, 2.0, 2.0]
    none = class_ranks(torch.zeros(2, 0), torch.tensor([0, 1]))
    assert top_k_accuracy_sums(none, ks=(1, 5)).total.tolist() == [0.0, 0.0]
