"""Metrics on one engine: what is shared, when they part, and in which order things happen."""

from collections.abc import Callable, Hashable
from typing import Final, NamedTuple, final

import pytest
import torch
from torch import Tensor, distributed
from typing_extensions import TypeVar, override

from firesteel.engine import Engine
from firesteel.errors import ArgumentError, NotComputableError
from firesteel.events import Events
from firesteel.metrics import (
    BatchFiltered,
    BatchWise,
    EpochWise,
    Metric,
    MetricUsage,
    RunningBatchWise,
    RunningEpochWise,
    SingleEpochRunningBatchWise,
    Statistic,
    StatisticMetric,
    field,
)
from firesteel.testing import RankPool

Pair = tuple[Tensor, Tensor]


class Output(NamedTuple):
    prediction: Tensor
    target: Tensor


def give(engine: Engine[Output, Output], batch: Output) -> Output:
    return batch


def batch(*values: float) -> Output:
    return Output(torch.tensor(values), torch.ones(len(values)))


def pair(output: Output) -> Pair:
    return output.prediction, output.target


def the_same(output: Output) -> Pair:
    return output[0], output[1]


def twice(output: Output) -> Pair:
    return 2 * output.prediction, output.target


@final
class Sums(Statistic):
    total: Tensor = field(torch.zeros((), dtype=torch.float64))
    largest: float = field(0.0, reduce="max")
    num: int = field(0)

    def __init__(self, scale: float = 1.0, *, has_largest: bool = False) -> None:
        super().__init__()
        self.scale = scale
        self.has_largest = has_largest
        self.num_updates = 0
        self.reset()

    @property
    @override
    def key(self) -> Hashable:
        return self.scale

    @property
    @override
    def detail(self) -> int:
        return int(self.has_largest)

    @override
    def update(self, value: Pair, /) -> None:
        self.num_updates += 1
        self.total = self.total + self.scale * value[0].sum(dtype=torch.float64)
        if self.has_largest:
            self.largest = max(self.largest, float(value[0].max()))
        self.num += len(value[0])


OutputT = TypeVar("OutputT", contravariant=True, default=Pair)


@final
class Mean(StatisticMetric[Pair, Sums, float, OutputT]):
    def __init__(self, transform: Callable[[OutputT], Pair], scale: float = 1.0) -> None:
        super().__init__(Sums(scale), transform)

    @override
    def compute(self) -> float:
        if not self.statistic.num:
            raise NotComputableError("Mean: nothing")
        return float(self.statistic.total) / self.statistic.num


@final
class Largest(StatisticMetric[Pair, Sums, float, OutputT]):
    def __init__(self, transform: Callable[[OutputT], Pair], scale: float = 1.0) -> None:
        super().__init__(Sums(scale, has_largest=True), transform)

    @override
    def compute(self) -> float:
        return self.statistic.largest


DATA = [batch(1.0, 2.0), batch(6.0)]


def test_what_is_needed_of_the_same_inputs_is_counted_once() -> None:
    evaluator = Engine(give)
    first, second, largest = Mean(pair), Mean(the_same), Largest(pair)
    keys = [
        metric.attach(evaluator, name)
        for name, metric in (("first", first), ("second", second), ("largest", largest))
    ]
    state = evaluator.run(DATA)
    assert [state.metrics[key] for key in keys] == [3.0, 3.0, 6.0]
    assert first.statistic is second.statistic is largest.statistic
    assert largest.statistic.num_updates == len(DATA)


def test_the_one_with_the_most_serves_all_whatever_the_order() -> None:
    evaluator = Engine(give)
    mean, largest = Mean(pair), Largest(pair)
    mean.attach(evaluator, "mean")
    largest.attach(evaluator, "largest")
    evaluator.run(DATA)
    assert mean.statistic is largest.statistic
    assert mean.statistic.has_largest


