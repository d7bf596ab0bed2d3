"""When a metric is reset, updated and computed."""

from typing import Any, assert_type

from firesteel import Average, Engine, EventEnum, Events, MetricKey
from firesteel.metrics import (
    BatchFiltered,
    BatchWise,
    EpochWise,
    MetricUsage,
    RunningBatchWise,
    RunningEpochWise,
    SingleEpochRunningBatchWise,
)


class Validation(EventEnum):
    BEGIN = "begin"
    END = "end"


def step(engine: Engine[float, float], batch: float) -> float:
    return batch


def is_third(engine: Engine[Any, Any], count: int) -> bool:
    return count % 3 == 0


trainer = Engine(step)
trainer.register_events(*Validation)
usages: dict[str, MetricUsage] = {
    "epoch": EpochWise(),
    "batch": BatchWise(),
    "so far": RunningBatchWise(),
    "epochs so far": RunningEpochWise(),
    "epoch so far": SingleEpochRunningBatchWise(),
    "some": BatchFiltered(every=2),
    "a few": BatchFiltered(once=[1, 2]),
    "asked": BatchFiltered(is_third),
    "own": MetricUsage(
        started=Events.STARTED,
        iteration_completed=Events.ITERATION_COMPLETED(every=2),
        completed=Validation.END,
    ),
}
keys: dict[str, MetricKey[float]] = {
    name: Average().attach(trainer, name, usage=usage) for name, usage in usages.items()
}


@trainer.on(Events.COMPLETED)
def end(engine: Engine[float, float]) -> None:
    engine.fire_event(Validation.END)


metrics = trainer.run([1.0, 2.0, 3.0, 4.0]).metrics
assert_type(metrics[keys["own"]], float)
assert metrics[keys["own"]] == 3.0
assert metrics[keys["batch"]] == 4.0
