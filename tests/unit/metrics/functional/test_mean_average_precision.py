"""Mean average precision, against ignite, scikit-learn and a loop over recall thresholds."""

import math
from importlib import import_module
from types import ModuleType
from typing import Final, Literal, TypeAlias

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from firesteel.errors import ArgumentError, ArgumentTypeError, NotComputableError
from firesteel.metrics._functional._mean_average_precision import mean_average_precision
from firesteel.metrics._functional._precision_recall import binary_precision_recall_curve

# ignite uses what torch has deprecated since: torch.jit, and a list of slices as an index
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Using a non-tuple sequence:UserWarning"),
]

UNTYPED: Final = import_module(mean_average_precision.__module__)
SEEDS: Final = st.integers(0, 2**16)
SIZES: Final = st.integers(1, 40)
LEVELS: Final = st.sampled_from([1, 2, 5, 1000])
FLOATS: Final = st.sampled_from([torch.float16, torch.bfloat16, torch.float32, torch.float64])
MEANS: Final = st.sampled_from((None, "micro", "macro", "weighted"))
Mean: TypeAlias = Literal["micro", "macro", "weighted"] | None
RECALLS: Final = st.lists(
    st.one_of(st.floats(0, 1), st.integers(0, 10).map(lambda tenths: tenths / 10)), min_size=1
)
EIGHTHS: Final = st.lists(st.integers(0, 8).map(lambda eighths: eighths / 8), min_size=1)
"""Recalls that float32, in which ignite keeps them, holds exactly."""


@pytest.fixture(scope="module", name="ignite")
def import_ignite() -> ModuleType:
    return import_module("ignite.metrics")


def random_ints(high: int, *shape: int, seed: int) -> Tensor:
    return torch.randint(0, high, shape, generator=torch.Generator().manual_seed(seed))


