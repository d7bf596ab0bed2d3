"""Timers, profilers, measurements and summaries: what they give has a type."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, assert_type

import torch
from torch import Tensor, nn

from firesteel import Engine, Events, MetricKey, ProgressBar, RemovableEventHandle, StateKey
from firesteel.handlers import (
    Bar,
    BasicTimeProfiler,
    BasicTimes,
    DataWait,
    Display,
    GradientNorm,
    GradientNorms,
    HandlersTimeProfiler,
    HandlerTimes,
    LinesDisplay,
    ModelFlopsUtilization,
    ModelSummary,
    ProcessMemory,
    Throughput,
    Timer,
    TorchProfiler,
    count_flops,
    display_for,
    summarize,
)


class Output(NamedTuple):
    loss: Tensor
    num_tokens: int


model = nn.Linear(4, 1)


def step(engine: Engine[Tensor, Output], batch: Tensor) -> Output:
    model.zero_grad()
    loss: Tensor = model(batch).mean()
    torch.autograd.backward(loss)
    return Output(loss.detach(), 3 * len(batch))


trainer = Engine(step)

timer = Timer(average=True)
handle = timer.attach(
    trainer,
    start=Events.EPOCH_STARTED,
    pause=Events.EPOCH_COMPLETED | Events.INTERRUPT,
    resume=Events.ITERATION_STARTED(every=2),
    step=Events.ITERATION_COMPLETED(lambda engine, count: count > 1),
)
assert_type(handle, RemovableEventHandle)
trainer.add_event_handler(Events.EPOCH_COMPLETED, timer.pause)

speed = trainer.attach(Throughput(), "samples/s")
assert_type(speed, MetricKey[float])
tokens = trainer.attach(Throughput(lambda out: out.num_tokens, window=10), "tokens/s")
assert_type(tokens, MetricKey[float])
mfu = trainer.attach(
    ModelFlopsUtilization(lambda out: out.num_tokens, flops_per_sample=24.0, peak_flops_per_s=1e12),
    "MFU",
)
wait = trainer.attach(DataWait(), "data wait")
memory = trainer.attach(ProcessMemory(), "RSS")
assert_type(memory, MetricKey[int])
norm = GradientNorm(model).attach(trainer, "norm")
norms = trainer.attach(GradientNorms(model, order=1.0), "norms")
assert_type(norms, MetricKey[Mapping[str, float]])

basic = BasicTimeProfiler()
basic.attach(trainer)
single = HandlersTimeProfiler()
single.attach(trainer)

SCALE = StateKey[float]("scale")
screen = io.StringIO()
trainer.state[SCALE] = 0.5
trainer.attach(
    ProgressBar(
        lambda out: {"loss": out.loss},
        metrics=[speed, mfu, memory],
        state_keys=[SCALE],
        event=Events.ITERATION_COMPLETED,
        closing_event=Events.COMPLETED,
        display=LinesDisplay(file=screen, interval_s=60.0),
    )
)
trainer.attach(ProgressBar(event=Events.EPOCH_COMPLETED, display=display_for(screen)))


class Silent:
    """A display of one's own."""

    interval_s = 1.0

    def open(self, title: str, *, position: int, total: int | None, persist: bool) -> Bar:
        return self

    def write(self, line: str) -> None:
        pass

    def draw(self, position: int, *, total: int | None, text: str) -> None:
        pass

    def close(self) -> None:
        pass


silent: Display = Silent()
trainer.attach(ProgressBar(display=silent))

with TemporaryDirectory() as folder:
    profiler = TorchProfiler(Path(folder), wait=0, active=1, report="table")
    profiler.attach(trainer)
    state = trainer.run([torch.ones(2, 4)] * 6)
    assert_type(profiler.files, Sequence[Path])

assert_type(state.metrics[speed], float)
assert_type(state.metrics[memory], int)
assert_type(state.metrics[norms]["weight"], float)
assert_type(timer.value(), float)
times = basic.get_results()
assert_type(times, BasicTimes)
assert_type(times.processing.mean_s, float)
handlers = single.get_results().handlers
assert_type(handlers, Sequence[HandlerTimes])
print(times, single.get_results())

summary = summarize(model, lambda: torch.empty(8, 4))
assert_type(summary, ModelSummary)
assert_type(summary.layers[0].flops, int)
assert_type(count_flops(lambda: model(torch.ones(1, 4))), int)


# a measurement that reads nothing of the output fits every engine
def measure(engine: Engine[Any, object]) -> MetricKey[float]:
    return engine.attach(Throughput(), "rate")
