"""Results from counts, beside scikit-learn and closed forms, and what they do at the edges."""

import doctest
import json
import math
from collections.abc import Callable
from fractions import Fraction
from importlib import import_module
from types import ModuleType
from typing import Final

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from firesteel.errors import ArgumentError, NotComputableError
from firesteel.metrics._functional._class_agreement import (
    KappaWeights,
    accuracy_result,
    balanced_accuracy_result,
    cohen_kappa_result,
    hamming_distance_result,
    matthews_corr_coef_result,
    multilabel_matrix_result,
    normalized_matrix,
    stat_scores_result,
    weighted_kappa_result,
)
from firesteel.metrics._functional._class_report import classification_report_result, report_as_json
from firesteel.metrics._functional._class_shares import (
    dice_result,
    fbeta_result,
    iou_result,
    jaccard_result,
    mean_iou_result,
    negative_predictive_value_result,
    precision_result,
    recall_result,
    specificity_result,
)
from firesteel.metrics._functional._counts import (
    ClassAverage,
    ClassCounts,
    both_classes,
    check_counts,
    matrix_counts,
)

# scikit-learn warns of classes that do not occur
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")

SOURCE: Final = import_module(ClassCounts.__module__)
AGREEMENT: Final = import_module(cohen_kappa_result.__module__)
MODULES: Final = sorted(
    {
        function.__module__
        for function in (ClassCounts, precision_result, cohen_kappa_result, report_as_json)
    }
)
AVERAGES: Final[tuple[ClassAverage, ...]] = (None, "micro", "macro", "weighted")
RATIOS: Final = (
    precision_result,
    recall_result,
    fbeta_result,
    jaccard_result,
    specificity_result,
    negative_predictive_value_result,
)
RESULTS: Final[tuple[Callable[[ClassCounts], Tensor], ...]] = (
    *RATIOS,
    accuracy_result,
    balanced_accuracy_result,
    cohen_kappa_result,
    matthews_corr_coef_result,
)


@pytest.fixture(scope="module", name="sklearn")
def import_sklearn() -> ModuleType:
    return import_module("sklearn.metrics")


@st.composite
def matrices(draw: st.DrawFn, highest: int = 6) -> Tensor:
    """Confusion matrices of some samples, often with classes that do not occur."""
    size = draw(st.integers(2, 5))
    cells = st.lists(
        st.lists(st.integers(0, highest), min_size=size, max_size=size),
        min_size=size,
        max_size=size,
    )
    matrix = torch.tensor(draw(cells))
    for absent in draw(st.sets(st.integers(0, size - 1), max_size=size - 1)):
        matrix[absent] = 0
        matrix[:, absent] = 0
    return matrix


def samples_of(matrix: Tensor) -> tuple[list[int], list[int]]:
    """Give targets and predictions that a matrix counts."""
    cells = [
        (row, column)
        for row, counts in enumerate(matrix)
        for column, count in enumerate(counts)
        for _ in range(int(count))
    ]
    return [row for row, _ in cells], [column for _, column in cells]


