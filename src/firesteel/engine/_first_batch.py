"""Check the first batch and the first output against what the process function declares."""

import functools
import inspect
import sys
import types
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress

# Any: whose engine is checked, is nothing to the check; its own annotations say what comes.
from typing import Any, Final, NamedTuple, Protocol, get_type_hints

from firesteel._optional import load
from firesteel.errors import ArgumentError, DeclaredTypeError
from firesteel.events import Events, RemovableEventHandle

from ._declared import difference
from ._engine import Engine

__all__ = ["check_first_batch"]

_WHERE: Final = "check_first_batch"


class _Declared(NamedTuple):
    """What a process function declares; the parts that it does not are empty."""

    name: str
    batch: object
    output: object


_NOTHING: Final = inspect.Parameter.empty


class CheckType(Protocol):
    """The part of typeguard that is used here."""

    def __call__(
        self, value: object, expected_type: object, *, collection_check_strategy: object
    ) -> object:
        """Raise where the value is not of the type."""
        ...


def check_first_batch(engine: Engine[Any, Any]) -> RemovableEventHandle:
    """Have the next batch and the next output compared with the process function's annotations.

    For data whose type a checker does not see, as of a plain ``DataLoader``. Each is looked at
    once, the batch before the process function is called; afterwards the check takes itself out and
    costs nothing. Named tuples, dataclasses, typed dictionaries, tuples, lists, mappings and unions
    are gone through part by part. Annotations of jaxtyping say dtypes and shapes as well, and a
    dimension that has one name in several of them has to have one size.

    Needs the extra ``check`` (typeguard).

    Args:
        engine: The engine. What its process function leaves without an annotation is not checked.

    Returns:
        The handle that takes the check out before it was made.

    Raises:
        ArgumentError: The process function annotates neither, or its annotations cannot be found.
        MissingExtraError: typeguard is not installed.
        DeclaredTypeError: When the engine runs: the batch, or the output, is not what is declared.

    Example:
        >>> import torch
        >>> from firesteel.engine import Engine
        >>> def step(engine: Engine[torch.Tensor, float], batch: torch.Tensor) -> float:
        ...     return 1.0
        >>> trainer = Engine(step)
        >>> handle = check_first_batch(trainer)
        >>> try:
        ...     trainer.run([[1, 2]])
        ... except DeclaredTypeError as error:
        ...     print(error)
        step: batch must be Tensor, got list of int
    """
    declared = _declared_by(engine.process_function)
    is_of = _checker()

    def refuse(value: object, expected: object, path: str) -> None:
        if expected is _NOTHING:
            return
        found = difference(value, expected, path, is_of)
        if found is not None:
            raise DeclaredTypeError(
                f"{declared.name}: {found.path} must be {_name_of(found.declared)}, "
                f"got {found.came}"
            )

    def check_batch(engine: Engine[Any, Any]) -> None:
        on_batch.remove()
        with _dimensions():
            refuse(engine.state.batch, declared.batch, "batch")

    def check_output(engine: Engine[Any, Any]) -> None:
        on_output.remove()
        with _dimensions():  # those of the batch hold for the output
            refuse(engine.state.batch, declared.batch, "batch")
            refuse(engine.state.output, declared.output, "output")

    on_batch = engine.add_event_handler(Events.GET_BATCH_COMPLETED, check_batch)
    on_output = engine.add_event_handler(Events.ITERATION_COMPLETED, check_output)
    return on_batch + on_output


def _declared_by(process_function: Callable[..., object]) -> _Declared:
    signature = inspect.signature(process_function)
    function = _function_of(process_function)
    name = getattr(function, "__qualname__", repr(function)).rpartition("<locals>.")[-1]
    names = _nonlocals(function) if inspect.isfunction(function) else {}
    try:
        hints: dict[str, object] = get_type_hints(function, localns=names, include_extras=True)
    except (NameError, AttributeError, TypeError) as error:
        raise ArgumentError(
            f"{_WHERE}: the annotations of {name} must be found at run time, got {error}; "
            "import what they name outside of TYPE_CHECKING"
        ) from error
    _, batch, *_ = signature.parameters
    declared = _Declared(name, hints.get(batch, _NOTHING), hints.get("return", _NOTHING))
    if declared.batch is declared.output is _NOTHING:
        raise ArgumentError(
            f"{_WHERE}: {name} must annotate its batch or what it returns, got {signature}"
        )
    return declared


def _nonlocals(function: types.FunctionType) -> dict[str, object]:
    """Give what a function sees of those around it, as far as that exists yet."""
    found: dict[str, object] = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        with suppress(ValueError):  # an empty cell
            found[name] = cell.cell_contents
    return found


def _function_of(callable_: Callable[..., object]) -> Callable[..., object]:
    """Give the function that has the annotations."""
    if isinstance(callable_, functools.partial):
        return _function_of(callable_.func)
    unwrapped = inspect.unwrap(callable_)
    if inspect.ismethod(unwrapped):
        return unwrapped.__func__
    return unwrapped if inspect.isfunction(unwrapped) else type(unwrapped).__call__


def _checker() -> Callable[[object, object], bool]:
    typeguard = load(_WHERE, "typeguard", extra="check")
    check_type: CheckType = typeguard.check_type
    error: type[Exception] = typeguard.TypeCheckError
    all_items: object = typeguard.CollectionCheckStrategy.ALL_ITEMS

    def is_of(value: object, declared: object) -> bool:
        try:
            check_type(value, declared, collection_check_strategy=all_items)
        except error:
            return False
        return True

    return is_of


def _dimensions() -> AbstractContextManager[object]:
    """Give a context in which dimensions of jaxtyping hold; of nothing where nobody uses it."""
    jaxtyping = sys.modules.get("jaxtyping")
    if jaxtyping is None:
        return nullcontext()
    context: AbstractContextManager[object] = jaxtyping.jaxtyped("context")
    return context


def _name_of(declared: object) -> str:
    return declared.__qualname__ if isinstance(declared, type) else str(declared)
