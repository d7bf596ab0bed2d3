"""Checkpoints in stores behind fsspec, on memory and on a disk."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal, Protocol

import pytest
import torch
from fsspec.implementations.memory import MemoryFileSystem

from firesteel._optional import load
from firesteel.errors import (
    ArgumentError,
    CheckpointWriteError,
    CorruptCheckpointError,
    MissingCheckpointError,
    MissingExtraError,
    UnsafeCheckpointError,
)
from firesteel.handlers import CheckpointMetadata, FsspecSaver, Migrations, load_checkpoint
from firesteel.handlers.checkpoint._fsspec import way_to_publish

META: Final = CheckpointMetadata(name="model", global_step=3)
STATE: Final = {"w": torch.tensor([1.0, 2.0])}


@pytest.fixture(name="url", params=["memory", "file"])
def choose_store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of an empty folder."""
    return tmp_path.as_uri() if request.param == "file" else f"memory:/{tmp_path}"


class Files(Protocol):
    """What these tests use of a store."""

    def ls(self, path: str, *, detail: bool) -> list[str]: ...
    def cat_file(self, path: str) -> bytes: ...
    def pipe_file(self, path: str, value: bytes) -> object: ...


def opened(url: str) -> tuple[Files, str]:
    """Give the store of a URL, and where the folder is in it."""
    connect: Callable[[str], tuple[Files, str]] = load("Test", "fsspec.core", extra="").url_to_fs
    return connect(url)


def everything(url: str) -> list[str]:
    """List all that is in a folder, hidden files too."""
    store, root = opened(url)
    return sorted(key.rpartition("/")[2] for key in store.ls(root, detail=False))


@pytest.mark.parametrize("publish", ["put", "rename", None])
def test_what_was_saved_comes_back_and_nothing_else_is_left(
    url: str, publish: Literal["put", "rename"] | None
) -> None:
    saver = FsspecSaver(f"{url}/runs/1", publish=publish)
    assert saver.filenames() == []
    saver.save({"step": 1}, "b.pt", META)
    saver.save(STATE, "b.pt", META)
    saver.save(STATE, "a.pt", META)
    assert saver.filenames() == ["a.pt", "b.pt"] == everything(f"{url}/runs/1")
    assert str(saver.load("b.pt")) == str(STATE)
    assert saver.metadata("b.pt") == META


def test_a_removed_one_is_gone_and_one_that_is_not_there_is_no_error(url: str) -> None:
    saver = FsspecSaver(url)
    saver.save(STATE, "a.pt", META)
    saver.remove("a.pt")
    saver.remove("a.pt")
    assert saver.filenames() == []


def test_a_missing_one_is_told(url: str) -> None:
    saver = FsspecSaver(url)
    for read in (saver.load, saver.metadata):
        with pytest.raises(MissingCheckpointError, match=r"a\.pt does not exist"):
            read("a.pt")


def test_damage_is_found_and_what_is_of_others_is_not_listed(url: str) -> None:
    saver = FsspecSaver(url)
    saver.save(STATE, "a.pt", META)
    store, root = opened(url)
    contents = bytearray(store.cat_file(f"{root}/a.pt"))
    contents[contents.index(STATE["w"].numpy().tobytes())] ^= 1
    store.pipe_file(f"{root}/a.pt", bytes(contents))
    store.pipe_file(f"{root}/log.txt", b"hello")
    store.pipe_file(f"{root}/.hidden", b"hello")
    with pytest.raises(CorruptCheckpointError, match=r"^FsspecSaver: .*/a\.pt is damaged"):
        saver.load("a.pt")
    assert saver.filenames() == ["a.pt"]  # its end is whole


def test_a_file_on_a_disk_is_one_that_others_read(tmp_path: Path) -> None:
    FsspecSaver(tmp_path.as_uri()).save(STATE, "a.pt", META)
    assert str(load_checkpoint(tmp_path / "a.pt")) == str(STATE)


def test_versions_are_saved_and_brought_on(url: str) -> None:
    FsspecSaver(url).save({"net": 1}, "a.pt", META)
    migrations = Migrations(version=1, steps={0: lambda old: {"model": old["net"]}})
    saver = FsspecSaver(url, migrations=migrations)
    saver.save({"model": 2}, "b.pt", META)
    assert saver.load("a.pt") == {"model": 1}
    assert saver.load("b.pt") == {"model": 2}


def test_what_could_not_be_read_back_is_not_saved(url: str) -> None:
    saver = FsspecSaver(url)
    with pytest.raises(UnsafeCheckpointError, match=r"a\.pt cannot hold"):
        saver.save({"rng": range(3)}, "a.pt", META)
    assert saver.filenames() == []


def test_a_rename_that_fails_leaves_what_was_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def mv(*_: object) -> None:
        raise OSError("the connection was lost")

    saver = FsspecSaver("memory://one")
    saver.save({"step": 1}, "a.pt", META)
    monkeypatch.setattr(MemoryFileSystem, "mv", mv)
    with pytest.raises(CheckpointWriteError, match=r"the connection was lost; .* is untouched"):
        saver.save({"step": 2}, "a.pt", META)
    assert saver.load("a.pt") == {"step": 1}
    assert everything("memory://one") == ["a.pt"]


def test_a_file_that_did_not_arrive_whole_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def put_file(store: MemoryFileSystem, lpath: str, rpath: str) -> None:
        store.pipe_file(rpath, Path(lpath).read_bytes()[:100])

    saver = FsspecSaver("memory://two")
    saver.save({"step": 1}, "a.pt", META)
    monkeypatch.setattr(MemoryFileSystem, "put_file", put_file)
    with pytest.raises(CheckpointWriteError, match=r"100 of .* bytes arrived; .* is untouched"):
        saver.save({"step": 2}, "a.pt", META)
    assert saver.load("a.pt") == {"step": 1}
    with pytest.raises(CheckpointWriteError, match="may have been replaced"):
        FsspecSaver("memory://two", publish="put").save({"step": 2}, "a.pt", META)
    with pytest.raises(CorruptCheckpointError):
        saver.load("a.pt")


@pytest.mark.parametrize(
    ("protocol", "way"),
    [(("s3", "s3a"), "put"), ("gs", "put"), ("memory", "rename"), (("file", "local"), "rename")],
)
def test_object_stores_are_put_to_and_others_rename(
    protocol: str | tuple[str, ...], way: str
) -> None:
    assert way_to_publish(protocol) == way


def test_a_store_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ArgumentError, match="url must be one that fsspec knows, got 'nope://x'"):
        FsspecSaver("nope://x")


def test_a_store_whose_package_is_missing_is_told() -> None:
    with pytest.raises(MissingExtraError, match=r"'smb://host/x' needs another package"):
        FsspecSaver("smb://host/x")


def test_another_way_to_publish_is_refused() -> None:
    with pytest.raises(ArgumentError, match="publish must be 'put', 'rename' or None, got 'copy'"):
        FsspecSaver("memory://x", publish="copy")  # type: ignore[arg-type]  # a mistake


@pytest.mark.parametrize("filename", ["", "../a.pt", ".a.pt"])
def test_a_filename_that_is_none_is_refused(filename: str) -> None:
    with pytest.raises(ArgumentError, match="filename must be a name without folders"):
        FsspecSaver("memory://x").load(filename)
