"""Each floor imports only from the floors below it, and the top import loads nothing heavy."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import napari_motionfft

ROOT = Path(napari_motionfft.__file__).parent
PACKAGE = "napari_motionfft"
FLOORS = ("motion", "files", "viewer")  # from the bottom to the top
# on top of all floors: no floor may import these
ABOVE = ("cli", "demo", "demo_layers", "demo_paths", "demo_strips", "summary")
GUI = ("napari", "qtpy", "magicgui", "superqt", "vispy", "PyQt5", "PyQt6", "PySide2", "PySide6")
FORMATS = ("tifffile", "zarr", "PIL", "imageio", "pandas", "av")

# what each floor must not import, whole packages
FORBIDDEN = {"motion": (*GUI, *FORMATS), "files": GUI, "viewer": ()}


def modules(folder: str) -> list[str]:
    """Dotted names of all modules of a floor."""
    found = [path.relative_to(ROOT.parent) for path in (ROOT / folder).rglob("*.py")]
    return sorted(".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in found)


def loaded_after(*names: str) -> set[str]:
    """Top-level names of all modules that a fresh process holds after importing these."""
    code = (
        "import importlib, json, sys\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


@pytest.mark.parametrize(
    ("names", "unwanted"),
    [
        ([PACKAGE], ("torch", "numpy", "dask", *GUI)),
        ([f"{PACKAGE}.cli"], ("torch", "dask", *GUI)),
        ([*modules("motion"), *modules("files"), f"{PACKAGE}.cli"], GUI),
    ],
    ids=["the package", "the command line", "all of motion and files"],
)
def test_importing_loads_only_what_it_needs(names: list[str], unwanted: tuple[str, ...]) -> None:
    loaded = loaded_after(*names)
    assert PACKAGE in loaded
    assert loaded.isdisjoint(unwanted), sorted(loaded & set(unwanted))


def test_every_public_name_can_be_imported() -> None:
    for name in napari_motionfft.__all__:
        assert getattr(napari_motionfft, name) is not None
    assert set(napari_motionfft.__all__) <= set(dir(napari_motionfft))
    with pytest.raises(AttributeError, match="no attribute 'estimate_motoin'"):
        _ = napari_motionfft.estimate_motoin


def imported(source: str, module: str) -> set[str]:
    """Every module that a piece of source imports, also inside functions, but not for types only.

    `from package import name` counts as `package.name`, which may be a module.
    """
    found: set[str] = set()
    todo: list[ast.AST] = [ast.parse(source)]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            todo.extend(node.orelse)
            continue
        todo.extend(ast.iter_child_nodes(node))
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = module.split(".")[: -node.level]
                base = ".".join([*above, base] if base else above)
            found.update(f"{base}.{alias.name}" for alias in node.names)
        elif (
            isinstance(node, ast.Call)
            and "import" in ast.unparse(node.func)
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            found.add(str(node.args[0].value))
    return found


def offences(floor: str, source: str, module: str) -> list[str]:
    """Imports of one module that its floor must not make."""
    higher = (*FLOORS[FLOORS.index(floor) + 1 :], *ABOVE)
    bad = {f"{PACKAGE}.{name}" for name in higher} | set(FORBIDDEN[floor])
    return sorted(
        name
        for name in imported(source, module)
        if any(name == top or name.startswith(f"{top}.") for top in bad)
    )


@pytest.mark.parametrize("floor", FLOORS)
def test_a_floor_imports_only_from_the_floors_below(floor: str) -> None:
    names = modules(floor)
    assert len(names) > 3
    found = {}
    for name in names:
        path = ROOT.parent.joinpath(*name.split("."))
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        found[name] = offences(floor, file.read_text(encoding="utf-8"), name)
    # the demo's window lives on the viewer floor, and needs nothing from above it
    assert {name: bad for name, bad in found.items() if bad} == {}


@pytest.mark.parametrize(
    ("source", "bad"),
    [
        ("import napari", ["napari"]),
        ("import napari.layers as layers", ["napari.layers"]),
        ("def f():\n    from qtpy.QtCore import QTimer", ["qtpy.QtCore.QTimer"]),
        ("from napari_motionfft import files", ["napari_motionfft.files"]),
        ("from napari_motionfft.viewer import ticks", ["napari_motionfft.viewer.ticks"]),
        ("from ..files.tables import save", ["napari_motionfft.files.tables.save"]),
        ("from .. import viewer", ["napari_motionfft.viewer"]),
        ("import importlib\nimportlib.import_module('tifffile')", ["tifffile"]),
        ("import napari_motionfft.motion.frames, numpy, torch, scipy.fft", []),
        ("if TYPE_CHECKING:\n    import napari", []),
    ],
)
def test_the_check_itself_sees_such_imports(source: str, bad: list[str]) -> None:
    assert offences("motion", source, f"{PACKAGE}.motion.example") == bad
