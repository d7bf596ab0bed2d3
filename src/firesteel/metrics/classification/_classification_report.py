"""ClassificationReport: precision, recall, F score and support of each class, and averages."""

from collections.abc import Callable, Sequence

# Any: the overloads pair what comes out with what was asked for
from typing import Any, ClassVar, Generic, Literal, Never, final, overload

import torch
from typing_extensions import TypeVar, override

from firesteel._require import mismatch
from firesteel.errors import ArgumentError
from firesteel.metrics._functional._class_report import ClassificationReport as Report
from firesteel.metrics._functional._class_report import classification_report_result, report_as_json
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._statistic_metric import StatisticMetric
from firesteel.metrics._validation import Validation, above_zero

from ._statistic import ClassStatistic, Detail

__all__ = ["ClassificationReport"]

ResultT = TypeVar("ResultT", covariant=True, default=Report)
OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


class ReportMetric(
    StatisticMetric[PredTarget, ClassStatistic, ResultT, OutputT], Generic[ResultT, OutputT]
):
    """A metric that has the options of a report: see :class:`ClassificationReport`."""

    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        as_json: bool = False,
        beta: float = 1.0,
        labels: Sequence[str] | None = None,
        zero_division: float = 0.0,
        is_multilabel: bool = False,
        num_classes: int | None = None,
        ignore_index: int | None = None,
        top_k: int = 1,
        threshold: float = 0.5,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        above_zero("ClassificationReport", "beta", beta)
        self._as_json = as_json
        self._beta = beta
        self._labels = None if labels is None else tuple(labels)
        if labels is not None and len(set(labels)) != len(labels):
            raise ArgumentError(mismatch("ClassificationReport", "labels", "all different", labels))
        self._zero_division = zero_division
        if num_classes is not None:
            self._check_labels(num_classes)
        statistic = ClassStatistic(
            "ClassificationReport",
            Detail.CLASSES,
            is_multilabel=is_multilabel,
            num_classes=num_classes,
            ignore_index=ignore_index,
            top_k=top_k,
            threshold=threshold,
            validate=validate,
            device=device,
        )
        super().__init__(statistic, output_transform, device=device)

    def _check_labels(self, num_classes: int) -> None:
        if self._labels is not None and len(self._labels) != num_classes:
            condition = f"{num_classes} names, one for each class"
            raise ArgumentError(mismatch("ClassificationReport", "labels", condition, self._labels))


@final
class ClassificationReport(ReportMetric[ResultT, OutputT], Generic[ResultT, OutputT]):
    """Precision, recall, F score and support of each class, and their averages.

    Better is higher, from 0 to 1. The result is a typed dictionary: ``["classes"]`` has the scores
    of each class by its name, ``["micro"]``, ``["macro"]`` and ``["weighted"]`` the averages; of a
    yes or no there are both classes. Predictions and targets as for :class:`Precision`.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        as_json: Whether the result is text, with ``null`` for what is not a number.
        beta: How many times as much recall counts as precision does in F, above 0.
        labels: A name for each class, all different, as many as ``num_classes`` if that is given;
            ``None`` for ``"0"``, ``"1"``, ...
        zero_division: The value of 0/0. NaN leaves such classes out of the averages.
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
        scikit-learn's ``classification_report(output_dict=True)``.

    Example:
        >>> import torch
        >>> report = ClassificationReport(labels=("cat", "dog"))
        >>> report.update((torch.tensor([0, 1, 1, 0]), torch.tensor([0, 1, 0, 0])))
        >>> report.compute()["classes"]["dog"]["precision"], report.compute()["macro"]["support"]
        (0.5, 4)
    """

    higher_is_better: ClassVar[bool | None] = True

    @overload
    def __new__(
        cls,
        *,
        as_json: Literal[False] = False,
        beta: float = 1.0,
        labels: Sequence[str] | None = None,
        zero_division: float = 0.0,
        is_multilabel: bool = False,
        num_classes: int | None = None,
        ignore_index: int | None = None,
        top_k: int = 1,
        threshold: float = 0.5,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "ClassificationReport[Report, PredTarget]": ...
    @overload
    def __new__(
        cls,
        *,
        as_json: Literal[True],
        beta: float = 1.0,
        labels: Sequence[str] | None = None,
        zero_division: float = 0.0,
        is_multilabel: bool = False,
        num_classes: int | None = None,
        ignore_index: int | None = None,
        top_k: int = 1,
        threshold: float = 0.5,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "ClassificationReport[str, PredTarget]": ...
    @overload
    def __new__(
        cls,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        as_json: Literal[False] = False,
        beta: float = 1.0,
        labels: Sequence[str] | None = None,
        zero_division: float = 0.0,
        is_multilabel: bool = False,
        num_classes: int | None = None,
        ignore_index: int | None = None,
        top_k: int = 1,
        threshold: float = 0.5,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "ClassificationReport[Report, OutputT]": ...
    @overload
    def __new__(
        cls,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        as_json: Literal[True],
        beta: float = 1.0,
        labels: Sequence[str] | None = None,
        zero_division: float = 0.0,
        is_multilabel: bool = False,
        num_classes: int | None = None,
        ignore_index: int | None = None,
        top_k: int = 1,
        threshold: float = 0.5,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "ClassificationReport[str, OutputT]": ...
    def __new__(
        cls,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        as_json: bool = False,
        beta: float = 1.0,
        labels: Sequence[str] | None = None,
        zero_division: float = 0.0,
        is_multilabel: bool = False,
        num_classes: int | None = None,
        ignore_index: int | None = None,
        top_k: int = 1,
        threshold: float = 0.5,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "ClassificationReport[object, Never]":
        """Give a metric of which the result's type goes with ``as_json``."""
        # __init__ takes them
        del output_transform, as_json, beta, labels, zero_division, is_multilabel, num_classes
        del ignore_index, top_k, threshold, validate, device
        return super().__new__(cls)

    @override
    def compute(self) -> ResultT:
        counts = self.statistic.counts_of_all("ClassificationReport")
        self._check_labels(counts.table.shape[1])
        report = classification_report_result(
            counts,
            beta=self._beta,
            labels=self._labels,
            zero_division=self._zero_division,
        )
        paired: Any = report_as_json(report) if self._as_json else report
        result: ResultT = paired
        return result
