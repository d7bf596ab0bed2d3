"""The supervised training step: one batch forward, backward and, at a window's end, an update."""

import warnings
from collections.abc import Callable
from contextlib import nullcontext
from typing import Final, Generic, final

from torch import Tensor, nn
from typing_extensions import TypeVar

from firesteel.engine import Engine, StateKey
from firesteel.errors import ArgumentError, EngineStateError
from firesteel.events import Events
from firesteel.metrics import Scalar

from ._deterministic import deterministic_algorithms, is_deterministic
from ._forward import Forward
from ._settings import TrainingSettings
from ._update import Update

__all__ = ["NUM_ACCUMULATED", "NUM_OPTIMIZER_STEPS", "SupervisedTrainingStep"]

BatchT = TypeVar("BatchT")
OutputT = TypeVar("OutputT")

NUM_OPTIMIZER_STEPS: Final = StateKey[int]("num_optimizer_steps")
"""How often a trainer has changed the parameters; steps that the scaler skipped do not count."""

NUM_ACCUMULATED: Final = StateKey[int]("num_accumulated")
"""How many batches a trainer has in its open accumulation window, 0 where none is open."""

_WINDOW_CLOSING: Final = (
    Events.TERMINATE_SINGLE_EPOCH | Events.EPOCH_COMPLETED | Events.TERMINATE | Events.COMPLETED
)


