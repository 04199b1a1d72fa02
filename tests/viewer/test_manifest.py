"""The manifest: valid, every command is there, and nothing heavy is imported by it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from npe2 import PluginManifest

import napari_motionfft
from napari_motionfft.motion.weights import weight_names

PACKAGED = Path(napari_motionfft.__file__).parent / "napari.yaml"


@pytest.fixture(scope="module")
def manifest() -> PluginManifest:
    return PluginManifest.from_distribution("napari-motionfft")


def test_every_command_imports() -> None:
    """As `npe2 validate --imports`: without the imports, dead commands pass."""
    checked = subprocess.run(
        [sys.executable, "-m", "npe2", "validate", "--imports", "napari-motionfft"],
        capture_output=True,
        text=True,
        env={"QT_QPA_PLATFORM": "offscreen", **os.environ},
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "valid" in checked.stdout


def test_the_manifest_at_the_top_is_the_packaged_one() -> None:
    top = PACKAGED.parents[2] / "napari.yaml"
    if not top.parent.joinpath("pyproject.toml").exists():
        pytest.skip("not in a checkout")
    assert top.is_symlink()
    assert top.resolve() == PACKAGED.resolve()


def test_what_is_contributed(manifest: PluginManifest) -> None:
    assert [str(c) for c in manifest.categories] == [
        "Registration",
        "Image Processing",
        "Measurement",
    ]
    given = manifest.contributions
    assert [w.display_name for w in given.widgets] == [
        "Estimate motion",
        "Apply motion to layer…",
        "Follow the region",
        "Motion-compensated mean",
        "Objective lab",
        "Strip motion",
        "Separate motions",
        "Find faint movers",
    ]
    menus = {name: [item.command for item in items] for name, items in given.menus.items()}
    assert menus == {
        "napari/layers/register": [
            "napari-motionfft.estimate",
            "napari-motionfft.separate",
            "napari-motionfft.strip",
            "napari-motionfft.lab",
        ],
        "napari/layers/transform": ["napari-motionfft.apply"],
        "napari/layers/track": ["napari-motionfft.follow", "napari-motionfft.movers"],
        "napari/layers/project": ["napari-motionfft.mean"],
    }
    assert [sample.key for sample in given.sample_data] == [
        "rain_radar",
        "low_light",
        "white_square",
        "tacoma_bridge",
        "blood_flow",
        "drift_with_jump",
        "crawling_cells",
        "tensile_test",
        "crossing_textures",
        "occluder",
        "faint_mover",
    ]
    assert [reader.command for reader in given.readers] == [
        "napari-motionfft.read_video",
        "napari-motionfft.read_motion",
    ]
    assert [(w.command, w.filename_extensions) for w in given.writers] == [
        ("napari-motionfft.write_table", [".csv"]),
        ("napari-motionfft.write_whole", [".json"]),
    ]


def test_the_weights_are_those_of_the_registry(manifest: PluginManifest) -> None:
    from napari_motionfft.viewer.widgets.usual_fields import WEIGHTS

    enum = manifest.contributions.configurations["estimate"].properties["weight"].enum
    assert tuple(enum) == weight_names() == WEIGHTS


def test_the_widgets_import_no_torch() -> None:
    code = "import sys; "
    names = "estimate, apply, follow, mean, lab, strip, separate, movers"
    code += f"from napari_motionfft.viewer.widgets import {names}; "
    code += "heavy = {'torch', 'matplotlib'} & set(sys.modules); "
    code += "sys.exit(f'{heavy} imported' if heavy else 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
