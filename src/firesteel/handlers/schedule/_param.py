"""Schedulers of a parameter of an optimizer."""

from abc import abstractmethod
from collections.abc import Callable, Sequence

# Any: setting a parameter of an optimizer asks nothing of the engine.
from typing import Any, SupportsIndex, final

from torch.optim import Optimizer
from typing_extensions import override

from firesteel._require import at_least, is_callable
from firesteel.engine import Engine

from ._cycles import CosineCycleCurve, LinearCycleCurve
from ._pieces import PiecewiseCurve
from ._scheduler import BaseParamScheduler
from ._targets import Target, targets_of, write

__all__ = [
    "CosineAnnealingScheduler",
    "CurveScheduler",
    "LinearCyclicalScheduler",
    "OptimizerScheduler",
    "ParamScheduler",
    "PiecewiseLinear",
]


class OptimizerScheduler(BaseParamScheduler[list[float]]):
    """What sets parameters of an optimizer: the base of what can be concatenated and grouped.

    Args:
        targets: What it sets, one for each group.
        save_history: Whether to keep the values that were set.
    """

    def __init__(self, targets: Sequence[Target], *, save_history: bool = False) -> None:
        super().__init__(save_history=save_history)
        self._targets = tuple(targets)

    @property
    def targets(self) -> tuple[Target, ...]:
        """What it sets, in the order of the values that :meth:`simulate_values` gives."""
        return self._targets

    @abstractmethod
    def set_values(self, *, index: int) -> None:
        """Set the values of an index.

        Args:
            index: Which event, ``>= 0``.
        """

    @final
    @override
    def apply(self, engine: Engine[Any, Any], *, index: int) -> None:
        """Set the values of an index; the engine is not asked.

        Args:
            engine: The engine whose event it is.
            index: Which event, ``>= 0``.
        """
        self.set_values(index=index)

    @final
    @override
    def lines(self, num_events: SupportsIndex) -> Sequence[tuple[str, Sequence[float]]]:
        """Give a line for each target.

        Args:
            num_events: How many events, ``>= 0``.
        """
        rows = self.simulate_values(num_events)
        return [
            (target.label, [row[place] for row in rows])
            for place, target in enumerate(self._targets)
        ]


class ParamScheduler(OptimizerScheduler):
    """Sets one parameter of an optimizer, in one group or in all, to a function of the index.

    Derive from it and fill :meth:`get_param` in, or hand a :class:`Curve` to
    :class:`CurveScheduler`.

    Args:
        optimizer: The optimizer.
        param_name: The name of the parameter in the optimizer's groups, such as ``"lr"``,
            ``"momentum"`` or ``"weight_decay"``: one that is there, and holds a number. A tensor of
            one element is written to in place.
        param_group_index: Which group; all of them, also later ones, if not given.
        save_history: Whether to keep the values that were set.

    Raises:
        ArgumentError: There is no such group, or no such number in it.
        ArgumentTypeError: An argument is of another kind.

    Example:
        >>> import torch
        >>> from firesteel.engine import Engine
        >>> class Halving(ParamScheduler):
        ...     def get_param(self, index: int) -> float:
        ...         return 0.5**index
        >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
        >>> scheduler = Halving(optimizer, "lr")
        >>> trainer = Engine(lambda engine, batch: optimizer.param_groups[0]["lr"])
        >>> handle = scheduler.attach(trainer)
        >>> trainer.run([1, 2, 3]).output
        0.25
    """

    def __init__(
        self,
        optimizer: Optimizer,
        param_name: str,
        *,
        param_group_index: SupportsIndex | None = None,
        save_history: bool = False,
    ) -> None:
        targets = targets_of(type(self).__name__, optimizer, param_name, param_group_index)
        super().__init__(targets, save_history=save_history)
        self._optimizer = optimizer
        self._param_name = param_name
        self._group_index = None if param_group_index is None else targets[0].group_index

    @abstractmethod
    def get_param(self, index: int) -> float:
        """Give the value of an index: a function of it, and of nothing that changes.

        Args:
            index: Which event, ``>= 0``.
        """

    @final
    @override
    def set_values(self, *, index: int) -> None:
        """Write the value of an index to the groups.

        Args:
            index: Which event, ``>= 0``.
        """
        value, param_name, group_index = self.get_param(index), self._param_name, self._group_index
        # asked for each time: loading an optimizer gives it new groups
        groups = self._optimizer.param_groups
        for group in groups if group_index is None else groups[group_index : group_index + 1]:
            write(group, param_name, value)

    @final
    @override
    def applied(self, *, index: int) -> list[float]:
        """Give the value of an index, once for each group.

        Args:
            index: Which event, ``>= 0``.
        """
        return [self.get_param(index)] * len(self._targets)

    @final
    @override
    def simulate_values(self, num_events: SupportsIndex) -> list[list[float]]:
        """Give what is set at the first events of a run.

        Args:
            num_events: How many, ``>= 0``.

        Returns:
            A row for each event, with a value for each group.

        Raises:
            ArgumentError: ``num_events`` is below 0.
            ArgumentTypeError: ``num_events`` is no whole number.
        """
        where = f"{type(self).__name__}.simulate_values"
        num = at_least(where, "num_events", num_events, 0)
        return [self.applied(index=index) for index in range(num)]


