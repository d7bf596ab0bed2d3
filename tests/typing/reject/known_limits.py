"""Where the two checkers differ: lines that only mypy (M) or only pyright (P) refuses.

And right programs that both refuse. None of this is wanted: a line that loses its mark is good news,
and the typing guide should then stop to speak of it.
"""

import functools
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor, nn

from firesteel import Accuracy, Average, Engine, Events, Metric

OutputT = TypeVar("OutputT", contravariant=True)


class Output(NamedTuple):
    logits: Tensor
    target: Tensor


def step(engine: Engine[Output, Output], batch: Output) -> Output:
    return batch


def step_with_model(model: nn.Module, engine: Engine[int, float], batch: int) -> float:
    return 0.5


def label(engine: Engine[Output, Output], text: str) -> None:
    print(text)


engine = Engine(step)
event = Events.COMPLETED

# right programs

engine.add_event_handler(event, functools.partial(label, text="a"))
engine.on(event)(functools.partial(label, text="a"))  # P: a partial is no overloaded Protocol
for i in range(3):
    engine.add_event_handler(event, lambda i=i: print(i))  # M: a lambda with a default
Accuracy(lambda out: (out.logits, out.target)).attach(engine, "x")  # E: nothing tells the lambda
engine.on(event)(lambda engine: print(engine.state.epoch))  # P: the same

# wrong ones

engine.add_event_handler(event, functools.partial(label))  # P: the text is missing


class NeedsATransform(Metric[float, float, OutputT]):
    def __init__(self) -> None:
        super().__init__()  # P: and then no OutputT is a float

    def reset(self) -> None: ...
    def update(self, value: float, /) -> None: ...
    def compute(self) -> float:
        return 1.0


engine.run(torch.rand(3))  # P: torch says that a tensor iterates as Any
by_partial = Engine(functools.partial(step_with_model, nn.Linear(1, 1)))
by_partial.run(["a"])  # P: an Engine[Any, Any] for mypy
key = Average().attach(by_partial, "x")
by_partial.state.metrics.record_later(key, lambda: "a")  # M: the key is covariant