class TestMatrices:
    @settings(deadline=None, max_examples=40)
    @given(matrix=matrices())
    def test_counts_are_sums_of_the_matrix(self, matrix: Tensor) -> None:
        counts = matrix_counts(matrix)
        assert counts.table.dtype == torch.int64
        assert torch.equal(counts.true_positives, matrix.diagonal())
        assert torch.equal(counts.predicted, matrix.sum(dim=0))
        assert torch.equal(counts.actual, matrix.sum(dim=1))
        assert counts.total.tolist() == [int(matrix.sum())] * len(matrix)
        assert not counts.num_out_of_range.any()
        assert torch.equal(
            counts.true_negatives,
            matrix.sum() - matrix.sum(dim=0) - matrix.sum(dim=1) + matrix.diagonal(),
        )

    @settings(deadline=None, max_examples=25)
    @given(matrix=matrices())
    def test_agreements_are_scikit_learns(self, sklearn: ModuleType, matrix: Tensor) -> None:
        if not bool(matrix.any()):
            return
        target, prediction = samples_of(matrix)
        counts = matrix_counts(matrix)

        def expect(got: Tensor, expected: float) -> None:
            assert got.dtype == torch.float64
            assert got.item() == pytest.approx(expected, rel=1e-9, abs=1e-12, nan_ok=True)

        expect(cohen_kappa_result(counts), sklearn.cohen_kappa_score(target, prediction))
        weightings: tuple[KappaWeights, ...] = ("linear", "quadratic")
        for weights in weightings:
            expect(
                weighted_kappa_result(matrix, weights=weights),
                sklearn.cohen_kappa_score(target, prediction, weights=weights),
            )
        expect(matthews_corr_coef_result(counts), sklearn.matthews_corrcoef(target, prediction))
        expect(accuracy_result(counts), sklearn.accuracy_score(target, prediction))
        expect(
            balanced_accuracy_result(counts), sklearn.balanced_accuracy_score(target, prediction)
        )

    def test_distances_are_counted_over_the_classes_that_occur(self) -> None:
        matrix = torch.zeros(8, 8, dtype=torch.int64)
        matrix[torch.tensor([[0], [5], [7]]), torch.tensor([0, 5, 7])] = torch.tensor(
            [[3, 1, 0], [1, 2, 1], [2, 0, 1]]
        )
        small = matrix[[0, 5, 7]][:, [0, 5, 7]]
        for weights in ("linear", "quadratic"):
            wide = AGREEMENT.weighted_kappa_result(matrix, weights=weights)
            assert torch.equal(wide, AGREEMENT.weighted_kappa_result(small, weights=weights))

    def test_one_class_alone_has_no_agreement_beyond_chance(self) -> None:
        matrix = torch.tensor([[5, 0], [0, 0]])
        assert cohen_kappa_result(matrix_counts(matrix)).isnan()
        assert weighted_kappa_result(matrix, weights="linear").isnan()
        assert matthews_corr_coef_result(matrix_counts(matrix)).item() == 0

    @settings(deadline=None, max_examples=40)
    @given(matrix=matrices())
    def test_shares_add_up_to_one_or_none(self, matrix: Tensor) -> None:
        before = matrix.clone()
        rows, columns = (matrix.sum(dim=dim) > 0 for dim in (1, 0))
        assert torch.allclose(normalized_matrix(matrix, by="recall").sum(dim=1), rows.double())
        assert torch.allclose(
            normalized_matrix(matrix, by="precision").sum(dim=0), columns.double()
        )
        share = normalized_matrix(matrix, by="samples").sum().item()
        assert share == pytest.approx(float(matrix.any()))
        assert torch.equal(matrix, before)

    @settings(deadline=None, max_examples=40)
    @given(matrix=matrices(), drop=st.integers(0, 1))
    def test_an_entry_can_be_left_out(self, matrix: Tensor, drop: int) -> None:
        counts = matrix_counts(matrix)
        kept = [c for c in range(len(matrix)) if c != drop]
        overlap, dice = iou_result(counts), dice_result(counts)
        assert torch.equal(iou_result(counts, drop_index=drop), overlap[kept])
        assert torch.equal(dice_result(counts, drop_index=drop), dice[kept])
        assert mean_iou_result(counts, drop_index=drop).item() == pytest.approx(
            overlap[kept].mean().item()
        )
        assert torch.allclose(dice, 2 * overlap / (1 + overlap))

    def test_what_is_not_square_is_refused(self) -> None:
        for shape in ((2, 3), (3,), (), (2, 2, 2)):
            with pytest.raises(ArgumentError, match=r"^matrix_counts: matrix must be square, got"):
                matrix_counts(torch.ones(shape))
            with pytest.raises(ArgumentError, match=r"^weighted_kappa_result: matrix must be sq"):
                weighted_kappa_result(torch.ones(shape), weights="linear")
        for shape in ((2, 3), (3,), ()):
            with pytest.raises(ArgumentError, match=r"^normalized_matrix: matrix must be square"):
                normalized_matrix(torch.ones(shape), by="recall")

    @pytest.mark.parametrize("index", [-1, 3])
    def test_an_entry_that_is_not_there_is_refused(self, index: int) -> None:
        counts = matrix_counts(torch.eye(3).long())
        for result in (iou_result, mean_iou_result, dice_result):
            with pytest.raises(
                ArgumentError, match=rf"drop_index must be in \[0, 3\), got {index}"
            ):
                result(counts, drop_index=index)


