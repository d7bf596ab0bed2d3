"""Each front door lists what is public, and all of it together is kept in a file.

After a change of what is public that was meant, write the file anew::

    python tests/house/test_front_doors.py
"""

import pkgutil
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest

import firesteel

SURFACE_FILE: Final = Path(__file__).with_name("public-surface.txt")


def _front_doors(name: str = "firesteel") -> Iterator[str]:
    """Give the package, the packages below it, and its public modules."""
    yield name
    for child in pkgutil.iter_modules(import_module(name).__path__, prefix=f"{name}."):
        is_private = child.name.rpartition(".")[2].startswith("_")
        if child.ispkg and not is_private:
            yield from _front_doors(child.name)
        elif not is_private:
            yield child.name


def _all(door: str) -> Sequence[str]:
    """Give the names that a front door lists."""
    names: Sequence[str] | None = getattr(import_module(door), "__all__", None)
    assert names is not None, f"{door} has no __all__"
    return names


def _order(name: str) -> tuple[int, str]:
    """Sort as the linter does: CONSTANTS, then Classes, then functions."""
    return (0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2), name


def _surface() -> list[str]:
    return sorted(f"{door}.{name}" for door in DOORS for name in _all(door))


DOORS: Final = tuple(_front_doors())


def test_the_front_doors_are_the_packages_and_the_public_modules() -> None:
    assert {"firesteel", "firesteel.engine", "firesteel.errors"} <= set(DOORS)


@pytest.mark.parametrize("door", DOORS)
def test_a_front_door_lists_each_name_once_and_in_order(door: str) -> None:
    names = _all(door)
    assert list(names) == sorted(set(names), key=_order)


@pytest.mark.parametrize("door", DOORS)
def test_every_name_of_a_front_door_is_there(door: str) -> None:
    module = import_module(door)
    assert [name for name in _all(door) if not hasattr(module, name)] == []


def test_the_shop_window_shows_only_what_is_behind_a_front_door() -> None:
    behind = {name: getattr(import_module(door), name) for door in DOORS[1:] for name in _all(door)}
    shown = {name: getattr(firesteel, name) for name in firesteel.__all__ if name != "__version__"}
    assert shown.items() <= behind.items()


def test_the_public_surface_is_the_one_in_the_file() -> None:
    assert SURFACE_FILE.read_text(encoding="utf-8").splitlines() == _surface()


if __name__ == "__main__":
    SURFACE_FILE.write_text("".join(f"{name}\n" for name in _surface()), encoding="utf-8")
