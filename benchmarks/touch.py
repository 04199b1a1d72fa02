"""How soon a touched velocity is seen: 100×512×512, from a move of the marker to the picture."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from benchmarks.speed import moving, seconds
from napari_motionfft.motion.touch import touch_landscape

MOVES = 100
WARM = 5
"""Moves before, in which the window compiles what it draws with."""


def taken(work: Callable[[Any], object], velocities: Any) -> tuple[float, float]:
    """Median and 95th percentile in ms."""
    times = []
    for velocity in velocities:
        began = time.perf_counter()
        work(velocity)
        times.append(time.perf_counter() - began)
    median, high = np.percentile(times, (50, 95))
    return 1e3 * float(median), 1e3 * float(high)


def line(name: str, median: float, high: float, bare: float) -> None:
    """One row of the table; `bare` in ms."""
    print(f"  {name:34} {median:7.1f} {high:7.1f} ms   {median / bare:5.2f} × rfft2 of the stack")


def without_a_viewer(stack: Any, bare: float) -> None:
    """Score and pictures at random velocities of the whole range."""
    began = time.perf_counter()
    touch = touch_landscape(stack, device="cpu")
    ready = time.perf_counter() - began
    print(f"  ready after {ready:.2f} s; {touch.nbytes / 2**20:.0f} MiB are kept")
    rng = np.random.default_rng(0)
    velocities = touch.max_speed * rng.uniform(-1, 1, (MOVES, 2))
    line("exact score", *taken(touch.score, velocities), bare)
    line("quick picture", *taken(touch.image, velocities), bare)
    line("both", *taken(lambda v: (touch.score(v), touch.image(v)), velocities), bare)
    line("whole picture", *taken(touch.full_image, velocities[:3]), bare)
    near = np.array([0.4, -1.2])
    line("refine", *taken(touch.refine, near + 0.05 * velocities[:3] / touch.max_speed), bare)


def in_a_viewer(stack: Any, bare: float) -> None:
    """The marker is dragged with the mouse in a real window, until the canvas is drawn."""
    import napari
    from qtpy.QtCore import QEventLoop, QPoint, Qt
    from qtpy.QtTest import QTest

    from napari_motionfft.viewer.widgets.estimate import EstimateMotion

    viewer = napari.Viewer()
    viewer.window.resize(1400, 900)
    viewer.add_image(stack)
    loop = QEventLoop()
    dock = EstimateMotion(viewer)
    viewer.window.add_dock_widget(dock)

    def until(done: Callable[[], bool]) -> None:
        while not done():
            loop.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)

    until(lambda: not dock._lookup.running)
    dock.form.models.model.value, dock.form.background.value = "velocity", "none"
    dock.run()
    until(lambda: not dock.running)
    dock.touch.touch()
    until(lambda: dock.touch.session is not None)
    session = dock.touch.session
    assert session is not None
    canvas = viewer.window._qt_viewer.canvas
    node = canvas.layer_to_visual[session.marker].node
    arrived: list[Any] = []
    drawn: list[float] = []
    show = session.show

    def shown(picture: Any) -> None:
        show(picture)
        arrived.append(picture.velocity)

    session.show = shown  # type: ignore[method-assign]
    canvas._scene_canvas.events.draw.connect(lambda _: drawn.append(time.perf_counter()))

    def place(velocity: Any) -> QPoint:
        at = node.get_transform("visual", "canvas").map([*velocity[::-1], 0, 1])
        return QPoint(*(round(float(v)) for v in at[:2] / at[3]))

    def rested() -> bool:
        return not dock.touch._work.busy

    def moved(old: Any) -> bool:
        return any(bool((v != old).any()) for v in arrived)

    until(rested)
    rng = np.random.default_rng(1)
    left = Qt.MouseButton.LeftButton
    QTest.mousePress(canvas.native, left, pos=place(session.velocity))
    came, seen, spent = [], [], []
    while len(seen) < WARM + MOVES:
        target = place(session.of.limit * rng.uniform(-0.95, 0.95, 2))
        arrived.clear()
        drawn.clear()
        before = session.velocity
        began, used = time.perf_counter(), time.process_time()
        QTest.mouseMove(canvas.native, target)
        until(lambda old=before, t=began: moved(old) or time.perf_counter() > t + 5)  # type: ignore[misc]
        if not moved(before):  # napari leaves out some of the mouse's moves
            continue
        came.append(time.perf_counter() - began)
        drawn.clear()
        until(lambda: bool(drawn))
        seen.append(drawn[0] - began)
        spent.append(time.process_time() - used)  # on a busy machine this one still tells
        QTest.qWait(20)
    QTest.mouseRelease(canvas.native, left, pos=target)
    until(rested)
    rows = {"picture in its layer": came, "picture on the screen": seen, "CPU time": spent}
    for name, times in rows.items():
        median, high = (1e3 * float(v) for v in np.percentile(times[WARM:], (50, 95)))
        line(f"mouse move → {name}", median, high, bare)
    viewer.close()


def table() -> None:
    """Print every latency."""
    stack = moving(100, 512)
    bare = 1e3 * seconds(lambda: torch.fft.rfft2(torch.from_numpy(stack)))
    threads = torch.get_num_threads()
    print(f"Touch the landscape, 100×512×512 float32, CPU with {threads} threads")
    print(f"  a bare rfft2 of the stack: {bare:.0f} ms")
    print(f"  {'':34}  median    95 %")
    without_a_viewer(stack, bare)
    try:
        in_a_viewer(stack, bare)
    except (ImportError, RuntimeError) as error:
        print(f"  no viewer here: {error}")
