"""What a user's type checker sees: right programs pass in silence, wrong lines are reported.

``accept/`` holds right programs. ``reject/`` holds wrong lines, each marked at its end: ``# E``
where both checkers have to refuse it, ``# M`` or ``# P`` where only mypy or only pyright does. A
colon and a note may follow. Each checker starts once for each folder.
"""

import ast
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, NamedTuple, TypeAlias, TypedDict

import pytest

Checker: TypeAlias = Literal["mypy", "pyright"]

HERE: Final = Path(__file__).parent
PROGRAMS: Final = sorted((HERE / "accept").glob("*.py"))
CHECKERS: Final[tuple[Checker, ...]] = ("mypy", "pyright")
MARK: Final = re.compile(r"# (?P<mark>[EMP])(: .*)?$")
MARKS: Final[Mapping[Checker, str]] = {"mypy": "EM", "pyright": "EP"}

NO_REFUSAL: Final = re.compile(
    r"reportUnknown(Argument|Lambda|Member|Parameter)Type|reportUnused.*"
)
"""Rules of pyright that say that it lost a type, or that something is not used, and nothing more.

At an ``# E`` they do not count: pyright has to say what is wrong.
"""


class Place(NamedTuple):
    """A line of a program."""

    file: str
    line: int


@dataclass(frozen=True)
class Report:
    """What a checker has to say of a line."""

    place: Place
    rule: str
    message: str

    @property
    def is_refusal(self) -> bool:
        """Whether it says what is wrong."""
        return not NO_REFUSAL.fullmatch(self.rule)


# what the two checkers print


class MypyReport(TypedDict):
    """A line of mypy's output."""

    file: str
    line: int
    code: str | None
    message: str
    severity: str


class Position(TypedDict):
    """Where something is, in pyright's output."""

    line: int


class Range(TypedDict):
    """From where to where something is, in pyright's output."""

    start: Position


class _PyrightReport(TypedDict):
    file: str
    message: str
    severity: str
    range: Range


class PyrightReport(_PyrightReport, total=False):
    """An entry of pyright's output."""

    rule: str


class PyrightOutput(TypedDict):
    """Pyright's output."""

    generalDiagnostics: list[PyrightReport]


def run(folder: Path, *arguments: str) -> str:
    """Run a checker within a folder and give what it prints; fail if it did not get through."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"},
    )
    assert done.returncode in {0, 1}, f"{arguments}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def run_mypy(folder: Path, cache: Path) -> list[Report]:
    """Give what ``mypy --strict`` says of the programs in a folder."""
    options = ("--strict", "--config-file=", f"--cache-dir={cache}", "--output=json")
    found: list[MypyReport] = [
        json.loads(line) for line in run(folder, "mypy", *options, ".").splitlines() if line
    ]
    return [
        Report(Place(one["file"], one["line"]), one["code"] or "", one["message"])
        for one in found
        if one["severity"] == "error"
    ]


def run_pyright(folder: Path) -> list[Report]:
    """Give what strict pyright says of the programs in a folder."""
    (folder / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}')
    options = ("--outputjson", "--pythonpath", sys.executable, "--project", ".")
    found: PyrightOutput = json.loads(run(folder, "pyright", *options))
    return [
        Report(
            Place(Path(one["file"]).name, one["range"]["start"]["line"] + 1),
            one.get("rule", ""),
            one["message"].replace("\N{NO-BREAK SPACE}", " "),
        )
        for one in found["generalDiagnostics"]
        if one["severity"] != "information"
    ]


# what is marked, and how it differs from what is reported


def first_lines(source: str) -> dict[int, int]:
    """Map the lines above the body of what is decorated to the first decorator's.

    The checkers do not agree on which of them is to blame.
    """
    first: dict[int, int] = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            start = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            first.update(dict.fromkeys(range(start, node.lineno + 1), start))
    return first


def marked_lines(source: str) -> dict[int, str]:
    """Give the lines that end in a mark, and their marks."""
    found = [(line, MARK.search(text)) for line, text in enumerate(source.splitlines(), 1)]
    return {line: match["mark"] for line, match in found if match is not None}


def differences(
    checker: Checker, reports: Sequence[Report], sources: Mapping[str, str]
) -> list[str]:
    """Compare what a checker reported with what is marked, both ways, and put it into words.

    Args:
        checker: Which checker it was; which marks concern it follows.
        reports: What it reported.
        sources: The programs, by the names of their files.
    """
    by_place: defaultdict[Place, list[Report]] = defaultdict(list)
    marks: dict[Place, str] = {}
    texts: dict[Place, str] = {}
    for file, source in sources.items():
        first = first_lines(source)
        texts |= {Place(file, line): text for line, text in enumerate(source.splitlines(), 1)}
        for line, mark in marked_lines(source).items():
            if mark in MARKS[checker]:
                marks[Place(file, first.get(line, line))] = mark
        for report in reports:
            if report.place.file == file:
                line = first.get(report.place.line, report.place.line)
                by_place[Place(file, line)].append(report)
    for report in reports:
        if report.place.file not in sources:
            by_place[report.place].append(report)
    unexpected = by_place.keys() - marks.keys()
    missed = {
        place
        for place, mark in marks.items()
        if not any(report.is_refusal or mark != "E" for report in by_place.get(place, []))
    }
    return [
        _in_words(f"{checker} {verb}", place, texts.get(place, "?"), by_place.get(place, []))
        for verb, places in (("refuses", unexpected), ("does not refuse", missed))
        for place in sorted(places)
    ]


def _in_words(verb: str, place: Place, text: str, reports: Sequence[Report]) -> str:
    messages = [f"[{report.rule}] {report.message}" for report in reports]
    return "\n    ".join([f"{place.file}:{place.line}: {verb}", text.strip(), *messages])


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache of mypy: torch is read once for all folders."""
    return tmp_path_factory.mktemp("mypy")


