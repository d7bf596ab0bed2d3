"""One process or many: who this one is among them."""

from ._world import get_rank, get_world_size

__all__ = ["get_rank", "get_world_size"]
