"""The posts' objectives: their table, starts at once against one by one, robustness to noise."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch

from benchmarks.scenes import periodic
from napari_motionfft.motion import objectives as ob

LEVELS = (-6, -12, -15, -18, -21, -24)
"""Per-pixel signal variance over noise variance, dB."""
LIMIT = 2.5
FRAMES = 16
FAMILY = (
    ("energy", "fourier", 0.0),
    ("even-odd, α = 0", "gcc-phat", 0.0),
    ("even-odd, α = 0.5", "gcc-phat", 0.5),
    ("even-odd, α = 1", "gcc-phat", 1.0),
)


def found(objective: ob.Objective, seed: int, level: float) -> bool:
    """Whether the highest point of the landscape is within 0.5 px/frame of the truth."""
    known = periodic(seed, level, frames=FRAMES)
    landscape = ob.objective_landscape(
        known.stack, objective, limit=LIMIT, step=1 / FRAMES, device="cpu"
    )
    return bool(np.abs(landscape.peak[0] - known.velocity).max() < 0.5)


def robustness(seeds: int) -> dict[tuple[str, str, int], float]:
    """Success rates by (objective, low-pass, level): 1/f scene of 64², T = 16, white noise."""
    rates = {}
    for title, family, alpha in FAMILY:
        for lowpass in ("none", "gaussian"):
            objective = ob.Objective(title, family, "", lowpass, alpha=alpha)
            for level in LEVELS:
                hits = [found(objective, seed, level) for seed in range(seeds)]
                rates[title, lowpass, level] = float(np.mean(hits))
    return rates


def best_of(job: Callable[[], object], times: int = 3) -> float:
    """Shortest of several runs, s."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        job()
        taken.append(time.perf_counter() - began)
    return min(taken)


def posts_loop(frames: torch.Tensor, starts: torch.Tensor, steps: int) -> None:
    """The posts' way: one start after another, T phase ramps over the whole plane each step."""
    for start in starts:
        here = start.clone().requires_grad_()
        rule = torch.optim.Adam([here], lr=0.5)
        plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(rule, patience=50, factor=0.5)
        for _ in range(steps):
            rule.zero_grad()
            loss = -ob.fourier_variance(frames, here).mean()
            loss.backward()  # type: ignore[no-untyped-call]
            rule.step()
            plateau.step(loss.detach())


def starts_at_once(steps: int = 400) -> dict[str, tuple[float, float]]:
    """Seconds of ten starts in one batch and of ten runs, by objective."""
    frames, _ = ob.posts_square()
    starts = ob.random_starts(10, 2)
    out = {}
    for name in ("fourier", "fourier-bilinear", "fourier-unsigned"):

        def batch(name: str = name) -> object:
            return ob.multi_start(frames, name, starts, steps)

        def single(name: str = name) -> object:
            return [ob.multi_start(frames, name, start[None], steps) for start in starts]

        ob.multi_start(frames, name, starts, 5)  # warm
        out[name] = (best_of(batch), best_of(single, 1))
    spectra = torch.fft.fft2(frames, norm="forward")
    few = 20
    posts = best_of(lambda: posts_loop(spectra, starts, few), 1) * steps / few
    out["the posts' loop (fourier)"] = (out["fourier"][0], posts)
    return out


def table(seeds: int = 50) -> None:
    """Print every figure of the objectives."""
    frames, truth = ob.posts_square()
    print("The posts' data and settings: ten starts in ±4 px/frame, at most 400 steps of Adam")
    print(ob.compare_objectives(frames, truth))
    print("Ten starts of 400 steps on the posts' data")
    for name, (batch, single) in starts_at_once().items():
        print(
            f"  {name:<26} at once {batch:6.2f} s   one by one {single:6.2f} s   "
            f"{single / batch:5.1f} × faster"
        )
    print(f"Landscape's peak within 0.5 px/frame: 1/f scene, 64², T = {FRAMES}, {seeds} seeds")
    rates = robustness(seeds)
    print(f"  {'':<36}" + "".join(f"{level:>7} dB" for level in LEVELS))
    for title, _, _ in FAMILY:
        for lowpass in ("none", "gaussian"):
            name = f"{title}, {'no filter' if lowpass == 'none' else 'Gaussian 1 px'}"
            cells = "".join(f"{rates[title, lowpass, level]:>9.0%} " for level in LEVELS)
            print(f"  {name:<36}{cells}")


if __name__ == "__main__":
    table()
