"""ShardedSaver in one process: what makes a folder a checkpoint, and what is refused."""

import json
import pickle
import resource
import zlib
from pathlib import Path
from typing import Any, Final, final

import pytest
import torch
from tests.unit.handlers.checkpoint.savers import Counter, give
from torch import nn
from typing_extensions import TypeIs, override

from firesteel import Engine, Events
from firesteel.data import RandomStates
from firesteel.errors import (
    ArgumentError,
    CheckpointMismatchError,
    CheckpointVersionError,
    CheckpointWriteError,
    CorruptCheckpointError,
    ForeignCheckpointError,
    UnsafeCheckpointError,
)
from firesteel.handlers import (
    Checkpoint,
    CheckpointMetadata,
    DiskSaver,
    ShardedSaver,
)

METADATA: Final = CheckpointMetadata(
    name="model", global_step=3, score=0.5, score_name="acc", priority=0.5
)


def trained() -> tuple[nn.Module, torch.optim.Optimizer]:
    """Give a model and an optimizer that has states."""
    model = nn.Linear(3, 2)
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    return model, optimizer


def saved(folder: Path) -> ShardedSaver:
    """Save something into a folder, as ``a``."""
    saver = ShardedSaver(folder)
    model, optimizer = trained()
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "n": {"x": [1, (2, "b")]},
    }
    saver.save(state, "a", METADATA)
    return saver


def is_dict(value: object) -> TypeIs[dict[object, object]]:
    return isinstance(value, dict)


def is_same(one: object, other: object) -> bool:
    """Compare states with tensors in them."""
    if isinstance(one, torch.Tensor):
        return isinstance(other, torch.Tensor) and torch.equal(one, other)
    if is_dict(one) and is_dict(other):
        return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in one)
    return one == other


def test_all_of_it_comes_back(tmp_path: Path) -> None:
    saver = ShardedSaver(tmp_path)
    model, optimizer = trained()
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "random": RandomStates().state_dict(),
        "empty": {},
        "scalar": torch.tensor(3),
    }
    saver.save(state, "a", METADATA)
    assert is_same(
        {name: dict(one) if isinstance(one, dict) else one for name, one in state.items()},
        saver.load("a"),
    )
    assert saver.metadata("a") == METADATA
    assert saver.filenames() == ["a"]


def test_it_is_put_into_objects(tmp_path: Path) -> None:
    saver = ShardedSaver(tmp_path)
    model, optimizer = trained()
    counter = Counter(5)
    saver.save(
        {
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "c": counter.state_dict(),
        },
        "a",
        METADATA,
    )
    other = nn.Linear(3, 2)
    fresh = torch.optim.Adam(other.parameters())
    other_counter = Counter()
    saver.load_into({"model": other, "optimizer": fresh, "c": other_counter}, "a")
    assert is_same(dict(other.state_dict()), dict(model.state_dict()))
    assert is_same(fresh.state_dict(), optimizer.state_dict())
    assert other_counter.value == 5


def test_one_of_the_same_name_is_replaced(tmp_path: Path) -> None:
    saver = ShardedSaver(tmp_path)
    for value in (1, 2):
        saver.save({"w": torch.tensor(value)}, "a", METADATA)
    assert saver.load("a") == {"w": torch.tensor(2)}
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_what_a_killed_save_left_is_no_checkpoint_and_goes_with_the_next(tmp_path: Path) -> None:
    saver = ShardedSaver(tmp_path)
    (tmp_path / ".a.tmp").mkdir()
    (tmp_path / ".a.tmp" / "__0_0.distcp").write_bytes(b"half")
    assert saver.filenames() == []
    saver.save({"w": torch.tensor(0)}, "a", METADATA)
    (tmp_path / ".a.old").mkdir()
    (tmp_path / ".a.old" / "objects.pt").write_bytes(b"killed while it was removed")
    saver.save({"w": torch.tensor(1)}, "a", METADATA)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert saver.load("a") == {"w": torch.tensor(1)}


def test_one_that_was_killed_while_it_was_replaced_comes_back(tmp_path: Path) -> None:
    saver = saved(tmp_path)
    (tmp_path / "a").rename(tmp_path / ".a.old")
    assert saver.filenames() == []
    assert ShardedSaver(tmp_path).metadata("a") == METADATA


def test_where_the_new_one_cannot_be_moved_the_old_one_is_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saver = saved(tmp_path)
    rename = Path.rename

    def fail_for_new(path: Path, target: Path) -> Path:
        if path.name == ".a.tmp":
            raise OSError(5, "Input/output error")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fail_for_new)
    with pytest.raises(CheckpointWriteError, match="Input/output error"):
        saver.save({}, "a", METADATA)
    assert "model" in saver.load("a")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_folder_without_a_manifest_is_no_checkpoint(tmp_path: Path) -> None:
    saver = saved(tmp_path)
    (tmp_path / "a" / "manifest.json").unlink()
    assert saver.filenames() == []
    with pytest.raises(ForeignCheckpointError, match=r"has no manifest.json"):
        saver.load("a")
    with pytest.raises(ForeignCheckpointError, match=r"has no manifest.json"):
        saver.load_into({"model": nn.Linear(3, 2)}, "a")


