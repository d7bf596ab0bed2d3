"""What classification metrics have in common: options, checks, state, waits for the device."""

import math
import re
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Any, Final

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from typing_extensions import override

from firesteel.errors import ArgumentError, ArgumentTypeError, NotComputableError
from firesteel.metrics import Metric, PredTarget
from firesteel.metrics._functional._counts import as_list
from firesteel.metrics.classification import (
    F1,
    Accuracy,
    ConfusionMatrix,
    ExactMatch,
    Precision,
    StatScores,
)

OfPair = Metric[PredTarget, Any, PredTarget]
Make = Callable[..., OfPair]

SCORES: Final = torch.tensor([[0.1, 0.9, 0.0], [0.8, 0.2, 0.1], [0.3, 0.7, 0.2], [0.1, 0.2, 0.9]])
CLASSES: Final = torch.tensor([1, 0, 0, 2])
LABELS: Final = torch.tensor([[1, 0, 1], [0, 0, 1]])
WAITING: Final = frozenset(
    {"_local_scalar_dense", "item", "is_nonzero", "equal", "nonzero", "masked_select"}
    | {"_unique2", "unique_dim", "bincount"}
)

each = pytest.mark.parametrize(
    "make", [Accuracy, Precision, ConfusionMatrix], ids=["right", "classes", "confusion"]
)


def exact(**options: Any) -> ExactMatch[PredTarget]:
    return ExactMatch(**options)


def of_labels(**options: Any) -> Precision[Any, PredTarget]:
    return Precision(is_multilabel=True, **options)


def of_samples(**options: Any) -> F1[Any, PredTarget]:
    return F1(is_multilabel=True, average="samples", **options)


@contextmanager
def waits() -> Generator[list[str]]:
    """List the operations at which the host would wait for a device."""
    found: list[str] = []

    class Listing(TorchDispatchMode):
        @override
        def __torch_dispatch__(
            self,
            func: Callable[..., object],
            types: Iterable[type],
            args: tuple[object, ...] = (),
            kwargs: Mapping[str, object] | None = None,
        ) -> object:
            _, name, _ = str(func).split(".")
            if name in WAITING:
                found.append(name)
            return func(*args, **(kwargs or {}))

    make: Callable[[], TorchDispatchMode] = Listing  # torch's constructor is not typed
    with make():
        yield found


