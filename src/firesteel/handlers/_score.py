"""Scores: what says how good a run is, by a metric's key or by a function of the engine."""

from collections.abc import Callable
from numbers import Real

# Any: a score is read off an engine whatever its batches are.
from typing import Any, TypeAlias

from torch import Tensor
from typing_extensions import TypeVar

from firesteel._require import is_callable, mismatch
from firesteel.engine import Engine, MetricKey
from firesteel.errors import ArgumentTypeError

__all__ = ["Score", "score_reader"]

OutputT = TypeVar("OutputT")

Score: TypeAlias = MetricKey[float] | Callable[[Engine[Any, OutputT]], float]
"""A score, higher is better: the key of a metric, or a function of the engine."""


def score_reader(where: str, score: Score[OutputT]) -> Callable[[Engine[Any, OutputT]], float]:
    """Give a function that reads a score off an engine, and refuses what is no number.

    Args:
        where: Whose score it is, for errors.
        score: The key of a metric of the engine, or a function.

    Returns:
        A function of the engine. It raises :class:`ArgumentTypeError` where the score is no number;
        a tensor of one element is one.

    Raises:
        ArgumentTypeError: ``score`` is neither a key nor callable.
    """
    if not isinstance(score, MetricKey):
        is_callable(where, "score_function", score)

    def number(engine: Engine[Any, OutputT]) -> float:
        value: object = (
            engine.state.metrics[score] if isinstance(score, MetricKey) else score(engine)
        )
        if isinstance(value, Tensor) and value.numel() == 1:
            return float(value)
        if isinstance(value, bool) or not isinstance(value, Real):
            raise ArgumentTypeError(mismatch(where, "the score", "a number", value))
        return float(value)

    return number
