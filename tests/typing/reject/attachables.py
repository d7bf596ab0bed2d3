"""Attachables: another output, a name too few or too many, methods that do not fit."""

import io
from typing import Any, NamedTuple

from firesteel import Attachable, Average, Engine, Events, MetricKey, ProgressBar
from firesteel import RemovableEventHandle


class Output(NamedTuple):
    loss: float


class Nameless(Attachable[float, RemovableEventHandle]):
    def attach_to(self, engine: Engine[Any, float]) -> RemovableEventHandle:
        return engine.add_event_handler(Events.COMPLETED, print)


class Named(Attachable[object, list[int], str, int]):
    def attach_to(self, engine: Engine[Any, object], name: str, every: int) -> list[int]:
        return []


class Incomplete(Attachable[float, None]):
    pass


class WrongOutput(Attachable[float, None]):
    def attach_to(self, engine: Engine[Any, str]) -> None: ...  # E


class WrongArguments(Attachable[float, None, str]):
    def attach_to(self, engine: Engine[Any, float], every: int) -> None: ...  # E


class NoArguments(Attachable[float, None, str]):
    def attach_to(self, engine: Engine[Any, float]) -> None: ...  # E


class WrongResult(Attachable[float, int]):
    def attach_to(self, engine: Engine[Any, float]) -> str: ...  # E


class DefaultName(Attachable[object, int, str]):
    def attach_to(self, engine: Engine[Any, object], name: str = "x") -> int:
        return 1


class NotAttachable:
    def attach_to(self, engine: Engine[Any, float]) -> None: ...


def give_float(engine: Engine[int, float], batch: int) -> float:
    return 0.5


def give_output(engine: Engine[int, Output], batch: int) -> Output:
    return Output(0.5)


def shown(output: Output) -> dict[str, float]:
    return {"loss": output.loss}


def shown_as_list(output: Output) -> list[float]:
    return [output.loss]


floats = Engine(give_float)
outputs = Engine(give_output)
screen = io.StringIO()

floats.attach(Nameless(), "name")  # E
floats.attach(Nameless(), None)  # E
outputs.attach(Nameless())  # E
floats.attach(Named())  # E
floats.attach(Named(), "name")  # E
floats.attach(Named(), 3, "name")  # E
floats.attach(Named(), "name", 3, 4)  # E
floats.attach(Named(), name="name", every=3)  # E
floats.attach(DefaultName())  # E: the class says that it takes a name
floats.attach(Incomplete())  # E
floats.attach(Nameless)  # E
floats.attach(NotAttachable())  # E
floats.attach()  # E
floats.attach(None)  # E
floats.attach(print)  # E
key: MetricKey[int] = floats.attach(Nameless())  # E
texts: list[str] = floats.attach(Named(), "name", 3)  # E

outputs.attach(ProgressBar(lambda out: {"loss": out.los}))  # E
outputs.attach(ProgressBar(lambda out: out.loss))  # E
outputs.attach(ProgressBar(lambda out: {1: out.loss}))  # E
outputs.attach(ProgressBar(shown_as_list))  # E
floats.attach(ProgressBar(shown))  # E
ProgressBar(shown).attach(floats)  # E
outputs.attach(ProgressBar(shown), "bar")  # E
ProgressBar(shown, "Training")  # E: by keyword
ProgressBar("Training")  # E
ProgressBar(shown, persist="yes")  # E
ProgressBar(shown, metrics=["loss"])  # E: keys, not names
ProgressBar(shown, metrics=[Average()])  # E: the key was meant
ProgressBar(shown, file="bar.txt")  # E
ProgressBar(shown, interval_s="1")  # E
ProgressBar(shown, interval=1.0)  # E
ProgressBar(shown).log_message(3)  # E

floats.attach(Nameless())
floats.attach(Named(), "name", 3)
outputs.attach(ProgressBar(shown, file=screen))
floats.attach(ProgressBar(file=screen))
