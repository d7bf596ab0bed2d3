"""From losses to changed parameters: accumulate, meet, unscale, divide, clip and step."""

import warnings
from collections.abc import Sequence
from typing import Protocol, final

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensor
from torch.amp.grad_scaler import GradScaler
from torch.nn.utils import clip_grad_norm_, clip_grad_value_
from torch.optim import Optimizer

from firesteel._require import is_a, mismatch
from firesteel.errors import ArgumentError
from firesteel.metrics import Scalar

from ._options import ClipNorm, Clipping, ScheduleTime
from ._replicas import Replicas, replicas_of
from ._settings import TrainingSettings

__all__ = ["Update"]


class Steps(Protocol):
    """What is stepped."""

    def step(self) -> object: ...


@final
class Update:
    r"""Changes parameters, once for each window of batches.

    Where it weights, :math:`w_i` being the weight of batch :math:`i` of a window, the gradients are
    those of :math:`\sum_i w_i \ell_i / \sum_i w_i`, the sums being over all batches of the window
    on all ranks. Each loss goes backward with its weight; once, at the window's end, the
    gradients are divided.

    Args:
        model: The model.
        optimizers: The optimizers, without a parameter in common.
        settings: What else was chosen.
        is_weighted: Whether batches have weights.

    Attributes:
        num_batches: How many batches there are in the window.
        replicas: The ranks among which gradients are averaged, if there are any.
    """

    __slots__ = (
        "_clipping",
        "_has_numbers",
        "_has_stepped_in_epoch",
        "_is_weighted",
        "_optimizers",
        "_scaler",
        "_schedules",
        "_stepped_in_epoch",
        "_total",
        "num_batches",
        "replicas",
    )

    def __init__(
        self,
        model: nn.Module,
        optimizers: Sequence[Optimizer],
        settings: TrainingSettings,
        *,
        is_weighted: bool,
    ) -> None:
        scaler = settings.scaler
        self._optimizers = tuple(optimizers)
        self._clipping: Clipping | None = settings.clipping
        self._scaler = scaler if scaler is not None and scaler.is_enabled() else None
        self._schedules = tuple(settings.schedules)
        self.replicas: Replicas | None = replicas_of(model)
        self._is_weighted = is_weighted
        self._stepped_in_epoch: list[Optimizer] = []
        self._has_stepped_in_epoch: bool = False
        self._has_numbers: bool = True
        self._total: Scalar = 0
        self.num_batches: int = 0

    def begin(self) -> None:
        """Begin a window; what an earlier one has left goes."""
        for optimizer in self._optimizers:
            optimizer.zero_grad()
        self._total = 0
        self.num_batches = 0

    def backward(self, loss: Tensor, weight: Scalar) -> None:
        """Add the gradients of a batch to the window.

        Args:
            loss: The mean loss of the batch, shape ``()``.
            weight: The weight of the batch, ``>= 0``; not looked at where batches have none.

        Raises:
            ArgumentError: The weight is below zero, or has axes.
            ArgumentTypeError: The weight is no number.
        """
        if self._is_weighted:
            self._total = self._total + _checked(weight)
        # in a dry run there are none: then what looks at them, or counts steps, is left alone
        self._has_numbers = not isinstance(loss, FakeTensor)
        if self._scaler is not None and self._has_numbers:
            loss = self._scaler.scale(loss)
        # what the loss would be multiplied with, one operation less
        torch.autograd.backward(loss, _like(loss, weight) if self._is_weighted else None)
        self.num_batches += 1

    def step(self, *, is_synced: bool) -> bool:
        """End the window: change the parameters.

        Args:
            is_synced: Whether ranks have met in the window's last backward pass.

        Returns:
            Whether an optimizer was stepped: the scaler skips those with gradients that are not
            finite.
        """
        self.num_batches = 0
        scaler, clipping = self._scaler if self._has_numbers else None, self._clipping
        if not is_synced and self.replicas is not None:
            self.replicas.sum_gradients(self._parameters())
        if scaler is not None:
            for optimizer in self._optimizers:
                scaler.unscale_(optimizer)
        if self._is_weighted:
            _multiply(self._parameters(), self._factor(is_synced=is_synced))
        if clipping is not None:
            for optimizer in self._optimizers:
                _clip(_parameters_of(optimizer), clipping)
        stepped = self._optimizers if scaler is None else _scaled_steps(scaler, self._optimizers)
        if scaler is None:
            for optimizer in stepped:
                optimizer.step()
        if self._schedules and self._has_numbers:
            self._step_schedules("iteration", stepped)
            self._has_stepped_in_epoch = True
            self._stepped_in_epoch = [
                one
                for one in self._optimizers
                if any(one is other for other in (*self._stepped_in_epoch, *stepped))
            ]
        return bool(stepped)

    def end_epoch(self) -> None:
        """Step the schedules of epochs whose optimizers were stepped in the epoch.

        Where no window of the epoch was of this process, it was saved behind its last one.
        """
        if not self._has_numbers:
            return
        if self._has_stepped_in_epoch:
            self._step_schedules("epoch", self._stepped_in_epoch)
        else:
            with warnings.catch_warnings():
                # torch counts the steps of optimizers in this process only
                warnings.filterwarnings("ignore", message="Detected call of `lr_scheduler.step")
                self._step_schedules("epoch", self._optimizers)
        self._stepped_in_epoch, self._has_stepped_in_epoch = [], False

    def _step_schedules(self, when: ScheduleTime, stepped: Sequence[Optimizer]) -> None:
        for schedule in self._schedules:
            if schedule.when == when and any(
                schedule.scheduler.optimizer is optimizer for optimizer in stepped
            ):
                scheduler: Steps = schedule.scheduler
                scheduler.step()

    def _factor(self, *, is_synced: bool) -> Scalar:
        """Give what gradients are to be multiplied with: one over the weight of the window.

        A window without any weight has gradients of zero already, and is divided by 1.
        """
        total, replicas = self._total, self.replicas
        if replicas is not None:
            device = self._parameters()[0].device
            total = _in_double(torch.as_tensor(total, device=device))
            replicas.sum(total)
            # DistributedDataParallel has divided by the number of ranks already
            return (replicas.size if is_synced else 1) / torch.where(total == 0, 1, total)
        if isinstance(total, Tensor):
            return 1 / torch.where(total == 0, 1, _in_double(total))
        return 1 / (total or 1)

    def _parameters(self) -> list[Tensor]:
        return [one for optimizer in self._optimizers for one in _parameters_of(optimizer)]


