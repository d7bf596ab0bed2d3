"""Average, Loss and RunningAverage: means of what is seen."""

import math
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from typing import Any, NamedTuple, Self

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from typing_extensions import override

from firesteel import Accuracy, Average, Engine, Events, Loss, Metric, RunningAverage
from firesteel.errors import ArgumentError, ArgumentTypeError, NotComputableError
from firesteel.metrics import EpochWise, PredTarget, Scalar, field

NUMBERS = st.floats(-1e6, 1e6, allow_subnormal=False)
DTYPES = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.uint8]


def give(engine: Engine[Scalar, Scalar], batch: Scalar) -> Scalar:
    """Give the batch back."""
    return batch


def mean_of(metric: Metric[Scalar, float], values: Sequence[Scalar]) -> float:
    """Give what a metric makes of these values."""
    for value in values:
        metric.update(value)
    return metric.compute()


class TestAverage:
    @settings(deadline=None)
    @given(values=st.lists(NUMBERS, min_size=1, max_size=20))
    def test_it_is_the_mean(self, values: list[float]) -> None:
        expected = pytest.approx(math.fsum(values) / len(values), rel=1e-12, abs=1e-6)
        assert mean_of(Average(), values) == expected
        assert mean_of(Average(), [torch.tensor(v, dtype=torch.float64) for v in values]) == (
            expected
        )

    @pytest.mark.parametrize("dtype", DTYPES)
    def test_a_tensor_may_have_any_real_dtype(self, dtype: torch.dtype) -> None:
        values = [torch.tensor(value, dtype=dtype) for value in (1, 2, 6)]
        assert mean_of(Average(), values) == 3.0

    def test_numbers_and_tensors_may_come_mixed(self) -> None:
        assert mean_of(Average(), [1, torch.tensor(2.0), 3.0, torch.tensor(True), 3]) == 2.0

    def test_small_numbers_are_not_lost_among_many(self) -> None:
        values = [torch.tensor(2.0**24), *[torch.tensor(1.0)] * 8]  # float32 would not see the ones
        assert mean_of(Average(), values) * 9 == 2.0**24 + 8


class TestRunningAverage:
    @settings(deadline=None)
    @given(
        values=st.lists(NUMBERS, min_size=1, max_size=20),
        alpha=st.floats(0.01, 1.0),
        is_tensor=st.lists(st.booleans(), min_size=20, max_size=20),
    )
    def test_it_is_the_weighted_sum(
        self, values: list[float], alpha: float, is_tensor: list[bool]
    ) -> None:
        steps = len(values) - 1
        weights = [alpha**steps, *((1 - alpha) * alpha ** (steps - i) for i in range(1, steps + 1))]
        expected = math.fsum(w * v for w, v in zip(weights, values, strict=True))
        mixed = [
            torch.tensor(value, dtype=torch.float64) if as_tensor else value
            for value, as_tensor in zip(values, is_tensor, strict=False)
        ]
        result = mean_of(RunningAverage(alpha=alpha), mixed)
        assert result == pytest.approx(expected, rel=1e-9, abs=1e-6)

    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize("first", [3.0, torch.tensor(3.0)])
    def test_it_is_kept_in_double_precision(self, dtype: torch.dtype, first: Scalar) -> None:
        value = torch.tensor(1, dtype=dtype)
        result = mean_of(RunningAverage(alpha=0.9), [first, value])
        assert result == pytest.approx(0.9 * 3 + 0.1, rel=1e-12)

    def test_the_first_value_counts_in_full(self) -> None:
        assert mean_of(RunningAverage(alpha=0.98), [5.0]) == 5.0

    def test_with_alpha_one_the_first_value_stays(self) -> None:
        assert mean_of(RunningAverage(alpha=1), [5.0, 1.0]) == 5.0

    @pytest.mark.parametrize("alpha", [0, -0.1, 1.1, float("nan")])
    def test_an_alpha_out_of_range_is_refused(self, alpha: float) -> None:
        with pytest.raises(ArgumentError) as caught:
            RunningAverage(alpha=alpha)
        assert str(caught.value) == f"RunningAverage: alpha must be in (0, 1], got {alpha}"

    def test_the_tensor_that_came_first_is_not_changed(self) -> None:
        first = torch.tensor(4.0, dtype=torch.float64)
        mean_of(RunningAverage(alpha=0.5), [first, torch.tensor(2.0)])
        assert first.item() == 4.0

    def test_attached_it_runs_over_all_iterations_of_a_run(self) -> None:
        trainer = Engine(give)
        mean = RunningAverage(alpha=0.5).attach(trainer, "mean")
        seen: list[float] = []
        trainer.add_event_handler(
            Events.ITERATION_COMPLETED, lambda: seen.append(trainer.state.metrics[mean])
        )
        trainer.run([4.0, 2.0], max_epochs=2)
        assert seen == [4.0, 3.0, 3.5, 2.75]

    def test_another_usage_can_be_asked_for(self) -> None:
        trainer = Engine(give)
        mean = RunningAverage(alpha=0.5).attach(trainer, "mean", usage=EpochWise())
        assert trainer.run([4.0, 2.0], max_epochs=2).metrics[mean] == 3.0

    def test_a_transform_can_be_given_when_attaching(self) -> None:
        trainer = Engine(give)
        mean = RunningAverage().attach(trainer, "mean", output_transform=lambda out: 2 * out)
        assert trainer.run([4.0]).metrics[mean] == 8.0


