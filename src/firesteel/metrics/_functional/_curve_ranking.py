r"""Curves over all thresholds, and what is read off them: exact, from all scores at once.

Every function here ranks the scores once. The rank of a score and its label share one whole number,
label lowest, so that one sort of whole numbers does what a sort of scores and a look-up of labels
would do, in a fifth of the time. Tied scores are one step of a curve.

Axes: ``C`` curves (classes or labels), ``N`` scores of each, ``K`` steps of all curves together.
"""

from itertools import pairwise
from typing import Final, NamedTuple

import torch
from torch import Tensor

from firesteel.errors import ArgumentError

from ._counts import in_double
from ._curve_inputs import (
    binary_rows,
    check_binary_target,
    check_class_target,
    check_scores,
    multiclass_rows,
    multilabel_rows,
    refuse_nothing,
)

__all__ = [
    "Ranking",
    "Steps",
    "parts",
    "per_curve",
    "rank",
    "rank_binary",
    "rank_by_shape",
    "rank_multiclass",
    "rank_multilabel",
    "rise",
    "scores_at",
    "steps",
]

_WORD_BYTES: Final = 4
_INT32_MAX: Final = 2**31 - 1


class Ranking(NamedTuple):
    """Scores and labels of ``C`` curves, best first."""

    numbers: Tensor
    """Twice the rank, and one more for a positive: ascending, shape ``(C, N)``, int32 or int64."""
    offset: Tensor
    """What was taken off the ranks, shape ``()``."""
    table: Tensor | None
    """Ranks, for scores whose rank leaves no room for a label and is numbered instead."""
    dtype: torch.dtype
    """Of the scores."""


def rank(scores: Tensor, target: Tensor) -> Ranking:
    """Order the scores of each curve, the best first, together with their labels.

    Args:
        scores: Real numbers without NaN, shape ``(curves, N)``.
        target: 0 and 1, shape ``(curves, N)``; or indices of curves, int64, shape ``(N,)``.
    """
    dtype = scores.dtype
    ranks, table = _ranks(scores.contiguous()), None
    if dtype.itemsize > _WORD_BYTES:
        table, ranks = _numbered(ranks)
    lowest, highest = ranks.aminmax()
    # few digits sort faster on the CPU; elsewhere the host would have to wait to know
    is_short = ranks.device.type == "cpu" and 2 * (int(highest) - int(lowest)) < _INT32_MAX
    if not is_short:
        ranks = ranks.long()
    ranks = ranks.sub_(lowest)
    if is_short:
        ranks = ranks.int()
    ranks = ranks.bitwise_left_shift_(1)
    if target.ndim == 1:
        ranks.scatter_add_(0, target[None], torch.ones_like(ranks[:1]))
    else:
        ranks = ranks.bitwise_or_(target.to(ranks.dtype))
    return Ranking(_sort_rows(ranks), lowest, table, dtype)


def _ranks(scores: Tensor) -> Tensor:
    """Give whole numbers that fall where the scores rise, equal where the scores are."""
    if not scores.is_floating_point():
        return ~scores.long()
    wide = scores.dtype.itemsize > _WORD_BYTES
    bits = scores.view(torch.int64) if wide else scores.float().view(torch.int32)
    # floats are sign and magnitude: the ranks of negative ones run backwards, and -0.0 is 0.0
    is_negative = bits >> (63 if wide else 31)
    magnitude = torch.iinfo(bits.dtype).max
    return (is_negative & magnitude).bitwise_xor_(bits).sub_(is_negative).bitwise_not_()


def _numbered(ranks: Tensor) -> tuple[Tensor, Tensor]:
    """Give the distinct ranks, ascending, and for each rank its place among them."""
    ordered, index = ranks.view(-1).sort()
    place = torch.zeros_like(index)
    torch.cumsum(ordered[1:] != ordered[:-1], 0, out=place[1:])
    table = torch.zeros_like(ordered).scatter_(0, place, ordered)
    return table, torch.empty_like(place).scatter_(0, index, place).view_as(ranks)


def scores_at(ranking: Ranking, ordered: Tensor) -> Tensor:
    """Give the scores back, from some of the ordered numbers, in float64."""
    ranks = (ordered >> 1).long() + ranking.offset
    if ranking.table is not None:
        ranks = ranking.table[ranks]
    if not ranking.dtype.is_floating_point:
        return in_double(~ranks)
    wide = ranking.dtype.itemsize > _WORD_BYTES
    if not wide:
        ranks = ranks.int()
    bits = torch.where(ranks < 0, ~ranks, ranks - torch.iinfo(ranks.dtype).max)
    return in_double(bits.view(torch.float64 if wide else torch.float32))


