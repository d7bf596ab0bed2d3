"""find_batch_size: what it tries, what it finds, and that nothing is left of it."""

import gc
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, final

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.optim import SGD
from torch.utils.data import Dataset
from typing_extensions import override

from firesteel import Engine, Events
from firesteel.data import DataLoader
from firesteel.errors import ArgumentError, ArgumentTypeError, DataError, EngineStateError
from firesteel.handlers import find_batch_size, is_out_of_memory

# not public, but functions of values
from firesteel.handlers._size_search import SizeSearch

pytestmark = pytest.mark.usefixtures("small_heap")  # each try is followed by a collection


def sizes_of(search: SizeSearch, limit: int) -> tuple[int, list[int]]:
    """Search where all sizes up to a limit fit."""
    tried: list[int] = []
    while (size := search.next_size()) is not None:
        tried.append(size)
        search = search.after(size, fits=size <= limit)
    return search.fitting, tried


class TestSearch:
    def test_doubles_and_then_takes_the_middle(self) -> None:
        found, tried = sizes_of(SizeSearch(smallest=1, max_size=1000), 11)
        assert (found, tried) == (11, [1, 2, 4, 8, 16, 12, 10, 11])

    def test_ends_at_the_largest_size(self) -> None:
        assert sizes_of(SizeSearch(smallest=2, max_size=10), 99) == (10, [2, 4, 8, 10])

    def test_ends_where_the_smallest_does_not_fit(self) -> None:
        assert sizes_of(SizeSearch(smallest=4, max_size=10), 3) == (0, [4])

    @given(
        factor=st.integers(1, 16),
        first=st.integers(1, 8),
        more=st.integers(0, 2000),
        limit=st.integers(0, 3000),
    )
    def test_finds_the_largest_that_fits_in_few_tries(
        self, factor: int, first: int, more: int, limit: int
    ) -> None:
        smallest = first * factor
        search = SizeSearch(smallest=smallest, max_size=smallest + more, multiple_of=factor)
        found, tried = sizes_of(search, limit)
        largest = min(limit, smallest + more) // factor * factor
        assert found == (largest if limit >= smallest else 0)
        assert all(size % factor == 0 and smallest <= size for size in tried)
        assert len(tried) == len(set(tried)) <= 25


def step_up_to(limit: int) -> Callable[[Engine[Tensor, float], Tensor], float]:
    """Give a process function that has memory for batches up to a size."""

    def step(engine: Engine[Tensor, float], batch: Tensor) -> float:
        if len(batch) > limit:
            raise torch.OutOfMemoryError("out of memory")
        return float(batch.sum())

    return step


def batches(size: int) -> list[Tensor]:
    return [torch.ones(size, 2)] * 5


@final
class Twenty(Dataset[Tensor]):
    """Twenty samples."""

    def __len__(self) -> int:
        return 20

    @override
    def __getitem__(self, index: int) -> Tensor:
        return torch.tensor(index)


