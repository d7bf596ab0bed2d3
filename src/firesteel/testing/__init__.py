"""Testing: what tests of training code need, your own too."""

from ._processes import RankPool

__all__ = ["RankPool"]
