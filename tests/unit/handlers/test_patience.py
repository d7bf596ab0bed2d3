"""Patience: what an improvement is, and when waiting is over, beside a model of a few lines."""

import math
from collections.abc import Sequence

from hypothesis import example, given
from hypothesis import strategies as st

# not public, but functions of values: all that an EarlyStopping decides
from firesteel.handlers._patience import Mode, Patience, Progress, ThresholdMode

NAN, INF = math.nan, math.inf

SCORES = st.lists(st.sampled_from([-2.0, -1.05, -1.0, -0.9, 0.0, 0.5, 1.0, 1.05, 2.0, NAN]))
RULES = st.builds(
    Patience,
    patience=st.integers(1, 4),
    mode=st.sampled_from(["max", "min"]),
    threshold=st.sampled_from([0.0, 0.01, 0.1, 1.0]),
    threshold_mode=st.sampled_from(["abs", "rel"]),
    is_cumulative=st.booleans(),
    num_warmup=st.integers(0, 3),
)


def play(rule: Patience, scores: Sequence[float]) -> Progress:
    """Give what is remembered after all scores."""
    progress = Progress()
    for score in scores:
        progress = rule.after(progress, score)
    return progress


class TestAnImprovement:
    def test_is_strictly_beyond_the_threshold(self) -> None:
        rule = Patience(patience=1, threshold=0.5)
        assert not rule.is_improvement(1.5, 1.0)
        assert rule.is_improvement(math.nextafter(1.5, 2), 1.0)

    def test_relative_to_a_negative_score_lies_above_it(self) -> None:
        rule = Patience(patience=1, threshold=0.1, threshold_mode="rel")
        assert not rule.is_improvement(-1.05, -1.0)
        assert not rule.is_improvement(-0.95, -1.0)
        assert rule.is_improvement(-0.85, -1.0)

    def test_relative_to_a_score_that_is_to_fall_lies_below_it(self) -> None:
        rule = Patience(patience=1, threshold=0.1, threshold_mode="rel", mode="min")
        assert not rule.is_improvement(0.95, 1.0)
        assert rule.is_improvement(0.85, 1.0)
        assert rule.is_improvement(-1.15, -1.0)

    def test_is_any_number_above_minus_infinity(self) -> None:
        for mode in ("abs", "rel"):
            threshold_mode: ThresholdMode = mode
            rule = Patience(patience=1, threshold=0.0, threshold_mode=threshold_mode)
            assert rule.is_improvement(-1e308, -INF)
            assert not rule.is_improvement(INF, INF)

    @given(best=st.none() | st.floats(), rule=RULES)
    def test_is_never_nan(self, best: float | None, rule: Patience) -> None:
        assert not rule.is_improvement(NAN, best)

    @given(score=st.floats(allow_nan=False), best=st.floats(allow_nan=False), rule=RULES)
    def test_is_always_better(self, score: float, best: float, rule: Patience) -> None:
        if rule.is_improvement(score, best):
            assert rule.is_better(score, best)

    @given(
        score=st.floats(allow_nan=False),
        best=st.floats(allow_nan=False),
        threshold=st.sampled_from([0.0, 0.1, 1.0]),
        mode=st.sampled_from(["abs", "rel"]),
    )
    def test_of_lower_is_better_is_one_of_the_negative(
        self, score: float, best: float, threshold: float, mode: ThresholdMode
    ) -> None:
        kinds: tuple[Mode, Mode] = ("max", "min")
        high, low = (
            Patience(patience=1, threshold=threshold, threshold_mode=mode, mode=kind)
            for kind in kinds
        )
        assert high.is_improvement(score, best) == low.is_improvement(-score, -best)


def model(rule: Patience, scores: Sequence[float]) -> tuple[float | None, int]:
    """Give best and counter, worked out from the whole history."""
    best: float | None = None
    counter = 0
    sign = 1 if rule.mode == "max" else -1
    for score in scores[rule.num_warmup :]:
        margin = 0.0
        if best is not None:
            margin = rule.threshold * (abs(best) if rule.threshold_mode == "rel" else 1)
        if (best is None and score == score) or (  # noqa: PLR0124  # NaN is not
            best is not None and sign * score > sign * best + margin
        ):
            best, counter = score, 0
        else:
            counter += 1
            if best is not None and not rule.is_cumulative and sign * score > sign * best:
                best = score
    return best, counter


class TestWhatIsRemembered:
    @given(rule=RULES, scores=SCORES)
    @example(rule=Patience(patience=2, threshold=1.0), scores=[0.0, 0.5, 1.0, 1.05])
    @example(rule=Patience(patience=2, threshold=1.0, is_cumulative=True), scores=[0.0, 0.5, 1.05])
    def test_is_what_the_whole_history_says(self, rule: Patience, scores: Sequence[float]) -> None:
        progress = play(rule, scores)
        assert (progress.best, progress.counter) == model(rule, scores)
        assert progress.num_scores == len(scores)

    @given(rule=RULES, scores=SCORES, cut=st.integers(0, 10))
    def test_does_not_depend_on_where_it_is_gone_on_with(
        self, rule: Patience, scores: Sequence[float], cut: int
    ) -> None:
        half = play(rule, scores[:cut])
        for score in scores[cut:]:
            half = rule.after(half, score)
        assert half == play(rule, scores)

    @given(rule=RULES, scores=SCORES)
    def test_is_over_after_as_many_scores_as_there_is_patience(
        self, rule: Patience, scores: Sequence[float]
    ) -> None:
        progress = play(rule, scores)
        worst = NAN
        waited = 0
        while not rule.is_over(progress):
            progress = rule.after(progress, worst)
            waited += 1
        assert waited <= rule.patience + rule.num_warmup

    def test_of_a_warm_up_is_nothing_but_its_length(self) -> None:
        rule = Patience(patience=1, num_warmup=2)
        assert play(rule, [9.0, 8.0]) == Progress(num_scores=2)
        assert play(rule, [9.0, 8.0, 1.0]).best == 1.0