class TestTries:
    def test_find_the_largest_size_that_fits(self) -> None:
        found = find_batch_size(Engine(step_up_to(37)), batches, restore=[], max_size=100)
        assert found.batch_size == 37
        assert [(one.batch_size, one.error is None) for one in found.tries][:8] == [
            *((size, True) for size in (1, 2, 4, 8, 16, 32)),
            (64, False),
            (48, False),
        ]
        assert found.tries[6].error == "OutOfMemoryError: out of memory"

    def test_begin_and_end_where_they_are_told_to(self) -> None:
        found = find_batch_size(
            Engine(step_up_to(99)), batches, restore=[], min_size=16, max_size=70, multiple_of=8
        )
        assert [one.batch_size for one in found.tries] == [16, 32, 64]

    def test_are_all_multiples(self) -> None:
        found = find_batch_size(
            Engine(step_up_to(37)), batches, restore=[], max_size=100, multiple_of=8
        )
        assert (found.batch_size, found.tries[0].batch_size) == (32, 8)

    def test_have_as_many_iterations_as_is_said(self) -> None:
        seen: list[int] = []

        def step(engine: Engine[Tensor, None], batch: Tensor) -> None:
            seen.append(len(batch))

        find_batch_size(
            Engine(step), lambda size: batches(size)[:2], restore=[], max_size=2, num_iter=3
        )
        assert seen == [1, 1, 1, 2, 2, 2]

    def test_of_a_loader_without_a_batch_are_no_success(self) -> None:
        def make_loader(size: int) -> DataLoader[Tensor]:
            return DataLoader(Twenty(), batch_size=size, drop_last=True, seed=0)

        trainer: Engine[Tensor, None] = Engine(lambda engine, batch: None)
        found = find_batch_size(trainer, make_loader, restore=[], max_size=1000)
        assert found.batch_size == 20
        assert found.tries[5].error == "find_batch_size: there is no batch of 32"

    def test_of_nothing_at_all_raise(self) -> None:
        trainer: Engine[Tensor, None] = Engine(lambda engine, batch: None)
        with pytest.raises(DataError, match="there is no batch of 1"):
            find_batch_size(trainer, lambda size: list[Tensor](), restore=[], max_size=10)
        with pytest.raises(DataError, match="there is no batch of 1"):
            find_batch_size(trainer, lambda size: iter(list[Tensor]()), restore=[], max_size=10)

    def test_of_data_that_can_be_read_once_count_what_there_is(self) -> None:
        with pytest.warns(UserWarning, match="the data ended after iteration 2"):
            found = find_batch_size(
                Engine(step_up_to(3)), lambda size: iter(batches(size)[:2]), restore=[], max_size=8
            )
        assert found.batch_size == 3

    def test_raise_where_not_even_the_smallest_fits(self) -> None:
        with pytest.raises(torch.OutOfMemoryError, match="out of memory") as caught:
            find_batch_size(Engine(step_up_to(3)), batches, restore=[], min_size=4, max_size=8)
        assert "firesteel: raised with a batch size of 4" in caught.value.__notes__

    def test_raise_what_says_nothing_of_memory(self) -> None:
        def step(engine: Engine[Tensor, None], batch: Tensor) -> None:
            if len(batch) == 4:
                raise RuntimeError("shapes do not fit")

        with pytest.raises(RuntimeError, match="shapes do not fit") as caught:
            find_batch_size(Engine(step), batches, restore=[], max_size=8)
        assert "firesteel: raised with a batch size of 4" in caught.value.__notes__

    def test_raise_an_error_of_data_that_comes_later(self) -> None:
        def step(engine: Engine[Tensor, None], batch: Tensor) -> None:
            if len(batch) == 4:
                raise DataError("of the step's own")

        with pytest.raises(DataError, match="of the step's own"):
            find_batch_size(Engine(step), batches, restore=[], max_size=8)

    def test_ask_what_is_too_large(self) -> None:
        def step(engine: Engine[Tensor, None], batch: Tensor) -> None:
            if len(batch) > 5:
                raise TimeoutError("too slow")

        found = find_batch_size(
            Engine(step),
            batches,
            restore=[],
            max_size=8,
            is_too_large=lambda error: isinstance(error, TimeoutError),
        )
        assert found.batch_size == 5

    @pytest.mark.parametrize("stop", ["terminate", "interrupt"])
    def test_that_are_stopped_are_no_success(self, stop: str) -> None:
        def step(engine: Engine[Tensor, None], batch: Tensor) -> None:
            if stop == "terminate":
                engine.terminate(reason="why not")
            else:
                engine.interrupt()

        with pytest.raises(EngineStateError, match="a try must not be stopped"):
            find_batch_size(Engine(step), batches, restore=[], max_size=8)


