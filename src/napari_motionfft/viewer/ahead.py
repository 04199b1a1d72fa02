"""An array of frames that are made when they are shown, and the next few before."""

from __future__ import annotations

from collections import OrderedDict
from itertools import product
from threading import Lock, Thread
from typing import Any

import numpy as np
from numpy.typing import NDArray

NEXT = 6
"""Frames that are made before they are asked for."""
BUDGET = 256 * 2**20
"""Bytes of frames that are kept."""


class Ahead:
    """A lazy array whose planes are kept once they are made, and made ahead while it plays.

    Parameters
    ----------
    lazy
        dask array with y, x (and colours) last.
    axis
        The one that is time.
    planes
        Axes that make up a plane: 2, or 3 with colours.
    """

    def __init__(self, lazy: Any, axis: int, planes: int = 2) -> None:
        self._lazy, self._axis = lazy, axis
        self.shape = tuple(int(n) for n in lazy.shape)
        self.dtype, self.ndim = np.dtype(lazy.dtype), len(self.shape)
        self._leading = self.ndim - planes
        one = int(np.prod(self.shape[self._leading :])) * self.dtype.itemsize
        self._most = max(2 * NEXT, BUDGET // max(1, one))
        self._made: OrderedDict[tuple[int, ...], NDArray[Any]] = OrderedDict()
        self._lock, self._making = Lock(), Lock()
        self._at: tuple[int, ...] = ()
        self._step = 1
        self._stopped = False
        self._worker: Thread | None = None

    @property
    def size(self) -> int:
        """Values in all."""
        return int(np.prod(self.shape))

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        values = np.asarray(self._lazy.compute(scheduler="synchronous"))
        return values if dtype is None else values.astype(dtype)

    def __getitem__(self, key: Any) -> NDArray[Any]:
        key = key if isinstance(key, tuple) else (key,)
        leading, rest = key[: self._leading], key[self._leading :]
        places = [places_of(part, n) for part, n in zip(leading, self.shape, strict=False)]
        few = all(at is not None and 0 < len(at) <= NEXT for at in places)
        if len(places) < self._leading or not few:
            return np.asarray(self._lazy[key].compute(scheduler="synchronous"))
        every = list(product(*(at for at in places if at is not None)))
        planes: list[NDArray[Any]] = [self._plane(at)[rest] for at in every]
        self._look_ahead(every[0])
        # napari asks for one frame as a slice of one
        shape = [len(at or ()) for at, k in zip(places, key, strict=False) if isinstance(k, slice)]
        if not shape:
            return planes[0]
        return np.stack(planes).reshape(*shape, *planes[0].shape)

    def stop(self) -> None:
        """Make no more frames ahead, and forget those made."""
        self._stopped = True
        with self._lock:
            self._made.clear()

    @property
    def kept(self) -> list[tuple[int, ...]]:
        """Indices of the planes that are there."""
        with self._lock:
            return list(self._made)

    def _plane(self, at: tuple[int, ...]) -> NDArray[Any]:
        with self._lock:
            if at in self._made:
                self._made.move_to_end(at)
                return self._made[at]
        with self._making:  # one at a time: what another thread is making is not made twice
            with self._lock:
                if at in self._made:
                    return self._made[at]
            plane = np.asarray(self._lazy[at].compute(scheduler="synchronous"))
            plane.setflags(write=False)
            with self._lock:
                self._made[at] = plane
                while len(self._made) > self._most:
                    self._made.popitem(last=False)
        return plane

    def _look_ahead(self, at: tuple[int, ...]) -> None:
        """Have the planes after this one made in another thread, which ends by itself."""
        with self._lock:
            if self._at and at != self._at:
                self._step = -1 if at[self._axis] == self._at[self._axis] - 1 else 1
            self._at = at
            busy = self._worker is not None and self._worker.is_alive()
            if busy or self._stopped or all(one in self._made for one in self._following()):
                return
            self._worker = Thread(target=self._make_ahead, name="play along", daemon=True)
            self._worker.start()

    def _following(self) -> list[tuple[int, ...]]:
        """The planes after the last one shown; beyond the last frame comes the first."""
        count = self.shape[self._axis]
        found = []
        for number in range(1, min(NEXT, count - 1) + 1):
            at = list(self._at)
            at[self._axis] = (at[self._axis] + number * self._step) % count
            found.append(tuple(at))
        return found

    def _make_ahead(self) -> None:
        while not self._stopped:
            with self._lock:
                left = [at for at in self._following() if at not in self._made]
            if not left:
                return
            self._plane(left[0])


def places_of(part: Any, size: int) -> range | None:
    """The places along an axis that a part of a key asks for; None where it is no such part."""
    if isinstance(part, slice):
        return range(size)[part]
    if not hasattr(part, "__index__"):
        return None
    at = range(size)[part]
    return range(at, at + 1)
