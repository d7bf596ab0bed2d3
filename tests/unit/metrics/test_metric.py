"""Metric: how it attaches to an engine, and what its result is at each moment."""

import gc
import math
import weakref
from collections.abc import Callable
from typing import Any, Final, NamedTuple, final

import pytest
import torch
from torch import Tensor
from typing_extensions import override

from firesteel import Engine, EventEnum, Events, Metric, MetricKey
from firesteel.errors import ArgumentError, ArgumentTypeError, UnknownEventError, UnknownKeyError
from firesteel.metrics import Accuracy, Average, MetricUsage, RunningBatchWise, field
from firesteel.metrics._fields import as_tensor


class Output(NamedTuple):
    """What an engine gives that is not what the metric takes."""

    loss: float
    words: str


class OwnEvents(EventEnum):
    """An event that no engine knows by itself."""

    CHECKED = "checked"


@final
class Total(Metric[float, float]):
    """The sum of what it was given; notes what was asked of it."""

    def __init__(self) -> None:
        self.num_resets = 0
        self.num_updates = 0
        self.num_computed = 0
        super().__init__()

    @override
    def reset(self) -> None:
        self.num_resets += 1
        self.total = 0.0

    @override
    def update(self, value: float, /) -> None:
        assert not torch.is_grad_enabled()
        self.num_updates += 1
        self.total += value

    @override
    def compute(self) -> float:
        self.num_computed += 1
        return self.total


class TransformedTotal(Metric[float, float, Output]):
    """The sum of what is found in an output."""

    @override
    def reset(self) -> None:
        self.total = 0.0

    @override
    def update(self, value: float, /) -> None:
        self.total += value

    @override
    def compute(self) -> float:
        return self.total


class Fragile(Metric[float, float]):
    """Cannot take negative numbers, nor give a result of nothing."""

    @override
    def reset(self) -> None:
        self.count = 0

    @override
    def update(self, value: float, /) -> None:
        if value < 0:
            raise ArithmeticError("below zero")
        self.count += value > 0

    @override
    def compute(self) -> float:
        return 1 / self.count


def give(engine: Engine[float, float], batch: float) -> float:
    """Give the batch back."""
    return batch


def give_output(engine: Engine[float, Output], batch: float) -> Output:
    """Give the batch within an output."""
    return Output(batch, "a batch")


def double_loss(output: Output) -> float:
    """Find a number in an output."""
    return 2 * output.loss


class TestAttaching:
    def test_the_key_reads_the_result_and_so_does_the_name(self) -> None:
        evaluator = Engine(give)
        total = Total().attach(evaluator, "total")
        metrics = evaluator.run([1.0, 2.0, 4.0]).metrics
        assert metrics[total] == 7.0
        assert metrics["total"] == 7.0
        assert total.name == "total"

    def test_an_engine_attaches_it_as_well(self) -> None:
        evaluator = Engine(give)
        total = evaluator.attach(Total(), "total")
        assert evaluator.run([1.0, 2.0]).metrics[total] == 3.0

    def test_a_transform_can_be_given_to_the_constructor(self) -> None:
        evaluator = Engine(give_output)
        total = TransformedTotal(double_loss).attach(evaluator, "total")
        assert evaluator.run([1.0, 2.0]).metrics[total] == 6.0

    def test_a_transform_can_be_given_when_attaching(self) -> None:
        evaluator = Engine(give_output)
        total = Total().attach(evaluator, "total", output_transform=lambda output: output.loss)
        assert evaluator.run([1.0, 2.0]).metrics[total] == 3.0

    def test_the_transform_given_when_attaching_takes_the_place_of_the_other(self) -> None:
        evaluator = Engine(give_output)
        metric = TransformedTotal(double_loss)
        total = metric.attach(evaluator, "total", output_transform=lambda output: output.loss)
        assert evaluator.run([1.0, 2.0]).metrics[total] == 3.0

    def test_what_cannot_be_called_is_no_transform(self) -> None:
        not_callable: Any = "loss"
        with pytest.raises(ArgumentTypeError, match="output_transform must be callable"):
            TransformedTotal(not_callable)
        with pytest.raises(ArgumentTypeError, match="output_transform must be callable"):
            Total().attach(Engine(give), "total", output_transform=not_callable)

    def test_a_name_has_to_be_a_string(self) -> None:
        not_a_name: Any = 3
        with pytest.raises(ArgumentTypeError, match="MetricKey: name must be a string, got 3"):
            Total().attach(Engine(give), not_a_name)

    def test_one_metric_may_serve_two_engines(self) -> None:
        metric, one, two = Total(), Engine(give), Engine(give)
        keys = metric.attach(one, "total"), metric.attach(two, "total")
        assert one.run([1.0, 2.0]).metrics[keys[0]] == 3.0
        assert two.run([4.0]).metrics[keys[1]] == 4.0
        assert one.state.metrics[keys[0]] == 3.0

    def test_a_key_reads_the_results_of_its_own_engine_only(self) -> None:
        one, two = Engine(give), Engine(give)
        key = Total().attach(one, "total")
        Total().attach(two, "total")
        two.run([1.0])
        with pytest.raises(UnknownKeyError, match="'total' belongs to another metric"):
            _ = two.state.metrics[key]
        assert two.state.metrics.get(key) is None
        assert key not in two.state.metrics

    def test_neither_keeps_the_other_alive(self) -> None:
        metric = Total()
        evaluator = weakref.ref(attached_to_a_new_engine(metric))
        gc.collect()
        assert evaluator() is None