class TestAfterwards:
    @pytest.mark.parametrize("fails", [False, True])
    def test_all_is_as_it_was(self, fails: bool) -> None:
        torch.manual_seed(0)
        model = nn.Linear(2, 1)
        optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9)

        def step(engine: Engine[Tensor, None], batch: Tensor) -> None:
            optimizer.zero_grad()
            model(batch + torch.rand(1)).sum().backward()
            optimizer.step()
            if len(batch) > 5:
                raise RuntimeError("broken") if fails else torch.OutOfMemoryError

        trainer = Engine(step)
        heard: list[int] = []
        trainer.add_event_handler(Events.ITERATION_COMPLETED, lambda: heard.append(1))
        trainer.add_event_handler(Events.EXCEPTION_RAISED, lambda _: heard.append(1))
        trainer.run(batches(2), max_epochs=1)
        heard.clear()

        def snapshot() -> list[str]:
            states = (model, optimizer, trainer)
            return [str(one.state_dict()) for one in states] + [str(torch.get_rng_state().sum())]

        before = snapshot()
        try:
            find_batch_size(trainer, batches, restore=[model, optimizer], max_size=8)
        except RuntimeError:
            assert fails
        assert snapshot() == before
        assert heard == []
        trainer.run(batches(2), max_epochs=2)
        assert trainer.state.epoch == 2

    def test_what_failed_is_freed_before_the_next_try(self) -> None:
        alive: list[weakref.ref[Tensor]] = []

        def make_loader(size: int) -> Iterable[Tensor]:
            assert [one for one in alive if one() is not None] == []
            return batches(size)

        def step(engine: Engine[Tensor, None], batch: Tensor) -> None:
            activations = batch * 2
            cycle: list[object] = [activations]
            cycle.append(cycle)
            alive.append(weakref.ref(activations))
            if len(batch) > 5:
                raise torch.OutOfMemoryError

        gc.disable()
        try:
            find_batch_size(Engine(step), make_loader, restore=[], max_size=8)
        finally:
            gc.enable()
        assert len(alive) > 3


MESSAGES: Final = ["[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried ..."]


def test_errors_of_other_allocators_are_known() -> None:
    assert all(is_out_of_memory(RuntimeError(message)) for message in MESSAGES)
    assert is_out_of_memory(torch.OutOfMemoryError())
    assert not is_out_of_memory(MemoryError())
    assert not is_out_of_memory(ValueError(MESSAGES[0]))


def test_an_error_of_torch_itself_is_known() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**50)
    assert is_out_of_memory(caught.value)


class TestArguments:
    @pytest.mark.parametrize(
        ("options", "error", "words"),
        [
            ({"max_size": 0}, ArgumentError, "max_size must be at least 1, got 0"),
            ({"min_size": 9}, ArgumentError, "max_size must be at least 9, got 8"),
            ({"min_size": 3, "multiple_of": 2}, ArgumentError, "min_size must be a multiple of 2"),
            ({"num_iter": 0}, ArgumentError, "num_iter must be at least 1"),
            ({"max_size": 8.5}, ArgumentTypeError, "max_size must be a whole number"),
            ({"restore": [1]}, ArgumentTypeError, r"restore\[0\] must be something with a state"),
            ({"is_too_large": 1}, ArgumentTypeError, "is_too_large must be callable"),
        ],
    )
    def test_that_make_no_sense_are_refused(
        self, options: dict[str, Any], error: type[Exception], words: str
    ) -> None:
        given: dict[str, Any] = {"restore": [], "max_size": 8}
        with pytest.raises(error, match=f"find_batch_size: {words}"):
            find_batch_size(Engine(step_up_to(9)), batches, **(given | options))

    def test_several_ranks_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("firesteel.handlers._batch_size_finder.get_world_size", lambda: 2)
        with pytest.raises(ArgumentError, match="got one of 2 ranks"):
            find_batch_size(Engine(step_up_to(9)), batches, restore=[], max_size=8)

    def test_what_makes_no_data_is_refused(self) -> None:
        wrong: Any = int

        def numbers(engine: Engine[int, int], batch: int) -> int:
            return batch

        with pytest.raises(ArgumentTypeError, match="data must be iterable"):
            find_batch_size(Engine(numbers), wrong, restore=[], max_size=8)


def endless(size: int) -> Iterator[Tensor]:
    while True:
        yield torch.ones(size)


def test_data_without_an_end_is_no_matter() -> None:
    found = find_batch_size(Engine(step_up_to(3)), endless, restore=[], max_size=8)
    assert found.batch_size == 3
