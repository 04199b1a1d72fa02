"""Every test: those marked `gpu` are skipped where there is no CUDA device."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# Small FFTs on cores that others use as well: torch's threads otherwise wait for each other in a
# busy loop, and a run of 0.06 s takes 3 s. It is read once, when torch is first imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# the same examples each time; `--hypothesis-profile=default` looks for new ones
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip `gpu` tests without a CUDA device; torch is imported only when there are some."""
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if not marked:
        return
    import torch

    if torch.cuda.is_available():
        return
    for item in marked:
        item.add_marker(pytest.mark.skip(reason="no CUDA device"))
