"""Norms of gradients: their values, when they are computed, and when they are gone."""

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from firesteel.engine import Engine
from firesteel.errors import ArgumentError, ArgumentTypeError, NotComputableError
from firesteel.events import Events
from firesteel.handlers import GradientNorm, GradientNorms


class Scene:
    """A trainer of a small model, the gradient of whose weight is the batch."""

    def __init__(self, order: float = 2.0) -> None:
        self.model = nn.Linear(2, 1)
        self.seen: list[object] = []

        def step(engine: Engine[Tensor, None], batch: Tensor) -> None:
            self.model.zero_grad()
            self.look(engine)
            self.model(batch).sum().backward()

        self.engine = Engine(step)
        self.norm = self.engine.attach(GradientNorm(self.model, order=order), "norm")
        self.norms = self.engine.attach(GradientNorms(self.model, order=order), "norms")

    def look(self, engine: Engine[Tensor, None]) -> None:
        """Read the norm in the middle of an iteration."""
        if self.norm in engine.state.metrics:
            try:
                self.seen.append(engine.state.metrics[self.norm])
            except NotComputableError as error:
                self.seen.append(str(error))


BATCH = torch.tensor([[2.0, 2.0]])  # with the bias: 2, 2 and 1


def test_it_is_that_of_all_gradients_together() -> None:
    scene = Scene()
    assert scene.engine.run([BATCH]).metrics[scene.norm] == 3.0


def test_each_parameter_has_its_own() -> None:
    scene = Scene(order=1.0)
    assert scene.engine.run([BATCH]).metrics[scene.norms] == {"weight": 4.0, "bias": 1.0}


def test_the_largest_is_a_norm() -> None:
    scene = Scene(order=math.inf)
    state = scene.engine.run([BATCH])
    assert (state.metrics[scene.norm], state.metrics[scene.norms]["bias"]) == (2.0, 1.0)


@given(
    values=st.lists(st.floats(-100, 100), min_size=4, max_size=4),
    order=st.sampled_from([1.0, 2.0, 3.0, math.inf]),
)
def test_the_norm_of_all_is_the_norm_of_the_norms(values: list[float], order: float) -> None:
    scene = Scene(order=order)
    state = scene.engine.run([torch.tensor(values).reshape(2, 2)])
    of_each = torch.tensor(list(state.metrics[scene.norms].values()), dtype=torch.float64)
    expected = of_each.abs().max() if order == math.inf else of_each.pow(order).sum() ** (1 / order)
    # float32 inside
    assert state.metrics[scene.norm] == pytest.approx(float(expected), rel=1e-5)


def test_it_can_be_read_to_the_end_of_the_epoch_and_after_the_run() -> None:
    scene, seen = Scene(), list[float]()
    scene.engine.add_event_handler(
        Events.EPOCH_COMPLETED, lambda engine: seen.append(engine.state.metrics[scene.norm])
    )
    scene.engine.run([torch.zeros(1, 2), BATCH])
    assert seen == [3.0]
    assert scene.engine.state.metrics[scene.norm] == 3.0


def test_once_the_next_iteration_has_begun_it_is_gone() -> None:
    scene = Scene()
    scene.engine.run([BATCH, BATCH])
    [told] = scene.seen
    assert str(told).startswith("norm: the gradients of iteration 1 are gone once the next one")


def test_once_the_next_run_has_begun_too() -> None:
    scene = Scene()
    scene.engine.run([BATCH])
    scene.engine.run([BATCH])
    assert scene.seen == []


def test_without_gradients_it_says_why() -> None:
    model = nn.Linear(1, 1)

    def step(_engine: Engine[int, None], _batch: int) -> None:
        pass

    engine = Engine(step)
    key = engine.attach(GradientNorm(model), "norm")
    engine.run([1])
    with pytest.raises(NotComputableError, match="no parameter of the model has a gradient"):
        _ = engine.state.metrics[key]


def test_parameters_without_a_gradient_are_left_out() -> None:
    scene = Scene()
    scene.model.bias.requires_grad_(False)
    assert scene.engine.run([BATCH]).metrics[scene.norms] == {"weight": pytest.approx(math.sqrt(8))}


def test_gradients_of_several_dtypes_are_read_together() -> None:
    model = nn.ModuleDict({"a": nn.Linear(1, 1), "b": nn.Linear(1, 1).double()})
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, 2.0)

    def step(_engine: Engine[int, None], _batch: int) -> None:
        pass

    engine = Engine(step)
    key = engine.attach(GradientNorms(model), "norms")
    assert set(engine.run([1]).metrics[key].values()) == {2.0}


@pytest.mark.parametrize("kind", [GradientNorm, GradientNorms])
@pytest.mark.parametrize("order", [0.0, -1.0, float("nan")])
def test_an_order_is_above_zero(
    kind: type[GradientNorm] | type[GradientNorms], order: float
) -> None:
    with pytest.raises(ArgumentError, match="order must be above 0"):
        kind(nn.Linear(1, 1), order=order)


def test_parameters_are_no_model() -> None:
    parameters: Any = nn.Linear(1, 1).parameters()
    with pytest.raises(ArgumentTypeError, match="GradientNorm: model must be a module"):
        GradientNorm(parameters)
