"""What a layer cannot give, in words for the user."""

from __future__ import annotations


class SourceError(ValueError):
    """The chosen layers cannot be used; the message says why and what to do."""