def attached_to_a_new_engine(metric: Total) -> Engine[float, float]:
    """Attach a metric to an engine that nobody else knows."""
    evaluator = Engine(give)
    metric.attach(evaluator, "total")
    return evaluator


class TestNames:
    def test_two_names_of_one_metric_have_one_result_and_it_is_updated_once(self) -> None:
        metric, evaluator = Total(), Engine(give)
        one, two = metric.attach(evaluator, "one"), metric.attach(evaluator, "two")
        metrics = evaluator.run([1.0, 2.0]).metrics
        assert (metrics[one], metrics[two]) == (3.0, 3.0)
        assert metric.num_updates == 2

    def test_a_second_metric_of_one_name_is_refused(self) -> None:
        evaluator = Engine(give)
        total = Total().attach(evaluator, "total")
        with pytest.raises(ArgumentError, match=r"another metric is attached .* as 'total'"):
            Total().attach(evaluator, "total")
        assert evaluator.run([1.0]).metrics[total] == 1.0

    def test_a_name_is_free_again_when_its_metric_is_detached(self) -> None:
        metric, evaluator = Total(), Engine(give)
        metric.attach(evaluator, "total")
        metric.detach(evaluator)
        total = Total().attach(evaluator, "total")
        assert evaluator.run([1.0]).metrics[total] == 1.0

    def test_another_usage_on_the_same_engine_is_refused(self) -> None:
        metric, evaluator = Total(), Engine(give)
        metric.attach(evaluator, "total")
        with pytest.raises(ArgumentError, match="another usage"):
            metric.attach(evaluator, "running", usage=RunningBatchWise())
        assert "running" not in evaluator.run([1.0]).metrics

    def test_another_transform_on_the_same_engine_is_refused(self) -> None:
        metric, evaluator = Total(), Engine(give_output)
        metric.attach(evaluator, "loss", output_transform=lambda output: output.loss)
        with pytest.raises(ArgumentError, match="another usage or transform"):
            metric.attach(evaluator, "double", output_transform=double_loss)

    def test_an_attempt_that_fails_leaves_nothing_behind(self) -> None:
        metric, evaluator = Total(), Engine(give)
        usage = MetricUsage(
            started=Events.STARTED,
            iteration_completed=OwnEvents.CHECKED,
            completed=Events.COMPLETED,
        )
        with pytest.raises(UnknownEventError, match=r"OwnEvents\.CHECKED is not registered"):
            metric.attach(evaluator, "total", usage=usage)
        assert not metric.is_attached(evaluator)
        total = metric.attach(evaluator, "total")
        assert evaluator.run([1.0]).metrics[total] == 1.0
        assert metric.num_updates == 1


