"""Errors of regression, plain and relative, beside scikit-learn, scipy and torchmetrics."""

import math
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Final, TypeAlias

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from firesteel.errors import ArgumentError
from firesteel.metrics._functional._pairs import MeanSums, Multioutput
from firesteel.metrics._functional._regression import (
    MaximumSums,
    geometric_mean_absolute_error,
    log_cosh_error,
    maximum_absolute_error,
    maximum_absolute_error_sums,
    mean_absolute_error,
    mean_absolute_error_sums,
    mean_error,
    mean_squared_error,
    mean_squared_error_sums,
    mean_squared_log_error,
    root_mean_squared_error,
    root_mean_squared_error_sums,
)
from firesteel.metrics._functional._relative_errors import (
    check_nonzero,
    fractional_absolute_error,
    fractional_bias,
    geometric_mean_relative_absolute_error,
    mean_absolute_percentage_error,
    mean_absolute_relative_error,
    mean_normalized_bias,
    symmetric_mean_absolute_percentage_error,
    weighted_mean_absolute_percentage_error,
)

pytestmark = pytest.mark.parity

by_hypothesis = settings(deadline=None, derandomize=True, max_examples=60)
SEEDS: Final = st.integers(0, 2**16)
SHAPES: Final = st.one_of(
    st.tuples(st.integers(1, 9)), st.tuples(st.integers(1, 9), st.integers(1, 4))
)
OfPair: TypeAlias = Callable[[Tensor, Tensor], Tensor]
WithColumns: TypeAlias = Callable[..., Tensor]


@pytest.fixture(scope="module", name="sklearn")
def import_sklearn() -> ModuleType:
    """Import scikit-learn's metrics."""
    return import_module("sklearn.metrics")


@pytest.fixture(scope="module", name="torchmetrics")
def import_torchmetrics() -> ModuleType:
    """Import torchmetrics' functions."""
    return import_module("torchmetrics.functional.regression")


def pair_of(shape: tuple[int, ...], seed: int, *, low: float = -3.0) -> tuple[Tensor, Tensor]:
    """Give random predictions and targets from ``low`` to 5, some of them exact hits."""
    generator = torch.Generator().manual_seed(seed)
    both = torch.rand((2, *shape), generator=generator, dtype=torch.float64) * (5 - low) + low
    is_hit = torch.rand(shape, generator=generator) < 0.2
    return torch.where(is_hit, both[1], both[0]), both[1]


def numbers_of(values: Tensor) -> list[float]:
    """Give the values of a tensor, row after row."""
    return [value.item() for value in values.flatten()]


def assert_value(ours: Tensor, expected: float) -> None:
    """Compare a tensor without axes with a number."""
    assert ours.shape == ()
    assert ours.dtype == torch.float64
    assert ours.item() == pytest.approx(expected, rel=1e-12, abs=1e-14, nan_ok=True)


class TestOfColumns:
    @pytest.mark.parametrize("multioutput", ["uniform_average", "raw_values"])
    @pytest.mark.parametrize(
        "ours",
        [
            mean_absolute_error,
            mean_squared_error,
            root_mean_squared_error,
            mean_squared_log_error,
        ],
    )
    @by_hypothesis
    @given(shape=SHAPES, seed=SEEDS)
    def test_the_value_is_that_of_sklearn(
        self,
        sklearn: ModuleType,
        ours: WithColumns,
        multioutput: Multioutput,
        shape: tuple[int, ...],
        seed: int,
    ) -> None:
        prediction, target = pair_of(shape, seed, low=-0.9)
        theirs = getattr(sklearn, ours.__name__)
        expected = theirs(target.numpy(), prediction.numpy(), multioutput=multioutput)
        result = ours(prediction, target, multioutput=multioutput)
        torch.testing.assert_close(result, torch.as_tensor(expected, dtype=torch.float64))

    @pytest.mark.parametrize(
        "ours",
        [
            mean_absolute_error,
            mean_squared_error,
            root_mean_squared_error,
            mean_squared_log_error,
        ],
    )
    @by_hypothesis
    @given(shape=st.lists(st.integers(1, 4), min_size=3, max_size=5).map(tuple), seed=SEEDS)
    def test_axes_after_the_second_are_samples(
        self, ours: WithColumns, shape: tuple[int, ...], seed: int
    ) -> None:
        prediction, target = pair_of(shape, seed, low=0)
        as_samples = (x.movedim(1, -1).reshape(-1, shape[1]) for x in (prediction, target))
        result = ours(prediction, target, multioutput="raw_values")
        assert result.shape == (shape[1],)
        torch.testing.assert_close(result, ours(*as_samples, multioutput="raw_values"))
        torch.testing.assert_close(result.mean(), ours(prediction, target))

    @pytest.mark.parametrize(
        "ours",
        [
            mean_absolute_error,
            mean_squared_error,
            root_mean_squared_error,
            mean_squared_log_error,
        ],
    )
    def test_another_word_for_columns_is_an_error(self, ours: WithColumns) -> None:
        message = (
            f"^{ours.__name__}: multioutput must be 'uniform_average' or 'raw_values', got 'sum'$"
        )
        with pytest.raises(ArgumentError, match=message):
            ours(torch.ones(3), torch.ones(3), multioutput="sum")

    def test_sums_count_values_of_a_column(self) -> None:
        ones, zeros = torch.ones(4, 3, 2), torch.zeros(4, 3, 2)
        sums = mean_squared_error_sums(ones, zeros, multioutput="raw_values")
        assert sums.num_values == root_mean_squared_error_sums(ones, zeros).num_values == 8
        assert sums.total.tolist() == [8.0, 8.0, 8.0]
        assert mean_absolute_error_sums(ones, zeros) == MeanSums(torch.tensor(24.0), 24)


