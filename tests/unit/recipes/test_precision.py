"""Mixed precision, the scaler, clipping and schedules: each in its place."""

import math
from collections.abc import Sequence
from typing import Final

import pytest
import torch
from torch import Tensor, nn
from torch.amp.grad_scaler import GradScaler
from torch.nn import functional
from torch.optim import SGD, AdamW
from torch.optim.lr_scheduler import StepLR

from firesteel import Events
from firesteel.recipes import (
    NUM_OPTIMIZER_STEPS,
    AmpDtype,
    ClipNorm,
    Clipping,
    ClipValue,
    Schedule,
    create_supervised_evaluator,
    create_supervised_trainer,
)

Pair = tuple[Tensor, Tensor]


def made() -> tuple[nn.Linear, SGD]:
    torch.manual_seed(0)
    model = nn.Linear(3, 2)
    return model, SGD(model.parameters(), lr=0.5)


def pairs(*sizes: int) -> list[Pair]:
    generator = torch.Generator().manual_seed(1)
    return [
        (torch.randn(size, 3, generator=generator), torch.randn(size, 2, generator=generator))
        for size in sizes
    ]


DATA: Final = pairs(4, 4, 2)
BAD: Final = (torch.full((2, 3), math.inf), torch.ones(2, 2))


def small_scaler() -> GradScaler:
    """Give a scaler whose first steps are not skipped."""
    return GradScaler("cpu", init_scale=4.0)


@pytest.mark.parametrize("device", [None, "cpu"])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_the_model_and_the_loss_run_in_the_dtype(dtype: AmpDtype, device: str | None) -> None:
    seen: list[torch.dtype] = []

    def loss_fn(y_pred: Tensor, y: Tensor) -> Tensor:
        seen.append(y_pred.dtype)
        seen.append((y_pred.float() @ y.float().T).dtype)
        return functional.mse_loss(y_pred.float(), y)

    model, optimizer = made()
    trainer = create_supervised_trainer(
        model,
        optimizer,
        loss_fn,
        amp_dtype=dtype,
        device=device,
        scaler=small_scaler() if dtype == "float16" else None,
    )
    trainer.run(DATA[:1])
    expected = torch.float16 if dtype == "float16" else torch.bfloat16
    assert seen == [expected, expected]
    assert model.weight.grad is not None
    assert model.weight.grad.dtype == torch.float32
    evaluator = create_supervised_evaluator(model, amp_dtype=dtype, device=device)
    assert evaluator.run(DATA[:1]).output[0].dtype == expected


def test_the_scale_is_taken_out_before_the_gradients_are_used() -> None:
    model, optimizer = made()
    scaler = small_scaler()
    create_supervised_trainer(
        model, optimizer, nn.MSELoss(), amp_dtype="float16", scaler=scaler
    ).run(DATA)
    plain, sgd = made()
    create_supervised_trainer(plain, sgd, nn.MSELoss()).run(DATA)
    torch.testing.assert_close(model.weight, plain.weight, rtol=1e-2, atol=1e-2)


def test_a_disabled_scaler_does_nothing() -> None:
    model, optimizer = made()
    trainer = create_supervised_trainer(
        model,
        optimizer,
        nn.MSELoss(),
        amp_dtype="float16",
        scaler=GradScaler("cpu", enabled=False),
    )
    assert trainer.run(DATA)[NUM_OPTIMIZER_STEPS] == 3


