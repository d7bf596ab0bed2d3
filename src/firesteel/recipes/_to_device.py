"""Bring a batch to a device."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor
from typing_extensions import TypeIs, TypeVar

__all__ = ["to_device"]

T = TypeVar("T")


def to_device(batch: T, device: torch.device | str, *, non_blocking: bool = False) -> T:
    """Give the batch with its tensors on a device; tuples, lists and dictionaries are gone into.

    Args:
        batch: The batch.
        device: Where to.
        non_blocking: Whether to go on without waiting for the copies.
    """
    moved = _moved(batch, device, non_blocking=non_blocking)
    return moved if isinstance(moved, type(batch)) else batch


def _moved(value: object, device: torch.device | str, *, non_blocking: bool) -> object:
    if isinstance(value, Tensor):
        return value.to(device, non_blocking=non_blocking)
    if _is_row(value):
        return _made(
            type(value), [_moved(part, device, non_blocking=non_blocking) for part in value]
        )
    if _is_dict(value):
        return {key: _moved(part, device, non_blocking=non_blocking) for key, part in value.items()}
    return value


def _made(make: Callable[..., object], parts: Sequence[object]) -> object:
    """Make a row of the parts; what is no plain tuple or list is a NamedTuple."""
    return make(parts) if any(make is kind for kind in (tuple, list)) else make(*parts)


def _is_row(value: object) -> TypeIs[Sequence[object]]:
    return isinstance(value, tuple | list)


def _is_dict(value: object) -> TypeIs[Mapping[object, object]]:
    return type(value) is dict
