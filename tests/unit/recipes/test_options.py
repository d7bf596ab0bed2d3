"""Options check themselves, and one another, when they are made."""

import math
from collections.abc import Callable

import pytest
from torch import nn
from torch.amp.grad_scaler import GradScaler
from torch.nn import functional
from torch.optim import LBFGS, SGD
from torch.optim.lr_scheduler import ReduceLROnPlateau, StepLR

from firesteel.errors import ArgumentError, ArgumentTypeError
from firesteel.recipes import (
    AmpDtype,
    ClipNorm,
    ClipValue,
    Compile,
    Schedule,
    create_supervised_evaluator,
    create_supervised_trainer,
    supervised_evaluation_step,
    supervised_training_step,
)

MODEL = nn.Linear(2, 1)


def unchecked(function: Callable[..., object]) -> Callable[..., object]:
    """Give a function as one that no type checker knows: what is handed to it is the mistake."""
    return function


def sgd() -> SGD:
    return SGD(MODEL.parameters(), lr=0.1)


def largest_norm(value: float) -> object:
    return ClipNorm(max_norm=value)


def norm_type(value: float) -> object:
    return ClipNorm(max_norm=1.0, norm_type=value)


def largest_value(value: float) -> object:
    return ClipValue(max_value=value)


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan])
@pytest.mark.parametrize(
    ("make", "name"),
    [
        (largest_norm, "ClipNorm: max_norm"),
        (norm_type, "ClipNorm: norm_type"),
        (largest_value, "ClipValue: max_value"),
    ],
)
def test_a_bound_is_above_zero(make: Callable[[float], object], name: str, value: float) -> None:
    with pytest.raises(ArgumentError, match=f"{name} must be above zero"):
        make(value)


def test_a_bound_is_a_number() -> None:
    wrong = "1.0"
    with pytest.raises(ArgumentTypeError, match=r"max_norm must be a number, got '1.0'"):
        unchecked(ClipNorm)(max_norm=wrong)


def test_a_misspelt_mode_of_compiling_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"mode must be one of 'default', .*got 'fast'"):
        unchecked(Compile)(mode="fast")


def test_a_misspelt_time_is_refused() -> None:
    scheduler = StepLR(sgd(), 1)
    with pytest.raises(ArgumentError, match="when must be one of 'iteration', 'epoch', got 'step'"):
        unchecked(Schedule)(scheduler=scheduler, when="step")


def test_a_schedule_that_needs_a_score_is_refused() -> None:
    with pytest.raises(ArgumentError, match="needs no score"):
        Schedule(scheduler=ReduceLROnPlateau(sgd()), when="epoch")


def test_a_schedule_of_another_optimizer_is_refused() -> None:
    schedule = Schedule(scheduler=StepLR(sgd(), 1), when="epoch")
    with pytest.raises(ArgumentError, match=r"got one of another \(StepLR\)"):
        create_supervised_trainer(MODEL, sgd(), functional.mse_loss, schedules=[schedule])


def test_a_misspelt_dtype_is_refused() -> None:
    message = "amp_dtype must be one of 'float16', 'bfloat16', got 'fp16'"
    with pytest.raises(ArgumentError, match=f"create_supervised_trainer: {message}"):
        unchecked(create_supervised_trainer)(MODEL, sgd(), functional.mse_loss, amp_dtype="fp16")
    with pytest.raises(ArgumentError, match=f"create_supervised_evaluator: {message}"):
        unchecked(create_supervised_evaluator)(MODEL, amp_dtype="fp16")


def test_float16_needs_a_scaler() -> None:
    with pytest.raises(ArgumentError, match="scaler must be given with amp_dtype='float16'"):
        create_supervised_trainer(MODEL, sgd(), functional.mse_loss, amp_dtype="float16")


@pytest.mark.parametrize("dtype", [None, "bfloat16"])
def test_nothing_but_float16_takes_a_scaler(dtype: AmpDtype | None) -> None:
    with pytest.raises(ArgumentError, match=f"go with amp_dtype='float16', got {dtype!r}"):
        create_supervised_trainer(
            MODEL, sgd(), functional.mse_loss, amp_dtype=dtype, scaler=GradScaler("cpu")
        )


def test_a_scaler_is_a_scaler() -> None:
    wrong = True
    with pytest.raises(ArgumentTypeError, match=r"scaler must be a torch\.amp\.GradScaler, got Tr"):
        unchecked(create_supervised_trainer)(
            MODEL, sgd(), nn.MSELoss(), amp_dtype="float16", scaler=wrong
        )


def test_an_optimizer_that_needs_a_closure_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"optimizer must step without a closure, got an LBFGS"):
        create_supervised_trainer(MODEL, LBFGS(MODEL.parameters()), functional.mse_loss)


def test_a_window_has_at_least_one_batch() -> None:
    with pytest.raises(ArgumentError, match="gradient_accumulation_steps must be at least 1, got"):
        create_supervised_trainer(MODEL, sgd(), functional.mse_loss, gradient_accumulation_steps=0)


@pytest.mark.parametrize("name", ["cuda0", "gpu"])
def test_a_device_is_one_that_torch_knows(name: str) -> None:
    with pytest.raises(ArgumentError, match=f"device must be a device that .* got '{name}'"):
        create_supervised_evaluator(MODEL, device=name)


def test_an_option_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(ArgumentTypeError, match="takes no argument 'amp_mode'; options are amp_dt"):
        unchecked(create_supervised_trainer)(MODEL, sgd(), functional.mse_loss, amp_mode="amp")
    with pytest.raises(ArgumentTypeError, match=r"supervised_evaluation_step: takes no .*'scaler'"):
        unchecked(supervised_evaluation_step)(MODEL, scaler=None)


def test_what_is_no_model_optimizer_or_function_is_refused() -> None:
    with pytest.raises(ArgumentTypeError, match=r"model must be a torch\.nn\.Module, got None"):
        unchecked(create_supervised_evaluator)(None)
    with pytest.raises(ArgumentTypeError, match="loss_fn must be callable, got 'mse'"):
        unchecked(supervised_training_step)(MODEL, sgd(), "mse")
    with pytest.raises(ArgumentTypeError, match="optimizer must be an optimizer of torch"):
        unchecked(supervised_training_step)(MODEL, [MODEL], nn.MSELoss())


@pytest.mark.parametrize("option", ["non_blocking", "deterministic", "clipping", "compile"])
def test_an_option_of_another_kind_is_refused(option: str) -> None:
    with pytest.raises(ArgumentTypeError, match=f"{option} must be .*, got 'yes'"):
        unchecked(create_supervised_trainer)(MODEL, sgd(), nn.MSELoss(), **{option: "yes"})


def test_options_are_values() -> None:
    assert ClipNorm(max_norm=1.0) == ClipNorm(max_norm=1.0, norm_type=2.0)
    assert {ClipNorm(max_norm=1.0), ClipNorm(max_norm=1.0)} == {ClipNorm(max_norm=1.0)}
