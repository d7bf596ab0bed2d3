"""A checkpoint's file: torch reads it, its manifest is true, and damage of any byte is found."""

import io
import os
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Final

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from typing_extensions import Buffer, TypeIs, override

from firesteel.errors import (
    CheckpointVersionError,
    CorruptCheckpointError,
    ForeignCheckpointError,
    StateDictError,
    UnsafeCheckpointError,
)
from firesteel.handlers import CheckpointManifest, CheckpointMetadata, TensorInfo
from firesteel.handlers.checkpoint._checking import check_file, manifest_of
from firesteel.handlers.checkpoint._manifest import FORMAT
from firesteel.handlers.checkpoint._seal import SEAL_SIZE, Seal, seal_of
from firesteel.handlers.checkpoint._writing import write_checkpoint

META: Final = CheckpointMetadata(name="model", global_step=3, score=0.5, score_name="accuracy")


def written(checkpoint: dict[str, object], *, version: int = 0) -> bytes:
    """Give the bytes of a checkpoint."""
    file = io.BytesIO()
    write_checkpoint("Test: x.pt", file, checkpoint, metadata=META, version=version)
    return file.getvalue()


def check(contents: bytes, *, allow_foreign: bool = False) -> CheckpointManifest | None:
    """Check the bytes of a checkpoint."""
    return check_file("Test: x.pt", io.BytesIO(contents), allow_foreign=allow_foreign)


def loaded(contents: bytes) -> object:
    """Read a checkpoint as anybody would."""
    return torch.load(io.BytesIO(contents), weights_only=True)


def sealed(contents: bytes, manifest: str) -> bytes:
    """Add a manifest and a true seal to what torch.save wrote, as somebody could by hand."""
    file = io.BytesIO(contents)
    with zipfile.ZipFile(file, "a") as archive:
        folder = archive.namelist()[0].partition("/")[0]
        archive.writestr(f"{folder}/firesteel.json", manifest)
        archive.comment = bytes(SEAL_SIZE)
    seal = seal_of(file)
    return file.getvalue()[:-SEAL_SIZE] + seal.to_bytes()


def saved_by_torch(value: object) -> bytes:
    file = io.BytesIO()
    torch.save(value, file)
    return file.getvalue()


MANIFEST: Final = CheckpointManifest(
    format=FORMAT,
    version=0,
    firesteel="1",
    torch="2",
    time_s=0.0,
    metadata=META,
    tensors=MappingProxyType({}),
    others=MappingProxyType({}),
    checksums=MappingProxyType({}),
)


class Evil:
    """Makes a folder when it is unpickled."""

    @override
    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, ("firesteel-was-here",)


SMALL: Final = written({"m": {"w": torch.tensor([1.5])}})


class TestWhatIsWritten:
    def test_torch_reads_it_as_any_other(self, tmp_path: Path) -> None:
        path = tmp_path / "x.pt"
        path.write_bytes(SMALL)
        for mmap in (False, True):
            found: object = torch.load(path, weights_only=True, mmap=mmap)
            assert found == {"m": {"w": torch.tensor([1.5])}}

    def test_the_manifest_tells_shapes_dtypes_and_kinds(self) -> None:
        model = nn.Linear(3, 2)
        state: dict[str, object] = {
            "model": model.state_dict(),
            "epoch": 3,
            "history": [1.0] * 1000,
            "more": {},
        }
        manifest = check(written(state, version=4))
        assert manifest is not None
        assert manifest.metadata == META
        assert manifest.version == 4
        assert manifest.tensors == {
            ("model", "weight"): TensorInfo(shape=(2, 3), dtype="float32"),
            ("model", "bias"): TensorInfo(shape=(2,), dtype="float32"),
        }
        assert manifest.others == {
            ("epoch",): "int",
            ("history",): "list of 1000",
            ("more",): "dict",
        }

    def test_tensors_in_lists_and_under_numbers_are_found(self) -> None:
        one = torch.ones(1, dtype=torch.int64)
        manifest = check(written({"state": {0: {"step": one}}, "list": [1, (one,)]}))
        assert manifest is not None
        info = TensorInfo(shape=(1,), dtype="int64")
        assert manifest.tensors == {("state", 0, "step"): info, ("list", 1, 0): info}
        assert manifest.others == {("list", 0): "int"}

    @pytest.mark.parametrize("score", [float("nan"), float("inf"), -float("inf"), None, 1e-300])
    def test_any_score_comes_back(self, score: float | None) -> None:
        file = io.BytesIO()
        metadata = CheckpointMetadata(name="é", score=score, priority=-float("inf"))
        write_checkpoint("Test", file, {}, metadata=metadata)
        assert repr(manifest_of("Test", file).metadata) == repr(metadata)

    def test_checksums_are_there_even_where_torch_computes_none(self) -> None:
        torch.serialization.set_crc32_options(False)
        try:
            contents = written({"m": {"w": torch.arange(100)}})
        finally:
            torch.serialization.set_crc32_options(True)
        place = contents.index(torch.arange(100).numpy().tobytes())
        assert check(contents) is not None
        with pytest.raises(CorruptCheckpointError, match="'archive/data/0' was altered"):
            check(altered(contents, place))

    def test_a_checkpoint_that_contains_itself_is_refused(self) -> None:
        endless: dict[str, object] = {}
        endless["again"] = endless
        with pytest.raises(StateDictError, match=r"checkpoint\['x'\]\['again'\].* contains itself"):
            written({"x": endless})

    @pytest.mark.parametrize(
        ("value", "told"),
        [
            (lambda: 0, "lambda"),
            (Path("x"), r"\['a'\]\[1\] \(pathlib"),
            (range(3), "builtins.range"),
            (1 << 3000, "instructions that torch's safe loader does not know"),
        ],
    )
    def test_what_only_code_could_read_back_is_refused_when_it_is_saved(
        self, value: object, told: str
    ) -> None:
        with pytest.raises(UnsafeCheckpointError, match=told):
            written({"a": [0, value]})

    def test_what_the_user_declared_safe_is_written(self) -> None:
        with torch.serialization.safe_globals([range]):
            assert check(written({"a": range(3)})) is not None

    def test_the_first_error_of_the_disk_is_raised_whenever_it_comes(self) -> None:
        class Full(io.BytesIO):
            """A disk with a little room."""

            def __init__(self, room: int) -> None:
                super().__init__()
                self.room = room

            @override
            def write(self, data: Buffer, /) -> int:
                if self.tell() + memoryview(data).nbytes > self.room:
                    raise OSError(28, "No space left on device")
                return super().write(data)

        size = len(SMALL)
        for room in range(0, size - 1, 97):
            with pytest.raises(OSError, match="No space"):
                write_checkpoint(
                    "Test", Full(room), {"m": {"w": torch.tensor([1.5])}}, metadata=META
                )


