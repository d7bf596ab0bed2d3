"""How well scores rank the relevant labels of a row before the others, without a cut-off.

Axes: N rows, L labels. Equal scores share the worst of their ranks.
"""

from collections.abc import Callable
from typing import ClassVar, final, overload

import torch
from typing_extensions import TypeVar

from firesteel.metrics._mean import PredTarget
from firesteel.metrics._validation import Validation

from ._at_k_metric import RankingOptions, RowMetric
from ._statistic import Term
from ._terms import COVERAGE, LABEL_RANKING_LOSS, LABEL_RANKING_PRECISION

__all__ = ["CoverageError", "LabelRankingAveragePrecision", "LabelRankingLoss"]

OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


class LabelRankingMetric(RowMetric[float, OutputT]):
    """A mean over rows, of which all count. It has no cut-off: its one sum stands at the first.

    Args:
        output_transform: Gives scores and relevance from the engine's output.
        validate: In which updates values are checked.
        device: Where the sum is kept; ``None`` for where the values are.
    """

    term: ClassVar[Term]

    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None,
        *,
        validate: Validation,
        device: torch.device | str | None,
    ) -> None:
        options = RankingOptions(
            relevance_threshold=None, ignore_index=None, validate=validate, device=device
        )
        super().__init__(self.term, output_transform, k=1, empty_target="zero", options=options)


@final
class LabelRankingAveragePrecision(LabelRankingMetric[OutputT]):
    r"""For each relevant label, the share of relevant ones among those ranked up to it.

    :math:`\frac{1}{N} \sum_n \frac{1}{R_n} \sum_{l: y_{nl} = 1} \frac{|\{m: y_{nm} = 1, s_{nm} \ge
    s_{nl}\}|}{|\{m: s_{nm} \ge s_{nl}\}|}`; a row without a relevant label counts as 1.

    Takes scores, one per label, of any scale, higher is better: float, shape ``(N, L)``; and
    whether each label is relevant, 0 or 1: bool, integer or float, shape ``(N, L)``.

    Better is higher, above 0 up to 1.

    Args:
        output_transform: Gives scores and relevance from the engine's output.
        validate: In which updates scores and relevance are looked at, for which the host waits for
            the device: in the ``"first"`` after a reset, ``"always"``, ``"never"``.
        device: Where the sum is kept; ``None`` for where the values are.

    Raises:
        ArgumentError: Shapes or values do not fit.
        ArgumentTypeError: A dtype does not fit.
        NotComputableError: ``compute`` was called before any row was seen.

    Source:
        scikit-learn's ``label_ranking_average_precision_score``.

    Example:
        >>> import torch
        >>> metric = LabelRankingAveragePrecision()
        >>> scores = torch.tensor([[0.75, 0.5, 1.0], [1.0, 0.2, 0.1]])
        >>> metric.update((scores, torch.tensor([[1, 0, 0], [0, 0, 1]])))
        >>> round(metric.compute(), 4)
        0.4167
    """

    higher_is_better: ClassVar[bool | None] = True
    term: ClassVar[Term] = LABEL_RANKING_PRECISION

    @overload
    def __init__(
        self: "LabelRankingAveragePrecision[PredTarget]",
        *,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__(output_transform, validate=validate, device=device)


@final
class LabelRankingLoss(LabelRankingMetric[OutputT]):
    r"""Share of the pairs of a relevant and another label that are not in order; a mean over rows.

    :math:`\frac{1}{N} \sum_n \frac{|\{(l, m): y_{nl} = 1, y_{nm} = 0, s_{nl} \le s_{nm}\}|}{R_n (L
    - R_n)}`; a row without a pair counts as 0.

    Takes scores, one per label, of any scale, higher is better: float, shape ``(N, L)``; and
    whether each label is relevant, 0 or 1: bool, integer or float, shape ``(N, L)``.

    Better is lower, from 0 to 1.

    Args:
        output_transform: Gives scores and relevance from the engine's output.
        validate: In which updates scores and relevance are looked at, for which the host waits for
            the device: in the ``"first"`` after a reset, ``"always"``, ``"never"``.
        device: Where the sum is kept; ``None`` for where the values are.

    Raises:
        ArgumentError: Shapes or values do not fit.
        ArgumentTypeError: A dtype does not fit.
        NotComputableError: ``compute`` was called before any row was seen.

    Source:
        scikit-learn's ``label_ranking_loss``.

    Example:
        >>> import torch
        >>> metric = LabelRankingLoss()
        >>> scores = torch.tensor([[0.75, 0.5, 1.0], [1.0, 0.2, 0.1]])
        >>> metric.update((scores, torch.tensor([[1, 0, 0], [0, 0, 1]])))
        >>> round(metric.compute(), 4)
        0.75
    """

    higher_is_better: ClassVar[bool | None] = False
    term: ClassVar[Term] = LABEL_RANKING_LOSS

    @overload
    def __init__(
        self: "LabelRankingLoss[PredTarget]",
        *,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__(output_transform, validate=validate, device=device)


@final
class CoverageError(LabelRankingMetric[OutputT]):
    r"""How far down the ranking one has to go to meet every relevant label; a mean over rows.

    :math:`\frac{1}{N} \sum_n |\{m: s_{nm} \ge \min_{l: y_{nl} = 1} s_{nl}\}|`; a row without a
    relevant label counts as 0.

    Takes scores, one per label, of any scale, higher is better: float, shape ``(N, L)``; and
    whether each label is relevant, 0 or 1: bool, integer or float, shape ``(N, L)``.

    Better is lower; the best is the mean number of relevant labels, the worst L.

    Args:
        output_transform: Gives scores and relevance from the engine's output.
        validate: In which updates scores and relevance are looked at, for which the host waits for
            the device: in the ``"first"`` after a reset, ``"always"``, ``"never"``.
        device: Where the sum is kept; ``None`` for where the values are.

    Raises:
        ArgumentError: Shapes or values do not fit.
        ArgumentTypeError: A dtype does not fit.
        NotComputableError: ``compute`` was called before any row was seen.

    Source:
        scikit-learn's ``coverage_error``.

    Example:
        >>> import torch
        >>> metric = CoverageError()
        >>> scores = torch.tensor([[0.75, 0.5, 1.0], [1.0, 0.2, 0.1]])
        >>> metric.update((scores, torch.tensor([[1, 0, 0], [0, 0, 1]])))
        >>> round(metric.compute(), 4)
        2.5
    """

    higher_is_better: ClassVar[bool | None] = False
    term: ClassVar[Term] = COVERAGE

    @overload
    def __init__(
        self: "CoverageError[PredTarget]",
        *,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__(output_transform, validate=validate, device=device)
