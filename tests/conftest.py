"""What tests of several folders share."""

import gc
from collections.abc import Iterator

import pytest

from firesteel.testing import RankPool


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