class TestPlainErrors:
    @by_hypothesis
    @given(shape=SHAPES, seed=SEEDS)
    def test_maximum_is_that_of_sklearn(
        self, sklearn: ModuleType, shape: tuple[int, ...], seed: int
    ) -> None:
        prediction, target = pair_of(shape, seed)
        expected = sklearn.max_error(target.flatten().numpy(), prediction.flatten().numpy())
        assert_value(maximum_absolute_error(prediction, target), expected)

    def test_nothing_has_a_maximum_that_changes_no_other(self) -> None:
        assert maximum_absolute_error_sums(torch.zeros(0, 2), torch.zeros(0, 2)) == MaximumSums(
            torch.tensor(0.0), 0
        )

    @by_hypothesis
    @given(shape=SHAPES, seed=SEEDS)
    def test_mean_error_is_target_minus_prediction(self, shape: tuple[int, ...], seed: int) -> None:
        prediction, target = pair_of(shape, seed)
        assert_value(mean_error(prediction, target), (target - prediction).mean().item())

    @by_hypothesis
    @given(shape=SHAPES, seed=SEEDS, scale=st.sampled_from([1e-3, 1.0, 10.0]))
    def test_log_cosh_is_that_of_torchmetrics(
        self, torchmetrics: ModuleType, shape: tuple[int, ...], seed: int, scale: float
    ) -> None:
        prediction, target = (x.flatten() * scale for x in pair_of(shape, seed))
        expected = torchmetrics.log_cosh_error(prediction, target).item()
        assert log_cosh_error(prediction, target).item() == pytest.approx(expected, abs=1e-12)

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    def test_log_cosh_keeps_digits_of_small_errors_and_bears_large_ones(
        self, dtype: torch.dtype
    ) -> None:
        for size, expected in ((1e-4, 1e-8 / 2), (1e4, 1e4 - math.log(2))):
            error = log_cosh_error(torch.tensor([size], dtype=dtype), torch.zeros(1, dtype=dtype))
            assert error.item() == pytest.approx(expected, rel=1e-6)

    @by_hypothesis
    @given(shape=SHAPES, seed=SEEDS)
    def test_geometric_mean_is_that_of_scipy(self, shape: tuple[int, ...], seed: int) -> None:
        prediction, target = pair_of(shape, seed)
        sizes = (prediction - target).abs()
        expected = import_module("scipy.stats").gmean(sizes.flatten().numpy() + 0.0)
        assert_value(geometric_mean_absolute_error(prediction, target), float(expected))

    @pytest.mark.parametrize("which", ["prediction", "target"])
    @pytest.mark.parametrize("value", [-1.0, -2.0])
    def test_a_logarithm_of_nothing_is_an_error(self, which: str, value: float) -> None:
        one, other = torch.tensor([0.0, value]), torch.zeros(2)
        pair = (one, other) if which == "prediction" else (other, one)
        message = f"^mean_squared_log_error: {which} must be above -1, got {value}$"
        with pytest.raises(ArgumentError, match=message):
            mean_squared_log_error(*pair)

    def test_unsigned_numbers_do_not_wrap(self) -> None:
        prediction, target = torch.tensor([[200, 250], [250, 200]], dtype=torch.uint8)
        assert mean_absolute_error(prediction, target) == 50
        assert mean_squared_error(prediction, target) == 2500
        assert mean_error(prediction, target) == 0

    def test_whole_numbers_of_many_digits_keep_them(self) -> None:
        prediction, target = torch.tensor([2**40 + 1]), torch.tensor([2**40])
        assert mean_absolute_error(prediction, target) == 1

    def test_many_values_keep_the_accuracy_of_float64(self) -> None:
        value = torch.tensor(2.56)
        prediction = value.expand(10_000_000)
        target = torch.zeros(()).expand(10_000_000)
        assert_value(mean_absolute_error(prediction, target), value.item())
        assert_value(mean_error(prediction, target), -value.item())
        assert_value(mean_squared_error(prediction, target), value.item() ** 2)
        half = value.half()
        result = mean_squared_error(half.expand(10_000_000), target)
        assert_value(result, half.item() ** 2)

    def test_many_values_are_added_up_in_parts_column_by_column(self) -> None:
        rows, columns = 2**16 + 1, 5
        prediction, target = torch.arange(5.0).expand(rows, columns), torch.zeros(rows, columns)
        for error, expected in (
            (mean_squared_error, [0.0, 1.0, 4.0, 9.0, 16.0]),
            (mean_absolute_error, [0.0, 1.0, 2.0, 3.0, 4.0]),
        ):
            values = error(prediction, target, multioutput="raw_values")
            assert values.tolist() == expected
            assert error(prediction, target).item() == sum(expected) / columns
            one_column = error(prediction[:, 2], target[:, 2], multioutput="raw_values")
            assert one_column.tolist() == [expected[2]]
        deep = torch.ones(2, 3, 2**17)
        assert mean_squared_error(deep, -deep, multioutput="raw_values").tolist() == [4.0] * 3
        assert mean_squared_error(deep, -deep).item() == 4.0


