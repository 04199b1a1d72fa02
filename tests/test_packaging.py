"""What others install: wheel and sdist carry all that the plugin needs, as real files."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import napari_motionfft

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "napari_motionfft"
SOURCE = ROOT / "src" / PACKAGE
NEEDED = [
    "napari.yaml",
    "py.typed",
    "__init__.py",
    "cli.py",
    "motion/estimate.py",
    "files/tables.py",
    "viewer/results.py",
    "data/CREDITS.md",
    "data/radar_rain_fmi.tif",
    "data/known_velocity_low_light.tif",
    "data/known_velocity_low_light.csv",
    "data/known_drift_with_jump.tif",
    "data/known_drift_with_jump.csv",
    "data/t98g_phase_contrast.tif",
    "data/tensile_test_mudic.tif",
]


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a wheel and an sdist, built from a copy of the tracked files."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("needs a git checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    copy = tmp_path_factory.mktemp("checkout")
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).exists():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name, follow_symlinks=False)
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", "dist"],
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return copy / "dist"


def test_the_wheel_is_complete(dist: Path) -> None:
    (path,) = dist.glob("*.whl")
    with zipfile.ZipFile(path) as wheel:
        names = set(wheel.namelist())
        assert {f"{PACKAGE}/{name}" for name in NEEDED} <= names
        for name in NEEDED:
            assert wheel.read(f"{PACKAGE}/{name}") == (SOURCE / name).read_bytes(), name
        (info,) = {name.split("/")[0] for name in names if ".dist-info/" in name}
        assert info == f"{PACKAGE}-{napari_motionfft.__version__}.dist-info"
        assert wheel.read(f"{info}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
        points = wheel.read(f"{info}/entry_points.txt").decode()
        metadata = wheel.read(f"{info}/METADATA").decode()
    assert "napari-motionfft = napari_motionfft.cli:main" in points
    assert "[napari.manifest]\nnapari-motionfft = napari_motionfft:napari.yaml" in points
    assert "Classifier: Framework :: napari" in metadata
    # only the package and its metadata: no tests, no tools
    assert {name.split("/")[0] for name in names} == {PACKAGE, info}


def test_the_sdist_is_complete_and_of_real_files(dist: Path) -> None:
    (path,) = dist.glob("*.tar.gz")
    top = f"{PACKAGE}-{napari_motionfft.__version__}"
    with tarfile.open(path) as sdist:
        members = {member.name: member for member in sdist.getmembers()}
        # the link at the top may be there, but only as a second name of a file inside
        links = {name: each.linkname for name, each in members.items() if each.issym()}
        assert set(links.items()) <= {(f"{top}/napari.yaml", f"src/{PACKAGE}/napari.yaml")}
        assert all(each.isfile() or each.isdir() or each.issym() for each in members.values())
        for name in NEEDED:
            assert members[f"{top}/src/{PACKAGE}/{name}"].isfile(), name
            file = sdist.extractfile(members[f"{top}/src/{PACKAGE}/{name}"])
            assert file is not None
            assert file.read() == (SOURCE / name).read_bytes(), name
    assert {f"{top}/LICENSE", f"{top}/README.md", f"{top}/pyproject.toml"} <= set(members)
    assert len(path.read_bytes()) < 16_000_000
