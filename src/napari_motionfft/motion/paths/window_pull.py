"""How the edges of a small window pull at what is seen through it (docs/method.md § 5)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch

from napari_motionfft.motion.crops import Crop, residual
from napari_motionfft.motion.integrate import shift_part
from napari_motionfft.motion.refine import Aligned

FIRMNESS = (0.1, 0.7)
"""Shares of a curvature that are left in any case, to be tried in turn: without noise most of the
pull can go; but where a good half is the window's a path may wander off along an edge."""
HELD = 0.75
"""px that a window can hold a frame off its place at most: half a px, and what noise adds."""
LEAST = 0.05
"""Share of a curvature that is the scene's at least: below it nothing is known along there."""
FLAT = 1e-6
"""Of the larger curvature: what the smaller one must exceed."""
OFF = 1 / 12
"""px²: mean square distance of a path from whole px."""


@dataclass(frozen=True)
class Pull:
    """Spectra of what a travelling window shows, and of that with the window's own slope in place.

    With S the scene and w the window, frames are S(x − p)·w(x − q), q being p in whole px. Taken
    back by p, the window stands off by q − p, which adds (p − q)·S∇w: a straight edge that the
    window cuts off seems to have ends, and these lie on whole px.

    Attributes
    ----------
    crop
        The windows.
    shown, slope
        (Ky, Kx) of S·w, (2, Ky, Kx) of S·∇w.
    """

    crop: Crop
    shown: torch.Tensor
    slope: torch.Tensor

    @classmethod
    def of(cls, crop: Crop, path: torch.Tensor, weights: torch.Tensor) -> Pull:
        """From the mean of the frames (n,) along a path (T, 2)."""
        left = residual(crop, path)
        scene = torch.zeros(crop.shape, dtype=torch.float64)
        for first in range(0, crop.count, crop.block):
            last = min(first + crop.block, crop.count)
            values = shift_part(crop.read(first, last), left[first:last])
            scene += torch.einsum("n,nij->ij", weights[first:last], values.double())
        scene /= weights.sum()
        window = crop.window.double()
        scene -= (scene * window).sum() / window.sum()
        band = crop.band
        own = torch.fft.rfft2(window)
        steps = [2j * math.pi * band.ky[:, None] * own, 2j * math.pi * band.kx[None] * own]
        slopes = torch.stack([torch.fft.irfft2(step, s=crop.shape) for step in steps])
        shown, slope = (torch.fft.rfft2(scene * w, norm="ortho") for w in (window, slopes))
        return cls(crop, shown, slope)

    def parts(self, run: Aligned) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """H^(−1/2) and H^(1/2) of the curvature, (2, 2) with the axes as columns, and shares (2,).

        Along each axis, the share of the curvature that is the scene's.
        """
        band = self.crop.band
        turns = [run.weight * 2 * math.pi * k for k in (band.ky[:, None], band.kx[None])]
        both = [(turn * self.shown.conj() * self.slope).imag.sum((1, 2)) for turn in turns]
        own = (torch.stack(both) + torch.stack(both).T) / 2  # (2, 2)
        whole, vectors = torch.linalg.eigh(run.curvature)
        if float(whole[0]) < FLAT * float(whole[1]):  # noise only: nothing is anybody's
            return vectors, vectors, torch.zeros(2, dtype=torch.float64)
        root = whole.sqrt()
        into = vectors / root
        share, axes = torch.linalg.eigh(into.T @ own @ into)
        return into @ axes, vectors * root @ axes, 1 - share

    def out_of(self, run: Aligned, path: torch.Tensor, firm: float) -> Aligned:
        """A run with as much of the pull taken out as makes the error least.

        Along a direction where a share f of the curvature is the window's, taking out f' leaves the
        error ((f − f')·q + σ)/(1 − f'), of q px off the window's place and noise σ. It is least
        with 1 − f' = a + σ²/(a·q²), a being 1 − f. What is left of the pull counts as noise.

        Parameters
        ----------
        firm
            The least 1 − f'; 1 leaves the pull as it is.
        """
        into, back, scene = self.parts(run)
        if not bool(scene.any()):
            return run
        scene = scene.clamp(LEAST, 1.0)  # a
        noise = (into * (run.scatter @ into)).sum(0)  # σ²
        off = OFF / into.square().sum(0)  # q²
        kept = (scene + noise / (scene * off)).clamp(firm, 1.0)  # 1 − f'
        taken = (back * (1 - kept)) @ back.T
        left = (back * ((kept - scene).square() * off)) @ back.T
        return replace(
            run,
            gradients=run.gradients + residual(self.crop, path) @ taken,
            curvature=run.curvature - taken,
            scatter=run.scatter + left,
        )
