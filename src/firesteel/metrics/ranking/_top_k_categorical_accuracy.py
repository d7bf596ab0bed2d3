"""Top-k accuracy: the share of samples whose true class is among the k best scored."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Generic, Never, final, overload

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel._require import one_of
from firesteel.metrics._fields import Field
from firesteel.metrics._functional._at_k_sums import RankingSums, ranking_result
from firesteel.metrics._functional._ranked import ascending_k, check_score_values
from firesteel.metrics._functional._top_k_accuracy import (
    check_class_inputs,
    check_classes,
    class_ranks,
    top_k_accuracy_sums,
)
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._metric import Metric
from firesteel.metrics._validation import VALIDATIONS, Validation

from ._statistic import added

__all__ = ["TopKCategoricalAccuracy"]

ResultT = TypeVar("ResultT", covariant=True, default=float)
OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


class TopKMetric(Metric[PredTarget, ResultT, OutputT], Generic[ResultT, OutputT]):
    """Sums of samples that are right; see :class:`TopKCategoricalAccuracy`."""

    total: Tensor
    num_rows: int

    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        k: int | Sequence[int] = 5,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        one_of("TopKCategoricalAccuracy", "validate", validate, VALIDATIONS)
        self._ks = ascending_k("TopKCategoricalAccuracy", k)
        self._is_single = not isinstance(k, Sequence)
        self._validate = validate
        super().__init__(output_transform, device=device)

    @override
    def declared_fields(self) -> Mapping[str, Field]:
        return {
            "total": Field(torch.zeros(len(self._ks), dtype=torch.float64), "sum", is_open=False),
            "num_rows": Field(0, "sum", is_open=False),
        }

    @override
    def reset(self) -> None:
        super().reset()
        self._is_checked = False

    @override
    def update(self, value: PredTarget, /) -> None:
        """Take a batch in.

        Args:
            value: Scores, shape ``(N, C)``, and true classes, shape ``(N,)``.

        Raises:
            ArgumentError: Shapes or values do not fit.
            ArgumentTypeError: A dtype does not fit.
        """
        where, (scores, target) = type(self).__name__, value
        check_class_inputs(where, scores, target)
        if self._validate == "always" or not (self._is_checked or self._validate == "never"):
            check_score_values(where, scores)
            check_classes(where, scores, target)
            self._is_checked = len(scores) > 0
        if len(scores):
            total = top_k_accuracy_sums(class_ranks(scores, target), ks=self._ks).total
            self.total = added(where, self.total, total, self.device)
            self.num_rows += len(scores)

    @override
    def compute(self) -> ResultT:
        sums = RankingSums(self.total, torch.tensor(self.num_rows))
        values = ranking_result("TopKCategoricalAccuracy", sums)
        # the overloads of __new__ say which of the two it is
        return float(values[0]) if self._is_single else values  # type: ignore[return-value]


@final
class TopKCategoricalAccuracy(TopKMetric[ResultT, OutputT], Generic[ResultT, OutputT]):
    r"""Share of samples whose true class is among the ``k`` best scored.

    :math:`\frac{1}{n} \sum_i 1[\operatorname{rank}_i(y_i) \le k]`. Where scores are equal the class
    with the lower index ranks first. With k of the number of classes or more all samples are right.

    Takes scores, one per class, of any scale, higher is better: float, shape ``(N, C)``; and the
    index of the true class, in ``[0, C)``: integer, shape ``(N,)``.

    The result is a float for one k, and for several a tensor: float64, shape ``(K,)``, ascending
    and each once. Better is higher, from 0 to 1.

    Args:
        output_transform: Gives scores and true classes from the engine's output.
        k: How many classes may be named, at least 1; or several such cut-offs.
        validate: In which updates scores and classes are looked at, for which the host waits for
            the device: in the ``"first"`` after a reset, ``"always"``, ``"never"``. In the others,
            NaN ranks last, and a sample whose class does not exist is wrong.
        device: Where the sums are kept; ``None`` for where the values are.

    Raises:
        ArgumentError: Shapes or values do not fit, or k is out of range.
        ArgumentTypeError: A dtype does not fit.
        NotComputableError: ``compute`` was called before any sample was seen.

    Source:
        Without ties it is scikit-learn's ``top_k_accuracy_score``.

    Example:
        >>> import torch
        >>> metric = TopKCategoricalAccuracy(k=2)
        >>> scores = torch.tensor([[0.1, 0.6, 0.3], [0.5, 0.3, 0.2]])
        >>> metric.update((scores, torch.tensor([2, 2])))
        >>> metric.compute()
        0.5
    """

    higher_is_better: ClassVar[bool | None] = True

    if TYPE_CHECKING:  # which result there is goes with `k`

        @overload
        def __new__(
            cls,
            *,
            k: int = 5,
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "TopKCategoricalAccuracy[float, PredTarget]": ...

        @overload
        def __new__(
            cls,
            *,
            k: Sequence[int],
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "TopKCategoricalAccuracy[Tensor, PredTarget]": ...

        @overload
        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget],
            *,
            k: int = 5,
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "TopKCategoricalAccuracy[float, OutputT]": ...

        @overload
        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget],
            *,
            k: Sequence[int],
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "TopKCategoricalAccuracy[Tensor, OutputT]": ...

        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget] | None = None,
            *,
            k: int | Sequence[int] = 5,
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "TopKCategoricalAccuracy[object, Never]":
            raise NotImplementedError
