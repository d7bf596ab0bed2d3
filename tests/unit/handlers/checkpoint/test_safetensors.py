"""Weights in the safetensors format: each once, whole, and with all their names."""

from pathlib import Path

# Any: what a user may hand over by mistake
from typing import Any, Final, final

import pytest
import torch
from torch import Tensor, nn

from firesteel.errors import (
    ArgumentTypeError,
    CheckpointMismatchError,
    CheckpointWriteError,
    CorruptCheckpointError,
    MissingCheckpointError,
)
from firesteel.handlers import load_objects, load_safetensors, save_safetensors

DTYPES: Final = (torch.float32, torch.bfloat16, torch.float16, torch.int64, torch.uint8, torch.bool)


@final
class Tied(nn.Module):
    """A model whose first and last weights are one."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(4, 3)
        self.out = nn.Linear(3, 4, bias=False)
        self.out.weight = self.embedding.weight
        self.register_buffer("nothing", torch.ones(0, 2))


def save(weights: nn.Module | dict[str, Tensor], path: Path) -> dict[str, Tensor]:
    """Save and load."""
    save_safetensors(weights, path)
    return load_safetensors(path)


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_was_saved_comes_back_bit_by_bit(tmp_path: Path, dtype: torch.dtype) -> None:
    saved = {"a": torch.arange(6).reshape(2, 3).to(dtype), "b": torch.tensor(1).to(dtype)}
    found = save(saved, tmp_path / "w.safetensors")
    assert found.keys() == saved.keys()
    for name, tensor in saved.items():
        assert found[name].dtype == dtype
        assert torch.equal(found[name], tensor)


def test_tied_weights_are_written_once_and_come_back_as_one(tmp_path: Path) -> None:
    model = Tied()
    found = save(model, tmp_path / "w.safetensors")
    assert found.keys() == model.state_dict().keys()
    assert found["out.weight"] is found["embedding.weight"]
    assert (tmp_path / "w.safetensors").stat().st_size < 500
    load_objects({"model": Tied()}, {"model": found})


def test_views_of_one_tensor_are_written_one_by_one(tmp_path: Path) -> None:
    whole = torch.arange(12.0).reshape(3, 4)
    saved = {"whole": whole, "row": whole[1], "transposed": whole.T, "again": whole[1]}
    found = save(saved, tmp_path / "w.safetensors")
    assert all(torch.equal(found[name], saved[name]) for name in saved)


def test_a_wrapped_model_is_saved_without_its_wrapping(tmp_path: Path) -> None:
    found = save(nn.DataParallel(nn.Linear(2, 1)), tmp_path / "w.safetensors")
    assert list(found) == ["bias", "weight"]


def test_a_model_of_another_shape_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    found = save(nn.Linear(2, 1), tmp_path / "w.safetensors")
    other = nn.Linear(3, 1)
    before = other.weight.clone()
    with pytest.raises(CheckpointMismatchError, match=r"shape \(1, 2\), and has shape \(1, 3\)"):
        load_objects({"model": other}, {"model": found})
    assert torch.equal(other.weight, before)


def test_what_is_left_out_of_a_file_is_found(tmp_path: Path) -> None:
    save_safetensors({"a": torch.ones(100)}, tmp_path / "w.safetensors")
    contents = (tmp_path / "w.safetensors").read_bytes()
    for length in range(0, len(contents), 7):
        (tmp_path / "w.safetensors").write_bytes(contents[:length])
        with pytest.raises(CorruptCheckpointError, match=r"w\.safetensors is damaged, or no"):
            load_safetensors(tmp_path / "w.safetensors")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(MissingCheckpointError, match="does not exist"):
        load_safetensors(tmp_path / "w.safetensors")


def test_what_could_not_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "w.safetensors").mkdir()
    with pytest.raises(CheckpointWriteError, match="it is a folder"):
        save_safetensors(nn.Linear(2, 1), tmp_path / "w.safetensors")


def test_nothing_else_is_left_in_the_folder(tmp_path: Path) -> None:
    save_safetensors(nn.Linear(2, 1), tmp_path / "w.safetensors")
    assert [path.name for path in tmp_path.iterdir()] == ["w.safetensors"]


@pytest.mark.parametrize("value", [3, None, torch.eye(2).to_sparse()])
def test_what_is_no_dense_tensor_is_refused(tmp_path: Path, value: Any) -> None:
    with pytest.raises(ArgumentTypeError, match=r"weights\['a'\] must be a dense tensor"):
        save_safetensors({"a": value}, tmp_path / "w.safetensors")


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArgumentTypeError, match="weights must be a model, or tensors by name"):
        save_safetensors(3, tmp_path / "w.safetensors")  # type: ignore[arg-type]  # a mistake
