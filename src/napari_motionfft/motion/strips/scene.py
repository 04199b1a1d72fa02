"""What the lines say of scene and noise: the weights of search and refinement."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from napari_motionfft.motion.frames import overcount, window
from napari_motionfft.motion.scene import scene_after_alignment
from napari_motionfft.motion.search import BAND_LIMIT, scene_before_alignment
from napari_motionfft.motion.significance import threshold
from napari_motionfft.motion.spectra import Band
from napari_motionfft.motion.strips.lines import Lines
from napari_motionfft.motion.strips.search import Setup
from napari_motionfft.motion.strips.spectra import line_spectra
from napari_motionfft.motion.strips.speeds import (
    STEP_BLURRED,
    STEP_SHARP,
    fast_even,
    velocity_grid,
)
from napari_motionfft.motion.strips.weighing import Weights
from napari_motionfft.motion.weights import WEIGHTS, SceneSpectra, coherent_whitening, wiener

TAPER = 0.125
"""Share of each end of the strip under the rising or falling edge of the refinement's window."""
EDGES = (0.7, 2.0)
"""Over the taper's edge in px: so near the Nyquist frequency a tapered line cannot be shifted.
The first where noise hides what that does, the second where it does not."""
STILL = 1.0
"""px over a window: less motion than this cannot be told from a still pattern."""
NOTHING = 1e-10
"""Of the variance of the lines: what is left below that is rounding."""
BLOCK_LINES = 8192
"""Lines that are transformed at a time on the host."""


@dataclass(frozen=True)
class Scene:
    """One strip's still pattern, its search weight, and what chance reaches there.

    Attributes
    ----------
    still
        (L,) float32 mean line, 0 when nothing is taken out; in the units that lines are read in.
    weight
        (K,) float32 search weight at the bins of the setup.
    before
        P and N from the power of the lines alone, at all bins of the padded lines.
    chance
        Score that noise exceeds with the stated probability.
    still_share, texture
        Share of the variance that stands still; signal over noise of what does not.
    """

    still: torch.Tensor
    weight: torch.Tensor
    before: SceneSpectra
    chance: float
    still_share: float
    texture: float


def setup_of(
    frames: int, length: int, limit: float, weight: str, static: bool, periodic: bool
) -> Setup:
    """What the search of windows of one shape shares."""
    size = length if periodic else fast_even(1.5 * length)
    taper = window((length, 1), 0.0 if periodic else 1.0)[:, 0]
    k = torch.fft.rfftfreq(size, dtype=torch.float64)
    auto = weight == "auto"
    kept = k[1:] <= (BAND_LIMIT if auto and length > 64 else 0.5 - 1e-9)
    grid = velocity_grid(limit, frames, length, STEP_BLURRED if auto else STEP_SHARP)
    padded = torch.nn.functional.pad(taper, (0, size - length))
    return Setup(
        taper,
        size,
        k[1:][kept],
        grid,
        frames,
        overcount(padded),
        STILL if static else 0.0,
        periodic,
    )


def look(lines: Lines, setup: Setup, weight: str, static: bool) -> Scene:
    """One pass or two over all lines of a strip: still pattern and spectra."""
    still = torch.zeros(lines.length)
    square = torch.zeros(lines.length, dtype=torch.float64)
    mean = torch.zeros(lines.length, dtype=torch.float64)
    blocks = [(s, min(s + BLOCK_LINES, lines.count)) for s in range(0, lines.count, BLOCK_LINES)]
    for start, stop in blocks:
        values = lines.read(start, stop).double()
        values -= values.mean(1, keepdim=True)
        mean += values.sum(0)
        square += values.square().sum(0)
    mean /= lines.count
    whole = float(square.sum()) / lines.count
    share = min(1.0, float(mean.square().sum()) / whole) if whole > 0 else 1.0
    if static:
        still = mean.float()
    power = torch.zeros(setup.size // 2 + 1, dtype=torch.float64)
    for start, stop in blocks:
        spectra = line_spectra(lines.read(start, stop) - still, setup.taper, setup.size)
        power += torch.view_as_real(spectra).square().sum(-1).sum(0).double()
    power *= setup.size / lines.count / float(setup.taper.double().square().sum())
    band = Band.full((1, setup.size))
    before = scene_before_alignment(power[None], band, setup.frames)
    chosen = coherent_whitening(band, before) if weight == "auto" else WEIGHTS[weight](band, before)
    chosen = (chosen * band.multiplicity())[0, 1 : len(setup.k) + 1]
    level = float(power[1:].mean())
    # rounding is no motion
    something = level > NOTHING * whole / lines.length
    chosen = chosen * something / chosen.max().clamp(min=1e-300) / max(level, 1e-30)
    seen = chosen * power[1 : len(setup.k) + 1]
    bins = float(seen.sum() ** 2 / (seen**2).sum().clamp(min=1e-300)) / setup.overcount
    chance = threshold(float(len(setup.grid)), bins)
    return Scene(still, chosen.float(), before, chance, share, before.ratio * something)


def first_weights(scene: Scene, setup: Setup, length: int, periodic: bool) -> Weights:
    """Maximum-likelihood weight from the power of the lines alone, (1, L//2+1)."""
    at = torch.fft.rfftfreq(length, dtype=torch.float64) * setup.size
    low = at.floor().long().clamp(max=setup.size // 2)
    signal, noise = scene.before.signal[0, low], scene.before.noise[0, low]
    before = SceneSpectra(signal[None], noise[None], setup.frames)
    return weights_of("wiener", before, length, periodic)


def later_weights(
    shared: torch.Tensor, power: torch.Tensor, seen: float, weight: str, length: int, periodic: bool
) -> Weights:
    """The weight from what aligned lines share, (1, L//2+1).

    Parameters
    ----------
    shared, power
        (L//2+1,) power common to a line and the mean of the others, and all of it.
    seen
        Lines that see a point of the scene.
    """
    seen = max(seen, 2.0)
    noise = (power - shared).clamp(min=0)
    band = Band.full((1, length))
    scene = scene_after_alignment((shared + noise / seen)[None], power[None], round(seen), band)
    return weights_of("wiener" if weight == "auto" else weight, scene, length, periodic)


def weights_of(weight: str, scene: SceneSpectra, length: int, periodic: bool) -> Weights:
    """A named weight, without the bins that a tapered line has no right phase for."""
    band = Band.full((1, length))
    k = torch.fft.rfftfreq(length, dtype=torch.float64)
    chosen = wiener(band, scene) if weight == "wiener" else WEIGHTS[weight](band, scene)
    edge = 0.0 if periodic else edge_of(k, scene) / (TAPER * length)
    chosen = chosen * ((0.5 - edge - k) * length).clamp(0.0, 1.0)
    chosen[:, 0] = 0.0
    chosen = chosen / chosen.max().clamp(min=1e-300)
    return Weights(chosen, scene.signal, scene.noise)


def edge_of(k: torch.Tensor, scene: SceneSpectra) -> float:
    """Where between the two `EDGES`, by the signal over the noise next to the Nyquist frequency."""
    top = k > 0.4
    ratio = float(scene.signal[:, top].sum() / scene.noise[:, top].sum().clamp(min=1e-300))
    share = 1.3 + 0.8 * math.log10(max(ratio, 1e-9))
    return min(max(share, EDGES[0]), EDGES[1])
