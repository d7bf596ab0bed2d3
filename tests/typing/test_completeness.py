"""The wheel, as a user installs it: its types are complete, and right programs pass with it."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path
from typing import Final, TypedDict

import pytest

ROOT: Final = Path(__file__).parents[2]
ACCEPT: Final = Path(__file__).parent / "accept"


class Diagnostic(TypedDict):
    """What is wrong with a name, in pyright's output."""

    message: str


class Symbol(TypedDict):
    """A name, in pyright's output."""

    name: str
    isTypeKnown: bool
    diagnostics: list[Diagnostic]


class Completeness(TypedDict):
    """How complete types are, in pyright's output."""

    completenessScore: float
    packageRootDirectory: str
    symbols: list[Symbol]


class Verified(TypedDict):
    """The output of ``pyright --verifytypes``."""

    typeCompleteness: Completeness


def run(
    folder: Path, python: str | Path, *arguments: str | Path
) -> subprocess.CompletedProcess[str]:
    """Run a module of a Python within a folder; what asks for ``python`` gets this one."""
    path = os.pathsep.join([str(Path(python).parent), os.environ.get("PATH", "")])
    return subprocess.run(
        [python, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": path, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"},
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this tree."""
    folder = tmp_path_factory.mktemp("dist")
    options = ("--wheel", "--no-isolation", "--outdir", folder)
    built = run(ROOT, sys.executable, "-m", "build", *options)
    assert built.returncode == 0, built.stdout + built.stderr
    return next(folder.glob("firesteel-*.whl"))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that has the wheel, and from this one everything but this tree's firesteel."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=os.name != "nt")
    paths = {"base": str(folder), "platbase": str(folder)}
    binary = Path(sysconfig.get_path("scripts", "venv", paths)) / "python"
    pip = ("-m", "pip", "--python", binary, "install", "--quiet", "--no-deps", "--no-index")
    installed = run(folder, sys.executable, *pip, wheel)
    assert installed.returncode == 0, installed.stdout + installed.stderr
    # the .pth files that lie there, by which this tree is installed, are not read
    others = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    here = Path(sysconfig.get_path("purelib", "venv", paths))
    (here / "others.pth").write_text("".join(f"{path}\n" for path in sorted(others)))
    found = run(folder, binary, "-c", "import firesteel, torch; print(firesteel.__file__)")
    assert Path(found.stdout.strip()).is_relative_to(folder), found.stdout + found.stderr
    return binary


@pytest.mark.slow
def test_the_wheel_says_that_it_is_typed(wheel: Path) -> None:
    assert "firesteel/py.typed" in zipfile.ZipFile(wheel).namelist()


@pytest.mark.slow
def test_every_public_type_is_known(python: Path, tmp_path: Path) -> None:
    options = ("--verifytypes", "firesteel", "--ignoreexternal", "--outputjson")
    verified = run(tmp_path, python, "-m", "pyright", *options)
    output: Verified = json.loads(verified.stdout)
    completeness = output["typeCompleteness"]
    unknown = [
        f"{symbol['name']}: {diagnostic['message']}"
        for symbol in completeness["symbols"]
        if not symbol["isTypeKnown"]
        for diagnostic in symbol["diagnostics"]
        if "partially unknown" not in diagnostic["message"]  # what follows from the others
    ]
    assert not unknown, "\n".join(unknown)
    assert completeness["completenessScore"] == 1
    assert any(symbol["name"] == "firesteel.engine.Engine" for symbol in completeness["symbols"])
    # of the wheel, and not of this tree
    assert Path(completeness["packageRootDirectory"]).is_relative_to(python.parents[1])


@pytest.mark.slow
@pytest.mark.parametrize(
    "checker",
    [("mypy", "--strict", "--config-file=", "--cache-dir=.cache"), ("pyright", "--project")],
    ids=lambda checker: checker[0],
)
def test_right_programs_pass_with_the_wheel(
    checker: tuple[str, ...], python: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(ACCEPT, tmp_path / "accept", ignore=shutil.ignore_patterns("__*"))
    (folder / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}')
    checked = run(folder, python, "-m", *checker, ".")
    assert checked.returncode == 0, checked.stdout + checked.stderr
