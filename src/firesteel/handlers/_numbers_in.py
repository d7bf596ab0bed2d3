"""The numbers in an output, whatever it is made of, and where in it they are."""

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from numbers import Complex, Integral, Real
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, runtime_checkable

import torch
from torch import Tensor
from typing_extensions import TypeIs

if TYPE_CHECKING:
    import numpy as np
else:
    with suppress(ImportError):
        import numpy as np

__all__ = ["Number", "inexact_numbers", "is_finite", "largest"]

_HAS_NUMPY: Final = "np" in globals()

_OTHERS: Final = (str, bytes, bytearray, int, type(None), type)
"""What holds no number that could be other than finite."""

Number: TypeAlias = "float | complex | Tensor"
"""A number, or a tensor of them with at least one element."""


def inexact_numbers(value: object, where: str = "output") -> Iterator[tuple[str, Number]]:
    """Give the floating-point and complex numbers in a value, each with where it is.

    Goes through mappings, sequences, named tuples and dataclasses, in each other. What is of
    another kind holds no numbers, like whole numbers, texts and ``None``.

    Args:
        value: The value.
        where: What the value is called.

    Returns:
        Where and what: ``("output.losses[0]", 0.5)``. Tensors are detached, dense, and not empty.
    """
    if isinstance(value, Tensor):
        if (value.is_floating_point() or value.is_complex()) and (dense := _dense(value)).numel():
            yield where, dense
    elif isinstance(value, float):
        yield where, value
    elif isinstance(value, _OTHERS):
        return
    elif isinstance(value, Complex):
        if not isinstance(value, Integral):
            yield where, _as_number(value)
    elif _HAS_NUMPY and _is_array(value):
        if value.dtype.kind in "fc" and value.size:
            yield where, torch.as_tensor(np.ascontiguousarray(value))
    else:
        for place, part in _parts(value):
            yield from inexact_numbers(part, where + place)


def is_finite(number: Number) -> bool:
    """Tell whether a number is finite, or all in a tensor are; of a device that is waited for."""
    if isinstance(number, Tensor):
        # one number is looked at by the host at once: a kernel takes longer than to read it
        number = (number if number.numel() == 1 else largest(number)).item()
    return math.isfinite(number.real) and math.isfinite(number.imag)


def largest(tensor: Tensor) -> Tensor:
    """Give one number that is finite where all in a tensor are, without waiting for a device.

    Args:
        tensor: Floating-point or complex, any shape with at least one element.

    Returns:
        The largest magnitude, NaN where there is one; shape ``()``, of real dtype, on the device of
        ``tensor``, with memory of its own.
    """
    if tensor.is_complex():
        tensor = torch.view_as_real(tensor.resolve_conj())
    if tensor.dtype.itemsize == 1:  # the kinds of float8 can be converted, and little else
        tensor = tensor.float()
    if not tensor.ndim:
        return tensor.abs()
    low, high = torch.aminmax(tensor)
    return torch.maximum(low.abs(), high.abs())


def _dense(tensor: Tensor) -> Tensor:
    tensor = tensor.detach()
    if tensor.layout is torch.strided:
        return tensor
    if tensor.layout is torch.sparse_coo:
        tensor = tensor.coalesce()
    return tensor.values()


def _as_number(value: Complex) -> float | complex:
    return float(value) if isinstance(value, Real) else complex(value)


def _parts(value: object) -> Iterator[tuple[str, object]]:
    if _is_mapping(value):
        for key, part in value.items():
            yield f"[{key!r}]", part
    elif isinstance(value, _NamedTuple):
        for name, part in zip(value.__match_args__, value, strict=True):
            yield f".{name}", part
    elif _is_sequence(value):
        for place, part in enumerate(value):
            yield f"[{place}]", part
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            # by name, since a data class tells no more of its fields
            yield f".{field.name}", getattr(value, field.name)


@runtime_checkable
class _NamedTuple(Protocol):
    @property
    def _fields(self) -> tuple[str, ...]: ...
    @property
    def __match_args__(self) -> tuple[str, ...]: ...
    def __iter__(self) -> Iterator[object]: ...


def _is_mapping(value: object) -> TypeIs[Mapping[object, object]]:
    return isinstance(value, Mapping)


def _is_sequence(value: object) -> TypeIs[Sequence[object]]:
    return isinstance(value, Sequence)


def _is_array(value: object) -> TypeIs["np.ndarray[tuple[int, ...], np.dtype[np.generic]]"]:
    return isinstance(value, np.ndarray)
