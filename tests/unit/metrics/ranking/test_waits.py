"""No ranking metric makes the host wait for the device while it is updated, checks left out."""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, Literal, TypeAlias

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from typing_extensions import override

from firesteel.metrics import (
    NDCG,
    CoverageError,
    F1AtK,
    HitRate,
    HitRateAtK,
    LabelF1AtK,
    LabelPrecisionAtK,
    LabelRankingAveragePrecision,
    LabelRankingLoss,
    LabelRecallAtK,
    MAPAtK,
    Metric,
    MRRAtK,
    NDCGAtK,
    PrecisionAtK,
    RecallAtK,
    RetrievalAveragePrecision,
    RetrievalFallOut,
    RetrievalHitRate,
    RetrievalNormalizedDCG,
    RetrievalPrecision,
    RetrievalRecall,
    RetrievalReciprocalRank,
    RetrievalRPrecision,
    TopKCategoricalAccuracy,
)

WAITING: Final = frozenset(
    {"_local_scalar_dense", "item", "is_nonzero", "equal", "nonzero", "masked_select"}
    | {"_unique2", "unique_dim", "bincount", "index"}
)
"""Operations of which the host has to see the values, or that need them for a shape."""

Validation: TypeAlias = Literal["first", "always", "never"]
Make: TypeAlias = Callable[[Validation], Metric[Any, Any, Any]]

SCORES: Final = torch.tensor([[0.1, 0.9, 0.3], [0.8, 0.2, 0.2], [0.3, 0.7, 0.5]])
RELEVANCE: Final = torch.tensor([[0, 1, 1], [0, 0, 0], [1, 0, -1]])
BINARY: Final = RELEVANCE.clamp(min=0)
ROW: Final = (SCORES[0], BINARY[0], torch.tensor([0, 1, 0]))

CASES: Final[Sequence[tuple[Make, tuple[Tensor, ...]]]] = (
    (lambda v: PrecisionAtK(k=[1, 2], validate=v), (SCORES, BINARY)),
    (lambda v: PrecisionAtK(k=1, clip_k=True, ignore_index=-1, validate=v), (SCORES, RELEVANCE)),
    (lambda v: RecallAtK(k=2, relevance_threshold=0.5, validate=v), (SCORES, RELEVANCE)),
    (lambda v: RecallAtK(k=2, capped=True, device="cpu", validate=v), (SCORES, BINARY)),
    (lambda v: F1AtK(k=2, clip_k=True, validate=v), (SCORES, BINARY)),
    (lambda v: HitRateAtK(k=2, validate=v), (SCORES, BINARY)),
    (lambda v: MRRAtK(k=2, empty_target="zero", validate=v), (SCORES, BINARY)),
    (lambda v: MAPAtK(k=2, validate=v), (SCORES, BINARY)),
    (lambda v: NDCGAtK(k=2, validate=v), (SCORES, BINARY)),
    (lambda v: LabelPrecisionAtK(k=2, validate=v), (SCORES, BINARY)),
    (lambda v: LabelRecallAtK(k=[1, 2], validate=v), (SCORES, BINARY)),
    (lambda v: LabelF1AtK(k=2, average="macro", validate=v), (SCORES, BINARY)),
    (lambda v: HitRate(top_k=2, validate=v), (SCORES, BINARY)),
    (lambda v: NDCG(top_k=2, validate=v), (SCORES, BINARY)),
    (lambda v: TopKCategoricalAccuracy(k=2, validate=v), (SCORES, torch.tensor([0, 2, 1]))),
    (lambda v: LabelRankingAveragePrecision(validate=v), (SCORES, BINARY)),
    (lambda v: LabelRankingLoss(validate=v), (SCORES, BINARY)),
    (lambda v: CoverageError(validate=v), (SCORES, BINARY)),
    (lambda v: RetrievalAveragePrecision(validate=v), ROW),
    (lambda v: RetrievalFallOut(validate=v), ROW),
    (lambda v: RetrievalHitRate(validate=v), ROW),
    (lambda v: RetrievalNormalizedDCG(validate=v), ROW),
    (lambda v: RetrievalPrecision(validate=v), ROW),
    (lambda v: RetrievalRPrecision(validate=v), ROW),
    (lambda v: RetrievalRecall(validate=v), ROW),
    (lambda v: RetrievalReciprocalRank(validate=v), ROW),
)


@contextmanager
def waits() -> Generator[list[str]]:
    """List the operations at which the host would wait for a device."""
    found: list[str] = []

    class Listing(TorchDispatchMode):
        @override
        def __torch_dispatch__(
            self,
            func: Callable[..., object],
            types: Iterable[type],
            args: tuple[object, ...] = (),
            kwargs: Mapping[str, object] | None = None,
        ) -> object:
            _, name, _ = str(func).split(".")  # aten.nonzero.default
            if name in WAITING:
                found.append(name)
            return func(*args, **(kwargs or {}))

    make: Callable[[], TorchDispatchMode] = Listing  # torch's constructor is not typed
    with make():
        yield found


def num_waits(metric: Metric[Any, object, Any], value: object) -> list[int]:
    """Count for each of three updates how often the host would wait."""
    counts: list[int] = []
    for _ in range(3):
        with waits() as found:
            metric.update(value)
        counts.append(len(found))
    return counts


@pytest.mark.parametrize("number", range(len(CASES)))
def test_only_checks_wait_and_only_where_they_are_asked_for(number: int) -> None:
    make, value = CASES[number]
    assert num_waits(make("never"), value) == [0, 0, 0]
    first, *others = num_waits(make("first"), value)
    assert first > 0
    assert others == [0, 0]
    assert num_waits(make("always"), value) == [first] * 3
