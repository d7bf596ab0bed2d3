"""Operations for which the host would wait for a device, counted on the CPU."""

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Final

from torch.utils._python_dispatch import TorchDispatchMode
from typing_extensions import override

__all__ = ["waits"]

WAITING: Final = frozenset({"_local_scalar_dense", "item", "is_nonzero", "equal", "nonzero"})
"""Operations of which the host has to see the values, or that need them for a shape."""


@contextmanager
def waits() -> Generator[list[str]]:
    """List the operations at which the host would wait for a device."""
    found: list[str] = []

    class Listing(TorchDispatchMode):
        @override
        def __torch_dispatch__(
            self,
            func: Callable[..., object],
            types: Iterable[type],
            args: tuple[object, ...] = (),
            kwargs: Mapping[str, object] | None = None,
        ) -> object:
            _, name, _ = str(func).split(".")  # aten.nonzero.default
            if name in WAITING:
                found.append(name)
            return func(*args, **(kwargs or {}))

    make: Callable[[], TorchDispatchMode] = Listing  # torch's constructor is not typed
    with make():
        yield found
