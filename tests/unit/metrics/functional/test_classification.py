"""Classification from predictions, beside scikit-learn, torchmetrics and counting by hand."""

import doctest
import math
from collections.abc import Callable, Generator
from contextlib import contextmanager
from importlib import import_module
from itertools import accumulate, pairwise
from types import ModuleType
from typing import Final

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from firesteel.errors import ArgumentError, ArgumentTypeError, NotComputableError
from firesteel.metrics._functional._class_agreement import KappaWeights, MatrixNormalization
from firesteel.metrics._functional._class_kinds import (
    ClassificationKind,
    ClassificationKindWithoutLabels,
    flatten_sequences,
    infer_kind,
)
from firesteel.metrics._functional._class_matrices import (
    classification_report,
    cohen_kappa,
    confusion_matrix,
    dice_coefficient,
    iou,
    matthews_corr_coef,
    mean_iou,
    multilabel_confusion_matrix,
    stat_scores,
)
from firesteel.metrics._functional._classification import (
    SampleAverage,
    accuracy,
    balanced_accuracy,
    exact_match,
    f1,
    fbeta,
    hamming_distance,
    jaccard_index,
    negative_predictive_value,
    precision,
    recall,
    specificity,
)
from firesteel.metrics._functional._counting import (
    ConfusionCounts,
    RightCounts,
    class_counts,
    confusion_counts,
    right_counts,
    right_result,
    sample_sums,
)
from firesteel.metrics._functional._counting_checks import check_classes

# scikit-learn warns of classes that do not occur, torchmetrics of what it imports
pytestmark = pytest.mark.filterwarnings(
    "ignore::UserWarning", "ignore::RuntimeWarning", "ignore::FutureWarning"
)

SEEDS: Final = st.integers(0, 2**16)
SIZES: Final = st.integers(1, 30)
CLASSES: Final = st.integers(2, 6)
AVERAGES: Final[tuple[SampleAverage, ...]] = (None, "micro", "macro", "weighted")
PATHS: Final = pytest.mark.parametrize("with_numpy", [True, False])
WHOLE: Final = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
FLOATS: Final = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
SOURCE: Final = import_module(precision.__module__)
MATRICES: Final = import_module(confusion_matrix.__module__)
MODULES: Final = sorted(
    {
        function.__module__
        for function in (precision, confusion_matrix, class_counts, check_classes, infer_kind)
    }
)


@pytest.fixture(scope="module", name="sklearn")
def import_sklearn() -> ModuleType:
    return import_module("sklearn.metrics")


@pytest.fixture(scope="module", name="torchmetrics")
def import_torchmetrics() -> ModuleType:
    return import_module("torchmetrics.functional.classification")


