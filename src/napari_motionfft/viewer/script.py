"""The exact call that repeats a run of the widget in a script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from napari_motionfft.viewer.lazy import REC_709
from napari_motionfft.viewer.placement import Placement
from napari_motionfft.viewer.source import Source

PRINT = "print(motion.velocity, motion.velocity_stderr)  # (y, x), px/frame"


class Placed(Protocol):
    """What a run was made on."""

    @property
    def placement(self) -> Placement:
        """Where its pixels lie."""


def as_python(
    source: Source,
    arguments: dict[str, Any],
    *,
    at: Sequence[int],
    frames: int,
    level: int | None = None,
    rgb: bool = False,
    path: str | None = None,
    function: str = "estimate_motion",
    into: str = "motion",
    last: str = PRINT,
) -> str:
    """Code for napari's console, or for a script that loads the same array.

    Parameters
    ----------
    source
        What the run was made on.
    arguments
        Keyword arguments of the function besides region, progress and cancel.
    at
        Where the axes before y and x were taken (`taken_at`).
    frames
        Frames of the range.
    level
        Level of a multiscale layer; None for other layers.
    rgb
        The layer holds colours along its last axis.
    path
        File that the layer was read from, if known.
    function
        "estimate_motion", "preview_motion" or "separate_motions".
    into
        Name of the variable for the result.
    last
        The last line, which shows it.

    Returns
    -------
    str
        Code that leaves the result in a variable.
    """
    lines = taking(source.name, index(source, at, frames), "T, Y, X", level, rgb, path)
    lines.append(f"{into} = mf.{function}(")
    lines.append("    stack,")
    if source.region is not None:
        y, x = ((side.start, side.stop) for side in source.region)
        lines.append(f"    region=(slice({y[0]}, {y[1]}), slice({x[0]}, {x[1]})),")
    lines += [f"    {name}={value!r}," for name, value in arguments.items()]
    lines += [")", last, ""]
    return "\n".join(lines)


def taking(
    name: str,
    key: str,
    axes: str,
    level: int | None = None,
    rgb: bool = False,
    path: str | None = None,
    variable: str = "stack",
) -> list[str]:
    """Lines of code that take an array of these axes out of a layer's data by its index."""
    where = f"viewer.layers[{name!r}].data"
    if level is not None:
        where += f"[{level}]"
    said = f"the array in {path}" if path else "the same array"
    lines = [
        "import napari_motionfft as mf",
        "",
        f"# in napari's console; in a script, load {said} instead",
        f"data = {where}",
        f"{variable} = data[{key}]  # ({axes}{', colour' if rgb else ''})",
    ]
    if rgb:
        terms = (f"{weight} * {variable}[..., {i}]" for i, weight in enumerate(REC_709))
        lines.append(f"{variable} = {' + '.join(terms)}  # luminance")
    return lines


def index(source: Source, at: Sequence[int], frames: int) -> str:
    """The index of the frames, "2:10", or "2:10, 1" where there are other axes."""
    parts = [str(i) for i in at]
    parts[source.time_axis] = f"{source.first_frame}:{source.first_frame + frames}"
    return ", ".join(parts)


def taken_at(layer: Any, source: Placed, level: int) -> tuple[int, ...]:
    """Index of every axis before y and x, in pixels of the level in use."""
    data = layer.data[level] if layer.multiscale else layer.data
    full = layer.data[0] if layer.multiscale else layer.data
    others = source.placement.others[:-2]
    return tuple(
        i * int(n) // int(m) for i, n, m in zip(others, data.shape, full.shape, strict=False)
    )