class TestDetaching:
    def test_a_metric_knows_what_it_is_attached_to(self) -> None:
        metric, one, two = Total(), Engine(give), Engine(give)
        assert not metric.is_attached(one)
        metric.attach(one, "total")
        assert metric.is_attached(one)
        assert not metric.is_attached(two)
        metric.detach(one)
        assert not metric.is_attached(one)

    def test_a_detached_metric_hears_no_more(self) -> None:
        metric, evaluator = Total(), Engine(give)
        metric.attach(evaluator, "total")
        metric.detach(evaluator)
        num_resets = metric.num_resets
        evaluator.run([1.0])
        assert (metric.num_updates, metric.num_resets) == (0, num_resets)

    def test_its_results_go_under_all_names(self) -> None:
        metric, evaluator = Total(), Engine(give)
        key = metric.attach(evaluator, "one")
        metric.attach(evaluator, "two")
        evaluator.run([1.0])
        metric.detach(evaluator)
        assert list(evaluator.state.metrics) == []
        with pytest.raises(UnknownKeyError, match="no result 'one' yet; there are: none"):
            _ = evaluator.state.metrics[key]

    def test_a_result_that_was_put_off_goes_too(self) -> None:
        metric, evaluator = Total(), Engine(give)
        metric.attach(evaluator, "total", usage=RunningBatchWise())
        evaluator.run([1.0])
        metric.detach(evaluator)
        assert "total" not in evaluator.state.metrics

    def test_other_engines_keep_it(self) -> None:
        metric, one, two = Total(), Engine(give), Engine(give)
        metric.attach(one, "total")
        total = metric.attach(two, "total")
        metric.detach(one)
        assert two.run([1.0]).metrics[total] == 1.0

    def test_where_it_is_not_attached_nothing_happens(self) -> None:
        metric = Total()
        metric.detach(Engine(give))
        assert metric.num_updates == 0

    @pytest.mark.parametrize(
        "event", [Events.EPOCH_STARTED, Events.ITERATION_COMPLETED, Events.EPOCH_COMPLETED]
    )
    def test_a_handler_may_detach_it_while_its_own_event_is_fired(self, event: Events) -> None:
        metric, evaluator = Total(), Engine(give)
        evaluator.add_event_handler(event, metric.detach)
        metric.attach(evaluator, "total")
        evaluator.run([1.0, 2.0])
        assert "total" not in evaluator.state.metrics
        assert not metric.is_attached(evaluator)


class TestFailing:
    @pytest.mark.parametrize("names", [["loss"], ["loss", "again"]])
    def test_a_failing_transform_names_the_metric(self, names: list[str]) -> None:
        def fail(output: float) -> float:
            raise LookupError("nothing here")

        metric, evaluator = Total(), Engine(give)
        for name in names:
            metric.attach(evaluator, name, output_transform=fail)
        with pytest.raises(LookupError, match="nothing here") as caught:
            evaluator.run([1.0])
        shown = ", ".join(map(repr, names))
        assert (
            f"firesteel: raised while the metric {shown} (Total) was updated on "
            f"Events.ITERATION_COMPLETED of the engine {evaluator!r}" in caught.value.__notes__
        )

    def test_a_failing_update_names_the_metric(self) -> None:
        evaluator = Engine(give)
        Fragile().attach(evaluator, "fragile")
        with pytest.raises(ArithmeticError, match="below zero") as caught:
            evaluator.run([-1.0])
        assert any(
            "the metric 'fragile' (Fragile) was updated" in note for note in caught.value.__notes__
        )

    def test_a_failing_compute_names_the_metric(self) -> None:
        evaluator = Engine(give)
        Fragile().attach(evaluator, "fragile")
        with pytest.raises(ZeroDivisionError) as caught:
            evaluator.run([0.0])
        assert any(
            "the metric 'fragile' (Fragile) was computed" in note for note in caught.value.__notes__
        )

    def test_a_lazy_result_that_cannot_be_computed_says_so_each_time(self) -> None:
        evaluator = Engine(give)
        fragile = Fragile().attach(evaluator, "fragile", usage=RunningBatchWise())
        metrics = evaluator.run([0.0]).metrics
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                _ = metrics[fragile]

    def test_a_lazy_result_that_cannot_be_computed_does_no_harm_where_nobody_reads_it(self) -> None:
        evaluator = Engine(give)
        Fragile().attach(evaluator, "fragile", usage=RunningBatchWise())
        evaluator.run([0.0])
        assert evaluator.run([0.0, 0.0]).iteration == 2


