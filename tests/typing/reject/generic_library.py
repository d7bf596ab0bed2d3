"""Generic code on top of firesteel: what it may not assume."""

from collections.abc import Iterable
from typing import Any, Protocol, TypeVar

from firesteel import Average, Engine, EventEnum, Events, Metric, MetricKey

BatchT = TypeVar("BatchT")
OutputT = TypeVar("OutputT")
ResultT = TypeVar("ResultT")


class HasLoss(Protocol):
    @property
    def loss(self) -> float: ...


class Output:
    loss = 0.5


class Own(EventEnum):
    DONE = 1
    COUNT: int = 3  # E: a member may have no annotation


def run(engine: Engine[BatchT, OutputT], data: Iterable[BatchT]) -> OutputT:
    print(engine.state.output.loss)  # E: not every output has one
    engine.run([1, 2])  # E
    engine.run(None)  # E
    engine.add_event_handler(Events.COMPLETED, log_loss)  # E
    return engine.run(data).batch  # E


def log_loss(engine: Engine[Any, HasLoss]) -> None:
    print(engine.state.output.loss)
    print(engine.state.output.accuracy)  # E


def measure(engine: Engine[Any, OutputT], metric: Metric[Any, ResultT, OutputT]) -> ResultT:
    key = metric.attach(engine, "x")
    text: str = engine.state.metrics[key]  # E
    print(text)
    Average().attach(engine, "x")  # E: not every output is a number
    return engine.state.metrics[key]


def run_all(*engines: Engine[Any, HasLoss]) -> None: ...


def give(engine: Engine[int, Output], batch: int) -> Output:
    return Output()


def give_text(engine: Engine[int, str], batch: int) -> str:
    return ""


engine = Engine(give)
texts = Engine(give_text)
run(engine, ["a"])  # E
text: str = run(engine, [1])  # E
measure(engine, Average())  # E
run_all(engine, texts)  # E
key: MetricKey[float] = measure(texts, Average(lambda text: len(text)))  # E
log_loss(texts)  # E

run(engine, [1])
run_all(engine)
