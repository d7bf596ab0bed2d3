"""What ``on`` gives back: a decorator that checks a handler and leaves its type unharmed."""

from collections.abc import Callable
from typing import Generic, Protocol, final, overload

from typing_extensions import ParamSpec, TypeVar, TypeVarTuple

__all__ = ["HandlerDecorator"]

EngineT = TypeVar("EngineT")
EngineT_contra = TypeVar("EngineT_contra", contravariant=True)
P = ParamSpec("P")
ResultT = TypeVar("ResultT")
ResultT_co = TypeVar("ResultT_co", covariant=True)
Ts = TypeVarTuple("Ts")


class TakesEngine(Protocol[EngineT_contra, *Ts, P, ResultT_co]):
    """A handler that takes the engine first.

    The first overload is what the handler is checked against, the second captures its own type. A
    name with two underscores, not a ``/``: behind a ``/`` pyright reads ``*args`` as named.
    """

    @overload
    def __call__(self, __engine: EngineT_contra, *args: *Ts) -> object: ...  # noqa: PYI063  # see above
    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> ResultT_co: ...


class TakesNoEngine(Protocol[*Ts, P, ResultT_co]):
    """A handler that does without the engine."""

    @overload
    def __call__(self, *args: *Ts) -> object: ...
    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> ResultT_co: ...


@final
class HandlerDecorator(Generic[EngineT, *Ts]):
    """Adds the function that it decorates as a handler, and gives it back as it is.

    Args:
        add: Adds the handler.
    """

    __slots__ = ("_add",)

    def __init__(self, add: Callable[[Callable[..., object]], object]) -> None:
        self._add = add

    @overload
    def __call__(self, handler: TakesNoEngine[*Ts, P, ResultT], /) -> Callable[P, ResultT]: ...
    @overload
    def __call__(
        self, handler: TakesEngine[EngineT, *Ts, P, ResultT], /
    ) -> Callable[P, ResultT]: ...
    def __call__(self, handler: Callable[..., ResultT], /) -> Callable[..., ResultT]:
        """Add the handler.

        Args:
            handler: Takes the engine, or not, and the further arguments that ``on`` was given.

        Returns:
            The handler itself, so that the decorators of several engines can be stacked.
        """
        self._add(handler)
        return handler
