"""Class indices as vectors with a one."""

import warnings

import pytest
import torch

from firesteel.data import to_onehot
from firesteel.errors import ArgumentError, ArgumentTypeError


def test_each_index_becomes_a_vector_along_the_second_axis() -> None:
    onehot = to_onehot(torch.tensor([[0, 2], [1, 1]]), num_classes=3)
    assert onehot.dtype == torch.uint8
    assert onehot.tolist() == [[[1, 0], [0, 0], [0, 1]], [[0, 0], [1, 1], [0, 0]]]


def test_no_indices_give_no_vectors() -> None:
    assert to_onehot(torch.zeros(0, 4, dtype=torch.int64), num_classes=3).shape == (0, 3, 4)


def test_it_can_be_compiled() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torch's, of TorchScript as a whole
        # torch does not say what it returns
        compiled = torch.jit.script(to_onehot)  # pyright: ignore[reportUnknownVariableType]
    indices = torch.tensor([[1, 0, 3]])
    expected = to_onehot(indices, 4)
    assert expected.equal(compiled(indices, 4))  # pyright: ignore[reportUnknownArgumentType]


@pytest.mark.parametrize(
    ("indices", "message"),
    [
        ([0, 3], r"to_onehot: indices must be in \[0, 3\), got 0 to 3"),
        ([-1, 2], r"to_onehot: indices must be in \[0, 3\), got -1 to 2"),
        (2, "to_onehot: indices must have at least one axis, got a single number"),
    ],
)
def test_indices_out_of_range_are_refused(indices: list[int], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        to_onehot(torch.tensor(indices), num_classes=3)


def test_indices_of_another_dtype_are_refused() -> None:
    with pytest.raises(ArgumentTypeError, match=r"indices must be int64, got torch\.float32"):
        to_onehot(torch.ones(2), num_classes=3)
