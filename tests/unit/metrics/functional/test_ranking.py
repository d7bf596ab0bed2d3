"""Means over rows at a cut-off k: the worked example, definitions by hand, and other libraries."""

import doctest
import math
import re
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from itertools import accumulate, pairwise
from types import ModuleType
from typing import Final, Protocol, TypeAlias

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from typing_extensions import override

from firesteel.errors import ArgumentError, ArgumentTypeError, NotComputableError
from firesteel.metrics._functional import _ranking, _ranking_order
from firesteel.metrics._functional._at_k_sums import (
    RankingSums,
    f1_at_k_sums,
    hit_rate_at_k_sums,
    map_at_k_sums,
    mrr_at_k_sums,
    ndcg_at_k_sums,
    precision_at_k_sums,
    ranking_result,
    recall_at_k_sums,
)
from firesteel.metrics._functional._label_at_k import label_at_k_sums
from firesteel.metrics._functional._label_ranking import (
    coverage_error_sums,
    label_ranking_average_precision_sums,
    label_ranking_loss_sums,
)
from firesteel.metrics._functional._ranked import (
    EmptyTarget,
    best_relevance,
    check_relevance_values,
    count_ranked,
    count_relevant,
    keep_relevance,
    ranked_relevance,
    topk_labels,
)
from firesteel.metrics._functional._ranking import (
    f1_at_k,
    hit_rate_at_k,
    precision_at_k,
    recall_at_k,
)
from firesteel.metrics._functional._ranking_order import map_at_k, mrr_at_k, ndcg_at_k
from firesteel.metrics._functional._top_k_accuracy import class_ranks, top_k_accuracy_sums

by_hypothesis = settings(deadline=None, derandomize=True, max_examples=40)

# ignite uses torch.jit while it is being imported, which torch has deprecated since
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")

SCORES: Final = torch.tensor(
    [
        [0.9, 0.8, 0.3, 0.2, 0.1],
        [0.1, 0.7, 0.7, 0.5, 0.2],
        [0.6, 0.1, 0.2, 0.9, 0.3],
        [0.4, 0.3, 0.2, 0.1, 0.0],
    ]
)
TARGET: Final = torch.tensor([[0, 1, 0, 1, 0], [0, 0, 1, 1, 1], [1, 0, 0, 1, 0], [0, 0, 0, 0, 0]])


class AtK(Protocol):
    """A metric at a cut-off, with the options that all have."""

    def __call__(
        self,
        scores: Tensor,
        relevance: Tensor,
        *,
        k: int | Sequence[int],
        empty_target: EmptyTarget = ...,
        relevance_threshold: float | None = ...,
        mask: Tensor | None = ...,
    ) -> Tensor:
        """Give the value."""
        ...


ALL: Final[tuple[AtK, ...]] = (
    precision_at_k,
    recall_at_k,
    f1_at_k,
    hit_rate_at_k,
    mrr_at_k,
    map_at_k,
    ndcg_at_k,
)

SumsOf: TypeAlias = Callable[[Tensor, Tensor, Sequence[int]], RankingSums]
"""The sums of a metric from scores, relevance and cut-offs."""


def names(functions: Sequence[AtK]) -> list[str]:
    """Name the functions, for the names of tests."""
    return [getattr(function, "__name__", "?") for function in functions]


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        (precision_at_k, [0.333333, 0.666667, 0.555556]),
        (recall_at_k, [0.166667, 0.611111, 0.722222]),
        (f1_at_k, [0.222222, 0.633333, 0.622222]),
        (hit_rate_at_k, [0.333333, 1.0, 1.0]),
        (mrr_at_k, [0.333333, 0.666667, 0.666667]),
        (map_at_k, [0.333333, 0.5, 0.546296]),
        (ndcg_at_k, [0.333333, 0.591235, 0.639191]),
    ],
)
def test_the_worked_example_has_its_numbers(metric: AtK, expected: list[float]) -> None:
    value = metric(SCORES, TARGET, k=[3, 1, 2, 1])
    assert value.tolist() == pytest.approx(expected, abs=1e-6)
    assert value.dtype == torch.float64
    alone = metric(SCORES, TARGET, k=2)
    assert alone.shape == ()
    assert float(alone) == pytest.approx(expected[1], abs=1e-6)