class TestAverages:
    @settings(deadline=None, max_examples=25)
    @given(matrix=matrices(), zero=st.sampled_from([0.0, 1.0]))
    def test_they_are_scikit_learns(self, sklearn: ModuleType, matrix: Tensor, zero: float) -> None:
        if not bool(matrix.any()):
            return
        target, prediction = samples_of(matrix)
        scores = (
            (precision_result, sklearn.precision_score),
            (recall_result, sklearn.recall_score),
            (fbeta_result, sklearn.f1_score),
            (jaccard_result, sklearn.jaccard_score),
        )
        for ours, theirs in scores:
            for average in AVERAGES:
                got = ours(matrix_counts(matrix), average=average, zero_division=zero)
                expected = theirs(
                    target,
                    prediction,
                    labels=range(len(matrix)),
                    average=average,
                    zero_division=zero,
                )
                assert got.tolist() == pytest.approx(expected, rel=1e-12)

    @settings(deadline=None, max_examples=25)
    @given(matrix=matrices())
    def test_nan_leaves_classes_out_as_in_scikit_learn(
        self, sklearn: ModuleType, matrix: Tensor
    ) -> None:
        if not bool(matrix.any()):
            return
        target, prediction = samples_of(matrix)
        for ours, theirs in (
            (precision_result, sklearn.precision_score),
            (recall_result, sklearn.recall_score),
            (fbeta_result, sklearn.f1_score),
        ):
            for average in AVERAGES:
                got = ours(matrix_counts(matrix), average=average, zero_division=math.nan)
                expected = theirs(
                    target,
                    prediction,
                    labels=range(len(matrix)),
                    average=average,
                    zero_division=math.nan,
                )
                assert got.tolist() == pytest.approx(expected, rel=1e-12, nan_ok=True)

    @settings(deadline=None, max_examples=40)
    @given(matrix=matrices())
    def test_the_negatives_of_a_class_are_the_positives_of_the_rest(self, matrix: Tensor) -> None:
        counts = matrix_counts(matrix)
        for label in range(len(matrix)):
            one = ClassCounts(counts.table[:, label])
            rest = ClassCounts(both_classes(one).table[:, 0])
            assert torch.equal(ClassCounts(both_classes(rest).table[:, 0]).table, one.table)
            assert torch.equal(specificity_result(one), recall_result(rest))
            assert torch.equal(negative_predictive_value_result(one), precision_result(rest))
            assert torch.equal(specificity_result(counts)[label], recall_result(rest))

    @settings(deadline=None, max_examples=40)
    @given(matrix=matrices())
    def test_pooled_counts_of_classes_give_the_accuracy(self, matrix: Tensor) -> None:
        counts = matrix_counts(matrix)
        if not bool(matrix.any()):
            return
        for ours in (precision_result, recall_result, fbeta_result):
            assert torch.allclose(ours(counts, average="micro"), accuracy_result(counts))

    @settings(deadline=None, max_examples=40)
    @given(matrix=matrices())
    def test_the_order_of_classes_does_not_matter(self, matrix: Tensor) -> None:
        index = torch.arange(len(matrix)).flip(0)
        counts, other = matrix_counts(matrix), matrix_counts(matrix[index][:, index])
        for ours in RATIOS:
            assert torch.equal(ours(counts)[index], ours(other))
            for average in AVERAGES[1:]:
                assert torch.allclose(ours(counts, average=average), ours(other, average=average))

    def test_labels_of_which_none_is_true_have_the_plain_mean(self) -> None:
        counts = ClassCounts(torch.tensor([[0, 0], [1, 0], [0, 0], [4, 4], [0, 0]]))
        for ours, expected in ((precision_result, 0.5), (specificity_result, 0.875)):
            assert ours(counts, average="weighted", zero_division=1.0).item() == expected

    def test_a_class_that_is_left_out_takes_its_weight_with_it(self) -> None:
        counts = matrix_counts(torch.tensor([[0, 2], [0, 3]]))
        got = precision_result(counts, average="weighted", zero_division=math.nan)
        assert got.item() == pytest.approx(0.6)

    def test_an_average_that_does_not_exist_is_refused(self) -> None:
        counts = matrix_counts(torch.eye(2).long())
        for ours in RATIOS:
            with pytest.raises(
                ArgumentError,
                match=rf"^{ours.__name__}: average must be one of 'micro', 'macro', ",
            ):
                import_module(ours.__module__).__dict__[ours.__name__](counts, average="samples")
        with pytest.raises(ArgumentError, match=r"^normalized_matrix: by must be one of"):
            AGREEMENT.normalized_matrix(torch.eye(2), by="all")
        with pytest.raises(ArgumentError, match=r"^weighted_kappa_result: weights must be one of"):
            AGREEMENT.weighted_kappa_result(torch.eye(2), weights="cubic")

    @pytest.mark.parametrize("beta", [0.0, -1.0, math.nan, math.inf])
    def test_a_beta_out_of_range_is_refused(self, beta: float) -> None:
        with pytest.raises(ArgumentError, match=r"^fbeta_result: beta must be above 0 and finite"):
            fbeta_result(matrix_counts(torch.eye(2).long()), beta=beta)

    @pytest.mark.parametrize("beta", [0.01, 0.5, 2.0, 100.0])
    def test_fbeta_weighs_recall(self, beta: float) -> None:
        counts = ClassCounts(torch.tensor([3, 4, 10, 20, 0]))
        p, r, square = 3 / 4, 3 / 10, beta**2
        expected = (1 + square) * p * r / (square * p + r)
        assert fbeta_result(counts, beta=beta).item() == pytest.approx(expected, rel=1e-12)
        only_true = ClassCounts(torch.tensor([0, 0, 1, 2, 0]))
        assert fbeta_result(only_true, beta=beta, zero_division=1.0).item() == 0


