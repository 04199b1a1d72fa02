"""How many figures of a number mean anything."""

from __future__ import annotations


def decimals(error: float) -> int:
    """Figures after the point that show a positive error's second figure, 0 to 9.

    The exponent is that of the rounded error: 0.000999 is shown as 0.0010.
    """
    return min(max(1 - int(f"{error:.1e}".split("e")[1]), 0), 9)
