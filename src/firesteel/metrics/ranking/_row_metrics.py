"""Means over rows whose sums go with one option at most.

Axes: N rows, L labels, K cut-offs.
"""

from collections.abc import Callable, Sequence
from typing import ClassVar, Generic

import torch
from typing_extensions import TypeVar

from firesteel.metrics._functional._ranked import EmptyTarget
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._validation import Validation

from ._at_k_metric import RankingOptions, RowMetric
from ._statistic import Term

__all__ = ["ClippableMetric", "OneTermMetric"]

ResultT = TypeVar("ResultT", covariant=True, default=float)
OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


class OneTermMetric(RowMetric[ResultT, OutputT], Generic[ResultT, OutputT]):
    """A mean over rows whose sums are the same whatever the options.

    Args:
        output_transform: Gives scores and relevance from the engine's output.
        k: The cut-offs.
        empty_target: What a row without a relevant label counts as.
        relevance_threshold: The least relevance that is relevant.
        ignore_index: Relevance of labels that are left out.
        validate: In which updates values are checked.
        device: Where the sums are kept; ``None`` for where the values are.
    """

    term: ClassVar[Term]

    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        k: int | Sequence[int],
        empty_target: EmptyTarget = "skip",
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        options = RankingOptions(
            relevance_threshold=relevance_threshold,
            ignore_index=ignore_index,
            validate=validate,
            device=device,
        )
        super().__init__(
            self.term, output_transform, k=k, empty_target=empty_target, options=options
        )


class ClippableMetric(RowMetric[ResultT, OutputT], Generic[ResultT, OutputT]):
    """A mean over rows that asks whether k may exceed the number of labels.

    Args:
        output_transform: Gives scores and relevance from the engine's output.
        k: The cut-offs.
        clip_k: Whether k is at most the number of labels that are ranked.
        empty_target: What a row without a relevant label counts as.
        relevance_threshold: The least relevance that is relevant.
        ignore_index: Relevance of labels that are left out.
        validate: In which updates values are checked.
        device: Where the sums are kept; ``None`` for where the values are.
    """

    term: ClassVar[Term]
    clipped_term: ClassVar[Term]

    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        k: int | Sequence[int],
        clip_k: bool = False,
        empty_target: EmptyTarget = "skip",
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        options = RankingOptions(
            relevance_threshold=relevance_threshold,
            ignore_index=ignore_index,
            validate=validate,
            device=device,
        )
        super().__init__(
            self.clipped_term if clip_k else self.term,
            output_transform,
            k=k,
            empty_target=empty_target,
            options=options,
        )
