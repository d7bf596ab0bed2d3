"""The state of all metrics brought together over all ranks, packed into few collectives."""

import math
import weakref
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, TypeAlias, final

import torch
from torch import Tensor

from firesteel.errors import ArgumentError

from ._fields import Field, HasFields, Value, as_tensor, merged_values
from ._ranks import Ranks, ranks

__all__ = ["Agreement", "held_together", "reduced"]

Collective: TypeAlias = Callable[[Tensor], None]
Told: TypeAlias = tuple[torch.dtype, torch.Size]
"""What ranks tell one another of a field."""

_MAX_AXES: Final = 6
_DTYPES: Final = (
    torch.float64,
    torch.float32,
    torch.float16,
    torch.bfloat16,
    torch.int64,
    torch.int32,
    torch.int16,
    torch.int8,
    torch.uint8,
    torch.bool,
    torch.complex64,
    torch.complex128,
)
_HEADER: Final = 2 + _MAX_AXES
"""Numbers that tell of a field: its dtype, how many axes, their sizes. All are 0 without data."""

_LARGE: Final = 2**16
"""What has more elements than this stays on its device; the rest goes to the host at once."""


@final
class Entry:
    """One field of one metric, on its way through the ranks."""

    __slots__ = ("declared", "holder", "name", "shapes", "tensor", "value")

    def __init__(self, holder: HasFields, name: str, declared: Field, value: Value) -> None:
        self.holder = holder
        self.name = name
        self.declared = declared
        self.value = value
        self.tensor = as_tensor(value)
        self.shapes: list[Told | None] = []

    @property
    def is_gathered(self) -> bool:
        """Whether all parts go to all ranks."""
        return self.declared.reduce == "cat" or callable(self.declared.reduce)

    @property
    def is_empty(self) -> bool:
        """Whether this rank has no shape yet of a field whose shape comes with the data."""
        return self.declared.is_unseen(self.value)


@final
class Agreement:
    """The shapes that ranks told one another the last time, so that they need not ask again.

    For one place in a program, which all ranks come to equally often.
    """

    __slots__ = ("_group", "_told")

    def __init__(self) -> None:
        self._told: list[Told | None] = []
        self._group: weakref.ref[object] | None = None

    def is_known(self, entries: Sequence[Entry], among: Ranks) -> bool:
        """Tell whether all ranks know the shapes of these, the entries whose fields are open."""
        is_same_group = self._group is not None and self._group() is among.group
        lengths_vary = any(entry.is_gathered for entry in entries)
        return is_same_group and len(self._told) == len(entries) and not lengths_vary

    def assume(self, entries: Sequence[Entry]) -> Tensor:
        """Take the shapes to be what they were, and give what tells the ranks where they are not.

        Returns:
            Float64: whether a shape is another one on this rank, and for each entry whether this
            rank has what was told. Brought together by sum.
        """
        flags = torch.zeros(1 + len(entries), dtype=torch.float64)
        for place, (entry, told) in enumerate(zip(entries, self._told, strict=True), start=1):
            entry.shapes = [told]
            if not entry.is_empty:
                flags[place] = 1
                if (entry.tensor.dtype, entry.tensor.shape) != told:
                    flags[0] = 1
            elif told is None:  # a number may stay one
                flags[place] = 1
        return flags

    def keep(self, entries: Sequence[Entry], among: Ranks) -> None:
        """Remember what was told."""
        self._told = [next((one for one in entry.shapes if one), None) for entry in entries]
        self._group = weakref.ref(among.group)


