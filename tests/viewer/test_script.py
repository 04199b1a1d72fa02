"""The copied call, run on the same layer, is on the same data."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from napari.layers import Image

from napari_motionfft.motion import estimate
from napari_motionfft.viewer.script import as_python, taken_at
from napari_motionfft.viewer.source import read_source

ARGUMENTS = {"max_speed": None, "weight": "auto", "background": "static", "device": "cpu"}


def call_of(layer: Any, monkeypatch: pytest.MonkeyPatch, level: int = 0, **choice: Any) -> Any:
    """What the script calls `estimate_motion` with, and what read_source gives."""
    source = read_source(layer, level=level, **choice)
    script = as_python(
        source,
        ARGUMENTS,
        at=taken_at(layer, source, level),
        frames=len(source.stack),
        level=level if layer.multiscale else None,
        rgb=layer.rgb,
        path="/data/a.tif",
    )
    calls: list[tuple[Any, dict[str, Any]]] = []

    def fake(stack: Any, **arguments: Any) -> Any:
        calls.append((stack, arguments))
        return SimpleNamespace(velocity=0, velocity_stderr=0)

    monkeypatch.setattr(estimate, "estimate_motion", fake)
    viewer = SimpleNamespace(layers={layer.name: layer})
    exec(script, {"viewer": viewer})
    assert "/data/a.tif" in script
    return calls[0], source


@pytest.mark.parametrize(
    ("shape", "choice", "extra"),
    [
        ((6, 20, 30), {"current_step": (0, 0, 0)}, {}),
        ((6, 20, 30), {"current_step": (0, 0, 0), "frames": (2, 5)}, {}),
        ((6, 3, 20, 30), {"current_step": (0, 2, 0, 0), "frames": (1, 4)}, {}),
        ((3, 6, 20, 30), {"current_step": (1, 0, 0, 0), "time_axis": 1}, {}),
        ((6, 20, 30, 3), {"current_step": (0, 0, 0)}, {"rgb": True}),
        ((6, 20, 30, 4), {"current_step": (0, 0, 0), "frames": (0, 3)}, {"rgb": True}),
    ],
)
def test_the_script_takes_the_same_stack(
    monkeypatch: pytest.MonkeyPatch, shape: Any, choice: Any, extra: Any
) -> None:
    data = np.random.default_rng(1).integers(0, 255, shape).astype(np.uint8)
    layer = Image(data, name='it\'s "odd"', **extra)
    (stack, arguments), source = call_of(layer, monkeypatch, **choice)
    np.testing.assert_allclose(np.asarray(stack), np.asarray(source.stack), rtol=1e-6)
    assert arguments == ARGUMENTS


def test_the_script_takes_the_same_level(monkeypatch: pytest.MonkeyPatch) -> None:
    data = np.random.default_rng(1).normal(size=(6, 2, 64, 80))
    layer = Image([data, data[:, :, ::2, ::2]], name="pyramid", multiscale=True)
    (stack, _), source = call_of(layer, monkeypatch, level=1, current_step=(0, 1, 0, 0))
    np.testing.assert_array_equal(stack, data[:, 1, ::2, ::2])
    np.testing.assert_array_equal(np.asarray(source.stack), stack)


def test_the_script_takes_the_same_region(monkeypatch: pytest.MonkeyPatch) -> None:
    from napari.layers import Shapes

    layer = Image(np.zeros((6, 64, 80)), name="a")
    box = np.array([[9.5, 4.5], [9.5, 44.5], [49.5, 44.5], [49.5, 4.5]])
    drawn = Shapes([box], shape_type="rectangle")
    (_, arguments), source = call_of(layer, monkeypatch, current_step=(0, 0, 0), region_layer=drawn)
    assert arguments == {**ARGUMENTS, "region": source.region}
    assert source.region == (slice(10, 50), slice(5, 45))
