"""The pictures of docs/from-the-posts.md."""

from __future__ import annotations

from pathlib import Path

import torch
from matplotlib.figure import Figure

from napari_motionfft.files.objective_pictures import comparison_figure, write_figure
from napari_motionfft.motion import objectives as mo


def main(out: Path) -> None:
    """All of them."""
    frames, truth = mo.posts_square()
    comparison = mo.compare_objectives(frames, truth)
    print(comparison)
    write_figure(out / "objectives.png", comparison_figure(comparison, truth.numpy()), 80)
    write_figure(out / "square.png", square(frames))
    write_figure(out / "filters.png", filters())
    write_figure(out / "phat.png", phat())


def square(frames: torch.Tensor) -> Figure:
    """The first and last frame, and the mean along the right and a wrong motion."""
    video = frames[0].double()

    def along(dy: int, dx: int) -> torch.Tensor:
        return torch.stack([f.roll((-dy * t, -dx * t), (0, 1)) for t, f in enumerate(video)]).mean(
            0
        )

    panels = {
        "frame 0": video[0],
        "frame 4": video[-1],
        "mean along (0, 0)": along(0, 0),
        "mean along (2, 4): the most energy": along(2, 4),
    }
    figure = Figure(figsize=(11, 3), layout="constrained")
    for axes, (title, image) in zip(figure.subplots(1, 4), panels.items(), strict=True):
        axes.imshow(image, cmap="gray", vmin=0, vmax=1)
        axes.set_title(f"{title}\nvariance {float(image.var(correction=0)):.3f}", fontsize=9)
        axes.set_axis_off()
    return figure


def filters(taps: int = 8) -> Figure:
    """Magnitudes of the moving average, the triangle of as many taps, and their cascade."""
    f = torch.linspace(0, 0.5, 1001, dtype=torch.float64)
    curves = {
        f"moving average, T = {taps}": mo.moving_average_response(f, taps).abs(),
        "sinc² (triangle of half-width T)": mo.bilinear_response(f, float(taps)),
        "cascade of both": mo.cascade_response(f, taps),
        "bilinear interpolation, sinc² of 1 px": mo.bilinear_response(f),
        "Fejér": mo.fejer_response(f),
        "Lanczos-3": mo.lanczos_response(f, 3),
    }
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    axes = figure.subplots()
    for name, curve in curves.items():
        axes.plot(f, curve, label=name)
    axes.axvline(1 / taps, color="0.6", lw=1, ls=":")
    axes.set_xlabel("frequency, cycles/px (dotted: 1/T)")
    axes.set_ylabel("magnitude")
    axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.01, 1))
    return figure


def phat(size: int = 256, width: int = 33) -> Figure:
    """Post 4's 1-D objectives: Dirichlet and Fejér, α = 1 and 0.7, both kinds of frequencies."""
    signal = torch.zeros(size, dtype=torch.float64)
    signal[size // 2 - width // 2 : size // 2 + width // 2] = 1
    tau = torch.linspace(-6, 6, 601, dtype=torch.float64)
    figure = Figure(figsize=(10, 6), layout="constrained")
    grid = figure.subplots(2, 2, sharex=True, sharey="col")
    for row, frequencies in zip(grid, ("unsigned", "signed"), strict=True):
        for axes, alpha in zip(row, (1.0, 0.7), strict=True):
            for weights in ("dirichlet", "fejer"):
                values = mo.phat_objective(signal, signal, tau, alpha, weights, frequencies)
                axes.plot(tau, values / values.max(), label=weights)
            axes.set_title(f"α = {alpha:g}, {frequencies} frequencies", fontsize=10)
            axes.set_xlabel("τ, px")
            axes.legend(fontsize=8)
    return figure