@final
class CurveScheduler(ParamScheduler):
    """Sets a parameter of an optimizer to the values of a curve.

    Args:
        optimizer: The optimizer.
        param_name: See :class:`ParamScheduler`.
        curve: Gives the value of an index: a :class:`Curve`, or any function.
        param_group_index: Which group; all of them if not given.
        save_history: Whether to keep the values that were set.

    Raises:
        ArgumentError: There is no such group, or no such number in it.
        ArgumentTypeError: An argument is of another kind.

    Example:
        >>> import torch
        >>> from firesteel.handlers import ExponentialCurve
        >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
        >>> curve = ExponentialCurve(initial_value=1.0, gamma=0.5)
        >>> CurveScheduler(optimizer, "lr", curve=curve).simulate_values(3)
        [[1.0], [0.5], [0.25]]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        param_name: str,
        *,
        curve: Callable[[int], float],
        param_group_index: SupportsIndex | None = None,
        save_history: bool = False,
    ) -> None:
        is_callable("CurveScheduler", "curve", curve)
        super().__init__(
            optimizer, param_name, param_group_index=param_group_index, save_history=save_history
        )
        self._curve = curve

    @override
    def get_param(self, index: int) -> float:
        """Give the value of the curve.

        Args:
            index: Which event, ``>= 0``.
        """
        return float(self._curve(index))


@final
class LinearCyclicalScheduler(ParamScheduler):
    """Sets a parameter of an optimizer to the values of a :class:`LinearCycleCurve`.

    Args:
        optimizer: The optimizer.
        param_name: See :class:`ParamScheduler`.
        start_value: The value at the beginning of a cycle.
        end_value: The value in its middle; at its end where it is monotonic.
        cycle_size: Events of the first cycle, ``>= 2``; the length of an epoch as a rule.
        cycle_mult: How many times as long as the one before a cycle is, ``>= 1``.
        start_value_mult: What ``start_value`` is multiplied with from one cycle to the next.
        end_value_mult: What ``end_value`` is multiplied with from one cycle to the next.
        warmup_duration: Events between two monotonic cycles, ``>= 0``, back to the start.
        monotonic: Whether a cycle has no way back.
        param_group_index: Which group; all of them if not given.
        save_history: Whether to keep the values that were set.

    Raises:
        ArgumentError: A number is out of its range, or there is no such parameter.
        ArgumentTypeError: An argument is of another kind.

    Source:
        ignite's scheduler of this name gives the same values.

    Example:
        >>> import torch
        >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
        >>> scheduler = LinearCyclicalScheduler(
        ...     optimizer, "lr", start_value=1.0, end_value=0.0, cycle_size=4
        ... )
        >>> scheduler.simulate_values(4)
        [[1.0], [0.5], [0.0], [0.5]]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        param_name: str,
        *,
        start_value: float,
        end_value: float,
        cycle_size: int,
        cycle_mult: float = 1.0,
        start_value_mult: float = 1.0,
        end_value_mult: float = 1.0,
        warmup_duration: int = 0,
        monotonic: bool = False,
        param_group_index: SupportsIndex | None = None,
        save_history: bool = False,
    ) -> None:
        super().__init__(
            optimizer, param_name, param_group_index=param_group_index, save_history=save_history
        )
        self._curve = LinearCycleCurve(
            start_value=start_value,
            end_value=end_value,
            cycle_size=cycle_size,
            cycle_mult=cycle_mult,
            start_value_mult=start_value_mult,
            end_value_mult=end_value_mult,
            warmup_duration=warmup_duration,
            monotonic=monotonic,
        )

    @override
    def get_param(self, index: int) -> float:
        """Give the value of the curve.

        Args:
            index: Which event, ``>= 0``.
        """
        return float(self._curve(index))