def test_the_worked_example_has_its_average_precisions() -> None:
    relevant = map_at_k(SCORES, TARGET, k=[1, 2, 3], denominator="relevant")
    hits = map_at_k(SCORES, TARGET, k=[1, 2, 3], denominator="hits")
    assert relevant.tolist() == pytest.approx([0.166667, 0.472222, 0.546296], abs=1e-6)
    assert hits.tolist() == pytest.approx([0.333333, 0.666667, 0.694444], abs=1e-6)


def test_the_worked_example_has_its_numbers_with_empty_rows_as_zero() -> None:
    assert float(precision_at_k(SCORES, TARGET, k=2, empty_target="zero")) == 0.5
    ndcg = ndcg_at_k(SCORES, TARGET, k=2, empty_target="zero")
    assert float(ndcg) == pytest.approx(0.443426, abs=1e-6)


# by hand


def rows_of(matrix: Tensor) -> list[list[float]]:
    return [[float(value) for value in row.unbind()] for row in matrix.unbind()]


def ranked_by_hand(scores: list[float], relevance: list[float], out: list[float]) -> list[float]:
    labels = [label for label in range(len(scores)) if not out[label]]
    return [relevance[label] for label in sorted(labels, key=lambda label: -scores[label])]


def gained(ranked: Sequence[float], k: int, *, exponential: bool) -> float:
    return sum(
        ((2.0**r - 1) if exponential else r) / math.log2(i + 2) for i, r in enumerate(ranked[:k])
    )


def row_by_hand(ranked: list[float], k: int) -> dict[str, float]:
    """Give every metric of one row, straight from its definition."""
    is_hit = [r > 0 for r in ranked]
    num_relevant, hits, named = sum(is_hit), sum(is_hit[:k]), max(min(k, len(ranked)), 1)
    first = is_hit.index(True) + 1 if hits else 0
    summed = sum(sum(is_hit[: i + 1]) / (i + 1) for i in range(min(k, len(ranked))) if is_hit[i])
    best = sorted(ranked, reverse=True)
    relevant = max(num_relevant, 1)
    ndcg = {
        name: gained(ranked, k, exponential=exponential)
        / (gained(best, k, exponential=exponential) or 1)
        for name, exponential in (("ndcg exp_rank", True), ("ndcg linear_rank", False))
    }
    return {
        "precision": hits / k,
        "precision clipped": hits / named,
        "recall": hits / relevant,
        "recall capped": hits / min(k, relevant),
        "f1": 2 * hits / (k + num_relevant),
        "f1 clipped": 2 * hits / (named + num_relevant),
        "hit rate": float(hits > 0),
        "mrr": 1 / first if first else 0.0,
        "map min": summed / min(k, relevant),
        "map relevant": summed / relevant,
        "map hits": summed / max(hits, 1),
    } | ndcg


def our_values(
    scores: Tensor,
    relevance: Tensor,
    *,
    k: list[int],
    empty_target: EmptyTarget,
    mask: Tensor | None,
) -> dict[str, list[float]]:
    """Give every metric with every option of its own."""
    empty: EmptyTarget = empty_target
    threshold = 1.0
    pair = (scores, relevance)
    values = {
        name: metric(*pair, k=k, empty_target=empty, mask=mask, relevance_threshold=threshold)
        for name, metric in (
            ("precision", precision_at_k),
            ("recall", recall_at_k),
            ("f1", f1_at_k),
            ("hit rate", hit_rate_at_k),
            ("mrr", mrr_at_k),
            ("map min", map_at_k),
            ("ndcg exp_rank", ndcg_at_k),
        )
    }
    values["precision clipped"] = precision_at_k(
        *pair, k=k, clip_k=True, empty_target=empty, mask=mask, relevance_threshold=threshold
    )
    values["f1 clipped"] = f1_at_k(
        *pair, k=k, clip_k=True, empty_target=empty, mask=mask, relevance_threshold=threshold
    )
    values["recall capped"] = recall_at_k(
        *pair, k=k, capped=True, empty_target=empty, mask=mask, relevance_threshold=threshold
    )
    values["map relevant"] = map_at_k(
        *pair,
        k=k,
        denominator="relevant",
        empty_target=empty,
        mask=mask,
        relevance_threshold=threshold,
    )
    values["map hits"] = map_at_k(
        *pair, k=k, denominator="hits", empty_target=empty, mask=mask, relevance_threshold=threshold
    )
    values["ndcg linear_rank"] = ndcg_at_k(
        *pair, k=k, gain="linear_rank", empty_target=empty, mask=mask, relevance_threshold=threshold
    )
    return {name: value.tolist() for name, value in values.items()}


