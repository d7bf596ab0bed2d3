"""Checkpoints: what is saved, scores, events, savers, and functions that save."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, assert_type

import torch

from firesteel import Average, Engine, Events
from firesteel.events import RemovableEventHandle
from firesteel.handlers import (
    AsyncSaver,
    Checkpoint,
    CheckpointMetadata,
    DiskSaver,
    MemorySaver,
    ModelCheckpoint,
    SavedCheckpoint,
    ShardedSaver,
    StatefulTree,
    global_step_from_engine,
)


class Output(NamedTuple):
    loss: float


def step(engine: Engine[int, Output], batch: int) -> Output:
    return Output(1 / batch)


def evaluate(engine: Engine[str, float], batch: str) -> float:
    return float(len(batch))


trainer, evaluator = Engine(step), Engine(evaluate)
model = torch.nn.Linear(1, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
accuracy = evaluator.attach(Average(), "accuracy")
folder = tempfile.TemporaryDirectory()

# the latest, in a folder
latest = Checkpoint({"model": model, "trainer": trainer}, folder.name, n_saved=2)
assert_type(latest, Checkpoint[object])
assert_type(latest.attach(trainer, Events.EPOCH_COMPLETED), RemovableEventHandle)
trainer.add_event_handler(Events.ITERATION_COMPLETED(every=100) | Events.COMPLETED, latest)
trainer.add_event_handler(Events.EXCEPTION_RAISED, latest)
latest.attach(trainer, Events.EXCEPTION_RAISED)
assert_type(latest.last_checkpoint, Path | str | None)

# the best, by a metric's key, counted in the trainer's epochs
best = Checkpoint(
    {"model": model},
    MemorySaver(),
    score_function=accuracy,
    score_name="accuracy",
    global_step_transform=global_step_from_engine(trainer),
)
assert_type(best, Checkpoint[object])
assert_type(evaluator.attach(best, Events.COMPLETED), RemovableEventHandle)

# the best, by a function: of a lambda the engine tells what it reads
trainer.attach(
    Checkpoint(
        {"model": model}, MemorySaver(), score_function=lambda engine: -engine.state.output.loss
    ),
    Events.EPOCH_COMPLETED,
)


def low_loss(engine: Engine[int, Output]) -> float:
    return -engine.state.output.loss


named = Checkpoint({"model": model}, MemorySaver(), score_function=low_loss)
assert_type(named, Checkpoint[Output])
named.attach(trainer, Events.EPOCH_COMPLETED)
lowest = Checkpoint.get_default_score_fn(accuracy, score_sign=-1)
Checkpoint({"model": model}, MemorySaver(), score_function=lowest).attach(
    evaluator, Events.COMPLETED
)


# what was saved is told
@trainer.on(Checkpoint.SAVED_CHECKPOINT)
def tell(engine: Engine[int, Output], saved: SavedCheckpoint) -> None:
    assert_type(saved.metadata, CheckpointMetadata)
    assert_type(saved.filename, str)


trainer.add_event_handler(Checkpoint.SAVED_CHECKPOINT, lambda engine, saved: saved.filename)


# a function that saves
def upload(checkpoint: Mapping[str, object], filename: str, metadata: CheckpointMetadata) -> int:
    return len(filename)


Checkpoint({"optimizer": optimizer}, upload)

# trees of objects; of models and others in a variable, the type is said
many: dict[str, StatefulTree] = {"nets": [model, model], "more": {"optimizer": optimizer}}
in_thread = AsyncSaver(DiskSaver(folder.name), if_busy="skip")
Checkpoint(many, in_thread, filename_prefix="many").attach(trainer, Events.COMPLETED)
Checkpoint({"trainer": trainer}, ShardedSaver(Path(folder.name) / "shards"))

# the objects beside the event
handler = ModelCheckpoint(folder.name, "beside")
assert_type(handler, ModelCheckpoint[object])
trainer.add_event_handler(Events.COMPLETED, handler, {"model": model, "optimizer": optimizer})
handler.attach(trainer, Events.EPOCH_COMPLETED, to_save={"model": model, "optimizer": optimizer})
assert_type(handler.best_checkpoint, Path | None)

trainer.run([1, 2], max_epochs=2)
evaluator.run(["a"])
latest.reload_objects({"model": model}, global_step=4)
path = handler.last_checkpoint
assert path is not None
Checkpoint.load_objects({"model": model, "optimizer": optimizer}, path)
folder.cleanup()
