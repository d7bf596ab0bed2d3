"""What curves are made of: scores and targets, their shapes and values."""

import torch
from torch import Tensor

from firesteel._require import mismatch
from firesteel.errors import ArgumentError, ArgumentTypeError, NotComputableError

from ._numbers import has_numbers

__all__ = [
    "binary_rows",
    "check_binary_target",
    "check_class_target",
    "check_scores",
    "multiclass_rows",
    "multilabel_rows",
    "refuse_class_shapes",
    "refuse_complex",
    "refuse_label_shapes",
    "refuse_nothing",
    "refuse_option",
    "refuse_shapes",
    "refuse_share",
]


def check_scores(where: str, scores: Tensor) -> None:
    """Refuse NaN, which has no rank; waits for the device.

    Raises:
        ArgumentError: A score is NaN.
    """
    if not (has_numbers(scores) and scores.is_floating_point() and scores.numel()):
        return
    if bool(scores.detach().amin().isnan()):
        raise ArgumentError(f"{where}: scores must be numbers, got NaN")


def check_binary_target(where: str, target: Tensor) -> None:
    """Refuse targets other than 0 and 1; waits for the device.

    Raises:
        ArgumentError: A target is neither 0 nor 1.
    """
    if target.dtype == torch.bool or not target.numel() or not has_numbers(target):
        return
    lowest, highest = (float(end) for end in target.detach().aminmax())
    is_right = lowest >= 0 and highest <= 1
    if is_right and target.is_floating_point():
        is_right = bool((target == target.round()).all())
    if not is_right:
        raise ArgumentError(
            f"{where}: target must be 0 or 1, got numbers from {lowest:g} to {highest:g}"
        )


def check_class_target(where: str, target: Tensor, *, num_classes: int) -> None:
    """Refuse targets that are no index of a class; waits for the device.

    Raises:
        ArgumentError: A target is below 0, or not below ``num_classes``.
    """
    if not target.numel() or not has_numbers(target):
        return
    lowest, highest = (int(end) for end in target.detach().aminmax())
    if lowest < 0 or highest >= num_classes:
        raise ArgumentError(
            f"{where}: target must be in [0, {num_classes}), got numbers from {lowest} to {highest}"
        )


def refuse_shapes(where: str, scores: Tensor, target: Tensor) -> None:
    """Refuse scores and targets that are not of one shape.

    Raises:
        ArgumentError: The shapes differ.
        ArgumentTypeError: A dtype is complex.
    """
    refuse_complex(where, scores, target)
    if scores.shape != target.shape:
        raise ArgumentError(
            f"{where}: scores and target must have one shape, "
            f"got {list(scores.shape)} and {list(target.shape)}"
        )


def binary_rows(where: str, scores: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Give scores and targets of one shape as one row each, ``(1, N)``.

    Raises:
        ArgumentError: The shapes differ.
        ArgumentTypeError: A dtype is complex.
    """
    refuse_shapes(where, scores, target)
    return scores.detach().reshape(1, -1), target.detach().reshape(1, -1)


def refuse_class_shapes(where: str, scores: Tensor, target: Tensor) -> None:
    """Refuse what is not one score per class, ``(N, C, ...)``, and a class, ``(N, ...)``.

    Raises:
        ArgumentError: The shapes do not fit together.
        ArgumentTypeError: The scores are complex or the targets not whole numbers.
    """
    refuse_complex(where, scores, target)
    shape = scores.shape
    fits = scores.ndim == target.ndim + 1 > 1 and shape[1]
    if not fits or target.shape != shape[:1] + shape[2:]:
        raise ArgumentError(
            f"{where}: shapes of scores and target must be (batch, classes, ...) and (batch, ...), "
            f"got {list(shape)} and {list(target.shape)}"
        )
    if target.is_floating_point() or target.dtype == torch.bool:
        raise ArgumentTypeError(
            mismatch(where, "dtype of target", "a whole number's", target.dtype)
        )


def multiclass_rows(where: str, scores: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Give scores ``(N, C, ...)`` as ``(C, N)`` and class indices ``(N, ...)`` as ``(N,)``.

    Raises:
        ArgumentError: The shapes do not fit together.
        ArgumentTypeError: The scores are complex or the targets not whole numbers.
    """
    refuse_class_shapes(where, scores, target)
    return scores.detach().movedim(1, 0).flatten(1), target.detach().reshape(-1).long()


def refuse_label_shapes(where: str, scores: Tensor, target: Tensor) -> None:
    """Refuse scores and targets that are not of one shape ``(N, L, ...)``.

    Raises:
        ArgumentError: The shapes differ, or there is no axis of labels.
        ArgumentTypeError: A dtype is complex.
    """
    refuse_complex(where, scores, target)
    if scores.shape != target.shape or scores.ndim < len("NL"):
        raise ArgumentError(
            f"{where}: shapes of scores and target must be (batch, labels, ...), twice, "
            f"got {list(scores.shape)} and {list(target.shape)}"
        )


def multilabel_rows(where: str, scores: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Give scores and targets ``(N, L, ...)`` as ``(L, N)``.

    Raises:
        ArgumentError: The shapes differ, or there is no axis of labels.
        ArgumentTypeError: A dtype is complex.
    """
    refuse_label_shapes(where, scores, target)
    scores, target = (tensor.detach().movedim(1, 0) for tensor in (scores, target))
    return scores.flatten(1), target.flatten(1)


def refuse_complex(where: str, scores: Tensor, target: Tensor) -> None:
    """Refuse what has no order.

    Raises:
        ArgumentTypeError: A dtype is complex.
    """
    if scores.is_complex() or target.is_complex():
        came = f"{scores.dtype} and {target.dtype}"
        raise ArgumentTypeError(f"{where}: scores and target must be real numbers, got {came}")


def refuse_option(
    where: str, what: str, value: str | None, options: tuple[str | None, ...]
) -> None:
    """Refuse a word that is none of the options.

    Raises:
        ArgumentError: ``value`` is not among ``options``.
    """
    if value not in options:
        raise ArgumentError(mismatch(where, what, f"one of {options}", value))


def refuse_share(where: str, what: str, value: float) -> None:
    """Refuse what is not in [0, 1].

    Raises:
        ArgumentError: ``value`` lies outside.
    """
    if not 0 <= value <= 1:
        raise ArgumentError(mismatch(where, what, "in [0, 1]", value))


def refuse_nothing(where: str, num_samples: int) -> None:
    """Refuse to compute from no sample.

    Raises:
        NotComputableError: ``num_samples`` is 0.
    """
    if not num_samples:
        raise NotComputableError(f"{where}: needs at least one sample")
