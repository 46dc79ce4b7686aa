"""Real requirements files: what real pip would install, on this machine's interpreters, and what is resolved for them.

    python tests/differential/corpus.py [FILES...] [--python 3.12 3.13] [--timeout SECONDS]

Prints a table, a line for each file and interpreter, and below it each distribution that differs; exits 1 where
anything does. pip runs as a dry run of its newest release, one at a time, and without a cache, as this resolution does,
so that the seconds compare. pip executes the build scripts of old source distributions: run this in a throw-away
environment.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging import tags
from packaging.utils import canonicalize_name

from pytest_deploycheck.resolution.result import Kind, Outcome
from pytest_deploycheck.resolution.target import Target
from pytest_deploycheck.resolutions import Resolutions
from pytest_deploycheck.settings import Settings
from pytest_deploycheck.sources.requirements import read_requirements
from pytest_deploycheck.subjects import Source

ROOT = Path(__file__).parents[2]
CORPUS = sorted(ROOT.glob("tests/corpus/*.txt"))
EXAMPLES = [ROOT / "examples/nexus" / state / "requirements.txt" for state in ("before", "after")]
FILES = [*EXAMPLES, *CORPUS]
PYTHONS = ("3.12", "3.13")

# Seconds after which pip has given no answer: it needs minutes where it backtracks over source distributions.
PATIENCE = 240.0

# What is kept of pip's environment: how the index is reached. Other places to find distributions are the machine's own.
_ROUTE = {"PIP_CERT", "PIP_CLIENT_CERT", "PIP_INDEX_URL", "PIP_PROXY", "PIP_TRUSTED_HOST", "PIP_DEFAULT_TIMEOUT"}

TIMEOUT, BUILD_FAILURE = "timeout", "build-failure"

# In this order: what pip prints of a failed build may hold any of the words below it.
_OUTCOMES = (
    (BUILD_FAILURE, "Failed to build '"),
    (BUILD_FAILURE, "metadata-generation-failed"),
    ("conflict", "ResolutionImpossible"),
    ("no-match", "No matching distribution"),
    ("no-match", "requires a different Python"),
    ("no-match", "require a different Python"),
    ("invalid", "Invalid requirement"),
)

# pip's last words on a source distribution of which it knows the name.
_FAILED_BUILD = re.compile(r"Failed to build '([^']+)' when|generating package metadata\.\s+╰─> (?!from )(\S+)")


@dataclass(frozen=True)
class Interpreter:
    """A Python of this machine, with a current pip in a virtual environment of its own.

    :param version: with the patch: it counts in markers
    :param folder: of the virtual environment
    """

    version: str
    folder: Path

    @property
    def executable(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def target(self) -> Target:
        """This machine, with that Python."""
        return Target(self.version, _platform())


@dataclass(frozen=True)
class Answer:
    """What one of the two would install.

    :param outcome: a value of :class:`Outcome`, or ``timeout``, ``build-failure``, ``other``
    :param picked: the file by the normalised name of its project
    :param sdists: those of the files that are source distributions
    """

    outcome: str
    picked: Mapping[str, str]
    sdists: tuple[str, ...]
    message: str
    seconds: float


@dataclass(frozen=True)
class Comparison:
    """Both answers for a file on an interpreter."""

    file: Path
    python: str
    pip: Answer
    ours: Answer

    @property
    def is_open(self) -> bool:
        """Whether pip gave no answer, so that there is nothing to agree with."""
        return self.pip.outcome == TIMEOUT

    @property
    def same(self) -> int:
        """The number of distributions that are the same file."""
        return sum(self.ours.picked.get(name) == filename for name, filename in self.pip.picked.items())

    @property
    def differences(self) -> list[str]:
        """A line for each thing that is not the same; empty too where there is no answer of pip's."""
        if self.is_open:
            return []
        if self.pip.outcome == BUILD_FAILURE:
            return list(self._unnamed_sdist())
        found = []
        if self.ours.outcome != self.pip.outcome:
            found.append(f"pip: {self.pip.outcome}, ours: {self.ours.outcome}: {self.ours.message}")
        if self.pip.outcome == Outcome.OK.value:
            for name in sorted(self.pip.picked.keys() | self.ours.picked.keys()):
                theirs, own = self.pip.picked.get(name), self.ours.picked.get(name)
                if theirs != own:
                    found.append(f"{name}: pip {theirs}, ours {own}")
        return found

    def _unnamed_sdist(self) -> Iterator[str]:
        """pip stopped at a source distribution that it could not build: ours has to answer, and to name it."""
        failed = _failed_build(self.pip.message)
        named = self.ours.picked.get(failed) in self.ours.sdists if failed else bool(self.ours.sdists)
        if self.ours.outcome == Outcome.UNREACHABLE.value:
            yield f"pip: {BUILD_FAILURE}, ours: no answer: {self.ours.message}"
        elif not named and not (failed and failed in canonicalize_name(self.ours.message)):
            yield f"pip could not build {failed}, ours: {self.ours.outcome}, sdists {', '.join(self.ours.sdists)}"


