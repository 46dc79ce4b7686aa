#!/usr/bin/env python3
"""How long one answer takes: pip, uv and this plugin, side by side, with empty and with full caches.

    python benchmarks/cold_and_warm.py [REQUIREMENTS ...] [--python-version 3.12 ...] [--runs 3] [--all]

Whole processes are timed, one after the other in each round, so that a slow minute of the machine slows them all;
medians, peak memory and the ratios to ours are printed. `pytest alone` collects nothing, with the plugin switched off:
what pytest itself takes to start and stop. `we add` is what the plugin adds to that, pair by pair: what a run of the
tests takes longer with it. All of them are installed into fresh virtual environments, this plugin from the checkout, so
that no other plugin counts. pip needs an interpreter of the version asked for; where there is none, it is left out.

``--all`` measures the files that this project is judged by: wheels, sdists, backtracking, and generated pins.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
BEFORE = ROOT / "examples" / "nexus" / "before" / "requirements.txt"
CORPUS = ROOT / "tests" / "corpus"
PLATFORM = "manylinux_2_36_x86_64"

# File and Python versions.
ALL = (
    (BEFORE, ("3.12", "3.13")),
    (CORPUS / "aria-ai.txt", ("3.12",)),
    (CORPUS / "netbox.txt", ("3.12",)),
    (CORPUS / "pm-team-chatbot.txt", ("3.12",)),
    (CORPUS / "ai-stack.txt", ("3.12",)),
    (Path(__file__).parent / "pins" / "301.txt", ("3.12",)),
    (Path(__file__).parent / "pins" / "185.txt", ("3.12",)),
    (Path(__file__).parent / "pins" / "78.txt", ("3.12",)),
)

# Seconds after which a run counts as not finished.
LIMIT = 300.0


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
    failures: int = 0

    def run(self) -> None:
        """One timed run, ended at the limit."""
        self.prepare()
        started = time.monotonic()
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                self.command, cwd=self.folder, env=self.environment, stdout=output, stderr=subprocess.STDOUT
            )
            status, megabytes = _wait(process, started)
            self.seconds.append(time.monotonic() - started)
            self.megabytes.append(megabytes)
            if status not in self.answers:
                self.failures += 1

    @property
    def answers(self) -> tuple[int, ...]:
        """Exit codes that are an answer: to pytest also 1 (something fails there) and 5 (there is nothing)."""
        return (0, 1, 5) if self.name.startswith("pytest") else (0,)


def _wait(process: subprocess.Popen[bytes], started: float) -> tuple[int, float]:
    """The exit code and the peak memory in MB, its children's included; it is killed at the limit."""
    killer = threading.Timer(started + LIMIT - time.monotonic(), process.kill)
    killer.start()
    _, status, usage = os.wait4(process.pid, 0)
    killer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)


