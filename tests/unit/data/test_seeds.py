"""Random states: set, saved, put back."""

import io
import random
from collections.abc import Iterator, Mapping

# Any: what a type checker refuses has to get past it, to be refused when it runs
from typing import Any

import numpy as np
import pytest
import torch

from firesteel.data import RandomStates, keep_random_state, manual_seed
from firesteel.errors import ArgumentError, ArgumentTypeError, StateDictError
from firesteel.protocols import Stateful


def untyped(value: object) -> Any:
    return value


def drawn() -> tuple[float, ...]:
    """Draw a number of each generator, Gaussian ones too: these come in pairs."""
    return (
        random.gauss(0, 1),
        random.gauss(0, 1),
        float(np.random.rand()),
        float(np.random.randn()),
        float(torch.rand(())),
    )


def through_a_file(saved: Mapping[str, object]) -> dict[str, object]:
    file = io.BytesIO()
    torch.save(dict(saved), file)
    file.seek(0)
    loaded: dict[str, object] = torch.load(file, weights_only=True)
    return loaded


@pytest.fixture(autouse=True)
def leave_the_states_alone() -> Iterator[None]:
    states = RandomStates()
    saved = states.state_dict()
    yield
    states.load_state_dict(saved)


# seeds


def test_a_seed_makes_all_generators_give_the_same_again() -> None:
    manual_seed(7)
    first = drawn()
    manual_seed(7)
    assert drawn() == first
    manual_seed(8)
    assert len({*drawn(), *first}) == 10


def test_seeds_beyond_those_of_numpy_are_taken() -> None:
    manual_seed(2**64 - 1)


def test_a_seed_out_of_range_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"manual_seed: seed must be in \[0, 2\*\*64\), got -1"):
        manual_seed(-1)
    with pytest.raises(ArgumentError, match="manual_seed"):
        manual_seed(2**64)
    with pytest.raises(ArgumentTypeError, match=r"seed must be a whole number, got 1\.5"):
        manual_seed(untyped(1.5))


# states


def test_states_come_back_through_a_file() -> None:
    states = RandomStates()
    assert isinstance(states, Stateful)
    drawn()
    saved = through_a_file(states.state_dict())
    first = drawn()
    drawn()
    RandomStates().load_state_dict(saved)
    assert drawn() == first


def test_without_numpy_its_state_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firesteel.data._seeds._HAS_NUMPY", False)
    states = RandomStates()
    saved = states.state_dict()
    assert saved["numpy"] is None
    states.load_state_dict(saved)
    with keep_random_state():
        manual_seed(3)
    monkeypatch.undo()
    states.load_state_dict(saved)


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_states_of_gpus_come_back() -> None:
    torch.rand(1, device="cuda")
    saved = through_a_file(RandomStates().state_dict())
    first = torch.rand(1, device="cuda")
    RandomStates().load_state_dict(saved)
    assert torch.rand(1, device="cuda").equal(first)
    with keep_random_state():
        kept = torch.rand(1, device="cuda")
    assert torch.rand(1, device="cuda").equal(kept)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"python": 3}, "'python' must be what state_dict gave, got 3"),
        ({"python": (3, [1, 2], None)}, "'python' must be what state_dict gave"),
        ({"numpy": ([1], 2, 0, 0.0)}, "'numpy' must be what state_dict gave"),
        ({"numpy": "state"}, "'numpy' must be what state_dict gave"),
        ({"torch": [1]}, "'torch' must be what state_dict gave"),
        ({"cuda": None}, "'cuda' must be a list of tensors, got None"),
        ({"cuda": [1]}, "'cuda' must be what state_dict gave, got 1"),
        ({"mps": None}, r"missing are \[\], unknown are \['mps'\]"),
    ],
)
def test_wrong_entries_are_refused_and_leave_the_states_alone(
    change: dict[str, object], message: str
) -> None:
    states = RandomStates()
    wrong = {**states.state_dict(), **change}
    drawn()
    before = states.state_dict()
    with pytest.raises(StateDictError, match=message):
        states.load_state_dict(wrong)
    first = drawn()
    states.load_state_dict(before)
    assert drawn() == first


def test_missing_entries_are_refused() -> None:
    with pytest.raises(StateDictError, match=r"missing are \['numpy', 'torch', 'cuda'\]"):
        RandomStates().load_state_dict({"python": None})
    with pytest.raises(ArgumentTypeError, match="state_dict must be a mapping"):
        RandomStates().load_state_dict(untyped(3))


# kept


def test_a_decorated_function_gives_its_result_and_leaves_the_states_alone() -> None:
    @keep_random_state
    def noise(size: int, *, scale: float = 1.0) -> tuple[int, float]:
        """Draw."""
        drawn()
        return size, scale

    manual_seed(1)
    first = drawn()
    manual_seed(1)
    assert noise(2, scale=0.5) == (2, 0.5)
    assert drawn() == first
    assert noise.__name__ == "noise"


def test_the_states_come_back_after_an_error_too() -> None:
    manual_seed(1)
    first = drawn()
    manual_seed(1)

    def fail() -> None:
        drawn()
        raise LookupError

    with pytest.raises(LookupError):
        keep_random_state(fail)()
    assert drawn() == first
