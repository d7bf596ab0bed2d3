"""What schedulers of an optimizer write to: one parameter of one or of all groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import SupportsIndex, final

from torch import Tensor
from torch.optim import Optimizer

from firesteel._require import at_least, is_a, mismatch
from firesteel.errors import ArgumentError

__all__ = ["Target", "targets_of", "write"]


@final
@dataclass(frozen=True, slots=True)
class Target:
    """A parameter of a group of an optimizer, as its learning rate.

    Attributes:
        optimizer: The optimizer.
        param_name: The name of the parameter in the optimizer's groups.
        group_index: Which group.
    """

    optimizer: Optimizer
    param_name: str
    group_index: int

    @property
    def label(self) -> str:
        """What it is called in plots and messages."""
        if len(self.optimizer.param_groups) == 1:
            return self.param_name
        return f"{self.param_name} of group {self.group_index}"


def targets_of(
    where: str,
    optimizer: Optimizer,
    param_name: str,
    param_group_index: SupportsIndex | None,
) -> tuple[Target, ...]:
    """Find what is to be written to, and check that it is there.

    Raises:
        ArgumentTypeError: ``optimizer`` or ``param_name`` is of another kind, or the index is no
            whole number.
        ArgumentError: There is no such group, or it has no number of this name.
    """
    is_a(where, "optimizer", optimizer, Optimizer, "an optimizer of torch")
    is_a(where, "param_name", param_name, str, "a string")
    groups = optimizer.param_groups
    chosen: Sequence[int] = range(len(groups))
    if param_group_index is not None:
        index = at_least(where, "param_group_index", param_group_index, 0)
        if index >= len(groups):
            condition = f"below {len(groups)}, the number of the optimizer's groups"
            raise ArgumentError(mismatch(where, "param_group_index", condition, index))
        chosen = [index]
    for index in chosen:
        names = [name for name, value in groups[index].items() if _is_number(value)]
        if param_name not in names:
            condition = f"one of the numbers in group {index}: {', '.join(map(repr, names))}"
            raise ArgumentError(mismatch(where, "param_name", condition, param_name))
    return tuple(Target(optimizer, param_name, index) for index in chosen)


def write(group: dict[str, object], param_name: str, value: float) -> None:
    """Write a value to a group, into the tensor where there is one, without waiting for it."""
    held = group[param_name]
    if isinstance(held, Tensor):
        held.fill_(value)
    else:
        group[param_name] = value


def _is_number(value: object) -> bool:
    if isinstance(value, Tensor):
        return value.numel() == 1 and value.is_floating_point()
    return not isinstance(value, bool) and isinstance(value, Real)
