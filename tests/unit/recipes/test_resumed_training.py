"""Supervised training that is saved anywhere, and gone on with exactly."""

import torch
from torch import nn
from torch.optim.lr_scheduler import ExponentialLR
from torch.utils.data import TensorDataset

from firesteel import DataLoader, create_supervised_trainer
from firesteel.data import RandomStates
from firesteel.recipes import ClipNorm, Schedule
from firesteel.testing import Pipeline, check_resume

NUM_BATCHES = 4


def build() -> Pipeline:
    model = nn.Sequential(nn.Linear(2, 4), nn.Dropout(0.5), nn.Linear(4, 1))
    first = torch.optim.Adam(model[0].parameters(), lr=0.1)
    second = torch.optim.SGD(model[2].parameters(), lr=0.1, momentum=0.9)
    by_epoch = ExponentialLR(first, gamma=0.5)
    by_iteration = ExponentialLR(second, gamma=0.9)
    trainer = create_supervised_trainer(
        model,
        [first, second],
        nn.MSELoss(),
        clipping=ClipNorm(max_norm=0.5),
        schedules=[
            Schedule(scheduler=by_epoch, when="epoch"),
            Schedule(scheduler=by_iteration, when="iteration"),
        ],
    )
    dataset = TensorDataset(torch.arange(16.0).reshape(8, 2), torch.arange(8.0).reshape(8, 1))
    return Pipeline(
        engine=trainer,
        data=DataLoader(dataset, batch_size=2, shuffle=True),
        parts={
            "model": model,
            "first": first,
            "second": second,
            "by_epoch": by_epoch,
            "by_iteration": by_iteration,
            "random": RandomStates(),
        },
    )


def test_a_run_is_gone_on_with_exactly_wherever_it_was_saved() -> None:
    # behind the last iteration of an epoch too, where the epoch's schedule is still to be stepped
    num_iterations = 3 * NUM_BATCHES
    check_resume(build, num_iterations=num_iterations, at=range(1, num_iterations))
