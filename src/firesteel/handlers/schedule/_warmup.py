"""A warm-up in front of any scheduler of an optimizer."""

from typing import SupportsIndex

from torch.optim.lr_scheduler import LRScheduler as TorchScheduler

from firesteel._require import at_least, is_a, real_number

from ._concat import ConcatScheduler, ParamGroupScheduler
from ._param import OptimizerScheduler, PiecewiseLinear
from ._torch import LRScheduler, refuse_scored

__all__ = ["create_lr_scheduler_with_warmup"]


def create_lr_scheduler_with_warmup(
    lr_scheduler: TorchScheduler | OptimizerScheduler,
    *,
    warmup_start_value: float,
    warmup_duration: SupportsIndex,
    warmup_end_value: float | None = None,
    save_history: bool = False,
) -> ConcatScheduler:
    """Put a linear warm-up in front of a scheduler.

    The warm-up is ``warmup_duration`` values on a line, its two ends among them. Where in every
    group the last of them is the first value of the scheduler, it comes once.

    Args:
        lr_scheduler: The scheduler: one of torch's, or of an optimizer.
        warmup_start_value: The value at index 0, finite.
        warmup_duration: Values of the warm-up, ``>= 2``.
        warmup_end_value: The last value of the warm-up, finite; in each group the first value of
            the scheduler if not given.
        save_history: Whether to keep the values that were set.

    Returns:
        The scheduler to be attached, instead of the one that was given.

    Raises:
        ArgumentError: A number is out of its range, or the scheduler needs a score.
        ArgumentTypeError: An argument is of another kind.

    Source:
        ignite's function of this name, with the exceptions in the guide.

    Example:
        >>> import torch
        >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
        >>> halving = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
        >>> scheduler = create_lr_scheduler_with_warmup(
        ...     halving, warmup_start_value=0.0, warmup_duration=3
        ... )
        >>> scheduler.simulate_values(5)
        [[0.0], [0.5], [1.0], [0.5], [0.25]]
    """
    where = "create_lr_scheduler_with_warmup"
    condition = "a scheduler of torch, or of an optimizer"
    is_a(where, "lr_scheduler", lr_scheduler, TorchScheduler | OptimizerScheduler, condition)
    start_value = real_number(where, "warmup_start_value", warmup_start_value)
    duration = at_least(where, "warmup_duration", warmup_duration, 2)
    if warmup_end_value is not None:
        real_number(where, "warmup_end_value", warmup_end_value)
    if isinstance(lr_scheduler, OptimizerScheduler):
        after = lr_scheduler
    else:
        refuse_scored(where, lr_scheduler)
        after = LRScheduler(lr_scheduler)
    (first_values,) = after.simulate_values(1)
    end_values = [one if warmup_end_value is None else warmup_end_value for one in first_values]
    before = ParamGroupScheduler(
        [
            PiecewiseLinear(
                target.optimizer,
                target.param_name,
                milestones_values=[(0, start_value), (duration - 1, end_value)],
                param_group_index=target.group_index,
            )
            for target, end_value in zip(after.targets, end_values, strict=True)
        ]
    )
    num_before = duration - 1 if end_values == first_values else duration
    return ConcatScheduler([before, after], durations=[num_before], save_history=save_history)
