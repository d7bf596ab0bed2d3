"""Curves: the value of each index, and what is refused."""

import math
from collections.abc import Callable
from operator import itemgetter

# Any: what a type checker refuses has to get past it, to be refused when it runs
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from firesteel.errors import ArgumentError, ArgumentTypeError
from firesteel.handlers import (
    ConstantCurve,
    CosineCycleCurve,
    Curve,
    ExponentialCurve,
    InverseSquareRootCurve,
    JoinedCurve,
    LinearCycleCurve,
    MultiStepCurve,
    PiecewiseCurve,
    RampCurve,
    StepCurve,
    warmup_stable_decay,
    with_warmup,
)

FINITE = st.floats(min_value=-100, max_value=100)
MULT = st.sampled_from([0.5, 1.0, 1.2, 2.0])


def untyped(value: object) -> Any:
    return value


def identity(index: int) -> float:
    return float(index)


# ramps


def test_a_ramp_stays_at_its_end() -> None:
    curve = RampCurve(start_value=4.0, end_value=2.0, duration=2)
    assert curve.values(4) == [4.0, 3.0, 2.0, 2.0]


def test_a_cosine_ramp_is_slow_at_both_ends() -> None:
    values = RampCurve(start_value=0.0, end_value=1.0, duration=4, shape="cosine").values(6)
    expected = [(1 - math.cos(math.pi * part)) / 2 for part in (0, 0.25, 0.5, 0.75, 1, 1)]
    assert values == pytest.approx(expected, abs=1e-15)


@given(start=FINITE, end=FINITE, duration=st.integers(1, 20), index=st.integers(0, 40))
def test_a_ramp_stays_between_its_ends(start: float, end: float, duration: int, index: int) -> None:
    for curve in (
        RampCurve(start_value=start, end_value=end, duration=duration),
        RampCurve(start_value=start, end_value=end, duration=duration, shape="cosine"),
    ):
        # one rounding may lead beyond by the last digit
        assert min(start, end) - 1e-12 <= curve(index) <= max(start, end) + 1e-12
        assert curve(0) == start
        assert curve(duration) == end


def test_the_inverse_square_root_falls_to_a_half_at_three_timescales() -> None:
    curve = InverseSquareRootCurve(initial_value=0.5, timescale=100)
    assert curve(0) == 0.5
    assert curve(300) == 0.25


# what is multiplied


def test_an_exponential_curve_begins_with_its_initial_value() -> None:
    assert ExponentialCurve(initial_value=3.0, gamma=2.0).values(3) == [3.0, 6.0, 12.0]


def test_a_step_curve_holds_for_the_step_size() -> None:
    curve = StepCurve(initial_value=1.0, gamma=0.5, step_size=2)
    assert curve.values(5) == [1.0, 1.0, 0.5, 0.5, 0.25]


def test_a_milestone_that_stands_there_twice_counts_twice() -> None:
    curve = MultiStepCurve(initial_value=1.0, gamma=0.5, milestones=[1, 1, 3])
    assert curve.values(4) == [1.0, 0.25, 0.25, 0.125]


def test_milestones_are_copied() -> None:
    milestones = [1]
    curve = MultiStepCurve(initial_value=1.0, gamma=0.5, milestones=milestones)
    milestones[0] = 3
    assert curve.values(3) == [1.0, 0.5, 0.5]


# cycles


def test_a_linear_cycle_goes_there_and_back() -> None:
    curve = LinearCycleCurve(start_value=1.0, end_value=0.0, cycle_size=4)
    assert curve.values(9) == [1.0, 0.5, 0.0, 0.5, 1.0, 0.5, 0.0, 0.5, 1.0]


def test_values_are_multiplied_from_cycle_to_cycle() -> None:
    curve = LinearCycleCurve(
        start_value=1.0, end_value=0.0, cycle_size=2, start_value_mult=0.5, end_value_mult=2.0
    )
    assert curve.values(5) == [1.0, 0.0, 0.5, 0.0, 0.25]


def test_a_monotonic_cycle_jumps_back() -> None:
    curve = LinearCycleCurve(start_value=1.0, end_value=0.0, cycle_size=2, monotonic=True)
    assert curve.values(4) == [1.0, 0.5, 1.0, 0.5]


def test_the_end_value_is_reached_where_there_is_a_warmup() -> None:
    curve = CosineCycleCurve(start_value=1.0, end_value=0.0, cycle_size=2, warmup_duration=2)
    assert curve.values(6) == pytest.approx([1.0, 0.5, 0.0, 0.5, 1.0, 0.5])


def test_a_warmup_leads_to_the_start_of_the_next_cycle() -> None:
    curve = CosineCycleCurve(
        start_value=1.0, end_value=0.0, cycle_size=2, warmup_duration=2, start_value_mult=0.5
    )
    assert curve.values(5) == pytest.approx([1.0, 0.5, 0.0, 0.25, 0.5])


