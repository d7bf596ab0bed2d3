"""Calibration error and Brier score over several batches are those of all samples."""

from typing import Final, Literal

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.metrics.curves.cases import SKLEARN, fed
from torch import Tensor
from torchmetrics.functional.classification import (
    binary_calibration_error,
    multiclass_calibration_error,
)

from firesteel import Engine
from firesteel.errors import ArgumentError, ArgumentTypeError
from firesteel.metrics import BrierScore, CalibrationError, PredTarget

Norm = Literal["l1", "l2", "max"]
NORMS: Final[tuple[Norm, ...]] = ("l1", "l2", "max")
SIZES: Final = st.lists(st.integers(0, 12), min_size=1, max_size=4)


def drawn(num: int, seed: int, *, has_classes: bool) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    scores = torch.rand(num, 3, generator=generator, dtype=torch.float64).softmax(1)
    if has_classes:
        return scores, torch.randint(0, 3, (num,), generator=generator)
    return scores[:, 0].clone(), torch.randint(0, 2, (num,), generator=generator)


@settings(deadline=None)
@given(
    seed=st.integers(0, 2**16),
    sizes=SIZES,
    norm=st.sampled_from(NORMS),
    num_bins=st.sampled_from([1, 4, 15]),
    has_classes=st.booleans(),
)
def test_calibration_error_is_that_of_torchmetrics(
    seed: int, sizes: list[int], norm: Norm, num_bins: int, has_classes: bool
) -> None:
    scores, target = drawn(sum(sizes) + 1, seed, has_classes=has_classes)
    error = CalibrationError(num_bins=num_bins, norm=norm)
    fed(scores, target, [1, *sizes], error)
    if has_classes:
        expected = multiclass_calibration_error(scores, target, 3, n_bins=num_bins, norm=norm)
    else:
        expected = binary_calibration_error(scores, target, n_bins=num_bins, norm=norm)
    assert error.compute() == pytest.approx(float(expected), abs=1e-6)  # it adds up in float32


@settings(deadline=None)
@given(seed=st.integers(0, 2**16), sizes=SIZES, has_classes=st.booleans())
def test_brier_score_is_that_of_scikit_learn(
    seed: int, sizes: list[int], has_classes: bool
) -> None:
    scores, target = drawn(sum(sizes) + 1, seed, has_classes=has_classes)
    score = BrierScore()
    fed(scores, target, [1, *sizes], score)
    if has_classes:
        options = {"labels": [0, 1, 2], "scale_by_half": False}
        expected = SKLEARN.brier_score_loss(target.numpy(), scores.numpy(), **options)
    else:
        expected = SKLEARN.brier_score_loss(target.numpy(), scores.numpy())
    assert score.compute() == pytest.approx(expected, rel=1e-12)


def test_other_norms_share_the_sums() -> None:
    def give(engine: Engine[PredTarget, PredTarget], batch: PredTarget) -> PredTarget:
        return batch

    evaluator = Engine(give)
    metrics = [CalibrationError(norm=norm) for norm in NORMS]
    keys = [
        metric.attach(evaluator, metric_name)
        for metric, metric_name in zip(metrics, NORMS, strict=True)
    ]
    found = evaluator.run([drawn(9, 0, has_classes=True)]).metrics
    assert len({id(metric.statistic) for metric in metrics}) == 1
    assert len({found[key] for key in keys}) == 3


@pytest.mark.parametrize("kind", [BrierScore, CalibrationError])
def test_a_single_column_counts_as_none(kind: type[BrierScore | CalibrationError]) -> None:
    scores, target = drawn(9, 0, has_classes=False)
    column, plain = kind(), kind()
    column.update((scores[:, None], target))
    plain.update((scores, target))
    assert column.compute() == plain.compute()


@pytest.mark.parametrize("kind", [BrierScore, CalibrationError])
@pytest.mark.parametrize(
    ("value", "match"),
    [
        ((torch.rand(3), torch.ones(2)), "scores and target must have one shape"),
        ((torch.rand(3, 2), torch.ones(2)), "shapes of scores and target must be"),
        ((torch.rand(3) + 1, torch.ones(3)), r"scores must be in \[0, 1\], got numbers from"),
        ((torch.rand(3) * torch.nan, torch.ones(3)), r"scores must be in \[0, 1\], got numbers"),
        ((torch.rand(3), torch.ones(3) + 1), "target must be 0 or 1, got numbers from 2 to 2"),
        ((torch.rand(1, 2), torch.tensor([2])), r"target must be in \[0, 2\)"),
    ],
)
def test_what_does_not_fit_is_refused(
    kind: type[BrierScore | CalibrationError], value: PredTarget, match: str
) -> None:
    with pytest.raises(ArgumentError, match=f"^{kind.__name__}: {match}"):
        kind().update(value)


@pytest.mark.parametrize("kind", [BrierScore, CalibrationError])
def test_whole_scores_are_refused(kind: type[BrierScore | CalibrationError]) -> None:
    with pytest.raises(ArgumentTypeError, match=f"^{kind.__name__}: dtype of scores must be a fl"):
        kind().update((torch.tensor([0, 1]), torch.tensor([0, 1])))


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(ArgumentError, match="CalibrationError: num_bins must be at least 1, got 0"):
        CalibrationError(num_bins=0)
    untyped: type = CalibrationError
    with pytest.raises(ArgumentError, match="CalibrationError: norm must be one of"):
        untyped(norm="l3")
