"""Accuracy: the share of predictions that are right."""

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from firesteel import Accuracy, Engine
from firesteel.errors import ArgumentError, ArgumentTypeError, NotComputableError
from firesteel.metrics import PredTarget


def accuracy_of(*batches: PredTarget, is_multilabel: bool = False) -> float:
    """Give the accuracy over some batches."""
    accuracy = Accuracy(is_multilabel=is_multilabel)
    for batch in batches:
        accuracy.update(batch)
    return accuracy.compute()


class TestClassIndices:
    @pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.int8, torch.uint8])
    def test_they_may_be_whole_numbers_of_any_dtype(self, dtype: torch.dtype) -> None:
        prediction = torch.tensor([2, 0, 1, 1]).to(dtype)
        assert accuracy_of((prediction, torch.tensor([2, 1, 1, 0]))) == 0.5
        assert accuracy_of((torch.tensor([2, 1, 1, 0]), prediction)) == 0.5

    def test_further_axes_count_as_samples(self) -> None:
        prediction = torch.tensor([[0, 1], [1, 1]])
        assert accuracy_of((prediction, torch.tensor([[0, 1], [1, 0]]))) == 0.75

    @pytest.mark.parametrize("shape", [(3, 1), (3, 1, 2)])
    def test_one_column_holds_class_indices_too(self, shape: Sequence[int]) -> None:
        prediction = torch.full(shape, 2)
        assert accuracy_of((prediction, prediction.squeeze(1))) == 1.0

    def test_negative_ones_are_refused_before_anything_is_counted(self) -> None:
        accuracy = Accuracy()
        with pytest.raises(ArgumentError, match="must be classes, from 0 on, got 1 outside"):
            accuracy.update((torch.tensor([2, 1]), torch.tensor([-1, 1])))
        with pytest.raises(NotComputableError):
            accuracy.compute()


class TestYesOrNo:
    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
    def test_floating_point_predictions_above_one_half_are_a_yes(self, dtype: torch.dtype) -> None:
        prediction = torch.tensor([0.2, 0.9, 0.5, 0.75]).to(dtype)
        assert accuracy_of((prediction, torch.tensor([0, 1, 1, 0]))) == 0.5

    def test_the_threshold_is_the_callers(self) -> None:
        accuracy = Accuracy(threshold=0.0)  # logits
        accuracy.update((torch.tensor([-0.5, 0.25, 3.0]), torch.tensor([0, 1, 0])))
        assert accuracy.compute() == pytest.approx(2 / 3)

    def test_one_column_of_numbers_is_taken_so_too(self) -> None:
        assert accuracy_of((torch.tensor([[0.2], [0.9]]), torch.tensor([0, 1]))) == 1.0

    @pytest.mark.parametrize("dtype", [torch.bool, torch.int64, torch.float32])
    def test_targets_may_be_floating_point_as_losses_need_them(self, dtype: torch.dtype) -> None:
        prediction, target = torch.tensor([True, False]), torch.tensor([1.0, 1.0])
        assert accuracy_of((prediction.to(dtype), target)) == 0.5

    def test_booleans_are_a_yes_and_a_no(self) -> None:
        prediction, target = torch.tensor([True, False]), torch.tensor([True, True])
        assert accuracy_of((prediction, target)) == 0.5

    @pytest.mark.parametrize("value", [float("nan"), 0.5, 1 + 1e-6, 2])
    def test_targets_between_are_refused(self, value: float) -> None:
        with pytest.raises(ArgumentError, match=r"Accuracy: .* must be 0 or 1, got 1 outside"):
            accuracy_of((torch.tensor([0.1, 0.9]), torch.tensor([1.0, value])))


class TestScores:
    @pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.bfloat16, torch.int64])
    def test_the_highest_wins_whatever_the_dtype(self, dtype: torch.dtype) -> None:
        scores = torch.tensor([[1, 5, 2], [4, 0, 1]]).to(dtype)
        assert accuracy_of((scores, torch.tensor([1, 2]))) == 0.5

    def test_the_first_of_equals_wins(self) -> None:
        scores = torch.tensor([[1.0, 1.0]])
        assert accuracy_of((scores, torch.tensor([0]))) == 1.0

    def test_classes_stand_on_the_second_axis(self) -> None:
        scores = torch.zeros(2, 3, 4)
        scores[:, 1] = 1
        target = torch.tensor([[1, 1, 1, 0], [1, 1, 2, 0]])
        assert accuracy_of((scores, target)) == 5 / 8

    @settings(deadline=None)
    @given(
        classes=st.integers(2, 5),
        sizes=st.lists(st.integers(0, 6), min_size=1, max_size=4),
        axes=st.lists(st.integers(1, 3), max_size=2),
        seed=st.integers(0, 2**16),
    )
    def test_it_is_the_share_of_hits_however_the_samples_are_split(
        self, classes: int, sizes: list[int], axes: list[int], seed: int
    ) -> None:
        generator = torch.Generator().manual_seed(seed)
        total = sum(sizes)
        scores = torch.randint(0, 9, (total, classes, *axes), generator=generator).float()
        target = torch.randint(0, classes, (total, *axes), generator=generator)
        bounds = pairwise([0, *accumulate(sizes)])
        batches = [(scores[a:b], target[a:b]) for a, b in bounds]
        hits = scores.argmax(1) == target
        if hits.numel():
            assert accuracy_of(*batches) == pytest.approx(float(hits.double().mean()), rel=1e-12)
        else:
            with pytest.raises(NotComputableError):
                accuracy_of(*batches)


