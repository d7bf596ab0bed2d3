"""What is kept: the decision, as a function of values."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

# not public, but functions of values
from firesteel.handlers.checkpoint._keep import Kept, Plan, best, plan, surplus

KEPT = (Kept(1.0, "a"), Kept(3.0, "b"), Kept(2.0, "c"))


def test_where_there_is_room_it_is_saved_and_nothing_goes() -> None:
    assert plan(KEPT, Kept(0.0, "d"), n_saved=4) == Plan((*KEPT, Kept(0.0, "d")), ())


def test_the_lowest_goes_for_what_is_higher() -> None:
    decided = plan(KEPT, Kept(1.5, "d"), n_saved=3)
    assert decided == Plan((KEPT[1], KEPT[2], Kept(1.5, "d")), ("a",))


def test_what_equals_the_lowest_is_not_saved() -> None:
    assert plan(KEPT, Kept(1.0, "d"), n_saved=3) is None


def test_what_equals_the_lowest_is_saved_where_that_is_enough() -> None:
    decided = plan(KEPT, Kept(1.0, "d"), n_saved=3, greater_or_equal=True)
    assert decided is not None
    assert decided.removed == ("a",)


@pytest.mark.parametrize("n_saved", [1, 3, 4, None])
def test_nan_is_never_saved(n_saved: int | None) -> None:
    assert plan(KEPT, Kept(math.nan, "d"), n_saved=n_saved, greater_or_equal=True) is None
    assert plan((), Kept(math.nan, "d"), n_saved=n_saved) is None


def test_infinity_is_a_score() -> None:
    decided = plan((Kept(-math.inf, "a"),), Kept(math.inf, "b"), n_saved=1)
    assert decided == Plan((Kept(math.inf, "b"),), ("a",))


def test_one_of_the_same_name_is_replaced_and_nothing_else_goes() -> None:
    decided = plan(KEPT, Kept(9.0, "b"), n_saved=3)
    assert decided == Plan((KEPT[0], KEPT[2], Kept(9.0, "b")), ())


def test_one_of_the_same_name_is_not_replaced_by_what_is_lower() -> None:
    assert plan(KEPT, Kept(2.9, "b"), n_saved=3) is None
    assert plan(KEPT, Kept(2.9, "b"), n_saved=5) is None
    assert plan(KEPT, Kept(2.9, "b"), n_saved=None) is None


def test_of_equal_ones_the_first_saved_goes_first() -> None:
    kept = (Kept(1.0, "a"), Kept(1.0, "b"), Kept(5.0, "c"))
    decided = plan(kept, Kept(2.0, "d"), n_saved=3)
    assert decided is not None
    assert decided.removed == ("a",)


def test_all_that_is_too_much_goes_lowest_first() -> None:
    decided = plan(KEPT, Kept(4.0, "d"), n_saved=2)
    assert decided == Plan((KEPT[1], Kept(4.0, "d")), ("a", "c"))
    assert surplus(KEPT, n_saved=1) == ("a", "c")
    assert surplus(KEPT, n_saved=None) == ()


def test_the_best_of_equal_ones_is_the_first() -> None:
    kept = (Kept(1.0, "a"), Kept(2.0, "b"), Kept(2.0, "c"))
    assert best(kept) == Kept(2.0, "b")
    assert best(kept, greater_or_equal=True) == Kept(2.0, "c")
    assert best(()) is None


kept_lists = st.lists(
    st.builds(Kept, st.floats(allow_nan=False), st.sampled_from("abcdefgh")),
    unique_by=lambda one: one.filename,
)


@given(
    kept=kept_lists,
    new=st.builds(Kept, st.floats(), st.sampled_from("abcdefghij")),
    n_saved=st.none() | st.integers(1, 5),
    greater_or_equal=st.booleans(),
)
def test_a_plan_keeps_the_new_loses_nothing_unnamed_and_never_the_best(
    kept: list[Kept], new: Kept, n_saved: int | None, greater_or_equal: bool
) -> None:
    decided = plan(kept, new, n_saved=n_saved, greater_or_equal=greater_or_equal)
    if decided is None:
        return
    names = [one.filename for one in decided.kept]
    assert decided.kept[-1] == new
    assert len(set(names)) == len(names)
    assert n_saved is None or len(names) <= n_saved
    assert {*names, *decided.removed} == {one.filename for one in kept} | {new.filename}
    assert not set(names) & set(decided.removed)
    highest = max(one.priority for one in [*kept, new])
    assert highest == max(one.priority for one in decided.kept)