class TestLoss:
    @settings(deadline=None)
    @given(sizes=st.lists(st.integers(1, 6), min_size=1, max_size=5), seed=st.integers(0, 2**16))
    def test_it_is_the_mean_over_samples_however_they_are_split(
        self, sizes: list[int], seed: int
    ) -> None:
        generator = torch.Generator().manual_seed(seed)
        prediction = torch.rand(sum(sizes), generator=generator, dtype=torch.float64)
        target = torch.rand(sum(sizes), generator=generator, dtype=torch.float64)
        loss = Loss(nn.functional.mse_loss)
        for a, b in pairwise([0, *accumulate(sizes)]):
            loss.update((prediction[a:b], target[a:b]))
        expected = float(nn.functional.mse_loss(prediction, target))
        assert loss.compute() == pytest.approx(expected, rel=1e-12)

    def test_a_module_will_do(self) -> None:
        loss = Loss(nn.CrossEntropyLoss())
        loss.update((torch.zeros(2, 4), torch.tensor([0, 3])))
        assert loss.compute() == pytest.approx(math.log(4))

    def test_how_many_samples_there_are_can_be_told(self) -> None:
        def one(prediction: Tensor, target: Tensor) -> Tensor:
            return prediction.sum()

        loss = Loss(one, batch_size=lambda target: target.numel())
        loss.update((torch.tensor(1.0), torch.zeros(2, 3)))
        loss.update((torch.tensor(8.0), torch.zeros(1, 1)))
        assert loss.compute() == (1 * 6 + 8 * 1) / 7

    def test_a_half_precision_loss_is_summed_in_double(self) -> None:
        loss = Loss(lambda prediction, target: torch.tensor(1.0078125, dtype=torch.bfloat16))
        for _ in range(2):
            loss.update((torch.zeros(999), torch.zeros(999)))
        assert loss.compute() == 1.0078125

    def test_an_empty_batch_is_no_sample(self) -> None:
        loss = Loss(lambda prediction, target: prediction.sum())
        loss.update((torch.zeros(0), torch.zeros(0)))
        with pytest.raises(NotComputableError, match="Loss: needs at least one sample"):
            loss.compute()

    def test_a_loss_with_axes_is_refused(self) -> None:
        loss = Loss(lambda prediction, target: prediction - target)
        with pytest.raises(ArgumentError) as caught:
            loss.update((torch.zeros(3, 2), torch.zeros(3, 2)))
        assert str(caught.value) == (
            "Loss: loss_fn must give a tensor without axes, got shape [3, 2]"
        )

    @pytest.mark.parametrize("argument", ["loss_fn", "batch_size"])
    def test_what_cannot_be_called_is_refused(self, argument: str) -> None:
        arguments: dict[str, Any] = {"loss_fn": nn.MSELoss(), argument: 3}
        with pytest.raises(ArgumentTypeError, match=f"Loss: {argument} must be callable, got 3"):
            Loss(**arguments)

    def test_by_hand_it_may_be_a_loss_that_differentiates(self) -> None:
        def slope(prediction: Tensor, target: Tensor) -> Tensor:
            (gradient,) = torch.autograd.grad((prediction**2).sum(), prediction)
            return gradient.mean()

        loss = Loss(slope)
        loss.update((torch.ones(2, requires_grad=True), torch.ones(2)))
        assert loss.compute() == 2.0

    def test_attached_it_takes_the_engines_output(self) -> None:
        def pair(engine: Engine[float, PredTarget], batch: float) -> PredTarget:
            return torch.tensor([batch]), torch.zeros(1)

        evaluator = Engine(pair)
        loss = Loss(nn.functional.l1_loss).attach(evaluator, "loss")
        assert evaluator.run([1.0, 3.0]).metrics[loss] == 2.0

    def test_a_transform_stands_behind_the_loss_function(self) -> None:
        evaluator = Engine(give)
        loss = evaluator.attach(
            Loss(nn.functional.l1_loss, lambda out: (torch.tensor([out]), torch.zeros(1))), "loss"
        )
        assert evaluator.run([1.0, 3.0]).metrics[loss] == 2.0


