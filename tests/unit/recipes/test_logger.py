"""A logger writes on rank 0 alone, once, to the terminal and to a file."""

import io
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from torch import distributed

from firesteel.errors import ArgumentError
from firesteel.recipes import setup_logger
from firesteel.testing import RankPool

NAME = "firesteel.tests.logger"


@pytest.fixture(autouse=True)
def _taken_down() -> Iterator[None]:
    yield
    setup_logger(NAME, reset=True)
    logging.getLogger(NAME).handlers.clear()


def test_it_writes_to_the_stream_and_to_the_file(tmp_path: Path) -> None:
    stream, file = io.StringIO(), tmp_path / "new" / "log.txt"
    logger = setup_logger(NAME, stream=stream, filepath=file, format="%(levelname)s %(message)s")
    logger.info("begun with ä")
    logger.debug("not said")
    assert stream.getvalue() == "INFO begun with ä\n"
    assert file.read_text(encoding="utf-8") == stream.getvalue()
    assert not logger.propagate


def test_a_second_call_changes_nothing_unless_it_is_to() -> None:
    first, second = io.StringIO(), io.StringIO()
    logger = setup_logger(NAME, stream=first)
    assert setup_logger(NAME, stream=second, level=logging.DEBUG) is logger
    logger.debug("not said")
    logger.info("once")
    assert (first.getvalue().count("once"), second.getvalue()) == (1, "")
    setup_logger(NAME, stream=second, level=logging.DEBUG, reset=True)
    logger.debug("said")
    assert "said" in second.getvalue()
    assert "said" not in first.getvalue().replace("not said", "")


def test_other_ranks_are_silent(tmp_path: Path) -> None:
    stream, file = io.StringIO(), tmp_path / "log.txt"
    setup_logger(NAME, stream=stream, filepath=file, distributed_rank=1).error("lost")
    assert stream.getvalue() == ""
    assert not file.exists()
    with pytest.raises(ArgumentError, match="setup_logger: distributed_rank must be at least 0"):
        setup_logger(NAME, distributed_rank=-1)


def said_here() -> tuple[int, str]:
    stream = io.StringIO()
    setup_logger(NAME, stream=stream, format="%(message)s", reset=True).warning("here")
    return distributed.get_rank(), stream.getvalue()


@pytest.mark.distributed
def test_the_rank_is_that_of_the_process_group(two_ranks: RankPool) -> None:
    assert two_ranks.run(said_here) == [(0, "here\n"), (1, "")]
