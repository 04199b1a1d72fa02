"""Apply motion to layer…: the motion of one layer taken out of another, or put in."""

from __future__ import annotations

from typing import Any

from magicgui.widgets import LineEdit

from napari_motionfft.viewer.compensate import Options
from napari_motionfft.viewer.move_layer import Work, check, is_picture, movable, moving
from napari_motionfft.viewer.results import is_result
from napari_motionfft.viewer.runs import Kept
from napari_motionfft.viewer.widgets.on_motion import OnMotion
from napari_motionfft.viewer.widgets.parts import choose_active, described, menu, show_row, tick

INTERPOLATIONS = {
    "Fourier (exact)": "fourier",
    "Bicubic": "bicubic",
    "Linear": "linear",
    "Nearest (no new values)": "nearest",
}
LAYER = "Image, labels, points, shapes or tracks with the frames of the motion. It stays as it is."
HOW = "What lies between pixels. Labels are always moved by whole pixels."
FILL = "Value where the field does not reach; nan for images of floats."
INVERSE = "The other way round: what stands still moves as the motion says."
NOW = "All frames are computed now, and kept in memory. Otherwise each when it is shown."


class ApplyMotion(OnMotion):
    """Adds "<layer> (motion-compensated)", or "<layer> (with motion)"."""

    def __init__(self, napari_viewer: Any) -> None:
        layer = menu("layer", "Layer", lambda _: self._layers(napari_viewer), LAYER)
        choose_active(layer, napari_viewer)
        choices = list(INTERPOLATIONS.items())
        self.interpolation = menu("interpolation", "Interpolation", choices, HOW)
        self.fill = described(LineEdit(name="fill", label="Fill value", value="0"), FILL)
        self.inverse = tick("inverse", "Put the motion back in (inverse)", INVERSE)
        self.now = tick("now", "Compute all frames now", NOW)
        super().__init__(
            napari_viewer,
            name="apply_motion",
            stage="Apply the motion",
            tooltip="Add a layer with the motion taken out, or put in. The chosen one stays.",
            layer=layer,
            more=[self.interpolation, self.fill, self.inverse, self.now],
        )

    @property
    def options(self) -> Options:
        """What the fields say.

        Raises
        ------
        ValueError
            The fill value is no number.
        """
        try:
            fill = float(self.fill.value)
        except ValueError:
            raise ValueError(f"The fill value must be a number, not {self.fill.value!r}.") from None
        return Options(
            interpolation=self.interpolation.value,
            fill=fill,
            inverse=self.inverse.value,
            lazy=not self.now.value,
        )

    def _layers(self, viewer: Any) -> list[tuple[str, Any]]:
        return [(x.name, x) for x in movable(viewer) if not is_result(x)]

    def _needs_place(self) -> bool:
        return self.layer.value is not None and not is_picture(self.layer.value)

    def _check(self, layer: Any, kept: Kept) -> None:
        if is_picture(layer):
            _ = self.options
        check(layer, kept)

    def _prepare(self, layer: Any, kept: Kept) -> Work:
        options = self.options if is_picture(layer) else Options(inverse=self.inverse.value)
        return moving(layer, kept, options)

    def _refresh(self, *_: Any) -> None:
        from napari.layers import Image

        layer = self.layer.value
        picture = layer is None or is_picture(layer)
        show_row(self.fields, self.interpolation, layer is None or isinstance(layer, Image))
        for field in (self.fill, self.now):
            show_row(self.fields, field, picture)
        super()._refresh()
