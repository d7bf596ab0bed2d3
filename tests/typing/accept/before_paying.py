"""First-batch checks, rehearsals, dry runs and resumes keep the types that they are given."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from typing_extensions import assert_type

from firesteel import Engine
from firesteel.engine import check_first_batch
from firesteel.events import RemovableEventHandle
from firesteel.metrics import Average
from firesteel.recipes import DryRun, dry_run, first_batches, rehearse
from firesteel.testing import Pipeline, check_resume


class Batch(NamedTuple):
    x: Tensor
    y: Tensor


model = nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)


def step(engine: Engine[Batch, float], batch: Batch) -> float:
    return 1.0


trainer = Engine(step)
assert_type(check_first_batch(trainer), RemovableEventHandle)

with rehearse(trainer, restore=[model, optimizer, Average()], num_batches=2):
    trainer.run([Batch(torch.ones(2), torch.ones(1))])
with trainer.rehearsal(num_batches=3):
    assert_type(trainer.is_rehearsing, bool)

few = first_batches([Batch(torch.ones(2), torch.ones(1))], 1)
assert_type(few, Sequence[Batch])
trainer.run(few)

found = dry_run(trainer, lambda: Batch(torch.empty(2), torch.empty(1)))
assert_type(found, DryRun[float])
assert_type(found.output, float)


def build() -> Pipeline:
    return Pipeline(engine=trainer, data=few, parts={"model": model, "mean": Average()})


check_resume(build, num_iterations=4, at=[1, 2])