@pytest.mark.parametrize(
    "other", [Mean(twice), Mean(pair, scale=2.0)], ids=["other tensors", "another key"]
)
def test_what_differs_is_not_shared(other: Mean[Output]) -> None:
    evaluator = Engine(give)
    mean = Mean(pair)
    key, other_key = mean.attach(evaluator, "mean"), other.attach(evaluator, "other")
    for _ in range(2):
        state = evaluator.run(DATA)
        assert (state.metrics[key], state.metrics[other_key]) == (3.0, 6.0)
    assert mean.statistic is not other.statistic


def test_a_metric_parts_where_its_transform_gives_other_tensors() -> None:
    def sometimes(output: Output) -> Pair:
        return pair(output) if evaluator.state.iteration == 1 else twice(output)

    evaluator = Engine(give)
    metrics = Mean(pair), Mean(sometimes), Mean(pair)
    keys = [metric.attach(evaluator, str(number)) for number, metric in enumerate(metrics)]
    state = evaluator.run(DATA)
    assert [state.metrics[key] for key in keys] == [3.0, 5.0, 3.0]
    assert metrics[0].statistic is metrics[2].statistic is not metrics[1].statistic


def test_the_first_of_a_group_may_be_the_one_that_parts() -> None:
    def sometimes(output: Output) -> Pair:
        return pair(output) if evaluator.state.iteration == 1 else twice(output)

    evaluator = Engine(give)
    metrics = Mean(sometimes), Mean(pair), Mean(pair)
    keys = [metric.attach(evaluator, str(number)) for number, metric in enumerate(metrics)]
    state = evaluator.run(DATA)
    assert [state.metrics[key] for key in keys] == [5.0, 3.0, 3.0]


@pytest.mark.parametrize("place", [0, 1])
def test_a_metric_that_is_updated_by_hand_parts(place: int) -> None:
    evaluator = Engine(give)
    metrics = Mean(pair), Mean(pair)
    keys = [metric.attach(evaluator, str(number)) for number, metric in enumerate(metrics)]
    evaluator.add_event_handler(
        Events.ITERATION_STARTED(once=2), lambda: metrics[place].update(pair(batch(3.0)))
    )
    state = evaluator.run(DATA)
    expected = [3.0, 3.0]
    assert state.metrics[keys[1 - place]] == expected[1 - place]
    assert state.metrics[keys[place]] == 12.0 / 4


def test_a_reset_by_hand_is_nobody_elses() -> None:
    evaluator = Engine(give)
    metrics = Mean(pair), Mean(pair)
    keys = [metric.attach(evaluator, str(number)) for number, metric in enumerate(metrics)]
    evaluator.add_event_handler(Events.ITERATION_STARTED(once=2), metrics[1].reset)
    state = evaluator.run(DATA)
    assert [state.metrics[key] for key in keys] == [3.0, 6.0]


def test_a_metric_attached_within_an_epoch_sees_the_rest_of_it() -> None:
    evaluator = Engine(give)
    first, late = Mean(pair), Mean(pair)
    key = first.attach(evaluator, "first")
    late_keys = []
    evaluator.add_event_handler(
        Events.ITERATION_COMPLETED(once=1),
        lambda: late_keys.append(late.attach(evaluator, "late")),
    )
    state = evaluator.run(DATA, max_epochs=1)
    assert state.metrics[key] == 3.0
    assert state.metrics[late_keys[0]] == 6.0
    state = evaluator.run(DATA, max_epochs=2)
    assert state.metrics[late_keys[0]] == state.metrics[key] == 3.0
    assert first.statistic is late.statistic


def test_what_is_left_goes_on_where_one_is_detached() -> None:
    evaluator = Engine(give)
    mean, largest = Mean(pair), Largest(pair)
    key = mean.attach(evaluator, "mean")
    largest.attach(evaluator, "largest")
    evaluator.add_event_handler(
        Events.ITERATION_COMPLETED(once=1), lambda: largest.detach(evaluator)
    )
    state = evaluator.run(DATA)
    assert state.metrics[key] == 3.0
    assert list(state.metrics) == ["mean"]


