"""Checkpoints: what is saved, where, and which of them are kept."""

from ._saving import BaseSaveHandler, CheckpointMetadata

__all__ = ["BaseSaveHandler", "CheckpointMetadata"]