def check(checker: Checker, folder: Path, cache: Path) -> list[str]:
    """Run a checker over a folder of programs and give the differences."""
    reports = run_mypy(folder, cache) if checker == "mypy" else run_pyright(folder)
    sources = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.py")}
    return differences(checker, reports, sources)


@pytest.mark.slow
@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize("name", ["accept", "reject"])
def test_a_checker_reports_the_marked_lines_and_no_others(
    name: str, checker: Checker, tmp_path: Path, cache: Path
) -> None:
    # a copy, so that no settings of this repository play a part
    folder = shutil.copytree(HERE / name, tmp_path / name, ignore=shutil.ignore_patterns("__*"))
    found = check(checker, folder, cache)
    assert not found, "\n\n" + "\n\n".join(found)


@pytest.mark.usefixtures("small_heap")
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_a_right_program_runs(program: Path) -> None:
    runpy.run_path(str(program), run_name="__main__")


def test_no_right_program_has_a_mark_or_a_way_out() -> None:
    ways_out = re.compile(r"\bcast\b|type: ignore|pyright: |# [EMP]\b")
    found = [
        f"{path.name}:{line}: {text.strip()}"
        for path in PROGRAMS
        for line, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if ways_out.search(text)
    ]
    assert not found, "\n".join(found)


# the comparison itself

WRONG_BOTH_WAYS: Final = '''\
"""One line that is right and marked, one that is wrong and not."""

right: int = 1  # E: but it is not wrong
wrong: int = "one"
marked: int = "one"  # E
'''


@pytest.mark.slow
@pytest.mark.parametrize("checker", CHECKERS)
def test_a_marked_right_line_and_an_unmarked_wrong_line_are_found(
    checker: Checker, tmp_path: Path, cache: Path
) -> None:
    (tmp_path / "program.py").write_text(WRONG_BOTH_WAYS)
    found = check(checker, tmp_path, cache)
    first_rows = [text.splitlines()[0] for text in found]
    assert first_rows == [
        f"program.py:4: {checker} refuses",
        f"program.py:3: {checker} does not refuse",
    ]
    assert "wrong: int" in found[0]
    assert "ssign" in found[0]  # the message speaks of an assignment


def test_a_mark_concerns_the_checkers_that_it_names() -> None:
    sources = {"a.py": "one  # E\ntwo  # M: note\nthree  # P\nfour  # Every other comment\n"}
    lines = {
        checker: [text.split(":")[1] for text in differences(checker, [], sources)]
        for checker in CHECKERS
    }
    assert lines == {"mypy": ["1", "2"], "pyright": ["1", "3"]}


def test_a_lost_type_is_no_refusal_but_no_silence_either() -> None:
    unknown = "reportUnknownMemberType"
    sources = {"a.py": "one  # E\ntwo\n"}
    reports = [Report(Place("a.py", line), unknown, "Type is unknown") for line in (1, 2)]
    found = differences("pyright", reports, sources)
    assert [text.splitlines()[0] for text in sorted(found)] == [
        "a.py:1: pyright does not refuse",
        "a.py:2: pyright refuses",
    ]


def test_decorators_are_one_line() -> None:
    sources = {"a.py": "@one\n@two  # E\ndef f(): ...\n"}
    for line in (1, 2, 3):
        assert differences("mypy", [Report(Place("a.py", line), "", "wrong")], sources) == []
    assert differences("mypy", [Report(Place("a.py", 4), "", "wrong")], sources)


def test_a_report_on_another_file_is_shown() -> None:
    found = differences("mypy", [Report(Place("b.py", 1), "misc", "wrong")], {"a.py": ""})
    assert found == ["b.py:1: mypy refuses\n    ?\n    [misc] wrong"]
