"""Files are put in place whole or not at all, whatever happens meanwhile."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

import pytest

from firesteel.errors import CheckpointWriteError
from firesteel.handlers.checkpoint._disk import (
    FolderLock,
    put_in_place,
    remove_file,
    sweep,
    temporary_name,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="locks of Unix")

HALF_WRITTEN: Final = """
import sys
from pathlib import Path
from firesteel.handlers.checkpoint._disk import put_in_place
def write(file):
    file.write(b"half of the ")
    file.flush()
    print("half", flush=True)
    sys.stdin.read()
put_in_place("Test", Path(sys.argv[1]), write, fsync=True)
"""
HOLDS_FOLDER: Final = """
import sys
from pathlib import Path
from firesteel.handlers.checkpoint._disk import FolderLock
lock = FolderLock("Test", Path(sys.argv[1]))
lock.take()
print("held", flush=True)
sys.stdin.read()
"""


def start(program: str, path: Path) -> subprocess.Popen[str]:
    """Start a process, and wait for its first line."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline()
    return process


def kill(process: subprocess.Popen[str]) -> None:
    """Kill a process, in a way that it cannot notice."""
    process.kill()
    process.communicate()


def writes(text: bytes) -> Callable[[BinaryIO], None]:
    def write(file: BinaryIO) -> None:
        file.write(text)

    return write


def fails(error: BaseException) -> Callable[[BinaryIO], None]:
    def write(file: BinaryIO) -> None:
        file.write(b"half")
        raise error

    return write


def names_in(folder: Path) -> list[str]:
    """Give the names of all files in a folder."""
    return sorted(path.name for path in folder.iterdir())


class TestPutInPlace:
    def test_the_new_contents_are_in_place(self, tmp_path: Path) -> None:
        path = tmp_path / "a.pt"
        put_in_place("Test", path, writes(b"new"), fsync=True)
        assert path.read_bytes() == b"new"

    def test_what_was_there_is_replaced(self, tmp_path: Path) -> None:
        path = tmp_path / "a.pt"
        path.write_bytes(b"old and longer")
        put_in_place("Test", path, writes(b"new"), fsync=True)
        assert path.read_bytes() == b"new"

    def test_who_reads_the_old_file_goes_on_to_see_all_of_it(self, tmp_path: Path) -> None:
        path = tmp_path / "a.pt"
        path.write_bytes(b"old")
        with path.open("rb") as reader:
            put_in_place("Test", path, writes(b"new"), fsync=False)
            assert reader.read() == b"old"

    def test_nothing_else_is_left(self, tmp_path: Path) -> None:
        put_in_place("Test", tmp_path / "a.pt", writes(b"new"), fsync=True)
        assert names_in(tmp_path) == ["a.pt"]

    def test_others_may_read_it_as_the_mask_of_the_process_says(self, tmp_path: Path) -> None:
        path = tmp_path / "a.pt"
        mask = os.umask(0o027)
        try:
            put_in_place("Test", path, writes(b"new"), fsync=False)
        finally:
            os.umask(mask)
        assert path.stat().st_mode & 0o777 == 0o640

    @pytest.mark.parametrize(("fsync", "kinds"), [(True, ["file", "folder"]), (False, [])])
    def test_file_and_folder_are_forced_to_the_disk_unless_switched_off(
        self, tmp_path: Path, *, fsync: bool, kinds: list[str]
    ) -> None:
        seen: list[str] = []

        def sync(descriptor: int) -> None:
            is_file = os.fstat(descriptor).st_size == len(b"new")
            seen.append("file" if is_file else "folder")

        put_in_place("Test", tmp_path / "a.pt", writes(b"new"), fsync=fsync, sync=sync)
        assert seen == kinds

    def test_the_file_is_forced_to_the_disk_before_it_is_renamed(self, tmp_path: Path) -> None:
        path, seen = tmp_path / "a.pt", list[bool]()
        put_in_place(
            "Test", path, writes(b"new"), fsync=True, sync=lambda _: seen.append(path.exists())
        )
        assert seen == [False, True]

    @pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device")])
    def test_a_full_disk_leaves_what_was_there(self, tmp_path: Path, error: OSError) -> None:
        path = tmp_path / "a.pt"
        path.write_bytes(b"old")
        with pytest.raises(CheckpointWriteError) as caught:
            put_in_place("Test", path, fails(error), fsync=True)
        assert str(caught.value) == (
            f"Test: {path} could not be written: No space left on device; "
            "the file of that name from before is untouched"
        )
        assert caught.value.errno == errno.ENOSPC
        assert caught.value.__cause__ is error
        assert path.read_bytes() == b"old"
        assert names_in(tmp_path) == ["a.pt"]

    def test_where_nothing_was_the_error_says_so(self, tmp_path: Path) -> None:
        with pytest.raises(CheckpointWriteError, match="there is no file of that name"):
            put_in_place("Test", tmp_path / "a.pt", fails(OSError(errno.EIO, "x")), fsync=True)

    @pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt()])
    def test_another_error_passes_as_it_is_and_leaves_no_temporary_file(
        self, tmp_path: Path, error: BaseException
    ) -> None:
        with pytest.raises(type(error)) as caught:
            put_in_place("Test", tmp_path / "a.pt", fails(error), fsync=True)
        assert caught.value is error
        assert names_in(tmp_path) == []

    def test_a_folder_that_cannot_be_forced_to_the_disk_is_told(self, tmp_path: Path) -> None:
        def sync(descriptor: int) -> None:
            if os.fstat(descriptor).st_ino == tmp_path.stat().st_ino:
                raise OSError(errno.EIO, "I/O error")

        with pytest.raises(CheckpointWriteError, match="the new file is in its place, but"):
            put_in_place("Test", tmp_path / "a.pt", writes(b"new"), fsync=True, sync=sync)

    def test_a_file_system_that_cannot_force_folders_is_no_error(self, tmp_path: Path) -> None:
        def sync(descriptor: int) -> None:
            if os.fstat(descriptor).st_ino == tmp_path.stat().st_ino:
                raise OSError(errno.EINVAL, "no such thing")

        put_in_place("Test", tmp_path / "a.pt", writes(b"new"), fsync=True, sync=sync)
        assert (tmp_path / "a.pt").exists()

    def test_a_folder_is_not_written_over(self, tmp_path: Path) -> None:
        asked: list[BinaryIO] = []
        with pytest.raises(CheckpointWriteError, match="it is a folder"):
            put_in_place("Test", tmp_path, asked.append, fsync=True)
        assert asked == []

    def test_a_folder_that_is_none_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"")
        with pytest.raises(CheckpointWriteError, match="Not a directory"):
            put_in_place("Test", tmp_path / "file" / "a.pt", writes(b"new"), fsync=True)

    def test_another_file_may_be_put_where_the_temporary_one_was(self, tmp_path: Path) -> None:
        def write(file: BinaryIO) -> None:
            other = tmp_path / "other"
            other.write_bytes(b"new")
            other.replace(file.name)

        put_in_place("Test", tmp_path / "a.pt", write, fsync=True)
        assert (tmp_path / "a.pt").read_bytes() == b"new"


