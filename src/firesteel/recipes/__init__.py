"""Training scripts of ten lines."""

from ._dry_run import DryRun, dry_run
from ._rehearse import first_batches, rehearse

__all__ = ["DryRun", "dry_run", "first_batches", "rehearse"]
