"""Checkpoints of earlier versions are brought on step by step."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firesteel.errors import ArgumentError, ArgumentTypeError, CheckpointVersionError
from firesteel.handlers import Migrations
from firesteel.handlers.checkpoint._migrations import Migration, migrate


def add(name: str) -> Migration:
    """Give a step that leaves a mark."""
    return lambda old: {**old, "order": f"{old.get('order', '')}{name}"}


@given(st.integers(0, 6), st.integers(0, 6))
def test_all_steps_from_the_version_found_are_taken_in_order(version: int, found: int) -> None:
    migrations = Migrations(version=version, steps={n: add(str(n)) for n in range(version)})
    if found <= version:
        expected = "".join(map(str, range(found, version)))
        assert migrations.apply({}, version=found).get("order", "") == expected
    else:
        with pytest.raises(CheckpointVersionError, match=f"is of version {found}"):
            migrations.apply({}, version=found)


def test_versions_before_the_lowest_step_are_refused() -> None:
    migrations = Migrations(version=4, steps={2: add("2"), 3: add("3")})
    with pytest.raises(CheckpointVersionError, match="no step leads from 1 to 2"):
        migrations.apply({}, version=1)


@pytest.mark.parametrize(
    "steps", [{0: add("0")}, {0: add("0"), 2: add("2")}, {1: add("1"), 2: add("2"), 3: add("3")}]
)
def test_a_gap_is_refused_when_it_is_declared(steps: Mapping[int, Migration]) -> None:
    with pytest.raises(ArgumentError, match="without a gap"):
        Migrations(version=3, steps=steps)


def test_a_step_below_zero_is_refused() -> None:
    with pytest.raises(ArgumentError, match="without a gap"):
        Migrations(version=0, steps={-1: add("x")})


def test_later_changes_of_the_mapping_change_nothing() -> None:
    steps = {0: add("0")}
    migrations = Migrations(version=1, steps=steps)
    steps.clear()
    assert migrations.apply({}, version=0) == {"order": "0"}


def test_an_error_of_a_step_is_raised_as_it_is_with_a_note() -> None:
    def fail(old: dict[str, object]) -> dict[str, object]:
        raise KeyError("net")

    with pytest.raises(KeyError) as caught:
        migrate("Test: x.pt", {}, version=0, migrations=Migrations(version=1, steps={0: fail}))
    assert caught.value.__notes__ == ["Test: x.pt: raised while going from version 0 to 1"]


def test_a_step_that_forgets_to_return_is_told() -> None:
    def forget(old: dict[str, object]) -> dict[str, object]:
        return None  # type: ignore[return-value]  # a mistake

    with pytest.raises(ArgumentTypeError, match="the result of the step from version 0 must be a"):
        Migrations(version=1, steps={0: forget}).apply({}, version=0)


@pytest.mark.parametrize(("version", "error"), [(-1, ArgumentError), (True, ArgumentTypeError)])
def test_a_version_that_is_none_is_refused(version: int, error: type[Exception]) -> None:
    with pytest.raises(error, match="Migrations: version must be"):
        Migrations(version=version, steps={})
