"""The maximum-likelihood weight of views, measured along a path (docs/method.md § 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from napari_motionfft.motion.job import Job
from napari_motionfft.motion.paths.matching import averaged
from napari_motionfft.motion.paths.still_pattern import less_still
from napari_motionfft.motion.paths.views import View
from napari_motionfft.motion.pipeline import refine_weight
from napari_motionfft.motion.refine import WeightOf
from napari_motionfft.motion.scene import scene_after_alignment


def weighed(
    views: Sequence[View], path: torch.Tensor, weights: torch.Tensor, weight_of: WeightOf
) -> list[View]:
    """The views with the refinement's weight, from what stays in their mean and what does not.

    Only smooth profiles over |k| are taken over: they know nothing of the phases.
    """
    return [one_weighed(view, path, weights, weight_of) for view in views]


def one_weighed(view: View, path: torch.Tensor, weights: torch.Tensor, weight_of: WeightOf) -> View:
    """One view with that weight; W = P/(N(N + TP)) makes the energy twice a log-likelihood."""
    mine = weights[view.start : view.stop]
    n = max(2.0, float(mine.sum() ** 2 / mine.square().sum()))
    mean, power = averaged(view, path, weights)
    energy = (mean.real.square() + mean.imag.square()).cpu().double()
    scene = scene_after_alignment(energy, power.cpu().double(), n, view.band)
    weight = weight_of(view.band, scene) * view.band.multiplicity()
    return replace(view, weight=weight.to(view.weight))


def has_pattern(job: Job) -> bool:
    """Whether to measure what stands still on the pixels: the weight is ours, it is not out."""
    return job.weight == "auto" and not (job.static or job.periodic)


def weight_along(
    job: Job, views: Sequence[View], path: torch.Tensor, weights: torch.Tensor
) -> WeightOf:
    """The refinement's weight, less where a pattern stands still while the content moves."""
    weight_of = refine_weight(job.weight)
    return less_still(weight_of, views, path, weights) if has_pattern(job) else weight_of
