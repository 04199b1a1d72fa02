"""PNG pictures of results: an image, and a landscape with its axes."""

from __future__ import annotations

import io
import math
import os
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from napari_motionfft.files.whole import written_whole
from napari_motionfft.motion.result import Motion

Pixels = NDArray[np.uint8]
SIDE = 480  # px of the landscape in the picture, about
MARGINS = (64, 44, 112, 58)  # left, top, right, bottom px: room for labels
INK, PAPER = (30, 30, 30), (255, 255, 255)


def write_png(path: str | os.PathLike[str], pixels: Pixels) -> None:
    """Write (Y, X) gray or (Y, X, 3) RGB uint8 as PNG, whole or not at all."""
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    with written_whole(path) as file:
        file.write(content.getbuffer())


def gray(image: NDArray[Any]) -> Pixels:
    """(Y, X) uint8, the darkest and brightest thousandth clipped."""
    low, high = np.percentile(image, (0.1, 99.9))
    span = max(float(high - low), np.finfo(np.float32).tiny)
    return np.asarray(np.rint(255 * np.clip((image - low) / span, 0, 1)), np.uint8)


def landscape_picture(motion: Motion, colours: NDArray[Any], title: str) -> Pixels:
    """The landscape with axes in px/frame, a colour bar, and the estimate marked.

    Parameters
    ----------
    motion
        Whose landscape.
    colours
        (256, 3) RGB 0…255: the colour map.
    title
        Written above.

    Returns
    -------
    (Y, X, 3) uint8
    """
    land = motion.landscape
    low, high = float(land.values.min()), float(land.values.max())
    level = (land.values - low) / max(high - low, 1e-12)
    table = np.asarray(colours, np.uint8)
    ny, nx = len(land.vy), len(land.vx)
    zoom = SIDE / max(ny, nx)
    size = (max(1, round(nx * zoom)), max(1, round(ny * zoom)))  # (width, height)
    field = Image.fromarray(table[np.rint(255 * level).astype(int)]).resize(
        size, Image.Resampling.NEAREST
    )
    left, top, right, bottom = MARGINS
    sheet = Image.new("RGB", (left + size[0] + right, top + size[1] + bottom), PAPER)
    sheet.paste(field, (left, top))
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(14)
    draw.rectangle((left - 1, top - 1, left + size[0], top + size[1]), outline=INK)
    draw.text((left, 12), title, INK, ImageFont.load_default(16))

    def across(vx: float) -> float:
        return left + (float(np.interp(vx, land.vx, np.arange(nx))) + 0.5) * size[0] / nx

    def down(vy: float) -> float:
        return top + (float(np.interp(vy, land.vy, np.arange(ny))) + 0.5) * size[1] / ny

    end = top + size[1]
    for v in ticks(float(land.vx[0]), float(land.vx[-1])):
        draw.line((across(v), end, across(v), end + 5), INK)
        draw.text((across(v), end + 7), label(v), INK, font, anchor="ma")
    for v in ticks(float(land.vy[0]), float(land.vy[-1])):
        draw.line((left - 6, down(v), left - 1, down(v)), INK)
        draw.text((left - 9, down(v)), label(v), INK, font, anchor="rm")
    middle = left + size[0] / 2
    draw.text((middle, end + 30), "vx (px/frame), right is positive", INK, font, anchor="ma")
    name = upright("vy (px/frame), down is positive", font)
    sheet.paste(name, (4, top + (size[1] - name.height) // 2))
    bar(sheet, table, (left + size[0] + 22, top, 16, size[1]), (low, high), font)
    cross(draw, across(float(motion.velocity[1])), down(float(motion.velocity[0])))
    return np.asarray(sheet)


def ticks(low: float, high: float, wanted: int = 6) -> list[float]:
    """Round values from low to high, about as many as wanted."""
    if not high > low:
        return [low]
    rough = (high - low) / wanted
    decade = 10.0 ** math.floor(math.log10(rough))
    step = next(s * decade for s in (1, 2, 5, 10) if s * decade >= rough * 0.999)
    return [i * step for i in range(math.ceil(low / step), math.floor(high / step) + 1)]


def label(value: float) -> str:
    """Shortest text of a tick; Pillow's own font has no true minus."""
    return f"{value:g}"


def upright(text: str, font: Any) -> Image.Image:
    """Text that reads upwards."""
    box = font.getbbox(text)
    line = Image.new("RGB", (math.ceil(box[2]) + 2, math.ceil(box[3]) + 4), PAPER)
    ImageDraw.Draw(line).text((0, 0), text, INK, font)
    return line.transpose(Image.Transpose.ROTATE_90)


def bar(
    sheet: Image.Image,
    table: Pixels,
    place: tuple[int, int, int, int],
    limits: tuple[float, float],
    font: Any,
) -> None:
    """Colour bar at (left, top, width, height), with its ticks and unit."""
    left, top, width, height = place
    column = table[::-1][np.linspace(0, 255, height).astype(int)][:, None]
    sheet.paste(Image.fromarray(np.repeat(column, width, axis=1)), (left, top))
    draw = ImageDraw.Draw(sheet)
    draw.rectangle((left - 1, top - 1, left + width, top + height), outline=INK)
    span = max(limits[1] - limits[0], 1e-12)
    for v in ticks(*limits):
        y = top + height - 1 - (height - 1) * (v - limits[0]) / span
        draw.line((left + width, y, left + width + 5, y), INK)
        draw.text((left + width + 8, y), label(v), INK, font, anchor="lm")
    unit = upright("height in noise standard deviations", font)
    sheet.paste(unit, (left + width + 42, top + max(0, (height - unit.height) // 2)))


def cross(draw: ImageDraw.ImageDraw, x: float, y: float) -> None:
    """A mark around a point, readable on dark and bright; the point itself stays in view."""
    x, y = round(x), round(y)
    for colour, width in (((0, 0, 0), 5), ((255, 60, 60), 3)):
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            draw.line((x + 7 * dx, y + 7 * dy, x + 18 * dx, y + 18 * dy), colour, width)
