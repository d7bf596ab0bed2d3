"""The supervised evaluator: what it does to a batch, and to the model."""

from typing import Final, NamedTuple

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from firesteel import Accuracy, Engine, Loss
from firesteel.errors import ArgumentTypeError
from firesteel.recipes import (
    Compile,
    create_supervised_evaluator,
    create_supervised_trainer,
    supervised_evaluation_step,
)

MODEL: Final = nn.Sequential(nn.Dropout(0.5), nn.Linear(3, 2))
X: Final = torch.ones(4, 3)
Y: Final = torch.tensor([0, 1, 1, 0])


class Record(NamedTuple):
    first: Tensor
    second: Tensor


def test_the_output_is_prediction_and_target_without_gradient() -> None:
    y_pred, y = create_supervised_evaluator(MODEL).run([(X, Y)]).output
    with torch.no_grad():
        assert torch.equal(y_pred, MODEL(X))
    assert y is Y
    assert not y_pred.requires_grad


def test_the_model_is_put_into_evaluation_mode_and_back_by_the_trainer() -> None:
    model = nn.Linear(3, 2).train()
    create_supervised_evaluator(model).run([(X, Y)])
    assert not model.training
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    create_supervised_trainer(model, optimizer, functional.cross_entropy).run([(X, Y)])
    assert model.training


def test_gradients_are_on_again_afterwards() -> None:
    create_supervised_evaluator(MODEL).run([(X, Y)])
    assert torch.is_grad_enabled()


def test_metrics_are_attached_by_name() -> None:
    loss = Loss(functional.cross_entropy)
    evaluator = create_supervised_evaluator(MODEL, metrics={"accuracy": Accuracy(), "loss": loss})
    state = evaluator.run([(X, Y)])
    assert list(state.metrics) == ["accuracy", "loss"]
    assert state.metrics["accuracy"] == 0.5


def test_what_is_no_metric_is_refused() -> None:
    with pytest.raises(ArgumentTypeError, match="each of metrics must be attachable, got 'acc'"):
        create_supervised_evaluator(MODEL, metrics={"accuracy": "acc"})  # type: ignore[dict-item]  # the mistake


def test_the_three_functions_are_given_what_the_one_before_gave() -> None:
    def prepare(batch: Record) -> tuple[list[Tensor], str]:
        return [batch.first, batch.second], "target"

    def predict(model: nn.Module, x: list[Tensor]) -> tuple[Tensor, int]:
        y_pred: Tensor = model(x[0] + x[1])
        return y_pred, len(x)

    evaluator = create_supervised_evaluator(
        MODEL,
        prepare_batch=prepare,
        model_fn=predict,
        output_transform=lambda x, y, y_pred: (len(x), y.upper(), y_pred[1]),
    )
    assert evaluator.run([Record(X, X)]).output == (2, "TARGET", 2)


def test_batches_are_brought_to_the_device() -> None:
    evaluator = create_supervised_evaluator(
        MODEL, device="meta", model_fn=lambda model, x: x, output_transform=lambda x, y, p: p
    )
    assert evaluator.run([(X, Y)]).output.is_meta


def test_the_model_can_be_compiled() -> None:
    evaluator = create_supervised_evaluator(MODEL, compile=Compile(backend="eager"))
    y_pred, _ = evaluator.run([(X, Y)]).output
    plain, _ = create_supervised_evaluator(MODEL).run([(X, Y)]).output
    assert torch.equal(y_pred, plain)


def test_a_step_works_in_an_engine_of_ones_own() -> None:
    evaluator = Engine(supervised_evaluation_step(MODEL))
    key = Accuracy().attach(evaluator, "accuracy")
    assert evaluator.run([(X, Y)]).metrics[key] == 0.5
