"""All pairs, kept once for all metrics that need them."""

from typing import Any, Final

import pytest
import torch

from firesteel import Engine
from firesteel.errors import ArgumentError, StateDictError
from firesteel.metrics import PredTarget
from firesteel.metrics.regression import (
    GeometricMeanRelativeAbsoluteError,
    KendallRankCorrelation,
    MedianAbsoluteError,
    MedianRelativeAbsoluteError,
    SpearmanRankCorrelation,
)
from firesteel.metrics.regression._all_pairs import AllPairs

PAIR: Final = torch.tensor([1.0, 2.0, 4.0]), torch.tensor([1.5, 1.0, 6.0])


def give(engine: Engine[PredTarget, PredTarget], batch: PredTarget) -> PredTarget:
    return batch


def test_they_are_kept_once() -> None:
    metrics: list[Any] = [
        MedianAbsoluteError(),
        KendallRankCorrelation(variant="c"),
        SpearmanRankCorrelation(),
        MedianRelativeAbsoluteError(),
        GeometricMeanRelativeAbsoluteError(),
    ]
    evaluator = Engine(give)
    keys = [metric.attach(evaluator, str(number)) for number, metric in enumerate(metrics)]
    results = evaluator.run([PAIR, PAIR]).metrics
    assert len({id(metric.statistic) for metric in metrics}) == 1
    for metric, key in zip(metrics, keys, strict=True):
        alone = type(metric)(variant="c") if key.name == "1" else type(metric)()
        alone.update(PAIR)
        alone.update(PAIR)
        assert alone.compute() == results[key]


@pytest.mark.parametrize("metric", [KendallRankCorrelation(), SpearmanRankCorrelation()])
@pytest.mark.parametrize("shape", [(3, 1), (3, 2)])
def test_ranks_are_of_vectors(metric: Any, shape: tuple[int, ...]) -> None:
    with pytest.raises(ArgumentError) as caught:
        metric.update((torch.ones(shape), torch.ones(shape)))
    assert str(caught.value) == (
        f"{type(metric).__name__}: prediction and target must be of shape (N,), got {list(shape)}"
    )


def test_vectors_are_asked_for_where_ranks_share_with_medians() -> None:
    evaluator = Engine(give)
    MedianAbsoluteError().attach(evaluator, "median")
    KendallRankCorrelation().attach(evaluator, "tau")
    with pytest.raises(ArgumentError, match=r"^KendallRankCorrelation: .* of shape \(N,\)"):
        evaluator.run([(torch.ones(3, 2), torch.ones(3, 2))])


def test_medians_take_batches_of_any_shape() -> None:
    error = MedianAbsoluteError()
    error.update((torch.zeros(2, 2), torch.tensor([[1.0, 2.0], [3.0, 4.0]])))
    error.update((torch.zeros(1), torch.tensor([5.0])))
    assert error.compute() == 3.0


def test_they_keep_their_dtype_until_all_are_brought_together() -> None:
    pairs = AllPairs("pairs")
    pairs.update((torch.ones(2, dtype=torch.float16), torch.ones(2, dtype=torch.uint8)))
    assert [one.dtype for one in pairs.predictions + pairs.targets] == [torch.float16, torch.uint8]
    pairs.update((torch.full((1,), 0.1, dtype=torch.float64), torch.tensor([300])))
    prediction, target = pairs.pairs()
    assert prediction.tolist() == [1, 1, 0.1]
    assert target.tolist() == [1, 1, 300]


def test_those_that_were_loaded_follow_the_new_ones_to_their_device() -> None:
    pairs = AllPairs("pairs")
    pairs.update(PAIR)
    pairs.update((torch.ones(2, device="meta"), torch.ones(2, device="meta")))
    assert {one.device.type for one in pairs.predictions + pairs.targets} == {"meta"}


def test_an_expanded_batch_is_kept() -> None:
    error = MedianAbsoluteError()
    error.update((torch.zeros(1, 1).expand(3, 2), torch.ones(3, 1).expand(3, 2)))
    assert error.compute() == 1.0


def test_a_state_without_tensors_is_refused() -> None:
    with pytest.raises(StateDictError, match="'predictions' must be like a list of tensors"):
        MedianAbsoluteError().load_state_dict({"predictions": [1.0], "targets": []})
