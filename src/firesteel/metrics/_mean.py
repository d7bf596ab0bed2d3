"""Average, Loss and RunningAverage: means of what is seen."""

from collections.abc import Callable

# Any: a metric does not care for the batches of the engine that it is attached to.
from typing import Any, Final, TypeAlias, final, overload

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel._require import is_a, is_callable, mismatch
from firesteel.engine import Engine, MetricKey
from firesteel.errors import ArgumentError, NotComputableError

from ._metric import Metric
from ._usage import MetricUsage, RunningBatchWise

__all__ = ["Average", "Loss", "PredTarget", "RunningAverage", "Scalar"]

Scalar: TypeAlias = float | Tensor
"""A number, or a tensor of one element without axes."""

PredTarget: TypeAlias = tuple[Tensor, Tensor]
"""Predictions and targets."""

ScalarOutputT = TypeVar("ScalarOutputT", contravariant=True, default=Scalar)
OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)
EngineOutputT = TypeVar("EngineOutputT")

_RUNNING_BATCH_WISE: Final = RunningBatchWise()


def _as_scalar(where: str, value: Scalar) -> Scalar:
    """Refuse what is not one number, and detach a tensor."""
    if isinstance(value, Tensor):
        if value.ndim:
            condition = "a number or a tensor without axes"
            raise ArgumentError(
                f"{where}: value must be {condition}, got shape {list(value.shape)}"
            )
        return value.detach()
    is_a(where, "value", value, float | int, "a number or a tensor without axes")
    return value


@final
class Average(Metric[Scalar, float, ScalarOutputT]):
    r"""Mean of one number per update: :math:`\frac{1}{n} \sum_i x_i`.

    Tensors are added up where they are, in float64 where the device has it; the host waits for the
    device only when the result is computed.

    Args:
        output_transform: Gives the number from the engine's output.
        device: Where the sum is kept; ``None`` for where the values are.

    Raises:
        NotComputableError: ``compute`` was called before any update.

    Example:
        >>> mean = Average()
        >>> for loss in (1.0, 2.0, 6.0):
        ...     mean.update(loss)
        >>> mean.compute()
        3.0
    """

    @overload
    def __init__(self: "Average[Scalar]", *, device: torch.device | str | None = None) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[ScalarOutputT], Scalar],
        *,
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[ScalarOutputT], Scalar] | None = None,
        *,
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__(output_transform, device=device)

    @override
    def reset(self) -> None:
        self._sum: Scalar = 0.0
        self._count = 0

    @override
    def update(self, value: Scalar, /) -> None:
        """Take a number in.

        Args:
            value: A number, or a tensor of shape ``()`` of any real dtype.

        Raises:
            ArgumentError: The tensor has axes.
            ArgumentTypeError: It is no number.
        """
        value = _as_scalar("Average", value)
        self._sum = self._sum + _in_double(value, self.device)
        self._count += 1

    @override
    def compute(self) -> float:
        if not self._count:
            raise NotComputableError("Average: needs at least one update")
        return float(self._sum) / self._count


@final
class Loss(Metric[PredTarget, float, OutputT]):
    r"""Mean of a loss over samples: :math:`\sum_b n_b \ell_b / \sum_b n_b`.

    :math:`\ell_b` is the mean loss of batch :math:`b` and :math:`n_b` the number of its samples, so
    that a last batch that is shorter has its due weight.

    Args:
        loss_fn: Gives the mean loss of a batch, shape ``()``, from predictions and targets.
        output_transform: Gives predictions and targets from the engine's output.
        batch_size: Gives the number of samples from the targets; their first axis by default.
        device: Where the sum is kept; ``None`` for where the values are.

    Raises:
        ArgumentError: The loss has axes.
        NotComputableError: ``compute`` was called before any sample was seen.

    Example:
        >>> import torch
        >>> loss = Loss(torch.nn.functional.mse_loss)
        >>> loss.update((torch.zeros(3), torch.ones(3)))
        >>> loss.update((torch.zeros(1), torch.zeros(1)))
        >>> loss.compute()
        0.75
    """

    @overload
    def __init__(
        self: "Loss[PredTarget]",
        loss_fn: Callable[[Tensor, Tensor], Tensor],
        *,
        batch_size: Callable[[Tensor], int] = len,
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        loss_fn: Callable[[Tensor, Tensor], Tensor],
        output_transform: Callable[[OutputT], PredTarget],
        *,
        batch_size: Callable[[Tensor], int] = len,
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        loss_fn: Callable[[Tensor, Tensor], Tensor],
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        batch_size: Callable[[Tensor], int] = len,
        device: torch.device | str | None = None,
    ) -> None:
        is_callable("Loss", "loss_fn", loss_fn)
        is_callable("Loss", "batch_size", batch_size)
        self._loss_fn = loss_fn
        self._batch_size = batch_size
        super().__init__(output_transform, device=device)

    @override
    def reset(self) -> None:
        self._sum: Scalar = 0.0
        self._count = 0

    @override
    def update(self, value: PredTarget, /) -> None:
        """Take a batch in.

        Args:
            value: Predictions and targets, as ``loss_fn`` takes them.
        """
        prediction, target = value
        loss = self._loss_fn(prediction, target)
        if loss.ndim:
            raise ArgumentError(
                f"Loss: loss_fn must give a tensor without axes, got shape {list(loss.shape)}"
            )
        num_samples = self._batch_size(target)
        self._sum = self._sum + _in_double(loss.detach(), self.device) * num_samples
        self._count += num_samples

    @override
    def compute(self) -> float:
        if not self._count:
            raise NotComputableError("Loss: needs at least one sample")
        return float(self._sum) / self._count


