"""What the tests of this family have in common: a reference without types, samples in parts."""

from collections.abc import Iterator, Sequence
from importlib import import_module
from itertools import accumulate, pairwise
from typing import Any, Final

import torch
from torch import Tensor

from firesteel.metrics import Metric, PredTarget

SKLEARN: Final[Any] = import_module("sklearn.metrics")  # Any: it has no types


def parts(scores: Tensor, target: Tensor, sizes: Sequence[int]) -> Iterator[PredTarget]:
    """Cut samples into batches."""
    for start, end in pairwise([0, *accumulate(sizes)]):
        yield scores[start:end], target[start:end]


def fed(
    scores: Tensor,
    target: Tensor,
    sizes: Sequence[int],
    *metrics: Metric[PredTarget, object, PredTarget],
) -> None:
    """Give samples to metrics, in batches."""
    for part in parts(scores, target, sizes):
        for metric in metrics:
            metric.update(part)


def with_ties(seed: int, *shape: int) -> tuple[Tensor, torch.Generator]:
    """Give scores of which many are equal."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 7, shape, generator=generator).double() / 6, generator
