"""What the edges of the field do to information and gradient: pixels that not all frames see."""

from __future__ import annotations

import torch

from napari_motionfft.motion.frames import box_shape
from napari_motionfft.motion.several.torus import Torus


def sees(torus: Torus, velocity: torch.Tensor, axis: int, at: torch.Tensor) -> torch.Tensor:
    """(…, n) bool: which frames of the run see a layer's points `at` (…) px along an axis."""
    size = box_shape(torus.box)[axis]
    x = at[..., None] + velocity[axis] * torus.times
    return (x >= -0.5) & (x < size - 0.5)


def kept_information(
    torus: Torus, seen: torch.Tensor, power: torch.Tensor, noise: torch.Tensor
) -> float:
    """Information on a layer's velocity from points that few frames see, over that without edges.

    A point seen in c frames gives Σ_k k²·P²·c·(c³ − c)/(N(N + cP)).

    Parameters
    ----------
    seen
        (n + 1,) share of the torus that so many frames see.
    power, noise
        (Ky, Kx) of the layer and of the noise.
    """
    band, counts = torus.band, torch.nonzero(seen).flatten()
    level = (band.radius() ** 2 * band.multiplicity() * power**2 / noise).flatten()
    ratio = (power / noise).flatten()

    def told(c: int) -> float:
        return float((level / (1 + c * ratio)).sum()) * c * (c**3 - c)

    found = sum(float(seen[c]) * told(int(c)) for c in counts)
    return found / max(torus.filled * told(torus.count), 1e-300)


def coverage(torus: Torus, velocity: torch.Tensor) -> torch.Tensor:
    """(n + 1,) share of the torus that so many frames see."""
    if torus.whole:  # what leaves comes in opposite: every frame sees all
        return torch.eye(torus.count + 1, dtype=torch.float64)[-1]
    spans = []
    for axis, size in enumerate(torus.shape):
        way = velocity[axis] * torus.times
        at = torch.arange(size, dtype=torch.float64) - (way.max() + 0.5).floor()
        spans.append(sees(torus, velocity, axis, at).double())
    count = (spans[0] @ spans[1].T).round().long().flatten()
    return torch.bincount(count, minlength=torus.count + 1).double() / count.numel()


def edge_pull(torus: Torus, velocity: torch.Tensor, variance: torch.Tensor) -> torch.Tensor:
    """(2,) what the uncertainty of a layer near the edges adds to the gradient of its velocity.

    Half the sum of t·∂Var over what a frame sees is the difference of its edges.

    Parameters
    ----------
    variance
        (n + 1,) posterior variance a px over the noise's, by the number of frames that see it.
    """
    pull = torch.zeros(2, dtype=torch.float64)
    if torus.whole:
        return pull
    shape, t = box_shape(torus.box), torus.times
    for axis in (0, 1):
        other = 1 - axis
        along = torch.arange(shape[other], dtype=torch.float64)
        for time in t.tolist():
            beside = sees(torus, velocity, other, along - velocity[other] * time).double()  # (w, n)
            ends = torch.tensor([0.0, shape[axis] - 1.0], dtype=torch.float64)
            here = sees(torus, velocity, axis, ends - velocity[axis] * time).double()  # (2, n)
            count = (beside @ here.T).round().long()  # (w, 2)
            low, high = variance[count].sum(0).tolist()
            pull[axis] += 0.5 * time * (high - low)
    return pull
