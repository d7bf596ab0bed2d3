"""Handlers: what attaches to an engine to show, save, stop or schedule."""

from ._progress_bar import ProgressBar

__all__ = ["ProgressBar"]
