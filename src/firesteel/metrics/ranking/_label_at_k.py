"""Precision, recall and F1 of each label, where every row names its k best labels.

Axes: N rows, L labels, K cut-offs.
"""

# pyright infers a lambda's parameter from the engine only where `self` has the class's own variable
# pyright: reportInvalidTypeVarUse=false

from collections.abc import Callable, Sequence
from typing import ClassVar, Generic, final, overload

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel.errors import NotComputableError
from firesteel.metrics._functional._label_at_k import (
    LabelAtKSums,
    LabelAverage,
    check_label_options,
    label_f1_at_k_result,
    label_precision_at_k_result,
    label_recall_at_k_result,
)
from firesteel.metrics._mean import PredTarget

from ._at_k_metric import AtKMetric, RankingOptions
from ._statistic import Validation
from ._terms import LABELS

__all__ = ["LabelF1AtK", "LabelPrecisionAtK", "LabelRecallAtK"]

ResultT = TypeVar("ResultT", covariant=True, default=Tensor)
OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


class LabelMetric(AtKMetric[ResultT, OutputT], Generic[ResultT, OutputT]):
    """A metric of each label, or of all of them combined.

    Args:
        output_transform: Gives scores and relevance from the engine's output.
        k: The cut-offs.
        average: How labels are combined; ``None`` for not at all.
        zero_division: What 0 / 0 is.
        options: What else there is.
    """

    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None,
        *,
        k: int | Sequence[int],
        average: LabelAverage | None,
        zero_division: float,
        options: RankingOptions,
    ) -> None:
        check_label_options(
            type(self).__name__,
            average=average,
            zero_division=zero_division,
            threshold=options.relevance_threshold,
        )
        self.average: LabelAverage | None = average
        self.zero_division = zero_division
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


