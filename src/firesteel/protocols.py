"""Shapes that firesteel asks of a user's own objects."""

# Any: what a state_dict holds is the business of the object that wrote it, and torch's own
# objects declare it so; a narrower type would refuse them (typed-core, shape 8).
from typing import Any, Protocol, runtime_checkable

__all__ = ["Stateful"]


@runtime_checkable
class Stateful(Protocol):
    """Something whose state can be saved and put back.

    Models, optimizers, schedulers and gradient scalers of torch are stateful, and so are engines.

    Example:
        >>> import torch
        >>> isinstance(torch.nn.Linear(2, 1), Stateful)
        True
    """

    def state_dict(self) -> dict[str, Any]:
        """Give the state as a dictionary of tensors, numbers, strings, lists and dictionaries."""
        ...

    def load_state_dict(self, state_dict: dict[str, Any], /) -> object:
        """Put a state back that ``state_dict`` gave.

        Args:
            state_dict: What ``state_dict`` of an object of the same kind gave.
        """
        ...
