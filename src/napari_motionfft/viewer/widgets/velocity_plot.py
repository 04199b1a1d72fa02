"""Velocities of strips against time, in napari's colours, with a line at the time slider."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_motionfft.viewer.strip_chart import Chart, Curve, limits
from napari_motionfft.viewer.strip_windows import runs_of
from napari_motionfft.viewer.widgets.time_plot import Inks, TimePlot, Words, mark_size

BAND = "band: ± standard error; ○ not reliable"
DIAMONDS = "; ◇ other motion"
DASHED = "; dashed: oscillation"
NAMED = 16
"""Strips that a legend names: of more, the table has the colours."""
MEANS = "A velocity is the mean over its window: an oscillation reaches beyond these."


class VelocityPlot(TimePlot):
    """Curves of a strips' `Chart`."""

    def __init__(self, viewer: Any) -> None:
        super().__init__(viewer)
        self.setObjectName("motionfft.velocity_plot")

    def draw(self, axes: Any, chart: Chart, inks: Inks) -> Words:
        """Put the curves into empty axes."""
        low, high = limits(chart)
        for curve in chart.curves:
            draw_curve(axes, curve, (low, high), chart.step)
        named = []
        if 1 < len(chart.curves) <= NAMED:
            named = [line for line in axes.lines if not str(line.get_label()).startswith("_")]
        if low < 0 < high:
            axes.axhline(0, color=inks.ink, linewidth=0.8, alpha=0.7, zorder=1)
        axes.set_ylim(low, high)
        swings = any(curve.swing is not None for curve in chart.curves)
        several = any(curve.others.size for curve in chart.curves)
        key = BAND + (DIAMONDS if several else "") + (DASHED if swings else "")
        return Words(f"velocity, {chart.unit}", key, MEANS if swings else "", named)


def draw_curve(axes: Any, curve: Curve, shown: tuple[float, float], step: float) -> None:
    """Lines and bands through reliable windows, hollow marks at the others.

    What is not reliable and off the axis (`shown`) is marked at its edge.
    """
    size = mark_size(len(curve.times))
    label: str = curve.name
    errors = np.nan_to_num(curve.errors, posinf=0.0)
    parts = [slice(*run) for run in runs_of(curve.reliable, curve.breaks) if curve.reliable[run[0]]]
    for part in parts:
        times, values, error = curve.times[part], curve.values[part], errors[part]
        marker = "o"
        if len(curve.times) == 1:  # no line to see: show how long the window is
            half = max(curve.half - step / 2, 0.0)
            axes.plot(times, values, "o", color=curve.colour, markersize=4)
            times, marker = times + np.array([-half, half]), ""
            values, error = np.repeat(values, 2), np.repeat(error, 2)
        elif len(times) == 1:
            axes.vlines(times, values - error, values + error, color=curve.colour, linewidth=2)
        axes.fill_between(
            times, values - error, values + error, color=curve.colour, alpha=0.3, linewidth=0
        )
        axes.plot(
            times,
            values,
            color=curve.colour,
            marker=marker,
            markersize=size,
            linewidth=1.5,
            label=label,
        )
        label = f"_{curve.name}"
    if curve.swing is not None:
        axes.plot(*curve.swing, "--", color=curve.colour, linewidth=0.9, alpha=0.8, label="_swing")
    if curve.others.size:
        axes.plot(
            *curve.others,
            "D",
            color=curve.colour,
            markerfacecolor="none",
            markersize=size + 0.5,
            markeredgewidth=0.8,
            label="_others",
        )
    doubtful = ~curve.reliable & np.isfinite(curve.values)
    inside = (curve.values >= shown[0]) & (curve.values <= shown[1])
    edge = 0.02 * (shown[1] - shown[0])
    for which, marker, values in (
        (doubtful & inside, "o", curve.values),
        (doubtful & (curve.values > shown[1]), "^", np.full(len(curve.values), shown[1] - edge)),
        (doubtful & (curve.values < shown[0]), "v", np.full(len(curve.values), shown[0] + edge)),
    ):
        if which.any() or (marker == "o" and label == curve.name):
            axes.plot(
                curve.times[which],
                values[which],
                marker,
                color=curve.colour,
                markerfacecolor="none",
                markersize=size + 1,
                markeredgewidth=0.9,
                alpha=0.75,
                label=label,
            )
            label = f"_{curve.name}"
