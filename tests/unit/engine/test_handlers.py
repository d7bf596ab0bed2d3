"""How a handler is called: with the engine or without, decided once when it is added."""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

# Any: handlers that do not care whose engine they take, and what a checker refuses on its way in
from typing import Annotated, Any, Final, Literal, Protocol, TypeAlias

import pytest

from firesteel.engine import Engine
from firesteel.engine._handlers import asked_first, bind, check_process_function
from firesteel.errors import ArgumentTypeError, HandlerSignatureError
from firesteel.events import EventEnum, Events

AnyEngine: TypeAlias = Engine[Any, Any]
Function: TypeAlias = Callable[..., object]

DEFAULT: Final = "the default"


def step(engine: Engine[int, int], batch: int) -> int:
    return batch


ENGINE: Final = Engine(step)


def untyped(value: object) -> Any:
    return value


def unannotated(function: Function) -> Function:
    """Make a function what it would be without annotations, as lambdas are."""
    untyped(function).__annotations__ = {}
    return function


class HasRun(Protocol):
    """A shape that engines have."""

    @property
    def should_interrupt(self) -> bool: ...


@dataclass
class Callback:
    """An object that can be called."""

    def __call__(self, engine: AnyEngine) -> object:
        return engine

    def method(self, engine: AnyEngine) -> object:
        return engine

    def lone(self) -> object:
        return DEFAULT

    def defaulted(self, name: "str" = DEFAULT) -> object:
        return name


class DefaultedCallback:
    def __call__(self, name: str = DEFAULT) -> object:
        return name


def takes_engine(engine: AnyEngine) -> object:
    return engine


def takes_engine_by_name_of_type(engine: "AnyEngine | None" = None) -> object:
    return engine


def takes_union(engine: AnyEngine | str = DEFAULT) -> object:
    return engine


def takes_any(engine: Any = DEFAULT) -> object:
    return engine


def takes_object(engine: object = DEFAULT) -> object:
    return engine


def takes_protocol(engine: HasRun | str = DEFAULT) -> object:
    return engine


def takes_annotated(engine: Annotated[AnyEngine | str, "whose"] = DEFAULT) -> object:
    return engine


def takes_all(*everything: Any) -> object:
    return everything[0] if everything else DEFAULT


def takes_nothing() -> object:
    return DEFAULT


def takes_number(number: int | str = DEFAULT) -> object:
    return number


def takes_text_by_name_of_type(text: "str | None" = DEFAULT) -> object:
    return text


def takes_callable(text: Callable[[int], int] | str = DEFAULT) -> object:
    return text


def takes_literal(text: Literal["the default"] = DEFAULT) -> object:
    return text


def takes_none(nothing: None = None) -> object:
    return untyped(nothing) or DEFAULT


def takes_keywords(**kwargs: Any) -> object:
    return DEFAULT


def takes_keyword_only(*, name: Any = DEFAULT) -> object:
    return name


@unannotated
def unannotated_required(engine: object) -> object:
    return engine


@unannotated
def unannotated_required_and_defaulted(engine: object, number: object = 1) -> object:
    return engine


@unannotated
def unannotated_all(*everything: object) -> object:
    return everything[0]


@unannotated
def unannotated_defaulted(text: object = DEFAULT) -> object:
    return text


@unannotated
def unannotated_pair(first: object, second: object) -> object:
    return first, second


@unannotated
def unannotated_keyword(*, name: object) -> object:
    return name


def takes_three(first: object, second: object, third: object) -> object:
    return first, second, third


def takes_batch_by_keyword(engine: object, *, batch: object) -> object:
    return engine, batch


WITH_ENGINE: Final[list[Callable[..., object]]] = [
    takes_engine,
    takes_engine_by_name_of_type,
    takes_union,
    takes_any,
    takes_object,
    takes_protocol,
    takes_annotated,
    takes_all,
    unannotated_required,
    unannotated_required_and_defaulted,
    unannotated_all,
    Callback(),
    Callback().method,
    functools.partial(takes_engine),
]

WITHOUT_ENGINE: Final[list[Callable[..., object]]] = [
    takes_nothing,
    takes_number,
    takes_text_by_name_of_type,
    takes_callable,
    takes_literal,
    takes_none,
    takes_keywords,
    takes_keyword_only,
    unannotated_defaulted,
    Callback().lone,
    Callback().defaulted,
    DefaultedCallback(),
    functools.partial(takes_engine, untyped(DEFAULT)),
]


