"""State brought together over real processes: few collectives, whatever the ranks have seen."""

import math
from collections.abc import Sequence
from typing import Final

import pytest
import torch
from torch import Tensor, distributed
from typing_extensions import override

from firesteel.engine import Engine
from firesteel.errors import ArgumentError, StateDictError
from firesteel.metrics import BatchFiltered, Metric, field
from firesteel.metrics._reduction import held_together
from firesteel.testing import RankPool

pytestmark = pytest.mark.distributed

Parts = Sequence[Sequence[float]]


def _joined(parts: Tensor) -> Tensor:
    return torch.stack([parts[:, 0].min(), parts[:, 1].max()])


class Everything(Metric[Tensor, dict[str, object]]):
    """One field of each kind."""

    total = field(torch.zeros((), dtype=torch.float64))
    num = field(0)
    weight = field(0.0)
    largest = field(-math.inf, reduce="max")
    smallest = field(torch.tensor(math.inf), reduce="min")
    middle = field(math.nan, reduce="mean")
    counts = field(torch.zeros((), dtype=torch.int64), is_open=True)
    seen = field(reduce="cat")
    ranges = field(torch.tensor([math.inf, -math.inf]), reduce=_joined)

    @override
    def update(self, value: Tensor) -> None:
        if not len(value):
            return
        self.total = self.total + value.sum(dtype=torch.float64)
        self.num += len(value)
        self.weight += 0.5 * len(value)
        self.largest = max(self.largest, float(value.max()))
        self.smallest = torch.minimum(self.smallest, value.min())
        self.middle = float(value.double().mean())
        self.counts = self.counts + torch.bincount(value.long(), minlength=4)
        self.seen.append(value)
        self.ranges = _joined(torch.stack([self.ranges, torch.stack([value.min(), value.max()])]))

    @override
    def compute(self) -> dict[str, object]:
        return {
            "total": float(self.total),
            "num": self.num,
            "weight": self.weight,
            "largest": self.largest,
            "smallest": float(self.smallest),
            "middle": self.middle,
            "counts": self.counts.tolist(),
            "seen": torch.cat(self.seen).tolist() if self.seen else [],
            "ranges": self.ranges.tolist(),
        }


class OwnState(Metric[Tensor, int]):
    @override
    def reset(self) -> None:
        self.num = 0

    @override
    def update(self, value: Tensor) -> None:
        self.num += len(value)

    @override
    def compute(self) -> int:
        return self.num


