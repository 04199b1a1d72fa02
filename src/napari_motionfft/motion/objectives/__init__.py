"""The objectives of the source posts: differentiable, batched, comparable (docs/method.md § 2–4).

Frames are (B, T, H, W), shifts (B, 2) in px/frame, (y, x), of the content, positive = down / right.
All objectives are maximised, and return (B,).
"""

from __future__ import annotations

from napari_motionfft.motion.objectives.ascent import History, multi_start
from napari_motionfft.motion.objectives.compare import Comparison, Row, compare_objectives
from napari_motionfft.motion.objectives.even_odd import (
    energy_of_pair,
    even_odd_spectra,
    gcc_phat_stack,
)
from napari_motionfft.motion.objectives.fourier import fourier_variance
from napari_motionfft.motion.objectives.frame_weights import (
    continuation_schedule,
    geometric_response,
    geometric_response_sum,
    geometric_weights,
)
from napari_motionfft.motion.objectives.landscape import (
    ObjectiveLandscape,
    local_maxima,
    objective_landscape,
)
from napari_motionfft.motion.objectives.line import (
    dirac_comb,
    integrate_by_rolling,
    rect_pulse,
    tri_pulse,
)
from napari_motionfft.motion.objectives.phat import dirichlet_kernel, phat_objective, phat_shift
from napari_motionfft.motion.objectives.registry import OBJECTIVES, Objective
from napari_motionfft.motion.objectives.responses import (
    bilinear_response,
    cascade_response,
    fejer_response,
    gaussian_response,
    lanczos_response,
    moving_average_response,
)
from napari_motionfft.motion.objectives.spatial import spatial_variance
from napari_motionfft.motion.objectives.square import posts_square, random_starts

__all__ = [
    "OBJECTIVES",
    "Comparison",
    "History",
    "Objective",
    "ObjectiveLandscape",
    "Row",
    "bilinear_response",
    "cascade_response",
    "compare_objectives",
    "continuation_schedule",
    "dirac_comb",
    "dirichlet_kernel",
    "energy_of_pair",
    "even_odd_spectra",
    "fejer_response",
    "fourier_variance",
    "gaussian_response",
    "gcc_phat_stack",
    "geometric_response",
    "geometric_response_sum",
    "geometric_weights",
    "integrate_by_rolling",
    "lanczos_response",
    "local_maxima",
    "moving_average_response",
    "multi_start",
    "objective_landscape",
    "phat_objective",
    "phat_shift",
    "posts_square",
    "random_starts",
    "rect_pulse",
    "spatial_variance",
    "tri_pulse",
]
