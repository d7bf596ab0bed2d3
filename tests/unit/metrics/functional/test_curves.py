"""Exact curves, areas and points of curves, against scikit-learn and against counting by hand."""

from collections.abc import Callable
from fractions import Fraction
from importlib import import_module
from types import ModuleType
from typing import Final

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from firesteel.metrics.functional import (
    CurvePoint,
    PrecisionRecallPoints,
    RocPoints,
    average_precision,
    binary_average_precision,
    binary_precision_recall_curve,
    binary_roc_auc,
    binary_roc_curve,
    multiclass_average_precision,
    multiclass_precision_recall_curve,
    multiclass_roc_auc,
    multiclass_roc_curve,
    multilabel_average_precision,
    multilabel_precision_recall_curve,
    multilabel_roc_auc,
    multilabel_roc_curve,
    precision_at_fixed_recall,
    recall_at_fixed_precision,
    roc_auc,
    sensitivity_at_specificity,
    specificity_at_sensitivity,
)

# scikit-learn warns where a class has no positives or no negatives
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

DTYPES: Final = st.sampled_from(
    [
        torch.bool, torch.uint8, torch.int8, torch.int32, torch.int64,
        torch.float16, torch.bfloat16, torch.float32, torch.float64,
    ]
)  # fmt: skip
SEEDS: Final = st.integers(0, 2**16)
SIZES: Final = st.integers(1, 40)
LEVELS: Final = st.sampled_from([1, 2, 5, 1000])
"""How many scores are distinct at most: few make ties."""


@pytest.fixture(scope="module", name="sklearn")
def import_sklearn() -> ModuleType:
    return import_module("sklearn.metrics")


def random_scores(*shape: int, levels: int, dtype: torch.dtype, seed: int) -> Tensor:
    """Give numbers of both signs, -0.0 and ties among them, laid out against the grain."""
    generator = torch.Generator().manual_seed(seed)
    whole = torch.randint(0, levels, shape[::-1], generator=generator) - levels // 2
    scores = whole * torch.where(whole == 0, -1.0, 0.37) if dtype.is_floating_point else whole
    return scores.to(dtype).permute(*reversed(range(len(shape))))


def random_target(high: int, *shape: int, seed: int) -> Tensor:
    return torch.randint(0, high, shape, generator=torch.Generator().manual_seed(seed + 1))


def plain(tensor: Tensor) -> list[float]:
    """Give numbers as scikit-learn takes them: bfloat16 is unknown there."""
    return [float(number) for number in tensor]


def close(ours: Tensor, expected: object) -> None:
    torch.testing.assert_close(
        ours, torch.as_tensor(expected, dtype=torch.float64), rtol=1e-12, atol=0, equal_nan=True
    )


def close_to_roc(ours: RocPoints, expected: tuple[object, object, object]) -> None:
    close(ours.fpr, expected[0])
    close(ours.tpr, expected[1])
    close(ours.thresholds, expected[2])


def close_to_precision_recall(
    ours: PrecisionRecallPoints, expected: tuple[object, object, object]
) -> None:
    close(ours.precision, expected[0])
    close(ours.recall, expected[1])
    close(ours.thresholds, expected[2])


@settings(deadline=None)
@given(size=SIZES, levels=LEVELS, dtype=DTYPES, seed=SEEDS, drops=st.booleans())
def test_roc_curve_is_that_of_scikit_learn(
    sklearn: ModuleType, size: int, levels: int, dtype: torch.dtype, *, seed: int, drops: bool
) -> None:
    scores = random_scores(size, levels=levels, dtype=dtype, seed=seed)
    target = random_target(2, size, seed=seed)
    ours = binary_roc_curve(scores, target, drop_intermediate=drops)
    expected = sklearn.roc_curve(target.numpy(), plain(scores), drop_intermediate=drops)
    close_to_roc(ours, expected)


