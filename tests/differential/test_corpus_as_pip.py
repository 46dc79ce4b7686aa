"""The corpus of real requirements files: real pip, on the interpreters of this machine, installs what is resolved here.

``pytest -m network tests/differential/test_corpus_as_pip.py``; ``corpus.py`` beside it prints the same as a table.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from differential.corpus import FILES, PYTHONS, ROOT, Interpreter, compare, find_python, interpreter, row

pytestmark = [
    pytest.mark.network,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="describes this machine as a Linux target"),
]


# Seconds for pip. Two of the files would take it minutes, and one of these never ends; corpus.py waits for longer.
PATIENCE = 100.0


@pytest.fixture(scope="module", params=PYTHONS)
def python(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Interpreter:
    """An interpreter with a current pip, in a virtual environment that all files share."""
    executable = find_python(request.param)
    if executable is None:
        pytest.skip(f"this machine has no Python {request.param}")
    return interpreter(executable, tmp_path_factory.mktemp("python"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_every_file_and_the_outcome_are_pips(file: Path, python: Interpreter) -> None:
    comparison = compare(file, python, PATIENCE)
    if comparison.is_open:
        pytest.skip(f"pip gave no answer: {comparison.pip.message}; ours: {comparison.ours.outcome}")
    assert not comparison.differences, row(comparison)
