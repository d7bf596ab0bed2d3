"""How far probabilities are from the shares that they promise."""

from collections.abc import Callable, Hashable
from typing import ClassVar, final, overload

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel._require import at_least
from firesteel.metrics._fields import field
from firesteel.metrics._functional._binned import check_probabilities, refuse_whole_scores
from firesteel.metrics._functional._calibration import (
    BrierSums,
    CalibrationNorm,
    CalibrationSums,
    binary_brier_sums,
    binary_calibration_sums,
    brier_score_result,
    calibration_error_result,
    multiclass_brier_sums,
    multiclass_calibration_sums,
)
from firesteel.metrics._functional._curve_inputs import (
    check_binary_target,
    check_class_target,
    multiclass_rows,
    refuse_nothing,
    refuse_option,
    refuse_shapes,
)
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._statistic_metric import StatisticMetric
from firesteel.metrics._validation import Validation

from ._checked import CheckedStatistic, without_column

__all__ = ["BrierScore", "CalibrationError"]

OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


class _ProbabilityStatistic(CheckedStatistic):
    """Sums over probabilities: of the positive class, or one per class on a second axis."""

    @final
    @override
    def update(self, value: PredTarget, /) -> None:
        """Take a batch in.

        Args:
            value: Probabilities, floating point, and targets: 0 or 1 in the same shape, or indices
                of the classes on the second axis of the probabilities.

        Raises:
            ArgumentError: Shapes do not fit together.
            ArgumentTypeError: A dtype is of another kind.
        """
        scores, target = without_column(*value)
        has_classes = scores.ndim == target.ndim + 1
        if has_classes:
            multiclass_rows(self.name, scores, target)
        else:
            refuse_shapes(self.name, scores, target)
        refuse_whole_scores(self.name, scores)
        if not scores.numel():
            return
        if self.is_due:
            check_probabilities(self.name, scores)
            if has_classes:
                check_class_target(self.name, target, num_classes=scores.shape[1])
            else:
                check_binary_target(self.name, target)
            self.passed()
        self.add(scores, target, has_classes=has_classes)

    def add(self, scores: Tensor, target: Tensor, *, has_classes: bool) -> None:
        """Add what the samples contribute."""
        raise NotImplementedError