@final
class RunningAverage(Metric[Scalar, float, ScalarOutputT]):
    r"""Exponentially weighted mean of one number per update.

    :math:`m_1 = x_1` and :math:`m_t = \alpha m_{t-1} + (1-\alpha) x_t`.

    Attached, it runs over all iterations of a run, and is computed only where it is read: a device
    is waited for when a bar is drawn, not in each iteration.

    Args:
        output_transform: Gives the number from the engine's output.
        alpha: Weight of the past, ``0 < alpha <= 1``; ``0.98`` remembers about 50 updates.
        device: Where the mean is kept; ``None`` for where the values are.

    Raises:
        ArgumentError: ``alpha`` is out of range.
        NotComputableError: ``compute`` was called before any update.

    Example:
        >>> mean = RunningAverage(alpha=0.5)
        >>> for loss in (4.0, 2.0):
        ...     mean.update(loss)
        >>> mean.compute()
        3.0
    """

    @overload
    def __init__(
        self: "RunningAverage[Scalar]",
        *,
        alpha: float = 0.98,
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[ScalarOutputT], Scalar],
        *,
        alpha: float = 0.98,
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[ScalarOutputT], Scalar] | None = None,
        *,
        alpha: float = 0.98,
        device: torch.device | str | None = None,
    ) -> None:
        if not 0 < alpha <= 1:
            raise ArgumentError(mismatch("RunningAverage", "alpha", "in (0, 1]", alpha))
        self._alpha = alpha
        super().__init__(output_transform, device=device)

    @override
    def reset(self) -> None:
        self._mean: Scalar | None = None

    @override
    def update(self, value: Scalar, /) -> None:
        """Take a number in.

        Args:
            value: A number, or a tensor of shape ``()`` of any real dtype.

        Raises:
            ArgumentError: The tensor has axes.
            ArgumentTypeError: It is no number.
        """
        value = _in_double(_as_scalar("RunningAverage", value), self.device)
        mean = self._mean
        if mean is None:
            self._mean = value.clone() if isinstance(value, Tensor) else value
        elif isinstance(mean, Tensor) and isinstance(value, Tensor):
            mean.lerp_(value, 1 - self._alpha)
        else:
            self._mean = self._alpha * mean + (1 - self._alpha) * value

    @override
    def compute(self) -> float:
        if self._mean is None:
            raise NotComputableError("RunningAverage: needs at least one update")
        return float(self._mean)

    @overload
    def attach(
        self, engine: Engine[Any, ScalarOutputT], name: str, *, usage: MetricUsage = ...
    ) -> MetricKey[float]: ...
    @overload
    def attach(
        self,
        engine: Engine[Any, EngineOutputT],
        name: str,
        *,
        output_transform: Callable[[EngineOutputT], Scalar],
        usage: MetricUsage = ...,
    ) -> MetricKey[float]: ...
    @override
    def attach(
        self,
        engine: Engine[Any, Any],
        name: str,
        *,
        output_transform: Callable[[Any], Scalar] | None = None,
        usage: MetricUsage = _RUNNING_BATCH_WISE,
    ) -> MetricKey[float]:
        """Attach as :meth:`Metric.attach` does, but over all iterations of a run by default."""
        if output_transform is None:
            return super().attach(engine, name, usage=usage)
        return super().attach(engine, name, output_transform=output_transform, usage=usage)


def _in_double(value: Scalar, device: torch.device | None) -> Scalar:
    """Bring a value to ``device`` in double precision, without waiting for it."""
    if not isinstance(value, Tensor):
        return value
    if device is not None:
        value = value.to(device)
    return value.float() if value.is_mps else value.double()  # MPS has no float64
