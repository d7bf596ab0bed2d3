"""Handlers that come and go."""

from typing import assert_type

from firesteel import Engine, Events, PayloadEvent, RemovableEventHandle

NOTE = PayloadEvent[str]("note")


def step(engine: Engine[int, int], batch: int) -> int:
    return batch


def log(engine: Engine[int, int]) -> None:
    print(engine.state.output)


def note(engine: Engine[int, int], text: str) -> None:
    print(text)


trainer = Engine(step)
trainer.register_events(NOTE)
handle = trainer.add_event_handler(Events.ITERATION_COMPLETED(every=2), log)
assert_type(trainer.has_event_handler(log), bool)
assert trainer.has_event_handler(log, Events.ITERATION_COMPLETED)
assert trainer.has_event_handler(log, Events.ITERATION_COMPLETED(every=2))
assert not trainer.has_event_handler(note, NOTE)
handle.remove()

with trainer.add_event_handler(Events.COMPLETED, log) as inside:
    assert_type(inside, RemovableEventHandle)
    trainer.run([1])

both = trainer.add_event_handler(
    Events.STARTED | Events.COMPLETED, log
) + trainer.add_event_handler(NOTE, note)
assert_type(both, RemovableEventHandle)
both.remove()


@trainer.on(Events.STARTED)
def once(engine: Engine[int, int]) -> None:
    engine.remove_event_handler(once, Events.STARTED)


trainer.add_event_handler(NOTE, note)
trainer.remove_event_handler(note, NOTE)
trainer.run([1, 2])
assert not trainer.has_event_handler(once)
