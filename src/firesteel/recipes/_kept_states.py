"""States of objects, kept while something is tried, and put back."""

import copy
from collections.abc import Iterable
from typing import final

from firesteel._require import is_a
from firesteel.protocols import Stateful

__all__ = ["States"]


@final
class States:
    """Copies of the states that objects are in.

    Args:
        where: Who keeps them, for errors.
        restore: The objects.

    Raises:
        ArgumentTypeError: Something has no state.
    """

    def __init__(self, where: str, restore: Iterable[Stateful]) -> None:
        self._objects = list(restore)
        for place, one in enumerate(self._objects):
            is_a(where, f"restore[{place}]", one, Stateful, "something with a state_dict")
        self._states = [copy.deepcopy(one.state_dict()) for one in self._objects]

    def put_back(self) -> None:
        """Put the objects back to where they were."""
        for one, state in zip(self._objects, self._states, strict=True):
            one.load_state_dict(state)