def _sort_rows(numbers: Tensor) -> Tensor:
    """Sort each row of whole numbers, in place where that is possible."""
    if numbers.device.type == "cpu":
        try:
            numbers.numpy().sort()  # a half of the time of torch's, which also gives the indices
        except RuntimeError:  # torch was built, or is installed, without numpy
            pass
        else:
            return numbers
    if len(numbers) == 1:
        return numbers.view(-1).sort().values.view_as(numbers)  # radix sort, for one axis only
    return numbers.sort(dim=1).values


# From the ranking to counts


class Steps(NamedTuple):
    """The steps of all curves, one after another: what is predicted at each distinct score."""

    true_positives: Tensor
    """Int64, shape ``(K,)``."""
    false_positives: Tensor
    """Int64, shape ``(K,)``."""
    ordered: Tensor
    """The number of the ranking at each step, shape ``(K,)``."""
    curve: Tensor
    """Which curve the step belongs to, int64, shape ``(K,)``, ascending."""
    positives: Tensor
    """Of each curve, int64, shape ``(C,)``."""
    negatives: Tensor
    """Of each curve, int64, shape ``(C,)``."""


def steps(ranking: Ranking) -> Steps:
    """Count what is at or above each distinct score."""
    numbers = ranking.numbers
    num_curves, num_samples = numbers.shape
    is_last = torch.ones_like(numbers, dtype=torch.bool)
    torch.gt(numbers[:, 1:] ^ numbers[:, :-1], 1, out=is_last[:, :-1])
    ends = is_last.view(-1).nonzero().view(-1)
    ordered = numbers.reshape(-1)
    so_far = (ordered & 1).cumsum(0, dtype=torch.int64)
    positives = so_far[num_samples - 1 :: num_samples].diff(prepend=so_far.new_zeros(1))
    curve = ends // num_samples if num_curves > 1 else torch.zeros_like(ends)
    true_positives = so_far.index_select(0, ends)  # a quarter of the time of so_far[ends]
    if num_curves > 1:
        true_positives -= (positives.cumsum(0) - positives)[curve]
    return Steps(
        true_positives=true_positives,
        false_positives=ends + 1 - curve * num_samples - true_positives,
        ordered=ordered.index_select(0, ends),
        curve=curve,
        positives=positives,
        negatives=num_samples - positives,
    )


def parts(found: Steps) -> list[slice]:
    """Give the steps of each curve."""
    starts = torch.arange(len(found.positives) + 1, device=found.curve.device)
    bounds = torch.searchsorted(found.curve, starts).cpu()
    return [slice(start, stop) for start, stop in pairwise(int(bound) for bound in bounds)]


def rise(found: Steps) -> Tensor:
    """Give by how many the true positives rise at each step, int64, shape ``(K,)``."""
    curve = found.curve
    rises = found.true_positives.diff(prepend=curve.new_zeros(1))
    starts = torch.searchsorted(curve, torch.arange(len(found.positives), device=curve.device))
    rises[starts] = found.true_positives[starts]
    return rises


def per_curve(values: Tensor, found: Steps) -> Tensor:
    """Add up the values of each curve's steps."""
    num_curves = len(found.positives)
    if num_curves == 1:
        return values.sum(0, keepdim=True)
    return values.new_zeros(num_curves).index_add_(0, found.curve, values)


# From arguments to rankings


def rank_binary(where: str, scores: Tensor, target: Tensor) -> Ranking:
    scores, target = binary_rows(where, scores, target)
    refuse_nothing(where, scores.numel())
    check_scores(where, scores)
    check_binary_target(where, target)
    return rank(scores, target)


def rank_multiclass(where: str, scores: Tensor, target: Tensor) -> Ranking:
    scores, classes = multiclass_rows(where, scores, target)
    refuse_nothing(where, scores.numel())
    check_scores(where, scores)
    check_class_target(where, classes, num_classes=len(scores))
    return rank(scores, classes)


def rank_multilabel(where: str, scores: Tensor, target: Tensor, *, as_one: bool = False) -> Ranking:
    scores, target = multilabel_rows(where, scores, target)
    refuse_nothing(where, scores.numel())
    check_scores(where, scores)
    check_binary_target(where, target)
    if as_one:
        return rank(scores.reshape(1, -1), target.reshape(1, -1))
    return rank(scores, target)


def rank_by_shape(where: str, scores: Tensor, target: Tensor) -> Ranking:
    if scores.ndim == target.ndim + 1:
        raise ArgumentError(
            f"{where}: scores and target must have one shape, got {list(scores.shape)} and "
            f"{list(target.shape)}; for classes, call multiclass_{where}"
        )
    is_binary = scores.ndim <= 1
    return (rank_binary if is_binary else rank_multilabel)(where, scores, target)
