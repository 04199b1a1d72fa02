"""A made line scan of blood flow: dark cells in bright plasma, and a pulse known exactly."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

Array = NDArray[np.float64]

PLASMA = 120.0
"""Grey level between the cells."""
CELL = (6.0, 9.0)
"""Length of a cell in px, from … to."""
GAP = (4.0, 9.0)
"""Least px between cells, and how many more on average."""
DARKNESS = (35.0, 65.0)
"""What a cell takes from the plasma, from … to."""
BLUR = 1.5
"""Standard deviation in px of the optics: nothing is left at the Nyquist frequency."""
WALL_SCALE = 6.0
"""Standard deviation in px of what smooths the wall's pattern."""


def blood_flow_line_scan(
    lines: int = 1500,
    length: int = 256,
    mean_velocity: float = 1.5,
    modulation: float = 0.2,
    period: float = 250.0,
    snr: float = 1.0,
    wall: float = 1.0,
    seed: int = 0,
) -> tuple[NDArray[np.float32], Array]:
    """Cells that pass at v(t) = v₀·(1 + m·sin(2πt/P)), before a wall that stands still.

    A line is taken at one instant. The cells are where the exact integral of v(t) puts them, and
    are drawn there from their formula, a bar blurred by a Gaussian: no interpolation, no aliasing.

    Parameters
    ----------
    lines, length
        T lines of L px.
    mean_velocity
        v₀ in px/line; positive is towards the end of the line.
    modulation, period
        m, 0…1, and P in lines.
    snr
        Standard deviation of the moving cells over that of the white noise; inf is no noise.
    wall
        Standard deviation of the still pattern over that of the moving cells.
    seed
        Of everything random.

    Returns
    -------
    kymograph
        (T, L) float32.
    velocities
        (T,) px/line at the instant of each line.

    Raises
    ------
    TypeError, ValueError
        An argument is not what it takes.
    """
    count, width = whole("lines", lines, 2), whole("length", length, 16)
    for name, value, low, high in (
        ("mean_velocity", mean_velocity, -math.inf, math.inf),
        ("modulation", modulation, 0.0, 1.0),
        ("period", period, 2.0, math.inf),
        ("wall", wall, 0.0, math.inf),
    ):
        within(name, value, low, high)
    if not (isinstance(snr, (int, float)) and snr > 0):
        raise ValueError(f"snr must be above 0, got {snr!r}")
    rng = np.random.default_rng(seed)
    t = np.arange(count)
    turn = 2 * np.pi / period
    velocities = mean_velocity * (1 + modulation * np.sin(turn * t))
    travelled = mean_velocity * (t + modulation / turn * (1 - np.cos(turn * t)))
    moving = cells(travelled, width, rng)  # (T, L)
    spread = float(moving.std())
    pattern = np.convolve(rng.standard_normal(width + 8 * round(WALL_SCALE)), bell(), mode="valid")
    pattern = pattern[:width]
    pattern *= wall * spread / pattern.std()
    noise = spread / snr * rng.standard_normal((count, width))
    return (PLASMA + moving + pattern + noise).astype(np.float32), velocities


def cells(travelled: Array, width: int, rng: np.random.Generator) -> Array:
    """What all cells take away, (T, L); they lie at random along the whole way that is seen."""
    reach = math.ceil(CELL[1] / 2 + 5 * BLUR)
    out = np.zeros((len(travelled), width))
    at = -float(travelled.max()) - reach
    around = np.arange(-reach, reach + 2)
    while at < width - travelled.min() + reach:
        size = rng.uniform(*CELL)
        depth = rng.uniform(*DARKNESS)
        centre = at + size / 2 + travelled  # (T,)
        at += size + GAP[0] + rng.exponential(GAP[1])
        seen = np.flatnonzero((centre > -reach) & (centre < width + reach))
        x = np.floor(centre[seen]).astype(int)[:, None] + around  # (n, 2·reach + 2)
        away = x - centre[seen, None]
        edge = BLUR * math.sqrt(2)
        shade = (erf((away + size / 2) / edge) - erf((away - size / 2) / edge)) / 2
        row = np.broadcast_to(seen[:, None], x.shape)
        on = (x >= 0) & (x < width)
        out[row[on], x[on]] -= depth * shade[on]
    return out


def bell() -> Array:
    """Weights that smooth the wall's pattern."""
    x = np.arange(-4 * round(WALL_SCALE), 4 * round(WALL_SCALE) + 1)
    return np.asarray(np.exp(-(x**2) / (2 * WALL_SCALE**2)))


def whole(name: str, value: Any, least: int) -> int:
    """A whole number of at least so many."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, got {value!r}") from None
    if number < least:
        raise ValueError(f"{name} must be at least {least}, got {number}")
    return number


def within(name: str, value: Any, low: float, high: float) -> None:
    """A finite number from … to."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
        raise TypeError(f"{name} must be a number, got {value!r}")
    if not (math.isfinite(value) and low <= value <= high):
        bounds = "finite" if low == -math.inf else f"{low:g} or more"
        bounds = f"{low:g}…{high:g}" if high < math.inf else bounds
        raise ValueError(f"{name} must be {bounds}, got {value!r}")
