"""The viewer's time slider as a frame of a run, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_motionfft.viewer.source import slider_position
from napari_motionfft.viewer.units import factors


class TimeLink:
    """Reads and moves the slider that goes through a movie's frames.

    Parameters
    ----------
    viewer
        napari Viewer or ViewerModel.
    layer
        The movie, an image layer of that viewer.
    time_axis
        Axis of the layer that is time.
    first_frame, frames
        The run's frame 0 in the layer, and how many the run has.
    """

    def __init__(
        self, viewer: Any, layer: Any, time_axis: int, first_frame: int, frames: int
    ) -> None:
        self._viewer, self._layer = viewer, layer
        self._axis, self._first, self._frames = time_axis, first_frame, frames

    @property
    def there(self) -> bool:
        """The movie is still in the viewer."""
        return self._layer in self._viewer.layers

    def frame(self) -> int | None:
        """Frame of the run where the slider stands; None outside the run."""
        if not self.there:
            return None
        frame = slider_position(self._viewer.dims, self._layer)[self._axis] - self._first
        return frame if 0 <= frame < self._frames else None

    def go_to(self, frame: float) -> None:
        """Move the slider to the frame of the run that is nearest."""
        if not self.there:
            return
        dims, layer = self._viewer.dims, self._layer
        index = list(slider_position(dims, layer))
        index[self._axis] = self._first + min(max(round(frame), 0), self._frames - 1)
        axis = dims.ndim - layer.ndim + self._axis
        world = float(np.asarray(layer.data_to_world(index))[self._axis])
        if dims.units is not None and len(dims.units) >= layer.ndim:
            world *= factors([layer.units[self._axis]], [dims.units[axis]])[0]
        if dims.point[axis] != world:
            dims.set_point(axis, world)
