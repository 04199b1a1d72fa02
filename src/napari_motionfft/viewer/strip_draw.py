"""A layer to draw strips in, and the width of what is drawn, shown on the image."""

from __future__ import annotations

from typing import Any

from napari_motionfft.viewer.placement import last_axes

DRAWN = "napari-motionfft strips"
"""Entry in the metadata of layers that were made to draw in: the user's own once there."""


def drawing_layer(viewer: Any, image: Any, chosen: Any = None) -> Any:
    """A Shapes layer that fits an image, selected and ready to draw a line in.

    Parameters
    ----------
    viewer
        napari Viewer or ViewerModel.
    image
        The image layer.
    chosen
        A Shapes layer to go on in, if it was made here for such an image; otherwise there will
        be a new one.

    Returns
    -------
    napari.layers.Shapes
    """
    if chosen is not None and chosen.metadata.get(DRAWN) == str(image.name):
        layer = chosen
    else:
        added = viewer.add_shapes(
            ndim=2,
            name="strips",
            edge_color="#ffd400",
            face_color="transparent",
            edge_width=max(float(max(image_shape(image))) / 250, 1.0),
            metadata={DRAWN: str(image.name)},
            **last_axes(image, 2),
        )
        # the viewer hands out a proxy of the layer; menus hold the layer
        layer = next(x for x in viewer.layers if x.name == added.name)
    viewer.layers.selection.active = layer
    layer.mode = "add_line"
    return layer


def image_shape(image: Any) -> tuple[int, int]:
    """(Y, X) px of an image layer's finest level."""
    shape = (image.data[0] if image.multiscale else image.data).shape[: image.ndim]
    return int(shape[-2]), int(shape[-1])
