"""Repairs of the corpus of real requirements files: real pip installs each from wheels, or the reason is named.

``pytest -m network tests/differential/test_repairs_with_pip.py``; ``repairs.py`` beside it prints them all.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from differential.corpus import EXAMPLES, FILES, ROOT, Interpreter, find_python, interpreter
from differential.repairs import NONE, PARTLY, REPAIRED, SOUND, prove

pytestmark = [
    pytest.mark.network,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="describes this machine as a Linux target"),
]

PATIENCE = 100.0

# Of the unpinned AI libraries pip takes minutes for the file as it is.
SLOW = ("ai-stack.txt", "aria-ai-render.txt")


def _interpreter(minor: str, factory: pytest.TempPathFactory) -> Interpreter:
    executable = find_python(minor)
    if executable is None:
        pytest.skip(f"this machine has no Python {minor}")
    return interpreter(executable, factory.mktemp("python"))


@pytest.fixture(scope="module")
def python312(tmp_path_factory: pytest.TempPathFactory) -> Interpreter:
    return _interpreter("3.12", tmp_path_factory)


@pytest.fixture(scope="module")
def python313(tmp_path_factory: pytest.TempPathFactory) -> Interpreter:
    return _interpreter("3.13", tmp_path_factory)


@pytest.mark.parametrize(
    "file", [each for each in FILES if each.name not in SLOW], ids=lambda file: file.relative_to(ROOT).as_posix()
)
def test_pip_installs_what_is_repaired_or_the_reason_is_named(file: Path, python312: Interpreter) -> None:
    proof = prove(file, python312, PATIENCE)
    assert proof.kind in (SOUND, REPAIRED, PARTLY, NONE), proof
    assert proof.holds, proof
    if proof.mended is not None and proof.kind in (PARTLY, NONE):
        assert all(each.project and "no wheel" in each.text for each in proof.mended.reasons), proof


def test_of_the_incident_no_more_than_four_lines_change(python313: Interpreter) -> None:
    proof = prove(EXAMPLES[0], python313, PATIENCE)
    assert proof.mended is not None
    assert proof.mended.is_fewest
    assert len(proof.mended.changes) == 4
    assert proof.pip is not None
    assert (proof.pip.outcome, proof.pip.sdists) == ("ok", ())
    assert proof.seconds < 30


def test_of_renders_own_example_three_lines_change_on_3_13_too(python313: Interpreter) -> None:
    proof = prove(ROOT / "tests/corpus/celery.txt", python313, PATIENCE)
    assert proof.kind == REPAIRED, proof
    assert proof.holds, proof