def main() -> None:
    """Measure each file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("requirements", type=Path, nargs="*", default=[BEFORE])
    parser.add_argument("--python-version", nargs="+", default=["3.12"])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--all", action="store_true")
    arguments = parser.parse_args()
    chosen = ALL if arguments.all else [(path, arguments.python_version) for path in arguments.requirements]
    with tempfile.TemporaryDirectory() as environment:
        tools = installed(Path(environment))
        for requirements, versions in chosen:
            for version in versions:
                with tempfile.TemporaryDirectory() as scratch:
                    measure(requirements.resolve(), version, arguments.runs, Path(scratch), tools)


def installed(folder: Path) -> Path:
    """The scripts of a fresh environment with this plugin and uv."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    scripts = folder / ("Scripts" if sys.platform == "win32" else "bin")
    command = [scripts / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check", str(ROOT), "uv"]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return scripts


def measure(requirements: Path, version: str, runs: int, scratch: Path, tools: Path) -> None:
    """Run every contender in turn, and print the table.

    :param tools: where pytest with this plugin and uv are
    """
    contenders = [*ours(requirements, version, scratch, tools), *pips(requirements, version, scratch)]
    contenders += uvs(requirements, version, scratch, tools)
    for _ in range(runs):
        for contender in contenders:
            contender.run()
    print(f"{requirements.parent.name}/{requirements.name} on {version}, medians of {runs} runs")
    reference = {each.name.split()[-1]: statistics.median(each.seconds) for each in contenders}
    reference |= {each.name.split()[-1]: statistics.median(each.seconds) for each in contenders[:2]}
    for each in contenders:
        print(f"  {_row(each, reference)}")
    cold, warm, alone = (each.seconds for each in contenders[:3])
    for state, seconds in (("cold", cold), ("warm", warm)):
        added = statistics.median(ours - pytest for ours, pytest in zip(seconds, alone, strict=True))
        others = (each for each in contenders[3:] if each.name.endswith(state))
        ratios = (f"{each.name} takes {statistics.median(each.seconds) / added:.1f} times that" for each in others)
        print(f"  we add {state:6} {added:7.2f} s  {', '.join(ratios)}")
    print(flush=True)


def _row(contender: Contender, reference: dict[str, float]) -> str:
    seconds, state = statistics.median(contender.seconds), contender.name.split()[-1]
    spread = f"{min(contender.seconds):6.2f} to {max(contender.seconds):6.2f}"
    ratio = "" if state == "alone" else f"  {seconds / reference[state]:6.2f} x ours {state}"
    failed = f"  {contender.failures} of {len(contender.seconds)} gave no answer" if contender.failures else ""
    memory = statistics.median(contender.megabytes)
    return f"{contender.name:13} {seconds:7.2f} s ({spread})  {memory:5.0f} MB{ratio}{failed}"


def ours(requirements: Path, version: str, scratch: Path, tools: Path) -> list[Contender]:
    """The whole of ``pytest --deploycheck`` in a project that holds nothing but the file."""
    project = scratch / "project"
    project.mkdir()
    shutil.copy(requirements, project / "requirements.txt")
    (project / "pytest.ini").write_text("[pytest]\n")
    start = [str(tools / "python"), "-m", "pytest", "-q", "--tb=no"]
    command = [*start, "--deploycheck", f"--deploycheck-target={version}"]
    (scratch / "empty").mkdir()
    (scratch / "empty" / "pytest.ini").write_text("[pytest]\n")
    alone = Contender("pytest alone", [*start, "-p", "no:deploycheck"], scratch / "empty", _environment(), lambda: None)
    return [*_cold_and_warm("pytest", command, project, scratch, "PYTEST_DEPLOYCHECK_CACHE"), alone]


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


def uvs(requirements: Path, version: str, scratch: Path, tools: Path) -> list[Contender]:
    """uv's resolution, which answers with versions, not with files."""
    platform = f"x86_64-{PLATFORM.removesuffix('_x86_64')}"
    command = [str(tools / "uv"), "pip", "compile", "-q", "--python-version", version, "--python-platform", platform]
    return _cold_and_warm("uv", [*command, str(requirements)], scratch, scratch, "UV_CACHE_DIR")


def _cold_and_warm(name: str, command: list[str], folder: Path, scratch: Path, variable: str) -> list[Contender]:
    cache = scratch / f"{name}-cache"
    environment = {**_environment(), variable: str(cache), "UV_PYTHON_DOWNLOADS": "never", "PIP_NO_INPUT": "1"}

    def empty() -> None:
        shutil.rmtree(cache, ignore_errors=True)

    return [
        Contender(f"{name} cold", command, folder, environment, empty),
        Contender(f"{name} warm", command, folder, environment, lambda: None),
    ]


def _environment() -> dict[str, str]:
    # Without bytecode files, which some containers forbid, pytest would compile its plugins anew in each run.
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _interpreter(version: str) -> str | None:
    """An interpreter of the version: this one, one on the path, or one that pyenv keeps."""
    return next(_interpreters(version), None)


def _interpreters(version: str) -> Iterator[str]:
    if sys.version.startswith(f"{version}."):
        yield sys.executable
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    yield from (str(each / "bin" / "python") for each in sorted(kept.glob(f"{version}.*"), reverse=True))
    if on_path := shutil.which(f"python{version}"):
        yield on_path


if __name__ == "__main__":
    main()
