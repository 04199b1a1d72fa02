"""Where a layer lies in the world, so that results lie right on it or beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.viewer.errors import SourceError

Array = NDArray[np.float64]


def world_map(layer: Any) -> tuple[Array, Array]:
    """Linear part (2, 2) and translation (2,) of the last two axes: data px → world (y, x).

    Raises
    ------
    SourceError
        A transform mixes the last two axes with others: then no plane of the data is a plane of
        the world.
    """
    ndim = int(layer.ndim)
    origin = np.asarray(layer.data_to_world(np.zeros(ndim)), dtype=np.float64)
    columns = [np.asarray(layer.data_to_world(unit)) - origin for unit in np.eye(ndim)]
    linear = np.stack(columns, axis=1)  # (ndim, ndim)
    mixed = max(np.abs(linear[:-2, -2:]).max(initial=0), np.abs(linear[-2:, :-2]).max(initial=0))
    if mixed > 1e-8 * np.abs(linear).max():
        raise SourceError(
            f"{layer.name!r} is rotated or sheared out of its last two axes; "
            "only transforms within the image plane can be used."
        )
    return linear[-2:, -2:], origin[-2:]


def layer_arguments(layer: Any) -> dict[str, Any]:
    """Arguments (scale, translate, rotate, …) that place another layer just as this one."""
    return {
        "scale": np.array(layer.scale, dtype=np.float64),
        "translate": np.array(layer.translate, dtype=np.float64),
        "rotate": np.array(layer.rotate, dtype=np.float64),
        "shear": np.array(layer.shear, dtype=np.float64),
        "affine": np.array(layer.affine.affine_matrix, dtype=np.float64),
        "units": tuple(layer.units),
        "axis_labels": tuple(layer.axis_labels),
    }


def last_axes(layer: Any, keep: int) -> dict[str, Any]:
    """Arguments that place a layer of fewer axes as a layer's last `keep` ones."""
    return keep_last(layer_arguments(layer), keep)


def keep_last(arguments: dict[str, Any], keep: int) -> dict[str, Any]:
    """Those of `layer_arguments` for the last `keep` axes."""
    shear = arguments["shear"]
    triangle = keep * (keep - 1) // 2  # napari's vector: upper triangle, the last rows last
    return {
        "scale": arguments["scale"][-keep:],
        "translate": arguments["translate"][-keep:],
        "rotate": arguments["rotate"][-keep:, -keep:],
        "shear": shear[len(shear) - triangle :] if shear.ndim == 1 else shear[-keep:, -keep:],
        "affine": arguments["affine"][-keep - 1 :, -keep - 1 :],
        "units": arguments["units"][-keep:],
        "axis_labels": arguments["axis_labels"][-keep:],
    }


@dataclass(frozen=True, eq=False)
class Placement:
    """How the pixels of a stack lie in the world of its layer.

    Attributes
    ----------
    shape
        (Y, X) px of the layer's level 0.
    factor
        (y, x) px of level 0 to one px of the stack: 1 but for lower levels of a multiscale layer.
    time_axis, others
        Axis of the layer that is time; index of every axis where the stack was taken.
    plane, full
        Layer arguments of the last two, and of all axes.
    """

    shape: tuple[int, int]
    factor: tuple[float, float]
    time_axis: int
    others: tuple[int, ...]
    plane: dict[str, Any]
    full: dict[str, Any]

    @classmethod
    def of(
        cls, layer: Any, time_axis: int, others: Sequence[int], level_shape: tuple[int, int]
    ) -> Placement:
        """Read a layer's transforms; `level_shape` is (Y, X) of the level in use."""
        shape = frame_shape(layer)
        factor = (shape[0] / level_shape[0], shape[1] / level_shape[1])
        full = layer_arguments(layer)
        return cls(
            shape=shape,
            factor=factor,
            time_axis=time_axis,
            others=tuple(others),
            plane=keep_last(full, 2),
            full=full,
        )

    def to_layer(self, points: Any) -> Array:
        """(…, 2) px of the stack → px of level 0: levels share their outer edges, not centres."""
        factor = np.asarray(self.factor)
        return np.asarray((np.asarray(points, dtype=np.float64) + 0.5) * factor - 0.5)

    def image(
        self, offset: Sequence[float] | Array = (0, 0), pixel: Sequence[float] | Array = (1, 1)
    ) -> dict[str, Any]:
        """Arguments of a 2-D layer whose data (i, j) lies at px `offset + pixel·(i, j)`."""
        return moved(self.plane, offset, pixel)

    def crop(self, corner: Sequence[int], offset: Sequence[float] = (0, 0)) -> dict[str, Any]:
        """Arguments of a crop of the stack from pixel `corner`, moved by `offset` level 0 px."""
        return self.image(self.to_layer(corner) + np.asarray(offset, float), self.factor)

    @property
    def linear(self) -> Array:
        """(2, 2) steps in the world (rows y, x) of a step along y, x in px of level 0."""
        return np.asarray(self.plane["affine"][:2, :2] @ linear_part(self.plane))

    @property
    def stretch(self) -> float:
        """Px along x that are as long in the world as one along y."""
        y, x = np.linalg.norm(self.linear, axis=0)
        return float(y / x)

    def from_axis(self, first: int) -> dict[str, Any]:
        """Arguments of a layer that has the source's axes `first`…last."""
        return keep_last(self.full, len(self.full["scale"]) - first)


def moved(
    arguments: dict[str, Any], offset: Sequence[float] | Array, pixel: Sequence[float] | Array
) -> dict[str, Any]:
    """Layer arguments under which data i lies where `offset + pixel·i` lay.

    The step is pushed through the linear part only, so rotation, shear and affine stay the
    layer's own.
    """
    step = linear_part(arguments) @ np.asarray(offset, dtype=np.float64)
    return {
        **arguments,
        "translate": arguments["translate"] + step,
        "scale": arguments["scale"] * np.asarray(pixel, dtype=np.float64),
    }


def linear_part(arguments: dict[str, Any]) -> Array:
    """napari's rotate · shear · scale as one matrix."""
    shear = shear_matrix(arguments["shear"])
    return np.asarray(arguments["rotate"] @ shear @ np.diag(arguments["scale"]))


def shear_matrix(shear: Any) -> Array:
    """napari's shear, the upper triangle row by row or a whole matrix, as a matrix (n, n)."""
    values: Array = np.asarray(shear, dtype=np.float64)
    if values.ndim == 2:
        return values
    matrix = np.eye(round((1 + (1 + 8 * len(values)) ** 0.5) / 2))
    matrix[np.triu_indices(len(matrix), 1)] = values
    return matrix


def frame_shape(layer: Any) -> tuple[int, int]:
    """(Y, X) px of an image layer's level 0."""
    data = layer.data[0] if getattr(layer, "multiscale", False) else layer.data
    ndim = int(layer.ndim)
    return int(data.shape[ndim - 2]), int(data.shape[ndim - 1])
