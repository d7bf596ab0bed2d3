"""Checkpoints of earlier versions of a program, brought to the present one."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias, final

from firesteel._require import at_least, is_a, is_callable, whole_number
from firesteel.errors import ArgumentError, CheckpointVersionError

__all__ = ["Migration", "Migrations", "migrate"]

Migration: TypeAlias = Callable[[dict[str, object]], dict[str, object]]
"""Takes the contents of a checkpoint, and gives them as the next version has them."""


@final
class Migrations:
    """The version of what a program saves, and how to get there from earlier ones.

    A program that changes what it saves counts its version up, and adds the step that leads from
    the version before. Checkpoints that were saved without a version are of version 0. This is
    the user's version; the version of the file format is another matter, and firesteel's own.

    Args:
        version: The present version, ``>= 0``.
        steps: For each version from which a checkpoint can be brought on by one, the function that
            does so. All versions from the lowest up to the one before ``version`` are needed.

    Raises:
        ArgumentError: A step is missing between two others, or leads from a version that is none.

    Example:
        >>> def rename(checkpoint: dict[str, object]) -> dict[str, object]:
        ...     return {"model": checkpoint["net"]}
        >>> migrations = Migrations(version=1, steps={0: rename})
        >>> migrations.apply({"net": {}}, version=0)
        {'model': {}}
    """

    def __init__(self, *, version: int, steps: Mapping[int, Migration]) -> None:
        self._version = at_least("Migrations", "version", version, 0)
        is_a("Migrations", "steps", steps, Mapping, "a mapping of versions to functions")
        for known, step in steps.items():
            whole_number("Migrations", "a version in steps", known)
            is_callable("Migrations", f"steps[{known}]", step)
        expected = range(min(steps, default=version), version)
        if sorted(steps) != list(expected) or min(steps, default=0) < 0:
            raise ArgumentError(
                f"Migrations: steps must lead from each version to the next, up to version "
                f"{version}, without a gap, got steps from {sorted(steps)}"
            )
        self._steps = MappingProxyType(dict(steps))

    @property
    def version(self) -> int:
        """Give the present version."""
        return self._version

    def apply(self, checkpoint: dict[str, object], *, version: int) -> dict[str, object]:
        """Bring a checkpoint to the present version.

        Args:
            checkpoint: Its contents.
            version: The version that it is of.

        Returns:
            The contents as the present version has them.

        Raises:
            CheckpointVersionError: No steps lead from ``version`` to the present one.
        """
        return migrate("Migrations", checkpoint, version=version, migrations=self)

    def step(self, version: int) -> Migration | None:
        """Give the step that leads on from a version, if there is one.

        Args:
            version: The version.
        """
        return self._steps.get(version)


def migrate(
    where: str, checkpoint: dict[str, object], *, version: int, migrations: Migrations | None
) -> dict[str, object]:
    """Bring a checkpoint to the version that a program knows.

    Args:
        where: Who reads what, for the error.
        checkpoint: Its contents.
        version: The version that it is of.
        migrations: What the program knows; version 0 only, where it says nothing.

    Raises:
        CheckpointVersionError: No steps lead from ``version`` to the present one.
    """
    present = 0 if migrations is None else migrations.version
    if version > present:
        raise CheckpointVersionError(
            f"{where} is of version {version}, and this program knows up to {present}; read it "
            "with the program that wrote it, or hand over migrations= of that version"
        )
    for known in range(version, present):
        step = None if migrations is None else migrations.step(known)
        if step is None:
            raise CheckpointVersionError(
                f"{where} is of version {version}, and no step leads from {known} to {known + 1}; "
                f"add one to Migrations(steps={{{known}: ...}})"
            )
        try:
            checkpoint = step(checkpoint)
        except Exception as error:
            error.add_note(f"{where}: raised while going from version {known} to {known + 1}")
            raise
        is_a(where, f"the result of the step from version {known}", checkpoint, dict, "a dict")
    return checkpoint