@given(
    ends=st.tuples(FINITE, FINITE),
    size=st.integers(2, 9),
    cycle_mult=st.sampled_from([1.0, 1.2, 1.7, 2.0]),
    mults=st.tuples(MULT, MULT),
    warmup=st.integers(0, 5),
)
def test_cycles_follow_their_definition_event_by_event(
    ends: tuple[float, float],
    size: int,
    cycle_mult: float,
    mults: tuple[float, float],
    warmup: int,
) -> None:
    """A walk from event to event, against a value that is computed from its index alone."""
    start, end = ends
    curve = LinearCycleCurve(
        start_value=start,
        end_value=end,
        cycle_size=size,
        cycle_mult=cycle_mult,
        start_value_mult=mults[0],
        end_value_mult=mults[1],
        warmup_duration=warmup,
        monotonic=True,
    )
    offset = 0
    for value in curve.values(80):
        if offset == size + warmup:
            size, warmup = int(size * cycle_mult), int(warmup * cycle_mult)
            start, end, offset = start * mults[0], end * mults[1], 0
        if offset < size:
            expected = start + (end - start) * offset / size
        else:
            expected = end + (start * mults[0] - end) * (offset - size) / warmup
        # the factors are raised to a power there, and multiplied one by one here
        assert value == pytest.approx(expected, rel=1e-9, abs=1e-9)
        offset += 1


def test_a_warmup_grows_where_its_cycle_does_not() -> None:
    """2 events stay 2, and 5 become 6 and 7."""
    curve = LinearCycleCurve(
        start_value=1.0,
        end_value=0.0,
        cycle_size=2,
        cycle_mult=1.2,
        warmup_duration=5,
        monotonic=True,
    )
    assert [index for index, value in enumerate(curve.values(25)) if value == 1.0] == [0, 7, 15, 24]


def test_a_far_index_costs_no_walk_where_cycles_do_not_grow() -> None:
    curve = LinearCycleCurve(start_value=1.0, end_value=0.0, cycle_size=2, cycle_mult=1.2)
    assert curve(10**15 + 1) == 0.0


# pieces


def test_two_milestones_of_one_index_are_a_jump() -> None:
    curve = PiecewiseCurve(milestones_values=[(1, 1.0), (3, 2.0), (3, 7.0), (4, 5.0)])
    assert curve.values(6) == [1.0, 1.0, 1.5, 7.0, 5.0, 5.0]


@given(
    st.lists(st.tuples(st.integers(0, 50), FINITE), min_size=1, max_size=6, unique_by=itemgetter(0))
)
def test_a_piecewise_curve_passes_through_its_milestones(pairs: list[tuple[int, float]]) -> None:
    pairs.sort()
    curve = PiecewiseCurve(milestones_values=pairs)
    assert [curve(index) for index, _ in pairs] == [value for _, value in pairs]


def test_joined_curves_begin_at_their_own_zero() -> None:
    curve = JoinedCurve(curves=[identity, identity, identity], durations=[2, 1])
    assert curve.values(6) == [0.0, 1.0, 0.0, 0.0, 1.0, 2.0]


@given(durations=st.lists(st.integers(1, 5), min_size=1, max_size=4), num=st.integers(0, 30))
def test_joined_curves_are_their_values_one_after_another(durations: list[int], num: int) -> None:
    curves = [
        ExponentialCurve(initial_value=1.0 + place, gamma=0.5)
        for place in range(len(durations) + 1)
    ]
    expected: list[float] = []
    for curve, duration in zip(curves, [*durations, 30], strict=True):
        expected += curve.values(duration)
    assert JoinedCurve(curves=curves, durations=durations).values(num) == expected[:num]


def test_a_warmup_is_followed_by_the_first_value_of_the_curve() -> None:
    curve = with_warmup(ExponentialCurve(initial_value=4.0, gamma=0.5), duration=2)
    assert curve.values(5) == [0.0, 2.0, 4.0, 2.0, 1.0]


def test_the_schedule_of_the_transformer_falls_out() -> None:
    """Section 5.3: min(step ** -0.5, step * warmup ** -1.5), the step being the index."""
    warmup = 4
    peak = warmup**-0.5
    curve = with_warmup(
        InverseSquareRootCurve(initial_value=peak, timescale=warmup), duration=warmup
    )
    expected = [min(step**-0.5, step * warmup**-1.5) for step in range(1, 20)]
    assert curve.values(20)[1:] == pytest.approx(expected)


def test_warmup_stable_decay_has_three_pieces() -> None:
    curve = warmup_stable_decay(
        peak_value=2.0, warmup_duration=2, stable_duration=3, decay_duration=2, end_value=1.0
    )
    assert curve.values(9) == [0.0, 1.0, 2.0, 2.0, 2.0, 2.0, 1.5, 1.0, 1.0]


