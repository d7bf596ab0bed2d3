"""From predictions and targets to a value for each class, or an average of these."""

import math
from collections.abc import Callable
from typing import Final, Literal, TypeAlias

from torch import Tensor

from firesteel._require import one_of
from firesteel.errors import ArgumentError

from ._class_kinds import CountOptions
from ._counting import count_classes, sample_result, sum_samples
from ._counting_checks import check_sample_sums
from ._counts import ClassAverage, ClassCounts, check_counts

__all__ = ["AVERAGES", "SampleAverage", "averaged", "check_one_class", "checked_counts"]

SampleAverage: TypeAlias = ClassAverage | Literal["samples"]
"""An average over classes; or, of labels, a mean of what each sample has by itself."""

AVERAGES: Final[tuple[ClassAverage, ...]] = (None, "micro", "macro", "weighted")
"""The averages over classes."""


def checked_counts(
    where: str, prediction: Tensor, target: Tensor, options: CountOptions
) -> ClassCounts:
    counts = ClassCounts(count_classes(where, prediction, target, options))
    check_counts(where, counts, is_of_labels=options.kind == "multilabel")
    return counts


def averaged(
    where: str,
    prediction: Tensor,
    target: Tensor,
    options: CountOptions,
    result: Callable[..., Tensor],
    *,
    average: SampleAverage,
    zero_division: float,
    sample_row: int | None = None,
    beta: float = 1.0,
) -> Tensor:
    """Give a value for each class, or an average, by the name of who was asked.

    Args:
        where: Who was asked, for errors.
        prediction: As for :func:`precision`.
        target: As for :func:`precision`.
        options: What the caller said.
        result: Computes it from counts.
        average: As for :func:`precision`.
        zero_division: The value of 0/0.
        sample_row: Which of the means over samples it is; ``None`` where there is none.
        beta: How many times as much recall counts as precision does in F.
    """
    one_of(where, "average", average, AVERAGES + ("samples",) * (sample_row is not None))
    if sample_row is None or average != "samples":
        counts = checked_counts(where, prediction, target, options)
        return result(counts, average=average, zero_division=zero_division)
    if options.kind != "multilabel":
        raise ArgumentError(
            f"{where}: average 'samples' is for kind 'multilabel', got {options.kind!r}"
        )
    if math.isnan(zero_division):
        raise ArgumentError(
            f"{where}: zero_division must be a number where average='samples', got nan"
        )
    sums = sum_samples(where, prediction, target, options, beta=beta, zero_division=zero_division)
    check_sample_sums(where, sums)
    return sample_result(sums)[sample_row]


def check_one_class(where: str, kind: str) -> None:
    """Refuse labels, and kinds that there are none, where a sample has one class."""
    one_of(where, "kind", kind, ("binary", "multiclass"))
