"""What metrics of regression share: pairs that are checked and taken in, and results by type."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Generic, TypeAlias, final

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel._require import one_of
from firesteel.errors import NotComputableError
from firesteel.metrics._board import Statistic
from firesteel.metrics._functional._pairs import check_pair
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._statistic_metric import StatisticMetric
from firesteel.metrics._validation import VALIDATIONS, Validation

__all__ = ["Check", "PairMetric", "PairStatistic"]

Check: TypeAlias = Callable[[Tensor, Tensor], None]
"""Refuses predictions and targets for their values; waits for the device."""


class PairStatistic(Statistic):
    """What is kept of predictions and targets.

    Args:
        name: Whose statistic it is, for errors.
        check: Refuses values; ``None`` where all are fine.
        validate: In which updates values are checked.
        device: Where the state is kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: ``validate`` is another word.
    """

    def __init__(
        self,
        name: str,
        *,
        check: Check | None = None,
        validate: Validation = "never",
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__(device=device)
        one_of(name, "validate", validate, VALIDATIONS)
        self.name = name
        self._check = check
        self._validate = validate
        self._is_checked = False
        self.reset()

    @property
    @abstractmethod
    def is_empty(self) -> bool:
        """Whether there was no value since the last reset."""

    @abstractmethod
    def take(self, prediction: Tensor, target: Tensor) -> None:
        """Take in at least one value; shapes and dtypes are checked."""

    @override
    def reset(self) -> None:
        super().reset()
        self._is_checked = False

    @final
    @override
    def update(self, value: PredTarget, /) -> None:
        """Take a batch in; one without values is nothing.

        Args:
            value: Predictions and targets, of one shape, ``(N,)`` or ``(N, columns, ...)``, and of
                any real dtypes.

        Raises:
            ArgumentError: The shapes differ, or do not go with those before.
            ArgumentTypeError: One is no tensor, or complex.
        """
        prediction, target = value
        check_pair(prediction, target, where=self.name)
        if not prediction.numel():
            return
        if self._check is not None and not (self._is_checked or self._validate == "never"):
            self._check(prediction, target)
            self._is_checked = self._validate == "first"
        self.take(prediction, target)

    def on_own_device(self, tensor: Tensor) -> Tensor:
        """Bring a tensor to where the state is kept."""
        return tensor if self.device is None else tensor.to(self.device)


StatisticT = TypeVar("StatisticT", bound=PairStatistic)
ResultT = TypeVar("ResultT", covariant=True)
OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


class PairMetric(
    StatisticMetric[PredTarget, StatisticT, ResultT, OutputT],
    Generic[StatisticT, ResultT, OutputT],
):
    """A metric of predictions and targets: a number, or a tensor where columns are kept apart."""

    @abstractmethod
    def as_tensor(self) -> Tensor:
        """Give the result as a tensor; at least one value was seen."""

    @final
    @override
    def compute(self) -> ResultT:
        if self.statistic.is_empty:
            raise NotComputableError(f"{type(self).__name__}: needs at least one value")
        result = self.as_tensor()
        # which of the two it is, the overload of __new__ says
        return result if result.ndim else result.item()  # type: ignore[return-value]