class TestLabels:
    def test_a_sample_is_right_if_all_its_labels_are(self) -> None:
        prediction = torch.tensor([[1, 0, 1], [0, 0, 1], [1, 1, 1]])
        target = torch.tensor([[1, 0, 1], [0, 1, 1], [1, 1, 0]])
        assert accuracy_of((prediction, target), is_multilabel=True) == 1 / 3

    def test_labels_stand_on_the_second_axis(self) -> None:
        prediction = torch.zeros(2, 3, 4)
        target = torch.zeros(2, 3, 4)
        target[0, 1, 2] = 1
        assert accuracy_of((prediction, target), is_multilabel=True) == 7 / 8

    def test_without_the_flag_each_label_counts(self) -> None:
        prediction = torch.tensor([[1, 0], [0, 0]])
        assert accuracy_of((prediction, torch.tensor([[1, 0], [0, 1]]))) == 0.75

    def test_one_label_is_a_label(self) -> None:
        prediction = torch.tensor([[1], [0]])
        target = torch.tensor([[1], [1]])
        assert accuracy_of((prediction, target), is_multilabel=True) == 0.5

    def test_scores_have_to_be_above_a_threshold(self) -> None:
        assert accuracy_of((torch.tensor([[0.3, 0.6]]), torch.tensor([[0, 1]])), is_multilabel=True)

    def test_an_ignored_label_is_right_and_a_sample_of_none_else_is_none(self) -> None:
        accuracy = Accuracy(is_multilabel=True, ignore_index=-1)
        prediction = torch.tensor([[1, 1], [1, 0], [0, 0]])
        accuracy.update((prediction, torch.tensor([[1, -1], [0, -1], [-1, -1]])))
        assert accuracy.compute() == 0.5


class TestShapes:
    @pytest.mark.parametrize(
        ("prediction", "target", "expected"),
        [
            ((3,), (4,), "(N, ...), twice"),
            ((3, 5), (4,), "(N, C, ...) and (N, ...), or equal"),
            ((3, 2, 4), (3, 5), "(N, C, ...) and (N, ...), or equal"),
            ((3, 2, 4), (3,), "(N, C, ...) and (N, ...), or equal"),
            ((3,), (3, 1), "(N, ...), twice"),
            ((), (), "(N, ...), twice"),
            ((3,), (), "(N, C, ...) and (N, ...), or equal"),
        ],
    )
    def test_shapes_that_do_not_fit_are_refused(
        self, prediction: Sequence[int], target: Sequence[int], expected: str
    ) -> None:
        with pytest.raises(ArgumentError) as caught:
            accuracy_of((torch.zeros(prediction), torch.zeros(target, dtype=torch.int64)))
        assert str(caught.value) == (
            f"Accuracy: shapes of predictions and targets must be {expected}, got "
            f"{list(prediction)} and {list(target)}"
        )

    @pytest.mark.parametrize(
        ("prediction", "target"), [((3,), (3,)), ((3, 2), (3,)), ((3, 1), (3,)), ((3, 2), (3, 3))]
    )
    def test_shapes_that_are_none_of_labels_are_refused(
        self, prediction: Sequence[int], target: Sequence[int]
    ) -> None:
        with pytest.raises(
            ArgumentError, match=r"Accuracy: .* must be \(N, L, \.\.\.\), twice, got"
        ):
            accuracy_of((torch.zeros(prediction), torch.zeros(target)), is_multilabel=True)

    def test_scores_need_whole_numbers_as_targets(self) -> None:
        with pytest.raises(ArgumentTypeError, match="Accuracy: targets must be whole numbers, got"):
            accuracy_of((torch.zeros(2, 3), torch.zeros(2)))


