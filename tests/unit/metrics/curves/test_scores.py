"""Scores that are kept: copied, shared by the metrics of an engine, ranked once, checked."""

import weakref
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple, assert_type

import pytest
import torch
from tests.unit.metrics.curves.examples import EXAMPLES
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from typing_extensions import override

from firesteel import Engine, MetricKey
from firesteel.errors import ArgumentError, NotComputableError
from firesteel.metrics import (
    ROC_AUC,
    AveragePrecision,
    BinaryAveragePrecision,
    BinaryRocAuc,
    MeanAveragePrecision,
    Metric,
    MulticlassAveragePrecision,
    MulticlassRocAuc,
    MulticlassRocCurve,
    MultilabelAveragePrecision,
    MultilabelRocAuc,
    MultilabelRocCurve,
    PrecisionRecallCurve,
    PredTarget,
    RocCurve,
    SensitivityAtSpecificity,
    StatisticMetric,
)
from firesteel.metrics._functional._curve_ranking import Ranking, rank
from firesteel.metrics.curves import _scores
from firesteel.metrics.curves._checked import CheckedStatistic

WAITING: Final = frozenset(
    {"_local_scalar_dense", "item", "is_nonzero", "equal", "nonzero", "masked_select"}
    | {"_unique2", "unique_dim", "bincount"}
)

SCORES: Final = torch.tensor([0.1, 0.4, 0.35, 0.8])
TARGET: Final = torch.tensor([0, 0, 1, 1])
CLASS_SCORES: Final = torch.tensor([[0.8, 0.1, 0.1], [0.2, 0.5, 0.3], [0.3, 0.6, 0.1]])
CLASSES: Final = torch.tensor([0, 1, 2])
LABELS: Final = torch.tensor([[1, 0, 0], [0, 1, 0], [1, 0, 1]])

each = pytest.mark.parametrize("number", range(len(EXAMPLES)))


class Output(NamedTuple):
    scores: Tensor
    target: Tensor


def batch_of(number: int, num_rows: int, seed: int = 0) -> PredTarget:
    scores, target = EXAMPLES[number][1](torch.Generator().manual_seed(seed), num_rows)
    assert isinstance(scores, Tensor)
    assert isinstance(target, Tensor)
    return scores, target


def statistic_of(metric: Metric[Any, Any, Any]) -> CheckedStatistic:
    statistic = metric.statistic_held()
    assert isinstance(statistic, CheckedStatistic)
    return statistic


def waits_of(metric: Metric[Any, Any, Any], value: PredTarget) -> list[str]:
    """List the operations of an update for which the host would wait for a device."""
    found: list[str] = []

    class Listing(TorchDispatchMode):
        @override
        def __torch_dispatch__(
            self,
            func: Callable[..., object],
            types: Iterable[type],
            args: tuple[object, ...] = (),
            kwargs: Mapping[str, object] | None = None,
        ) -> object:
            _, name, _ = str(func).split(".")  # aten.nonzero.default
            if name in WAITING:
                found.append(name)
            return func(*args, **(kwargs or {}))

    make: Callable[[], TorchDispatchMode] = Listing  # torch's constructor is not typed
    with make():
        metric.update(value)
    return found


# every metric of the family


@each
@pytest.mark.parametrize("has_numpy", [True, False])
def test_no_update_waits_but_the_first(
    monkeypatch: pytest.MonkeyPatch, number: int, *, has_numpy: bool
) -> None:
    monkeypatch.setattr("firesteel.metrics._functional._counts.has_numpy", has_numpy)
    metric, value = EXAMPLES[number][0](), batch_of(number, 5)
    validate = statistic_of(metric).validate
    for _ in range(2):
        found = [bool(waits_of(metric, value)) for _ in range(3)]
        expected = {"first": [True, False, False], "always": [True] * 3, "never": [False] * 3}
        assert found == expected[validate]
        metric.reset()


