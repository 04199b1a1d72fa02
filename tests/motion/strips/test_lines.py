"""Kymographs of any kind become float lines, read a block at a time."""

from __future__ import annotations

from typing import Any

import dask.array as da
import numpy as np
import pytest
import torch
import zarr

from napari_motionfft.motion.strips import lines as module
from napari_motionfft.motion.strips.lines import MIN_FRAMES, MIN_LENGTH, as_lines

DATA = np.random.default_rng(0).normal(100, 7, (40, 32))


class Asked:
    """A (T, L) array-like that remembers which rows were read."""

    def __init__(self, data: np.ndarray[Any, Any]) -> None:
        self.data, self.shape, self.dtype = data, data.shape, data.dtype
        self.rows: list[tuple[int, int]] = []

    def __getitem__(self, key: slice) -> np.ndarray[Any, Any]:
        start, stop, _ = key.indices(len(self.data))
        self.rows.append((start, stop))
        return self.data[key]


def test_count_and_length() -> None:
    lines = as_lines(DATA)
    assert (lines.count, lines.length) == DATA.shape


@pytest.mark.parametrize(
    "dtype", ["uint8", "int8", "uint16", "int16", "int32", "uint64", "float32", "float64", ">i2"]
)
def test_every_dtype_reads_as_offset_and_scaled(dtype: str) -> None:
    data = DATA.astype(dtype)
    lines = as_lines(data)
    values = lines.read(3, 20)
    assert values.dtype == torch.float32
    assert lines.offset == pytest.approx(data.mean())
    assert lines.scale == pytest.approx(data.std())
    wanted = (data[3:20].astype(np.float64) - data.mean()) / data.std()
    np.testing.assert_allclose(values.numpy(), wanted, atol=1e-5)


def test_float16_and_bool_are_taken() -> None:
    assert as_lines(DATA.astype(np.float16)).read(0, 2).dtype == torch.float32
    assert as_lines(DATA > 100).read(0, 40).std() == pytest.approx(1, rel=0.01)


def test_a_nested_list_is_taken() -> None:
    np.testing.assert_array_equal(as_lines(DATA.tolist()).read(0, 40), as_lines(DATA).read(0, 40))


@pytest.mark.parametrize("factor", [1e-30, 1e30])
@pytest.mark.parametrize("level", [0.0, 1e6])
def test_digits_survive_large_offsets_and_scales(factor: float, level: float) -> None:
    lines = as_lines((DATA + level) * factor)
    np.testing.assert_allclose(lines.read(0, 40), as_lines(DATA).read(0, 40), atol=1e-4)


@pytest.mark.parametrize("kind", ["dask", "zarr", "torch"])
def test_lazy_lines_are_the_numpy_ones(kind: str) -> None:
    data = DATA.astype(np.float32)
    lazy = {
        "dask": lambda: da.from_array(data, chunks=(7, 9)),
        "zarr": lambda: zarr.array(data, chunks=(7, 9)),
        "torch": lambda: torch.from_numpy(data),
    }[kind]()
    np.testing.assert_allclose(as_lines(lazy).read(5, 31), as_lines(data).read(5, 31), atol=1e-6)


def test_lazy_lines_of_moderate_size_are_read_once() -> None:
    asked = Asked(DATA)
    lines = as_lines(asked)
    assert asked.rows == [(0, 40)]
    lines.read(0, 40)
    lines.read(2, 9)
    assert asked.rows == [(0, 40)]


def test_large_lazy_lines_stay_lazy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HOLD_BUDGET", 4 * DATA.size - 1)
    asked = Asked(DATA)
    lines = as_lines(asked)
    assert lines.data is asked
    np.testing.assert_array_equal(lines.read(2, 9), as_lines(DATA).read(2, 9))
    assert asked.rows[-1] == (2, 9)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_numbers_name_their_frames(value: float) -> None:
    data = DATA.copy()
    data[7, 3] = data[9, 30] = value
    lines = as_lines(data)
    assert torch.isfinite(lines.read(10, 40)).all()
    with pytest.raises(ValueError, match="kymograph holds NaN or inf in frames 7, 9; fill"):
        lines.read(0, 40)
    with pytest.raises(ValueError, match="in frame 9;"):
        lines.read(8, 40)


def test_a_constant_kymograph_reads_as_zeros() -> None:
    lines = as_lines(np.full((8, 32), 5.0))
    np.testing.assert_array_equal(lines.read(0, 8), 0)


@pytest.mark.parametrize(
    ("bad", "error", "says"),
    [
        (None, TypeError, r"kymograph must be a \(T, L\) array, got NoneType"),
        ("lines", TypeError, r"kymograph must be a \(T, L\) array, got str"),
        (DATA.astype(complex), TypeError, "kymograph must be of a real dtype, got complex128"),
        (torch.ones(8, 32, dtype=torch.complex64), TypeError, "kymograph must be real"),
        (np.full((8, 32), "a"), TypeError, "kymograph must be of a real dtype"),
        (DATA[0], ValueError, r"kymograph must have 2 axes \(T, L\), rows are time"),
        (DATA[None], ValueError, r"2 axes .* got shape \(1, 40, 32\)"),
        (DATA[: MIN_FRAMES - 1], ValueError, f"at least {MIN_FRAMES} frames"),
        (DATA[:, : MIN_LENGTH - 1], ValueError, f"at least {MIN_LENGTH} px long"),
        (np.ma.masked_greater(DATA, 110), ValueError, "kymograph is a masked array: fill"),
    ],
)
def test_what_is_no_kymograph_is_told(bad: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        as_lines(bad)


def test_unknown_chunks_are_told() -> None:
    lazy = da.from_array(DATA, chunks=(10, 32))
    with pytest.raises(ValueError, match=r"unknown shape .*: compute it first"):
        as_lines(lazy[lazy[:, 0] > 100])


def test_a_masked_array_with_nothing_masked_is_taken() -> None:
    assert as_lines(np.ma.masked_greater(DATA, 1e9)).count == 40


def test_messages_use_the_name_that_is_given() -> None:
    with pytest.raises(ValueError, match=r"^strip 3 must have 2 axes"):
        as_lines(DATA[0], "strip 3")
    bad = DATA.copy()
    bad[5] = np.nan
    with pytest.raises(ValueError, match="holds NaN or inf in frame 5"):
        as_lines(bad, "strip 3").read(0, 40)


def test_the_shortest_that_is_taken() -> None:
    assert as_lines(DATA[:MIN_FRAMES, :MIN_LENGTH]).count == MIN_FRAMES
