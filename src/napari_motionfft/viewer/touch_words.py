"""What is said of a touched landscape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_motionfft.viewer.placement import Array
from napari_motionfft.viewer.touch_run import Touchable
from napari_motionfft.viewer.units import timing
from napari_motionfft.viewer.wording import measured, signed

if TYPE_CHECKING:
    from napari_motionfft.motion.touching.touched import Refined

START = "Touch the landscape"
TOUCH = (
    "Add a marker to the landscape: drag it, press anywhere on the landscape or type a velocity, "
    "and see the stack averaged along that velocity, with the landscape's exact height there. "
    "A double click goes to the top of the peak that is near."
)
STOP = (
    "Take the marker and its picture away. To drag the marker after another layer was chosen, "
    "choose touched velocity in the layer list."
)
CANCEL = "Stop getting ready; the viewer stays as it was."
REFINE = "Go to the top of the peak near the marker, and measure its velocity on the frames."
RESET = "Back to the velocity that was estimated."
WINDOW = (
    "Frames of a window around the time slider, whose landscape and picture are shown as the "
    "slider moves. all: no windows."
)
GONE = "The result layers of this run were removed."


def physical(of: Touchable) -> tuple[Array, str] | None:
    """(2,) µm/s to 1 px/frame and their unit, where pixel size and time are known."""
    interval, time_unit = timing(of.source, *of.run.timing)
    if of.source.unit is None or not interval:
        return None
    return np.asarray(of.source.pixel_size) / interval, f"{of.source.unit}/{time_unit}"


def velocity(of: Touchable, at: Array) -> list[str]:
    """ "y −2.55, x 2.10 px/frame", and the same in µm/s."""
    y, x = (signed(float(v), of.digits) for v in at)
    lines = [f"y {y}, x {x} px/frame"]
    if (known := physical(of)) is not None:
        y, x = (f"{v:.4g}".replace("-", "−") for v in np.asarray(at) * known[0])
        lines.append(f"y {y}, x {x} {known[1]}")
    return lines


def refined(of: Touchable, found: Refined) -> list[str]:
    """ "Peak y −2.553 ± 0.021 px/frame" and x, and the same in µm/s."""
    lines = []
    for step, unit in filter(None, ((np.ones(2), "px/frame"), physical(of))):
        pairs = zip("yx", found.velocity * step, found.stderr * step, strict=True)
        lines += [f"Peak {axis} {measured(float(v), float(e))} {unit}" for axis, v, e in pairs]
    return lines


def score(value: float) -> str:
    """The exact height under the marker."""
    return f"{signed(value, 1)} σ above the landscape's noise"
