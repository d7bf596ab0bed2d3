"""Fbeta: the weighted harmonic mean of precision and recall."""

from collections.abc import Callable
from typing import ClassVar, Generic, Literal, Never, final, overload

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel.metrics._functional._class_averages import SampleAverage
from firesteel.metrics._functional._class_shares import fbeta_result
from firesteel.metrics._functional._counts import ClassAverage, ClassCounts
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._validation import Validation

from ._averaged import AveragedMetric

__all__ = ["Fbeta"]

ResultT = TypeVar("ResultT", covariant=True, default=Tensor)
OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


class WeighedMetric(AveragedMetric[ResultT, OutputT], Generic[ResultT, OutputT]):
    """An averaged metric that weighs recall against precision: see :class:`Fbeta`."""

    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        beta: float,
        average: SampleAverage = None,
        zero_division: float = 0.0,
        is_multilabel: bool = False,
        num_classes: int | None = None,
        ignore_index: int | None = None,
        top_k: int = 1,
        threshold: float = 0.5,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__(
            output_transform,
            beta=beta,
            average=average,
            zero_division=zero_division,
            is_multilabel=is_multilabel,
            num_classes=num_classes,
            ignore_index=ignore_index,
            top_k=top_k,
            threshold=threshold,
            validate=validate,
            device=device,
        )


@final
class Fbeta(WeighedMetric[ResultT, OutputT], Generic[ResultT, OutputT]):
    r"""Weighted harmonic mean of precision and recall, averaged afterwards.

    :math:`F_\beta = (1+\beta^2)\, tp / (\beta^2\, actual + predicted)`. Better is higher, from 0 to
    1. Predictions, targets and the kind of the result as for :class:`Precision`.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        beta: How many times as much recall counts as precision does, above 0.
        average: ``None`` for a value per class or label (of a yes or no: that of the yes).
            ``"micro"`` divides the sums over classes, ``"macro"`` is the mean over all classes,
            ``"weighted"`` the mean weighted by how often each is true; these three take both
            classes of a yes or no. ``"samples"``, of labels, is the mean of what each sample has by
            itself.
        zero_division: The value of 0/0. NaN leaves such classes out of the means.
        is_multilabel: Whether the second axis holds labels, each 0 or 1.
        num_classes: Number of classes, needed where predictions are class indices; or of labels, to
            be held to.
        ignore_index: Target of what is not to be counted.
        top_k: A true class among so many best scored counts as predicted, ``>= 1``.
        threshold: What floating point predictions without a class axis have to be above.
        validate: In which updates classes are checked, for which the host waits for the device: in
            the ``"first"`` after a reset, ``"always"``, ``"never"``.
        device: Where the counts are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: Shapes or options do not fit together, or a class is out of its range.
        ArgumentTypeError: A dtype is of another kind.
        NotComputableError: ``compute`` was called before any sample was seen.

    Source:
        scikit-learn's ``fbeta_score``, with ``labels=range(C)``.

    Example:
        >>> import torch
        >>> f2 = Fbeta(beta=2)
        >>> f2.update((torch.tensor([0.9, 0.8, 0.2, 0.7]), torch.tensor([1, 0, 0, 1])))
        >>> f2.compute().item()
        0.9090909090909091
    """

    higher_is_better: ClassVar[bool | None] = True
    sample_row: ClassVar[int | None] = 2

    @overload
    def __new__(
        cls,
        *,
        beta: float,
        average: None = None,
        zero_division: float = 0.0,
        is_multilabel: bool = False,
        num_classes: int | None = None,
        ignore_index: int | None = None,
        top_k: int = 1,
        threshold: float = 0.5,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "Fbeta[Tensor, PredTarget]": ...
    @overload
    def __new__(
        cls,
        *,
        beta: float,
        average: Literal["micro", "macro", "weighted", "samples"],
        zero_division: float = 0.0,
        is_multilabel: bool = False,
        num_classes: int | None = None,
        ignore_index: int | None = None,
        top_k: int = 1,
        threshold: float = 0.5,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "Fbeta[float, PredTarget]": ...
    @overload
    def __new__(
        cls,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        beta: float,
        average: None = None,
        zero_division: float = 0.0,
        is_multilabel: bool = False,
        num_classes: int | None = None,
        ignore_index: int | None = None,
        top_k: int = 1,
        threshold: float = 0.5,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "Fbeta[Tensor, OutputT]": ...
    @overload
    def __new__(
        cls,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        beta: float,
        average: Literal["micro", "macro", "weighted", "samples"],
        zero_division: float = 0.0,
        is_multilabel: bool = False,
        num_classes: int | None = None,
        ignore_index: int | None = None,
        top_k: int = 1,
        threshold: float = 0.5,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "Fbeta[float, OutputT]": ...
    def __new__(
        cls,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        beta: float,
        average: SampleAverage = None,
        zero_division: float = 0.0,
        is_multilabel: bool = False,
        num_classes: int | None = None,
        ignore_index: int | None = None,
        top_k: int = 1,
        threshold: float = 0.5,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "Fbeta[object, Never]":
        """Give a metric of which the result's type goes with ``average``."""
        # __init__ takes them
        del output_transform, beta, average, zero_division, is_multilabel, num_classes
        del ignore_index, top_k, threshold, validate, device
        return super().__new__(cls)

    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, float]]:
        """Give what a copy is made with."""
        return (), {"beta": self._beta}

    @override
    def of_counts(
        self, counts: ClassCounts, *, average: ClassAverage, zero_division: float
    ) -> Tensor:
        return fbeta_result(counts, beta=self._beta, average=average, zero_division=zero_division)
