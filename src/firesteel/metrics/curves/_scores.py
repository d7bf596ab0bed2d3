"""All scores and targets, kept once for all metrics that rank them, and ranked once."""

from collections.abc import Hashable, Mapping, Sequence
from enum import IntEnum
from typing import final

import torch
from torch import Tensor
from typing_extensions import override

from firesteel._require import mismatch
from firesteel.errors import ArgumentError, ArgumentTypeError
from firesteel.metrics._fields import Value, as_tensor, field
from firesteel.metrics._functional._curve_inputs import (
    check_binary_target,
    check_class_target,
    check_scores,
    refuse_class_shapes,
    refuse_label_shapes,
    refuse_nothing,
    refuse_shapes,
)
from firesteel.metrics._functional._curve_ranking import Ranking, rank
from firesteel.metrics._functional._numbers import has_numbers
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._validation import Validation

from ._checked import CheckedStatistic, without_column

__all__ = ["Layout", "ScoreStatistic"]


class Layout(IntEnum):
    """How scores and targets come; of those that can share, the higher keeps more apart."""

    BINARY = 0
    """One score for each target, in any shape: all are one curve."""
    BY_SHAPE = 1
    """The same, but a second axis holds labels, each a curve."""
    LABELS = 2
    """The same, and there is a second axis."""
    BINARY_OR_CLASSES = 3
    """One score for each target, or one per class on a second axis that the targets have not."""
    CLASSES = 4
    """One score per class."""

    @property
    def has_classes(self) -> bool:
        """Whether targets may be classes."""
        return self >= Layout.BINARY_OR_CLASSES


