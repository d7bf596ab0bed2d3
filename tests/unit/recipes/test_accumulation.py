"""A window of batches has the gradients of one batch, wherever and however it ends."""

import copy
from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import SGD

from firesteel import Engine, Events
from firesteel.errors import ArgumentError, ArgumentTypeError
from firesteel.recipes import (
    NUM_ACCUMULATED,
    NUM_OPTIMIZER_STEPS,
    TensorPair,
    create_supervised_trainer,
)

Pair = tuple[Tensor, Tensor]
Trainer = Engine[TensorPair, Tensor]


def made() -> tuple[nn.Linear, SGD]:
    torch.manual_seed(0)
    model = nn.Linear(3, 2).double()
    return model, SGD(model.parameters(), lr=0.05, momentum=0.9)


def pairs(sizes: Sequence[int]) -> list[Pair]:
    generator = torch.Generator().manual_seed(len(sizes))
    return [
        (
            torch.randn(size, 3, generator=generator, dtype=torch.float64),
            torch.randn(size, 2, generator=generator, dtype=torch.float64),
        )
        for size in sizes
    ]


def joined(data: Sequence[Pair]) -> Pair:
    return torch.cat([x for x, _ in data]), torch.cat([y for _, y in data])


def windows(data: Sequence[Pair], steps: int) -> list[Pair]:
    """Give the windows as one batch each."""
    return [joined(data[start : start + steps]) for start in range(0, len(data), steps)]


def train(data: Sequence[Pair], steps: int, *, max_epochs: int = 1) -> nn.Linear:
    model, optimizer = made()
    trainer = create_supervised_trainer(
        model, optimizer, functional.mse_loss, gradient_accumulation_steps=steps
    )
    trainer.run(data, max_epochs=max_epochs)
    return model


