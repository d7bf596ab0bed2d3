"""Real processes with a process group, kept for many tests: starting them takes seconds."""

import multiprocessing
import pickle
import traceback
from collections.abc import Callable
from datetime import timedelta
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Generic, Self, final

import torch
from torch import distributed
from typing_extensions import ParamSpec, TypeVar

from firesteel._require import at_least
from firesteel.errors import FiresteelError

__all__ = ["RankPool"]

P = ParamSpec("P")
ResultT = TypeVar("ResultT")

_GOODBYE: Final = 10.0
"""Seconds that a process is given to end."""


@final
class Answer(Generic[ResultT]):
    """What a rank gave back, or the text of what it raised."""

    def __init__(self, results: list[ResultT], error: str) -> None:
        self.results = results
        self.error = error


@final
class RankPool:
    """So many processes on this machine, with a gloo group, that run functions together.

    Made to be kept: a fixture for a whole session, or a ``with`` block. Each process has its rank
    in the default group of ``torch.distributed``, and one thread.

    Args:
        world_size: How many processes, ``>= 1``.
        timeout_s: Seconds after which a rank that does not answer, or a collective that does not
            end, is an error.

    Raises:
        ArgumentError: ``world_size`` is below 1.

    Example:
        >>> from torch import distributed
        >>> from firesteel.testing import RankPool
        >>> with RankPool(2) as pool:
        ...     pool.run(distributed.get_rank)
        [0, 1]
    """

    def __init__(self, world_size: int, *, timeout_s: float = 60.0) -> None:
        self._world_size = at_least("RankPool", "world_size", world_size, 1)
        self._timeout_s = timeout_s
        self._folder = TemporaryDirectory()
        self._pipes: list[Connection] = []
        self._processes: list[BaseProcess] = []

    def run(
        self, function: Callable[P, ResultT], *args: P.args, **kwargs: P.kwargs
    ) -> list[ResultT]:
        """Call a function on every rank.

        Args:
            function: One that other processes can import: of a module, not of another function.
            args: Its arguments, the same on each rank.
            kwargs: The same, by name.

        Returns:
            What it returned, in the order of ranks.

        Raises:
            FiresteelError: A rank raised, or did not answer in time; the text has its traceback.
                The processes are ended, and started anew by the next call.
        """
        if not self._processes:
            self._start()
        work = pickle.dumps((function, args, kwargs))
        for pipe in self._pipes:
            pipe.send_bytes(work)
        answers: list[Answer[ResultT]] = []
        for rank, pipe in enumerate(self._pipes):
            answers.append(pickle.loads(self._answer(rank, pipe)))  # noqa: S301  # of our own
        errors = [
            f"rank {rank} of {self._world_size}: {answer.error}"
            for rank, answer in enumerate(answers)
            if answer.error
        ]
        if errors:
            self._stop()
            raise FiresteelError("RankPool.run: " + "\n".join(errors))
        return [result for answer in answers for result in answer.results]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        for pipe in self._pipes:
            pipe.send_bytes(b"")
        for process in self._processes:
            process.join(_GOODBYE)
        self._stop()
        self._folder.cleanup()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        store = Path(self._folder.name) / f"store {len(list(Path(self._folder.name).iterdir()))}"
        for rank in range(self._world_size):
            ours, theirs = context.Pipe()
            process = context.Process(
                target=_serve,
                args=(theirs, str(store), rank, self._world_size, self._timeout_s),
                daemon=True,
            )
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)

    def _stop(self) -> None:
        for process in self._processes:
            process.kill()
            process.join()
            process.close()
        for pipe in self._pipes:
            pipe.close()
        self._processes, self._pipes = [], []

    def _answer(self, rank: int, pipe: Connection) -> bytes:
        error = f"no answer within {self._timeout_s} s"
        try:
            if pipe.poll(self._timeout_s):
                return pipe.recv_bytes()
        except EOFError:
            self._processes[rank].join(_GOODBYE)
            error = f"the process ended, with code {self._processes[rank].exitcode}"
        return pickle.dumps(Answer[object]([], error))


def _serve(pipe: Connection, store: str, rank: int, world_size: int, timeout_s: float) -> None:
    """Run what comes through a pipe, until nothing comes."""
    torch.set_num_threads(1)
    distributed.init_process_group(
        "gloo",
        init_method=f"file://{store}",
        rank=rank,
        world_size=world_size,
        timeout=timedelta(seconds=timeout_s),
    )
    while work := pipe.recv_bytes():
        answer: Answer[object] = Answer([], "")
        try:
            function, args, kwargs = pickle.loads(work)  # noqa: S301  # of our own
            answer.results.append(function(*args, **kwargs))
        except BaseException:  # noqa: BLE001  # told to the caller
            answer.error = traceback.format_exc()
        pipe.send_bytes(pickle.dumps(answer))
    distributed.destroy_process_group()
