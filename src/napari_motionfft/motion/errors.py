"""Errors that the science raises beside ValueError and TypeError."""

from __future__ import annotations


class Cancelled(Exception):
    """The caller set its cancel event; nothing was changed."""


class MotionError(Exception):
    """A computation failed. Not a RuntimeError: napari's workers swallow those."""
