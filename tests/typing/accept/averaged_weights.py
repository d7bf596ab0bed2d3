"""Averages of weights keep the type of the module."""

from typing import assert_type

import torch
from torch import Tensor, nn
from torch.nn.parallel import DataParallel, DistributedDataParallel
from typing_extensions import override

from firesteel import Engine, Events, RemovableEventHandle
from firesteel.handlers import EMAHandler, SWAHandler
from firesteel.protocols import Stateful


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(1, 1)

    @override
    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x)


def step(engine: Engine[float, Tensor], batch: float) -> Tensor:
    return torch.tensor(batch)


net = Net()
trainer, evaluator = Engine(step), Engine(step)
ema = EMAHandler(net, momentum=0.01, momentum_warmup=0.1, warmup_iters=100)
assert_type(ema, EMAHandler[Net])
assert_type(ema.ema_model, Net)
assert_type(ema.ema_model.inner, nn.Linear)
assert_type(trainer.attach(ema), RemovableEventHandle)
ema.attach(trainer, event=Events.ITERATION_COMPLETED(every=4))
ema.apply_during(evaluator)
with ema.applied():
    evaluator.run([1.0])
stateful: Stateful = ema

EMAHandler(net, momentum=lambda number: 1 / number, handle_buffers="ema_train")
EMAHandler(net, ema_model=Net())
assert_type(EMAHandler(DataParallel(net)), EMAHandler[Net])


def wrapped(model: DistributedDataParallel, some: nn.Module) -> None:
    assert_type(EMAHandler(model), EMAHandler[nn.Module])
    assert_type(SWAHandler(model), SWAHandler[nn.Module])
    assert_type(EMAHandler(some).ema_model, nn.Module)


swa = SWAHandler(net)
assert_type(swa.swa_model, Net)
swa.attach(trainer, event=Events.EPOCH_COMPLETED(after=75))


class Batch:
    x: Tensor = torch.ones(1)


swa.update_bn([Batch()], lambda model, batch: model.inner(batch.x))
