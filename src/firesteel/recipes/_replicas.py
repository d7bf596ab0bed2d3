"""What a step asks of the ranks among which DistributedDataParallel averages gradients."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol, final

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

__all__ = ["Replicas", "replicas_of"]


class Collectives(Protocol):
    """The part of ``torch.distributed`` that is used here, with types."""

    def all_reduce(
        self,
        tensor: Tensor,
        op: "distributed.ReduceOp.RedOpType",
        group: "distributed.ProcessGroup | None",
    ) -> object: ...


class Wrapper(Protocol):
    """The part of ``DistributedDataParallel`` that is used here, with types."""

    @property
    def process_group(self) -> "distributed.ProcessGroup | None": ...
    def no_sync(self) -> AbstractContextManager[None]: ...


@final
class Replicas:
    """The ranks that each train a replica of one model.

    Args:
        model: The model, wrapped.
    """

    __slots__ = ("_collectives", "_model")

    def __init__(self, model: DistributedDataParallel) -> None:
        self._model: Wrapper = model
        self._collectives: Collectives = distributed

    @property
    def size(self) -> int:
        """How many ranks there are."""
        return distributed.get_world_size(self._model.process_group)

    def no_sync(self) -> AbstractContextManager[None]:
        """Keep gradients to this rank, for what is computed forward and backward in the context."""
        return self._model.no_sync()

    def sum(self, tensor: Tensor) -> None:
        """Put the sum over all ranks in the tensor's place."""
        self._collectives.all_reduce(tensor, distributed.ReduceOp.SUM, self._model.process_group)

    def sum_gradients(self, parameters: Sequence[Tensor]) -> None:
        """Add up the gradients of all ranks, for a window whose last batch could not be foreseen.

        A parameter without a gradient on any rank stays without one.

        Args:
            parameters: The same ones on each rank.
        """
        if not parameters:
            return
        has_gradient = torch.tensor(
            [parameter.grad is not None for parameter in parameters],
            dtype=torch.int32,
            device=parameters[0].device,
        )
        self.sum(has_gradient)
        for parameter, num_ranks in zip(parameters, has_gradient.cpu(), strict=True):
            if num_ranks > 0:
                if parameter.grad is None:
                    parameter.grad = torch.zeros_like(parameter)
                self.sum(parameter.grad)


def replicas_of(model: nn.Module) -> Replicas | None:
    """Give the ranks of a model that is wrapped, ``None`` for any other model."""
    return Replicas(model) if isinstance(model, DistributedDataParallel) else None
