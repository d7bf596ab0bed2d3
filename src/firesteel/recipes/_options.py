"""What can be chosen for a supervised step, each choice as a value that checks itself."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, TypedDict, final, get_args

import torch
from torch.amp.grad_scaler import GradScaler
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from firesteel._require import is_a, mismatch, one_of
from firesteel.errors import ArgumentError

__all__ = [
    "AmpDtype",
    "ClipNorm",
    "ClipValue",
    "Clipping",
    "Compile",
    "CompileMode",
    "EvaluationOptions",
    "Schedule",
    "ScheduleTime",
    "TrainingOptions",
]

AmpDtype: TypeAlias = Literal["float16", "bfloat16"]
"""What autocast computes in."""

CompileMode: TypeAlias = Literal[
    "default", "reduce-overhead", "max-autotune", "max-autotune-no-cudagraphs"
]
"""The modes of ``torch.compile``."""

ScheduleTime: TypeAlias = Literal["iteration", "epoch"]
"""After what a schedule is stepped."""

_MODES: Final[Sequence[str]] = get_args(CompileMode)
_TIMES: Final[Sequence[str]] = get_args(ScheduleTime)


def _above_zero(where: str, what: str, value: float) -> None:
    is_a(where, what, value, float | int, "a number")
    if isinstance(value, bool) or not value > 0 or math.isnan(value):
        raise ArgumentError(mismatch(where, what, "above zero", value))


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ClipNorm:
    """Scale the gradients of an optimizer's parameters down to a norm, where theirs is larger.

    Attributes:
        max_norm: The largest norm that is left as it is, ``> 0``.
        norm_type: The ``p`` of the norm, ``> 0``; ``math.inf`` for the largest absolute value.

    Raises:
        ArgumentError: A value is not above zero.
        ArgumentTypeError: A value is no number.

    Source:
        ``torch.nn.utils.clip_grad_norm_`` does it.

    Example:
        >>> ClipNorm(max_norm=1.0)
        ClipNorm(max_norm=1.0, norm_type=2.0)
    """

    max_norm: float
    norm_type: float = 2.0

    def __post_init__(self) -> None:
        """Refuse what is no norm."""
        _above_zero("ClipNorm", "max_norm", self.max_norm)
        _above_zero("ClipNorm", "norm_type", self.norm_type)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ClipValue:
    """Bring each element of each gradient into ``[-max_value, max_value]``.

    Attributes:
        max_value: The largest absolute value, ``> 0``.

    Raises:
        ArgumentError: It is not above zero.
        ArgumentTypeError: It is no number.

    Source:
        ``torch.nn.utils.clip_grad_value_`` does it.
    """

    max_value: float

    def __post_init__(self) -> None:
        """Refuse what is no bound."""
        _above_zero("ClipValue", "max_value", self.max_value)


Clipping: TypeAlias = ClipNorm | ClipValue
"""How gradients are clipped."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Compile:
    """Compile the model for the step by ``torch.compile``.

    The compiled model is the step's own. The model that was handed over stays what is saved: the
    names in its ``state_dict`` have no ``_orig_mod.`` in front.

    Attributes:
        mode: What ``torch.compile`` weighs: the default, little overhead, or long tuning.
        fullgraph: Whether code that cannot be compiled as a whole is an error.
        dynamic: Whether shapes may change without compiling anew; ``None`` lets torch find out.
        backend: The name of the backend.

    Raises:
        ArgumentError: There is no such mode.

    Source:
        ``torch.compile``.
    """

    mode: CompileMode = "default"
    fullgraph: bool = False
    dynamic: bool | None = None
    backend: str = "inductor"

    def __post_init__(self) -> None:
        """Refuse a mode that does not exist."""
        one_of("Compile", "mode", self.mode, _MODES)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When a scheduler of torch is stepped.

    Attributes:
        scheduler: The scheduler, of an optimizer that the step was given.
        when: After what: ``"iteration"`` for each step of its optimizer, which is one in each
            accumulation window and none where the gradient scaler has skipped it; ``"epoch"`` for
            each epoch that is completed and in which its optimizer was stepped.

    Raises:
        ArgumentError: There is no such time, or the scheduler is stepped with a score.
        ArgumentTypeError: It is no scheduler of torch.

    Example:
        >>> import torch
        >>> model = torch.nn.Linear(2, 1)
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
        >>> Schedule(scheduler=scheduler, when="epoch").when
        'epoch'
    """

    scheduler: LRScheduler
    when: ScheduleTime

    def __post_init__(self) -> None:
        """Refuse what is not stepped by counting."""
        is_a("Schedule", "scheduler", self.scheduler, LRScheduler, "a scheduler of torch")
        one_of("Schedule", "when", self.when, _TIMES)
        if isinstance(self.scheduler, ReduceLROnPlateau):
            raise ArgumentError(
                "Schedule: scheduler must be one that needs no score, got a ReduceLROnPlateau; "
                "step it in a handler of the event at which its score is there"
            )


class EvaluationOptions(TypedDict, total=False):
    """What an evaluation step can be told by keyword, all of it optional.

    Attributes:
        device: Where batches are brought to; they stay where they are without. The model is never
            moved.
        non_blocking: Whether they are brought there without waiting, from pinned memory.
        amp_dtype: What the model and the loss are computed in, under ``torch.autocast`` on the type
            of ``device``, or on that of the model's parameters where none is given.
        compile: How the model is compiled; not at all without.
    """

    device: torch.device | str | None
    non_blocking: bool
    amp_dtype: AmpDtype | None
    compile: Compile | None


class TrainingOptions(EvaluationOptions, total=False):
    """What a training step can be told by keyword, all of it optional.

    Attributes:
        gradient_accumulation_steps: Batches in a window, ``>= 1``: so many batches are one step of
            the optimizers. 1 without.
        clipping: How the gradients of each optimizer's parameters are clipped, just before its
            step; not at all without.
        scaler: Scales the loss, so that gradients in float16 do not vanish. It is to be given with
            ``amp_dtype="float16"`` and with nothing else, and to be saved beside the optimizer.
        schedules: Schedulers to be stepped, and when.
        deterministic: Whether the step runs under ``torch.use_deterministic_algorithms``. What was
            set before is set again after each step.
    """

    gradient_accumulation_steps: int
    clipping: Clipping | None
    scaler: GradScaler | None
    schedules: Sequence[Schedule]
    deterministic: bool
