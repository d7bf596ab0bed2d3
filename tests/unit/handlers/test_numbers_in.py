"""The numbers in an output: all of them, each with where it is."""

import math
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypedDict

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

# not public, but functions of values
from firesteel.handlers._numbers_in import inexact_numbers, is_finite, largest

NAN, INF = math.nan, math.inf

DTYPES: Final = (
    torch.float16,
    torch.bfloat16,
    torch.float32,
    torch.float64,
    torch.complex64,
    torch.complex128,
    torch.float8_e5m2,
)


class Named(NamedTuple):
    """A named tuple with a tensor and a number."""

    logits: Tensor
    loss: float


class Typed(TypedDict):
    """A dictionary with a list in it."""

    losses: list[float]


@dataclass(frozen=True, slots=True)
class Output:
    """A dataclass that holds others."""

    named: Named
    typed: Typed
    nothing: None = None


def places(value: object) -> list[str]:
    return [where for where, _ in inexact_numbers(value)]


class TestPlaces:
    def test_in_each_other(self) -> None:
        output = Output(Named(torch.ones(2), 0.5), {"losses": [1.0, 2.0]})
        assert places(output) == [
            "output.named.logits",
            "output.named.loss",
            "output.typed['losses'][0]",
            "output.typed['losses'][1]",
        ]

    def test_of_a_number_alone(self) -> None:
        assert places(0.5) == ["output"]
        assert places(torch.tensor(0.5)) == ["output"]

    def test_of_numpy(self) -> None:
        value = [np.float32(1), np.float64(2), np.ones(2), np.ones((2, 2), dtype=np.complex64)]
        assert places(value) == ["output[0]", "output[1]", "output[2]", "output[3]"]

    def test_that_hold_no_number_that_could_be_other_than_finite(self) -> None:
        value = [
            *(None, "nan", b"inf", 1, True, int, object(), torch.ones(2, dtype=torch.int64)),
            *(np.ones(2, dtype=np.int64), np.array(["nan"]), torch.tensor([True]), {1, 2}),
            *(torch.empty(0), np.empty(0), np.int64(3)),
        ]
        assert places(value) == []

    def test_of_keys_that_are_no_texts(self) -> None:
        assert places(OrderedDict({1: 0.5, ("a", 2): 1.5})) == ["output[1]", "output[('a', 2)]"]


SPARSE: Final[Sequence[Callable[[Tensor], Tensor]]] = (
    lambda dense: dense.to_sparse(),
    lambda dense: dense.to_sparse_csr(),
    lambda dense: torch.nested.nested_tensor([dense[0], dense[1]], layout=torch.jagged),
)


class TestFinite:
    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize("shape", [(), (1,), (3, 2)])
    @pytest.mark.parametrize("bad", [NAN, INF, -INF])
    def test_is_no_tensor_with_one_number_that_is_not(
        self, dtype: torch.dtype, shape: tuple[int, ...], bad: float
    ) -> None:
        tensor = torch.zeros(shape, dtype=torch.complex64 if dtype.is_complex else torch.float32)
        assert is_finite(tensor.to(dtype))
        tensor.view(-1)[-1] = bad
        assert not is_finite(tensor.to(dtype))

    @pytest.mark.parametrize("bad", [complex(0, NAN), complex(INF, 0), complex(0, -INF)])
    def test_is_no_complex_number_with_a_part_that_is_not(self, bad: complex) -> None:
        assert not is_finite(bad)
        assert not is_finite(torch.tensor([0, bad]))
        assert not is_finite(torch.tensor([0, bad]).conj())

    def test_is_a_tensor_whose_sum_is_not(self) -> None:
        assert is_finite(torch.full((4,), 3e38))
        assert is_finite(torch.full((4,), complex(3e38, 3e38)))

    @given(numbers=st.lists(st.floats(width=32), min_size=1))
    def test_is_what_all_its_numbers_are(self, numbers: list[float]) -> None:
        expected = all(map(math.isfinite, numbers))
        assert is_finite(torch.tensor(numbers)) == expected
        assert math.isfinite(largest(torch.tensor(numbers, dtype=torch.float64))) == expected

    @pytest.mark.parametrize("make", SPARSE)
    @pytest.mark.filterwarnings("ignore:Sparse CSR")  # torch says that it is new
    def test_of_tensors_that_are_not_dense(self, make: Callable[[Tensor], Tensor]) -> None:
        ((_, number),) = inexact_numbers(make(torch.tensor([[0.0, 1.0], [NAN, 0.0]])))
        assert not is_finite(number)

    def test_of_a_tensor_that_needs_gradients(self) -> None:
        ((_, number),) = inexact_numbers(torch.ones(2, requires_grad=True))
        assert isinstance(number, Tensor)
        assert not number.requires_grad
        assert is_finite(number)

    @pytest.mark.parametrize("shape", [(), (2,)])
    def test_the_largest_has_memory_of_its_own(self, shape: tuple[int, ...]) -> None:
        tensor = torch.zeros(shape)
        number = largest(tensor)
        tensor.fill_(NAN)
        assert number == 0
