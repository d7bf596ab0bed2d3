"""EpochMetric: a function of all predictions and targets."""

from collections.abc import Sequence
from importlib import import_module
from itertools import accumulate, pairwise
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, distributed

from firesteel.engine import Engine
from firesteel.errors import ArgumentError, ArgumentTypeError, NotComputableError
from firesteel.metrics import over_all_ranks
from firesteel.metrics._epoch_metric import EpochMetric
from firesteel.testing import RankPool


def auc(prediction: Tensor, target: Tensor) -> float:
    scikit_learn: Any = import_module("sklearn.metrics")
    return float(scikit_learn.roc_auc_score(target.numpy(), prediction.numpy()))


def shapes(prediction: Tensor, target: Tensor) -> tuple[list[int], list[int]]:
    return list(prediction.shape), list(target.shape)


def failing(prediction: Tensor, target: Tensor) -> float:
    raise LookupError("no such thing")


def data(num: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    target = torch.randint(0, 2, (num,), generator=generator)
    target[:2] = torch.tensor([0, 1])
    return torch.rand(num, generator=generator, dtype=torch.float64), target


@settings(deadline=None)
@given(sizes=st.lists(st.integers(0, 6), min_size=1, max_size=5), seed=st.integers(0, 99))
def test_it_sees_all_of_an_epoch_however_it_is_split(sizes: list[int], seed: int) -> None:
    sizes = [*sizes, 3]
    prediction, target = data(sum(sizes), seed)
    metric = EpochMetric(auc)
    for a, b in pairwise([0, *accumulate(sizes)]):
        metric.update((prediction[a:b], target[a:b]))
    assert metric.compute() == metric.compute() == auc(prediction, target)


@pytest.mark.parametrize(
    ("prediction", "target", "expected"),
    [
        ((4,), (4,), ([4], [4])),
        ((4, 1), (4, 1), ([4], [4])),
        ((4, 3), (4,), ([4, 3], [4])),
        ((1, 1), (1,), ([1], [1])),
        ((4, 3), (4, 3), ([4, 3], [4, 3])),
    ],
)
def test_an_only_column_counts_as_none(
    prediction: tuple[int, ...], target: tuple[int, ...], expected: tuple[list[int], list[int]]
) -> None:
    metric = EpochMetric(shapes)
    metric.update((torch.ones(prediction), torch.ones(target)))
    assert metric.compute() == expected


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (
            None,
            (torch.ones(2, 1, 1), torch.ones(2)),
            "predictions must have one or two axes, got shape [2, 1, 1]",
        ),
        (
            None,
            (torch.ones(2), torch.tensor(1.0)),
            "targets must have one or two axes, got shape []",
        ),
        (
            None,
            (torch.ones(2), torch.ones(3, 1)),
            "predictions and targets must be as many, got shapes [2] and [3, 1]",
        ),
        (
            (torch.ones(2), torch.ones(2)),
            (torch.ones(2).double(), torch.ones(2)),
            "predictions must be of one dtype, got torch.float64 after torch.float32",
        ),
        (
            (torch.ones(2), torch.ones(2)),
            (torch.ones(2), torch.ones(2).long()),
            "targets must be of one dtype, got torch.int64 after torch.float32",
        ),
        (
            (torch.ones(2, 3), torch.ones(2)),
            (torch.ones(2, 4), torch.ones(2)),
            "predictions must have the same columns in all batches, got shape [2, 4] after [2, 3]",
        ),
    ],
)
def test_what_does_not_fit_is_refused(
    first: tuple[Tensor, Tensor] | None, second: tuple[Tensor, Tensor], message: str
) -> None:
    metric = EpochMetric(shapes)
    if first is not None:
        metric.update(first)
    with pytest.raises(ArgumentError) as caught:
        metric.update(second)
    assert str(caught.value) == f"EpochMetric: {message}"


def test_what_cannot_be_called_is_refused() -> None:
    wrong: Any = "auc"
    with pytest.raises(ArgumentTypeError, match="compute_fn must be callable, got 'auc'"):
        EpochMetric(wrong)


