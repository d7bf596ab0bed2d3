"""Correlation of orders: which tau."""

import pytest
import torch

from firesteel.errors import ArgumentError
from firesteel.metrics.regression import KendallRankCorrelation, SpearmanRankCorrelation


def test_another_letter_is_refused_when_a_metric_is_made() -> None:
    with pytest.raises(ArgumentError) as caught:
        KendallRankCorrelation(variant="a")  # type: ignore[call-overload]  # on purpose
    assert str(caught.value) == "KendallRankCorrelation: variant must be 'b' or 'c', got 'a'"


def test_one_sample_has_no_order() -> None:
    for metric in (KendallRankCorrelation(), SpearmanRankCorrelation()):
        metric.update((torch.ones(1), torch.ones(1)))
        assert str(metric.compute()) == "nan"
