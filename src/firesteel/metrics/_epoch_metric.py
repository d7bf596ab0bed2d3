"""EpochMetric: what a function makes of all predictions and targets at once."""

from collections.abc import Callable

# Any: the overloads tie what the function gives to the result; mypy has no other way to say it.
from typing import Any, ClassVar, Generic, final, overload

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel._require import is_callable
from firesteel.errors import ArgumentError, NotComputableError

from ._fields import field
from ._mean import PredTarget
from ._metric import Metric

__all__ = ["EpochMetric"]

ResultT = TypeVar("ResultT", covariant=True)
OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)
R = TypeVar("R")


@final
class EpochMetric(Metric[PredTarget, ResultT, OutputT], Generic[ResultT, OutputT]):
    """What a function makes of all predictions and targets, which are kept until then.

    The result has the type that the function gives. With several ranks each computes it, from the
    predictions and targets of all, those of rank 0 first.

    All that is seen stays in memory: where the metric can be computed from sums, declare these
    instead.

    Args:
        compute_fn: Gives the result from all predictions and all targets, each of shape
            ``(samples,)`` or ``(samples, columns)``. They are copies, on the device of the batches.
        output_transform: Gives predictions and targets from the engine's output.
        check_compute_fn: Whether to call ``compute_fn`` on the first batch, to see it fail there
            rather than at the end of an epoch; once, not after each reset.
        device: Where predictions and targets are kept; ``None`` for where they come from. ``"cpu"``
            spares a GPU's memory and costs a copy, and a wait, in each update.

    Raises:
        ArgumentError: Shapes or dtypes do not fit together, or differ from those before.
        ArgumentTypeError: ``compute_fn`` is not callable.
        NotComputableError: ``compute`` was called before any sample was seen.

    Source:
        ignite's metric of this name, which checks ``compute_fn`` unless told not to, warns where it
        fails, and takes one number as its result. The direction is that of ``compute_fn``.

    Example:
        >>> import torch
        >>> spread = EpochMetric(lambda prediction, target: float((prediction - target).std()))
        >>> spread.update((torch.tensor([1.0, 2.0]), torch.tensor([0.0, 0.0])))
        >>> spread.update((torch.tensor([3.0]), torch.tensor([0.0])))
        >>> spread.compute()
        1.0
    """

    higher_is_better: ClassVar[bool | None] = None

    predictions: list[Tensor] = field(reduce="cat")
    targets: list[Tensor] = field(reduce="cat")

    @overload
    def __init__(
        self: "EpochMetric[R, PredTarget]",
        compute_fn: Callable[[Tensor, Tensor], R],
        *,
        check_compute_fn: bool = False,
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        compute_fn: Callable[[Tensor, Tensor], ResultT],
        output_transform: Callable[[OutputT], PredTarget],
        *,
        check_compute_fn: bool = False,
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        compute_fn: Callable[[Tensor, Tensor], Any],
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        check_compute_fn: bool = False,
        device: torch.device | str | None = None,
    ) -> None:
        is_callable("EpochMetric", "compute_fn", compute_fn)
        self._compute_fn: Callable[[Tensor, Tensor], ResultT] = compute_fn
        self._is_to_check = check_compute_fn
        super().__init__(output_transform, device=device)

    @override
    def update(self, value: PredTarget, /) -> None:
        """Take a batch in.

        Args:
            value: Predictions and targets, each of shape ``(batch,)`` or ``(batch, columns)``, as
                many of the one as of the other. A single column counts as none. The dtype and the
                columns of each are those of the first batch.
        """
        prediction, target = map(_checked, ("predictions", "targets"), value)
        if len(prediction) != len(target):
            raise ArgumentError(
                "EpochMetric: predictions and targets must be as many, got shapes "
                f"{list(value[0].shape)} and {list(value[1].shape)}"
            )
        if not len(prediction):
            return
        _refuse_other("predictions", prediction, self.predictions)
        _refuse_other("targets", target, self.targets)
        prediction, target = self._copied(prediction), self._copied(target)
        if self._is_to_check:
            self._check(prediction, target)
        self.predictions.append(prediction)
        self.targets.append(target)

    @override
    def compute(self) -> ResultT:
        if not self.predictions:
            raise NotComputableError("EpochMetric: needs at least one sample")
        for name, parts in (("predictions", self.predictions), ("targets", self.targets)):
            for part in parts[1:]:  # of other ranks: they were not seen side by side yet
                _refuse_other(name, part, parts)
        return self._compute_fn(torch.cat(self.predictions), torch.cat(self.targets))

    def _copied(self, tensor: Tensor) -> Tensor:
        home = tensor.device if self.device is None else self.device
        return tensor.detach().to(home, copy=True)

    def _check(self, prediction: Tensor, target: Tensor) -> None:
        try:
            self._compute_fn(prediction.clone(), target.clone())
        except Exception as error:
            error.add_note(
                "firesteel: raised while EpochMetric tried compute_fn on the first batch"
            )
            raise
        self._is_to_check = False


def _checked(name: str, tensor: Tensor) -> Tensor:
    """Refuse other shapes than one or two axes, and leave out an only column."""
    if tensor.ndim not in {1, 2}:
        raise ArgumentError(
            f"EpochMetric: {name} must have one or two axes, got shape {list(tensor.shape)}"
        )
    return tensor.squeeze(1) if tensor.shape[1:] == (1,) else tensor


def _refuse_other(name: str, tensor: Tensor, before: list[Tensor]) -> None:
    """Refuse what does not fit behind what is there."""
    if not before:
        return
    if tensor.dtype != before[0].dtype:
        raise ArgumentError(
            f"EpochMetric: {name} must be of one dtype, got {tensor.dtype} after {before[0].dtype}"
        )
    if tensor.shape[1:] != before[0].shape[1:]:
        raise ArgumentError(
            f"EpochMetric: {name} must have the same columns in all batches, got shape "
            f"{list(tensor.shape)} after {list(before[0].shape)}"
        )