@settings(deadline=None)
@given(size=SIZES, levels=LEVELS, dtype=DTYPES, seed=SEEDS)
def test_precision_recall_curve_is_that_of_scikit_learn(
    sklearn: ModuleType, size: int, levels: int, dtype: torch.dtype, seed: int
) -> None:
    scores = random_scores(size, levels=levels, dtype=dtype, seed=seed)
    target = random_target(2, size, seed=seed)
    ours = binary_precision_recall_curve(scores, target)
    expected = sklearn.precision_recall_curve(target.numpy(), plain(scores))
    close_to_precision_recall(ours, tuple(part.copy() for part in expected))


def area_by_pairs(scores: Tensor, target: Tensor) -> float:
    """Compare each positive with each negative."""
    difference = scores.double()[target == 1][:, None] - scores.double()[target == 0]
    twice = 2 * (difference > 0).sum() + (difference == 0).sum()
    return float(twice / (2 * difference.numel())) if difference.numel() else float("nan")


@settings(deadline=None)
@given(size=SIZES, levels=LEVELS, dtype=DTYPES, seed=SEEDS)
def test_area_is_the_share_of_pairs_in_order(
    size: int, levels: int, dtype: torch.dtype, seed: int
) -> None:
    scores = random_scores(size, levels=levels, dtype=dtype, seed=seed)
    target = random_target(2, size, seed=seed)
    expected = area_by_pairs(scores, target)
    assert float(binary_roc_auc(scores, target)) == pytest.approx(expected, rel=1e-6, nan_ok=True)


@settings(deadline=None)
@given(
    size=st.integers(2, 40),
    levels=LEVELS,
    seed=SEEDS,
    max_fpr=st.sampled_from([0.01, 0.25, 0.5, 0.9, 1.0]),
)
def test_partial_area_is_that_of_scikit_learn(
    sklearn: ModuleType, size: int, levels: int, seed: int, max_fpr: float
) -> None:
    scores = random_scores(size, levels=levels, dtype=torch.float32, seed=seed)
    target = random_target(2, size, seed=seed)
    target[:2] = torch.tensor([0, 1])
    expected = sklearn.roc_auc_score(target.numpy(), plain(scores), max_fpr=max_fpr)
    ours = binary_roc_auc(scores, target, max_fpr=max_fpr)
    assert float(ours) == pytest.approx(float(expected), rel=1e-9)


@settings(deadline=None)
@given(size=SIZES, levels=LEVELS, dtype=DTYPES, seed=SEEDS)
def test_average_precision_is_that_of_scikit_learn(
    sklearn: ModuleType, size: int, levels: int, dtype: torch.dtype, seed: int
) -> None:
    scores = random_scores(size, levels=levels, dtype=dtype, seed=seed)
    target = random_target(2, size, seed=seed)
    expected = sklearn.average_precision_score(target.numpy(), plain(scores))
    ours = binary_average_precision(scores, target)
    assert float(ours) == pytest.approx(float(expected), rel=1e-12)


@settings(deadline=None)
@given(size=SIZES, classes=st.integers(1, 6), levels=LEVELS, dtype=DTYPES, seed=SEEDS)
def test_each_class_is_measured_against_the_rest(
    size: int, classes: int, levels: int, dtype: torch.dtype, seed: int
) -> None:
    scores = random_scores(size, classes, levels=levels, dtype=dtype, seed=seed)
    target = random_target(classes, size, seed=seed)
    hits = [(target == index).long() for index in range(classes)]
    pairs = list(zip(scores.T, hits, strict=True))
    areas = torch.stack([binary_roc_auc(*pair) for pair in pairs])
    close(multiclass_roc_auc(scores, target, average=None), areas)
    precisions = torch.stack([binary_average_precision(*pair) for pair in pairs])
    close(multiclass_average_precision(scores, target, average=None), precisions)
    for ours, pair in zip(multiclass_roc_curve(scores, target), pairs, strict=True):
        close_to_roc(ours, binary_roc_curve(*pair))
    for curve, pair in zip(multiclass_precision_recall_curve(scores, target), pairs, strict=True):
        close_to_precision_recall(curve, binary_precision_recall_curve(*pair))
    # the same, said as labels
    labels = torch.stack(hits, dim=1)
    close(multilabel_roc_auc(scores, labels, average=None), areas)
    close(multilabel_average_precision(scores, labels, average=None), precisions)
    for ours, pair in zip(multilabel_roc_curve(scores, labels), pairs, strict=True):
        close_to_roc(ours, binary_roc_curve(*pair))
    for curve, pair in zip(multilabel_precision_recall_curve(scores, labels), pairs, strict=True):
        close_to_precision_recall(curve, binary_precision_recall_curve(*pair))