def test_metrics_of_two_engines_share_with_nobody() -> None:
    trainer, evaluator = Engine(give), Engine(give)
    mean, other = Mean(pair), Mean(pair)
    key, other_key = mean.attach(trainer, "mean"), other.attach(trainer, "other")
    mean.attach(evaluator, "mean")
    trainer.add_event_handler(Events.ITERATION_COMPLETED(once=1), lambda: evaluator.run(DATA))
    state = trainer.run(DATA)
    assert state.metrics[other_key] == 3.0
    assert state.metrics[key] == 15.0 / 4  # the evaluation, and what came behind it


def test_detaching_the_last_one_takes_the_handlers_off() -> None:
    evaluator = Engine(give)
    mean = Mean(pair)
    mean.attach(evaluator, "mean")
    mean.detach(evaluator)
    num_updates = mean.statistic.num_updates
    evaluator.run(DATA)
    assert mean.statistic.num_updates == num_updates


@final
class Log(Metric[Output, str]):
    """Notes what is done to it."""

    def __init__(self, log: list[str], name: str) -> None:
        self.log, self.name = log, name
        super().__init__()

    @override
    def reset(self) -> None:
        self.log.append(f"{self.name} reset")

    @override
    def update(self, value: Output, /) -> None:
        self.log.append(f"{self.name} update")

    @override
    def compute(self) -> str:
        self.log.append(f"{self.name} compute")
        return self.name


def test_on_one_event_resets_come_first_then_updates_then_results() -> None:
    log: list[str] = []
    evaluator = Engine(give)
    epoch_wise, running = Log(log, "epoch"), Log(log, "running")
    epoch_wise.attach(evaluator, "epoch")
    running.attach(evaluator, "running", usage=RunningEpochWise())
    usage = MetricUsage(
        started=Events.EPOCH_COMPLETED,
        iteration_completed=Events.EPOCH_COMPLETED,
        completed=Events.EPOCH_COMPLETED,
    )
    Log(log, "own").attach(evaluator, "own", usage=usage)
    log.clear()
    evaluator.run(DATA[:1])
    assert log == [
        "running reset",
        "epoch reset",
        "epoch update",
        "own reset",
        "running update",
        "own update",
        "epoch compute",
        "running compute",
        "own compute",
    ]


def test_a_result_is_computed_once_for_all_its_names() -> None:
    log: list[str] = []
    evaluator = Engine(give)
    metric = Log(log, "metric")
    metric.attach(evaluator, "one")
    metric.attach(evaluator, "two")
    evaluator.run(DATA)
    assert log.count("metric compute") == 1
    assert [*evaluator.state.metrics.items()] == [("one", "metric"), ("two", "metric")]


@pytest.mark.parametrize("usage", [BatchWise(), RunningBatchWise(), BatchFiltered(every=2)])
def test_one_metric_has_one_usage_on_an_engine(usage: MetricUsage) -> None:
    evaluator = Engine(give)
    mean = Mean(pair)
    mean.attach(evaluator, "mean")
    with pytest.raises(ArgumentError, match="Mean: attached to this engine with another usage"):
        mean.attach(evaluator, "again", usage=usage)
    assert list(evaluator.run(DATA).metrics) == ["mean"]


def test_metrics_of_several_usages_are_right_together() -> None:
    evaluator = Engine(give)
    keys = [
        Mean(pair).attach(evaluator, "epoch"),
        Mean(pair).attach(evaluator, "batch", usage=BatchWise()),
        Mean(pair).attach(evaluator, "running", usage=RunningBatchWise()),
        Mean(pair).attach(evaluator, "filtered", usage=BatchFiltered(every=2)),
    ]
    seen: list[list[float]] = []
    evaluator.add_event_handler(
        Events.ITERATION_COMPLETED,
        lambda: seen.append([evaluator.state.metrics[key] for key in keys[1:3]]),
    )
    state = evaluator.run(DATA)
    assert seen == [[1.5, 1.5], [6.0, 3.0]]
    assert [state.metrics[key] for key in keys] == [3.0, 6.0, 3.0, 6.0]


