"""Hit rate at k: whether anything relevant is named.

Axes: N rows, L labels, K cut-offs. h: relevant labels among the first k of a row. R: relevant
labels of a row.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, Generic, Never, final, overload

import torch
from torch import Tensor
from typing_extensions import TypeVar

from firesteel.metrics._functional._ranked import EmptyTarget
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._validation import Validation

from ._row_metrics import OneTermMetric
from ._statistic import Term
from ._terms import HIT_RATE

__all__ = ["HitRateAtK"]

ResultT = TypeVar("ResultT", covariant=True, default=float)
OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


@final
class HitRateAtK(OneTermMetric[ResultT, OutputT], Generic[ResultT, OutputT]):
    r"""Share of rows that have a relevant label among the first k: :math:`1[h > 0]`.

    With one relevant label per row it is the recall at k.

    Takes scores, one per label, of any scale, higher is better: float, shape ``(N, L)``; and
    whether each label is relevant, 0 or 1, or with ``relevance_threshold`` any number: bool,
    integer or float, shape ``(N, L)``. Labels rank by descending score, lower index first where
    scores are equal. Attached to one engine, all metrics at k that are given the same tensors are
    computed from one ranking.

    The result is a float for one k, and for several a tensor: float64, shape ``(K,)``, ascending
    and each once. Better is higher, from 0 to 1.

    Args:
        output_transform: Gives scores and relevance from the engine's output.
        k: How many labels are named, at least 1; or several such cut-offs.
        empty_target: What a row without a relevant label counts as: ``"skip"`` for nothing at all,
            ``"zero"``, ``"one"``; or ``"error"``, found in the updates that ``validate`` names,
            else when the result is computed.
        relevance_threshold: The least relevance that is relevant, above 0; ``None`` where relevance
            is 0 or 1.
        ignore_index: Relevance of labels that are left out, of the ranking and of what is relevant.
        validate: In which updates scores and relevance are looked at, for which the host waits for
            the device: in the ``"first"`` after a reset, ``"always"``, ``"never"``.
        device: Where the sums are kept; ``None`` for where the values are.

    Raises:
        ArgumentError: Shapes or values do not fit, or an option is out of range.
        ArgumentTypeError: A dtype does not fit.
        NotComputableError: ``compute`` was called before any row that counts was seen.

    Source:
        Deshpande and Karypis, "Item-based top-N recommendation algorithms", TOIS 2004.

    Example:
        >>> import torch
        >>> metric = HitRateAtK(k=[1, 2])
        >>> scores = torch.tensor([[0.9, 0.8, 0.3], [0.1, 0.7, 0.5]])
        >>> metric.update((scores, torch.tensor([[0, 1, 1], [0, 1, 1]])))
        >>> metric.compute()
        tensor([0.5000, 1.0000], dtype=torch.float64)
    """

    higher_is_better: ClassVar[bool | None] = True
    term: ClassVar[Term] = HIT_RATE

    if TYPE_CHECKING:  # which result there is goes with `k`

        @overload
        def __new__(
            cls,
            *,
            k: int,
            empty_target: EmptyTarget = "skip",
            relevance_threshold: float | None = None,
            ignore_index: int | None = None,
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "HitRateAtK[float, PredTarget]": ...

        @overload
        def __new__(
            cls,
            *,
            k: Sequence[int],
            empty_target: EmptyTarget = "skip",
            relevance_threshold: float | None = None,
            ignore_index: int | None = None,
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "HitRateAtK[Tensor, PredTarget]": ...

        @overload
        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget],
            *,
            k: int,
            empty_target: EmptyTarget = "skip",
            relevance_threshold: float | None = None,
            ignore_index: int | None = None,
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "HitRateAtK[float, OutputT]": ...

        @overload
        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget],
            *,
            k: Sequence[int],
            empty_target: EmptyTarget = "skip",
            relevance_threshold: float | None = None,
            ignore_index: int | None = None,
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "HitRateAtK[Tensor, OutputT]": ...

        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget] | None = None,
            *,
            k: int | Sequence[int],
            empty_target: EmptyTarget = "skip",
            relevance_threshold: float | None = None,
            ignore_index: int | None = None,
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "HitRateAtK[object, Never]":
            raise NotImplementedError
