"""Deterministic algorithms, for as long as something runs."""

from collections.abc import Generator
from contextlib import contextmanager

import torch

__all__ = ["deterministic_algorithms", "is_deterministic"]


def is_deterministic() -> bool:
    """Tell whether torch refuses what is not deterministic, and keeps to one algorithm."""
    return (
        torch.are_deterministic_algorithms_enabled()
        and not torch.is_deterministic_algorithms_warn_only_enabled()
        and not torch.backends.cudnn.benchmark
    )


@contextmanager
def deterministic_algorithms() -> Generator[None]:
    """Have torch use deterministic algorithms, and set again afterwards what was set before."""
    is_on = torch.are_deterministic_algorithms_enabled()
    is_warning = torch.is_deterministic_algorithms_warn_only_enabled()
    is_benchmarking = torch.backends.cudnn.benchmark
    torch.use_deterministic_algorithms(mode=True)
    torch.backends.cudnn.benchmark = False
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(is_on, warn_only=is_warning)
        torch.backends.cudnn.benchmark = is_benchmarking
