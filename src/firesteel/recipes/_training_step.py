"""How a supervised training step is made."""

from collections.abc import Callable, Sequence
from typing import overload

from torch import Tensor, nn
from torch.optim import Optimizer
from typing_extensions import TypeVar, Unpack

from firesteel.metrics import Scalar

from ._hooks import (
    LossFunction,
    ModelFunction,
    NamedLossFunction,
    PrepareBatch,
    TensorPair,
    call_model,
    give_loss,
    num_samples,
    unpack_pair,
)
from ._options import TrainingOptions
from ._settings import check_functions, listed_optimizers, training_settings
from ._steps import SupervisedTrainingStep
from ._update import Update

__all__ = ["make_training_step", "supervised_training_step"]

BatchT = TypeVar("BatchT", default=TensorPair)
InputT = TypeVar("InputT", default=Tensor)
TargetT = TypeVar("TargetT", default=Tensor)
PredT = TypeVar("PredT", default=Tensor)
OutputT = TypeVar("OutputT", default=Tensor)


def make_training_step(
    where: str,
    model: nn.Module,
    optimizer: Optimizer | Sequence[Optimizer],
    loss_fn: Callable[..., Tensor],
    *,
    prepare_batch: Callable[[BatchT], tuple[object, object]],
    model_fn: Callable[..., object],
    output_transform: Callable[..., OutputT],
    num_items: Callable[..., Scalar] | None,
    options: TrainingOptions,
) -> SupervisedTrainingStep[BatchT, OutputT]:
    """Check the arguments and make the step.

    Args:
        where: Who asks, for errors.
        model: As below, like the others.
        optimizer: One or several.
        loss_fn: Gives the loss.
        prepare_batch: Gives input and target.
        model_fn: Gives the prediction.
        output_transform: Gives the output.
        num_items: Gives the weight of a batch.
        options: What else was chosen.
    """
    check_functions(
        where,
        model,
        loss_fn=loss_fn,
        prepare_batch=prepare_batch,
        model_fn=model_fn,
        output_transform=output_transform,
        num_items=num_samples if num_items is None else num_items,
    )
    optimizers = listed_optimizers(where, optimizer)
    settings = training_settings(where, optimizers, options)
    if num_items is None and settings.gradient_accumulation_steps > 1:
        num_items = num_samples
    return SupervisedTrainingStep(
        model,
        loss_fn,
        prepare_batch=prepare_batch,
        model_fn=model_fn,
        output_transform=output_transform,
        num_items=num_items,
        update=Update(model, optimizers, settings, is_weighted=num_items is not None),
        settings=settings,
    )


