"""The way from a batch to a prediction, which training and evaluation have in common."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol, final

import torch
from torch import nn
from typing_extensions import TypeVar

from firesteel.data import to_device

from ._options import Compile
from ._settings import EvaluationSettings

__all__ = ["Forward"]

BatchT = TypeVar("BatchT")


class Compiler(Protocol):
    """The part of torch that compiles, with types."""

    def compile(
        self,
        model: Callable[..., object],
        *,
        mode: str,
        fullgraph: bool,
        dynamic: bool | None,
        backend: str,
    ) -> Callable[..., object]: ...


@final
class Forward:
    """A model, compiled where that is asked for, and the circumstances under which it runs.

    Args:
        model: The model.
        settings: What was chosen.

    Attributes:
        model: What is called: the model or its compiled form.
        device: Where batches are brought to; ``None`` where they stay.
        amp_dtype: What is computed in under autocast; ``None`` where there is none.
    """

    __slots__ = ("_model", "_non_blocking", "amp_dtype", "device", "model")

    def __init__(self, model: nn.Module, settings: EvaluationSettings) -> None:
        self.model = (
            model if settings.compile is None else _compiled(torch, model, settings.compile)
        )
        self._model = model
        self.device = settings.device
        self._non_blocking = settings.non_blocking
        amp_dtype = settings.amp_dtype
        self.amp_dtype = (
            None
            if amp_dtype is None
            else torch.float16
            if amp_dtype == "float16"
            else torch.bfloat16
        )

    def moved(self, batch: BatchT) -> BatchT:
        """Give the batch on the device, if there is one."""
        if self.device is None:
            return batch
        return to_device(batch, self.device, non_blocking=self._non_blocking)

    def autocast(self) -> AbstractContextManager[object]:
        """Give the context in which the model and the loss are computed."""
        if self.amp_dtype is None:
            return nullcontext()
        return torch.autocast(self._device_type(), dtype=self.amp_dtype)

    def _device_type(self) -> str:
        """Give the type of the device, read anew since a model may be moved."""
        if self.device is not None:
            return torch.device(self.device).type
        first = next(self._model.parameters(), None)
        return "cpu" if first is None else first.device.type


def _compiled(compiler: Compiler, model: nn.Module, how: Compile) -> nn.Module:
    compiled = compiler.compile(
        model, mode=how.mode, fullgraph=how.fullgraph, dynamic=how.dynamic, backend=how.backend
    )
    return compiled if isinstance(compiled, nn.Module) else model
