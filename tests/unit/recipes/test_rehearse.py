"""Everything run once, and put back."""

import pytest
import torch
from torch import nn

from firesteel.engine import Engine
from firesteel.errors import ArgumentError, ArgumentTypeError, DataError
from firesteel.events import Events
from firesteel.metrics import Average
from firesteel.recipes import first_batches, rehearse


def test_engines_that_handlers_run_are_short_as_well_and_all_is_put_back() -> None:
    model = nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    mean = Average()

    def step(engine: Engine[float, float], batch: float) -> float:
        optimizer.zero_grad()
        loss = model(torch.tensor([[batch]])).square().sum()
        loss.backward()
        optimizer.step()
        return batch

    trainer = Engine(step)
    evaluator: Engine[float, float] = Engine(lambda engine, batch: batch)
    mean.attach(evaluator, "mean")
    lengths: list[int] = []
    trainer.add_event_handler(
        Events.EPOCH_COMPLETED(every=50),
        lambda: lengths.append(evaluator.run([1.0] * 9).iteration),
    )
    weights = model.weight.detach().clone()
    with rehearse(trainer, evaluator, restore=[model, optimizer, mean], num_batches=2):
        trainer.run([1.0, 2.0, 3.0], max_epochs=100)
        assert not torch.equal(model.weight, weights)
    assert lengths == [2]
    assert torch.equal(model.weight, weights)
    assert not optimizer.state_dict()["state"]
    assert mean.state_dict() == Average().state_dict()
    assert trainer.run([1.0, 2.0, 3.0], max_epochs=2).iteration == 6


def test_it_is_put_back_where_something_fails() -> None:
    model = nn.Linear(1, 1)
    weights = model.weight.detach().clone()

    def step(engine: Engine[int, None], batch: int) -> None:
        nn.init.constant_(model.weight, 7.0)
        raise LookupError

    trainer = Engine(step)
    with pytest.raises(LookupError), rehearse(trainer, restore=[model]):
        trainer.run([1])
    assert torch.equal(model.weight, weights)
    assert not trainer.is_rehearsing


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ArgumentError, match="rehearse: num_batches"), rehearse(num_batches=0):
        pass
    wrong = rehearse(restore=[3])  # type: ignore[list-item]
    with pytest.raises(ArgumentTypeError, match=r"rehearse: restore\[0\] must be something with a"):
        wrong.__enter__()


class TestFirstBatches:
    def test_they_are_the_same_in_each_epoch(self) -> None:
        seen: list[int] = []
        trainer: Engine[int, None] = Engine(lambda engine, batch: seen.append(batch))
        trainer.run(first_batches(iter(range(10)), 3), max_epochs=2)
        assert seen == [0, 1, 2, 0, 1, 2]

    def test_no_more_is_read_than_asked_for(self) -> None:
        data = iter(range(10))
        first_batches(data, 3)
        assert next(data) == 3

    def test_fewer_than_asked_for_are_refused(self) -> None:
        with pytest.raises(DataError, match="data must have at least 3 batches, got 2"):
            first_batches([1, 2], 3)
        with pytest.raises(ArgumentError, match="first_batches: num_batches must be at least 1"):
            first_batches([1, 2], 0)
