"""Small pieces that the widgets share."""

from __future__ import annotations

from typing import Any

from magicgui.widgets import CheckBox, ComboBox, Label, PushButton
from qtpy.QtCore import QEvent, QSize, Qt
from qtpy.QtWidgets import (
    QComboBox,
    QFormLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_motionfft.viewer.results import is_result

NO_LAYER = "Open an image layer first: a stack of at least two frames."


def described(widget: Any, tooltip: str) -> Any:
    """Give a widget its tooltip and its object name; returns the widget."""
    widget.tooltip = tooltip
    widget.native.setObjectName(f"motionfft.{widget.name}")
    return widget


def narrow(combo: Any) -> Any:
    """Let a menu be narrower than its longest choice: layer names may be of any length."""
    combo.native.setSizeAdjustPolicy(
        QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
    )
    combo.native.setMinimumContentsLength(6)
    return combo


def menu(name: str, label: str, choices: Any, tooltip: str) -> Any:
    """A menu with a tooltip, as narrow as need be."""
    return narrow(described(ComboBox(name=name, label=label, choices=choices), tooltip))


def tick(name: str, text: str, tooltip: str) -> Any:
    """A box to tick, off at first."""
    box = CheckBox(name=name, text=text, value=False)
    box.label = " "  # it has its text
    return described(box, tooltip)


def set_enabled(button: Any, why_not: str | None, tooltip: str) -> None:
    """Switch a button; while it is off, its tooltip says why."""
    button.enabled = why_not is None
    button.tooltip = why_not or tooltip


def rich_text(name: str) -> Any:
    """A label for rich text that wraps and can be selected."""
    label = Label(name=name, value="")
    native = label.native
    native.setObjectName(f"motionfft.{name}")
    native.setTextFormat(Qt.TextFormat.RichText)
    native.setWordWrap(True)
    native.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
    native.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse
        | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    native.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label


def say(label: Any, text: str = "") -> None:
    """Show a text in a label, or hide it."""
    label.value = text
    label.visible = bool(text)


def images(viewer: Any) -> list[tuple[str, Any]]:
    """(name, layer) of the image layers but those that show results."""
    from napari.layers import Image

    return [(x.name, x) for x in viewer.layers if isinstance(x, Image) and not is_result(x)]


def shapes(viewer: Any) -> list[tuple[str, Any]]:
    """(name, layer) of the Shapes layers but those that show results."""
    from napari.layers import Shapes

    return [(x.name, x) for x in viewer.layers if isinstance(x, Shapes) and not is_result(x)]


def why_no_movie(layer: Any) -> str | None:
    """Why a layer cannot be estimated on, or None."""
    if layer is None:
        return NO_LAYER
    if layer.ndim < 3:
        return f"{layer.name!r} is 2-D, a single image: motion needs a stack of frames."
    return None


def renew(combo: Any) -> None:
    """Bring a menu's choices up to date, and keep its choice: a renamed layer is the same one."""
    before = combo.value
    with combo.changed.blocked():
        combo.reset_choices()
        if before in combo.choices:
            combo.value = before
    if combo.value is not before:
        combo.changed.emit(combo.value)


def choose_active(combo: Any, viewer: Any) -> None:
    """Begin with the layer that the user has selected, where the menu offers it."""
    active = viewer.layers.selection.active
    for layer in combo.choices:
        if layer == active:  # the viewer may hand out a proxy of it
            combo.value = layer


def alive(widget: Any) -> bool:
    """Whether Qt still has the widget: its window may be closed while Python holds it."""
    try:
        widget.native.objectName()
    except RuntimeError:
        return False
    return True


def form(fields: list[Any]) -> QWidget:
    """Fields under one another, their labels aligned; buttons take the whole width."""
    box = QWidget()
    rows = QFormLayout(box)
    rows.setContentsMargins(0, 0, 0, 0)
    rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    for field in fields:
        if isinstance(field, PushButton):
            rows.addRow(field.native)
            continue
        label = QLabel(field.label)
        label.setToolTip(field.tooltip)
        rows.addRow(label, field.native)
    return box


def heading(text: str) -> QLabel:
    """A line over a part of a dock."""
    label = QLabel(text)
    label.setStyleSheet("font-weight: bold; margin-top: 8px;")
    return label


def show_row(box: QWidget, field: Any, visible: bool) -> None:
    """Show or hide a field of a `form` with its label."""
    box.layout().labelForField(field.native).setVisible(visible)
    field.native.setVisible(visible)


def column(parts: list[Any]) -> QWidget:
    """Native or magicgui widgets under one another."""
    box = QWidget()
    inside = QVBoxLayout(box)
    inside.setContentsMargins(0, 0, 0, 0)
    for part in parts:
        inside.addWidget(getattr(part, "native", part))
    return box


class Scroll(QScrollArea):  # type: ignore[misc]
    """Scrolls up and down alone: as wide as what is inside needs, also once a theme is on it."""

    def __init__(self, inner: QWidget, least: tuple[int, int]) -> None:
        super().__init__()
        self._least = least
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(inner)

    def minimumSizeHint(self) -> QSize:
        inside = self.widget().minimumSizeHint()
        bar = self.verticalScrollBar().sizeHint().width()
        width, height = self._least
        return QSize(max(inside.width() + bar, width), min(inside.height(), height))

    def sizeHint(self) -> QSize:
        return QSize(self.minimumSizeHint().width(), self.widget().sizeHint().height())

    def eventFilter(self, watched: Any, event: Any) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return bool(super().eventFilter(watched, event))


def scrolled(outer: Any, parts: list[Any], least: tuple[int, int] = (0, 120)) -> None:
    """Put parts into a container so that they scroll when the window is low.

    `least` is a (width, height) that other docks do not squeeze it below.

    magicgui's own scrolling is lost when napari docks the widget: it docks what is inside.
    """
    inner = column(parts)
    inner.layout().setContentsMargins(4, 4, 4, 4)
    inner.layout().addStretch(1)
    outer.margins = (0, 0, 0, 0)
    outer.native.layout().addWidget(Scroll(inner, least))
