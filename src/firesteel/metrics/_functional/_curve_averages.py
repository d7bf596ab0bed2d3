"""How the values of several curves become one."""

from typing import Literal, TypeAlias

import torch
from torch import Tensor

__all__ = ["ClassAverage", "LabelAverage", "mean_over_classes"]

ClassAverage: TypeAlias = Literal["macro", "weighted"] | None
"""One value per class, or their mean, or their mean by numbers of positives."""

LabelAverage: TypeAlias = Literal["micro", "macro", "weighted"] | None
"""As ``ClassAverage``, or one value over all labels taken as one."""


def mean_over_classes(values: Tensor, positives: Tensor, average: str | None) -> Tensor:
    """Average what is not NaN, or give all."""
    if average is None:
        return values
    if len(values) == 1:
        return values[0]
    if average == "macro":
        return values.nanmean()
    is_known = ~values.isnan()
    weights = positives * is_known
    total = weights.sum()
    mean = (values.nan_to_num() * weights).sum() / total.clamp(min=1)
    return torch.where(is_known.any(), mean, torch.nan)
