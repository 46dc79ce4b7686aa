"""Asks real pip what it would install, many times in one process: a line of JSON in, a line of JSON out.

Run by the interpreter whose pip is asked; imports nothing but pip.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import tempfile
from pathlib import Path

from pip._internal.cli.main import main

OUTCOMES = (
    ("conflict", "ResolutionImpossible"),
    ("no-match", "No matching distribution"),
    ("no-match", "requires a different Python"),
    ("no-match", "require a different Python"),
    ("invalid", "Invalid requirement"),
    ("invalid", "In --require-hashes mode"),
    ("invalid", "Hashes are required in --require-hashes mode"),
    ("no-match", "DO NOT MATCH THE HASHES"),
)


def ask(index_url: str, requirements: str, report: Path) -> dict[str, object]:
    """What pip would pick for a requirements file."""
    arguments = ["install", "--dry-run", "--ignore-installed", "--quiet", "--no-cache-dir", "--no-build-isolation"]
    arguments += ["--disable-pip-version-check", "--no-input", "--retries", "0", "--index-url", index_url]
    arguments += ["--report", str(report), "-r", requirements]
    printed = io.StringIO()
    with contextlib.redirect_stderr(printed), contextlib.redirect_stdout(printed):
        failed = main(arguments)
    message = printed.getvalue()
    if failed:
        outcome = next((outcome for outcome, sign in OUTCOMES if sign in message), "other")
        return {"outcome": outcome, "picked": {}, "message": message[-2000:]}
    installed = json.loads(report.read_text())["install"]
    picked = {each["metadata"]["name"]: each["download_info"]["url"].rpartition("/")[2] for each in installed}
    return {"outcome": "ok", "picked": picked, "message": ""}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for line in sys.stdin:
            print(json.dumps(ask(**json.loads(line), report=Path(folder, "report.json"))), flush=True)
