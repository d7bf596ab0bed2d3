"""Mistakes with checkpoints: what has no state, what was loaded, options by position."""

from pathlib import Path

import torch
from torch import nn

from firesteel import Engine
from firesteel.handlers import (
    BaseSaveHandler,
    CheckpointMetadata,
    DiskSaver,
    FsspecSaver,
    Migrations,
    collect_states,
    find_latest,
    load_checkpoint,
    load_objects,
    load_safetensors,
    read_manifest,
    save_checkpoint,
    save_safetensors,
)


def step(engine: Engine[int, int], batch: int) -> int:
    return batch


class OnlySaves:
    def state_dict(self) -> dict[str, int]:
        return {}


model = nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
trainer = Engine(step)
saver = DiskSaver("runs")
metadata = CheckpointMetadata(name="model")
states = collect_states({"model": model})

collect_states({"model": "model.pt"})  # E
collect_states({"epoch": 3})  # E
collect_states({"names": ["a", "b"]})  # E
collect_states({"lr": [0.1, 0.2]})  # E
collect_states({"more": {"epoch": 3}})  # E
collect_states({"only": OnlySaves()})  # E
collect_states({3: model})  # E
collect_states([model])  # E
collect_states(model)  # E
collect_states({"step": step})  # E

load_objects({"model": model}, 3)  # E
load_objects({"model": model}, [states])  # E
load_objects({"model": model}, states, False)  # E
load_objects({"model": model}, states, strict="no")  # E
load_objects({"model": 3}, states)  # E
load_objects(states, {"model": model}, strict=3)  # E
load_objects({"model": model})  # E
load_objects(model, states)  # E
loaded: nn.Module = load_objects({"model": model}, states)  # E

load_checkpoint("a.pt")["model"].weight  # E
load_checkpoint("a.pt", "cpu")  # E
load_checkpoint("a.pt", weights_only=False)  # E
load_checkpoint(b"a.pt")  # E
model.load_state_dict(load_checkpoint("a.pt")["model"])  # E
save_checkpoint(model, "a.pt")  # E
save_checkpoint("a.pt", states)  # E
save_checkpoint(states, "a.pt", False)  # E
save_checkpoint(states, "a.pt", metadata={"name": "model"})  # E
read_manifest("a.pt").step  # E
read_manifest("a.pt").metadata.global_step + 1  # E
read_manifest("a.pt").version = 3  # E

DiskSaver("runs", True)  # E
DiskSaver("runs", atomic=False)  # E
DiskSaver(3)  # E
DiskSaver("runs", save_on_rank="0")  # E
saver.save(states, "a.pt")  # E
saver.save(model, "a.pt", metadata)  # E
saver.save("a.pt", states, metadata)  # E
saver.load("a.pt", "cpu")  # E
saver.dirname = Path("runs")  # E
saver("a.pt")  # E
FsspecSaver("memory://x", publish="copy")  # E
FsspecSaver(Path("runs"))  # E
FsspecSaver("memory://x", anon=True)  # E
BaseSaveHandler()  # E


class Mine(DiskSaver):  # E
    pass


CheckpointMetadata("model")  # E
CheckpointMetadata(name="model", global_step="3")  # E
metadata.score = 0.5  # E

find_latest("runs").name  # E
path: Path | None = find_latest(saver)  # E
find_latest("runs", "model")  # E
find_latest(3)  # E
load_objects({"model": model}, find_latest("runs"))  # E

Migrations(version=1, steps={"0": dict})  # E
Migrations(version="1", steps={})  # E
Migrations(version=1, steps=[lambda old: old])  # E
Migrations(version=1, steps={0: print})  # E
Migrations(1, {})  # E

save_safetensors(optimizer, "w.safetensors")  # E
save_safetensors({"epoch": 3}, "w.safetensors")  # E
save_safetensors(model, "w.safetensors", {"epoch": "3"})  # E
save_safetensors(model, "w.safetensors", metadata={"epoch": 3})  # E
load_safetensors("w.safetensors").weight  # E
