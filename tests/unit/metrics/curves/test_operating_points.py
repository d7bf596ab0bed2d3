"""The best point of a curve, over several batches."""

import math
from collections.abc import Callable
from typing import Final

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.metrics.curves.cases import fed
from torch import Tensor

from firesteel import Engine
from firesteel.errors import ArgumentError
from firesteel.metrics import (
    Metric,
    OperatingPoint,
    PrecisionAtFixedRecall,
    PredTarget,
    RecallAtFixedPrecision,
    SensitivityAtSpecificity,
    SpecificityAtSensitivity,
)
from firesteel.metrics._functional._operating_points import (
    CurvePoint,
    precision_at_fixed_recall,
    recall_at_fixed_precision,
    sensitivity_at_specificity,
    specificity_at_sensitivity,
)

Make = Callable[[float], Metric[PredTarget, OperatingPoint, PredTarget]]
Function = Callable[[Tensor, Tensor, float], CurvePoint]

KINDS: Final[list[tuple[Make, Function]]] = [
    (
        lambda least: RecallAtFixedPrecision(min_precision=least),
        lambda s, t, least: recall_at_fixed_precision(s, t, min_precision=least),
    ),
    (
        lambda least: PrecisionAtFixedRecall(min_recall=least),
        lambda s, t, least: precision_at_fixed_recall(s, t, min_recall=least),
    ),
    (
        lambda least: SensitivityAtSpecificity(min_specificity=least),
        lambda s, t, least: sensitivity_at_specificity(s, t, min_specificity=least),
    ),
    (
        lambda least: SpecificityAtSensitivity(min_sensitivity=least),
        lambda s, t, least: specificity_at_sensitivity(s, t, min_sensitivity=least),
    ),
]
each = pytest.mark.parametrize(("make", "function"), KINDS)


@each
@settings(deadline=None)
@given(
    seed=st.integers(0, 2**16),
    sizes=st.lists(st.integers(0, 12), min_size=1, max_size=4),
    least=st.sampled_from([0.0, 0.3, 0.5, 0.9, 1.0]),
)
def test_it_is_that_of_all_samples(
    make: Make, function: Function, seed: int, sizes: list[int], least: float
) -> None:
    generator = torch.Generator().manual_seed(seed)
    num = sum(sizes) + 1
    scores = torch.randint(0, 7, (num,), generator=generator) / 6
    target = torch.randint(0, 2, (num,), generator=generator)
    metric = make(least)
    fed(scores, target, [1, *sizes], metric)
    expected = function(scores, target, least)
    ours = metric.compute()
    assert type(ours.value) is type(ours.threshold) is float
    assert repr(ours) == repr(OperatingPoint(expected.value.item(), expected.threshold.item()))


@each
@pytest.mark.parametrize("least", [-0.1, 1.1, math.nan])
def test_conditions_out_of_range_are_refused(make: Make, function: Function, least: float) -> None:
    with pytest.raises(ArgumentError, match=r"^\w+At\w+: min_\w+ must be in \[0, 1\], got"):
        make(least)


def test_its_value_alone_can_be_attached() -> None:
    def give(engine: Engine[PredTarget, PredTarget], batch: PredTarget) -> PredTarget:
        return batch

    evaluator = Engine(give)
    recall = RecallAtFixedPrecision(min_precision=0.9).map(lambda point: point.value)
    key = recall.attach(evaluator, "recall")
    scores, target = torch.tensor([0.25, 0.5, 0.375, 0.75]), torch.tensor([0, 0, 1, 1])
    assert evaluator.run([(scores, target)]).metrics[key] == 0.5
