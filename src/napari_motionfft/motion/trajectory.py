"""Models of motion as linear bases: p = B·θ, B (T, K), θ (K, 2) (docs/method.md § 6, § 7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import torch
from scipy.interpolate import BSpline
from scipy.linalg import block_diag

MODELS = ("velocity", "polynomial", "spline", "free", "auto")
"""What `model=` takes."""

Basis = Callable[[int], torch.Tensor]


def velocity(frames: int) -> torch.Tensor:
    """Constant velocity: B = t, θ in px/frame."""
    return torch.arange(frames, dtype=torch.float64)[:, None]  # (T, 1)


def polynomial(frames: int, degree: int) -> torch.Tensor:
    """Legendre polynomials of degree 1…`degree` over the stack, (T, degree)."""
    t = np.linspace(-1, 1, frames)
    columns = np.polynomial.legendre.legvander(t, degree)[:, 1:]
    return torch.from_numpy(np.ascontiguousarray(columns))


def spline(frames: int, knots: int) -> torch.Tensor:
    """Cubic B-splines on `knots` equal intervals of time, (T, knots + 3)."""
    inner = np.linspace(0, frames - 1, knots + 1)
    padded = np.concatenate([[0.0] * 3, inner, [frames - 1.0] * 3])
    t = np.arange(frames, dtype=np.float64)
    return torch.from_numpy(BSpline.design_matrix(t, padded, 3).toarray())


def free(
    frames: int, binning: int = 1, excluded: Sequence[int] = (), jumps: Sequence[int] = ()
) -> torch.Tensor:
    """Piecewise linear between nodes, one a bin of frames, (T, nodes).

    Parameters
    ----------
    binning
        Frames that share a node; with 1 every frame is free.
    excluded
        Frames without a node: they lie on the line between their neighbours.
    jumps
        First frames after a jump: no line crosses it.
    """
    edges = [0, *sorted(jumps), frames]
    pieces = []
    for start, stop in pairwise(edges):
        inside = [t for t in range(start, stop) if t not in set(excluded)]
        nodes = nodes_of(inside, start, binning)
        pieces.append(hats(np.arange(start, stop), nodes, extend=binning > 1))
    return torch.from_numpy(block_diag(*pieces))


def nodes_of(frames: Sequence[int], start: int, binning: int) -> np.ndarray:
    """Times of the nodes: the middle of each bin of frames; `start` where there is no frame."""
    if not frames:
        return np.array([float(start)])
    count = max(1, round(len(frames) / binning))
    return np.array([part.mean() for part in np.array_split(np.asarray(frames, float), count)])


def hats(t: np.ndarray, nodes: np.ndarray, extend: bool) -> np.ndarray:
    """(n, nodes) linear interpolation between nodes.

    Beyond the outer ones the line goes on, or is held where these are single frames: then nothing
    says how a frame further out moved.
    """
    if len(nodes) == 1:
        return np.ones((len(t), 1))
    left = np.clip(np.searchsorted(nodes, t, side="right") - 1, 0, len(nodes) - 2)
    share = (t - nodes[left]) / (nodes[left + 1] - nodes[left])
    share = share if extend else share.clip(0.0, 1.0)
    rows = np.arange(len(t))
    out = np.zeros((len(t), len(nodes)))
    out[rows, left] = 1 - share
    out[rows, left + 1] = share
    return out


def steps(frames: int, jumps: Sequence[int]) -> torch.Tensor:
    """One column a jump: 0 before it, 1 from its first frame on, (T, jumps)."""
    t = torch.arange(frames)[:, None]
    return (t >= torch.tensor(list(jumps), dtype=torch.long)[None]).double()


def basis_of(
    model: str,
    frames: int,
    parameters: int,
    excluded: Sequence[int] = (),
    jumps: Sequence[int] = (),
) -> torch.Tensor:
    """The basis of a model, (T, K).

    Parameters
    ----------
    parameters
        Degree of the polynomial, intervals of the spline, or frames a node of the free model.
    excluded, jumps
        Frames left out; first frames after jumps, which smooth models take as steps.
    """
    if model == "free":
        return free(frames, parameters, excluded, jumps)
    smooth = {"polynomial": polynomial, "spline": spline}
    columns = velocity(frames) if model == "velocity" else smooth[model](frames, parameters)
    return torch.cat([columns, steps(frames, jumps)], 1)


def centred(basis: torch.Tensor) -> torch.Tensor:
    """The basis less its column means: a common shift of all frames changes nothing."""
    return basis - basis.mean(0, keepdim=True)
