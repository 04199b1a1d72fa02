"""Write one image: float32 TIFF with its metadata."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_motionfft.files.whole import written_whole
from napari_motionfft.motion.result import Landscape


def write_image(
    path: str | os.PathLike[str], image: NDArray[Any], metadata: Mapping[str, Any] | None = None
) -> None:
    """Write a (Y, X) image as float32 TIFF, whole or not at all.

    Parameters
    ----------
    path
        An existing file is replaced.
    image
        (Y, X), any real dtype.
    metadata
        Plain data, stored as JSON in the description; `tifffile.TiffFile.shaped_metadata` reads it.

    Raises
    ------
    ValueError
        Not a 2-D image, or empty.
    OSError
        The file cannot be written.
    """
    values = np.asarray(image)
    if values.ndim != 2 or 0 in values.shape:
        raise ValueError(f"image must have 2 axes (Y, X) and pixels, got shape {values.shape}")
    described = {"axes": "YX", **(metadata or {})}
    content = io.BytesIO()
    tifffile.imwrite(
        content, values.astype(np.float32), photometric="minisblack", metadata=described
    )
    with written_whole(path) as file:
        file.write(content.getbuffer())


def landscape_metadata(landscape: Landscape) -> dict[str, Any]:
    """What a program needs to put velocities on the landscape's pixels."""
    return {
        "quantity": "motion energy in noise standard deviations",
        "velocity_unit": "px/frame",
        "vy_first_last": [float(landscape.vy[0]), float(landscape.vy[-1])],
        "vx_first_last": [float(landscape.vx[0]), float(landscape.vx[-1])],
        "peaks_vy_vx_score": [[float(v) for v in peak] for peak in landscape.peaks],
    }
