"""Trying something out: what is put back, and who is heard meanwhile."""

from collections.abc import Callable
from typing import Any, final

import pytest
import torch
from torch import Tensor, nn
from torch.optim import Adam
from torch.utils.data import Dataset
from typing_extensions import override

from firesteel import Engine, Events
from firesteel.data import DataLoader
from firesteel.errors import ArgumentTypeError, EngineStateError

# not public: what both finders stand on
from firesteel.handlers._keeping import Kept, trying


def small() -> nn.Sequential:
    """Give a model with buffers of both kinds and a random part."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Dropout(0.5))
    model.register_buffer("scratch", torch.zeros(1), persistent=False)
    return model


def everything(model: nn.Module, optimizer: Adam) -> list[str]:
    """Give all that a step may change, in a form that can be compared."""
    gradients = [str(parameter.grad) for parameter in model.parameters()]
    states = [model.state_dict(), dict(model.named_buffers()), optimizer.state_dict()]
    return [*gradients, *map(str, states), *(str(part.training) for part in model.modules())]


def make_step(
    model: nn.Module, optimizer: Adam
) -> Callable[[Engine[Tensor, float], Tensor], float]:
    def step(engine: Engine[Tensor, float], batch: Tensor) -> float:
        model.train()
        optimizer.zero_grad(set_to_none=engine.state.iteration % 2 == 0)
        loss: Tensor = model(batch).square().sum()
        loss.backward()
        optimizer.step()
        model.get_buffer("scratch").add_(1)
        return loss.item()

    return step


def fail_if(fails: bool) -> None:
    if fails:
        raise ValueError("in the block")


@pytest.mark.parametrize("num_steps_before", [0, 1])
@pytest.mark.parametrize("fails", [False, True])
def test_all_is_as_it_was(num_steps_before: int, fails: bool) -> None:
    model = small()
    optimizer = Adam(model.parameters(), lr=0.1)
    trainer = Engine(make_step(model, optimizer))
    if num_steps_before:
        trainer.run([torch.randn(4, 2)] * num_steps_before)
    model[2].eval()
    before = everything(model, optimizer), trainer.state_dict(), str(torch.get_rng_state().sum())
    kept = Kept("here", [model, optimizer])
    for _ in range(2):
        try:
            with trying(trainer, kept, num_iter=3, handlers=()):
                trainer.run([torch.randn(4, 2)])
                assert everything(model, optimizer) != before[0]
                fail_if(fails)
        except ValueError:
            assert fails
        assert everything(model, optimizer) == before[0]
        assert (trainer.state_dict(), str(torch.get_rng_state().sum())) == before[1:]


def test_what_is_put_back_can_be_put_back_again() -> None:
    model = nn.Linear(1, 1)
    optimizer = Adam(model.parameters(), lr=0.1)

    def step() -> None:
        model(torch.ones(1, 1)).sum().backward()
        optimizer.step()

    step()
    kept = Kept("here", [model, optimizer])
    before = str(optimizer.state_dict())
    for _ in range(2):
        kept.put_back()
        assert str(optimizer.state_dict()) == before
        step()  # changes the tensors that it was given


def test_what_can_be_put_back_is_where_another_cannot() -> None:
    class Broken:
        def state_dict(self) -> dict[str, Any]:
            return {}

        def load_state_dict(self, state_dict: dict[str, Any], /) -> None:
            raise ValueError("broken")

    model, other = nn.Linear(1, 1), nn.Linear(1, 1)
    kept = Kept("here", [model, Broken(), other])
    before = model.weight.item(), other.weight.item()
    with torch.no_grad():
        model.weight.add_(1)
        other.weight.add_(1)
    with pytest.raises(ValueError, match="broken"):
        kept.put_back()
    assert (model.weight.item(), other.weight.item()) == before


def test_what_has_no_state_is_refused() -> None:
    wrong: Any = nn.Linear(1, 1).parameters()
    with pytest.raises(ArgumentTypeError, match=r"here: restore\[1\] must be something with a"):
        Kept("here", [nn.Linear(1, 1), wrong])


@final
class Six(Dataset[Tensor]):
    """Six samples."""

    def __len__(self) -> int:
        return 6

    @override
    def __getitem__(self, index: int) -> Tensor:
        return torch.tensor(index)


class TestARun:
    @pytest.mark.parametrize("num_batches", [1, 2, 5, 9])
    def test_has_as_many_iterations_whatever_its_data_and_limits(self, num_batches: int) -> None:
        seen: list[int] = []
        trainer: Engine[int, None] = Engine(lambda engine, batch: seen.append(batch))
        with trying(trainer, Kept("here", []), num_iter=5, handlers=()):
            trainer.run(range(num_batches), max_epochs=7)
            trainer.run(range(num_batches), max_iters=2)
        assert len(seen) == 10

    def test_leaves_the_loader_where_it_stood(self) -> None:
        loader = DataLoader(Six(), batch_size=1, shuffle=True, seed=3)
        trainer: Engine[Tensor, int] = Engine(lambda engine, batch: int(batch))
        seen: list[int] = []
        trainer.add_event_handler(
            Events.ITERATION_COMPLETED, lambda engine: seen.append(engine.state.output)
        )
        trainer.run(loader, max_epochs=1)
        with trying(trainer, Kept("here", []), num_iter=4, handlers=()):
            trainer.run(loader)
        trainer.run(loader, max_epochs=2)

        undisturbed = DataLoader(Six(), batch_size=1, shuffle=True, seed=3)
        other: Engine[Tensor, int] = Engine(lambda engine, batch: int(batch))
        expected: list[int] = []
        other.add_event_handler(
            Events.ITERATION_COMPLETED, lambda engine: expected.append(engine.state.output)
        )
        other.run(undisturbed, max_epochs=2)
        assert seen == expected

    def test_calls_no_handler_but_those_that_are_asked_for(self) -> None:
        heard: list[str] = []
        trainer: Engine[int, int] = Engine(lambda engine, batch: batch)

        def needed() -> None:
            heard.append("needed")

        trainer.add_event_handler(Events.ITERATION_COMPLETED, needed)
        trainer.add_event_handler(Events.ITERATION_COMPLETED, lambda: heard.append("other"))
        trainer.add_event_handler(Events.EXCEPTION_RAISED, lambda _: heard.append("error"))
        with trying(trainer, Kept("here", []), num_iter=2, handlers=[needed]):
            trainer.run([1])
            trainer.add_event_handler(Events.STARTED, lambda: heard.append("late"))
            trainer.run([1])
        assert heard == ["needed"] * 4
        trainer.run([1])
        assert heard[4:] == ["late", "needed", "other"]

    def test_calls_those_that_the_process_function_has_attached(self) -> None:
        class Step:
            num_ended = 0

            def __call__(self, engine: Engine[int, int], batch: int) -> int:
                return batch

            def end(self) -> None:
                self.num_ended += 1

        step = Step()
        trainer = Engine(step)
        trainer.add_event_handler(Events.EPOCH_COMPLETED, step.end)
        with trying(trainer, Kept("here", []), num_iter=2, handlers=()):
            trainer.run([1])
        assert step.num_ended == 1

    def test_that_was_suspended_is_given_up(self) -> None:
        def step(engine: Engine[int, None], batch: int) -> None:
            engine.interrupt()

        trainer = Engine(step)
        with trying(trainer, Kept("here", []), num_iter=2, handlers=()):
            trainer.run([1])
        assert trainer.state.iteration == 0

    def test_of_an_engine_whose_run_is_suspended_is_refused(self) -> None:
        def step(engine: Engine[int, None], batch: int) -> None:
            engine.interrupt()

        trainer = Engine(step)
        trainer.run([1, 2])
        with (
            pytest.raises(EngineStateError, match="in the middle of a run"),
            trying(trainer, Kept("here", []), num_iter=2, handlers=()),
        ):
            pass