def test_nothing_seen_is_nothing_to_compute() -> None:
    metric = EpochMetric(auc)
    metric.update((torch.ones(0), torch.ones(0)))
    with pytest.raises(NotComputableError, match="EpochMetric: needs at least one sample"):
        metric.compute()
    metric.update(data(3))
    metric.reset()
    with pytest.raises(NotComputableError):
        metric.compute()


def test_what_is_kept_is_no_input_and_has_no_graph() -> None:
    metric = EpochMetric(lambda prediction, target: prediction)
    buffer = torch.ones(2, requires_grad=True)
    metric.update((buffer, torch.ones(2)))
    with torch.no_grad():
        buffer.zero_()
    result = metric.compute()
    assert result.tolist() == [1.0, 1.0]
    assert not result.requires_grad
    result.zero_()
    assert metric.compute().tolist() == [1.0, 1.0]


def test_the_function_is_tried_once_where_that_is_asked_for() -> None:
    num_calls = 0

    def count(prediction: Tensor, target: Tensor) -> float:
        nonlocal num_calls
        num_calls += 1
        prediction.zero_()
        return 0.0

    metric = EpochMetric(count, check_compute_fn=True)
    metric.update(data(3))
    assert num_calls == 1
    assert metric.predictions[0].any()
    metric.update(data(3))
    metric.reset()
    metric.update(data(3))
    assert num_calls == 1


def test_a_function_that_fails_is_told_with_the_metric() -> None:
    metric = EpochMetric(failing, check_compute_fn=True)
    with pytest.raises(LookupError, match="no such thing") as caught:
        metric.update(data(3))
    note = "firesteel: raised while EpochMetric tried compute_fn on the first batch"
    assert caught.value.__notes__ == [note]
    unchecked = EpochMetric(failing)
    unchecked.update(data(3))
    with pytest.raises(LookupError):
        unchecked.compute()


def test_it_goes_on_where_another_stood_and_merges() -> None:
    one, other, whole = EpochMetric(auc), EpochMetric(auc), EpochMetric(auc)
    for metric in (one, whole):
        metric.update(data(5))
    saved = one.state_dict()
    one.predictions[0].zero_()
    other.load_state_dict(saved)
    for metric in (other, whole):
        metric.update(data(6, 1))
    assert other.compute() == whole.compute()
    third = EpochMetric(auc)
    third.update(data(4, 2))
    whole.update(data(4, 2))
    other.merge(third)
    assert other.compute() == whole.compute()


def test_attached_its_result_has_the_type_of_the_function() -> None:
    def give(engine: Engine[int, dict[str, Tensor]], batch: int) -> dict[str, Tensor]:
        prediction, target = data(batch, batch)
        return {"scores": prediction, "target": target}

    evaluator = Engine(give)
    key = evaluator.attach(EpochMetric(shapes, lambda out: (out["scores"], out["target"])), "all")
    assert evaluator.run([2, 3]).metrics[key] == ([5], [5])


def result_of_ranks(sizes: Sequence[int]) -> float:
    prediction, target = data(sum(sizes))
    start = sum(sizes[: distributed.get_rank()])
    mine = slice(start, start + sizes[distributed.get_rank()])
    metric = EpochMetric(auc)
    metric.update((prediction[mine], target[mine]))
    with over_all_ranks(metric):
        return metric.compute()


@pytest.mark.distributed
@pytest.mark.parametrize("sizes", [(3, 4, 2), (0, 7, 0), (6, 0, 1)])
def test_each_rank_computes_it_from_the_data_of_all(
    three_ranks: RankPool, sizes: Sequence[int]
) -> None:
    # in double precision, as one process would
    assert three_ranks.run(result_of_ranks, sizes) == [auc(*data(sum(sizes)))] * 3


def other_columns() -> str:
    metric = EpochMetric(shapes)
    metric.update((torch.ones(2, 3 + distributed.get_rank()), torch.ones(2)))
    with pytest.raises(ArgumentError) as caught, over_all_ranks(metric):
        metric.compute()
    return str(caught.value)


@pytest.mark.distributed
def test_columns_that_differ_between_ranks_are_refused(two_ranks: RankPool) -> None:
    for message in two_ranks.run(other_columns):
        assert message.startswith("EpochMetric: predictions must have the same columns")
