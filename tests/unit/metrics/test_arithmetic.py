"""Metrics made of other metrics: operators, functions, groups."""

import operator
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel.engine import Engine
from firesteel.errors import ArgumentError, ArgumentTypeError, StateDictError
from firesteel.events import Events
from firesteel.metrics import (
    Average,
    BatchWise,
    Metric,
    MetricGroup,
    MetricsLambda,
    over_all_ranks,
)

Pair = tuple[float, float]


def give(engine: Engine[Pair, Pair], batch: Pair) -> Pair:
    return batch


def left(output: Pair) -> float:
    return output[0]


def right(output: Pair) -> float:
    return output[1]


class Sum(Metric[float, float, Pair]):
    """Counts what is done to it."""

    def __init__(self, transform: Callable[[Pair], float]) -> None:
        self.num_updates = self.num_computes = self.num_resets = 0
        super().__init__(transform)

    @override
    def reset(self) -> None:
        self.num_resets += 1
        self.total = 0.0

    @override
    def update(self, value: float, /) -> None:
        self.num_updates += 1
        self.total += value

    @override
    def compute(self) -> float:
        self.num_computes += 1
        return self.total


OutputT = TypeVar("OutputT", contravariant=True, default=Tensor)


class Vector(Metric[Tensor, Tensor, OutputT]):
    @override
    def reset(self) -> None:
        self.total = torch.zeros(3)

    @override
    def update(self, value: Tensor, /) -> None:
        self.total = self.total + value

    @override
    def compute(self) -> Tensor:
        return self.total


DATA: list[Pair] = [(1.0, 2.0), (3.0, 5.0)]

BINARY: list[Callable[[float, float], float]] = [
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.pow,
    operator.mod,
    operator.floordiv,
]


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (Sum(left) + Sum(right), 11.0),
        (Sum(left) - Sum(right), -3.0),
        (Sum(left) * Sum(right), 28.0),
        (Sum(left) / Sum(right), 4.0 / 7.0),
        (Sum(left) ** Sum(right), 4.0**7.0),
        (Sum(right) % Sum(left), 3.0),
        (Sum(right) // Sum(left), 1.0),
        (Sum(left) + 1, 5.0),
        (1 + Sum(left), 5.0),
        (Sum(left) - 1, 3.0),
        (1 - Sum(left), -3.0),
        (Sum(left) * 2, 8.0),
        (2 * Sum(left), 8.0),
        (Sum(left) / 2, 2.0),
        (2 / Sum(left), 0.5),
        (Sum(left) ** 2, 16.0),
        (2 ** Sum(left), 16.0),
        (Sum(left) % 3, 1.0),
        (Sum(left) // 3, 1.0),
        (-Sum(left), -4.0),
        (abs(-Sum(left)), 4.0),
        (Sum(left).map(lambda total: total / 8), 0.5),
        (MetricsLambda(max, Sum(left), Sum(right)), 7.0),
        (MetricsLambda(lambda a, b, c: a + b + c, Sum(left), Sum(right), Sum(left)), 15.0),
    ],
)
@pytest.mark.parametrize("is_attached", [False, True])
def test_operators_do_what_they_do_on_the_results(
    made: Metric[Pair, float, Pair], expected: float, is_attached: bool
) -> None:
    if is_attached:
        evaluator = Engine(give)
        key = made.attach(evaluator, "made")
        assert evaluator.run(DATA).metrics[key] == expected
        made.detach(evaluator)
    else:
        made.reset()
        for pair in DATA:
            made.update(pair)
        assert made.compute() == expected


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (Vector() + Vector(), [2.0, 4.0, 6.0]),
        (Vector() * 2, [2.0, 4.0, 6.0]),
        (1 - Vector(), [0.0, -1.0, -2.0]),
        (torch.tensor([1.0, 0.0, 0.0]) + Vector(), [2.0, 2.0, 3.0]),
        (Vector()[1:], [2.0, 3.0]),
        (-Vector(), [-1.0, -2.0, -3.0]),
        (abs(-Vector()), [1.0, 2.0, 3.0]),
    ],
)
def test_operators_on_tensors(made: Metric[Tensor, Tensor, Tensor], expected: list[float]) -> None:
    made.update(torch.tensor([1.0, 2.0, 3.0]))
    assert torch.equal(made.compute(), torch.tensor(expected))


def test_a_metric_and_what_is_no_number_is_no_metric() -> None:
    with pytest.raises(ArgumentTypeError, match="Metric: each operand must be a metric, a number"):
        Sum(left) + object()  # type: ignore[operator]  # what is tried


def test_what_occurs_twice_is_updated_and_computed_once() -> None:
    evaluator = Engine(give)
    one, other = Sum(left), Sum(right)
    f_score = 2 * one * other / (one + other)
    key = f_score.attach(evaluator, "F")
    state = evaluator.run(DATA)
    assert state.metrics[key] == 2 * 4 * 7 / 11
    assert (one.num_updates, one.num_computes) == (2, 1)
    assert list(state.metrics) == ["F"]


def test_by_hand_too_each_is_updated_once() -> None:
    one = Sum(left)
    made = one * one + one
    made.update((3.0, 0.0))
    assert one.num_updates == 1
    assert made.compute() == 12.0


