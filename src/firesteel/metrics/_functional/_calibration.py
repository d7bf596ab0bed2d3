"""How far probabilities are from the shares that they promise."""

from typing import Literal, NamedTuple, TypeAlias

import torch
from torch import Tensor

from firesteel._require import at_least

from ._binned import bins_of, check_probabilities, histogram, refuse_whole_scores
from ._counts import in_double
from ._curve_inputs import (
    check_binary_target,
    check_class_target,
    multiclass_rows,
    refuse_nothing,
    refuse_option,
    refuse_shapes,
)

__all__ = [
    "BrierSums",
    "CalibrationSums",
    "binary_brier_score",
    "binary_calibration_error",
    "multiclass_brier_score",
    "multiclass_calibration_error",
]

CalibrationNorm: TypeAlias = Literal["l1", "l2", "max"]
"""Mean gap, root of the mean squared gap, or largest gap."""


class CalibrationSums(NamedTuple):
    """What falls into each bin of confidence. All fields merge by sum."""

    num_samples: Tensor
    """Int64, shape ``(num_bins,)``."""
    num_right: Tensor
    """How many of them came true, int64, shape ``(num_bins,)``."""
    confidence: Tensor
    """Sum of their confidences, float64, shape ``(num_bins,)``."""


class BrierSums(NamedTuple):
    """Squared errors of probabilities. Both fields merge by sum."""

    squared_error: Tensor
    """Sum, float64, shape ``()``."""
    num_samples: int
    """How many samples, from the shape."""


def binary_calibration_sums(scores: Tensor, target: Tensor, *, num_bins: int) -> CalibrationSums:
    """Add up what :func:`binary_calibration_error` needs, without a look at values."""
    where = "binary_calibration_error"
    num_bins = at_least(where, "num_bins", num_bins, 1)
    refuse_shapes(where, scores, target)
    refuse_whole_scores(where, scores)
    return _sums(scores.detach().reshape(-1), (target != 0).reshape(-1), num_bins)


def multiclass_calibration_sums(
    scores: Tensor, target: Tensor, *, num_bins: int
) -> CalibrationSums:
    """Add up what :func:`multiclass_calibration_error` needs, without a look at values."""
    where = "multiclass_calibration_error"
    num_bins = at_least(where, "num_bins", num_bins, 1)
    scores, target = multiclass_rows(where, scores, target)
    refuse_whole_scores(where, scores)
    confidence, predicted = scores.max(dim=0)
    return _sums(confidence, predicted == target, num_bins)


def calibration_error_result(sums: CalibrationSums, *, norm: CalibrationNorm = "l1") -> Tensor:
    """Give the calibration error from sums per bin.

    Raises:
        ArgumentError: ``norm`` is unknown.
        NotComputableError: No sample was seen.
    """
    refuse_option("calibration_error_result", "norm", norm, ("l1", "l2", "max"))
    total = sums.num_samples.sum()
    refuse_nothing("calibration_error_result", int(total))
    # the gap of a bin times its samples: no bin is divided by
    gap = (sums.confidence - sums.num_right).abs()
    if norm == "l1":
        return gap.sum() / total
    mean_gap = gap / sums.num_samples.clamp(min=1)
    return (mean_gap * gap).sum().div(total).sqrt() if norm == "l2" else mean_gap.max()


