"""Short words for why a window is not reliable."""

from __future__ import annotations

import ast
import inspect

from napari_motionfft.motion.strips import judge
from napari_motionfft.viewer.strip_reasons import NO, WORDS, in_short


def given() -> list[str]:
    """Every reason that `judge.doubt` can return, numbers left out."""

    def text(node: ast.expr) -> str:
        parts = [n for n in ast.walk(node) if isinstance(n, ast.Constant)]
        return "".join(str(n.value) for n in parts if isinstance(n.value, str))

    (function,) = ast.parse(inspect.getsource(judge.doubt)).body
    returned = [n.value for n in ast.walk(function) if isinstance(n, ast.Return)]
    return [text(value) for value in returned if value is not None and text(value)]


def test_every_reason_has_a_word() -> None:
    words = {word for _, word in WORDS}
    short = [in_short(reason) for reason in given()]
    assert len(short) >= 8
    assert set(short) == words
    assert len(set(short)) == len(short)  # each tells one reason from the others


def test_other_reasons_are_cut() -> None:
    assert in_short("It rains. Bring an umbrella.") == "It rains"
    assert in_short("no peak stands out") == "no peak stands out"
    assert in_short("") == NO
    told = "The highest peak stands 2.5 σ above noise; chance alone reaches 4.1 σ. "
    assert in_short(f"{told}Only noise is seen.") == "noise"
