"""The supervised trainer."""

from collections.abc import Callable, Sequence
from typing import overload

from torch import Tensor, nn
from torch.optim import Optimizer
from typing_extensions import TypeVar, Unpack

from firesteel.engine import Engine
from firesteel.metrics import Scalar

from ._hooks import (
    LossFunction,
    ModelFunction,
    NamedLossFunction,
    PrepareBatch,
    TensorPair,
    call_model,
    give_loss,
    unpack_pair,
)
from ._options import TrainingOptions
from ._training_step import make_training_step

__all__ = ["create_supervised_trainer"]

BatchT = TypeVar("BatchT", default=TensorPair)
InputT = TypeVar("InputT", default=Tensor)
TargetT = TypeVar("TargetT", default=Tensor)
PredT = TypeVar("PredT", default=Tensor)
OutputT = TypeVar("OutputT", default=Tensor)


@overload
def create_supervised_trainer(
    model: nn.Module,
    optimizer: Optimizer | Sequence[Optimizer],
    loss_fn: nn.Module | LossFunction[PredT, Tensor],
    *,
    model_fn: ModelFunction[Tensor, PredT] = ...,
    num_items: Callable[[Tensor], Scalar] = ...,
    **options: Unpack[TrainingOptions],
) -> Engine[TensorPair, Tensor]: ...
@overload
def create_supervised_trainer(
    model: nn.Module,
    optimizer: Optimizer | Sequence[Optimizer],
    loss_fn: nn.Module | LossFunction[Tensor, Tensor],
    *,
    output_transform: Callable[[Tensor, Tensor, Tensor, Tensor], OutputT],
    num_items: Callable[[Tensor], Scalar] = ...,
    **options: Unpack[TrainingOptions],
) -> Engine[TensorPair, OutputT]: ...
@overload
def create_supervised_trainer(
    model: nn.Module,
    optimizer: Optimizer | Sequence[Optimizer],
    loss_fn: NamedLossFunction[PredT, Tensor],
    *,
    output_transform: Callable[[Tensor, Tensor, PredT, Tensor], OutputT],
    num_items: Callable[[Tensor], Scalar] = ...,
    **options: Unpack[TrainingOptions],
) -> Engine[TensorPair, OutputT]: ...
@overload
def create_supervised_trainer(
    model: nn.Module,
    optimizer: Optimizer | Sequence[Optimizer],
    loss_fn: nn.Module | LossFunction[PredT, Tensor],
    *,
    model_fn: ModelFunction[Tensor, PredT],
    output_transform: Callable[[Tensor, Tensor, PredT, Tensor], OutputT],
    num_items: Callable[[Tensor], Scalar] = ...,
    **options: Unpack[TrainingOptions],
) -> Engine[TensorPair, OutputT]: ...
@overload
def create_supervised_trainer(
    model: nn.Module,
    optimizer: Optimizer | Sequence[Optimizer],
    loss_fn: nn.Module | LossFunction[PredT, TargetT],
    *,
    prepare_batch: PrepareBatch[BatchT, InputT, TargetT],
    model_fn: ModelFunction[InputT, PredT] = ...,
    num_items: Callable[[TargetT], Scalar] = ...,
    **options: Unpack[TrainingOptions],
) -> Engine[BatchT, Tensor]: ...
@overload
def create_supervised_trainer(
    model: nn.Module,
    optimizer: Optimizer | Sequence[Optimizer],
    loss_fn: nn.Module | LossFunction[Tensor, TargetT],
    *,
    prepare_batch: PrepareBatch[BatchT, InputT, TargetT],
    output_transform: Callable[[InputT, TargetT, Tensor, Tensor], OutputT],
    num_items: Callable[[TargetT], Scalar] = ...,
    **options: Unpack[TrainingOptions],
) -> Engine[BatchT, OutputT]: ...
@overload
def create_supervised_trainer(
    model: nn.Module,
    optimizer: Optimizer | Sequence[Optimizer],
    loss_fn: NamedLossFunction[PredT, TargetT],
    *,
    prepare_batch: PrepareBatch[BatchT, InputT, TargetT],
    output_transform: Callable[[InputT, TargetT, PredT, Tensor], OutputT],
    num_items: Callable[[TargetT], Scalar] = ...,
    **options: Unpack[TrainingOptions],
) -> Engine[BatchT, OutputT]: ...
@overload
def create_supervised_trainer(
    model: nn.Module,
    optimizer: Optimizer | Sequence[Optimizer],
    loss_fn: nn.Module | LossFunction[PredT, TargetT],
    *,
    prepare_batch: PrepareBatch[BatchT, InputT, TargetT],
    model_fn: ModelFunction[InputT, PredT],
    output_transform: Callable[[InputT, TargetT, PredT, Tensor], OutputT],
    num_items: Callable[[TargetT], Scalar] = ...,
    **options: Unpack[TrainingOptions],
) -> Engine[BatchT, OutputT]: ...
def create_supervised_trainer(
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
    r"""Make an engine that trains a model on pairs of input and target.

    Each iteration brings a batch to the device, computes prediction and loss, and goes backward. At
    the end of each accumulation window, which is one batch where nothing is said, it goes on: ranks
    meet, gradients are unscaled, divided by what was accumulated, and clipped; the optimizers, the
    scaler and the schedules of iterations are stepped. Gradients stay until the next window begins,
    so handlers of ``ITERATION_COMPLETED`` can read them. The model is put into training mode where
    it is not; parts of it that you have put into another mode meanwhile stay in it.

    **Accumulation.** With :math:`w_i` the number of samples of batch :math:`i` of a window, or what
    ``num_items`` gives for it, and :math:`\ell_i` its mean loss, a step has the gradients of
    :math:`\sum_i w_i \ell_i / \sum_i w_i`: those of the window as one batch. So has a window
    that the end of an epoch or a run cuts short, however it ends. Under ``DistributedDataParallel``
    the sums go over all ranks, which exchange gradients once in each window. ``num_items``
    weights batches without accumulation too, which matters where ranks have unequal ones. Windows
    begin with the epoch: the one that ends an epoch may be short.

    **State.** ``trainer.state[NUM_OPTIMIZER_STEPS]`` counts the steps; ``trainer.state`` has
    ``NUM_ACCUMULATED``, the batches of an open window, where batches are accumulated. Gradients are
    not saved: save where it is 0, as at the end of each epoch. A run that goes on within a window
    whose gradients were lost says so with a warning.

    Args:
        model: The model; nothing moves it, so it has to be on the device. May be wrapped in
            ``DistributedDataParallel``.
        optimizer: One optimizer or several, without a parameter in common. Each is zeroed, clipped,
            scaled and stepped.
        loss_fn: Gives the mean loss of a batch, shape ``()``, from prediction and target.
        prepare_batch: Gives input and target from a batch on the device. Without, a batch is a
            tuple or list of the two.
        model_fn: Gives the prediction from the model, compiled where that was asked for, and the
            input; ``model(input)`` without. For models that take several arguments, or give more
            than ``loss_fn`` takes.
        output_transform: Gives the engine's output from input, target, prediction and detached
            loss. Without, the output is the loss, a detached tensor of shape ``()`` on its device:
            metrics and bars take it as it is, and the host waits where somebody reads its value.
        num_items: Gives the weight of a batch from its target, a number or a tensor without axes,
            ``>= 0``: how many samples or tokens its mean loss is over. Without, it is the length of
            the target's first axis.
        options: ``device``, ``non_blocking``, ``amp_dtype``, ``scaler``, ``compile``,
            ``gradient_accumulation_steps``, ``clipping``, ``schedules`` and ``deterministic``: see
            :class:`TrainingOptions`.

    Returns:
        The engine.

    Raises:
        ArgumentError: An option is out of its range or does not fit another, or two optimizers
            share a parameter.
        ArgumentTypeError: Something is of another kind, or there is no such option.

    Example:
        >>> import torch
        >>> from firesteel import RunningAverage
        >>> from firesteel.recipes import NUM_OPTIMIZER_STEPS
        >>> model = torch.nn.Linear(2, 1)
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> trainer = create_supervised_trainer(
        ...     model, optimizer, torch.nn.MSELoss(), gradient_accumulation_steps=2
        ... )
        >>> loss = RunningAverage().attach(trainer, "loss")
        >>> batch = torch.ones(4, 2), torch.ones(4, 1)
        >>> state = trainer.run([batch] * 3, max_epochs=2)
        >>> state[NUM_OPTIMIZER_STEPS]
        4
    """
    step = make_training_step(
        "create_supervised_trainer",
        model,
        optimizer,
        loss_fn,
        prepare_batch=prepare_batch,
        model_fn=model_fn,
        output_transform=output_transform,
        num_items=num_items,
        options=options,
    )
    trainer = Engine(step)
    step.attach(trainer)
    return trainer
