"""Checkpoints: scores of other outputs, names for keys, savers that are none."""

from collections.abc import Mapping
from typing import NamedTuple

import torch

from firesteel import Average, Engine, Events
from firesteel.handlers import (
    AsyncSaver,
    Checkpoint,
    CheckpointMetadata,
    MemorySaver,
    ModelCheckpoint,
    SavedCheckpoint,
    ShardedSaver,
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
memory = MemorySaver()


def low_loss(engine: Engine[int, Output]) -> float:
    return -engine.state.output.loss


def text_score(engine: Engine[int, Output]) -> str:
    return "good"


def upload_two(checkpoint: Mapping[str, object], filename: str) -> None:
    pass


def ignites_step(engine: Engine[int, Output], event: str) -> int:
    return 1


Checkpoint(model, memory)  # E: no name
Checkpoint([model], memory)  # E
Checkpoint({"model": 3}, memory)  # E
Checkpoint({"model": [3]}, memory)  # E
Checkpoint({1: model}, memory)  # E
Checkpoint({"model": model})  # E
Checkpoint({"model": model}, 3)  # E
Checkpoint({"model": model}, upload_two)  # E
Checkpoint({"model": model}, memory, "prefix")  # E: by position
Checkpoint({"model": model}, memory, score_function="accuracy")  # E: a name is no key
Checkpoint({"model": model}, memory, score_function=text_score)  # E
Checkpoint({"model": model}, memory, n_saved="2")  # E
Checkpoint({"model": model}, memory, global_step_transform=ignites_step)  # E
Checkpoint({"model": model}, memory, global_step_transform=5)  # E
Checkpoint({"model": model}, memory, include_itself=True)  # E
Checkpoint.get_default_score_fn("accuracy")  # E
Checkpoint.setup_filename_pattern(False)  # E

by_loss = Checkpoint({"model": model}, memory, score_function=low_loss)
by_loss.attach(evaluator, Events.COMPLETED)  # E: another output
evaluator.attach(by_loss, Events.COMPLETED)  # E
evaluator.add_event_handler(Events.COMPLETED, by_loss)  # E
trainer.attach(by_loss)  # E: when?
trainer.attach(by_loss, "epoch_completed")  # E
by_loss.attach(trainer, Checkpoint.SAVED_CHECKPOINT)  # E: never ends
trainer.add_event_handler(Events.COMPLETED, by_loss, {"model": model})  # E: has its objects
trainer.add_event_handler(Checkpoint.SAVED_CHECKPOINT, by_loss)  # E

plain = Checkpoint({"model": model}, memory)
trainer.attach(
    Checkpoint(
        {"model": model},
        memory,
        score_function=lambda engine: engine.state.output.los,  # E
    ),
    Events.COMPLETED,
)
plain.last_checkpoint.name  # E: may be none
plain.last_checkpoint = "a.pt"  # E
plain.reload_objects({"model": model}, global_step="4")  # E


@trainer.on(Checkpoint.SAVED_CHECKPOINT)  # E
def tell(engine: Engine[int, Output], filename: str) -> None:
    pass


trainer.fire_event(Checkpoint.SAVED_CHECKPOINT)  # E
trainer.fire_event(Checkpoint.SAVED_CHECKPOINT, "a.pt")  # E
SavedCheckpoint("a.pt", CheckpointMetadata(name="a"), None)  # E

AsyncSaver("folder")  # E
AsyncSaver(memory, if_busy="queue")  # E
AsyncSaver(memory, "skip")  # E
ShardedSaver("folder").load_into(model, "a")  # E

handler = ModelCheckpoint("folder", "prefix")
trainer.add_event_handler(Events.COMPLETED, handler)  # E: saves what?
trainer.add_event_handler(Events.COMPLETED, handler, model)  # E
trainer.add_event_handler(Events.COMPLETED, handler, {"model": 3})  # E
trainer.attach(handler, Events.COMPLETED)  # E
handler.attach(trainer, Events.COMPLETED, {"model": model})  # E: by position
ModelCheckpoint("folder", "prefix", 3)  # E
ModelCheckpoint(3)  # E

global_step_from_engine("trainer")  # E
global_step_from_engine(trainer, event="epoch")  # E
global_step_from_engine(trainer, event=Events.EPOCH_COMPLETED(every=2))  # E
global_step_from_engine(trainer, Events.EPOCH_COMPLETED)  # E: by position
mean = evaluator.attach(Average(), "mean")
Checkpoint({"model": model}, memory, score_function=mean).attach(evaluator, Events.COMPLETED)
