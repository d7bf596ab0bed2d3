"""Events of one's own: registered, fired inside the process function, counted, filtered."""

from enum import auto
from typing import assert_type

from firesteel import Engine, EventEnum, Events


class BackpropEvents(EventEnum):
    """Around the backward pass."""

    BACKWARD_STARTED = "backward_started"
    BACKWARD_COMPLETED = "backward_completed"
    OPTIM_STEP_COMPLETED = "optim_step_completed"


class Curriculum(EventEnum):
    """With values that do not matter, and a method."""

    HARDER = auto()
    EASIER = auto()

    def describe(self) -> str:
        return self.name.lower()


def step(engine: Engine[float, float], batch: float) -> float:
    engine.fire_event(BackpropEvents.BACKWARD_STARTED)
    engine.fire_event(BackpropEvents.BACKWARD_COMPLETED)
    if engine.state.iteration % 2 == 0:
        engine.fire_event(BackpropEvents.OPTIM_STEP_COMPLETED)
    return batch


trainer = Engine(step)
trainer.register_events(*BackpropEvents)
trainer.register_events(Curriculum.HARDER)
assert_type(Curriculum.HARDER.describe(), str)
assert_type(trainer.has_registered_events(Curriculum.HARDER), bool)
due: list[int] = []


@trainer.on(BackpropEvents.OPTIM_STEP_COMPLETED(every=2))
def every_second_step(engine: Engine[float, float]) -> None:
    due.append(engine.state.count(BackpropEvents.OPTIM_STEP_COMPLETED))


@trainer.on(BackpropEvents.BACKWARD_COMPLETED(once=[1, 4]) | Curriculum.HARDER | Events.COMPLETED)
def mixed(engine: Engine[float, float]) -> None:
    print(engine.state.iteration)


@trainer.on(Events.EPOCH_COMPLETED(every=2))
def harder(engine: Engine[float, float]) -> None:
    engine.fire_event(Curriculum.HARDER)


for event in BackpropEvents:
    assert_type(event, BackpropEvents)
    trainer.add_event_handler(event, lambda engine: None)

state = trainer.run([1.0, 2.0, 3.0, 4.0], max_epochs=2)
assert_type(state.count(Curriculum.HARDER), int)
assert state.count(BackpropEvents.OPTIM_STEP_COMPLETED) == 4
assert due == [2, 4]
