"""What the Objective lab says under its buttons: what ran, and what the marks are."""

from __future__ import annotations

import html

from napari_motionfft.viewer.lab_paths import ELSEWHERE, THERE
from napari_motionfft.viewer.lab_result import LabResult
from napari_motionfft.viewer.landscape_layers import PANEL, PEAK


def lab_report(result: LabResult) -> str:
    """Rich text of a finished run."""
    known = result.truth is not None
    marks = [("○", THERE, "start"), ("●", THERE, "found"), ("●", ELSEWHERE, "missed")]
    marks += [("+", PEAK, "peak")]
    marks += [("×", "#ffffff", "truth")] if known else []
    cells = "".join(
        f'<td><font color="{colour}"><b>{sign}</b></font>'
        f'<font color="#e6e6e6">&nbsp;{text}&nbsp;</font></td>'
        for sign, colour, text in marks
    )
    legend = f'<table cellpadding="3" bgcolor="{PANEL}"><tr>{cells}</tr></table>'
    lines = [f"{result.frames} frames, {result.device}, {result.seconds:.1f} s", *result.notes]
    return legend + "".join(f"<p>{html.escape(line)}</p>" for line in lines)
