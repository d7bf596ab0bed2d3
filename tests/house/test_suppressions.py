"""What silences a checker gives its reason, and is counted, so that a new one is noticed."""

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pytest

SOURCES: Final = tuple(sorted((Path(__file__).parents[2] / "src").rglob("*.py")))

COUNTS: Final = MappingProxyType(
    {"type: ignore": 11, "pyright: ignore": 3, "noqa": 20, "whole file": 0, "cast": 0, "Any": 62}
)
"""How many of each there are in the package. Raise a number only with a reason."""

DIRECTIVE: Final = re.compile(
    r"#\s*(?P<kind>type:\s*ignore|pyright:\s*ignore|noqa)"
    r"(?P<codes>\[[\w, -]+\]|:\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*)?"
)

OF_WHOLE_FILE: Final = re.compile(
    r"#\s*(pyright:(?!\s*ignore\b)|mypy:|ruff:|flake8:)\s*[\w-]+"
    r"(?P<codes>\s*[=:]\s*\[?[\w-]+\]?(,\s*[\w-]+(=\w+)?)*)?"
)
"""What sets a checker for a file: ``pyright: basic``, ``mypy: ignore-errors``, ``ruff: noqa``."""


@dataclass(frozen=True, slots=True)
class Suppression:
    """One place where a checker is silenced."""

    kind: str
    line: int
    has_reason: bool
    has_code: bool


def _comments(source: str) -> Mapping[int, str]:
    """Give the comment of each line that has one."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}


def _is_said(text: str) -> bool:
    """Tell whether a comment says anything, directives left out."""
    return bool(re.search(r"\w{2,}", OF_WHOLE_FILE.sub("", DIRECTIVE.sub("", text))))


def _in_comments(source: str) -> Iterator[Suppression]:
    comments = _comments(source)
    lines = source.splitlines()
    for line, text in comments.items():
        above = comments.get(line - 1, "") if lines[line - 2].lstrip().startswith("#") else ""
        for found in DIRECTIVE.finditer(text):
            kind = re.sub(r":\s*", ": ", found["kind"])
            yield Suppression(kind, line, _is_said(text) or _is_said(above), bool(found["codes"]))
        for found in OF_WHOLE_FILE.finditer(text):
            has_reason = _is_said(text) or _is_said(above)
            yield Suppression("whole file", line, has_reason, bool(found["codes"]))


def _in_imports(source: str) -> Iterator[Suppression]:
    """Find where ``Any`` and ``cast`` are imported, which is where they give their reason."""
    comments = _comments(source)
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.ImportFrom):
            continue
        for alias in node.names:
            if alias.name in {"Any", "cast"}:
                near = (comments.get(alias.lineno, ""), comments.get(node.lineno - 1, ""))
                has_reason = any(map(_is_said, near))
                yield Suppression(alias.name, node.lineno, has_reason, has_code=True)


def _suppressions(source: str) -> list[Suppression]:
    return [*_in_comments(source), *_in_imports(source)]


def _faults(found: Iterable[Suppression]) -> list[str]:
    return [
        f"line {one.line}: {one.kind} without {'code' if one.has_reason else 'reason'}"
        for one in found
        if not (one.has_reason and one.has_code)
    ]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: "/".join(path.parts[-2:]))
def test_a_suppression_names_its_code_and_gives_its_reason(path: Path) -> None:
    assert _faults(_suppressions(path.read_text(encoding="utf-8"))) == []


def test_there_are_as_many_suppressions_as_were_counted() -> None:
    found = Counter(
        suppression.kind
        for path in SOURCES
        for suppression in _suppressions(path.read_text(encoding="utf-8"))
    )
    assert {kind: found[kind] for kind in COUNTS} == COUNTS


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("x = f()  # type: ignore[arg-type]\n", "type: ignore without reason"),
        ("x = f()  # type: ignore  # it is so\n", "type: ignore without code"),
        ("x = f()  # pyright: ignore[reportX]\n", "pyright: ignore without reason"),
        ("x = f()  # noqa: S102\n", "noqa without reason"),
        ("x = f()  # noqa  # it is so\n", "noqa without code"),
        ("from typing import Any\n", "Any without reason"),
        ("y = 1  # of another matter\nx = f()  # noqa: S102\n", "noqa without reason"),
        ("from typing import cast\n", "cast without reason"),
        ("# pyright: reportX=false\n", "whole file without reason"),
        ("# of no matter\n# pyright: basic\n", "whole file without code"),
        ("# of no matter\n# mypy: ignore-errors\n", "whole file without code"),
        ("# mypy: disable-error-code=misc\n", "whole file without reason"),
        ("# ruff: noqa: S102\n", "whole file without reason"),
        ("# ruff: noqa\n", "whole file without reason"),
    ],
)
def test_a_fault_is_seen(source: str, fault: str) -> None:
    found = _faults(_suppressions(source))
    assert len(found) == 1
    assert found[0].endswith(fault)


@pytest.mark.parametrize(
    "source",
    [
        "x = f()  # type: ignore[arg-type]  # the overloads pair them\n",
        "# the overloads pair them\nx = f()  # type: ignore[arg-type]\n",
        "from typing import Any  # of no matter\n",
        "# of no matter\n# pyright: reportX=false, reportY=none\n",
        "# of no matter\n# mypy: disable-error-code=misc\n",
        "# Any: of no matter,\n# here at least.\nfrom typing import (\n    Any,\n)\n",
    ],
)
def test_a_reason_on_the_line_or_above_is_found(source: str) -> None:
    assert _suppressions(source)
    assert _faults(_suppressions(source)) == []
