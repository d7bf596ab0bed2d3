"""The order of samples, and who gets which of them in which batch."""

from collections import Counter

# Any: what a type checker refuses has to get past it, to be refused when it runs
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from firesteel.data import BatchOrder, SampleOrder
from firesteel.errors import ArgumentError, ArgumentTypeError

SIZES = st.integers(min_value=1, max_value=5)
LENGTHS = st.integers(min_value=0, max_value=60)


def untyped(value: object) -> Any:
    return value


def listed(order: SampleOrder, number: int) -> list[int]:
    return [int(index) for index in order.of_pass(number)]


def batches_of(
    order: SampleOrder,
    *,
    batch_size: int,
    world_size: int = 1,
    samples_taken: int = 0,
    drop_last: bool = False,
) -> list[list[list[int]]]:
    """Give the batches of pass 2, by rank."""
    by_rank: list[list[list[int]]] = []
    for rank in range(world_size):
        batches = BatchOrder(
            order, batch_size=batch_size, rank=rank, world_size=world_size, drop_last=drop_last
        )
        batches.set_position(pass_number=2, samples_taken=samples_taken)
        by_rank.append(list(batches))
    return by_rank


def in_steps(by_rank: list[list[list[int]]]) -> list[int]:
    """Give the samples of all ranks, as they are taken: step for step, rank by rank."""
    return [
        sample
        for of_ranks in zip(*by_rank, strict=True)
        for samples in zip(*of_ranks, strict=True)
        for sample in samples
    ]


# the order of all samples


def test_an_order_depends_on_the_seed_and_on_the_pass() -> None:
    orders = {
        tuple(listed(SampleOrder(50, seed=seed, shuffle=True), number))
        for seed in range(4)
        for number in range(4)
    }
    assert len(orders) == 16


def test_an_order_is_the_same_for_everyone_and_leaves_the_global_state_alone() -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = SampleOrder(50, seed=3, shuffle=True).of_pass(5)
    assert torch.get_rng_state().equal(before)
    torch.manual_seed(2)
    order = SampleOrder(50, seed=3, shuffle=True)
    order.of_pass(4)
    assert order.of_pass(5).equal(first)


def test_an_order_stays_what_it_was_from_version_to_version() -> None:
    assert listed(SampleOrder(8, seed=3, shuffle=True), 1) == [5, 7, 4, 2, 6, 0, 1, 3]


def test_without_shuffling_the_order_is_that_of_the_indices() -> None:
    assert listed(SampleOrder(4, seed=3), 9) == [0, 1, 2, 3]


@given(num_samples=LENGTHS, seed=st.integers(), number=st.integers(0, 10**9))
def test_a_pass_has_each_sample_once(num_samples: int, seed: int, number: int) -> None:
    order = SampleOrder(num_samples, seed=seed, shuffle=True)
    assert sorted(listed(order, number)) == list(range(num_samples))


# who gets which


def test_ranks_take_turns_and_the_last_step_is_shared_out_too() -> None:
    assert batches_of(SampleOrder(8), batch_size=2, world_size=3) == [
        [[0, 3], [6]],
        [[1, 4], [7]],
        [[2, 5], [0]],
    ]


def test_with_drop_last_the_last_step_is_left_out() -> None:
    by_rank = batches_of(SampleOrder(11), batch_size=2, world_size=3, drop_last=True)
    assert by_rank == [[[0, 3]], [[1, 4]], [[2, 5]]]


def test_fewer_samples_than_ranks_are_given_to_several() -> None:
    assert batches_of(SampleOrder(2), batch_size=3, world_size=5) == [
        [[0]],
        [[1]],
        [[0]],
        [[1]],
        [[0]],
    ]


@given(num_samples=LENGTHS, batch_size=SIZES, world_size=SIZES)
def test_ranks_share_a_pass_out_without_loss(
    num_samples: int, batch_size: int, world_size: int
) -> None:
    order = SampleOrder(num_samples, seed=1, shuffle=True)
    by_rank = batches_of(order, batch_size=batch_size, world_size=world_size)
    assert len({tuple(map(len, batches)) for batches in by_rank}) == 1
    samples = in_steps(by_rank)
    assert samples[:num_samples] == listed(order, 2)
    assert len(samples) - num_samples < world_size


@given(num_samples=LENGTHS, batch_size=SIZES, world_size=SIZES)
def test_repeats_are_told(num_samples: int, batch_size: int, world_size: int) -> None:
    order = SampleOrder(num_samples, seed=1, shuffle=True)
    by_rank = batches_of(order, batch_size=batch_size, world_size=world_size)
    kept: list[int] = []
    for rank, batches in enumerate(by_rank):
        batch_order = BatchOrder(order, batch_size=batch_size, rank=rank, world_size=world_size)
        for place, batch in enumerate(batches):
            num_repeats = batch_order.num_repeats(place)
            assert num_repeats == 0 or place == len(batches) - 1
            kept += batch[: len(batch) - num_repeats]
    assert Counter(kept) == Counter(range(num_samples))


