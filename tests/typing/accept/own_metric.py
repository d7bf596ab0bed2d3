"""A metric of one's own: two type parameters and three methods."""

from collections.abc import Callable
from typing import NamedTuple, assert_type

from typing_extensions import override

from firesteel import Engine, Metric, MetricKey


class MeanLoss(Metric[float, float]):
    @override
    def reset(self) -> None:
        self._sum, self._count = 0.0, 0

    @override
    def update(self, value: float, /) -> None:
        self._sum += value
        self._count += 1

    @override
    def compute(self) -> float:
        return self._sum / self._count


class Extremes(NamedTuple):
    low: float
    high: float


class Range(Metric[float, Extremes]):
    """Has an argument of its own, and none for a transform: that is given on attaching."""

    def __init__(self, *, start: float) -> None:
        self._start = start
        super().__init__()

    @override
    def reset(self) -> None:
        self._extremes = Extremes(self._start, self._start)

    @override
    def update(self, value: float) -> None:
        low, high = self._extremes
        self._extremes = Extremes(min(low, value), max(high, value))

    @override
    def compute(self) -> Extremes:
        return self._extremes


class Output(NamedTuple):
    loss: float
    words: list[str]


def step(engine: Engine[int, float], batch: int) -> float:
    return float(batch)


def step_with_words(engine: Engine[int, Output], batch: int) -> Output:
    return Output(float(batch), [str(batch)])


plain, wordy = Engine(step), Engine(step_with_words)
loss = MeanLoss().attach(plain, "loss")
loss_too = plain.attach(MeanLoss(), "loss_too")
assert_type(loss, MetricKey[float])
extremes = Range(start=2.0).attach(wordy, "range", output_transform=lambda out: out.loss)
assert_type(extremes, MetricKey[Extremes])
wordy_loss = MeanLoss().attach(wordy, "loss", output_transform=lambda out: out.loss)

assert plain.run([1, 2, 3]).metrics[loss] == 2.0
result = wordy.run([1, 2, 3]).metrics[extremes]
assert_type(result.high, float)
assert result == Extremes(1.0, 3.0)

# without an engine
alone = MeanLoss()
alone.update(3.0)
assert_type(alone.compute(), float)

shorten: Callable[[Output], float] = lambda out: float(len(out.words))  # noqa: E731
print(MeanLoss().attach(wordy, "words", output_transform=shorten))
