"""Whatever is attached, no iteration waits for a device; values are read where they are shown."""

import io
from pathlib import Path

import pytest
import torch
from tests.unit.host_waits import waits
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import SGD

from firesteel import Engine, Events, ProgressBar, RunningAverage, create_supervised_trainer
from firesteel.handlers import (
    AsyncSaver,
    BasicTimeProfiler,
    Checkpoint,
    CosineAnnealingScheduler,
    DataWait,
    DiskSaver,
    EarlyStopping,
    EMAHandler,
    EpochOutputStore,
    GradientNorm,
    GradientNorms,
    HandlersTimeProfiler,
    LossSpikeDetector,
    LRScheduler,
    SWAHandler,
    TerminateOnNan,
    Throughput,
    TimeLimit,
    Timer,
)
from firesteel.recipes import TensorPair

NUM_ITERATIONS = 10  # the bar is drawn in the first one, and then in the eleventh at the earliest


@pytest.fixture
def trainer(tmp_path: Path) -> Engine[TensorPair, Tensor]:
    """Give a trainer with all handlers that listen to iterations, none of which is due."""
    torch.manual_seed(0)
    model = nn.Linear(3, 2)
    optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9)
    trainer = create_supervised_trainer(model, optimizer, functional.mse_loss)
    loss = RunningAverage().attach(trainer, "loss")
    bar = ProgressBar(metrics=[loss], file=io.StringIO(), interval_s=1e6, clock=lambda: 0.0)
    trainer.attach(bar)
    stopping = EarlyStopping(loss, patience=3, trainer=trainer, mode="min")
    stopping.attach(trainer, event=Events.EPOCH_COMPLETED)
    trainer.attach(TerminateOnNan(every=1000))
    trainer.attach(LossSpikeDetector(every=1000))
    trainer.attach(TimeLimit(1e6))
    trainer.attach(EMAHandler(model))
    trainer.attach(SWAHandler(model))
    trainer.attach(EpochOutputStore(lambda loss: loss))
    trainer.attach(GradientNorm(model), "norm")
    trainer.attach(GradientNorms(model), "norms")
    trainer.attach(Throughput(lambda _loss: 4), "throughput")
    trainer.attach(DataWait(), "wait")
    Timer(average=True).attach(trainer, step=Events.ITERATION_COMPLETED)
    CosineAnnealingScheduler(
        optimizer, "momentum", start_value=0.9, end_value=0.1, cycle_size=10
    ).attach(trainer)
    LRScheduler(torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9)).attach(trainer)
    saver = AsyncSaver(DiskSaver(tmp_path, fsync=False))
    Checkpoint({"model": model, "optimizer": optimizer, "trainer": trainer}, saver).attach(
        trainer, Events.ITERATION_COMPLETED(every=1000)
    )
    BasicTimeProfiler().attach(trainer)
    HandlersTimeProfiler().attach(trainer)
    return trainer


def data() -> list[TensorPair]:
    return [(torch.ones(4, 3), torch.ones(4, 2)) for _ in range(NUM_ITERATIONS)]


def test_no_iteration_waits_for_a_device(trainer: Engine[TensorPair, Tensor]) -> None:
    at_iteration: list[int] = []
    with waits() as found:
        trainer.add_event_handler(
            Events.ITERATION_COMPLETED(priority=-2000), lambda: at_iteration.append(len(found))
        )
        trainer.run(data())
    assert len(at_iteration) == NUM_ITERATIONS
    assert at_iteration[-1] == at_iteration[0]


def test_what_is_read_is_a_wait(trainer: Engine[TensorPair, Tensor]) -> None:
    num_before: list[int] = []
    with waits() as found:

        @trainer.on(Events.ITERATION_COMPLETED(once=5))
        def read(engine: Engine[TensorPair, Tensor]) -> None:
            num_before.append(len(found))
            assert engine.state.metrics["norm"]
            num_before.append(len(found))

        trainer.run(data())
    assert num_before[1] > num_before[0]
