"""A mean of patches, pixel by pixel, with weights of any size."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_motionfft.motion.average import Average

PATCH = st.tuples(
    st.tuples(st.integers(0, 5), st.integers(1, 6)),
    st.tuples(st.integers(0, 5), st.integers(1, 6)),
    st.floats(1e-200, 1.0),
    st.integers(0, 99),
)


@settings(max_examples=60)
@given(st.lists(PATCH, min_size=1, max_size=6), st.booleans())
def test_it_is_the_weighted_mean(
    patches: list[tuple[tuple[int, int], tuple[int, int], float, int]], alike: bool
) -> None:
    average = Average((12, 12), torch.device("cpu"), alike)
    total, weights, count = np.zeros((12, 12)), np.zeros((12, 12)), np.zeros((12, 12), int)
    for (y, height), (x, width), weight, seed in patches:
        patch = np.random.default_rng(seed).random((height, width)).astype(np.float32)
        place, weight = (slice(y, y + height), slice(x, x + width)), 1.0 if alike else weight
        average.add(place, torch.from_numpy(patch), weight)
        total[place] += weight * patch.astype(np.float64)
        weights[place] += weight
        count[place] += 1
    wanted = np.divide(total, weights, out=np.zeros((12, 12)), where=count > 0)
    np.testing.assert_allclose(average.mean().numpy(), wanted, atol=1e-6)
    np.testing.assert_array_equal(average.count.numpy(), count)
