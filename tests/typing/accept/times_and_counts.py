"""What the state tells besides batch and output."""

from typing import assert_type

from firesteel import Engine, Events, PayloadEvent

NOTE = PayloadEvent[str]("note")


def step(engine: Engine[int, int], batch: int) -> int:
    return batch


trainer = Engine(step)
trainer.register_events(NOTE)


@trainer.on(Events.EPOCH_COMPLETED)
def show_time(engine: Engine[int, int]) -> None:
    seconds = engine.state.times[Events.EPOCH_COMPLETED]
    assert_type(seconds, float)
    print(f"epoch {engine.state.epoch} took {seconds:.3f} s")
    engine.fire_event(NOTE, "an epoch is over")


state = trainer.run([1, 2, 3], max_epochs=2)
assert_type(state.times[Events.COMPLETED], float)
assert_type(state.times.run_s, float | None)
assert_type(state.count(Events.EPOCH_COMPLETED), int)
assert_type(state.count(NOTE), int)
assert_type(state.count(Events.EXCEPTION_RAISED), int)
assert_type(state.epoch_iteration, int)
assert_type(state.max_epochs, int | None)
assert_type(state.max_iters, int | None)
assert_type(state.has_output, bool)
assert_type(state.completed_iterations, int)
assert_type(trainer.should_terminate, bool)
assert state.count(NOTE) == 2
if state.max_epochs is not None:
    print(f"{state.epoch / state.max_epochs:.0%}")
