"""Normal equations of a path over several overlapping runs of frames (docs/method.md § 6, § 7).

Within a run only differences from the run's mean are known. Frames that two runs share link them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Link:
    """What one run of frames says of the path.

    Attributes
    ----------
    start, stop
        Frames of the stack.
    weights
        (n,) of the frames in the run's mean; 0 leaves a frame out.
    shares
        (n,) 1 over the number of runs that hold the frame.
    pulls
        (n, 2) gradient of the energy of each frame.
    curvature, scatter
        (2, 2) of a frame's energy, and covariance of its gradient.
    """

    start: int
    stop: int
    weights: torch.Tensor
    shares: torch.Tensor
    pulls: torch.Tensor
    curvature: torch.Tensor
    scatter: torch.Tensor

    def rows(self, basis: torch.Tensor) -> torch.Tensor:
        """(n, K) of the basis less their weighted mean: the scene takes up what is common."""
        rows = basis[self.start : self.stop]
        return rows - (self.weights @ rows) / self.weights.sum().clamp(min=1e-300)


def shares_of(spans: Sequence[tuple[int, int]], frames: int) -> list[torch.Tensor]:
    """1 over the number of runs that hold each frame, (n,) a run."""
    count = torch.zeros(frames, dtype=torch.float64)
    for start, stop in spans:
        count[start:stop] += 1
    return [1 / count[start:stop] for start, stop in spans]


def gauge(basis: torch.Tensor) -> torch.Tensor:
    """(K,) mean of the basis over the frames where it can shift all of them alike, else 0."""
    ones = torch.ones(len(basis), 1, dtype=basis.dtype)
    if float((basis.sum(1, keepdim=True) - ones).abs().max()) < 1e-9:  # hats, splines
        return basis.mean(0)
    # gelsd: the default driver fails on wide matrices, more intervals than frames
    left = basis @ torch.linalg.lstsq(basis, ones, driver="gelsd").solution - ones
    return basis.mean(0) if float(left.abs().max()) < 1e-6 else torch.zeros_like(basis[0])


@dataclass(frozen=True)
class Step:
    """A Gauss–Newton step (K, 2) and the covariance (2K, 2K) of what it leads to."""

    move: torch.Tensor
    covariance: torch.Tensor | None


def solve(links: Sequence[Link], basis: torch.Tensor, errors: bool = False) -> Step:
    """The step that all runs together ask for.

    The gauge, a common shift of all frames, is fixed: the step's mean over the frames is 0.
    """
    size = basis.shape[1]
    common = gauge(basis)
    if len(links) == 1:
        return solve_one(links[0], basis, common, errors)
    curvature = torch.zeros(2 * size, 2 * size, dtype=torch.float64)
    scatter = torch.zeros_like(curvature)
    gradient = torch.zeros(size, 2, dtype=torch.float64)
    level = torch.zeros(2, 2, dtype=torch.float64)
    for link in links:
        rows = link.rows(basis)
        count = (link.shares * link.weights)[:, None]
        curvature += torch.kron(rows.T @ (count * rows), link.curvature)
        gradient += rows.T @ (count * link.pulls)
        level += link.curvature * count.sum()
        if errors:
            noisy = (link.shares * link.weights**2)[:, None]
            scatter += torch.kron(rows.T @ (noisy * rows), link.scatter)
    curvature += torch.kron(torch.outer(common, common), level)
    factor = cholesky(curvature)
    move = torch.cholesky_solve(gradient.reshape(-1, 1), factor).reshape(size, 2)
    if not errors:
        return Step(move, None)
    inverse = torch.cholesky_inverse(factor)
    return Step(move, inverse @ scatter @ inverse)


def solve_one(link: Link, basis: torch.Tensor, common: torch.Tensor, errors: bool) -> Step:
    """The same for a single run, where time and space part: (BᵀB)⁻¹ ⊗ H⁻¹."""
    rows = link.rows(basis)
    count = link.weights[:, None]
    gauge = torch.outer(common, common) * count.sum()
    factor = cholesky(rows.T @ (count * rows) + gauge)
    inverse = torch.linalg.pinv(link.curvature, hermitian=True)
    move = torch.cholesky_solve(rows.T @ (count * link.pulls), factor) @ inverse
    if not errors:
        return Step(move, None)
    in_time = torch.cholesky_inverse(factor)
    in_time = in_time @ (rows.T @ (count**2 * rows)) @ in_time
    return Step(move, torch.kron(in_time, inverse @ link.scatter @ inverse))


def spread_out(links: Sequence[Link], basis: torch.Tensor) -> torch.Tensor:
    """θ (K, 2) that comes nearest to the places of all frames, `pulls`; every run has its own zero.

    All curvatures count as 1: the least squares of `solve`, of half the size.
    """
    common = gauge(basis)
    size = basis.shape[1]
    gram = torch.zeros(size, size, dtype=torch.float64)
    wanted = torch.zeros(size, 2, dtype=torch.float64)
    total = 0.0
    for link in links:
        rows = link.rows(basis)
        count = (link.shares * link.weights)[:, None]
        gram += rows.T @ (count * rows)
        mean = (link.weights @ link.pulls) / link.weights.sum().clamp(min=1e-300)
        wanted += rows.T @ (count * (link.pulls - mean))
        total += float(count.sum())
    factor = cholesky(gram + torch.outer(common, common) * total)
    theta: torch.Tensor = torch.cholesky_solve(wanted, factor)
    return theta


def frame_error(link: Link) -> float:
    """px: standard error of one free frame, the smaller component."""
    inverse = torch.linalg.pinv(link.curvature, hermitian=True)
    return float((inverse @ link.scatter @ inverse).diagonal().clamp(min=0).min().sqrt())


def cholesky(matrix: torch.Tensor) -> torch.Tensor:
    """Cholesky factor of a matrix that may be barely positive."""
    ridge = 1e-12 * matrix.diagonal().abs().mean().clamp(min=1e-300)
    eye = torch.eye(len(matrix), dtype=matrix.dtype)
    while True:
        factor: torch.Tensor
        factor, failed = torch.linalg.cholesky_ex(matrix + ridge * eye)
        if not int(failed):
            return factor
        ridge = ridge * 100


def path_variance(covariance: torch.Tensor, basis: torch.Tensor) -> torch.Tensor:
    """(T, 2) px² of the displacement from frame 0, from the covariance (2K, 2K) of θ."""
    rows = basis - basis[:1]
    both = [((rows @ covariance[a::2, a::2]) * rows).sum(1) for a in (0, 1)]
    return torch.stack(both, 1).clamp(min=0)
