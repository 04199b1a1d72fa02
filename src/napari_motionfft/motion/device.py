"""Choose and describe the device, and size the blocks of frames that fit it."""

from __future__ import annotations

import platform

import torch

HOST_BUDGET = 640 * 2**20
"""Bytes of spectra kept in host memory before they are recomputed block by block instead."""
HOLD_BUDGET = 2**30
"""Bytes of a lazy stack that are held in memory in its own dtype after the first pass."""


def choose_device(device: str) -> torch.device:
    """Turn "auto", "cpu", "cuda", "cuda:1" or "mps" into a torch device.

    Raises
    ------
    ValueError
        For a device that does not exist here.
    """
    if not isinstance(device, str):
        raise TypeError(f"device must be a string such as 'auto' or 'cpu', got {device!r}")
    if device == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        if torch.backends.mps.is_available():
            return torch.device("mps")
        return torch.device("cpu")
    try:
        chosen = torch.device(device)
    except RuntimeError as error:
        raise ValueError(f"device must be {known_devices()}, got {device!r}") from error
    if chosen.type == "cuda" and (chosen.index or 0) >= torch.cuda.device_count():
        raise ValueError(f"device {device!r} is not here; this machine has {known_devices()}")
    if chosen.type == "mps" and not torch.backends.mps.is_available():
        raise ValueError(f"device {device!r} is not here; this machine has {known_devices()}")
    if chosen.type not in ("cpu", "cuda", "mps"):
        raise ValueError(f"device must be {known_devices()}, got {device!r}")
    return chosen


def device_names() -> list[str]:
    """The values that `device=` takes on this machine."""
    names = ["auto", "cpu"]
    names += [f"cuda:{i}" for i in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        names.append("mps")
    return names


def known_devices() -> str:
    """The devices of this machine, for a message."""
    return ", ".join(repr(name) for name in device_names())


def describe_device(device: torch.device) -> str:
    """The real name of a device, e.g. "CPU (x86_64, 2 threads)"."""
    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)} (cuda:{device.index or 0})"
    if device.type == "mps":
        return "Apple GPU (mps)"
    return f"CPU ({platform.machine()}, {torch.get_num_threads()} threads)"


def memory_budget(device: torch.device) -> int:
    """Bytes that spectra may take on the device."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return int(free * 0.4)
    return HOST_BUDGET


def frames_per_block(shape: tuple[int, int], device: torch.device) -> int:
    """Frames of one block: about 16 MiB of spectra on the host, more on a GPU."""
    one = shape[0] * (shape[1] // 2 + 1) * 8
    target = 16 * 2**20 if device.type == "cpu" else min(512 * 2**20, memory_budget(device) // 8)
    return max(1, target // one)
