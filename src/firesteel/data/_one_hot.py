"""Class indices as vectors with a one."""

import torch
from torch import Tensor

from firesteel.errors import ArgumentError, ArgumentTypeError

__all__ = ["to_onehot"]


def to_onehot(indices: Tensor, num_classes: int) -> Tensor:
    """Write each class index as a vector with a one in the place of the class.

    It can be compiled by TorchScript.

    Args:
        indices: Class indices in ``[0, num_classes)``. Int64, shape ``(N, ...)``.
        num_classes: How many classes ``C`` there are.

    Returns:
        Zeros and ones. Uint8, shape ``(N, C, ...)``, on the device of ``indices``.

    Raises:
        ArgumentError: ``indices`` has no axis, or, on the CPU, where looking does not wait for the
            device, holds an index out of range.
        ArgumentTypeError: ``indices`` is not int64.

    Source:
        ``ignite.utils.to_onehot``.

    Example:
        >>> to_onehot(torch.tensor([2, 0]), num_classes=3)
        tensor([[0, 0, 1],
                [1, 0, 0]], dtype=torch.uint8)
    """
    if indices.dtype != torch.int64:
        raise ArgumentTypeError(f"to_onehot: indices must be int64, got {indices.dtype}")
    if indices.ndim == 0:
        raise ArgumentError("to_onehot: indices must have at least one axis, got a single number")
    if indices.device.type == "cpu" and indices.numel() > 0:
        lowest, highest = int(indices.min()), int(indices.max())
        if lowest < 0 or highest >= num_classes:
            raise ArgumentError(
                f"to_onehot: indices must be in [0, {num_classes}), got {lowest} to {highest}"
            )
    shape = list(indices.shape)
    shape.insert(1, num_classes)
    onehot = torch.zeros(shape, dtype=torch.uint8, device=indices.device)
    return onehot.scatter_(1, indices.unsqueeze(1), 1)
