"""Classification metrics on one engine count once for all, and part where they have to."""

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any, Final, NamedTuple

import pytest
import torch
from torch import Tensor

from firesteel.engine import Engine, MetricKey
from firesteel.events import Events
from firesteel.metrics import Metric, PredTarget
from firesteel.metrics.classification import (
    F1,
    Accuracy,
    BalancedAccuracy,
    ClassificationReport,
    CohenKappa,
    ConfusionMatrix,
    ExactMatch,
    IoU,
    MatthewsCorrCoef,
    Precision,
    Recall,
    Specificity,
)


class Output(NamedTuple):
    scores: Tensor
    target: Tensor


def give(engine: Engine[Output, Output], batch: Output) -> Output:
    return batch


def batches() -> list[Output]:
    generator = torch.Generator().manual_seed(0)
    return [
        Output(
            torch.rand(size, 4, generator=generator),
            torch.randint(0, 4, (size,), generator=generator),
        )
        for size in (7, 5, 3)
    ]


BATCHES: Final = batches()


def ten() -> Iterator[Metric[PredTarget, Any, Output]]:
    """Make ten metrics, each with a lambda of its own."""
    yield Accuracy(lambda out: (out.scores, out.target))
    yield Precision(lambda out: (out.scores, out.target), average="macro")
    yield Recall(lambda out: (out.scores, out.target))
    yield F1(lambda out: (out.scores, out.target), average="weighted")
    yield Specificity(lambda out: (out.scores, out.target), average="micro")
    yield BalancedAccuracy(lambda out: (out[0], out[1]))
    yield MatthewsCorrCoef(lambda out: (out.scores, out.target))
    yield CohenKappa(lambda out: (out.scores, out.target), weights="linear")
    yield IoU(lambda out: (out.scores, out.target))
    yield ClassificationReport(lambda out: (out.scores, out.target))


def alone(make: Callable[[], Metric[PredTarget, Any, Any]]) -> Any:
    metric = make()
    for batch in BATCHES:
        metric.update((batch.scores, batch.target))
    return metric.compute()


def same(one: Any, other: Any) -> bool:
    return torch.equal(one, other) if isinstance(one, Tensor) else bool(one == other)


@pytest.fixture(name="calls")
def count_calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """List the calls of the functions that count."""
    calls: list[str] = []
    module = import_module("firesteel.metrics.classification._statistic")
    for name in ("count_right", "count_classes", "count_confusion"):
        counting: Callable[..., Any] = getattr(module, name)

        def counted(
            *args: Any, name: str = name, counting: Callable[..., Any] = counting, **kwargs: Any
        ) -> Any:
            calls.append(name)
            return counting(*args, **kwargs)

        monkeypatch.setattr(module, name, counted)
    return calls


def attached(
    metrics: list[Metric[PredTarget, Any, Output]],
) -> tuple[Engine[Output, Output], list[MetricKey[Any]]]:
    evaluator = Engine(give)
    return evaluator, [
        metric.attach(evaluator, str(number)) for number, metric in enumerate(metrics)
    ]


def test_ten_metrics_count_once_per_batch_what_each_would_alone(calls: list[str]) -> None:
    evaluator, keys = attached(list(ten()))
    for _ in range(2):
        metrics = evaluator.run(BATCHES).metrics
        assert calls == ["count_confusion"] * len(BATCHES)
        for key, metric in zip(keys, ten(), strict=True):
            for batch in BATCHES:
                metric.update((batch.scores, batch.target))
            assert same(metrics[key], metric.compute())
        calls.clear()


@pytest.mark.parametrize(("num_classes", "counted"), [(32, "confusion"), (33, "classes")])
def test_of_many_classes_no_matrix_is_counted_if_none_needs_it(
    calls: list[str], num_classes: int, counted: str
) -> None:
    evaluator, _ = attached([metric for metric in ten() if not isinstance(metric, CohenKappa)])
    wide = [Output(torch.eye(num_classes), torch.arange(num_classes))] * 3
    evaluator.run(wide)
    assert calls == [f"count_{counted}"] * len(wide)


def test_other_options_are_counted_apart(calls: list[str]) -> None:
    evaluator, keys = attached(
        [
            Precision(lambda out: (out.scores, out.target)),
            Precision(lambda out: (out.scores, out.target), ignore_index=0),
            Recall(lambda out: (out.scores, out.target), ignore_index=0),
        ]
    )
    metrics = evaluator.run(BATCHES).metrics
    assert len(calls) == 2 * len(BATCHES)
    assert same(metrics[keys[0]], alone(Precision))
    assert same(metrics[keys[1]], alone(lambda: Precision(ignore_index=0)))
    assert same(metrics[keys[2]], alone(lambda: Recall(ignore_index=0)))


def test_right_labels_and_right_samples_are_counted_apart() -> None:
    labels = Output(torch.tensor([[1, 0], [1, 1]]), torch.tensor([[1, 0], [0, 1]]))
    accuracy, recall = Accuracy(is_multilabel=True), Recall(is_multilabel=True, average="micro")
    exact = ExactMatch()
    evaluator, keys = attached([accuracy, recall, exact])
    metrics = evaluator.run([labels]).metrics
    assert [metrics[key] for key in keys] == [0.5, 1.0, 0.5]
    assert exact.statistic is accuracy.statistic


