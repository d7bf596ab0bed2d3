"""Checkpoints in files: saved whole, loaded after every byte was checked."""

import os
import pickle
import re
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest
import torch
from typing_extensions import override

from firesteel.errors import (
    ArgumentTypeError,
    CheckpointVersionError,
    CheckpointWriteError,
    CorruptCheckpointError,
    ForeignCheckpointError,
    MissingCheckpointError,
    UnsafeCheckpointError,
)
from firesteel.handlers import (
    CheckpointMetadata,
    Migrations,
    load_checkpoint,
    read_manifest,
    save_checkpoint,
    verify_checkpoint,
)
from firesteel.handlers.checkpoint._disk import put_in_place

STATE: Final = {"model": {"w": torch.tensor([1.0, 2.0])}}

SAVE_TWICE: Final = """
import sys
import torch
from firesteel.errors import CheckpointWriteError
from firesteel.handlers import save_checkpoint
{before}
for size in (1000, 10):
    try:
        save_checkpoint({{"w": torch.ones(size)}}, sys.argv[1])
        print("saved", size)
    except CheckpointWriteError as error:
        print(type(error).__name__, error, error.errno)
"""


def damage(path: Path) -> None:
    """Alter one byte of a file's first tensor."""
    contents = bytearray(path.read_bytes())
    contents[contents.index(torch.tensor([1.0, 2.0]).numpy().tobytes())] ^= 1
    path.write_bytes(contents)


def names_in(folder: Path) -> list[str]:
    """Give the names of all files in a folder."""
    return sorted(path.name for path in folder.iterdir())


class TestSavingAndLoading:
    def test_what_was_saved_comes_back(self, tmp_path: Path) -> None:
        save_checkpoint(STATE, tmp_path / "a.pt")
        found = load_checkpoint(str(tmp_path / "a.pt"))
        assert str(found) == str(STATE)

    def test_it_comes_back_as_plain_torch_reads_it_too(self, tmp_path: Path) -> None:
        save_checkpoint(STATE, tmp_path / "a.pt")
        found: object = torch.load(tmp_path / "a.pt", weights_only=True)
        assert str(found) == str(STATE)

    def test_tensors_can_stay_in_the_file(self, tmp_path: Path) -> None:
        save_checkpoint(STATE, tmp_path / "a.pt")
        assert str(load_checkpoint(tmp_path / "a.pt", mmap=True)) == str(STATE)

    def test_tensors_go_where_they_are_sent(self, tmp_path: Path) -> None:
        save_checkpoint({"w": torch.ones(2)}, tmp_path / "a.pt")
        found = load_checkpoint(tmp_path / "a.pt", map_location="meta")["w"]
        assert isinstance(found, torch.Tensor)
        assert found.device.type == "meta"

    def test_the_metadata_are_the_name_of_the_file_where_none_are_given(
        self, tmp_path: Path
    ) -> None:
        save_checkpoint(STATE, tmp_path / "best.pt")
        assert read_manifest(tmp_path / "best.pt").metadata == CheckpointMetadata(name="best")

    def test_metadata_are_kept(self, tmp_path: Path) -> None:
        metadata = CheckpointMetadata(name="a", global_step=7, score=0.25, score_name="loss")
        save_checkpoint(STATE, tmp_path / "a.pt", metadata=metadata)
        assert verify_checkpoint(tmp_path / "a.pt").metadata == metadata

    @pytest.mark.parametrize(("fsync", "num_calls"), [(True, 4), (False, 0)])
    def test_two_saves_force_file_and_folder_to_the_disk_twice(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, fsync: bool, num_calls: int
    ) -> None:
        calls: list[int] = []
        monkeypatch.setattr(put_in_place, "__kwdefaults__", {"sync": calls.append})
        for name in ("a.pt", "b.pt"):
            save_checkpoint(STATE, tmp_path / name, fsync=fsync)
        assert len(calls) == num_calls

    def test_a_checkpoint_that_is_no_mapping_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ArgumentTypeError, match="checkpoint must be a mapping"):
            save_checkpoint([1], tmp_path / "a.pt")  # type: ignore[arg-type]  # a mistake

    def test_a_path_that_is_none_is_refused(self) -> None:
        with pytest.raises(ArgumentTypeError, match="path must be a path, got 3"):
            load_checkpoint(3)  # type: ignore[arg-type]  # a mistake

    def test_what_cannot_be_saved_leaves_what_was_there(self, tmp_path: Path) -> None:
        save_checkpoint(STATE, tmp_path / "a.pt")
        with pytest.raises(UnsafeCheckpointError, match=re.escape(str(tmp_path / "a.pt"))):
            save_checkpoint({"rng": range(3)}, tmp_path / "a.pt")
        assert names_in(tmp_path) == ["a.pt"]
        assert str(load_checkpoint(tmp_path / "a.pt")) == str(STATE)