def reduced(
    holders: Sequence[HasFields], among: Ranks, agreement: Agreement | None = None
) -> list[dict[str, Value]]:
    """Give the state that one process would have which had seen the data of all ranks.

    Every rank has to call this with holders of the same classes in the same order. There are at
    most four collectives, however many holders: one in which shapes are told, where a field is open
    and its shape is not known from the last time; one sum; one maximum, minima being maxima of
    negatives; one gathering of all that is concatenated or merged by a function. Sums are taken in
    float64 (float32 on MPS), in which counts are exact up to 2**53.

    Args:
        holders: Where the state is.
        among: The processes.
        agreement: What is known from the last time; ``None`` for nothing.

    Raises:
        ArgumentError: The shapes of a field do not go together.
        StateDictError: The state of a holder is not declared.
    """
    for holder in holders:
        holder.require_fields("reduction over ranks")
    entries = [
        Entry(holder, name, declared, value)
        for holder in holders
        for values in [holder.read_fields()]
        for name, declared in holder.declared_fields().items()
        for value in [values[name]]
    ]
    open_entries = [entry for entry in entries if entry.declared.is_open]
    to_add = [entry for entry in entries if entry.declared.reduce in {"sum", "mean"}]
    results: dict[int, Value] = {}
    is_added = False
    if open_entries and agreement is not None and agreement.is_known(open_entries, among):
        is_added = _add_up_as_assumed(to_add, open_entries, among, results, agreement)
    elif open_entries:
        _tell_shapes(open_entries, among)
        if agreement is not None:
            agreement.keep(open_entries, among)
    if not is_added:
        _add_up(to_add, among, results)
    _take_extremes(
        [entry for entry in entries if entry.declared.reduce in {"max", "min"}], among, results
    )
    _gather([entry for entry in entries if entry.is_gathered], among, results)
    together: dict[int, dict[str, Value]] = {id(holder): {} for holder in holders}
    for entry in entries:
        together[id(entry.holder)][entry.name] = results[id(entry)]
    return [together[id(holder)] for holder in holders]


@contextmanager
def held_together(*holders: HasFields, agreement: Agreement | None = None) -> Generator[None]:
    """Have these hold what all ranks have seen, and each its own again in the end.

    All ranks have to come here, with the same holders in the same order. With one process they hold
    what they held, brought to the host in one copy.

    Args:
        holders: Where the state is.
        agreement: What the ranks know of one another's shapes from the last time.

    Raises:
        ArgumentError: The shapes of a field do not go together.
    """
    among = ranks()
    own = [holder.read_fields() for holder in holders]
    together = on_host(own) if among is None else reduced(holders, among, agreement)
    if together is own:
        yield
        return
    try:
        for holder, values in zip(holders, together, strict=True):
            holder.write_fields(values)
        yield
    finally:
        for holder, values in zip(holders, own, strict=True):
            holder.write_fields(values)


def on_host(own: list[dict[str, Value]]) -> list[dict[str, Value]]:
    """Give the state with all small tensors on the host: one wait for the device in all.

    Args:
        own: The values of the fields; given back as they are where nothing lies on a device.
    """
    far = [
        (place, name, value)
        for place, state in enumerate(own)
        for name, value in state.items()
        if isinstance(value, Tensor)
        and not value.is_cpu
        and not value.is_mps
        and value.numel() <= _LARGE
        and not value.is_complex()
    ]
    if not far:
        return own
    states = [dict(state) for state in own]
    flat = torch.cat([value.detach().reshape(-1).double() for _, _, value in far]).cpu()
    parts = torch.split(flat, [value.numel() for _, _, value in far])
    for (place, name, value), part in zip(far, parts, strict=True):
        states[place][name] = part.to(value.dtype).reshape(value.shape)
    return states


# the collectives


def _tell_shapes(entries: Sequence[Entry], among: Ranks) -> None:
    """Let each entry know the shapes that its field has on the ranks; ``None`` for no data."""
    if not entries:
        return
    mine = [number for entry in entries for number in _header(entry)]
    header = torch.tensor(mine, dtype=torch.int64, device=among.device)
    told = [[int(number) for number in tensor.cpu()] for tensor in among.gather(header)]
    for place, entry in enumerate(entries):
        start = place * _HEADER
        entry.shapes = [_read_header(numbers[start : start + _HEADER]) for numbers in told]


