"""Short words for why a window is not reliable."""

from __future__ import annotations

import ast
from pathlib import Path

from napari_motionfft.motion.strips import judge
from napari_motionfft.viewer.strip_reasons import NO, WORDS, in_short


def given() -> list[str]:
    """Every reason that `judge.doubt` can return, numbers left out."""

    def text(node: ast.expr) -> str:
        parts = [n for n in ast.walk(node) if isinstance(n, ast.Constant)]
        return "".join(str(n.value) for n in parts if isinstance(n.value, str))

    source = ast.parse(Path(judge.__file__).read_text(encoding="utf-8"))
    functions = [n for n in source.body if isinstance(n, ast.FunctionDef)]
    (function,) = [n for n in functions if n.name == judge.doubt.__name__]
    returned = [n.value for n in ast.walk(function) if isinstance(n, ast.Return)]
    return [text(value) for value in returned if value is not None and text(value)]


def test_every_reason_has_a_word() -> None:
    words = {word for _, word in WORDS}
    short = [in_short(reason) for reason in given()]
    assert len(short) >= 8
    assert set(short) == words


def test_other_reasons_are_cut() -> None:
    assert in_short("It rains. Bring an umbrella.") == "It rains"
    assert in_short("no peak stands out") == "no peak stands out"
    assert in_short("") == NO
    told = "The highest peak stands 2.5 σ above noise; chance alone reaches 4.1 σ. "
    assert in_short(f"{told}Only noise is seen.") == "noise"
