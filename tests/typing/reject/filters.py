"""Filters that exclude each other, that are none, and that are put on what has one."""

from firesteel import Engine, EventEnum, Events, PayloadEvent
from firesteel.events import EventsList, FilteredEvent

NORM = PayloadEvent[float]("norm")


class Own(EventEnum):
    DONE = "done"


class Output:
    loss = 0.5


def step(engine: Engine[int, Output], batch: int) -> Output:
    return Output()


def is_due(engine: Engine[int, Output], count: int) -> bool:
    return count > 3


def of_other_engine(engine: Engine[str, Output], count: int) -> bool:
    return count > 3


def takes_too_little(engine: Engine[int, Output]) -> bool:
    return True


def takes_count_alone(count: int) -> bool:
    return True


def gives_text(engine: Engine[int, Output], count: int) -> str:
    return ""


def gives_none(engine: Engine[int, Output], count: int) -> None: ...
def handler(engine: Engine[int, Output]) -> None: ...


trainer = Engine(step)
event = Events.ITERATION_COMPLETED

print(event(every=2, once=3))  # E
print(event(every=2, once=[3]))  # E
print(event(once=3, before=5))  # E
print(event(once=3, after=5))  # E
print(event(is_due, every=2))  # E
print(event(is_due, once=2))  # E
print(event(is_due, before=2))  # E
print(event(event_filter=is_due, every=2))  # E
print(event())  # E
print(event(priority="first"))  # E
print(event(priority=1.5))  # E
print(event(5, priority=1))  # E
print(event(every=2, once=3, priority=1))  # E
print(event(is_due, every=2, priority=1))  # E
trainer.add_event_handler(event, handler, priority=1)  # E
print(event(None))  # E
print(event(3))  # E
print(event(every=None))  # E
print(event(every="2"))  # E
print(event(every=2.5))  # E
print(event(every=[2, 3]))  # E
print(event(once="3"))  # E
print(event(once=[1.5]))  # E
print(event(once=["a"]))  # E
print(event(once=None))  # E
print(event(before=2.5))  # E
print(event(after="2"))  # E
print(event(evry=2))  # E
print(event(every=2)(once=3))  # E
print(event(every=2)())  # E
print((event | Events.COMPLETED)(every=2))  # E
print(Events(every=2))  # E: a member was meant
print(Own.DONE(every=2, once=3))  # E
print(Own.DONE())  # E
print(NORM(every=2, once=3))  # E
print(NORM())  # E
print(NORM(is_due, every=2))  # E
print(NORM(every=2)(once=3))  # E
print(NORM(every="2"))  # E
print(event(takes_too_little))  # E
print(event(takes_count_alone))  # E
print(event(gives_text))  # E
print(event(gives_none))  # E
print(event(lambda engine: True))  # E
print(event(lambda engine, count: "yes"))  # E
print(event(lambda engine, count: count.foo))  # E

trainer.add_event_handler(event(of_other_engine), handler)  # E
trainer.add_event_handler(NORM(of_other_engine), lambda engine, norm: None)  # E
trainer.add_event_handler(event(of_other_engine) | Events.COMPLETED, handler)  # E
trainer.add_event_handler(Events.COMPLETED | event(of_other_engine), handler)  # E
trainer.add_event_handler(event(lambda engine, count: engine.state.output.los), handler)  # E
trainer.on(event(of_other_engine))(handler)  # E

print(event | "completed")  # E
print(event | 3)  # E
print(event | None)  # E
print(event | handler)  # E
print("completed" | event)  # E
print(event & Events.COMPLETED)  # E
print(event + Events.COMPLETED)  # E
print(EventsList("completed"))  # E
print(EventsList(NORM))  # E: has a payload
filtered: FilteredEvent = event  # E: has no filter
plain: EventEnum = event(every=2)  # E: has a filter
joined: EventsList = event  # E
single: EventEnum = event | Events.COMPLETED  # E
member: Events = Own.DONE  # E
own: Own = event  # E
print(event(every=2).evnt)  # E
event(every=2).event = Events.COMPLETED  # E: frozen
event.value = "other"  # E
Events.EPOCH_COMPLETED = Events.COMPLETED  # E
print(Events.ITERATION_COMPLETE)  # E
print(Events["ITERATION_COMPLETED"](every=2, once=3))  # E


class More(Events):  # E: an enum with members is final
    MORE = "more"


print(event(is_due), event(every=2, before=9), event | event(once=3))
