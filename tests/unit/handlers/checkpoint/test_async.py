"""AsyncSaver: consistent copies, order, errors that are not lost, and the end of a run."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, final

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.handlers.checkpoint.savers import Counter, Noting, give
from torch import Tensor, nn
from typing_extensions import override

from firesteel import Engine, Events
from firesteel.errors import ArgumentError, ArgumentTypeError
from firesteel.handlers import (
    AsyncSaver,
    BaseSaveHandler,
    Checkpoint,
    CheckpointMetadata,
    DiskSaver,
    MemorySaver,
    ShardedSaver,
)

# not public, but a function of what it is given and of its buffers
from firesteel.handlers.checkpoint._buffers import Buffers

METADATA: Final = CheckpointMetadata(name="a")
PATIENCE_S: Final = 30.0


@final
class Gated(BaseSaveHandler):
    """A saver in memory that begins and goes on when it is let."""

    def __init__(self) -> None:
        self.inner = Noting()
        self.may_go_on = threading.Event()
        self.has_begun = threading.Event()

    @override
    def save(
        self, checkpoint: Mapping[str, object], filename: str, metadata: CheckpointMetadata
    ) -> None:
        self.has_begun.set()
        assert self.may_go_on.wait(PATIENCE_S)
        self.inner.save(checkpoint, filename, metadata)

    @override
    def load(
        self, filename: str, *, map_location: torch.device | str | None = None
    ) -> dict[str, object]:
        return self.inner.load(filename, map_location=map_location)

    @override
    def remove(self, filename: str) -> None:
        self.inner.remove(filename)

    @override
    def filenames(self) -> Any:
        return self.inner.filenames()

    @override
    def metadata(self, filename: str) -> CheckpointMetadata:
        return self.inner.metadata(filename)


def test_what_is_saved_is_what_there_was_whatever_changes_meanwhile() -> None:
    gated = Gated()
    saver = AsyncSaver(gated)
    weight, numbers = torch.zeros(1000), {"a": [1, 2]}
    saver.save({"weight": weight, "numbers": numbers}, "a.pt", METADATA)
    assert gated.has_begun.wait(PATIENCE_S)
    weight.fill_(1)
    numbers["a"].append(3)
    gated.may_go_on.set()
    loaded = saver.load("a.pt")
    assert isinstance(loaded["weight"], Tensor)
    assert loaded["weight"].count_nonzero() == 0
    assert loaded["numbers"] == {"a": [1, 2]}


def test_a_loop_that_changes_weights_while_files_are_written_never_tears_one(
    tmp_path: Any,
) -> None:
    model = nn.Linear(200, 200)

    def step(engine: Engine[float, float], batch: float) -> float:
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.fill_(engine.state.iteration)
        return batch

    trainer, disk = Engine(step), DiskSaver(tmp_path, fsync=False)
    checkpoint = Checkpoint({"model": model}, AsyncSaver(disk), n_saved=None)
    checkpoint.attach(trainer, Events.ITERATION_COMPLETED(every=5))
    trainer.run([1.0] * 50)
    assert len(disk.filenames()) == 10
    for filename in disk.filenames():
        other = nn.Linear(200, 200)
        Checkpoint.load_objects({"model": other}, disk.load(filename))
        step_of_file = disk.metadata(filename).global_step
        for one in other.parameters():
            assert torch.equal(one, torch.full_like(one, step_of_file or 0))


def test_the_call_returns_before_the_save_is_done() -> None:
    gated = Gated()
    saver = AsyncSaver(gated)
    saver.save({}, "a.pt", METADATA)
    assert [saver.is_busy, *gated.inner.calls] == [True]
    gated.may_go_on.set()
    saver.wait()
    assert not saver.is_busy
    assert gated.inner.calls == ["save a.pt"]


def test_the_old_one_is_removed_behind_the_save_in_flight() -> None:
    gated = Gated()
    saver = AsyncSaver(gated)
    saver.save({}, "b.pt", METADATA)
    saver.remove("a.pt")
    saver.remove("c.pt")
    assert gated.inner.calls == []
    gated.may_go_on.set()
    saver.wait()
    assert gated.inner.calls == ["save b.pt", "remove a.pt", "remove c.pt"]


def test_where_nothing_is_in_flight_it_is_removed_at_once() -> None:
    inner = Noting()
    AsyncSaver(inner).remove("a.pt")
    assert inner.calls == ["remove a.pt"]


def test_where_the_save_fails_the_old_one_stays() -> None:
    gated = Gated()
    gated.inner.fails_to_save = {"b.pt"}
    saver = AsyncSaver(gated)
    saver.save({}, "b.pt", METADATA)
    saver.remove("a.pt")
    gated.may_go_on.set()
    with pytest.raises(OSError, match="No space left"):
        saver.wait()
    assert gated.inner.calls == ["save b.pt"]
    saver.save({}, "c.pt", METADATA)
    saver.wait()
    assert gated.inner.calls == ["save b.pt", "save c.pt"]


ASKS: Final[Sequence[Callable[[AsyncSaver], object]]] = (
    lambda saver: saver.wait(),
    lambda saver: saver.filenames(),
    lambda saver: saver.load("a.pt"),
    lambda saver: saver.metadata("a.pt"),
    lambda saver: saver.remove("a.pt"),
    lambda saver: saver.save({}, "c.pt", METADATA),
)


@pytest.mark.parametrize("ask", ASKS)
def test_an_error_is_raised_by_whatever_is_called_next_and_once(
    ask: Callable[[AsyncSaver], object],
) -> None:
    inner = Noting()
    inner.save({}, "a.pt", METADATA)
    inner.fails_to_save = {"b.pt"}
    saver = AsyncSaver(inner)
    saver.save({}, "b.pt", METADATA)
    while saver.is_busy:
        pass
    with pytest.raises(OSError, match="No space left"):
        ask(saver)
    saver.save({}, "c.pt", METADATA)
    assert saver.filenames() == ["a.pt", "c.pt"]


def test_the_next_save_waits_for_the_one_in_flight() -> None:
    gated = Gated()
    saver = AsyncSaver(gated)
    saver.save({}, "a.pt", METADATA)
    threading.Timer(0.01, gated.may_go_on.set).start()
    saver.save({}, "b.pt", METADATA)
    saver.wait()
    assert gated.inner.calls == ["save a.pt", "save b.pt"]


def test_the_next_save_is_skipped_where_that_was_asked_for() -> None:
    gated = Gated()
    saver = AsyncSaver(gated, if_busy="skip")
    trainer = Engine(give)
    checkpoint = Checkpoint({"counter": Counter()}, saver, n_saved=2)
    checkpoint.attach(trainer, Events.ITERATION_COMPLETED)
    heard: list[object] = []
    trainer.add_event_handler(Checkpoint.SAVED_CHECKPOINT, heard.append)
    trainer.add_event_handler(Events.EPOCH_COMPLETED, gated.may_go_on.set)
    trainer.run([1.0] * 5)
    assert checkpoint.kept == ("counter_1.pt",)
    assert len(heard) == 1


def test_a_save_that_is_skipped_by_hand_leaves_what_there_is() -> None:
    gated = Gated()
    saver = AsyncSaver(gated, if_busy="skip")
    saver.save({}, "a.pt", METADATA)
    saver.save({}, "b.pt", METADATA)
    gated.may_go_on.set()
    assert saver.filenames() == ["a.pt"]


@pytest.mark.parametrize("is_attached", [True, False])
def test_the_end_of_a_run_waits(is_attached: bool) -> None:
    inner = Noting()
    trainer = Engine(give)
    checkpoint = Checkpoint({"counter": Counter()}, AsyncSaver(inner))
    if is_attached:
        checkpoint.attach(trainer, Events.COMPLETED)
    else:
        trainer.add_event_handler(Events.COMPLETED, checkpoint)
    trainer.run([1.0])
    assert inner.filenames() == ["counter_1.pt"]


def test_a_first_save_that_nobody_attached_is_waited_for() -> None:
    gated = Gated()
    saver = AsyncSaver(gated)
    trainer = Engine(give)
    checkpoint = Checkpoint({"counter": Counter()}, saver)
    trainer.add_event_handler(Events.COMPLETED, checkpoint)
    threading.Timer(0.05, gated.may_go_on.set).start()
    trainer.run([1.0])
    assert gated.inner.calls == ["save counter_1.pt"]


def test_the_end_of_a_run_that_is_interrupted_or_terminated_waits() -> None:
    for stop in (Engine[float, float].interrupt, Engine[float, float].terminate):
        saver = AsyncSaver(MemorySaver())
        trainer = Engine(give)
        Checkpoint({"counter": Counter()}, saver).attach(trainer, Events.ITERATION_COMPLETED)
        trainer.add_event_handler(Events.ITERATION_COMPLETED, stop)
        trainer.run([1.0] * 3)
        assert not saver.is_busy


def test_the_end_of_a_run_raises_what_the_save_failed_with() -> None:
    inner = Noting()
    inner.fails_to_save = {"counter_2.pt"}
    trainer = Engine(give)
    checkpoint = Checkpoint({"counter": Counter()}, AsyncSaver(inner))
    checkpoint.attach(trainer, Events.ITERATION_COMPLETED)
    with pytest.raises(OSError, match="No space left"):
        trainer.run([1.0] * 2)
    assert inner.filenames() == ["counter_1.pt"]
    assert checkpoint.kept == ("counter_1.pt",)


def test_the_next_save_works_after_one_that_failed() -> None:
    inner = Noting()
    inner.fails_to_save = {"counter_2.pt"}
    trainer = Engine(give)
    checkpoint = Checkpoint({"counter": Counter()}, AsyncSaver(inner), n_saved=2)
    checkpoint.attach(trainer, Events.ITERATION_COMPLETED)
    with pytest.raises(OSError, match="No space left"):
        trainer.run([1.0] * 6)
    inner.fails_to_save = set()
    trainer.run([1.0] * 6)
    assert checkpoint.kept == ("counter_5.pt", "counter_6.pt")
    assert inner.filenames() == ["counter_5.pt", "counter_6.pt"]


def test_the_error_of_the_run_leaves_it_and_that_of_the_save_is_its_note() -> None:
    inner = Noting()
    inner.fails_to_save = {"counter_1.pt"}
    trainer = Engine(give)
    Checkpoint({"counter": Counter()}, AsyncSaver(inner)).attach(
        trainer, Events.ITERATION_COMPLETED
    )
    trainer.add_event_handler(Events.ITERATION_COMPLETED(priority=-200), lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError) as caught:
        trainer.run([1.0])
    assert any("a save failed too: OSError" in note for note in caught.value.__notes__)


def test_a_run_that_fails_waits() -> None:
    saver = AsyncSaver(MemorySaver())
    trainer = Engine(give)
    Checkpoint({"counter": Counter()}, saver).attach(trainer, Events.ITERATION_COMPLETED)
    trainer.add_event_handler(Events.ITERATION_COMPLETED(priority=-200), lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        trainer.run([1.0])
    assert not saver.is_busy
    assert saver.filenames() == ["counter_1.pt"]


def test_another_thread_may_wait() -> None:
    gated = Gated()
    saver = AsyncSaver(gated)
    saver.save({}, "a.pt", METADATA)
    waiting = threading.Thread(target=saver.wait)
    waiting.start()
    gated.may_go_on.set()
    waiting.join(PATIENCE_S)
    assert not waiting.is_alive()


# buffers


def pointers(copied: Mapping[str, object]) -> list[int]:
    return [one.data_ptr() for one in copied.values() if isinstance(one, Tensor)]


def test_buffers_are_used_again() -> None:
    buffers = Buffers()
    first = pointers(buffers.copy({"a": torch.zeros(3), "b": torch.ones(2)}))
    second = buffers.copy({"a": torch.full((3,), 7.0), "b": torch.zeros(2)})
    assert pointers(second) == first
    assert torch.equal(torch.full((3,), 7.0), torch.as_tensor(second["a"]))


def test_a_tensor_of_another_shape_gets_another_buffer() -> None:
    buffers = Buffers()
    buffers.copy({"a": torch.zeros(3)})
    copied = buffers.copy({"a": torch.ones(2, 2, dtype=torch.int64)})
    assert torch.equal(torch.as_tensor(copied["a"]), torch.ones(2, 2, dtype=torch.int64))


def test_a_tensor_of_another_dtype_gets_another_buffer() -> None:
    buffers = Buffers()
    buffers.copy({"a": torch.zeros(3)})
    copied = torch.as_tensor(buffers.copy({"a": torch.full((3,), 2**24 + 1)})["a"])
    assert copied.dtype == torch.int64
    assert copied.tolist() == [2**24 + 1] * 3


def test_what_is_neither_tensor_nor_container_is_copied() -> None:
    state = {"a": {1, 2}}
    copied = Buffers().copy(state)
    state["a"].add(3)
    assert copied == {"a": {1, 2}}


def test_tied_weights_are_copied_once_and_stay_tied() -> None:
    weight = torch.ones(3)
    copied = Buffers().copy({"a": weight, "b": weight})
    assert copied["a"] is copied["b"]


def test_a_view_is_not_taken_for_the_whole() -> None:
    weight = torch.arange(6.0)
    copied = Buffers().copy({"whole": weight, "part": weight[:3], "other": weight.view(2, 3)})
    shapes = {name: torch.as_tensor(one).shape for name, one in copied.items()}
    assert shapes == {"whole": (6,), "part": (3,), "other": (2, 3)}


def test_strides_are_kept() -> None:
    images = torch.rand(2, 3, 4, 5).to(memory_format=torch.channels_last)
    copied = torch.as_tensor(Buffers().copy({"a": images})["a"])
    assert copied.stride() == images.stride()
    assert torch.equal(copied, images)


def test_sparse_tensors_and_parameters_are_copied() -> None:
    sparse = torch.eye(3).to_sparse()
    copied = Buffers().copy({"sparse": sparse, "parameter": nn.Parameter(torch.ones(2))})
    assert torch.equal(torch.as_tensor(copied["sparse"]).to_dense(), torch.eye(3))
    assert not torch.as_tensor(copied["parameter"]).requires_grad


def test_the_class_of_a_models_state_and_its_versions_are_kept() -> None:
    state = nn.BatchNorm1d(2).state_dict()
    copied = Buffers().copy({"model": state})["model"]
    assert type(copied) is type(state)
    assert vars(copied) == vars(state)


nested = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=2) | st.integers(), inner, max_size=3)
        | st.tuples(inner, inner)
    ),
    max_leaves=8,
)


@given(state=st.dictionaries(st.text(max_size=2), nested, max_size=3))
def test_a_copy_equals_what_was_copied(state: dict[str, object]) -> None:
    buffers = Buffers()
    assert buffers.copy(state) == state
    assert buffers.copy(state) == state


# arguments


@pytest.mark.parametrize(
    "saver", [3, "folder", AsyncSaver(MemorySaver())], ids=["number", "path", "another"]
)
def test_what_is_no_saver_of_one_rank_is_refused(saver: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="AsyncSaver: saver must be"):
        AsyncSaver(saver)


def test_a_saver_that_all_ranks_take_part_in_is_refused(tmp_path: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="one that one rank calls"):
        AsyncSaver(ShardedSaver(tmp_path))


def test_what_to_do_while_one_is_in_flight_is_one_of_two() -> None:
    nonsense: Any = "queue"
    with pytest.raises(ArgumentError, match="if_busy must be 'wait' or 'skip', got 'queue'"):
        AsyncSaver(MemorySaver(), if_busy=nonsense)
