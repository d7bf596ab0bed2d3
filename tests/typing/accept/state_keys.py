"""Values of one's own in the state, each under a typed key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, assert_type

from firesteel import Engine, Events, StateKey
from firesteel.engine import ReadableKey

EMA_LOSS = StateKey[float]("ema_loss")
HISTORY = StateKey[list[float]]("history")
BEST = StateKey[tuple[int, float] | None]("best")
COUNTS = StateKey[dict[str, int]]("counts")


@dataclass
class Patience:
    left: int = 3
    seen: list[float] = field(default_factory=list[float])


PATIENCE = StateKey[Patience]("patience")


def step(engine: Engine[float, float], loss: float) -> float:
    state = engine.state
    state[EMA_LOSS] = 0.9 * state.get(EMA_LOSS, loss) + 0.1 * loss
    state[HISTORY].append(loss)
    return loss


trainer = Engine(step)


@trainer.on(Events.STARTED)
def begin(engine: Engine[Any, object]) -> None:
    engine.state[HISTORY] = []
    engine.state[BEST] = None
    engine.state[COUNTS] = {}
    engine.state[PATIENCE] = Patience()


@trainer.on(Events.ITERATION_COMPLETED)
def keep_best(engine: Engine[Any, float]) -> None:
    state = engine.state
    best = state[BEST]
    assert_type(best, tuple[int, float] | None)
    if best is None or state.output < best[1]:
        state[BEST] = (state.iteration, state.output)
    state[COUNTS]["seen"] = state[COUNTS].get("seen", 0) + 1
    state[PATIENCE].left -= 1


state = trainer.run([3.0, -4.0, 2.0])
assert_type(state[EMA_LOSS], float)
assert_type(state[HISTORY], list[float])
assert_type(state.get(EMA_LOSS, None), float | None)
assert_type(state.get(EMA_LOSS, 0.0), float)
assert_type(EMA_LOSS.name, str)
assert_type(state[PATIENCE].left, int)

# read where something wider is asked for
largest = max(state[HISTORY], key=abs)
assert_type(largest, float)
assert largest == -4.0
as_sequence: Sequence[float] = state[HISTORY]
as_objects: Sequence[object] = state[HISTORY]
as_mapping: Mapping[str, object] = state[COUNTS]
readable: ReadableKey[Sequence[float]] = HISTORY
total = sum(state[readable])
mean = sum(loss for loss in state[HISTORY]) / len(state[HISTORY])
print(f"{total} {mean:.2f}", *sorted(state[HISTORY], key=abs), ", ".join(map(str, state[HISTORY])))

state[EMA_LOSS] += 1
state[EMA_LOSS] = 1  # an int is a float
if EMA_LOSS in state:
    del state[EMA_LOSS]
assert EMA_LOSS not in state
