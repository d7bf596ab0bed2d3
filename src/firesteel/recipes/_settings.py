"""The options of a step, complete and checked."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final, final, get_args

import torch
from torch import nn
from torch.amp.grad_scaler import GradScaler
from torch.optim import LBFGS, Optimizer

from firesteel._require import at_least, is_a, is_callable, mismatch, one_of
from firesteel.errors import ArgumentError, ArgumentTypeError

from ._options import (
    AmpDtype,
    ClipNorm,
    Clipping,
    ClipValue,
    Compile,
    EvaluationOptions,
    Schedule,
    TrainingOptions,
)

__all__ = [
    "EvaluationSettings",
    "TrainingSettings",
    "check_functions",
    "evaluation_settings",
    "listed_optimizers",
    "training_settings",
]

_DTYPES: Final[Sequence[str]] = get_args(AmpDtype)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationSettings:
    """See :class:`EvaluationOptions`."""

    device: torch.device | str | None = None
    non_blocking: bool = False
    amp_dtype: AmpDtype | None = None
    compile: Compile | None = None

    def check(self, where: str) -> None:
        """Refuse what makes no sense.

        Raises:
            ArgumentError: An option is out of its range.
            ArgumentTypeError: An option is of another kind.
        """
        is_a(where, "non_blocking", self.non_blocking, bool, "True or False")
        if self.amp_dtype is not None:
            one_of(where, "amp_dtype", self.amp_dtype, _DTYPES)
        if self.compile is not None:
            is_a(where, "compile", self.compile, Compile, "a Compile")
        if self.device is not None:
            is_a(where, "device", self.device, torch.device | str, "a device or its name")
            try:
                torch.device(self.device)
            except RuntimeError as error:
                condition = "a device that torch knows"
                raise ArgumentError(mismatch(where, "device", condition, self.device)) from error


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSettings(EvaluationSettings):
    """See :class:`TrainingOptions`."""

    gradient_accumulation_steps: int = 1
    clipping: Clipping | None = None
    scaler: GradScaler | None = None
    schedules: Sequence[Schedule] = ()
    deterministic: bool = False

    def check_training(self, where: str, optimizers: Sequence[Optimizer]) -> None:
        """Refuse what makes no sense.

        Raises:
            ArgumentError: An option is out of its range, or does not fit another.
            ArgumentTypeError: An option is of another kind.
        """
        self.check(where)
        at_least(where, "gradient_accumulation_steps", self.gradient_accumulation_steps, 1)
        is_a(where, "deterministic", self.deterministic, bool, "True or False")
        if self.clipping is not None:
            kinds = ClipNorm | ClipValue
            is_a(where, "clipping", self.clipping, kinds, "a ClipNorm or a ClipValue")
        self._check_scaler(where)
        for schedule in self.schedules:
            is_a(where, "each of schedules", schedule, Schedule, "a Schedule")
            if not any(schedule.scheduler.optimizer is one for one in optimizers):
                raise ArgumentError(
                    f"{where}: schedules must be of optimizers that are given, got one of another "
                    f"({type(schedule.scheduler).__name__})"
                )

    def _check_scaler(self, where: str) -> None:
        if self.scaler is not None:
            is_a(where, "scaler", self.scaler, GradScaler, "a torch.amp.GradScaler")
            if self.amp_dtype != "float16":
                raise ArgumentError(
                    f"{where}: scaler must go with amp_dtype='float16', got {self.amp_dtype!r}; "
                    "only float16 needs one"
                )
        elif self.amp_dtype == "float16":
            raise ArgumentError(
                f"{where}: scaler must be given with amp_dtype='float16', since small gradients "
                "vanish in it; make a torch.amp.GradScaler(device), and save it beside the "
                "optimizer (with enabled=False it does nothing)"
            )


def evaluation_settings(where: str, options: EvaluationOptions) -> EvaluationSettings:
    """Complete and check the options of an evaluation.

    Raises:
        ArgumentError: An option is out of its range.
        ArgumentTypeError: There is no such option, or it is of another kind.
    """
    _refuse_unknown(where, list(options), [field.name for field in fields(EvaluationSettings)])
    settings = EvaluationSettings(**options)
    settings.check(where)
    return settings


def training_settings(
    where: str, optimizers: Sequence[Optimizer], options: TrainingOptions
) -> TrainingSettings:
    """Complete and check the options of a training.

    Raises:
        ArgumentError: An option is out of its range, or does not fit another.
        ArgumentTypeError: There is no such option, or it is of another kind.
    """
    _refuse_unknown(where, list(options), [field.name for field in fields(TrainingSettings)])
    settings = TrainingSettings(**options)
    settings.check_training(where, optimizers)
    return settings


def listed_optimizers(
    where: str, optimizer: Optimizer | Sequence[Optimizer]
) -> tuple[Optimizer, ...]:
    """Give one optimizer or several as a tuple.

    Raises:
        ArgumentError: There is none, one needs a closure, or two have a parameter in common.
        ArgumentTypeError: Something is no optimizer.
    """
    optimizers = (optimizer,) if isinstance(optimizer, Optimizer) else tuple(optimizer)
    if not optimizers:
        raise ArgumentError(f"{where}: optimizer must be at least one, got none")
    seen: set[int] = set()
    for one in optimizers:
        is_a(where, "optimizer", one, Optimizer, "an optimizer of torch, or several")
        if isinstance(one, LBFGS):
            raise ArgumentError(
                f"{where}: optimizer must step without a closure, got an LBFGS; write its step as "
                "a process function of your own"
            )
        own = {id(parameter) for group in one.param_groups for parameter in group["params"]}
        if seen & own:
            raise ArgumentError(
                f"{where}: optimizers must have no parameter in common, got {len(seen & own)} "
                "that belong to two; they would be divided and clipped twice"
            )
        seen |= own
    return optimizers


def check_functions(where: str, model: nn.Module, **functions: object) -> None:
    """Refuse a model that is no module, and functions that cannot be called.

    Raises:
        ArgumentTypeError: Something is of another kind.
    """
    is_a(where, "model", model, nn.Module, "a torch.nn.Module")
    for name, function in functions.items():
        is_callable(where, name, function)


def _refuse_unknown(where: str, given: Sequence[str], known: Sequence[str]) -> None:
    for name in given:
        if name not in known:
            raise ArgumentTypeError(
                f"{where}: takes no argument {name!r}; options are " + ", ".join(sorted(known))
            )
