"""Early stopping, averages of weights, suggested rates: the numbers of ignite and of torch.

Where they differ on purpose, the fault of the other one is shown as well.
"""

from collections.abc import Sequence
from copy import deepcopy
from importlib import import_module

# Any: ignite is not typed
from typing import Any, Final

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, update_bn

from firesteel import Engine, Events
from firesteel.handlers import EarlyStopping, EMAHandler, LRFinder, SWAHandler

# not public, but a function of values
from firesteel.handlers._lr_range import steepest

pytestmark = [
    pytest.mark.parity,
    pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning"),  # while ignite is imported
]

SCORES: Final = st.lists(st.sampled_from([0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0]), max_size=12)


def give(_: object, batch: Any) -> Any:
    return batch


def score_of(engine: Any) -> float:
    return float(engine.state.output)


def ignite_handlers() -> Any:
    return import_module("ignite.handlers")


def ignite_engine() -> Any:
    return import_module("ignite.engine")


class TestEarlyStopping:
    @given(
        scores=SCORES,
        patience=st.integers(1, 3),
        threshold=st.sampled_from([0.0, 0.25, 1.0]),
        threshold_mode=st.sampled_from(["abs", "rel"]),
        mode=st.sampled_from(["max", "min"]),
        cumulative=st.booleans(),
    )
    @settings(deadline=None)  # ignite is imported in the first example
    def test_stops_where_ignite_stops_for_positive_scores(
        self, scores: Sequence[float], **options: Any
    ) -> None:
        ours, theirs = Engine(give), ignite_engine().Engine(give)

        ours.add_event_handler(
            Events.ITERATION_COMPLETED, EarlyStopping(score_of, trainer=ours, **options)
        )
        theirs.add_event_handler(
            ignite_engine().Events.ITERATION_COMPLETED,
            ignite_handlers().EarlyStopping(score_function=score_of, trainer=theirs, **options),
        )
        if scores:
            ours.run(scores)
            theirs.run(scores)
            assert ours.state.iteration == theirs.state.iteration

    @pytest.mark.parametrize(("threshold_mode", "scores"), [("rel", [-1.0, -1.05])])
    def test_ignite_takes_a_worse_score_for_an_improvement_below_zero(
        self, threshold_mode: Any, scores: Sequence[float]
    ) -> None:
        ours = Engine(give)
        stopping = EarlyStopping(
            score_of,
            patience=5,
            trainer=ours,
            threshold=0.1,
            threshold_mode=threshold_mode,
        )
        ours.add_event_handler(Events.ITERATION_COMPLETED, stopping)
        ours.run(scores)
        theirs = ignite_handlers().EarlyStopping(
            patience=5,
            score_function=float,
            trainer=ignite_engine().Engine(give),
            threshold=0.1,
            threshold_mode=threshold_mode,
        )
        for score in scores:
            theirs(score)
        assert (stopping.counter, theirs.counter) == (1, 0)


def model() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))


def perturb(net: nn.Module, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for tensor in [*net.parameters(), *net.buffers()]:
            if tensor.is_floating_point():
                tensor.add_(torch.rand(tensor.shape, generator=generator))
            else:
                tensor.add_(1)


class TestEMA:
    @pytest.mark.parametrize("handle_buffers", ["copy", "update", "ema_train"])
    @pytest.mark.parametrize(
        "options",
        [
            {"momentum": 0.1},
            {"momentum": 0.1, "momentum_warmup": 0.5, "warmup_iters": 4},
            {"momentum": 0.5, "momentum_warmup": 0.1, "warmup_iters": 4},
            {"momentum": 0.5, "momentum_warmup": 0.1, "warmup_iters": 1},
        ],
    )
    def test_has_the_weights_of_ignite(self, options: dict[str, Any], handle_buffers: Any) -> None:
        net, other = model(), model()
        ours = EMAHandler(net, handle_buffers=handle_buffers, **options)
        theirs = ignite_handlers().EMAHandler(other, handle_buffers=handle_buffers, **options)

        def step(_: object, seed: int) -> None:
            perturb(net, seed)

        def other_step(_: object, seed: int) -> None:
            perturb(other, seed)

        trainer, their_trainer = Engine(step), ignite_engine().Engine(other_step)
        trainer.attach(ours)
        theirs.attach(their_trainer)
        trainer.run(range(8))
        their_trainer.run(range(8))
        # lerp rounds once where ignite rounds twice
        torch.testing.assert_close(ours.ema_model.state_dict(), theirs.ema_model.state_dict())

    def test_has_those_of_torch(self) -> None:
        net = model()
        ours = EMAHandler(net, momentum=0.125)
        make_average: Any = get_ema_multi_avg_fn
        theirs = AveragedModel(net, multi_avg_fn=make_average(0.875))
        theirs.update_parameters(net)  # torch's first update copies
        for seed in range(8):
            perturb(net, seed)
            ours.update()
            theirs.update_parameters(net)
        torch.testing.assert_close(
            ours.ema_model.state_dict(), theirs.module.state_dict(), rtol=0, atol=0
        )


class TestSWA:
    def test_has_the_weights_of_torch_and_its_statistics(self) -> None:
        net = model()
        ours, theirs = SWAHandler(net), AveragedModel(net)
        for seed in range(8):
            perturb(net, seed)
            ours.update()
            theirs.update_parameters(net)
        # torch divides by a tensor in float32
        torch.testing.assert_close(ours.swa_model.state_dict(), theirs.module.state_dict())
        data = [torch.randn(8, 3) for _ in range(4)]
        ours.update_bn(data, lambda averaged, batch: averaged(batch))
        update_bn(data, theirs)
        torch.testing.assert_close(ours.swa_model.state_dict(), theirs.module.state_dict())


class TestSuggestedRates:
    @given(losses=st.lists(st.integers(0, 50), min_size=1, max_size=30, unique=True))
    @settings(deadline=None)  # ignite is imported in the first example
    def test_are_those_of_ignite(self, losses: list[int]) -> None:
        theirs = ignite_handlers().FastaiLRFinder()
        theirs._history = {"lr": list(range(len(losses))), "loss": list(map(float, losses))}
        place = steepest(losses)
        if place is None:
            with pytest.raises(RuntimeError, match="unexpected curve shape"):
                theirs.lr_suggestion()
        else:
            assert theirs.lr_suggestion() == place

    def test_come_from_losses_that_are_smoothed_alike(self) -> None:
        losses = [5.0, 4.0, 4.5, 3.0, 2.0, 2.5]
        runs: list[list[float]] = []
        weight = nn.Parameter(torch.zeros(1))
        optimizer = torch.optim.SGD([weight], lr=1e-3)

        def step(engine: Any, _: object) -> float:
            return losses[int(engine.state.iteration) - 1]

        ours = LRFinder(optimizer, num_iter=6, end_lr=1.0, smooth_f=0.25)
        with ours.attach(Engine(step), restore=[]) as finding:
            finding.run([0])
        runs.append(list(ours.get_results().losses))

        theirs = ignite_handlers().FastaiLRFinder()
        trainer = ignite_engine().Engine(step)
        attached = theirs.attach(
            trainer,
            to_save={"optimizer": deepcopy(optimizer)},
            num_iter=6,
            end_lr=1.0,
            smooth_f=0.25,
        )
        with pytest.warns(UserWarning, match="without loss diverging"), attached as finding:
            finding.run([0] * 6, max_epochs=1)
        runs.append(theirs.get_results()["loss"])
        assert runs[0] == pytest.approx(runs[1])
