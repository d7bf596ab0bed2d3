"""The map from ignite's names to ours is well formed, leads somewhere, and leaves no name out."""

import inspect
import pkgutil
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Final

import pytest

NAMES_FILE: Final = Path(__file__).parents[2] / "docs" / "ignite-names.toml"
ISSUES: Final = frozenset({"metrics", "recipes", "handlers", "distributed", "later"})

# second import paths, kept for old scripts, of what other modules offer; importing them warns
SHIMS: Final = frozenset({"ignite._utils", "ignite.contrib.handlers", "ignite.contrib.metrics"})

# ignite uses torch.jit while it is being imported, which torch has deprecated since
WHILE_IMPORTING_IGNITE: Final = "ignore:.*torch.jit:DeprecationWarning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One name of ignite, and one of: its name here, the issue that brings it, why it has none."""

    ignite: str
    firesteel: str | None = None
    planned: str | None = None
    none: str | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        """Refuse a row with several answers or none, or with an issue that nobody knows."""
        answers = [self.firesteel, self.planned, self.none]
        assert answers.count(None) == len(answers) - 1, f"{self.ignite}: one of the three, no more"
        assert self.planned is None or self.planned in ISSUES, f"{self.ignite}: no such issue"


def _read_row(table: dict[str, object]) -> Row:
    """Make a row of a table; a key that is unknown or missing is refused by ``Row`` itself."""
    texts = {key: text for key, text in table.items() if isinstance(text, str) and text.strip()}
    assert len(texts) == len(table), f"every value has to be a text that says something: {table}"
    return Row(**texts)


def _read_rows(text: str) -> list[Row]:
    """Read the whole file, which is a list of tables called ``name``, one to each name."""
    document: dict[str, list[dict[str, object]]] = tomllib.loads(text)
    assert list(document) == ["name"], f"unknown tables: {list(document)}"
    rows = [_read_row(table) for table in document["name"]]
    counts = Counter(row.ignite for row in rows)
    assert counts.total() == len(counts), f"more than one row: {counts.most_common(3)}"
    return rows


@pytest.fixture(scope="module", name="rows")
def read_file() -> list[Row]:
    """Read the file; that alone fails when a row is not well formed."""
    return _read_rows(NAMES_FILE.read_text(encoding="utf-8"))


def test_every_row_is_well_formed_and_the_only_one_of_its_name(rows: list[Row]) -> None:
    assert rows


@pytest.mark.parametrize(
    "row",
    [
        'ignite = "engine.Engine"',
        'firesteel = "firesteel.engine.Engine"',
        'ignite = "engine.Engine"\nplanned = "later"\nnone = "Nobody needs it."',
        'ignite = "engine.Engine"\nplanned = "someday"',
        'ignite = "engine.Engine"\nnone = " "',
        'ignite = "engine.Engine"\nnone = 1',
        'ignite = "engine.Engine"\nnone = "Nobody needs it."\nwhy = "Nobody needs it."',
        'ignite = "engine.Engine"\nplanned = "later"\n[[names]]\nignite = "engine.State"',
        'ignite = "engine.Engine"\nplanned = "later"\n' * 2,
        'ignite = "engine.Engine"\nplanned = "later"\n[[name]]\n' * 2,
    ],
)
def test_a_row_that_is_not_well_formed_is_refused(row: str) -> None:
    with pytest.raises((AssertionError, TypeError, tomllib.TOMLDecodeError)):
        _read_rows(f"[[name]]\n{row}")


def test_every_firesteel_name_can_be_imported(rows: list[Row]) -> None:
    unresolved: dict[str, str] = {}
    for path in {row.firesteel for row in rows if row.firesteel is not None}:
        try:
            pkgutil.resolve_name(path)  # imports modules as far as there are any, then attributes
        except (ImportError, AttributeError) as error:
            unresolved[path] = str(error)
    assert unresolved == {}


def _modules(name: str) -> Iterator[ModuleType]:
    """Import a module and every one below it, shims left out."""
    module = import_module(name)
    yield module
    folders: Iterable[str] = getattr(module, "__path__", ())
    for child in pkgutil.iter_modules(folders, prefix=f"{name}."):
        if child.name not in SHIMS:
            yield from _modules(child.name)


def _offered(module: ModuleType) -> dict[str, object]:
    """Give what a module offers: what is in its ``__all__``.

    Without one: the public classes and functions that a package takes from ignite's modules, or
    that a single module defines. Single modules of metrics then offer nothing, since their metric
    is taken by the package, and the functions that it is made of are public by accident.
    """
    members: dict[str, object] = vars(module)
    exported: list[str] | None = getattr(module, "__all__", None)
    if exported is not None:
        return {name: members[name] for name in exported}
    is_package = "__path__" in members
    if not is_package and module.__name__.startswith("ignite.metrics."):
        return {}
    return {
        name: member
        for name, member in members.items()
        if not name.startswith("_")
        and (inspect.isclass(member) or inspect.isfunction(member))
        and member.__module__.startswith("ignite." if is_package else module.__name__)
    }


def _shortest_path(module: ModuleType, name: str, member: object) -> str:
    """Give the path below ``ignite.`` that takes the outermost package with the same object."""
    steps = module.__name__.split(".")
    parents = [".".join(steps[:depth]) for depth in range(2, len(steps) + 1)]
    holders = (p for p in parents if vars(import_module(p)).get(name) is member)
    return f"{next(holders)}.{name}".removeprefix("ignite.")


@pytest.mark.parity
@pytest.mark.filterwarnings(WHILE_IMPORTING_IGNITE)
def test_every_name_that_ignite_offers_has_a_row(rows: list[Row]) -> None:
    offered = {
        _shortest_path(module, name, member)
        for module in _modules("ignite")
        for name, member in _offered(module).items()
        if not inspect.ismodule(member)
    }
    assert offered
    assert sorted(offered - {row.ignite for row in rows}) == []


def _is_in_ignite(path: str) -> bool:
    """Tell whether there is such a name; attributes that methods set are looked for in the code."""
    owner_path, _, name = path.rpartition(".")
    owner = pkgutil.resolve_name(f"ignite.{owner_path}")
    return hasattr(owner, name) or bool(re.search(rf"\bself\.{name}\b", inspect.getsource(owner)))


@pytest.mark.parity
@pytest.mark.filterwarnings(WHILE_IMPORTING_IGNITE)
def test_every_row_is_a_name_of_ignite(rows: list[Row]) -> None:
    assert [row.ignite for row in rows if not _is_in_ignite(row.ignite)] == []
