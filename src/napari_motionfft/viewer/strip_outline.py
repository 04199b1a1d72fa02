"""The width of strips, drawn on the image while they are drawn."""

from __future__ import annotations

from typing import Any
from weakref import ref

import numpy as np

from napari_motionfft.motion.strips.paths import Strip, arc_lengths, points_along, tangents
from napari_motionfft.viewer.canvas import guard_removal
from napari_motionfft.viewer.errors import SourceError
from napari_motionfft.viewer.placement import Array, frame_shape, last_axes, moved
from napari_motionfft.viewer.result_layers import KEY, unique_names
from napari_motionfft.viewer.results import kept, tagged
from napari_motionfft.viewer.source import level_data
from napari_motionfft.viewer.strip_shapes import strip_of

WIDTH = "strip width"
"""Role of the layer."""

PLACED = ("scale", "translate", "rotate", "shear", "affine", "units")
"""Events of a layer that has moved."""

EVERY = 4.0
"""px at most from corner to corner where the path bends."""


def outline_of(strip: Strip) -> Array:
    """(n, 2) closed path around the pixels that a strip is averaged over, in px.

    It ends half a pixel beyond the first and last samples, and its sides turn as the samples do.
    """
    if len(strip.path) == 2:
        along = np.asarray([0.0, strip.length])
    else:
        corners = arc_lengths(strip)
        near = corners[:, None] + strip.width / 2 * np.asarray([-1.0, 0.0, 1.0])
        even = np.linspace(0, strip.length, int(np.ceil(strip.length / EVERY)) + 1)
        along = np.unique(np.clip(np.concatenate([near.ravel(), even]), 0, strip.length))
    towards = tangents(strip, along)  # (n, 2)
    normal = np.stack([towards[:, 1], -towards[:, 0]], axis=1) * strip.width / 2
    middle = points_along(strip, along)
    middle[0] -= 0.5 * towards[0]
    middle[-1] += 0.5 * towards[-1]
    ring = np.concatenate([middle + normal, (middle - normal)[::-1]])
    return np.concatenate([ring, ring[:1]])


def show_width(
    viewer: Any, shapes_layer: Any, image_layer: Any, width: float, level: int = 0
) -> Any:
    """Draw how wide the strips of a Shapes layer are, now and whenever they change.

    There is one such layer in a viewer; called again it shows what was asked last. It goes with
    either of the two layers, by `hide_width`, and with the results.

    Parameters
    ----------
    viewer
        napari Viewer or ViewerModel; main thread only.
    shapes_layer, image_layer
        As for `read_strips`. What makes no strip is left out.
    width
        px of the level across lines and paths.
    level
        Of a multiscale image.

    Returns
    -------
    napari.layers.Shapes
        The layer.
    """
    from napari.layers import Shapes

    # plugins are given proxies
    shapes_layer, image_layer = (getattr(x, "__wrapped__", x) for x in (shapes_layer, image_layer))
    for layer in shown(viewer):
        old: WidthOutline = layer.metadata[KEY]["outline"]
        if old.shapes is shapes_layer and old.image is image_layer and old.level == level:
            old.width = width
            old.draw()
            return layer
    hide_width(viewer)
    name = unique_names([WIDTH], [layer.name for layer in viewer.layers])[WIDTH]
    layer = Shapes(ndim=2, name=name, opacity=0.7, blending="translucent_no_depth")
    outline = WidthOutline(viewer, layer, shapes_layer, image_layer, width, level)
    layer.metadata[KEY] = {
        "name": name,
        "run": WIDTH,
        "role": WIDTH,
        "source": image_layer.name,
        "bottom": 0.0,
        "outline": outline,
    }
    outline.draw()
    guard_removal(viewer)
    with kept(viewer):
        viewer.layers.append(layer)
    return layer


def hide_width(viewer: Any) -> None:
    """Remove what `show_width` has added."""
    with kept(viewer):
        for layer in shown(viewer):
            viewer.layers.remove(layer)


def shown(viewer: Any) -> list[Any]:
    """The layer of `show_width`, if any."""
    return [x for x in tagged(viewer, WIDTH) if "outline" in x.metadata[KEY]]


class WidthOutline:
    """Keeps a layer of outlines in step with the shapes that they are of.

    The layer's metadata holds it, so it lives as long; it holds no viewer.
    """

    def __init__(
        self, viewer: Any, layer: Any, shapes: Any, image: Any, width: float, level: int
    ) -> None:
        self.shapes, self.image, self.width, self.level = shapes, image, width, level
        self._layer = ref(layer)
        self._layers = ref(getattr(viewer.layers, "__wrapped__", viewer.layers))
        self._sources = [shapes.events.set_data]
        self._sources += [getattr(x.events, name) for x in (shapes, image) for name in PLACED]
        for source in self._sources:
            source.connect(self.draw)
        viewer.layers.events.removed.connect(self._removed)

    def draw(self, event: Any = None) -> None:
        """Draw anew."""
        layer = self._layer()
        if layer is None:
            return
        full = frame_shape(self.image)
        data, ndim = level_data(self.image, self.level), int(self.image.ndim)
        shape = (int(data.shape[ndim - 2]), int(data.shape[ndim - 1]))
        factor = np.asarray(full) / np.asarray(shape)
        rings = []
        for index in range(len(self.shapes.data)):
            try:
                strip, _ = strip_of(self.shapes, self.image, index, shape=shape, width=self.width)
            except SourceError:
                continue
            rings.append(outline_of(strip))
        place = moved(last_axes(self.image, 2), (factor - 1) / 2, factor)
        for name in (*PLACED, "axis_labels"):
            setattr(layer, name, place[name])
        layer.data = [(ring, "path") for ring in rings]
        if rings:
            layer.edge_color = "white"
            layer.edge_width = float(max(shape)) / 300

    def _removed(self, event: Any) -> None:
        """Stop with one of the three layers; the outlines go with either of the others."""
        layer, layers = self._layer(), self._layers()
        if event.value not in (self.shapes, self.image, layer):
            return
        for source in self._sources:
            source.disconnect(self.draw)
        if layers is not None:
            layers.events.removed.disconnect(self._removed)
            if layer is not None and layer in layers:
                layers.remove(layer)
