"""A landscape that is being touched: marker, picture, and the window at the time slider; no Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_motionfft.motion.result import Landscape
from napari_motionfft.viewer.errors import SourceError
from napari_motionfft.viewer.placement import Array
from napari_motionfft.viewer.result_layers import KEY
from napari_motionfft.viewer.results import is_result
from napari_motionfft.viewer.results import kept as as_it_was
from napari_motionfft.viewer.time_link import TimeLink
from napari_motionfft.viewer.touch_layers import (
    Picture,
    add_marker,
    add_picture,
    edges_of,
    layer_of,
    show_label,
    show_landscape,
    show_picture,
)
from napari_motionfft.viewer.touch_run import NO_LANDSCAPE, Touchable
from napari_motionfft.viewer.wording import signed

if TYPE_CHECKING:
    from napari_motionfft.motion.touching.touched import Touch


def nothing(*_: Any) -> None:
    """Nobody listens."""


class TouchSession:
    """Follows the marker on a landscape; main thread only.

    The user's layers and sliders stay as they are. Its own layers count to the results of the run.

    Parameters
    ----------
    viewer
        napari Viewer or ViewerModel.
    of
        Whose landscape.
    touch
        As `touch_run.prepare` gives it.
    link
        To the time slider; None where there is none.

    Attributes
    ----------
    velocity
        (2,) px/frame: where the marker is, within the search range.
    touch
        Of the window at the time slider; without windows that of all frames.
    marker, picture, landscape
        The layers.
    on_moved, on_window, on_refine, on_lost
        Called when the marker has moved or the window is another one, when a velocity is to be
        refined (with it), and when one of the layers has gone: then `end` is to be called, but not
        within the event that told, as others may be removing layers.
    """

    def __init__(self, viewer: Any, of: Touchable, touch: Touch, link: TimeLink | None) -> None:
        self._viewer, self._all, self._link = viewer, touch, link
        self._busy = self._over = False
        self.of, self.touch = of, touch
        self.velocity = of.peak
        self.marker: Any = None
        self.picture: Any = None
        self.landscape: Any = None
        self.on_moved: Callable[[], None] = nothing
        self.on_window: Callable[[], None] = nothing
        self.on_refine: Callable[[Array], None] = nothing
        self.on_lost: Callable[[], None] = nothing
        self.touch = self.at_slider()

    def begin(self, picture: Picture) -> None:
        """Add the layers.

        Raises
        ------
        SourceError
            The landscape is no longer there.
        """
        run = self.of.run.run_id
        self.landscape = layer_of(self._viewer, run, "loss landscape")
        if self.landscape is None:
            raise SourceError(NO_LANDSCAPE)
        self._before = as_shown(self.landscape)
        self._active = self._viewer.layers.selection.active
        self.velocity = self._clipped(picture.velocity)
        self.picture = add_picture(self._viewer, run, self.landscape, self.of.kept, picture)
        self.marker = add_marker(self._viewer, run, self.landscape, self.velocity)
        self.marker.events.data.connect(self._data_changed)
        self.marker.mouse_drag_callbacks.insert(0, self._press)  # before napari's own
        self.marker.mouse_drag_callbacks.append(self._follow)  # after it
        self.marker.mouse_double_click_callbacks.append(self._double_click)
        self.landscape.mouse_double_click_callbacks.append(self._double_click)
        self._viewer.layers.events.removed.connect(self._layers_changed)
        self._viewer.dims.events.current_step.connect(self._slider_moved)
        self.label(picture.score)

    @property
    def there(self) -> bool:
        """All its layers are in the viewer, and the marker has its point."""
        layers = (self.marker, self.picture, self.landscape)
        inside = all(layer is not None and layer in self._viewer.layers for layer in layers)
        return not self._over and inside and len(self.marker.data) > 0

    def go_to(self, velocity: Any) -> None:
        """Move the marker; it stays within the search range."""
        if not self.there:
            return
        self._put(velocity)
        self.on_moved()

    def show(self, picture: Picture) -> None:
        """Show a picture and its score."""
        if not self.there or picture.start != self.touch.start:
            return
        show_picture(self.picture, picture)
        self.label(picture.score)

    def label(self, score: float) -> None:
        """Write velocity and score into the landscape."""
        y, x = (signed(float(v), self.of.digits) for v in self.velocity)
        show_label(self.marker, self.landscape, f"({y}, {x}): {signed(score, 1)} σ")

    def show_window(self, start: int, shown: Landscape) -> None:
        """Show the landscape of a window, unless the slider is at another one by now."""
        if self.there and start == self.touch.start:
            show_landscape(self.landscape, shown)

    def use(self, touch: Touch) -> None:
        """Go on with other windows of the same stack, or with none."""
        if not self.there:
            return
        self._all = touch
        self.touch = self.at_slider()
        if touch.window is None:
            self._restore()
        self.on_window()

    def at_slider(self) -> Touch:
        """The window around the frame where the time slider stands."""
        frame = None if self._link is None else self._link.frame()
        if self._all.window is None or frame is None:
            return self.touch if self.touch.window == self._all.window else self._all
        return self._all.at(frame)

    def end(self) -> None:
        """Remove the layers, and show the run's own landscape again."""
        if self._over or self.landscape is None:
            return
        self._over = True
        self._viewer.layers.events.removed.disconnect(self._layers_changed)
        self._viewer.dims.events.current_step.disconnect(self._slider_moved)
        if self._double_click in self.landscape.mouse_double_click_callbacks:
            self.landscape.mouse_double_click_callbacks.remove(self._double_click)
        if self.landscape in self._viewer.layers:
            self._restore()
        with as_it_was(self._viewer):
            for layer in (self.marker, self.picture):
                if layer in self._viewer.layers and is_result(layer):
                    self._viewer.layers.remove(layer)
        if not self._viewer.layers.selection and self._active in self._viewer.layers:
            self._viewer.layers.selection.active = self._active  # as before

    def _restore(self) -> None:
        shown, limits = self._before
        show_landscape(self.landscape, shown)
        self.landscape.contrast_limits = limits

    def _clipped(self, velocity: Any) -> Array:
        """Within the range, and within what the landscape shows."""
        return np.clip(np.asarray(velocity, dtype=np.float64), -self.of.limit, self.of.limit)

    def _put(self, velocity: Any) -> None:
        self.velocity = self._clipped(velocity)
        self._busy = True
        try:
            self.marker.data = self.velocity[None]
        finally:
            self._busy = False

    def _data_changed(self, *_: Any) -> None:
        """By hand or by a script."""
        if self._busy or self._over:
            return
        if not len(self.marker.data):  # deleted
            self.on_lost()
            return
        self._take()

    def _take(self) -> None:
        """Where the marker has been moved to."""
        velocity = self._clipped(self.marker.data[0])
        if not np.array_equal(velocity, self.velocity):
            self.velocity = velocity
            self.on_moved()

    def _press(self, layer: Any, event: Any) -> None:
        """The marker comes to where the landscape is pressed; then it can be dragged on."""
        at = self._under(event)
        if event.button != 1 or at is None or not len(layer.data):
            return
        if np.abs(at - layer.data[0]).max() > float(np.max(layer.size)) / 2:
            self.go_to(at)
        layer.selected_data = {0}

    def _follow(self, layer: Any, event: Any) -> Iterator[None]:
        """Napari tells of a move when it is over: this looks while it goes on."""
        yield
        while event.type == "mouse_move":
            if len(layer.data) and not self._over:
                self._take()
            yield
        if len(layer.data) and not self._over:
            self._put(self._clipped(layer.data[0]))  # back from beyond the edge

    def _double_click(self, layer: Any, event: Any) -> None:
        at = self._under(event)
        if at is not None and not self._over:
            self.on_refine(self._clipped(at))

    def _under(self, event: Any) -> Array | None:
        """(2,) px/frame under the cursor; None beside the landscape."""
        at = np.asarray(self.marker.world_to_data(event.position), dtype=np.float64)[-2:]
        low, high = edges_of(self.landscape)
        return at if ((at >= low) & (at <= high)).all() else None

    def _layers_changed(self, *_: Any) -> None:
        if not self.there:
            self.on_lost()

    def _slider_moved(self, *_: Any) -> None:
        if self._all.window is None:
            return
        now = self.at_slider()
        if now.start != self.touch.start:
            self.touch = now
            self.on_window()


def as_shown(layer: Any) -> tuple[Landscape, Any]:
    """What a landscape layer shows, and its contrast limits."""
    entry = layer.metadata[KEY]
    shown = Landscape(np.asarray(layer.data), entry["vy"], entry["vx"], list(entry["peaks"]))
    return shown, tuple(layer.contrast_limits)