@final
class ScoreStatistic(CheckedStatistic):
    """All scores and targets, copied, one row per sample; ranked when a result is asked for.

    The ranking is kept until something else is seen, so that metrics which are computed one after
    the other sort once.

    Args:
        name: Whose statistic it is, for errors.
        layout: How scores and targets come.
        validate: In which updates values are checked.
        device: Where all is kept; ``None`` for where the inputs are.
    """

    scores: list[Tensor] = field(reduce="cat")
    targets: list[Tensor] = field(reduce="cat")

    def __init__(
        self,
        name: str,
        layout: Layout,
        *,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__(name, validate=validate, device=device)
        self._layout = layout
        # looked at for each batch, where a comparison of members takes longer than an addition
        self._has_classes = layout.has_classes
        self._may_have_labels = layout in {Layout.BY_SHAPE, Layout.LABELS}
        self._may_be_one_column = layout not in {Layout.LABELS, Layout.CLASSES}
        self._rankings: dict[bool, Ranking] = {}
        self.reset()

    @property
    @override
    def key(self) -> Hashable:
        return self._has_classes, self.validate

    @property
    @override
    def detail(self) -> int:
        return self._layout

    @override
    def write_fields(self, values: Mapping[str, Value]) -> None:
        super().write_fields(values)
        self._rankings = {}
        # of several parts each may be right by itself: of other ranks, loaded, or merged
        self._is_of_one_kind = len(self.scores) <= 1
        self._is_all_checked = not self.scores

    @override
    def update(self, value: PredTarget, /) -> None:
        """Take a batch in.

        Args:
            value: Scores, of any real dtype, and targets, 0 and 1 or indices of classes, in the
                shapes that the layout says.

        Raises:
            ArgumentError: Shapes do not fit together, or differ from those before.
            ArgumentTypeError: A dtype is of another kind.
        """
        scores, target = self._rows(*value)
        if not scores.numel():
            return
        if self.is_due:
            self._check(scores, target)
            self.passed()
        else:
            self._is_all_checked = False
        kept = _owned(scores, value[0], self.device)
        if self.scores:
            self._fit(kept)
        if target.ndim == scores.ndim:
            target = _in_bytes(target)
        kept_target = _owned(target, value[1], self.device)
        self.scores.append(kept)
        self.targets.append(kept_target)
        if self._rankings:
            self._rankings = {}

    def ranking(self, *, as_one: bool) -> Ranking:
        """Give the scores in their order: of each column, or of all columns as one.

        Raises:
            NotComputableError: Nothing was seen.
            ArgumentError: Parts do not go together, or values are out of their range.
        """
        refuse_nothing(self.name, len(self.scores))
        as_one = as_one or not self.has_columns
        if as_one not in self._rankings:
            scores, target = self._joined()
            if scores.ndim == 1:
                scores, target = scores[None], target[None]
            else:
                scores = scores.t()
                if as_one and target.ndim == 1:
                    is_class = torch.zeros_like(scores, dtype=torch.bool)
                    target = is_class.scatter_(0, target[None], value=True)
                elif target.ndim > 1:
                    target = target.t()
            if as_one:
                scores, target = scores.reshape(1, -1), target.reshape(1, -1)
            self._rankings[as_one] = rank(scores, target)
        return self._rankings[as_one]

    @property
    def has_columns(self) -> bool:
        """Whether there are several scores for a sample: of classes or labels."""
        return bool(self.scores) and self.scores[0].ndim > 1

    def _rows(self, scores: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Give one row per sample, not copied where that can be."""
        if self._may_be_one_column and scores.ndim != target.ndim:
            scores, target = without_column(scores, target)
        if scores.requires_grad:
            scores = scores.detach()
        if self._has_classes:
            return self._rows_of_classes(scores, target)
        is_one_axis = self._may_be_one_column and scores.ndim <= 1 and target.ndim <= 1
        if self._may_have_labels and not is_one_axis:
            return self._rows_of_labels(scores, target)
        refuse_shapes(self.name, scores, target)
        return _flat(scores), _flat(target)

    def _rows_of_labels(self, scores: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        if self._may_be_one_column:
            if scores.ndim == target.ndim + 1:
                raise ArgumentError(
                    f"{self.name}: scores and targets must have one shape, got "
                    f"{list(scores.shape)} and {list(target.shape)}; there is a Multiclass metric "
                    "for classes"
                )
            if not _has_columns(scores.shape):
                refuse_shapes(self.name, scores, target)
                return _flat(scores), _flat(target)
        refuse_label_shapes(self.name, scores, target)
        return _by_sample(scores), _by_sample(target)

    def _rows_of_classes(self, scores: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        if self._may_be_one_column:
            if not scores.is_floating_point():
                condition = "a floating point one"
                raise ArgumentTypeError(
                    mismatch(self.name, "dtype of scores", condition, scores.dtype)
                )
            if scores.ndim == target.ndim:
                refuse_shapes(self.name, scores, target)
                return _flat(scores), _flat(target)
        refuse_class_shapes(self.name, scores, target)
        return _by_sample(scores), _flat(target).long()

    def _fit(self, scores: Tensor) -> None:
        """Refuse what does not fit behind what is there, and bring that to where it is."""
        before = self.scores[0]
        self._refuse_other(scores, before)
        if before.device != scores.device:  # loaded, or brought to the host
            self.scores = [part.to(scores.device) for part in self.scores]
            self.targets = [part.to(scores.device) for part in self.targets]

    def _refuse_other(self, scores: Tensor, before: Tensor) -> None:
        """Refuse what does not fit behind what is there."""
        has_columns = scores.ndim > 1 or before.ndim > 1
        if has_columns and scores.shape[1:] != before.shape[1:]:
            raise ArgumentError(
                f"{self.name}: the number of classes must be the same in all batches, got scores "
                f"of shape {list(scores.shape)} after {list(before.shape)}"
            )
        if scores.dtype != before.dtype:
            raise ArgumentError(
                f"{self.name}: scores must be of one dtype, got {scores.dtype} after {before.dtype}"
            )

    def _joined(self) -> tuple[Tensor, Tensor]:
        """Give all as two tensors; this is where values may be looked at without more waiting."""
        if not self._is_of_one_kind:
            for part in self.scores[1:]:
                self._refuse_other(part, self.scores[0])
            self._is_of_one_kind = True
        scores, target = as_tensor(self.scores), as_tensor(self.targets)
        if not self._is_all_checked:
            self._check(scores, target)
            self._is_all_checked = True
        return scores, target

    def _check(self, scores: Tensor, target: Tensor) -> None:
        check_scores(self.name, scores)
        if target.ndim < scores.ndim:
            check_class_target(self.name, target, num_classes=scores.shape[1])
        else:
            check_binary_target(self.name, target)


def _flat(tensor: Tensor) -> Tensor:
    return tensor if tensor.ndim == 1 else tensor.reshape(-1)


def _by_sample(tensor: Tensor) -> Tensor:
    """Give ``(N, C, ...)`` as ``(N, C)``, further axes being samples too."""
    return tensor if tensor.ndim == len("NC") else tensor.movedim(1, -1).flatten(0, -2)


def _has_columns(shape: Sequence[int]) -> bool:
    """Tell whether there is a second axis, with more than one column."""
    return len(shape) > 1 and tuple(shape[1:]) != (1,)


def _in_bytes(target: Tensor) -> Tensor:
    """Give targets one byte each, so that none but 0 and 1 becomes 0 or 1."""
    if target.dtype in (torch.bool, torch.uint8):
        return target.byte()
    if not target.is_floating_point():
        return target.clamp(-1, 2).byte()
    kept = target.ne(0).byte()
    return kept.add_(kept != target)


def _owned(tensor: Tensor, given: Tensor, device: torch.device | None) -> Tensor:
    """Give a tensor of our own: the loader may write into what it gave us.

    Rows are made of what was given by turning axes, so that a view begins where that begins.
    """
    is_theirs = tensor is given or not has_numbers(given)  # which have no place either
    if not is_theirs:
        is_theirs = tensor.data_ptr() == given.data_ptr()
    if device is not None:
        return tensor.to(device, copy=is_theirs, memory_format=torch.contiguous_format)
    if not is_theirs:
        return tensor
    return tensor.clone(memory_format=torch.contiguous_format)