class TestByHand:
    def test_its_three_methods_need_no_engine(self) -> None:
        metric = Total()
        with torch.no_grad():
            metric.update(1.0)
            metric.update(2.0)
        assert metric.compute() == 3.0
        metric.reset()
        assert metric.compute() == 0.0

    @pytest.mark.parametrize(
        ("method", "message"),
        [
            ("reset", r"Incomplete: must declare its state by field\(\.\.\.\) or override reset"),
            ("update", "abstract method '?update"),
            ("compute", "abstract method '?compute"),
        ],
    )
    def test_a_metric_has_to_fill_them_in(self, method: str, message: str) -> None:
        methods: dict[str, Callable[..., None]] = {
            name: lambda *_: None for name in ("reset", "update", "compute") if name != method
        }
        incomplete = type("Incomplete", (Metric,), methods)
        with pytest.raises(TypeError, match=message):
            incomplete()

    def test_a_device_is_kept_as_a_device(self) -> None:
        assert TransformedTotal(double_loss, device="cpu").device == torch.device("cpu")
        assert TransformedTotal(double_loss).device is None


class TestKey:
    def test_it_shows_its_name(self) -> None:
        assert repr(MetricKey[float]("loss")) == "MetricKey('loss')"


def _joined(parts: Tensor) -> Tensor:
    return torch.stack([parts[:, 0].amin(dim=0), parts[:, 1].amax(dim=0)])


class Spread(Metric[Tensor, Tensor]):
    """The least and the largest of each column, merged by a function, and all that was seen."""

    ranges = field(torch.zeros(()), reduce=_joined, is_open=True)
    middle = field(torch.tensor(math.nan), reduce="mean", is_open=True)
    seen = field(reduce="cat")

    @override
    def update(self, value: Tensor) -> None:
        own = torch.stack([value.min(dim=0).values, value.max(dim=0).values])
        self.ranges = own if not self.ranges.ndim else _joined(torch.stack([self.ranges, own]))
        self.middle = value.mean(dim=0)
        self.seen.append(value)

    @override
    def compute(self) -> Tensor:
        return self.ranges


class TestMerging:
    ONE: Final = torch.tensor([[1.0, 5.0]])
    OTHER: Final = torch.tensor([[3.0, 2.0]])

    def test_parts_are_brought_together_by_their_function(self) -> None:
        one, other = Spread(), Spread()
        one.update(self.ONE)
        other.update(self.OTHER)
        one.merge(other)
        assert one.compute().tolist() == [[1.0, 2.0], [3.0, 5.0]]
        assert one.middle.tolist() == [2.0, 3.5]
        assert other.compute().tolist() == [[3.0, 2.0], [3.0, 2.0]]

    @pytest.mark.parametrize("is_other_way", [False, True])
    def test_one_that_has_seen_nothing_changes_nothing(self, *, is_other_way: bool) -> None:
        metrics = [Spread(), Spread()]
        metrics[0].update(self.ONE)
        first, second = metrics[::-1] if is_other_way else metrics
        first.merge(second)
        assert first.compute().tolist() == [[1.0, 5.0], [1.0, 5.0]]
        assert first.middle.tolist() == [1.0, 5.0]

    def test_two_that_have_seen_nothing_have_seen_nothing(self) -> None:
        one = Spread()
        one.merge(Spread())
        assert one.compute().shape == ()

    def test_a_number_and_a_tensor_lose_no_digits(self) -> None:
        one, other = Average(), Average()
        one.update(1e9)
        one.update(1.0)
        other.update(torch.tensor(0.125, dtype=torch.float64))
        other.merge(one)
        assert other.compute() * 3 == 1e9 + 1.125

    def test_one_with_other_options_is_refused(self) -> None:
        one, other = Accuracy(), Accuracy(ignore_index=0)
        with pytest.raises(
            ArgumentTypeError, match=r"^Accuracy\.merge: other must be made with the same options"
        ):
            one.merge(other)

    def test_parts_that_lie_apart_come_to_where_the_last_one_is(self) -> None:
        parts = [self.ONE, self.OTHER.to("meta")]
        assert as_tensor(parts).device.type == "meta"