@settings(deadline=None)
@given(size=st.integers(6, 40), labels=st.integers(2, 4), levels=LEVELS, seed=SEEDS)
def test_means_over_labels_are_those_of_scikit_learn(
    sklearn: ModuleType, size: int, labels: int, levels: int, seed: int
) -> None:
    scores = random_scores(size, labels, levels=levels, dtype=torch.float32, seed=seed)
    target = random_target(2, size, labels, seed=seed)
    target[:2] = torch.tensor([[0], [1]])
    arguments = (target.numpy(), scores.double().numpy())
    for average in ("micro", "macro", "weighted"):
        area = sklearn.roc_auc_score(*arguments, average=average)
        close(multilabel_roc_auc(scores, target, average=average), area)
        precision = sklearn.average_precision_score(*arguments, average=average)
        close(multilabel_average_precision(scores, target, average=average), precision)
    close(roc_auc(scores, target), sklearn.roc_auc_score(*arguments))
    close(average_precision(scores, target), sklearn.average_precision_score(*arguments))


@settings(deadline=None)
@given(size=st.integers(3, 40), levels=LEVELS, seed=SEEDS)
def test_means_over_classes_are_those_of_scikit_learn(
    sklearn: ModuleType, size: int, levels: int, seed: int
) -> None:
    scores = random_scores(size, 3, levels=levels, dtype=torch.float64, seed=seed).softmax(1)
    target = random_target(3, size, seed=seed)
    target[:3] = torch.tensor([0, 1, 2])
    arguments = (target.numpy(), scores.numpy())
    for average in ("macro", "weighted"):
        area = sklearn.roc_auc_score(*arguments, average=average, multi_class="ovr")
        close(multiclass_roc_auc(scores, target, average=average), area)
        precision = sklearn.average_precision_score(*arguments, average=average)
        close(multiclass_average_precision(scores, target, average=average), precision)


def test_a_class_without_positives_has_no_area_and_the_means_leave_it_out() -> None:
    scores = torch.tensor([[0.8, 0.1, 0.1], [0.2, 0.5, 0.3], [0.9, 0.6, 0.1]])
    target = torch.tensor([0, 1, 1])
    close(multiclass_roc_auc(scores, target, average=None), [0.5, 1.0, torch.nan])
    close(multiclass_roc_auc(scores, target), 0.75)
    close(multiclass_roc_auc(scores, target, average="weighted"), (0.5 + 2 * 1) / 3)
    assert multiclass_roc_auc(scores[:1], target[:1]).isnan()
    assert multiclass_roc_auc(scores[:1], target[:1], average="weighted").isnan()


def test_a_label_without_negatives_has_no_area_and_no_weight() -> None:
    scores = torch.tensor([[0.8, 0.1], [0.2, 0.5], [0.9, 0.6]])
    target = torch.tensor([[1, 1], [0, 1], [0, 1]])
    close(multilabel_roc_auc(scores, target, average=None), [0.5, torch.nan])
    close(multilabel_roc_auc(scores, target, average="weighted"), 0.5)


