"""What classification metrics are computed from: counts, as detailed as one of them needs."""

import math
from collections.abc import Hashable, Mapping
from enum import IntEnum
from typing import TYPE_CHECKING, Final, Self, final

import torch
from torch import Tensor
from typing_extensions import override

from firesteel._require import at_least, is_a, mismatch, one_of, whole_number
from firesteel.errors import ArgumentError, NotComputableError
from firesteel.metrics._board import Statistic
from firesteel.metrics._fields import Field, Value, field
from firesteel.metrics._functional._class_kinds import ClassificationKind, CountOptions
from firesteel.metrics._functional._counting import (
    ConfusionCounts,
    count_classes,
    count_confusion,
    count_right,
)
from firesteel.metrics._functional._counting_checks import check_classes, seen_and_outside
from firesteel.metrics._functional._counts import (
    ClassCounts,
    both_classes,
    check_counts,
    counts_of_cells,
    is_on_host,
    matrix_of_yes,
)
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._validation import VALIDATIONS, Validation

if TYPE_CHECKING:
    from firesteel.metrics._functional._counts import Indices

__all__ = ["ClassStatistic", "Detail"]

KINDS: Final[tuple[ClassificationKind, ...]] = ("binary", "multiclass", "multilabel")

FEW_CLASSES: Final = 32
"""Up to so many, how often each class was taken for each is counted faster than each class."""

NUM_ROWS: Final = 5
"""The length of the table of a yes or no; no table of C * C + 2 cells has it."""


class Detail(IntEnum):
    """How much is counted."""

    RIGHT = 0
    """How many samples are right."""
    CLASSES = 1
    """For each class how often it was predicted, true, and both."""
    CONFUSION = 2
    """How often each class was taken for each."""


