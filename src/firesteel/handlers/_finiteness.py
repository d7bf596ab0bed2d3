"""Whether the outputs of an engine were finite so far: found by one handler, asked by others."""

import weakref

# Any: whose outputs they are does not matter to who asks.
from typing import Any, Protocol, final

from firesteel.engine import Engine

__all__ = ["Finiteness", "Watch"]


class Watch(Protocol):
    """Looks at outputs, and may not have read yet what it saw."""

    def read(self, engine: Engine[Any, Any], /) -> None:
        """Read it now."""
        ...


@final
class Finiteness:
    """What is known of the outputs of one engine in this run.

    Attributes:
        is_lost: Whether a number was found that is not finite.
    """

    def __init__(self) -> None:
        self.is_lost: bool = False
        self._watches: weakref.WeakSet[Watch] = weakref.WeakSet()

    @classmethod
    def of(cls, engine: Engine[Any, Any]) -> "Finiteness":
        """Give that of an engine."""
        return engine.companion(cls, cls)

    def watch(self, watch: Watch) -> None:
        """Have somebody be asked to read what it saw, before anybody relies on it."""
        self._watches.add(watch)

    def holds(self, engine: Engine[Any, Any]) -> bool:
        """Tell whether all numbers were finite that somebody looked at."""
        for watch in list(self._watches):
            watch.read(engine)
        return not self.is_lost
