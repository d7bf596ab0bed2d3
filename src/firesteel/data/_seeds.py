"""The random states of a process: set, saved, put back."""

import random
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import wraps
from typing import TYPE_CHECKING, Final, final, overload

import torch
from torch import Tensor
from typing_extensions import ParamSpec, TypeIs, TypeVar

from firesteel._require import is_a, mismatch, whole_number
from firesteel.errors import ArgumentError, StateDictError

if TYPE_CHECKING:
    import numpy as np
else:
    with suppress(ImportError):
        import numpy as np

__all__ = ["RandomStates", "keep_random_state", "manual_seed", "seed_host"]

P = ParamSpec("P")
R = TypeVar("R")

_HAS_NUMPY: Final = "np" in globals()
_WHERE: Final = "RandomStates.load_state_dict"
_KNOWN: Final = ("python", "numpy", "torch", "cuda")


def manual_seed(seed: int) -> None:
    """Seed the global generators: Python's, torch's on all devices, and numpy's if it is there.

    A :class:`~firesteel.data.DataLoader` has an order of its own, which this does not change.

    Args:
        seed: ``0 <= seed < 2**64``. numpy gets its lower 32 bits.

    Raises:
        ArgumentError: ``seed`` is out of range.
        ArgumentTypeError: ``seed`` is no whole number.

    Example:
        >>> manual_seed(1)
        >>> first = torch.rand(2)
        >>> manual_seed(1)
        >>> torch.rand(2).equal(first)
        True
    """
    seed = whole_number("manual_seed", "seed", seed)
    if not 0 <= seed < 2**64:
        raise ArgumentError(mismatch("manual_seed", "seed", "in [0, 2**64)", seed))
    seed_host(seed)
    # torch does not annotate its parameter
    torch.manual_seed(seed)  # pyright: ignore[reportUnknownMemberType]


def seed_host(seed: int) -> None:
    """Seed the generators of this process that are on no device, in a few microseconds."""
    random.seed(seed)
    torch.default_generator.manual_seed(seed)
    if _HAS_NUMPY:
        np.random.seed(seed % 2**32)


@final
class RandomStates:
    """The states of the global generators of this process, as something that is saved.

    Python's, numpy's (where numpy is installed), torch's on the CPU and on each CUDA device. Each
    rank has its own: let each rank save and load them. What is saved loads under
    ``torch.load(weights_only=True)``.

    Example:
        >>> states = RandomStates()
        >>> saved = states.state_dict()
        >>> first = torch.rand(2)
        >>> states.load_state_dict(saved)
        >>> torch.rand(2).equal(first)
        True
    """

    __slots__ = ()

    def state_dict(self) -> dict[str, object]:
        """Give the states as they are now.

        Returns:
            ``"python"``: the version, the numbers and the next Gaussian number of Python's
            generator. ``"numpy"``: the like of numpy's, or ``None``. ``"torch"``: uint8, shape
            ``(bytes,)``, on the CPU. ``"cuda"``: the same for each device, in a list.
        """
        version, numbers, gaussian = random.getstate()
        return {
            "python": (version, list(numbers), gaussian),
            "numpy": _numpy_state(),
            "torch": torch.get_rng_state(),
            "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else [],
        }

    def load_state_dict(self, state_dict: Mapping[str, object], /) -> None:
        """Put saved states back, all or none.

        Of CUDA devices those are set that there are in both; numpy's state is left where it was not
        saved, or where there is no numpy.

        Args:
            state_dict: What :meth:`state_dict` gave.

        Raises:
            StateDictError: An entry is missing, unknown, or not what a generator takes.
            ArgumentTypeError: It is no mapping.
        """
        is_a(_WHERE, "state_dict", state_dict, Mapping, "a mapping")
        missing = [name for name in _KNOWN if name not in state_dict]
        unknown = [name for name in state_dict if name not in _KNOWN]
        if missing or unknown:
            raise StateDictError(
                f"{_WHERE}: entries must be {', '.join(map(repr, _KNOWN))}; "
                f"missing are {missing}, unknown are {unknown}"
            )
        before = self.state_dict()
        try:
            self._put_back(state_dict)
        except BaseException:
            self._put_back(before)
            raise

    def _put_back(self, states: Mapping[str, object]) -> None:
        _set_python_state(states["python"])
        _set_numpy_state(states["numpy"])
        torch.set_rng_state(_bytes("torch", states["torch"]))
        of_devices = states["cuda"]
        if not _is_list(of_devices):
            raise StateDictError(mismatch(_WHERE, "'cuda'", "a list of tensors", of_devices))
        num_devices = torch.cuda.device_count() if of_devices else 0
        for device, state in enumerate(of_devices):
            checked = _bytes("cuda", state)
            if device < num_devices:
                torch.cuda.set_rng_state(checked, device)