@final
class CalibrationStatistic(_ProbabilityStatistic):
    """What falls into each bin of confidence.

    Args:
        name: Whose statistic it is, for errors.
        num_bins: How many bins, at least 1.
        validate: In which updates values are checked.
        device: Where the sums are kept; ``None`` for where the inputs are.
    """

    num_samples: Tensor = field(torch.zeros((), dtype=torch.int64), is_open=True)
    num_right: Tensor = field(torch.zeros((), dtype=torch.int64), is_open=True)
    confidence: Tensor = field(torch.zeros((), dtype=torch.float64), is_open=True)

    def __init__(
        self,
        name: str,
        *,
        num_bins: int = 15,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__(name, validate=validate, device=device)
        self._num_bins = at_least(name, "num_bins", num_bins, 1)
        self.reset()

    @property
    @override
    def key(self) -> Hashable:
        return self._num_bins, self.validate

    @override
    def add(self, scores: Tensor, target: Tensor, *, has_classes: bool) -> None:
        sums_of = multiclass_calibration_sums if has_classes else binary_calibration_sums
        sums = sums_of(scores, target, num_bins=self._num_bins)
        self.num_samples = self.added(self.num_samples, sums.num_samples)
        self.num_right = self.added(self.num_right, sums.num_right)
        self.confidence = self.added(self.confidence, sums.confidence)

    def sums(self) -> CalibrationSums:
        """Give the sums.

        Raises:
            NotComputableError: Nothing was seen.
        """
        refuse_nothing(self.name, self.num_samples.ndim)
        return CalibrationSums(
            num_samples=self.num_samples, num_right=self.num_right, confidence=self.confidence
        )


@final
class BrierStatistic(_ProbabilityStatistic):
    """Squared errors of probabilities.

    Args:
        name: Whose statistic it is, for errors.
        validate: In which updates values are checked.
        device: Where the sum is kept; ``None`` for where the inputs are.
    """

    squared_error: Tensor = field(torch.zeros((), dtype=torch.float64))
    num_samples: int = field(0)

    def __init__(
        self,
        name: str,
        *,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__(name, validate=validate, device=device)
        self.reset()

    @property
    @override
    def key(self) -> Hashable:
        return self.validate

    @override
    def add(self, scores: Tensor, target: Tensor, *, has_classes: bool) -> None:
        sums = (multiclass_brier_sums if has_classes else binary_brier_sums)(scores, target)
        error = sums.squared_error if self.device is None else sums.squared_error.to(self.device)
        self.squared_error = self.squared_error.to(error.device) + error
        self.num_samples += sums.num_samples

    def sums(self) -> BrierSums:
        """Give the sums.

        Raises:
            NotComputableError: Nothing was seen.
        """
        refuse_nothing(self.name, self.num_samples)
        return BrierSums(self.squared_error, self.num_samples)


@final
class CalibrationError(StatisticMetric[PredTarget, CalibrationStatistic, float, OutputT]):
    r"""How far probabilities are from the shares that come true (expected calibration error).

    Probabilities are put into :math:`B` bins of one width. With the mean probability :math:`c_b`
    and the share :math:`a_b` that came true among the :math:`n_b` samples of bin :math:`b`, the
    error is :math:`\sum_b \frac{n_b}{n} |a_b - c_b|` for ``"l1"``,
    :math:`\sqrt{\sum_b \frac{n_b}{n} (a_b - c_b)^2}` for ``"l2"`` and :math:`\max_b |a_b - c_b|`
    for ``"max"``. A bin holds its lower end; the last one holds 1 too.

    Probabilities are floating point numbers in ``[0, 1]``: of the positive class, in the shape of
    the targets, 0 or 1; or ``(batch, classes, ...)`` for targets ``(batch, ...)`` that are indices
    of classes, whole numbers. Then the probability of a sample is its highest, and it comes true if
    that class, the first of equals, is the true one. Only sums are kept, three for each bin.

    Args:
        output_transform: Gives probabilities and targets from the engine's output.
        num_bins: :math:`B`, at least 1.
        norm: How the gaps of the bins are combined.
        validate: In which updates probabilities are checked to be in ``[0, 1]`` and targets to be
            classes or 0 and 1, for which the host waits for the device: in the ``"first"`` after a
            reset, ``"always"``, ``"never"``.
        device: Where the sums are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: Shapes do not fit together, a value is out of range, or an option is.
        ArgumentTypeError: Probabilities are no floating point numbers, or classes no whole ones.
        NotComputableError: ``compute`` was called before any sample was seen.

    Source:
        Guo et al., "On calibration of modern neural networks", ICML 2017; Naeini, Cooper and
        Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015.
        Better is lower, from 0 to 1.

    Example:
        >>> import torch
        >>> error = CalibrationError(num_bins=2)
        >>> error.update((torch.tensor([0.25, 0.25]), torch.tensor([0, 1])))
        >>> error.update((torch.tensor([0.75, 0.75]), torch.tensor([1, 1])))
        >>> error.compute()
        0.25
    """

    higher_is_better: ClassVar[bool | None] = False

    @overload
    def __init__(
        self: "CalibrationError[PredTarget]",
        *,
        num_bins: int = 15,
        norm: CalibrationNorm = "l1",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        num_bins: int = 15,
        norm: CalibrationNorm = "l1",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        num_bins: int = 15,
        norm: CalibrationNorm = "l1",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        refuse_option("CalibrationError", "norm", norm, ("l1", "l2", "max"))
        self._norm: CalibrationNorm = norm
        statistic = CalibrationStatistic(
            "CalibrationError", num_bins=num_bins, validate=validate, device=device
        )
        super().__init__(statistic, output_transform, device=device)

    @override
    def compute(self) -> float:
        return float(calibration_error_result(self.statistic.sums(), norm=self._norm))


@final
class BrierScore(StatisticMetric[PredTarget, BrierStatistic, float, OutputT]):
    r"""Mean squared error of probabilities.

    :math:`\frac1n \sum_i (p_i - y_i)^2` for the probabilities of a positive class, and
    :math:`\frac1n \sum_i \sum_c (p_{ic} - 1[y_i = c])^2` for those of several classes: with two
    classes it is twice the former.

    Probabilities are floating point numbers in ``[0, 1]``: of the positive class, in the shape of
    the targets, 0 or 1; or ``(batch, classes, ...)`` for targets ``(batch, ...)`` that are indices
    of classes, whole numbers. Only a sum is kept.

    Args:
        output_transform: Gives probabilities and targets from the engine's output.
        validate: In which updates probabilities are checked to be in ``[0, 1]`` and targets to be
            classes or 0 and 1, for which the host waits for the device: in the ``"first"`` after a
            reset, ``"always"``, ``"never"``.
        device: Where the sum is kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: Shapes do not fit together, or a value is out of range.
        ArgumentTypeError: Probabilities are no floating point numbers, or classes no whole ones.
        NotComputableError: ``compute`` was called before any sample was seen.

    Source:
        Brier, "Verification of forecasts expressed in terms of probability", 1950; scikit-learn's
        ``brier_score_loss``, with ``scale_by_half=False``. Better is lower, from 0 to 1, or to 2
        for several classes whose probabilities add up to 1.

    Example:
        >>> import torch
        >>> score = BrierScore()
        >>> score.update((torch.tensor([0.5]), torch.tensor([0])))
        >>> score.update((torch.tensor([1.0]), torch.tensor([1])))
        >>> score.compute()
        0.125
    """

    higher_is_better: ClassVar[bool | None] = False

    @overload
    def __init__(
        self: "BrierScore[PredTarget]",
        *,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        statistic = BrierStatistic("BrierScore", validate=validate, device=device)
        super().__init__(statistic, output_transform, device=device)

    @override
    def compute(self) -> float:
        return float(brier_score_result(self.statistic.sums()))
