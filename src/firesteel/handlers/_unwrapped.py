"""The module itself, behind what wraps it to train on several devices or to be compiled."""

import sys

from torch import nn
from torch.nn.parallel import DataParallel, DistributedDataParallel

__all__ = ["unwrapped"]


def unwrapped(model: nn.Module) -> nn.Module:
    """Give the module that a model wraps, or the model where it wraps none.

    Args:
        model: A module, or one in ``DistributedDataParallel``, ``DataParallel`` or the result of
            ``torch.compile``, in each other.
    """
    while True:
        if isinstance(model, DistributedDataParallel | DataParallel):
            model = model.get_submodule("module")
        elif _is_compiled(model):
            model = model.get_submodule("_orig_mod")
        else:
            return model


def _is_compiled(model: nn.Module) -> bool:
    # what compiles takes a second to import, and is there where something was compiled
    dynamo = sys.modules.get("torch._dynamo.eval_frame")
    return dynamo is not None and isinstance(model, dynamo.OptimizedModule)
