"""Two motions that cross, or one in front of the other, as a separation gives them back."""

from __future__ import annotations

from typing import Any

import numpy as np
from tests.viewer.made import layer_of, motion_of, source_of

from napari_motionfft.motion.result import Landscape, Motion
from napari_motionfft.motion.several.result import Motions
from napari_motionfft.viewer.asked import Asked
from napari_motionfft.viewer.motions_run import MotionsRun, asked_run
from napari_motionfft.viewer.settings import Preferences

VELOCITIES = ((-2.0, 1.5), (1.0, -0.5), (0.5, 3.0))
REGION = ((0, 64), (0, 96))


def crossing(
    count: int = 2,
    *,
    kind: str = "additive",
    background: bool = False,
    frames: int = 6,
    region: Any = REGION,
    **about: Any,
) -> Motions:
    """Motions of one landscape; images of noise, each another."""
    each = [motion_of(velocity, frames, region) for velocity in VELOCITIES[:count]]
    values = np.sum([m.landscape.values for m in each], axis=0) if each else np.zeros((1, 1))
    found: list[Motion] = []
    for index, motion in enumerate(each):
        land = motion.landscape
        peaks = [m.landscape.peaks[0] for m in each]
        changed = {
            "landscape": Landscape(values, land.vy, land.vx, peaks),
            "integrated": np.roll(motion.integrated, 7 * index, 1) + index,
        }
        found.append(Motion(**{**vars(motion), **changed, "score": 40.0 - 10 * index}))
    (y0, y1), (x0, x1) = region
    given: dict[str, Any] = {
        "shares": [0.4, 0.3, 0.1][:count],
        "residual_energy": 0.2,
        "kind": kind,
        "stopped": "The next peak is no higher than noise makes it once in 100 stacks.",
    }
    if background:
        rng = np.random.default_rng(2)
        given["background"] = rng.random((y1 - y0, x1 - x0)).astype(np.float32)
        given["background_share"] = 0.07
    if kind == "occluding":
        given["masks"] = np.zeros((frames, y1 - y0, x1 - x0), np.float32)
        given["masks"][:, 10:30, 20:50] = 1
        given["front"] = 1
    return Motions(found, **{**given, **about})


def asked_of(layer: Any, **other: Any) -> Asked:
    """What the form would say of a layer of six frames."""
    given: dict[str, Any] = {
        "layer": layer,
        "region_layer": None,
        "frames": (0, 6),
        "time_axis": 0,
        "level": 0,
        "interval": None,
        "time_unit": None,
        "preferences": Preferences(),
    }
    return Asked(**{**given, **other})


def separated(motions: Motions | None = None, layer: Any = None, **asked: Any) -> MotionsRun:
    """A run that is over."""
    layer = layer_of() if layer is None else layer
    run = asked_run(asked_of(layer, **asked), source_of(layer), "auto", "additive")
    return run.with_result(crossing() if motions is None else motions)