def assert_equal(model: nn.Linear, other: nn.Linear) -> None:
    torch.testing.assert_close(model.weight, other.weight, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(model.bias, other.bias, rtol=1e-12, atol=1e-12)


@settings(deadline=None, max_examples=40)
@given(
    sizes=st.lists(st.integers(1, 7), min_size=1, max_size=9),
    steps=st.integers(1, 10),
    max_epochs=st.integers(1, 2),
)
@pytest.mark.slow
def test_windows_train_as_if_each_was_one_batch(
    sizes: list[int], steps: int, max_epochs: int
) -> None:
    data = pairs(sizes)
    expected = train(windows(data, steps), 1, max_epochs=max_epochs)
    assert_equal(train(data, steps, max_epochs=max_epochs), expected)


DATA = pairs([4, 1, 3, 2, 5])


def test_a_short_last_window_has_its_own_divisor() -> None:
    assert_equal(train(DATA, 4), train(windows(DATA, 4), 1))


def test_the_model_is_changed_at_the_end_of_each_window() -> None:
    model, optimizer = made()
    trainer = create_supervised_trainer(
        model, optimizer, functional.mse_loss, gradient_accumulation_steps=2
    )
    weights, open_batches = [model.weight.detach().clone()], list[int]()

    def note(engine: Trainer) -> None:
        weights.append(model.weight.detach().clone())
        open_batches.append(engine.state[NUM_ACCUMULATED])

    trainer.add_event_handler(Events.ITERATION_COMPLETED, note)
    trainer.run(DATA)
    changed = [not torch.equal(a, b) for a, b in pairwise(weights)]
    assert changed == [False, True, False, True, True]
    assert open_batches == [1, 0, 1, 0, 0]
    assert trainer.state[NUM_OPTIMIZER_STEPS] == 3


def trainer_of(model: nn.Linear, optimizer: SGD, steps: int) -> Trainer:
    return create_supervised_trainer(
        model, optimizer, functional.mse_loss, gradient_accumulation_steps=steps
    )


class Unsized:
    """Data that does not tell its length."""

    def __iter__(self) -> Iterator[Pair]:
        yield from DATA


def test_data_without_a_length_has_a_short_last_window_too() -> None:
    model, optimizer = made()
    trainer = trainer_of(model, optimizer, 4)
    seen: list[int] = []
    # attached behind the trainer's own: what a checkpoint at the end of an epoch would find
    trainer.add_event_handler(
        Events.EPOCH_COMPLETED, lambda engine: seen.append(engine.state[NUM_ACCUMULATED])
    )
    trainer.run(Unsized(), max_epochs=2)
    assert_equal(model, train(windows(DATA, 4), 1, max_epochs=2))
    assert seen == [0, 0]


def end_at(engine: Trainer, how: str) -> None:
    if engine.state.iteration != 3:
        return
    if how == "terminate":
        engine.terminate()
    elif how == "terminate silently":
        engine.terminate(skip_completed=True)
    elif how == "terminate_epoch":
        engine.terminate_epoch()
    else:
        engine.terminate_epoch(skip_epoch_completed=True)


@pytest.mark.parametrize(
    "how", ["terminate", "terminate silently", "terminate_epoch", "terminate_epoch silently"]
)
def test_a_window_that_is_cut_short_is_stepped(how: str) -> None:
    model, optimizer = made()
    trainer = trainer_of(model, optimizer, 2)
    trainer.add_event_handler(Events.ITERATION_COMPLETED, end_at, how)
    trainer.run(DATA)
    assert_equal(model, train(windows(DATA[:3], 2), 1))
    assert trainer.state[NUM_ACCUMULATED] == 0
    assert trainer.state[NUM_OPTIMIZER_STEPS] == 2


@pytest.mark.parametrize("is_silent", [True, False])
def test_a_window_that_an_epoch_cuts_short_is_not_lost_to_the_next_one(is_silent: bool) -> None:
    model, optimizer = made()
    trainer = trainer_of(model, optimizer, 2)
    how = "terminate_epoch silently" if is_silent else "terminate_epoch"
    trainer.add_event_handler(Events.ITERATION_COMPLETED, end_at, how)
    trainer.run(DATA, max_epochs=2)
    assert_equal(model, train([*windows(DATA[:3], 2), *windows(DATA, 2)], 1))


def test_a_window_ends_with_a_run_of_so_many_iterations() -> None:
    model, optimizer = made()
    trainer = trainer_of(model, optimizer, 2)
    seen: list[int] = []
    trainer.add_event_handler(
        Events.ITERATION_COMPLETED, lambda engine: seen.append(engine.state[NUM_ACCUMULATED])
    )
    trainer.run(DATA, max_iters=3)
    assert seen == [1, 0, 0]
    assert_equal(model, train(windows(DATA[:3], 2), 1))


def test_windows_begin_anew_with_each_epoch() -> None:
    assert_equal(train(DATA[:3], 2, max_epochs=3), train(windows(DATA[:3], 2), 1, max_epochs=3))


def test_an_interrupted_run_goes_on_in_its_window() -> None:
    model, optimizer = made()
    trainer = trainer_of(model, optimizer, 4)
    trainer.add_event_handler(Events.ITERATION_COMPLETED(once=2), trainer.interrupt)
    trainer.run(DATA)
    assert trainer.state[NUM_ACCUMULATED] == 2
    trainer.run(DATA)
    assert_equal(model, train(windows(DATA, 4), 1))


def test_a_failure_in_the_forward_pass_keeps_the_window() -> None:
    model, optimizer = made()
    failures = [None, None, ZeroDivisionError(), None, None, None]

    def loss_fn(y_pred: Tensor, y: Tensor) -> Tensor:
        failure = failures.pop(0)
        if failure is not None:
            raise failure
        return functional.mse_loss(y_pred, y)

    trainer = create_supervised_trainer(model, optimizer, loss_fn, gradient_accumulation_steps=4)
    with pytest.raises(ZeroDivisionError):
        trainer.run(DATA, max_epochs=1)
    trainer.run(DATA, max_epochs=1)
    assert_equal(model, train(windows(DATA, 4), 1))


def test_a_failure_in_the_backward_pass_gives_the_window_up() -> None:
    model, optimizer = made()
    calls: list[int] = []

    def fail(gradient: Tensor) -> None:
        raise ZeroDivisionError

    def loss_fn(y_pred: Tensor, y: Tensor) -> Tensor:
        calls.append(1)
        if len(calls) == 2:
            y_pred.register_hook(fail)
        return functional.mse_loss(y_pred, y)

    trainer = create_supervised_trainer(model, optimizer, loss_fn, gradient_accumulation_steps=4)
    with pytest.raises(ZeroDivisionError):
        trainer.run(DATA, max_epochs=1)
    assert trainer.state[NUM_ACCUMULATED] == 0
    assert model.weight.grad is None
    trainer.run(DATA, max_epochs=1)
    assert_equal(model, train([joined(DATA[1:4]), DATA[4]], 1))


def test_a_failure_in_the_output_does_not_have_its_batch_in_the_window_twice() -> None:
    data = pairs([2, 2, 2])
    failures = iter([ConnectionError()])

    def fail_once(x: Tensor, _y: Tensor, _y_pred: Tensor, loss: Tensor) -> Tensor:
        if x is data[1][0] and (failure := next(failures, None)):
            raise failure
        return loss

    model, optimizer = made()
    trainer = create_supervised_trainer(
        model,
        optimizer,
        functional.mse_loss,
        gradient_accumulation_steps=3,
        output_transform=fail_once,
    )
    with pytest.raises(ConnectionError):
        trainer.run(data, max_epochs=1)
    assert trainer.state[NUM_ACCUMULATED] == 0
    trainer.run(data, max_epochs=1)
    assert_equal(model, train([joined(data[1:])], 1))


def test_a_state_from_within_a_window_says_that_gradients_are_lost() -> None:
    first = trainer_of(*made(), 4)
    first.add_event_handler(Events.ITERATION_COMPLETED(once=2), first.interrupt)
    first.run(DATA, max_epochs=1)
    model, optimizer = made()
    second = trainer_of(model, optimizer, 4)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    with pytest.warns(UserWarning, match="gradients of 2 batches are lost"):
        second.run(DATA)
    # the window keeps its place, so that the ones behind it are what they would have been
    assert_equal(model, train([joined(DATA[2:4]), DATA[4]], 1))


def test_a_state_from_between_two_windows_is_gone_on_with_exactly() -> None:
    model, optimizer = made()
    first = trainer_of(model, optimizer, 2)
    first.add_event_handler(Events.ITERATION_COMPLETED(once=2), first.interrupt)
    first.run(DATA, max_epochs=2)
    saved = copy.deepcopy((model.state_dict(), optimizer.state_dict(), first.state_dict()))
    model, optimizer = made()
    second = trainer_of(model, optimizer, 2)
    model.load_state_dict(saved[0])
    optimizer.load_state_dict(saved[1])
    second.load_state_dict(saved[2])
    second.run(DATA)
    assert torch.equal(model.weight, train(DATA, 2, max_epochs=2).weight)


def test_a_new_run_does_not_take_over_gradients_of_an_old_one() -> None:
    model, optimizer = made()
    trainer = trainer_of(model, optimizer, 4)
    handle = trainer.add_event_handler(Events.ITERATION_COMPLETED(once=1), trainer.interrupt)
    trainer.run(DATA, max_epochs=1)
    handle.remove()
    trainer.reset()
    trainer.run(DATA, max_epochs=1)
    assert_equal(model, train(windows(DATA, 4), 1))


# weights


def token_loss(y_pred: Tensor, y: Tensor) -> Tensor:
    return functional.cross_entropy(y_pred, y, ignore_index=-1)


TOKENS = [
    (torch.randn(4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(i)), target)
    for i, target in enumerate(
        torch.tensor([[0, 1, 1, 0], [0, -1, -1, -1], [1, 1, -1, -1]]).unbind()
    )
]


@pytest.mark.parametrize("kind", ["tensor", "number"])
def test_batches_weigh_as_many_tokens_as_they_have(kind: str) -> None:
    def num_tokens(y: Tensor) -> Tensor | float:
        num = y.ne(-1).sum()
        return num if kind == "tensor" else int(num)

    model, optimizer = made()
    trainer = create_supervised_trainer(
        model,
        optimizer,
        token_loss,
        num_items=num_tokens,
        gradient_accumulation_steps=3,
    )
    trainer.run(TOKENS)
    expected, sgd = made()
    create_supervised_trainer(expected, sgd, token_loss).run([joined(TOKENS)])
    assert_equal(model, expected)


@pytest.mark.parametrize("zero", [0, torch.tensor(0)])
def test_a_window_without_weight_has_gradients_of_zero(zero: Tensor | int) -> None:
    model, optimizer = made()
    trainer = create_supervised_trainer(
        model,
        optimizer,
        functional.mse_loss,
        num_items=lambda y: zero,
        gradient_accumulation_steps=2,
    )
    trainer.run(DATA)
    assert model.weight.grad is not None
    assert not model.weight.grad.any()


@pytest.mark.parametrize(
    ("weight", "error", "message"),
    [
        (-1, ArgumentError, "at least 0, got -1"),
        (float("nan"), ArgumentError, "at least 0, got nan"),
        (torch.ones(2), ArgumentError, r"got shape \[2\]"),
        ("many", ArgumentTypeError, "got 'many'"),
    ],
)
def test_a_weight_that_is_none_is_refused(
    weight: float, error: type[Exception], message: str
) -> None:
    trainer = create_supervised_trainer(
        *made(), functional.mse_loss, num_items=lambda y: weight, gradient_accumulation_steps=2
    )
    with pytest.raises(error, match=f"num_items: .*{message}"):
        trainer.run(DATA)


def test_a_target_without_samples_needs_a_weight() -> None:
    def prepare(batch: Pair) -> tuple[Tensor, list[Tensor]]:
        return batch[0], [batch[1]]

    def loss_fn(y_pred: Tensor, y: list[Tensor]) -> Tensor:
        return functional.mse_loss(y_pred, y[0])

    trainer = create_supervised_trainer(
        *made(), loss_fn, prepare_batch=prepare, gradient_accumulation_steps=2
    )
    with pytest.raises(ArgumentTypeError, match="say by num_items"):
        trainer.run(DATA)


def test_the_loss_that_is_given_is_that_of_the_batch() -> None:
    model, optimizer = made()
    trainer = trainer_of(model, optimizer, 4)
    expected = functional.mse_loss(model(DATA[0][0]), DATA[0][1]).item()
    losses: list[float] = []
    trainer.add_event_handler(
        Events.ITERATION_COMPLETED, lambda engine: losses.append(engine.state.output.item())
    )
    trainer.run(DATA)
    assert losses[0] == expected
