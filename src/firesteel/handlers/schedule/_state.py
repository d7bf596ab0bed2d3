"""Schedulers of values that belong to no optimizer: under a key of the state, or set by a call."""

from abc import abstractmethod
from collections.abc import Callable, Sequence

# Any: whose state it is does not matter to a key.
from typing import Any, SupportsIndex, TypeAlias, final

from typing_extensions import override

from firesteel._require import at_least, is_a, is_callable
from firesteel.engine import Engine, StateKey

from ._curve import ExponentialCurve, MultiStepCurve, StepCurve
from ._pieces import PiecewiseCurve
from ._scheduler import BaseParamScheduler

__all__ = [
    "ExpStateScheduler",
    "LambdaStateScheduler",
    "MultiStepStateScheduler",
    "PiecewiseLinearStateScheduler",
    "StateParamScheduler",
    "StateTarget",
    "StepStateScheduler",
]

StateTarget: TypeAlias = StateKey[float] | Callable[[float], object]
"""Where a value goes: under a key of the engine's state, or to a function."""


class StateParamScheduler(BaseParamScheduler[float]):
    """Sets a value under a key of the engine's state, or hands it to a function.

    Derive from it and fill :meth:`get_param` in, or give a function, or a :class:`Curve`, to
    :class:`LambdaStateScheduler`. What is under a key is saved with the engine. A function is
    called once more when the scheduler's state is loaded, for nobody else has saved the value.

    Args:
        target: The key, or the function.
        save_history: Whether to keep the values that were set.

    Raises:
        ArgumentTypeError: ``target`` is neither a key nor callable.

    Example:
        >>> from firesteel.engine import Engine, StateKey
        >>> TEACHER_FORCING = StateKey[float]("teacher_forcing")
        >>> class Halving(StateParamScheduler):
        ...     def get_param(self, index: int) -> float:
        ...         return 0.5**index
        >>> trainer = Engine(lambda engine, batch: engine.state[TEACHER_FORCING])
        >>> handle = Halving(TEACHER_FORCING).attach(trainer)
        >>> trainer.run([1, 2, 3]).output
        0.25
    """

    def __init__(self, target: StateTarget, *, save_history: bool = False) -> None:
        super().__init__(save_history=save_history)
        where = type(self).__name__
        condition = "a StateKey[float], or a function that takes the value"
        is_a(where, "target", target, StateKey | Callable, condition)
        self._target = target

    @abstractmethod
    def get_param(self, index: int) -> float:
        """Give the value of an index: a function of it, and of nothing that changes.

        Args:
            index: Which event, ``>= 0``.
        """

    @final
    @override
    def apply(self, engine: Engine[Any, Any], *, index: int) -> None:
        """Set the value of an index.

        Args:
            engine: The engine in whose state it is set.
            index: Which event, ``>= 0``.
        """
        target, value = self._target, self.get_param(index)
        if isinstance(target, StateKey):
            engine.state[target] = value
        else:
            target(value)

    @final
    @override
    def applied(self, *, index: int) -> float:
        """Give the value of an index.

        Args:
            index: Which event, ``>= 0``.
        """
        return self.get_param(index)

    @final
    @override
    def simulate_values(self, num_events: SupportsIndex) -> list[float]:
        """Give what is set at the first events of a run.

        Args:
            num_events: How many, ``>= 0``.

        Raises:
            ArgumentError: ``num_events`` is below 0.
            ArgumentTypeError: ``num_events`` is no whole number.
        """
        where = f"{type(self).__name__}.simulate_values"
        return [
            self.get_param(index) for index in range(at_least(where, "num_events", num_events, 0))
        ]

    @final
    @override
    def lines(self, num_events: SupportsIndex) -> Sequence[tuple[str, Sequence[float]]]:
        """Give the one line of a plot.

        Args:
            num_events: How many events, ``>= 0``.
        """
        label = self._target.name if isinstance(self._target, StateKey) else "value"
        return [(label, self.simulate_values(num_events))]

    @final
    @override
    def resume(self, *, index: int) -> None:
        """Hand the function the value that it had.

        Args:
            index: The index of the next event.
        """
        if index and not isinstance(self._target, StateKey):
            self._target(self.get_param(index - 1))


