"""Supervised trainers and evaluators: what does not fit together is refused."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.amp.grad_scaler import GradScaler
from torch.nn import functional
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from firesteel import Accuracy, Average, Engine, RunningAverage
from firesteel.recipes import (
    NUM_OPTIMIZER_STEPS,
    ClipNorm,
    ClipValue,
    Compile,
    Schedule,
    create_supervised_evaluator,
    create_supervised_trainer,
    supervised_training_step,
)


class Text(NamedTuple):
    ids: Tensor
    labels: Tensor


def to_pair(batch: Text) -> tuple[list[Tensor], Tensor]:
    return [batch.ids], batch.labels


def to_one(batch: Text) -> Tensor:
    return batch.ids


def predict(model: nn.Module, x: list[Tensor]) -> dict[str, Tensor]:
    return {"scores": x[0]}


def predict_from_tensor(model: nn.Module, x: Tensor) -> dict[str, Tensor]:
    return {"scores": x}


def loss_of_scores(y_pred: dict[str, Tensor], y: Tensor) -> Tensor:
    return functional.cross_entropy(y_pred["scores"], y)


def float_loss(y_pred: Tensor, y: Tensor) -> float:
    return 0.0


def loss_of_names(y_pred: Tensor, y: list[str]) -> Tensor:
    return y_pred


def functions(model: nn.Module, optimizer: Optimizer) -> None:
    make = create_supervised_trainer
    loss = functional.mse_loss
    make(model, optimizer, float_loss)  # E: no tensor
    make(model, optimizer, "mse")  # E
    make(model, optimizer, loss_of_names)  # E: a pair has tensors
    make(optimizer, model, nn.MSELoss())  # E: in the wrong order
    make(model, optimizer, nn.MSELoss(), prepare_batch=to_one)  # E
    make(model, optimizer, loss_of_names, prepare_batch=to_pair)  # E
    make(model, optimizer, nn.MSELoss(), model_fn=predict)  # E: takes a list
    make(model, optimizer, loss, model_fn=predict_from_tensor)  # E
    make(model, optimizer, nn.MSELoss(), num_items=lambda y: "many")  # E
    make(model, optimizer, loss, output_transform=lambda x, y: x)  # E
    make(model, optimizer, loss, output_transform=lambda x, y, p, loss: loss.los)  # E
    make(model, optimizer, nn.MSELoss(), output_transform=lambda x, y, p, loss: p.los)  # E
    make(model, optimizer, loss, output_transform=lambda x, y, p, loss: p.los)  # E
    make(
        model,
        optimizer,
        nn.MSELoss(),
        prepare_batch=to_pair,
        model_fn=predict,
        output_transform=lambda x, y, p, loss: p.scores,  # E
    )


def options(model: nn.Module, optimizer: Optimizer, scheduler: LRScheduler) -> None:
    loss = nn.MSELoss()
    create_supervised_trainer(model, optimizer, loss, amp_dtype="fp16")  # E
    create_supervised_trainer(model, optimizer, loss, amp_mode="amp")  # E
    create_supervised_trainer(model, optimizer, loss, scaler=True)  # E
    create_supervised_trainer(model, optimizer, loss, clipping=1.0)  # E
    create_supervised_trainer(model, optimizer, loss, compile=True)  # E
    create_supervised_trainer(model, optimizer, loss, schedules=[scheduler])  # E
    create_supervised_trainer(model, optimizer, loss, gradient_accumulation_steps="4")  # E
    create_supervised_trainer(model, optimizer, loss, "cuda")  # E: by keyword
    create_supervised_evaluator(model, scaler=GradScaler("cpu"))  # E
    create_supervised_evaluator(model, amp_dtype="half")  # E
    Compile(mode="max")  # E
    ClipNorm(1.0)  # E: by keyword
    ClipNorm()  # E
    ClipValue(max_norm=1.0)  # E
    Schedule(scheduler=scheduler, when="step")  # E
    Schedule(scheduler=optimizer, when="epoch")  # E


def outputs(model: nn.Module, optimizer: Optimizer) -> None:
    trainer = create_supervised_trainer(model, optimizer, nn.MSELoss())
    Accuracy().attach(trainer, "accuracy")  # E: the output is a loss
    trainer.attach(RunningAverage(lambda output: output["loss"].item), "loss")  # E
    trainer.run([1.0, 2.0])  # E
    trainer.run([(torch.ones(1), torch.ones(1), torch.ones(1))])  # E: three
    trainer.run([torch.ones(2, 1)])  # E: no pair
    trainer.state.output.loss  # E
    trainer.state[NUM_OPTIMIZER_STEPS].real()  # E
    make = create_supervised_trainer
    on_texts = make(model, optimizer, loss_of_scores, prepare_batch=to_pair, model_fn=predict)
    on_texts.run([(torch.ones(1), torch.ones(1))])  # E
    step = supervised_training_step(model, optimizer, loss_of_scores, prepare_batch=to_pair)
    step.attach(trainer)  # E: of another batch
    wrong: Engine[Text, float] = Engine(step)  # E


def evaluations(model: nn.Module) -> None:
    evaluator = create_supervised_evaluator(model)
    Average().attach(evaluator, "mean")  # E
    create_supervised_evaluator(model, metrics={"mean": Average()})  # E
    create_supervised_evaluator(model, metrics={"accuracy": "accuracy"})  # E
    create_supervised_evaluator(model, prepare_batch=to_one)  # E
    own = create_supervised_evaluator(model, prepare_batch=to_pair, model_fn=predict)
    Accuracy().attach(own, "accuracy")  # E: the prediction is a dictionary
    own.attach(Accuracy(lambda out: (out[0]["scores"], out[2])), "accuracy")  # E
