"""The supervised evaluator."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Never, overload

from torch import Tensor, nn
from typing_extensions import TypeVar, Unpack

from firesteel._require import is_a
from firesteel.engine import Attachable, Engine

from ._evaluation_step import make_evaluation_step
from ._hooks import (
    ModelFunction,
    PrepareBatch,
    TensorPair,
    call_model,
    give_prediction_and_target,
    unpack_pair,
)
from ._options import EvaluationOptions

__all__ = ["create_supervised_evaluator"]

BatchT = TypeVar("BatchT", default=TensorPair)
InputT = TypeVar("InputT", default=Tensor)
TargetT = TypeVar("TargetT", default=Tensor)
PredT = TypeVar("PredT", default=Tensor)
OutputT = TypeVar("OutputT", default=tuple[Tensor, Tensor])


@overload
def create_supervised_evaluator(
    model: nn.Module,
    *,
    metrics: Mapping[str, Attachable[tuple[Tensor, Tensor], object, str]] = ...,
    **options: Unpack[EvaluationOptions],
) -> Engine[TensorPair, tuple[Tensor, Tensor]]: ...
@overload
def create_supervised_evaluator(
    model: nn.Module,
    *,
    metrics: Mapping[str, Attachable[tuple[PredT, Tensor], object, str]] = ...,
    model_fn: ModelFunction[Tensor, PredT],
    **options: Unpack[EvaluationOptions],
) -> Engine[TensorPair, tuple[PredT, Tensor]]: ...
@overload
def create_supervised_evaluator(
    model: nn.Module,
    *,
    metrics: Mapping[str, Attachable[OutputT, object, str]] = ...,
    output_transform: Callable[[Tensor, Tensor, Tensor], OutputT],
    **options: Unpack[EvaluationOptions],
) -> Engine[TensorPair, OutputT]: ...
@overload
def create_supervised_evaluator(
    model: nn.Module,
    *,
    metrics: Mapping[str, Attachable[OutputT, object, str]] = ...,
    model_fn: ModelFunction[Tensor, PredT],
    output_transform: Callable[[Tensor, Tensor, PredT], OutputT],
    **options: Unpack[EvaluationOptions],
) -> Engine[TensorPair, OutputT]: ...
@overload
def create_supervised_evaluator(
    model: nn.Module,
    *,
    metrics: Mapping[str, Attachable[tuple[Tensor, TargetT], object, str]] = ...,
    prepare_batch: PrepareBatch[BatchT, InputT, TargetT],
    **options: Unpack[EvaluationOptions],
) -> Engine[BatchT, tuple[Tensor, TargetT]]: ...
@overload
def create_supervised_evaluator(
    model: nn.Module,
    *,
    metrics: Mapping[str, Attachable[tuple[PredT, TargetT], object, str]] = ...,
    prepare_batch: PrepareBatch[BatchT, InputT, TargetT],
    model_fn: ModelFunction[InputT, PredT],
    **options: Unpack[EvaluationOptions],
) -> Engine[BatchT, tuple[PredT, TargetT]]: ...
@overload
def create_supervised_evaluator(
    model: nn.Module,
    *,
    metrics: Mapping[str, Attachable[OutputT, object, str]] = ...,
    prepare_batch: PrepareBatch[BatchT, InputT, TargetT],
    output_transform: Callable[[InputT, TargetT, Tensor], OutputT],
    **options: Unpack[EvaluationOptions],
) -> Engine[BatchT, OutputT]: ...
@overload
def create_supervised_evaluator(
    model: nn.Module,
    *,
    metrics: Mapping[str, Attachable[OutputT, object, str]] = ...,
    prepare_batch: PrepareBatch[BatchT, InputT, TargetT],
    model_fn: ModelFunction[InputT, PredT],
    output_transform: Callable[[InputT, TargetT, PredT], OutputT],
    **options: Unpack[EvaluationOptions],
) -> Engine[BatchT, OutputT]: ...
def create_supervised_evaluator(
    model: nn.Module,
    *,
    metrics: Mapping[str, Attachable[Never, object, str]] = MappingProxyType({}),
    prepare_batch: Callable[[BatchT], tuple[object, object]] = unpack_pair,
    model_fn: Callable[..., object] = call_model,
    output_transform: Callable[..., object] = give_prediction_and_target,
    **options: Unpack[EvaluationOptions],
) -> object:
    """Make an engine that evaluates a model on pairs of input and target.

    The model is put into evaluation mode where it is not, and computes without gradients. What it
    does to a batch is what :func:`create_supervised_trainer` does, less the loss.

    Args:
        model: The model; nothing moves it, so it has to be on the device.
        metrics: What is attached, by the names of the results. To read results with their types,
            attach metrics one by one: each gives a key.
        prepare_batch: Gives input and target from a batch on the device. Without, a batch is a
            tuple or list of the two.
        model_fn: Gives the prediction from the model, compiled where that was asked for, and the
            input; ``model(input)`` without.
        output_transform: Gives the engine's output from input, target and prediction. Without, it
            is prediction and target, in this order, which most metrics take.
        options: ``device``, ``non_blocking``, ``amp_dtype`` and ``compile``: see
            :class:`EvaluationOptions`.

    Returns:
        The engine.

    Raises:
        ArgumentError: An option is out of its range.
        ArgumentTypeError: Something is of another kind, or there is no such option.

    Example:
        >>> import torch
        >>> from firesteel import Loss
        >>> evaluator = create_supervised_evaluator(torch.nn.Identity())
        >>> key = Loss(torch.nn.functional.mse_loss).attach(evaluator, "loss")
        >>> evaluator.run([(torch.ones(4, 1), torch.zeros(4, 1))]).metrics[key]
        1.0
    """
    step = make_evaluation_step(
        "create_supervised_evaluator",
        model,
        prepare_batch=prepare_batch,
        model_fn=model_fn,
        output_transform=output_transform,
        options=options,
    )
    evaluator = Engine(step)
    for name, metric in metrics.items():
        is_a("create_supervised_evaluator", "each of metrics", metric, Attachable, "attachable")
        attach: Callable[..., object] = metric.attach_to  # the overloads pair it with the output
        attach(evaluator, name)
    return evaluator
