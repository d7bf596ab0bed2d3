"""The supervised trainer: what it does to a batch, and what it refuses."""

import copy
from collections.abc import Sequence
from typing import Final, NamedTuple

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import SGD, Optimizer

from firesteel import Average, Engine, Events, RunningAverage
from firesteel.errors import ArgumentError, ArgumentTypeError, EngineStateError
from firesteel.recipes import (
    NUM_OPTIMIZER_STEPS,
    Compile,
    create_supervised_trainer,
    supervised_training_step,
)

Pair = tuple[Tensor, Tensor]


class Record(NamedTuple):
    first: Tensor
    second: Tensor
    label: Tensor


def to_pair(batch: Record) -> tuple[Pair, Tensor]:
    return (batch.first, batch.second), batch.label


def made() -> tuple[nn.Linear, SGD]:
    torch.manual_seed(0)
    model = nn.Linear(3, 2)
    return model, SGD(model.parameters(), lr=0.1)


def pairs(*sizes: int) -> list[Pair]:
    generator = torch.Generator().manual_seed(1)
    return [
        (torch.randn(size, 3, generator=generator), torch.randn(size, 2, generator=generator))
        for size in sizes
    ]


DATA: Final = pairs(4, 4, 2)


def test_it_does_what_the_loop_by_hand_does() -> None:
    model, optimizer = made()
    trainer = create_supervised_trainer(model, optimizer, functional.mse_loss)
    trainer.run(DATA, max_epochs=2)
    by_hand, sgd = made()
    for x, y in DATA * 2:
        sgd.zero_grad()
        functional.mse_loss(by_hand(x), y).backward()
        sgd.step()
    assert torch.equal(model.weight, by_hand.weight)
    assert trainer.state[NUM_OPTIMIZER_STEPS] == 6


def test_the_output_is_the_loss_before_the_step_and_detached() -> None:
    model, optimizer = made()
    x, y = DATA[0]
    expected = functional.mse_loss(model(x), y).item()
    output = create_supervised_trainer(model, optimizer, nn.MSELoss()).run([(x, y)]).output
    assert output.item() == expected
    assert not output.requires_grad
    assert output.shape == ()


def test_metrics_take_the_output_as_it_is() -> None:
    trainer = create_supervised_trainer(*made(), nn.MSELoss())
    mean = Average().attach(trainer, "mean")
    running = RunningAverage().attach(trainer, "running")
    losses: list[float] = []
    trainer.add_event_handler(
        Events.ITERATION_COMPLETED, lambda engine: losses.append(engine.state.output.item())
    )
    state = trainer.run(DATA)
    assert state.metrics[mean] == pytest.approx(sum(losses) / 3)
    assert state.metrics[running] > 0


def test_the_four_functions_are_given_what_the_one_before_gave() -> None:
    model, optimizer = made()
    seen: list[object] = []

    def predict(given: nn.Module, x: Pair) -> list[Tensor]:
        seen.append(given)
        return [given(x[0] + x[1])]

    def loss_fn(y_pred: list[Tensor], y: Tensor) -> Tensor:
        return functional.mse_loss(y_pred[0], y)

    def output(x: Pair, y: Tensor, y_pred: list[Tensor], loss: Tensor) -> tuple[int, int, bool]:
        return len(x), len(y_pred), loss.requires_grad

    trainer = create_supervised_trainer(
        model,
        optimizer,
        loss_fn,
        prepare_batch=to_pair,
        model_fn=predict,
        output_transform=output,
    )
    batch = Record(torch.ones(2, 3), torch.ones(2, 3), torch.ones(2, 2))
    assert trainer.run([batch]).output == (2, 1, False)
    assert seen == [model]


def test_a_list_of_two_is_a_batch() -> None:
    trainer = create_supervised_trainer(*made(), functional.mse_loss)
    x, y = DATA[0]
    rows: list[Pair] = [[x, y]]  # type: ignore[list-item]  # as torch collates
    assert trainer.run(rows).output.ndim == 0


def test_gradients_can_be_read_after_the_step() -> None:
    model, optimizer = made()
    trainer = create_supervised_trainer(model, optimizer, functional.mse_loss)
    norms: list[float] = []

    def note() -> None:
        assert model.weight.grad is not None
        norms.append(float(model.weight.grad.square().sum().sqrt()))

    trainer.add_event_handler(Events.ITERATION_COMPLETED, note)
    trainer.run(DATA)
    assert all(norms)


def test_a_model_in_evaluation_mode_is_put_into_training_mode() -> None:
    model, optimizer = made()
    model.eval()
    create_supervised_trainer(model, optimizer, functional.mse_loss).run(DATA)
    assert model.training


def test_a_part_that_was_put_into_evaluation_mode_stays_in_it() -> None:
    frozen = nn.BatchNorm1d(3)
    model = nn.Sequential(frozen, nn.Linear(3, 2))
    frozen.eval()
    trainer = create_supervised_trainer(model, SGD(model.parameters(), lr=0.1), functional.mse_loss)
    trainer.run(DATA)
    assert not frozen.training