def test_a_metric_that_is_detached_leaves_the_others_what_they_share() -> None:
    evaluator = Engine(give)
    one, other = Mean(pair), Mean(pair)
    one.attach(evaluator, "one")
    other.attach(evaluator, "other")
    evaluator.run(DATA)
    one.detach(evaluator)
    one.reset()
    assert other.compute() == 3.0


def test_what_is_shared_stays_shared_until_somebody_parts_and_again_after_that() -> None:
    evaluator = Engine(give)
    one, other = Mean(pair), Mean(the_same)
    keys = [one.attach(evaluator, "one"), other.attach(evaluator, "other")]
    evaluator.run(DATA)
    shared = one.statistic
    evaluator.run(DATA)
    assert one.statistic is other.statistic is shared
    once = evaluator.add_event_handler(Events.ITERATION_STARTED(once=2), other.reset)
    state = evaluator.run(DATA)
    assert [state.metrics[key] for key in keys] == [3.0, 6.0]
    assert one.statistic is not other.statistic
    once.remove()
    state = evaluator.run(DATA)
    assert [state.metrics[key] for key in keys] == [3.0, 3.0]
    assert one.statistic is other.statistic


def test_inputs_are_made_once_for_equal_transforms() -> None:
    made: list[Output] = []

    def noted(output: Output) -> Pair:
        made.append(output)
        return pair(output)

    evaluator = Engine(give)
    for name in ("one", "other", "third"):
        Mean(noted).attach(evaluator, name)
    evaluator.run(DATA)
    assert len(made) == len(DATA)


def test_what_was_shared_is_not_where_one_is_attached_to_another_engine() -> None:
    trainer, evaluator = Engine(give), Engine(give)
    mean, other = Mean(pair), Mean(pair)
    keys = [mean.attach(trainer, "mean"), other.attach(trainer, "other")]
    trainer.run(DATA)
    key = mean.attach(evaluator, "mean")
    for _ in range(2):
        state = trainer.run(DATA)
        assert [state.metrics[key] for key in keys] == [3.0, 3.0]
    assert mean.statistic is not other.statistic
    assert evaluator.run(DATA).metrics[key] == 3.0
    assert other.compute() == 3.0


