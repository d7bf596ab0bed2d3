"""Stores: fields that the output has not, another engine, what is kept taken for something else."""

from typing import NamedTuple

from firesteel import Engine
from firesteel.handlers import EpochOutputStore


class Output(NamedTuple):
    loss: float


def step(engine: Engine[int, Output], batch: int) -> Output:
    return Output(1 / batch)


def give_text(engine: Engine[int, str], batch: int) -> str:
    return ""


def loss_of(output: Output) -> float:
    return output.loss


outputs = Engine(step)
texts = Engine(give_text)

EpochOutputStore()  # E: what is kept has to be said
EpochOutputStore("loss")  # E
EpochOutputStore(loss_of, "cpu")  # E: by keyword
EpochOutputStore(loss_of, keep="gpu")  # E
EpochOutputStore(loss_of, keep=True)  # E
outputs.attach(EpochOutputStore(lambda out: out.los))  # E
texts.attach(EpochOutputStore(loss_of))  # E
EpochOutputStore(loss_of).attach(texts)  # E
outputs.attach(EpochOutputStore(loss_of), "losses")  # E: the handle is read, not a name
losses = outputs.attach(EpochOutputStore(loss_of))
text: str = losses.data[0]  # E
losses.data.append(1.0)  # E: it is only read
losses.data[0] = 1.0  # E
outputs.state.losses  # E
losses.data = []  # E
