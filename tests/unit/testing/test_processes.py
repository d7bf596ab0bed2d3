"""A pool of real processes: answers in order, errors with their rank, and a new start after one."""

import os
import time
from collections.abc import Iterator

import pytest
import torch
from torch import distributed

from firesteel.errors import ArgumentError, FiresteelError
from firesteel.testing import RankPool

pytestmark = pytest.mark.distributed


@pytest.fixture(scope="module")
def pool() -> Iterator[RankPool]:
    with RankPool(2, timeout_s=20.0) as pool:
        yield pool


def summed(value: float, *, factor: float) -> float:
    tensor = torch.tensor(value * factor * (1 + distributed.get_rank()))
    distributed.all_reduce(tensor)
    return float(tensor)


def own_rank() -> tuple[int, int]:
    return distributed.get_rank(), distributed.get_world_size()


def nothing() -> None:
    pass


def failing_on_one() -> None:
    if distributed.get_rank() == 1:
        raise LookupError("not here")


def ending_on_one() -> None:
    if distributed.get_rank() == 1:
        os._exit(7)


def late_on_one() -> None:
    time.sleep(30.0 * distributed.get_rank())


def test_answers_come_in_the_order_of_ranks(pool: RankPool) -> None:
    assert pool.run(own_rank) == [(0, 2), (1, 2)]


def test_ranks_talk_to_one_another(pool: RankPool) -> None:
    assert pool.run(summed, 2.0, factor=0.5) == [3.0, 3.0]


def test_none_is_an_answer(pool: RankPool) -> None:
    assert pool.run(nothing) == [None, None]


def test_an_error_names_its_rank_and_the_pool_starts_anew(pool: RankPool) -> None:
    with pytest.raises(FiresteelError, match=r"RankPool\.run: rank 1 of 2: ") as caught:
        pool.run(failing_on_one)
    assert "LookupError: not here" in str(caught.value)
    assert "rank 0" not in str(caught.value)
    assert pool.run(summed, 1.0, factor=1.0) == [3.0, 3.0]


def test_a_rank_that_dies_is_an_error(pool: RankPool) -> None:
    with pytest.raises(FiresteelError, match="rank 1 of 2: the process ended, with code 7"):
        pool.run(ending_on_one)


@pytest.mark.slow
def test_a_rank_that_does_not_answer_is_an_error() -> None:
    pool = RankPool(2, timeout_s=5.0)
    with pool, pytest.raises(FiresteelError, match=r"rank 1 of 2: no answer within 5\.0 s"):
        pool.run(late_on_one)


def test_there_is_at_least_one_process() -> None:
    with pytest.raises(ArgumentError, match="RankPool: world_size must be at least 1, got 0"):
        RankPool(0)