@overload
def keep_random_state() -> AbstractContextManager[None]: ...
@overload
def keep_random_state(function: Callable[P, R], /) -> Callable[P, R]: ...
def keep_random_state(
    function: Callable[P, R] | None = None, /
) -> AbstractContextManager[None] | Callable[P, R]:
    """Leave the global random states as they were, whatever happens in between.

    It decorates a function, or stands in a ``with`` statement: ``with keep_random_state():``. The
    states are put back when the function raises, too.

    Args:
        function: The function to decorate; nothing for a ``with`` statement.

    Returns:
        The function, with its parameters and its result; or the context manager.

    Example:
        >>> @keep_random_state
        ... def noise(size: int) -> torch.Tensor:
        ...     return torch.rand(size)
        >>> noise(2).equal(noise(2))
        True
    """
    if function is None:
        return _kept()
    decorated = function

    @wraps(decorated)
    def keeping(*args: P.args, **kwargs: P.kwargs) -> R:
        with _kept():
            return decorated(*args, **kwargs)

    return keeping


@contextmanager
def _kept() -> Generator[None]:
    of_python, of_torch = random.getstate(), torch.get_rng_state()
    of_numpy = np.random.get_state() if _HAS_NUMPY else None
    of_cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []
    try:
        yield
    finally:
        random.setstate(of_python)
        torch.set_rng_state(of_torch)
        if of_numpy is not None:
            np.random.set_state(of_numpy)
        if of_cuda:
            torch.cuda.set_rng_state_all(of_cuda)


def _numpy_state() -> tuple[list[int], int, int, float] | None:
    if not _HAS_NUMPY:
        return None
    state = np.random.get_state(legacy=False)
    inner = state["state"]
    return (
        [int(number) for number in inner["key"]],
        int(inner["pos"]),
        int(state["has_gauss"]),
        float(state["gauss"]),
    )


def _set_numpy_state(state: object) -> None:
    if state is None or not _HAS_NUMPY:
        return
    try:
        numbers, position, has_gaussian, gaussian = _entries(state)
        np.random.set_state(
            {
                "bit_generator": "MT19937",
                "state": {"key": np.array(numbers, dtype=np.uint32), "pos": position},
                "has_gauss": has_gaussian,
                "gauss": gaussian,
            }
        )
    except (TypeError, ValueError, OverflowError, IndexError) as error:
        raise StateDictError(_refusal("numpy", state)) from error


def _set_python_state(state: object) -> None:
    try:
        version, numbers, gaussian = _entries(state)
        random.setstate((version, tuple(_entries(numbers)), gaussian))
    except (TypeError, ValueError, OverflowError, IndexError) as error:
        raise StateDictError(_refusal("python", state)) from error


def _bytes(name: str, state: object) -> Tensor:
    if not isinstance(state, Tensor) or state.dtype != torch.uint8:
        raise StateDictError(_refusal(name, state))
    return state.cpu()


def _refusal(name: str, state: object) -> str:
    return mismatch(_WHERE, repr(name), "what state_dict gave", state)


def _entries(value: object) -> list[object]:
    if isinstance(value, tuple):
        return [*value]
    if _is_list(value):
        return value
    raise TypeError(type(value).__name__)


def _is_list(value: object) -> TypeIs[list[object]]:
    return isinstance(value, list)
