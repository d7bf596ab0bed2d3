"""A loader that keeps its type and can be gone on with."""

import io
import random
from collections.abc import Iterator, Mapping
from itertools import islice

# Any: what a type checker refuses has to get past it, to be refused when it runs
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.utils.data import DataLoader as TorchDataLoader
from torch.utils.data import Dataset, IterableDataset, TensorDataset
from typing_extensions import override

from firesteel.data import DataLoader, SampleOrder, Seeding
from firesteel.errors import ArgumentError, ArgumentTypeError, StateDictError
from firesteel.protocols import Stateful

SIZES = st.integers(min_value=1, max_value=4)


class Numbers(Dataset[int]):
    """The numbers from 0 on."""

    def __init__(self, length: int) -> None:
        self.length = length

    @override
    def __getitem__(self, index: int) -> int:
        return index

    def __len__(self) -> int:
        return self.length


class Stream(IterableDataset[int]):
    """The same, one after the other."""

    def __init__(self, length: int) -> None:
        self.length = length

    @override
    def __iter__(self) -> Iterator[int]:
        return iter(range(self.length))


def drawn() -> tuple[float, float, float]:
    return random.gauss(0, 1), float(np.random.rand()), float(torch.rand(()))


class Noise(Dataset[tuple[int, float, float, float]]):
    """Random numbers of each kind, drawn when they are asked for."""

    @override
    def __getitem__(self, index: int) -> tuple[int, float, float, float]:
        return index, *drawn()

    def __len__(self) -> int:
        return 12


class Rows(Dataset[Tensor]):
    """Three tensors."""

    @override
    def __getitem__(self, index: int) -> Tensor:
        return torch.tensor([index, index])

    def __len__(self) -> int:
        return 3


class Unsized(Dataset[int]):
    """Samples without a number."""

    @override
    def __getitem__(self, index: int) -> int:
        return index


def untyped(value: object) -> Any:
    return value


def as_list(samples: list[int]) -> list[int]:
    return samples


def with_noise(samples: list[tuple[int, float, float, float]]) -> Tensor:
    return torch.tensor([*samples, (0, *drawn())], dtype=torch.float64)


def as_noise(
    samples: list[tuple[int, float, float, float]],
) -> list[tuple[int, float, float, float]]:
    return samples


def numbers(
    length: int = 10,
    *,
    batch_size: int = 2,
    rank: int = 0,
    world_size: int = 1,
    drop_last: bool = False,
    num_workers: int = 0,
    persistent_workers: bool = False,
) -> DataLoader[list[int]]:
    return DataLoader(
        Numbers(length),
        collate_fn=as_list,
        batch_size=batch_size,
        shuffle=True,
        seed=5,
        rank=rank,
        world_size=world_size,
        drop_last=drop_last,
        num_workers=num_workers,
        persistent_workers=persistent_workers,
    )


def order_of(number: int, length: int = 10) -> list[int]:
    return [int(index) for index in SampleOrder(length, seed=5, shuffle=True).of_pass(number)]


def flat(batches: list[list[int]]) -> list[int]:
    return [sample for batch in batches for sample in batch]


def through_a_file(saved: Mapping[str, object]) -> dict[str, object]:
    file = io.BytesIO()
    torch.save(dict(saved), file)
    file.seek(0)
    loaded: dict[str, object] = torch.load(file, weights_only=True)
    return loaded


# batches


def test_it_is_a_loader_of_torch() -> None:
    assert isinstance(numbers(), TorchDataLoader)
    assert isinstance(numbers(), Stateful)
    assert isinstance(numbers().dataset, Numbers)


def test_samples_that_are_tensors_are_stacked() -> None:
    batches = list(DataLoader(Rows(), batch_size=2))
    assert [batch.tolist() for batch in batches] == [[[0, 0], [1, 1]], [[2, 2]]]


def test_samples_that_are_tuples_of_tensors_give_lists() -> None:
    loader = DataLoader(TensorDataset(torch.arange(3), torch.arange(3) * 2), batch_size=2)
    (inputs, targets), (last, _) = loader
    assert inputs.tolist() == [0, 1]
    assert targets.tolist() == [0, 2]
    assert last.tolist() == [2]