@final
class LambdaStateScheduler(StateParamScheduler):
    """Sets a value to what a function of the index gives.

    Args:
        target: A key of the engine's state, or a function that takes the value.
        lambda_obj: Gives the value of an index: any function, or a :class:`Curve`.
        save_history: Whether to keep the values that were set.

    Raises:
        ArgumentTypeError: ``lambda_obj`` is not callable, or ``target`` is no target.

    Example:
        >>> from firesteel.engine import StateKey
        >>> key = StateKey[float]("weight")
        >>> LambdaStateScheduler(key, lambda_obj=lambda index: 2.0 * index).simulate_values(3)
        [0.0, 2.0, 4.0]
    """

    def __init__(
        self,
        target: StateTarget,
        *,
        lambda_obj: Callable[[int], float],
        save_history: bool = False,
    ) -> None:
        is_callable("LambdaStateScheduler", "lambda_obj", lambda_obj)
        super().__init__(target, save_history=save_history)
        self._function = lambda_obj

    @override
    def get_param(self, index: int) -> float:
        """Give what the function gives.

        Args:
            index: Which event, ``>= 0``.
        """
        return float(self._function(index))


@final
class PiecewiseLinearStateScheduler(StateParamScheduler):
    """Sets a value to those of a :class:`PiecewiseCurve`.

    Args:
        target: A key of the engine's state, or a function that takes the value.
        milestones_values: Pairs of an index and the value there, the indices not decreasing.
        save_history: Whether to keep the values that were set.

    Raises:
        ArgumentError: There are no milestones, or indices decrease.
        ArgumentTypeError: An argument is of another kind.
    """

    def __init__(
        self,
        target: StateTarget,
        *,
        milestones_values: Sequence[tuple[int, float]],
        save_history: bool = False,
    ) -> None:
        super().__init__(target, save_history=save_history)
        self._curve = PiecewiseCurve(milestones_values=milestones_values)

    @override
    def get_param(self, index: int) -> float:
        """Give the value of the curve.

        Args:
            index: Which event, ``>= 0``.
        """
        return float(self._curve(index))


@final
class ExpStateScheduler(StateParamScheduler):
    """Sets a value to those of an :class:`ExponentialCurve`.

    Args:
        target: A key of the engine's state, or a function that takes the value.
        initial_value: The value at index 0.
        gamma: What it is multiplied with at each event, ``> 0``.
        save_history: Whether to keep the values that were set.

    Raises:
        ArgumentError: A number is out of its range.
        ArgumentTypeError: An argument is of another kind.
    """

    def __init__(
        self,
        target: StateTarget,
        *,
        initial_value: float,
        gamma: float,
        save_history: bool = False,
    ) -> None:
        super().__init__(target, save_history=save_history)
        self._curve = ExponentialCurve(initial_value=initial_value, gamma=gamma)

    @override
    def get_param(self, index: int) -> float:
        """Give the value of the curve.

        Args:
            index: Which event, ``>= 0``.
        """
        return float(self._curve(index))


@final
class StepStateScheduler(StateParamScheduler):
    """Sets a value to those of a :class:`StepCurve`.

    Args:
        target: A key of the engine's state, or a function that takes the value.
        initial_value: The value at index 0.
        gamma: What it is multiplied with every ``step_size`` events, ``> 0``.
        step_size: Events between, ``>= 1``.
        save_history: Whether to keep the values that were set.

    Raises:
        ArgumentError: A number is out of its range.
        ArgumentTypeError: An argument is of another kind.
    """

    def __init__(
        self,
        target: StateTarget,
        *,
        initial_value: float,
        gamma: float,
        step_size: int,
        save_history: bool = False,
    ) -> None:
        super().__init__(target, save_history=save_history)
        self._curve = StepCurve(initial_value=initial_value, gamma=gamma, step_size=step_size)

    @override
    def get_param(self, index: int) -> float:
        """Give the value of the curve.

        Args:
            index: Which event, ``>= 0``.
        """
        return float(self._curve(index))


@final
class MultiStepStateScheduler(StateParamScheduler):
    """Sets a value to those of a :class:`MultiStepCurve`.

    Args:
        target: A key of the engine's state, or a function that takes the value.
        initial_value: The value before the first milestone.
        gamma: What it is multiplied with at each milestone, ``> 0``.
        milestones: The indices at which that happens, ``>= 0``, not decreasing.
        save_history: Whether to keep the values that were set.

    Raises:
        ArgumentError: A number is out of its range.
        ArgumentTypeError: An argument is of another kind.
    """

    def __init__(
        self,
        target: StateTarget,
        *,
        initial_value: float,
        gamma: float,
        milestones: Sequence[int],
        save_history: bool = False,
    ) -> None:
        super().__init__(target, save_history=save_history)
        self._curve = MultiStepCurve(
            initial_value=initial_value, gamma=gamma, milestones=milestones
        )

    @override
    def get_param(self, index: int) -> float:
        """Give the value of the curve.

        Args:
            index: Which event, ``>= 0``.
        """
        return float(self._curve(index))
