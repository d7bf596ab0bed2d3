"""How a handler is called: checked once, when it is added, and bound to its arguments."""

import inspect
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol, TypeAlias

from typing_extensions import is_protocol

from firesteel._require import is_callable
from firesteel.errors import HandlerSignatureError
from firesteel.events import BareEvent, CountFilter

__all__ = ["asked_first", "bind", "check_process_function"]

Call: TypeAlias = Callable[..., object]

_SOMETHING: Final = object()
"""Stands for the engine, the batch or a payload while a call is tried on a signature."""

_POSITIONAL: Final = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.VAR_POSITIONAL,
)


def _signature(where: str, function: Call) -> inspect.Signature:
    is_callable(where, "what it is given", function)
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        raise HandlerSignatureError(
            f"{where}: {_name(function)} does not tell its signature; wrap it in a function"
        ) from None


def _binds(
    signature: inspect.Signature, args: Sequence[object], kwargs: Mapping[str, object]
) -> bool:
    try:
        signature.bind(*args, **kwargs)
    except TypeError:
        return False
    return True


def _name(function: Call) -> str:
    return repr(getattr(function, "__qualname__", function))  # partials and objects have none


def check_process_function(process_function: Call) -> None:
    """Refuse a process function that cannot be called with an engine and a batch."""
    signature = _signature("Engine", process_function)
    if not _binds(signature, [_SOMETHING, _SOMETHING], {}):
        raise HandlerSignatureError(
            f"Engine: the process function is called with (engine, batch); "
            f"{_name(process_function)} takes {signature}"
        )


def bind(
    where: str,
    handler: Call,
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
    *,
    engine_type: type,
    has_payload: bool,
) -> Call:
    """Give what is to be called with the engine, and the payload if there is one.

    Args:
        where: Who adds the handler, for errors.
        handler: Takes the engine or not, then the payload if there is one, then ``args``.
        args: Further positional arguments.
        kwargs: Further keyword arguments.
        engine_type: The class of engines, by which an annotation is recognised.
        has_payload: Whether the event carries a payload.

    Raises:
        HandlerSignatureError: The handler can be called neither with the engine nor without.
    """
    signature = _signature(where, handler)
    if inspect.iscoroutinefunction(handler) or inspect.isgeneratorfunction(handler):
        raise HandlerSignatureError(
            f"{where}: a handler must do its work when it is called; {_name(handler)} is an async "
            "or a generator function, which only makes an object then"
        )
    payload = [_SOMETHING] if has_payload else []
    with_engine = _binds(signature, [_SOMETHING, *payload, *args], kwargs)
    without_engine = _binds(signature, [*payload, *args], kwargs)
    if not with_engine and not without_engine:
        shown = ", ".join(
            [
                *(["payload"] if has_payload else []),
                *map(repr, args),
                *(f"{key}={value!r}" for key, value in kwargs.items()),
            ]
        )
        raise HandlerSignatureError(
            f"{where}: the handler is called with (engine{', ' if shown else ''}{shown}) or "
            f"({shown}); {_name(handler)} takes {signature}"
        )
    if with_engine and without_engine:
        with_engine = _wants_engine(handler, signature, engine_type)
    return _closure(handler, args, kwargs, with_engine=with_engine, has_payload=has_payload)


def asked_first(event: BareEvent, filter_: CountFilter | Call, call: Call) -> Call:
    """Put a filter that has to be asked at every firing before a handler's call."""
    if isinstance(filter_, CountFilter):
        fires = filter_.fires

        def if_due(engine: HasState, *payload: object) -> None:
            if fires(engine.state.count(event)) or engine.is_rehearsing:
                call(engine, *payload)

        return if_due
    if not _binds(_signature("event_filter", filter_), [_SOMETHING, _SOMETHING], {}):
        raise HandlerSignatureError(
            f"event_filter: the filter is called with (engine, count); {_name(filter_)} takes "
            f"{_signature('event_filter', filter_)}"
        )

    def if_asked(engine: HasState, *payload: object) -> None:
        if filter_(engine, engine.state.count(event)) or engine.is_rehearsing:
            call(engine, *payload)

    return if_asked


class Counts(Protocol):
    """What knows how often an event was fired."""

    def count(self, event: BareEvent) -> int:
        """Tell how often an event was fired."""
        ...


class HasState(Protocol):
    """An engine, as far as a filter is concerned."""

    @property
    def state(self) -> Counts:
        """What knows how often an event was fired."""
        ...

    @property
    def is_rehearsing(self) -> bool:
        """Whether handlers are called whatever their filters."""
        ...


def _closure(
    handler: Call,
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
    *,
    with_engine: bool,
    has_payload: bool,
) -> Call:
    def on_engine(engine: object) -> object:
        return handler(engine, *args, **kwargs)

    def on_engine_and_payload(engine: object, payload: object) -> object:
        return handler(engine, payload, *args, **kwargs)

    def on_payload(_engine: object, payload: object) -> object:
        return handler(payload, *args, **kwargs)

    def on_nothing(_engine: object) -> object:
        return handler(*args, **kwargs)

    if with_engine:
        if not args and not kwargs:
            return handler
        return on_engine_and_payload if has_payload else on_engine
    return on_payload if has_payload else on_nothing


def _wants_engine(handler: Call, signature: inspect.Signature, engine_type: type) -> bool:
    """Decide for a handler that can be called both with the engine and without.

    The rule is the one a type checker applies: the engine goes to a first parameter that it fits.
    A parameter without an annotation takes the engine unless it has a default of its own, as in
    ``lambda i=i: ...``.
    """
    first = next((p for p in signature.parameters.values() if p.kind in _POSITIONAL), None)
    if first is None:
        return False
    if first.annotation is not inspect.Parameter.empty:
        return _fits_engine(handler, first, engine_type)
    return first.kind is inspect.Parameter.VAR_POSITIONAL or (
        first.default is inspect.Parameter.empty
    )


def _fits_engine(handler: Call, parameter: inspect.Parameter, engine_type: type) -> bool:
    annotation: object = parameter.annotation
    if not isinstance(annotation, str):
        return _may_be(annotation, engine_type)
    try:
        return _may_be(typing.get_type_hints(handler)[parameter.name], engine_type)
    except (NameError, TypeError, AttributeError, KeyError):  # a name that only checkers import
        return engine_type.__name__ in annotation


def _may_be(annotation: object, engine_type: type) -> bool:
    """Tell whether an engine may be a value of this annotation; in doubt it may."""
    origin = typing.get_origin(annotation) or annotation
    if origin is typing.Annotated:
        return _may_be(typing.get_args(annotation)[0], engine_type)
    if annotation is None or origin is typing.Literal:
        return False
    if annotation is typing.Any:
        return True
    if origin is typing.Union or origin is types.UnionType:
        return any(_may_be(member, engine_type) for member in typing.get_args(annotation))
    return not isinstance(origin, type) or is_protocol(origin) or issubclass(engine_type, origin)