def test_a_batch_is_brought_to_the_device_whole() -> None:
    class Batch(NamedTuple):
        x: Tensor
        extra: dict[str, list[Tensor]]
        name: str

    devices: list[str] = []

    def prepare(batch: Batch) -> Pair:
        devices.extend([batch.x.device.type, batch.extra["y"][0].device.type, batch.name])
        return torch.ones(2, 3), torch.ones(2, 2)

    trainer = create_supervised_trainer(
        *made(), functional.mse_loss, prepare_batch=prepare, device="meta"
    )
    trainer.run([Batch(torch.ones(1), {"y": [torch.ones(1)]}, "first")])
    assert devices == ["meta", "meta", "first"]


def test_several_optimizers_are_each_zeroed_and_stepped() -> None:
    model, _ = made()
    optimizers = [SGD([model.weight], lr=0.1), SGD([model.bias], lr=0.2)]
    trainer = create_supervised_trainer(model, optimizers, functional.mse_loss)
    trainer.run(DATA)
    by_hand, _ = made()
    groups: list[dict[str, object]] = [
        {"params": [by_hand.weight]},
        {"params": [by_hand.bias], "lr": 0.2},
    ]
    create_supervised_trainer(by_hand, SGD(groups, lr=0.1), functional.mse_loss).run(DATA)
    assert torch.equal(model.weight, by_hand.weight)
    assert torch.equal(model.bias, by_hand.bias)


def test_a_compiled_model_is_called_and_the_own_one_stays_what_is_saved() -> None:
    model, optimizer = made()
    called: list[nn.Module] = []

    def predict(given: nn.Module, x: Tensor) -> Tensor:
        called.append(given)
        y_pred: Tensor = given(x)
        return y_pred

    trainer = create_supervised_trainer(
        model,
        optimizer,
        functional.mse_loss,
        model_fn=predict,
        compile=Compile(backend="eager"),
    )
    trainer.run(DATA)
    assert called[0] is not model
    assert list(model.state_dict()) == ["weight", "bias"]
    plain, sgd = made()
    create_supervised_trainer(plain, sgd, functional.mse_loss).run(DATA)
    assert torch.equal(model.weight, plain.weight)


def test_deterministic_algorithms_are_on_in_a_step_and_off_after_it() -> None:
    inside: list[bool] = []

    def loss_fn(y_pred: Tensor, y: Tensor) -> Tensor:
        inside.append(torch.are_deterministic_algorithms_enabled())
        return functional.mse_loss(y_pred, y)

    trainer = create_supervised_trainer(*made(), loss_fn, deterministic=True)
    trainer.run(DATA[:1])
    assert inside == [True]
    assert not torch.are_deterministic_algorithms_enabled()
    plain = create_supervised_trainer(*made(), loss_fn)
    plain.run(DATA[:1])
    assert inside == [True, False]


def test_deterministic_algorithms_are_off_after_a_step_that_fails() -> None:
    trainer = create_supervised_trainer(*made(), nn.MSELoss(reduction="none"), deterministic=True)
    with pytest.raises(ArgumentError):
        trainer.run(DATA)
    assert not torch.are_deterministic_algorithms_enabled()


def test_the_count_of_steps_is_saved_and_gone_on_with() -> None:
    first = create_supervised_trainer(*made(), functional.mse_loss)
    first.run(DATA, max_epochs=2)
    second = create_supervised_trainer(*made(), functional.mse_loss)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    second.run(DATA, max_epochs=3)
    assert second.state[NUM_OPTIMIZER_STEPS] == 9


def test_a_step_works_in_an_engine_of_ones_own() -> None:
    trainer = Engine(supervised_training_step(*made(), functional.mse_loss))
    trainer.run(DATA, max_epochs=2)
    assert trainer.state[NUM_OPTIMIZER_STEPS] == 6


def test_a_step_is_attached_once() -> None:
    step = supervised_training_step(*made(), functional.mse_loss)
    step.attach(Engine(step))
    with pytest.raises(EngineStateError, match="attached to one engine, once"):
        step.attach(Engine(step))


def test_a_step_that_accumulates_has_to_be_attached() -> None:
    step = supervised_training_step(*made(), functional.mse_loss, gradient_accumulation_steps=2)
    with pytest.raises(EngineStateError, match=r"call step\.attach\(engine\)"):
        Engine(step).run(DATA)


def test_a_loss_with_axes_is_refused() -> None:
    trainer = create_supervised_trainer(*made(), nn.MSELoss(reduction="none"))
    with pytest.raises(ArgumentError, match=r"loss_fn: .* got shape \[4, 2\]"):
        trainer.run(DATA)


@pytest.mark.parametrize("batch", [(torch.ones(1),), (1, 2, 3)])
def test_a_batch_that_is_no_pair_is_refused(batch: Pair) -> None:
    with pytest.raises(ArgumentError, match="two elements"):
        create_supervised_trainer(*made(), functional.mse_loss).run([batch])


def test_a_batch_that_is_no_row_is_refused() -> None:
    batches: Sequence[Pair] = [{"x": 1, "y": 2}]  # type: ignore[list-item]  # the mistake
    with pytest.raises(ArgumentTypeError, match="got a dict"):
        create_supervised_trainer(*made(), functional.mse_loss).run(batches)


def test_optimizers_with_a_parameter_in_common_are_refused() -> None:
    model, optimizer = made()
    with pytest.raises(ArgumentError, match="no parameter in common"):
        create_supervised_trainer(model, [optimizer, optimizer], functional.mse_loss)


def test_no_optimizer_is_refused() -> None:
    none: list[Optimizer] = []
    with pytest.raises(ArgumentError, match="at least one"):
        create_supervised_trainer(made()[0], none, functional.mse_loss)
