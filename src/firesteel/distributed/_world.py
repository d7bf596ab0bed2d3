"""This process among those that train together."""

from torch import distributed

__all__ = ["get_rank", "get_world_size"]


def get_rank() -> int:
    """Give the rank of this process in the default group: 0 where it is alone.

    Nothing is sent, and nothing waits for another process.

    Example:
        >>> get_rank()
        0
    """
    return distributed.get_rank() if _has_group() else 0


def get_world_size() -> int:
    """Give how many processes the default group has: 1 where this one is alone.

    Nothing is sent, and nothing waits for another process.

    Example:
        >>> get_world_size()
        1
    """
    return distributed.get_world_size() if _has_group() else 1


def _has_group() -> bool:
    return distributed.is_available() and distributed.is_initialized()
