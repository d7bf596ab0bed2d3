"""What metrics ask of the other processes: two reductions and a gathering."""

from typing import Protocol, final

import torch
from torch import Tensor, distributed
from typing_extensions import override

__all__ = ["ProcessGroup", "Ranks", "ranks"]


class Ranks(Protocol):
    """The processes that run one evaluation together."""

    @property
    def size(self) -> int:
        """How many there are."""
        ...

    @property
    def device(self) -> torch.device:
        """Where tensors have to be to be sent."""
        ...

    @property
    def group(self) -> object:
        """What is another object after the processes have met anew."""
        ...

    def sum(self, tensor: Tensor) -> None:
        """Put the sum over all ranks in the tensor's place."""

    def max(self, tensor: Tensor) -> None:
        """Put the maximum over all ranks in the tensor's place."""

    def gather(self, tensor: Tensor) -> list[Tensor]:
        """Give the tensors of all ranks, in the order of ranks; all have one shape."""
        ...


class Collectives(Protocol):
    """The part of ``torch.distributed`` that is used here, with types."""

    def all_reduce(self, tensor: Tensor, op: distributed.ReduceOp.RedOpType) -> object: ...
    def all_gather(self, tensor_list: list[Tensor], tensor: Tensor) -> object: ...


@final
class ProcessGroup(Ranks):
    """The default group of ``torch.distributed``."""

    def __init__(self) -> None:
        self._collectives: Collectives = distributed

    @property
    @override
    def size(self) -> int:
        return distributed.get_world_size()

    @property
    @override
    def device(self) -> torch.device:
        if distributed.get_backend() == "nccl":
            return torch.device("cuda", torch.cuda.current_device())
        return torch.device("cpu")

    @property
    @override
    def group(self) -> object:
        return distributed.group.WORLD

    @override
    def sum(self, tensor: Tensor) -> None:
        self._collectives.all_reduce(tensor, distributed.ReduceOp.SUM)

    @override
    def max(self, tensor: Tensor) -> None:
        self._collectives.all_reduce(tensor, distributed.ReduceOp.MAX)

    @override
    def gather(self, tensor: Tensor) -> list[Tensor]:
        gathered = [torch.empty_like(tensor) for _ in range(self.size)]
        self._collectives.all_gather(gathered, tensor)
        return gathered


def ranks() -> Ranks | None:
    """Give the other processes, or ``None`` where there is one process alone."""
    if distributed.is_available() and distributed.is_initialized():
        group = ProcessGroup()
        return group if group.size > 1 else None
    return None