class TestRemoving:
    def test_a_file_is_removed(self, tmp_path: Path) -> None:
        (tmp_path / "a.pt").write_bytes(b"")
        remove_file("Test", tmp_path / "a.pt")
        assert names_in(tmp_path) == []

    def test_one_that_is_not_there_is_no_error(self, tmp_path: Path) -> None:
        remove_file("Test", tmp_path / "a.pt")

    def test_what_cannot_be_removed_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "a.pt").mkdir()
        with pytest.raises(
            CheckpointWriteError, match=r"a\.pt could not be removed: .*still there"
        ):
            remove_file("Test", tmp_path / "a.pt")


class TestSweeping:
    @pytest.mark.slow
    def test_what_a_killed_process_left_is_removed_and_the_old_file_is_whole(
        self, tmp_path: Path
    ) -> None:
        (tmp_path / "a.pt").write_bytes(b"old")
        process = start(HALF_WRITTEN, tmp_path / "a.pt")
        try:
            assert len(names_in(tmp_path)) == 2
            assert sweep(tmp_path) == []  # it is alive
            assert len(names_in(tmp_path)) == 2
        finally:
            kill(process)
        assert len(sweep(tmp_path)) == 1
        assert names_in(tmp_path) == ["a.pt"]
        assert (tmp_path / "a.pt").read_bytes() == b"old"

    def test_what_this_process_is_writing_is_left_alone(self, tmp_path: Path) -> None:
        def write(file: BinaryIO) -> None:
            assert sweep(tmp_path) == []
            file.write(b"new")

        put_in_place("Test", tmp_path / "a.pt", write, fsync=False)
        assert (tmp_path / "a.pt").read_bytes() == b"new"

    @pytest.mark.parametrize(
        "name", ["a.pt", ".hidden.tmp", ".firesteel-elsewhere9-1-0123456789abcdef.tmp"]
    )
    def test_what_is_of_others_is_left_alone(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).write_bytes(b"")
        assert sweep(tmp_path) == []
        assert names_in(tmp_path) == [name]

    def test_a_folder_that_is_not_there_has_nothing_to_sweep(self, tmp_path: Path) -> None:
        assert sweep(tmp_path / "nowhere") == []

    def test_a_temporary_name_says_which_process_it_is_of(self) -> None:
        assert f"-{os.getpid()}-" in temporary_name()
        assert temporary_name() != temporary_name()


class TestFolderLock:
    @pytest.mark.slow
    def test_a_second_process_is_refused_and_told_who_is_first(self, tmp_path: Path) -> None:
        process = start(HOLDS_FOLDER, tmp_path)
        try:
            with pytest.raises(CheckpointWriteError) as caught:
                FolderLock("Test", tmp_path).take()
        finally:
            kill(process)
        message = str(caught.value)
        assert message.startswith(f"Test: another process saves into {tmp_path} (process ")
        assert str(process.pid) in message

    @pytest.mark.slow
    def test_a_killed_process_holds_nothing(self, tmp_path: Path) -> None:
        kill(start(HOLDS_FOLDER, tmp_path))
        lock = FolderLock("Test", tmp_path)
        lock.take()
        lock.close()

    def test_locks_of_one_process_do_not_exclude_each_other(self, tmp_path: Path) -> None:
        one, other = FolderLock("Test", tmp_path), FolderLock("Test", tmp_path)
        for lock in (one, other, one):
            lock.take()
        one.close()
        other.take()
        other.close()

    @pytest.mark.slow
    def test_a_closed_lock_is_free_and_can_be_taken_again(self, tmp_path: Path) -> None:
        lock = FolderLock("Test", tmp_path)
        lock.take()
        lock.close()
        lock.close()
        kill(start(HOLDS_FOLDER, tmp_path))
        lock.take()
        lock.close()

    def test_a_lock_that_nobody_has_any_more_is_closed(self, tmp_path: Path) -> None:
        opened = Path("/proc/self/fd")
        if not opened.exists():
            return
        for _ in range(5):
            FolderLock("Test", tmp_path).take()
        places = [one.readlink() for one in list(opened.iterdir()) if one.is_symlink()]
        assert [place for place in places if place.is_relative_to(tmp_path)] == []

    def test_a_folder_that_cannot_be_written_into_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(CheckpointWriteError, match="cannot be written into"):
            FolderLock("Test", tmp_path / "nowhere").take()