@final
class CosineAnnealingScheduler(ParamScheduler):
    """Sets a parameter of an optimizer to the values of a :class:`CosineCycleCurve`.

    Args:
        optimizer: The optimizer.
        param_name: See :class:`ParamScheduler`.
        start_value: The value at the beginning of a cycle.
        end_value: The value to which a cycle goes.
        cycle_size: Events of the first cycle, ``>= 2``; the length of an epoch as a rule.
        cycle_mult: How many times as long as the one before a cycle is, ``>= 1``.
        start_value_mult: What ``start_value`` is multiplied with from one cycle to the next.
        end_value_mult: What ``end_value`` is multiplied with from one cycle to the next.
        warmup_duration: Events between two cycles, ``>= 0``, back to the start.
        param_group_index: Which group; all of them if not given.
        save_history: Whether to keep the values that were set.

    Raises:
        ArgumentError: A number is out of its range, or there is no such parameter.
        ArgumentTypeError: An argument is of another kind.

    Source:
        ignite's scheduler of this name gives the same values.

    Example:
        >>> import torch
        >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
        >>> scheduler = CosineAnnealingScheduler(
        ...     optimizer, "lr", start_value=1.0, end_value=0.0, cycle_size=3
        ... )
        >>> [round(value, 3) for value, in scheduler.simulate_values(4)]
        [1.0, 0.75, 0.25, 1.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        param_name: str,
        *,
        start_value: float,
        end_value: float,
        cycle_size: int,
        cycle_mult: float = 1.0,
        start_value_mult: float = 1.0,
        end_value_mult: float = 1.0,
        warmup_duration: int = 0,
        param_group_index: SupportsIndex | None = None,
        save_history: bool = False,
    ) -> None:
        super().__init__(
            optimizer, param_name, param_group_index=param_group_index, save_history=save_history
        )
        self._curve = CosineCycleCurve(
            start_value=start_value,
            end_value=end_value,
            cycle_size=cycle_size,
            cycle_mult=cycle_mult,
            start_value_mult=start_value_mult,
            end_value_mult=end_value_mult,
            warmup_duration=warmup_duration,
        )

    @override
    def get_param(self, index: int) -> float:
        """Give the value of the curve.

        Args:
            index: Which event, ``>= 0``.
        """
        return float(self._curve(index))


@final
class PiecewiseLinear(ParamScheduler):
    """Sets a parameter of an optimizer to the values of a :class:`PiecewiseCurve`.

    Args:
        optimizer: The optimizer.
        param_name: See :class:`ParamScheduler`.
        milestones_values: Pairs of an index and the value there, the indices not decreasing; lines
            between them, and constant before the first and behind the last one.
        param_group_index: Which group; all of them if not given.
        save_history: Whether to keep the values that were set.

    Raises:
        ArgumentError: There are no milestones, indices decrease, or there is no such parameter.
        ArgumentTypeError: An argument is of another kind.

    Source:
        ignite's scheduler of this name gives the same values.

    Example:
        >>> import torch
        >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
        >>> scheduler = PiecewiseLinear(optimizer, "lr", milestones_values=[(0, 0.0), (2, 1.0)])
        >>> scheduler.simulate_values(4)
        [[0.0], [0.5], [1.0], [1.0]]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        param_name: str,
        *,
        milestones_values: Sequence[tuple[int, float]],
        param_group_index: SupportsIndex | None = None,
        save_history: bool = False,
    ) -> None:
        super().__init__(
            optimizer, param_name, param_group_index=param_group_index, save_history=save_history
        )
        self._curve = PiecewiseCurve(milestones_values=milestones_values)

    @override
    def get_param(self, index: int) -> float:
        """Give the value of the curve.

        Args:
            index: Which event, ``>= 0``.
        """
        return float(self._curve(index))
