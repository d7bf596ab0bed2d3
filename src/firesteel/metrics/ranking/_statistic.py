"""What the metrics at a cut-off k are computed from: one ranking, and sums of what each needs.

Axes: N rows, L labels, K cut-offs.
"""

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple, TypeAlias, final

import torch
from torch import Tensor
from typing_extensions import override

from firesteel._require import one_of
from firesteel.errors import ArgumentError
from firesteel.metrics._board import Statistic
from firesteel.metrics._fields import Field, field
from firesteel.metrics._functional._at_k_sums import Hits
from firesteel.metrics._functional._distinct_scores import labels_of_distinct_scores
from firesteel.metrics._functional._label_ranking import TiedRanks, rank_with_ties
from firesteel.metrics._functional._ranked import (
    best_relevance,
    check_ranking_inputs,
    check_relevance_values,
    check_score_values,
    check_targets,
    count_ranked,
    count_true,
    is_relevant,
    keep_relevance,
    take_relevance,
    topk_labels,
)
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._validation import VALIDATIONS, Validation

__all__ = [
    "RankedBatch",
    "RankingStatistic",
    "Term",
    "Validation",
    "added",
]

_MOST_COMPARED: Final = 2**53
"""Up to which number whole numbers and others are the same in float64."""


@final
class RankedBatch:
    """A batch that was ranked once, and what else the sums need of it.

    Args:
        scores: Shape ``(N, L)``.
        relevance: As it came, shape ``(N, L)``.
        threshold: The least relevance that counts; ``None`` for all above 0.
        mask: True where a label is left out, shape ``(N, L)``; ``None`` for nowhere.
        k_max: The last cut-off.
    """

    def __init__(
        self,
        scores: Tensor,
        relevance: Tensor,
        *,
        threshold: float | None,
        mask: Tensor | None,
        k_max: int,
    ) -> None:
        self.num_ranked: Final = count_ranked(scores, mask)
        self.scores: Final = scores
        self._given = relevance.detach()
        self._threshold = threshold
        self._mask = mask
        self._k_max = k_max

    @cached_property
    def labels(self) -> Tensor:
        """The best labels, best first: int64, shape ``(N, k_max)`` or ``(N, L)``."""
        scores, k_max, mask = self.scores, self._k_max, self._mask
        labels = labels_of_distinct_scores(scores, k_max=k_max, mask=mask)
        return topk_labels(scores, k_max=k_max, mask=mask) if labels is None else labels

    @cached_property
    def ties(self) -> TiedRanks:
        """The ranks of all labels, where equal scores share the worst."""
        return rank_with_ties(self.scores, self.relevance)

    @cached_property
    def relevance(self) -> Tensor:
        """The relevance of each label, 0 where it does not count: shape ``(N, L)``."""
        return keep_relevance(self._given, threshold=self._threshold, mask=self._mask)

    @cached_property
    def ranked(self) -> Tensor:
        """The relevance in the order of the scores, shape ``(N, k_max)``."""
        # first taken and then compared, for there is less of it; what is left out has no rank
        ranked = take_relevance(self._given, self.labels, k_max=self._k_max)
        return keep_relevance(ranked, threshold=self._threshold, mask=None)

    @cached_property
    def best(self) -> Tensor:
        """The relevance in the best order, shape ``(N, k_max)``."""
        if self._mask is not None or self._given.is_floating_point():  # NaN would come first
            return best_relevance(self.relevance, k_max=self._k_max)
        best = best_relevance(self._given, k_max=self._k_max)
        return keep_relevance(best, threshold=self._threshold, mask=None)

    @cached_property
    def hits(self) -> Hits:
        """Where the relevant labels stand."""
        return Hits(self.ranked, self.num_relevant)

    @property
    def num_empty(self) -> Tensor:
        """How many rows have no relevant label: int64, shape ``()``."""
        if "best" in vars(self):  # of fewer numbers
            return (self.best[:, 0] <= 0).sum()
        return (self.num_relevant == 0).sum()

    @cached_property
    def num_relevant(self) -> Tensor:
        """How many labels of each row are relevant: int64, shape ``(N,)``."""
        if self._threshold is None:
            which = is_relevant(self._given)
        else:
            least = self._threshold
            if self._given.dtype == torch.int64 and least <= _MOST_COMPARED:
                least = math.ceil(least)  # of two whole numbers, in a fifth of the time
            which = self._given >= least
        return count_true(which if self._mask is None else which & ~self._mask, dim=1)