def binary_calibration_error(
    scores: Tensor, target: Tensor, *, num_bins: int = 15, norm: CalibrationNorm = "l1"
) -> Tensor:
    r"""Measure how far probabilities are from the shares of positives (expected calibration error).

    The scores are put into :math:`B` bins of one width. With the mean score :math:`c_b` and the
    share of positives :math:`a_b` among the :math:`n_b` scores of bin :math:`b`, the error is
    :math:`\sum_b \frac{n_b}{n} |a_b - c_b|` for ``"l1"``,
    :math:`\sqrt{\sum_b \frac{n_b}{n} (a_b - c_b)^2}` for ``"l2"`` and
    :math:`\max_b |a_b - c_b|` for ``"max"``. A bin holds its lower end, and
    scores that fall short of that by less than 5e-7 of it; the last one holds 1 too.

    Args:
        scores: Probability of the positive class, in ``[0, 1]``, floating point, any shape.
        target: 0 or 1, any real dtype, shape of ``scores``.
        num_bins: :math:`B`, at least 1.
        norm: How the gaps of the bins are combined.

    Returns:
        Float64, shape ``()``, on the device of ``scores``; from 0 to 1, lower is better.

    Raises:
        ArgumentError: The shapes differ, a score is not in ``[0, 1]``, a target is neither 0 nor 1,
            there is no bin, or ``norm`` is unknown.
        ArgumentTypeError: The scores are not floating point numbers.
        NotComputableError: There are no scores.

    Source:
        Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using Bayesian
        binning", AAAI 2015.

    Example:
        >>> import torch
        >>> scores = torch.tensor([0.25, 0.25, 0.75, 0.75])
        >>> binary_calibration_error(scores, torch.tensor([0, 1, 1, 1]), num_bins=2).item()
        0.25
    """
    where = "binary_calibration_error"
    refuse_option(where, "norm", norm, ("l1", "l2", "max"))
    sums = binary_calibration_sums(scores, target, num_bins=num_bins)
    refuse_nothing(where, scores.numel())
    check_probabilities(where, scores)
    check_binary_target(where, target)
    return calibration_error_result(sums, norm=norm)


def multiclass_calibration_error(
    scores: Tensor, target: Tensor, *, num_bins: int = 15, norm: CalibrationNorm = "l1"
) -> Tensor:
    """Measure how far the confidence in the best class is from how often that class is right.

    The confidence of a sample is its highest probability, and the sample is right if that class,
    the first of equals, is the true one. The rest is as in :func:`binary_calibration_error`.

    Args:
        scores: Probability of each class, in ``[0, 1]``, floating point, shape
            ``(batch, classes, ...)``.
        target: Index of the true class, whole number, shape ``(batch, ...)``.
        num_bins: How many bins of confidence, at least 1.
        norm: How the gaps of the bins are combined.

    Returns:
        Float64, shape ``()``, on the device of ``scores``; from 0 to 1, lower is better.

    Raises:
        ArgumentError: The shapes do not fit, a score is not in ``[0, 1]``, a target is no class,
            there is no bin, or ``norm`` is unknown.
        ArgumentTypeError: The scores are not floating point numbers, or the targets not whole ones.
        NotComputableError: There are no scores.

    Source:
        Guo et al., "On calibration of modern neural networks", ICML 2017.

    Example:
        >>> import torch
        >>> scores = torch.tensor([[0.75, 0.25], [0.25, 0.75]])
        >>> multiclass_calibration_error(scores, torch.tensor([0, 0])).item()
        0.25
    """
    where = "multiclass_calibration_error"
    refuse_option(where, "norm", norm, ("l1", "l2", "max"))
    sums = multiclass_calibration_sums(scores, target, num_bins=num_bins)
    refuse_nothing(where, scores.numel())
    check_probabilities(where, scores)
    check_class_target(where, target, num_classes=scores.shape[1])
    return calibration_error_result(sums, norm=norm)


def binary_brier_sums(scores: Tensor, target: Tensor) -> BrierSums:
    """Add up what :func:`binary_brier_score` needs, without a look at values."""
    where = "binary_brier_score"
    refuse_shapes(where, scores, target)
    refuse_whole_scores(where, scores)
    exact = in_double(scores.detach())
    error = exact - target.detach().to(exact.dtype)  # a bool cannot be subtracted
    return BrierSums(error.square_().sum(), scores.numel())


