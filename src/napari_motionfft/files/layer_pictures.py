"""Pictures of motions taken apart: each layer beside its plain mean and the truth; movers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.motion.faint.result import Movers, TileLandscapes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Image = NDArray[Any]

SIDE = 2.35
"""Inches of a square panel."""
TITLES = 0.3
"""Inches above the panels."""
FOUND = "tab:orange"


def rows_figure(rows: Sequence[Mapping[str, Image]], title: str) -> Figure:
    """Images in rows, each grey, within its own range; the key is its caption.

    Parameters
    ----------
    rows
        Caption → (Y, X) image; all rows as long.
    title
        Written above.

    Returns
    -------
    matplotlib Figure
        For `write_figure`.
    """
    from matplotlib.figure import Figure

    columns = len(rows[0])
    size = (SIDE * columns, (SIDE + 0.2) * len(rows) + TITLES)
    figure = Figure(figsize=size, layout="constrained")
    figure.suptitle(title, fontsize=10)
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for line, images in zip(grid, rows, strict=True):
        for axes, (caption, image) in zip(line, images.items(), strict=True):
            draw_image(axes, image, caption)
    return figure


def draw_image(axes: Any, image: Image, caption: str) -> None:
    """One grey image, the darkest and brightest two hundredths clipped."""
    low, high = np.percentile(image, (0.5, 99.5))
    axes.imshow(image, cmap="gray", vmin=low, vmax=high, interpolation="nearest")
    axes.set_title(caption, fontsize=9)
    axes.set_axis_off()


def mover_figure(stack: Image, found: Movers, title: str, truth: Image | None = None) -> Figure:
    """The highest mover: a frame with its track, the mean along it, the landscape of its tile.

    Parameters
    ----------
    stack
        (T, Y, X).
    found
        What `find_movers` gave; one at least.
    truth
        (T, 2) px, the true track (y, x), drawn too.
    """
    from matplotlib.figure import Figure

    mover = found[0]
    figure = Figure(figsize=(3.3 * 3.4, 3.3 + TITLES + 0.5), layout="constrained")
    figure.suptitle(title, fontsize=10)
    seen, along, land = figure.subplots(1, 3)
    middle = len(stack) // 2
    draw_image(seen, stack[middle], f"frame {middle} of {len(stack)}, and the track")
    every = mover.track(len(stack))
    seen.plot(every[:, 1], every[:, 0], color=FOUND, lw=1.2, label="found")
    if truth is not None:
        seen.plot(truth[::8, 1], truth[::8, 0], ".", color="cyan", ms=4, label="true")
    seen.legend(fontsize=7, loc="lower left")
    draw_image(along, mover.image, "mean of all frames along it")
    draw_tile(land, found.landscapes, mover.centre)
    (y, x) = mover.velocity
    land.plot(x, y, "o", ms=13, mfc="none", mec=FOUND, mew=1.6)
    return figure


def draw_tile(axes: Any, tiles: TileLandscapes, place: Image) -> None:
    """The landscape of the tile that holds a place (y, x) px."""
    rows, columns = tiles.values.shape[:2]
    steps = (np.asarray(place) - tiles.origin) / tiles.tile
    row, column = (int(np.clip(n, 0, m - 1)) for n, m in zip(steps, (rows, columns), strict=True))
    dy, dx = (float(v[1] - v[0]) / 2 for v in (tiles.vy, tiles.vx))
    shown = axes.imshow(
        tiles.values[row, column],
        extent=(tiles.vx[0] - dx, tiles.vx[-1] + dx, tiles.vy[-1] + dy, tiles.vy[0] - dy),
        cmap="viridis",
        vmin=0,
        interpolation="nearest",
    )
    axes.set_title("highest score at each velocity, its tile", fontsize=9)
    axes.set_xlabel("vx, px/frame (right is positive)", fontsize=8)
    axes.set_ylabel("vy, px/frame (down is positive)", fontsize=8)
    axes.tick_params(labelsize=8)
    bar = axes.figure.colorbar(shown, ax=axes, shrink=0.85)
    bar.set_label("score, noise standard deviations", fontsize=8)
    bar.ax.tick_params(labelsize=8)