@each
def test_an_empty_batch_does_not_use_up_the_check(number: int) -> None:
    metric = EXAMPLES[number][0]()
    metric.update(batch_of(number, 0))
    validate = statistic_of(metric).validate
    assert bool(waits_of(metric, batch_of(number, 5))) == (validate != "never")


@each
def test_what_is_kept_is_not_what_was_given(number: int) -> None:
    metric, value = EXAMPLES[number][0](), batch_of(number, 6)
    expected = EXAMPLES[number][0]()
    expected.update(tuple(part.clone() for part in value))
    metric.update(value)
    for part in value:
        part.zero_()
    assert repr(metric.compute()) == repr(expected.compute())


@each
def test_no_graph_is_kept(number: int) -> None:
    metric, (scores, target) = EXAMPLES[number][0](), batch_of(number, 6)
    scores.requires_grad_()
    made = scores * 1.0
    alive = weakref.ref(made)
    metric.update((made, target))
    assert not any(
        part.requires_grad
        for value in metric.read_fields().values()
        for part in (value if isinstance(value, list) else [value])
        if isinstance(part, Tensor)
    )
    del made
    assert alive() is None


@each
def test_attached_with_a_transform_it_is_the_metric_of_all_batches(number: int) -> None:
    values = [batch_of(number, size, seed=size) for size in (4, 0, 7)]

    def evaluate(engine: Engine[PredTarget, Output], batch: PredTarget) -> Output:
        return Output(*batch)

    evaluator, by_hand = Engine(evaluate), EXAMPLES[number][0]()
    key = (
        EXAMPLES[number][0]()
        .map(repr)
        .attach(evaluator, "x", output_transform=lambda out: (out.scores, out.target))
    )
    for value in values:
        by_hand.update(value)
    for _ in range(2):
        assert evaluator.run(values).metrics[key] == repr(by_hand.compute())


@each
def test_it_says_whether_higher_is_better(number: int) -> None:
    metric = EXAMPLES[number][0]()
    name = type(metric).__name__
    expected = name not in {"BrierScore", "CalibrationError"}
    assert vars(type(metric))["higher_is_better"] is (None if "Curve" in name else expected)


@each
def test_it_keeps_its_state_where_it_is_told(number: int) -> None:
    constructor, value = EXAMPLES[number][0], batch_of(number, 5)
    metric = constructor()
    metric.update(value)
    # no second device here: meta has no values, and shows that the state goes there
    statistic_of(metric).device = torch.device("meta")
    metric.reset()
    metric.update(value)
    for kept in metric.read_fields().values():
        for part in kept if isinstance(kept, list) else [kept]:
            assert not isinstance(part, Tensor) or part.device.type == "meta"


@each
def test_an_unknown_check_is_refused(number: int) -> None:
    kind: Any = type(EXAMPLES[number][0]())
    needed = {
        "RecallAtFixedPrecision": "min_precision",
        "PrecisionAtFixedRecall": "min_recall",
        "SensitivityAtSpecificity": "min_specificity",
        "SpecificityAtSensitivity": "min_sensitivity",
    }
    options = {needed[kind.__name__]: 0.5} if kind.__name__ in needed else {}
    with pytest.raises(ArgumentError, match=f"{kind.__name__}: validate must be one of .*'last'"):
        kind(validate="last", **options)


# sharing


@pytest.fixture
def ranked(monkeypatch: pytest.MonkeyPatch) -> list[torch.Size]:
    """List the shapes of the scores that were ranked."""
    found: list[torch.Size] = []

    def counting(scores: Tensor, target: Tensor) -> Ranking:
        found.append(scores.shape)
        return rank(scores, target)

    monkeypatch.setattr(_scores, "rank", counting)
    return found


def give(engine: Engine[PredTarget, PredTarget], batch: PredTarget) -> PredTarget:
    return batch


