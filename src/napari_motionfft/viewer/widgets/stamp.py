"""A small picture in grey, enlarged without smoothing, its caption beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import Qt
from qtpy.QtGui import QImage, QPixmap
from qtpy.QtWidgets import QHBoxLayout, QLabel, QWidget

SIDE = 120
"""px on the screen, about."""


class Stamp(QWidget):  # type: ignore[misc]
    """One picture and what it is; hidden until there is one."""

    def __init__(self) -> None:
        super().__init__()
        self.picture, self.caption = QLabel(), QLabel()
        self.picture.setObjectName("motionfft.stamp")
        self.caption.setObjectName("motionfft.stamp_caption")
        self.caption.setWordWrap(True)
        self.caption.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        inside = QHBoxLayout(self)
        inside.setContentsMargins(0, 4, 0, 4)
        inside.addWidget(self.picture, 0, Qt.AlignmentFlag.AlignTop)
        inside.addWidget(self.caption, 1)
        self.setVisible(False)

    def show_picture(self, values: NDArray[Any] | None, caption: str = "") -> None:
        """Show (S, S) values from their lowest to their highest, or nothing."""
        self.setVisible(values is not None)
        if values is None:
            return
        grey = as_grey(values)
        rows, columns = grey.shape
        image = QImage(grey.tobytes(), columns, rows, columns, QImage.Format.Format_Grayscale8)
        by = max(1, round(SIDE / max(rows, columns)))
        self.picture.setPixmap(QPixmap.fromImage(image).scaled(by * columns, by * rows))
        self.caption.setText(caption)


def as_grey(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Values as 0…255; what is not known is black."""
    known = np.isfinite(values)
    low, high = (values[known].min(), values[known].max()) if known.any() else (0.0, 1.0)
    scaled = (np.where(known, values, low) - low) / ((high - low) or 1.0)
    return np.ascontiguousarray(np.round(255 * scaled).astype(np.uint8))