class TestTheDiskFails:
    @pytest.mark.slow
    def test_a_file_that_may_not_grow_leaves_what_was_there_and_the_next_save_works(
        self, tmp_path: Path
    ) -> None:
        save_checkpoint({"w": torch.ones(3)}, tmp_path / "a.pt")
        limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))"
        run = subprocess.run(
            [sys.executable, "-c", SAVE_TWICE.format(before=limit), str(tmp_path / "a.pt")],
            capture_output=True,
            text=True,
            check=True,
        )
        first, *rest = run.stdout.splitlines()
        assert first.startswith(f"CheckpointWriteError save_checkpoint: {tmp_path / 'a.pt'} could")
        assert "File too large; the file of that name from before is untouched" in first
        assert rest == ["saved 10"]
        assert str(load_checkpoint(tmp_path / "a.pt")) == str({"w": torch.ones(10)})
        assert names_in(tmp_path) == ["a.pt"]

    @pytest.mark.slow
    def test_a_folder_that_may_not_be_written_into_is_told(self) -> None:
        nobody = "import os; os.geteuid() or os.seteuid(65534)"  # root may write everywhere
        # not tmp_path, which is in a folder that nobody else may enter
        with TemporaryDirectory() as name:
            folder = Path(name)
            save_checkpoint({"w": torch.ones(3)}, folder / "a.pt")
            (folder / "a.pt").chmod(0o444)
            folder.chmod(0o555)
            run = subprocess.run(
                [sys.executable, "-c", SAVE_TWICE.format(before=nobody), str(folder / "a.pt")],
                capture_output=True,
                text=True,
                check=False,
            )
            folder.chmod(0o755)
            assert str(load_checkpoint(folder / "a.pt")) == str({"w": torch.ones(3)})
        assert run.returncode == 0, run.stderr
        first, second = run.stdout.splitlines()
        assert "could not be written: Permission denied; the file of that name from" in first
        assert second == first

    def test_a_folder_in_the_place_of_the_file_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(CheckpointWriteError, match="it is a folder"):
            save_checkpoint(STATE, tmp_path)


class TestRefusing:
    def test_damage_is_found_before_anything_is_read(self, tmp_path: Path) -> None:
        save_checkpoint(STATE, tmp_path / "a.pt")
        damage(tmp_path / "a.pt")
        for read in (load_checkpoint, verify_checkpoint):
            with pytest.raises(CorruptCheckpointError, match=r"a\.pt is damaged: its record"):
                read(tmp_path / "a.pt")

    def test_a_file_that_is_not_there_is_told(self, tmp_path: Path) -> None:
        for read in (load_checkpoint, verify_checkpoint, read_manifest):
            with pytest.raises(MissingCheckpointError, match=r"a\.pt does not exist"):
                read(tmp_path / "a.pt")

    def test_a_foreign_file_is_read_where_that_is_allowed(self, tmp_path: Path) -> None:
        torch.save(OrderedDict(STATE), tmp_path / "a.pt")
        with pytest.raises(ForeignCheckpointError):
            load_checkpoint(tmp_path / "a.pt")
        assert str(load_checkpoint(tmp_path / "a.pt", allow_foreign=True)["model"]) == str(
            STATE["model"]
        )

    @pytest.mark.parametrize("value", [torch.ones(2), [1, 2], {1: 2}])
    def test_a_foreign_file_with_something_else_in_it_is_refused(
        self, tmp_path: Path, value: object
    ) -> None:
        torch.save(value, tmp_path / "a.pt")
        with pytest.raises(ForeignCheckpointError, match="and not the states of objects by name"):
            load_checkpoint(tmp_path / "a.pt", allow_foreign=True)

    def test_a_crafted_file_runs_nothing(self, tmp_path: Path) -> None:
        class Evil:
            @override
            def __reduce__(self) -> tuple[object, ...]:
                return os.mkdir, (str(tmp_path / "was here"),)

        torch.save({"w": Evil()}, tmp_path / "a.pt")
        (tmp_path / "b.pt").write_bytes(pickle.dumps(Evil()))
        for name in ("a.pt", "b.pt"):
            with pytest.raises(UnsafeCheckpointError, match=rf"{name} would run code.*mkdir"):
                load_checkpoint(tmp_path / name, allow_foreign=True)
        assert not (tmp_path / "was here").exists()


class TestVersions:
    def test_a_checkpoint_of_an_earlier_version_is_brought_on(self, tmp_path: Path) -> None:
        save_checkpoint({"net": 1}, tmp_path / "a.pt")
        migrations = Migrations(version=1, steps={0: lambda old: {"model": old["net"]}})
        assert load_checkpoint(tmp_path / "a.pt", migrations=migrations) == {"model": 1}

    def test_the_present_version_is_saved_and_left_as_it_is(self, tmp_path: Path) -> None:
        migrations = Migrations(version=1, steps={0: lambda old: {}})
        save_checkpoint({"model": 1}, tmp_path / "a.pt", migrations=migrations)
        assert read_manifest(tmp_path / "a.pt").version == 1
        assert load_checkpoint(tmp_path / "a.pt", migrations=migrations) == {"model": 1}

    def test_a_later_version_is_refused(self, tmp_path: Path) -> None:
        migrations = Migrations(version=2, steps={})
        save_checkpoint({"model": 1}, tmp_path / "a.pt", migrations=migrations)
        with pytest.raises(
            CheckpointVersionError, match=r"a\.pt is of version 2, and this program"
        ):
            load_checkpoint(tmp_path / "a.pt")