def test_metrics_of_one_curve_keep_one_copy_and_sort_once(ranked: list[torch.Size]) -> None:
    evaluator = Engine(give)
    metrics: list[StatisticMetric[PredTarget, Any, Any, PredTarget]] = [
        ROC_AUC(),
        AveragePrecision(),
        RocCurve(),
        PrecisionRecallCurve(),
        BinaryRocAuc(max_fpr=0.5),
        BinaryAveragePrecision(),
        SensitivityAtSpecificity(min_specificity=0.5),
    ]
    keys = [metric.attach(evaluator, str(place)) for place, metric in enumerate(metrics)]
    state = evaluator.run([(SCORES[:3], TARGET[:3]), (SCORES[3:], TARGET[3:])])
    assert ranked == [torch.Size([1, 4])]
    assert len({id(metric.statistic) for metric in metrics}) == 1
    for key, metric in zip(keys, metrics, strict=True):
        alone = metric.statistic.copied()
        assert alone is not metric.statistic
        assert repr(state.metrics[key]) == repr(metric.compute())
    assert_type(evaluator.attach(ROC_AUC(), "typed"), MetricKey[float])


def test_metrics_of_labels_share_with_those_of_one_curve(ranked: list[torch.Size]) -> None:
    evaluator = Engine(give)
    auc = BinaryRocAuc()
    by_shape, micro = ROC_AUC(), MultilabelRocAuc(average="micro")
    each_label, curves = MultilabelAveragePrecision(average=None), MultilabelRocCurve()
    mean = MeanAveragePrecision(is_multilabel=True)
    all_of_them: list[StatisticMetric[PredTarget, Any, Any, PredTarget]] = [
        auc,
        by_shape,
        micro,
        each_label,
        curves,
        mean,
    ]
    for place, metric in enumerate(all_of_them):
        metric.attach(evaluator, str(place))
    evaluator.run([(CLASS_SCORES, LABELS)])
    assert sorted(ranked) == [torch.Size([1, 9]), torch.Size([3, 3])]
    assert len({id(metric.statistic) for metric in all_of_them}) == 1
    fresh: list[tuple[Metric[PredTarget, object, PredTarget], object]] = [
        (BinaryRocAuc(), auc.compute()),
        (ROC_AUC(), by_shape.compute()),
        (MultilabelRocCurve(), curves.compute()),
        (MultilabelAveragePrecision(), mean.compute()),
        (MultilabelAveragePrecision(average=None), each_label.compute()),
    ]
    for alone, result in fresh:
        alone.update((CLASS_SCORES, LABELS))
        assert repr(alone.compute()) == repr(result)
    assert micro.compute() == auc.compute()


def test_metrics_of_classes_share(ranked: list[torch.Size]) -> None:
    evaluator = Engine(give)
    mean = MeanAveragePrecision()
    auc, curves = MulticlassRocAuc(average=None), MulticlassRocCurve()
    precision = MulticlassAveragePrecision()
    for place, metric in enumerate((mean, auc, curves, precision)):
        metric.attach(evaluator, str(place))
    evaluator.run([(CLASS_SCORES, CLASSES)])
    assert ranked == [torch.Size([3, 3])]
    assert mean.statistic is auc.statistic is curves.statistic is precision.statistic
    assert mean.compute() == precision.compute()


def test_metrics_of_classes_do_not_share_with_those_of_one_curve() -> None:
    evaluator = Engine(give)
    mean, auc = MeanAveragePrecision(), ROC_AUC()
    mean.attach(evaluator, "mean")
    auc.attach(evaluator, "auc")
    evaluator.run([(SCORES, TARGET)])
    assert mean.statistic is not auc.statistic
    assert mean.compute() == pytest.approx(0.8333, abs=1e-4)
    assert auc.compute() == 0.75


def test_metrics_that_look_at_other_batches_do_not_share() -> None:
    evaluator = Engine(give)
    first, never = ROC_AUC(), ROC_AUC(validate="never")
    first.attach(evaluator, "first")
    never.attach(evaluator, "never")
    evaluator.run([(SCORES, TARGET)])
    assert first.statistic is not never.statistic