def test_a_pass_has_the_order_of_its_number() -> None:
    loader = numbers()
    assert [flat(list(loader)) for _ in range(3)] == [order_of(0), order_of(1), order_of(2)]


def test_the_length_is_that_of_a_whole_pass() -> None:
    loader = numbers()
    assert len(loader) == 5
    next(iter(loader))
    assert len(loader) == 5
    assert len(numbers(7, drop_last=True)) == 3
    assert len(numbers(9, world_size=2)) == 3


def test_a_pass_that_was_left_is_not_gone_on_with() -> None:
    loader = numbers()
    next(iter(loader))
    assert flat(list(loader)) == order_of(1)


def test_the_global_random_states_are_left_alone() -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    list(numbers())
    assert torch.get_rng_state().equal(before)


# where it stands


def test_a_new_loader_stands_at_the_beginning() -> None:
    assert numbers().state_dict() == {
        "seed": 5,
        "shuffle": True,
        "num_samples": 10,
        "pass_number": 0,
        "samples_taken": 0,
    }


def test_it_counts_samples_of_all_ranks() -> None:
    loader = numbers(rank=1, world_size=2)
    next(iter(loader))
    assert loader.state_dict()["samples_taken"] == 4
    assert loader.num_left == 2


def test_after_the_last_batch_it_stands_at_the_next_pass() -> None:
    loader = numbers(9, drop_last=True)
    list(islice(loader, 4))
    saved = loader.state_dict()
    assert (saved["pass_number"], saved["samples_taken"]) == (1, 0)


def test_what_is_saved_survives_a_file() -> None:
    loader = numbers()
    next(iter(loader))
    saved = loader.state_dict()
    assert through_a_file(saved) == saved


def test_a_saved_state_is_a_copy() -> None:
    loader = numbers()
    loader.state_dict()["samples_taken"] = 8
    assert loader.state_dict()["samples_taken"] == 0


# going on


def test_the_first_iteration_after_loading_goes_on_and_the_second_is_a_new_pass() -> None:
    loader = numbers()
    list(loader)
    list(islice(loader, 2))
    other = DataLoader(Numbers(10), collate_fn=as_list, batch_size=3, shuffle=True, seed=8)
    other.load_state_dict(through_a_file(loader.state_dict()))
    assert other.num_left == 2
    assert other.state_dict() == loader.state_dict()
    assert flat(list(other)) == order_of(1)[4:]
    assert flat(list(other)) == order_of(2)


def test_a_loader_that_has_begun_can_be_loaded() -> None:
    loader = numbers()
    saved = loader.state_dict()
    list(islice(loader, 2))
    loader.load_state_dict(saved)
    assert flat(list(loader)) == order_of(0)


def test_where_a_rest_does_not_make_a_step_the_next_pass_follows() -> None:
    loader = numbers(7, batch_size=2)
    list(islice(loader, 2))
    other = numbers(7, batch_size=4, drop_last=True)
    other.load_state_dict(loader.state_dict())
    assert other.num_left == 0
    assert flat(list(other)) == order_of(1, 7)[:4]
    assert other.state_dict()["pass_number"] == 2


@given(
    length=st.integers(1, 40),
    before=st.tuples(SIZES, SIZES),
    after=st.tuples(SIZES, SIZES),
    data=st.data(),
)
def test_saved_at_any_batch_and_gone_on_with_by_any_ranks_nothing_is_lost(
    length: int, before: tuple[int, int], after: tuple[int, int], data: st.DataObject
) -> None:
    loader = numbers(length, batch_size=before[0], world_size=before[1])
    num_given = data.draw(st.integers(0, len(loader)))
    batches = iter(loader)
    list(islice(batches, num_given))
    saved = loader.state_dict()
    step = after[0] * after[1]
    by_rank: list[list[list[int]]] = []
    for rank in range(after[1]):
        other = numbers(length, batch_size=after[0], rank=rank, world_size=after[1])
        other.load_state_dict(saved)
        by_rank.append(list(other))
    samples = [
        sample
        for of_ranks in zip(*by_rank, strict=True)
        for shares in zip(*of_ranks, strict=True)
        for sample in shares
    ]
    taken = num_given * before[0] * before[1]
    left = order_of(0, length)[taken:] or order_of(1, length)
    assert samples[: len(left)] == left
    assert len(samples) - len(left) < min(step, after[1])


