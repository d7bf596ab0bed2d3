"""Average, Loss and RunningAverage: means of what is seen."""

import copy
import math
import weakref
from collections.abc import Callable

# Any: a metric does not care for the batches of the engine that it is attached to, nor one that
# smooths another's results for what that one takes.
from typing import Any, ClassVar, Final, Generic, TypeAlias, final, overload

import torch
from torch import Tensor
from typing_extensions import TypeIs, TypeVar, override

from firesteel._require import is_a, is_callable, mismatch
from firesteel.engine import Engine, MetricKey
from firesteel.errors import ArgumentError, NotComputableError

from ._board import Computation, parts_of
from ._fields import field
from ._metric import Metric
from ._usage import MetricUsage, RunningBatchWise

__all__ = [
    "Average",
    "Loss",
    "PredTarget",
    "RunningAverage",
    "Scalar",
    "as_scalar",
    "in_double",
]

Scalar: TypeAlias = float | Tensor
"""A number, or a tensor of one element without axes."""

PredTarget: TypeAlias = tuple[Tensor, Tensor]
"""Predictions and targets."""

ScalarOutputT = TypeVar("ScalarOutputT", contravariant=True, default=Scalar)
OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)
EngineOutputT = TypeVar("EngineOutputT")

_RUNNING_BATCH_WISE: Final = RunningBatchWise()


def as_scalar(where: str, value: Scalar) -> Scalar:
    """Refuse what is not one number, and detach a tensor.

    Args:
        where: Who asks, for the error.
        value: A number, or a tensor of shape ``()``.

    Raises:
        ArgumentError: The tensor has axes.
        ArgumentTypeError: It is no number.
    """
    if isinstance(value, Tensor):
        if value.ndim:
            condition = "a number or a tensor without axes"
            raise ArgumentError(
                f"{where}: value must be {condition}, got shape {list(value.shape)}"
            )
        return value.detach()
    is_a(where, "value", value, float | int, "a number or a tensor without axes")
    return value


def in_double(value: Scalar, device: torch.device | None) -> Scalar:
    """Bring a value to a device in double precision, without waiting for it.

    Args:
        value: A number, which stays what it is, or a tensor of any real dtype and shape.
        device: Where to; ``None`` for where it is.
    """
    if not isinstance(value, Tensor):
        return value
    if device is not None:
        value = value.to(device)
    return value.float() if value.is_mps else value.double()  # MPS has no float64


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

    higher_is_better: ClassVar[bool | None] = None

    total: Scalar = field(0.0)
    num: int = field(0)

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
    def update(self, value: Scalar, /) -> None:
        """Take a number in.

        Args:
            value: A number, or a tensor of shape ``()`` of any real dtype.

        Raises:
            ArgumentError: The tensor has axes.
            ArgumentTypeError: It is no number.
        """
        value = as_scalar("Average", value)
        self.total = self.total + in_double(value, self.device)
        self.num += 1

    @override
    def compute(self) -> float:
        if not self.num:
            raise NotComputableError("Average: needs at least one update")
        return float(self.total) / self.num


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

    higher_is_better: ClassVar[bool | None] = False

    total: Scalar = field(0.0)
    num: int = field(0)

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
        self.total = self.total + in_double(loss.detach(), self.device) * num_samples
        self.num += num_samples

    @override
    def compute(self) -> float:
        if not self.num:
            raise NotComputableError("Loss: needs at least one sample")
        return float(self.total) / self.num


@final
class BatchResult(Generic[ScalarOutputT]):
    """Gives the result of a metric for one output of an engine alone.

    Args:
        metric: The metric. It is copied, so that whatever else it is used for goes on untouched.
    """

    __slots__ = ("_metric",)

    def __init__(self, metric: Metric[Any, Scalar, ScalarOutputT]) -> None:
        self._metric = _private_copy(metric)

    def __call__(self, output: ScalarOutputT) -> Scalar:
        metric, transform = self._metric, self._metric.own_transform
        try:
            metric.update(output if transform is None else transform(output))
            return metric.compute()
        finally:
            metric.reset()


def _is_metric(
    source: Callable[[ScalarOutputT], Scalar] | Metric[Any, Scalar, ScalarOutputT] | None,
) -> TypeIs[Metric[Any, Scalar, ScalarOutputT]]:
    return isinstance(source, Metric)


def _private_copy(
    metric: Metric[Any, Scalar, ScalarOutputT],
) -> Metric[Any, Scalar, ScalarOutputT]:
    """Copy a metric and its state, attached to nothing; what it calls stays the same object."""
    memo: dict[int, object] = {}
    for one, _ in [(metric, None), *parts_of(metric, None)]:
        memo[id(one.boards)] = weakref.WeakSet[Any]()
        for value in vars(one).values():
            # a loss with parameters that are being trained must not be frozen by a copy
            if callable(value) and not isinstance(value, Computation):
                memo[id(value)] = value
    copied = copy.deepcopy(metric, memo)
    copied.reset()
    return copied