def test_the_ranking_is_forgotten_with_every_change(ranked: list[torch.Size]) -> None:
    auc, other = ROC_AUC(), ROC_AUC()
    other.update((SCORES, 1 - TARGET))
    auc.update((SCORES, TARGET))
    assert [auc.compute(), auc.compute()] == [0.75, 0.75]
    assert len(ranked) == 1
    auc.update((SCORES, TARGET))
    assert auc.compute() == 0.75
    assert len(ranked) == 2
    auc.merge(other)
    assert auc.compute() != 0.75
    auc.load_state_dict(other.state_dict())
    assert auc.compute() == 0.25
    auc.reset()
    with pytest.raises(NotComputableError, match="ROC_AUC: needs at least one sample"):
        auc.compute()


# shapes


@pytest.mark.parametrize("kind", [ROC_AUC, BinaryRocAuc, RocCurve, MeanAveragePrecision])
@pytest.mark.parametrize("columns", [(1, 0), (0, 1), (1, 1), (0, 0)])
def test_a_single_column_counts_as_none(
    kind: Callable[[], Metric[PredTarget, Any, PredTarget]], columns: tuple[int, int]
) -> None:
    metric, plain = kind(), kind()
    scores, target = (
        tensor[:, None] if has_column else tensor
        for tensor, has_column in zip((SCORES, TARGET), columns, strict=True)
    )
    metric.update((scores, target))
    metric.update((SCORES, TARGET))
    plain.update((SCORES, TARGET))
    plain.update((SCORES, TARGET))
    assert repr(metric.compute()) == repr(plain.compute())


def test_one_curve_takes_batches_of_any_shape() -> None:
    auc = BinaryRocAuc()
    auc.update((SCORES[:2].reshape(1, 2), TARGET[:2].reshape(1, 2)))
    auc.update((SCORES[2], TARGET[2]))
    auc.update((SCORES[3:].reshape(1, 1, 1), TARGET[3:].reshape(1, 1, 1)))
    assert auc.compute() == 0.75


def test_further_axes_count_as_samples() -> None:
    scores = torch.randint(0, 5, (4, 3, 2, 2), generator=torch.Generator().manual_seed(0))
    classes = torch.randint(0, 3, (4, 2, 2), generator=torch.Generator().manual_seed(1))
    deep, flat = MulticlassRocAuc(average=None), MulticlassRocAuc(average=None)
    deep.update((scores, classes))
    flat.update((scores.movedim(1, 3).reshape(16, 3), classes.reshape(16)))
    assert torch.equal(deep.compute(), flat.compute())


@pytest.mark.parametrize(
    "dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int64, torch.uint8]
)
@pytest.mark.parametrize("target_dtype", [torch.bool, torch.uint8, torch.int64, torch.float32])
def test_scores_and_targets_may_have_any_dtype(
    dtype: torch.dtype, target_dtype: torch.dtype
) -> None:
    auc = ROC_AUC()
    auc.update(((SCORES * 100).to(dtype), TARGET.to(target_dtype)))
    auc.update(((SCORES * 100).to(dtype), TARGET.to(torch.int64)))
    assert auc.compute() == 0.75


def test_what_does_not_lie_together_is_taken_as_well() -> None:
    auc = MultilabelRocAuc(average=None)
    auc.update((CLASS_SCORES.t().contiguous().t(), LABELS.repeat(1, 2)[:, ::2]))
    contiguous = MultilabelRocAuc(average=None)
    contiguous.update((CLASS_SCORES, LABELS.repeat(1, 2)[:, ::2].contiguous()))
    assert torch.equal(auc.compute(), contiguous.compute())


def test_targets_of_one_curve_take_one_byte_each() -> None:
    auc = ROC_AUC()
    auc.update((SCORES, TARGET))
    (target,) = auc.statistic.targets
    assert target.dtype == torch.uint8