def test_a_threshold_of_0_has_no_sign() -> None:
    curve = binary_precision_recall_curve(torch.tensor([-0.0, 0.0]), torch.tensor([0, 1]))
    assert curve.thresholds.signbit().tolist() == [False]


def test_a_class_without_positives_has_average_precision_0_and_counts() -> None:
    scores = torch.tensor([[0.8, 0.1], [0.2, 0.5]])
    target = torch.tensor([[1, 0], [0, 0]])
    close(multilabel_average_precision(scores, target, average=None), [1.0, 0.0])
    close(multilabel_average_precision(scores, target), 0.5)
    close(multilabel_average_precision(scores, target, average="weighted"), 1.0)
    close(multilabel_average_precision(scores, 0 * target, average="weighted"), 0.0)


def best_by_hand(
    scores: Tensor, target: Tensor, rates: Callable[[Tensor], tuple[float, float]], least: float
) -> tuple[float, float]:
    """Try every threshold, infinity first; rates are what is wanted, then what is required."""
    best = (float("-inf"), float("-inf"), float("nan"))
    for threshold in [float("inf"), *plain(scores)]:
        value, other = rates(scores >= threshold)
        if other >= least:
            best = max(best, (value, other, threshold))
    return best[0], best[2]


POINTS: Final = st.sampled_from([0.0, 0.25, 0.3, 0.5, 0.7, 0.9, 1.0])


@settings(deadline=None)
@given(size=st.integers(2, 30), levels=LEVELS, least=POINTS, seed=SEEDS)
def test_points_are_the_best_of_all_thresholds(
    size: int, levels: int, least: float, seed: int
) -> None:
    scores = random_scores(size, levels=levels, dtype=torch.float64, seed=seed)
    target = random_target(2, size, seed=seed)
    target[:2] = torch.tensor([0, 1])

    def precision(predicted: Tensor) -> float:
        return float((target[predicted] == 1).double().mean()) if predicted.any() else 1.0

    def sensitivity(predicted: Tensor) -> float:
        return float(predicted[target == 1].double().mean())

    def specificity(predicted: Tensor) -> float:
        return float((~predicted[target == 0]).double().mean())

    def check(
        point: CurvePoint, value: Callable[[Tensor], float], other: Callable[[Tensor], float]
    ) -> None:
        expected = best_by_hand(scores, target, lambda hit: (value(hit), other(hit)), least)
        assert (float(point.value), float(point.threshold)) == pytest.approx(expected, rel=1e-12)

    check(recall_at_fixed_precision(scores, target, min_precision=least), sensitivity, precision)
    check(precision_at_fixed_recall(scores, target, min_recall=least), precision, sensitivity)
    check(
        sensitivity_at_specificity(scores, target, min_specificity=least),
        sensitivity,
        specificity,
    )
    check(
        specificity_at_sensitivity(scores, target, min_sensitivity=least),
        specificity,
        sensitivity,
    )


def test_points_without_positives_are_nan() -> None:
    scores, target = torch.tensor([0.5, 0.2]), torch.tensor([0, 0])
    for point in (
        recall_at_fixed_precision(scores, target, min_precision=0.5),
        precision_at_fixed_recall(scores, target, min_recall=0.5),
        sensitivity_at_specificity(scores, target, min_specificity=0.5),
        specificity_at_sensitivity(scores, target, min_sensitivity=0.5),
    ):
        assert point.value.isnan()
        assert point.threshold.isnan()


def test_specificity_of_7_in_10_meets_a_limit_of_seven_tenths() -> None:
    ten = torch.arange(10.0)
    for correct in range(11):
        scores, limit = torch.cat((ten, torch.tensor([correct - 0.5]))), correct / 10
        point = sensitivity_at_specificity(scores, scores % 1 > 0, min_specificity=limit)
        assert (float(point.value), float(point.threshold)) == (1, correct - 0.5)
        point = specificity_at_sensitivity(-scores, scores % 1 == 0, min_sensitivity=limit)
        assert float(point.value) == 1