@final
class RunningAverage(Metric[Scalar, float, ScalarOutputT]):
    r"""Exponentially weighted mean of one number per update, or of a metric's results.

    :math:`m_1 = x_1` and :math:`m_t = \alpha m_{t-1} + (1-\alpha) x_t`.

    Attached, it runs over all iterations of a run, and is computed only where it is read: a device
    is waited for when a bar is drawn, not in each iteration.

    With ``src``, :math:`x_t` is the result of that metric for the output of iteration :math:`t`
    alone. A private copy computes it: ``src`` itself may be attached as well, and what it has seen
    stays its own. Where the result of ``src`` is a float, as it is for most metrics, each iteration
    waits for the device; where it is a tensor of shape ``()``, none does. Updated by hand, the
    metric takes the numbers themselves.

    Args:
        output_transform: Gives the number from the engine's output.
        src: The metric whose results are smoothed; its own transform, if any, gives its input.
        alpha: Weight of the past, ``0 < alpha <= 1``; ``0.98`` remembers about 50 updates.
        device: Where the mean is kept; ``None`` for where the values are.

    Raises:
        ArgumentError: ``alpha`` is out of range, or there are both a transform and a ``src``.
        ArgumentTypeError: ``src`` is no metric.
        NotComputableError: ``compute`` was called before any update; or ``src`` has no result for
            an output, since that holds no sample.

    Example:
        >>> mean = RunningAverage(alpha=0.5)
        >>> for loss in (4.0, 2.0):
        ...     mean.update(loss)
        >>> mean.compute()
        3.0
    """

    higher_is_better: ClassVar[bool | None] = None

    mean: Scalar = field(math.nan, reduce="mean")
    num: int = field(0)

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
    @overload
    def __init__(
        self,
        src: Metric[Any, Scalar, ScalarOutputT],
        /,
        *,
        alpha: float = 0.98,
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        *,
        src: Metric[Any, Scalar, ScalarOutputT],
        alpha: float = 0.98,
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[ScalarOutputT], Scalar]
        | Metric[Any, Scalar, ScalarOutputT]
        | None = None,
        *,
        src: Metric[Any, Scalar, ScalarOutputT] | None = None,
        alpha: float = 0.98,
        device: torch.device | str | None = None,
    ) -> None:
        if not 0 < alpha <= 1:
            raise ArgumentError(mismatch("RunningAverage", "alpha", "in (0, 1]", alpha))
        self._alpha = alpha
        if src is not None:
            if output_transform is not None:
                raise ArgumentError(
                    "RunningAverage: output_transform must be left out where there is a src; "
                    "give it to that metric"
                )
            is_a("RunningAverage", "src", src, Metric, "a metric")
            output_transform = src
        if _is_metric(output_transform):
            super().__init__(BatchResult(output_transform), device=device)
        else:
            super().__init__(output_transform, device=device)

    @override
    def update(self, value: Scalar, /) -> None:
        """Take a number in.

        Args:
            value: A number, or a tensor of shape ``()`` of any real dtype.

        Raises:
            ArgumentError: The tensor has axes.
            ArgumentTypeError: It is no number.
        """
        value = in_double(as_scalar("RunningAverage", value), self.device)
        mean = self.mean
        if not self.num:
            self.mean = value.clone() if isinstance(value, Tensor) else value
        elif isinstance(mean, Tensor) and isinstance(value, Tensor):
            mean.lerp_(value, 1 - self._alpha)
        else:
            self.mean = self._alpha * mean + (1 - self._alpha) * value
        self.num += 1

    @override
    def compute(self) -> float:
        if not self.num:
            raise NotComputableError("RunningAverage: needs at least one update")
        return float(self.mean)

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
        """Attach as :meth:`Metric.attach` does, but over all iterations of a run by default.

        Args:
            engine: The engine.
            name: The name of the result.
            output_transform: Gives the number from this engine's output; not where there is a
                ``src``.
            usage: On which events.

        Returns:
            The key that reads the result.

        Raises:
            ArgumentError: There are both a transform and a ``src``; or the name is taken.
        """
        if output_transform is None:
            return super().attach(engine, name, usage=usage)
        if isinstance(self.own_transform, BatchResult):
            raise ArgumentError(
                "RunningAverage.attach: output_transform must be left out where there is a src; "
                "give it to that metric"
            )
        return super().attach(engine, name, output_transform=output_transform, usage=usage)