Summed: TypeAlias = Callable[[RankedBatch, Sequence[int]], Tensor]
"""Gives what a batch adds at each of the cut-offs: the first axis is K."""


@final
@dataclass(frozen=True, slots=True)
class Term:
    """Something that is summed up at each cut-off.

    Attributes:
        name: What it is called, in the state too.
        summed: Gives what a batch adds.
        is_graded: Whether it weighs how relevant a label is, instead of asking whether.
        is_per_label: Whether its sums are counts of each label, not values of whole rows.
    """

    name: str
    summed: Summed
    is_graded: bool = False
    is_per_label: bool = False

    def declared(self, num_ks: int) -> Field:
        """Declare the sums: float64, ``(K,)``; or int64, of a shape that comes with the data."""
        if self.is_per_label:
            return Field(torch.zeros((), dtype=torch.int64), "sum", is_open=True)
        return Field(torch.zeros(num_ks, dtype=torch.float64), "sum", is_open=False)


class Wanted(NamedTuple):
    """At which cut-offs a term is summed up, and for whom."""

    ks: tuple[int, ...]
    name: str


@final
class RankingStatistic(Statistic):
    """Sums of several terms over rows, from one ranking.

    Metrics that share it each :meth:`include` what they need.

    Args:
        name: Whose statistic it is, for errors.
        term: What that one needs,
        ks: and at which cut-offs, ascending.
        relevance_threshold: The least relevance that counts; ``None`` for all above 0.
        ignore_index: Relevance of labels that are left out; ``None`` for none.
        refuses_empty: Whether a row without a relevant label is a mistake.
        validate: In which updates values are checked.
        device: Where the sums are kept; ``None`` for where the inputs are.
    """

    num_rows: int = field(0)
    num_empty: Tensor = field(torch.zeros((), dtype=torch.int64))

    def __init__(
        self,
        name: str,
        term: Term,
        ks: tuple[int, ...],
        *,
        relevance_threshold: float | None,
        ignore_index: int | None,
        refuses_empty: bool,
        validate: Validation,
        device: torch.device | str | None,
    ) -> None:
        super().__init__(device=device)
        one_of(name, "validate", validate, VALIDATIONS)
        self._name = name
        self._wanted: Mapping[Term, Wanted] = {term: Wanted(ks, name)}
        self._threshold = relevance_threshold
        self._ignore_index = ignore_index
        self._refuses_empty: str | None = name if refuses_empty else None
        self._validate = validate
        self._is_checked = False
        self.reset()

    @property
    @override
    def key(self) -> Hashable:
        return self._threshold, self._ignore_index, self._validate

    @override
    def declared_fields(self) -> Mapping[str, Field]:
        wanted = self._wanted.items()
        own = {term.name: term.declared(len(there.ks)) for term, there in wanted}
        return {**self.fields_of_all(), **own}

    def fields_of_all(self) -> Mapping[str, Field]:
        """Give the fields that do not depend on what is wanted."""
        return super().declared_fields()

    @override
    def reset(self) -> None:
        super().reset()
        self._is_checked = False

    def sums(self, term: Term, ks: Sequence[int]) -> Tensor:
        """Give the sums of a term at some of the cut-offs that are wanted.

        Args:
            term: The term.
            ks: The cut-offs, ascending.
        """
        there: Tensor = vars(self)[term.name]
        wanted = self._wanted[term].ks
        if not there.ndim or wanted == ks:
            return there
        return torch.stack([there[wanted.index(k)] for k in ks])

    def include(
        self, name: str, term: Term, ks: tuple[int, ...], *, sums: Tensor, refuses_empty: bool
    ) -> None:
        """Sum up a term for another metric as well, which has seen the same.

        Args:
            name: The metric.
            term: What it needs,
            ks: and at which cut-offs, ascending.
            sums: Where it stands.
            refuses_empty: Whether a row without a relevant label is a mistake to it.
        """
        if refuses_empty and self._refuses_empty is None:
            self._refuses_empty = name
        there = self._wanted.get(term, Wanted((), name))
        merged = tuple(sorted({*there.ks, *ks}))
        if merged == there.ks:
            return
        by_k = _by_k(sums, ks)
        if there.ks:
            by_k.update(_by_k(self.sums(term, there.ks).to(sums.device), there.ks))
        if by_k:
            none = torch.zeros_like(next(iter(by_k.values())))
            sums = torch.stack([by_k.get(k, none) for k in merged])
        self._wanted = {**self._wanted, term: Wanted(merged, there.name)}
        self.write_fields({term.name: sums})

    def narrow(self, term: Term, ks: tuple[int, ...]) -> None:
        """Go on with the sums of one term alone.

        Args:
            term: The term.
            ks: The cut-offs, ascending.
        """
        sums = self.sums(term, ks)
        self._wanted = {term: Wanted(ks, self._wanted[term].name)}
        self.write_fields({term.name: sums})

    @override
    def update(self, value: PredTarget, /) -> None:
        """Take a batch in.

        Args:
            value: Scores and relevance, shape ``(N, L)``.

        Raises:
            ArgumentError: Shapes or values do not fit, or differ from those before.
            ArgumentTypeError: A dtype does not fit.
        """
        scores, relevance = value
        check_ranking_inputs(self._name, scores, relevance)
        mask = None if self._ignore_index is None else relevance == self._ignore_index
        k_max = max(wanted.ks[-1] for wanted in self._wanted.values())
        batch = RankedBatch(scores, relevance, threshold=self._threshold, mask=mask, k_max=k_max)
        if self._validate == "always" or not (self._is_checked or self._validate == "never"):
            self._check(scores, relevance, mask, batch)
        if not len(scores):
            return
        sums = {
            term.name: added(
                wanted.name, vars(self)[term.name], term.summed(batch, wanted.ks), self.device
            )
            for term, wanted in self._wanted.items()
        }
        self.write_fields(sums)
        self.num_rows += len(scores)
        self.num_empty = added(self._name, self.num_empty, batch.num_empty, self.device)

    def _check(
        self, scores: Tensor, relevance: Tensor, mask: Tensor | None, batch: RankedBatch
    ) -> None:
        strict = [wanted.name for term, wanted in self._wanted.items() if not term.is_graded]
        check_score_values(self._name, scores, mask)
        check_relevance_values(
            strict[0] if strict else self._name,
            relevance,
            is_graded=not strict,
            threshold=self._threshold,
            mask=mask,
        )
        if self._refuses_empty is not None:
            check_targets(self._refuses_empty, batch.num_relevant)
        self._is_checked = len(scores) > 0


def _by_k(sums: Tensor, ks: Sequence[int]) -> dict[int, Tensor]:
    """Give sums by cut-off; none where their shape has not come yet."""
    return dict(zip(ks, sums.unbind(), strict=True)) if sums.ndim else {}


def added(where: str, known: Tensor, new: Tensor, device: torch.device | None) -> Tensor:
    """Give the sum of what is known and what is new, where it is kept; nothing waits.

    Args:
        where: Whose sums they are, for the error.
        known: What is known; without axes where nothing is.
        new: What is new.
        device: Where it is kept; ``None`` for where ``new`` is.

    Raises:
        ArgumentError: The shapes differ.
    """
    if device is not None:
        new = new.to(device)
    if known.ndim and known.shape != new.shape:
        raise ArgumentError(
            f"{where}: the number of labels must be the same in all batches, got sums of shape "
            f"{list(new.shape)} after {list(known.shape)}"
        )
    if known.device != new.device:  # fresh, loaded, or brought to the host
        known = known.to(new.device, new.dtype)
    return known + new
