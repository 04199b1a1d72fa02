"""A picture of objectives side by side: their landscapes, and the ways that ascents took."""

from __future__ import annotations

import io
import math
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_motionfft.files.whole import written_whole
from napari_motionfft.motion.objectives import Comparison

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = 4
PATH_STEPS = 150
"""Steps of each ascent that are drawn: most of them have arrived by then."""


def comparison_figure(comparison: Comparison, truth: Any, video: int = 0) -> Figure:
    """Landscape of each objective on one video, with the paths of all starts and the truth.

    Parameters
    ----------
    truth
        (B, 2) true shifts in px/frame, (y, x).
    """
    from matplotlib.figure import Figure

    names = [row.objective for row in comparison.rows]
    rows = math.ceil(len(names) / COLUMNS)
    columns = min(COLUMNS, len(names))
    figure = Figure(figsize=(3.1 * columns, 3.4 * rows + 0.3), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat[len(names) :]:
        axes.set_axis_off()
    for axes, row in zip(grid.flat, comparison.rows, strict=False):
        land = comparison.landscapes[row.objective]
        edges = (land.vx[0], land.vx[-1], land.vy[-1], land.vy[0])
        axes.imshow(land.values[video], extent=edges, cmap="viridis", interpolation="nearest")
        for start, path in zip(
            comparison.histories[row.objective].starts[:, video],
            comparison.histories[row.objective].shifts[:, :PATH_STEPS, video],
            strict=True,
        ):
            way = np.vstack([start[None], path])  # (N + 1, 2)
            axes.plot(way[:, 1], way[:, 0], color="white", lw=0.7, alpha=0.8)
            axes.plot(*start[::-1], "o", color="white", ms=2.5)
            axes.plot(*path[-1][::-1], "o", color="tab:orange", ms=3)
        y, x = truth[video]
        axes.plot(x, y, "+", color="red", ms=11, mew=1.8)
        axes.set_xlim(edges[:2])
        axes.set_ylim(edges[2:])
        maxima = len(land.maxima[video])
        axes.set_title(
            f"{row.objective}\n{count(maxima)}, {row.successes} of {row.trials} arrive", fontsize=9
        )
        axes.set_xlabel("vx, px/frame", fontsize=8)
        axes.set_ylabel("vy, px/frame (down +)", fontsize=8)
        axes.tick_params(labelsize=7)
    return figure


def count(maxima: int) -> str:
    """ "1 maximum", "225 maxima"."""
    return f"{maxima} {'maximum' if maxima == 1 else 'maxima'}"


def write_figure(path: str | os.PathLike[str], figure: Figure, dpi: int = 100) -> None:
    """Write a figure as PNG, whole or not at all."""
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=dpi)
    with written_whole(path) as file:
        file.write(content.getbuffer())