@st.composite
def ranking_inputs(draw: st.DrawFn) -> tuple[Tensor, Tensor, Tensor | None]:
    """Give scores with ties, graded relevance of any dtype, and perhaps a mask."""
    shape = (draw(st.integers(1, 6)), draw(st.integers(1, 8)))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**16)))
    scores = torch.randint(-4, 5, shape, generator=generator) / 4
    most = draw(st.sampled_from([1, 3]))
    relevance = torch.randint(0, most + 1, shape, generator=generator)
    relevance *= torch.rand(shape, generator=generator) < draw(st.sampled_from([0.2, 0.8, 1.0]))
    dtypes = [torch.uint8, torch.int64, torch.float16, torch.bfloat16, torch.float32, torch.float64]
    dtypes += [torch.bool] if most == 1 else []
    mask = torch.rand(shape, generator=generator) < 0.3 if draw(st.booleans()) else None
    score_dtype = draw(st.sampled_from([torch.float16, torch.bfloat16, torch.float32]))
    return scores.to(score_dtype), relevance.to(draw(st.sampled_from(dtypes))), mask


@by_hypothesis
@given(
    inputs=ranking_inputs(),
    k=st.lists(st.integers(1, 12), min_size=1, max_size=3),
    empty_target=st.sampled_from(["skip", "zero", "one"]),
)
def test_every_metric_follows_its_definition(
    inputs: tuple[Tensor, Tensor, Tensor | None], k: list[int], empty_target: EmptyTarget
) -> None:
    scores, relevance, mask = inputs
    out = torch.zeros(scores.shape, dtype=torch.bool) if mask is None else mask
    rows = [
        ranked_by_hand(*row) for row in zip(*map(rows_of, (scores, relevance, out)), strict=True)
    ]
    counted = [row for row in rows if empty_target != "skip" or any(r > 0 for r in row)]
    if not counted:
        with pytest.raises(NotComputableError):
            our_values(scores, relevance, k=k, empty_target=empty_target, mask=mask)
        return
    ours = our_values(scores, relevance, k=k, empty_target=empty_target, mask=mask)
    for i, one_k in enumerate(sorted(set(k))):
        by_row = [row_by_hand(row, one_k) for row in counted]
        for name, values in ours.items():
            expected = [
                value[name] if any(r > 0 for r in row) else float(empty_target == "one")
                for row, value in zip(counted, by_row, strict=True)
            ]
            assert values[i] == pytest.approx(sum(expected) / len(expected), abs=1e-9), name


def test_relevance_below_the_threshold_does_not_count() -> None:
    scores, relevance = torch.tensor([[0.9, 0.8, 0.7]]), torch.tensor([[0.5, -1.0, 2.0]])
    reciprocal = mrr_at_k(scores, relevance, k=3, relevance_threshold=1.0)
    assert float(reciprocal) == pytest.approx(1 / 3)
    ndcg = ndcg_at_k(scores, relevance, k=3, relevance_threshold=1.0)
    assert float(ndcg) == pytest.approx(0.5)
    assert float(mrr_at_k(scores, relevance, k=3, relevance_threshold=0.5)) == 1.0


# other libraries


@pytest.fixture(scope="module", name="ignite")
def import_ignite() -> ModuleType:
    return import_module("ignite.metrics.rec_sys")


