r"""Curves over all thresholds, and what is read off them: exact, from all scores at once.

Every function here ranks the scores once. The rank of a score and its label share one whole number,
label lowest, so that one sort of whole numbers does what a sort of scores and a look-up of labels
would do, in a fifth of the time. Tied scores are one step of a curve.

Axes: ``C`` curves (classes or labels), ``N`` scores of each, ``K`` steps of all curves together.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple, Self

import torch
from torch import Tensor

from firesteel.errors import ArgumentError

from ._counts import from_numpy, in_double, is_on_host
from ._curve_inputs import (
    binary_rows,
    check_binary_target,
    check_class_target,
    check_scores,
    multiclass_rows,
    multilabel_rows,
    refuse_nothing,
)

if TYPE_CHECKING:
    import numpy as np
else:
    with suppress(ImportError):
        import numpy as np

__all__ = [
    "Ranking",
    "Steps",
    "differs_from_next",
    "ends_a_tie",
    "one_by_one",
    "places",
    "rank",
    "rank_binary",
    "rank_by_shape",
    "rank_multiclass",
    "rank_multilabel",
    "scores_at",
    "steps",
]

_WORD_BYTES: Final = 4
_INT32_RANKS: Final = 2**30
"""How many ranks, of each sign, leave room for a label in int32."""
_INT32_MAX: Final = 2**31 - 1


class Ranking(NamedTuple):
    """Scores and labels of ``C`` curves, best first."""

    numbers: Tensor
    """Twice the rank, and one more for a positive: ascending, shape ``(C, N)``, int32 or int64."""
    floor: Tensor
    """What was taken off the magnitudes of floats, or off whole numbers, shape ``()``."""
    table: Tensor | None
    """Ranks, for scores whose rank leaves no room for a label and is numbered instead."""
    dtype: torch.dtype
    """Of the scores."""


def one_by_one(ranking: Ranking) -> Iterator[Ranking]:
    """Give the ranking of each curve."""
    for place in range(len(ranking.numbers)):
        yield ranking._replace(numbers=ranking.numbers[place : place + 1])


def rank(scores: Tensor, target: Tensor) -> Ranking:
    """Order the scores of each curve, the best first, together with their labels.

    Args:
        scores: Real numbers without NaN, shape ``(curves, N)``.
        target: 0 and 1, shape ``(curves, N)``; or indices of curves, int64, shape ``(N,)``.
    """
    scores, dtype, table = scores.contiguous(), scores.dtype, None
    ranks, floor = (_ranks_of_floats if dtype.is_floating_point else _ranks_of_ints)(scores)
    if dtype.itemsize > _WORD_BYTES:
        table, ranks = _numbered(ranks)
        ranks = ranks.int() if ranks.numel() <= _INT32_RANKS else ranks
    ranks = ranks.bitwise_left_shift_(1)
    if target.ndim == 1:
        ranks.scatter_add_(0, target[None], torch.ones_like(ranks[:1]))
    else:
        ranks = ranks.bitwise_or_(target.to(ranks.dtype))
    return Ranking(_sort_rows(ranks), floor, table, dtype)


def _ranks_of_floats(scores: Tensor) -> tuple[Tensor, Tensor]:
    """Give whole numbers that fall where the scores rise, and what was taken off magnitudes.

    On the CPU they are int32, which sorts in half the time, if the scores lie in (-2, 2), or not
    more than 128 powers of 2 apart; elsewhere the host would have to wait to know.
    """
    is_wide = scores.dtype.itemsize > _WORD_BYTES
    word, sign_bit = (torch.int64, 63) if is_wide else (torch.int32, 31)
    scores = scores if is_wide else scores.float()
    magnitudes, is_negative = scores.view(word), None
    if not magnitudes.is_cpu or int(magnitudes.amin()) < 0:
        bits = (scores + 0.0).view(word)  # -0.0 is 0.0
        is_negative = bits >> sign_bit  # -1 or 0
        magnitudes = bits.bitwise_and_(torch.iinfo(word).max)
    floor = magnitudes.new_zeros(())
    if not is_wide:
        is_short = False
        if magnitudes.is_cpu:
            floor, highest = magnitudes.aminmax()
            is_short = int(highest) - int(floor) < _INT32_RANKS
        magnitudes = magnitudes if is_short else magnitudes.long()
    ranks = floor - 1 - magnitudes
    # of the negative the lowest has the highest magnitude: `x ^ -1` is `-1 - x`
    return ranks if is_negative is None else ranks.bitwise_xor_(is_negative), floor


def _ranks_of_ints(scores: Tensor) -> tuple[Tensor, Tensor]:
    """Give whole numbers that fall where the scores rise, and what was taken off the scores."""
    is_wide = scores.dtype.itemsize > _WORD_BYTES
    scores = scores.long()
    if is_wide or not scores.is_cpu:
        return ~scores, scores.new_zeros(())
    floor, highest = scores.aminmax()
    ranks = floor - 1 - scores
    return (ranks.int() if int(highest - floor) < _INT32_RANKS else ranks), floor


def _numbered(ranks: Tensor) -> tuple[Tensor, Tensor]:
    """Give the distinct ranks, ascending, and for each rank its place among them."""
    if is_on_host(ranks):
        distinct, numbers = np.unique(ranks.numpy(), return_inverse=True)
        return from_numpy(distinct), from_numpy(numbers).view_as(ranks)
    ordered, index = ranks.view(-1).sort()
    place = torch.zeros_like(index)
    torch.cumsum(ordered[1:] != ordered[:-1], 0, out=place[1:])
    table = torch.zeros_like(ordered).scatter_(0, place, ordered)
    return table, torch.empty_like(place).scatter_(0, index, place).view_as(ranks)


def _sort_rows(numbers: Tensor) -> Tensor:
    """Sort each row of whole numbers, in place where that is possible."""
    if is_on_host(numbers):
        numbers.numpy().sort()  # a tenth of the time of torch's, which also gives the indices
        return numbers
    if len(numbers) == 1:
        return numbers.view(-1).sort().values.view_as(numbers)  # radix sort, for one axis only
    return numbers.sort(dim=1).values


# From the ranking to counts


class Steps(NamedTuple):
    """The steps of all curves, one after another: what is predicted at each distinct score."""

    ends: Tensor
    """Where in the ranking, rows one after another, the step ends, int64, shape ``(K,)``."""
    true_positives: Tensor
    """Int64, shape ``(K,)``."""
    predicted: Tensor
    """True and false positives, int64, shape ``(K,)``."""
    curve: Tensor
    """Which curve the step belongs to, int64, shape ``(K,)``, ascending."""
    positives: Tensor
    """Of each curve, int64, shape ``(C,)``."""
    negatives: Tensor
    """Of each curve, int64, shape ``(C,)``."""

    @property
    def false_positives(self) -> Tensor:
        """Int64, shape ``(K,)``."""
        return self.predicted - self.true_positives

    @property
    def rises(self) -> Tensor:
        """By how many the true positives rise at each step, int64, shape ``(K,)``."""
        so_far = self.true_positives
        if len(self.positives) > 1:
            so_far = so_far + (self.positives.cumsum(0) - self.positives)[self.curve]
        return so_far.diff(prepend=so_far.new_zeros(1))

    def only(self, which: Tensor) -> Self:
        """Give some of the steps."""
        return self._replace(
            ends=self.ends.index_select(0, which),
            true_positives=self.true_positives.index_select(0, which),
            predicted=self.predicted.index_select(0, which),
            curve=self.curve.index_select(0, which),
        )


def steps(ranking: Ranking, *, only_rises: bool = False, is_reversed: bool = False) -> Steps:
    """Count what is at or above each distinct score.

    Args:
        ranking: Scores and labels.
        only_rises: Whether to leave out steps without a positive of their own.
        is_reversed: Whether to begin with the lowest score; of one curve.
    """
    numbers = ranking.numbers
    num_curves, num_samples = numbers.shape
    labels = numbers.view(-1) & 1
    is_end = ends_a_tie(numbers)
    if only_rises:
        is_end &= labels.bool()  # within a tie the positives come last
    ends = places(is_end)
    if is_reversed:
        ends = ends.flip(0)
    # in the fewer digits and in place, where there is room: memory is what takes the time
    is_short = len(labels) <= _INT32_MAX
    so_far = labels.cumsum_(0) if is_short else labels.cumsum(0, dtype=torch.int64)
    true_positives = so_far.index_select(0, ends).long()  # a quarter of the time of so_far[ends]
    total = so_far[num_samples - 1 :: num_samples].long()
    positives = total.diff(prepend=total.new_zeros(1))
    predicted = ends + 1
    curve = ends.new_zeros(1).expand_as(ends)
    if num_curves > 1:
        curve = ends // num_samples
        predicted -= curve * num_samples
        true_positives -= (total - positives)[curve]
    return Steps(
        ends=ends,
        true_positives=true_positives,
        predicted=predicted,
        curve=curve,
        positives=positives,
        negatives=num_samples - positives,
    )


def ends_a_tie(numbers: Tensor) -> Tensor:
    """Tell which numbers, rows one after another, are the last of equal scores."""
    is_end = torch.ones_like(numbers, dtype=torch.bool)
    is_end.view(-1)[:-1] = differs_from_next(numbers) >> 1  # all but the label
    is_end[:, -1] = True
    return is_end.view(-1)


def differs_from_next(numbers: Tensor) -> Tensor:
    """Compare neighbours, rows one after another: 0 for equals, 1 if they are but for the label."""
    ordered = numbers.view(-1)
    return ordered[1:] ^ ordered[:-1]


def places(mask: Tensor) -> Tensor:
    """Give where a mask of one axis is true, int64."""
    if is_on_host(mask):
        return from_numpy(np.flatnonzero(mask.numpy()))  # a fifth of the time of torch's
    return mask.nonzero().view(-1)


def scores_at(ranking: Ranking, found: Steps) -> Tensor:
    """Give the scores of steps back, in float64."""
    ranks = ranking.numbers.view(-1).index_select(0, found.ends).bitwise_right_shift_(1)
    if ranking.table is not None:
        ranks = ranking.table[ranks.long()]
    if not ranking.dtype.is_floating_point:
        return in_double(ranking.floor - 1 - ranks)
    is_wide = ranking.dtype.itemsize > _WORD_BYTES
    ranks = ranks if is_wide else ranks.int()
    # backwards through what gave the ranks: those of the negative scores are not negative
    is_negative = (ranks >> (63 if is_wide else 31)).bitwise_not_()  # -1 or 0
    ranks = ranks.bitwise_xor_(is_negative)
    bits = torch.sub(ranking.floor - 1, ranks, out=ranks)
    bits |= is_negative.bitwise_and_(torch.iinfo(bits.dtype).min)
    return in_double(bits.view(torch.float64 if is_wide else torch.float32))


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
