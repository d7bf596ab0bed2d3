"""torch's own schedulers, stepped at an engine's events."""

import copy
import warnings
from collections.abc import Callable, Mapping
from typing import Final, Protocol, SupportsIndex, final

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler as TorchScheduler
from torch.optim.lr_scheduler import ReduceLROnPlateau
from typing_extensions import TypeIs, override

from firesteel._require import at_least, is_a, mismatch
from firesteel.errors import ArgumentError, EngineStateError, StateDictError

from ._param import OptimizerScheduler
from ._scheduler import whole
from ._targets import targets_of, write

__all__ = ["LRScheduler", "refuse_scored"]


_PARAMETERS: Final = ("params", "param_names")
"""Entries of a group that are as many as its parameters."""


class Steps(Protocol):
    """What is used of torch's schedulers; their own methods are not annotated throughout."""

    def step(self) -> object: ...

    def get_last_lr(self) -> list[float | Tensor]: ...

    def state_dict(self) -> dict[str, object]: ...

    def load_state_dict(self, state_dict: dict[str, object], /) -> object: ...


@final
class LRScheduler(OptimizerScheduler):
    """Steps a scheduler of torch, so that the first event has the optimizer's own learning rate.

    At the event of index 0 the learning rate is the one with which torch's scheduler begins; at
    each later one the scheduler is stepped before. So with ``ITERATION_STARTED`` the first
    iteration uses the initial learning rate, and each step follows the optimizer's, as torch asks
    for. Since torch's scheduler is stepped, and not asked for its formula, each of them gives the
    values that torch gives, chained and sequential ones too, and sets what else it sets, as the
    momentum.

    torch's schedulers only go forward.

    Args:
        lr_scheduler: The scheduler, at its beginning. It is to be stepped by nobody else. Make it
            before the optimizer's state is loaded: torch's schedulers set the learning rate when
            they are made.
        save_history: Whether to keep the values that were set. Where learning rates are tensors on
            a device, each of them is then read.

    Raises:
        ArgumentError: It is a ``ReduceLROnPlateau``, which needs a score.
        ArgumentTypeError: It is no scheduler of torch.

    Example:
        >>> import torch
        >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
        >>> halving = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
        >>> LRScheduler(halving).simulate_values(3)
        [[1.0], [0.5], [0.25]]
    """

    def __init__(self, lr_scheduler: TorchScheduler, *, save_history: bool = False) -> None:
        is_a("LRScheduler", "lr_scheduler", lr_scheduler, TorchScheduler, "a scheduler of torch")
        refuse_scored("LRScheduler", lr_scheduler)
        optimizer = lr_scheduler.optimizer
        super().__init__(
            targets_of("LRScheduler", optimizer, "lr", None), save_history=save_history
        )
        self._steps: Steps = lr_scheduler
        self._optimizer = optimizer
        self._num_steps = 0
        self._is_first_step = True
        self._beginning = copy.deepcopy(self._steps.state_dict())
        self._groups = [
            {name: copy.deepcopy(value) for name, value in group.items() if name not in _PARAMETERS}
            for group in optimizer.param_groups
        ]

    @override
    def set_values(self, *, index: int) -> None:
        """Step torch's scheduler as often as the index says.

        Args:
            index: Which event, not before the one that was set last.

        Raises:
            EngineStateError: The scheduler is further on.
        """
        if index < self._num_steps:
            raise EngineStateError(
                f"LRScheduler: the index must be at least {self._num_steps}, as torch only "
                f"goes forward, got {index}; load a state to go back"
            )
        if index == 0:
            for group, value in zip(
                self._optimizer.param_groups, self._steps.get_last_lr(), strict=True
            ):
                if isinstance(value, Tensor):
                    _write_tensor(group, value)
                else:
                    write(group, "lr", value)
        while self._num_steps < index:
            self._step()
            self._num_steps += 1

    @override
    def applied(self, *, index: int) -> list[float]:
        """Give the learning rate of each group.

        Args:
            index: The index that was set last.
        """
        return [float(value) for value in self._steps.get_last_lr()]

    @override
    def simulate_values(self, num_events: SupportsIndex) -> list[list[float]]:
        """Give what is set at the first events of a run, with a copy of torch's scheduler.

        Args:
            num_events: How many, ``>= 0``.

        Returns:
            A row for each event, with the learning rate of each group.

        Raises:
            ArgumentError: ``num_events`` is below 0.
            ArgumentTypeError: ``num_events`` is no whole number.
        """
        num = at_least("LRScheduler.simulate_values", "num_events", num_events, 0)
        stand_in = self._stand_in()
        copied: Steps = copy.deepcopy(self._steps, {id(self._optimizer): stand_in})
        copied.load_state_dict(copy.deepcopy(self._beginning))
        rows: list[list[float]] = []
        with warnings.catch_warnings():
            # torch warns of the optimizer that is not stepped
            warnings.simplefilter("ignore")
            for index in range(num):
                if index:
                    copied.step()
                rows.append([float(value) for value in copied.get_last_lr()])
        return rows

    @override
    def own_state(self) -> dict[str, object]:
        """Give the state of torch's scheduler, and how often it was stepped."""
        scheduler: dict[str, object] = copy.deepcopy(self._steps.state_dict())
        return {"num_steps": self._num_steps, "scheduler": scheduler}

    @override
    def prepare_own(self, entries: Mapping[str, object]) -> Callable[[], None]:
        """Check that the state is one of such a scheduler of torch.

        Args:
            entries: The entries.
        """
        where = "LRScheduler.load_state_dict"
        num_steps = whole(where, "num_steps", entries["num_steps"])
        scheduler = entries["scheduler"]
        if not _is_dict(scheduler):
            raise StateDictError(mismatch(where, "'scheduler'", "a dictionary", scheduler))
        own, given = set(self._steps.state_dict()), set(scheduler)
        if own != given:
            raise StateDictError(
                f"{where}: 'scheduler' must be the state of a {type(self._steps).__name__}; "
                f"missing are {sorted(own - given)}, unknown are {sorted(given - own)}"
            )
        loaded = copy.deepcopy(scheduler)

        def put() -> None:
            self._steps.load_state_dict(loaded)
            self._num_steps = num_steps
            self._is_first_step = True

        return put

    def _step(self) -> None:
        if not self._is_first_step:
            self._steps.step()
            return
        with warnings.catch_warnings():
            # torch counts the optimizer's steps in this process only: where a run goes on, the
            # scheduler's step comes first, and rightly so
            warnings.filterwarnings("ignore", message="Detected call of `lr_scheduler.step")
            self._steps.step()
        self._is_first_step = False

    def _stand_in(self) -> Optimizer:
        """Make an optimizer of nothing that has the groups which the real one had."""
        optimizer = torch.optim.SGD(
            [{"params": [torch.zeros(())], **copy.deepcopy(group)} for group in self._groups],
            lr=0.0,
        )
        optimizer.defaults.update(self._optimizer.defaults)
        return optimizer


def refuse_scored(where: str, lr_scheduler: TorchScheduler) -> None:
    """Refuse the scheduler of torch that is stepped with a score.

    Raises:
        ArgumentError: It is one.
    """
    if isinstance(lr_scheduler, ReduceLROnPlateau):
        raise ArgumentError(
            f"{where}: lr_scheduler must be one that needs no score, got a ReduceLROnPlateau; use "
            "ReduceLROnPlateauScheduler"
        )


def _write_tensor(group: dict[str, object], value: Tensor) -> None:
    held = group["lr"]
    if isinstance(held, Tensor):
        held.copy_(value)
    else:
        group["lr"] = value


def _is_dict(value: object) -> TypeIs[dict[str, object]]:
    return isinstance(value, dict)