@pytest.mark.parametrize("name", [".metadata", "objects.pt", "__0_0.distcp"])
def test_every_file_is_verified(tmp_path: Path, name: str) -> None:
    saver = saved(tmp_path)
    path = tmp_path / "a" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(CorruptCheckpointError, match=f"{name} is missing or damaged"):
        saver.load("a")
    path.unlink()
    with pytest.raises(CorruptCheckpointError, match=f"{name} is missing or damaged"):
        saver.load("a")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"format": "other"}, ForeignCheckpointError),
        ({"version": 2}, CheckpointVersionError),
        ({"metadata": {}}, CorruptCheckpointError),
        ({"files": {}}, CorruptCheckpointError),
        ({"files": {"../x": [1, 2]}}, CorruptCheckpointError),
        ({"files": {"x": "y"}}, CorruptCheckpointError),
    ],
)
def test_a_manifest_of_another_kind_is_refused(
    tmp_path: Path, change: dict[str, object], error: type[Exception]
) -> None:
    saver = saved(tmp_path)
    path = tmp_path / "a" / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(error, match="ShardedSaver: "):
        saver.load("a")


def test_a_damaged_manifest_is_refused(tmp_path: Path) -> None:
    saver = saved(tmp_path)
    (tmp_path / "a" / "manifest.json").write_text("{")
    with pytest.raises(CorruptCheckpointError, match="damaged"):
        saver.metadata("a")


@final
class Runs:
    """Runs a function when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @override
    def __reduce__(self) -> tuple[Any, ...]:
        return Path.write_text, (self.path, "code was run")


def test_code_in_torchs_metadata_is_not_run_though_its_checksum_is_right(tmp_path: Path) -> None:
    saver = saved(tmp_path)
    proof, folder = tmp_path / "proof", tmp_path / "a"
    content = pickle.dumps(Runs(proof))
    (folder / ".metadata").write_bytes(content)
    forge(folder, ".metadata")
    with pytest.raises(UnsafeCheckpointError, match=r"would call pathlib.*; it was not read"):
        saver.load("a")
    with pytest.raises(UnsafeCheckpointError, match=r"would call pathlib"):
        saver.load_into({"model": nn.Linear(3, 2)}, "a")
    assert not proof.exists()


def test_code_beside_the_tensors_is_not_run_either(tmp_path: Path) -> None:
    saver = saved(tmp_path)
    proof, folder = tmp_path / "proof", tmp_path / "a"
    torch.save({"model": Runs(proof)}, folder / "objects.pt")
    forge(folder, "objects.pt")
    with pytest.raises(UnsafeCheckpointError, match=r"objects.pt"):
        saver.load("a")
    assert not proof.exists()


def forge(folder: Path, name: str) -> None:
    """Write the right checksum of a file that was changed into the manifest."""
    manifest = json.loads((folder / "manifest.json").read_text())
    content = (folder / name).read_bytes()
    manifest["files"][name] = [len(content), zlib.crc32(content)]
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_what_does_not_fit_changes_nothing(tmp_path: Path) -> None:
    saver = saved(tmp_path)
    model, optimizer = trained()
    before = {name: one.clone() for name, one in model.state_dict().items()}
    with pytest.raises(CheckpointMismatchError):
        saver.load_into({"model": model, "optimizer": Counter()}, "a")
    assert is_same(before, dict(model.state_dict()))
    with pytest.raises(CheckpointMismatchError):
        saver.load_into({"model": nn.Linear(4, 2)}, "a")
    with pytest.raises(CheckpointMismatchError, match=r"must hold \['other'\]"):
        saver.load_into({"model": model, "other": optimizer}, "a")


def test_it_becomes_one_file(tmp_path: Path) -> None:
    saver = saved(tmp_path / "shards")
    disk = DiskSaver(tmp_path / "file")
    saver.consolidate("a", disk)
    assert is_same(disk.load("a"), saver.load("a"))
    assert disk.metadata("a") == METADATA
    disk.close()


def test_it_can_be_removed(tmp_path: Path) -> None:
    saver = saved(tmp_path)
    saver.remove("a")
    saver.remove("a")
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    saver = saved(tmp_path / "inner")
    for name in ("../x", "/x", ".x", ""):
        with pytest.raises(ArgumentError):
            saver.remove(name)
        with pytest.raises(ArgumentError):
            saver.save({}, name, METADATA)


def test_two_tensors_of_one_name_are_refused(tmp_path: Path) -> None:
    saver = ShardedSaver(tmp_path)
    state = {"a": {"b": torch.ones(1)}, "a/b": torch.ones(1)}
    with pytest.raises(ArgumentError, match="two entries of the state are called 'a/b'"):
        saver.save(state, "a", METADATA)


def test_a_folder_that_is_not_to_be_made_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(CheckpointWriteError, match="is no folder"):
        ShardedSaver(tmp_path / "new", create_dir=False)
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointWriteError, match="cannot be made"):
        ShardedSaver(tmp_path / "file")


def test_where_saving_fails_the_old_one_is_there_still(tmp_path: Path) -> None:
    saver = saved(tmp_path)
    with pytest.raises(UnsafeCheckpointError):
        saver.save({"model": lambda: None}, "a", METADATA)
    assert saver.metadata("a") == METADATA
    assert "model" in saver.load("a")


def test_on_a_full_disk_the_old_one_is_there_still_and_nothing_else(tmp_path: Path) -> None:
    saver = saved(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(CheckpointWriteError, match="could not be written"):
            saver.save({"w": torch.zeros(100_000)}, "a", METADATA)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "model" in saver.load("a")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_checkpoint_keeps_the_latest_of_them(tmp_path: Path) -> None:
    trainer, saver = Engine(give), ShardedSaver(tmp_path)
    model = nn.Linear(1, 1)
    checkpoint = Checkpoint({"model": model, "trainer": trainer}, saver, n_saved=2)
    checkpoint.attach(trainer, Events.ITERATION_COMPLETED)
    trainer.run([1.0] * 4)
    assert saver.filenames() == ["checkpoint_3.pt", "checkpoint_4.pt"]
    another = Engine(give)
    saver.load_into({"trainer": another}, "checkpoint_4.pt")
    assert another.state.iteration == 4
