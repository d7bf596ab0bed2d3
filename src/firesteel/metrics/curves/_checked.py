"""What the statistics of this family have in common: when values are checked, and for whom."""

import torch
from torch import Tensor
from typing_extensions import override

from firesteel._require import one_of
from firesteel.errors import ArgumentError
from firesteel.metrics._board import Statistic
from firesteel.metrics._validation import VALIDATIONS, Validation

__all__ = ["CheckedStatistic", "without_column"]


class CheckedStatistic(Statistic):
    """A statistic whose inputs are looked at in some updates, for which the host has to wait.

    Args:
        name: Whose statistic it is, for errors.
        validate: In which updates after a reset: the first with data, all, or none.
        device: Where the state is kept; ``None`` for where the inputs are.

    Attributes:
        is_due: Whether the values of the next update are to be checked.
    """

    def __init__(
        self, name: str, *, validate: Validation, device: torch.device | str | None
    ) -> None:
        super().__init__(device=device)
        one_of(name, "validate", validate, VALIDATIONS)
        self.name = name
        self.validate = validate
        self.is_due = False

    @override
    def reset(self) -> None:
        super().reset()
        self.is_due = self.validate != "never"

    def passed(self) -> None:
        """Take note that values were checked and found right."""
        self.is_due = self.validate == "always"

    def added(self, total: Tensor, part: Tensor) -> Tensor:
        """Add what a batch contributes to a field whose shape comes with the data.

        Raises:
            ArgumentError: It has another shape than what there is.
        """
        if self.device is not None:
            part = part.to(self.device)
        if not total.ndim:
            return part
        if total.shape != part.shape:
            raise ArgumentError(
                f"{self.name}: the number of classes must be the same in all batches, got counts "
                f"of shape {list(part.shape)} after {list(total.shape)}"
            )
        return (total if total.device == part.device else total.to(part.device)) + part


def without_column(scores: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Leave out an only column of one of two, where the other has none."""
    if scores.ndim == target.ndim + 1 > 1 and scores.shape[1] == 1:
        return scores.squeeze(1), target
    if target.ndim == scores.ndim + 1 > 1 and target.shape[1] == 1:
        return scores, target.squeeze(1)
    return scores, target
