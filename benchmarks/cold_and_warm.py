#!/usr/bin/env python3
"""How long one answer takes: pip, uv and this plugin, side by side, with empty and with full caches.

    python benchmarks/cold_and_warm.py [REQUIREMENTS ...] [--python-version 3.12 ...] [--runs 3] [--all]

Whole processes are timed, one after the other in each round, so that a slow minute of the machine slows them all;
medians of wall time, of CPU seconds and of peak memory are printed, and the ratios to ours, round by round.

`resolves` is `pytest --deploycheck -k resolves`: what would be picked, which is all that pip and uv answer, and what
they are compared with. `all checks` is the run without `-k`: where something has to be built it also looks for the
change that mends it, which takes further resolutions. `pytest alone` collects nothing, with the plugin switched off:
what pytest itself takes to start and stop. `we add` is what `resolves` takes longer than that: what it costs those who
run their tests anyway. All of them are installed into fresh virtual environments, this plugin from the checkout, so
that no other plugin counts. pip needs an interpreter of the version asked for; where there is none, it is left out.

``--all`` measures the files that this project is judged by: wheels, sdists, backtracking, and generated pins.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pytest_deploycheck.resolution.pip_configuration import pip_configuration

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

_COLD, _WARM, _ALONE = "cold", "warm", "pytest alone"

# Seconds after which a run counts as not finished.
LIMIT = 300.0


@dataclass
class Contender:
    """One command, run in each round.

    :param answers: exit codes that are an answer
    :param prepare: makes the caches what they should be, untimed
    """

    name: str
    command: list[str]
    folder: Path
    environment: dict[str, str]
    answers: tuple[int, ...] = (0,)
    prepare: Callable[[], None] = lambda: None
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
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
            usage = _wait(process, started)
            self.seconds.append(time.monotonic() - started)
            self.cpu_seconds.append(usage.ru_utime + usage.ru_stime)
            self.megabytes.append(usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024))
            if process.returncode not in self.answers:
                self.failures += 1

    @property
    def state(self) -> str:
        """Of its cache: cold or warm; empty where it has none."""
        return self.name.rpartition(" ")[2] if self.name.endswith((_COLD, _WARM)) else ""


def _wait(process: subprocess.Popen[bytes], started: float) -> resource.struct_rusage:
    """What it and its children have used; it is killed at the limit."""
    killer = threading.Timer(started + LIMIT - time.monotonic(), process.kill)
    killer.start()
    _, status, usage = os.wait4(process.pid, 0)
    killer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage


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
    for each in contenders:
        print(f"  {_row(each, contenders)}")
    for state in (_COLD, _WARM):
        print(f"  {_added(contenders, state)}")
    print(flush=True)


def _ours(contenders: Sequence[Contender], state: str) -> Contender:
    """What the others are compared with: what asks the same of the same cache."""
    return next(each for each in contenders if each.name == f"resolves {state}")


def _row(contender: Contender, contenders: Sequence[Contender]) -> str:
    seconds, state = contender.seconds, contender.state
    spread = f"{statistics.median(seconds):7.2f} s ({min(seconds):6.2f} to {max(seconds):6.2f})"
    cpu, memory = statistics.median(contender.cpu_seconds), statistics.median(contender.megabytes)
    ratio = f"  {_ratio(seconds, _ours(contenders, state).seconds):6.2f} x resolves {state}" if state else ""
    failed = f"  {contender.failures} of {len(seconds)} gave no answer" if contender.failures else ""
    return f"{contender.name:15} {spread}  {cpu:6.2f} s CPU  {memory:5.0f} MB{ratio}{failed}"


def _added(contenders: Sequence[Contender], state: str) -> str:
    """What the plugin adds to pytest, and how that compares with the others."""
    alone = next(each for each in contenders if each.name == _ALONE)
    added = [
        with_it - without for with_it, without in zip(_ours(contenders, state).seconds, alone.seconds, strict=True)
    ]
    others = [each for each in contenders if each.name in (f"pip {state}", f"uv {state}")]
    ratios = ", ".join(f"{each.name} takes {_ratio(each.seconds, added):.1f} times that" for each in others)
    return f"we add {state:8} {statistics.median(added):7.2f} s  {ratios}"


def _ratio(theirs: Iterable[float], ours: Iterable[float]) -> float:
    """Round by round, since what slows a round slows both."""
    return statistics.median(a / b for a, b in zip(theirs, ours, strict=True))


def ours(requirements: Path, version: str, scratch: Path, tools: Path) -> list[Contender]:
    """``pytest --deploycheck`` in a project that holds nothing but the file."""
    project, empty = scratch / "project", scratch / "empty"
    for folder in (project, empty):
        folder.mkdir()
        (folder / "pytest.ini").write_text("[pytest]\n")
    shutil.copy(requirements, project / "requirements.txt")
    start = [str(tools / "python"), "-m", "pytest", "-q", "--tb=no"]
    command = [*start, "--deploycheck", f"--deploycheck-target={version}"]
    variable, answers = "PYTEST_DEPLOYCHECK_CACHE", (0, 1)  # 1: something fails there.
    return [
        *_cold_and_warm("resolves", [*command, "-k", "resolves"], project, scratch, variable, answers),
        Contender(_ALONE, [*start, "-p", "no:deploycheck"], empty, _environment(), (5,)),  # 5: there is nothing.
        *_cold_and_warm("all checks", command, project, scratch, variable, answers),
    ]


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


def _cold_and_warm(
    name: str, command: list[str], folder: Path, scratch: Path, variable: str, answers: tuple[int, ...] = (0,)
) -> list[Contender]:
    cache = scratch / f"{name} cache"
    environment = {**_environment(), variable: str(cache), "UV_PYTHON_DOWNLOADS": "never", "PIP_NO_INPUT": "1"}

    def empty() -> None:
        shutil.rmtree(cache, ignore_errors=True)

    return [
        Contender(f"{name} {_COLD}", command, folder, environment, answers, empty),
        Contender(f"{name} {_WARM}", command, folder, environment, answers),
    ]


def _environment() -> dict[str, str]:
    """One index for all, that of pip's configuration on this machine: uv does not read that, and sees no other."""
    configured = pip_configuration(os.environ)
    # Without bytecode files, which some containers forbid, pytest would compile its plugins anew in each run.
    left_out = {"PYTHONDONTWRITEBYTECODE", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX"}
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    environment |= {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": configured.index_url}
    environment |= {"UV_DEFAULT_INDEX": configured.index_url}
    return environment | ({"PIP_CERT": configured.cert} if configured.cert else {})


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
