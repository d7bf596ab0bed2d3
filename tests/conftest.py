"""What tests of several folders share."""

import gc
from collections.abc import Iterator

import pytest
from hypothesis import settings

from firesteel.testing import RankPool

# the same examples in each run: what passes once passes on every machine
settings.register_profile("suite", derandomize=True, deadline=None, database=None)
settings.load_profile("suite")


@pytest.fixture(scope="session")
def two_ranks() -> Iterator[RankPool]:
    with RankPool(2) as pool:
        yield pool


@pytest.fixture(scope="session")
def three_ranks() -> Iterator[RankPool]:
    with RankPool(3) as pool:
        yield pool


@pytest.fixture
def small_heap() -> Iterator[None]:
    """Have the collector look at what is made from here on, and not at all that tests imported."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Have nothing be freed but what nobody refers to any more."""
    gc.disable()
    yield
    gc.enable()
