"""Data: batches that keep their type, an order that can be resumed anywhere, seeds, moving."""

from ._loader import DataLoader
from ._moving import apply_to_tensor, apply_to_type, convert_tensor, pin_memory, to_device
from ._one_hot import to_onehot
from ._order import BatchOrder, SampleOrder
from ._samples import Seeding
from ._seeds import RandomStates, keep_random_state, manual_seed

__all__ = [
    "BatchOrder",
    "DataLoader",
    "RandomStates",
    "SampleOrder",
    "Seeding",
    "apply_to_tensor",
    "apply_to_type",
    "convert_tensor",
    "keep_random_state",
    "manual_seed",
    "pin_memory",
    "to_device",
    "to_onehot",
]
