"""Gauss–Newton for the velocities of many windows at once (docs/method.md § 6, § 11)."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from napari_motionfft.motion.strips.mosaic import (
    SMOOTH_BINS,
    THIN,
    MeanLine,
    Runs,
    gradients,
    gram,
    lay,
    pulls,
    shared_spectra,
)

STEPS = 4
"""Steps at most; two are mostly enough."""
ACCELERATED = 12
"""Fewest lines of a window for which a changing velocity is allowed for."""
CLOSE = 0.01
"""px: after a smaller step the next would be negligible."""
MODES = 4
"""Slow ways of straying that are looked at."""
ALIKE = 0.9
"""Mean phase ramp from which moving and still are one."""
STILL_ROUNDS = 12
"""Turns of taking the moving part out of the still one and back."""


@dataclass
class Fit:
    """Refined velocities of b windows.

    Attributes
    ----------
    velocity
        (b,) float64 px/frame.
    variance
        (b,) (px/frame)² of it from noise alone.
    inflation
        (b,) ≥ 1: how much more the lines scatter about the motion than noise alone makes them.
    agreement
        (b,) how steeply lines hold on to their place: the higher, the better they agree.
    shared, power
        (b, L//2+1) power that lines share with the mean of the others, and all of it.
    lines_a_point
        (b,) how many lines saw each point of the scene.
    """

    velocity: torch.Tensor
    variance: torch.Tensor
    inflation: torch.Tensor
    agreement: torch.Tensor
    shared: torch.Tensor
    power: torch.Tensor
    lines_a_point: torch.Tensor


@dataclass(frozen=True)
class Weights:
    """Spectral weight and what it was made from, at the bins of rfft(L), (b, L//2+1) float64."""

    weight: torch.Tensor
    signal: torch.Tensor
    noise: torch.Tensor

    def pick(self, rows: torch.Tensor) -> Weights:
        """Those of some windows."""
        return Weights(self.weight[rows], self.signal[rows], self.noise[rows])


def refine(
    runs: Runs, start: torch.Tensor, weights: Weights, static: bool, steps: int = STEPS
) -> Fit:
    """Climb from `start` (b,) to the velocities of best agreement.

    Parameters
    ----------
    static
        Fit a still pattern beside the moving one, window by window.
    """
    weight = resampled(weights.weight, runs).float().to(runs.device)
    pull = pulls(runs, weight)
    flat = Runs(
        runs.taper.expand(len(start), 1, 1, -1),
        torch.fft.rfft(runs.taper, runs.size).expand(len(start), 1, 1, -1),
        runs.taper,
        torch.ones(1, 1).double(),
        torch.zeros(1, 1).double(),
        runs.size,
    )
    flat_pull = pulls(flat, weight)
    basis = basis_of(runs)  # (c, m, F)
    theta = torch.zeros(len(start), basis.shape[2], dtype=torch.float64)
    theta[:, 0] = start
    lines, mask = float(runs.mask.sum()), runs.mask
    inverse = lever(start, runs, basis, weights, static)
    for step in range(steps + 1):
        mean = lay(runs, torch.einsum("cmf,bf->bcm", basis, theta))
        if static:
            take_out_still(runs, pull, mean, weight)
        if step == 0:
            level(runs, pull, flat.spectra, flat_pull, mean)
        gradient, curvature = gradients(runs, pull, mean)
        own = own_share(runs, mean, weights)
        steep = (curvature * mask).sum((1, 2)) / lines - own  # (b,)
        steep = torch.maximum(steep, 1e-3 * own).clamp(min=1e-300)
        along = torch.einsum("bcm,cmf->bf", gradient, basis) / steep[:, None]
        move = torch.einsum("bfg,bg->bf", inverse, along).nan_to_num(0.0)
        shift = torch.einsum("cmf,bf->bcm", basis, move)
        longest = shift.abs().amax((1, 2))
        limit = (1.0 / longest.clamp(min=1.0))[:, None]
        theta, shift = theta + move * limit, shift * limit[..., None]
        if step == steps or float(longest.max()) < CLOSE:
            break
    inverse = lever(theta[:, 0], runs, basis, weights, static)
    scatter = scatter_of(runs, mean, weights, steep)
    one_line = scatter / steep**2  # variance of one line's displacement
    left = (gradient / steep[:, None, None] - shift) * mask
    shared, power = shared_spectra(runs, mean)
    return Fit(
        theta[:, 0],
        one_line * inverse[:, 0, 0],
        misfit(left, mask, one_line),
        steep,
        shared,
        power,
        mean.lines_a_point,
    )


def basis_of(runs: Runs) -> torch.Tensor:
    """(c, m, F): displacement by velocity, and by acceleration where there are lines enough.

    The acceleration is no result: without it lines of a changing flow disagree, and their velocity
    is that of the part that agrees. Over the window it is orthogonal to the velocity, which stays
    the mean one and as certain as before.
    """
    frame = torch.arange(runs.mask.numel(), dtype=torch.float64).reshape(runs.mask.shape)
    n = float(runs.mask.sum())
    t = (frame - (n - 1) / 2) * runs.mask
    columns = [t, t**2 / 2] if n >= ACCELERATED else [t]
    basis = torch.stack(columns, -1)
    count = runs.mask.sum(1, keepdim=True).clamp(min=1)[..., None]
    return (basis - basis.sum(1, keepdim=True) / count) * runs.mask[..., None]


def lever(
    velocity: torch.Tensor, runs: Runs, basis: torch.Tensor, weights: Weights, static: bool
) -> torch.Tensor:
    """Inverse of how much each parameter moves lines against their mean, (b, F, F)."""
    arms = gram(velocity, runs, basis)
    if static:
        arms = arms * share_left(runs, velocity, weights).clamp(min=1e-6)[:, None, None]
    inverse: torch.Tensor = torch.linalg.pinv(arms, hermitian=True)
    return inverse


def resampled(weight: torch.Tensor, runs: Runs) -> torch.Tensor:
    """(b, n) at the bins of rfft(L) → at the bins of `runs.k`, by linear interpolation."""
    bins = weight.shape[-1] - 1
    at = (runs.k * len(runs.taper)).clamp(max=bins - 1e-9)
    low = at.floor().long()
    return weight[:, low] * (1 - (at - low)) + weight[:, (low + 1).clamp(max=bins)] * (at - low)


def moment(values: torch.Tensor, length: int) -> torch.Tensor:
    """∫ (2πk)²·values dk over the whole axis, (b,) from (b, L//2+1)."""
    k = 2 * torch.pi * torch.fft.rfftfreq(length, dtype=torch.float64)
    count = torch.full_like(k, 2.0 / length)
    if length % 2 == 0:
        count[-1] = 0
    total: torch.Tensor = (values * k**2 * count).sum(-1)
    return total


def own_share(runs: Runs, mean: MeanLine, weights: Weights) -> torch.Tensor:
    """What each line's noise adds to its curvature through its own part of the mean, (b,)."""
    length = len(runs.taper)
    sharp = moment(weights.weight * weights.noise, length)
    cubes = float((runs.taper.double().cpu() ** 3).sum())
    return sharp * cubes / mean.lines_a_point.clamp(min=1.0)


def scatter_of(runs: Runs, mean: MeanLine, weights: Weights, steep: torch.Tensor) -> torch.Tensor:
    """Variance of one line's gradient from noise alone, (b,).

    The scene's power is scaled to what the window's own curvature `steep` says of it.
    """
    length, taper = len(runs.taper), runs.taper.double().cpu()
    expected = moment(weights.weight * weights.signal, length) * float((taper**2).sum())
    own = (steep / expected.clamp(min=1e-300))[:, None]
    both = own * weights.signal + weights.noise / mean.lines_a_point.clamp(min=1.0)[:, None]
    return moment(weights.weight**2 * weights.noise * both, length) * float((taper**4).sum())


def level(
    runs: Runs, pull: torch.Tensor, flat: torch.Tensor, flat_pull: torch.Tensor, mean: MeanLine
) -> None:
    """Give each line the level at which it lies on the mean line, in place.

    A line's own mean was taken off; but the scene's mean within the strip changes as it passes.
    """
    low = slice(0, min(SMOOTH_BINS, flat.shape[-1]))
    shape = flat[0, 0, 0, low].conj() * runs.counted()[low]
    along = mean.spectrum[:, :, None, low] * mean.turns[..., low].conj()
    model = (along * shape).real.sum(-1)  # (b, c, m) of Σ_x u·S̄(x − p_t)
    offset = (runs.lines.sum(-1) - model) / runs.taper.sum()
    offset = (offset * runs.mask.float().to(runs.device))[..., None]
    runs.lines -= offset * runs.taper
    runs.spectra[..., low] -= offset * flat[..., low]
    pull[..., low] -= offset * flat_pull[..., low]


def take_out_still(runs: Runs, pull: torch.Tensor, mean: MeanLine, weight: torch.Tensor) -> None:
    """Move what the lines share at rest out of them, in place; `mean` is laid anew.

    Two layers by turns: the still one is the mean of the lines less the moving one, which is the
    mean of the compensated lines less the still one (docs/method.md § 9). All on mean lines.
    """
    length, lines = len(runs.taper), float(runs.mask.sum())
    rest = runs.lines.sum((1, 2)) / lines  # (b, L), under the taper
    together = mean.turns.sum(2)  # (b, c, K)
    count = torch.fft.irfft(mean.cover, runs.size).clamp(min=THIN)
    still = torch.zeros_like(rest)
    hold = tellable(together.abs().sum(1) / lines, weight)
    for _ in range(STILL_ROUNDS):
        moving = torch.fft.irfft((mean.spectrum * together.conj()).sum(1), runs.size)
        still = rest - runs.taper * moving[:, :length] / lines
        still = torch.fft.irfft(torch.fft.rfft(still, runs.size) * hold, runs.size)[:, :length]
        total = mean.total - torch.fft.rfft(still, runs.size)[:, None] * together
        mean.spectrum = torch.fft.rfft(torch.fft.irfft(total, runs.size) / count, runs.size)
    mean.total = total
    part = Runs(
        still[:, None, None],
        torch.fft.rfft(still, runs.size)[:, None, None],
        runs.taper,
        runs.mask[:1, :1],
        runs.t[:1, :1],
        runs.size,
    )
    on = runs.mask.float().to(runs.device)[..., None]
    runs.lines -= part.lines * on
    runs.spectra -= part.spectra * on
    pull -= pulls(part, weight) * on


def tellable(alike: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """(b, K) 1 where a still pattern can be told from the moving one, else 0.

    Where k·v is a whole number the moving pattern looks the same in every frame; what is still
    there stays with the moving one. Not so about k = 0: the mean line begins as the still one.

    Parameters
    ----------
    alike
        (b, K) |D|, the mean phase ramp: 1 where nothing is seen to move.
    """
    first = (alike < 0.5).cumsum(-1) == 0  # the lobe about k = 0
    return (((alike < ALIKE) & (weight > 0)) | first).float()


def share_left(runs: Runs, velocity: torch.Tensor, weights: Weights) -> torch.Tensor:
    """What of the velocity's information is left beside a free still pattern, (b,) in 0…1.

    At each frequency a_t = exp(−2πi k·v t) has to be told from a constant: of its derivative what
    lies along both is lost (docs/method.md § 9).
    """
    t = runs.t[runs.mask > 0]
    t = t if runs.t.shape[0] == 1 else runs.t[0][runs.mask[0] > 0]
    k = torch.fft.rfftfreq(len(runs.taper), dtype=torch.float64)
    turns = 2 * torch.pi * velocity[:, None, None] * t[:, None] * k  # (b, m, K)
    a = torch.polar(torch.ones_like(turns), -turns)
    d = a.mean(1)
    slope = (t[:, None] * a).sum(1)
    lost = (slope.real**2 + slope.imag**2) / (len(t) * (1 - d.real**2 - d.imag**2).clamp(min=1e-9))
    kept = (1 - lost / float((t**2).sum())).clamp(min=0.0, max=1.0)
    whole = weights.weight * weights.signal
    length = len(runs.taper)
    return moment(whole * kept, length) / moment(whole, length).clamp(min=1e-300)


def misfit(left: torch.Tensor, mask: torch.Tensor, one_line: torch.Tensor) -> torch.Tensor:
    """Variance inflation ≥ 1 of each window: how lines stray from the motion (docs/method.md § 8).

    White scatter beyond that of noise counts as it is. Slow straying (the scene changes as it
    passes, the flow is uneven) moves a slope far more than as much white scatter would: it is
    measured by the lowest polynomials that the fit leaves free. Both count beyond chance only.

    Parameters
    ----------
    left
        (b, c, m) px: what is left of each line's displacement.
    one_line
        (b,) px²: its variance from noise alone.
    """
    whole = mask[mask.min(1).values > 0] > 0  # runs that are full
    runs, m = int(whole.shape[0]), mask.shape[1]
    white = left / one_line.clamp(min=1e-300).sqrt()[:, None, None]
    n = float(mask.sum() - 2 * mask.shape[0])
    out = torch.ones(len(left), dtype=torch.float64)
    if n >= 4:
        ratio = white.square().sum((1, 2)) / n
        out = torch.where(ratio > 1 + 2 * (2 / n) ** 0.5, ratio, out)
    fitted = 2 if mask.shape[0] == 1 else 0
    slow = torch.linalg.qr(torch.linspace(-1, 1, m).double()[:, None] ** torch.arange(7))[0]
    slow = slow[:, 1 + fitted : 1 + fitted + MODES]  # (m, J)
    if runs == 0 or m < 2 * MODES + fitted + 1:
        return out
    strength = (white[:, mask.min(1).values > 0] @ slow).square().sum((1, 2))
    free = runs * MODES - (2 - fitted)
    ratio = strength / free
    return torch.where(ratio > 1 + 2 * (2 / free) ** 0.5, torch.maximum(out, ratio), out)
