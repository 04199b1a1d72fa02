"""The objectives agree with each other where theory says so, and with direct sums."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from napari_motionfft.motion import objectives as ob
from napari_motionfft.motion.objectives.planes import Plane

SHAPES = [(12, 16), (13, 16), (12, 15), (9, 11)]


def noise(videos: int, frames: int, shape: tuple[int, int], seed: int = 0) -> torch.Tensor:
    """(B, T, H, W) float64 white noise: every bin counts, the Nyquist ones too."""
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.standard_normal((videos, frames, *shape)))


def shifts_for(videos: int, seed: int = 1) -> torch.Tensor:
    """(B, 2) float64 off whole px."""
    return torch.from_numpy(np.random.default_rng(seed).uniform(-2, 2, (videos, 2)))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("frequencies", ["signed", "unsigned"])
def test_spatial_and_fourier_variance_differ_by_n_at_whole_shifts(
    shape: tuple[int, int], frequencies: str
) -> None:
    frames = noise(3, 4, shape)
    shifts = torch.tensor([[1.0, -2.0], [0.0, 3.0], [-4.0, 1.0]], dtype=torch.float64)
    pixels = shape[0] * shape[1]
    spatial = ob.spatial_variance(frames, shifts)
    fourier = ob.fourier_variance(frames, shifts, frequencies=frequencies)
    torch.testing.assert_close(spatial * (pixels - 1) / pixels, fourier, rtol=1e-10, atol=0)
    rolled = torch.stack(
        [
            torch.stack(
                [f.roll((int(-t * y), int(-t * x)), (0, 1)) for t, f in enumerate(video)]
            ).mean(0)
            for video, (y, x) in zip(frames, shifts.tolist(), strict=True)
        ]
    )
    torch.testing.assert_close(fourier, rolled.flatten(1).var(1, correction=0))


def test_spatial_bilinear_interpolation_is_the_weighted_mean_of_four_neighbours() -> None:
    frames = noise(1, 2, (7, 6))
    y, x = 0.3, -0.6
    moved = sum(
        wy * wx * frames[0, 1].roll((-dy, -dx), (0, 1))
        for dy, wy in ((0, 0.7), (1, 0.3))
        for dx, wx in ((-1, 0.6), (0, 0.4))
    )
    wanted = ((frames[0, 0] + moved) / 2).var()
    found = ob.spatial_variance(frames, torch.tensor([[y, x]], dtype=torch.float64))
    torch.testing.assert_close(found[0], wanted)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("lowpass", ["bilinear", "lanczos", "gaussian", "fejer"])
def test_a_low_pass_does_the_same_to_either(shape: tuple[int, int], lowpass: str) -> None:
    frames = noise(2, 4, shape)
    shifts = torch.tensor([[1.0, -2.0], [0.0, 3.0]], dtype=torch.float64)
    pixels = shape[0] * shape[1]
    spatial = ob.spatial_variance(frames, shifts, lowpass=lowpass)
    fourier = ob.fourier_variance(frames, shifts, lowpass)
    torch.testing.assert_close(spatial * (pixels - 1) / pixels, fourier, rtol=1e-10, atol=0)
    plain = ob.spatial_variance(frames, shifts)
    assert bool((spatial < 0.9 * plain).all())


@pytest.mark.parametrize("name", list(ob.OBJECTIVES))
def test_a_large_constant_costs_no_digits(name: str) -> None:
    frames, shifts = noise(1, 4, (16, 18)), shifts_for(1)
    objective = ob.OBJECTIVES[name]
    plain = objective(frames, shifts)
    lifted = objective.prepare((frames + 2e4).float())(shifts[None].float())[0]
    torch.testing.assert_close(lifted.double(), plain, rtol=2e-3, atol=2e-5)


def test_without_a_ring_nothing_lies_outside() -> None:
    frames = torch.ones(1, 2, 4, 4, dtype=torch.float64)
    shifts = torch.tensor([[0.0, 1.0]], dtype=torch.float64)
    assert float(ob.spatial_variance(frames, shifts, "periodic")[0]) == pytest.approx(0, abs=1e-12)
    wanted = torch.tensor([1, 1, 1, 0.5], dtype=torch.float64).repeat(4).var()
    torch.testing.assert_close(ob.spatial_variance(frames, shifts, "zeros")[0], wanted)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_energy_is_that_of_the_frames_at_four_times_the_pixels(shape: tuple[int, int]) -> None:
    """Against shifts of finely interpolated frames, where no Nyquist bin holds anything."""
    frames, shifts = noise(1, 3, shape), shifts_for(1)
    fine = torch.zeros(1, 3, 4 * shape[0], 4 * shape[1], dtype=torch.complex128)
    spectra = torch.fft.fft2(frames, norm="forward")
    for i in range(shape[0]):
        for j in range(shape[1]):
            rows = (
                [i - shape[0], i]
                if 2 * i == shape[0]
                else [i if 2 * i < shape[0] else i - shape[0]]
            )
            columns = (
                [j - shape[1], j]
                if 2 * j == shape[1]
                else [j if 2 * j < shape[1] else j - shape[1]]
            )
            for row in rows:
                for column in columns:
                    # energy, not amplitude, is what the two signs share
                    share = (len(rows) * len(columns)) ** -0.5
                    fine[..., row, column] = share * spectra[..., i, j]
    wanted = ob.fourier_variance(fine, 4 * shifts, frequencies="signed")
    torch.testing.assert_close(ob.fourier_variance(frames, shifts), wanted, rtol=1e-10, atol=0)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_mirrored_video_has_the_mirrored_value(shape: tuple[int, int]) -> None:
    frames, shifts = noise(2, 5, shape), shifts_for(2)
    for axis in (0, 1):
        turned = shifts.clone()
        turned[:, axis] *= -1
        for name in ("spatial", "fourier", "gcc-phat-0", "gcc-phat-0.5", "gcc-phat-1"):
            objective = ob.OBJECTIVES[name]
            torch.testing.assert_close(
                objective(frames.flip(2 + axis), turned), objective(frames, shifts), msg=name
            )


def test_the_nyquist_bins_count_by_their_cosine() -> None:
    row = torch.tensor([1.0, -1.0, 1.0, -1.0], dtype=torch.float64)  # all energy at Nyquist
    frames = row.repeat(1, 2, 4, 1)
    for x in (0.0, 0.25, 0.5, 1.0):
        found = ob.fourier_variance(frames, torch.tensor([[0.0, x]], dtype=torch.float64))
        assert float(found[0]) == pytest.approx((1 + np.cos(np.pi * x)) / 2, abs=1e-12)


@pytest.mark.parametrize("name", list(ob.OBJECTIVES))
def test_prepared_objectives_equal_the_direct_ones_in_float32(name: str) -> None:
    frames, shifts = noise(2, 6, (16, 18)).float(), shifts_for(2).float()
    many = torch.stack([shifts, shifts + 0.3, -shifts])
    objective = ob.OBJECTIVES[name]
    fast = objective.prepare(frames)(many)  # (S, B)
    direct = torch.stack([objective(frames, one) for one in many])
    torch.testing.assert_close(fast, direct, rtol=2e-4, atol=1e-6)
    weights = [3.0, 2.0, 1.0, 1.0, 2.0, 0.5]
    fast = objective.prepare(frames, weights)(many)
    direct = torch.stack([objective(frames, one, weights) for one in many])
    torch.testing.assert_close(fast, direct, rtol=2e-4, atol=1e-6)


@pytest.mark.parametrize("name", list(ob.OBJECTIVES))
def test_gradients_are_those_of_the_values(name: str) -> None:
    """All but the spatial one are smooth; that one is between whole pixels."""
    frames, shifts = noise(2, 4, (8, 9)), shifts_for(2).requires_grad_()
    objective = ob.OBJECTIVES[name]
    assert torch.autograd.gradcheck(lambda s: objective(frames, s), (shifts,), atol=1e-6)
    ready = objective.prepare(frames)
    assert torch.autograd.gradcheck(lambda s: ready(s[None]), (shifts,), atol=1e-6)


@pytest.mark.parametrize("lowpass", ["none", "bilinear", "lanczos", "gaussian", "fejer"])
@pytest.mark.parametrize("frequencies", ["signed", "unsigned"])
@pytest.mark.parametrize("frames", [2, 5, 8])
def test_the_pair_gives_the_variance_objective_back(
    frames: int, lowpass: str, frequencies: str
) -> None:
    stack, shifts = noise(2, frames, (12, 15)), shifts_for(2)
    energy = ob.fourier_variance(stack, shifts, lowpass, frequencies)
    again = ob.energy_of_pair(stack, shifts, lowpass, frequencies)
    torch.testing.assert_close(again, energy, rtol=1e-12, atol=0)
    single = ob.energy_of_pair(stack.float(), shifts.float(), lowpass, frequencies)
    torch.testing.assert_close(single.double(), energy, rtol=1e-6, atol=0)


def test_post_4s_reversion_is_half_the_sum_of_the_pair() -> None:
    frames, shifts = noise(1, 6, (9, 9)), shifts_for(1)
    even, odd = ob.even_odd_spectra(frames, shifts)
    ky, kx = (torch.fft.fftfreq(9, dtype=torch.float64) for _ in range(2))
    turns = ky[:, None] * shifts[0, 0] + kx * shifts[0, 1]
    mean = (even + torch.exp(2j * torch.pi * turns) * odd) / 2
    energy = (mean.abs() ** 2).sum() - mean[0, 0, 0].abs() ** 2
    torch.testing.assert_close(energy[None], ob.fourier_variance(frames, shifts))


def test_at_the_true_shift_the_odd_mean_is_the_even_one_a_frame_later() -> None:
    frames, truth = ob.posts_square(torch.float64)
    even, odd = ob.even_odd_spectra(frames, truth)
    ky = kx = torch.fft.fftfreq(128, dtype=torch.float64)
    for video, (y, x) in enumerate(truth.tolist()):
        later = torch.exp(-2j * torch.pi * (ky[:, None] * y + kx * x))
        torch.testing.assert_close(odd[video], even[video] * later, rtol=0, atol=1e-14)


def test_without_whitening_the_pair_is_the_energy_of_the_odd_lags() -> None:
    frames, shifts = noise(1, 6, (9, 9)), shifts_for(1)
    plane = Plane.full((9, 9), "signed")
    spectra = plane.spectra(frames)[0]
    turns = plane.fy[:, None] * shifts[0, 0] + plane.fx * shifts[0, 1]
    total = 0.0
    for t in range(0, 6, 2):
        for s in range(1, 6, 2):
            cross = spectra[s] * spectra[t].conj() * torch.exp(2j * torch.pi * (s - t) * turns)
            total += float((plane.count * cross.real).sum()) / 9
    assert float(ob.gcc_phat_stack(frames, shifts, 0.0)[0]) == pytest.approx(total, rel=1e-10)


def test_phase_alone_is_one_at_the_truth_whatever_the_brightness() -> None:
    frames = noise(1, 1, (9, 11)).repeat(1, 4, 1, 1)
    still = torch.zeros(1, 2, dtype=torch.float64)
    wanted = (9 * 11 - 1) / (9 * 11)
    for scale in (1e-9, 1.0, 1e6):
        for dtype in (torch.float32, torch.float64):
            found = ob.gcc_phat_stack((scale * frames).to(dtype), still.to(dtype), 1.0)
            assert float(found[0]) == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize(
    "objective", [ob.fourier_variance, ob.energy_of_pair, ob.gcc_phat_stack, ob.even_odd_spectra]
)
@pytest.mark.parametrize("frequencies", ["signed", "unsigned"])
def test_spectra_stand_for_frames(objective: Callable[..., object], frequencies: str) -> None:
    frames, shifts = noise(2, 4, (8, 9)), shifts_for(2)
    spectra = torch.fft.fft2(frames, norm="forward")
    torch.testing.assert_close(
        objective(spectra, shifts, frequencies=frequencies),
        objective(frames, shifts, frequencies=frequencies),
    )


def test_the_unsigned_objective_is_the_posts_code() -> None:
    frames, shifts = noise(2, 5, (10, 12)), shifts_for(2)
    height, width = 10, 12
    v, u = torch.meshgrid(
        torch.arange(height).double(), torch.arange(width).double(), indexing="ij"
    )
    for lowpass in ("none", "bilinear"):
        values = []
        for video, (dy, dx) in zip(frames, shifts.tolist(), strict=True):
            base = torch.exp(2j * torch.pi * (u * dx / width + v * dy / height))
            total = sum(
                torch.fft.fft2(f, norm="forward") * base**t for t, f in enumerate(video)
            ) / len(video)
            if lowpass == "bilinear":
                total = total * torch.sinc(u / width) ** 2 * torch.sinc(v / height) ** 2
            power = total.abs() ** 2
            values.append(power.sum() - power[0, 0])
        found = ob.fourier_variance(frames, shifts, lowpass, "unsigned")
        torch.testing.assert_close(found, torch.stack(values), rtol=1e-10, atol=0)


def test_a_video_more_changes_nothing_for_the_others() -> None:
    frames, shifts = noise(3, 4, (8, 9)), shifts_for(3)
    for name, objective in ob.OBJECTIVES.items():
        alone = torch.cat([objective(frames[i : i + 1], shifts[i : i + 1]) for i in range(3)])
        torch.testing.assert_close(objective(frames, shifts), alone, msg=name)


@pytest.mark.gpu
@pytest.mark.parametrize("name", list(ob.OBJECTIVES))
def test_the_same_on_a_gpu(name: str) -> None:
    frames, shifts = noise(2, 5, (16, 17)).float(), shifts_for(2).float()
    objective = ob.OBJECTIVES[name]
    there = objective(frames.cuda(), shifts.cuda())
    torch.testing.assert_close(there.cpu(), objective(frames, shifts), rtol=1e-3, atol=1e-6)
    fast = objective.prepare(frames.cuda())(shifts[None].cuda())[0]
    torch.testing.assert_close(fast.cpu(), objective(frames, shifts), rtol=1e-3, atol=1e-6)
