"""How far a run goes."""

import pytest

from firesteel.engine._limits import Limits
from firesteel.errors import ArgumentError


def limits_of(
    max_epochs: int | None = None, max_iters: int | None = None, epoch_length: int | None = 4
) -> Limits:
    limits = Limits()
    limits.start(max_epochs, max_iters, epoch_length)
    return limits


def test_new_limits_are_not_set() -> None:
    limits = Limits()
    assert not limits.are_set
    assert not limits.is_goal
    assert not limits.are_reached(epochs=10**6, iterations=10**6)


def test_without_a_limit_a_run_is_one_epoch_and_no_goal() -> None:
    limits = limits_of()
    assert (limits.max_epochs, limits.max_iters, limits.is_goal) == (1, None, False)


def test_a_given_limit_is_a_goal() -> None:
    assert limits_of(max_epochs=2).is_goal
    assert limits_of(max_iters=2).is_goal


def test_a_run_that_starts_over_without_a_limit_keeps_the_goal() -> None:
    limits = limits_of(max_epochs=3)
    limits.start(None, None, 5)
    assert (limits.max_epochs, limits.is_goal, limits.epoch_length) == (3, True, 5)


def test_a_new_goal_replaces_one_of_the_other_kind() -> None:
    limits = limits_of(max_epochs=3)
    limits.start(None, 7, 4)
    assert (limits.max_epochs, limits.max_iters) == (None, 7)


@pytest.mark.parametrize(
    ("epochs", "iterations", "is_reached"), [(1, 8, False), (2, 0, True), (3, 0, True)]
)
def test_epochs_reach_a_limit_in_epochs(epochs: int, iterations: int, is_reached: bool) -> None:
    assert limits_of(max_epochs=2).are_reached(epochs=epochs, iterations=iterations) == is_reached


@pytest.mark.parametrize(
    ("epochs", "iterations", "is_reached"), [(9, 4, False), (0, 5, True), (0, 6, True)]
)
def test_iterations_reach_a_limit_in_them(epochs: int, iterations: int, is_reached: bool) -> None:
    assert limits_of(max_iters=5).are_reached(epochs=epochs, iterations=iterations) == is_reached


def test_epochs_are_open_ended_where_their_length_is_not_known() -> None:
    assert limits_of(epoch_length=None).is_open_ended
    assert not limits_of(epoch_length=3).is_open_ended


@pytest.mark.parametrize("max_epochs", [1, 3])
def test_another_limit_has_to_be_looked_at_and_the_same_has_not(max_epochs: int) -> None:
    limits = limits_of(max_epochs=2)
    assert limits.are_exceeded_by(max_epochs, None)
    assert limits.are_exceeded_by(None, 2)
    assert not limits.are_exceeded_by(2, None)
    assert not limits.are_exceeded_by(None, None)


def test_a_limit_of_the_other_kind_is_refused_with_the_way_out() -> None:
    text = r"Engine\.run: the engine has max_epochs=2 and takes no max_iters=7; set the old limit"
    with pytest.raises(ArgumentError, match=text):
        limits_of(max_epochs=2).refuse_other_kind(None, 7)
    with pytest.raises(ArgumentError, match="has max_iters=7 and takes no max_epochs=2"):
        limits_of(max_iters=7).refuse_other_kind(2, None)


def test_a_limit_of_the_same_kind_is_taken() -> None:
    limits_of(max_epochs=2).refuse_other_kind(3, None)
    limits_of(max_iters=2).refuse_other_kind(None, 3)
    limits_of(max_epochs=2).refuse_other_kind(None, None)


def test_the_one_epoch_of_a_run_without_a_limit_refuses_nothing() -> None:
    limits_of().refuse_other_kind(None, 7)


@pytest.mark.parametrize(("max_epochs", "max_iters"), [(2, None), (None, 2)])
def test_the_other_limit_cannot_be_set_beside_a_goal(
    max_epochs: int | None, max_iters: int | None
) -> None:
    limits = limits_of(max_epochs=max_epochs, max_iters=max_iters)
    with pytest.raises(ArgumentError, match="State: this must be None while that is 2, got 3; set"):
        limits.refuse_both("this", 3, "that", 2)
    limits.refuse_both("this", None, "that", 2)
    limits.refuse_both("this", 3, "that", None)
    limits_of().refuse_both("this", 3, "that", 1)


def test_a_run_that_goes_on_takes_a_new_limit_over() -> None:
    limits = limits_of(max_epochs=2)
    limits.take_over(5, None, epochs_begun=1)
    assert (limits.max_epochs, limits.is_goal) == (5, True)


def test_a_run_that_goes_on_without_a_limit_keeps_the_old_one() -> None:
    limits = limits_of(max_iters=7)
    limits.take_over(None, None, epochs_begun=1)
    assert (limits.max_epochs, limits.max_iters) == (None, 7)


@pytest.mark.parametrize(("epochs_begun", "max_epochs"), [(0, 1), (1, 1), (3, 3)])
def test_a_run_that_goes_on_without_any_limit_ends_with_its_epoch(
    epochs_begun: int, max_epochs: int
) -> None:
    limits = Limits()
    limits.take_over(None, None, epochs_begun=epochs_begun)
    assert (limits.max_epochs, limits.is_goal) == (max_epochs, False)
