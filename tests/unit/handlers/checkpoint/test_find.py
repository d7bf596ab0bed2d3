"""The checkpoint to go on with is the latest that is whole."""

import logging
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from firesteel.errors import ArgumentTypeError
from firesteel.handlers import (
    CheckpointMetadata,
    DiskSaver,
    FsspecSaver,
    find_latest,
    save_checkpoint,
)


def save(folder: Path, filename: str, step: int | None, *, name: str = "model") -> Path:
    """Save a checkpoint that is taken at a step."""
    metadata = CheckpointMetadata(name=name, global_step=step)
    save_checkpoint({"w": torch.ones(1)}, folder / filename, metadata=metadata, fsync=False)
    return folder / filename


def test_an_empty_folder_has_none(tmp_path: Path) -> None:
    assert find_latest(tmp_path) is None


def test_the_step_decides_and_not_the_name(tmp_path: Path) -> None:
    latest = save(tmp_path, "a_10.pt", 10)
    save(tmp_path, "b_9.pt", 9)
    assert find_latest(tmp_path) == latest


def test_of_one_step_it_is_the_one_written_last(tmp_path: Path) -> None:
    save(tmp_path, "b.pt", 3)
    latest = save(tmp_path, "a.pt", 3)
    assert find_latest(str(tmp_path)) == latest


def test_those_without_a_step_come_behind_all_others(tmp_path: Path) -> None:
    latest = save(tmp_path, "a.pt", 0)
    save(tmp_path, "b.pt", None)
    assert find_latest(tmp_path) == latest
    latest.unlink()
    assert find_latest(tmp_path) == tmp_path / "b.pt"


def test_it_can_be_asked_for_by_name(tmp_path: Path) -> None:
    save(tmp_path, "a.pt", 9, name="other")
    latest = save(tmp_path, "b.pt", 3)
    assert find_latest(tmp_path, name="model") == latest
    assert find_latest(tmp_path, name="nothing") is None


def test_what_is_damaged_incomplete_or_foreign_is_passed_over_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    latest = save(tmp_path, "3.pt", 3)
    damaged = save(tmp_path, "9.pt", 9)
    contents = bytearray(damaged.read_bytes())
    contents[contents.index(torch.ones(1).numpy().tobytes())] ^= 1
    damaged.write_bytes(contents)
    cut = save(tmp_path, "8.pt", 8)
    cut.write_bytes(cut.read_bytes()[:-1])
    torch.save({}, tmp_path / "foreign.pt")
    (tmp_path / "log.txt").write_text("hello")
    (tmp_path / ".firesteel-x-1-0.tmp").write_text("half")
    (tmp_path / "folder").mkdir()
    with caplog.at_level(logging.WARNING):
        assert find_latest(tmp_path) == latest
    told = [record.getMessage() for record in caplog.records]
    for name, why in {
        "9.pt": "'archive/data/0' was altered",
        "8.pt": "its seal, at its end, was altered",
        "foreign.pt": "not written by firesteel",
        "log.txt": "cut off",
    }.items():
        assert [name in line and why in line for line in told].count(True) == 1
    assert len(told) == 4


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 99) | st.none(), min_size=1, max_size=6))
def test_in_a_folder_and_in_a_saver_the_highest_step_is_found(
    tmp_path_factory: pytest.TempPathFactory, steps: list[int | None]
) -> None:
    folder = tmp_path_factory.mktemp("saves")
    for place, step in enumerate(steps):
        save(folder, f"{place}.pt", step)
    found = find_latest(folder)
    assert found is not None
    highest = max((step for step in steps if step is not None), default=None)
    with DiskSaver(folder) as saver:
        assert saver.metadata(found.name).global_step == highest
        assert find_latest(saver) == found.name
    remote = FsspecSaver(folder.as_uri())
    in_store = find_latest(remote)
    assert in_store is not None
    assert remote.metadata(in_store).global_step == highest


def test_in_a_store_what_is_damaged_is_passed_over(tmp_path: Path) -> None:
    save(tmp_path, "3.pt", 3)
    damaged = save(tmp_path, "9.pt", 9)
    contents = bytearray(damaged.read_bytes())
    contents[contents.index(torch.ones(1).numpy().tobytes())] ^= 1
    damaged.write_bytes(contents)
    assert find_latest(FsspecSaver(tmp_path.as_uri())) == "3.pt"
    assert find_latest(FsspecSaver(tmp_path.as_uri()), name="other") is None


def test_in_a_folder_that_is_not_there_yet_there_is_none(tmp_path: Path) -> None:
    assert find_latest(tmp_path / "nowhere") is None


def test_what_is_no_folder_is_refused() -> None:
    with pytest.raises(ArgumentTypeError, match="a folder or a saver"):
        find_latest(3)  # type: ignore[call-overload]  # a mistake
