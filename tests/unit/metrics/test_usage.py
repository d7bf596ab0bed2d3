"""When an attached metric is reset, updated and computed."""

from collections.abc import Callable, Sequence
from typing import Final, final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from firesteel import Engine, Events, Metric
from firesteel.errors import ArgumentError
from firesteel.metrics import (
    BatchFiltered,
    BatchWise,
    EpochWise,
    MetricUsage,
    RunningBatchWise,
    RunningEpochWise,
    SingleEpochRunningBatchWise,
)


@final
class Seen(Metric[int, tuple[int, ...]]):
    """All inputs since the last reset; notes how often it was computed."""

    def __init__(self) -> None:
        self.num_computed = 0
        super().__init__()

    @override
    def reset(self) -> None:
        self.seen: tuple[int, ...] = ()

    @override
    def update(self, value: int, /) -> None:
        self.seen = (*self.seen, value)

    @override
    def compute(self) -> tuple[int, ...]:
        self.num_computed += 1
        return self.seen


def give(engine: Engine[int, int], batch: int) -> int:
    """Give the batch back."""
    return batch


def results_of(
    usage: MetricUsage, event: Events, *, epoch_length: int = 3, max_epochs: int = 2
) -> list[object]:
    """Read the result at each firing of an event; the batches are the iterations' numbers."""
    engine = Engine(give)
    seen = Seen().attach(engine, "seen", usage=usage)
    results: list[object] = []
    engine.add_event_handler(event, lambda: results.append(engine.state.metrics.get(seen)))
    engine.run(iter(range(1, 1000)), max_epochs, epoch_length)
    return results


LAZY: Final[Sequence[Callable[[], MetricUsage]]] = (
    BatchWise,
    RunningBatchWise,
    SingleEpochRunningBatchWise,
)


class TestWhatIsSeen:
    def test_epoch_wise(self) -> None:
        results = results_of(EpochWise(), Events.EPOCH_COMPLETED)
        assert results == [(1, 2, 3), (4, 5, 6)]

    def test_running_epoch_wise(self) -> None:
        results = results_of(RunningEpochWise(), Events.EPOCH_COMPLETED)
        assert results == [(3,), (3, 6)]

    def test_batch_wise(self) -> None:
        results = results_of(BatchWise(), Events.ITERATION_COMPLETED)
        assert results == [(1,), (2,), (3,), (4,), (5,), (6,)]

    def test_running_batch_wise(self) -> None:
        results = results_of(RunningBatchWise(), Events.ITERATION_COMPLETED)
        assert results == [tuple(range(1, last + 1)) for last in range(1, 7)]

    def test_single_epoch_running_batch_wise(self) -> None:
        results = results_of(SingleEpochRunningBatchWise(), Events.ITERATION_COMPLETED)
        assert results == [(1,), (1, 2), (1, 2, 3), (4,), (4, 5), (4, 5, 6)]

    @pytest.mark.parametrize(
        ("usage", "expected"),
        [
            (BatchFiltered(every=2), [(2,), (4, 6)]),
            (BatchFiltered(once=2), [(2,), ()]),
            (BatchFiltered(once=[1, 6]), [(1,), (6,)]),
            (BatchFiltered(after=1, before=6), [(2, 3), (4, 5)]),
            (BatchFiltered(lambda engine, count: count % 3 == 1), [(1,), (4,)]),
        ],
    )
    def test_batch_filtered(self, usage: MetricUsage, expected: Sequence[tuple[int, ...]]) -> None:
        assert results_of(usage, Events.EPOCH_COMPLETED) == expected

    def test_on_a_shared_event_it_is_reset_then_updated_then_computed(self) -> None:
        on = Events.ITERATION_COMPLETED
        usage = MetricUsage(started=on, iteration_completed=on, completed=on)
        assert results_of(usage, on) == [(1,), (2,), (3,), (4,), (5,), (6,)]

    def test_filters_make_usages_of_ones_own(self) -> None:
        usage = MetricUsage(
            started=Events.STARTED,
            iteration_completed=Events.ITERATION_COMPLETED(every=2),
            completed=Events.EPOCH_COMPLETED(once=2),
        )
        assert results_of(usage, Events.EPOCH_COMPLETED) == [None, (2, 4, 6)]

    def test_a_result_of_an_epoch_stays_until_the_next(self) -> None:
        results = results_of(EpochWise(), Events.ITERATION_COMPLETED)
        assert results == [None, None, None, (1, 2, 3), (1, 2, 3), (1, 2, 3)]

    def test_a_run_that_is_gone_on_with_begins_anew_at_its_start(self) -> None:
        engine = Engine(give)
        seen = Seen().attach(engine, "seen", usage=RunningBatchWise())
        assert engine.run([1, 2], max_epochs=1).metrics[seen] == (1, 2)
        assert engine.run([3, 4], max_epochs=2).metrics[seen] == (3, 4)


