"""What pickles ask for, told from their instructions, without following any of them."""

import pickle
import pickletools
from collections.abc import Iterator
from typing import BinaryIO

import torch

__all__ = ["globals_of_pickles", "globals_refused_by_torch"]


def globals_refused_by_torch(file: BinaryIO) -> list[str]:
    """Give what the pickle of a checkpoint asks for and torch's safe loader does not know.

    Args:
        file: An archive that ``torch.save`` wrote, open for reading.
    """
    file.seek(0)
    try:
        return sorted(torch.serialization.get_unsafe_globals_in_checkpoint(file))
    except (pickle.UnpicklingError, RuntimeError, ValueError, LookupError, TypeError) as error:
        return [f"instructions that torch's safe loader does not know ({error})"]


def globals_of_pickles(file: BinaryIO) -> Iterator[str]:
    """Give the functions and classes that the pickles in a file ask for."""
    try:
        while True:
            texts: list[str] = []
            for code, argument, _ in pickletools.genops(file):
                if code.name == "GLOBAL":
                    yield str(argument).replace(" ", ".")
                elif code.name == "STACK_GLOBAL":
                    yield ".".join(texts[-2:])
                elif isinstance(argument, str):
                    texts.append(argument)
    except (ValueError, IndexError, KeyError):  # the end of the last one, or what is no pickle
        return