class TestLargeCounts:
    def test_counts_beyond_float32_keep_their_digits(self) -> None:
        table = torch.tensor([[2**40 + 1], [2**40 + 3], [2**41 + 1], [2**42], [0]])
        right, predicted, actual, total = (int(row) for row in table[:4, 0])
        negatives = total - predicted - actual + right
        expected = (
            Fraction(right, predicted),
            Fraction(right, actual),
            Fraction(2 * right, predicted + actual),
            Fraction(right, predicted + actual - right),
            Fraction(negatives, total - actual),
            Fraction(negatives, total - predicted),
        )
        for dtype in (torch.int64, torch.float64):
            counts = ClassCounts(table.to(dtype))
            for ours, value in zip(RATIOS, expected, strict=True):
                assert ours(counts).item() == pytest.approx(float(value), rel=1e-15)

    def test_ten_million_samples_agree_with_fractions(self) -> None:
        matrix = torch.tensor([[4_000_001, 1_000_003], [2_000_005, 3_000_007]])
        counts = matrix_counts(matrix)
        n = int(matrix.sum())
        chance = Fraction(
            sum(int(p) * int(a) for p, a in zip(*counts.table[1:3], strict=True)), n * n
        )
        observed = Fraction(7_000_008, n)
        expected = (observed - chance) / (1 - chance)
        assert cohen_kappa_result(counts).item() == pytest.approx(float(expected), rel=1e-13)
        top = 4_000_001 * 3_000_007 - 1_000_003 * 2_000_005
        sides = (5_000_004, 5_000_012, 6_000_006, 4_000_010)
        assert matthews_corr_coef_result(counts).item() == pytest.approx(
            top / math.sqrt(math.prod(sides)), rel=1e-13
        )


