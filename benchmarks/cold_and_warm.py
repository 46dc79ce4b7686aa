#!/usr/bin/env python3
"""How long one answer takes: pip, uv and this plugin, side by side, with empty and with full caches.

    python benchmarks/cold_and_warm.py [REQUIREMENTS ...] [--python-version 3.12] [--runs 3]

Whole processes are timed, one after the other in each round, so that a slow minute of the machine slows them all;
medians and the ratios to ours are printed. pip needs an interpreter of the version asked for, and a fresh virtual
environment is made for it; where there is none, pip is left out. uv is taken from the environment of this script.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

BEFORE = Path(__file__).parents[1] / "examples" / "nexus" / "before" / "requirements.txt"
PLATFORM = "manylinux_2_36_x86_64"


@dataclass
class Contender:
    """One command, run in each round.

    :param prepare: makes the caches what they should be, untimed
    """

    name: str
    command: list[str]
    folder: Path
    environment: dict[str, str]
    prepare: Callable[[], None]
    seconds: list[float] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)

    def run(self) -> None:
        """One timed run; its output is shown only if it broke down."""
        self.prepare()
        started = time.monotonic()
        process = subprocess.Popen(
            self.command, cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        self.seconds.append(time.monotonic() - started)
        self.megabytes.append(usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024))
        # 1 is an answer too: it does not resolve, or something would be built.
        if os.waitstatus_to_exitcode(status) not in (0, 1):
            sys.exit(f"{self.name} broke down:\n{output.decode(errors='replace')[-3000:]}")


def main() -> None:
    """Measure each file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("requirements", type=Path, nargs="*", default=[BEFORE])
    parser.add_argument("--python-version", default="3.12")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    for requirements in arguments.requirements:
        with tempfile.TemporaryDirectory() as scratch:
            measure(requirements.resolve(), arguments.python_version, arguments.runs, Path(scratch))


def measure(requirements: Path, version: str, runs: int, scratch: Path) -> None:
    """Run every contender in turn, and print the table."""
    contenders = [*ours(requirements, version, scratch), *pips(requirements, version, scratch)]
    contenders += uvs(requirements, version, scratch)
    for _ in range(runs):
        for contender in contenders:
            contender.run()
    print(f"{requirements.parent.name}/{requirements.name} on {version}, medians of {runs} runs")
    reference = {each.name.split()[-1]: statistics.median(each.seconds) for each in contenders[:2]}
    for each in contenders:
        seconds, state = statistics.median(each.seconds), each.name.split()[-1]
        print(
            f"  {each.name:16} {seconds:7.2f} s  {statistics.median(each.megabytes):6.0f} MB"
            f"  {seconds / reference[state]:6.2f} x ours {state}"
        )
    print(flush=True)


def ours(requirements: Path, version: str, scratch: Path) -> list[Contender]:
    """The whole of ``pytest --deploycheck`` in a project that holds nothing but the file."""
    project = scratch / "project"
    project.mkdir()
    shutil.copy(requirements, project / "requirements.txt")
    (project / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "--deploycheck", f"--deploycheck-target={version}", "-q", "--tb=no"]
    return _cold_and_warm("pytest", command, project, scratch, "PYTEST_DEPLOYCHECK_CACHE")


def pips(requirements: Path, version: str, scratch: Path) -> list[Contender]:
    """pip's dry run, by a current pip."""
    interpreter = _interpreter(version)
    if interpreter is None:
        print(f"no python{version} here: pip is left out")
        return []
    environment = scratch / "venv"
    subprocess.run([interpreter, "-m", "venv", environment], check=True)
    python = str(environment / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "-q", "-U", "pip"], check=True, stderr=subprocess.DEVNULL)
    command = [python, "-m", "pip", "install", "-q", "--dry-run", "--ignore-installed", "-r", str(requirements)]
    return _cold_and_warm("pip", command, scratch, scratch, "PIP_CACHE_DIR")


def uvs(requirements: Path, version: str, scratch: Path) -> list[Contender]:
    """uv's resolution, which answers with versions, not with files."""
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if uv is None:
        print("no uv here: it is left out")
        return []
    platform = f"x86_64-{PLATFORM.removesuffix('_x86_64')}"
    command = [uv, "pip", "compile", "-q", "--python-version", version, "--python-platform", platform]
    return _cold_and_warm("uv", [*command, str(requirements)], scratch, scratch, "UV_CACHE_DIR")


def _cold_and_warm(name: str, command: list[str], folder: Path, scratch: Path, variable: str) -> list[Contender]:
    cache = scratch / f"{name}-cache"
    environment = {**os.environ, variable: str(cache), "UV_PYTHON_DOWNLOADS": "never", "PIP_NO_INPUT": "1"}

    def empty() -> None:
        shutil.rmtree(cache, ignore_errors=True)

    return [
        Contender(f"{name} cold", command, folder, environment, empty),
        Contender(f"{name} warm", command, folder, environment, lambda: None),
    ]


def _interpreter(version: str) -> str | None:
    """An interpreter of the version: this one, one on the path, or one that pyenv keeps."""
    if sys.version.startswith(f"{version}."):
        return sys.executable
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [str(each / "bin" / "python") for each in sorted(kept.glob(f"{version}.*"))]
    return found[-1] if found else shutil.which(f"python{version}")


if __name__ == "__main__":
    main()
