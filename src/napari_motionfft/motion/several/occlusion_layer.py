"""One layer's image from the pixels that show it, and what is expected where few do."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from napari_motionfft.motion.several.occlusion_smooth import level
from napari_motionfft.motion.several.occlusion_view import View


@dataclass
class Sums:
    """Sums over the frames on the canvas of a view, (h, w) each.

    Attributes
    ----------
    weight, total
        Σ r and Σ r·I: how many frames show the layer, and their sum.
    first, second, moment
        Σ r·t, Σ r·t² and Σ r·t·I, times from the middle of the stack: for the velocity.
    """

    view: View
    weight: torch.Tensor
    total: torch.Tensor
    first: torch.Tensor
    second: torch.Tensor
    moment: torch.Tensor

    @classmethod
    def empty(cls, view: View) -> Sums:
        """Nothing added yet."""
        return cls(view, *(view.blank() for _ in range(5)))

    def add(
        self,
        rows: slice,
        values: torch.Tensor,
        seen: torch.Tensor,
        share: torch.Tensor | None = None,
    ) -> None:
        """Add frames (n, Y, X) as the view sees them, each pixel by its share; all by default."""
        share = seen if share is None else seen * share
        t = self.view.times[rows].to(values)[:, None, None]
        shared = share * values
        self.view.add(self.weight, share, rows)
        self.view.add(self.total, shared, rows)
        self.view.add(self.first, share * t, rows)
        self.view.add(self.second, share * t.square(), rows)
        self.view.add(self.moment, shared * t, rows)


@dataclass
class Layer:
    """A layer as Gaussian with its own smooth level: (h, w) on the canvas.

    Attributes
    ----------
    level
        What is expected where no frame shows it.
    pull
        Frames that the level counts for, noise variance over the variance about it.
    image
        Expected value given the frames.
    gated
        The same from the pixels within the gate alone.
    """

    sums: Sums
    level: torch.Tensor
    pull: float
    image: torch.Tensor
    gated: torch.Tensor


def layer_of(sums: Sums, noise: float, gate: torch.Tensor | None = None) -> Layer:
    """A layer from its sums.

    Parameters
    ----------
    noise
        Variance per pixel of a frame.
    gate
        (h, w) 0…1 of the canvas: where the layer is; everywhere by default.
    """
    weight, total = sums.weight, sums.total
    if gate is not None:
        weight, total = weight * gate, total * gate
    smooth = level(weight, total)
    count = float(weight.sum().clamp(min=1e-6))
    about = float((weight * (total / weight.clamp(min=1e-6) - smooth).square()).sum()) / count
    # the mean of n frames holds noise/n: summed with n as the weight, one noise for each pixel
    variance = about - noise * float((weight > 0.5).sum()) / count
    pull = max(noise / max(variance, 0.02 * noise, 1e-4), 1e-3)
    image = (sums.total + pull * smooth) / (sums.weight + pull)
    gated = (total + pull * smooth) / (weight + pull)
    return Layer(sums, smooth, pull, image, gated)


def predicted(
    layer: Layer, rows: slice, values: torch.Tensor, seen: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """What all other frames tell of some frames' pixels, and how many frames that is worth.

    Parameters
    ----------
    values, seen
        (n, Y, X) of the frames, as the layer's view sees them; all of it belongs to the layer.
    """
    view = layer.sums.view
    count = view.windows(layer.sums.weight, rows) - seen + layer.pull
    rest = view.windows(layer.sums.total + layer.pull * layer.level, rows) - seen * values
    return rest / count, count