class Collectives:
    """Counts what is sent while it is entered."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.names: list[str] = []
        for name in ("all_reduce", "all_gather", "all_gather_object", "broadcast", "barrier"):
            patch.setattr(distributed, name, self._counted(name))

    def _counted(self, name: str) -> object:
        original = getattr(distributed, name)

        def counted(*args: object, **kwargs: object) -> object:
            self.names.append(name)
            return original(*args, **kwargs)

        return counted


def everything_on_this_rank(parts: Parts) -> tuple[dict[str, object], dict[str, object]]:
    metric = Everything()
    metric.update(torch.tensor(parts[distributed.get_rank()]))
    before = metric.compute()
    with held_together(metric):
        together = metric.compute()
    assert repr(metric.compute()) == repr(before)
    return together, before


@pytest.mark.parametrize(
    "parts",
    [
        [[1.0, 2.0, 3.0], [0.0]],
        [[], [1.0, 1.0, 3.0]],
        [[2.0], []],
        [[], []],
    ],
)
def test_two_ranks_hold_what_one_would_have_seen(two_ranks: RankPool, parts: Parts) -> None:
    check(two_ranks, parts)


@pytest.mark.parametrize(
    "parts", [[[1.0], [2.0, 3.0], [0.0, 0.0, 1.0]], [[], [3.0], []], [[], [], []]]
)
def test_three_ranks_hold_what_one_would_have_seen(three_ranks: RankPool, parts: Parts) -> None:
    check(three_ranks, parts)


def check(pool: RankPool, parts: Parts) -> None:
    alone = Everything()
    alone.update(torch.tensor([value for part in parts for value in part]))
    expected = alone.compute()
    means = [sum(part) / len(part) for part in parts if part]
    expected["middle"] = sum(means) / len(means) if means else math.nan
    if not any(parts):
        expected["counts"] = 0
    for together, _ in pool.run(everything_on_this_rank, parts):
        assert repr(together) == repr(expected)


def collectives_for(num_metrics: int) -> list[str]:
    metrics = [Everything() for _ in range(num_metrics)]
    for metric in metrics:
        metric.update(torch.tensor([1.0]))
    with pytest.MonkeyPatch.context() as patch:
        collectives = Collectives(patch)
        with held_together(*metrics):
            pass
    return collectives.names


@pytest.mark.parametrize("num_metrics", [1, 2, 20])
def test_the_number_of_collectives_does_not_grow(two_ranks: RankPool, num_metrics: int) -> None:
    # shapes, sums, extremes, and all that is gathered
    expected = ["all_gather", "all_reduce", "all_reduce", "all_gather"]
    assert two_ranks.run(collectives_for, num_metrics) == [expected, expected]


class Sums(Metric[Tensor, float]):
    total = field(torch.zeros((), dtype=torch.float64))
    num = field(0)

    @override
    def update(self, value: Tensor) -> None:
        self.total = self.total + value.sum()
        self.num += len(value)

    @override
    def compute(self) -> float:
        return float(self.total) / self.num


def give(engine: Engine[Tensor, Tensor], batch: Tensor) -> Tensor:
    return batch


def collectives_of_an_epoch(num_metrics: int) -> tuple[list[str], float]:
    evaluator = Engine(give)
    for number in range(num_metrics):
        Sums().attach(evaluator, f"mean {number}")
    data = [torch.ones(3), torch.zeros(1)] if distributed.get_rank() else [torch.full((2,), 4.0)]
    with pytest.MonkeyPatch.context() as patch:
        collectives = Collectives(patch)
        state = evaluator.run(data)
    result = state.metrics["mean 0"]
    assert isinstance(result, float)
    return collectives.names, result


@pytest.mark.parametrize("num_metrics", [1, 10])
def test_an_epoch_takes_one_collective_for_all_that_is_added_up(
    two_ranks: RankPool, num_metrics: int
) -> None:
    expected = (["all_reduce"], (3.0 + 8.0) / 6)
    assert two_ranks.run(collectives_of_an_epoch, num_metrics) == [expected, expected]


def shapes_that_differ() -> str:
    metric = Everything()
    metric.update(torch.tensor([7.0 if distributed.get_rank() else 1.0]))
    with pytest.raises(ArgumentError) as caught, held_together(metric):
        pass
    return str(caught.value)


def test_every_rank_hears_of_shapes_that_differ(two_ranks: RankPool) -> None:
    expected = (
        "Everything: 'counts' must have one shape on all ranks that have seen data, "
        "got [4], [8]; say how many classes there are"
    )
    assert two_ranks.run(shapes_that_differ) == [expected, expected]


def undeclared_state() -> str:
    with pytest.raises(StateDictError) as caught, held_together(OwnState()):
        pass
    return str(caught.value)


def test_state_that_is_not_declared_cannot_be_brought_together(two_ranks: RankPool) -> None:
    for message in two_ranks.run(undeclared_state):
        assert message.startswith("reduction over ranks: the state of OwnState must be declared")


def an_error_inside() -> float:
    metric = Sums()
    metric.update(torch.tensor([float(distributed.get_rank())]))
    with pytest.raises(LookupError), held_together(metric):
        raise LookupError
    return metric.compute()


def test_an_error_leaves_each_rank_its_own(two_ranks: RankPool) -> None:
    assert two_ranks.run(an_error_inside) == [0.0, 1.0]


class Classes(Metric[Tensor, dict[str, object]]):
    """Counts of classes and the largest of each, whose number comes with the data."""

    counts = field(torch.zeros((), dtype=torch.int64), is_open=True)
    largest = field(torch.tensor(-math.inf), reduce="max", is_open=True)
    middle = field(torch.tensor(math.nan), reduce="mean")

    @override
    def update(self, value: Tensor) -> None:
        self.counts = self.counts + (value > 0).sum(dim=0)
        self.largest = torch.maximum(self.largest, value.max(dim=0).values)
        self.middle = value.mean()

    @override
    def compute(self) -> dict[str, object]:
        state = {"counts": self.counts, "largest": self.largest, "middle": self.middle}
        return {name: value.tolist() for name, value in state.items()}


def epochs_of_classes(widths: Sequence[Sequence[int]]) -> list[tuple[list[str], object]]:
    """Run an epoch for each row, on each rank with a batch of so many classes, or none."""
    evaluator = Engine(give)
    width = 0
    usage = BatchFiltered(lambda _engine, _iteration: width > 0)
    Classes().attach(evaluator, "classes", usage=usage)
    seen: list[tuple[list[str], object]] = []
    for row in widths:
        width = row[distributed.get_rank()]
        data = [torch.full((2, width), 1.0 + distributed.get_rank())]
        with pytest.MonkeyPatch.context() as patch:
            collectives = Collectives(patch)
            try:
                result: object = evaluator.run(data).metrics["classes"]
            except ArgumentError as error:
                result = str(error)
        seen.append((collectives.names, result))
    return seen


ASKED: Final = ["all_gather", "all_reduce", "all_reduce"]
KNOWN: Final = ["all_reduce", "all_reduce"]
ASKED_AFTER_ALL: Final = ["all_reduce", "all_gather", "all_reduce", "all_reduce"]


def both(width: int) -> dict[str, object]:
    return {"counts": [4] * width, "largest": [2.0] * width, "middle": 1.5}


@pytest.mark.parametrize(
    ("widths", "expected"),
    [
        ([(3, 3), (3, 3), (3, 3)], [(ASKED, both(3)), (KNOWN, both(3)), (KNOWN, both(3))]),
        # other shapes, on both ranks or on one that is alone with its data
        (
            [(3, 3), (2, 2), (2, 2)],
            [(ASKED, both(3)), (ASKED_AFTER_ALL, both(2)), (KNOWN, both(2))],
        ),
        (
            [(3, 3), (2, 0), (2, 2)],
            [
                (ASKED, both(3)),
                (ASKED_AFTER_ALL, {"counts": [2, 2], "largest": [1.0, 1.0], "middle": 1.0}),
                (KNOWN, both(2)),
            ],
        ),
        # one rank has no data
        (
            [(3, 3), (3, 0), (0, 3)],
            [
                (ASKED, both(3)),
                (KNOWN, {"counts": [2, 2, 2], "largest": [1.0, 1.0, 1.0], "middle": 1.0}),
                (KNOWN, {"counts": [2, 2, 2], "largest": [2.0, 2.0, 2.0], "middle": 2.0}),
            ],
        ),
    ],
    ids=["the same", "others", "another", "none on one"],
)
def test_shapes_are_asked_for_once(
    two_ranks: RankPool,
    widths: Sequence[Sequence[int]],
    expected: Sequence[tuple[list[str], dict[str, object]]],
) -> None:
    for seen in two_ranks.run(epochs_of_classes, widths):
        assert seen == expected


def test_what_nobody_has_seen_is_as_after_a_reset(two_ranks: RankPool) -> None:
    for seen in two_ranks.run(epochs_of_classes, [(0, 0), (3, 3), (0, 0), (3, 3)]):
        nothing = repr({"counts": 0, "largest": -math.inf, "middle": math.nan})
        assert [repr(result) for _, result in seen] == [nothing, repr(both(3))] * 2
        assert [names for names, _ in seen] == [ASKED, ASKED_AFTER_ALL, KNOWN, KNOWN]


def test_shapes_that_differ_are_told_though_others_were_known(two_ranks: RankPool) -> None:
    (_, (names, error), (_, after)), others = two_ranks.run(
        epochs_of_classes, [(3, 3), (3, 2), (3, 3)]
    )
    assert names == ASKED_AFTER_ALL[:2]
    assert "'counts' must have one shape on all ranks that have seen data, got [2], [3]" in str(
        error
    )
    assert after == both(3)
    assert others[1] == (names, error)
