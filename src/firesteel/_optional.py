"""Import an optional package when it is used, or say how to install it."""

import importlib
from types import ModuleType

from firesteel.errors import MissingExtraError

__all__ = ["load"]


def load(where: str, module: str, *, extra: str) -> ModuleType:
    """Import a module of an optional package.

    Args:
        where: Who needs it, for the error.
        module: The module's full name.
        extra: The extra of firesteel that installs the package.

    Raises:
        MissingExtraError: The package is not installed.
    """
    package = module.partition(".")[0]
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != package:
            raise
        raise MissingExtraError(
            f"{where}: needs the package {package!r}; pip install 'firesteel[{extra}]'",
            name=error.name,
        ) from error