class TestLoading:
    """A state that was loaded counts where a run goes on in the middle."""

    FOUR: Final = [batch(1.0), batch(2.0), batch(3.0), batch(10.0)]

    @pytest.mark.parametrize("usage", [EpochWise(), SingleEpochRunningBatchWise()])
    @pytest.mark.parametrize("num_shared", [1, 3])
    def test_an_epoch_that_goes_on_counts_what_was_seen_before(
        self, usage: MetricUsage, num_shared: int
    ) -> None:
        def made() -> tuple[Engine[Output, Output], list[Mean[Output]]]:
            engine = Engine(give)
            metrics = [Mean(pair) for _ in range(num_shared)]
            for number, metric in enumerate(metrics):
                metric.attach(engine, str(number), usage=usage)
            return engine, metrics

        first, metrics = made()
        first.add_event_handler(Events.ITERATION_COMPLETED(once=2), first.interrupt)
        first.run(self.FOUR)
        states = [metric.state_dict() for metric in metrics]

        second, metrics = made()
        second.load_state_dict(first.state_dict())
        for metric, state in zip(metrics, states, strict=True):
            metric.load_state_dict(state)
        second.run(self.FOUR, max_epochs=1)
        assert [value for _, value in second.state.metrics.items()] == [4.0] * num_shared
        # the next epoch begins anew, and they share again
        second.run(self.FOUR, max_epochs=2)
        assert [value for _, value in second.state.metrics.items()] == [4.0] * num_shared
        assert len({id(metric.statistic) for metric in metrics}) == 1

    def test_what_was_not_loaded_begins_anew(self) -> None:
        engine = Engine(give)
        loaded, fresh = Mean(pair), Mean(pair)
        keys = [loaded.attach(engine, "loaded"), fresh.attach(engine, "fresh")]
        other = Engine(give)
        other.add_event_handler(Events.ITERATION_COMPLETED(once=2), other.interrupt)
        other.run(self.FOUR)
        engine.load_state_dict(other.state_dict())
        seen = Mean(pair)
        seen.update(pair(batch(1.0, 2.0)))
        loaded.load_state_dict(seen.state_dict())
        state = engine.run(self.FOUR)
        assert [state.metrics[key] for key in keys] == [4.0, 6.5]

    def test_a_run_that_goes_on_counts_what_was_seen_before(self) -> None:
        first, second = Engine(give), Engine(give)
        mean, other = Mean(pair), Mean(pair)
        mean.attach(first, "mean", usage=RunningBatchWise())
        key = other.attach(second, "mean", usage=RunningBatchWise())
        first.run([batch(1.0), batch(2.0)], max_epochs=1)
        second.load_state_dict(first.state_dict())
        other.load_state_dict(mean.state_dict())
        assert second.run([batch(4.0), batch(5.0)], max_epochs=2).metrics[key] == 3.0

    @pytest.mark.parametrize("usage", [EpochWise(), RunningBatchWise(), BatchWise()])
    def test_what_begins_at_its_beginning_begins_with_nothing(self, usage: MetricUsage) -> None:
        engine = Engine(give)
        mean, other = Mean(pair), Mean(pair)
        key = mean.attach(engine, "mean", usage=usage)
        other.update(pair(batch(100.0)))
        mean.load_state_dict(other.state_dict())
        assert engine.run([batch(4.0)]).metrics[key] == 4.0


def results_where_one_rank_has_no_batch() -> list[float]:
    evaluator = Engine(give)
    usage = BatchFiltered(every=2)
    keys = [
        Mean(pair).attach(evaluator, "one", usage=usage),
        Mean(pair).attach(evaluator, "other", usage=usage),
        Largest(pair).attach(evaluator, "largest", usage=usage),
    ]
    metrics = evaluator.run(DATA[: 2 - distributed.get_rank()]).metrics
    return [metrics[key] for key in keys]


@pytest.mark.distributed
def test_ranks_agree_on_what_is_sent_though_one_has_no_batch(two_ranks: RankPool) -> None:
    assert two_ranks.run(results_where_one_rank_has_no_batch) == [[6.0, 6.0, 6.0]] * 2


def what_ranks_share(num_epochs: int) -> tuple[list[list[float]], bool, list[int]]:
    """Run epochs, the second without a batch on rank 1; tell what was shared, and updates."""
    evaluator = Engine(give)
    metrics = Mean(pair), Mean(the_same), Mean(pair)
    has_data = True
    usage = BatchFiltered(lambda _engine, _iteration: has_data)
    keys = [
        metric.attach(evaluator, str(number), usage=usage) for number, metric in enumerate(metrics)
    ]
    results: list[list[float]] = []
    for number in range(num_epochs):
        has_data = not (number == 1 and distributed.get_rank() == 1)
        state = evaluator.run(DATA)
        results.append([state.metrics[key] for key in keys])
    is_shared = metrics[0].statistic is metrics[2].statistic is not metrics[1].statistic
    return results, is_shared, [metric.statistic.num_updates for metric in metrics]


@pytest.mark.distributed
def test_ranks_share_what_has_one_transform(two_ranks: RankPool) -> None:
    expected = [[3.0] * 3] * 3
    (results, is_shared, num_updates), (others, is_others, num_others) = two_ranks.run(
        what_ranks_share, 3
    )
    assert results == others == expected
    assert is_shared
    assert is_others
    assert num_updates == [3 * len(DATA)] * 3
    assert num_others == [2 * len(DATA)] * 3
