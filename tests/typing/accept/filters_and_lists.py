"""Every kind of filter, and events joined by `|`."""

from typing import assert_type

from firesteel import Engine, Events
from firesteel.events import EventLike, EventsList, FilteredEvent


def step(engine: Engine[int, int], batch: int) -> int:
    return batch


trainer = Engine(step)
seen: list[tuple[str, int]] = []


def note(engine: Engine[int, int], word: str) -> None:
    seen.append((word, engine.state.iteration))


trainer.add_event_handler(Events.ITERATION_COMPLETED(every=3), note, "every")
trainer.add_event_handler(Events.ITERATION_COMPLETED(once=2), note, "once")
trainer.add_event_handler(Events.ITERATION_COMPLETED(once=[1, 4]), note, "list")
trainer.add_event_handler(Events.ITERATION_COMPLETED(once=range(1, 3)), note, "range")
trainer.add_event_handler(Events.ITERATION_COMPLETED(before=2), note, "before")
trainer.add_event_handler(Events.ITERATION_COMPLETED(after=5), note, "after")
trainer.add_event_handler(Events.ITERATION_COMPLETED(before=5, after=3), note, "between")
trainer.add_event_handler(Events.ITERATION_COMPLETED(every=2, after=3), note, "every after")
trainer.add_event_handler(Events.ITERATION_COMPLETED(every=2, before=3), note, "every before")
trainer.add_event_handler(Events.ITERATION_COMPLETED(every=2, before=7, after=3), note, "all")


trainer.add_event_handler(Events.ITERATION_COMPLETED(priority=-100), note, "last")
trainer.add_event_handler(Events.ITERATION_COMPLETED(every=2, priority=5), note, "first")
trainer.add_event_handler(Events.ITERATION_COMPLETED(once=2, priority=5), note, "first once")
trainer.add_event_handler(Events.EXCEPTION_RAISED(priority=1), print)
assert_type(Events.EPOCH_COMPLETED(priority=-100), FilteredEvent[object])
assert_type(Events.EPOCH_COMPLETED(priority=-100).priority, int)


def is_power_of_two(engine: Engine[int, int], count: int) -> bool:
    return count & (count - 1) == 0


def is_even(engine: object, count: int) -> bool:
    return count % 2 == 0


trainer.add_event_handler(Events.ITERATION_COMPLETED(is_power_of_two), note, "power")
trainer.add_event_handler(Events.ITERATION_COMPLETED(is_even), note, "even")
trainer.add_event_handler(Events.ITERATION_COMPLETED(event_filter=is_even), note, "named")
trainer.add_event_handler(
    Events.ITERATION_COMPLETED(lambda engine, count: count > 4), note, "lambda"
)
trainer.add_event_handler(Events.ITERATION_COMPLETED(is_even, priority=3), note, "even first")


@trainer.on(Events.ITERATION_COMPLETED(is_power_of_two) | Events.COMPLETED)
def either(engine: Engine[int, int]) -> None:
    note(engine, "either")


assert_type(Events.EPOCH_COMPLETED(every=2).event.name, str)
joined = Events.STARTED | Events.EPOCH_COMPLETED(every=2) | Events.COMPLETED
assert_type(joined, EventsList[object])
assert_type(len(joined), int)
assert_type(Events.STARTED | Events.COMPLETED, EventsList[object])
longer = joined | joined | Events.ITERATION_COMPLETED(once=1)


@trainer.on(longer)
def often(engine: Engine[int, int]) -> None:
    note(engine, "often")


# chosen at run time: what a command line says
log_every = 2
when: EventLike = Events.ITERATION_COMPLETED(every=log_every) if log_every else Events.COMPLETED
trainer.add_event_handler(when, note, "when")
chosen = Events.EPOCH_COMPLETED if log_every else Events.ITERATION_COMPLETED(every=2)
trainer.add_event_handler(chosen, note, "chosen")

for event in (Events.EPOCH_STARTED, Events.EPOCH_COMPLETED(every=1)):
    trainer.add_event_handler(event, note, "loop")
for member in Events:
    trainer.add_event_handler(member, note, member.value)

by_name: dict[str, FilteredEvent] = {"rare": Events.EPOCH_COMPLETED(every=10)}
trainer.add_event_handler(by_name["rare"], note, "rare")

trainer.run(range(1, 7))
assert ("between", 4) in seen
assert ("power", 4) in seen
assert ("power", 3) not in seen
assert seen.index(("first", 2)) < seen.index(("once", 2))
