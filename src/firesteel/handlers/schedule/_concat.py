"""Schedulers one after another, and side by side."""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import SupportsIndex, final

from typing_extensions import TypeIs, override

from firesteel._require import at_least, is_a, mismatch
from firesteel.errors import ArgumentError, StateDictError

from ._checks import sequence
from ._param import OptimizerScheduler
from ._pieces import starts_of
from ._targets import Target

__all__ = ["ConcatScheduler", "ParamGroupScheduler"]


@final
class ConcatScheduler(OptimizerScheduler):
    """Schedulers one after another, each from its own index 0 on; the last one has no end.

    Of whatever kind, they have to set the same parameters of the same groups. Their own indices
    are not used; attach this one alone.

    Args:
        schedulers: The schedulers, two or more.
        durations: The events of each but the last one, ``>= 1``.
        save_history: Whether to keep the values that were set.

    Raises:
        ArgumentError: The numbers of schedulers and durations do not fit, a duration is below 1, a
            scheduler stands there twice, or they set different things.
        ArgumentTypeError: Something is no scheduler of an optimizer, or a duration no whole number.

    Example:
        >>> import torch
        >>> from firesteel.handlers import LRScheduler, PiecewiseLinear
        >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
        >>> up = PiecewiseLinear(optimizer, "lr", milestones_values=[(0, 0.0), (2, 1.0)])
        >>> down = LRScheduler(torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5))
        >>> ConcatScheduler([up, down], durations=[2]).simulate_values(5)
        [[0.0], [0.5], [1.0], [0.5], [0.25]]
    """

    def __init__(
        self,
        schedulers: Sequence[OptimizerScheduler],
        *,
        durations: Sequence[SupportsIndex],
        save_history: bool = False,
    ) -> None:
        members = _members("ConcatScheduler", schedulers)
        if len(members) == 1:
            raise ArgumentError(mismatch("ConcatScheduler", "schedulers", "two or more", members))
        targets = members[0].targets
        for place, member in enumerate(members):
            if set(member.targets) != set(targets):
                condition = f"one of {_listed(targets)} of the same optimizer, as the first one"
                came = _listed(member.targets)
                raise ArgumentError(
                    f"ConcatScheduler: schedulers[{place}] must be {condition}, got one of {came}; "
                    "for several parameters side by side use ParamGroupScheduler"
                )
        super().__init__(targets, save_history=save_history)
        self._members = members
        self._starts = starts_of("ConcatScheduler", durations, num=len(members))
        self._orders = [[member.targets.index(one) for one in targets] for member in members]

    @override
    def set_values(self, *, index: int) -> None:
        """Have the scheduler whose turn it is set its values.

        Args:
            index: Which event, ``>= 0``.
        """
        place = bisect_right(self._starts, index) - 1
        self._members[place].set_values(index=index - self._starts[place])

    @override
    def applied(self, *, index: int) -> list[float]:
        """Give what the scheduler whose turn it is has set.

        Args:
            index: The index that was set last.
        """
        place = bisect_right(self._starts, index) - 1
        row = self._members[place].applied(index=index - self._starts[place])
        return [row[number] for number in self._orders[place]]

    @override
    def simulate_values(self, num_events: SupportsIndex) -> list[list[float]]:
        """Give what is set at the first events of a run.

        Args:
            num_events: How many, ``>= 0``.

        Returns:
            A row for each event, with a value for each target.

        Raises:
            ArgumentError: ``num_events`` is below 0.
            ArgumentTypeError: ``num_events`` is no whole number.
        """
        num = at_least("ConcatScheduler.simulate_values", "num_events", num_events, 0)
        rows: list[list[float]] = []
        stops = (*self._starts[1:], num)
        pieces = zip(self._members, self._orders, self._starts, stops, strict=True)
        for member, order, start, stop in pieces:
            own = member.simulate_values(max(0, min(stop, num) - start))
            rows += [[row[place] for place in order] for row in own]
        return rows

    @override
    def own_state(self) -> dict[str, object]:
        """Give the states of the schedulers."""
        return {"schedulers": [member.state_dict() for member in self._members]}

    @override
    def prepare_own(self, entries: Mapping[str, object]) -> Callable[[], None]:
        """Check the states of the schedulers.

        Args:
            entries: The entries.
        """
        return _prepared("ConcatScheduler", self._members, entries["schedulers"])