class TestForms:
    @settings(deadline=None, max_examples=40)
    @given(matrix=matrices())
    def test_stat_scores_are_the_cells_of_each_matrix(self, matrix: Tensor) -> None:
        counts = matrix_counts(matrix)
        scores, cells = stat_scores_result(counts), multilabel_matrix_result(counts)
        assert scores.dtype == cells.dtype == torch.int64
        assert torch.equal(scores[:, 2], cells[:, 0, 0])
        assert torch.equal(scores[:, 1], cells[:, 0, 1])
        assert torch.equal(scores[:, 3], cells[:, 1, 0])
        assert torch.equal(scores[:, 0], cells[:, 1, 1])
        assert torch.equal(cells.sum(dim=(1, 2)), counts.total)
        pooled = stat_scores_result(counts, average="micro")
        assert torch.equal(pooled, scores.sum(dim=0))

    def test_hamming_distance_is_of_each_label_or_of_all(self) -> None:
        counts = ClassCounts(torch.tensor([[1, 0], [2, 1], [1, 1], [4, 2], [0, 0]]))
        assert hamming_distance_result(counts, average=None).tolist() == [0.25, 1.0]
        assert hamming_distance_result(counts).item() == 0.5

    @settings(deadline=None, max_examples=40)
    @given(matrix=matrices())
    def test_counts_in_double_precision_give_the_same(self, matrix: Tensor) -> None:
        counts = matrix_counts(matrix)
        doubled = ClassCounts(counts.table.double())
        for ours in RESULTS:
            assert torch.equal(ours(counts).nan_to_num(7), ours(doubled).nan_to_num(7))

    @settings(deadline=None, max_examples=40)
    @given(matrix=matrices())
    def test_without_numpy_the_results_are_the_same(self, matrix: Tensor) -> None:
        counts = matrix_counts(matrix)
        one = ClassCounts(counts.table[:, 0])
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(SOURCE, "has_numpy", False)
            assert torch.equal(matrix_counts(matrix).table, counts.table)
            assert torch.equal(matrix_counts(matrix.double()).table, counts.table.double())
            plain = [
                ratio(each, average=average)
                for ratio in RATIOS
                for average in AVERAGES
                for each in (counts, one)
            ]
            plain += [result(counts) for result in RESULTS]
        fast = [
            ratio(each, average=average)
            for ratio in RATIOS
            for average in AVERAGES
            for each in (counts, one)
        ]
        fast += [result(counts) for result in RESULTS]
        for ours, theirs in zip(fast, plain, strict=True):
            assert ours.dtype == theirs.dtype == torch.float64
            assert ours.shape == theirs.shape
            assert torch.allclose(ours, theirs, rtol=1e-14, atol=0, equal_nan=True)

    def test_one_class_against_the_rest_has_both_where_both_are_asked_for(self) -> None:
        one = ClassCounts(torch.tensor([2, 3, 4, 10, 0]))
        two = both_classes(one)
        for ours in RATIOS:
            assert ours(one).shape == ()
            for average in AVERAGES[1:]:
                assert torch.equal(ours(one, average=average), ours(two, average=average))
        for result in (
            accuracy_result,
            balanced_accuracy_result,
            cohen_kappa_result,
            matthews_corr_coef_result,
        ):
            assert result(one).item() == pytest.approx(result(two).item())

    def test_results_read_no_value(self) -> None:
        counts = ClassCounts(torch.empty((5, 4), dtype=torch.int64, device="meta"))
        one = ClassCounts(torch.empty(5, dtype=torch.int64, device="meta"))
        for ours in RESULTS:
            assert ours(counts).is_meta
            assert ours(one).is_meta
        for ratio in RATIOS:
            for average in AVERAGES:
                assert ratio(counts, average=average, zero_division=1.0).is_meta
                assert ratio(counts, average=average, zero_division=math.nan).is_meta
        matrix = torch.empty((4, 4), dtype=torch.int64, device="meta")
        assert weighted_kappa_result(matrix, weights="quadratic").is_meta
        assert normalized_matrix(matrix, by="samples").is_meta

    def test_counts_of_nothing_and_of_what_does_not_exist_are_refused(self) -> None:
        table = torch.tensor([[1, 0], [1, 0], [1, 0], [1, 1], [0, 0]])
        check_counts("x", ClassCounts(table))
        with pytest.raises(NotComputableError, match=r"^x: needs at least one sample$"):
            check_counts("x", ClassCounts(torch.zeros(5, 3)))
        outside = table + torch.tensor([0, 0, 0, 0, 4]).unsqueeze(1)
        with pytest.raises(ArgumentError, match=r"must be in \[0, 2\), got 4 samples outside"):
            check_counts("x", ClassCounts(outside))
        with pytest.raises(ArgumentError, match="must be 0 or 1, got 4 samples outside"):
            check_counts("x", ClassCounts(outside), is_of_labels=True)
        with pytest.raises(ArgumentError, match="must be 0 or 1, got 4 samples outside"):
            check_counts("x", ClassCounts(outside[:, 0]))


