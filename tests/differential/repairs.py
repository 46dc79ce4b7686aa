"""Repairs of real requirements files, and what real pip says to them, on this machine's interpreters.

    python tests/differential/repairs.py [FILES...] [--python 3.12] [--timeout SECONDS]

A line for each file that pip does not install, or for which it would build something: the lines that change, and pip's
answer to the changed file with ``--only-binary=:all:``; or why there is none. What no change of lines makes a wheel
is named, and pip may then build that alone. Below stands how many there are of each; exits 1 where pip disagrees.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from differential.corpus import (
    FILES,
    PATIENCE,
    Answer,
    Interpreter,
    ask_pip,
    find_python,
    interpreter,
    pip_environment,
)

from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.fixing.file_text import FileText
from pytest_deploycheck.repairs import Mended
from pytest_deploycheck.resolution.result import Outcome
from pytest_deploycheck.settings import Settings

SOUND, REPAIRED, PARTLY, NONE, UNKNOWN = "sound", "repaired", "repaired but for", "no repair", "not found"


@dataclass(frozen=True)
class Proof:
    """A file, what mends it, and pip's word on that.

    :param pip: None where nothing is mended
    """

    file: Path
    python: str
    mended: Mended | None
    pip: Answer | None
    seconds: float

    @property
    def kind(self) -> str:
        if self.mended is None:
            return SOUND
        if self.mended.changes:
            return PARTLY if self.mended.reasons else REPAIRED
        return NONE if self.mended.is_certain else UNKNOWN

    @property
    def holds(self) -> bool:
        """Whether pip installs the changed file from wheels; what has none pip may fail to build."""
        return self.pip is None or self.pip.outcome == Outcome.OK.value or (self.kind == PARTLY and self._builds_left)

    @property
    def _builds_left(self) -> bool:
        """Whether pip stopped at the build of what has no wheel, which takes more than a Python."""
        assert self.mended is not None
        assert self.pip is not None
        return self.pip.outcome == "build-failure" and any(
            each.project in self.pip.message for each in self.mended.reasons
        )

    def __str__(self) -> str:
        name = self.file.parent.name if self.file.name == "requirements.txt" else self.file.name
        lines = [f"{name:24} {self.python:8} {self.kind:16} {self.seconds:6.1f} s"]
        if self.mended is not None:
            lines += [f"{each.before or '(new)'} -> {each}" for each in self.mended.changes]
            lines += [each.text for each in (*self.mended.reasons, *self.mended.alternatives)]
        if self.pip is not None:
            wheels = len(self.pip.picked) - len(self.pip.sdists)
            lines.append(f"pip: {self.pip.outcome}, {wheels} wheels, {len(self.pip.sdists)} to build")
        return "\n  ".join(lines)


def prove(file: Path, python: Interpreter, timeout: float = PATIENCE) -> Proof:
    """Look for a repair with nothing in the cache, write it into a copy, and ask pip about that."""
    with tempfile.TemporaryDirectory(dir=python.folder, ignore_cleanup_errors=True) as folder:
        copy = Path(folder, "requirements.txt")
        copy.write_bytes(file.read_bytes())
        started = time.monotonic()
        mended = _mended(copy, python)
        seconds = time.monotonic() - started
        answer = None
        if mended is not None and mended.changes:
            assert mended.edits, "a line cannot be edited"
            copy.write_bytes(FileText.read(copy.name, copy.read_bytes()).edited(mended.edits).encoded())
            left = ",".join(dict.fromkeys(each.project for each in mended.reasons))
            options = ["--only-binary=:all:", *([f"--no-binary={left}"] if left else [])]
            answer = ask_pip(copy, python, timeout, options)
    return Proof(file, python.version, mended, answer, seconds)


def _mended(file: Path, python: Interpreter) -> Mended | None:
    """None where there is nothing to mend."""
    target = f"{python.version}-{python.target.platform}"
    environ = {**pip_environment(os.environ), "PYTEST_DEPLOYCHECK_CACHE": str(file.parent / "cache")}
    settings = Settings(root=file.parent, requirements=(file,), targets=(target,), fix="diff")
    deployment = Deployment(settings, environ)
    (source,) = deployment.sources
    (place,) = deployment.targets_of(source)
    try:
        return None if deployment.resolution(place).has_wheels_only else deployment.repairs.of(source)
    finally:
        deployment.resolutions.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, default=FILES, metavar="FILES")
    parser.add_argument("--python", nargs="+", default=["3.12"], help="versions, or paths of interpreters")
    parser.add_argument("--timeout", type=float, default=PATIENCE, help="seconds for pip (default: %(default)g)")
    arguments = parser.parse_args()
    proofs: list[Proof] = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for number, minor in enumerate(arguments.python):
            python = find_python(minor)
            if python is None:
                sys.exit(f"this machine has no Python {minor}")
            proofs += _proven(arguments.files, interpreter(python, Path(folder, str(number))), arguments.timeout)
    counts = Counter(each.kind for each in proofs)
    print(f"{len(proofs)} files: {', '.join(f'{count} {kind}' for kind, count in sorted(counts.items()))}")
    failing = [each for each in proofs if not each.holds or each.kind == UNKNOWN]
    sys.exit(1 if failing else 0)


def _proven(files: Sequence[Path], python: Interpreter, timeout: float) -> list[Proof]:
    proofs = []
    for file in files:
        proofs.append(prove(file.resolve(), python, timeout))
        print(proofs[-1], flush=True)
    return proofs


if __name__ == "__main__":
    main()