def random_scores(*shape: int, levels: int, dtype: torch.dtype, seed: int) -> Tensor:
    return (0.37 * (random_ints(levels, *shape, seed=seed) - levels // 2)).to(dtype)


def at_recalls(scores: Tensor, target: Tensor, recalls: list[float]) -> float:
    """Look for the precision at each recall, from the highest score down."""
    if not target.any():
        return 0.0
    curve = binary_precision_recall_curve(scores, target)
    points = list(zip(curve.recall[:-1].flip(0), curve.precision[:-1].flip(0), strict=True))
    total, before = 0.0, 0.0
    for theta in sorted(recalls):
        total += (theta - before) * next(float(p) for r, p in points if float(r) >= theta)
        before = theta
    return total


@settings(deadline=None)
@given(size=SIZES, levels=LEVELS, dtype=FLOATS, recalls=RECALLS, seed=SEEDS)
def test_each_recall_gets_its_first_precision(
    *, size: int, levels: int, dtype: torch.dtype, recalls: list[float], seed: int
) -> None:
    scores = random_scores(size, 4, levels=levels, dtype=dtype, seed=seed)
    target = random_ints(4, size, seed=seed + 1)
    hits = [(target == index).long() for index in range(4)]
    expected = [at_recalls(scores[:, index], hit, recalls) for index, hit in enumerate(hits)]
    ours = mean_average_precision(scores, target, rec_thresholds=recalls, class_mean=None)
    assert [float(value) for value in ours] == pytest.approx(expected, rel=1e-12, abs=1e-15)
    binary = mean_average_precision(scores[:, 1], hits[1], rec_thresholds=recalls)
    assert float(binary) == pytest.approx(expected[1], rel=1e-12, abs=1e-15)
    assert binary.dtype == torch.float64


@settings(deadline=None)
@given(size=SIZES, levels=LEVELS, mean=MEANS, recalls=st.none() | EIGHTHS, seed=SEEDS)
def test_labels_are_as_in_ignite(
    ignite: ModuleType,
    *,
    size: int,
    levels: int,
    mean: Mean,
    recalls: list[float] | None,
    seed: int,
) -> None:
    scores = random_scores(size, 3, levels=levels, dtype=torch.float64, seed=seed)
    target = random_ints(2, size, 3, seed=seed + 1)
    metric = ignite.MeanAveragePrecision(
        rec_thresholds=recalls, class_mean=mean, is_multilabel=True
    )
    metric.update((scores, target))
    if mean == "weighted" and not target.any():
        return  # ignite divides 0 by 0; here it is 0
    expected = torch.as_tensor(metric.compute(), dtype=torch.float64)
    ours = mean_average_precision(
        scores, target, rec_thresholds=recalls, class_mean=mean, is_multilabel=True
    )
    torch.testing.assert_close(ours, expected, rtol=1e-9, atol=1e-12)


@settings(deadline=None)
@given(size=SIZES, levels=LEVELS, mean=MEANS, recalls=st.none() | EIGHTHS, seed=SEEDS)
def test_classes_are_as_in_ignite(
    ignite: ModuleType,
    *,
    size: int,
    levels: int,
    mean: Mean,
    recalls: list[float] | None,
    seed: int,
) -> None:
    scores = random_scores(size, 3, 2, levels=levels, dtype=torch.float64, seed=seed)
    target = random_ints(3, size, 2, seed=seed + 1)
    metric = ignite.MeanAveragePrecision(rec_thresholds=recalls, class_mean=mean)
    metric.update((scores, target))
    expected = torch.as_tensor(metric.compute(), dtype=torch.float64)
    ours = mean_average_precision(scores, target, rec_thresholds=recalls, class_mean=mean)
    torch.testing.assert_close(ours, expected, rtol=1e-9, atol=1e-12)


@settings(deadline=None)
@given(size=SIZES, levels=LEVELS, mean=MEANS, seed=SEEDS)
def test_one_class_has_no_mean(size: int, levels: int, mean: Mean, seed: int) -> None:
    scores = random_scores(size, levels=levels, dtype=torch.float32, seed=seed)
    target = random_ints(2, size, seed=seed + 1)
    if target.any():
        sklearn = import_module("sklearn.metrics")
        expected = float(sklearn.average_precision_score(target.numpy(), scores.numpy()))
    else:
        expected = 0.0
    ours = mean_average_precision(scores, target, class_mean=mean)
    assert ours.shape == ()
    assert float(ours) == pytest.approx(expected, rel=1e-12)


def test_a_class_without_positives_is_0_and_counts() -> None:
    scores, target = torch.tensor([[0.9, 0.1], [0.8, 0.2]]), torch.tensor([0, 0])
    for recalls in (None, [0.5, 1.0]):
        values = mean_average_precision(scores, target, rec_thresholds=recalls, class_mean=None)
        assert values.tolist() == [1, 0]
        assert float(mean_average_precision(scores, target, rec_thresholds=recalls)) == 0.5
    labels = torch.zeros(2, 2)
    assert (
        float(mean_average_precision(scores, labels, class_mean="weighted", is_multilabel=True))
        == 0
    )


def test_a_recall_of_0_contributes_nothing() -> None:
    scores, target = torch.tensor([0.9, 0.8]), torch.tensor([1, 0])
    assert float(mean_average_precision(scores, target, rec_thresholds=[0.0])) == 0


@pytest.mark.parametrize(("hits", "positives"), [(7, 25), (15, 29), (1, 3), (4, 6), (6, 6)])
def test_a_recall_is_reached_by_the_positives_that_divide_to_it(hits: int, positives: int) -> None:
    # a negative follows each positive, so that each recall has a precision of its own
    scores, target = -torch.arange(2.0 * positives), torch.arange(2 * positives) % 2 == 0
    reached = hits / positives
    ours = mean_average_precision(scores, target, rec_thresholds=[reached])
    assert float(ours) == pytest.approx(reached * hits / (2 * hits - 1), rel=1e-12)
    if hits < positives:
        above = math.nextafter(reached, 1)
        ours = mean_average_precision(scores, target, rec_thresholds=[above])
        assert float(ours) == pytest.approx(above * (hits + 1) / (2 * hits + 1), rel=1e-12)


def test_recall_thresholds_may_be_a_tensor_in_any_order() -> None:
    scores, target = torch.tensor([0.9, 0.8, 0.7, 0.6]), torch.tensor([0, 1, 0, 1])
    recalls = [1.0, 0.25, 0.5]
    of_list = mean_average_precision(scores, target, rec_thresholds=recalls)
    of_tensor = mean_average_precision(
        scores, target, rec_thresholds=torch.tensor(recalls, requires_grad=True)
    )
    assert float(of_list) == float(of_tensor) == 0.5


def test_many_scores_are_counted_exactly() -> None:
    scores = torch.arange(2_000_000, dtype=torch.float32)
    target = (torch.arange(2_000_000) % 2).bool()
    # every second one from the highest on is positive: k of 2k - 1
    count = torch.arange(1, 1_000_001).double()
    expected = float((count / (2 * count - 1)).mean())
    ours = mean_average_precision(scores, target)
    assert float(ours) == pytest.approx(expected, rel=1e-12)


def test_arguments_are_checked() -> None:
    scores, target = torch.tensor([[0.5, 0.25], [0.3, 0.6]]), torch.tensor([1, 0])
    where = "mean_average_precision: "
    with pytest.raises(ArgumentError, match=where + r"scores and target must have one shape"):
        mean_average_precision(scores[0], target[:1])
    with pytest.raises(ArgumentError, match=r"\(batch, classes, ...\) and \(batch, ...\)"):
        mean_average_precision(scores, target[:1])
    with pytest.raises(ArgumentError, match=r"\(batch, labels, ...\), twice"):
        mean_average_precision(scores, target, is_multilabel=True)
    with pytest.raises(ArgumentError, match=r"target must be in \[0, 2\), got numbers from 1 to 2"):
        mean_average_precision(scores, target + 1)
    with pytest.raises(ArgumentError, match=r"target must be 0 or 1, got numbers from 0 to 2"):
        mean_average_precision(scores[0], 2 * target)
    with pytest.raises(ArgumentError, match=r"scores must be numbers, got NaN"):
        mean_average_precision(scores * torch.nan, target)
    with pytest.raises(ArgumentTypeError, match=r"a floating point one, got torch.int64"):
        mean_average_precision(scores.long(), target)
    with pytest.raises(ArgumentTypeError, match=r"a whole number's, got torch.float32"):
        mean_average_precision(scores, target.float())
    with pytest.raises(NotComputableError, match=where + "needs at least one sample"):
        mean_average_precision(scores[:0], target[:0])
    for shape in ((1, 2), (0,), ()):
        with pytest.raises(ArgumentError, match=r"must have one axis, not of size 0, got shape \["):
            mean_average_precision(scores, target, rec_thresholds=torch.zeros(shape))
    for wrong in ([0.5, 1.5], [-0.5], [float("nan")]):
        with pytest.raises(
            ArgumentError, match=r"rec_thresholds must be in \[0, 1\], got numbers from"
        ):
            mean_average_precision(scores, target, rec_thresholds=wrong)
    with pytest.raises(ArgumentTypeError, match=r"a tensor or a sequence, got \{0.5\}"):
        UNTYPED.mean_average_precision(scores, target, rec_thresholds={0.5})
    with pytest.raises(ArgumentError, match=r"class_mean must be one of"):
        UNTYPED.mean_average_precision(scores, target, class_mean="samples")
