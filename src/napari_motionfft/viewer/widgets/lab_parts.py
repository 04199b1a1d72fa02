"""Two parts of the Objective lab: a list to tick, and a slider that plays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from magicgui.widgets import Container, PushButton, Slider
from qtpy.QtCore import QSize, Qt, QTimer, Signal
from qtpy.QtWidgets import QListWidget, QListWidgetItem, QSizePolicy

from napari_motionfft.viewer.widgets.parts import described

TICK_MS = 40
PLAY_TICKS = 100
"""A whole play takes four seconds, however many steps there are."""


class CheckList(QListWidget):  # type: ignore[misc]
    """Names to tick, all in view.

    Parameters
    ----------
    name, label, tooltip
        As of any field.
    choices
        Name → what it is, its own tooltip.
    chosen
        Ticked at first.

    Attributes
    ----------
    changed
        Emits the names that are ticked.
    """

    changed = Signal(tuple)

    def __init__(
        self, name: str, label: str, choices: Mapping[str, str], chosen: Iterable[str], tooltip: str
    ) -> None:
        super().__init__()
        self.native, self.name, self.label = self, name, label
        self.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        for choice, about in choices.items():
            item = QListWidgetItem(choice, self)
            item.setToolTip(about)
            item.setFlags(Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEnabled)
            item.setCheckState(Qt.CheckState.Unchecked)
        self.value = tuple(chosen)
        described(self, tooltip)
        self.itemChanged.connect(lambda _: self.changed.emit(self.value))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def sizeHint(self) -> QSize:
        """As tall as its rows, in whatever font the theme gives them."""
        rows = self.sizeHintForRow(0) * self.count()
        return QSize(self.sizeHintForColumn(0), rows + 2 * self.frameWidth() + 4)

    def minimumSizeHint(self) -> QSize:
        """The same, and narrower: the dock decides how wide it is."""
        return QSize(120, self.sizeHint().height())

    @property
    def tooltip(self) -> str:
        """Shown where an entry has none of its own."""
        return str(self.toolTip())

    @tooltip.setter
    def tooltip(self, text: str) -> None:
        self.setToolTip(text)

    @property
    def value(self) -> tuple[str, ...]:
        """The names that are ticked, in the order of the list."""
        return tuple(item.text() for item in self._items() if item.checkState() != UNTICKED)

    @value.setter
    def value(self, names: Iterable[str]) -> None:
        wanted = set(names)
        before = self.blockSignals(True)
        for item in self._items():
            item.setCheckState(TICKED if item.text() in wanted else UNTICKED)
        self.blockSignals(before)
        self.changed.emit(self.value)

    def _items(self) -> list[Any]:
        return [self.item(row) for row in range(self.count())]


TICKED, UNTICKED = Qt.CheckState.Checked, Qt.CheckState.Unchecked


class Player(Container):  # type: ignore[misc]
    """A slider over the optimiser's steps, and a button that moves it.

    Attributes
    ----------
    play_button, step
        The button and the slider.
    """

    def __init__(self) -> None:
        super().__init__(
            name="player",
            layout="horizontal",
            labels=False,
            widgets=[
                described(PushButton(name="play_button", text="▶"), ""),
                described(Slider(name="step", min=0, max=1), ""),
            ],
        )
        self.margins = (0, 0, 0, 0)
        self.play_button.native.setFixedWidth(36)
        self._timer = QTimer(self.native)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        self.play_button.changed.connect(self.toggle)

    @property
    def playing(self) -> bool:
        """The slider moves by itself."""
        return bool(self._timer.isActive())

    def offer(self, steps: int) -> None:
        """Take a run of so many steps, and show all of it."""
        self.stop()
        self.step.max = max(steps, 1)
        self.step.value = steps

    def toggle(self) -> None:
        """Play on, from the start when all has been played; or hold."""
        if self.playing:
            self.stop()
            return
        if self.step.value >= self.step.max:
            self.step.value = 0
        self.play_button.text = "❚❚"
        self._timer.start()

    def stop(self) -> None:
        """Hold."""
        self._timer.stop()
        self.play_button.text = "▶"

    def _tick(self) -> None:
        stride = max(1, round(self.step.max / PLAY_TICKS))
        self.step.value = min(self.step.value + stride, self.step.max)
        if self.step.value >= self.step.max:
            self.stop()
