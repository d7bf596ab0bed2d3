"""F1 of each label, where every row names its k best labels.

Axes: N rows, L labels, K cut-offs.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, Generic, Never, final, overload

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel.metrics._functional._label_at_k import (
    LabelAverage,
    label_f1_at_k_result,
)
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._validation import Validation

from ._label_metric import LabelMetric

__all__ = ["LabelF1AtK"]

ResultT = TypeVar("ResultT", covariant=True, default=Tensor)
OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


@final
class LabelF1AtK(LabelMetric[ResultT, OutputT], Generic[ResultT, OutputT]):
    r"""For each label, the harmonic mean of its precision and its recall at k.

    :math:`2 TP_l / (PP_l + P_l)`, with the counts of :class:`LabelPrecisionAtK` and
    :class:`LabelRecallAtK`. The macro F1 is the mean of these, not the harmonic mean of macro
    precision and macro recall that the literature of image annotation calls C-F1; that is ``2 * p *
    r / (p + r)`` of the two metrics.

    Rows without a relevant label count here: they name labels too.

    Takes scores, one per label, of any scale, higher is better: float, shape ``(N, L)``; and
    whether each label is relevant, 0 or 1, or with ``relevance_threshold`` any number: bool,
    integer or float, shape ``(N, L)``. Labels rank by descending score, lower index first where
    scores are equal. Attached to one engine, all metrics at k that are given the same tensors are
    computed from one ranking.

    The result is a tensor for each label, float64, shape ``(L,)``, or a float if labels are
    combined; for several k a tensor of shape ``(K, L)`` or ``(K,)``, ascending and each once.
    Better is higher, from 0 to 1.

    Args:
        output_transform: Gives scores and relevance from the engine's output.
        k: How many labels each row names, at least 1; or several such cut-offs.
        average: ``None`` for one number per label; ``"macro"`` for their mean; ``"weighted"`` for
            their mean weighted by how often they are relevant, all alike if none ever is;
            ``"micro"`` for one ratio of the counts of all labels together.
        zero_division: What 0 / 0 is, from 0 to 1.
        relevance_threshold: The least relevance that is relevant, above 0; ``None`` where relevance
            is 0 or 1.
        ignore_index: Relevance of labels that are left out, of the ranking and of what is relevant.
        validate: In which updates scores and relevance are looked at, for which the host waits for
            the device: in the ``"first"`` after a reset, ``"always"``, ``"never"``.
        device: Where the sums are kept; ``None`` for where the values are.

    Raises:
        ArgumentError: Shapes or values do not fit, or an option is out of range.
        ArgumentTypeError: A dtype does not fit.
        NotComputableError: ``compute`` was called before any row was seen.

    Source:
        Gong et al., "Deep convolutional ranking for multilabel image annotation", arXiv 1312.4894.

    Example:
        >>> import torch
        >>> metric = LabelF1AtK(k=2)
        >>> scores = torch.tensor([[0.9, 0.8, 0.3], [0.1, 0.7, 0.5]])
        >>> metric.update((scores, torch.tensor([[0, 1, 1], [0, 1, 1]])))
        >>> metric.compute()
        tensor([0.0000, 1.0000, 0.6667], dtype=torch.float64)
    """

    higher_is_better: ClassVar[bool | None] = True

    if TYPE_CHECKING:  # which result there is goes with `k` and `average`

        @overload
        def __new__(
            cls,
            *,
            k: int | Sequence[int],
            average: None = None,
            zero_division: float = 0.0,
            relevance_threshold: float | None = None,
            ignore_index: int | None = None,
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "LabelF1AtK[Tensor, PredTarget]": ...

        @overload
        def __new__(
            cls,
            *,
            k: int,
            average: LabelAverage,
            zero_division: float = 0.0,
            relevance_threshold: float | None = None,
            ignore_index: int | None = None,
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "LabelF1AtK[float, PredTarget]": ...

        @overload
        def __new__(
            cls,
            *,
            k: Sequence[int],
            average: LabelAverage,
            zero_division: float = 0.0,
            relevance_threshold: float | None = None,
            ignore_index: int | None = None,
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "LabelF1AtK[Tensor, PredTarget]": ...

        @overload
        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget],
            *,
            k: int | Sequence[int],
            average: None = None,
            zero_division: float = 0.0,
            relevance_threshold: float | None = None,
            ignore_index: int | None = None,
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "LabelF1AtK[Tensor, OutputT]": ...

        @overload
        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget],
            *,
            k: int,
            average: LabelAverage,
            zero_division: float = 0.0,
            relevance_threshold: float | None = None,
            ignore_index: int | None = None,
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "LabelF1AtK[float, OutputT]": ...

        @overload
        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget],
            *,
            k: Sequence[int],
            average: LabelAverage,
            zero_division: float = 0.0,
            relevance_threshold: float | None = None,
            ignore_index: int | None = None,
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "LabelF1AtK[Tensor, OutputT]": ...

        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget] | None = None,
            *,
            k: int | Sequence[int],
            average: LabelAverage | None = None,
            zero_division: float = 0.0,
            relevance_threshold: float | None = None,
            ignore_index: int | None = None,
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "LabelF1AtK[object, Never]":
            raise NotImplementedError

    @override
    def values(self) -> Tensor:
        return label_f1_at_k_result(
            self.counts(), average=self.average, zero_division=self.zero_division
        )