def test_accuracy_follows_from_counts_of_a_yes() -> None:
    answers = Output(torch.tensor([0.9, 0.2, 0.8, 0.1]), torch.tensor([1, 0, 0, 0]))
    accuracy, precision = Accuracy(), Precision()
    evaluator, keys = attached([accuracy, precision])
    metrics = evaluator.run([answers]).metrics
    assert accuracy.statistic is precision.statistic
    assert metrics[keys[0]] == 0.75
    assert metrics[keys[1]].item() == 0.5


def test_a_yes_or_no_stays_one_beside_a_matrix() -> None:
    answers = Output(torch.tensor([1, 0, 1, 1, 0]), torch.tensor([1, 0, 0, 1, 1]))
    precision, matrix = Precision(), ConfusionMatrix()
    evaluator, keys = attached([precision, matrix])
    metrics = evaluator.run([answers]).metrics
    assert precision.statistic is matrix.statistic
    assert metrics[keys[0]].tolist() == pytest.approx(2 / 3)
    assert metrics[keys[1]].tolist() == [[1, 1], [1, 2]]


@pytest.mark.parametrize("num_classes", [4, 40])
@pytest.mark.parametrize("ignore_index", [None, 1])
def test_what_is_saved_does_not_depend_on_what_is_attached_beside(
    num_classes: int, ignore_index: int | None
) -> None:
    def made() -> list[Metric[PredTarget, Any, Output]]:
        return [
            Accuracy(lambda out: (out.scores, out.target), ignore_index=ignore_index),
            Recall(lambda out: (out.scores, out.target), ignore_index=ignore_index),
            ConfusionMatrix(lambda out: (out.scores, out.target), ignore_index=ignore_index),
        ]

    scores = torch.rand(60, num_classes, generator=torch.Generator().manual_seed(1))
    data = [Output(scores, torch.arange(60) % num_classes)] * 2
    beside = made()
    evaluator, _ = attached(beside)
    evaluator.run(data)
    assert len({id(metric.statistic_held()) for metric in beside}) == 1
    for metric, lone, other in zip(beside, made(), made(), strict=True):
        own, _ = attached([lone])
        own.run(data)
        saved, expected = metric.state_dict(), lone.state_dict()
        assert saved.keys() == expected.keys()
        if isinstance(metric, Accuracy):
            assert saved["num_right"] == expected["num_right"]
            assert num_seen(saved) == num_seen(expected)
        else:
            assert torch.equal(torch.as_tensor(saved["table"]), torch.as_tensor(expected["table"]))
        other.load_state_dict(saved)
        other.take_in(lone)
        metric.take_in(lone)
        result = (1 + isinstance(metric, ConfusionMatrix)) * torch.as_tensor(lone.compute())
        assert torch.equal(torch.as_tensor(other.compute()), result)
        assert torch.equal(torch.as_tensor(metric.compute()), result)
        # what is taken in by one is nobody else's
        assert (beside[-1].compute().sum() > 60 * 2) == (metric is beside[-1])


def num_seen(state: Mapping[str, object]) -> int:
    return sum(int(torch.as_tensor(state.get(name, 0))) for name in ("num_seen", "num_kept"))


def test_one_that_is_given_other_tensors_parts_from_the_others(calls: list[str]) -> None:
    def turned(output: Output) -> PredTarget:
        # the same tensors in the first batch, others after it
        return output if len(output.target) == len(BATCHES[0].target) else turned_always(output)

    def turned_always(output: Output) -> PredTarget:
        return output.scores.flip(1), output.target

    parting = Recall(turned, average="macro")
    metrics_attached = [*ten(), parting]
    evaluator, keys = attached(metrics_attached)
    metrics = evaluator.run(BATCHES).metrics
    for key, metric in zip(keys, ten(), strict=False):
        for batch in BATCHES:
            metric.update((batch.scores, batch.target))
        assert same(metrics[key], metric.compute())
    own = Recall(average="macro")
    for batch in BATCHES:
        own.update(turned(batch))
    assert metrics[keys[-1]] == own.compute()
    assert len(calls) == len(BATCHES) + 2 + 11 * len(BATCHES)  # parted, and by hand for comparison


def test_one_that_is_updated_by_hand_meanwhile_parts_from_the_others() -> None:
    metrics_attached = list(ten())
    parting = metrics_attached[1]
    evaluator, keys = attached(metrics_attached)
    extra = Output(torch.eye(4), torch.tensor([0, 1, 2, 2]))

    @evaluator.on(Events.ITERATION_COMPLETED(once=2))
    def by_hand() -> None:
        parting.update((extra.scores, extra.target))

    metrics = evaluator.run(BATCHES).metrics
    for number, (key, metric) in enumerate(zip(keys, ten(), strict=True)):
        for batch in [*BATCHES, extra] if number == 1 else BATCHES:
            metric.update((batch.scores, batch.target))
        assert same(metrics[key], metric.compute()), number


def test_errors_name_the_metric_that_computes() -> None:
    evaluator, _ = attached([ConfusionMatrix(), Precision()])
    empty = Output(torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64))
    with pytest.raises(Exception, match="ConfusionMatrix: needs at least one sample"):
        evaluator.run([empty])
    evaluator, _ = attached([Precision(), ConfusionMatrix()])
    with pytest.raises(Exception, match="Precision: needs at least one sample"):
        evaluator.run([empty])
