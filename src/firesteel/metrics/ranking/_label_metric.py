"""What metrics of each label share, where every row names its k best labels.

Axes: N rows, L labels, K cut-offs.
"""

from collections.abc import Callable, Sequence
from typing import Generic, final

import torch
from torch import Tensor
from typing_extensions import TypeVar

from firesteel.errors import NotComputableError
from firesteel.metrics._functional._label_at_k import (
    LabelAtKSums,
    LabelAverage,
    check_label_options,
)
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._validation import Validation

from ._at_k_metric import AtKMetric, RankingOptions
from ._terms import LABELS

__all__ = ["LabelMetric"]

ResultT = TypeVar("ResultT", covariant=True, default=Tensor)
OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


class LabelMetric(AtKMetric[ResultT, OutputT], Generic[ResultT, OutputT]):
    """A metric of each label, or of all of them combined.

    Args:
        output_transform: Gives scores and relevance from the engine's output.
        k: The cut-offs.
        average: How labels are combined; ``None`` for not at all.
        zero_division: What 0 / 0 is.
        relevance_threshold: The least relevance that is relevant.
        ignore_index: Relevance of labels that are left out.
        validate: In which updates values are checked.
        device: Where the counts are kept; ``None`` for where the values are.
    """

    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        k: int | Sequence[int],
        average: LabelAverage | None = None,
        zero_division: float = 0.0,
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        check_label_options(
            type(self).__name__,
            average=average,
            zero_division=zero_division,
            threshold=relevance_threshold,
        )
        self.average: LabelAverage | None = average
        self.zero_division = zero_division
        options = RankingOptions(
            relevance_threshold=relevance_threshold,
            ignore_index=ignore_index,
            validate=validate,
            device=device,
        )
        super().__init__(LABELS, output_transform, k=k, refuses_empty=False, options=options)

    @final
    def counts(self) -> LabelAtKSums:
        """Give the counts of each label at the cut-offs of this metric.

        Raises:
            NotComputableError: Nothing was seen.
        """
        num_rows = self.statistic.num_rows
        if not num_rows:
            raise NotComputableError(f"{type(self).__name__}: needs at least one row")
        num_hits, num_named, num_relevant = self.sums().unbind(1)
        return LabelAtKSums(num_hits, num_named, num_relevant[0], torch.tensor(num_rows))
