"""A metric of one's own that does not keep to what its type parameters say."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from firesteel import Engine, Metric, MetricKey


OutputT = TypeVar("OutputT", contravariant=True)


class Output(NamedTuple):
    loss: float


class Good(Metric[float, int]):
    def reset(self) -> None: ...
    def update(self, value: float, /) -> None: ...
    def compute(self) -> int:
        return 1


class TakesAnother(Metric[float, float]):
    def reset(self) -> None: ...
    def update(self, value: str, /) -> None: ...  # E
    def compute(self) -> float:
        return 1.0


class GivesAnother(Metric[float, float]):
    def reset(self) -> None: ...
    def update(self, value: float, /) -> None: ...
    def compute(self) -> str:  # E
        return ""


class TakesTwo(Metric[tuple[float, float], float]):
    def reset(self) -> None: ...
    def update(self, first: float, second: float) -> None: ...  # E
    def compute(self) -> float:
        return 1.0


class TakesNone(Metric[float, float]):
    def reset(self) -> None: ...
    def update(self) -> None: ...  # E
    def compute(self) -> float:
        return 1.0


class ResetWithArgument(Metric[float, float]):
    def reset(self, start: float) -> None: ...  # E
    def update(self, value: float, /) -> None: ...
    def compute(self) -> float:
        return 1.0


class ReturnsInBody(Metric[float, float]):
    def reset(self) -> None: ...
    def update(self, value: float, /) -> None:
        print(value.foo)  # E

    def compute(self) -> float:
        return "1.0"  # E


class OverridesFinal(Metric[float, float]):
    def reset(self) -> None: ...
    def update(self, value: float, /) -> None: ...
    def compute(self) -> float:
        return 1.0

    def attach_to(self, engine: Engine[int, float], name: str) -> MetricKey[float]: ...  # E


class WithoutCompute(Metric[float, float]):
    def reset(self) -> None: ...
    def update(self, value: float, /) -> None: ...


class OfAnyOutput(Metric[float, float, OutputT]):
    def __init__(self, transform: Callable[[OutputT], str]) -> None:
        super().__init__(transform)  # E

    def reset(self) -> None: ...
    def update(self, value: float, /) -> None: ...
    def compute(self) -> float:
        return 1.0


class OneParameter(Metric[float]):  # E
    def reset(self) -> None: ...


def step(engine: Engine[int, Output], batch: int) -> Output:
    return Output(0.5)


def plain(engine: Engine[int, float], batch: int) -> float:
    return 0.5


def text_of(output: Output) -> str:
    return ""


engine = Engine(step)
floats = Engine(plain)
WithoutCompute()  # E: abstract
Metric[float, float]()  # E
Good().attach(engine, "x")  # E
engine.attach(Good(), "x")  # E
Good().attach(engine, "x", output_transform=text_of)  # E
Good().attach(engine, "x", output_transform=lambda out: out.los)  # E
Good(text_of).attach(engine, "x")  # E
engine.attach(Good(lambda out: out.los), "x")  # E
key: MetricKey[str] = Good().attach(floats, "x")  # E
text: str = floats.run([1]).metrics[Good().attach(floats, "y")]  # E
Good().update("0.5")  # E
Good().add(0.5)  # E

number: int = floats.run([1]).metrics[Good().attach(floats, "z")]