# what all have in common


def test_curves_are_equal_where_their_numbers_are() -> None:
    first = PiecewiseCurve(milestones_values=[(0, 1.0)])
    assert first == PiecewiseCurve(milestones_values=((0, 1.0),))
    assert first != PiecewiseCurve(milestones_values=[(0, 2.0)])


def test_a_curve_of_ones_own_has_values() -> None:
    class Doubling(Curve):
        @override
        def __call__(self, index: int, /) -> float:
            return 2.0**index

    assert Doubling().values(4) == [1.0, 2.0, 4.0, 8.0]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ConstantCurve(value=math.nan), "ConstantCurve: value must be finite, got nan"),
        (
            lambda: RampCurve(start_value=0.0, end_value=1.0, duration=0),
            "RampCurve: duration must be at least 1, got 0",
        ),
        (
            lambda: RampCurve(start_value=0, end_value=1, duration=2, shape=untyped("cos")),
            "RampCurve: shape must be one of 'linear', 'cosine', got 'cos'",
        ),
        (
            lambda: ExponentialCurve(initial_value=1.0, gamma=0.0),
            "ExponentialCurve: gamma must be above 0, got 0.0",
        ),
        (
            lambda: StepCurve(initial_value=1.0, gamma=0.5, step_size=0),
            "StepCurve: step_size must be at least 1, got 0",
        ),
        (
            lambda: MultiStepCurve(initial_value=1.0, gamma=0.5, milestones=[3, 2]),
            r"milestones\[1\] must be at least 3, as the one before, got 2",
        ),
        (
            lambda: InverseSquareRootCurve(initial_value=1.0, timescale=0),
            "timescale must be at least 1, got 0",
        ),
        (
            lambda: LinearCycleCurve(start_value=0.0, end_value=1.0, cycle_size=1),
            "LinearCycleCurve: cycle_size must be at least 2, got 1",
        ),
        (
            lambda: CosineCycleCurve(start_value=0, end_value=1, cycle_size=2, cycle_mult=0.5),
            "CosineCycleCurve: cycle_mult must be at least 1, got 0.5",
        ),
        (
            lambda: LinearCycleCurve(start_value=0, end_value=1, cycle_size=2, warmup_duration=1),
            "warmup_duration must be 0 where monotonic is False",
        ),
        (lambda: PiecewiseCurve(milestones_values=[]), "must be a sequence of one or more"),
        (
            lambda: PiecewiseCurve(milestones_values=[(3, 1.0), (2, 1.0)]),
            r"milestones_values\[1\] must be at least 3, as the one before, got 2",
        ),
        (
            lambda: PiecewiseCurve(milestones_values=[(0, math.inf)]),
            r"milestones_values\[0\]\[1\] must be finite, got inf",
        ),
        (
            lambda: JoinedCurve(curves=[identity, identity], durations=[0]),
            r"JoinedCurve: durations\[0\] must be at least 1, got 0",
        ),
        (
            lambda: JoinedCurve(curves=[identity, identity], durations=[1, 2]),
            "the number of durations must be one less than there are pieces, 1, got 2",
        ),
        (
            lambda: JoinedCurve(curves=[identity], durations=[]),
            "curves must be two or more",
        ),
        (lambda: with_warmup(identity, duration=0), "with_warmup: duration must be at least 1"),
        (lambda: ConstantCurve(value=1.0).values(-1), "num_events must be at least 0, got -1"),
    ],
)
def test_what_is_out_of_range_is_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ConstantCurve(value=untyped("1")), "ConstantCurve: value must be a number"),
        (lambda: ConstantCurve(value=True), "value must be a number, got True"),
        (
            lambda: RampCurve(start_value=0.0, end_value=1.0, duration=untyped(1.5)),
            "duration must be a whole number, got 1.5",
        ),
        (
            lambda: PiecewiseCurve(milestones_values=untyped([3])),
            r"milestones_values\[0\] must be a pair of an index and a value, got 3",
        ),
        (
            lambda: PiecewiseCurve(milestones_values=untyped([(1.5, 2.0)])),
            r"milestones_values\[0\]\[0\] must be a whole number, got 1.5",
        ),
        (
            lambda: PiecewiseCurve(milestones_values=untyped({(0, 1.0)})),
            "milestones_values must be a sequence",
        ),
        (
            lambda: JoinedCurve(curves=untyped([identity, 0.1]), durations=[1]),
            r"curves\[1\] must be callable, got 0.1",
        ),
        (lambda: with_warmup(untyped(0.1), duration=3), "curve must be callable, got 0.1"),
    ],
)
def test_what_is_of_another_kind_is_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ArgumentTypeError, match=message):
        make()
