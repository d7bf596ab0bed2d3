"""An optional package is imported when it is used, or it is said how to install it."""

import json
import sys
from pathlib import Path

import pytest

# not public; the adapters of optional packages are built with it
from firesteel import _optional
from firesteel.errors import MissingExtraError


def test_a_package_that_is_there_is_given() -> None:
    assert _optional.load("Here", "json", extra="data") is json


def test_a_module_within_a_package_is_given() -> None:
    assert _optional.load("Here", "json.decoder", extra="data").__name__ == "json.decoder"


@pytest.mark.parametrize("module", ["not_there", "not_there.at.all"])
def test_a_package_that_is_not_there_is_named_with_its_extra(module: str) -> None:
    with pytest.raises(MissingExtraError) as caught:
        _optional.load("TensorboardLogger", module, extra="tensorboard")
    assert str(caught.value) == (
        "TensorboardLogger: needs the package 'not_there'; pip install 'firesteel[tensorboard]'"
    )
    assert caught.value.name == "not_there"
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


@pytest.mark.parametrize("error", ["import not_there_either", "raise ImportError('no libfoo')"])
def test_what_fails_within_the_package_is_told_as_it_is(
    error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_package.py").write_text(error, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ImportError) as caught:
        _optional.load("Here", "broken_package", extra="broken")
    assert not isinstance(caught.value, MissingExtraError)
    assert "broken_package" not in sys.modules
