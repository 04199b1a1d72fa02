"""Numbers in words: each to the place of its error, with a true minus sign."""

from __future__ import annotations

import math

from napari_motionfft.motion.wording import decimals


def measured(value: float, error: float) -> str:
    """ "−2.553 ± 0.021": the error to two digits, the value to the same place."""
    if not math.isfinite(value):
        return "unknown"
    if not (math.isfinite(error) and error > 0):
        return f"{signed(value, 4)} ± unknown"
    digits = decimals(error)
    return f"{signed(value, digits)} ± {error:.{digits}f}"


def signed(value: float, digits: int) -> str:
    """A number with a true minus sign, and none on zero."""
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        return text.lstrip("-")
    return text.replace("-", "−")
