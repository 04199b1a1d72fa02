"""Arrangements of the pictures: tight, and the one that shows the stack largest."""

from __future__ import annotations

import numpy as np
import pytest

from napari_motionfft.viewer.arrange import arrange, beside, over, under, usual, zoom

REGIONS = [((0, 100), (0, 100)), ((20, 60), (30, 90))]
WIDER = [((-30, 120), (-80, 90)), ((20, 400), (30, 600)), ((-200, 90), (10, 90))]
"""What a drift of several fields sees, on a frame of the first region."""
SHAPES = [(100, 100), (300, 100), (100, 300)]
ASPECT = 0.9


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_size_is_that_of_all_pictures_and_the_gaps_are_equal(shape, region) -> None:
    (y0, y1), (x0, x1) = region
    for places in (
        *beside(shape, region, ASPECT, usual(shape)),
        under(shape, region, ASPECT, 500.0, usual(shape)),
        *over(shape, ASPECT, 0.0, usual(shape)),
    ):
        dy, dx = places.integrated
        top, left = places.landscape
        images = [(0, 0, *shape), (y0 + dy, x0 + dx, y1 + dy, x1 + dx)]
        landscape = (top, left, top + places.height, left + ASPECT * places.height)
        ends = np.max([box[2:] for box in (*images, landscape)], axis=0)
        np.testing.assert_allclose(ends, places.size)
        assert min(box[i] for box in (*images, landscape) for i in (0, 1)) >= 0
        gap = 0.04 * max(shape[0], shape[1] / 2)
        free = [
            max(landscape[i] - box[i + 2] for i in (0, 1))  # along x or y
            for box in images
        ]
        assert min(free) == pytest.approx(gap) or top == 500.0


@pytest.mark.parametrize("region", WIDER)
@pytest.mark.parametrize("shape", SHAPES)
def test_pictures_larger_than_the_frame_cover_nothing(shape, region) -> None:
    (y0, y1), (x0, x1) = region
    places = [
        *beside(shape, region, ASPECT, usual(shape)),
        under(shape, region, ASPECT, 500.0, usual(shape)),
    ]
    for each in places:
        dy, dx = each.integrated
        top, left = each.landscape
        landscape = (top, left, top + each.height, left + ASPECT * each.height)
        boxes = [(0, 0, *shape), (y0 + dy, x0 + dx, y1 + dy, x1 + dx), landscape]
        assert min(box[i] for box in boxes for i in (0, 1)) >= 0
        np.testing.assert_allclose(np.max([box[2:] for box in boxes], axis=0), each.size)
        for i, a in enumerate(boxes):
            for b in boxes[:i]:
                deep = [min(a[k + 2], b[k + 2]) - max(a[k], b[k]) for k in (0, 1)]
                assert min(deep) < 1e-9, (a, b)
    laid = arrange(shape, np.array(region), (800, 1000), ASPECT, "over")
    assert laid.integrated == (0, 0)
    assert laid.landscape[0] > y1 or laid.landscape[1] > x1


def test_the_window_decides() -> None:
    """A wide canvas takes a row, a square one two rows; a flat stack has its mean below."""
    square = np.array(((0, 100), (0, 100)))
    row = arrange((100, 100), square, (300, 1500), ASPECT)
    assert row.landscape[0] == 0
    assert row.integrated[0] == 0
    two = arrange((100, 100), square, (800, 800), ASPECT)
    assert two.landscape[0] > 100
    assert two.integrated[0] == 0
    flat = arrange((100, 400), np.array(((0, 100), (0, 400))), (800, 1000), ASPECT)
    assert flat.integrated[0] > 100
    for shape, canvas in (((100, 100), (300, 1500)), ((300, 100), (800, 800))):
        region = np.array(((0, shape[0]), (0, shape[1])))
        chosen = zoom(arrange(shape, region, canvas, ASPECT).size, canvas)
        assert chosen == max(
            zoom(p.size, canvas) for p in beside(shape, region, ASPECT, usual(shape))
        )
