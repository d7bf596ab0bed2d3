"""A report of all classes, once all was counted."""

import json
import math
from collections.abc import Sequence
from typing import TypedDict

import torch
from torch import Tensor

from firesteel._require import mismatch
from firesteel.errors import ArgumentError
from firesteel.metrics._validation import above_zero

from ._class_shares import fbeta_result, precision_result, recall_result
from ._counts import ClassAverage, ClassCounts, as_list, of_classes

__all__ = [
    "ClassScores",
    "ClassificationReport",
    "classification_report_result",
    "report_as_json",
    "report_of",
]


class ClassScores(TypedDict):
    """What a report says of one class, or of an average over classes."""

    precision: float
    recall: float
    f_score: float
    support: int


class ClassificationReport(TypedDict):
    """Precision, recall, F score and number of true members of each class, and three averages."""

    classes: dict[str, ClassScores]
    micro: ClassScores
    macro: ClassScores
    weighted: ClassScores


def classification_report_result(
    counts: ClassCounts,
    *,
    beta: float = 1.0,
    labels: Sequence[str] | None = None,
    zero_division: float = 0.0,
) -> ClassificationReport:
    """Precision, recall, F score and support of each class, and their averages.

    Waits for the device.

    Args:
        counts: Of classes, of labels, or of one class against the rest (two classes then).
        beta: As for :func:`fbeta_result`.
        labels: A name for each class, all different; ``None`` for ``"0"``, ``"1"``, ...
        zero_division: The value of 0/0. NaN leaves such classes out of the averages.

    Returns:
        Numbers of Python, in the order of the classes.

    Raises:
        ArgumentError: There are not as many different labels as classes, or ``beta`` is not above
            0 and finite.

    Source:
        scikit-learn's ``classification_report(output_dict=True)``.

    Example:
        >>> import torch
        >>> from firesteel.metrics._functional._counts import matrix_counts
        >>> counts = matrix_counts(torch.tensor([[3, 1], [0, 4]]))
        >>> report = classification_report_result(counts, labels=("cat", "dog"))
        >>> report["classes"]["dog"]["precision"], report["macro"]["support"]
        (0.8, 8)
    """
    return report_of(
        "classification_report_result",
        counts,
        beta=beta,
        labels=labels,
        zero_division=zero_division,
    )


def report_of(
    where: str,
    counts: ClassCounts,
    *,
    beta: float,
    labels: Sequence[str] | None,
    zero_division: float,
) -> ClassificationReport:
    """Do what :func:`classification_report_result` does, by the name of who was asked."""
    counts = of_classes(counts)
    above_zero(where, "beta", beta)
    names = _names(where, counts.table.shape[1], labels)
    columns: list[Tensor] = []
    averages: tuple[ClassAverage, ...] = (None, "micro", "macro", "weighted")
    for average in averages:
        scores = (
            precision_result(counts, average=average, zero_division=zero_division),
            recall_result(counts, average=average, zero_division=zero_division),
            fbeta_result(counts, beta=beta, average=average, zero_division=zero_division),
        )
        columns.append(torch.stack(scores).reshape(3, -1))
    precision, recall, f_score = map(as_list, torch.cat(columns, dim=1))
    support = as_list(counts.table[2])
    support += [sum(support)] * 3
    rows = [
        ClassScores(precision=p, recall=r, f_score=f, support=int(s))
        for p, r, f, s in zip(precision, recall, f_score, support, strict=True)
    ]
    return ClassificationReport(
        classes=dict(zip(names, rows[:-3], strict=True)),
        micro=rows[-3],
        macro=rows[-2],
        weighted=rows[-1],
    )


def report_as_json(report: ClassificationReport, *, indent: int | None = None) -> str:
    """Write a report as JSON; what is not a number becomes ``null``.

    Args:
        report: What :func:`classification_report_result` gave.
        indent: Spaces per level; ``None`` for one line.

    Returns:
        Text that any reader of JSON takes.

    Example:
        >>> import torch
        >>> from firesteel.metrics._functional._counts import matrix_counts
        >>> report = classification_report_result(matrix_counts(torch.tensor([[1]])))
        >>> report_as_json(report)[:68]
        '{"classes": {"0": {"precision": 1.0, "recall": 1.0, "f_score": 1.0, '
    """
    plain = {
        "classes": {name: _without_nan(scores) for name, scores in report["classes"].items()},
        "micro": _without_nan(report["micro"]),
        "macro": _without_nan(report["macro"]),
        "weighted": _without_nan(report["weighted"]),
    }
    return json.dumps(plain, indent=indent, allow_nan=False)


def _without_nan(scores: ClassScores) -> dict[str, float | None]:
    values = {
        "precision": scores["precision"],
        "recall": scores["recall"],
        "f_score": scores["f_score"],
    }
    plain = {name: None if math.isnan(value) else value for name, value in values.items()}
    return {**plain, "support": scores["support"]}


def _names(where: str, num_classes: int, labels: Sequence[str] | None) -> Sequence[str]:
    if labels is None:
        return [str(index) for index in range(num_classes)]
    if len(set(labels)) == len(labels) == num_classes:
        return labels
    condition = f"{num_classes} different names"
    raise ArgumentError(mismatch(where, "labels", condition, list(labels)))
