"""Sums of errors of a small batch in the host's memory, by numpy: there a call of torch costs more.

They are those of ``square_sums`` and ``mean_sums``, as plain numbers. ``None`` stands for a batch
that torch adds up better, or that is not in the host's memory.
"""

from contextlib import suppress
from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor

from ._counts import is_on_host

if TYPE_CHECKING:
    import numpy as np

    from ._counts import Numbers
else:
    with suppress(ImportError):
        import numpy as np

__all__ = ["absolute_error_on_host", "squared_error_on_host"]

_MOST: Final = 2**13
"""So many values numpy adds up faster; of more, the threads behind its ``dot`` cost more."""


def squared_error_on_host(prediction: Tensor, target: Tensor) -> float | None:
    """Add up the squared errors of a checked pair."""
    if not _is_for_numpy(prediction, target):
        return None
    difference = _difference(prediction, target)
    return float(difference.dot(difference))


def absolute_error_on_host(prediction: Tensor, target: Tensor) -> float | None:
    """Add up the absolute errors of a checked pair."""
    if not _is_for_numpy(prediction, target):
        return None
    difference = _difference(prediction, target)
    return float(np.add.reduce(np.absolute(difference, out=difference)))


def _is_for_numpy(prediction: Tensor, target: Tensor) -> bool:
    return (
        prediction.dtype is target.dtype is torch.float32
        and prediction.numel() <= _MOST
        and is_on_host(prediction)
        and is_on_host(target)
    )


def _difference(prediction: Tensor, target: Tensor) -> "Numbers":
    """Give the difference in double precision, on one axis in the order of the memory."""
    # taken by torch, as numpy would warn of infinities
    difference = prediction - target
    if difference.requires_grad:
        difference = difference.detach()
    in_double: Numbers = difference.numpy().astype(np.float64)
    return in_double.ravel("K")
