"""What multilabel metrics are computed from that are means of what each sample has by itself."""

from collections.abc import Hashable
from typing import final

import torch
from torch import Tensor
from typing_extensions import override

from firesteel._require import mismatch, one_of
from firesteel.errors import ArgumentError
from firesteel.metrics._board import Statistic
from firesteel.metrics._fields import field
from firesteel.metrics._functional._counting import SampleSums, sample_result, sample_sums
from firesteel.metrics._functional._counting_checks import check_classes, check_sample_sums
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._validation import VALIDATIONS, Validation

__all__ = ["SampleStatistic"]


@final
class SampleStatistic(Statistic):
    """Sums over samples of precision, recall, F and Jaccard index of each one's labels.

    Args:
        name: Whose statistic it is, for errors.
        num_labels: Number of labels, to be held to; ``None`` for any.
        ignore_index: Target of labels that are not to be counted; ``None`` for none.
        threshold: What floating point predictions have to be above.
        beta: How many times as much recall counts as precision does in F.
        zero_division: The value of 0/0 in a sample.
        validate: In which updates labels are checked to be 0 or 1.
        device: Where the sums are kept; ``None`` for where the inputs are.
    """

    sums: Tensor = field(torch.zeros(4, dtype=torch.float64))
    counts: Tensor = field(torch.zeros(2, dtype=torch.int64))

    def __init__(
        self,
        name: str,
        *,
        num_labels: int | None,
        ignore_index: int | None,
        threshold: float,
        beta: float,
        zero_division: float,
        validate: Validation,
        device: torch.device | str | None,
    ) -> None:
        super().__init__(device=device)
        one_of(name, "validate", validate, VALIDATIONS)
        self._name = name
        self._num_labels = num_labels
        self._ignore_index = ignore_index
        self._threshold = threshold
        self._beta = beta
        self._zero_division = zero_division
        self._validate = validate
        self._is_checked = False
        self.reset()

    @property
    @override
    def key(self) -> Hashable:
        return (
            self._num_labels,
            self._ignore_index,
            self._threshold,
            self._beta,
            self._zero_division,
            self._validate,
        )

    @override
    def reset(self) -> None:
        super().reset()
        self._is_checked = False

    @override
    def update(self, value: PredTarget, /) -> None:
        """Take a batch in.

        Args:
            value: Predictions and targets, shape ``(N, L, ...)``.

        Raises:
            ArgumentError: Shapes do not fit together, or labels are not 0 or 1.
            ArgumentTypeError: A dtype is of another kind.
        """
        prediction, target = value
        if target.ndim > 1 and target.shape[1] != (self._num_labels or target.shape[1]):
            condition = f"the number of labels, {target.shape[1]}"
            raise ArgumentError(mismatch(self._name, "num_classes", condition, self._num_labels))
        batch = sample_sums(
            prediction,
            target,
            ignore_index=self._ignore_index,
            threshold=self._threshold,
            beta=self._beta,
            zero_division=self._zero_division,
            where=self._name,
        )
        if self._validate == "always" or not (self._is_checked or self._validate == "never"):
            check_classes(
                self._name, prediction, target, kind="multilabel", ignore_index=self._ignore_index
            )
            self._is_checked = True
        sums, counts = batch
        if self.device is not None:
            sums, counts = sums.to(self.device), counts.to(self.device)
        # MPS has no float64
        self.sums = self.sums.to(sums.device, sums.dtype) + sums
        self.counts = self.counts.to(counts.device) + counts

    def means(self, where: str) -> Tensor:
        """Give the means over samples of precision, recall, F and Jaccard index, shape ``(4,)``.

        Args:
            where: Who asks, for errors.

        Raises:
            NotComputableError: Nothing was seen.
            ArgumentError: Labels were not 0 or 1.
        """
        sums = SampleSums(self.sums, self.counts)
        check_sample_sums(where, sums)
        return sample_result(sums)
