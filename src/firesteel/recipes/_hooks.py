"""The functions that a supervised step is made of, and what stands in where one is not given."""

from collections.abc import Sequence
from typing import Final, Protocol, TypeAlias

from torch import Tensor, nn
from typing_extensions import TypeIs, TypeVar

from firesteel._require import mismatch
from firesteel.errors import ArgumentError, ArgumentTypeError
from firesteel.metrics import Scalar

__all__ = [
    "LossFunction",
    "ModelFunction",
    "NamedLossFunction",
    "PrepareBatch",
    "TensorPair",
    "call_model",
    "give_loss",
    "give_prediction_and_target",
    "num_samples",
    "unpack_pair",
]

_ROWS: Final = (tuple, list)

BatchT_contra = TypeVar("BatchT_contra", contravariant=True)
InputT_contra = TypeVar("InputT_contra", contravariant=True)
InputT_co = TypeVar("InputT_co", covariant=True)
TargetT_co = TypeVar("TargetT_co", covariant=True)
TargetT_contra = TypeVar("TargetT_contra", contravariant=True)
PredT_co = TypeVar("PredT_co", covariant=True)
PredT_contra = TypeVar("PredT_contra", contravariant=True)


class PrepareBatch(Protocol[BatchT_contra, InputT_co, TargetT_co]):
    """Gives what the model takes and what the loss compares with, from a batch."""

    def __call__(self, batch: BatchT_contra, /) -> tuple[InputT_co, TargetT_co]:
        """Give input and target.

        Args:
            batch: The batch, on the step's device.
        """
        ...


class LossFunction(Protocol[PredT_contra, TargetT_contra]):
    """Gives the loss of a batch; so do the losses of ``torch.nn`` and ``torch.nn.functional``."""

    def __call__(self, y_pred: PredT_contra, y: TargetT_contra, /) -> Tensor:
        """Give the loss, of shape ``()``: the mean over the batch.

        Args:
            y_pred: What the model predicted.
            y: The target.
        """
        ...


TensorPair: TypeAlias = tuple[Tensor, Tensor] | list[Tensor]
"""A batch of input and target, as loaders give it: a tuple, or a list of the two."""


class NamedLossFunction(LossFunction[PredT_contra, TargetT_contra], Protocol):
    """A loss function that is written as such.

    It is no module, which type checkers take for a function of anything.
    """

    @property
    def __name__(self) -> str: ...


class ModelFunction(Protocol[InputT_contra, PredT_co]):
    """Gives the prediction from the model and the input."""

    def __call__(self, model: nn.Module, x: InputT_contra, /) -> PredT_co:
        """Give the prediction.

        Args:
            model: The model, compiled where that was asked for.
            x: The input.
        """
        ...


def call_model(model: nn.Module, x: object) -> object:
    """Call the model with the input as its one argument."""
    prediction: object = model(x)
    return prediction


def give_loss(_x: object, _y: object, _y_pred: object, loss: Tensor) -> Tensor:
    """Give the loss, a detached tensor: nobody waits for the device until somebody reads it."""
    return loss


def give_prediction_and_target(_x: object, y: object, y_pred: object) -> tuple[object, object]:
    """Give what most metrics take."""
    return y_pred, y


def unpack_pair(batch: object) -> tuple[object, object]:
    """Take a batch apart that is a pair of input and target.

    Raises:
        ArgumentTypeError: It is no tuple or list.
        ArgumentError: It has not two elements.
    """
    if not _is_row(batch):
        raise ArgumentTypeError(
            f"prepare_batch: a batch must be a tuple or list of input and target, got a "
            f"{type(batch).__name__}; say by prepare_batch where the two are"
        )
    try:
        x, y = batch
    except ValueError:
        raise ArgumentError(
            f"prepare_batch: a batch must have two elements, input and target, got {len(batch)}; "
            "say by prepare_batch where the two are"
        ) from None
    return x, y


def num_samples(y: object) -> Scalar:
    """Give the length of the target's first axis.

    Raises:
        ArgumentTypeError: The target is no tensor with axes.
    """
    if not isinstance(y, Tensor) or not y.ndim:
        raise ArgumentTypeError(
            mismatch("num_items", "a target", "a tensor with the samples along its first axis", y)
            + "; say by num_items how many samples or tokens the mean loss of a batch is over"
        )
    return len(y)


def _is_row(batch: object) -> TypeIs[Sequence[object]]:
    return isinstance(batch, _ROWS)
