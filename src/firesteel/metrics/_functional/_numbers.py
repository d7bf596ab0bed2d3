"""Whether a tensor has numbers that a check could look at."""

from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor

__all__ = ["has_numbers"]


def has_numbers(tensor: Tensor) -> bool:
    """Tell whether there are numbers in a tensor; one that is only pretended has but a shape."""
    return not (tensor.is_meta or isinstance(tensor, FakeTensor))
