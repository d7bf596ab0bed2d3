"""Finders: no optimizer, another batch, an output that is no loss, wrong words."""

from collections.abc import Iterator
from typing import NamedTuple

from torch import nn
from torch.optim import SGD

from firesteel import Engine
from firesteel.handlers import LRFinder, find_batch_size


class Output(NamedTuple):
    loss: float
    name: str


def give_output(engine: Engine[int, Output], batch: int) -> Output:
    return Output(0.5, "x")


def give_float(engine: Engine[int, float], batch: int) -> float:
    return 0.5


def make_ints(size: int) -> list[int]:
    return [size]


def make_texts(size: int) -> list[str]:
    return ["x" * size]


def make_nothing(size: int) -> int:
    return size


def make_always() -> Iterator[int]:
    yield 1


model = nn.Linear(1, 1)
optimizer = SGD(model.parameters(), lr=0.1)
trainer, floats = Engine(give_output), Engine(give_float)
finder = LRFinder(optimizer)

LRFinder()  # E
LRFinder(model)  # E
LRFinder(optimizer, 100)  # E: by keyword
LRFinder(optimizer, num_iter=1.5)  # E
LRFinder(optimizer, start_lr="1e-3")  # E
LRFinder(optimizer, end_lr=None)  # E
LRFinder(optimizer, step_mode="log")  # E
finder.attach(trainer, restore=[model])  # E: the output is no loss
finder.attach(floats)  # E: nothing to put back
finder.attach(floats, restore=model)  # E
finder.attach(floats, restore=[model.parameters()])  # E
finder.attach(floats, {"model": model})  # E: ignite's
finder.attach(trainer, output_transform=lambda output: output.name, restore=[])  # E
finder.attach(trainer, output_transform=lambda output: output.los, restore=[])  # E
finder.attach(model, restore=[])  # E
with finder.attach(floats, restore=[]) as finding:
    finding.run(["a"])  # E
suggested: float = finder.lr_suggestion()  # E: one for each group
finder.get_results()["lr"]  # E
finder.get_results().losses = ()  # E
finder.apply_suggested_lr(model)  # E
finder.plot(10)  # E: by keyword
finder.plot(log_lr="yes")  # E

find_batch_size(floats, make_ints, restore=[])  # E
find_batch_size(floats, make_ints, max_size=8)  # E
find_batch_size(floats, make_texts, restore=[], max_size=8)  # E
find_batch_size(floats, make_nothing, restore=[], max_size=8)  # E
find_batch_size(floats, make_always, restore=[], max_size=8)  # E
find_batch_size(floats, [1, 2], restore=[], max_size=8)  # E
find_batch_size(model, make_ints, restore=[], max_size=8)  # E
find_batch_size(floats, make_ints, restore=[3], max_size=8)  # E
find_batch_size(floats, make_ints, restore=[], max_size="8")  # E
find_batch_size(floats, make_ints, restore=[], max_size=8, is_too_large=MemoryError)  # E
find_batch_size(floats, make_ints, restore=[], max_size=8, handlers=print)  # E
size: int = find_batch_size(floats, make_ints, restore=[], max_size=8)  # E

find_batch_size(floats, make_ints, restore=[model], max_size=8)
