"""Metrics at k that are means over rows: the functional form, taken in batch by batch."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, Final, TypeAlias

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from firesteel import Engine
from firesteel.errors import ArgumentError, ArgumentTypeError, NotComputableError, StateDictError
from firesteel.metrics import (
    F1AtK,
    HitRateAtK,
    MAPAtK,
    Metric,
    MRRAtK,
    NDCGAtK,
    PrecisionAtK,
    PredTarget,
    RecallAtK,
)
from firesteel.metrics._functional._at_k_sums import Gain
from firesteel.metrics._functional._ranked import EmptyTarget
from firesteel.metrics._functional._ranking import (
    f1_at_k,
    hit_rate_at_k,
    precision_at_k,
    recall_at_k,
)
from firesteel.metrics._functional._ranking_order import map_at_k, mrr_at_k, ndcg_at_k

by_hypothesis = settings(deadline=None, derandomize=True, max_examples=25)

RowAtK: TypeAlias = Metric[PredTarget, Tensor, PredTarget]
AnyAtK: TypeAlias = (
    PrecisionAtK[Any, Any]
    | RecallAtK[Any, Any]
    | F1AtK[Any, Any]
    | HitRateAtK[Any, Any]
    | MRRAtK[Any, Any]
    | MAPAtK[Any, Any]
    | NDCGAtK[Any, Any]
)


@dataclass(frozen=True)
class Case:
    """A metric for some cut-offs and a way to treat rows without a relevant label, two ways."""

    make: Callable[[Sequence[int], EmptyTarget], RowAtK]
    by_function: Callable[[Tensor, Tensor, Sequence[int], EmptyTarget], Tensor]
    single: Callable[[int], Metric[PredTarget, float, PredTarget]]


CASES: Final[Mapping[str, Case]] = {
    "precision": Case(
        lambda k, empty: PrecisionAtK(k=k, empty_target=empty),
        lambda s, r, k, empty: precision_at_k(s, r, k=k, empty_target=empty),
        lambda k: PrecisionAtK(k=k),
    ),
    "precision clipped": Case(
        lambda k, empty: PrecisionAtK(k=k, clip_k=True, empty_target=empty),
        lambda s, r, k, empty: precision_at_k(s, r, k=k, clip_k=True, empty_target=empty),
        lambda k: PrecisionAtK(k=k, clip_k=True),
    ),
    "recall": Case(
        lambda k, empty: RecallAtK(k=k, empty_target=empty),
        lambda s, r, k, empty: recall_at_k(s, r, k=k, empty_target=empty),
        lambda k: RecallAtK(k=k),
    ),
    "recall capped": Case(
        lambda k, empty: RecallAtK(k=k, capped=True, empty_target=empty),
        lambda s, r, k, empty: recall_at_k(s, r, k=k, capped=True, empty_target=empty),
        lambda k: RecallAtK(k=k, capped=True),
    ),
    "f1": Case(
        lambda k, empty: F1AtK(k=k, empty_target=empty),
        lambda s, r, k, empty: f1_at_k(s, r, k=k, empty_target=empty),
        lambda k: F1AtK(k=k),
    ),
    "f1 clipped": Case(
        lambda k, empty: F1AtK(k=k, clip_k=True, empty_target=empty),
        lambda s, r, k, empty: f1_at_k(s, r, k=k, clip_k=True, empty_target=empty),
        lambda k: F1AtK(k=k, clip_k=True),
    ),
    "hit rate": Case(
        lambda k, empty: HitRateAtK(k=k, empty_target=empty),
        lambda s, r, k, empty: hit_rate_at_k(s, r, k=k, empty_target=empty),
        lambda k: HitRateAtK(k=k),
    ),
    "mrr": Case(
        lambda k, empty: MRRAtK(k=k, empty_target=empty),
        lambda s, r, k, empty: mrr_at_k(s, r, k=k, empty_target=empty),
        lambda k: MRRAtK(k=k),
    ),
    "map min": Case(
        lambda k, empty: MAPAtK(k=k, empty_target=empty),
        lambda s, r, k, empty: map_at_k(s, r, k=k, empty_target=empty),
        lambda k: MAPAtK(k=k),
    ),
    "map relevant": Case(
        lambda k, empty: MAPAtK(k=k, denominator="relevant", empty_target=empty),
        lambda s, r, k, empty: map_at_k(s, r, k=k, denominator="relevant", empty_target=empty),
        lambda k: MAPAtK(k=k, denominator="relevant"),
    ),
    "map hits": Case(
        lambda k, empty: MAPAtK(k=k, denominator="hits", empty_target=empty),
        lambda s, r, k, empty: map_at_k(s, r, k=k, denominator="hits", empty_target=empty),
        lambda k: MAPAtK(k=k, denominator="hits"),
    ),
    "ndcg": Case(
        lambda k, empty: NDCGAtK(k=k, empty_target=empty),
        lambda s, r, k, empty: ndcg_at_k(s, r, k=k, empty_target=empty),
        lambda k: NDCGAtK(k=k),
    ),
    "ndcg linear": Case(
        lambda k, empty: NDCGAtK(k=k, gain="linear_rank", empty_target=empty),
        lambda s, r, k, empty: ndcg_at_k(s, r, k=k, gain="linear_rank", empty_target=empty),
        lambda k: NDCGAtK(k=k, gain="linear_rank"),
    ),
}

each = pytest.mark.parametrize("case", CASES.values(), ids=CASES)

SCORES: Final = torch.tensor([[0.9, 0.8, 0.3], [0.1, 0.7, 0.5]])
RELEVANCE: Final = torch.tensor([[0, 1, 1], [0, 1, 1]])
NONE_RELEVANT: Final = torch.tensor([[0, 1, 1], [0, 0, 0]])


def numbers(values: Tensor) -> list[float]:
    return [float(value) for value in values.unbind()]


def some_rows(seed: int, *, rows: int, labels: int = 6) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randint(0, 9, (rows, labels), generator=generator) / 8
    relevance = torch.rand(rows, labels, generator=generator) < 0.3
    relevance[:1, 0] = True
    return scores, relevance


def parts_of(pair: PredTarget, sizes: Sequence[int]) -> list[PredTarget]:
    scores, relevance = pair
    return [(scores[a:b], relevance[a:b]) for a, b in pairwise([0, *accumulate(sizes)])]


@each
@by_hypothesis
@given(
    seed=st.integers(0, 2**16),
    sizes=st.lists(st.integers(0, 5), min_size=1, max_size=4).filter(any),
    k=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    empty_target=st.sampled_from(("skip", "zero", "one")),
)
def test_batches_give_what_the_functional_form_gives_for_all_rows(
    case: Case, seed: int, sizes: list[int], k: list[int], empty_target: EmptyTarget
) -> None:
    pair = some_rows(seed, rows=sum(sizes))
    metric = case.make(k, empty_target)
    for part in parts_of(pair, sizes):
        metric.update(part)
    expected = case.by_function(*pair, k, empty_target)
    assert numbers(metric.compute()) == pytest.approx(numbers(expected), rel=1e-12)


@each
def test_one_k_gives_a_number_and_several_a_tensor_in_ascending_order(case: Case) -> None:
    pair = some_rows(0, rows=9)
    several = case.make([3, 1, 3], "skip")
    several.update(pair)
    result = several.compute()
    assert result.shape == (2,)
    assert result.dtype == torch.float64
    for k, expected in zip((1, 3), result.unbind(), strict=True):
        single = case.single(k)
        single.update(pair)
        value = single.compute()
        assert type(value) is float
        assert value == float(expected)


@pytest.mark.parametrize(
    "kind", [PrecisionAtK, RecallAtK, F1AtK, HitRateAtK, MRRAtK, MAPAtK, NDCGAtK]
)
def test_higher_is_better(kind: type[AnyAtK]) -> None:
    assert kind.higher_is_better is True


@pytest.mark.parametrize("gain", ["exp_rank", "linear_rank"])
def test_relevance_is_weighed_as_in_the_functional_form(gain: Gain) -> None:
    scores, relevance = some_rows(1, rows=9)
    graded = relevance * torch.arange(1, 7)
    metric = NDCGAtK(k=[1, 4], gain=gain)
    for part in parts_of((scores, graded), [4, 5]):
        metric.update(part)
    expected = ndcg_at_k(scores, graded, k=[1, 4], gain=gain)
    assert numbers(metric.compute()) == pytest.approx(numbers(expected), rel=1e-12)


@pytest.mark.parity
def test_ndcg_with_linear_gain_is_that_of_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    generator = torch.Generator().manual_seed(3)
    scores = torch.rand(20, 8, generator=generator)
    relevance = torch.randint(0, 4, (20, 8), generator=generator)
    metric = NDCGAtK(k=5, gain="linear_rank")
    for part in parts_of((scores, relevance), [7, 13]):
        metric.update(part)
    expected = metrics.ndcg_score(relevance.numpy(), scores.numpy(), k=5)
    assert metric.compute() == pytest.approx(float(expected), rel=1e-9)


@pytest.mark.parametrize(
    "dtype", [torch.bool, torch.uint8, torch.int64, torch.float16, torch.float32, torch.float64]
)
def test_relevance_may_have_any_dtype(dtype: torch.dtype) -> None:
    metric = PrecisionAtK(k=2)
    metric.update((SCORES, RELEVANCE.to(dtype)))
    assert metric.compute() == 0.75


def test_a_threshold_says_what_is_relevant() -> None:
    metric = PrecisionAtK(k=2, relevance_threshold=2)
    metric.update((SCORES, torch.tensor([[9, 1, 2], [0, 2, 1]])))
    assert metric.compute() == 0.5


def test_what_is_ignored_is_neither_ranked_nor_relevant() -> None:
    metric = PrecisionAtK(k=1, ignore_index=-1)
    metric.update((SCORES, torch.tensor([[-1, 1, 0], [0, -1, 0]])))
    assert metric.compute() == 1.0  # the second row has nothing relevant left
    clipped = PrecisionAtK(k=3, ignore_index=-1, clip_k=True)
    clipped.update((SCORES, torch.tensor([[-1, 1, 0], [0, -1, 1]])))
    assert clipped.compute() == 0.5
    graded = NDCGAtK(k=1, ignore_index=-1)
    graded.update((SCORES, torch.tensor([[-1, 3, 1], [0, 2, -1]])))
    assert graded.compute() == 1.0


def test_a_score_that_is_ignored_may_be_nan() -> None:
    metric = PrecisionAtK(k=1, ignore_index=-1)
    metric.update((torch.tensor([[math.nan, 0.5]]), torch.tensor([[-1, 1]])))
    assert metric.compute() == 1.0


def test_a_row_without_a_relevant_label_may_be_a_mistake() -> None:
    metric = RecallAtK(k=1, empty_target="error")
    with pytest.raises(ArgumentError, match=r"^RecallAtK: every row must have .*, got 1 without"):
        metric.update((SCORES, NONE_RELEVANT))
    metric.update((SCORES, RELEVANCE))
    assert metric.compute() == 0.25


@pytest.mark.parametrize("validate", ["first", "never"])
def test_a_later_mistake_is_found_when_the_result_is_computed(validate: Any) -> None:
    metric = RecallAtK(k=1, empty_target="error", validate=validate)
    metric.update((SCORES, RELEVANCE))
    metric.update((SCORES, NONE_RELEVANT))
    with pytest.raises(ArgumentError) as caught:
        metric.compute()
    assert str(caught.value) == (
        "RecallAtK: every row must have a relevant label, got 1 without; "
        "or choose another empty_target"
    )


def test_values_are_looked_at_in_the_updates_that_are_asked_for() -> None:
    wrong = (torch.tensor([[math.nan, 0.5]]), torch.tensor([[0, 1]]))
    right = (torch.tensor([[0.2, 0.5]]), torch.tensor([[0, 1]]))
    never = PrecisionAtK(k=1, validate="never")
    never.update(wrong)
    first = PrecisionAtK(k=1)
    for _ in range(2):
        first.update((torch.zeros(0, 2), torch.zeros(0, 2)))  # is not the first of anything
        with pytest.raises(ArgumentError, match=r"^PrecisionAtK: scores must not be NaN, got NaN"):
            first.update(wrong)
        first.update(right)
        first.update(wrong)
        first.reset()
    always = PrecisionAtK(k=1, validate="always")
    always.update(right)
    with pytest.raises(ArgumentError, match="scores must not be NaN"):
        always.update(wrong)
    assert always.compute() == 1.0  # what was refused has left no trace


def test_graded_relevance_needs_a_threshold_where_it_is_not_weighed() -> None:
    graded = torch.tensor([[0, 2, 1], [0, 1, 1]])
    with pytest.raises(ArgumentError, match=r"^MRRAtK: relevance must be 0 or 1, got other values"):
        MRRAtK(k=1).update((SCORES, graded))
    NDCGAtK(k=1).update((SCORES, graded))
    with pytest.raises(ArgumentError, match=r"^NDCGAtK: relevance must be finite and at least 0"):
        NDCGAtK(k=1).update((SCORES, -graded))


@each
def test_mistakes_are_refused_in_the_name_of_the_metric(case: Case) -> None:
    name = type(case.single(1)).__name__
    with pytest.raises(ArgumentError, match=rf"^{name}: k must be at least 1, got 0$"):
        case.single(0)
    with pytest.raises(ArgumentError, match=rf"^{name}: k must be at least one number, got \[\]$"):
        case.make([], "skip")
    unknown: Any = "ignore"
    with pytest.raises(ArgumentError, match=rf"^{name}: empty_target must be one of 'skip', "):
        case.make([1], unknown)
    metric = case.single(1)
    with pytest.raises(NotComputableError, match=rf"^{name}: needs at least one row that counts$"):
        metric.compute()
    with pytest.raises(ArgumentError) as caught:
        metric.update((SCORES, RELEVANCE[:1]))
    assert str(caught.value) == (
        f"{name}: scores and relevance must have one shape, got [2, 3] and [1, 3]"
    )
    with pytest.raises(
        ArgumentError, match=rf"^{name}: scores must have shape \(N, L\), got \[3\]"
    ):
        metric.update((SCORES[0], RELEVANCE[0]))
    with pytest.raises(ArgumentTypeError, match=rf"^{name}: scores must be floating point, got "):
        metric.update((RELEVANCE, RELEVANCE))


def test_an_option_that_does_not_exist_is_refused() -> None:
    wrong: Any = "else"
    with pytest.raises(ArgumentError, match=r"^MAPAtK: denominator must be one of 'min'"):
        MAPAtK(k=1, denominator=wrong)
    with pytest.raises(ArgumentError, match=r"^NDCGAtK: gain must be one of 'exp_rank'"):
        NDCGAtK(k=1, gain=wrong)
    with pytest.raises(ArgumentError, match=r"^F1AtK: validate must be one of 'first', "):
        F1AtK(k=1, validate=wrong)
    with pytest.raises(ArgumentError, match=r"^F1AtK: relevance_threshold must be above 0, got 0"):
        F1AtK(k=1, relevance_threshold=0)
    with pytest.raises(ArgumentTypeError, match=r"^F1AtK: output_transform must be callable, got "):
        F1AtK(wrong, k=1)


def test_only_rows_that_count_make_a_result() -> None:
    metric = PrecisionAtK(k=1)
    metric.update((SCORES, torch.zeros(2, 3)))
    with pytest.raises(
        NotComputableError, match="PrecisionAtK: needs at least one row that counts"
    ):
        metric.compute()


def test_batches_may_have_other_numbers_of_labels() -> None:
    metric = PrecisionAtK(k=2)
    metric.update((SCORES, RELEVANCE))
    metric.update((torch.tensor([[0.5]]), torch.tensor([[1]])))
    assert metric.compute() == pytest.approx(2 / 3)


def test_nothing_of_the_graph_is_kept() -> None:
    scores = SCORES.clone().requires_grad_()
    relevance = RELEVANCE.float().requires_grad_()
    metric = NDCGAtK(k=[1, 2])
    metric.update((scores * 2, relevance * 1))
    assert not metric.compute().requires_grad


def test_the_inputs_stay_what_they_are() -> None:
    scores, relevance = SCORES.clone(), torch.tensor([[5, 1, -1], [0, 1, 1]])
    metric = PrecisionAtK(k=1, ignore_index=-1, relevance_threshold=1)
    metric.update((scores, relevance))
    assert scores.equal(SCORES)
    assert relevance.tolist() == [[5, 1, -1], [0, 1, 1]]


def test_sums_are_kept_where_it_was_said() -> None:
    metric = PrecisionAtK(k=[1, 2], device="cpu")
    metric.update((SCORES, RELEVANCE))
    assert metric.device == torch.device("cpu")
    assert metric.compute().device.type == "cpu"


def test_a_result_does_not_change_when_the_metric_goes_on() -> None:
    metric = PrecisionAtK(k=[1, 2])
    metric.update((SCORES, RELEVANCE))
    result = metric.compute()
    metric.update((SCORES, 1 - RELEVANCE))
    assert result.tolist() == [0.5, 0.75]


def test_what_was_saved_at_other_cut_offs_is_refused() -> None:
    saved = PrecisionAtK(k=[1, 2])
    saved.update((SCORES, RELEVANCE))
    state = saved.state_dict()
    assert sorted(state) == ["num_empty", "num_rows", "sums"]
    with pytest.raises(StateDictError, match="'sums' must be like a tensor of shape"):
        PrecisionAtK(k=1).load_state_dict(state)


def test_attached_with_a_transform_it_is_computed_over_an_epoch() -> None:
    def give(engine: Engine[int, dict[str, Tensor]], batch: int) -> dict[str, Tensor]:
        return {"scores": SCORES[batch : batch + 1], "relevance": RELEVANCE[batch : batch + 1]}

    def pair(output: dict[str, Tensor]) -> PredTarget:
        return output["scores"], output["relevance"]

    evaluator = Engine(give)
    single = evaluator.attach(RecallAtK(pair, k=1), "recall")
    several = RecallAtK(k=[1, 2]).attach(evaluator, "recalls", output_transform=pair)
    metrics = evaluator.run([0, 1], max_epochs=2).metrics
    assert metrics[single] == 0.25
    assert metrics[several].tolist() == [0.25, 0.75]


def test_many_rows_keep_their_precision() -> None:
    metric = RecallAtK(k=1, validate="never")
    scores = torch.tensor([[0.9, 0.5, 0.1]]).expand(2_000_000, 3)
    relevance = torch.ones(2_000_000, 3, dtype=torch.bool)
    metric.update((scores, relevance))
    assert metric.compute() == pytest.approx(1 / 3, rel=1e-10)


@pytest.mark.parametrize("threshold", [0.5, 1, 1.5, 2, 3.5, 2.0**60, float("inf")])
@pytest.mark.parametrize("dtype", [torch.uint8, torch.int64, torch.float32])
def test_any_threshold_goes_with_any_dtype(threshold: float, dtype: torch.dtype) -> None:
    scores = torch.tensor([[0.1, 0.4, 0.2, 0.3], [0.4, 0.3, 0.2, 0.1]])
    relevance = torch.tensor([[0, 1, 2, 3], [3, 0, 1, 0]])
    recall = RecallAtK(k=2, relevance_threshold=threshold, empty_target="zero")
    ndcg = NDCGAtK(k=2, relevance_threshold=threshold, empty_target="zero")
    plain = RecallAtK(k=2, empty_target="zero")
    graded = NDCGAtK(k=2, empty_target="zero")
    recall.update((scores, relevance.to(dtype)))
    ndcg.update((scores, relevance.to(dtype)))
    plain.update((scores, (relevance >= threshold).long()))
    graded.update((scores, relevance.masked_fill(relevance < threshold, 0)))
    assert recall.compute() == plain.compute()
    assert ndcg.compute() == graded.compute()


@pytest.mark.parametrize("threshold", [None, 1.0])
def test_a_label_that_is_left_out_is_not_relevant_whatever_its_number(
    threshold: float | None,
) -> None:
    recall = RecallAtK(k=1, ignore_index=9, relevance_threshold=threshold)
    recall.update((torch.tensor([[0.9, 0.8, 0.1]]), torch.tensor([[9, 1, 9]])))
    assert recall.compute() == 1.0
    ndcg = NDCGAtK(k=2, ignore_index=9, relevance_threshold=threshold)
    ndcg.update((torch.tensor([[0.9, 0.8, 0.1]]), torch.tensor([[9, 1, 0]])))
    assert ndcg.compute() == 1.0
    empty = RecallAtK(k=1, ignore_index=9, relevance_threshold=threshold, empty_target="error")
    with pytest.raises(ArgumentError, match=r"^RecallAtK: every row must have a relevant label"):
        empty.update((torch.tensor([[0.9, 0.8]]), torch.tensor([[9, 0]])))
