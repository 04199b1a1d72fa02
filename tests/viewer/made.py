"""A Motion with known numbers and layers to show it on; the fixture `made` loads this file."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Image, Layer

from napari_motionfft.motion.result import Landscape, Motion, Peak
from napari_motionfft.viewer.results import KEY
from napari_motionfft.viewer.source import Source, read_source

ROLES = {
    "trajectory", "position", "integrated image", "plain mean", "loss landscape", "landscape axes",
}  # fmt: skip


def turned(ndim: int, degrees: float = 25.0) -> np.ndarray:
    """Rotation of the last two of `ndim` axes."""
    whole = np.eye(ndim)
    a = np.radians(degrees)
    whole[-2:, -2:] = [[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]
    return whole


LAYERS: dict[str, dict[str, Any]] = {
    "plain": {},
    "scaled": {"scale": (5, 0.5, 0.25), "translate": (10, 100, -30), "units": ("s", "um", "um")},
    "rotated": {"scale": (1, 2, 2), "rotate": turned(3), "translate": (0, 5, 5)},
    "sheared": {"scale": (1, 2, 3), "rotate": turned(3), "shear": [0, 0, 0.4]},
    "lower shear": {"shear": [[1, 0, 0], [0, 1, 0], [0, 0.3, 1]]},
    "affine": {
        "affine": np.block([[turned(3, 70), np.array([[0], [3], [4]])], [np.array([0, 0, 0, 1])]])
    },
    "mirrored": {"scale": (1, -1, 1)},
}


def layer_of(name: str = "plain", shape: tuple[int, ...] = (6, 64, 96)) -> Image:
    data = np.random.default_rng(1).random(shape)
    return Image(data, name="cells", **LAYERS[name])


def source_of(layer: Image, **arguments: Any) -> Source:
    return read_source(layer, current_step=(0,) * layer.ndim, **arguments)


def by_role(made: list[Any], roles: set[str] = ROLES) -> dict[str, Layer]:
    """Layers, or tuples of them, by what they are; only those of some roles are made."""
    entries = [x.metadata if isinstance(x, Layer) else x[1]["metadata"] for x in made]
    return {
        entry[KEY]["role"]: x if isinstance(x, Layer) else Layer.create(*x)
        for x, entry in zip(made, entries, strict=True)
        if entry[KEY]["role"] in roles
    }


def world(layer: Layer, point: Any) -> np.ndarray:
    """World (y, x) of a data point, by napari's own map."""
    return np.asarray(layer.data_to_world(point))[-2:]


def motion_of(
    velocity: tuple[float, float] = (-2.0, 1.5),
    frames: int = 6,
    region: tuple[tuple[int, int], tuple[int, int]] = ((0, 64), (0, 96)),
    limits: tuple[float, float] = (6.0, 6.0),
    covariance: Any = ((4e-4, 1e-4), (1e-4, 1e-4)),
    reliable: bool = True,
) -> Motion:
    """Constant velocity; the landscape is a Gaussian hill of height 40 at it."""
    v = np.asarray(velocity, dtype=float)
    times = np.arange(frames)[:, None]
    vy, vx = (
        np.linspace(-limit, limit, 2 * n + 1) for limit, n in zip(limits, (20, 30), strict=True)
    )
    hill = np.exp(-((vy[:, None] - v[0]) ** 2) - (vx[None] - v[1]) ** 2)
    (y0, y1), (x0, x1) = region
    image = np.random.default_rng(0).random((y1 - y0, x1 - x0)).astype(np.float32)
    error = np.sqrt(np.diag(np.asarray(covariance, dtype=float)))
    return Motion(
        displacements=times * v,
        displacement_stderr=times * error,
        velocity=v,
        velocity_stderr=error,
        velocity_covariance=np.asarray(covariance, dtype=float),
        score=40.0,
        reliable=reliable,
        reason="" if reliable else "low score",
        split_half=np.zeros(2),
        bias=np.zeros(2),
        integrated=image,
        plain_mean=image[::-1].copy(),
        coverage=np.full(image.shape, frames, np.int32),
        landscape=Landscape((40 * hill).astype(np.float32), vy, vx, [Peak(*velocity, 40.0)]),
        region=region,
        settings={"model": "velocity", "seconds": 0.1},
        device="CPU",
    )
