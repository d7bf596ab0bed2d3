"""The ranking behind curves: one sort of whole numbers, by numpy where it is there."""

from importlib import import_module
from typing import Final

import pytest
import torch
from torch import Tensor

from firesteel.metrics._functional._curve_ranking import rank

UNTYPED: Final = import_module(rank.__module__)
"""The module as one sees it that no checker looks at."""


@pytest.mark.parametrize("curves", [1, 3])
def test_without_numpy_the_sort_is_that_of_torch(
    monkeypatch: pytest.MonkeyPatch, curves: int
) -> None:
    numbers = torch.randint(-9, 9, (curves, 50), generator=torch.Generator().manual_seed(0))
    expected = numbers.sort(dim=1).values

    def refuse(_: Tensor) -> None:
        raise RuntimeError("Numpy is not available")

    monkeypatch.setattr(Tensor, "numpy", refuse)
    assert torch.equal(UNTYPED._sort_rows(numbers.clone()), expected)
