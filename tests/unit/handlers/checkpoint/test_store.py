"""A DiskSaver saves into a folder: whole, alone, and on one rank."""

import logging
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
import torch
from torch import distributed

from firesteel.distributed import get_rank
from firesteel.errors import (
    ArgumentError,
    ArgumentTypeError,
    CheckpointVersionError,
    CheckpointWriteError,
    CorruptCheckpointError,
    MissingCheckpointError,
    UnsafeCheckpointError,
)
from firesteel.handlers import CheckpointMetadata, DiskSaver, Migrations, load_checkpoint
from firesteel.handlers.checkpoint._disk import temporary_name
from firesteel.testing import RankPool

META: Final = CheckpointMetadata(name="model", global_step=3)
STATE: Final = {"w": torch.tensor([1.0, 2.0])}

SAVES: Final = """
import sys
import torch
from firesteel.handlers import CheckpointMetadata, DiskSaver
saver = DiskSaver(sys.argv[1])
saver.save({"w": torch.ones(1)}, "first.pt", CheckpointMetadata(name="model"))
print("saved", flush=True)
sys.stdin.read()
"""


def start_saving(folder: Path) -> subprocess.Popen[str]:
    """Start a process that saves into a folder, and stays."""
    process = subprocess.Popen(
        [sys.executable, "-c", SAVES, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "saved\n"
    return process


def names_in(folder: Path) -> list[str]:
    """Give the names of all files in a folder."""
    return sorted(path.name for path in folder.iterdir())


class TestSaving:
    def test_what_was_saved_comes_back_with_its_metadata(self, tmp_path: Path) -> None:
        with DiskSaver(tmp_path) as saver:
            saver.save(STATE, "a.pt", META)
            assert str(saver.load("a.pt")) == str(STATE)
            assert saver.metadata("a.pt") == META
        assert str(load_checkpoint(tmp_path / "a.pt")) == str(STATE)

    def test_one_of_the_same_name_is_replaced(self, tmp_path: Path) -> None:
        with DiskSaver(tmp_path) as saver:
            saver.save({"step": 1}, "a.pt", META)
            saver.save({"step": 2}, "a.pt", META)
            assert saver.load("a.pt") == {"step": 2}
            assert saver.filenames() == ["a.pt"]

    def test_names_are_sorted_and_only_of_complete_checkpoints(self, tmp_path: Path) -> None:
        with DiskSaver(tmp_path) as saver:
            for name in ("b.pt", "a.pt", "c.pt"):
                saver.save(STATE, name, META)
            (tmp_path / "c.pt").write_bytes((tmp_path / "a.pt").read_bytes()[:-1])
            torch.save(STATE, tmp_path / "foreign.pt")
            (tmp_path / "log.txt").write_text("hello")
            (tmp_path / ".hidden.pt").write_bytes((tmp_path / "a.pt").read_bytes())
            (tmp_path / "folder.pt").mkdir()
            assert saver.filenames() == ["a.pt", "b.pt"]

    def test_a_removed_one_is_gone_and_one_that_is_not_there_is_no_error(
        self, tmp_path: Path
    ) -> None:
        with DiskSaver(tmp_path) as saver:
            saver.save(STATE, "a.pt", META)
            saver.remove("a.pt")
            saver.remove("a.pt")
            assert saver.filenames() == []

    def test_a_missing_one_is_told_with_those_that_are_there(self, tmp_path: Path) -> None:
        with DiskSaver(tmp_path) as saver:
            saver.save(STATE, "a.pt", META)
            with pytest.raises(MissingCheckpointError, match=r"b\.pt does not exist") as caught:
                saver.load("b.pt")
        assert caught.value.__notes__ == [f"complete checkpoints in {tmp_path}: a.pt"]

    def test_a_failed_save_tells_what_is_still_there(self, tmp_path: Path) -> None:
        with DiskSaver(tmp_path) as saver:
            saver.save(STATE, "a.pt", META)
            (tmp_path / "b.pt").mkdir()
            with pytest.raises(CheckpointWriteError, match=r"^DiskSaver: .*b\.pt could") as caught:
                saver.save(STATE, "b.pt", META)
            assert caught.value.__notes__ == [f"complete checkpoints in {tmp_path}: a.pt"]
            saver.save(STATE, "c.pt", META)
            assert saver.filenames() == ["a.pt", "c.pt"]

    def test_what_could_not_be_read_back_is_not_saved(self, tmp_path: Path) -> None:
        with DiskSaver(tmp_path) as saver:
            with pytest.raises(UnsafeCheckpointError, match=r"^DiskSaver: .*a\.pt cannot hold"):
                saver.save({"rng": range(3)}, "a.pt", META)
            assert saver.filenames() == []

    def test_damage_is_found_on_load(self, tmp_path: Path) -> None:
        with DiskSaver(tmp_path) as saver:
            saver.save(STATE, "a.pt", META)
            contents = bytearray((tmp_path / "a.pt").read_bytes())
            contents[contents.index(STATE["w"].numpy().tobytes())] ^= 1
            (tmp_path / "a.pt").write_bytes(contents)
            with pytest.raises(CorruptCheckpointError, match=r"^DiskSaver: .*a\.pt is damaged"):
                saver.load("a.pt")

    def test_versions_are_saved_and_brought_on(self, tmp_path: Path) -> None:
        with DiskSaver(tmp_path) as saver:
            saver.save({"net": 1}, "a.pt", META)
        migrations = Migrations(version=1, steps={0: lambda old: {"model": old["net"]}})
        with DiskSaver(tmp_path, migrations=migrations) as saver:
            assert saver.load("a.pt") == {"model": 1}
            saver.save({"model": 2}, "b.pt", META)
            assert saver.load("b.pt") == {"model": 2}
        with pytest.raises(CheckpointVersionError):
            DiskSaver(tmp_path).load("b.pt")


class TestTheFolder:
    def test_it_is_made_with_those_above_it(self, tmp_path: Path) -> None:
        saver = DiskSaver(tmp_path / "runs" / "1")
        assert saver.dirname == tmp_path / "runs" / "1"
        assert saver.dirname.is_dir()

    def test_it_is_refused_where_it_is_not_to_be_made(self, tmp_path: Path) -> None:
        with pytest.raises(ArgumentError, match="dirname must be a folder"):
            DiskSaver(tmp_path / "runs", create_dir=False)

    def test_a_tilde_is_the_users_home(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HOME", str(tmp_path))
        assert DiskSaver("~/runs").dirname == tmp_path / "runs"

    def test_a_file_in_its_place_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "runs").write_text("")
        with pytest.raises(CheckpointWriteError, match=r"the folder .*runs could not be made"):
            DiskSaver(tmp_path / "runs")

    def test_checkpoints_in_it_are_refused_only_where_it_has_to_be_empty(
        self, tmp_path: Path
    ) -> None:
        with DiskSaver(tmp_path, require_empty=True) as saver:
            saver.save(STATE, "a.pt", META)
        with pytest.raises(ArgumentError, match=r"must have no checkpoints in it, got a\.pt"):
            DiskSaver(tmp_path, require_empty=True)
        assert DiskSaver(tmp_path).filenames() == ["a.pt"]

    def test_other_files_in_it_are_no_checkpoints(self, tmp_path: Path) -> None:
        (tmp_path / "log.txt").write_text("hello")
        DiskSaver(tmp_path, require_empty=True)

    @pytest.mark.slow
    def test_a_second_process_is_refused_while_the_first_is_there(self, tmp_path: Path) -> None:
        process = start_saving(tmp_path)
        try:
            saver = DiskSaver(tmp_path)
            assert saver.filenames() == ["first.pt"]  # reading is allowed
            with pytest.raises(CheckpointWriteError, match="another process saves into"):
                saver.save(STATE, "a.pt", META)
            with pytest.raises(CheckpointWriteError, match="another process saves into"):
                saver.remove("first.pt")
            with DiskSaver(tmp_path, exclusive=False) as shared:
                shared.save(STATE, "b.pt", META)
        finally:
            process.kill()
            process.communicate()
        saver.save(STATE, "a.pt", META)  # started again after a kill
        assert saver.filenames() == ["a.pt", "b.pt", "first.pt"]
        saver.close()

    def test_savers_of_one_process_share_it(self, tmp_path: Path) -> None:
        with DiskSaver(tmp_path) as one, DiskSaver(tmp_path) as other:
            one.save(STATE, "a.pt", META)
            other.save(STATE, "b.pt", META)
            one.close()
            other.save(STATE, "c.pt", META)
            one.save(STATE, "d.pt", META)
            assert one.filenames() == ["a.pt", "b.pt", "c.pt", "d.pt"]


class TestRefusing:
    @pytest.mark.parametrize("filename", ["", ".", "..", ".a.pt", "a/b.pt", "a\\b.pt", "a\0.pt"])
    def test_a_filename_that_is_none(self, tmp_path: Path, filename: str) -> None:
        saver = DiskSaver(tmp_path)
        for call in (
            lambda: saver.save(STATE, filename, META),
            lambda: saver.load(filename),
            lambda: saver.remove(filename),
            lambda: saver.metadata(filename),
        ):
            with pytest.raises(ArgumentError, match="filename must be a name without folders"):
                call()

    def test_a_rank_below_zero(self, tmp_path: Path) -> None:
        with pytest.raises(ArgumentError, match="save_on_rank must be at least 0"):
            DiskSaver(tmp_path, save_on_rank=-1)

    def test_a_checkpoint_that_is_no_mapping(self, tmp_path: Path) -> None:
        with pytest.raises(ArgumentTypeError, match="a mapping of names to states, got 3"):
            DiskSaver(tmp_path).save(3, "a.pt", META)  # type: ignore[arg-type]  # a mistake


def save_and_list(folder: str) -> tuple[list[str], str]:
    """Save on one rank, and tell what all see."""
    saver = DiskSaver(folder, save_on_rank=1)
    saver.save({"rank": get_rank()}, "a.pt", META)
    saver.remove("never.pt")
    distributed.all_reduce(torch.zeros(1))  # wait for each other
    found = list(saver.filenames()), str(saver.load("a.pt"))
    distributed.all_reduce(torch.zeros(1))  # wait for each other
    saver.remove("a.pt")
    distributed.all_reduce(torch.zeros(1))  # wait for each other
    assert saver.filenames() == []
    return found


@pytest.mark.distributed
def test_one_rank_saves_and_all_can_load(two_ranks: RankPool, tmp_path: Path) -> None:
    found = two_ranks.run(save_and_list, str(tmp_path / "runs"))
    assert found == [(["a.pt"], "{'rank': 1}")] * 2


def test_leftovers_are_swept_at_the_start_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / temporary_name()).write_bytes(b"half")
    with caplog.at_level(logging.INFO):
        DiskSaver(tmp_path)
    assert names_in(tmp_path) == []
    assert "a killed process left it" in caplog.text
