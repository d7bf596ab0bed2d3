"""Many handlers as one function that calls them one after the other, without a loop."""

from collections.abc import Callable, Sequence
from functools import cache

__all__ = ["unrolled"]


def unrolled(handlers: Sequence[Callable[..., object]]) -> Callable[..., object]:
    """Give one function that calls all of these with its argument, in their order.

    A ``for`` over a tuple costs as much as a call, and has one place in the code for all calls:
    CPython makes a place fast only where the same function is called there time and again. So the
    calls are written out, and each function gets a code object of its own to be made fast.

    Args:
        handlers: The functions, if any.
    """
    if not handlers:
        return _nothing
    if len(handlers) == 1:
        return handlers[0]
    function = _factory(len(handlers))(*handlers)
    function.__code__ = function.__code__.replace()
    return function


def _nothing(_argument: object) -> None:
    """Stand for handlers where there are none."""


@cache
def _factory(num_handlers: int) -> Callable[..., Callable[..., object]]:
    names = [f"handler_{number}" for number in range(num_handlers)]
    calls = "".join(f"        {name}(argument)\n" for name in names)
    source = (
        f"def factory({', '.join(names)}):\n    def call_all(argument):\n{calls}    return call_all"
    )
    namespace: dict[str, Callable[..., Callable[..., object]]] = {}
    exec(source, namespace)  # noqa: S102  # made of numbers alone
    return namespace["factory"]
