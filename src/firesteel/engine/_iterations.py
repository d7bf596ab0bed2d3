"""The hot part of the loop, written out for a number of handlers.

This is the one place in which iterations happen. It is text, and compiled once for each number of
handlers, since what would be a loop over handlers here costs as much as two of their calls. Each
engine has a copy of its own: CPython makes a call fast where the same function is called time and
again, and a trainer and its evaluator would undo this for one another.
"""

import linecache
from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Final, final

__all__ = ["Iterations"]

_FILE: Final = "<firesteel iterations with {} handlers>"

_SOURCE: Final = """\
def iterate(
    engine, batches, state, live, process_function, fire_due, has_to_stop, missing, iteration,
    {names}
):
    for live.batch in batches:
        iteration += 1
        state.iteration = iteration
        live.output = missing
        live.output = process_function(engine, live.batch)
{calls}
        if iteration >= live.stop and has_to_stop(engine):
            return False
        live.batch = missing
    return True
"""

_CALLS: Final = """\
        if live.is_unusual:
            fire_due(engine)
        else:
{calls}
"""


@final
class Iterations:
    """Iterations of one engine, by the number of handlers that are called in each."""

    __slots__ = ("_written_out",)

    def __init__(self) -> None:
        self._written_out: dict[int, Callable[..., bool]] = {}

    def with_handlers(self, num_handlers: int) -> Callable[..., bool]:
        """Give the function that iterates until it has to stop or until the batches end.

        Its arguments are the engine, the batches, ``state``, ``live``, the process function, what
        to call instead of the handlers where ``live.is_unusual``, what to ask at ``live.stop``, the
        value that stands for nothing, the number of the iteration before, and the handlers. It
        returns whether the batches have ended. Nothing holds a batch while the next one is fetched,
        nor an output while the process function runs.

        Args:
            num_handlers: How many handlers without a filter there are.
        """
        function = self._written_out.get(num_handlers)
        if function is None:
            written = _written_out(num_handlers)
            function = FunctionType(written.__code__.replace(), written.__globals__)
            self._written_out[num_handlers] = function
        return function


@cache
def _written_out(num_handlers: int) -> FunctionType:
    names = [f"handler_{number}" for number in range(num_handlers)]
    calls = "\n".join(f"            {name}(engine)" for name in names)
    source = _SOURCE.format(
        names=", ".join(names), calls=_CALLS.format(calls=calls) if names else ""
    )
    file = _FILE.format(num_handlers)
    linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
    namespace: dict[str, FunctionType] = {}
    exec(compile(source, file, "exec"), namespace)  # noqa: S102  # made of the text above alone
    return namespace["iterate"]
