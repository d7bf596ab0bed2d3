"""The rates of a range test, and where its losses fall most."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

# not public, but functions of values
from firesteel.handlers._lr_range import StepMode, rate, smoothed, steepest


class TestRates:
    def test_of_a_geometric_series(self) -> None:
        rates = [rate(n, start=1e-3, end=10, num_iter=5, step_mode="exp") for n in range(1, 6)]
        assert rates == pytest.approx([1e-3, 1e-2, 1e-1, 1, 10])

    def test_of_an_arithmetic_series(self) -> None:
        rates = [rate(n, start=1, end=9, num_iter=5, step_mode="linear") for n in range(1, 6)]
        assert rates == [1, 3, 5, 7, 9]

    @given(
        start=st.floats(1e-8, 1.0),
        factor=st.floats(1.001, 1e6),
        num_iter=st.integers(2, 200),
        mode=st.sampled_from(["exp", "linear"]),
    )
    def test_rise_from_the_first_to_the_last(
        self, start: float, factor: float, num_iter: int, mode: StepMode
    ) -> None:
        end = start * factor
        rates = [
            rate(n, start=start, end=end, num_iter=num_iter, step_mode=mode)
            for n in range(1, num_iter + 1)
        ]
        assert rates[0] == start
        assert rates[-1] == end
        assert sorted(rates) == rates

    def test_of_one_iteration_is_the_first(self) -> None:
        assert rate(1, start=0.5, end=9, num_iter=1, step_mode="exp") == 0.5


class TestSmoothing:
    def test_weighs_the_new_loss(self) -> None:
        assert smoothed(4.0, 2.0, 0.25) == 2.5

    def test_of_the_first_loss_or_without_weight_is_none(self) -> None:
        assert smoothed(4.0, None, 0.25) == 4
        assert smoothed(4.0, 2.0, 0) == 4


class TestTheSteepestPlace:
    def test_lies_before_the_lowest(self) -> None:
        assert steepest([9, 9, 5, 4.5, 4, 1, 9, 0.9, 9]) == 2
        assert steepest([9, 8, 3, 2, 90, 10, 80]) == 1

    def test_is_the_first_of_equal_ones(self) -> None:
        assert steepest([4, 3, 2, 1]) == 1

    @pytest.mark.parametrize("losses", [[], [1], [2, 1], [1, 2, 3], [3, 1, 2]])
    def test_is_none_where_too_few_lead_there(self, losses: list[float]) -> None:
        assert steepest(losses) is None

    @given(losses=st.lists(st.floats(0, 10), max_size=30))
    def test_has_no_steeper_one_before_the_lowest(self, losses: list[float]) -> None:
        place = steepest(losses)
        if place is None:
            assert not losses or losses.index(min(losses)) < 2
        else:
            lowest = losses.index(min(losses))
            assert 0 < place < lowest
            slopes = [losses[n + 1] - losses[n - 1] for n in range(1, lowest)]
            assert math.isclose(losses[place + 1] - losses[place - 1], min(slopes))
