"""Displacement against time, in napari's colours, with a line at the time slider."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_motionfft.viewer.path_chart import Component, PathChart, limits
from napari_motionfft.viewer.widgets.time_plot import Inks, TimePlot, Words, mark_size

BAND = "band: ± standard error"
NOTE = "Displacement of the scene relative to the first frame of the run."
THIN: dict[str, Any] = {"linewidth": 0.7, "alpha": 0.6, "zorder": 1.5}
"""Paths from half the data, below the others."""
WIDE = 0.09
"""Room that the name of a jump takes, as a share of the axis."""


class PathPlot(TimePlot):
    """Curves of a `PathChart`."""

    def __init__(self, viewer: Any) -> None:
        super().__init__(viewer)
        self.setObjectName("motionfft.path_plot")
        self.setMinimumHeight(135)  # two curves and the names of jumps

    def draw(self, axes: Any, chart: PathChart, inks: Inks) -> Words:
        """Put the curves into empty axes."""
        low, high = limits(chart)
        axes.set_ylim(low, high)
        named = [draw_component(axes, each, chart) for each in chart.components]
        if chart.has_halves:
            named += axes.plot([], [], color=inks.ink, label="half the data", **THIN)
        if chart.excluded.any():
            named.append(draw_excluded(axes, chart, inks))
        if chart.jumps:
            named.append(draw_jumps(axes, chart, inks))
        if low < 0 < high:
            axes.axhline(0, color=inks.ink, linewidth=0.8, alpha=0.7, zorder=1)
        if chart.pixel is not None:
            draw_length(axes, chart.pixel, str(chart.unit), inks)
        return Words(chart.title, BAND, NOTE, named)


def draw_component(axes: Any, each: Component, chart: PathChart) -> Any:
    """Line, band and halves of y or x, interrupted at jumps; returns the line for the legend."""
    times, lines = chart.times, []
    marker = "o" if chart.frames <= 80 else ""
    errors = np.where(np.isfinite(each.errors), each.errors, np.nan)
    seen = np.where(chart.excluded, np.nan, each.values)
    for part in chart.stretches:
        axes.fill_between(
            times[part],
            (each.values - errors)[part],
            (each.values + errors)[part],
            color=each.colour,
            alpha=0.3,
            linewidth=0,
        )
        for half in each.halves:
            axes.plot(times[part], half[part], color=each.colour, **THIN)
        lines += axes.plot(times[part], each.values[part], color=each.colour, linewidth=1.5)
    marks = {"markersize": mark_size(chart.frames), "linestyle": "none", "color": each.colour}
    axes.plot(times, seen, marker=marker, **marks)
    lines[0].set_label(each.name)
    return lines[0]


def draw_excluded(axes: Any, chart: PathChart, inks: Inks) -> Any:
    """Hollow marks where frames that were left out would be; returns them for the legend."""
    for each in chart.components:
        (marks,) = axes.plot(
            chart.times[chart.excluded],
            each.values[chart.excluded],
            "o",
            color=inks.ink,
            markerfacecolor=inks.ground,
            markersize=5,
            markeredgewidth=0.9,
            alpha=0.85,
            label="left out",
        )
    return marks


def draw_jumps(axes: Any, chart: PathChart, inks: Inks) -> Any:
    """An upright line before the first frame after each jump, named where there is room."""
    style = {"color": inks.ink, "linewidth": 0.9, "linestyle": (0, (4, 3)), "alpha": 0.85}
    low, high = axes.get_xlim()
    free_from = -np.inf  # share of the axis where a name may begin
    for jump in chart.jumps:
        at = (jump - 0.5) * chart.step
        line = axes.axvline(at, label="jump", **style)
        share = (at - low) / (high - low)
        left = share > 1 - WIDE
        begin = share - WIDE if left else share
        if begin < free_from:
            continue
        free_from = begin + WIDE
        axes.annotate(
            f"frame {jump + chart.first_frame}",
            (at, 1),
            xycoords=axes.get_xaxis_transform(),
            xytext=(-4 if left else 4, -3),
            textcoords="offset points",
            ha="right" if left else "left",
            va="top",
            fontsize=8,
            color=inks.ink,
            bbox={"facecolor": inks.ground, "edgecolor": "none", "alpha": 0.8, "pad": 1},
        )
    return line


def draw_length(axes: Any, pixel: float, unit: str, inks: Inks) -> None:
    """The same axis in a unit of length, on the right."""
    there, back = (lambda px: px * pixel), (lambda length: length / pixel)
    right = axes.secondary_yaxis("right", functions=(there, back))
    right.tick_params(colors=inks.ink, labelsize=8)
    right.set_ylabel(unit, color=inks.ink, fontsize=9)
    right.spines["right"].set_color(inks.faint)
