"""Code on top of firesteel that is itself generic in the batch and the output."""

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar, assert_type

from typing_extensions import override

from firesteel import Engine, Events, Metric, MetricKey, RemovableEventHandle, State

BatchT = TypeVar("BatchT")
OutputT = TypeVar("OutputT")
ResultT = TypeVar("ResultT")
InputT = TypeVar("InputT")


def log_outputs(
    engine: Engine[BatchT, OutputT], show: Callable[[OutputT], str], *, every: int
) -> RemovableEventHandle:
    def log(engine: Engine[BatchT, OutputT]) -> None:
        print(show(engine.state.output))

    return engine.add_event_handler(Events.ITERATION_COMPLETED(every=every), log)


def collect(engine: Engine[BatchT, OutputT], data: Iterable[BatchT]) -> list[OutputT]:
    outputs: list[OutputT] = []

    @engine.on(Events.ITERATION_COMPLETED)
    def keep(engine: Engine[BatchT, OutputT]) -> None:
        outputs.append(engine.state.output)

    engine.run(data)
    engine.remove_event_handler(keep, Events.ITERATION_COMPLETED)
    return outputs


def measure(
    engine: Engine[BatchT, OutputT],
    data: Iterable[BatchT],
    metric: Metric[InputT, ResultT, OutputT],
) -> ResultT:
    key = metric.attach(engine, "measured")
    return engine.run(data).metrics[key]


class Experiment(Generic[BatchT, OutputT]):
    def __init__(
        self, step: Callable[[BatchT], OutputT], *, watch: Callable[[OutputT], float]
    ) -> None:
        self.watch = watch
        self.values: list[float] = []
        self._step = step
        self.engine = Engine(self._process)
        self.engine.add_event_handler(Events.ITERATION_COMPLETED, self._keep)

    def _process(self, engine: Engine[BatchT, OutputT], batch: BatchT) -> OutputT:
        return self._step(batch)

    def _keep(self, engine: Engine[BatchT, OutputT]) -> None:
        self.values.append(self.watch(engine.state.output))

    def run(self, data: Iterable[BatchT]) -> State[BatchT, OutputT]:
        return self.engine.run(data)


def make_engine(function: Callable[[BatchT], OutputT]) -> Engine[BatchT, OutputT]:
    def step(engine: Engine[BatchT, OutputT], batch: BatchT) -> OutputT:
        return function(batch)

    return Engine(step)


class Longest(Metric[str, int]):
    @override
    def reset(self) -> None:
        self._longest = 0

    @override
    def update(self, value: str, /) -> None:
        self._longest = max(self._longest, len(value))

    @override
    def compute(self) -> int:
        return self._longest


def double(number: int) -> str:
    return str(number) * 2


engine = make_engine(double)
assert_type(engine, Engine[int, str])
log_outputs(engine, lambda text: text.upper(), every=2)
assert_type(collect(engine, [1, 2]), list[str])
assert_type(measure(engine, [1, 2], Longest()), int)
experiment = Experiment(double, watch=float)
assert_type(experiment.run([1, 2]).output, str)
assert experiment.values == [11.0, 22.0]


def keys_of(engine: Engine[Any, str]) -> list[MetricKey[int]]:
    return [Longest().attach(engine, f"longest_{number}") for number in range(2)]


print(len(keys_of(engine)))