@given(num_samples=LENGTHS, batch_size=SIZES, world_size=SIZES)
def test_with_drop_last_each_batch_is_full_and_no_sample_comes_twice(
    num_samples: int, batch_size: int, world_size: int
) -> None:
    order = SampleOrder(num_samples, seed=1, shuffle=True)
    by_rank = batches_of(order, batch_size=batch_size, world_size=world_size, drop_last=True)
    assert {len(batch) for batches in by_rank for batch in batches} <= {batch_size}
    samples = in_steps(by_rank)
    assert samples == listed(order, 2)[: len(samples)]
    assert num_samples - len(samples) < batch_size * world_size


@given(
    num_samples=LENGTHS,
    before=st.tuples(SIZES, SIZES),
    after=st.tuples(SIZES, SIZES),
    data=st.data(),
)
def test_what_is_left_does_not_depend_on_who_took_the_rest(
    num_samples: int, before: tuple[int, int], after: tuple[int, int], data: st.DataObject
) -> None:
    order = SampleOrder(num_samples, seed=1, shuffle=True)
    first = BatchOrder(order, batch_size=before[0], world_size=before[1])
    num_steps = data.draw(st.integers(0, len(first)))
    taken = min(num_samples, num_steps * first.step_size)
    left = in_steps(
        batches_of(order, batch_size=after[0], world_size=after[1], samples_taken=taken)
    )
    assert left[: num_samples - taken] == listed(order, 2)[taken:]


@given(num_samples=LENGTHS, batch_size=SIZES, world_size=SIZES, taken=LENGTHS)
def test_the_number_of_batches_is_told(
    num_samples: int, batch_size: int, world_size: int, taken: int
) -> None:
    for drop_last in (False, True):
        order = BatchOrder(
            SampleOrder(num_samples),
            batch_size=batch_size,
            world_size=world_size,
            drop_last=drop_last,
        )
        assert len(list(order)) == len(order)
        order.set_position(pass_number=0, samples_taken=taken)
        assert len(list(order)) == order.num_batches(samples_taken=taken)


# a batch sampler


def test_where_it_begins_is_bound_when_iter_is_called() -> None:
    order = BatchOrder(SampleOrder(4), batch_size=2)
    order.set_position(pass_number=0, samples_taken=2)
    batches = iter(order)
    order.set_position(pass_number=1, samples_taken=0)
    assert list(batches) == [[2, 3]]


def test_it_is_a_batch_sampler_for_loaders_of_torch() -> None:
    order = BatchOrder(SampleOrder(3), batch_size=2)
    batches: list[torch.Tensor] = list(DataLoader(untyped([5, 6, 7]), batch_sampler=order))
    assert [batch.tolist() for batch in batches] == [[5, 6], [7]]


# bad input


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "BatchOrder: batch_size must be at least 1, got 0"),
        ({"world_size": 0}, "BatchOrder: world_size must be at least 1, got 0"),
        ({"rank": -1}, "BatchOrder: rank must be at least 0, got -1"),
        ({"rank": 2, "world_size": 2}, "BatchOrder: rank must be below world_size=2, got 2"),
    ],
)
def test_numbers_out_of_range_are_refused(options: dict[str, int], message: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        BatchOrder(SampleOrder(3), **untyped({"batch_size": 1, **options}))
    assert str(caught.value) == message


def test_a_number_of_samples_below_zero_is_refused() -> None:
    with pytest.raises(ArgumentError, match="SampleOrder: num_samples must be at least 0, got -1"):
        SampleOrder(-1)


def test_a_seed_that_is_no_whole_number_is_refused() -> None:
    with pytest.raises(ArgumentTypeError, match="SampleOrder: seed must be a whole number"):
        SampleOrder(1, seed=untyped(0.5))


def test_positions_below_zero_are_refused() -> None:
    order = BatchOrder(SampleOrder(3), batch_size=1)
    with pytest.raises(ArgumentError, match="samples_taken must be at least 0, got -1"):
        order.set_position(pass_number=0, samples_taken=-1)
    with pytest.raises(ArgumentError, match="pass_number must be at least 0, got -1"):
        order.set_position(pass_number=-1)
    with pytest.raises(ArgumentError, match=r"SampleOrder\.of_pass: number must be at least 0"):
        SampleOrder(2).of_pass(-1)