@pytest.fixture(scope="module", name="sklearn")
def import_sklearn() -> ModuleType:
    return import_module("sklearn.metrics")


def random_pair(seed: int, *, most: int = 1, rows: int = 7, labels: int = 9) -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(seed)
    scores = torch.rand((rows, labels), generator=generator)
    relevance = torch.randint(0, most + 1, (rows, labels), generator=generator)
    relevance[0] = 0
    relevance[1, 0] = most
    return scores, relevance


@pytest.mark.parity
@by_hypothesis
@given(seed=st.integers(0, 2**16), ignores=st.booleans())
def test_hit_rate_and_ndcg_are_those_of_ignite(
    ignite: ModuleType, seed: int, *, ignores: bool
) -> None:
    scores, relevance = random_pair(seed, most=3)
    scores = (scores * 4).round()  # ties rank by index there too, in its NDCG
    empty_target: EmptyTarget = "skip" if ignores else "zero"
    for gain in ("exp_rank", "linear_rank"):
        theirs = ignite.NDCG(
            top_k=[2, 5, 9], ignore_zero_hits=ignores, relevance_threshold=2, gain_function=gain
        )
        theirs.update((scores, relevance))
        ours = ndcg_at_k(
            scores,
            relevance,
            k=[5, 2, 9],
            gain="exp_rank" if gain == "exp_rank" else "linear_rank",
            empty_target=empty_target,
            relevance_threshold=2,
        )
        assert ours.tolist() == pytest.approx(theirs.compute(), abs=1e-6)
    scores, relevance = random_pair(seed, most=3)
    hit_rate = ignite.HitRate(top_k=[1, 3], ignore_zero_hits=ignores)
    hit_rate.update((scores, relevance))
    ours = hit_rate_at_k(
        scores, relevance, k=[3, 1], empty_target=empty_target, relevance_threshold=1
    )
    assert ours.tolist() == pytest.approx(hit_rate.compute(), abs=1e-6)


@pytest.mark.parity
@by_hypothesis
@given(seed=st.integers(0, 2**16), k=st.integers(1, 12))
def test_ndcg_with_linear_gain_is_that_of_scikit_learn(
    sklearn: ModuleType, seed: int, k: int
) -> None:
    scores, relevance = random_pair(seed, most=3)
    theirs = sklearn.ndcg_score(relevance.numpy(), scores.numpy(), k=k, ignore_ties=True)
    ours = ndcg_at_k(scores, relevance, k=k, gain="linear_rank", empty_target="zero")
    assert float(ours) == pytest.approx(theirs, abs=1e-9)


# batches


def all_sums(scores: Tensor, relevance: Tensor, ks: Sequence[int]) -> dict[str, RankingSums]:
    """Give the sums of every metric from one ranking."""
    ranked = ranked_relevance(scores, relevance, k_max=ks[-1])
    best = best_relevance(relevance, k_max=ks[-1])
    relevant, num_labels = count_relevant(relevance), count_ranked(scores, None)
    return {
        "precision": precision_at_k_sums(ranked, relevant, ks=ks),
        "clipped": precision_at_k_sums(ranked, relevant, ks=ks, num_labels=num_labels),
        "recall": recall_at_k_sums(ranked, relevant, ks=ks),
        "capped": recall_at_k_sums(ranked, relevant, ks=ks, capped=True, empty_target="one"),
        "f1": f1_at_k_sums(ranked, relevant, ks=ks),
        "hit": hit_rate_at_k_sums(ranked, relevant, ks=ks, empty_target="zero"),
        "mrr": mrr_at_k_sums(ranked, relevant, ks=ks),
        "map": map_at_k_sums(ranked, relevant, ks=ks),
        "hits": map_at_k_sums(ranked, relevant, ks=ks, denominator="hits"),
        "ndcg": ndcg_at_k_sums(ranked, best, ks=ks),
    }


