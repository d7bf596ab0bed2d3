"""No module keeps state, and importing the package does nothing but define things."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypedDict

import pytest

SOURCES: Final = tuple(sorted((Path(__file__).parents[2] / "src").rglob("*.py")))

OPTIONAL: Final = frozenset({"tqdm", "matplotlib", "sklearn", "scipy", "ignite"})
MOST_MODULES: Final = 60

MUTABLE_MAKERS: Final = frozenset(
    {"list", "dict", "set", "bytearray", "defaultdict", "OrderedDict", "Counter", "deque"}
    | {"WeakKeyDictionary", "WeakValueDictionary", "WeakSet"}
)
MUTATING: Final = frozenset(
    {"add", "append", "clear", "discard", "extend", "insert", "pop", "popitem", "remove"}
    | {"reverse", "setdefault", "sort", "update"}
)

IMPORT_IT: Final = """
import json, sys, threading, warnings
import torch
modules, threads = set(sys.modules), threading.active_count()
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    import firesteel
print(json.dumps({
    "added": sorted(set(sys.modules) - modules),
    "threads": threading.active_count() - threads,
    "warnings": [str(warning.message) for warning in caught],
}))
"""


class Imported(TypedDict):
    """What importing the package brought beyond torch."""

    added: list[str]
    threads: int
    warnings: list[str]


def _bound_names(statement: ast.stmt) -> list[str]:
    """Give the variables that a statement of a module binds."""
    match statement:
        case ast.Assign(targets=targets):
            return [node.id for target in targets for node in _names(target)]
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.AugAssign(target=ast.Name(id=name)):
            return [name]
        case _:
            return []


def _names(node: ast.AST) -> Iterator[ast.Name]:
    return (inner for inner in ast.walk(node) if isinstance(inner, ast.Name))


def _is_mutable(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Call):
        function = value.func
        name = function.attr if isinstance(function, ast.Attribute) else None
        name = function.id if isinstance(function, ast.Name) else name
        return name in MUTABLE_MAKERS
    return isinstance(
        value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp
    )


def _is_final(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.AnnAssign):
        return False
    return any(name.id == "Final" for name in _names(statement.annotation))


def _mutated_name(node: ast.AST) -> str | None:
    """Give the variable that is changed here by what can only be meant for a variable."""
    match node:
        case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
            return name
        case ast.AugAssign(target=ast.Name(id=name)):
            return name
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)):
            return name if method in MUTATING else None
        case _:
            return None


def _faults(tree: ast.Module) -> Iterator[str]:
    """Tell where a module keeps state."""
    bound: set[str] = set()
    for statement in tree.body:
        for name in _bound_names(statement):
            if name in bound:
                yield f"line {statement.lineno}: {name} is bound anew"
            bound.add(name)
            value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
            if _is_mutable(value) and name != "__all__" and not _is_final(statement):
                yield f"line {statement.lineno}: {name} can be changed"
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            yield f"line {node.lineno}: global {', '.join(node.names)}"
        changed = _mutated_name(node)
        if changed in bound:
            yield f"line {getattr(node, 'lineno', 0)}: {changed} is changed"


@pytest.fixture(scope="module", name="imported")
def import_in_a_fresh_interpreter() -> Imported:
    """Import torch, then the package, and tell what the second import brought."""
    run = subprocess.run(
        [sys.executable, "-c", IMPORT_IT], capture_output=True, text=True, check=True
    )
    imported: Imported = json.loads(run.stdout)
    return imported


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: "/".join(path.parts[-2:]))
def test_a_module_keeps_no_state(path: Path) -> None:
    assert list(_faults(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("seen = []", "seen can be changed"),
        ("seen: dict[str, int] = defaultdict(int)", "seen can be changed"),
        ("n = 0\nn = 1", "n is bound anew"),
        ("n = 0\nn += 1", "n is bound anew"),
        ("n = 0\ndef f():\n    global n\n    n = 1", "global n"),
        ("seen: Final = {}\ndef f():\n    seen[1] = 2", "seen is changed"),
        ("seen: Final = {}\ndef f():\n    del seen[1]", "seen is changed"),
        ("seen: Final = []\ndef f():\n    seen.append(2)", "seen is changed"),
    ],
)
def test_a_fault_is_seen(source: str, fault: str) -> None:
    assert any(fault in found for found in _faults(ast.parse(source)))


def test_importing_warns_of_nothing(imported: Imported) -> None:
    assert imported["warnings"] == []


def test_importing_brings_no_optional_package(imported: Imported) -> None:
    assert {name.partition(".")[0] for name in imported["added"]} & OPTIONAL == set()


def test_importing_brings_few_modules_of_which_only_ours_are_not_pythons_own(
    imported: Imported,
) -> None:
    added = imported["added"]
    others = {name.partition(".")[0] for name in added} - sys.stdlib_module_names
    assert "firesteel.engine" in added
    assert len(added) <= MOST_MODULES
    assert others <= {"firesteel", "typing_extensions"}


def test_importing_starts_no_thread(imported: Imported) -> None:
    assert imported["threads"] == 0
