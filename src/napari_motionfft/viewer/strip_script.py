"""The exact calls that repeat a run on strips in a script."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_motionfft.viewer.script import taken_at, taking
from napari_motionfft.viewer.strip_run import ROWS, StripAsked, sizes_of

if TYPE_CHECKING:
    from napari_motionfft.viewer.strip_source import StripSource


def script_of(asked: StripAsked, source: StripSource) -> str:
    """Code for napari's console, or for a script that loads the same array.

    Returns
    -------
    str
        Code that leaves a `StripTable` in `table`, for a line scan a `StripMotion` in `motion`.
    """
    lines = movie(asked, source) if asked.is_movie else line_scan(asked, source)
    return "\n".join([*lines, ""])


def movie(asked: StripAsked, source: StripSource) -> list[str]:
    """Strips that are cut from a movie."""
    layer = asked.layer
    parts = [str(i) for i in taken_at(layer, source, asked.level)]
    parts[source.time_axis] = "{}:{}".format(*asked.frames)
    level = asked.level if layer.multiscale else None
    key = ", ".join(parts)
    lines = taking(source.name, key, "T, Y, X", level, bool(layer.rgb), layer.source.path)
    widths = {strip.width for strip in source.paths}
    if len(widths) > 1:
        lines[1:1] = ["from napari_motionfft.motion.strips.paths import Strip"]
    lines.append("paths = [  # vertices (y, x) px; motion towards the last one is positive")
    for strip in source.paths:
        path = ", ".join(f"({y:.6g}, {x:.6g})" for y, x in strip.path)
        lines.append(
            f"    [{path}]," if len(widths) == 1 else f"    Strip([{path}], {strip.width:g}),"
        )
    lines += ["]", "table = mf.strip_motions(", "    stack,", "    paths,"]
    arguments: dict[str, Any] = {"names": list(source.names)}
    if len(widths) == 1:
        arguments["width"] = widths.pop()
    arguments |= {"reduce": asked.reduce, "interpolation": asked.interpolation}
    lines += [*given({**arguments, **asked.estimate, **sizes_of(asked, source).arguments}), ")"]
    return [*lines, "print(table)"]


def line_scan(asked: StripAsked, source: StripSource) -> list[str]:
    """A layer that is a kymograph itself."""
    layer, rows = asked.layer, asked.kind == ROWS
    here = "{}:{}".format(*asked.frames)
    parts = [str(i) for i in taken_at(layer, source, 0)] + ([here] if rows else [":", here])
    lines = taking(
        source.name,
        ", ".join(parts),
        "T, L" if rows else "L, T",
        0 if layer.multiscale else None,
        bool(layer.rgb),
        layer.source.path,
        "kymograph",
    )
    turned = "kymograph" if rows else "kymograph.T"
    arguments = {**asked.estimate, **sizes_of(asked, source).arguments}
    return [
        *lines,
        "motion = mf.estimate_strip_motion(",
        f"    {turned},",
        *given(arguments),
        ")",
        "print(motion.physical_velocities, motion.physical_stderr, motion.velocity_unit)",
    ]


def given(arguments: dict[str, Any]) -> list[str]:
    """Lines of keyword arguments."""
    return [f"    {name}={value!r}," for name, value in arguments.items()]