def pip_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment in which pip and this resolution see the index alone, whatever this machine is configured to."""
    kept = {name: value for name, value in environ.items() if not name.startswith("PIP_") or name in _ROUTE}
    # The null device makes pip read no configuration file at all.
    return {**kept, "PIP_CONFIG_FILE": os.devnull, "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def find_python(wanted: str) -> Path | None:
    """The interpreter for ``3.12`` or ``3.12.1``, from PATH or pyenv, or at a path; None where there is none."""
    if os.sep in wanted:
        return Path(wanted) if _version_of(wanted) else None
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    found = [f"python{wanted}", *map(str, sorted(pyenv.glob(f"{wanted}*/bin/python")))]
    return next((Path(each) for each in found if f"{_version_of(each)}.".startswith(f"{wanted}.")), None)


def interpreter(python: Path, folder: Path) -> Interpreter:
    """An interpreter with a current pip.

    :param folder: where the virtual environment is made
    """
    subprocess.run([python, "-m", "venv", folder], check=True)
    made = Interpreter(_version_of(str(python)), folder)
    upgrade = [str(made.executable), "-m", "pip", "install", "--quiet", "--upgrade", "pip"]
    subprocess.run(upgrade, check=True, env=pip_environment(os.environ), stdout=sys.stderr)
    return made


def ask_pip(file: Path, python: Interpreter, timeout: float = PATIENCE, options: Sequence[str] = ()) -> Answer:
    """What pip would install.

    :param options: further ones of pip
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [str(python.executable), "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet"]
        command += ["--no-cache-dir", "--report", str(report), *options, "-r", file.name]
        started = time.monotonic()
        code, message = _run(command, file.parent, timeout)
        seconds = time.monotonic() - started
        if code == 0:
            return _reported(json.loads(report.read_text(encoding="utf-8")), seconds)
    outcome = TIMEOUT if code is None else _outcome(message)
    return Answer(outcome, {}, (), message, seconds)


def ask_ours(file: Path, python: Interpreter) -> Answer:
    """What is resolved here, with nothing in the cache."""
    # Below the virtual environment: when that is removed, no thread writes any more what it had fetched ahead.
    cache = tempfile.mkdtemp(prefix="cache-", dir=python.folder)
    environ = {**pip_environment(os.environ), "PYTEST_DEPLOYCHECK_CACHE": cache}
    started = time.monotonic()
    resolutions = Resolutions(Settings(root=file.parent), environ)
    source = Source(read_requirements(file, file.parent, environ), ())
    resolution = resolutions.get(source, python.target)
    resolutions.close()
    seconds = time.monotonic() - started
    picked = {each.name: each.file.filename for each in resolution.distributions}
    sdists = tuple(each.file.filename for each in resolution.distributions if each.kind is not Kind.WHEEL)
    message = " ".join([resolution.message, *resolution.evidence, *resolution.built_in_passing])
    return Answer(resolution.outcome.value, picked, sdists, message, seconds)