@final
class LabelPrecisionAtK(LabelMetric[ResultT, OutputT], Generic[ResultT, OutputT]):
    r"""For each label, the share of the rows that name it among k in which it is relevant.

    :math:`TP_l / PP_l`, where :math:`PP_l` counts the rows that name label l and :math:`TP_l` those
    of them in which it is relevant.

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
        >>> metric = LabelPrecisionAtK(k=2)
        >>> scores = torch.tensor([[0.9, 0.8, 0.3], [0.1, 0.7, 0.5]])
        >>> metric.update((scores, torch.tensor([[0, 1, 1], [0, 1, 1]])))
        >>> metric.compute()
        tensor([0., 1., 1.], dtype=torch.float64)
    """

    higher_is_better: ClassVar[bool | None] = True

    @overload
    def __init__(
        self: "LabelPrecisionAtK[Tensor, PredTarget]",
        *,
        k: int | Sequence[int],
        average: None = None,
        zero_division: float = 0.0,
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: "LabelPrecisionAtK[float, PredTarget]",
        *,
        k: int,
        average: LabelAverage,
        zero_division: float = 0.0,
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: "LabelPrecisionAtK[Tensor, PredTarget]",
        *,
        k: Sequence[int],
        average: LabelAverage,
        zero_division: float = 0.0,
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: "LabelPrecisionAtK[Tensor, OutputT]",
        output_transform: Callable[[OutputT], PredTarget],
        *,
        k: int | Sequence[int],
        average: None = None,
        zero_division: float = 0.0,
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: "LabelPrecisionAtK[float, OutputT]",
        output_transform: Callable[[OutputT], PredTarget],
        *,
        k: int,
        average: LabelAverage,
        zero_division: float = 0.0,
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: "LabelPrecisionAtK[Tensor, OutputT]",
        output_transform: Callable[[OutputT], PredTarget],
        *,
        k: Sequence[int],
        average: LabelAverage,
        zero_division: float = 0.0,
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
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
        options = RankingOptions(
            relevance_threshold=relevance_threshold,
            ignore_index=ignore_index,
            validate=validate,
            device=device,
        )
        super().__init__(
            output_transform,
            k=k,
            average=average,
            zero_division=zero_division,
            options=options,
        )

    @override
    def values(self) -> Tensor:
        return label_precision_at_k_result(
            self.counts(), average=self.average, zero_division=self.zero_division
        )


@final
class LabelRecallAtK(LabelMetric[ResultT, OutputT], Generic[ResultT, OutputT]):
    r"""For each label, the share of the rows in which it is relevant that name it among k.

    :math:`TP_l / P_l`, where :math:`P_l` counts the rows in which label l is relevant and
    :math:`TP_l` those of them that name it.

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
        >>> metric = LabelRecallAtK(k=2)
        >>> scores = torch.tensor([[0.9, 0.8, 0.3], [0.1, 0.7, 0.5]])
        >>> metric.update((scores, torch.tensor([[0, 1, 1], [0, 1, 1]])))
        >>> metric.compute()
        tensor([0.0000, 1.0000, 0.5000], dtype=torch.float64)
    """

    higher_is_better: ClassVar[bool | None] = True

    @overload
    def __init__(
        self: "LabelRecallAtK[Tensor, PredTarget]",
        *,
        k: int | Sequence[int],
        average: None = None,
        zero_division: float = 0.0,
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: "LabelRecallAtK[float, PredTarget]",
        *,
        k: int,
        average: LabelAverage,
        zero_division: float = 0.0,
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: "LabelRecallAtK[Tensor, PredTarget]",
        *,
        k: Sequence[int],
        average: LabelAverage,
        zero_division: float = 0.0,
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: "LabelRecallAtK[Tensor, OutputT]",
        output_transform: Callable[[OutputT], PredTarget],
        *,
        k: int | Sequence[int],
        average: None = None,
        zero_division: float = 0.0,
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: "LabelRecallAtK[float, OutputT]",
        output_transform: Callable[[OutputT], PredTarget],
        *,
        k: int,
        average: LabelAverage,
        zero_division: float = 0.0,
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: "LabelRecallAtK[Tensor, OutputT]",
        output_transform: Callable[[OutputT], PredTarget],
        *,
        k: Sequence[int],
        average: LabelAverage,
        zero_division: float = 0.0,
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
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
        options = RankingOptions(
            relevance_threshold=relevance_threshold,
            ignore_index=ignore_index,
            validate=validate,
            device=device,
        )
        super().__init__(
            output_transform,
            k=k,
            average=average,
            zero_division=zero_division,
            options=options,
        )

    @override
    def values(self) -> Tensor:
        return label_recall_at_k_result(
            self.counts(), average=self.average, zero_division=self.zero_division
        )


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

    @overload
    def __init__(
        self: "LabelF1AtK[Tensor, PredTarget]",
        *,
        k: int | Sequence[int],
        average: None = None,
        zero_division: float = 0.0,
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: "LabelF1AtK[float, PredTarget]",
        *,
        k: int,
        average: LabelAverage,
        zero_division: float = 0.0,
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: "LabelF1AtK[Tensor, PredTarget]",
        *,
        k: Sequence[int],
        average: LabelAverage,
        zero_division: float = 0.0,
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: "LabelF1AtK[Tensor, OutputT]",
        output_transform: Callable[[OutputT], PredTarget],
        *,
        k: int | Sequence[int],
        average: None = None,
        zero_division: float = 0.0,
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: "LabelF1AtK[float, OutputT]",
        output_transform: Callable[[OutputT], PredTarget],
        *,
        k: int,
        average: LabelAverage,
        zero_division: float = 0.0,
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: "LabelF1AtK[Tensor, OutputT]",
        output_transform: Callable[[OutputT], PredTarget],
        *,
        k: Sequence[int],
        average: LabelAverage,
        zero_division: float = 0.0,
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
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
        options = RankingOptions(
            relevance_threshold=relevance_threshold,
            ignore_index=ignore_index,
            validate=validate,
            device=device,
        )
        super().__init__(
            output_transform,
            k=k,
            average=average,
            zero_division=zero_division,
            options=options,
        )

    @override
    def values(self) -> Tensor:
        return label_f1_at_k_result(
            self.counts(), average=self.average, zero_division=self.zero_division
        )