@pytest.mark.parametrize("has_scaler", [True, False])
@pytest.mark.parametrize("steps", [1, 2])
def test_the_norm_is_that_of_the_divided_and_unscaled_gradients(
    has_scaler: bool, steps: int
) -> None:
    model, optimizer = made()
    norms: list[float] = []
    free: list[float] = []
    for clipping, seen in ((ClipNorm(max_norm=0.25), norms), (None, free)):
        model, optimizer = made()
        trainer = create_supervised_trainer(
            model,
            optimizer,
            functional.mse_loss,
            clipping=clipping,
            gradient_accumulation_steps=steps,
            amp_dtype="float16" if has_scaler else None,
            scaler=small_scaler() if has_scaler else None,
        )
        trainer.run(DATA[:steps])
        gradients = [one.grad.flatten() for one in model.parameters() if one.grad is not None]
        seen.append(float(torch.cat(gradients).square().sum().sqrt()))
    assert free[0] > 0.3
    assert norms[0] == pytest.approx(0.25, rel=1e-4)


def test_a_norm_is_compared_with_the_largest_after_the_division() -> None:
    weights: list[Tensor] = []
    for clipping in (ClipNorm(max_norm=10.0), None):  # undivided, the norm is larger
        model, optimizer = made()
        create_supervised_trainer(
            model,
            optimizer,
            functional.mse_loss,
            clipping=clipping,
            num_items=lambda y: 1000,
            gradient_accumulation_steps=2,
        ).run(DATA[:2])
        weights.append(model.weight)
    assert torch.equal(weights[0], weights[1])


def test_a_norm_below_the_largest_is_left() -> None:
    model, optimizer = made()
    create_supervised_trainer(
        model, optimizer, functional.mse_loss, clipping=ClipNorm(max_norm=1e3)
    ).run(DATA)
    plain, sgd = made()
    create_supervised_trainer(plain, sgd, functional.mse_loss).run(DATA)
    assert torch.equal(model.weight, plain.weight)


@pytest.mark.parametrize(
    "clipping", [ClipValue(max_value=0.05), ClipNorm(max_norm=0.05, norm_type=math.inf)]
)
def test_no_element_is_larger(clipping: Clipping) -> None:
    model, optimizer = made()
    create_supervised_trainer(model, optimizer, functional.mse_loss, clipping=clipping).run(DATA)
    assert model.weight.grad is not None
    assert float(model.weight.grad.abs().max()) <= 0.05 + 1e-7


def test_each_optimizer_is_clipped_by_itself() -> None:
    model, _ = made()
    optimizers = [SGD([model.weight], lr=0.1), SGD([model.bias], lr=0.1)]
    create_supervised_trainer(
        model, optimizers, functional.mse_loss, clipping=ClipNorm(max_norm=0.1)
    ).run(DATA[:1])
    for parameter in model.parameters():
        assert parameter.grad is not None
        assert float(parameter.grad.square().sum().sqrt()) == pytest.approx(0.1, rel=1e-4)


def scheduled(data: Sequence[Pair], when: str, *, steps: int = 1) -> tuple[int, int]:
    """Train with a scaler and a schedule; give how often both stepped."""
    model, optimizer = made()
    scheduler = StepLR(optimizer, 1, gamma=0.5)
    trainer = create_supervised_trainer(
        model,
        optimizer,
        functional.mse_loss,
        amp_dtype="float16",
        scaler=small_scaler(),
        gradient_accumulation_steps=steps,
        schedules=[Schedule(scheduler=scheduler, when="epoch" if when == "epoch" else "iteration")],
    )
    state = trainer.run(data, max_epochs=2)
    num_halvings = round(-math.log2(optimizer.param_groups[0]["lr"] / 0.5))
    return state[NUM_OPTIMIZER_STEPS], num_halvings


def test_a_schedule_of_iterations_steps_with_its_optimizer() -> None:
    assert scheduled(DATA, "iteration") == (6, 6)
    assert scheduled(DATA, "iteration", steps=2) == (4, 4)


def test_a_skipped_step_counts_and_schedules_nothing() -> None:
    assert scheduled([DATA[0], BAD, DATA[1]], "iteration") == (4, 4)


def test_a_schedule_of_epochs_steps_once_in_each() -> None:
    assert scheduled(DATA, "epoch") == (6, 2)


def test_an_epoch_without_any_step_schedules_nothing() -> None:
    assert scheduled([BAD], "epoch") == (0, 0)