@overload
def supervised_training_step(
    model: nn.Module,
    optimizer: Optimizer | Sequence[Optimizer],
    loss_fn: nn.Module | LossFunction[PredT, Tensor],
    *,
    model_fn: ModelFunction[Tensor, PredT] = ...,
    num_items: Callable[[Tensor], Scalar] = ...,
    **options: Unpack[TrainingOptions],
) -> SupervisedTrainingStep[TensorPair, Tensor]: ...
@overload
def supervised_training_step(
    model: nn.Module,
    optimizer: Optimizer | Sequence[Optimizer],
    loss_fn: nn.Module | LossFunction[Tensor, Tensor],
    *,
    output_transform: Callable[[Tensor, Tensor, Tensor, Tensor], OutputT],
    num_items: Callable[[Tensor], Scalar] = ...,
    **options: Unpack[TrainingOptions],
) -> SupervisedTrainingStep[TensorPair, OutputT]: ...
@overload
def supervised_training_step(
    model: nn.Module,
    optimizer: Optimizer | Sequence[Optimizer],
    loss_fn: NamedLossFunction[PredT, Tensor],
    *,
    output_transform: Callable[[Tensor, Tensor, PredT, Tensor], OutputT],
    num_items: Callable[[Tensor], Scalar] = ...,
    **options: Unpack[TrainingOptions],
) -> SupervisedTrainingStep[TensorPair, OutputT]: ...
@overload
def supervised_training_step(
    model: nn.Module,
    optimizer: Optimizer | Sequence[Optimizer],
    loss_fn: nn.Module | LossFunction[PredT, Tensor],
    *,
    model_fn: ModelFunction[Tensor, PredT],
    output_transform: Callable[[Tensor, Tensor, PredT, Tensor], OutputT],
    num_items: Callable[[Tensor], Scalar] = ...,
    **options: Unpack[TrainingOptions],
) -> SupervisedTrainingStep[TensorPair, OutputT]: ...
@overload
def supervised_training_step(
    model: nn.Module,
    optimizer: Optimizer | Sequence[Optimizer],
    loss_fn: nn.Module | LossFunction[PredT, TargetT],
    *,
    prepare_batch: PrepareBatch[BatchT, InputT, TargetT],
    model_fn: ModelFunction[InputT, PredT] = ...,
    num_items: Callable[[TargetT], Scalar] = ...,
    **options: Unpack[TrainingOptions],
) -> SupervisedTrainingStep[BatchT, Tensor]: ...
@overload
def supervised_training_step(
    model: nn.Module,
    optimizer: Optimizer | Sequence[Optimizer],
    loss_fn: nn.Module | LossFunction[Tensor, TargetT],
    *,
    prepare_batch: PrepareBatch[BatchT, InputT, TargetT],
    output_transform: Callable[[InputT, TargetT, Tensor, Tensor], OutputT],
    num_items: Callable[[TargetT], Scalar] = ...,
    **options: Unpack[TrainingOptions],
) -> SupervisedTrainingStep[BatchT, OutputT]: ...
@overload
def supervised_training_step(
    model: nn.Module,
    optimizer: Optimizer | Sequence[Optimizer],
    loss_fn: NamedLossFunction[PredT, TargetT],
    *,
    prepare_batch: PrepareBatch[BatchT, InputT, TargetT],
    output_transform: Callable[[InputT, TargetT, PredT, Tensor], OutputT],
    num_items: Callable[[TargetT], Scalar] = ...,
    **options: Unpack[TrainingOptions],
) -> SupervisedTrainingStep[BatchT, OutputT]: ...
@overload
def supervised_training_step(
    model: nn.Module,
    optimizer: Optimizer | Sequence[Optimizer],
    loss_fn: nn.Module | LossFunction[PredT, TargetT],
    *,
    prepare_batch: PrepareBatch[BatchT, InputT, TargetT],
    model_fn: ModelFunction[InputT, PredT],
    output_transform: Callable[[InputT, TargetT, PredT, Tensor], OutputT],
    num_items: Callable[[TargetT], Scalar] = ...,
    **options: Unpack[TrainingOptions],
) -> SupervisedTrainingStep[BatchT, OutputT]: ...
def supervised_training_step(
    model: nn.Module,
    optimizer: Optimizer | Sequence[Optimizer],
    loss_fn: Callable[..., Tensor],
    *,
    prepare_batch: Callable[[BatchT], tuple[object, object]] = unpack_pair,
    model_fn: Callable[..., object] = call_model,
    output_transform: Callable[..., object] = give_loss,
    num_items: Callable[..., Scalar] | None = None,
    **options: Unpack[TrainingOptions],
) -> object:
    r"""Make the process function that :func:`create_supervised_trainer` runs.

    For an engine that you make yourself: ``trainer = Engine(step)``, then ``step.attach(trainer)``
    before anything else is attached.

    Args:
        model: See :func:`create_supervised_trainer`, as for all other arguments.
        optimizer: One optimizer or several.
        loss_fn: Gives the mean loss of a batch.
        prepare_batch: Gives input and target from a batch.
        model_fn: Gives the prediction from the model and the input.
        output_transform: Gives the output from input, target, prediction and detached loss.
        num_items: Gives the weight of a batch from its target.
        options: See :class:`TrainingOptions`.

    Returns:
        The step.

    Raises:
        ArgumentError: As for :func:`create_supervised_trainer`.
        ArgumentTypeError: As for :func:`create_supervised_trainer`.

    Example:
        >>> import torch
        >>> from firesteel import Engine
        >>> model = torch.nn.Linear(2, 1)
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> step = supervised_training_step(model, optimizer, torch.nn.MSELoss())
        >>> trainer = Engine(step)
        >>> step.attach(trainer)
        >>> trainer.run([(torch.ones(4, 2), torch.ones(4, 1))]).output.shape
        torch.Size([])
    """
    return make_training_step(
        "supervised_training_step",
        model,
        optimizer,
        loss_fn,
        prepare_batch=prepare_batch,
        model_fn=model_fn,
        output_transform=output_transform,
        num_items=num_items,
        options=options,
    )
