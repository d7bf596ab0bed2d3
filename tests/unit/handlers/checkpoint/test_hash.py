"""A file gets a part of its hash into its name."""

import hashlib
from pathlib import Path

import pytest

from firesteel.errors import MissingCheckpointError
from firesteel.handlers import hash_checkpoint


def test_it_is_moved_to_a_name_with_its_hash(tmp_path: Path) -> None:
    (tmp_path / "w.pt").write_bytes(b"weights")
    path, digits = hash_checkpoint(tmp_path / "w.pt")
    assert digits == hashlib.sha256(b"weights").hexdigest()
    assert path == tmp_path / f"w-{digits[:8]}.pt"
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"weights"


def test_it_can_go_to_another_folder_which_is_made(tmp_path: Path) -> None:
    (tmp_path / "w.pt").write_bytes(b"weights")
    path, _ = hash_checkpoint(str(tmp_path / "w.pt"), output_dir=tmp_path / "to" / "publish")
    assert path.parent == tmp_path / "to" / "publish"
    assert not (tmp_path / "w.pt").exists()


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(MissingCheckpointError, match=r"w\.pt does not exist"):
        hash_checkpoint(tmp_path / "w.pt")
