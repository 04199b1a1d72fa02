"""The other tools follow an easy path rightly: their figures are theirs, not our mistakes."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.path_peers import correlation, ecc, stackreg
from benchmarks.path_scenes import KnownPath, moving_window, random_walk, rmse_to_first


@pytest.fixture(scope="module")
def known() -> KnownPath:
    """Walks further along either axis than any tolerance here, unlike along both."""
    from benchmarks.accuracy import photograph

    walked = moving_window(photograph(), random_walk(0, frames=12), side=192, snr=10.0)
    assert (np.ptp(walked.path, axis=0) > 2).all()
    return walked


@pytest.mark.parametrize(
    ("normalization", "previous", "tolerance"),
    [("phase", False, 0.03), ("phase", True, 0.1), (None, False, 0.1), (None, True, 0.2)],
)
def test_scikit_image(
    known: KnownPath, normalization: str | None, previous: bool, tolerance: float
) -> None:
    found = correlation(normalization, previous)(known.stack)
    assert rmse_to_first(found, known.path) < tolerance


@pytest.mark.parametrize(("reference", "tolerance"), [("first", 0.03), ("previous", 0.1)])
def test_pystackreg(known: KnownPath, reference: str, tolerance: float) -> None:
    pytest.importorskip("pystackreg")
    assert rmse_to_first(stackreg(reference)(known.stack), known.path) < tolerance


@pytest.mark.parametrize("blur", [5, 15])
def test_opencv(known: KnownPath, blur: int) -> None:
    pytest.importorskip("cv2")
    assert rmse_to_first(ecc(blur)(known.stack), known.path) < 0.03


def test_opencv_holds_the_last_place_where_it_gives_up(known: KnownPath) -> None:
    pytest.importorskip("cv2")
    stack = known.stack.copy()
    stack[5] = 7  # nothing to align
    found = ecc()(stack)
    np.testing.assert_array_equal(found[5], found[4])
    kept = [t for t in range(12) if t != 5]
    assert rmse_to_first(found[kept], known.path[kept]) < 0.03
