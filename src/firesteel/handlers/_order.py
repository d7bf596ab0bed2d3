"""Where handlers of this package stand among those of an event, where the event does not say."""

from dataclasses import replace

# Any: an event is placed for whatever engine its filter is.
from typing import Any, Final, TypeAlias, overload

from firesteel.events import (
    EventEnum,
    EventLike,
    EventsList,
    FilteredEvent,
    FilteredPayloadEvent,
    PayloadEvent,
    PayloadEventLike,
)

__all__ = ["FIRST", "LAST", "SAVING", "SETTING", "SHOWING", "placed"]

FIRST: Final = 1000
"""Before all others: what they find has to be in place."""

SETTING: Final = 100
"""Before those that say nothing: what sets values that they read, as a learning rate."""

SHOWING: Final = -50
"""Behind what computes: what shows, compares and decides."""

SAVING: Final = -100
"""Behind those as well: what saves has to see all that was computed and decided."""

LAST: Final = -1000
"""Behind all others."""

OnException: TypeAlias = PayloadEventLike[BaseException, Any]


@overload
def placed(event: OnException, priority: int) -> OnException: ...
@overload
def placed(event: EventLike[Any], priority: int) -> EventLike[Any]: ...
def placed(event: EventLike[Any] | OnException, priority: int) -> EventLike[Any] | OnException:
    """Give an event with a priority, unless it has one.

    Args:
        event: Bare, filtered, or several.
        priority: The priority; one of 0 counts as none.
    """
    if isinstance(event, PayloadEvent):
        return FilteredPayloadEvent(event, None, priority)
    if isinstance(event, EventsList):
        return EventsList(*(_one(one, priority) for one in event))
    if isinstance(event, FilteredPayloadEvent):
        return event if event.priority else replace(event, priority=priority)
    return _one(event, priority)


def _one(event: EventEnum | FilteredEvent[Any], priority: int) -> FilteredEvent[Any]:
    if isinstance(event, EventEnum):
        return FilteredEvent(event, None, priority)
    return event if event.priority else replace(event, priority=priority)
