"""Why a window is not reliable, in a word or two; the whole reason is told beside it."""

from __future__ import annotations

WORDS = (
    ("Only noise is seen", "noise"),
    ("The pattern stands still", "still"),
    ("No pattern returns", "aliased or changing"),
    ("leaves the strip", "strip too short"),
    ("not told from a still pattern", "too slow"),
    ("standard error", "too uncertain"),
    ("edge of the search range", "edge of range"),
    ("not determined", "not determined"),
)
"""What a reason says, and how a table says it."""

NO = "no"
"""Where no reason is given."""


def in_short(reason: str) -> str:
    """ "noise", "edge of range", …; of a reason that is not known here the first sentence."""
    for told, word in WORDS:
        if told in reason:
            return word
    return reason.split(". ")[0].rstrip(".") or NO