@settings(deadline=None)
@given(size=SIZES, levels=LEVELS, dtype=DTYPES, seed=SEEDS)
def test_the_order_of_samples_says_nothing(
    size: int, levels: int, dtype: torch.dtype, seed: int
) -> None:
    scores = random_scores(size, 3, levels=levels, dtype=dtype, seed=seed)
    target = random_target(3, size, seed=seed)
    order = torch.randperm(size, generator=torch.Generator().manual_seed(seed))
    for measure in (multiclass_roc_auc, multiclass_average_precision):
        close(measure(scores[order], target[order]), measure(scores, target))


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_extreme_scores_keep_their_order(dtype: torch.dtype) -> None:
    limits = torch.finfo(dtype)
    inf = float("inf")
    numbers = [-inf, limits.min, -1, -limits.tiny, 0, limits.tiny, 1, limits.max, inf]
    scores = torch.tensor(numbers, dtype=dtype)
    target = torch.arange(9) > 4
    close(binary_roc_auc(scores, target), 1.0)
    curve = binary_roc_curve(scores, target, drop_intermediate=False)
    assert torch.equal(curve.thresholds[1:].flip(0), scores.double())


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int32, torch.int64])
def test_extreme_whole_scores_keep_their_order(dtype: torch.dtype) -> None:
    limits = torch.iinfo(dtype)
    scores = torch.tensor([limits.min, limits.min + 1, limits.max - 1, limits.max], dtype=dtype)
    target = torch.tensor([0, 0, 1, 1])
    close(binary_roc_auc(scores, target), 1.0)
    curve = binary_roc_curve(scores, target, drop_intermediate=False)
    assert torch.equal(curve.thresholds[1:].flip(0), scores.double())


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int64, torch.float32])
def test_targets_may_be_of_any_dtype(dtype: torch.dtype) -> None:
    scores = torch.tensor([0.1, 0.4, 0.35, 0.8])
    target = torch.tensor([0, 0, 1, 1])
    close(binary_roc_auc(scores, target.to(dtype)), 0.75)
    close(multilabel_roc_auc(scores[:, None], target[:, None].to(dtype)), 0.75)


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64, torch.float32, torch.float64])
def test_arguments_are_not_written_to(dtype: torch.dtype) -> None:
    scores, target = torch.tensor([3, 1, 2], dtype=dtype), torch.tensor([1, 0, 1])
    binary_roc_auc(scores, target)
    binary_roc_curve(scores, target)
    assert scores.tolist() == [3, 1, 2]
    assert target.tolist() == [1, 0, 1]


def test_further_axes_are_samples() -> None:
    scores = random_scores(4, 3, 5, levels=7, dtype=torch.float32, seed=0)
    target = random_target(3, 4, 5, seed=0)
    flat = scores.movedim(1, 2).reshape(20, 3)
    close(multiclass_roc_auc(scores, target), multiclass_roc_auc(flat, target.reshape(20)))
    hits = target[:, None] == torch.arange(3)[:, None]
    expected = multilabel_roc_auc(flat, hits.movedim(1, 2).reshape(20, 3))
    close(multilabel_roc_auc(scores, hits), expected)
    close(binary_roc_auc(scores, hits), binary_roc_auc(scores.reshape(-1), hits.reshape(-1)))


def test_no_gradient_is_kept() -> None:
    scores = torch.tensor([0.1, 0.9], requires_grad=True)
    assert not binary_roc_auc(scores, torch.tensor([0, 1])).requires_grad


def test_many_scores_are_counted_exactly() -> None:
    half = 5_000_000
    scores = torch.arange(2 * half, dtype=torch.int32)
    expected = Fraction(half + 1, 2 * half)
    assert float(binary_roc_auc(scores, scores % 2)) == float(expected)
