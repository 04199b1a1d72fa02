"""A Shapes layer over an image, ready to draw the region in."""

from __future__ import annotations

from typing import Any

from napari_motionfft.viewer.placement import last_axes


def draw_region(viewer: Any, layer: Any) -> Any:
    """Add a Shapes layer that fits an image, with the rectangle tool on; returns it."""
    region = viewer.add_shapes(
        ndim=2,
        name="region",
        edge_color="#ffd400",
        face_color="transparent",
        edge_width=max(layer.extent.data[1, -2:].max() / 250, 1),
        **last_axes(layer, 2),
    )
    viewer.layers.selection.active = region
    region.mode = "add_rectangle"
    # the viewer hands out a proxy of the layer; menus hold the layer
    return next(x for x in viewer.layers if x.name == region.name)