@by_hypothesis
@given(seed=st.integers(0, 2**16), sizes=st.lists(st.integers(0, 4), min_size=1, max_size=4))
def test_sums_of_batches_add_up_to_the_sums_of_all_rows_in_any_order(
    seed: int, sizes: list[int]
) -> None:
    scores, relevance = random_pair(seed, rows=sum(sizes) + 2)
    order = torch.randperm(len(scores), generator=torch.Generator().manual_seed(seed))
    whole = all_sums(scores[order], relevance[order], (1, 4, 12))
    bounds = pairwise([0, *accumulate([*sizes, 2])])
    parts = [all_sums(scores[start:end], relevance[start:end], (1, 4, 12)) for start, end in bounds]
    for name, sums in whole.items():
        merged = RankingSums(
            torch.stack([part[name].total for part in parts]).sum(0),
            torch.stack([part[name].num_rows for part in parts]).sum(0),
        )
        torch.testing.assert_close(merged, sums, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("num_labels", [0, 5])
def test_an_empty_batch_contributes_nothing(num_labels: int) -> None:
    empty = torch.zeros(0, num_labels)
    for name, sums in all_sums(empty, empty, (1, 7)).items():
        assert sums.total.tolist() == [0.0, 0.0], name
        assert int(sums.num_rows) == 0, name
        with pytest.raises(NotComputableError, match=r"^F: needs at least one row that counts$"):
            ranking_result("F", sums)


def test_sums_stay_exact_over_ten_million_rows() -> None:
    # each row has a recall of 1 / 3, which float32 has to seven digits only
    ranked, relevant = torch.tensor([[True]]), torch.tensor([3])
    num_rows = 10_000_000
    sums = recall_at_k_sums(ranked.expand(num_rows, 1), relevant.expand(num_rows), ks=(1,))
    assert float(ranking_result("F", sums)) == pytest.approx(1 / 3, rel=1e-12)


WAITING: Final = frozenset(
    {"_local_scalar_dense", "item", "is_nonzero", "equal", "nonzero", "masked_select"}
    | {"_unique2", "unique_dim", "unique_consecutive", "bincount"}
    | {"lift_fresh"}  # of torch.tensor(...), which copies from the host
)


@contextmanager
def waits() -> Generator[list[str]]:
    """List the operations at which the host would wait for a device."""
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
        yield found


@pytest.mark.parametrize("num_labels", [5, 50])
def test_ranking_and_summing_wait_for_no_device(num_labels: int) -> None:
    scores, relevance = random_pair(0, labels=num_labels)
    with waits() as found:
        all_sums(scores, keep_relevance(relevance, threshold=1.0, mask=scores > 2), (1, 3))
        ranked_relevance(scores, relevance, k_max=3, mask=scores > 0.9)
        count_ranked(scores, scores > 0.9)
    assert found == []


def test_what_is_summed_for_labels_and_classes_waits_for_no_device_either() -> None:
    scores, relevance = random_pair(0)
    target = relevance.argmax(dim=1)
    with waits() as found:
        label_at_k_sums(topk_labels(scores, k_max=3), relevance, ks=(1, 3))
        top_k_accuracy_sums(class_ranks(scores, target), ks=(1, 3))
        label_ranking_average_precision_sums(scores, relevance)
        label_ranking_loss_sums(scores, relevance)
        coverage_error_sums(scores, relevance)
    assert found == []


def test_a_wait_is_seen() -> None:
    with waits() as found:
        check_relevance_values("F", TARGET)
    assert found != []


# mistakes


@pytest.mark.parametrize("metric", ALL, ids=names(ALL))
def test_mistakes_are_refused_in_the_name_of_the_function(metric: AtK) -> None:
    (name,) = names([metric])
    with pytest.raises(ArgumentError, match=f"^{name}: k must be at least 1, got 0$"):
        metric(SCORES, TARGET, k=[1, 0])
    with pytest.raises(ArgumentError, match=f"^{name}: scores and relevance must have one shape"):
        metric(SCORES, TARGET[:2], k=1)
    with pytest.raises(ArgumentTypeError, match=f"^{name}: scores must be floating point, got"):
        metric(TARGET, TARGET, k=1)
    with pytest.raises(ArgumentError, match=f"^{name}: scores must not be NaN, got NaN$"):
        metric(SCORES.masked_fill(SCORES > 0.8, math.nan), TARGET, k=1)
    with pytest.raises(
        ArgumentError, match=f"^{name}: every row must have a relevant label, got 1"
    ):
        metric(SCORES, TARGET, k=1, empty_target="error")
    with pytest.raises(ArgumentError, match=f"^{name}: relevance_threshold must be above 0, got 0"):
        metric(SCORES, TARGET, k=1, relevance_threshold=0)
    with pytest.raises(ArgumentError, match=f"^{name}: relevance must be "):
        metric(SCORES, -TARGET, k=1)
    with pytest.raises(ArgumentError, match=f"^{name}: relevance must be a number, got NaN$"):
        metric(SCORES, SCORES * math.nan, k=1, relevance_threshold=1.0)
    with pytest.raises(NotComputableError, match=f"^{name}: needs at least one row that counts$"):
        metric(SCORES[3:], TARGET[3:], k=1)


def test_graded_relevance_needs_a_threshold_where_it_is_not_weighed() -> None:
    message = "precision_at_k: relevance must be 0 or 1, got other values; give a relevance_thresh"
    with pytest.raises(ArgumentError, match=f"^{message}"):
        precision_at_k(SCORES, TARGET * 2, k=1)
    with pytest.raises(ArgumentError, match=r"^ndcg_at_k: relevance must be finite and at least 0"):
        ndcg_at_k(SCORES, SCORES.masked_fill(SCORES > 0.8, math.inf), k=1)
    ndcg_at_k(SCORES, TARGET * 2, k=1)


def test_values_that_are_left_out_are_not_looked_at() -> None:
    mask = SCORES > 0.8
    scores, relevance = SCORES.masked_fill(mask, math.nan), TARGET.masked_fill(mask, 7)
    assert float(precision_at_k(scores, relevance, k=1, mask=mask)) == pytest.approx(1 / 3 * 2)


def choose(empty_target: str, denominator: str, gain: str) -> None:
    """Call with options as a caller without a type checker would."""
    untyped = import_module(_ranking_order.__name__)
    untyped.map_at_k(SCORES, TARGET, k=1, empty_target=empty_target, denominator=denominator)
    untyped.ndcg_at_k(SCORES, TARGET, k=1, gain=gain)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("none", "min", "exp_rank"),
            "map_at_k: empty_target must be one of 'skip', 'zero', 'one', 'error', got 'none'",
        ),
        (
            ("skip", "max", "exp_rank"),
            "map_at_k: denominator must be one of 'min', 'relevant', 'hits', got 'max'",
        ),
        (
            ("skip", "min", "exp"),
            "ndcg_at_k: gain must be one of 'exp_rank', 'linear_rank', got 'exp'",
        ),
    ],
)
def test_an_option_that_does_not_exist_is_refused(
    options: tuple[str, str, str], message: str
) -> None:
    with pytest.raises(ArgumentError, match=f"^{re.escape(message)}$"):
        choose(*options)


def test_sums_of_a_ranking_that_is_too_short_are_refused() -> None:
    ranked, relevant = torch.zeros(2, 3), torch.zeros(2, dtype=torch.int64)
    with pytest.raises(
        ArgumentError, match=r"ranked must have shape \(N, 4 or more\), got \[2, 3\]"
    ):
        mrr_at_k_sums(ranked, relevant, ks=(1, 4))
    with pytest.raises(ArgumentError, match=r"num_relevant must have shape \[2\], got \[1\]"):
        mrr_at_k_sums(ranked, relevant[:1], ks=(1,))
    with pytest.raises(ArgumentError, match="one number of rows, got 2 and 1"):
        ndcg_at_k_sums(ranked, ranked[:1], ks=(1,))


@pytest.mark.parametrize("module", [_ranking, _ranking_order])
def test_the_examples_run(module: ModuleType) -> None:
    results = doctest.testmod(module)
    assert results.attempted > 0
    assert results.failed == 0
