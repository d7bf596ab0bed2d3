"""Kinds of classification: yes or no, one of several classes, labels; and what tells them.

``binary`` asks for each sample whether it is of one class, ``multiclass`` of which one of C
classes, ``multilabel`` which of L labels it has. The caller says which; nothing is guessed from
values.
"""

from typing import Literal, NamedTuple, TypeAlias

from torch import Tensor

from firesteel.errors import ArgumentError

__all__ = [
    "ClassificationKind",
    "ClassificationKindWithoutLabels",
    "CountOptions",
    "flatten_sequences",
    "infer_kind",
    "wrong_shapes",
]

ClassificationKind: TypeAlias = Literal["binary", "multiclass", "multilabel"]
"""Whether a sample is of one class, of which of several, or which labels it has."""


ClassificationKindWithoutLabels: TypeAlias = Literal["binary", "multiclass"]
"""The kinds in which a sample has one class."""


class CountOptions(NamedTuple):
    """What the caller said."""

    kind: ClassificationKind
    num_classes: int | None
    ignore_index: int | None
    top_k: int
    threshold: float


def infer_kind(
    prediction: Tensor, target: Tensor, *, is_multilabel: bool = False
) -> ClassificationKind:
    """Tell the kind of a classification from shapes, as ignite does.

    Args:
        prediction: Shape ``(N, C, ...)`` with targets of shape ``(N, ...)``: multiclass, for C = 1
            binary. Of the targets' shape: binary, or multilabel if so said.
        target: Shape ``(N, ...)``.
        is_multilabel: Whether the second axis of both holds labels.

    Returns:
        The kind.

    Raises:
        ArgumentError: The shapes are of no kind.

    Source:
        pytorch-ignite's ``Accuracy``.

    Example:
        >>> import torch
        >>> infer_kind(torch.rand(4, 3), torch.tensor([0, 2, 1, 1]))
        'multiclass'
    """
    of_scores, of_target = prediction.shape, target.shape
    if is_multilabel:
        if of_scores == of_target and target.ndim > 1 and target.shape[1] > 1:
            return "multilabel"
    elif of_scores == of_target and target.ndim:
        return "binary"
    elif target.ndim and of_scores[:1] + of_scores[2:] == of_target:
        return "binary" if prediction.shape[1] == 1 else "multiclass"
    shapes = (
        "(N, L, ...), twice, with L > 1" if is_multilabel else "(N, C, ...) and (N, ...), or equal"
    )
    raise ArgumentError(wrong_shapes("infer_kind", shapes, prediction, target))


def flatten_sequences(prediction: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Make one sample of each position of each sequence.

    Positions to be left out are left out where they are counted, by ``ignore_index``.

    Args:
        prediction: Scores, any dtype, shape ``(N, S, C)``: sequences, positions, classes.
        target: Classes, any dtype, shape ``(N, S)``.

    Returns:
        Scores of shape ``(N * S, C)`` and targets of shape ``(N * S,)``; views where they can be.

    Raises:
        ArgumentError: The shapes are others.

    Example:
        >>> import torch
        >>> scores, target = flatten_sequences(torch.rand(2, 5, 3), torch.ones(2, 5))
        >>> list(scores.shape), list(target.shape)
        ([10, 3], [10])
    """
    if prediction.ndim != target.ndim + 1 or target.ndim != len("NS"):
        raise ArgumentError(
            wrong_shapes("flatten_sequences", "(N, S, C) and (N, S)", prediction, target)
        )
    if prediction.shape[:-1] != target.shape:
        raise ArgumentError(
            wrong_shapes("flatten_sequences", "(N, S, C) and (N, S)", prediction, target)
        )
    return prediction.flatten(0, 1), target.flatten()


def wrong_shapes(where: str, shapes: str, prediction: Tensor, target: Tensor) -> str:
    came = f"{list(prediction.shape)} and {list(target.shape)}"
    return f"{where}: shapes of predictions and targets must be {shapes}, got {came}"
