"""Kept buffers that states are copied into, so that a loop may go on changing them."""

import copy
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias, final

import torch
from torch import Tensor
from torch.nn import Parameter
from typing_extensions import TypeIs

__all__ = ["Buffers"]

Path: TypeAlias = tuple[object, ...]

Place: TypeAlias = tuple[torch.device, int, torch.dtype, torch.Size, tuple[int, ...]]
"""What two tensors have in common that are one: tied weights are copied once, and stay tied."""

_IMMUTABLE: Final = (str, bytes, int, float, complex, bool, type(None), torch.Size)


@final
class Buffers:
    """Memory on the host, kept from one copy to the next, in the shape of what was copied.

    Copies of tensors of an accelerator go to pinned memory, in the stream at hand, behind what was
    queued there: the host does not wait for them. :meth:`finish` does.
    """

    __slots__ = ("_events", "_kept", "_of_place", "_used")

    def __init__(self) -> None:
        self._kept: dict[Path, Tensor] = {}
        self._used: dict[Path, Tensor] = {}
        self._of_place: dict[Place, Tensor] = {}
        self._events: Sequence[torch.cuda.Event | torch.Event] = ()

    def copy(self, checkpoint: Mapping[str, object]) -> dict[str, object]:
        """Copy what a checkpoint holds: tensors into the buffers, all else anew.

        What was copied before is overwritten. Buffers that were not used are freed.

        Args:
            checkpoint: Tensors, numbers, strings, lists, tuples and dictionaries.

        Returns:
            The same, of tensors on the host.
        """
        self._used = {}
        self._of_place = {}
        copied = {name: self._copy(state, (name,)) for name, state in checkpoint.items()}
        self._kept = self._used
        devices = {place[0] for place in self._of_place if place[0].type == "cuda"}
        self._events = [torch.cuda.current_stream(device).record_event() for device in devices]
        self._of_place = {}
        return copied

    def finish(self) -> None:
        """Wait until the copies are there; may be called in another thread."""
        for event in self._events:
            event.synchronize()
        self._events = ()

    def _copy(self, node: object, path: Path) -> object:
        if isinstance(node, Tensor):
            return self._copy_tensor(node, path)
        if isinstance(node, _IMMUTABLE):
            return node
        if _is_dict(node):
            # of its own class, and with what hangs on it, as the versions of a module's state do
            entries = copy.copy(node)
            for key, value in node.items():
                entries[key] = self._copy(value, (*path, key))
            return entries
        if _is_sequence(node) and type(node) in {list, tuple}:
            copied = [self._copy(value, (*path, place)) for place, value in enumerate(node)]
            return tuple(copied) if isinstance(node, tuple) else copied
        return copy.deepcopy(node)

    def _copy_tensor(self, tensor: Tensor, path: Path) -> Tensor:
        if type(tensor) not in {Tensor, Parameter} or tensor.layout != torch.strided:
            return tensor.detach().to("cpu", copy=True)
        place = (
            tensor.device,
            tensor.data_ptr(),
            tensor.dtype,
            tensor.shape,
            tensor.stride(),
        )
        there = self._of_place.get(place) if tensor.numel() else None
        if there is not None:
            return there
        buffer = self._kept.get(path)
        if not _fits(buffer, tensor):
            buffer = torch.empty_like(
                tensor, device="cpu", requires_grad=False, pin_memory=tensor.is_cuda
            )
        buffer.copy_(tensor.detach(), non_blocking=tensor.is_cuda)
        self._used[path] = self._of_place[place] = buffer
        return buffer


def _fits(buffer: Tensor | None, tensor: Tensor) -> TypeIs[Tensor]:
    return (
        buffer is not None
        and buffer.shape == tensor.shape
        and buffer.dtype == tensor.dtype
        and buffer.is_pinned() == tensor.is_cuda
    )


def _is_dict(node: object) -> TypeIs[dict[object, object]]:
    return isinstance(node, dict)


def _is_sequence(node: object) -> TypeIs[list[object] | tuple[object, ...]]:
    return isinstance(node, list | tuple)