class TestChecks:
    OUTSIDE = torch.eye(2), torch.tensor([0, 2])

    def test_the_first_update_after_a_reset_is_checked(self) -> None:
        accuracy = Accuracy()
        for _ in range(2):
            with pytest.raises(ArgumentError, match=r"must be in \[0, 2\), got 1 outside"):
                accuracy.update(self.OUTSIDE)
            accuracy.update((torch.eye(2), torch.tensor([0, 1])))
            accuracy.update(self.OUTSIDE)  # such a sample is not right
            assert accuracy.compute() == 0.75
            accuracy.reset()

    def test_each_update_is_checked_on_demand(self) -> None:
        accuracy = Accuracy(validate="always")
        accuracy.update((torch.eye(2), torch.tensor([0, 1])))
        with pytest.raises(ArgumentError, match=r"must be in \[0, 2\), got 1 outside"):
            accuracy.update(self.OUTSIDE)
        assert accuracy.compute() == 1.0

    def test_or_none_is(self) -> None:
        accuracy = Accuracy(validate="never")
        accuracy.update(self.OUTSIDE)
        assert accuracy.compute() == 0.5

    def test_what_is_ignored_may_be_no_class(self) -> None:
        accuracy = Accuracy(ignore_index=-100)
        accuracy.update((torch.eye(2), torch.tensor([0, -100])))
        assert accuracy.compute() == 1.0

    def test_a_yes_or_no_that_is_none_hints_at_class_indices(self) -> None:
        accuracy = Accuracy()
        message = "must be 0 or 1, got 1 outside; class indices need num_classes"
        with pytest.raises(ArgumentError, match=message):
            accuracy.update((torch.tensor([0.0, 1.0]), torch.tensor([1, 2])))

    @pytest.mark.parametrize("which", [0, 1])
    def test_complex_numbers_are_refused(self, which: int) -> None:
        pair = [torch.ones(2), torch.ones(2)]
        pair[which] = pair[which].to(torch.complex64)
        with pytest.raises(ArgumentTypeError, match="Accuracy: predictions and targets must be re"):
            Accuracy().update((pair[0], pair[1]))


class TestTopK:
    def test_the_true_class_may_be_among_the_best(self) -> None:
        scores = torch.tensor([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7], [0.5, 0.3, 0.2]])
        accuracy = Accuracy(top_k=2)
        accuracy.update((scores, torch.tensor([1, 2, 2])))
        assert accuracy.compute() == pytest.approx(2 / 3)

    @pytest.mark.parametrize("top_k", [0, -1])
    def test_it_is_at_least_one(self, top_k: int) -> None:
        with pytest.raises(ArgumentError, match=f"Accuracy: top_k must be at least 1, got {top_k}"):
            Accuracy(top_k=top_k)


class TestState:
    def test_without_a_sample_there_is_no_result(self) -> None:
        with pytest.raises(NotComputableError, match="Accuracy: needs at least one sample"):
            Accuracy().compute()

    def test_an_empty_batch_is_no_sample(self) -> None:
        with pytest.raises(NotComputableError):
            accuracy_of((torch.zeros(0, 3), torch.zeros(0, dtype=torch.int64)))
        full = torch.tensor([[0.0, 1.0]]), torch.tensor([1])
        assert accuracy_of((torch.zeros(0, 2), torch.zeros(0, dtype=torch.int64)), full) == 1.0

    def test_computing_leaves_the_state_as_it_is(self) -> None:
        accuracy = Accuracy()
        accuracy.update((torch.tensor([1]), torch.tensor([1])))
        assert accuracy.compute() == accuracy.compute() == 1.0
        accuracy.update((torch.tensor([1]), torch.tensor([0])))
        assert accuracy.compute() == 0.5

    def test_a_reset_forgets(self) -> None:
        accuracy = Accuracy()
        accuracy.update((torch.tensor([1]), torch.tensor([0])))
        accuracy.reset()
        accuracy.update((torch.tensor([1]), torch.tensor([1])))
        assert accuracy.compute() == 1.0

    def test_inputs_are_not_changed_and_no_graph_is_kept(self) -> None:
        accuracy = Accuracy()
        scores = torch.tensor([[0.1, 0.9]], requires_grad=True)
        before = scores.detach().clone()
        accuracy.update((scores * 1, torch.tensor([1])))
        assert torch.equal(scores.detach(), before)
        held = accuracy.state_dict().values()
        assert not any(isinstance(value, Tensor) and value.requires_grad for value in held)

    def test_the_result_is_a_number_of_python(self) -> None:
        assert type(accuracy_of((torch.tensor([1]), torch.tensor([1])))) is float


def test_attached_it_counts_an_epoch() -> None:
    def give(engine: Engine[PredTarget, PredTarget], batch: PredTarget) -> PredTarget:
        return batch

    evaluator = Engine(give)
    accuracy = Accuracy().attach(evaluator, "accuracy")
    batches = [(torch.tensor([1, 1]), torch.tensor([1, 0])), (torch.tensor([1]), torch.tensor([1]))]
    assert evaluator.run(batches).metrics[accuracy] == pytest.approx(2 / 3)


def test_a_transform_finds_predictions_and_targets() -> None:
    def give(engine: Engine[Any, dict[str, Tensor]], batch: int) -> dict[str, Tensor]:
        return {"class": torch.tensor([batch]), "truth": torch.tensor([1])}

    evaluator = Engine(give)
    accuracy = evaluator.attach(Accuracy(lambda out: (out["class"], out["truth"])), "accuracy")
    assert evaluator.run([0, 1, 1, 1]).metrics[accuracy] == 0.75
