"""Plots of what a scheduler will do."""

from collections.abc import Sequence

import pytest
import torch
from torch.optim import SGD

from firesteel.engine import StateKey
from firesteel.handlers import (
    BaseParamScheduler,
    ExpStateScheduler,
    ParamGroupScheduler,
    PiecewiseLinear,
)

plt = pytest.importorskip("matplotlib.pyplot")


class Axes:
    """Axes that write down what is drawn on them."""

    def __init__(self) -> None:
        self.drawn: dict[str, list[float]] = {}
        self.xlabel = ""
        self.has_legend = False

    def plot(self, x: Sequence[float], y: Sequence[float], /, *, label: str) -> None:
        assert list(x) == list(range(len(y)))
        self.drawn[label] = list(y)

    def set_xlabel(self, xlabel: str, /) -> None:
        self.xlabel = xlabel

    def legend(self) -> None:
        self.has_legend = True


def make_optimizer() -> SGD:
    return SGD([{"params": [torch.zeros(1)]}, {"params": [torch.zeros(1)]}], lr=0.1)


def test_a_line_is_drawn_for_each_group() -> None:
    optimizer = make_optimizer()
    scheduler = ParamGroupScheduler(
        [
            PiecewiseLinear(optimizer, "lr", milestones_values=[(0, 0), (2, 1)]),
            PiecewiseLinear(optimizer, "momentum", milestones_values=[(0, 5)], param_group_index=1),
        ]
    )
    axes = Axes()
    assert scheduler.plot_values(3, axes=axes) is axes
    assert axes.drawn == {
        "lr of group 0": [0.0, 0.5, 1.0],
        "lr of group 1": [0.0, 0.5, 1.0],
        "momentum of group 1": [5.0, 5.0, 5.0],
    }
    assert axes.xlabel == "event"
    assert axes.has_legend


def test_a_value_in_the_state_is_called_what_its_key_is() -> None:
    axes = Axes()
    key = StateKey[float]("weight")
    ExpStateScheduler(key, initial_value=1.0, gamma=0.5).plot_values(2, axes=axes)
    assert axes.drawn == {"weight": [1.0, 0.5]}


def test_it_is_drawn_on_the_current_axes_of_matplotlib() -> None:
    scheduler: BaseParamScheduler[list[float]] = PiecewiseLinear(
        SGD([torch.zeros(1)], lr=0.1), "lr", milestones_values=[(0, 1.0), (2, 0.0)]
    )
    figure = plt.figure()
    try:
        scheduler.plot_values(3)
        (line,) = figure.axes[0].lines
        assert list(line.get_ydata()) == [1.0, 0.5, 0.0]
        assert line.get_label() == "lr"
    finally:
        plt.close(figure)
