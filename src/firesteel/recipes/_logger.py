"""A logger that writes on one rank, to the terminal and to a file."""

import logging
import os
import sys
from pathlib import Path
from typing import Final, TextIO

from firesteel._require import at_least
from firesteel.distributed import get_rank

__all__ = ["setup_logger"]

_OURS: Final = "firesteel.setup_logger"
_FORMAT: Final = "%(asctime)s %(name)s %(levelname)s: %(message)s"


def setup_logger(
    name: str | None = "firesteel",
    *,
    level: int = logging.INFO,
    stream: TextIO | None = None,
    format: str = _FORMAT,  # noqa: A002  # the name that ignite and logging have for it
    filepath: str | os.PathLike[str] | None = None,
    distributed_rank: int | None = None,
    reset: bool = False,
    encoding: str = "utf-8",
) -> logging.Logger:
    """Give a logger that writes where this is rank 0, and is silent on other ranks.

    ``trainer.logger = setup_logger("trainer")`` has an engine speak through it. A logger that was
    set up here before is given as it is.

    Args:
        name: The logger's name; ``None`` for the root logger.
        level: What is below it is not written.
        stream: Where to write; ``sys.stderr`` if not given.
        format: How a record is written, as :class:`logging.Formatter` takes it.
        filepath: A file to write to besides; it is appended to, and its folder made.
        distributed_rank: The rank of this process; that of the process group, or 0, if not given.
        reset: Whether handlers of an earlier call, or of whoever, are taken out and closed first.
        encoding: How the file is encoded.

    Returns:
        The logger. It does not pass records on to loggers above it.

    Raises:
        ArgumentError: The rank is below 0.
        OSError: The file cannot be written to.

    Example:
        >>> import sys
        >>> logger = setup_logger("example", stream=sys.stdout, format="%(name)s: %(message)s")
        >>> logger.info("begun")
        example: begun
        >>> setup_logger("example") is logger, len(logger.handlers)
        (True, 1)
    """
    if distributed_rank is None:
        distributed_rank = get_rank()
    at_least("setup_logger", "distributed_rank", distributed_rank, 0)
    logger = logging.getLogger(name)
    if reset:
        for handler in list(logger.handlers):
            logger.removeHandler(handler)
            handler.close()
    elif any(handler.get_name() == _OURS for handler in logger.handlers):
        return logger
    logger.propagate = name is None
    logger.setLevel(level)
    handlers: list[logging.Handler] = []
    if distributed_rank:
        handlers.append(logging.NullHandler())
    else:
        if filepath is not None:
            Path(filepath).parent.mkdir(parents=True, exist_ok=True)
            handlers.append(logging.FileHandler(filepath, encoding=encoding))
        handlers.append(logging.StreamHandler(sys.stderr if stream is None else stream))
    for handler in handlers:
        handler.set_name(_OURS)
        handler.setFormatter(logging.Formatter(format))
        logger.addHandler(handler)
    return logger
