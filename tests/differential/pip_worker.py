"""Asks real pip what it would install, many times in one process: a line of JSON in, a line of JSON out.

Run by the interpreter whose pip is asked; imports nothing but pip. Each question is answered by a fork of its own,
since pip remembers pages and links for as long as its process lives.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import tempfile
from pathlib import Path

from pip._internal.cli.main import main
from pip._internal.commands import create_command
from pip._vendor.packaging.utils import canonicalize_name

OUTCOMES = (
    ("conflict", "ResolutionImpossible"),
    ("no-match", "No matching distribution"),
    ("no-match", "requires a different Python"),
    ("no-match", "require a different Python"),
    ("invalid", "Invalid requirement"),
    ("invalid", "In --require-hashes mode"),
    ("invalid", "Hashes are required in --require-hashes mode"),
    ("no-match", "DO NOT MATCH THE HASHES"),
    ("invalid", "is not a supported wheel on this platform"),
    ("invalid", "has invalid metadata"),
    ("invalid", "has inconsistent"),
    ("invalid", "Invalid wheel filename"),
    ("invalid", "UndefinedComparison"),
    ("invalid", "UndefinedEnvironmentName"),
    ("unreachable", "RecursionError"),
    ("invalid", "Can't verify hashes"),
    ("invalid", "Invalid pylock file"),
    ("no-match", "Cannot select requirements"),
    ("no-match", "Could not install locked package"),
    ("no-match", "Multiple locked links"),
)


def ask(index_url: str, requirements: list[str], folder: str, report: Path) -> dict[str, object]:
    """What pip would pick: names, as the metadata has them, each with the URL of its file.

    :param requirements: the arguments that name them
    :param folder: where it is started
    """
    os.chdir(folder)
    arguments = ["install", "--dry-run", "--ignore-installed", "--quiet", "--no-cache-dir", "--no-build-isolation"]
    arguments += ["--disable-pip-version-check", "--no-input", "--retries", "0", "--index-url", index_url]
    arguments += ["--report", str(report), *requirements]
    printed = io.StringIO()
    with contextlib.redirect_stderr(printed), contextlib.redirect_stdout(printed):
        failed = main(arguments)
    message = printed.getvalue()
    if failed:
        outcome = next((outcome for outcome, sign in OUTCOMES if sign in message), "other")
        return {"outcome": outcome, "picked": [], "message": message[-2000:]}
    installed = json.loads(report.read_text())["install"]
    picked = [(canonicalize_name(each["metadata"]["name"]), each["download_info"]["url"]) for each in installed]
    return {"outcome": "ok", "picked": picked, "message": message[-2000:]}


def answer(question: str, folder: str) -> str:
    """The answer of a fork."""
    answered = Path(folder, "answer.json")
    child = os.fork()
    if child == 0:
        answered.write_text(json.dumps(ask(**json.loads(question), report=Path(folder, "report.json"))))
        os._exit(0)
    os.waitpid(child, 0)
    text = answered.read_text()
    answered.unlink()
    return text


if __name__ == "__main__":
    create_command("install")  # Imports nearly all of pip, once.
    with tempfile.TemporaryDirectory() as scratch:
        for line in sys.stdin:
            print(answer(line, scratch), flush=True)
