"""The supervised evaluation step: one batch forward."""

from collections.abc import Callable
from typing import Generic, final, overload

import torch
from torch import Tensor, nn
from typing_extensions import TypeVar, Unpack

from firesteel.engine import Engine

from ._forward import Forward
from ._hooks import (
    ModelFunction,
    PrepareBatch,
    TensorPair,
    call_model,
    give_prediction_and_target,
    unpack_pair,
)
from ._options import EvaluationOptions
from ._settings import EvaluationSettings, check_functions, evaluation_settings

__all__ = ["SupervisedEvaluationStep", "make_evaluation_step", "supervised_evaluation_step"]

BatchT = TypeVar("BatchT", default=TensorPair)
InputT = TypeVar("InputT", default=Tensor)
TargetT = TypeVar("TargetT", default=Tensor)
PredT = TypeVar("PredT", default=Tensor)
OutputT = TypeVar("OutputT", default=tuple[Tensor, Tensor])


@final
class SupervisedEvaluationStep(Generic[BatchT, OutputT]):
    """Evaluates a model on one batch; made by :func:`supervised_evaluation_step`."""

    __slots__ = ("_forward", "_model", "_model_fn", "_output_transform", "_prepare_batch")

    def __init__(
        self,
        model: nn.Module,
        *,
        prepare_batch: Callable[[BatchT], tuple[object, object]],
        model_fn: Callable[..., object],
        output_transform: Callable[..., OutputT],
        settings: EvaluationSettings,
    ) -> None:
        self._model = model
        self._prepare_batch = prepare_batch
        self._model_fn = model_fn
        self._output_transform = output_transform
        self._forward = Forward(model, settings)

    def __call__(self, _engine: Engine[BatchT, OutputT], batch: BatchT) -> OutputT:
        """Evaluate on a batch.

        Args:
            _engine: The engine that runs this step.
            batch: The batch.

        Returns:
            What ``output_transform`` gives.
        """
        forward = self._forward
        if self._model.training:
            self._model.eval()
        with torch.no_grad():
            x, y = self._prepare_batch(batch if forward.device is None else forward.moved(batch))
            if forward.amp_dtype is None:
                y_pred = self._model_fn(forward.model, x)
            else:
                with forward.autocast():
                    y_pred = self._model_fn(forward.model, x)
            return self._output_transform(x, y, y_pred)


def make_evaluation_step(
    where: str,
    model: nn.Module,
    *,
    prepare_batch: Callable[[BatchT], tuple[object, object]],
    model_fn: Callable[..., object],
    output_transform: Callable[..., OutputT],
    options: EvaluationOptions,
) -> SupervisedEvaluationStep[BatchT, OutputT]:
    """Check the arguments and make the step.

    Args:
        where: Who asks, for errors.
        model: As below, like the others.
        prepare_batch: Gives input and target.
        model_fn: Gives the prediction.
        output_transform: Gives the output.
        options: What else was chosen.
    """
    check_functions(
        where,
        model,
        prepare_batch=prepare_batch,
        model_fn=model_fn,
        output_transform=output_transform,
    )
    return SupervisedEvaluationStep(
        model,
        prepare_batch=prepare_batch,
        model_fn=model_fn,
        output_transform=output_transform,
        settings=evaluation_settings(where, options),
    )


@overload
def supervised_evaluation_step(
    model: nn.Module,
    **options: Unpack[EvaluationOptions],
) -> SupervisedEvaluationStep[TensorPair, tuple[Tensor, Tensor]]: ...
@overload
def supervised_evaluation_step(
    model: nn.Module,
    *,
    model_fn: ModelFunction[Tensor, PredT],
    **options: Unpack[EvaluationOptions],
) -> SupervisedEvaluationStep[TensorPair, tuple[PredT, Tensor]]: ...
@overload
def supervised_evaluation_step(
    model: nn.Module,
    *,
    output_transform: Callable[[Tensor, Tensor, Tensor], OutputT],
    **options: Unpack[EvaluationOptions],
) -> SupervisedEvaluationStep[TensorPair, OutputT]: ...
@overload
def supervised_evaluation_step(
    model: nn.Module,
    *,
    model_fn: ModelFunction[Tensor, PredT],
    output_transform: Callable[[Tensor, Tensor, PredT], OutputT],
    **options: Unpack[EvaluationOptions],
) -> SupervisedEvaluationStep[TensorPair, OutputT]: ...
@overload
def supervised_evaluation_step(
    model: nn.Module,
    *,
    prepare_batch: PrepareBatch[BatchT, InputT, TargetT],
    **options: Unpack[EvaluationOptions],
) -> SupervisedEvaluationStep[BatchT, tuple[Tensor, TargetT]]: ...
@overload
def supervised_evaluation_step(
    model: nn.Module,
    *,
    prepare_batch: PrepareBatch[BatchT, InputT, TargetT],
    model_fn: ModelFunction[InputT, PredT],
    **options: Unpack[EvaluationOptions],
) -> SupervisedEvaluationStep[BatchT, tuple[PredT, TargetT]]: ...
@overload
def supervised_evaluation_step(
    model: nn.Module,
    *,
    prepare_batch: PrepareBatch[BatchT, InputT, TargetT],
    output_transform: Callable[[InputT, TargetT, Tensor], OutputT],
    **options: Unpack[EvaluationOptions],
) -> SupervisedEvaluationStep[BatchT, OutputT]: ...
@overload
def supervised_evaluation_step(
    model: nn.Module,
    *,
    prepare_batch: PrepareBatch[BatchT, InputT, TargetT],
    model_fn: ModelFunction[InputT, PredT],
    output_transform: Callable[[InputT, TargetT, PredT], OutputT],
    **options: Unpack[EvaluationOptions],
) -> SupervisedEvaluationStep[BatchT, OutputT]: ...
def supervised_evaluation_step(
    model: nn.Module,
    *,
    prepare_batch: Callable[[BatchT], tuple[object, object]] = unpack_pair,
    model_fn: Callable[..., object] = call_model,
    output_transform: Callable[..., object] = give_prediction_and_target,
    **options: Unpack[EvaluationOptions],
) -> object:
    """Make the process function that :func:`create_supervised_evaluator` runs.

    Args:
        model: See :func:`create_supervised_evaluator`, as for all other arguments.
        prepare_batch: Gives input and target from a batch.
        model_fn: Gives the prediction from the model and the input.
        output_transform: Gives the output from input, target and prediction.
        options: See :class:`EvaluationOptions`.

    Returns:
        The step.

    Raises:
        ArgumentError: As for :func:`create_supervised_evaluator`.
        ArgumentTypeError: As for :func:`create_supervised_evaluator`.

    Example:
        >>> import torch
        >>> from firesteel import Engine
        >>> evaluator = Engine(supervised_evaluation_step(torch.nn.Linear(2, 1)))
        >>> y_pred, y = evaluator.run([(torch.ones(4, 2), torch.ones(4, 1))]).output
        >>> y_pred.shape
        torch.Size([4, 1])
    """
    return make_evaluation_step(
        "supervised_evaluation_step",
        model,
        prepare_batch=prepare_batch,
        model_fn=model_fn,
        output_transform=output_transform,
        options=options,
    )
