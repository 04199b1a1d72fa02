"""What it takes to touch the landscape of a run: its stack, its settings, the work; no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.motion.result import Landscape
from napari_motionfft.viewer.asked import Run
from napari_motionfft.viewer.devices import load_torch
from napari_motionfft.viewer.errors import SourceError
from napari_motionfft.viewer.placement import Array
from napari_motionfft.viewer.runs import Kept
from napari_motionfft.viewer.source import Source, level_data, read_source
from napari_motionfft.viewer.touch_layers import Picture
from napari_motionfft.viewer.worker import Progress

if TYPE_CHECKING:
    from napari_motionfft.motion.touching.touched import Refined, Touch

NO_LANDSCAPE = "This result has no landscape to touch."
OWN_WEIGHT = "This result was made with a spectral weight of its own."
NO_STACK = "The stack of this result is no longer in the viewer."


@dataclass(frozen=True, eq=False)
class Touchable:
    """A run whose landscape can be touched.

    Attributes
    ----------
    run
        With its motion.
    source
        The stack that it was made on.
    """

    run: Run
    source: Source

    @property
    def kept(self) -> Kept:
        """The motion."""
        assert self.run.kept is not None
        return self.run.kept

    @property
    def frames(self) -> int:
        """Of the stack."""
        return int(self.source.stack.shape[0])

    @property
    def peak(self) -> Array:
        """(2,) px/frame: where the landscape is highest."""
        motion = self.run.result
        peaks = motion.landscape.peaks
        if motion.model == "velocity" or not peaks:
            return np.clip(motion.velocity, -self.limit, self.limit)
        return np.asarray(peaks[0][:2], dtype=np.float64)

    @property
    def limit(self) -> float:
        """px/frame an axis: the search range."""
        return float(self.run.result.settings["max_speed"])

    @property
    def digits(self) -> int:
        """After the point, that tell a quarter of a px over all frames apart."""
        return max(2, int(np.ceil(np.log10(4 * self.frames))))


def why_not(run: Run, stack: Any) -> str | None:
    """Why the landscape of a run cannot be touched, or None.

    Parameters
    ----------
    stack
        The image layer that it was made on, or None.
    """
    motion = run.motion
    if motion is None or not motion.landscape.values.size or "max_speed" not in motion.settings:
        return NO_LANDSCAPE
    if motion.settings.get("weight") == "array":
        return OWN_WEIGHT
    return NO_STACK if run.asked is None and stack is None else None


def touchable(run: Run, stack: Any) -> Touchable:
    """A run with its stack, computing nothing.

    Raises
    ------
    SourceError
        The image is not what the run was made on.
    """
    if (told := why_not(run, stack)) is not None:
        raise SourceError(told)
    if run.asked is not None:
        return Touchable(run, run.source)
    kept = run.kept
    assert kept is not None
    if kept.placement is None or kept.time_axis is None:
        raise SourceError(NO_STACK)
    count = len(kept.motion.displacements)
    source = read_source(
        stack,
        current_step=kept.placement.others,
        time_axis=kept.time_axis,
        frames=(kept.first_frame, kept.first_frame + count),
        level=level_like(stack, kept),
    )
    return Touchable(run, source)


def level_like(layer: Any, kept: Kept) -> int:
    """The level of a layer that has the pixels of a motion's stack."""
    place = kept.placement
    assert place is not None
    wanted = tuple(round(n / f) for n, f in zip(place.shape, place.factor, strict=True))
    count = len(layer.data) if layer.multiscale else 1
    ndim = int(layer.ndim)
    for level in range(count):
        if tuple(level_data(layer, level).shape[ndim - 2 : ndim]) == wanted:
            return level
    return 0


def prepare(of: Touchable, window: int, progress: Progress, cancel: Event) -> Touch:
    """Get the stack ready, with the run's own settings; any thread.

    Parameters
    ----------
    window
        Frames; 0 is all of them.
    """
    load_torch()
    from napari_motionfft.motion.touch import touch_landscape

    motion = of.run.result
    asked = motion.settings
    (y0, y1), (x0, x1) = motion.region
    chosen = {
        name: asked[name]
        for name in ("weight", "background", "boundary", "prefilter", "device")
        if name in asked
    }
    return touch_landscape(
        of.source.stack,
        region=(slice(y0, y1), slice(x0, x1)),
        max_speed=of.limit,
        window=window or None,
        progress=progress,
        cancel=cancel,
        **chosen,
    )


def quick(touch: Touch, velocity: Sequence[float] | Array) -> Picture:
    """The picture at low resolution, enlarged, and the exact score; any thread."""
    (y0, y1), (x0, x1) = touch.region
    values = enlarged(touch.image(velocity), (y1 - y0, x1 - x0))
    at = np.asarray(velocity, dtype=np.float64)
    return Picture(at, values, touch.score(velocity), touch.start)


def enlarged(values: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
    """An image at another size, straight between pixels; its outer edges stay where they are."""
    import torch

    if values.shape == shape:
        return values
    whole = torch.from_numpy(values)[None, None]
    large = torch.nn.functional.interpolate(whole, size=shape, mode="bilinear", align_corners=False)
    return np.asarray(large[0, 0].numpy())


def whole(
    touch: Touch, velocity: Sequence[float] | Array, progress: Progress, cancel: Event
) -> Picture:
    """The picture at full resolution; any thread."""
    values = touch.full_image(velocity, progress, cancel)
    at = np.asarray(velocity, dtype=np.float64)
    return Picture(at, values, touch.score(velocity), touch.start)


def refine(
    touch: Touch, velocity: Sequence[float] | Array, progress: Progress, cancel: Event
) -> Refined:
    """The peak near a velocity; any thread."""
    return touch.refine(velocity, progress, cancel)


def landscape(touch: Touch, progress: Progress, cancel: Event) -> tuple[int, Landscape]:
    """First frame of a window, and its landscape; any thread."""
    return touch.start, touch.make_landscape(progress, cancel)
