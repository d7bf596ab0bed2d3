"""What is read off the output, the batch and the state."""

from dataclasses import dataclass
from typing import NamedTuple, TypedDict

from torch import Tensor

from firesteel import Engine, Events


class Batch(NamedTuple):
    x: Tensor
    y: Tensor


class Output(NamedTuple):
    loss: float
    scores: Tensor


@dataclass(frozen=True)
class Result:
    loss: float
    words: list[str]


class Losses(TypedDict):
    generator: float
    discriminator: float


def step(engine: Engine[Batch, Output], batch: Batch) -> Output:
    return Output(0.0, batch.x)


def give(engine: Engine[str, Result], batch: str) -> Result:
    return Result(0.0, [batch])


def losses(engine: Engine[int, Losses], batch: int) -> Losses:
    return {"generator": 0.0, "discriminator": 1.0}


def maybe(engine: Engine[int, float | None], batch: int) -> float | None:
    return None


def pair(engine: Engine[int, tuple[float, Tensor]], batch: int) -> tuple[float, Tensor]:
    raise NotImplementedError


def either(engine: Engine[int | str, int | list[int]], batch: int | str) -> int | list[int]:
    return 1


def needs_str(text: str) -> None:
    print(text)


trainer = Engine(step)
giver = Engine(give)
gan = Engine(losses)
perhaps = Engine(maybe)
pairs = Engine(pair)
unions = Engine(either)


@trainer.on(Events.ITERATION_COMPLETED)
def read(engine: Engine[Batch, Output]) -> None:
    print(engine.state.output.los)  # E
    print(engine.state.output.accuracy)  # E
    print(engine.state.output["loss"])  # E
    print(engine.state.output.loss.item())  # E: a float
    print(engine.state.batch.z)  # E
    print(engine.state.batch["x"])  # E
    print(engine.state.batch.x.foo_bar)  # E
    print(engine.state.ouput)  # E
    print(engine.state.learning_rate)  # E: not a bag of attributes
    print(engine.output)  # E
    needs_str(engine.state.output.loss)  # E
    needs_str(engine.state.iteration)  # E
    needs_str(engine.state.epoch_length)  # E
    loss, scores, extra = engine.state.output  # E
    engine.state.output.loss = 1.0  # E: a NamedTuple
    engine.state.output = Output(0.0, engine.state.batch.x)  # E
    engine.state.batch = engine.state.batch  # E
    engine.state = engine.state  # E
    engine.state.ema = 0.5  # E: needs a StateKey
    engine.state.max_epochs = "3"  # E
    engine.state.epoch_length = 2.5  # E
    engine.state.iteration = None  # E
    engine.state.metrics = {}  # E
    engine.state.dataloader = []  # E
    engine.state.has_output = True  # E


print(giver.run(["a"]).output.word)  # E
print(giver.state.output.words[0].foo)  # E
giver.state.output.loss = 3.0  # E: frozen
print(giver.state.output.words + 1)  # E
print(gan.state.output["generatr"])  # E
print(gan.state.output.generator)  # E
needs_str(gan.state.output["generator"])  # E
print(perhaps.state.output + 1)  # E: may be None
print(round(perhaps.state.output))  # E
print(pairs.state.output[2])  # E
print(pairs.state.output[0].shape)  # E
print(unions.state.output + 1)  # E
print(len(unions.state.output))  # E
print(unions.state.batch.upper())  # E
print(trainer.outcome.reason)  # E: not every outcome has one
print(trainer.state.times["epoch"])  # E
print(trainer.state.times[Events.STARTED])  # E: not timed
needs_str(trainer.state.times[Events.COMPLETED])  # E
print(trainer.state.max_epochs + 1)  # E: may be None
print(trainer.state.count("epoch_completed"))  # E
print(trainer.state.count(Events.EPOCH_COMPLETED(every=2)))  # E
print(trainer.state.count(Events.EPOCH_COMPLETED | Events.COMPLETED))  # E

print(giver.state.output.words[0].upper())
print(gan.state.output["generator"])
