"""Every test of the viewer floor: own settings, and no worker left behind."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

VELOCITY = (0.75, -1.25)
"""Of `moving`, (y, x) px/frame."""


@pytest.fixture(autouse=True)
def _no_worker_left() -> Iterator[None]:
    """Wait for all workers, and let their last signals arrive while the test's objects live."""
    yield
    threads = sys.modules.get("superqt.utils._qthreading")
    if threads is None:
        return
    from qtpy.QtWidgets import QApplication

    threads.WorkerBase.await_workers(10_000)
    if QApplication.instance() is not None:
        QApplication.processEvents()


@pytest.fixture
def plugin(plugin_settings: None, npe2pm: Any) -> Iterator[Any]:
    """This plugin alone, with settings of the test's own; gives the plugin manager."""
    with npe2pm.tmp_plugin(package="napari-motionfft"):
        yield npe2pm


@pytest.fixture(scope="session")
def moving() -> NDArray[np.float32]:
    """A scene of blobs that moves by `VELOCITY` behind a fixed window, (10, 80, 96) float32."""
    rng = np.random.default_rng(5)
    ky, kx = np.meshgrid(np.fft.fftfreq(192), np.fft.rfftfreq(192), indexing="ij")
    scene = np.fft.rfft2(rng.standard_normal((192, 192)))
    scene *= np.exp(-(ky**2 + kx**2) / (2 * 0.08**2))
    frames = []
    for t in range(10):
        dy, dx = (v * t for v in VELOCITY)
        moved = np.fft.irfft2(scene * np.exp(-2j * np.pi * (ky * dy + kx * dx)), s=(192, 192))
        frames.append(moved[48:128, 48:144])
    stack = np.stack(frames)
    stack = 100 + 50 * stack / stack.std() + rng.normal(0, 5, stack.shape)
    return stack.astype(np.float32)


@pytest.fixture(scope="session")
def made() -> ModuleType:
    """The helpers of made.py; test files do not import one another."""
    spec = spec_from_file_location("made", Path(__file__).with_name("made.py"))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
