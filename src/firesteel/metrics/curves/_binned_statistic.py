"""Counts of positives and negatives per bin of scores: constant memory, whatever the samples."""

from collections.abc import Hashable
from types import MappingProxyType
from typing import Final, final

import torch
from torch import Tensor
from typing_extensions import override

from firesteel._require import at_least
from firesteel.errors import ArgumentError
from firesteel.metrics._fields import field
from firesteel.metrics._functional._binned import (
    BinnedCounts,
    binary_bin_table,
    check_probabilities,
    multiclass_bin_table,
    multilabel_bin_table,
    refuse_whole_scores,
)
from firesteel.metrics._functional._classification import ClassificationKind
from firesteel.metrics._functional._curve_inputs import (
    check_binary_target,
    check_class_target,
    refuse_class_shapes,
    refuse_label_shapes,
    refuse_nothing,
    refuse_option,
    refuse_shapes,
)
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._validation import Validation

from ._checked import CheckedStatistic, without_column

__all__ = ["BinnedStatistic"]


_BY_KIND: Final = MappingProxyType(
    {
        "binary": (refuse_shapes, binary_bin_table),
        "multiclass": (refuse_class_shapes, multiclass_bin_table),
        "multilabel": (refuse_label_shapes, multilabel_bin_table),
    }
)
"""What refuses shapes and dtypes, and what counts."""


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

    table: Tensor = field(torch.zeros((), dtype=torch.int64), is_open=True)

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
        self._refuse, self._table = _BY_KIND[kind]
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
        if self._kind == "binary" and scores.ndim != target.ndim:
            scores, target = without_column(scores, target)
        self._refuse(self.name, scores, target)
        refuse_whole_scores(self.name, scores)
        if not scores.numel():
            return
        if self.is_due:
            self._check(scores, target)
            self.passed()
        self.table = self.added(self.table, self._table(scores, target, self._num_thresholds))

    def counts(self) -> BinnedCounts:
        """Give the counts.

        Raises:
            NotComputableError: Nothing was seen.
            ArgumentError: Targets were no classes.
        """
        refuse_nothing(self.name, self.table.ndim)
        counts = BinnedCounts.of(self.table)
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

    def _check(self, scores: Tensor, target: Tensor) -> None:
        check_probabilities(self.name, scores)
        if self._kind == "multiclass":
            check_class_target(self.name, target, num_classes=scores.shape[1])
        else:
            check_binary_target(self.name, target)
