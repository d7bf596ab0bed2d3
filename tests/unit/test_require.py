"""The checks of arguments: what passes, what is refused, and in which words."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

# not public; all that is public words its errors by it
from firesteel import _require
from firesteel.errors import ArgumentError, ArgumentTypeError


class TestWholeNumber:
    @given(number=st.integers())
    def test_a_whole_number_passes(self, number: int) -> None:
        assert _require.whole_number("Here", "n", number) == number

    @pytest.mark.parametrize(
        "number", [np.int64(3), np.uint8(3), torch.tensor(3)], ids=["int64", "uint8", "tensor"]
    )
    def test_numbers_of_other_libraries_become_pythons(self, number: Any) -> None:
        found = _require.whole_number("Here", "n", number)
        assert found == 3
        assert type(found) is int

    @pytest.mark.parametrize("value", [True, False, 3.0, "3", None, [3]])
    def test_anything_else_is_refused(self, value: Any) -> None:
        with pytest.raises(ArgumentTypeError) as caught:
            _require.whole_number("Here", "n", value)
        assert str(caught.value) == f"Here: n must be a whole number, got {value!r}"
        assert caught.value.__suppress_context__ or caught.value.__context__ is None


class TestAtLeast:
    @given(number=st.integers(), lowest=st.integers())
    def test_a_number_passes_if_it_is_not_below(self, number: int, lowest: int) -> None:
        if number >= lowest:
            assert _require.at_least("Here", "n", number, lowest) == number
        else:
            with pytest.raises(ArgumentError):
                _require.at_least("Here", "n", number, lowest)

    def test_the_words(self) -> None:
        with pytest.raises(ArgumentError) as caught:
            _require.at_least("Checkpoint", "keep", 0, 1)
        assert str(caught.value) == "Checkpoint: keep must be at least 1, got 0"

    def test_what_is_no_number_is_of_the_wrong_kind(self) -> None:
        with pytest.raises(ArgumentTypeError, match="keep must be a whole number, got True"):
            _require.at_least("Checkpoint", "keep", True, 1)


class TestKinds:
    def test_one_of_several_kinds_passes(self) -> None:
        _require.is_a("Here", "value", 1.0, float | int, "a number")
        _require.is_a("Here", "value", 1, float | int, "a number")

    def test_another_kind_is_refused(self) -> None:
        with pytest.raises(ArgumentTypeError) as caught:
            _require.is_a("Here", "value", "1", float | int, "a number")
        assert str(caught.value) == "Here: value must be a number, got '1'"

    def test_a_function_and_a_class_can_be_called(self) -> None:
        _require.is_callable("Here", "f", len)
        _require.is_callable("Here", "f", int)

    def test_a_number_cannot_be_called(self) -> None:
        with pytest.raises(ArgumentTypeError) as caught:
            _require.is_callable("Here", "f", 3)
        assert str(caught.value) == "Here: f must be callable, got 3"

    @pytest.mark.parametrize("value", [[], (), {}, "ab", range(3), iter([]), torch.zeros(2)])
    def test_what_has_an_iterator_can_be_iterated_over(self, value: Any) -> None:
        _require.is_iterable("Here", "data", value)

    @pytest.mark.parametrize("value", [3, None, len])
    def test_the_rest_cannot(self, value: Any) -> None:
        with pytest.raises(ArgumentTypeError) as caught:
            _require.is_iterable("Here", "data", value)
        assert str(caught.value) == f"Here: data must be iterable, got {value!r}"