class Weighing(nn.Module):
    """A loss with a parameter, so that it has a graph."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(2.0))

    @override
    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return (self.weight * (prediction - target)).mean()


@pytest.mark.parametrize("make", [Average, RunningAverage])
class TestBothOfOneNumber:
    def test_without_an_update_there_is_no_result(
        self, make: Callable[[], Metric[Scalar, float]]
    ) -> None:
        with pytest.raises(NotComputableError, match="needs at least one update"):
            make().compute()

    def test_a_tensor_with_axes_is_refused(self, make: Callable[[], Metric[Scalar, float]]) -> None:
        metric = make()
        with pytest.raises(ArgumentError) as caught:
            metric.update(torch.zeros(2, 1))
        assert str(caught.value) == (
            f"{type(metric).__name__}: value must be a number or a tensor without axes, "
            "got shape [2, 1]"
        )

    @pytest.mark.parametrize("value", ["1", None, [1.0], (torch.tensor(1.0), torch.tensor(1.0))])
    def test_what_is_no_number_is_refused(
        self, make: Callable[[], Metric[Scalar, float]], value: Any
    ) -> None:
        with pytest.raises(ArgumentTypeError, match="value must be a number or a tensor"):
            make().update(value)

    def test_a_reset_forgets(self, make: Callable[[], Metric[Scalar, float]]) -> None:
        metric = make()
        metric.update(7.0)
        metric.reset()
        with pytest.raises(NotComputableError):
            metric.compute()
        assert mean_of(metric, [1.0]) == 1.0

    def test_computing_leaves_the_state_as_it_is(
        self, make: Callable[[], Metric[Scalar, float]]
    ) -> None:
        metric = make()
        metric.update(torch.tensor(2.0))
        assert metric.compute() == metric.compute() == 2.0
        assert type(metric.compute()) is float

    def test_no_graph_is_kept(self, make: Callable[[], Metric[Scalar, float]]) -> None:
        metric, weight = make(), torch.tensor(1.0, requires_grad=True)
        for _ in range(2):
            metric.update(weight * 2)
        held = [value for value in vars(metric).values() if isinstance(value, Tensor)]
        assert held
        assert not any(value.requires_grad for value in held)


def test_a_loss_keeps_no_graph() -> None:
    loss = Loss(Weighing())
    loss.update((torch.ones(2), torch.zeros(2)))
    held = [value for value in vars(loss).values() if isinstance(value, Tensor)]
    assert held
    assert not any(value.requires_grad for value in held)


class Shares(NamedTuple):
    scores: Tensor
    target: Tensor


def share(engine: Engine[int, Shares], num_right: int) -> Shares:
    """Give four predictions, so many of which are right."""
    return Shares(torch.zeros(4).long(), (torch.arange(4) >= num_right).long())


def select(output: Shares) -> PredTarget:
    return output.scores, output.target


def select_double(output: Shares) -> PredTarget:
    return output.scores.double(), -output.target.double()


class TestRunningAverageOfAMetric:
    def test_it_smooths_the_result_of_each_batch(self) -> None:
        trainer = Engine(share)
        mean = RunningAverage(Accuracy(select), alpha=0.5).attach(trainer, "mean")
        named = RunningAverage(src=Accuracy(select), alpha=0.5).attach(trainer, "named")
        seen: list[float] = []
        trainer.add_event_handler(
            Events.ITERATION_COMPLETED, lambda: seen.append(trainer.state.metrics[mean])
        )
        assert trainer.run([4, 2, 0]).metrics[named] == 0.375
        assert seen == [1.0, 0.75, 0.375]

    def test_the_metric_itself_stays_as_it_is(self) -> None:
        trainer = Engine(share)
        accuracy = Accuracy(select)
        whole = accuracy.attach(trainer, "whole")
        mean = RunningAverage(src=accuracy, alpha=0.5).attach(trainer, "mean")
        before = trainer.run([4, 0])
        assert before.metrics[whole] == 0.5
        assert before.metrics[mean] == 0.5
        assert accuracy.is_attached(trainer)

    def test_nothing_else_of_its_engine_is_copied(self) -> None:
        class Uncopyable(Metric[float, float]):
            num = field(0)

            @override
            def update(self, value: float, /) -> None:
                self.num += 1

            @override
            def compute(self) -> float:
                return float(self.num)

            def __deepcopy__(self, memo: object) -> Self:
                raise LookupError

        trainer = Engine(share)
        accuracy = Accuracy(select)
        accuracy.attach(trainer, "accuracy")
        Uncopyable().attach(trainer, "other", output_transform=lambda out: 1.0)
        RunningAverage(src=accuracy).attach(trainer, "mean")

    def test_what_it_has_seen_before_does_not_count(self) -> None:
        accuracy = Accuracy(select)
        accuracy.update((torch.zeros(9).long(), torch.ones(9).long()))
        trainer = Engine(share)
        mean = RunningAverage(src=accuracy).attach(trainer, "mean")
        assert trainer.run([4]).metrics[mean] == 1.0
        assert accuracy.compute() == 0.0

    def test_it_may_be_made_of_others_and_of_a_loss_that_is_being_trained(self) -> None:
        weighing = Weighing()
        trainer = Engine(share)
        loss = Loss(weighing, select_double)
        mean = RunningAverage(src=loss + Accuracy(select), alpha=0.5).attach(trainer, "mean")
        assert trainer.run([2]).metrics[mean] == 2 * 0.5 + 0.5
        with torch.no_grad():
            weighing.weight.fill_(4.0)
        assert trainer.run([2]).metrics[mean] == 4 * 0.5 + 0.5

    def test_a_transform_beside_it_is_refused(self) -> None:
        make: Any = RunningAverage
        with pytest.raises(ArgumentError, match="output_transform must be left out where there is"):
            make(select, src=Accuracy(select))
        with pytest.raises(ArgumentTypeError, match="src must be a metric, got 3"):
            make(src=3)
        with pytest.raises(ArgumentError, match=r"RunningAverage\.attach: output_transform must"):
            RunningAverage(Accuracy(select)).attach(
                Engine(give), "mean", output_transform=lambda out: out
            )

    def test_a_batch_without_a_result_is_told_with_the_metric(self) -> None:
        def nothing(engine: Engine[int, Shares], batch: int) -> Shares:
            return Shares(torch.zeros(0).long(), torch.zeros(0).long())

        trainer = Engine(nothing)
        RunningAverage(Accuracy(select)).attach(trainer, "mean")
        with pytest.raises(NotComputableError, match="Accuracy: needs") as caught:
            trainer.run([1])
        assert "the metric 'mean'" in caught.value.__notes__[0]
