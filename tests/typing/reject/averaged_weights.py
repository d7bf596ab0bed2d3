"""Averages of weights: no module, another module, wrong words, wrong kinds."""

import torch
from torch import Tensor, nn

from firesteel import Engine, Events
from firesteel.handlers import EMAHandler, SWAHandler


class Net(nn.Module):
    pass


class OtherNet(nn.Module):
    pass


def give_float(engine: Engine[int, float], batch: int) -> float:
    return 0.5


trainer = Engine(give_float)
net = Net()
ema, swa = EMAHandler(net), SWAHandler(net)

EMAHandler()  # E
EMAHandler(net.parameters())  # E
EMAHandler(Net)  # E: the class
EMAHandler(net, 0.001)  # E: by keyword
EMAHandler(net, momentum="0.1")  # E
EMAHandler(net, momentum=lambda number: str(number))  # E
EMAHandler(net, handle_buffers="keep")  # E
EMAHandler(net, decay=0.999)  # E
EMAHandler(net, warmup_iters=1.5)  # E
EMAHandler(net, ema_model="copy")  # E
other: OtherNet = ema.ema_model  # E
ema.ema_model = net  # E
ema.momentum = 0.5  # E
ema.attach(trainer, "ema_momentum")  # E: ignite's
ema.attach(trainer, event="iteration_completed")  # E
ema.attach(net)  # E
trainer.attach(EMAHandler)  # E
ema.apply_during(net)  # E
with ema.applied:  # E: to be called
    pass
ema.load_state_dict(torch.ones(1))  # E

SWAHandler(net, momentum=0.1)  # E
SWAHandler([net])  # E
swa.update_bn([torch.ones(1)])  # E
swa.update_bn(3, lambda model, batch: None)  # E
swa.update_bn([torch.ones(1)], lambda model, batch: batch.shap)  # E
swa.update_bn([torch.ones(1)], lambda model: None)  # E
wrong: Tensor = swa.swa_model  # E

ema.attach(trainer, event=Events.EPOCH_COMPLETED)
trainer.attach(swa)
