"""Calibration errors and Brier scores, against loops over bins and scikit-learn."""

import math
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Final, Literal, TypeAlias

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from firesteel.errors import ArgumentError, ArgumentTypeError, NotComputableError
from firesteel.metrics._functional._calibration import (
    BrierSums,
    CalibrationSums,
    binary_brier_score,
    binary_brier_sums,
    binary_calibration_error,
    binary_calibration_sums,
    brier_score_result,
    calibration_error_result,
    multiclass_brier_score,
    multiclass_brier_sums,
    multiclass_calibration_error,
    multiclass_calibration_sums,
)

UNTYPED: Final = import_module(binary_brier_score.__module__)
SEEDS: Final = st.integers(0, 2**16)
SIZES: Final = st.integers(1, 60)
FLOATS: Final = st.sampled_from([torch.float16, torch.bfloat16, torch.float32, torch.float64])
BINS: Final = st.sampled_from([1, 2, 10, 15])
NORMS: Final = st.sampled_from(("l1", "l2", "max"))
Norm: TypeAlias = Literal["l1", "l2", "max"]


def random_ints(high: int, *shape: int, seed: int) -> Tensor:
    return torch.randint(0, high, shape, generator=torch.Generator().manual_seed(seed))


def random_scores(*shape: int, dtype: torch.dtype, seed: int) -> Tensor:
    """Give numbers in [0, 1], 0 and 1 among them, laid out against the grain."""
    numbers = torch.rand(shape[::-1], generator=torch.Generator().manual_seed(seed))
    numbers = (numbers * 1.2 - 0.1).clamp(0, 1).to(dtype)
    return numbers.permute(*reversed(range(len(shape))))


def error_by_hand(confidence: Tensor, right: Tensor, *, num_bins: int, norm: Norm) -> float:
    """Go through the bins one by one."""
    gaps: list[tuple[float, float]] = []
    place = (confidence.double() * num_bins).floor().clamp(max=num_bins - 1)
    for index in range(num_bins):
        inside = place == index
        if inside.any():
            gap = confidence[inside].double().mean() - right[inside].double().mean()
            gaps.append((abs(float(gap)), float(inside.double().mean())))
    if norm == "max":
        return max(gap for gap, _ in gaps)
    if norm == "l2":
        return math.sqrt(sum(share * gap**2 for gap, share in gaps))
    return sum(share * gap for gap, share in gaps)


@settings(deadline=None)
@given(size=SIZES, num_bins=BINS, norm=NORMS, dtype=FLOATS, seed=SEEDS)
def test_binary_error_is_that_of_a_loop(
    *, size: int, num_bins: int, norm: Norm, dtype: torch.dtype, seed: int
) -> None:
    scores = random_scores(size, dtype=dtype, seed=seed)
    target = random_ints(2, size, seed=seed + 1)
    expected = error_by_hand(scores, target, num_bins=num_bins, norm=norm)
    ours = binary_calibration_error(scores, target, num_bins=num_bins, norm=norm)
    assert float(ours) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert ours.dtype == torch.float64


@settings(deadline=None)
@given(size=SIZES, num_bins=BINS, norm=NORMS, dtype=FLOATS, seed=SEEDS)
def test_multiclass_error_is_that_of_a_loop(
    *, size: int, num_bins: int, norm: Norm, dtype: torch.dtype, seed: int
) -> None:
    scores = random_scores(size, 4, dtype=dtype, seed=seed)
    target = random_ints(4, size, seed=seed + 1)
    right = scores.contiguous().max(1).indices == target
    expected = error_by_hand(scores.amax(1), right, num_bins=num_bins, norm=norm)
    ours = multiclass_calibration_error(scores, target, num_bins=num_bins, norm=norm)
    assert float(ours) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_the_first_of_equal_classes_is_taken() -> None:
    scores = torch.full((2, 3), 0.25)
    assert float(multiclass_calibration_error(scores, torch.tensor([0, 1]))) == 0.25


def test_the_error_of_what_is_sure_and_right_is_0() -> None:
    scores, target = torch.tensor([0.0, 1.0, 1.0]), torch.tensor([0, 1, 1])
    assert float(binary_calibration_error(scores, target)) == 0
    assert float(binary_calibration_error(1 - scores, target)) == 1


@pytest.mark.parametrize("num_bins", [3, 7, 10, 15])
def test_a_bin_holds_its_lower_end(num_bins: int) -> None:
    ends = torch.arange(num_bins) / num_bins
    for scores in (ends, torch.linspace(0, 1, num_bins + 1)[:-1]):
        sums = binary_calibration_sums(scores, torch.ones(num_bins), num_bins=num_bins)
        assert sums.num_samples.tolist() == [1] * num_bins


