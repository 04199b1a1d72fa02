"""Every test: those marked `gpu` are skipped where there is no CUDA device."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# as the package does, but some tests import torch before it
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
