"""Small batches in the host's memory are added up by numpy: to the same sums, without a trace."""

from collections.abc import Callable
from typing import Final, TypeAlias

import pytest
import torch
from torch import Tensor

from firesteel.metrics import Metric, PredTarget
from firesteel.metrics._functional._host_sums import absolute_error_on_host, squared_error_on_host
from firesteel.metrics.functional import mean_absolute_error, mean_squared_error
from firesteel.metrics.regression import ManhattanDistance, MeanAbsoluteError, MeanSquaredError

Sum: TypeAlias = Callable[[Tensor, Tensor], float | None]
Mean: TypeAlias = Callable[[Tensor, Tensor], Tensor]

SUMS: Final[tuple[tuple[Sum, Mean], ...]] = (
    (squared_error_on_host, mean_squared_error),
    (absolute_error_on_host, mean_absolute_error),
)
METRICS: Final[tuple[Callable[[], Metric[PredTarget, float, PredTarget]], ...]] = (
    MeanSquaredError,
    MeanAbsoluteError,
    ManhattanDistance,
)

each_sum = pytest.mark.parametrize(("add_up", "mean"), SUMS)
each_metric = pytest.mark.parametrize("make", METRICS)


def pair_of(*shape: int) -> PredTarget:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(shape, generator=generator), torch.randn(shape, generator=generator)


@each_sum
@pytest.mark.parametrize("shape", [(1,), (7,), (256, 10), (2, 3, 4)])
def test_the_sum_is_that_of_torch(add_up: Sum, mean: Mean, shape: tuple[int, ...]) -> None:
    prediction, target = pair_of(*shape)
    expected = mean(prediction, target).item() * prediction.numel()
    assert add_up(prediction, target) == pytest.approx(expected, rel=1e-13)
    turned, other = prediction.transpose(0, -1), target.transpose(0, -1)
    assert add_up(turned, other) == pytest.approx(expected, rel=1e-13)
    assert add_up(turned.contiguous(), other) == pytest.approx(expected, rel=1e-13)


@each_sum
def test_the_difference_is_squared_and_added_in_double_precision(add_up: Sum, mean: Mean) -> None:
    prediction, target = torch.full((4000,), 2.56), torch.zeros(4000)
    expected = mean(prediction.double(), target.double()).item() * 4000
    assert add_up(prediction, target) == pytest.approx(expected, rel=1e-13)


@each_sum
def test_the_inputs_stay_what_they_are(add_up: Sum, mean: Mean) -> None:
    prediction, target = pair_of(5, 2)
    copies = prediction.clone(), target.clone()
    add_up(prediction, target)
    assert torch.equal(prediction, copies[0])
    assert torch.equal(target, copies[1])


@each_sum
def test_infinities_and_nan_go_into_the_sum_without_a_warning(add_up: Sum, mean: Mean) -> None:
    inf, one = torch.tensor([torch.inf]), torch.tensor([1.0])
    assert add_up(inf, one) == torch.inf
    total = add_up(inf, inf)
    assert total is not None
    assert total != total  # noqa: PLR0124  # NaN
    nan = add_up(inf * 0, one)
    assert nan is not None
    assert nan != nan  # noqa: PLR0124  # NaN
    assert add_up(one * 3e38, one * -3e38) == torch.inf


@each_sum
def test_a_graph_is_no_obstacle(add_up: Sum, mean: Mean) -> None:
    prediction, target = pair_of(5)
    expected = add_up(prediction, target)
    assert add_up(prediction.requires_grad_(), target) == expected
    assert add_up(target, prediction) == expected


@each_sum
def test_what_numpy_does_no_better_is_left_to_torch(
    add_up: Sum, mean: Mean, monkeypatch: pytest.MonkeyPatch
) -> None:
    prediction, target = pair_of(3)
    for dtype in (torch.float64, torch.float16, torch.uint8):
        assert add_up(prediction.to(dtype), target.to(dtype)) is None
    assert add_up(prediction.double(), target) is None
    assert add_up(prediction, target.double()) is None
    assert add_up(torch.zeros(2**13 + 1), torch.zeros(2**13 + 1)) is None
    assert add_up(prediction.to("meta"), target.to("meta")) is None
    monkeypatch.setattr("firesteel.metrics._functional._counts.has_numpy", False)
    assert add_up(prediction, target) is None


@each_metric
def test_small_and_large_batches_go_into_one_sum(
    make: Callable[[], Metric[PredTarget, float, PredTarget]], monkeypatch: pytest.MonkeyPatch
) -> None:
    prediction, target = pair_of(2**13 + 500)
    mixed, other, plain = make(), make(), make()
    for batch in (slice(0, 100), slice(100, 2**13 + 300), slice(2**13 + 300, None)):
        mixed.update((prediction[batch], target[batch]))
    other.update((prediction[:3], target[:3]))
    state = mixed.state_dict()
    other.merge(mixed)
    mixed.load_state_dict(state)
    mixed.update((prediction[:3], target[:3]))
    monkeypatch.setattr("firesteel.metrics._functional._counts.has_numpy", False)
    plain.update((prediction, target))
    plain.update((prediction[:3], target[:3]))
    expected = pytest.approx(plain.compute(), rel=1e-13)
    assert mixed.compute() == expected
    assert other.compute() == expected


@each_metric
def test_a_sum_of_small_batches_is_a_number_without_a_graph(
    make: Callable[[], Metric[PredTarget, float, PredTarget]],
) -> None:
    metric = make()
    prediction, target = pair_of(4)
    metric.update((prediction.requires_grad_(), target))
    assert type(metric.compute()) is float