# scikit-learn is strict with the sums of a row, which float32 rounds
@pytest.mark.filterwarnings("ignore:The y_prob values:UserWarning")
@settings(deadline=None)
@given(size=SIZES, dtype=st.sampled_from([torch.float32, torch.float64]), seed=SEEDS)
def test_brier_scores_are_those_of_scikit_learn(size: int, dtype: torch.dtype, seed: int) -> None:
    sklearn = import_module("sklearn.metrics")
    scores = random_scores(size, dtype=dtype, seed=seed)
    target = random_ints(2, size, seed=seed + 1)
    expected = sklearn.brier_score_loss(target.numpy(), scores.double().numpy(), pos_label=1)
    assert float(binary_brier_score(scores, target)) == pytest.approx(float(expected), rel=1e-12)
    scores = (3 * random_scores(size, 3, dtype=torch.float64, seed=seed)).softmax(1).to(dtype)
    target = random_ints(3, size, seed=seed + 1)
    expected = sklearn.brier_score_loss(target.numpy(), scores.double().numpy(), labels=[0, 1, 2])
    ours = multiclass_brier_score(scores, target)
    assert float(ours) == pytest.approx(float(expected), rel=1e-6)
    assert ours.dtype == torch.float64


@settings(deadline=None)
@given(size=SIZES, dtype=FLOATS, seed=SEEDS)
def test_brier_scores_are_those_of_float64(size: int, dtype: torch.dtype, seed: int) -> None:
    scores = random_scores(size, 3, 2, dtype=dtype, seed=seed)
    target = random_ints(3, size, 2, seed=seed + 1)
    one_hot = (target[:, None] == torch.arange(3)[:, None]).double()
    expected = (scores.double() - one_hot).square().sum(1).mean()
    ours = multiclass_brier_score(scores, target)
    assert float(ours) == pytest.approx(float(expected), rel=1e-6, abs=0)
    expected = (scores.double() - one_hot).square().mean()
    assert float(binary_brier_score(scores, one_hot)) == pytest.approx(float(expected), rel=1e-12)


def test_nearly_right_is_told_from_right() -> None:
    scores = torch.tensor([[1 - 1e-6, 1e-6]], dtype=torch.float64)
    expected = 2e-12
    assert float(multiclass_brier_score(scores, torch.tensor([0]))) == pytest.approx(
        expected, rel=1e-6
    )


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int64, torch.float32])
def test_binary_targets_may_be_of_any_dtype(dtype: torch.dtype) -> None:
    scores, target = torch.tensor([0.5, 1.0]), torch.tensor([0, 1]).to(dtype)
    assert float(binary_brier_score(scores, target)) == 0.125
    assert float(binary_calibration_error(scores, target)) == 0.25


def test_ten_million_are_summed_in_double_precision() -> None:
    scores = torch.rand(10_000_000, generator=torch.Generator().manual_seed(0))
    target = torch.zeros_like(scores, dtype=torch.bool)
    expected = float(scores.double().square().mean())
    assert float(binary_brier_score(scores, target)) == pytest.approx(expected, rel=1e-12)
    expected = float(scores.double().mean())
    ours = binary_calibration_error(scores, target, num_bins=1)
    assert float(ours) == pytest.approx(expected, rel=1e-12)
    expected = float(scores.double().view(-1, 2).square().sum(1).mean())
    ours = multiclass_brier_sums(scores.view(-1, 2), torch.full((5_000_000,), 7)).squared_error
    assert float(ours) == pytest.approx(expected * 5e6, rel=1e-9)


Sums: TypeAlias = Callable[[Tensor, Tensor], CalibrationSums | BrierSums]
SUMS: Final[list[tuple[Sums, tuple[int, ...], tuple[int, ...], int]]] = [
    (lambda s, t: binary_calibration_sums(s, t, num_bins=7), (30,), (30,), 2),
    (lambda s, t: multiclass_calibration_sums(s, t, num_bins=7), (30, 4), (30,), 4),
    (lambda s, t: multiclass_calibration_sums(s, t, num_bins=7), (30, 4, 5), (30, 5), 4),
    (binary_brier_sums, (30, 2), (30, 2), 2),
    (multiclass_brier_sums, (30, 4), (30,), 4),
    (multiclass_brier_sums, (30, 4, 5), (30, 5), 4),
]


def same(ours: CalibrationSums | BrierSums, expected: Iterable[object]) -> None:
    for one, other in zip(ours, expected, strict=True):
        torch.testing.assert_close(torch.as_tensor(one), torch.as_tensor(other))


@pytest.mark.parametrize(("sums", "shape", "target_shape", "high"), SUMS)
@settings(deadline=None)
@given(cut=st.integers(0, 30), seed=SEEDS)
def test_sums_of_parts_add_up(
    sums: Sums,
    shape: tuple[int, ...],
    target_shape: tuple[int, ...],
    high: int,
    *,
    cut: int,
    seed: int,
) -> None:
    scores = random_scores(*shape, dtype=torch.float32, seed=seed)
    target = random_ints(high, *target_shape, seed=seed)
    whole = sums(scores, target)
    first, second = sums(scores[:cut], target[:cut]), sums(scores[cut:], target[cut:])
    parts = zip(first, second, strict=True)
    same(whole, [torch.as_tensor(one) + torch.as_tensor(other) for one, other in parts])
    order = torch.randperm(30, generator=torch.Generator().manual_seed(seed))
    same(sums(scores[order], target[order]), whole)


