"""Counts of positives and negatives per bin of scores: constant memory, whatever the samples."""

from collections.abc import Hashable
from typing import final

import torch
from torch import Tensor
from typing_extensions import override

from firesteel._require import at_least
from firesteel.errors import ArgumentError
from firesteel.metrics._fields import field
from firesteel.metrics._functional._binned import (
    BinnedCounts,
    binary_binned_sums,
    check_probabilities,
    multiclass_binned_sums,
    multilabel_binned_sums,
    refuse_whole_scores,
)
from firesteel.metrics._functional._classification import ClassificationKind
from firesteel.metrics._functional._curve_inputs import (
    check_binary_target,
    check_class_target,
    multiclass_rows,
    multilabel_rows,
    refuse_nothing,
    refuse_option,
    refuse_shapes,
)
from firesteel.metrics._mean import PredTarget
from firesteel.metrics.classification._statistic import Validation

from ._checked import CheckedStatistic, without_column

__all__ = ["BinnedStatistic"]


@final
class BinnedStatistic(CheckedStatistic):
    """How many positives and negatives reach which threshold, of evenly spaced ones.

    Args:
        name: Whose statistic it is, for errors.
        kind: Whether there is one score for each target, one per class, or one per label.
        num_thresholds: How many thresholds, from 0 to 1, at least 2.
        validate: In which updates values are checked.
        device: Where the counts are kept; ``None`` for where the inputs are.
    """

    positives: Tensor = field(torch.zeros((), dtype=torch.int64), is_open=True)
    negatives: Tensor = field(torch.zeros((), dtype=torch.int64), is_open=True)

    def __init__(
        self,
        name: str,
        *,
        kind: ClassificationKind = "binary",
        num_thresholds: int = 200,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__(name, validate=validate, device=device)
        refuse_option(name, "kind", kind, ("binary", "multiclass", "multilabel"))
        self._kind = kind
        self._num_thresholds = at_least(name, "num_thresholds", num_thresholds, 2)
        self.reset()

    @property
    @override
    def key(self) -> Hashable:
        return self._kind, self._num_thresholds, self.validate

    @override
    def update(self, value: PredTarget, /) -> None:
        """Take a batch in.

        Args:
            value: Probabilities and targets, as the ``..._binned_counts`` of
                :mod:`firesteel.metrics.functional` take them.

        Raises:
            ArgumentError: Shapes do not fit together, or differ from those before.
            ArgumentTypeError: A dtype is of another kind.
        """
        scores, target = value
        if self._kind == "binary":
            scores, target = without_column(scores, target)
        self._refuse_inputs(scores, target)
        if not scores.numel():
            return
        if self.is_due:
            self._check(scores, target)
            self.passed()
        counts = self._counted(scores, target)
        positives = self.added(self.positives, counts.positives)
        self.negatives = self.added(self.negatives, counts.negatives)
        self.positives = positives

    def counts(self) -> BinnedCounts:
        """Give the counts.

        Raises:
            NotComputableError: Nothing was seen.
            ArgumentError: Targets were no classes.
        """
        refuse_nothing(self.name, self.positives.ndim)
        counts = BinnedCounts(positives=self.positives, negatives=self.negatives)
        if self._kind == "multiclass":
            # each sample is a positive of one class, unless its target is none
            num_outside = int((counts.positives + counts.negatives)[0].sum())
            num_outside -= int(counts.positives.sum())
            if num_outside:
                raise ArgumentError(
                    f"{self.name}: targets must be in [0, {len(counts.positives)}), "
                    f"got {num_outside} outside"
                )
        return counts

    def _refuse_inputs(self, scores: Tensor, target: Tensor) -> None:
        """Refuse shapes and dtypes in the name of the metric."""
        if self._kind == "multiclass":
            multiclass_rows(self.name, scores, target)
        elif self._kind == "multilabel":
            multilabel_rows(self.name, scores, target)
        else:
            refuse_shapes(self.name, scores, target)
        refuse_whole_scores(self.name, scores)

    def _check(self, scores: Tensor, target: Tensor) -> None:
        check_probabilities(self.name, scores)
        if self._kind == "multiclass":
            check_class_target(self.name, target, num_classes=scores.shape[1])
        else:
            check_binary_target(self.name, target)

    def _counted(self, scores: Tensor, target: Tensor) -> BinnedCounts:
        num_thresholds = self._num_thresholds
        if self._kind == "multiclass":
            return multiclass_binned_sums(scores, target, num_thresholds=num_thresholds)
        if self._kind == "multilabel":
            return multilabel_binned_sums(scores, target, num_thresholds=num_thresholds)
        return binary_binned_sums(scores, target, num_thresholds=num_thresholds)