def altered(contents: bytes, place: int) -> bytes:
    return contents[:place] + bytes([contents[place] ^ 0x41]) + contents[place + 1 :]


class TestDamage:
    def test_any_altered_byte_is_found(self) -> None:
        for place in range(len(SMALL)):
            with pytest.raises(CorruptCheckpointError, match=r"^Test: x\.pt is damaged"):
                check(altered(SMALL, place))

    def test_any_missing_end_is_found(self) -> None:
        for length in range(len(SMALL)):
            with pytest.raises(CorruptCheckpointError, match=r"^Test: x\.pt is (damaged|empty)"):
                check(SMALL[:length])

    @settings(max_examples=200, deadline=None)
    @given(
        st.integers(0, len(SMALL)), st.integers(0, len(SMALL)), st.binary(max_size=8), st.booleans()
    )
    def test_bytes_left_out_put_in_or_doubled_are_found(
        self, start: int, end: int, new: bytes, double: bool
    ) -> None:
        middle = SMALL[start:end] * 2 if double else new
        contents = SMALL[:start] + middle + SMALL[end:]
        if contents != SMALL:
            with pytest.raises((CorruptCheckpointError, ForeignCheckpointError)):
                check(contents)

    def test_the_error_says_which_record(self) -> None:
        place = SMALL.index(torch.tensor([1.5]).numpy().tobytes())
        with pytest.raises(CorruptCheckpointError, match="its record 'archive/data/0' was altered"):
            check(altered(SMALL, place))

    def test_the_manifest_alone_is_read_where_only_the_contents_are_damaged(self) -> None:
        place = SMALL.index(torch.tensor([1.5]).numpy().tobytes())
        assert manifest_of("Test", io.BytesIO(altered(SMALL, place))).metadata == META

    @pytest.mark.parametrize("contents", [b"", b"x", b"x" * 100, b"PK\x03\x04" * 50])
    def test_what_is_no_checkpoint_is_refused(self, contents: bytes) -> None:
        with pytest.raises(CorruptCheckpointError):
            check(contents, allow_foreign=True)

    def test_another_archive_is_refused(self) -> None:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("a/readme.txt", "hello" * 20)
        with pytest.raises(CorruptCheckpointError, match="is an archive, but no checkpoint"):
            check(file.getvalue())

    @pytest.mark.parametrize("manifest", ["", "3", "{}", "[" * 10_000, '{"format": "1"}'])
    def test_a_manifest_that_says_nothing_is_refused(self, manifest: str) -> None:
        with pytest.raises(CorruptCheckpointError, match="a manifest that says nothing"):
            check(sealed(saved_by_torch({}), manifest))

    def test_a_later_format_is_refused_with_the_way_out(self) -> None:
        later = replace(MANIFEST, format=FORMAT + 1, firesteel="9.0").to_json()
        with pytest.raises(CheckpointVersionError, match=r"read it with firesteel 9\.0 or later"):
            check(sealed(saved_by_torch({}), later))

    def test_fields_that_a_later_release_adds_to_the_manifest_do_no_harm(self) -> None:
        text = MANIFEST.to_json()[:-1] + ', "author": "somebody"}'
        assert check(sealed(saved_by_torch({}), text)) == MANIFEST

    @given(st.binary(min_size=SEAL_SIZE, max_size=SEAL_SIZE))
    def test_what_is_no_seal_is_not_taken_for_one(self, text: bytes) -> None:
        assert Seal.from_bytes(text) is None

    def test_a_seal_comes_back(self) -> None:
        seal = Seal(directory_at=1 << 40, directory_crc=7, heads_crc=0xFFFFFFFF)
        assert len(seal.to_bytes()) == SEAL_SIZE
        assert Seal.from_bytes(seal.to_bytes()) == seal


