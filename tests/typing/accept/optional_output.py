"""Gradient accumulation: most iterations have no loss to show, so the output is `float | None`."""

from typing import assert_type

from firesteel import Engine, Events

ACCUMULATE = 2


class Accumulator:
    def __init__(self) -> None:
        self.pending = 0.0

    def __call__(self, engine: Engine[float, float | None], batch: float) -> float | None:
        self.pending += batch
        if engine.state.iteration % ACCUMULATE:
            return None
        loss, self.pending = self.pending / ACCUMULATE, 0.0
        return loss


seen: list[float] = []
trainer = Engine(Accumulator())
assert_type(trainer, Engine[float, float | None])


@trainer.on(Events.ITERATION_COMPLETED)
def keep(engine: Engine[float, float | None]) -> None:
    loss = engine.state.output
    assert_type(loss, float | None)
    if loss is not None:
        seen.append(loss)


trainer.run([1.0, 2.0, 3.0, 4.0])
assert seen == [1.5, 3.5]


def nothing(engine: Engine[int, None], batch: int) -> None:
    """A process function that has nothing to give back."""


silent = Engine(nothing)
assert_type(silent, Engine[int, None])
assert_type(silent.run([1, 2]).iteration, int)
