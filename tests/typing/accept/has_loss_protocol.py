"""A handler that asks only for a `loss` serves every engine whose output has one."""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, assert_type

from typing_extensions import override

from firesteel import Attachable, Average, Engine, Events, RemovableEventHandle


class HasLoss(Protocol):
    @property
    def loss(self) -> float: ...


class Segmentation(NamedTuple):
    loss: float
    mask: list[int]


@dataclass(frozen=True)
class Detection:
    loss: float
    boxes: list[tuple[int, int]]


@dataclass(frozen=True)
class CrowdDetection(Detection):
    num_heads: int


def log_loss(engine: Engine[Any, HasLoss]) -> None:
    print(f"{engine.state.output.loss:.3f}")


def stop_on_nan(engine: Engine[Any, HasLoss]) -> None:
    if not math.isfinite(engine.state.output.loss):
        engine.terminate(reason="the loss is not finite")


class LossHistory(Attachable[HasLoss, RemovableEventHandle]):
    def __init__(self) -> None:
        self.losses: list[float] = []

    @override
    def attach_to(self, engine: Engine[Any, HasLoss]) -> RemovableEventHandle:
        return engine.add_event_handler(Events.ITERATION_COMPLETED, self._keep)

    def _keep(self, engine: Engine[Any, HasLoss]) -> None:
        self.losses.append(engine.state.output.loss)


def segment(engine: Engine[int, Segmentation], batch: int) -> Segmentation:
    return Segmentation(1 / batch, [batch])


def detect(engine: Engine[str, Detection], batch: str) -> Detection:
    return CrowdDetection(float(batch), [], 3)


def loss_of(output: HasLoss) -> float:
    return output.loss


def prepare(engine: Engine[Any, HasLoss]) -> LossHistory:
    """What takes any engine with a loss takes each of them."""
    engine.add_event_handler(Events.EPOCH_COMPLETED, log_loss)
    engine.add_event_handler(Events.ITERATION_COMPLETED, stop_on_nan)
    history = LossHistory()
    engine.attach(history)
    return history


segmenter, detector = Engine(segment), Engine(detect)
histories = [prepare(segmenter), prepare(detector)]
segmenter.on(Events.COMPLETED)(log_loss)
detector.on(Events.COMPLETED)(log_loss)

mean = Average(loss_of)
key = mean.attach(segmenter, "loss")
Average(loss_of).attach(detector, "loss")
assert_type(segmenter.run([1, 2]).metrics[key], float)
detector.run(["0.5", "nan", "1.0"])
assert [len(history.losses) for history in histories] == [2, 2]

# covariance of the engine itself: a narrower output is a wider one
wide: Engine[str, HasLoss] = detector
assert_type(wide.state.output.loss, float)