def compare(file: Path, python: Interpreter, timeout: float = PATIENCE) -> Comparison:
    """Ask both, one right after the other, so that they see the same index."""
    return Comparison(file, python.version, ask_pip(file, python, timeout), ask_ours(file, python))


def _reported(report: dict[str, list[dict[str, dict[str, str]]]], seconds: float) -> Answer:
    picked: dict[str, str] = {}
    for item in report["install"]:
        address = item["download_info"]["url"].partition("#")[0]
        picked[canonicalize_name(item["metadata"]["name"])] = address.rstrip("/").rpartition("/")[2]
    sdists = tuple(each for each in picked.values() if not each.endswith(".whl"))
    return Answer(Outcome.OK.value, picked, sdists, "", seconds)


def _run(command: Sequence[str], folder: Path, timeout: float) -> tuple[int | None, str]:
    """The exit code, None where time ran out, and what was printed as errors."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=pip_environment(os.environ),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        _, message = process.communicate(timeout=timeout)
        return process.returncode, message
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # With the builds that it has started.
        process.communicate()
        return None, f"no answer within {timeout:g} s"


def _outcome(message: str) -> str:
    return next((outcome for outcome, sign in _OUTCOMES if sign in message), "other")


def _failed_build(message: str) -> str:
    """The normalised name of the project whose source distribution pip could not build; empty where it names none."""
    named = [one or other for one, other in _FAILED_BUILD.findall(message)]
    return canonicalize_name(named[-1]) if named else ""


@functools.cache
def _platform() -> str:
    return next(tag.platform for tag in tags.sys_tags() if tag.platform.startswith(("manylinux", "musllinux")))


def _version_of(executable: str) -> str:
    """``3.12.1``; empty where it does not run, as a shim of pyenv for a version that is not chosen."""
    command = [executable, "-c", "import platform; print(platform.python_version())"]
    if shutil.which(executable) is None:
        return ""
    return subprocess.run(command, capture_output=True, text=True).stdout.strip()


COLUMNS = f"{'file':24} {'python':8} {'pip':24} {'ours':12} {'same':>9} {'sdists':>6} {'pip s':>7} {'ours s':>7}"


def row(each: Comparison) -> str:
    """A line of the table."""
    name = each.file.parent.name if each.file.name == "requirements.txt" else each.file.name
    theirs = f"{each.pip.outcome} {len(each.pip.picked) or _failed_build(each.pip.message)}"
    ours = f"{each.ours.outcome} {len(each.ours.picked)}" if each.ours.picked else each.ours.outcome
    agreed = f"{each.same}/{len(each.pip.picked)}" if each.pip.picked else _agreement(each)
    times = f"{each.pip.seconds:7.1f} {each.ours.seconds:7.1f}"
    return f"{name:24} {each.python:8} {theirs:24} {ours:12} {agreed:>9} {len(each.ours.sdists):6} {times}"


def _agreement(each: Comparison) -> str:
    """Where pip has picked nothing that could be counted."""
    if each.is_open:
        return "no answer"
    if each.differences:
        return "differs"
    return "named" if each.pip.outcome == BUILD_FAILURE else "same"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, default=FILES, metavar="FILES")
    parser.add_argument("--python", nargs="+", default=list(PYTHONS), help="versions, or paths of interpreters")
    parser.add_argument("--timeout", type=float, default=PATIENCE, help="seconds for pip (default: %(default)g)")
    arguments = parser.parse_args()
    differing = 0
    print(COLUMNS, flush=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for number, minor in enumerate(arguments.python):
            python = find_python(minor)
            if python is None:
                sys.exit(f"this machine has no Python {minor}")
            differing += _print_rows(arguments.files, interpreter(python, Path(folder, str(number))), arguments.timeout)
    sys.exit(1 if differing else 0)


def _print_rows(files: Sequence[Path], python: Interpreter, timeout: float) -> int:
    """Compare and print; the number of files that differ."""
    differing = 0
    for file in files:
        each = compare(file.resolve(), python, timeout)
        print("\n  ".join([row(each), *each.differences]), flush=True)
        differing += bool(each.differences)
    return differing


if __name__ == "__main__":
    main()
