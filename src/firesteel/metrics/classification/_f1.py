"""F1: the harmonic mean of precision and recall."""

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

from ._averaged import SampleAveraged

__all__ = ["F1"]

ResultT = TypeVar("ResultT", covariant=True, default=Tensor)
OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


@final
class F1(SampleAveraged[ResultT, OutputT], Generic[ResultT, OutputT]):
    r"""Harmonic mean of precision and recall: :math:`2\, tp / (actual + predicted)`.

    Better is higher, from 0 to 1. Predictions, targets and the kind of the result as for
    :class:`Precision`.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
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
        scikit-learn's ``f1_score``, with ``labels=range(C)``.

    Example:
        >>> import torch
        >>> f1 = F1()
        >>> f1.update((torch.tensor([0.9, 0.8, 0.2, 0.7]), torch.tensor([1, 0, 0, 1])))
        >>> f1.compute().item()
        0.8
    """

    higher_is_better: ClassVar[bool | None] = True
    sample_row: ClassVar[int | None] = 2

    @overload
    def __new__(
        cls,
        *,
        average: None = None,
        zero_division: float = 0.0,
        is_multilabel: bool = False,
        num_classes: int | None = None,
        ignore_index: int | None = None,
        top_k: int = 1,
        threshold: float = 0.5,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "F1[Tensor, PredTarget]": ...
    @overload
    def __new__(
        cls,
        *,
        average: Literal["micro", "macro", "weighted", "samples"],
        zero_division: float = 0.0,
        is_multilabel: bool = False,
        num_classes: int | None = None,
        ignore_index: int | None = None,
        top_k: int = 1,
        threshold: float = 0.5,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "F1[float, PredTarget]": ...
    @overload
    def __new__(
        cls,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        average: None = None,
        zero_division: float = 0.0,
        is_multilabel: bool = False,
        num_classes: int | None = None,
        ignore_index: int | None = None,
        top_k: int = 1,
        threshold: float = 0.5,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "F1[Tensor, OutputT]": ...
    @overload
    def __new__(
        cls,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        average: Literal["micro", "macro", "weighted", "samples"],
        zero_division: float = 0.0,
        is_multilabel: bool = False,
        num_classes: int | None = None,
        ignore_index: int | None = None,
        top_k: int = 1,
        threshold: float = 0.5,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "F1[float, OutputT]": ...
    def __new__(
        cls,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        average: SampleAverage = None,
        zero_division: float = 0.0,
        is_multilabel: bool = False,
        num_classes: int | None = None,
        ignore_index: int | None = None,
        top_k: int = 1,
        threshold: float = 0.5,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "F1[object, Never]":
        """Give a metric of which the result's type goes with ``average``."""
        # __init__ takes them
        del output_transform, average, zero_division, is_multilabel, num_classes
        del ignore_index, top_k, threshold, validate, device
        return super().__new__(cls)

    @override
    def of_counts(
        self, counts: ClassCounts, *, average: ClassAverage, zero_division: float
    ) -> Tensor:
        return fbeta_result(counts, average=average, zero_division=zero_division)