class TestRelativeErrors:
    @by_hypothesis
    @given(shape=SHAPES, seed=SEEDS)
    def test_percentage_error_is_that_of_sklearn(
        self, sklearn: ModuleType, shape: tuple[int, ...], seed: int
    ) -> None:
        prediction, target = pair_of(shape, seed)
        expected = sklearn.mean_absolute_percentage_error(target.numpy(), prediction.numpy())
        assert_value(mean_absolute_percentage_error(prediction, target), float(expected))
        assert_value(mean_absolute_relative_error(prediction, target), float(expected))

    @pytest.mark.parametrize(
        "ours", [symmetric_mean_absolute_percentage_error, weighted_mean_absolute_percentage_error]
    )
    @by_hypothesis
    @given(shape=SHAPES, seed=SEEDS)
    def test_the_value_is_that_of_torchmetrics(
        self, torchmetrics: ModuleType, ours: OfPair, shape: tuple[int, ...], seed: int
    ) -> None:
        prediction, target = pair_of(shape, seed)
        expected = getattr(torchmetrics, ours.__name__)(prediction, target).item()
        assert ours(prediction, target).item() == pytest.approx(expected, rel=1e-6)

    @by_hypothesis
    @given(shape=SHAPES, seed=SEEDS)
    def test_the_value_is_that_of_the_formula(self, shape: tuple[int, ...], seed: int) -> None:
        prediction, target = pair_of(shape, seed, low=0.1)
        pairs = list(zip(numbers_of(prediction), numbers_of(target), strict=True))
        n, mean = len(pairs), sum(y for _, y in pairs) / len(pairs)
        expected = {
            mean_normalized_bias: sum((y - p) / y for p, y in pairs) / n,
            fractional_bias: sum(2 * (y - p) / (p + y) for p, y in pairs) / n,
            fractional_absolute_error: sum(2 * abs(y - p) / (p + y) for p, y in pairs) / n,
        }
        for ours, value in expected.items():
            assert_value(ours(prediction, target), value)
        if n > 1:
            ratios = [abs(y - p) / abs(y - mean) for p, y in pairs]
            product = math.prod(ratio ** (1 / n) for ratio in ratios)
            assert_value(geometric_mean_relative_absolute_error(prediction, target), product)

    @pytest.mark.parametrize(
        ("ours", "missed"),
        [
            (mean_absolute_relative_error, math.inf),
            (mean_absolute_percentage_error, math.inf),
            (mean_normalized_bias, -math.inf),
            (weighted_mean_absolute_percentage_error, math.inf),
        ],
    )
    def test_a_target_of_0_is_what_the_division_gives(self, ours: OfPair, missed: float) -> None:
        zero = torch.zeros(1)
        assert_value(ours(torch.ones(1), zero), missed)
        assert_value(ours(zero, zero), math.nan)

    @pytest.mark.parametrize(
        "ours",
        [
            fractional_absolute_error,
            fractional_bias,
            symmetric_mean_absolute_percentage_error,
        ],
    )
    def test_0_beside_0_is_no_error(self, ours: OfPair) -> None:
        assert_value(ours(torch.tensor([0.0, 1.0]), torch.tensor([0.0, 3.0])), 0.5)

    def test_fractional_bias_is_infinite_where_both_cancel(self) -> None:
        assert_value(fractional_bias(torch.tensor([-1.0]), torch.tensor([1.0])), math.inf)

    def test_single_targets_of_0_do_no_harm_to_the_weighted_error(self) -> None:
        prediction, target = torch.tensor([1.0, 4.0]), torch.tensor([0.0, 4.0])
        assert_value(weighted_mean_absolute_percentage_error(prediction, target), 0.25)

    def test_a_target_at_the_mean_is_infinitely_relative(self) -> None:
        prediction, target = torch.tensor([0.0, 1.0, 4.0]), torch.tensor([1.0, 2.0, 3.0])
        result = geometric_mean_relative_absolute_error(prediction, target)
        assert_value(result, math.inf)

    def test_targets_of_0_can_be_refused(self) -> None:
        check_nonzero(torch.tensor([1.0, -1.0, math.nan]))
        with pytest.raises(
            ArgumentError, match=r"^check_nonzero: target must be nonzero .* got 2 of 3 that are 0$"
        ):
            check_nonzero(torch.tensor([0.0, 1.0, -0.0]))
        with pytest.raises(ArgumentError, match=r"^Mine: target"):
            check_nonzero(torch.tensor([0]), where="Mine")