def test_a_state_some_batches_later_is_told() -> None:
    loader = numbers(7)
    begun = loader.state_dict()
    assert loader.state_after(begun, 2)["samples_taken"] == 4
    assert loader.state_after(begun, 4) == {**begun, "pass_number": 1}
    assert loader.state_dict() == begun
    with pytest.raises(ArgumentError, match="num_batches must be at least 0, got -1"):
        loader.state_after(begun, -1)


# workers


@pytest.mark.slow
@pytest.mark.parametrize("persistent_workers", [False, True])
def test_batches_that_workers_prepared_do_not_count(*, persistent_workers: bool) -> None:
    loader = numbers(20, num_workers=2, persistent_workers=persistent_workers)
    assert flat(list(loader)) == order_of(0, 20)
    batches = iter(loader)
    assert flat(list(islice(batches, 3))) == order_of(1, 20)[:6]
    saved = loader.state_dict()
    assert saved["samples_taken"] == 6
    other = numbers(20, num_workers=2, persistent_workers=persistent_workers)
    list(islice(other, 1))
    other.load_state_dict(saved)
    assert flat(list(other)) == order_of(1, 20)[6:]
    assert flat(list(other)) == order_of(2, 20)


def noises(
    *, num_workers: int, batch_size: int = 2, seeding: Seeding = "sample"
) -> DataLoader[list[tuple[int, float, float, float]]]:
    return DataLoader(
        Noise(),
        collate_fn=as_noise,
        batch_size=batch_size,
        shuffle=True,
        seeding=seeding,
        num_workers=num_workers,
    )


@pytest.mark.slow
def test_seeded_samples_are_the_same_whoever_makes_them_and_when() -> None:
    whole = [sample for batch in noises(num_workers=0) for sample in batch]
    assert len({sample[1:] for sample in whole}) == 12
    first = noises(num_workers=2)
    list(islice(first, 3))
    second = noises(num_workers=2, batch_size=3)
    second.load_state_dict(first.state_dict())
    assert [sample for batch in second for sample in batch] == whole[6:]
    following = [sample for batch in second for sample in batch]
    assert {sample[1:] for sample in following} & {sample[1:] for sample in whole} == set()


@pytest.mark.slow
@pytest.mark.parametrize("seeding", ["sample", "batch"])
def test_seeded_batches_are_the_same_whoever_makes_them_and_when(seeding: Seeding) -> None:
    def noisy(num_workers: int) -> DataLoader[Tensor]:
        return DataLoader(
            Noise(),
            collate_fn=with_noise,
            batch_size=3,
            shuffle=True,
            seeding=seeding,
            num_workers=num_workers,
        )

    whole = list(noisy(0))
    assert len({float(batch[0, 1]) for batch in whole}) == 4
    first, second = noisy(2), noisy(1)
    list(islice(first, 2))
    second.load_state_dict(first.state_dict())
    left = list(second)
    assert [one.equal(other) for one, other in zip(left, whole[2:], strict=True)] == [True, True]
    assert not next(iter(second)).equal(whole[0])


def test_samples_are_seeded_once_for_a_batch_where_that_is_asked_for() -> None:
    whole = [sample for batch in noises(num_workers=0, seeding="batch") for sample in batch]
    assert len({sample[1:] for sample in whole}) == 12
    other = noises(num_workers=0, batch_size=3, seeding="batch")
    assert [sample for batch in other for sample in batch][2:] != whole[2:]


def test_tensors_are_stacked_as_without_seeds() -> None:
    dataset = TensorDataset(torch.arange(4.0), torch.arange(4))
    plain = DataLoader(dataset, batch_size=3)
    seeded = DataLoader(dataset, batch_size=3, seeding="batch")
    assert str(list(seeded)) == str(list(plain))


def test_a_seeding_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ArgumentError, match="seeding must be one of 'sample', 'batch', got 'all'"):
        DataLoader(Noise(), collate_fn=as_noise, seeding=untyped("all"))


@pytest.mark.parametrize("seeding", ["sample", "batch"])
def test_seeding_leaves_the_global_states_alone(seeding: Seeding) -> None:
    random.seed(1)
    np.random.seed(1)
    torch.manual_seed(1)
    expected = drawn()
    random.seed(1)
    np.random.seed(1)
    torch.manual_seed(1)
    list(noises(num_workers=0, seeding=seeding))
    assert drawn() == expected