@pytest.fixture
def _as_on_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have counting go the way that it goes where numpy cannot reach."""
    monkeypatch.setattr("firesteel.metrics._functional._counts.has_numpy", False)


SINGLE: Final = [
    (Accuracy, (SCORES, CLASSES)),
    (Accuracy, (CLASSES, CLASSES)),
    (Precision, (SCORES, CLASSES)),
    (ConfusionMatrix, (SCORES, CLASSES)),
    (exact, (LABELS, LABELS)),
    (of_labels, (LABELS, LABELS)),
    (of_samples, (LABELS, LABELS)),
]


@pytest.mark.usefixtures("_as_on_a_device")
@pytest.mark.parametrize("ignore_index", [None, 0])
@pytest.mark.parametrize(("make", "value"), SINGLE)
def test_an_update_waits_once_after_a_reset_or_never(
    make: Make, value: PredTarget, ignore_index: int | None
) -> None:
    checking = make(ignore_index=ignore_index)
    trusting = make(ignore_index=ignore_index, validate="never")
    for _ in range(2):
        for number in range(3):
            with waits() as found:
                checking.update(value)
            assert len(found) == (number == 0)
            with waits() as found:
                trusting.update(value)
            assert found == []
        checking.reset()
        trusting.reset()


@pytest.mark.usefixtures("_as_on_a_device")
@each
@pytest.mark.parametrize("value", [(SCORES, CLASSES), (SCORES[:, 0], CLASSES % 2)])
def test_a_device_counts_what_the_host_counts(
    make: Make, value: PredTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_device, on_host = make(ignore_index=0), make(ignore_index=0)
    on_device.update(value)
    on_device.update(value)
    there = on_device.compute()
    monkeypatch.undo()
    on_host.update(value)
    on_host.update(value)
    torch.testing.assert_close(torch.as_tensor(there), torch.as_tensor(on_host.compute()))


@pytest.mark.parametrize("has_numpy", [True, False])
@pytest.mark.parametrize("ignore_index", [None, 1])
def test_many_classes_are_counted_in_another_way_to_the_same_end(
    monkeypatch: pytest.MonkeyPatch, ignore_index: int | None, *, has_numpy: bool
) -> None:
    monkeypatch.setattr("firesteel.metrics._functional._counts.has_numpy", has_numpy)
    results: list[list[float]] = []
    for few_classes, shape in ((32, [11]), (2, [5, 3])):
        monkeypatch.setattr("firesteel.metrics.classification._statistic.FEW_CLASSES", few_classes)
        metric = StatScores(ignore_index=ignore_index)
        for _ in range(2):
            metric.update((SCORES, CLASSES))
        table = metric.state_dict()["table"]
        assert isinstance(table, Tensor)
        assert list(table.shape) == shape
        results.append(as_list(metric.compute()))
        metric.update((SCORES, CLASSES + 1))  # one of them is out of range
        with pytest.raises(ArgumentError, match=r"must be in \[0, 3\), got 1 samples outside"):
            metric.compute()
        with pytest.raises(ArgumentError, match="StatScores: the number of classes must be the"):
            metric.update((torch.eye(5), torch.arange(5)))
    assert results[0] == results[1]


class TestNaN:
    """Scores that are no numbers are refused where values are checked."""

    @pytest.mark.parametrize("has_numpy", [True, False])
    @pytest.mark.parametrize("make", [Accuracy, Precision, ConfusionMatrix])
    def test_scores_of_classes(
        self, monkeypatch: pytest.MonkeyPatch, make: Make, *, has_numpy: bool
    ) -> None:
        monkeypatch.setattr("firesteel.metrics._functional._counts.has_numpy", has_numpy)
        scores = SCORES.clone()
        scores[1, 2] = math.nan
        shape = re.escape(str(list(SCORES.shape)))
        message = (
            rf"{make.__name__}: predictions must be numbers, got NaN for 1 of {len(CLASSES)} "
            rf"targets, predictions of shape {shape}"
        )
        with pytest.raises(ArgumentError, match=message):
            make().update((scores, CLASSES))
        make(validate="never").update((scores, CLASSES))
        make(ignore_index=int(CLASSES[1])).update((scores, CLASSES))
        metric = make()
        metric.update((SCORES, CLASSES))
        metric.update((scores, CLASSES))  # only the first is looked at
        metric = make(validate="always")
        metric.update((SCORES, CLASSES))
        with pytest.raises(ArgumentError, match=message):
            metric.update((scores, CLASSES))

    def test_answers_and_labels(self) -> None:
        answers = torch.tensor([0.2, math.nan])
        with pytest.raises(ArgumentError, match="Precision: predictions must be numbers, got NaN"):
            Precision().update((answers, torch.tensor([0, 1])))
        labels = torch.stack((answers, answers))
        with pytest.raises(ArgumentError, match="got NaN for 2 of 4 targets"):
            of_labels().update((labels, torch.ones(2, 2).long()))


class TestOptions:
    @each
    def test_the_number_of_classes_is_that_of_the_scores(self, make: Make) -> None:
        with pytest.raises(ArgumentError, match="num_classes must be the number of scores, 3, got"):
            make(num_classes=4).update((SCORES, CLASSES))

    @each
    def test_numbers_are_numbers(self, make: Make) -> None:
        with pytest.raises(ArgumentTypeError, match="threshold must be a number"):
            make(threshold="0.5")
        with pytest.raises(ArgumentError, match="threshold must be a number, got nan"):
            make(threshold=math.nan)
        with pytest.raises(ArgumentTypeError, match="ignore_index must be a whole number"):
            make(ignore_index=1.5)

    @each
    def test_top_k_is_at_least_one(self, make: Make) -> None:
        with pytest.raises(ArgumentError, match=f"{make.__name__}: top_k must be at least 1, got"):
            make(top_k=0)

    @each
    def test_there_are_two_classes_at_least(self, make: Make) -> None:
        with pytest.raises(ArgumentError, match=f"{make.__name__}: num_classes must be at least 2"):
            make(num_classes=1)

    @each
    def test_checks_have_a_name(self, make: Make) -> None:
        message = f"{make.__name__}: validate must be one of 'first', 'always', 'never', got 'no'"
        with pytest.raises(ArgumentError, match=message):
            make(validate="no")

    def test_labels_have_no_best(self) -> None:
        with pytest.raises(ArgumentError, match="top_k must be 1 where is_multilabel=True, got 2"):
            Precision(is_multilabel=True, top_k=2)

    @pytest.mark.parametrize(
        ("top_k", "matrix"),
        [
            (1, [[1, 1, 0], [0, 1, 0], [0, 0, 1]]),
            (2, [[2, 0, 0], [0, 1, 0], [0, 0, 1]]),
        ],
    )
    def test_a_true_class_among_the_best_is_the_predicted_one(
        self, top_k: int, matrix: list[list[int]]
    ) -> None:
        metric = ConfusionMatrix(top_k=top_k)
        metric.update((SCORES, CLASSES))
        assert metric.compute().tolist() == matrix

    def test_one_column_is_a_yes_or_no(self) -> None:
        metric = Precision()
        metric.update((torch.tensor([[0.9], [0.8]]), torch.tensor([1, 0])))
        assert metric.compute().item() == 0.5

    def test_indices_without_a_number_of_classes_are_refused(self) -> None:
        with pytest.raises(ArgumentError, match=r"Precision: .* must be 0 or 1, got 2 outside"):
            Precision().update((torch.tensor([0, 2]), torch.tensor([2, 1])))

    def test_numbers_between_are_no_indices(self) -> None:
        with pytest.raises(ArgumentTypeError, match="Precision: predictions must be whole numbers"):
            Precision(num_classes=3).update((torch.tensor([0.5, 2]), torch.tensor([2, 1])))

    def test_scores_are_held_to_the_number_of_classes(self) -> None:
        message = "ConfusionMatrix: num_classes must be the number of scores, 3, got 5"
        with pytest.raises(ArgumentError, match=message):
            ConfusionMatrix(num_classes=5).update((SCORES, CLASSES))

    def test_counts_are_kept_where_they_should_be(self) -> None:
        metric = StatScores(device="cpu")
        metric.update((SCORES, CLASSES))
        assert metric.device == torch.device("cpu")
        assert metric.compute().device.type == "cpu"


class TestChecks:
    OUTSIDE: Final = SCORES, torch.tensor([1, 0, 3, 5])

    @each
    def test_the_first_update_is_checked_before_it_counts(self, make: Make) -> None:
        metric = make()
        message = rf"{make.__name__}: predictions and targets must be in \[0, 3\), got 2 outside"
        with pytest.raises(ArgumentError, match=message):
            metric.update(self.OUTSIDE)
        with pytest.raises(NotComputableError):
            metric.compute()

    @each
    def test_always_is_each_and_leaves_the_counts_as_they_were(self, make: Make) -> None:
        metric, other = make(validate="always"), make()
        for one in (metric, other):
            one.update((SCORES, CLASSES))
        with pytest.raises(ArgumentError, match=r"got 2 outside"):
            metric.update(self.OUTSIDE)
        torch.testing.assert_close(
            torch.as_tensor(metric.compute()), torch.as_tensor(other.compute())
        )

    @pytest.mark.parametrize("make", [Precision, ConfusionMatrix])
    def test_what_was_not_checked_is_found_in_the_end(self, make: Make) -> None:
        metric = make(validate="never")
        metric.update(self.OUTSIDE)
        message = rf"{make.__name__}: .* must be in \[0, 3\), got 2 samples outside"
        with pytest.raises(ArgumentError, match=message):
            metric.compute()

    def test_of_labels_too(self) -> None:
        metric = Precision(is_multilabel=True, validate="never")
        metric.update((LABELS, LABELS * 2))
        message = r"Precision: predictions and targets must be 0 or 1, got .* samples outside"
        with pytest.raises(ArgumentError, match=message):
            metric.compute()

    @each
    def test_shapes_that_do_not_fit_are_refused_by_name(self, make: Make) -> None:
        with pytest.raises(ArgumentError, match=rf"{make.__name__}: shapes .* \[4, 3\] and \[3\]"):
            make().update((SCORES, CLASSES[:3]))


class TestState:
    @pytest.mark.parametrize("make", [Precision, ConfusionMatrix])
    def test_there_are_as_many_classes_in_all_batches(self, make: Make) -> None:
        metric = make()
        metric.update((SCORES, CLASSES))
        message = f"{make.__name__}: the number of classes must be the same in all batches"
        with pytest.raises(ArgumentError, match=message):
            metric.update((SCORES[:2, :2], CLASSES[:2]))
        assert metric.compute().shape[0] == 3

    @each
    def test_nothing_seen_is_no_result(self, make: Make) -> None:
        metric = make()
        for _ in range(2):
            with pytest.raises(NotComputableError) as caught:
                metric.compute()
            assert str(caught.value) == f"{make.__name__}: needs at least one sample"
            metric.update((torch.zeros(0, 3), torch.zeros(0, dtype=torch.int64)))

    @each
    def test_all_ignored_is_nothing_seen(self, make: Make) -> None:
        metric = make(ignore_index=1)
        metric.update((SCORES, torch.ones_like(CLASSES)))
        with pytest.raises(NotComputableError):
            metric.compute()

    @each
    @pytest.mark.parametrize("ignore_index", [None, 1])
    def test_a_state_is_loaded_and_gone_on_with(self, make: Make, ignore_index: int | None) -> None:
        saved, loaded, both = (make(ignore_index=ignore_index) for _ in range(3))
        saved.update((SCORES, CLASSES))
        loaded.load_state_dict(saved.state_dict())
        loaded.update((SCORES[:1], CLASSES[:1]))
        both.update((torch.cat((SCORES, SCORES[:1])), torch.cat((CLASSES, CLASSES[:1]))))
        torch.testing.assert_close(
            torch.as_tensor(loaded.compute()), torch.as_tensor(both.compute())
        )

    @each
    def test_a_result_is_of_what_was_loaded(self, make: Make) -> None:
        metric, other = make(), make()
        metric.update((SCORES, CLASSES))
        other.update((SCORES[:2], CLASSES[:2]))
        metric.compute()
        metric.load_state_dict(other.state_dict())
        torch.testing.assert_close(
            torch.as_tensor(metric.compute()), torch.as_tensor(other.compute())
        )

    @each
    def test_inputs_stay_as_they_are_and_no_graph_is_kept(self, make: Make) -> None:
        metric, scores = make(), SCORES.clone().requires_grad_()
        metric.update((scores * 1, CLASSES))
        assert torch.equal(scores, SCORES)
        held = metric.state_dict().values()
        assert not any(isinstance(value, Tensor) and value.requires_grad for value in held)

    def test_a_result_follows_what_is_seen_afterwards(self) -> None:
        metric = Precision()
        metric.update((SCORES, CLASSES))
        first = metric.compute()
        metric.update((SCORES[2:3], CLASSES[2:3]))
        assert first.tolist() == [1.0, 0.5, 1.0]
        assert metric.compute().tolist() == [1.0, 1 / 3, 1.0]
