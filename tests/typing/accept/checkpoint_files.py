"""Checkpoints: states collected, saved in a folder or a store, found, and put back."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import assert_type, final

import torch
from torch import Tensor, nn
from typing_extensions import override

from firesteel import Engine
from firesteel.errors import CheckpointError, CheckpointMismatchError
from firesteel.handlers import (
    BaseSaveHandler,
    CheckpointManifest,
    CheckpointMetadata,
    DiskSaver,
    FsspecSaver,
    HashedCheckpoint,
    Migrations,
    StatefulTree,
    TensorInfo,
    collect_states,
    find_latest,
    hash_checkpoint,
    load_checkpoint,
    load_objects,
    load_safetensors,
    read_manifest,
    save_checkpoint,
    save_safetensors,
    verify_checkpoint,
)
from firesteel.protocols import Stateful


def step(engine: Engine[int, int], batch: int) -> int:
    return batch


@final
class Own:
    """A stateful thing of one's own."""

    def __init__(self) -> None:
        self.count = 0

    def state_dict(self) -> dict[str, int]:
        return {"count": self.count}

    def load_state_dict(self, state_dict: dict[str, int], /) -> None:
        self.count = state_dict["count"]


model = nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 3)
trainer = Engine(step)

# written where they are handed over, kept with a type, nested
states = collect_states({"model": model, "optimizer": optimizer, "trainer": trainer, "own": Own()})
assert_type(states, dict[str, object])
to_save: dict[str, Stateful] = {"model": model, "scheduler": scheduler}
collect_states(to_save)
collect_states({"nets": [model, nn.ReLU()], "pair": (model, optimizer), "more": {"own": Own()}})
nets = [nn.Linear(1, 1), nn.Linear(1, 1)]
tree: dict[str, StatefulTree] = {"nets": nets, "all": {"a": (optimizer, scheduler)}}
collect_states(tree)
models: dict[str, nn.Module] = {"a": model}
load_objects(models, collect_states(models))
load_objects(tree, collect_states(tree), strict=False, allow_cast=True)


def rename(old: dict[str, object]) -> dict[str, object]:
    return {"model": old["net"]}


migrations = Migrations(version=1, steps={0: rename})
metadata = CheckpointMetadata(name="model", global_step=3, score=0.5)

with TemporaryDirectory() as name:
    folder = Path(name)
    with DiskSaver(folder, fsync=False, migrations=migrations) as saver:
        saver.save(states, "a.pt", metadata)
        assert_type(saver.load("a.pt", map_location=torch.device("cpu")), dict[str, object])
        assert_type(saver.filenames(), Sequence[str])
        assert_type(saver.metadata("a.pt"), CheckpointMetadata)
        assert_type(find_latest(saver), str | None)
    assert_type(find_latest(folder), Path | None)
    latest = find_latest(str(folder), name="model")
    if latest is not None:
        load_objects({"model": model, "trainer": trainer}, latest, migrations=migrations)

    save_checkpoint({"weights": model.state_dict(), "epoch": 3}, folder / "b.pt")
    assert_type(load_checkpoint(folder / "b.pt", mmap=True), dict[str, object])
    manifest = verify_checkpoint(folder / "b.pt")
    assert_type(manifest, CheckpointManifest)
    assert_type(read_manifest(folder / "b.pt").tensors["weights", "weight"], TensorInfo)
    assert_type(hash_checkpoint(folder / "b.pt"), HashedCheckpoint)

    save_safetensors(model, folder / "w.safetensors", metadata={"epoch": "3"})
    assert_type(load_safetensors(folder / "w.safetensors"), dict[str, Tensor])
    load_objects({"model": model}, {"model": load_safetensors(folder / "w.safetensors")})

    try:
        load_objects({"model": nn.Linear(3, 3)}, folder / "none.pt")
    except CheckpointMismatchError as error:
        print(error)
    except (CheckpointError, FileNotFoundError) as error:
        print(error)

remote = FsspecSaver("memory://typing", publish="rename", storage_options={"anon": True})
remote.save(states, "a.pt", metadata)


@final
class Kept(BaseSaveHandler):
    """A saver of one's own."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[dict[str, object], CheckpointMetadata]] = {}

    @override
    def save(
        self, checkpoint: Mapping[str, object], filename: str, metadata: CheckpointMetadata
    ) -> None:
        self.kept[filename] = dict(checkpoint), metadata

    @override
    def load(
        self, filename: str, *, map_location: torch.device | str | None = None
    ) -> dict[str, object]:
        return self.kept[filename][0]

    @override
    def remove(self, filename: str) -> None:
        self.kept.pop(filename, None)

    @override
    def filenames(self) -> Sequence[str]:
        return sorted(self.kept)

    @override
    def metadata(self, filename: str) -> CheckpointMetadata:
        return self.kept[filename][1]


own = Kept()
own.save(states, "a.pt", metadata)
assert find_latest(own) == "a.pt"