def _parameters_of(optimizer: Optimizer) -> list[Tensor]:
    return [one for group in optimizer.param_groups for one in group["params"]]


def _multiply(parameters: Sequence[Tensor], factor: Scalar) -> None:
    for parameter in parameters:
        if parameter.grad is not None:
            parameter.grad.mul_(factor)


def _clip(parameters: Sequence[Tensor], clipping: Clipping) -> None:
    if isinstance(clipping, ClipNorm):
        clip_grad_norm_(parameters, clipping.max_norm, clipping.norm_type)
    else:
        clip_grad_value_(parameters, clipping.max_value)


def _scaled_steps(scaler: GradScaler, optimizers: Sequence[Optimizer]) -> Sequence[Optimizer]:
    """Step by way of the scaler, and give those that were not skipped.

    A fused optimizer skips on the device, where nobody sees it; but the scale then falls.
    """
    stepped: list[Optimizer] = []

    def note(optimizer: Optimizer, _args: object, _kwargs: object) -> None:
        stepped.append(optimizer)

    has_fused = any(optimizer.defaults.get("fused") for optimizer in optimizers)
    scale = scaler.get_scale() if has_fused else 0.0
    for optimizer in optimizers:
        handle = optimizer.register_step_post_hook(note)
        try:
            if any(one.grad is not None for one in _parameters_of(optimizer)):
                scaler.step(optimizer)
            else:  # which the scaler refuses: there is nothing to scale
                optimizer.step()
        finally:
            handle.remove()
    scaler.update()
    if has_fused and scaler.get_scale() < scale:
        return [optimizer for optimizer in stepped if not optimizer.defaults.get("fused")]
    return stepped


def _checked(weight: Scalar) -> Scalar:
    if isinstance(weight, Tensor):
        if weight.ndim:
            condition = "a number or a tensor without axes"
            raise ArgumentError(f"num_items: must give {condition}, got shape {list(weight.shape)}")
        return weight
    is_a("num_items", "what it gives", weight, float | int, "a number or a tensor without axes")
    if not weight >= 0:
        raise ArgumentError(mismatch("num_items", "what it gives", "at least 0", weight))
    return weight


def _like(loss: Tensor, weight: Scalar) -> Tensor:
    if isinstance(weight, Tensor):
        return weight.to(loss)
    return torch.full_like(loss, weight)


def _in_double(value: Tensor) -> Tensor:
    return value.float() if value.is_mps else value.double()  # MPS has no float64