@final
class SupervisedTrainingStep(Generic[BatchT, OutputT]):
    """Trains a model on one batch; made by :func:`supervised_training_step`.

    It is the process function of one engine. There :meth:`attach` has it end the windows whose
    last batch cannot be foreseen, and step the schedules of epochs.
    """

    __slots__ = (
        "_forward",
        "_has_to_be_attached",
        "_is_attached",
        "_is_deterministic",
        "_loss_fn",
        "_model",
        "_model_fn",
        "_needs_attaching",
        "_num_items",
        "_num_steps",
        "_output_transform",
        "_prepare_batch",
        "_update",
        "_window",
    )

    def __init__(
        self,
        model: nn.Module,
        loss_fn: Callable[..., Tensor],
        *,
        prepare_batch: Callable[[BatchT], tuple[object, object]],
        model_fn: Callable[..., object],
        output_transform: Callable[..., OutputT],
        num_items: Callable[..., Scalar] | None,
        update: Update,
        settings: TrainingSettings,
    ) -> None:
        self._model = model
        self._loss_fn = loss_fn
        self._prepare_batch = prepare_batch
        self._model_fn = model_fn
        self._output_transform = output_transform
        self._num_items = num_items
        self._update = update
        self._forward = Forward(model, settings)
        self._window = settings.gradient_accumulation_steps
        self._is_deterministic = settings.deterministic
        self._needs_attaching = self._window > 1 or any(
            schedule.when == "epoch" for schedule in settings.schedules
        )
        self._num_steps = 0
        self._is_attached = False
        self._has_to_be_attached = self._needs_attaching

    def attach(self, engine: Engine[BatchT, OutputT]) -> None:
        """Have the engine's events end windows and epochs, before what is attached later hears.

        Args:
            engine: The engine that runs this step.

        Raises:
            EngineStateError: The step is attached already.
        """
        if self._is_attached:
            raise EngineStateError(
                "supervised_training_step: a step must be attached to one engine, once; make "
                "another step"
            )
        self._is_attached = True
        self._has_to_be_attached = False
        engine.add_event_handler(Events.STARTED, self._read_count)
        if self._needs_attaching:
            engine.add_event_handler(_WINDOW_CLOSING, self._close_window)
            engine.add_event_handler(Events.EPOCH_COMPLETED, self._update.end_epoch)

    def __call__(self, engine: Engine[BatchT, OutputT], batch: BatchT) -> OutputT:
        """Train on a batch.

        Args:
            engine: The engine that runs this step.
            batch: The batch.

        Returns:
            What ``output_transform`` gives.

        Raises:
            ArgumentError: The loss has axes, or a batch's weight is below zero.
            EngineStateError: The step has to be attached, and is not.
        """
        if self._is_deterministic and not is_deterministic():
            with deterministic_algorithms():
                return self(engine, batch)
        update = self._update
        if not self._model.training:
            self._model.train()
        if self._has_to_be_attached:
            raise EngineStateError(
                "supervised_training_step: a step that accumulates, or that has schedules of "
                "epochs, must be attached; call step.attach(engine)"
            )
        is_last = True
        if self._window == 1:
            update.begin()
        else:
            is_last = self._ends_window(engine)
        if is_last or update.replicas is None:
            return self._train(engine, batch, is_last=is_last)
        with update.replicas.no_sync():
            return self._train(engine, batch, is_last=is_last)

    def _ends_window(self, engine: Engine[BatchT, OutputT]) -> bool:
        """Begin a window where there is none to go on with; tell whether the batch ends it."""
        update, state, window = self._update, engine.state, self._window
        position = (state.epoch_iteration - 1) % window
        num_accumulated = state.get(NUM_ACCUMULATED, 0)
        if position == 0 or num_accumulated == 0 or num_accumulated != update.num_batches:
            if position and num_accumulated:
                warnings.warn(
                    f"supervised_training_step: the gradients of {num_accumulated} batches are "
                    "lost: the state was saved within an accumulation window; the window goes on "
                    "without them. Save where state[NUM_ACCUMULATED] is 0",
                    stacklevel=2,
                )
            update.begin()
        return (
            position == window - 1
            or state.epoch_iteration == state.epoch_length
            or state.iteration == state.max_iters
        )

    def _train(self, engine: Engine[BatchT, OutputT], batch: BatchT, *, is_last: bool) -> OutputT:
        """Bring a batch forward and backward, and end the window if it is the last one of it."""
        update = self._update
        forward = self._forward
        x, y = self._prepare_batch(batch if forward.device is None else forward.moved(batch))
        if forward.amp_dtype is None:
            y_pred = self._model_fn(forward.model, x)
            loss = self._loss_fn(y_pred, y)
        else:
            with forward.autocast():
                y_pred = self._model_fn(forward.model, x)
                loss = self._loss_fn(y_pred, y)
        if loss.ndim:
            raise ArgumentError(
                f"loss_fn: must give a tensor without axes, got shape {list(loss.shape)}; "
                "reduce it, as reduction='mean' does"
            )
        weight = 1 if self._num_items is None else self._num_items(y)
        try:
            update.backward(loss, weight)
            if not is_last:
                engine.state[NUM_ACCUMULATED] = update.num_batches
                return self._output_transform(x, y, y_pred, loss.detach())
        except BaseException:
            # gradients of this batch may be in the window already, and it will come again
            update.begin()
            if self._window > 1:
                engine.state[NUM_ACCUMULATED] = 0
            raise
        self._count(engine, has_stepped=update.step(is_synced=True))
        return self._output_transform(x, y, y_pred, loss.detach())

    def _count(self, engine: Engine[BatchT, OutputT], *, has_stepped: bool) -> None:
        state = engine.state
        if self._window > 1:
            state[NUM_ACCUMULATED] = 0
        if not self._is_attached:
            self._read_count(engine)
        self._num_steps += has_stepped
        state[NUM_OPTIMIZER_STEPS] = self._num_steps

    def _read_count(self, engine: Engine[BatchT, OutputT]) -> None:
        """Go on from the count in the state: once in a run, since reading takes a microsecond."""
        self._num_steps = engine.state.get(NUM_OPTIMIZER_STEPS, 0)

    def _close_window(self, engine: Engine[BatchT, OutputT]) -> None:
        """Step with what there is, where the last batch could not be foreseen."""
        if not self._update.num_batches:
            return
        with deterministic_algorithms() if self._is_deterministic else nullcontext():
            self._count(engine, has_stepped=self._update.step(is_synced=False))
