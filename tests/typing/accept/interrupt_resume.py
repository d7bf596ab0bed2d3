"""A run that is suspended to be looked at, and gone on with."""

from typing import assert_type

from firesteel import Engine, Events, Interrupted, State


def step(engine: Engine[int, int], batch: int) -> int:
    return batch * batch


def main() -> None:
    trainer = Engine(step)

    @trainer.on(Events.ITERATION_COMPLETED(once=2))
    def look(engine: Engine[int, int]) -> None:
        engine.interrupt()

    @trainer.on(Events.INTERRUPT)
    def say() -> None:
        print("suspended")

    data = [1, 2, 3]
    state = trainer.run(data, max_epochs=2)
    assert_type(state, State[int, int])
    while isinstance(trainer.outcome, Interrupted):
        assert_type(state.output, int)
        print("so far:", state.iteration, state.output, trainer.should_interrupt)
        trainer.run(data)
    assert state.iteration == 6

    # the limits can be moved, and the data changed
    state.max_epochs = 3
    state.epoch_length = None
    trainer.run(data, max_epochs=3)

    @trainer.on(Events.DATALOADER_STOP_ITERATION)
    def refill(engine: Engine[int, int]) -> None:
        engine.set_data(iter([4, 5, 6]))

    trainer.reset()
    trainer.run(iter([1, 2, 3]), max_epochs=2, epoch_length=3)
    trainer.reset()
    trainer.run(data, max_iters=5)


if __name__ == "__main__":
    main()
