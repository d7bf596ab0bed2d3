"""Process functions that are none, and engines whose annotation says something else."""

import functools
from collections.abc import Callable
from typing import NamedTuple

from firesteel import Engine, Events


class Batch(NamedTuple):
    x: float


class Output(NamedTuple):
    loss: float


def good(engine: Engine[Batch, Output], batch: Batch) -> Output:
    return Output(batch.x)


def batch_alone(batch: Batch) -> Output:
    return Output(batch.x)


def engine_alone(engine: Engine[Batch, Output]) -> Output:
    return Output(1.0)


def three(engine: Engine[Batch, Output], batch: Batch, extra: int) -> Output:
    return Output(1.0)


def keyword_only(engine: Engine[Batch, Output], *, batch: Batch) -> Output:
    return Output(1.0)


def other_batch(engine: Engine[str, Output], batch: Batch) -> Output:
    return Output(1.0)


def other_output(engine: Engine[Batch, float], batch: Batch) -> Output:
    return Output(1.0)


def swapped(batch: Batch, engine: Engine[Batch, Output]) -> Output:
    return Output(1.0)


def misreads(engine: Engine[Batch, Output], batch: Batch) -> Output:
    print(batch.y)  # E
    print(engine.state.output.los)  # E
    print(engine.state.batch.y)  # E
    engine.run(["a"])  # E
    return batch.x  # E


class Step:
    def __call__(self, batch: Batch) -> Output:
        return Output(batch.x)


Engine(batch_alone)  # E
Engine(engine_alone)  # E
Engine(three)  # E
Engine(keyword_only)  # E
Engine(other_batch)  # E
Engine(other_output)  # E
Engine(swapped)  # E
Engine(Step())  # E
Engine(Step)  # E
Engine()  # E
Engine(None)  # E
Engine("step")  # E
Engine(Output(1.0))  # E
Engine([good])  # E
Engine(good, 3.0)  # E: the clock, by keyword
Engine(good, clock=3.0)  # E
Engine(good, clock=lambda: "now")  # E
Engine(good, name="trainer")  # E
wrong_batch: Engine[str, Output] = Engine(good)  # E
wrong_output: Engine[Batch, float] = Engine(good)  # E
misspelt: Engine[Batch, float] = Engine(lambda engine, batch: batch.y)  # E
text: Engine[Batch, float] = Engine(lambda engine, batch: str(batch.x))  # E
too_few: Engine[Batch, float] = Engine(lambda batch: batch.x)  # E
one_parameter: Engine[Batch] = Engine(good)  # E
function: Callable[[Batch], Output] = Engine(good)  # E
Engine(good)([Batch(1.0)])  # E: run was meant
Engine(good).train([Batch(1.0)])  # E
Engine(good).run([Batch(1.0)]).output.los  # E
Engine(functools.partial(three, extra="a"))  # E
Engine(good).add_event_handler(Events.COMPLETED, good)  # E: needs a batch

Engine(good).run([Batch(1.0)])
