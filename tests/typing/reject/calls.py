"""Positional flags, misspelt keywords, methods that are not there, classes that are final."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from firesteel import Engine, Events, RemovableEventHandle, State
from firesteel.protocols import Stateful


def step(engine: Engine[int, float], batch: int) -> float:
    engine.terminate(True)  # E
    engine.terminate("good enough")  # E
    engine.terminate(reason=3)  # E
    engine.terminate(because="good enough")  # E
    engine.terminate(skip_complete=True)  # E
    engine.terminate_epoch(True)  # E
    engine.terminate_epoch(reason="dull")  # E
    engine.interrupt("now")  # E
    engine.suppress_exception(True)  # E
    engine.reset(True)  # E
    engine.stop()  # E
    engine.should_terminate = True  # E
    engine.should_terminate()  # E: a property
    engine.state()  # E
    engine.state.batch()  # E
    engine.state.iteration()  # E
    engine.my_own = 3  # E: needs a StateKey
    engine.logger = "log"  # E
    engine.terminate(reason="good enough", skip_completed=True)
    engine.terminate_epoch(skip_epoch_completed=True)
    return 0.5


def save(to_save: Mapping[str, Stateful]) -> None: ...


class OnlySaves:
    def state_dict(self) -> dict[str, Any]:
        return {}


class SavesAList:
    def state_dict(self) -> list[int]:
        return []

    def load_state_dict(self, state_dict: list[int]) -> None: ...


trainer = Engine(step)
trainer.load_state_dict()  # E
trainer.load_state_dict("engine.pt")  # E
trainer.load_state_dict([1])  # E
trainer.load_state_dict(state_dict={})  # E: by position
trainer.state_dict("engine.pt")  # E
print(trainer.state_dict()["iteration"] + 1)  # E: an object
print(trainer.state_dict().iteration)  # E
trainer.state.load_state_dict({})  # E
save({"trainer": trainer, "number": 3})  # E
save({"saver": OnlySaves()})  # E
save({"list": SavesAList()})  # E
save({"function": step})  # E
save({1: trainer})  # E
save(trainer)  # E
handle: RemovableEventHandle = trainer.run([1])  # E
state: State[str, float] = trainer.run([1])  # E
wrong: State[int, str] = trainer.run([1])  # E
engine: Engine[str, float] = trainer  # E
narrower: Engine[int, int] = trainer  # E
wider_batch: Engine[int | str, float] = trainer  # E: could be fed a str
with trainer as inside:  # E
    pass
print(len(trainer.state))  # E
print(trainer[0])  # E
for one in trainer:  # E
    pass
print(State())  # E


class MyEngine(Engine[int, float]):  # E: final
    pass


class MyHandle(RemovableEventHandle):  # E
    pass


save({"trainer": trainer, "model": nn.Linear(1, 1)})
wider_output: Engine[int, object] = trainer
trainer.add_event_handler(Events.COMPLETED, save, {"trainer": trainer})
