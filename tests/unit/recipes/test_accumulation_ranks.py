"""Windows over real processes: the divisor is that of all ranks, who meet once in each window."""

from collections.abc import Iterator, Sequence
from typing import Final

import pytest
import torch
from torch import Tensor, distributed, nn
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel
from torch.optim import SGD
from typing_extensions import override

from firesteel import Events
from firesteel.recipes import ClipNorm, create_supervised_trainer
from firesteel.testing import RankPool

pytestmark = pytest.mark.distributed

Pair = tuple[Tensor, Tensor]

SIZES: Final = ((4, 1, 3, 2, 5), (2, 6, 1, 1, 3))
"""Samples of the batches of each rank."""


def made() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(3, 2).double()


def pairs(rank: int) -> list[Pair]:
    generator = torch.Generator().manual_seed(rank)
    return [
        (
            torch.randn(size, 3, generator=generator, dtype=torch.float64),
            torch.randn(size, 2, generator=generator, dtype=torch.float64),
        )
        for size in SIZES[rank]
    ]


def windows(steps: int, num_batches: int) -> list[Pair]:
    """Give each window of both ranks as one batch."""
    both = [pairs(0)[:num_batches], pairs(1)[:num_batches]]
    found: list[Pair] = []
    for start in range(0, num_batches, steps):
        batches = [pair for own in both for pair in own[start : start + steps]]
        found.append((torch.cat([x for x, _ in batches]), torch.cat([y for _, y in batches])))
    return found


class Unsized:
    """Data that does not tell its length."""

    def __init__(self, data: Sequence[Pair]) -> None:
        self.data = data

    def __iter__(self) -> Iterator[Pair]:
        yield from self.data


def train(steps: int, stop_at: int, *, is_sized: bool, is_clipped: bool) -> tuple[Tensor, int]:
    """Train on a rank; give the weight, and how often backward passes met."""
    model = made()
    wrapped = DistributedDataParallel(model)
    syncs: list[bool] = []

    def predict(given: nn.Module, x: Tensor) -> Tensor:
        syncs.append(wrapped.require_backward_grad_sync)
        y_pred: Tensor = given(x)
        return y_pred

    trainer = create_supervised_trainer(
        wrapped,
        SGD(model.parameters(), lr=0.05, momentum=0.9),
        functional.mse_loss,
        model_fn=predict,
        gradient_accumulation_steps=steps,
        clipping=ClipNorm(max_norm=0.5) if is_clipped else None,
        num_items=len,
    )
    if stop_at:
        trainer.add_event_handler(Events.ITERATION_COMPLETED(once=stop_at), trainer.terminate)
    data = pairs(distributed.get_rank())
    trainer.run(data if is_sized else Unsized(data))
    return model.weight.detach(), sum(syncs)


def expected(steps: int, num_batches: int, *, is_clipped: bool) -> Tensor:
    model = made()
    create_supervised_trainer(
        model,
        SGD(model.parameters(), lr=0.05, momentum=0.9),
        functional.mse_loss,
        clipping=ClipNorm(max_norm=0.5) if is_clipped else None,
    ).run(windows(steps, num_batches))
    return model.weight.detach()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("steps", "stop_at", "is_sized", "is_clipped", "num_syncs"),
    [
        (1, 0, True, False, 5),
        (2, 0, True, False, 3),
        (3, 0, True, True, 2),
        # the last batch could not be foreseen: gradients are then exchanged behind it
        (3, 0, False, True, 1),
        (2, 3, True, False, 1),
        (9, 0, False, False, 0),
    ],
)
def test_windows_of_two_ranks_train_as_if_each_was_one_batch(
    two_ranks: RankPool,
    *,
    steps: int,
    stop_at: int,
    is_sized: bool,
    is_clipped: bool,
    num_syncs: int,
) -> None:
    results = two_ranks.run(train, steps, stop_at, is_sized=is_sized, is_clipped=is_clipped)
    one = expected(steps, stop_at or 5, is_clipped=is_clipped)
    for weight, syncs in results:
        torch.testing.assert_close(weight, one, rtol=1e-12, atol=1e-12)
        assert syncs == num_syncs


class Halves(nn.Module):
    """Of its three parts each rank uses one; the last is used by none."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ModuleList([nn.Linear(3, 2).double() for _ in range(3)])

    @override
    def forward(self, x: Tensor) -> Tensor:
        y_pred: Tensor = self.parts[distributed.get_rank()](x)
        return y_pred


def gradients_of_halves() -> list[bool]:
    torch.manual_seed(0)
    model = Halves()
    wrapped = DistributedDataParallel(model, find_unused_parameters=True)
    trainer = create_supervised_trainer(
        wrapped,
        SGD(model.parameters(), lr=0.05),
        functional.mse_loss,
        gradient_accumulation_steps=9,
    )
    trainer.run(Unsized(pairs(distributed.get_rank())))
    for parameter in model.parameters():
        mine = parameter.detach().clone()
        distributed.broadcast(mine, 0)
        assert torch.equal(mine, parameter), "ranks have come apart"
    return [parameter.grad is not None for parameter in model.parameters()]


@pytest.mark.slow
def test_a_parameter_that_one_rank_did_not_use_is_the_same_on_both(two_ranks: RankPool) -> None:
    for has_gradient in two_ranks.run(gradients_of_halves):
        assert has_gradient == [True, True, True, True, False, False]
