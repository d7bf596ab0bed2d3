"""The first batch and the first output, compared with what the process function declares."""

import functools
import sys
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import (
    Annotated,
    Any,
    ClassVar,
    Final,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    TypeAlias,
)

import pytest
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset
from typing_extensions import TypeAliasType, TypedDict, TypeVar, Unpack

from firesteel.engine import Engine, check_first_batch
from firesteel.engine._declared import difference
from firesteel.errors import ArgumentError, DeclaredTypeError, MissingExtraError
from firesteel.events import Events

T = TypeVar("T")


class Pair(NamedTuple):
    x: Tensor
    y: Tensor


@dataclass(frozen=True)
class Sample(Generic[T]):
    kind: ClassVar[str] = "sample"
    image: T
    names: list[str]


@dataclass
class Lazy:
    x: Tensor
    mask: Tensor = field(init=False)


class Triple(Pair):
    """A pair with something beside it."""

    note: ClassVar[str] = "none"


class Several(NamedTuple, Generic[T]):
    first: T
    others: list[T]
    last: T | None


Row = TypeAliasType("Row", list[T], type_params=(T,))


class Options(TypedDict):
    pixels: Tensor
    mask: NotRequired[Tensor]


class Images(NamedTuple):
    pixels: Float[Tensor, "batch 3 side side"]
    labels: Int[Tensor, "batch"]


Index = NewType("Index", int)
X: Final = torch.zeros(2, 3)
Whatever: TypeAlias = Any


def wrong(kind: Any, *args: Any) -> object:
    """Make something that no checker lets pass."""
    return kind(*args)


def is_plainly(value: object, declared: object) -> bool:
    """Tell it for classes alone."""
    return isinstance(declared, type) and isinstance(value, declared)


@pytest.mark.parametrize(
    ("value", "declared"),
    [
        (Pair(X, X), Pair),
        (Sample(X, ["a"]), Sample[Tensor]),
        (Sample("x", []), Sample[str]),
        (Sample(3, []), Sample),
        ({"pixels": X}, Options),
        ({"pixels": X, "mask": X}, Options),
        ((X, 1), tuple[Tensor, int]),
        ((X, X, X), tuple[Tensor, ...]),
        ((), tuple[Tensor, ...]),
        ([X], list[Tensor]),
        ({"a": (1, 2)}, Mapping[str, tuple[int, ...]]),
        (Counter("aab"), Counter),
        (Lazy(X), Lazy),
        (deque([X]), deque[Tensor]),
        (Triple(X, X), Pair),
        (Several(X, [X], None), Several[Tensor]),
        ((X, 1, 2), tuple[Tensor, *tuple[int, ...]]),
        ((X,), tuple[Tensor, *tuple[int, ...]]),
        ((X, 1, 2, "a"), tuple[Tensor, Unpack[tuple[int, ...]], str]),  # noqa: UP044  # as it was
        ((X, 1, "a"), tuple[Tensor, *tuple[int, str]]),
        ([X], Row[Tensor]),
        (X, Tensor | None),
        (None, Tensor | None),
        (None, None),
        (3, Index),
        (3, Annotated[int, "counts"]),
        (3, Whatever),
        (3, object),
    ],
)
def test_what_was_declared_does_not_differ(value: object, declared: object) -> None:
    assert difference(value, declared, "batch", is_plainly) is None


SHAPE: Final = "a tensor of torch.float32 and shape [2, 3] on cpu"


