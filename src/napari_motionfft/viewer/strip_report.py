"""A run on strips in words: how fast along each, how sure, on what; no Qt."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from napari_motionfft.viewer.report import Report
from napari_motionfft.viewer.strip_peaks import mixed
from napari_motionfft.viewer.strip_reasons import in_short
from napari_motionfft.viewer.wording import measured

if TYPE_CHECKING:
    from napari_motionfft.motion.strips.oscillation import Oscillation
    from napari_motionfft.motion.strips.result import StripMotion
    from napari_motionfft.viewer.strip_layers import Table
    from napari_motionfft.viewer.strip_source import StripSource

MOST = 8
"""Strips that are told one by one: the table below the canvas has all."""


def strip_report(
    table: Table, source: StripSource, oscillations: Sequence[Oscillation] = ()
) -> Report:
    """Put a result into words.

    Parameters
    ----------
    table, source
        A result and what it was estimated on.
    oscillations
        One a strip, or none: those that are no noise are told.

    Returns
    -------
    Report
        Reliable where any window is.
    """
    strips = table.strips
    shown = zip(table.names[:MOST], strips[:MOST], strict=True)
    rows = []
    for index, (name, strip) in enumerate(shown):
        rows += told(name, strip)
        if index < len(oscillations):
            rows += swing(oscillations[index], strip)
    if len(strips) > MOST:
        rows.append(("", f"and {len(strips) - MOST} more, in the table"))
    first = strips[0]
    frames = f"frames {source.first_frame}–{source.first_frame + first.shape[0] - 1}"
    rows.append(("Data", f"{source.name}, {frames}"))
    rows.append(("Windows", windows(first)))
    seconds = first.settings.get("seconds")
    rows.append(("Ran on", first.device + (f", {seconds:.1f} s" if seconds is not None else "")))
    notes = [*source.notes, *together(table)]
    several = sum(len(peaks) > 1 for strip in strips for peaks in strip.peaks)
    if several:
        which = "1 window holds" if several == 1 else f"{several} windows hold"
        notes.append(f"{which} further motions, such as opposite flow: see the table.")
    told_first, why = verdict(table)
    if why:
        notes.insert(0, why)
    reliable = any(strip.reliable.any() for strip in strips)
    return Report(reliable, told_first, tuple(rows), tuple(dict.fromkeys(notes)))


def verdict(table: Table) -> tuple[str, str]:
    """A sentence on how much of the result the data support, and one on why not all of it."""
    sure = np.concatenate([strip.reliable for strip in table.strips])
    if sure.all():
        return "Reliable", ""
    why = usual(
        [
            reason
            for strip in table.strips
            for reason, reliable in zip(strip.reasons, strip.reliable, strict=True)
            if not reliable
        ]
    )
    short = in_short(why)
    said = f"Reliable in {sure.sum()} of {len(sure)} windows; elsewhere mostly: {short}"
    if not sure.any():
        said = f"Not reliable: {short}"
    if short == why or len(sure) == 1:
        return said, "" if short == why else why
    return said, f"One window in doubt: {why[:1].lower()}{why[1:]}"


def usual(reasons: list[str]) -> str:
    """The reason that is given most often; the numbers in it are those of one window."""
    kinds = [kind(reason) for reason in reasons]
    return reasons[kinds.index(Counter(kinds).most_common(1)[0][0])]


def kind(text: str) -> str:
    """A text without its numbers."""
    return re.sub(r"[−-]?\d+(\.\d+)?", "#", text)


def together(table: Table) -> list[str]:
    """The notes of all strips, one of each kind: of many strips they differ by a number."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name, strip in zip(table.names, table.strips, strict=True):
        for note in strip.notes:
            found.setdefault(kind(note), []).append((name, note))
    notes = []
    for alike in found.values():
        name, note = alike[0]
        more = "" if len(alike) == 1 else f" and {len(alike) - 1} more alike"
        notes.append(note if len(table.strips) == 1 else f"{note} ({name}{more})")
    return notes


def told(name: str, strip: StripMotion) -> list[tuple[str, str]]:
    """Rows on one strip: its mean velocity, and between what it changes."""
    unit, scale = strip.velocity_unit, strip.unit_speed
    sure = strip.reliable
    if not sure.any():
        best = int(np.argmax(np.nan_to_num(strip.score, nan=-math.inf)))
        guess = measured(strip.velocities[best] * scale, abs(strip.stderr[best] * scale))
        return [(name, f"{guess} {unit}, not reliable")]
    mean = measured(strip.velocity * scale, abs(strip.velocity_stderr * scale))
    rows = [(name, f"{mean} {unit}")]
    if len(sure) > 1:
        told_first = f"{mean} {unit} on average"
        if mixed(strip):  # a mean of different motions would be that of none
            told_first = "several motions, now one and now another the strongest"
        if sure.sum() == 1:
            return [(name, f"{mean} {unit}, 1 of {len(sure)} windows")]
        rows[0] = (name, told_first)
        low, high = np.flatnonzero(sure)[np.argsort(strip.velocities[sure])[[0, -1]]]
        ends = (
            measured(strip.velocities[i] * scale, abs(strip.stderr[i] * scale)) for i in (low, high)
        )
        rows.append(("", f"{' to '.join(ends)} {unit}, {sure.sum()} of {len(sure)} windows"))
    return rows


def swing(found: Oscillation, strip: StripMotion) -> list[tuple[str, str]]:
    """A row on the oscillation of a strip, if there is one."""
    if not found.reliable:
        return []
    unit = found.time_unit if found.dt is not None else "frames"
    period = measured(found.physical_period, found.physical_period_stderr)
    scale = abs(strip.unit_speed)
    size = measured(found.amplitude * scale, found.amplitude_stderr * scale)
    return [("", f"oscillates: period {period} {unit}, amplitude {size} {strip.velocity_unit}")]


def windows(strip: StripMotion) -> str:
    """ "64 frames (0.32 s), one every 32"."""
    long = f"{strip.window} frames"
    if strip.dt is not None:
        long += f" ({strip.window * strip.dt:.3g} {strip.time_unit})"
    if len(strip.starts) < 2:
        return long
    return f"{long}, one every {int(np.diff(strip.starts).min())}"
