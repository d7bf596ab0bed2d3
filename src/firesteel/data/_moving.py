"""Batches, whatever they are made of: moved to a device, pinned, mapped, with their types kept."""

from collections.abc import Callable
from typing import Final, Protocol, TypeAlias, overload

import torch
from torch import Tensor
from typing_extensions import TypeIs, TypeVar

from firesteel._require import is_callable

from ._nested import ATOMS, mapped

__all__ = ["apply_to_tensor", "apply_to_type", "convert_tensor", "pin_memory", "to_device"]

BatchT = TypeVar("BatchT")
X = TypeVar("X")

Device: TypeAlias = torch.device | str | int


@overload
def to_device(batch: Tensor, device: Device, *, non_blocking: bool = False) -> Tensor: ...
@overload
def to_device(batch: BatchT, device: Device, *, non_blocking: bool = False) -> BatchT: ...
def to_device(batch: object, device: Device, *, non_blocking: bool = False) -> object:
    """Move the tensors of a batch to a device.

    Goes through named tuples, tuples, lists, dictionaries and other mappings, and dataclasses,
    frozen ones too, in each other. Each is made anew, of its own type; what is in it that is no
    tensor is left as it is. What has a method ``to`` of its own, like ``PackedSequence``, is asked.

    Args:
        batch: A tensor, or what holds tensors.
        device: Where to.
        non_blocking: Whether the host may go on before pinned memory is copied.

    Returns:
        The same with its tensors on ``device``; tensors that are there already are the same ones.

    Raises:
        RuntimeError: There is no such device, or no memory; a note says where in the batch.

    Example:
        >>> batch = {"x": torch.zeros(2), "names": ["a", "b"]}
        >>> moved = to_device(batch, "meta")
        >>> moved["x"].device, moved["names"]
        (device(type='meta'), ['a', 'b'])
    """

    def move(movable: _Movable) -> object:
        if non_blocking:
            return movable.to(device, non_blocking=True)
        return movable.to(device)

    return mapped(batch, _is_movable, move)


@overload
def pin_memory(batch: Tensor) -> Tensor: ...
@overload
def pin_memory(batch: BatchT) -> BatchT: ...
def pin_memory(batch: object) -> object:
    """Copy the tensors of a batch to pinned memory, from which they move without blocking.

    It goes through a batch as :func:`to_device` does, and asks what has a method ``pin_memory``.

    Args:
        batch: A tensor on the CPU, or what holds such tensors.

    Returns:
        The same in pinned memory.

    Raises:
        RuntimeError: There is no device to pin memory for; a note says where in the batch.
    """
    return mapped(batch, _is_pinnable, lambda pinnable: pinnable.pin_memory())


@overload
def convert_tensor(x: Tensor, device: Device | None = ..., non_blocking: bool = ...) -> Tensor: ...  # noqa: FBT001  # as below
@overload
def convert_tensor(x: BatchT, device: Device | None = ..., non_blocking: bool = ...) -> BatchT: ...  # noqa: FBT001  # as below
def convert_tensor(
    x: object,
    device: Device | None = None,
    non_blocking: bool = False,  # noqa: FBT001, FBT002  # ignite's signature
) -> object:
    """Move the tensors of a batch to a device: :func:`to_device` under ignite's name.

    Args:
        x: A tensor, or what holds tensors.
        device: Where to; ``None`` to leave it where it is.
        non_blocking: Whether the host may go on before pinned memory is copied.

    Returns:
        The same with its tensors on ``device``.

    Source:
        ``ignite.utils.convert_tensor``, which refuses batches that hold numbers or ``None``.
    """
    return x if device is None else to_device(x, device, non_blocking=non_blocking)


@overload
def apply_to_tensor(x: Tensor, function: Callable[[Tensor], Tensor]) -> Tensor: ...
@overload
def apply_to_tensor(x: BatchT, function: Callable[[Tensor], Tensor]) -> BatchT: ...
def apply_to_tensor(x: object, function: Callable[[Tensor], Tensor]) -> object:
    """Apply a function to each tensor of a batch: :func:`apply_to_type` for tensors.

    Args:
        x: A tensor, or what holds tensors.
        function: What to apply.

    Returns:
        The same with what the function gave in the place of each tensor.

    Example:
        >>> apply_to_tensor([torch.ones(2), 3], lambda tensor: tensor + 1)
        [tensor([2., 2.]), 3]
    """
    return apply_to_type(x, Tensor, function)


@overload
def apply_to_type(x: Tensor, input_type: type[X], function: Callable[[X], X]) -> Tensor: ...
@overload
def apply_to_type(x: BatchT, input_type: type[X], function: Callable[[X], X]) -> BatchT: ...
def apply_to_type(x: object, input_type: type[X], function: Callable[[X], X]) -> object:
    """Apply a function to each value of one type in a batch.

    It goes through a batch as :func:`to_device` does. What is of the type is not looked into.

    Args:
        x: A value of the type, or what holds such values.
        input_type: The type.
        function: What to apply. It gives the same type, so that the batch keeps its own.

    Returns:
        The same with what the function gave in the place of each such value.

    Raises:
        ArgumentTypeError: ``function`` cannot be called.

    Example:
        >>> apply_to_type({"names": ["a", "b"], "sizes": (1, 2)}, str, str.upper)
        {'names': ['A', 'B'], 'sizes': (1, 2)}
    """
    is_callable("apply_to_type", "function", function)

    def is_one(value: object) -> TypeIs[X]:
        return isinstance(value, input_type)

    return mapped(x, is_one, function)


class _Movable(Protocol):
    def to(self, device: Device, /, *, non_blocking: bool = ...) -> object: ...


class _Pinnable(Protocol):
    def pin_memory(self) -> object: ...


_HOLDERS: Final = (dict, list, tuple, *ATOMS)
"""Types that have neither method; to ask for a method takes longer than to look here."""


def _is_movable(value: object) -> TypeIs[_Movable]:
    if isinstance(value, Tensor):
        return True
    return type(value) not in _HOLDERS and _has_method(value, "to")


def _is_pinnable(value: object) -> TypeIs[_Pinnable]:
    if isinstance(value, Tensor):
        return True
    return type(value) not in _HOLDERS and _has_method(value, "pin_memory")


def _has_method(value: object, name: str) -> bool:
    # the class is asked: a batch may have a field of that name
    return callable(getattr(type(value), name, None)) and not isinstance(value, type)