def test_to_make_one_resets_nothing() -> None:
    one = Sum(left)
    one.update(5.0)
    assert (one + 1).compute() == 6.0


def test_parts_that_are_attached_as_well_are_updated_once() -> None:
    evaluator = Engine(give)
    one, other = Sum(left), Sum(right)
    made = one / other
    made.attach(evaluator, "ratio")
    key = one.attach(evaluator, "one")
    assert evaluator.run(DATA).metrics[key] == 4.0
    assert one.num_updates == 2
    assert one.is_attached(evaluator)
    assert not other.is_attached(evaluator)
    made.detach(evaluator)
    assert list(evaluator.run(DATA).metrics) == ["one"]
    assert one.num_updates == 4
    assert other.num_updates == 2


def test_two_that_share_a_part_keep_it_until_both_are_gone() -> None:
    evaluator = Engine(give)
    one = Sum(left)
    first, second = one + 1, one + 2
    first.attach(evaluator, "first")
    key = second.attach(evaluator, "second")
    first.detach(evaluator)
    assert evaluator.run(DATA).metrics[key] == 6.0
    second.detach(evaluator)
    evaluator.run(DATA)
    assert one.num_updates == 2


def test_a_part_with_another_usage_is_refused() -> None:
    evaluator = Engine(give)
    one = Sum(left)
    one.attach(evaluator, "one", usage=BatchWise())
    with pytest.raises(ArgumentError, match="Sum: attached to this engine with another usage"):
        (one + 1).attach(evaluator, "made")
    assert list(evaluator.run(DATA).metrics) == ["one"]


def test_a_transform_on_the_whole_goes_before_those_of_the_parts() -> None:
    evaluator = Engine(give)
    made = Sum(left) - Sum(right)
    key = made.attach(evaluator, "made", output_transform=lambda out: (out[1], out[0]))
    assert evaluator.run(DATA).metrics[key] == 3.0


def test_every_usage_works_on_what_is_made_of_others() -> None:
    evaluator = Engine(give)
    made = Sum(left) + Sum(right)
    key = made.attach(evaluator, "made", usage=BatchWise())
    seen: list[float] = []
    evaluator.add_event_handler(
        Events.ITERATION_COMPLETED, lambda: seen.append(evaluator.state.metrics[key])
    )
    evaluator.run(DATA)
    assert seen == [3.0, 8.0]


def test_a_failing_function_names_the_metric() -> None:
    evaluator = Engine(give)
    (1 / (Sum(left) - 4)).attach(evaluator, "inverse")
    with pytest.raises(ZeroDivisionError) as caught:
        evaluator.run(DATA)
    assert any("the metric 'inverse' (MetricsLambda)" in note for note in caught.value.__notes__)


def test_a_group_has_the_results_of_all_by_name() -> None:
    evaluator = Engine(give)
    one, other = Sum(left), Sum(right)
    key = MetricGroup(one=one, ratio=one / other).attach(evaluator, "group")
    state = evaluator.run(DATA)
    assert state.metrics[key] == {"one": 4.0, "ratio": 4.0 / 7.0}
    assert one.num_updates == 2
    assert list(state.metrics) == ["group"]


def test_a_group_of_a_mapping_may_have_any_names() -> None:
    group = MetricGroup({"top-1 accuracy": Average(), "mean loss": Average()})
    group.update(3.0)
    assert group.compute() == {"top-1 accuracy": 3.0, "mean loss": 3.0}


def test_a_metric_is_no_sequence() -> None:
    with pytest.raises(TypeError, match="not iterable"):
        list(Vector())  # type: ignore[call-overload]  # what is tried


@pytest.mark.parametrize("operands", [(1.0,), (Average(), 2.0)])
def test_operands_of_a_function_are_metrics(operands: tuple[object, ...]) -> None:
    with pytest.raises(ArgumentTypeError, match="MetricsLambda: each operand must be a metric"):
        MetricsLambda(max, *operands)  # type: ignore[call-overload]  # what is tried


def test_a_function_can_be_called() -> None:
    with pytest.raises(ArgumentTypeError, match="MetricsLambda: function must be"):
        MetricsLambda(3, Average())  # type: ignore[call-overload]  # what is tried


def test_state_of_the_parts_is_saved_and_loaded() -> None:
    saved, loaded = Average() + 2 * Average(), Average() + 2 * Average()
    saved.update(3.0)
    loaded.load_state_dict(saved.state_dict())
    assert loaded.compute() == 9.0
    wrongs: list[dict[str, object]] = [{}, {"0": {}, "1": 3}, {**saved.state_dict(), "2": {}}]
    for wrong in wrongs:
        with pytest.raises(StateDictError, match=r"MetricsLambda\.load_state_dict: "):
            loaded.load_state_dict(wrong)


def test_only_one_made_in_the_same_way_is_merged() -> None:
    with pytest.raises(ArgumentTypeError, match=r"MetricsLambda\.merge: other must be made in"):
        (Average() + Average()).merge(Average() + 1)


def test_alone_there_is_nothing_to_bring_together() -> None:
    made = Average() + 1
    made.update(2.0)
    with over_all_ranks(made):
        assert made.compute() == 3.0
