"""Batches of all kinds, moved and mapped."""

from collections import Counter, OrderedDict, UserDict, defaultdict, deque
from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field
from types import MappingProxyType

# Any: what a type checker refuses has to get past it, to be refused when it runs
from typing import Any, NamedTuple, Self, TypedDict

import pytest
import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_sequence
from typing_extensions import override

from firesteel.data import (
    apply_to_tensor,
    apply_to_type,
    convert_tensor,
    pin_memory,
    to_device,
)
from firesteel.errors import ArgumentTypeError


class Pair(NamedTuple):
    x: Tensor
    name: str


class Entry(TypedDict):
    x: Tensor
    label: int


@dataclass(frozen=True, slots=True)
class Frozen:
    x: Tensor
    label: int | None = None


@dataclass
class Made:
    """A data class that cannot be built anew from its fields."""

    x: Tensor
    scale: InitVar[float]
    scaled: Tensor = field(init=False)
    num_made: int = field(default=0, init=False)

    def __post_init__(self, scale: float) -> None:
        self.scaled = self.x * scale
        self.num_made += 1


@dataclass
class Lazy:
    """A data class with a field that is set later, if at all."""

    x: Tensor
    mask: Tensor = field(init=False)


class Square(Pair):
    """A named tuple that is made from something else than its fields."""

    __slots__ = ()

    def __new__(cls, x: Tensor) -> Self:
        return super().__new__(cls, x, "square")


class Edges(NamedTuple):
    """A batch with a field that is called like a method."""

    source: Tensor
    to: Tensor
    pin_memory: bool = False