class TestForeignFiles:
    def test_they_are_refused_with_the_way_out(self) -> None:
        with pytest.raises(ForeignCheckpointError, match="pass allow_foreign=True"):
            check(saved_by_torch({"w": torch.ones(3)}))

    def test_they_are_allowed_where_that_is_said(self) -> None:
        assert check(saved_by_torch({"w": torch.ones(3)}), allow_foreign=True) is None

    def test_damage_of_their_records_is_found(self) -> None:
        contents = saved_by_torch({"w": torch.arange(50)})
        place = contents.index(torch.arange(50).numpy().tobytes())
        with pytest.raises(CorruptCheckpointError, match="'archive/data/0' was altered"):
            check(altered(contents, place), allow_foreign=True)

    def test_the_old_format_is_refused_with_the_way_out(self) -> None:
        file = io.BytesIO()
        torch.save({"w": torch.ones(3)}, file, _use_new_zipfile_serialization=False)
        with pytest.raises(ForeignCheckpointError, match=r"old format.*write it anew"):
            check(file.getvalue(), allow_foreign=True)


def crafted() -> Iterator[tuple[str, bytes]]:
    """Give files that make a folder when they are unpickled."""
    yield "zip", saved_by_torch({"w": Evil()})
    yield "zip with a true seal", sealed(saved_by_torch({"w": Evil()}), MANIFEST.to_json())
    file = io.BytesIO()
    torch.save({"w": Evil()}, file, _use_new_zipfile_serialization=False)
    yield "legacy", file.getvalue()
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        yield (
            f"bare, protocol {protocol}",
            pickle.dumps(OrderedDict(w=Evil()), protocol) + bytes(99),
        )


class TestCraftedFiles:
    @pytest.mark.parametrize("contents", [pytest.param(text, id=name) for name, text in crafted()])
    @pytest.mark.parametrize("allow_foreign", [False, True])
    def test_what_would_run_code_is_refused_and_named(
        self, contents: bytes, *, allow_foreign: bool
    ) -> None:
        with pytest.raises(UnsafeCheckpointError) as caught:
            check(contents, allow_foreign=allow_foreign)
        assert "x.pt" in str(caught.value)
        assert "posix.mkdir" in str(caught.value)
        assert "weights_only" not in str(caught.value)
        assert not Path("firesteel-was-here").exists()


texts = st.text(max_size=5)
plain = (
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | texts
)
tensors = st.builds(
    torch.zeros,
    st.lists(st.integers(0, 3), max_size=3),
    dtype=st.sampled_from([torch.float32, torch.bfloat16, torch.int64, torch.bool]),
)
states = st.recursive(
    plain | tensors,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(texts | st.integers(0, 9), inner, max_size=3)
        | st.tuples(inner, inner)
    ),
    max_leaves=8,
)


def is_dict(value: object) -> TypeIs[dict[object, object]]:
    return isinstance(value, dict)


def is_sequence(value: object) -> TypeIs[list[object] | tuple[object, ...]]:
    return isinstance(value, list | tuple)


def same(one: object, other: object) -> bool:
    """Tell whether two states are the same, dtypes and kinds of containers included."""
    if type(one) is not type(other):
        return False
    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if is_dict(one) and is_dict(other):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if is_sequence(one) and is_sequence(other):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def count_tensors(value: object) -> int:
    if is_dict(value):
        return sum(map(count_tensors, value.values()))
    if is_sequence(value):
        return sum(map(count_tensors, value))
    return isinstance(value, torch.Tensor)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(texts, states, max_size=3))
def test_any_state_comes_back_as_it_was_and_its_tensors_are_in_the_manifest(
    state: dict[str, object],
) -> None:
    contents = written(state)
    manifest = check(contents)
    assert same(loaded(contents), state)
    assert manifest is not None
    assert len(manifest.tensors) == count_tensors(state)
    assert CheckpointManifest.from_json("Test", manifest.to_json().encode()) == manifest


def test_reading_a_manifest_reads_only_the_end(tmp_path: Path) -> None:
    class Counting(io.BytesIO):
        """Counts the bytes that are read."""

        num_read = 0

        @override
        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            self.num_read += len(data)
            return data

    file: BinaryIO = Counting(written({"w": torch.zeros(1_000_000)}))
    manifest_of("Test", file)
    assert isinstance(file, Counting)
    assert file.num_read < 100_000