class TestUsagesAsValues:
    @pytest.mark.parametrize("usage", [EpochWise, RunningEpochWise, *LAZY])
    def test_two_of_one_kind_are_equal(self, usage: Callable[[], MetricUsage]) -> None:
        assert usage() == usage()

    def test_kinds_differ(self) -> None:
        kinds = [EpochWise(), RunningEpochWise(), *(make() for make in LAZY)]
        assert all(one == other for one in kinds for other in kinds if one is other)
        assert not any(one == other for one in kinds for other in kinds if one is not other)

    def test_filtered_ones_are_equal_if_their_filters_are(self) -> None:
        assert BatchFiltered(every=3) == BatchFiltered(every=3)
        assert BatchFiltered(every=3) != BatchFiltered(every=4)

    def test_a_filter_has_to_be_given(self) -> None:
        with pytest.raises(ArgumentError, match="got nothing"):
            BatchFiltered()

    def test_a_lazy_one_computes_where_it_updates(self) -> None:
        with pytest.raises(ArgumentError, match="is_lazy must be False where completed is another"):
            MetricUsage(
                started=Events.STARTED,
                iteration_completed=Events.ITERATION_COMPLETED,
                completed=Events.ITERATION_COMPLETED(every=10),
                is_lazy=True,
            )


class TestLaziness:
    @pytest.mark.parametrize("usage", LAZY)
    def test_nothing_is_computed_where_nobody_reads(self, usage: Callable[[], MetricUsage]) -> None:
        metric, engine = Seen(), Engine(give)
        metric.attach(engine, "seen", usage=usage())
        engine.run(range(10), max_epochs=3)
        engine.run(range(10), max_epochs=3)
        assert metric.num_computed == 0

    def test_nothing_is_computed_to_tell_what_there_is(self) -> None:
        metric, engine = Seen(), Engine(give)
        key = metric.attach(engine, "seen", usage=RunningBatchWise())
        metrics = engine.run([1]).metrics
        assert key in metrics
        assert "seen" in metrics
        assert list(metrics) == ["seen"]
        assert len(metrics) == 1
        assert metric.num_computed == 0

    def test_showing_the_results_computes_nothing(self) -> None:
        metric, engine = Seen(), Engine(give)
        metric.attach(engine, "seen", usage=RunningBatchWise())
        state = engine.run([1])
        assert "seen" in repr(state)
        assert "seen" in repr(state.metrics)
        assert metric.num_computed == 0

    @pytest.mark.parametrize("usage", LAZY)
    def test_a_result_is_computed_once(self, usage: Callable[[], MetricUsage]) -> None:
        metric, engine = Seen(), Engine(give)
        key = metric.attach(engine, "seen", usage=usage())
        metrics = engine.run([1, 2]).metrics
        assert metrics[key] == metrics["seen"] == metrics.get(key)
        assert metrics.items() == [("seen", metrics[key])]
        assert metric.num_computed == 1

    @pytest.mark.parametrize("is_read", [True, False])
    @pytest.mark.parametrize(
        ("usage", "event"),
        [
            (BatchWise(), Events.ITERATION_STARTED),
            (RunningBatchWise(), Events.STARTED),
            (SingleEpochRunningBatchWise(), Events.EPOCH_STARTED),
        ],
    )
    def test_with_the_reset_the_result_is_gone_whether_or_not_it_was_read(
        self, usage: MetricUsage, event: Events, is_read: bool
    ) -> None:
        engine = Engine(give)
        key = Seen().attach(engine, "seen", usage=usage)
        if is_read:
            engine.add_event_handler(Events.ITERATION_COMPLETED, lambda: engine.state.metrics[key])
        after_reset: list[object] = []
        engine.add_event_handler(event, lambda: after_reset.append(engine.state.metrics.get(key)))
        for _ in range(2):
            engine.run([1, 2], max_epochs=2)
        assert set(after_reset) == {None}

    def test_of_one_metric_on_two_engines_each_has_its_own_result(self) -> None:
        metric, one, two = Seen(), Engine(give), Engine(give)
        key = metric.attach(one, "seen", usage=RunningBatchWise())
        other = metric.attach(two, "seen", usage=RunningBatchWise())
        one.run([1, 2])
        two.run([3])
        assert one.state.metrics[key] == (1, 2)
        assert two.state.metrics[other] == (3,)

    @settings(deadline=None)
    @given(
        usage=st.sampled_from([BatchWise, RunningBatchWise, SingleEpochRunningBatchWise]),
        epoch_length=st.integers(1, 4),
        max_epochs=st.integers(1, 3),
        reads=st.sets(st.integers(1, 12)),
    )
    def test_whenever_it_is_read_the_result_is_that_of_the_latest_iteration(
        self,
        usage: Callable[[], MetricUsage],
        epoch_length: int,
        max_epochs: int,
        reads: set[int],
    ) -> None:
        engine = Engine(give)
        key = Seen().attach(engine, "seen", usage=usage())
        found: dict[int, tuple[int, ...]] = {}

        def read(engine: Engine[int, int]) -> None:
            if engine.state.iteration in reads:
                found[engine.state.iteration] = engine.state.metrics[key]

        engine.add_event_handler(Events.ITERATION_COMPLETED, read)
        state = engine.run(iter(range(1, 100)), max_epochs, epoch_length)
        starts: dict[object, Callable[[int], int]] = {
            BatchWise: lambda last: last,
            RunningBatchWise: lambda last: 1,
            SingleEpochRunningBatchWise: lambda last: last - (last - 1) % epoch_length,
        }
        expected = {last: tuple(range(starts[usage](last), last + 1)) for last in found}
        assert found == expected
        assert set(found) == {read for read in reads if read <= state.iteration}