# data sets without an order


def test_an_iterable_data_set_is_passed_over() -> None:
    loader = DataLoader(Stream(7), collate_fn=as_list, batch_size=2)
    assert loader.num_left is None
    list(islice(loader, 2))
    saved = loader.state_dict()
    assert (saved["num_samples"], saved["samples_taken"]) == (None, 4)
    other = DataLoader(Stream(7), collate_fn=as_list, batch_size=4)
    other.load_state_dict(through_a_file(saved))
    assert list(other) == [[4, 5, 6]]
    assert list(other) == [[0, 1, 2, 3], [4, 5, 6]]
    assert (other.state_dict()["pass_number"], other.state_dict()["samples_taken"]) == (2, 0)


def test_an_iterable_data_set_is_passed_over_in_whole_batches() -> None:
    loader = DataLoader(Stream(7), collate_fn=as_list, batch_size=3)
    with pytest.raises(StateDictError, match=r"'samples_taken' must be a multiple of batch_size=3"):
        loader.load_state_dict(
            {
                "seed": 0,
                "shuffle": False,
                "num_samples": None,
                "pass_number": 0,
                "samples_taken": 4,
            }
        )


# bad input


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size must be at least 1, got 0"),
        ({"num_workers": -1}, "num_workers must be at least 0, got -1"),
        ({"rank": 1}, "rank must be below world_size=1, got 1"),
        ({"persistent_workers": True}, "num_workers must be at least 1 for persistent_workers"),
        ({"prefetch_factor": 2}, "num_workers must be at least 1 for persistent_workers"),
        ({"prefetch_factor": 0}, "prefetch_factor must be at least 1, got 0"),
    ],
)
def test_options_out_of_range_are_refused(options: dict[str, int], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        DataLoader(Numbers(3), collate_fn=as_list, **untyped(options))


@pytest.mark.parametrize("option", [{"shuffle": True}, {"world_size": 2}, {"seeding": "batch"}])
def test_an_order_of_an_iterable_data_set_is_refused(option: dict[str, int]) -> None:
    with pytest.raises(ArgumentError, match="must be left out where dataset is an IterableDataset"):
        DataLoader(Stream(3), collate_fn=as_list, **untyped(option))


def test_data_sets_of_another_kind_are_refused() -> None:
    with pytest.raises(ArgumentTypeError, match=r"dataset must be a torch\.utils\.data\.Dataset"):
        DataLoader(untyped([1, 2]), collate_fn=as_list)
    with pytest.raises(ArgumentTypeError, match="dataset must be one with a length"):
        DataLoader(Unsized(), collate_fn=as_list)
    with pytest.raises(ArgumentTypeError, match="collate_fn must be callable"):
        DataLoader(Numbers(2), collate_fn=untyped("stack"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 0.5}, "'seed' must be a whole number, got 0.5"),
        ({"shuffle": 1}, "'shuffle' must be True or False, got 1"),
        ({"shuffle": False}, "'shuffle' must be True, as of this loader, got False"),
        ({"num_samples": 9}, "'num_samples' must be 10, as of this loader, got 9"),
        ({"num_samples": None}, "'num_samples' must be 10, as of this loader, got None"),
        ({"pass_number": -1}, "'pass_number' must be at least 0, got -1"),
        ({"pass_number": True}, "'pass_number' must be a whole number, got True"),
        ({"samples_taken": 11}, "'samples_taken' must be at most 'num_samples', 10, got 11"),
        ({"position": 3}, "missing are [], unknown are ['position']"),
    ],
)
def test_wrong_entries_are_refused_by_name(change: dict[str, object], message: str) -> None:
    loader = numbers()
    next(iter(loader))
    before = loader.state_dict()
    with pytest.raises(StateDictError) as caught:
        loader.load_state_dict({**before, **change})
    assert message in str(caught.value)
    assert loader.state_dict() == before


def test_missing_entries_and_other_kinds_are_refused() -> None:
    with pytest.raises(StateDictError, match=r"missing are \['shuffle', 'num_samples', "):
        numbers().load_state_dict({"seed": 1})
    with pytest.raises(ArgumentTypeError, match="state_dict must be a mapping"):
        numbers().load_state_dict(untyped([1]))
