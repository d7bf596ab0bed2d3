"""Mean average precision over several batches is the functional form's over all samples."""

from typing import Final, Literal

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.metrics.curves.cases import fed
from torch import Tensor

from firesteel.errors import ArgumentError
from firesteel.metrics import MeanAveragePrecision
from firesteel.metrics._functional._mean_average_precision import mean_average_precision

SIZES: Final = st.lists(st.integers(0, 12), min_size=1, max_size=4)
Kind = Literal["binary", "classes", "labels"]


def drawn(kind: Kind, num: int, seed: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    shape = (num,) if kind == "binary" else (num, 3)
    scores = torch.randint(0, 7, shape, generator=generator).double() / 6
    if kind == "classes":
        return scores, torch.randint(0, 3, (num,), generator=generator)
    return scores, torch.randint(0, 2, shape, generator=generator)


@settings(deadline=None)
@given(
    kind=st.sampled_from(["binary", "classes", "labels"]),
    class_mean=st.sampled_from(["micro", "macro", "weighted"]),
    rec_thresholds=st.sampled_from([None, (0.5,), (0.9, 0.1, 0.4), (0.0, 1.0)]),
    sizes=SIZES,
    seed=st.integers(0, 2**16),
)
def test_it_is_that_of_all_samples(
    kind: Kind,
    class_mean: Literal["micro", "macro", "weighted"],
    rec_thresholds: tuple[float, ...] | None,
    sizes: list[int],
    seed: int,
) -> None:
    scores, target = drawn(kind, sum(sizes) + 1, seed)
    is_multilabel = kind == "labels"
    number = MeanAveragePrecision(
        rec_thresholds=rec_thresholds, class_mean=class_mean, is_multilabel=is_multilabel
    )
    each = MeanAveragePrecision(
        rec_thresholds=None
        if rec_thresholds is None
        else torch.tensor(rec_thresholds, dtype=torch.float64),
        class_mean=None,
        is_multilabel=is_multilabel,
    )
    fed(scores, target, [1, *sizes], number, each)
    expected = mean_average_precision(
        scores,
        target,
        rec_thresholds=rec_thresholds,
        class_mean=class_mean,
        is_multilabel=is_multilabel,
    )
    assert number.compute() == pytest.approx(float(expected), rel=1e-12)
    values = mean_average_precision(
        scores, target, rec_thresholds=rec_thresholds, class_mean=None, is_multilabel=is_multilabel
    )
    torch.testing.assert_close(each.compute(), values, rtol=1e-12, atol=0)
    assert each.compute().shape == (() if kind == "binary" else (3,))


def test_one_curve_and_classes_do_not_mix() -> None:
    metric = MeanAveragePrecision()
    metric.update(drawn("binary", 4, 0))
    with pytest.raises(ArgumentError, match="MeanAveragePrecision: the number of classes must be"):
        metric.update(drawn("classes", 4, 0))


def test_options_out_of_range_are_refused_when_it_is_made() -> None:
    with pytest.raises(ArgumentError, match=r"rec_thresholds must be in \[0, 1\], got"):
        MeanAveragePrecision(rec_thresholds=[0.5, 1.5])
    untyped: type = MeanAveragePrecision
    with pytest.raises(ArgumentError, match="MeanAveragePrecision: class_mean must be one of"):
        untyped(class_mean="mean")
