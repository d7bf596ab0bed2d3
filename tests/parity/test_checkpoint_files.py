"""Files of checkpoints, beside torch, ignite and safetensors: each reads what the other wrote."""

from importlib import import_module
from pathlib import Path

# Any: what another library gives, which is not typed
from typing import Any, Final

import pytest
import torch
from torch import nn

from firesteel.handlers import (
    CheckpointMetadata,
    DiskSaver,
    hash_checkpoint,
    load_objects,
    load_safetensors,
    save_safetensors,
)

pytestmark = [
    pytest.mark.parity,
    pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning"),  # while ignite is imported
]

META: Final = CheckpointMetadata(name="model")


@pytest.fixture(name="handlers")
def import_handlers_of_ignite() -> Any:
    return import_module("ignite.handlers")


def give(engine: object, batch: int) -> int:
    return batch


class TwoLayers(nn.Module):
    """A model with tied weights."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Embedding(5, 3)
        self.last = nn.Linear(3, 5)
        self.last.weight = self.first.weight


def same(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.state_dict().items(), other.state_dict().items(), strict=True)
    return all(
        name == its_name and torch.equal(mine, its) for (name, mine), (its_name, its) in pairs
    )


def test_ignite_loads_what_is_saved_here(tmp_path: Path, handlers: Any) -> None:
    model, other = TwoLayers(), TwoLayers()
    with DiskSaver(tmp_path) as saver:
        saver.save({"model": model.state_dict(), "epoch": 3}, "a.pt", META)
    handlers.Checkpoint.load_objects(to_load={"model": other}, checkpoint=tmp_path / "a.pt")
    assert same(model, other)


@pytest.mark.parametrize("several", [False, True])
def test_what_ignite_saved_is_loaded_here(tmp_path: Path, handlers: Any, *, several: bool) -> None:
    model = TwoLayers()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
    to_save = {"model": model, "optimizer": optimizer} if several else {"model": model}
    engine: Any = import_module("ignite.engine").Engine(give)
    checkpoint = handlers.Checkpoint(to_save, handlers.DiskSaver(str(tmp_path)))
    checkpoint(engine)
    path = tmp_path / checkpoint.last_checkpoint
    other = TwoLayers()
    load_objects({"model": other}, path, allow_foreign=True)
    assert same(model, other)
    if several:
        other_optimizer = torch.optim.SGD(other.parameters(), lr=0.1)
        load_objects({"optimizer": other_optimizer}, path, allow_foreign=True)
        assert other_optimizer.param_groups[0]["lr"] == 0.5


def test_the_hash_in_a_name_is_that_of_ignite(tmp_path: Path) -> None:
    for folder in ("ours", "theirs"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "w.pt").write_bytes(b"weights")
    theirs = import_module("ignite.utils").hash_checkpoint(
        tmp_path / "theirs" / "w.pt", str(tmp_path / "theirs")
    )
    ours = hash_checkpoint(tmp_path / "ours" / "w.pt")
    assert (ours.path.name, ours.sha256) == (theirs[0].name, theirs[1])


def test_safetensors_loads_tied_weights_that_are_saved_here(tmp_path: Path) -> None:
    model, other = TwoLayers(), TwoLayers()
    save_safetensors(model, tmp_path / "w.safetensors")
    library: Any = import_module("safetensors.torch")
    missing, unexpected = library.load_model(other, tmp_path / "w.safetensors")
    assert not missing
    assert not unexpected
    assert same(model, other)


def test_tied_weights_that_safetensors_saved_are_loaded_here(tmp_path: Path) -> None:
    model, other = TwoLayers(), TwoLayers()
    library: Any = import_module("safetensors.torch")
    library.save_model(model, str(tmp_path / "w.safetensors"))
    found = load_safetensors(tmp_path / "w.safetensors")
    load_objects({"model": other}, {"model": found}, strict=False)
    assert same(model, other)