def _add_up(entries: Sequence[Entry], among: Ranks, results: dict[int, Value]) -> None:
    shapes = [_common_shape(entry) for entry in entries]
    parts = _parts_to_add(entries, shapes, among.device)
    _take_sums(entries, shapes, _sent(parts, among.sum), results)


def _add_up_as_assumed(
    entries: Sequence[Entry],
    open_entries: Sequence[Entry],
    among: Ranks,
    results: dict[int, Value],
    agreement: Agreement,
) -> bool:
    """Add up without asking for shapes; where one is another now, ask, and tell that nothing is."""
    flags = agreement.assume(open_entries)
    shapes = [_common_shape(entry) for entry in entries]
    if flags[0]:
        parts = [torch.zeros(length) for length in _lengths(entries, shapes)]
        parts = [part.to(among.device, flags.dtype) for part in parts]
    else:
        parts = _parts_to_add(entries, shapes, among.device)
    if among.device.type == "mps":
        flags = flags.float()
    summed = _sent([flags.to(among.device), *parts], among.sum)
    is_other, *seen = next(summed).cpu().unbind()
    if is_other:
        _tell_shapes(open_entries, among)
        agreement.keep(open_entries, among)
        return False
    _take_sums(entries, shapes, summed, results)
    for entry, num_seen in zip(open_entries, seen, strict=True):
        if not num_seen:
            entry.shapes = []
            results[id(entry)] = entry.value
    return True


def _lengths(entries: Sequence[Entry], shapes: Sequence[torch.Size]) -> Iterator[int]:
    for entry, shape in zip(entries, shapes, strict=True):
        yield shape.numel()
        if entry.declared.reduce == "mean":
            yield shape.numel()


def _parts_to_add(
    entries: Sequence[Entry], shapes: Sequence[torch.Size], device: torch.device
) -> list[Tensor]:
    parts: list[Tensor] = []
    for entry, shape in zip(entries, shapes, strict=True):
        wide = _widened(entry, shape, device)
        if entry.declared.reduce == "mean":
            is_seen = ~wide.isnan()
            parts += [wide.nan_to_num(nan=0.0), is_seen.to(wide.dtype)]
        else:
            parts.append(wide)
    return parts


def _take_sums(
    entries: Sequence[Entry],
    shapes: Sequence[torch.Size],
    summed: Iterator[Tensor],
    results: dict[int, Value],
) -> None:
    for entry, shape in zip(entries, shapes, strict=True):
        total = next(summed)
        if entry.declared.reduce == "mean":
            total = total / next(summed)
        results[id(entry)] = _restored(entry, total.reshape(shape))


def _take_extremes(entries: Sequence[Entry], among: Ranks, results: dict[int, Value]) -> None:
    shapes = [_common_shape(entry) for entry in entries]
    signs = [1 if entry.declared.reduce == "max" else -1 for entry in entries]
    parts = [
        sign * _widened(entry, shape, among.device)
        for entry, shape, sign in zip(entries, shapes, signs, strict=True)
    ]
    extremes = _sent(parts, among.max)
    for entry, shape, sign in zip(entries, shapes, signs, strict=True):
        results[id(entry)] = _restored(entry, sign * next(extremes).reshape(shape))


def _gather(entries: Sequence[Entry], among: Ranks, results: dict[int, Value]) -> None:
    """Send all as bytes, filled up to the length of the longest."""
    if not entries:
        return
    layouts = [_layout(entry, among.size) for entry in entries]
    lengths = [sum(_num_bytes(layout[rank]) for layout in layouts) for rank in range(among.size)]
    mine = [_as_bytes(entry, among.device) for entry in entries if not entry.is_empty]
    packed = torch.zeros(max(lengths), dtype=torch.uint8, device=among.device)
    if mine:
        together = torch.cat(mine)
        packed[: len(together)] = together
    parts: list[list[Value]] = [[] for _ in entries]
    for rank, gathered in enumerate(among.gather(packed) if len(packed) else []):
        start = 0
        for layout, found in zip(layouts, parts, strict=True):
            told = layout[rank]
            if told is not None:
                dtype, shape = told
                end = start + _num_bytes(told)
                # copied, so that it lies where its dtype may begin
                found.append(gathered[start:end].clone().view(dtype).reshape(shape))
                start = end
    for entry, found in zip(entries, parts, strict=True):
        results[id(entry)] = _brought_together(entry, found)


