"""ClassificationReport: scores of each class and averages, against scikit-learn."""

import json
import math
from importlib import import_module
from typing import Any, Final

import pytest
import torch

from firesteel.engine import Engine
from firesteel.errors import ArgumentError, NotComputableError
from firesteel.metrics import PredTarget
from firesteel.metrics.classification import ClassificationReport

sklearn: Final[Any] = import_module("sklearn.metrics")  # which is not typed

PAIR: Final = torch.tensor([0, 1, 1, 2, 0, 2]), torch.tensor([0, 1, 2, 2, 1, 2])
NAMES: Final = ("cat", "dog", "emu")


def test_the_scores_are_scikit_learns() -> None:
    report = ClassificationReport(num_classes=3, labels=NAMES)
    report.update(PAIR)
    value = report.compute()
    expected: Any = sklearn.classification_report(
        PAIR[1], PAIR[0], target_names=NAMES, output_dict=True
    )
    averages = ((value["macro"], "macro avg"), (value["weighted"], "weighted avg"))
    rows = [(value["classes"][name], name) for name in NAMES]
    for scores, name in (*rows, *averages):
        assert scores["precision"] == pytest.approx(expected[name]["precision"])
        assert scores["recall"] == pytest.approx(expected[name]["recall"])
        assert scores["f_score"] == pytest.approx(expected[name]["f1-score"])
        assert scores["support"] == expected[name]["support"]
    assert value["micro"]["precision"] == pytest.approx(4 / 6)
    assert list(value["classes"]) == list(NAMES)


def test_beta_weighs_recall() -> None:
    report = ClassificationReport(num_classes=3, beta=2)
    report.update(PAIR)
    scores = report.compute()["classes"]["0"]
    assert (scores["precision"], scores["recall"]) == (0.5, 1.0)
    assert scores["f_score"] == pytest.approx(5 * 0.5 / (4 * 0.5 + 1))


def test_of_a_yes_or_no_there_are_both_classes() -> None:
    report = ClassificationReport(labels=("no", "yes"))
    report.update((torch.tensor([0.9, 0.6, 0.1]), torch.tensor([1, 0, 0])))
    classes = report.compute()["classes"]
    assert [classes[name]["recall"] for name in ("no", "yes")] == [0.5, 1.0]


def test_of_labels_there_is_each() -> None:
    report = ClassificationReport(is_multilabel=True)
    report.update((torch.tensor([[1, 0], [1, 1]]), torch.tensor([[1, 0], [0, 1]])))
    assert [row["precision"] for row in report.compute()["classes"].values()] == [0.5, 1.0]


def test_as_text_it_is_json_for_everyone() -> None:
    def give(engine: Engine[int, PredTarget], batch: int) -> PredTarget:
        return PAIR

    evaluator = Engine(give)
    report = ClassificationReport(as_json=True, num_classes=4, zero_division=math.nan)
    key = report.attach(evaluator, "report")
    text: str = evaluator.run([0]).metrics[key]
    read = json.loads(text)
    assert read["classes"]["3"] == {
        "precision": None,
        "recall": None,
        "f_score": None,
        "support": 0,
    }
    assert read["macro"]["recall"] == pytest.approx((1 + 1 / 2 + 2 / 3) / 3)


def test_without_a_sample_there_is_no_result() -> None:
    with pytest.raises(NotComputableError, match="ClassificationReport: needs at least one sample"):
        ClassificationReport().compute()


def test_labels_have_to_be_as_many_as_classes_and_differ() -> None:
    with pytest.raises(ArgumentError, match="ClassificationReport: labels must be all different"):
        ClassificationReport(labels=("cat", "cat"))
    message = "ClassificationReport: labels must be 3 names, one for each class, got"
    with pytest.raises(ArgumentError, match=message):
        ClassificationReport(num_classes=3, labels=("cat", "dog"))
    report = ClassificationReport(labels=("cat", "dog"))
    report.update((torch.eye(3), torch.tensor([0, 1, 2])))
    with pytest.raises(ArgumentError, match=message):
        report.compute()


def test_beta_has_to_be_above_zero() -> None:
    with pytest.raises(ArgumentError, match="ClassificationReport: beta must be above 0 and finit"):
        ClassificationReport(beta=-1)
