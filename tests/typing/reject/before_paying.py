"""Mistakes with rehearsals, dry runs and resumes, each refused on its line."""

import torch
from torch import Tensor, nn

from firesteel import Engine
from firesteel.recipes import dry_run, first_batches, rehearse
from firesteel.testing import Pipeline, check_resume

model = nn.Linear(2, 1)


def step(engine: Engine[Tensor, float], batch: Tensor) -> float:
    return 1.0


trainer = Engine(step)


def build() -> Pipeline:
    return Pipeline(engine=trainer, data=[], parts={})


dry_run(trainer, lambda: "a word")  # E: another batch
dry_run(trainer, torch.empty(2))  # E: a batch, and nothing that makes one
trainer.run(first_batches(["a word"], 1))  # E: batches of another type
rehearse(trainer, restore=[trainer.run])  # E: nothing with a state
rehearse(trainer, batches=2)  # E: there is no such option
trainer.rehearsal(num_batches="two")  # E: no number
Pipeline(engine=trainer, data=[], parts=[model])  # E: parts have names
Pipeline(engine=trainer, data=[], parts={"model": 3})  # E: nothing with a state
check_resume(lambda: trainer, num_iterations=3, at=[1])  # E: no pipeline
check_resume(build, num_iterations=3, at=1)  # E: one number