def bound(
    handler: Callable[..., object], *args: object, has_payload: bool = False, **kwargs: object
) -> Callable[..., object]:
    return bind("Test", handler, args, kwargs, engine_type=Engine, has_payload=has_payload)


def name_of(handler: object) -> str:
    return str(getattr(handler, "__qualname__", handler))


@pytest.mark.parametrize("handler", WITH_ENGINE, ids=name_of)
def test_a_first_parameter_that_an_engine_fits_gets_it(handler: Callable[..., object]) -> None:
    assert bound(handler)(ENGINE) is ENGINE


@pytest.mark.parametrize("handler", WITHOUT_ENGINE, ids=name_of)
def test_a_handler_that_no_engine_fits_is_called_without(handler: Callable[..., object]) -> None:
    assert bound(handler)(ENGINE) == DEFAULT


def test_a_name_that_only_checkers_import_is_read_as_it_is_written() -> None:
    def takes_it(engine: object = DEFAULT) -> object:
        return engine

    takes_it.__annotations__["engine"] = "mine.Engine[int, int]"
    assert bound(takes_it)(ENGINE) is ENGINE
    takes_it.__annotations__["engine"] = "mine.Thing"
    assert bound(takes_it)(ENGINE) == DEFAULT


def test_further_arguments_stand_behind_the_engine() -> None:
    def handler(engine: AnyEngine, first: int, *, second: int) -> object:
        return engine, first, second

    assert bound(handler, 1, second=2)(ENGINE) == (ENGINE, 1, 2)


def test_further_arguments_reach_a_handler_without_engine() -> None:
    def handler(first: int, second: int = 0) -> object:
        return first, second

    assert bound(handler, 1, second=2)(ENGINE) == (1, 2)


def test_the_number_of_arguments_tells_whether_the_engine_is_wanted() -> None:
    assert bound(unannotated_pair, 1)(ENGINE) == (ENGINE, 1)
    assert bound(unannotated_pair, 1, 2)(ENGINE) == (1, 2)


def test_a_method_of_a_built_in_type_takes_its_argument_alone() -> None:
    log: list[object] = []
    bound(log.append, "text")(ENGINE)
    assert log == ["text"]


def test_a_payload_stands_behind_the_engine() -> None:
    def handler(engine: AnyEngine, payload: str, first: int) -> object:
        return engine, payload, first

    assert bound(handler, 1, has_payload=True)(ENGINE, "payload") == (ENGINE, "payload", 1)


def test_a_payload_stands_first_where_there_is_no_engine() -> None:
    def handler(payload: str, *, first: int) -> object:
        return payload, first

    assert bound(handler, first=1, has_payload=True)(ENGINE, "payload") == ("payload", 1)


def test_a_payload_is_not_left_out() -> None:
    with pytest.raises(HandlerSignatureError, match=r"\(engine, payload\) or \(payload\); .* \(\)"):
        bound(takes_nothing, has_payload=True)


@pytest.mark.parametrize(
    ("handler", "args", "text"),
    [
        (unannotated_pair, (), r"\(engine\) or \(\); 'unannotated_pair' takes \(first, second\)"),
        (takes_nothing, (1,), r"\(engine, 1\) or \(1\); 'takes_nothing' takes \(\)"),
        (takes_engine, (1, 2), r"\(engine, 1, 2\) or \(1, 2\); 'takes_engine' takes \(engine"),
        (unannotated_keyword, (), r"\(engine\) or \(\); .* takes \(\*, name\)"),
        (functools.partial(takes_engine, ENGINE), (1,), r"\(engine, 1\) or \(1\); functools\.part"),
    ],
    ids=["too few", "too many", "too many with engine", "keyword missing", "partial"],
)
def test_a_handler_of_the_wrong_arity_is_refused(
    handler: Callable[..., object], args: tuple[object, ...], text: str
) -> None:
    with pytest.raises(HandlerSignatureError, match=f"Test: the handler is called with {text}"):
        bound(handler, *args)


def test_an_unknown_keyword_is_refused() -> None:
    with pytest.raises(HandlerSignatureError, match=r"\(engine, color='red'\) or \(color='red'\)"):
        bound(takes_engine, color="red")


def test_a_refused_handler_is_a_type_error_and_a_value_error() -> None:
    with pytest.raises(HandlerSignatureError) as caught:
        bound(takes_engine, 1, 2)
    assert isinstance(caught.value, TypeError)
    assert isinstance(caught.value, ValueError)


