"""The ranking behind curves: few digits where they do, by numpy where it is there."""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Final, TypeAlias

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from firesteel.metrics._functional._curve_ranking import Ranking, rank, scores_at, steps
from firesteel.metrics._functional._precision_recall import precision_recall_curves, precisions
from firesteel.metrics._functional._roc import areas, roc_curves

UNTYPED: Final = import_module(rank.__module__)
"""The module as one sees it that no checker looks at."""
Read: TypeAlias = Callable[[Ranking], Sequence[Tensor]]

DTYPES: Final = st.sampled_from(
    [torch.uint8, torch.int32, torch.int64, torch.float16, torch.float32, torch.float64]
)
READ: Final[dict[str, Read]] = {
    "areas": areas,
    "precisions": precisions,
    "roc": lambda ranking: [
        part for curve in roc_curves(ranking, drop_intermediate=True) for part in curve
    ],
    "precision_recall": lambda ranking: [
        part for curve in precision_recall_curves(ranking) for part in curve
    ],
}


def samples(num_curves: int, size: int, levels: int, seed: int) -> tuple[Tensor, Tensor]:
    """Give whole numbers of both signs and 0 and 1, ``(curves, samples)``."""
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randint(-levels, levels, (num_curves, size), generator=generator)
    return scores, torch.randint(0, 2, (num_curves, size), generator=generator)


@settings(deadline=None)
@given(
    num_curves=st.integers(1, 3),
    size=st.integers(1, 90),
    levels=st.sampled_from([1, 3, 50, 10**6]),
    seed=st.integers(0, 2**16),
    dtype=DTYPES,
    is_elsewhere=st.booleans(),
)
def test_without_numpy_and_off_the_cpu_all_is_the_same(
    num_curves: int, size: int, levels: int, seed: int, dtype: torch.dtype, *, is_elsewhere: bool
) -> None:
    scores, target = samples(num_curves, size, levels, seed)
    scores = scores.to(dtype)
    expected = {name: read(rank(scores, target)) for name, read in READ.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("firesteel.metrics._functional._counts.has_numpy", False)
        if is_elsewhere:  # what a device would do, done here
            patch.setattr(Tensor, "is_cpu", False)
        for name, read in READ.items():
            for ours, theirs in zip(read(rank(scores, target)), expected[name], strict=True):
                torch.testing.assert_close(ours, theirs, rtol=1e-15, atol=0, equal_nan=True)


@pytest.mark.parametrize(
    ("lowest", "highest", "dtype", "is_short"),
    [
        (0.0, 1.0, torch.float32, True),
        (0.0, 1.99, torch.float32, True),
        (0.0, 2.0, torch.float32, False),
        (-1.99, 1.99, torch.float32, True),
        (1e-9, 1e9, torch.float32, True),
        (-1e9, 1e-9, torch.float32, True),
        (1e-20, 1e20, torch.float32, False),
        (-8.0, 1e-3, torch.bfloat16, True),
        (0.0, 1e300, torch.float64, True),
        (0, 2**30 - 1, torch.int32, True),
        (-(2**31), 2**31 - 1, torch.int32, False),
        (-(2**63), 2**63 - 1, torch.int64, True),
    ],
)
def test_numbers_have_the_fewer_digits_where_there_is_room(
    lowest: float, highest: float, dtype: torch.dtype, *, is_short: bool
) -> None:
    scores = torch.tensor([[lowest, highest, lowest]], dtype=dtype)
    ranking = rank(scores, torch.tensor([[0, 1, 1]]))
    assert ranking.numbers.dtype is (torch.int32 if is_short else torch.int64)
    assert (ranking.numbers & 1).tolist() == [[1, 0, 1]]
    assert torch.equal(scores_at(ranking, steps(ranking)), scores[0, 1:].double())


def test_a_zero_has_no_sign() -> None:
    numbers = rank(torch.tensor([[-0.0, 0.0, -1.0]]), torch.tensor([[0, 1, 0]])).numbers
    assert (numbers >> 1).unique().numel() == 2


@pytest.mark.parametrize("few", [1, 10**9])
def test_ties_are_counted_alike_in_both_ways(monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    scores, target = samples(3, 400, 20, 0)
    monkeypatch.setattr("firesteel.metrics._functional._roc._FEW_TIES", few)
    found, positives = areas(rank(scores, target))
    for curve in range(3):
        ahead = scores[curve][target[curve] == 1][:, None] - scores[curve][target[curve] == 0]
        expected = ((ahead > 0).sum() + 0.5 * (ahead == 0).sum()) / ahead.numel()
        assert float(found[curve]) == pytest.approx(float(expected), rel=1e-6)
    assert torch.equal(positives, target.sum(1))


@pytest.mark.parametrize("curves", [1, 3])
def test_without_numpy_the_sort_is_that_of_torch(
    monkeypatch: pytest.MonkeyPatch, curves: int
) -> None:
    numbers = torch.randint(-9, 9, (curves, 50), generator=torch.Generator().manual_seed(0))
    expected = numbers.sort(dim=1).values
    monkeypatch.setattr("firesteel.metrics._functional._counts.has_numpy", False)
    assert torch.equal(UNTYPED._sort_rows(numbers.clone()), expected)