def multiclass_brier_sums(scores: Tensor, target: Tensor) -> BrierSums:
    """Add up what :func:`multiclass_brier_score` needs, without a look at values.

    A target that is no class counts as if no class were true.
    """
    where = "multiclass_brier_score"
    scores, target = multiclass_rows(where, scores, target)
    refuse_whole_scores(where, scores)
    if not scores.numel():
        return BrierSums(in_double(scores).sum(), 0)
    if scores.dtype.itemsize < torch.float32.itemsize:
        scores = scores.float()
    known = target.clamp(0, len(scores) - 1)
    error = scores.scatter_add(0, known[None], -(known == target).to(scores.dtype)[None])
    total = error.square_().sum(dtype=in_double(error[:0, 0]).dtype)
    return BrierSums(total, target.numel())


def brier_score_result(sums: BrierSums) -> Tensor:
    """Give the Brier score from sums.

    Raises:
        NotComputableError: No sample was seen.
    """
    refuse_nothing("brier_score_result", sums.num_samples)
    return sums.squared_error / sums.num_samples


def binary_brier_score(scores: Tensor, target: Tensor) -> Tensor:
    r"""Measure the mean squared error of probabilities: :math:`\frac1n \sum_i (p_i - y_i)^2`.

    Args:
        scores: Probability of the positive class, in ``[0, 1]``, floating point, any shape.
        target: 0 or 1, any real dtype, shape of ``scores``.

    Returns:
        Float64, shape ``()``, on the device of ``scores``; from 0 to 1, lower is better.

    Raises:
        ArgumentError: The shapes differ, a score is not in ``[0, 1]``, or a target is neither 0 nor
            1.
        ArgumentTypeError: The scores are not floating point numbers.
        NotComputableError: There are no scores.

    Source:
        scikit-learn's ``brier_score_loss``.

    Example:
        >>> import torch
        >>> binary_brier_score(torch.tensor([0.5, 1.0]), torch.tensor([0, 1])).item()
        0.125
    """
    where = "binary_brier_score"
    sums = binary_brier_sums(scores, target)
    refuse_nothing(where, sums.num_samples)
    check_probabilities(where, scores)
    check_binary_target(where, target)
    return brier_score_result(sums)


def multiclass_brier_score(scores: Tensor, target: Tensor) -> Tensor:
    r"""Measure the mean squared distance of probabilities from the truth.

    :math:`\frac1n \sum_i \sum_c (p_{ic} - 1[y_i = c])^2`: with two classes it is twice the binary
    score.

    Args:
        scores: Probability of each class, in ``[0, 1]``, floating point, shape
            ``(batch, classes, ...)``.
        target: Index of the true class, whole number, shape ``(batch, ...)``.

    Returns:
        Float64, shape ``()``, on the device of ``scores``; from 0 to 2 where the probabilities of a
        sample add up to 1, lower is better.

    Raises:
        ArgumentError: The shapes do not fit, a score is not in ``[0, 1]``, or a target is no class.
        ArgumentTypeError: The scores are not floating point numbers, or the targets not whole ones.
        NotComputableError: There are no scores.

    Source:
        Brier, "Verification of forecasts expressed in terms of probability", 1950; scikit-learn's
        ``brier_score_loss`` with ``scale_by_half=False``.

    Example:
        >>> import torch
        >>> scores = torch.tensor([[0.5, 0.5], [0.0, 1.0]])
        >>> multiclass_brier_score(scores, torch.tensor([0, 1])).item()
        0.25
    """
    where = "multiclass_brier_score"
    sums = multiclass_brier_sums(scores, target)
    refuse_nothing(where, sums.num_samples)
    check_probabilities(where, scores)
    check_class_target(where, target, num_classes=scores.shape[1])
    return brier_score_result(sums)


def _sums(confidence: Tensor, is_right: Tensor, num_bins: int) -> CalibrationSums:
    bins = bins_of(confidence, num_bins=num_bins, scale=num_bins).long()
    # right and wrong are counted side by side, in one go
    place = torch.add(bins, is_right, alpha=num_bins)
    counts = histogram(place, 2 * num_bins).view(2, num_bins)
    exact = in_double(confidence)
    return CalibrationSums(
        num_samples=counts.sum(0),
        num_right=counts[1],
        confidence=exact.new_zeros(num_bins).scatter_add_(0, bins, exact),
    )
