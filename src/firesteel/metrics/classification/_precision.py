"""Precision: the share of what was predicted that is true."""

from collections.abc import Callable
from typing import ClassVar, Generic, Literal, Never, final, overload

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel.metrics._functional._class_averages import SampleAverage
from firesteel.metrics._functional._class_shares import precision_result
from firesteel.metrics._functional._counts import ClassAverage, ClassCounts
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._validation import Validation

from ._averaged import SampleAveraged

__all__ = ["Precision"]

ResultT = TypeVar("ResultT", covariant=True, default=Tensor)
OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


@final
class Precision(SampleAveraged[ResultT, OutputT], Generic[ResultT, OutputT]):
    r"""Share of what was predicted that is true: :math:`tp / predicted`.

    Better is higher, from 0 to 1.

    With one axis more than the targets have, the second axis of the predictions holds one score per
    class, of any scale, and the highest wins. With the axes of the targets they are class indices
    if there is a ``num_classes``; else a yes or a no, which floating point numbers are by
    ``threshold``. With ``is_multilabel`` they are so for each label, shape ``(N, L, ...)``.

    The result is float64 of shape ``(C,)``, or ``()`` for a yes or no, where the counts are kept; a
    number of Python with an ``average``.

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
        scikit-learn's ``precision_score``, with ``labels=range(C)``.

    Example:
        >>> import torch
        >>> precision = Precision(average="macro")
        >>> scores = torch.tensor([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]])
        >>> precision.update((scores, torch.tensor([1, 0, 0])))
        >>> precision.compute()
        0.75
    """

    higher_is_better: ClassVar[bool | None] = True
    sample_row: ClassVar[int | None] = 0

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
    ) -> "Precision[Tensor, PredTarget]": ...
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
    ) -> "Precision[float, PredTarget]": ...
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
    ) -> "Precision[Tensor, OutputT]": ...
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
    ) -> "Precision[float, OutputT]": ...
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
    ) -> "Precision[object, Never]":
        """Give a metric of which the result's type goes with ``average``."""
        # __init__ takes them
        del output_transform, average, zero_division, is_multilabel, num_classes
        del ignore_index, top_k, threshold, validate, device
        return super().__new__(cls)

    @override
    def of_counts(
        self, counts: ClassCounts, *, average: ClassAverage, zero_division: float
    ) -> Tensor:
        return precision_result(counts, average=average, zero_division=zero_division)
