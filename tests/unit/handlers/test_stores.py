"""EpochOutputStore: one list for each epoch, and what is done to tensors."""

from typing import Any

import pytest
import torch
from torch import Tensor

from firesteel.engine import Engine
from firesteel.errors import ArgumentError, ArgumentTypeError, NotAvailableError
from firesteel.events import Events
from firesteel.handlers import EpochOutputStore


def give(_engine: Engine[int, int], batch: int) -> int:
    return batch


def itself(output: int) -> int:
    return output


def test_it_keeps_what_the_transform_gives_of_each_iteration() -> None:
    engine = Engine(give)
    outputs = engine.attach(EpochOutputStore(lambda output: -output))
    engine.run([1, 2, 3])
    assert outputs.data == [-1, -2, -3]


def test_each_epoch_begins_a_new_list_and_the_old_one_stays() -> None:
    engine, store, seen = Engine(give), EpochOutputStore(itself), list[Any]()
    store.attach(engine)
    engine.add_event_handler(Events.EPOCH_COMPLETED, lambda: seen.append(store.data))
    engine.run(iter([1, 2, 3, 4]), max_epochs=2, epoch_length=2)
    assert seen == [[1, 2], [3, 4]]


def test_an_epoch_that_is_gone_on_with_goes_on() -> None:
    engine, store = Engine(give), EpochOutputStore(itself)
    store.attach(engine)
    engine.add_event_handler(Events.ITERATION_COMPLETED(once=2), engine.interrupt)
    engine.run([1, 2, 3])
    assert store.data == [1, 2]
    engine.run([])
    assert store.data == [1, 2, 3]


def test_removed_it_keeps_what_it_has() -> None:
    engine = Engine(give)
    outputs = engine.attach(EpochOutputStore(itself))
    engine.run([1])
    outputs.remove()
    engine.run([2])
    assert outputs.data == [1]


def test_by_hand() -> None:
    engine, store = Engine(give), EpochOutputStore(itself)
    with pytest.raises(NotAvailableError):
        store.update(engine)
    engine.run([5])
    store.update(engine)
    store.update(engine)
    assert store.data == [5, 5]
    store.reset()
    assert store.data == []


def multiply(_engine: Engine[Tensor, dict[str, list[Tensor]]], batch: Tensor) -> Any:
    return {"a": [batch * 2]}


def first(output: dict[str, list[Tensor]]) -> dict[str, list[Tensor]]:
    return output


def test_as_it_is_a_tensor_keeps_its_graph() -> None:
    engine = Engine(multiply)
    outputs = engine.attach(EpochOutputStore(first))
    engine.run([torch.ones(1, requires_grad=True)])
    assert outputs.data[0]["a"][0] is engine.state.output["a"][0]


@pytest.mark.parametrize("keep", ["detached", "cpu"])
def test_detached_it_does_not_whatever_it_is_in(keep: Any) -> None:
    engine = Engine(multiply)
    outputs = engine.attach(EpochOutputStore(first, keep=keep))
    engine.run([torch.ones(1, requires_grad=True)])
    [kept] = outputs.data[0]["a"]
    assert (kept.requires_grad, kept.item()) == (False, 2.0)


def test_only_cpu_moves_what_is_on_another_device() -> None:
    # meta tensors have no numbers to be copied, so that the attempt is seen
    engine = Engine(multiply)
    engine.attach(EpochOutputStore(first, keep="detached"))
    engine.run([torch.ones(1, device="meta")])
    engine.attach(EpochOutputStore(first, keep="cpu"))
    with pytest.raises(NotImplementedError, match="meta"):
        engine.run([torch.ones(1, device="meta")])


def test_a_transform_has_to_be_callable() -> None:
    transform: Any = "loss"
    with pytest.raises(ArgumentTypeError, match="output_transform must be callable"):
        EpochOutputStore(transform)


def test_what_is_done_to_tensors_has_to_be_known() -> None:
    keep: Any = "gpu"
    with pytest.raises(ArgumentError, match="EpochOutputStore: keep must be one of"):
        EpochOutputStore(itself, keep=keep)
    keep = True
    with pytest.raises(ArgumentTypeError, match="EpochOutputStore: keep must be one of"):
        EpochOutputStore(itself, keep=keep)
