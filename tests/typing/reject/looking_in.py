"""Timers, profilers, measurements, displays: fields, events and names that do not fit."""

import io
from typing import NamedTuple

import torch
from torch import nn

from firesteel import Engine, EventEnum, Events, MetricKey, ProgressBar, StateKey
from firesteel.handlers import (
    BasicTimeProfiler,
    DataWait,
    DeviceMemory,
    GradientNorm,
    GradientNorms,
    HandlersTimeProfiler,
    LinesDisplay,
    ModelFlopsUtilization,
    ProcessMemory,
    RichDisplay,
    Throughput,
    Timer,
    TorchProfiler,
    TqdmDisplay,
    count_flops,
    display_for,
    summarize,
)


class Output(NamedTuple):
    loss: float
    num_tokens: int


class Own(EventEnum):
    TICK = "tick"


def step(engine: Engine[int, Output], batch: int) -> Output:
    return Output(1.0, batch)


def give_text(engine: Engine[int, str], batch: int) -> str:
    return ""


def tokens(output: Output) -> int:
    return output.num_tokens


def is_due(engine: Engine[str, Output], count: int) -> bool:
    return True


trainer = Engine(step)
texts = Engine(give_text)
model = nn.Linear(1, 1)
screen = io.StringIO()

Timer(True)  # E: by keyword
Timer(clock=3.0)  # E
Timer().attach(trainer, Events.STARTED)  # E: by keyword
Timer().attach(trainer, start="started")  # E
Timer().attach(trainer, start=Events.EXCEPTION_RAISED)  # E: carries a payload
Timer().attach(trainer, step=Events.ITERATION_COMPLETED(is_due))  # E: a filter of another engine
Timer().attach(trainer, begin=Events.STARTED)  # E
Timer().attach(None)  # E
Timer().value.real  # E: a method
Timer().total  # E: total_s

BasicTimeProfiler().attach(trainer, "times")  # E
BasicTimeProfiler().attach(model)  # E
BasicTimeProfiler().get_results()["processing_stats"]  # E: an attribute
BasicTimeProfiler().get_results().procesing  # E
BasicTimeProfiler().get_results().processing.mean  # E: mean_s
BasicTimeProfiler().get_results().handlers["STARTED"]  # E: by the event
BasicTimeProfiler.print_results(BasicTimeProfiler().get_results())  # E: str() of the results
BasicTimeProfiler().write_results(screen)  # E: a path
HandlersTimeProfiler().get_results().handlers[0][2]  # E
HandlersTimeProfiler().get_results().handlers = []  # E: frozen

trainer.attach(Throughput())  # E: needs a name
trainer.attach(Throughput(), 3)  # E
trainer.attach(Throughput(lambda out: out.tokens), "x")  # E
trainer.attach(Throughput(lambda out: "3"), "x")  # E
texts.attach(Throughput(tokens), "x")  # E
Throughput(tokens).attach(texts, "x")  # E
Throughput(32)  # E: a function
Throughput(tokens, 10)  # E: by keyword
Throughput(tokens, window="10")  # E
ModelFlopsUtilization()  # E
ModelFlopsUtilization(tokens, flops_per_sample=1.0)  # E
ModelFlopsUtilization(flops_per_sample="1", peak_flops_per_s=1.0)  # E
trainer.attach(DataWait(lambda out: out.loss), "wait")  # E
trainer.attach(ProcessMemory("cpu"), "memory")  # E
DeviceMemory()  # E
DeviceMemory(0.5)  # E
GradientNorm()  # E
GradientNorm(model.parameters())  # E
GradientNorm(model, 1.0)  # E: by keyword
GradientNorm(model, norm_type=1.0)  # E: order
rate: MetricKey[str] = trainer.attach(Throughput(), "x")  # E
name: str = trainer.state.metrics[trainer.attach(ProcessMemory(), "memory")]  # E
trainer.state.metrics[GradientNorms(model).attach(trainer, "norms")][0]  # E: by names
trainer.state.metrics[Throughput()]  # E: the key was meant

TorchProfiler()  # E
TorchProfiler("traces", 1)  # E: by keyword
TorchProfiler("traces", report="html")  # E
TorchProfiler("traces", active=1.5)  # E
TorchProfiler("traces").attach(trainer).files  # E
TorchProfiler("traces").files.append("x")  # E
summarize(model)  # E
summarize(model, torch.empty(1, 1))  # E: a function
summarize(model, lambda: 3)  # E
summarize(model.forward, lambda: torch.empty(1, 1))  # E
summarize(model, lambda: torch.empty(1, 1)).total_params  # E
count_flops(model(torch.empty(1, 1)), 3)  # E
count_flops(3)  # E

ProgressBar(event=Events.ITERATION_STARTED)  # E
ProgressBar(event=Events.ITERATION_COMPLETED(every=3))  # E: interval_s
ProgressBar(event=Own.TICK)  # E
ProgressBar(closing_event=Events.STARTED)  # E
ProgressBar(closing_event=Events.COMPLETED | Events.TERMINATE)  # E
ProgressBar(event="iteration_completed")  # E
ProgressBar(event_name=Events.EPOCH_COMPLETED)  # E: event
ProgressBar(state_keys=["scale"])  # E: keys, not names
ProgressBar(state_keys=StateKey[float]("scale"))  # E: several
ProgressBar(display=screen)  # E
ProgressBar(display="rich")  # E
ProgressBar(display=RichDisplay)  # E: one, not the class
RichDisplay(screen)  # E: by keyword
TqdmDisplay(file="bars.txt")  # E
LinesDisplay(interval_s="1")  # E
display_for("bars.txt")  # E
display_for(screen, 3.0)  # E: by keyword
trainer.wrap_handlers(print)  # E
trainer.wrap_handlers(lambda call: call)  # E
trainer.wrap_handlers()  # E


class NoDisplay:
    def open(self, title: str) -> None: ...


ProgressBar(display=NoDisplay())  # E
