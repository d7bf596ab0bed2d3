"""A user's own values, each under a typed key."""

from collections.abc import Mapping
from typing import final

from typing_extensions import TypeVar

from firesteel.errors import UnknownKeyError

from ._keys import ReadableKey, StateKey

__all__ = ["Values"]

ValueT = TypeVar("ValueT")


@final
class Values:
    """Values by key, and those of a ``state_dict`` by name until their key turns up."""

    __slots__ = ("_by_key", "_by_name")

    def __init__(self) -> None:
        self._by_key: dict[ReadableKey[object], object] = {}
        self._by_name: dict[str, object] = {}

    def read(self, key: ReadableKey[ValueT]) -> ValueT:
        """Give the value under a key."""
        self._adopt(key)
        try:
            # what is stored under a key has the key's type: `write` is the only way in
            return self._by_key[key]  # type: ignore[return-value]
        except KeyError:
            raise UnknownKeyError(
                f"state: nothing is stored under {key!r} yet; store a value first, "
                "or read with state.get(key, default)"
            ) from None

    def write(self, key: StateKey[ValueT], value: ValueT) -> None:
        """Store a value under a key."""
        self._adopt(key)
        self._by_key[key] = value

    def remove(self, key: StateKey[ValueT]) -> None:
        """Take the value under a key out."""
        self.read(key)
        del self._by_key[key]

    def has(self, key: ReadableKey[object]) -> bool:
        """Tell whether a value is stored under a key."""
        self._adopt(key)
        return key in self._by_key

    def dump(self) -> dict[str, object]:
        """Give all values by name."""
        return {**self._by_name, **{key.name: value for key, value in self._by_key.items()}}

    def load(self, values: Mapping[str, object]) -> None:
        """Replace all values by these."""
        self._by_key = {}
        self._by_name = dict(values)

    def _adopt(self, key: ReadableKey[object]) -> None:
        """Give a value that came by name to its key, and refuse a second key of one name."""
        if key in self._by_key:
            return
        if key.name in self._by_name:
            self._by_key[key] = self._by_name.pop(key.name)
        elif any(known.name == key.name for known in self._by_key):
            raise UnknownKeyError(
                f"state: another key is called {key.name!r}; a key equals itself only, so make it "
                "once and import it where it is used"
            )