@final
class ClassStatistic(Statistic):
    """Counts of predictions and targets.

    Args:
        name: Whose statistic it is, for errors.
        detail: How much has to be counted.
        is_multilabel: Whether the second axis holds labels, each 0 or 1.
        num_classes: Number of classes, or of labels; ``None`` for as many as the first batch has.
        ignore_index: Target of what is not to be counted; ``None`` for none.
        top_k: A true class among so many best scored counts as the predicted one.
        threshold: What floating point predictions without a class axis have to be above.
        validate: In which updates classes are checked to be in their range.
        device: Where the counts are kept; ``None`` for where the inputs are.
    """

    num_right: Tensor = field(torch.zeros((), dtype=torch.int64))
    num_seen: int = field(0)
    # of those that ignoring has left, where it takes a look at the device to know how many
    num_kept: Tensor = field(torch.zeros((), dtype=torch.int64))
    table: Tensor = field(torch.zeros((), dtype=torch.int64), is_open=True)

    def __init__(
        self,
        name: str,
        detail: Detail,
        *,
        is_multilabel: bool = False,
        num_classes: int | None = None,
        ignore_index: int | None = None,
        top_k: int = 1,
        threshold: float = 0.5,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__(device=device)
        self._name = name
        self.level = detail
        self._is_multilabel = is_multilabel
        if num_classes is not None:
            num_classes = at_least(name, "num_classes", num_classes, 1 if is_multilabel else 2)
        self._num_classes = num_classes
        self._ignore_index = ignore_index
        if ignore_index is not None:
            ignore_index = whole_number(name, "ignore_index", ignore_index)
        is_a(name, "threshold", threshold, int | float, "a number")
        if math.isnan(threshold):
            raise ArgumentError(mismatch(name, "threshold", "a number", threshold))
        self._options = {
            kind: CountOptions(kind, num_classes, ignore_index, top_k, threshold) for kind in KINDS
        }
        self._top_k = at_least(name, "top_k", top_k, 1)
        if is_multilabel and top_k != 1:
            raise ArgumentError(mismatch(name, "top_k", "1 where is_multilabel=True", top_k))
        self._threshold = threshold
        one_of(name, "validate", validate, VALIDATIONS)
        self._validate = validate
        self._is_checked = False
        self._num_right_on_host = 0
        self._derived: ClassCounts | None = None
        self.reset()

    @property
    @override
    def key(self) -> Hashable:
        # whether all labels of a sample are right does not follow from counts of each label
        is_exact = self._is_multilabel and self.level is Detail.RIGHT
        return (
            self._is_multilabel,
            is_exact,
            self._num_classes,
            self._ignore_index,
            self._top_k,
            self._threshold,
            self._validate,
        )

    @property
    @override
    def detail(self) -> int:
        return self.level

    @override
    def narrowed(self, detail: int) -> Self:
        other = self.copied()
        other.level = Detail(detail)
        if detail == Detail.CLASSES:
            table = other.table
            if table.ndim == 1 and table.shape[0] > FEW_CLASSES * FEW_CLASSES + 2:
                other.table = counts_of_cells(table).table
        elif self.table.ndim:
            right, total = _right_of(self.counts(self._name))
            is_ignoring = self._ignore_index is not None
            other.num_right = right
            other.num_seen = 0 if is_ignoring else int(total)
            other.num_kept = total if is_ignoring else torch.zeros_like(total)
        return other

    @override
    def declared_fields(self) -> Mapping[str, Field]:
        declared = super().declared_fields()
        if self.level is not Detail.RIGHT:
            return {"table": declared["table"]}
        names = ["num_right", "num_seen"] + ["num_kept"] * (self._ignore_index is not None)
        return {name: declared[name] for name in names}

    @override
    def read_fields(self) -> dict[str, Value]:
        if self._num_right_on_host:
            self.num_right = self.num_right + self._num_right_on_host
            self._num_right_on_host = 0
        return super().read_fields()

    @override
    def write_fields(self, values: Mapping[str, Value]) -> None:
        super().write_fields(values)
        self._num_right_on_host = 0
        self._derived = None

    @override
    def reset(self) -> None:
        super().reset()
        self._is_checked = self._validate == "never"

    @override
    def update(self, value: PredTarget, /) -> None:
        """Take a batch in.

        Args:
            value: Predictions and targets, as :func:`firesteel.metrics.functional.class_counts`
                takes them.

        Raises:
            ArgumentError: Shapes do not fit together, or differ from those before.
            ArgumentTypeError: A dtype is of another kind.
        """
        prediction, target = value
        is_scored = prediction.ndim == target.ndim + 1 > 1
        if is_scored and prediction.shape[1] == 1:
            prediction, is_scored = prediction.squeeze(1), False
        kind = "multiclass" if is_scored else self._kind_without_scores(prediction, target)
        options = self._options["multilabel" if self._is_multilabel else kind]
        if not self._is_checked:
            self._check(prediction, target, options.kind)
        if self.level is Detail.RIGHT:
            self._count_right(prediction, target, options)
            return
        self._derived = None
        if options.kind != "multiclass":
            is_matrix = False
        elif self.level is Detail.CONFUSION:
            is_matrix = True
        else:
            num_classes = prediction.shape[1] if is_scored else self._num_classes
            is_matrix = num_classes is not None and num_classes <= FEW_CLASSES
        table = self.table
        count = count_confusion if is_matrix else count_classes
        counted = count(self._name, prediction, target, options, table)
        if counted is not table:
            self._add(counted)

    def right(self, where: str) -> tuple[int, int]:
        """Give how many samples were right, and how many there were.

        Args:
            where: Who asks, for errors.

        Raises:
            NotComputableError: Nothing was seen.
            ArgumentError: Classes were out of their range.
        """
        if self.level is Detail.RIGHT:
            num_seen = self.num_seen
            if self._ignore_index is not None:
                num_seen += int(self.num_kept)
            if not num_seen:
                raise NotComputableError(f"{where}: needs at least one sample")
            return int(self.num_right) + self._num_right_on_host, num_seen
        counts = self.counts(where)
        table = counts.table
        if table.ndim > 1 and is_on_host(table):
            on_host: Indices = table.numpy()
            return int(on_host[0].sum()), int(on_host[3, 0])
        right, total = _right_of(counts)
        return int(right), int(total)

    def counts(self, where: str) -> ClassCounts:
        """Give the counts of each class.

        Args:
            where: Who asks, for errors.

        Raises:
            NotComputableError: Nothing was seen.
            ArgumentError: Classes were out of their range.
        """
        if self._derived is None:
            self._refuse_nothing(where)
            if self.table.ndim == 1 and self.table.shape != (NUM_ROWS,):
                derived = counts_of_cells(self.table)
            else:
                derived = ClassCounts(self.table)
            check_counts(where, derived, is_of_labels=self._is_multilabel)
            self._derived = derived
        return self._derived

    def counts_of_all(self, where: str) -> ClassCounts:
        """Give the counts of each class, and where it is a yes or a no of both.

        Args:
            where: Who asks, for errors.

        Raises:
            NotComputableError: Nothing was seen.
            ArgumentError: Classes were out of their range.
        """
        counts = self.counts(where)
        return both_classes(counts) if counts.table.ndim == 1 else counts

    def matrix(self, where: str) -> Tensor:
        """Give the confusion matrix: row = true class, column = predicted class; a view.

        Args:
            where: Who asks, for errors.

        Raises:
            NotComputableError: Nothing was seen.
            ArgumentError: Classes were out of their range.
        """
        self._refuse_nothing(where)
        if self.table.shape == (NUM_ROWS,):
            return matrix_of_yes(self.counts(where))
        confusion = ConfusionCounts(self.table)
        num_seen, num_outside = seen_and_outside(confusion)
        if num_outside:
            raise ArgumentError(
                f"{where}: predictions and targets must be in [0, {confusion.num_classes}), got "
                f"{num_outside} samples outside"
            )
        if not num_seen:
            raise NotComputableError(f"{where}: needs at least one sample")
        return confusion.matrix

    def _refuse_nothing(self, where: str) -> None:
        if not self.table.ndim:
            raise NotComputableError(f"{where}: needs at least one sample")

    def _kind_without_scores(self, prediction: Tensor, target: Tensor) -> ClassificationKind:
        # what has another number of axes fits nothing, as scores are then told
        if self._num_classes is not None or prediction.ndim > target.ndim:
            return "multiclass"
        if self.level is not Detail.RIGHT:
            return "binary"
        is_number = prediction.is_floating_point() or target.is_floating_point()
        return "binary" if is_number else "multiclass"

    def _count_right(self, prediction: Tensor, target: Tensor, options: CountOptions) -> None:
        num_right, num_seen = count_right(self._name, prediction, target, options)
        if isinstance(num_right, int):
            self._num_right_on_host += num_right
        else:
            self.num_right = self.num_right + self._at_home(num_right)
        if isinstance(num_seen, int):
            self.num_seen += num_seen
        else:
            self.num_kept = self.num_kept + self._at_home(num_seen)

    def _add(self, counted: Tensor) -> None:
        counted = self._at_home(counted)
        table = self.table
        if not table.ndim:
            num_classes = counted.shape[-1]
            if self._is_multilabel and num_classes != (self._num_classes or num_classes):
                condition = f"the number of labels, {num_classes}"
                raise ArgumentError(
                    mismatch(self._name, "num_classes", condition, self._num_classes)
                )
            self.table = counted
        elif table.shape != counted.shape:
            raise ArgumentError(
                f"{self._name}: the number of classes must be the same in all batches, got counts "
                f"of shape {list(counted.shape)} after {list(table.shape)}"
            )
        elif table.device != counted.device:  # loaded, or brought to the host
            self.table = table.to(counted.device) + counted
        else:
            table += counted

    def _at_home(self, counted: Tensor) -> Tensor:
        """Bring counts to where they are kept."""
        return counted if self.device is None else counted.to(self.device)

    def _check(self, prediction: Tensor, target: Tensor, kind: ClassificationKind) -> None:
        of_samples = prediction.shape
        if prediction.ndim > target.ndim:
            of_samples = of_samples[:1] + of_samples[2:]
        if not target.ndim or of_samples != target.shape:
            return  # counting says what is wrong
        check_classes(self._name, prediction, target, kind=kind, ignore_index=self._ignore_index)
        self._is_checked = self._validate == "first"


def _right_of(counts: ClassCounts) -> tuple[Tensor, Tensor]:
    """Give how many samples are right, and how many there are."""
    if counts.table.ndim == 1:
        return counts.true_positives + counts.true_negatives, counts.total
    return counts.true_positives.sum(), counts.total[0]