def test_a_callable_that_does_not_tell_its_signature_is_refused() -> None:
    with pytest.raises(HandlerSignatureError, match=r"Test: 'dict' does not tell its signature; w"):
        bound(dict)


@pytest.mark.parametrize("handler", [None, 3, "handler"])
def test_what_cannot_be_called_is_refused(handler: object) -> None:
    with pytest.raises(ArgumentTypeError, match=r"Test: .* must be callable, got"):
        bound(untyped(handler))


def test_a_type_error_of_the_handler_itself_reaches_the_caller_after_one_call() -> None:
    calls: list[object] = []

    def handler(engine: AnyEngine) -> None:
        calls.append(engine)
        raise TypeError("the handler's own")

    with pytest.raises(TypeError, match="the handler's own"):
        bound(handler)(ENGINE)
    assert len(calls) == 1


def test_a_process_function_takes_engine_and_batch() -> None:
    check_process_function(step)
    check_process_function(takes_all)
    check_process_function(functools.partial(takes_three, third=3))


@pytest.mark.parametrize(
    "function",
    [takes_engine, takes_three, takes_batch_by_keyword],
    ids=name_of,
)
def test_a_process_function_of_the_wrong_arity_is_refused(function: Callable[..., object]) -> None:
    text = r"Engine: the process function is called with \(engine, batch\); .* takes \("
    with pytest.raises(HandlerSignatureError, match=text):
        check_process_function(function)


@pytest.mark.parametrize("function", [None, 3, "step"])
def test_a_process_function_that_cannot_be_called_is_refused(function: object) -> None:
    with pytest.raises(ArgumentTypeError, match=r"Engine: .* must be callable, got"):
        Engine(untyped(function))


class FixedCounts:
    """An engine, as far as a filter is concerned."""

    is_rehearsing = False

    @property
    def state(self) -> "FixedCounts":
        return self

    def count(self, event: object) -> int:
        return 4


def test_a_filter_that_is_a_function_is_asked_with_the_engine_and_the_count() -> None:
    asked: list[tuple[object, int]] = []
    log: list[object] = []

    def is_due(engine: object, count: int) -> bool:
        asked.append((engine, count))
        return False

    engine = FixedCounts()
    asked_first(Events.STARTED, is_due, log.append)(engine)
    assert asked == [(engine, 4)]
    assert log == []


def says_yes(_engine: object, count: int) -> object:
    return "yes" if count == 4 else ""


def test_a_handler_is_called_where_its_filter_says_anything_true() -> None:
    log: list[object] = []
    engine = FixedCounts()
    asked_first(Events.STARTED, untyped(says_yes), log.append)(engine)
    assert log == [engine]


def test_a_filter_of_the_wrong_arity_is_refused_when_the_handler_is_added() -> None:
    text = r"the filter is called with \(engine, count\); .* takes \(engine"
    with pytest.raises(HandlerSignatureError, match=text):
        ENGINE.add_event_handler(Events.STARTED(untyped(takes_engine)), takes_nothing)


def test_a_handler_with_a_payload_is_asked_for_by_the_count_too() -> None:
    log: list[object] = []

    def handler(engine: object, payload: object) -> None:
        log.append(payload)

    asked_first(Events.EXCEPTION_RAISED, says_yes, handler)(FixedCounts(), "p")
    assert log == ["p"]


def test_an_event_of_ones_own_hands_over_nothing_but_the_engine() -> None:
    class Own(EventEnum):
        PING = "ping"

    engine = Engine(step)
    engine.register_events(Own.PING)
    log: list[object] = []
    engine.add_event_handler(Own.PING, log.append)
    engine.fire_event(Own.PING)
    assert log == [engine]


async def _async_handler(_engine: Engine[int, int]) -> None:
    """Do nothing, later."""


def _generator_handler(_engine: Engine[int, int]) -> Iterator[int]:
    yield 1


@pytest.mark.parametrize("handler", [_async_handler, _generator_handler])
def test_a_function_that_would_only_make_an_object_is_refused(
    handler: Callable[[Engine[int, int]], object],
) -> None:
    engine: Engine[int, int] = Engine(lambda _engine, batch: batch)
    with pytest.raises(HandlerSignatureError, match="an async or a generator function"):
        engine.add_event_handler(Events.COMPLETED, handler)
