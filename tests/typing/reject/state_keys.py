"""Values of one's own: another type, another key, no key."""

from collections.abc import Sequence

from firesteel import Engine, Events, MetricKey, State, StateKey
from firesteel.engine import ReadableKey

EMA = StateKey[float]("ema")
HISTORY = StateKey[list[float]]("history")
BEST = StateKey[tuple[int, float] | None]("best")
NAMES = StateKey[dict[str, int]]("names")
RESULT = MetricKey[float]("result")


def step(engine: Engine[float, float], batch: float) -> float:
    return batch


def takes_text(text: str) -> None:
    print(text)


def reads(state: State[float, float], key: ReadableKey[Sequence[float]]) -> None:
    state[key] = [0.5]  # E: is only for reading
    del state[key]  # E
    print(state[key].append(0.5))  # E: a Sequence
    print(state[key], key in state, state.get(key, None))


trainer = Engine(step)
reads(trainer.state, HISTORY)
state = trainer.state

state[EMA] = "0.5"  # E
state[EMA] = None  # E
state[EMA] = [0.5]  # E
state[EMA] += "a"  # E
state[HISTORY] = 0.5  # E
state[HISTORY] = ["a"]  # E
state[HISTORY] = (0.5,)  # E: a tuple
state[HISTORY] = [None]  # E
state[HISTORY].append("a")  # E
state[HISTORY].add(0.5)  # E
state[BEST] = 3  # E
state[BEST] = (0.5, "a")  # E
state[NAMES] = {1: "a"}  # E
state[NAMES]["a"] = "b"  # E
print(state[BEST][0])  # E: may be None
takes_text(state[EMA])  # E
takes_text(state[HISTORY][0])  # E
text: str = state[EMA]  # E
texts: list[str] = state[HISTORY]  # E
optional: float = state[BEST]  # E
maximum: str = max(state[HISTORY], key=abs)  # E
takes_text(state.get(EMA, 0.5))  # E
number: float = state.get(EMA, None)  # E
print(state.get(EMA, None) + 1)  # E
print(state.get(EMA))  # E: needs a default
print(state.get("ema", 0.5))  # E
print(state["ema"])  # E
state["ema"] = 0.5  # E
del state["ema"]  # E
print("ema" in state)  # E
print(state[Events.COMPLETED])  # E
print(state[RESULT])  # E: the result of a metric
state[RESULT] = 0.5  # E
print(state[3])  # E
print(state[EMA].foo)  # E
print(state.EMA)  # E
wider: StateKey[object] = EMA  # E: writing through it would break the reader
narrower: StateKey[int] = EMA  # E
wrong: ReadableKey[str] = EMA  # E
untyped = StateKey("untyped")  # E: of what?
nameless = StateKey[float]()  # E
numbered = StateKey[float](3)  # E
misspelt = StateKey[float](nam="ema")  # E
EMA.name = "other"  # E

state[EMA] = 1
state[HISTORY] = []
state[BEST] = (1, 0.5)
print(state.get(EMA, "none"))


class MyKey(StateKey[float]):  # E: final
    pass
