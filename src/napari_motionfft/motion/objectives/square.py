"""The posts' own data and settings."""

from __future__ import annotations

import torch

from napari_motionfft.motion.objectives.checks import number, whole

TRUE_SHIFTS = ((2.0, 4.0), (-2.0, 0.0))
"""(y, x) px/frame of the posts' two videos; they write (dx, dy) = (4, 2) and (0, −2)."""
SPREAD = 4.0
"""The posts' starts lie uniformly in ± this many px/frame."""


def posts_square(dtype: torch.dtype = torch.float32) -> tuple[torch.Tensor, torch.Tensor]:
    """A white square of 78 px on 128² px that moves for 5 frames, in two videos.

    Returns
    -------
    frames, true_shifts
        (2, 5, 128, 128) of zeros and ones; (2, 2) px/frame, (y, x). It never reaches the edge.
    """
    square = torch.zeros(128, 128, dtype=dtype)
    square[25:103, 25:103] = 1
    videos = [
        torch.stack([square.roll((int(t * dy), int(t * dx)), (0, 1)) for t in range(5)])
        for dy, dx in TRUE_SHIFTS
    ]
    return torch.stack(videos), torch.tensor(TRUE_SHIFTS, dtype=dtype)


def random_starts(
    trials: int = 10, videos: int = 1, spread: float = SPREAD, seed: int = 0
) -> torch.Tensor:
    """Starts uniform in ±spread, drawn as in the posts: trial i with `manual_seed(seed + i)`.

    Returns
    -------
    (trials, videos, 2)
        px/frame, (y, x), float32.

    Raises
    ------
    TypeError, ValueError
        An argument is not what it takes.
    """
    trials, videos = whole("trials", trials, 1), whole("videos", videos, 1)
    reach, first = number("spread", spread, 0.0), whole("seed", seed, 0)
    drawn = [
        torch.rand(2 * videos, generator=torch.Generator().manual_seed(first + trial))
        for trial in range(trials)
    ]
    # the posts draw (dx, dy)
    return (torch.stack(drawn).reshape(trials, videos, 2) * 2 - 1).flip(-1) * reach
