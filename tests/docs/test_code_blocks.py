"""Every code block, docstring example and example script runs, and says what it is said to say.

The ``python`` blocks of a page run in order, in one namespace. A ``text`` block that follows one
directly is what it prints. A block after ``<!-- not run: reason -->`` is neither run nor checked.
"""

import ast
import contextlib
import doctest
import io
import json
import os
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest

import firesteel

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = ("README.md", *(str(p.relative_to(ROOT)) for p in sorted(ROOT.glob("docs/**/*.md"))))
SCRIPTS: Final = tuple(str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("examples/*.py")))

NOT_RUN: Final = 1
"""How many blocks of all pages are not run."""

BLOCK: Final = re.compile(
    r"(?P<mark><!-- not run: (?P<reason>[^\n]+) -->\n+)?"
    r"^```python\n(?P<code>.*?)^```\n(\n*^```text\n(?P<output>.*?)^```$)?",
    re.DOTALL | re.MULTILINE,
)

# mypy's settings are those that the typing guide recommends, and so are pyright's
MYPY: Final = ["--strict", "--untyped-calls-exclude=torch", "--config-file="]
PYRIGHT: Final = {
    "typeCheckingMode": "strict",
    "reportMissingTypeStubs": False,
    "reportUnknownMemberType": False,
}


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code in a page."""

    line: int
    code: str
    output: str | None
    is_run: bool


def _blocks(text: str) -> list[Block]:
    return [
        Block(
            line=text.count("\n", 0, found.start("code")),
            code=found["code"],
            output=found["output"],
            is_run=found["mark"] is None,
        )
        for found in BLOCK.finditer(text)
    ]


def _run(page: str, text: str) -> None:
    """Run the blocks of a page, and compare what they print with what the page says."""
    namespace: dict[str, object] = {"__name__": "__main__"}
    for block in _blocks(text):
        if block.is_run:
            printed = io.StringIO()
            # blank lines in front, so that a traceback shows the line of the page
            code = compile("\n" * block.line + block.code, page, "exec")
            with contextlib.redirect_stdout(printed):
                exec(code, namespace)  # noqa: S102  # our own pages
            if block.output is not None:
                assert printed.getvalue() == block.output, f"{page}, line {block.line}"


def _read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def _name(page: str) -> str:
    """Give the name of the module that a page is checked as."""
    return page.removesuffix(".md").replace("/", "_").replace("-", "_") + ".py"


def _modules() -> Iterator[str]:
    yield "firesteel"
    for module in pkgutil.walk_packages(firesteel.__path__, prefix="firesteel."):
        yield module.name


def _examples(module: str) -> Iterator[doctest.DocTest]:
    """Give the examples of all docstrings, those of variables too, which doctest does not see."""
    path = import_module(module).__file__
    assert path is not None
    for node in ast.walk(ast.parse(Path(path).read_text(encoding="utf-8"))):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
            and ">>> " in node.value.value
        ):
            yield doctest.DocTestParser().get_doctest(
                node.value.value,
                dict(vars(import_module(module))),
                f"{module}:{node.lineno}",
                path,
                node.lineno - 1,
            )


@pytest.mark.usefixtures("small_heap")
@pytest.mark.parametrize("page", PAGES)
def test_the_blocks_of_a_page_run(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _run(page, _read(page))


@pytest.mark.parametrize("page", PAGES)
def test_no_block_of_a_page_is_overlooked(page: str) -> None:
    text = _read(page)
    assert len(_blocks(text)) == len(re.findall(r"```\s*(?:py|pycon|python)\b", text))


@pytest.mark.parametrize("page", PAGES)
def test_the_links_of_a_page_lead_somewhere(page: str) -> None:
    prose = re.sub(r"```.*?```|`[^`\n]+`", "", _read(page), flags=re.DOTALL)
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", prose)
    assert [link for link in links if not (ROOT / page).parent.joinpath(link).exists()] == []


def test_as_many_blocks_are_not_run_as_were_counted() -> None:
    blocks = [block for page in PAGES for block in _blocks(_read(page))]
    assert sum(not block.is_run for block in blocks) == NOT_RUN


@pytest.mark.usefixtures("small_heap")
@pytest.mark.parametrize("module", tuple(_modules()))
def test_the_examples_of_a_module_run(module: str) -> None:
    told: list[str] = []
    runner = doctest.DocTestRunner(verbose=False)
    for example in _examples(module):
        runner.run(example, out=told.append)
    assert "".join(told) == ""


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS)
def test_an_example_script_runs(script: str, tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-W", "error", str(ROOT / script)],
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, f"{run.stdout}\n{run.stderr}"


@pytest.fixture(scope="module", name="pages_as_modules")
def write_pages_as_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the blocks of each page to a module, line by line where the page has them."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "pyrightconfig.json").write_text(json.dumps(PYRIGHT), encoding="utf-8")
    for page in PAGES:
        lines: list[str] = []
        for block in _blocks(_read(page)):
            if block.is_run:
                lines += [""] * (block.line - len(lines)) + block.code.splitlines()
        (folder / _name(page)).write_text("\n".join([*lines, ""]), encoding="utf-8")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments", [["mypy", *MYPY, "."], ["pyright", "."]], ids=["mypy", "pyright"]
)
def test_both_checkers_pass_the_blocks_of_all_pages(
    arguments: list[str], pages_as_modules: Path
) -> None:
    run = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=pages_as_modules,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, f"{run.stdout}\n{run.stderr}"


PAGE: Final = """
```python
number = 1
print(number)
```

```text
1
```

<!-- not run: it fails -->
```python
raise ArithmeticError
```

Words between.

```python
number += 1
```

```text
not what is printed, since these
```
"""


def test_blocks_are_found_with_what_they_print() -> None:
    assert [(block.code.splitlines()[0], block.output) for block in _blocks(PAGE)] == [
        ("number = 1", "1\n"),
        ("raise ArithmeticError", None),
        ("number += 1", "not what is printed, since these\n"),
    ]


def test_a_block_that_prints_something_else_is_seen() -> None:
    with pytest.raises(AssertionError, match=r"page\.md, line 18"):
        _run("page.md", PAGE)


def test_a_block_that_fails_is_seen() -> None:
    with pytest.raises(ArithmeticError):
        _run("page.md", PAGE.replace("<!-- not run: it fails -->\n", ""))