def test_an_epoch_that_is_given_up_schedules_nothing() -> None:
    model, optimizer = made()
    scheduler = StepLR(optimizer, 1, gamma=0.5)
    trainer = create_supervised_trainer(
        model,
        optimizer,
        functional.mse_loss,
        schedules=[Schedule(scheduler=scheduler, when="epoch")],
    )
    trainer.add_event_handler(Events.ITERATION_COMPLETED(once=2), trainer.terminate)
    trainer.run(DATA)
    assert scheduler.get_last_lr() == [0.5]


def test_a_fused_optimizer_that_skips_is_seen_by_the_scale() -> None:
    model, _ = made()
    optimizer = AdamW(model.parameters(), lr=0.1, fused=True)
    scheduler = StepLR(optimizer, 1, gamma=0.5)
    trainer = create_supervised_trainer(
        model,
        optimizer,
        functional.mse_loss,
        amp_dtype="float16",
        scaler=small_scaler(),
        schedules=[Schedule(scheduler=scheduler, when="iteration")],
    )
    state = trainer.run([DATA[0], BAD, DATA[1]])
    assert state[NUM_OPTIMIZER_STEPS] == 2
    assert scheduler.get_last_lr() == pytest.approx([0.025])


def test_an_optimizer_without_gradients_is_stepped_as_without_a_scaler() -> None:
    used, unused = nn.Linear(3, 2), nn.Linear(3, 2)
    optimizers = [SGD(used.parameters(), lr=0.5), SGD(unused.parameters(), lr=0.5)]
    schedulers = [StepLR(optimizer, 1) for optimizer in optimizers]
    before = unused.weight.detach().clone()
    trainer = create_supervised_trainer(
        nn.ModuleList([used, unused]),
        optimizers,
        functional.mse_loss,
        model_fn=lambda _model, x: used(x),
        amp_dtype="float16",
        scaler=small_scaler(),
        schedules=[Schedule(scheduler=one, when="iteration") for one in schedulers],
    )
    assert trainer.run(DATA)[NUM_OPTIMIZER_STEPS] == 3
    assert [one.last_epoch for one in schedulers] == [3, 3]
    assert unused.weight.equal(before)


def test_the_scaler_skips_only_the_optimizer_whose_gradients_are_bad() -> None:
    model, _ = made()
    optimizers = [SGD([model.weight], lr=0.5), SGD([model.bias], lr=0.5)]
    schedulers = [StepLR(optimizer, 1, gamma=0.5) for optimizer in optimizers]
    before = model.weight.detach().clone(), model.bias.detach().clone()

    def loss_fn(y_pred: Tensor, y: Tensor) -> Tensor:
        return (model.weight * math.inf).sum() + model.bias.sum()

    trainer = create_supervised_trainer(
        model,
        optimizers,
        loss_fn,
        amp_dtype="float16",
        scaler=small_scaler(),
        schedules=[Schedule(scheduler=one, when="iteration") for one in schedulers],
    )
    trainer.run(DATA[:1])
    assert torch.equal(model.weight, before[0])
    assert not torch.equal(model.bias, before[1])
    assert [one.get_last_lr() for one in schedulers] == [[0.5], [0.25]]


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_a_gpu_trains_in_the_dtype(dtype: AmpDtype) -> None:
    model = nn.Linear(3, 2).cuda()
    trainer = create_supervised_trainer(
        model,
        AdamW(model.parameters(), lr=0.1, fused=True),
        functional.mse_loss,
        device="cuda",
        amp_dtype=dtype,
        scaler=GradScaler("cuda") if dtype == "float16" else None,
        gradient_accumulation_steps=2,
        clipping=ClipNorm(max_norm=1.0),
    )
    assert trainer.run(DATA, max_epochs=20).output.is_cuda
    assert trainer.state[NUM_OPTIMIZER_STEPS] > 0
