"""Checks of options: what passes, and how a refusal is worded."""

import doctest
import math

import pytest

from firesteel._require import one_of
from firesteel.errors import ArgumentError
from firesteel.metrics import _validation
from firesteel.metrics._validation import VALIDATIONS, above_zero


def test_what_is_allowed_passes() -> None:
    for word in VALIDATIONS:
        one_of("Metric", "validate", word, VALIDATIONS)
    one_of("Metric", "average", None, (None, "macro"))
    above_zero("Metric", "beta", 1e-9)


def test_what_is_not_is_refused_in_words() -> None:
    message = "^Metric: validate must be one of 'first', 'always', 'never', got 'last'$"
    with pytest.raises(ArgumentError, match=message):
        one_of("Metric", "validate", "last", VALIDATIONS)


@pytest.mark.parametrize("value", [0.0, -1.0, math.inf, math.nan])
def test_what_is_not_above_zero_is_refused(value: float) -> None:
    with pytest.raises(ArgumentError, match=r"^Metric: beta must be above 0 and finite, got"):
        above_zero("Metric", "beta", value)


def test_the_examples_run() -> None:
    results = doctest.testmod(_validation)
    assert results.attempted == 1
    assert results.failed == 0
