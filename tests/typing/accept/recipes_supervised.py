"""Supervised trainers and evaluators: what is given decides what batch and output are."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.amp.grad_scaler import GradScaler
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.utils.data import DataLoader, TensorDataset
from typing_extensions import assert_type

import firesteel.data
from firesteel import Accuracy, Average, Engine, Events, Loss, ProgressBar, RunningAverage
from firesteel.recipes import (
    NUM_ACCUMULATED,
    NUM_OPTIMIZER_STEPS,
    ClipNorm,
    ClipValue,
    Compile,
    Schedule,
    SupervisedEvaluationStep,
    SupervisedTrainingStep,
    TensorPair,
    TrainingOptions,
    create_supervised_evaluator,
    create_supervised_trainer,
    supervised_evaluation_step,
    supervised_training_step,
)


class Text(NamedTuple):
    ids: Tensor
    mask: Tensor
    labels: Tensor


class Logits(NamedTuple):
    scores: Tensor
    attention: Sequence[Tensor]


class Output(NamedTuple):
    loss: Tensor
    scores: Tensor
    target: Tensor


def to_pair(batch: Text) -> tuple[tuple[Tensor, Tensor], Tensor]:
    return (batch.ids, batch.mask), batch.labels


def predict(model: nn.Module, x: tuple[Tensor, Tensor]) -> Logits:
    scores: Tensor = model(*x)
    return Logits(scores, [])


def loss_of_logits(y_pred: Logits, y: Tensor) -> Tensor:
    return functional.cross_entropy(y_pred.scores, y)


def make_output(x: object, y: Tensor, y_pred: Logits, loss: Tensor) -> Output:
    return Output(loss, y_pred.scores, y)


def plain(model: nn.Module, optimizer: Optimizer) -> None:
    by_function = create_supervised_trainer(model, optimizer, functional.cross_entropy)
    assert_type(by_function, Engine[TensorPair, Tensor])
    by_module = create_supervised_trainer(model, optimizer, nn.CrossEntropyLoss())
    assert_type(by_module, Engine[TensorPair, Tensor])
    loss = by_module.attach(RunningAverage(), "loss")
    assert_type(by_module.run([(torch.ones(1), torch.ones(1))]).metrics[loss], float)
    Average().attach(by_module, "mean")
    by_module.attach(ProgressBar(lambda loss: {"loss": loss}))
    by_module.add_event_handler(
        Events.ITERATION_COMPLETED, lambda engine: engine.state.output.mean()
    )
    assert_type(by_module.state[NUM_OPTIMIZER_STEPS], int)
    assert_type(by_module.state.get(NUM_ACCUMULATED, 0), int)


def loader(model: nn.Module, optimizer: Optimizer, data: DataLoader[tuple[Tensor, Tensor]]) -> None:
    trainer = create_supervised_trainer(model, optimizer, functional.mse_loss, device="cpu")
    trainer.run(data, max_epochs=3)
    dataset = TensorDataset(torch.ones(4, 2), torch.ones(4, 1))
    stacked = firesteel.data.DataLoader(dataset, batch_size=2, shuffle=True)
    trainer.run(stacked, max_epochs=3)
    create_supervised_evaluator(model).run(stacked)
    pair = torch.ones(4, 2), torch.ones(4, 1)
    trainer.run([pair] * 3)


def modules_as_losses(model: nn.Module, optimizer: Optimizer) -> None:
    make = create_supervised_trainer
    loss = nn.MSELoss()
    sums = make(model, optimizer, loss, output_transform=lambda x, y, y_pred, loss: y_pred.sum())
    assert_type(sums, Engine[TensorPair, Tensor])
    of_logits = make(
        model, optimizer, loss_of_logits, output_transform=lambda x, y, y_pred, loss: y_pred.scores
    )
    assert_type(of_logits, Engine[TensorPair, Tensor])
    texts = make(
        model,
        optimizer,
        loss,
        prepare_batch=to_pair,
        output_transform=lambda x, y, y_pred, loss: (x[0], y_pred.argmax(dim=1)),
    )
    assert_type(texts, Engine[Text, tuple[Tensor, Tensor]])
    logits = make(
        model,
        optimizer,
        loss,
        prepare_batch=to_pair,
        model_fn=predict,
        output_transform=lambda x, y, y_pred, loss: y_pred.attention,
    )
    assert_type(logits, Engine[Text, Sequence[Tensor]])


def own_types(model: nn.Module, optimizer: Optimizer, data: Iterable[Text]) -> None:
    trainer = create_supervised_trainer(
        model, optimizer, loss_of_logits, prepare_batch=to_pair, model_fn=predict
    )
    assert_type(trainer, Engine[Text, Tensor])
    trainer.run(data, max_epochs=2)
    with_output = create_supervised_trainer(
        model,
        optimizer,
        loss_of_logits,
        prepare_batch=to_pair,
        model_fn=predict,
        output_transform=make_output,
        num_items=lambda y: y.ne(0).sum(),
        gradient_accumulation_steps=4,
    )
    assert_type(with_output, Engine[Text, Output])
    with_output.attach(Accuracy(lambda out: (out.scores, out.target)), "accuracy")


def lambdas(model: nn.Module, optimizer: Optimizer) -> None:
    trainer = create_supervised_trainer(
        model,
        optimizer,
        loss_of_logits,
        prepare_batch=to_pair,
        model_fn=predict,
        output_transform=lambda x, y, y_pred, loss: (x[1], y.numel(), y_pred.attention, loss),
    )
    assert_type(trainer, Engine[Text, tuple[Tensor, int, Sequence[Tensor], Tensor]])
    other = create_supervised_trainer(
        model,
        optimizer,
        nn.MSELoss(),
        model_fn=lambda model, x: x.flatten(),
        output_transform=lambda x, y, y_pred, loss: (x, y),
    )
    assert_type(other, Engine[TensorPair, tuple[Tensor, Tensor]])
    Accuracy().attach(other, "accuracy")
    named = create_supervised_trainer(
        model,
        optimizer,
        nn.MSELoss(),
        prepare_batch=to_pair,
        model_fn=predict,
        output_transform=make_output,
    )
    assert_type(named, Engine[Text, Output])


def options(model: nn.Module, optimizers: Sequence[Optimizer], scheduler: LRScheduler) -> None:
    create_supervised_trainer(
        DistributedDataParallel(model),
        optimizers,
        functional.mse_loss,
        device=torch.device("cuda"),
        non_blocking=True,
        amp_dtype="float16",
        scaler=GradScaler("cuda"),
        compile=Compile(mode="max-autotune", dynamic=True),
        gradient_accumulation_steps=2,
        clipping=ClipNorm(max_norm=1.0),
        schedules=[Schedule(scheduler=scheduler, when="iteration")],
        deterministic=True,
    )
    shared: TrainingOptions = {"amp_dtype": "bfloat16", "clipping": ClipValue(max_value=0.5)}
    create_supervised_trainer(model, optimizers, functional.mse_loss, **shared)
    create_supervised_trainer(model, optimizers, functional.mse_loss, num_items=len)


def steps(model: nn.Module, optimizer: Optimizer) -> None:
    step = supervised_training_step(model, optimizer, nn.MSELoss())
    assert_type(step, SupervisedTrainingStep[TensorPair, Tensor])
    trainer = Engine(step)
    assert_type(trainer, Engine[TensorPair, Tensor])
    step.attach(trainer)
    evaluation = supervised_evaluation_step(model, prepare_batch=to_pair, model_fn=predict)
    assert_type(evaluation, SupervisedEvaluationStep[Text, tuple[Logits, Tensor]])
    assert_type(Engine(evaluation), Engine[Text, tuple[Logits, Tensor]])


def evaluators(model: nn.Module) -> None:
    evaluator = create_supervised_evaluator(model, device="cpu", amp_dtype="bfloat16")
    assert_type(evaluator, Engine[TensorPair, tuple[Tensor, Tensor]])
    accuracy = Accuracy().attach(evaluator, "accuracy")
    assert_type(evaluator.run([(torch.ones(1), torch.ones(1))]).metrics[accuracy], float)
    with_metrics = create_supervised_evaluator(
        model, metrics={"accuracy": Accuracy(), "loss": Loss(functional.cross_entropy)}
    )
    assert_type(with_metrics, Engine[TensorPair, tuple[Tensor, Tensor]])
    own = create_supervised_evaluator(model, prepare_batch=to_pair, model_fn=predict)
    assert_type(own, Engine[Text, tuple[Logits, Tensor]])
    own.attach(Accuracy(lambda out: (out[0].scores, out[1])), "accuracy")
    scores = create_supervised_evaluator(
        model,
        prepare_batch=to_pair,
        model_fn=predict,
        output_transform=lambda x, y, y_pred: (y_pred.scores, y),
        metrics={"accuracy": Accuracy()},
    )
    assert_type(scores, Engine[Text, tuple[Tensor, Tensor]])
    simple = create_supervised_evaluator(model, output_transform=lambda x, y, y_pred: y_pred.sum())
    assert_type(simple, Engine[TensorPair, Tensor])