@pytest.mark.parametrize(
    ("value", "declared", "path", "expected", "came"),
    [
        ([X, X], Pair, "batch", Pair, "list of Tensor"),
        (wrong(Triple, X, 1), Triple, "batch.y", Tensor, "int 1"),
        (wrong(Several, X, [1], X), Several[Tensor], "batch.others[0]", Tensor, "int 1"),
        (wrong(deque, [1]), deque[Tensor], "batch[0]", Tensor, "int 1"),
        ([1], Row[Tensor], "batch[0]", Tensor, "int 1"),
        ((X, 1, "a"), tuple[Tensor, *tuple[int, ...]], "batch[2]", int, "str 'a'"),
        (wrong(Pair, X, torch.zeros(1).numpy()), Pair, "batch.y", Tensor, "ndarray of length 1"),
        (wrong(Sample, X, [1]), Sample[Tensor], "batch.names[0]", str, "int 1"),
        (Sample(X, []), Sample[str], "batch.image", str, SHAPE),
        ({"mask": X}, Options, "batch['pixels']", Tensor, "nothing: there is no such key"),
        ({"pixels": X, "mask": 1}, Options, "batch['mask']", Tensor, "int 1"),
        ({"pixels": X, "other": X}, Options, "batch['other']", "left out of Options", SHAPE),
        (X, Options, "batch", Options, SHAPE),
        ((X, X), tuple[Tensor], "batch", tuple[Tensor], "tuple of Tensor, 2 of them"),
        ([X, X], tuple[Tensor, Tensor], "batch", tuple[Tensor, Tensor], "list of Tensor"),
        ((X, None), tuple[Tensor, ...], "batch[1]", Tensor, "None"),
        ([(X, "a")], list[tuple[Tensor, int]], "batch[0][1]", int, "str 'a'"),
        ({"a": 1}, dict[str, str], "batch['a']", str, "int 1"),
        ({1: "a"}, dict[str, str], "the key 1 of batch", str, "int 1"),
        (1, Tensor | None, "batch", Tensor | None, "int 1"),
        (wrong(Pair, X, None), Pair | None, "batch.y", Tensor, "None"),
        (iter("a"), int, "batch", int, "str_ascii_iterator"),
    ],
)
def test_the_first_difference_is_named(
    value: object, declared: object, path: str, expected: object, came: str
) -> None:
    assert difference(value, declared, "batch", is_plainly) == (path, expected, came)


def run(engine: Engine[Any, Any], batch: object) -> None:
    check_first_batch(engine)
    engine.run([batch])


def test_a_batch_is_refused_before_the_process_function_sees_it() -> None:
    seen: list[object] = []

    def step(engine: Engine[Pair, None], batch: Pair) -> None:
        seen.append(batch)

    message = r"^step: batch\.y must be Tensor, got int 1"
    with pytest.raises(DeclaredTypeError, match=message):
        run(Engine(step), wrong(Pair, X, 1))
    assert not seen


def test_what_the_loader_makes_of_tuples_is_a_list() -> None:
    def step(engine: Engine[tuple[Tensor, Tensor], None], batch: tuple[Tensor, Tensor]) -> None:
        pass

    loader: DataLoader[Any] = DataLoader(TensorDataset(X, X), batch_size=2)
    trainer = Engine(step)
    check_first_batch(trainer)
    with pytest.raises(DeclaredTypeError, match=r"must be tuple\[.*Tensor\], got list of Tensor"):
        trainer.run(loader)


def test_an_output_is_refused() -> None:
    def step(engine: Engine[int, float], batch: int) -> float:
        much: Any = "much"
        said: float = much
        return said

    with pytest.raises(DeclaredTypeError, match=r"^step: output must be float, got str "):
        run(Engine(step), 1)


def test_kinds_that_have_no_parts_are_compared_as_well() -> None:
    def step(
        engine: Engine[Literal["train", "test"], type[int]], batch: Literal["train", "test"]
    ) -> type[int]:
        return bool

    run(Engine(step), "train")
    with pytest.raises(DeclaredTypeError, match=r"batch must be .*Literal\['train', 'test'\]"):
        run(Engine(step), "trial")