def _brought_together(entry: Entry, parts: Sequence[Value]) -> Value:
    home = entry.tensor.device
    tensors = [part.to(home) for part in parts if isinstance(part, Tensor)]
    if entry.declared.reduce == "cat":
        return tensors
    if not tensors:
        return entry.value
    merged = merged_values(entry.declared, list[Value](tensors))
    return merged if not isinstance(merged, Tensor) else _restored(entry, merged)


# layouts


def _header(entry: Entry) -> list[int]:
    if entry.is_empty:
        return [0] * _HEADER
    shape = list(entry.tensor.shape)
    if len(shape) > _MAX_AXES:
        raise ArgumentError(
            f"{type(entry.holder).__name__}: {entry.name!r} must have at most {_MAX_AXES} axes to "
            f"be sent to other ranks, got shape {shape}"
        )
    filled = shape + [0] * (_MAX_AXES - len(shape))
    return [1 + _DTYPES.index(entry.tensor.dtype), len(shape), *filled]


def _read_header(numbers: Sequence[int]) -> Told | None:
    if not numbers[0]:
        return None
    return _DTYPES[numbers[0] - 1], torch.Size(numbers[2 : 2 + numbers[1]])


def _layout(entry: Entry, size: int) -> Sequence[Told | None]:
    """Give dtype and shape of the entry on each rank."""
    return entry.shapes or [(entry.tensor.dtype, entry.tensor.shape)] * size


def _common_shape(entry: Entry) -> torch.Size:
    shapes = {told[1] for told in entry.shapes if told is not None}
    if len(shapes) > 1:
        found = ", ".join(str(list(shape)) for shape in sorted(shapes))
        raise ArgumentError(
            f"{type(entry.holder).__name__}: {entry.name!r} must have one shape on all ranks "
            f"that have seen data, got {found}; say how many classes there are"
        )
    return shapes.pop() if shapes else entry.tensor.shape


def _num_bytes(told: Told | None) -> int:
    return 0 if told is None else math.prod(told[1]) * told[0].itemsize


# packing


def _widened(entry: Entry, shape: torch.Size, device: torch.device) -> Tensor:
    """Give an entry in the common shape and in double precision, where it is sent from."""
    tensor = entry.tensor.to(device)
    tensor = tensor.float() if tensor.is_mps else tensor.double()
    return tensor.expand(shape)


def _sent(parts: Sequence[Tensor], collective: Collective) -> Iterator[Tensor]:
    """Send parts as one, and give them back, flat."""
    if not parts:
        return iter(())
    flat = torch.cat([part.reshape(-1) for part in parts])
    collective(flat)
    if flat.numel() <= _LARGE:
        flat = flat.cpu()  # once for all, instead of once for each result that is read
    return iter(torch.split(flat, [part.numel() for part in parts]))


def _restored(entry: Entry, tensor: Tensor) -> Value:
    """Give a reduced value the type that the field has."""
    if isinstance(entry.value, Tensor):
        told = next((told for told in entry.shapes if told is not None), None)
        return tensor.to(entry.value.dtype if told is None else told[0])
    number = tensor.item()
    return float(number) if isinstance(entry.value, float) else int(number)


def _as_bytes(entry: Entry, device: torch.device) -> Tensor:
    return entry.tensor.to(device).contiguous().reshape(-1).view(torch.uint8)
