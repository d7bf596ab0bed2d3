"""Testing: what tests of training code need, your own too."""

from ._processes import RankPool
from ._resume import Pipeline, check_resume

__all__ = ["Pipeline", "RankPool", "check_resume"]