class TestReports:
    @settings(deadline=None, max_examples=25)
    @given(matrix=matrices())
    def test_they_are_scikit_learns(self, sklearn: ModuleType, matrix: Tensor) -> None:
        if not bool(matrix.any()):
            return
        target, prediction = samples_of(matrix)
        labels = range(len(matrix))
        theirs = sklearn.classification_report(
            target, prediction, labels=labels, output_dict=True, zero_division=0.0
        )
        ours = classification_report_result(matrix_counts(matrix))
        pairs = [(ours["classes"][str(label)], theirs[str(label)]) for label in labels]
        pairs += [(ours["macro"], theirs["macro avg"]), (ours["weighted"], theirs["weighted avg"])]
        for mine, other in pairs:
            assert [mine["precision"], mine["recall"], mine["f_score"]] == pytest.approx(
                [other["precision"], other["recall"], other["f1-score"]]
            )
            assert mine["support"] == other["support"]
        assert ours["micro"]["f_score"] == pytest.approx(sklearn.accuracy_score(target, prediction))

    def test_classes_have_the_names_given_in_their_order(self) -> None:
        counts = matrix_counts(torch.tensor([[3, 0], [1, 0]]))
        report = classification_report_result(counts, labels=("b", "a"))
        assert list(report["classes"]) == ["b", "a"]
        assert report["classes"]["b"] == {
            "precision": 0.75, "recall": 1.0, "f_score": 6 / 7, "support": 3
        }  # fmt: skip

    def test_beta_is_that_of_fbeta(self) -> None:
        counts = matrix_counts(torch.tensor([[3, 2], [1, 4]]))
        report = classification_report_result(counts, beta=2.0)
        expected = [value.item() for value in fbeta_result(counts, beta=2.0)]
        assert [scores["f_score"] for scores in report["classes"].values()] == expected

    def test_one_class_against_the_rest_is_two_classes(self) -> None:
        report = classification_report_result(ClassCounts(torch.tensor([1, 2, 1, 4, 0])))
        assert [scores["support"] for scores in report["classes"].values()] == [3, 1]

    @pytest.mark.parametrize("labels", [(), ("a",), ("a", "a"), ("a", "b", "c")])
    def test_names_that_do_not_fit_are_refused(self, labels: tuple[str, ...]) -> None:
        with pytest.raises(
            ArgumentError, match=r"^classification_report_result: labels must be 2 different names"
        ):
            classification_report_result(matrix_counts(torch.eye(2).long()), labels=labels)

    def test_json_has_null_for_what_is_no_number(self) -> None:
        report = classification_report_result(
            matrix_counts(torch.tensor([[2, 0], [0, 0]])), zero_division=math.nan
        )
        text = report_as_json(report, indent=2)
        read = json.loads(text, parse_constant=pytest.fail)
        assert read["classes"]["1"] == {
            "precision": None, "recall": None, "f_score": None, "support": 0
        }  # fmt: skip
        assert read["macro"]["recall"] == 1.0
        assert list(read) == ["classes", "micro", "macro", "weighted"]
        assert "\n  " in text


def test_the_examples_run() -> None:
    results = [doctest.testmod(import_module(name)) for name in MODULES]
    assert all(result.attempted for result in results)
    assert not any(result.failed for result in results)
