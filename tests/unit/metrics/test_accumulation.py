"""VariableAccumulation, GeometricAverage, TensorAverage."""

import math
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from itertools import accumulate, pairwise
from types import ModuleType
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, distributed
from torch.utils._python_dispatch import TorchDispatchMode
from typing_extensions import override

from firesteel.engine import Engine
from firesteel.errors import ArgumentError, ArgumentTypeError, NotComputableError
from firesteel.metrics import Metric, over_all_ranks
from firesteel.metrics._accumulation import (
    GeometricAverage,
    Quantity,
    TensorAverage,
    VariableAccumulation,
)
from firesteel.testing import RankPool

SIZES = st.lists(st.integers(1, 5), min_size=1, max_size=5)


@pytest.fixture(scope="module", name="ignite")
def import_ignite() -> ModuleType:
    """Import ignite's metrics, which use torch.jit, which torch has deprecated since."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*torch.jit", DeprecationWarning)
        return import_module("ignite.metrics")


def add(total: Tensor, value: Tensor) -> Tensor:
    return total + value


def add_rows(total: Tensor, value: Tensor) -> Tensor:
    return total + value.sum(dim=0)


def largest(so_far: Tensor, value: Tensor) -> Tensor:
    return torch.maximum(so_far, value)


def after(metric: Metric[Any, Any, Any], values: Sequence[object]) -> Any:
    for value in values:
        metric.update(value)
    return metric.compute()


def rows(sizes: Sequence[int], seed: int) -> list[Tensor]:
    """Give batches of three columns, in so many rows."""
    whole = torch.rand(sum(sizes), 3, generator=torch.Generator().manual_seed(seed))
    return [whole[a:b] for a, b in pairwise([0, *accumulate(sizes)])]


class Waits(TorchDispatchMode):
    """Lists what has to see values."""

    found: list[str]

    @override
    def __torch_dispatch__(
        self,
        func: Callable[..., object],
        types: Iterable[type],
        args: tuple[object, ...] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> object:
        if str(func).split(".")[1] in {"_local_scalar_dense", "nonzero", "is_nonzero", "equal"}:
            self.found.append(str(func))
        return func(*args, **(kwargs or {}))


def waits() -> Waits:
    make: Callable[[], Waits] = Waits  # torch's constructor is not typed
    listing = make()
    listing.found = []
    return listing


class TestVariableAccumulation:
    @settings(deadline=None)
    @given(sizes=SIZES, seed=st.integers(0, 99))
    def test_it_gives_what_was_accumulated_and_how_many_there_were(
        self, sizes: list[int], seed: int
    ) -> None:
        batches = rows(sizes, seed)
        total, num = after(VariableAccumulation(add_rows), batches)
        assert num == sum(sizes)
        assert torch.allclose(total, torch.cat(batches).double().sum(dim=0))
        again, _ = after(VariableAccumulation(add_rows), batches[::-1])
        assert torch.allclose(total, again)

    @pytest.mark.parity
    def test_it_is_as_ignite_has_it(self, ignite: ModuleType) -> None:
        theirs = ignite.VariableAccumulation(add)
        values = [torch.tensor([1.0, 2.0]), torch.tensor([0.5, 0.25])]
        for value in values:
            theirs.update(value)
        total, num = after(VariableAccumulation(add), values)
        expected, expected_num = theirs.compute()
        assert torch.equal(total, expected)
        assert num == expected_num == 2

    @pytest.mark.parametrize(
        ("value", "num"),
        [(2, 1), (2.5, 1), (torch.tensor(3), 1), (torch.ones(4), 1), (torch.ones(4, 2), 4)],
    )
    def test_a_first_axis_counts_where_there_is_a_second(self, value: Quantity, num: int) -> None:
        metric = VariableAccumulation(add)
        metric.update(value)
        assert metric.compute()[1] == num

    def test_it_is_kept_in_double_precision(self) -> None:
        values = [torch.tensor(2.0**24), *[torch.tensor(1.0)] * 8]
        total, _ = after(VariableAccumulation(add), values)
        assert total.dtype == torch.float64
        assert total.item() == 2.0**24 + 8

    def test_extremes_begin_where_nothing_is_lost(self) -> None:
        total, _ = after(VariableAccumulation(largest, reduce="max"), [-3.0, -5.0])
        assert total.item() == -3.0
        total, _ = after(VariableAccumulation(torch.minimum, reduce="min"), [3.0, 5.0])
        assert total.item() == 3.0

    def test_another_shape_later_is_refused(self) -> None:
        metric = VariableAccumulation(add)
        metric.update(torch.ones(2))
        with pytest.raises(ArgumentError) as caught:
            metric.update(torch.ones(3, 2))
        assert str(caught.value) == (
            "VariableAccumulation: op must give one shape in all updates, got [3, 2] after [2]"
        )
        assert metric.compute()[1] == 1

    def test_what_is_kept_is_not_the_input(self) -> None:
        metric = VariableAccumulation(lambda total, value: value)
        buffer = torch.ones(2, dtype=torch.float64, requires_grad=True)
        metric.update(buffer)
        with torch.no_grad():
            buffer.mul_(7)
        total, _ = metric.compute()
        assert total.tolist() == [1.0, 1.0]
        assert not total.requires_grad

    def test_what_was_given_does_not_change_with_later_updates(self) -> None:
        metric = VariableAccumulation(lambda total, value: total.add_(value))
        before, _ = after(metric, [1.0])
        metric.update(2.0)
        assert before.item() == 1.0

    def test_op_may_not_give_anything_else(self) -> None:
        metric = VariableAccumulation(lambda total, value: 3)  # type: ignore[arg-type, return-value]  # on purpose
        with pytest.raises(ArgumentTypeError, match="what op gives: it must be a tensor, got 3"):
            metric.update(1.0)

    def test_wrong_arguments_are_refused(self) -> None:
        wrong: Any = "mean"
        with pytest.raises(ArgumentError, match=r"reduce must be one of .*, got 'mean'"):
            VariableAccumulation(add, reduce=wrong)
        with pytest.raises(ArgumentTypeError, match="op must be callable, got 'mean'"):
            VariableAccumulation(wrong)
        with pytest.raises(ArgumentTypeError, match="value must be a number or a tensor"):
            VariableAccumulation(add).update(wrong)

    def test_extremes_are_merged_as_such(self) -> None:
        one, other = (VariableAccumulation(largest, reduce="max") for _ in range(2))
        one.update(torch.tensor([1.0, 5.0]))
        other.update(torch.tensor([2.0, 3.0]))
        one.merge(other)
        total, num = one.compute()
        assert total.tolist() == [2.0, 5.0]
        assert num == 2


class TestGeometricAverage:
    @settings(deadline=None)
    @given(values=st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=9), is_tensor=st.booleans())
    def test_it_is_the_geometric_mean(self, values: list[float], is_tensor: bool) -> None:
        given_values = [torch.tensor(v, dtype=torch.float64) if is_tensor else v for v in values]
        expected = math.exp(math.fsum(map(math.log, values)) / len(values))
        assert after(GeometricAverage(), given_values) == pytest.approx(expected, rel=1e-12)

    def test_numbers_are_not_rounded_to_single_precision(self) -> None:
        # ignite gives 2.0000000038
        assert after(GeometricAverage(), [4.0, 1.0]) == 2.0

    @pytest.mark.parametrize("make", [float, torch.tensor])
    def test_zeros_and_negative_numbers(self, make: Callable[[float], object]) -> None:
        assert after(GeometricAverage(), [make(0.0), make(3.0)]) == 0.0
        assert math.isnan(after(GeometricAverage(), [make(-1.0), make(3.0)]))

    def test_a_tensor_with_axes_is_refused(self) -> None:
        with pytest.raises(ArgumentError, match=r"GeometricAverage: value .*, got shape \[2\]"):
            GeometricAverage().update(torch.ones(2))


class TestTensorAverage:
    @settings(deadline=None)
    @given(sizes=SIZES, seed=st.integers(0, 99))
    def test_it_is_the_mean_of_rows_however_they_are_split(
        self, sizes: list[int], seed: int
    ) -> None:
        batches = rows(sizes, seed)
        expected = torch.cat(batches).double().mean(dim=0)
        assert torch.allclose(after(TensorAverage(), batches), expected)
        one_by_one = [row for batch in batches for row in batch]
        assert torch.allclose(after(TensorAverage(), one_by_one), expected)

    @pytest.mark.parity
    def test_it_is_what_ignites_average_gives_for_vectors(self, ignite: ModuleType) -> None:
        theirs = ignite.Average()
        batches = rows([2, 3], 0)
        for batch in batches:
            theirs.update(batch)
        assert torch.allclose(after(TensorAverage(), batches), theirs.compute())

    def test_another_shape_later_is_refused(self) -> None:
        metric = TensorAverage()
        metric.update(torch.ones(4, 2))
        with pytest.raises(ArgumentError) as caught:
            metric.update(torch.ones(3))
        assert str(caught.value) == "TensorAverage: samples must have one shape, got [3] after [2]"

    def test_a_batch_is_summed_in_double_precision(self) -> None:
        batch = torch.tensor([[2.0**24], *[[1.0]] * 8])
        assert after(TensorAverage(), [batch]).item() * 9 == 2.0**24 + 8

    def test_a_number_is_refused(self) -> None:
        with pytest.raises(ArgumentError, match="Average takes numbers"):
            TensorAverage().update(torch.tensor(1.0))
        wrong: Any = 1.0
        with pytest.raises(ArgumentTypeError, match=r"value must be a tensor, got 1\.0"):
            TensorAverage().update(wrong)

    @pytest.mark.parametrize("dtype", [torch.uint8, torch.bool, torch.float16, torch.int64])
    def test_any_real_dtype_will_do(self, dtype: torch.dtype) -> None:
        result = after(TensorAverage(), [torch.ones(300, 2, dtype=dtype)])
        assert result.dtype == torch.float64
        assert result.tolist() == [1.0, 1.0]


MAKES: list[tuple[Callable[[], Metric[Any, Any, Any]], object]] = [
    (lambda: VariableAccumulation(add), torch.tensor([1.0, 2.0])),
    (lambda: VariableAccumulation(largest, reduce="max"), torch.tensor([1.0, 2.0])),
    (lambda: VariableAccumulation(add, device="cpu"), 2.5),
    (GeometricAverage, torch.tensor(2.0)),
    (TensorAverage, torch.tensor([[1.0, 2.0], [2.0, 5.0]])),
    (lambda: TensorAverage(device="cpu"), torch.tensor([1.0, 2.0])),
]


@pytest.mark.parametrize(("make", "value"), MAKES)
class TestAll:
    def test_an_update_does_not_wait(
        self, make: Callable[[], Metric[Any, Any, Any]], value: object
    ) -> None:
        metric = make()
        with waits() as listing:
            for _ in range(3):
                metric.update(value)
        assert listing.found == []

    def test_nothing_seen_is_nothing_to_compute(
        self, make: Callable[[], Metric[Any, Any, Any]], value: object
    ) -> None:
        metric = make()
        with pytest.raises(NotComputableError, match=f"{type(metric).__name__}: needs at least"):
            metric.compute()
        metric.update(value)
        metric.reset()
        with pytest.raises(NotComputableError):
            metric.compute()

    def test_it_goes_on_where_another_stood(
        self, make: Callable[[], Metric[Any, Any, Any]], value: object
    ) -> None:
        metric, other = make(), make()
        metric.update(value)
        saved = metric.state_dict()
        text = str(saved)
        metric.update(value)
        assert str(saved) == text
        other.load_state_dict(saved)
        other.update(value)
        assert str(other.compute()) == str(metric.compute())
        assert str(saved) == text


@pytest.mark.parametrize(
    "metric", [VariableAccumulation(add_rows), TensorAverage()], ids=["variable", "tensor"]
)
def test_an_empty_batch_is_nothing(metric: Metric[Any, Any, Any]) -> None:
    metric.update(torch.ones(0, 5))
    with pytest.raises(NotComputableError):
        metric.compute()
    metric.update(torch.ones(2, 3))
    before = str(metric.compute())
    metric.update(torch.ones(0, 3))
    assert str(metric.compute()) == before


def test_attached_they_take_what_the_transform_gives() -> None:
    def give(engine: Engine[float, list[float]], batch: float) -> list[float]:
        return [batch, 2 * batch]

    evaluator = Engine(give)
    total = evaluator.attach(VariableAccumulation(add, lambda out: torch.tensor(out) * 1), "total")
    mean = evaluator.attach(TensorAverage(lambda out: torch.tensor(out) * 1), "mean")
    geometric = evaluator.attach(GeometricAverage(lambda out: out[1]), "geometric")
    metrics = evaluator.run([1.0, 4.0]).metrics
    assert metrics[total][0].tolist() == [5.0, 10.0]
    assert metrics[mean].tolist() == [2.5, 5.0]
    assert metrics[geometric] == pytest.approx(4.0)


def results_of_ranks(parts: Sequence[Sequence[Sequence[float]]]) -> list[object]:
    mine = parts[distributed.get_rank()]
    total = VariableAccumulation(add)
    most = VariableAccumulation(largest, reduce="max")
    mean = TensorAverage()
    geometric = GeometricAverage()
    for row in mine:
        for metric in (total, most, mean):
            metric.update(torch.tensor(row))
        geometric.update(row[0])
    with over_all_ranks(total, most, mean, geometric):
        return [
            total.compute()[0].tolist(),
            total.compute()[1],
            most.compute()[0].tolist(),
            mean.compute().tolist(),
            round(geometric.compute(), 9),
        ]


@pytest.mark.distributed
@pytest.mark.parametrize(
    "parts", [[[], [[2.0, -3.0], [8.0, -1.0]]], [[[8.0, -1.0]], [[2.0, -3.0]]]]
)
def test_ranks_are_brought_together(
    two_ranks: RankPool, parts: Sequence[Sequence[Sequence[float]]]
) -> None:
    expected: list[object] = [[10.0, -4.0], 2, [8.0, -1.0], [5.0, -2.0], 4.0]
    assert two_ranks.run(results_of_ranks, parts) == [expected, expected]