@contextmanager
def on_path(*, with_numpy: bool) -> Generator[None]:
    """Count as where numpy is, or as on a device."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("firesteel.metrics._functional._counts.has_numpy", with_numpy)
        yield


def ints(high: int, *shape: int, seed: int, low: int = 0) -> Tensor:
    return torch.randint(low, high, shape, generator=torch.Generator().manual_seed(seed))


def scores_of(*shape: int, seed: int, levels: int = 1000) -> Tensor:
    return ints(levels, *shape, seed=seed).float()


def counted_by_hand(
    chosen: Tensor, target: Tensor, num_classes: int, ignore_index: int | None = None
) -> tuple[list[list[int]], int, int]:
    """Give a confusion matrix, the number out of range and the number ignored."""
    matrix = [[0] * num_classes for _ in range(num_classes)]
    outside = ignored = 0
    for ours, theirs in zip(map(int, chosen.flatten()), map(int, target.flatten()), strict=True):
        if theirs == ignore_index:
            ignored += 1
        elif 0 <= theirs < num_classes and 0 <= ours < num_classes:
            matrix[theirs][ours] += 1
        else:
            outside += 1
    return matrix, outside, ignored


def table_by_hand(matrix: list[list[int]], outside: int) -> list[list[int]]:
    classes = range(len(matrix))
    total = sum(map(sum, matrix))
    return [
        [matrix[c][c] for c in classes],
        [sum(row[c] for row in matrix) for c in classes],
        [sum(matrix[c]) for c in classes],
        [total for _ in classes],
        [outside for _ in classes],
    ]


class TestCountsOfClasses:
    @PATHS
    @settings(deadline=None, max_examples=40)
    @given(
        size=st.integers(0, 20),
        classes=st.integers(1, 6),
        further=st.sampled_from([(), (3,), (2, 2)]),
        margin=st.integers(0, 2),
        ignore_index=st.sampled_from([None, -100, -1, 0, 1]),
        is_scored=st.booleans(),
        seed=SEEDS,
    )
    def test_they_are_those_counted_by_hand(
        self,
        *,
        with_numpy: bool,
        size: int,
        classes: int,
        further: tuple[int, ...],
        margin: int,
        ignore_index: int | None,
        is_scored: bool,
        seed: int,
    ) -> None:
        target = ints(classes + margin, size, *further, low=-margin, seed=seed)
        if is_scored:
            prediction = scores_of(size, classes, *further, levels=4, seed=seed + 1)
            chosen = prediction.argmax(dim=1)
        else:
            prediction = ints(classes + margin, size, *further, low=-margin, seed=seed + 1)
            chosen = prediction
        matrix, outside, ignored = counted_by_hand(chosen, target, classes, ignore_index)
        with on_path(with_numpy=with_numpy):
            counts = class_counts(
                prediction,
                target,
                kind="multiclass",
                num_classes=classes,
                ignore_index=ignore_index,
            )
            confusion = confusion_counts(
                prediction, target, num_classes=classes, ignore_index=ignore_index
            )
            again = confusion_counts(
                prediction,
                target,
                num_classes=classes,
                ignore_index=ignore_index,
                into=confusion.table.clone(),
            )
        assert counts.table.dtype == confusion.table.dtype == torch.int64
        assert counts.table.tolist() == table_by_hand(matrix, outside)
        assert confusion.matrix.tolist() == matrix
        assert confusion.table[-2:].tolist() == [outside, ignored]
        assert torch.equal(again.table, 2 * confusion.table)

    @PATHS
    @settings(deadline=None, max_examples=40)
    @given(sizes=st.lists(st.integers(0, 5), min_size=1, max_size=4), classes=CLASSES, seed=SEEDS)
    def test_the_sum_of_parts_is_the_whole(
        self, with_numpy: bool, sizes: list[int], classes: int, seed: int
    ) -> None:
        scores, target = (
            scores_of(sum(sizes), classes, seed=seed),
            ints(classes, sum(sizes), seed=seed),
        )
        bounds = pairwise([0, *accumulate(sizes)])
        parts = [(scores[a:b], target[a:b]) for a, b in bounds]
        with on_path(with_numpy=with_numpy):
            whole = class_counts(scores, target, kind="multiclass").table
            split = sum(class_counts(*part, kind="multiclass").table for part in parts)
            confusion = confusion_counts(scores, target).table
            confusions = sum(confusion_counts(*part).table for part in parts)
        assert isinstance(split, Tensor)
        assert isinstance(confusions, Tensor)
        assert torch.equal(whole, split)
        assert torch.equal(confusion, confusions)

    @PATHS
    @pytest.mark.parametrize("dtype", FLOATS + WHOLE)
    def test_scores_may_have_any_dtype(self, with_numpy: bool, dtype: torch.dtype) -> None:
        scores = torch.tensor([[1, 5, 5], [4, 0, 1], [0, 0, 0], [1, 2, 3]]).to(dtype)
        with on_path(with_numpy=with_numpy):
            counts = class_counts(scores, torch.tensor([1, 0, 2, 2]), kind="multiclass")
        assert counts.true_positives.tolist() == [1, 1, 1]
        assert counts.predicted.tolist() == [2, 1, 1]

    @PATHS
    @pytest.mark.parametrize("dtype", [*WHOLE, torch.bool])
    def test_class_indices_may_have_any_whole_dtype(
        self, with_numpy: bool, dtype: torch.dtype
    ) -> None:
        prediction, target = torch.tensor([1, 1, 0, 0]), torch.tensor([1, 0, 0, 1])
        with on_path(with_numpy=with_numpy):
            matrix = confusion_counts(prediction.to(dtype), target.to(dtype), num_classes=2).matrix
        assert matrix.tolist() == [[1, 1], [1, 1]]

    @PATHS
    def test_scores_may_need_gradients_and_not_be_contiguous(self, with_numpy: bool) -> None:
        scores = scores_of(4, 9, seed=1).t()[1:].requires_grad_()
        target = ints(4, 16, seed=2)[::2]
        with on_path(with_numpy=with_numpy):
            counts = class_counts(scores, target, kind="multiclass")
            plain = class_counts(
                scores.detach().contiguous(), target.contiguous(), kind="multiclass"
            )
        assert torch.equal(counts.table, plain.table)

    @PATHS
    @pytest.mark.parametrize("dtype", FLOATS)
    def test_nan_is_the_highest_score_and_the_first_of_equals_wins(
        self, with_numpy: bool, dtype: torch.dtype
    ) -> None:
        nan = math.nan
        scores = torch.tensor([[1, nan, nan], [nan, 2, 3], [1, 2, 2], [math.inf, nan, 0]])
        with on_path(with_numpy=with_numpy):
            counts = class_counts(scores.to(dtype), torch.zeros(4).long(), kind="multiclass")
        assert counts.predicted.tolist() == [1, 3, 0]

    def test_a_table_of_another_kind_is_refused(self) -> None:
        with pytest.raises(ArgumentError, match=r"int64 of shape \[6\] on cpu, got torch.int64"):
            confusion_counts(
                torch.ones(2).long(),
                torch.ones(2).long(),
                num_classes=2,
                into=torch.zeros(4, dtype=torch.int64),
            )
        with pytest.raises(ArgumentError, match=r"got torch.float32 of shape \[6\]"):
            confusion_counts(
                torch.ones(2).long(), torch.ones(2).long(), num_classes=2, into=torch.zeros(6)
            )

    def test_a_view_of_a_table_can_be_added_to(self) -> None:
        tables = torch.zeros(6, 2, dtype=torch.int64)
        one = torch.ones(2, dtype=torch.int64)
        confusion_counts(one, one, num_classes=2, into=tables[:, 1])
        assert tables[:, 1].tolist() == [0, 0, 0, 2, 0, 0]
        assert not tables[:, 0].any()


class TestTopK:
    @PATHS
    @settings(deadline=None, max_examples=40)
    @given(
        size=st.integers(0, 12),
        classes=CLASSES,
        k=st.integers(1, 6),
        further=st.sampled_from([(), (3,)]),
        dtype=st.sampled_from(FLOATS),
        seed=SEEDS,
    )
    def test_the_true_class_counts_as_predicted_if_few_others_score_higher(
        self,
        *,
        with_numpy: bool,
        size: int,
        classes: int,
        k: int,
        further: tuple[int, ...],
        dtype: torch.dtype,
        seed: int,
    ) -> None:
        k = min(k, classes)
        # all different, so that there are no ties
        scores = scores_of(size, classes, *further, seed=seed).argsort(dim=1).to(dtype)
        target = ints(classes, size, *further, seed=seed + 1)
        above = (scores > scores.gather(1, target.unsqueeze(1))).sum(dim=1)
        chosen = torch.where(above < k, target, scores.argmax(dim=1))
        expected, _, _ = counted_by_hand(chosen, target, classes)
        with on_path(with_numpy=with_numpy):
            confusion = confusion_counts(scores, target, top_k=k)
            counts = class_counts(scores, target, kind="multiclass", top_k=k)
            right = right_counts(scores, target, kind="multiclass", top_k=k)
        assert confusion.matrix.tolist() == expected
        assert counts.table.tolist() == table_by_hand(expected, 0)
        assert int(right.num_right) == int((above < k).sum())
        assert right.num_seen == target.numel()

    @PATHS
    def test_nan_never_wins_and_ties_go_to_the_true_class(self, with_numpy: bool) -> None:
        nan = math.nan
        scores = torch.tensor([[nan, 0, 1], [nan, 0, 1], [nan, 0, 1], [1, 1, 1]])
        target = torch.tensor([0, 1, 2, 2])
        with on_path(with_numpy=with_numpy):
            right = right_counts(scores, target, kind="multiclass", top_k=2)
        assert int(right.num_right) == 2

    @PATHS
    def test_what_is_out_of_range_is_no_hit(self, with_numpy: bool) -> None:
        scores, target = torch.ones(3, 2), torch.tensor([-1, 2, 0])
        with on_path(with_numpy=with_numpy):
            right = right_counts(scores, target, kind="multiclass", top_k=2)
            ignoring = right_counts(scores, target, kind="multiclass", top_k=2, ignore_index=-1)
            counts = class_counts(scores, target, kind="multiclass", top_k=2)
        assert (int(right.num_right), right.num_seen) == (1, 3)
        assert (int(ignoring.num_right), int(ignoring.num_seen)) == (1, 2)
        assert counts.table[:, 0].tolist() == [1, 1, 1, 1, 2]

    @settings(deadline=None, max_examples=40)
    @given(size=SIZES, classes=st.integers(3, 6), seed=SEEDS)
    def test_accuracy_is_that_of_scikit_learn(
        self, sklearn: ModuleType, size: int, classes: int, seed: int
    ) -> None:
        scores = scores_of(size, classes, seed=seed).argsort(dim=1).float()
        target = ints(classes, size, seed=seed)
        expected = sklearn.top_k_accuracy_score(target, scores, k=2, labels=range(classes))
        assert accuracy(scores, target, kind="multiclass", top_k=2).item() == pytest.approx(
            expected
        )

    @pytest.mark.parametrize("k", [0, 4, -1])
    def test_k_out_of_range_is_refused(self, k: int) -> None:
        with pytest.raises(ArgumentError, match=rf"^recall: top_k must be in \[1, 3\], got {k}$"):
            recall(torch.rand(2, 3), torch.tensor([0, 1]), kind="multiclass", top_k=k)


class TestYesOrNo:
    @PATHS
    @settings(deadline=None, max_examples=40)
    @given(
        size=st.integers(0, 12),
        labels=st.integers(1, 4),
        further=st.sampled_from([(), (3,), (2, 2)]),
        margin=st.integers(0, 2),
        ignore_index=st.sampled_from([None, -1, 0]),
        of_prediction=st.sampled_from([*FLOATS, torch.bool, torch.int64, torch.int32]),
        of_target=st.sampled_from([*FLOATS, torch.int64, torch.int8]),
        seed=SEEDS,
    )
    def test_counts_are_those_counted_by_hand(
        self,
        *,
        with_numpy: bool,
        size: int,
        labels: int,
        further: tuple[int, ...],
        margin: int,
        ignore_index: int | None,
        of_prediction: torch.dtype,
        of_target: torch.dtype,
        seed: int,
    ) -> None:
        shape = (size, labels, *further)
        target = ints(2 + margin, *shape, low=-margin, seed=seed).to(of_target)
        if of_prediction.is_floating_point:
            prediction = (ints(5, *shape, seed=seed + 1) / 4).to(of_prediction)
            chosen = (prediction > 0.25).long()
        elif of_prediction == torch.bool:
            chosen = ints(2, *shape, seed=seed + 1)
            prediction = chosen.bool()
        else:
            chosen = ints(2 + margin, *shape, low=-margin, seed=seed + 1)
            prediction = chosen.to(of_prediction)
        hands = [
            counted_by_hand(chosen[:, label], target[:, label], 2, ignore_index)
            for label in range(labels)
        ]
        tables = [table_by_hand(matrix, outside) for matrix, outside, _ in hands]
        expected = torch.tensor([[row[1] for row in table] for table in tables]).T
        with on_path(with_numpy=with_numpy):
            of_labels = class_counts(
                prediction, target, kind="multilabel", ignore_index=ignore_index, threshold=0.25
            )
            binary = class_counts(
                prediction, target, kind="binary", ignore_index=ignore_index, threshold=0.25
            )
            confusion = confusion_counts(
                prediction, target, kind="binary", ignore_index=ignore_index, threshold=0.25
            )
        assert of_labels.table.dtype == binary.table.dtype == torch.int64
        assert torch.equal(of_labels.table, expected)
        assert torch.equal(binary.table, expected.sum(dim=1))
        matrix, outside, ignored = counted_by_hand(chosen, target, 2, ignore_index)
        assert confusion.matrix.tolist() == matrix
        assert confusion.table[-2:].tolist() == [outside, ignored]

    @PATHS
    def test_numbers_between_are_no_targets(self, with_numpy: bool) -> None:
        target = torch.tensor([0.5, math.nan, 1.0, -1.0, 1e30])
        for ignore_index, expected in ((None, [1, 1, 1, 1, 4]), (-1, [1, 1, 1, 1, 3])):
            with on_path(with_numpy=with_numpy):
                counts = class_counts(
                    torch.ones(5), target, kind="binary", ignore_index=ignore_index
                )
                confusion = confusion_counts(
                    torch.ones(5), target, kind="binary", ignore_index=ignore_index
                )
            assert counts.table.tolist() == expected
            assert int(confusion.num_out_of_range) == expected[-1]
            assert confusion.matrix.tolist() == [[0, 0], [0, 1]]

    @PATHS
    def test_a_nan_is_no_yes(self, with_numpy: bool) -> None:
        with on_path(with_numpy=with_numpy):
            counts = class_counts(torch.tensor([math.nan]), torch.tensor([1]), kind="binary")
        assert counts.table.tolist() == [0, 0, 1, 1, 0]

    def test_an_axis_of_one_class_goes(self) -> None:
        prediction, target = torch.tensor([[0.9], [0.1]]), torch.tensor([1, 1])
        assert class_counts(prediction, target, kind="binary").table.tolist() == [1, 1, 2, 2, 0]

    @PATHS
    def test_more_than_fits_into_float32_is_counted(self, with_numpy: bool) -> None:
        ones = torch.ones(2**24 + 3, dtype=torch.bool)
        with on_path(with_numpy=with_numpy):
            counts = class_counts(ones, ones, kind="binary")
            right = right_counts(ones, ones, kind="binary")
            confusion = confusion_counts(ones, ones, kind="binary")
        assert counts.table.tolist() == [*[2**24 + 3] * 4, 0]
        assert int(right.num_right) == int(confusion.table[3]) == 2**24 + 3


class TestNothingWaits:
    """What has no values cannot be read, so whatever counts it waits for no device."""

    @pytest.mark.parametrize("ignore_index", [None, 0])
    def test_counting_reads_no_value(self, ignore_index: int | None) -> None:
        scores = torch.empty(6, 3, device="meta")
        target = torch.empty(6, dtype=torch.int64, device="meta")
        for top_k in (1, 2):
            assert class_counts(
                scores, target, kind="multiclass", ignore_index=ignore_index, top_k=top_k
            ).table.shape == (5, 3)
            assert confusion_counts(
                scores, target, ignore_index=ignore_index, top_k=top_k
            ).table.shape == (11,)
            assert right_counts(
                scores, target, kind="multiclass", ignore_index=ignore_index, top_k=top_k
            ).num_right.is_meta
        assert class_counts(
            target, target, kind="multiclass", num_classes=4, ignore_index=ignore_index
        ).table.is_meta

    @pytest.mark.parametrize("ignore_index", [None, 0])
    @pytest.mark.parametrize("dtype", [torch.int64, torch.float32])
    def test_counting_answers_reads_no_value(
        self, ignore_index: int | None, dtype: torch.dtype
    ) -> None:
        scores = torch.empty(6, 3, device="meta")
        target = torch.empty(6, 3, device="meta", dtype=dtype)
        kinds: tuple[ClassificationKind, ...] = ("binary", "multilabel")
        for kind in kinds:
            for prediction in (scores, scores.long(), scores.bool()):
                counts = class_counts(prediction, target, kind=kind, ignore_index=ignore_index)
                assert counts.table.is_meta
                right = right_counts(prediction, target, kind=kind, ignore_index=ignore_index)
                assert right.num_right.is_meta
        assert confusion_counts(
            scores, target, kind="binary", ignore_index=ignore_index
        ).table.is_meta
        assert sample_sums(scores, target, ignore_index=ignore_index).sums.is_meta


def multiclass_data(size: int, classes: int, seed: int) -> tuple[Tensor, Tensor]:
    return scores_of(size, classes, seed=seed), ints(classes, size, seed=seed + 1)


SCORES: Final = pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (precision, "precision_score"),
        (recall, "recall_score"),
        (f1, "f1_score"),
        (jaccard_index, "jaccard_score"),
    ],
)


class TestScores:
    @SCORES
    @settings(deadline=None, max_examples=40)
    @given(size=SIZES, classes=CLASSES, zero=st.sampled_from([0.0, 1.0]), seed=SEEDS)
    def test_those_of_classes_are_scikit_learns(
        self,
        *,
        sklearn: ModuleType,
        ours: Callable[..., Tensor],
        theirs: str,
        size: int,
        classes: int,
        zero: float,
        seed: int,
    ) -> None:
        scores, target = multiclass_data(size, classes, seed)
        for average in AVERAGES:
            got = ours(scores, target, kind="multiclass", average=average, zero_division=zero)
            expected = getattr(sklearn, theirs)(
                target,
                scores.argmax(dim=1),
                labels=range(classes),
                average=average,
                zero_division=zero,
            )
            assert got.dtype == torch.float64
            assert got.tolist() == pytest.approx(expected, rel=1e-12)

    @SCORES
    @settings(deadline=None, max_examples=40)
    @given(size=SIZES, zero=st.sampled_from([0.0, 1.0]), seed=SEEDS)
    def test_those_of_one_class_are_scikit_learns(
        self,
        *,
        sklearn: ModuleType,
        ours: Callable[..., Tensor],
        theirs: str,
        size: int,
        zero: float,
        seed: int,
    ) -> None:
        prediction, target = ints(2, size, seed=seed), ints(2, size, seed=seed + 1)
        for average in AVERAGES:
            got = ours(prediction, target, kind="binary", average=average, zero_division=zero)
            expected = getattr(sklearn, theirs)(
                target,
                prediction,
                labels=[0, 1],
                average="binary" if average is None else average,
                zero_division=zero,
            )
            assert got.item() == pytest.approx(expected, rel=1e-12)

    @SCORES
    @settings(deadline=None, max_examples=40)
    @given(size=SIZES, labels=st.integers(2, 4), zero=st.sampled_from([0.0, 1.0]), seed=SEEDS)
    def test_those_of_labels_are_scikit_learns(
        self,
        *,
        sklearn: ModuleType,
        ours: Callable[..., Tensor],
        theirs: str,
        size: int,
        labels: int,
        zero: float,
        seed: int,
    ) -> None:
        prediction, target = ints(2, size, labels, seed=seed), ints(2, size, labels, seed=seed + 1)
        for average in (*AVERAGES, "samples"):
            got = ours(prediction, target, kind="multilabel", average=average, zero_division=zero)
            expected = getattr(sklearn, theirs)(
                target, prediction, average=average, zero_division=zero
            )
            assert got.tolist() == pytest.approx(expected, rel=1e-12)

    @settings(deadline=None, max_examples=40)
    @given(size=SIZES, classes=CLASSES, beta=st.floats(0.01, 10), seed=SEEDS)
    def test_fbeta_is_scikit_learns(
        self, sklearn: ModuleType, size: int, classes: int, beta: float, seed: int
    ) -> None:
        scores, target = multiclass_data(size, classes, seed)
        for average in AVERAGES:
            got = fbeta(scores, target, kind="multiclass", beta=beta, average=average)
            expected = sklearn.fbeta_score(
                target,
                scores.argmax(dim=1),
                beta=beta,
                labels=range(classes),
                average=average,
                zero_division=0.0,
            )
            assert got.tolist() == pytest.approx(expected, rel=1e-9)

    @settings(deadline=None, max_examples=40)
    @given(size=SIZES, labels=st.integers(2, 4), beta=st.floats(0.01, 10), seed=SEEDS)
    def test_fbeta_of_samples_is_scikit_learns(
        self, sklearn: ModuleType, size: int, labels: int, beta: float, seed: int
    ) -> None:
        prediction, target = ints(2, size, labels, seed=seed), ints(2, size, labels, seed=seed + 1)
        got = fbeta(prediction, target, kind="multilabel", beta=beta, average="samples")
        expected = sklearn.fbeta_score(
            target, prediction, beta=beta, average="samples", zero_division=0.0
        )
        assert got.item() == pytest.approx(expected, rel=1e-9)

    @pytest.mark.parametrize(
        ("ours", "theirs"),
        [
            (specificity, "specificity"),
            (negative_predictive_value, "negative_predictive_value"),
            (recall, "recall"),
        ],
    )
    @settings(deadline=None, max_examples=15)
    @given(size=SIZES, classes=st.integers(3, 5), seed=SEEDS)
    def test_those_of_classes_are_torchmetrics(
        self,
        *,
        torchmetrics: ModuleType,
        ours: Callable[..., Tensor],
        theirs: str,
        size: int,
        classes: int,
        seed: int,
    ) -> None:
        scores, target = multiclass_data(size, classes, seed)
        if not bool(target.any()):
            return
        got = ours(scores, target, kind="multiclass", ignore_index=0)
        expected = getattr(torchmetrics, f"multiclass_{theirs}")(
            scores, target, classes, average=None, ignore_index=0
        )
        assert got.tolist() == pytest.approx(expected.tolist(), rel=1e-6)

    @settings(deadline=None, max_examples=15)
    @given(size=SIZES, classes=st.integers(3, 5), seed=SEEDS)
    def test_stat_scores_are_torchmetrics(
        self, torchmetrics: ModuleType, size: int, classes: int, seed: int
    ) -> None:
        scores, target = multiclass_data(size, classes, seed)
        expected = torchmetrics.multiclass_stat_scores(scores, target, classes, average=None)
        got = stat_scores(scores, target, kind="multiclass")
        assert torch.equal(got, expected)
        pooled = stat_scores(scores, target, kind="multiclass", average="micro")
        assert torch.equal(pooled, expected.sum(dim=0))

    @settings(deadline=None, max_examples=15)
    @given(size=SIZES, labels=st.integers(2, 4), seed=SEEDS)
    def test_labels_ignored_one_by_one_are_left_out_as_in_torchmetrics(
        self, torchmetrics: ModuleType, size: int, labels: int, seed: int
    ) -> None:
        scores = torch.rand(size, labels, generator=torch.Generator().manual_seed(seed))
        target = ints(2, size, labels, low=-1, seed=seed)
        if bool((target == -1).all()):
            return
        got = stat_scores(scores, target, kind="multilabel", ignore_index=-1)
        expected = torchmetrics.multilabel_stat_scores(
            scores, target, labels, average=None, ignore_index=-1
        )
        assert torch.equal(got, expected)


class TestShares:
    @settings(deadline=None, max_examples=40)
    @given(size=SIZES, classes=CLASSES, seed=SEEDS)
    def test_accuracies_of_classes_are_scikit_learns(
        self, sklearn: ModuleType, size: int, classes: int, seed: int
    ) -> None:
        scores, target = multiclass_data(size, classes, seed)
        chosen = scores.argmax(dim=1)
        expected = sklearn.accuracy_score(target, chosen)
        assert accuracy(scores, target, kind="multiclass").item() == pytest.approx(expected)
        assert accuracy(
            chosen, target, kind="multiclass", num_classes=classes
        ).item() == pytest.approx(expected)
        assert hamming_distance(scores, target, kind="multiclass").item() == pytest.approx(
            sklearn.hamming_loss(target, chosen)
        )
        assert balanced_accuracy(scores, target).item() == pytest.approx(
            sklearn.balanced_accuracy_score(target, chosen)
        )

    @settings(deadline=None, max_examples=40)
    @given(size=SIZES, labels=st.integers(2, 4), seed=SEEDS)
    def test_accuracies_of_labels_are_scikit_learns(
        self, sklearn: ModuleType, size: int, labels: int, seed: int
    ) -> None:
        prediction, target = ints(2, size, labels, seed=seed), ints(2, size, labels, seed=seed + 1)
        expected = sklearn.accuracy_score(target, prediction)
        assert exact_match(prediction, target).item() == pytest.approx(expected)
        assert accuracy(prediction, target, kind="multilabel").item() == pytest.approx(expected)
        assert hamming_distance(prediction, target, kind="multilabel").item() == pytest.approx(
            sklearn.hamming_loss(target, prediction)
        )

    @settings(deadline=None, max_examples=40)
    @given(size=SIZES, seed=SEEDS)
    def test_accuracies_of_one_class_are_scikit_learns(
        self, sklearn: ModuleType, size: int, seed: int
    ) -> None:
        prediction, target = ints(2, size, seed=seed), ints(2, size, seed=seed + 1)
        ours = accuracy(prediction.double(), target, kind="binary")
        assert ours.item() == pytest.approx(sklearn.accuracy_score(target, prediction))
        assert hamming_distance(prediction, target, kind="binary").item() == pytest.approx(
            sklearn.hamming_loss(target, prediction)
        )
        assert balanced_accuracy(prediction, target, kind="binary").item() == pytest.approx(
            sklearn.balanced_accuracy_score(target, prediction)
        )

    def test_an_ignored_label_is_right_and_a_sample_of_such_is_not_counted(self) -> None:
        target = torch.tensor([[1, -1], [0, -1], [-1, -1]])
        right = right_counts(
            torch.tensor([[1, 0], [1, 1], [0, 0]]), target, kind="multilabel", ignore_index=-1
        )
        assert (int(right.num_right), int(right.num_seen)) == (1, 2)

    def test_ignored_samples_are_not_counted(self) -> None:
        prediction, target = torch.tensor([0, 1, 1]), torch.tensor([0, 0, -1])
        kinds: tuple[ClassificationKind, ...] = ("binary", "multiclass")
        for kind in kinds:
            assert accuracy(prediction, target, kind=kind, ignore_index=-1).item() == 0.5

    def test_nothing_counted_is_no_number(self) -> None:
        assert right_result(RightCounts(torch.tensor(0), 0)).isnan()

    @PATHS
    def test_right_counts_merge_by_sum(self, with_numpy: bool) -> None:
        scores, target = multiclass_data(9, 3, 5)
        with on_path(with_numpy=with_numpy):
            whole = right_counts(scores, target, kind="multiclass")
            parts = [
                right_counts(scores[part], target[part], kind="multiclass")
                for part in (slice(0), slice(4), slice(4, None))
            ]
        assert sum(int(part.num_right) for part in parts) == int(whole.num_right)
        assert sum(int(part.num_seen) for part in parts) == whole.num_seen == 9

    def test_a_sample_of_ignored_labels_adds_nothing(self) -> None:
        target = torch.tensor([[1, 0], [-1, -1], [0, 0]])
        sums = sample_sums(
            torch.tensor([[1, 0], [1, 0], [0, 0]]), target, ignore_index=-1, zero_division=1.0
        )
        assert sums.sums.tolist() == [2.0] * 4
        assert sums.counts.tolist() == [2, 0]

    def test_sums_over_samples_merge_by_sum(self) -> None:
        prediction, target = ints(2, 9, 3, seed=3), ints(2, 9, 3, low=-1, seed=4)
        whole = sample_sums(prediction, target, ignore_index=-1)
        parts = [
            sample_sums(prediction[part], target[part], ignore_index=-1)
            for part in (slice(0), slice(4), slice(4, None))
        ]
        assert torch.allclose(sum((part.sums for part in parts), torch.zeros(4)), whole.sums)
        assert torch.equal(
            sum((part.counts for part in parts), torch.zeros(2).long()), whole.counts
        )


class TestMatrices:
    @settings(deadline=None, max_examples=40)
    @given(size=SIZES, classes=CLASSES, seed=SEEDS)
    def test_they_are_scikit_learns(
        self, sklearn: ModuleType, size: int, classes: int, seed: int
    ) -> None:
        scores, target = multiclass_data(size, classes, seed)
        chosen, labels = scores.argmax(dim=1), range(classes)
        expected = sklearn.confusion_matrix(target, chosen, labels=labels)
        assert confusion_matrix(scores, target).tolist() == expected.tolist()
        pairs: tuple[tuple[MatrixNormalization, str], ...] = (
            ("samples", "all"),
            ("recall", "true"),
            ("precision", "pred"),
        )
        for ours, theirs in pairs:
            shares = sklearn.confusion_matrix(target, chosen, labels=labels, normalize=theirs)
            got = confusion_matrix(scores, target, normalize=ours)
            assert got.flatten().tolist() == pytest.approx(shares.flatten().tolist())

    @settings(deadline=None, max_examples=40)
    @given(size=SIZES, labels=st.integers(2, 4), seed=SEEDS)
    def test_those_of_labels_are_scikit_learns(
        self, sklearn: ModuleType, size: int, labels: int, seed: int
    ) -> None:
        prediction, target = ints(2, size, labels, seed=seed), ints(2, size, labels, seed=seed + 1)
        expected = sklearn.multilabel_confusion_matrix(target, prediction)
        got = multilabel_confusion_matrix(prediction, target)
        assert got.tolist() == expected.tolist()
        shares = multilabel_confusion_matrix(prediction, target, normalize="samples")
        assert torch.allclose(shares, got.double() / size)

    @settings(deadline=None, max_examples=40)
    @given(size=SIZES, classes=CLASSES, seed=SEEDS)
    def test_agreements_are_scikit_learns(
        self, sklearn: ModuleType, size: int, classes: int, seed: int
    ) -> None:
        scores, target = multiclass_data(size, classes, seed)
        chosen = scores.argmax(dim=1)
        kinds: tuple[KappaWeights | None, ...] = (None, "linear", "quadratic")
        for weights in kinds:
            expected = sklearn.cohen_kappa_score(target, chosen, weights=weights)
            got = cohen_kappa(scores, target, weights=weights)
            assert got.item() == pytest.approx(expected, rel=1e-9, abs=1e-12, nan_ok=True)
        assert matthews_corr_coef(scores, target).item() == pytest.approx(
            sklearn.matthews_corrcoef(target, chosen), rel=1e-9, abs=1e-12
        )

    @settings(deadline=None, max_examples=40)
    @given(size=SIZES, classes=CLASSES, seed=SEEDS)
    def test_overlaps_are_scikit_learns(
        self, sklearn: ModuleType, size: int, classes: int, seed: int
    ) -> None:
        scores, target = multiclass_data(size, classes, seed)
        chosen, labels = scores.argmax(dim=1), range(classes)
        overlap = sklearn.jaccard_score(
            target, chosen, labels=labels, average=None, zero_division=0.0
        ).tolist()
        dice = sklearn.f1_score(
            target, chosen, labels=labels, average=None, zero_division=0.0
        ).tolist()
        assert iou(scores, target).tolist() == pytest.approx(overlap)
        assert iou(scores, target, drop_index=1).tolist() == pytest.approx(
            overlap[:1] + overlap[2:]
        )
        assert mean_iou(scores, target).item() == pytest.approx(sum(overlap) / classes)
        assert dice_coefficient(scores, target).tolist() == pytest.approx(dice)
        present = [
            value for c, value in enumerate(overlap) if bool(((target == c) | (chosen == c)).any())
        ]
        assert mean_iou(scores, target, zero_division=math.nan).item() == pytest.approx(
            sum(present) / len(present)
        )

    def test_those_of_one_class_have_two(self) -> None:
        prediction, target = torch.tensor([0.1, 0.9, 0.9]), torch.tensor([0, 1, 0])
        kind: ClassificationKindWithoutLabels = "binary"
        assert confusion_matrix(prediction, target, kind=kind).tolist() == [[1, 1], [0, 1]]
        assert iou(prediction, target, kind=kind).tolist() == [0.5, 0.5]
        assert mean_iou(prediction, target, kind=kind).item() == 0.5
        assert dice_coefficient(prediction, target, kind=kind).tolist() == [2 / 3, 2 / 3]
        assert matthews_corr_coef(prediction, target, kind=kind).item() == pytest.approx(0.5)
        assert cohen_kappa(prediction, target, kind=kind).item() == pytest.approx(0.4)

    def test_a_report_is_scikit_learns(self, sklearn: ModuleType) -> None:
        scores, target = multiclass_data(40, 4, 11)
        theirs = sklearn.classification_report(target, scores.argmax(dim=1), output_dict=True)
        ours = classification_report(scores, target, kind="multiclass")
        pairs = [(ours["classes"][str(c)], theirs[str(c)]) for c in range(4)]
        pairs += [(ours["macro"], theirs["macro avg"]), (ours["weighted"], theirs["weighted avg"])]
        for mine, other in pairs:
            assert [mine["precision"], mine["recall"], mine["f_score"]] == pytest.approx(
                [other["precision"], other["recall"], other["f1-score"]]
            )
            assert mine["support"] == other["support"]
        assert ours["micro"]["precision"] == pytest.approx(theirs["accuracy"])


class TestKinds:
    @pytest.mark.parametrize(
        ("of_prediction", "of_target", "is_multilabel", "kind"),
        [
            ((4, 3), (4,), False, "multiclass"),
            ((4, 3, 2), (4, 2), False, "multiclass"),
            ((4, 1), (4,), False, "binary"),
            ((4,), (4,), False, "binary"),
            ((4, 3), (4, 3), False, "binary"),
            ((4, 3), (4, 3), True, "multilabel"),
        ],
    )
    def test_shapes_tell_the_kind(
        self,
        of_prediction: tuple[int, ...],
        of_target: tuple[int, ...],
        is_multilabel: bool,
        kind: str,
    ) -> None:
        found = infer_kind(
            torch.ones(of_prediction), torch.ones(of_target), is_multilabel=is_multilabel
        )
        assert found == kind

    @pytest.mark.parametrize(
        ("of_prediction", "of_target", "is_multilabel"),
        [
            ((4, 3), (3,), False),
            ((), (), False),
            ((4,), (), False),
            ((4,), (4, 3), False),
            ((4, 3, 2), (4,), False),
            ((4, 1), (4, 1), True),
            ((4,), (4,), True),
            ((4, 3), (4,), True),
        ],
    )
    def test_other_shapes_are_of_no_kind(
        self, of_prediction: tuple[int, ...], of_target: tuple[int, ...], is_multilabel: bool
    ) -> None:
        with pytest.raises(ArgumentError, match=r"^infer_kind: shapes of predictions and targets"):
            infer_kind(
                torch.ones(of_prediction), torch.ones(of_target), is_multilabel=is_multilabel
            )

    def test_positions_of_sequences_become_samples(self) -> None:
        scores, target = flatten_sequences(
            torch.arange(12).reshape(2, 3, 2), torch.arange(6).reshape(2, 3)
        )
        assert scores.tolist() == torch.arange(12).reshape(6, 2).tolist()
        assert target.tolist() == list(range(6))

    @pytest.mark.parametrize(
        ("of_prediction", "of_target"),
        [((2, 3), (2,)), ((2, 3, 4), (2, 4)), ((2, 3, 4), (2, 3, 4)), ((3, 2, 4), (2, 3))],
    )
    def test_what_is_no_sequence_is_refused(
        self, of_prediction: tuple[int, ...], of_target: tuple[int, ...]
    ) -> None:
        with pytest.raises(ArgumentError, match=r"must be \(N, S, C\) and \(N, S\), got \["):
            flatten_sequences(torch.ones(of_prediction), torch.ones(of_target))


class TestErrors:
    @pytest.mark.parametrize(
        ("of_prediction", "of_target", "kind"),
        [
            ((4, 3), (3,), "multiclass"),
            ((4, 3, 2), (4, 3), "multiclass"),
            ((4,), (4, 1), "multiclass"),
            ((), (), "multiclass"),
            ((3,), (), "multiclass"),
            ((4, 3), (4,), "binary"),
            ((), (), "binary"),
            ((4,), (4,), "multilabel"),
            ((4, 3), (4, 2), "multilabel"),
        ],
    )
    def test_shapes_that_do_not_fit(
        self, of_prediction: tuple[int, ...], of_target: tuple[int, ...], kind: ClassificationKind
    ) -> None:
        prediction = torch.ones(of_prediction)
        target = torch.ones(of_target, dtype=torch.int64)
        came = f"got {list(of_prediction)} and {list(of_target)}"
        with pytest.raises(
            ArgumentError, match=r"^precision: shapes of predictions and targets"
        ) as e:
            precision(prediction, target, kind=kind)
        assert str(e.value).endswith(came)
        with pytest.raises(ArgumentError, match=r"^accuracy: shapes of predictions and targets"):
            accuracy(prediction, target, kind=kind)

    def test_dtypes_that_do_not_fit(self) -> None:
        whole = torch.ones(2, dtype=torch.int64)
        with pytest.raises(
            ArgumentTypeError, match=r"^f1: targets must be whole numbers, got torch.float32$"
        ):
            f1(torch.rand(2, 3), torch.ones(2), kind="multiclass")
        with pytest.raises(ArgumentTypeError, match=r"^f1: predictions must be whole numbers, or"):
            f1(torch.ones(2), whole, kind="multiclass", num_classes=2)
        with pytest.raises(ArgumentTypeError, match="must be real numbers, one score per class"):
            f1(torch.ones(2, 3).bool(), whole, kind="multiclass")
        with pytest.raises(ArgumentTypeError, match="must be real numbers, one score per class"):
            f1(torch.ones(2, 3).to(torch.complex64), whole, kind="multiclass")
        with pytest.raises(ArgumentTypeError, match=r"^f1: predictions and targets must be real"):
            f1(torch.ones(2).to(torch.complex64), whole, kind="binary")

    def test_numbers_of_classes_that_do_not_fit(self) -> None:
        target = torch.tensor([0, 1])
        with pytest.raises(
            ArgumentError, match=r"^iou: num_classes must be the number of scores, 3, got 4$"
        ):
            iou(torch.rand(2, 3), target, num_classes=4)
        with pytest.raises(
            ArgumentError, match=r"^iou: needs num_classes, as predictions are class"
        ):
            iou(target, target)
        with pytest.raises(ArgumentError, match=r"^iou: num_classes must be at least 1, got 0$"):
            iou(target, target, num_classes=0)

    @pytest.mark.parametrize("outside", [-1, 3, 255])
    def test_classes_out_of_range(self, outside: int) -> None:
        scores, target = torch.rand(3, 3), torch.tensor([0, outside, 1])
        condition = r"must be in \[0, 3\).*, got 1 "
        for metric in (precision, stat_scores, accuracy, hamming_distance):
            with pytest.raises(ArgumentError, match=condition):
                metric(scores, target, kind="multiclass")
        for of_matrix in (confusion_matrix, cohen_kappa, iou, matthews_corr_coef):
            with pytest.raises(ArgumentError, match=condition):
                of_matrix(scores, target)
        assert accuracy(scores, target, kind="multiclass", ignore_index=outside) >= 0

    @pytest.mark.parametrize("target", [[0, 1, 2], [0.0, 1.0, 0.5]])
    def test_answers_that_are_neither_0_nor_1(self, target: list[float]) -> None:
        prediction = torch.tensor([0.2, 0.9, 0.1])
        with pytest.raises(ArgumentError, match=r"^recall: .* must be 0 or 1.*, got 1 samples"):
            recall(prediction, torch.tensor(target), kind="binary")
        with pytest.raises(ArgumentError, match=r"^accuracy: .* must be 0 or 1, got 1 outside"):
            accuracy(prediction, torch.tensor(target), kind="binary")
        labels = torch.tensor(target).unsqueeze(0)
        with pytest.raises(ArgumentError, match=r"^f1: .* must be 0 or 1, got 1 labels outside"):
            f1(prediction.unsqueeze(0), labels, kind="multilabel", average="samples")
        with pytest.raises(ArgumentError, match=r"^exact_match: .* must be 0 or 1, got 1 outside"):
            exact_match(prediction.unsqueeze(0), labels)

    def test_predictions_that_are_neither_0_nor_1(self) -> None:
        with pytest.raises(ArgumentError, match=r"^accuracy: .* must be 0 or 1, got 1 outside"):
            accuracy(torch.tensor([0, 2]), torch.tensor([0, 1]), kind="binary")
        with pytest.raises(ArgumentError, match=r"must be classes, from 0 on, got 1 outside"):
            accuracy(torch.tensor([0, -2]), torch.tensor([0, 1]), kind="multiclass")

    def test_nothing_to_compute_from(self) -> None:
        none = torch.zeros(0, dtype=torch.int64)
        ignored = torch.tensor([1, 1])
        pairs: list[tuple[Tensor, Tensor, int | None]] = [
            (none, none, None), (torch.tensor([0, 1]), ignored, 1)
        ]  # fmt: skip
        for prediction, target, ignore_index in pairs:
            for metric in (precision, accuracy, stat_scores, hamming_distance):
                with pytest.raises(NotComputableError, match=r"needs at least one sample$"):
                    metric(
                        prediction,
                        target,
                        kind="multiclass",
                        num_classes=2,
                        ignore_index=ignore_index,
                    )
                with pytest.raises(NotComputableError, match=r"needs at least one sample$"):
                    metric(prediction, target, kind="binary", ignore_index=ignore_index)
            with pytest.raises(NotComputableError, match=r"^confusion_matrix: needs"):
                confusion_matrix(prediction, target, num_classes=2, ignore_index=ignore_index)
        with pytest.raises(NotComputableError, match=r"^f1: needs at least one sample"):
            f1(none.reshape(0, 2), none.reshape(0, 2), kind="multilabel", average="samples")

    def test_options_that_do_not_fit(self) -> None:
        target = torch.tensor([0, 1])
        with pytest.raises(ArgumentError, match="'samples' is for kind 'multilabel', got 'binary'"):
            precision(target, target, kind="binary", average="samples")
        with pytest.raises(ArgumentError, match="kind must be 'binary', 'multiclass' or"):
            SOURCE.precision(target, target, kind="multi")
        with pytest.raises(ArgumentError, match="kind must be 'binary' or 'multiclass', got"):
            MATRICES.confusion_matrix(target, target, kind="multilabel")
        with pytest.raises(ArgumentError, match=r"drop_index must be in \[0, 2\), got 2"):
            iou(target, target, num_classes=2, drop_index=2)


def test_the_matrix_is_a_view_of_the_table() -> None:
    counts = ConfusionCounts(torch.arange(11))
    assert counts.num_classes == 3
    assert counts.matrix.data_ptr() == counts.table.data_ptr()
    assert int(counts.num_out_of_range) == 9


def test_the_examples_run() -> None:
    results = [doctest.testmod(import_module(name)) for name in MODULES]
    assert all(result.attempted for result in results)
    assert not any(result.failed for result in results)