class TestShapes:
    @staticmethod
    def step(
        engine: Engine[Images, Float[Tensor, "batch classes"]], batch: Images
    ) -> Float[Tensor, "batch classes"]:
        return torch.zeros(len(batch.pixels) if batch.pixels.shape[-1] > 1 else 7, 10)

    def test_right_ones_pass(self) -> None:
        run(Engine(self.step), Images(torch.zeros(2, 3, 8, 8), torch.zeros(2).int()))

    @pytest.mark.parametrize(
        ("pixels", "labels", "field"),
        [
            (torch.zeros(2, 1, 8, 8), torch.zeros(2).int(), "pixels"),
            (torch.zeros(2, 3, 8, 9), torch.zeros(2).int(), "pixels"),
            (torch.zeros(2, 3, 8, 8).int(), torch.zeros(2).int(), "pixels"),
            (torch.zeros(2, 3, 8, 8), torch.zeros(3).int(), "labels"),
            (torch.zeros(2, 3, 8, 8), torch.zeros(2), "labels"),
        ],
        ids=["channels", "sides", "dtype", "another batch size", "labels' dtype"],
    )
    def test_others_are_refused(self, pixels: Tensor, labels: Tensor, field: str) -> None:
        with pytest.raises(DeclaredTypeError) as caught:
            run(Engine(self.step), Images(pixels, labels))
        assert f"batch.{field} must be " in str(caught.value)
        came = pixels if field == "pixels" else labels
        assert f"of {came.dtype} and shape {list(came.shape)}" in str(caught.value)

    def test_dimensions_of_the_batch_hold_for_the_output(self) -> None:
        with pytest.raises(DeclaredTypeError, match=r"output must be .*shape \[7, 10\]"):
            run(Engine(self.step), Images(torch.zeros(2, 3, 1, 1), torch.zeros(2).int()))


def test_each_is_looked_at_once() -> None:
    trainer: Engine[Any, Any] = Engine(decorated)
    check_first_batch(trainer)
    trainer.run([1, "two"])
    assert trainer.state.output == "two"


def test_it_can_be_taken_out() -> None:
    trainer: Engine[Any, Any] = Engine(decorated)
    check_first_batch(trainer).remove()
    trainer.run(["one"])


class Step:
    def __call__(self, engine: Engine[int, int], batch: int) -> int:
        return batch

    def method(self, engine: Engine[int, int], batch: int) -> int:
        return batch

    @staticmethod
    def with_more(scale: int, engine: Engine[int, int], batch: int) -> int:
        return scale * batch


def decorated(engine: Engine[int, int], batch: int) -> int:
    return batch


@functools.wraps(decorated)
def wrapper(*args: Any) -> int:
    return decorated(*args)


@pytest.mark.parametrize(
    ("process_function", "name"),
    [
        (Step(), "Step.__call__"),
        (Step().method, "Step.method"),
        (functools.partial(Step.with_more, 2), "Step.with_more"),
        (wrapper, "decorated"),
    ],
)
def test_annotations_are_found(process_function: Any, name: str) -> None:
    run(Engine(process_function), 1)
    with pytest.raises(DeclaredTypeError, match=f"^{name}: batch must be int, got str 'a'"):
        run(Engine(process_function), "a")


def test_a_function_without_annotations_is_refused() -> None:
    trainer: Engine[int, int] = Engine(lambda engine, batch: batch)
    with pytest.raises(ArgumentError, match=r"check_first_batch: .*<lambda> must annotate its"):
        check_first_batch(trainer)


def test_what_has_no_annotation_is_not_looked_at() -> None:
    def step(engine: Engine[Any, int], batch: Any) -> int:
        given: int = batch
        return given

    del step.__annotations__["batch"]
    with pytest.raises(DeclaredTypeError, match="output must be int"):
        run(Engine(step), "a")


def test_what_a_function_sees_later_is_not_looked_for() -> None:
    def step(engine: Engine[Tensor, Tensor], batch: Tensor) -> Tensor:
        return model(batch)

    engine = Engine(step)
    check_first_batch(engine)

    def model(batch: Tensor) -> Tensor:
        return batch

    assert engine.run([X]).output is X


def test_annotations_that_only_checkers_find_are_refused() -> None:
    def step(engine: Engine[int, int], batch: int) -> int:
        return batch

    step.__annotations__["batch"] = "Unheard"
    with pytest.raises(ArgumentError, match="step must be found at run time, got name 'Unheard'"):
        check_first_batch(Engine(step))


@pytest.fixture
def _without_typeguard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typeguard", None)


@pytest.mark.usefixtures("_without_typeguard")
def test_the_extra_is_named() -> None:
    with pytest.raises(MissingExtraError, match=r"pip install 'firesteel\[check\]'"):
        check_first_batch(Engine(decorated))


def test_a_resumed_run_is_checked_where_it_goes_on() -> None:
    trainer = Engine(decorated)
    trainer.add_event_handler(Events.ITERATION_COMPLETED(once=1), trainer.interrupt)
    trainer.run([1, 2])
    check_first_batch(trainer)
    assert trainer.run([1, 2]).output == 2
