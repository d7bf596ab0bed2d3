"""What one rank does, and what all ranks know of it."""

from collections.abc import Callable
from importlib import import_module

from torch import distributed
from typing_extensions import TypeVar

from firesteel.distributed import get_rank, get_world_size
from firesteel.errors import ArgumentError, FiresteelError

__all__ = ["from_all_ranks", "on_one_rank"]

ResultT = TypeVar("ResultT")


def on_one_rank(where: str, function: Callable[[], ResultT], *, rank: int) -> ResultT:
    """Call a function on one rank, and give what it returned on all of them.

    One broadcast, in the default group; nothing is sent where there is one process. All ranks have
    to come here. What the function raises is raised on its rank, and as an error that quotes it on
    the others, so that none of them waits for a rank that has left.

    Args:
        where: Who calls, for errors.
        function: The function.
        rank: Where it is called.

    Raises:
        ArgumentError: There is no such rank.
        FiresteelError: It failed on the other rank.
    """
    if rank >= get_world_size():
        raise ArgumentError(
            f"{where}: save_on_rank must be below the number of ranks, {get_world_size()}, "
            f"got {rank}"
        )
    if get_world_size() == 1:
        return function()
    if get_rank() != rank:
        answers: list[tuple[list[ResultT], str]] = [([], "")]
        distributed.broadcast_object_list(answers, src=rank)
        results, error_text = answers[0]
        if not results:
            raise FiresteelError(f"{where}: rank {rank} failed with {error_text}")
        return results[0]
    try:
        result = function()
    except BaseException as error:
        distributed.broadcast_object_list([([], f"{type(error).__name__}: {error}")], src=rank)
        raise
    distributed.broadcast_object_list([([result], "")], src=rank)
    return result


def from_all_ranks(value: ResultT) -> list[ResultT]:
    """Give what each rank has, in the order of ranks, on all of them; one gathering.

    Args:
        value: What this rank has; it is pickled.
    """
    if get_world_size() == 1:
        return [value]
    gather: Callable[[list[ResultT], ResultT], object] = import_module(
        "torch.distributed"
    ).all_gather_object  # which torch annotates in part
    values = [value] * get_world_size()
    gather(values, value)
    return values
