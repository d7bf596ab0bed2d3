"""When to stop waiting for a better score: functions of values."""

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

__all__ = ["Mode", "Patience", "Progress", "ThresholdMode"]

Mode: TypeAlias = Literal["max", "min"]
ThresholdMode: TypeAlias = Literal["abs", "rel"]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What is remembered of the scores so far.

    Attributes:
        best: The score to beat; ``None`` before there is one.
        counter: Scores in a row that were no improvement.
        num_scores: Scores that were seen, those of the warm-up included.
    """

    best: float | None = None
    counter: int = 0
    num_scores: int = 0


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """What an improvement is, and for how long to wait for one.

    Attributes:
        patience: Scores in a row without an improvement after which to stop.
        mode: Whether a higher or a lower score is better.
        threshold: By how much a score has to be better.
        threshold_mode: Whether that is a difference, or a share of the score to beat.
        is_cumulative: Whether the score to beat moves with improvements alone.
        num_warmup: Scores at the beginning that are not looked at.
    """

    patience: int
    mode: Mode = "max"
    threshold: float = 0.0
    threshold_mode: ThresholdMode = "abs"
    is_cumulative: bool = False
    num_warmup: int = 0

    def is_better(self, score: float, best: float) -> bool:
        """Tell whether a score is better than another, by however little. NaN never is."""
        return score > best if self.mode == "max" else score < best

    def is_improvement(self, score: float, best: float | None) -> bool:
        """Tell whether a score counts as an improvement.

        It has to be strictly beyond the score to beat and the threshold: a score at the bar is
        none. The first score is one, NaN never is. The bar lies on the better side of the score to
        beat, whatever that one's sign; an infinite one has no threshold.
        """
        if best is None:
            return not math.isnan(score)
        margin = self.threshold
        if math.isinf(best):
            margin = 0.0
        elif self.threshold_mode == "rel":
            margin *= abs(best)
        bar = best + margin if self.mode == "max" else best - margin
        return self.is_better(score, bar)

    def after(self, progress: Progress, score: float) -> Progress:
        """Give what is remembered once a score has come."""
        best, counter, num_scores = progress.best, progress.counter, progress.num_scores + 1
        if num_scores > self.num_warmup:
            if self.is_improvement(score, best):
                best, counter = score, 0
            else:
                counter += 1
                if best is not None and not self.is_cumulative and self.is_better(score, best):
                    best = score
        return Progress(best=best, counter=counter, num_scores=num_scores)

    def is_over(self, progress: Progress) -> bool:
        """Tell whether to stop."""
        return progress.counter >= self.patience