@pytest.mark.parametrize(("sums", "shape", "target_shape", "high"), SUMS)
def test_summing_needs_no_values(
    sums: Sums, shape: tuple[int, ...], target_shape: tuple[int, ...], high: int
) -> None:
    # tensors without values, so that a wait for one is an error
    scores = torch.zeros(shape, device="meta", requires_grad=True)
    for part in sums(scores, torch.full(target_shape, high - 1, device="meta")):
        if isinstance(part, Tensor):
            assert part.device == scores.device
            assert not part.requires_grad


@pytest.mark.parametrize(("sums", "shape", "target_shape", "high"), SUMS)
@pytest.mark.parametrize("score", [-1.0, 2.0, 1e30, torch.inf, torch.nan])
def test_no_score_or_target_leaves_the_bounds(
    sums: Sums, shape: tuple[int, ...], target_shape: tuple[int, ...], high: int, *, score: float
) -> None:
    num_samples = torch.Size(target_shape).numel()
    for target in (-5, high, 1000):
        found = sums(torch.full(shape, score), torch.full(target_shape, target))
        assert int(torch.as_tensor(found.num_samples).sum()) == num_samples


def test_a_target_that_is_no_class_makes_none_true() -> None:
    scores = torch.tensor([[0.5, 0.5]])
    assert float(multiclass_brier_sums(scores, torch.tensor([-1])).squared_error) == 0.5


def test_results_need_a_sample() -> None:
    scores = torch.zeros(0, 2)
    with pytest.raises(NotComputableError, match="brier_score_result: needs at least one sample"):
        brier_score_result(multiclass_brier_sums(scores, torch.zeros(0, dtype=torch.int64)))
    with pytest.raises(NotComputableError, match="calibration_error_result: needs at least one"):
        calibration_error_result(binary_calibration_sums(scores, scores, num_bins=3))


Measure: TypeAlias = Callable[[Tensor, Tensor], Tensor]


@pytest.mark.parametrize("measure", [binary_brier_score, binary_calibration_error])
def test_binary_arguments_are_checked(measure: Measure) -> None:
    scores, target = torch.tensor([0.5, 0.25]), torch.tensor([1, 0])
    with pytest.raises(ArgumentError, match=r"one shape, got \[2, 1\] and \[2\]"):
        measure(scores[:, None], target)
    with pytest.raises(ArgumentError, match=r"target must be 0 or 1, got numbers from 0 to 2"):
        measure(scores, 2 * target)
    refuse_scores(measure, scores, target)


@pytest.mark.parametrize("measure", [multiclass_brier_score, multiclass_calibration_error])
def test_multiclass_arguments_are_checked(measure: Measure) -> None:
    scores, target = torch.tensor([[0.5, 0.25], [0.3, 0.6]]), torch.tensor([1, 0])
    with pytest.raises(ArgumentError, match=r"\(batch, classes, ...\) and \(batch, ...\), got"):
        measure(scores, target[:, None])
    with pytest.raises(ArgumentError, match=r"target must be in \[0, 2\), got numbers from 1 to 2"):
        measure(scores, target + 1)
    with pytest.raises(ArgumentTypeError, match=r"a whole number's, got torch.float32"):
        measure(scores, target.float())
    refuse_scores(measure, scores, target)


def refuse_scores(measure: Measure, scores: Tensor, target: Tensor) -> None:
    """Check that scores other than probabilities are refused."""
    for wrong in (4 * scores, -scores, scores * math.nan):
        with pytest.raises(ArgumentError, match=r": scores must be in \[0, 1\], got numbers from"):
            measure(wrong, target)
    with pytest.raises(ArgumentTypeError, match=r"a floating point one, got torch.int64"):
        measure(scores.long(), target)
    with pytest.raises(NotComputableError, match="needs at least one sample"):
        measure(scores[:0], target[:0])


def test_options_are_checked() -> None:
    scores, target = torch.tensor([[0.5, 0.25], [0.3, 0.6]]), torch.tensor([1, 0])
    with pytest.raises(ArgumentError, match=r"num_bins must be at least 1, got 0"):
        binary_calibration_error(scores[0], target, num_bins=0)
    with pytest.raises(ArgumentError, match=r"num_bins must be at least 1, got 0"):
        multiclass_calibration_error(scores, target, num_bins=0)
    for measure, of in (
        (UNTYPED.binary_calibration_error, scores[0]),
        (UNTYPED.multiclass_calibration_error, scores),
    ):
        with pytest.raises(ArgumentError, match=r"calibration_error: norm must be one of"):
            measure(of, target, norm="l3")
