"""Events: their names, their filters, and who listens to them."""

from ._channel import Channel, Entry, Guard, Wrapper
from ._filters import CountFilter
from ._names import (
    EventEnum,
    EventLike,
    Events,
    EventsList,
    FilteredEvent,
    FilteredPayloadEvent,
    PayloadEvent,
    PayloadEventLike,
    filtered,
)
from ._registry import AnyEvent, BareEvent, Registry, RemovableEventHandle, bare, single_events

__all__ = [
    "AnyEvent",
    "BareEvent",
    "Channel",
    "CountFilter",
    "Entry",
    "EventEnum",
    "EventLike",
    "Events",
    "EventsList",
    "FilteredEvent",
    "FilteredPayloadEvent",
    "Guard",
    "PayloadEvent",
    "PayloadEventLike",
    "Registry",
    "RemovableEventHandle",
    "Wrapper",
    "bare",
    "filtered",
    "single_events",
]