@final
class ParamGroupScheduler(OptimizerScheduler):
    """Schedulers side by side: of several groups, parameters or optimizers, at the same events.

    Their own indices are not used; attach this one alone.

    Args:
        schedulers: The schedulers, one or more.
        save_history: Whether to keep the values that were set.

    Raises:
        ArgumentError: There are none, or two of them set the same parameter of the same group.
        ArgumentTypeError: Something is no scheduler of an optimizer.

    Example:
        >>> import torch
        >>> from firesteel.handlers import PiecewiseLinear
        >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
        >>> lr = PiecewiseLinear(optimizer, "lr", milestones_values=[(0, 0.0), (2, 1.0)])
        >>> momentum = PiecewiseLinear(optimizer, "momentum", milestones_values=[(0, 0.9)])
        >>> ParamGroupScheduler([lr, momentum]).simulate_values(2)
        [[0.0, 0.9], [0.5, 0.9]]
    """

    def __init__(
        self, schedulers: Sequence[OptimizerScheduler], *, save_history: bool = False
    ) -> None:
        members = _members("ParamGroupScheduler", schedulers)
        targets = [target for member in members for target in member.targets]
        twice = [target for target in dict.fromkeys(targets) if targets.count(target) > 1]
        if twice:
            condition = "of different parameters or groups"
            raise ArgumentError(
                mismatch("ParamGroupScheduler", "schedulers", condition, _listed(twice))
            )
        super().__init__(targets, save_history=save_history)
        self._members = members

    @override
    def set_values(self, *, index: int) -> None:
        """Have each scheduler set its values.

        Args:
            index: Which event, ``>= 0``.
        """
        for member in self._members:
            member.set_values(index=index)

    @override
    def applied(self, *, index: int) -> list[float]:
        """Give what the schedulers have set, one after another.

        Args:
            index: The index that was set last.
        """
        return [value for member in self._members for value in member.applied(index=index)]

    @override
    def simulate_values(self, num_events: SupportsIndex) -> list[list[float]]:
        """Give what is set at the first events of a run.

        Args:
            num_events: How many, ``>= 0``.

        Returns:
            A row for each event, with the values of all schedulers one after another.

        Raises:
            ArgumentError: ``num_events`` is below 0.
            ArgumentTypeError: ``num_events`` is no whole number.
        """
        num = at_least("ParamGroupScheduler.simulate_values", "num_events", num_events, 0)
        of_members = [member.simulate_values(num) for member in self._members]
        return [[value for row in rows for value in row] for rows in zip(*of_members, strict=True)]

    @override
    def own_state(self) -> dict[str, object]:
        """Give the states of the schedulers."""
        return {"schedulers": [member.state_dict() for member in self._members]}

    @override
    def prepare_own(self, entries: Mapping[str, object]) -> Callable[[], None]:
        """Check the states of the schedulers.

        Args:
            entries: The entries.
        """
        return _prepared("ParamGroupScheduler", self._members, entries["schedulers"])


def _members(
    where: str, schedulers: Sequence[OptimizerScheduler]
) -> tuple[OptimizerScheduler, ...]:
    sequence(where, "schedulers", schedulers)
    for place, one in enumerate(schedulers):
        condition = "a scheduler of an optimizer; wrap torch's in LRScheduler"
        is_a(where, f"schedulers[{place}]", one, OptimizerScheduler, condition)
        if any(one is other for other in schedulers[:place]):
            raise ArgumentError(mismatch(where, f"schedulers[{place}]", "another one", one))
    return tuple(schedulers)


def _listed(targets: Sequence[Target]) -> str:
    return ", ".join(target.label for target in targets)


def _prepared(
    where: str, members: Sequence[OptimizerScheduler], states: object
) -> Callable[[], None]:
    where = f"{where}.load_state_dict"
    if not _is_list(states) or len(states) != len(members):
        condition = f"a list of the states of {len(members)} schedulers"
        raise StateDictError(mismatch(where, "'schedulers'", condition, states))
    puts: list[Callable[[], None]] = []
    for place, (member, state) in enumerate(zip(members, states, strict=True)):
        if not _is_dict(state):
            raise StateDictError(mismatch(where, f"'schedulers'[{place}]", "a dictionary", state))
        puts.append(member.prepare_to_load(state))

    def put() -> None:
        for one in puts:
            one()

    return put


def _is_list(value: object) -> TypeIs[list[object]]:
    return isinstance(value, list)


def _is_dict(value: object) -> TypeIs[dict[str, object]]:
    return isinstance(value, dict)
