"""Each floor of the house imports only floors beneath it, through their front doors."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pytest

PACKAGE: Final = Path(__file__).parents[2] / "src" / "firesteel"

FLOORS: Final = MappingProxyType(
    {
        "errors": 0,
        "protocols": 0,
        "_require": 0,
        "_optional": 0,
        "_version": 0,
        "events": 1,
        "data": 1,
        "engine": 2,
        "distributed": 2,
        "metrics": 3,
        "handlers": 3,
        "loggers": 4,
        "recipes": 5,
        "testing": 6,
        "": 6,
    }
)
"""The floor of each room; the package itself is the room without a name."""

WITHIN_A_FLOOR: Final = frozenset(
    {("_require", "errors"), ("_optional", "errors"), ("", "testing")}
)
"""Pairs of one floor of which the first may import the second."""


@dataclass(frozen=True, slots=True)
class Module:
    """A module, known by its dotted name below the package, "" for the package itself."""

    name: str
    tree: ast.Module
    is_package: bool

    @property
    def room(self) -> str:
        """Give the first part of the name."""
        return self.name.partition(".")[0]

    @property
    def package(self) -> str:
        """Give the package that relative imports are relative to."""
        return self.name if self.is_package else self.name.rpartition(".")[0]


@dataclass(frozen=True, slots=True)
class Import:
    """An import of something of this package."""

    line: int
    is_relative: bool
    target: str
    """The dotted name, below the package, of what is imported from."""
    names: tuple[str, ...]


def _read(package: Path) -> dict[str, Module]:
    modules: dict[str, Module] = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        modules[name] = Module(name, ast.parse(path.read_text(encoding="utf-8")), is_package)
    return modules


def _below(dotted: str) -> str | None:
    """Give the name below the package, or None for what is not ours."""
    root, _, rest = dotted.partition(".")
    return rest if root == "firesteel" else None


def _imports(module: Module) -> Iterator[Import]:
    """Give all imports of ours, wherever they stand."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                target = _below(alias.name)
                if target is not None:
                    yield Import(node.lineno, is_relative=False, target=target, names=())
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            target = _target(module, node)
            if target is not None:
                yield Import(node.lineno, is_relative=node.level > 0, target=target, names=names)


def _target(module: Module, node: ast.ImportFrom) -> str | None:
    if not node.level:
        return _below(node.module or "")
    package = module.package.split(".") if module.package else []
    base = package[: len(package) - (node.level - 1)]
    return ".".join([*base, *([node.module] if node.module else [])])


def _is_sibling(module: Module, target: str) -> bool:
    return target.rpartition(".")[0] == module.package and target != module.package


def _faults(module: Module) -> Iterator[str]:
    """Tell what is wrong with the imports of a module."""
    for found in _imports(module):
        where = f"{module.name or '__init__'}:{found.line}"
        room, _, inner = found.target.partition(".")
        if found.is_relative:
            if not _is_sibling(module, found.target):
                yield f"{where}: only siblings are imported by relative imports"
        elif room == module.room:
            # what lies in a package of the room that is above or beside its own is no sibling
            if _is_sibling(module, found.target) or module.package == room:
                yield f"{where}: siblings are imported by relative imports"
        elif inner:
            yield f"{where}: firesteel.{found.target} is behind the front door of firesteel.{room}"
        if room not in FLOORS:
            yield f"{where}: no floor is known for {room}"
        elif room != module.room and not _is_beneath(room, module.room):
            yield f"{where}: {module.room or 'firesteel'} imports {room or 'firesteel'}"


def _is_beneath(lower: str, upper: str) -> bool:
    return FLOORS[lower] < FLOORS[upper] or (upper, lower) in WITHIN_A_FLOOR


def _edges(modules: Mapping[str, Module]) -> dict[str, set[str]]:
    """Give which module imports which, front doors being modules of their own.

    That an import runs the packages above what is imported is left out: these are the doors that
    the module lies behind.
    """
    edges: dict[str, set[str]] = {name: set() for name in modules}
    for module in modules.values():
        for found in _imports(module):
            inner = {f"{found.target}.{name}".lstrip(".") for name in found.names}
            edges[module.name] |= inner & modules.keys() or {found.target}
    return edges


def _cycle(edges: Mapping[str, Iterable[str]]) -> list[str]:
    """Give a circle of modules that import each other, or nothing."""
    done: set[str] = set()

    def visit(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        for target in sorted(edges.get(name, ())):
            found = visit(target, [*path, name])
            if found:
                return found
        done.add(name)
        return []

    for name in edges:
        found = visit(name, [])
        if found:
            return found
    return []


def _hidden_imports(module: Module) -> list[int]:
    """Give the lines of imports that stand in functions."""
    functions = [
        node
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    ]
    return [
        node.lineno
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]


MODULES: Final = MappingProxyType(_read(PACKAGE))


def test_the_package_was_read() -> None:
    assert {"", "errors", "engine", "engine._engine"} <= MODULES.keys()


def test_every_room_has_a_floor() -> None:
    assert {module.room for module in MODULES.values()} - FLOORS.keys() == set()


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_only_lower_floors_and_siblings(name: str) -> None:
    assert list(_faults(MODULES[name])) == []


@pytest.mark.parametrize("name", MODULES)
def test_no_import_hides_in_a_function(name: str) -> None:
    assert _hidden_imports(MODULES[name]) == []


def test_modules_do_not_import_each_other_in_a_circle() -> None:
    assert _cycle(_edges(MODULES)) == []


def test_only_the_loader_of_extras_imports_by_name() -> None:
    loaders = {
        module.name
        for module in MODULES.values()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Import) and any(alias.name == "importlib" for alias in node.names)
    }
    assert loaders == {"_optional"}


@pytest.mark.parametrize(
    ("name", "source", "fault"),
    [
        ("engine._loop", "from firesteel.metrics import Metric", "engine imports metrics"),
        ("metrics._mean", "from firesteel.handlers import ProgressBar", "metrics imports handlers"),
        ("handlers._bar", "from firesteel.metrics import Metric", "handlers imports metrics"),
        ("handlers._bar", "from firesteel import Metric", "handlers imports firesteel"),
        ("handlers._bar", "import firesteel.metrics", "handlers imports metrics"),
        ("errors", "from firesteel._require import is_a", "errors imports _require"),
        ("metrics._mean", "from firesteel.engine._state import State", "behind the front door"),
        ("metrics._mean", "from firesteel.metrics import Metric", "relative"),
        ("metrics._mean", "from ..engine import Engine", "only siblings"),
        ("metrics._mean", "from firesteel.unheard import of", "no floor"),
    ],
)
def test_a_fault_is_seen(name: str, source: str, fault: str) -> None:
    faults = list(_faults(Module(name, ast.parse(source), is_package=False)))
    assert faults
    assert fault in faults[0]


def test_a_hidden_import_is_seen() -> None:
    source = "def late():\n    if True:\n        import torch\n"
    assert _hidden_imports(Module("engine", ast.parse(source), is_package=True)) == [3]


def test_a_circle_is_seen_even_where_only_checkers_go_round() -> None:
    one = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from . import _two\n"
    sources = {"a": "from ._one import x", "a._one": one, "a._two": "from ._one import x"}
    modules = {name: Module(name, ast.parse(text), name == "a") for name, text in sources.items()}
    assert _cycle(_edges(modules)) == ["a._one", "a._two", "a._one"]