class Own:
    """Something that knows how to move."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, bool]] = []

    def to(self, device: object, *, non_blocking: bool = False) -> "Own":
        self.asked.append((device, non_blocking))
        return self

    def pin_memory(self) -> str:
        return "pinned"


class Outputs(OrderedDict[str, Tensor]):
    """A dictionary that is written entry by entry, as those of transformers are."""

    @override
    def update(self, *_args: object, **_kwargs: object) -> None:
        raise LookupError("update")


class Rigid(dict[str, Tensor]):
    """A dictionary that refuses to be copied."""

    def __copy__(self) -> "Rigid":
        raise LookupError("rigid")


def untyped(value: object) -> Any:
    return value


def ones() -> Tensor:
    return torch.ones(2)


def is_meta(tensor: Tensor) -> bool:
    return tensor.device.type == "meta"


def failing(tensor: Tensor) -> Tensor:
    raise LookupError


def plus_ten(number: int) -> int:
    return number + 10


def plus_one(tensor: Tensor) -> Tensor:
    return tensor + 1


# moving


def test_a_tensor_is_moved() -> None:
    assert is_meta(to_device(ones(), "meta"))


def test_a_tensor_that_is_there_is_the_same_one() -> None:
    x = ones()
    assert to_device([x], torch.device("cpu"))[0] is x


def test_containers_keep_their_types_and_are_left_as_they_were() -> None:
    batch = {"pair": Pair(ones(), "a"), "list": [ones(), (ones(), 3)], "none": None}
    moved = to_device(batch, "meta")
    pair, entries = untyped(moved["pair"]), untyped(moved["list"])
    assert isinstance(pair, Pair)
    assert is_meta(pair.x)
    assert pair.name == "a"
    assert is_meta(entries[0])
    assert is_meta(entries[1][0])
    assert type(entries[1]) is tuple
    assert entries[1][1] == 3
    assert moved["none"] is None
    assert not is_meta(untyped(batch)["pair"].x)


def test_a_typed_dictionary_is_moved() -> None:
    batch: Entry = {"x": ones(), "label": 3}
    moved = to_device(batch, "meta")
    assert is_meta(moved["x"])
    assert moved["label"] == 3


def test_data_classes_are_moved_frozen_ones_too() -> None:
    moved = to_device(Frozen(ones(), 1), "meta")
    assert is_meta(moved.x)
    assert moved.label == 1


def test_data_classes_are_not_built_anew() -> None:
    batch = Made(ones(), 2.0)
    moved = to_device(batch, "meta")
    assert is_meta(moved.x)
    assert is_meta(moved.scaled)
    assert moved.num_made == 1
    assert not is_meta(batch.x)


def test_a_field_that_is_not_set_stays_so() -> None:
    moved = to_device(Lazy(ones()), "meta")
    assert is_meta(moved.x)
    assert not hasattr(moved, "mask")


def test_a_named_tuple_is_not_built_by_a_constructor_of_its_own() -> None:
    moved = to_device(Square(ones()), "meta")
    assert isinstance(moved, Square)
    assert is_meta(moved.x)


def test_a_field_is_not_taken_for_a_method() -> None:
    batch = Edges(ones(), ones())
    assert is_meta(to_device(batch, "meta").to)
    assert apply_to_tensor(batch, plus_one).to.tolist() == [2, 2]


def test_a_counter_counts_what_it_did() -> None:
    assert to_device(Counter(a=1, b=2), "meta") == Counter(a=1, b=2)


def test_a_mapping_is_written_entry_by_entry() -> None:
    moved = to_device(Outputs(x=ones()), "meta")
    assert isinstance(moved, Outputs)
    assert is_meta(moved["x"])


def test_a_class_is_not_taken_for_what_it_makes() -> None:
    assert to_device([Frozen, Tensor, Own], "meta") == [Frozen, Tensor, Own]


def test_mappings_and_sequences_of_other_kinds_keep_what_they_have() -> None:
    ordered = to_device(OrderedDict[str, Tensor](b=ones(), a=ones()), "meta")
    assert list(ordered) == ["b", "a"]
    assert is_meta(ordered["a"])
    counted = defaultdict(list, {"x": [ones()]})
    moved = to_device(counted, "meta")
    assert is_meta(moved["x"][0])
    assert moved["new"] == []
    assert "new" not in counted
    user = to_device(UserDict({"x": ones()}), "meta")
    assert isinstance(user, UserDict)
    assert is_meta(user["x"])
    proxy = to_device(MappingProxyType({"x": ones()}), "meta")
    assert is_meta(proxy["x"])
    short = to_device(deque([ones()], maxlen=1), "meta")
    assert short.maxlen == 1
    assert is_meta(short[0])


def test_what_holds_no_tensors_is_left_as_it_is() -> None:
    names = {"a"}
    batch = (1, 2.5, "text", b"bytes", None, names, True, range(3))
    assert to_device(batch, "meta") == batch
    assert to_device(batch, "meta")[5] is names


def test_tuples_of_torch_keep_their_types() -> None:
    size = to_device(torch.Size([2, 3]), "meta")
    assert isinstance(size, torch.Size)
    highest = to_device(torch.max(torch.ones(2, 3), dim=1), "meta")
    assert is_meta(highest.values)


def test_what_has_a_method_to_is_asked() -> None:
    own = Own()
    to_device({"own": own}, "meta")
    to_device([own], "meta", non_blocking=True)
    assert own.asked == [("meta", False), ("meta", True)]


def test_a_packed_sequence_is_moved() -> None:
    packed = to_device([pack_sequence([ones(), torch.ones(1)])], "meta")[0]
    assert isinstance(packed, PackedSequence)
    assert is_meta(packed.data)
    assert not is_meta(packed.batch_sizes)


def test_an_error_tells_where_in_the_batch_it_was() -> None:
    batch = {"views": [Frozen(ones()), Pair(ones(), "b")]}
    with pytest.raises(LookupError) as caught:
        apply_to_tensor(batch, failing)
    assert caught.value.__notes__ == ["firesteel: raised at batch['views'][0].x"]
    with pytest.raises(LookupError) as caught_rigid:
        to_device((0, Pair(untyped(Rigid(x=ones())), "a")), "meta")
    assert caught_rigid.value.__notes__ == ["firesteel: raised at batch[1].x"]


# pinning


def test_what_can_be_pinned_is_asked() -> None:
    pinned = untyped(pin_memory({"own": Own(), "name": "a"}))
    assert pinned == {"own": "pinned", "name": "a"}


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_tensors_are_pinned_and_moved() -> None:
    pinned = pin_memory(Pair(ones(), "a"))
    assert pinned.x.is_pinned()
    assert to_device(pinned, "cuda", non_blocking=True).x.device.type == "cuda"


# mapping


def test_a_function_is_applied_to_each_tensor() -> None:
    mapped = apply_to_tensor((ones(), {"x": ones(), "n": 1}), plus_one)
    assert mapped[0].tolist() == [2, 2]
    assert mapped[1]["n"] == 1


def test_a_function_is_applied_to_each_value_of_a_type() -> None:
    assert apply_to_type(["a", {"b": "c"}, 1], str, str.upper) == ["A", {"b": "C"}, 1]
    assert apply_to_type({"n": (1, 2.5)}, int, plus_ten) == {"n": (11, 2.5)}


def test_what_is_of_the_type_is_not_looked_into() -> None:
    def reverse(values: list[object]) -> list[object]:
        return values[::-1]

    assert apply_to_type({"a": [1, [2, 3]]}, list, reverse) == {"a": [[2, 3], 1]}


def test_what_cannot_be_called_is_refused() -> None:
    with pytest.raises(ArgumentTypeError, match="apply_to_type: function must be callable"):
        apply_to_type([1], int, untyped(2))


def test_the_name_of_ignite_takes_no_device_too() -> None:
    x = ones()
    assert convert_tensor(x) is x
    entry: Entry = {"x": x, "label": 1}
    assert is_meta(convert_tensor(entry, "meta", non_blocking=True)["x"])
    batch: Mapping[str, Tensor] = {"x": x}
    assert is_meta(convert_tensor(batch, torch.device("meta"))["x"])
