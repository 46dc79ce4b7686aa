"""Write what the documents show of real runs: ``.venv/bin/python docs/pictures.py``, with the extras test and docs.

The runs are those of the examples, on the recorded index of the tests, so that they end in the same way tomorrow; only
the pictures' frame is made here. ``tests/test_documents.py`` compares.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
SHOWN = ROOT / "docs" / "shown"
PICTURE = ROOT / "docs" / "images" / "failure.svg"
WIDTH = 76

# What is shown, by the name of its file: the example, the arguments, and what is selected of it.
RUNS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "before": ("before", ("--deploycheck-target=3.13", "-k", "pydantic")),
    "after": ("after", ("--deploycheck-target=3.12", "-k", "resolves")),
    "service": ("before", ("--deploycheck-target=3.13", "-k", "health")),
}


def output(example: str, arguments: tuple[str, ...], index_url: str, *, color: bool = False) -> str:
    """What `pytest --deploycheck` prints there of its failures."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "nexus"
        shutil.copytree(ROOT / "examples" / "nexus" / example, project)
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "PYTEST_", "GITHUB_"))}
        environment = kept | {
            "COLUMNS": str(WIDTH),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": index_url,
            "PYTEST_DEPLOYCHECK_CACHE": f"{folder}/cache",
        }
        environment.pop("NO_COLOR", None)
        command = [sys.executable, "-m", "pytest", "--deploycheck", f"--color={'yes' if color else 'no'}", *arguments]
        ended = subprocess.run(
            [*command, "-p", "no:cacheprovider"],
            cwd=project,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.returncode == 1, ended.stdout + ended.stderr
    return _from_failures(ended.stdout)


def _from_failures(text: str) -> str:
    """Without the header and the end: times and sizes are those of the recording, not of the real index."""
    begin = text.rfind("\n", 0, text.index(" FAILURES ")) + 1
    ends = [text.rfind("\n", 0, text.find(title)) + 1 for title in (" deploycheck =", "warnings summary", "short test")]
    return text[begin : min(end for end in ends if end > 0)]


def picture(text: str, title: str) -> str:
    """A terminal with this in it, as SVG that refers to nothing outside."""
    from rich.console import Console
    from rich.text import Text

    console = Console(record=True, width=WIDTH, file=open(os.devnull, "w"), force_terminal=True)  # noqa: SIM115
    console.print(Text.from_ansi(f"$ {title}\n{text}"))
    svg = console.export_svg(title="", unique_id="failure")
    return re.sub(r"@font-face \{.*?\}\n?", "", svg, flags=re.DOTALL)


def main() -> None:
    """Write all of them."""
    sys.path.insert(0, str(ROOT / "tests"))
    from index_server import recorded

    with recorded("nexus") as index:
        for name, (example, arguments) in RUNS.items():
            (SHOWN / f"{name}.txt").write_text(output(example, arguments, index.url), encoding="utf-8")
        colored = output(*RUNS["before"], index.url, color=True)
    PICTURE.write_text(picture(colored, "pytest --deploycheck --deploycheck-target=3.13 -k pydantic"), encoding="utf-8")


if __name__ == "__main__":
    main()
