"""uv, Poetry, Pipenv and PDM themselves: what they lock, and what they say they would install from a lock.

As a program it records anew what tests/recorded/locks holds: ``python tests/lock_tools.py <folder of both>``.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# Taken when this is imported: while a test runs, the home is another one.
_HOME = Path.home()
RECORDED = Path(__file__).parent / "recorded" / "locks"

# PDM 2.29 does not bound what it does not work with.
OF_PDM = ("hishel<2", "unearth<0.18.1")

# What is asked of each recorded lock.
UV_OPTIONS = (
    (),
    ("--no-dev",),
    ("--no-default-groups", "--group", "lint"),
    ("--only-group", "docs"),
    ("--all-groups", "--no-group", "docs"),
    ("--extra", "cache", "--no-dev"),
    ("--extra=cpu", "--no-dev"),
    ("--extra", "gpu", "--extra", "cache"),
    ("--only-dev",),
)
POETRY_OPTIONS = (
    (),
    ("--only", "main"),
    ("--without", "dev"),
    ("--with", "docs", "--without", "dev"),
    ("--only", "docs,dev"),
    ("-E", "cache", "--only=main"),
    ("--all-extras",),
    ("--all-groups", "--no-root"),
)
PDM_OPTIONS = (
    (),
    ("--prod",),
    ("--no-default", "-G", "docs"),
    ("-G", "cache", "--prod"),
    ("-G", ":all"),
    ("--without", "dev,docs"),
    ("-d", "--no-default"),
)


@dataclass(frozen=True)
class LockTools:
    """The programs.

    :param folder: that has them
    """

    folder: Path

    @classmethod
    def install(cls, folder: Path) -> LockTools:
        """All of them from the index, into an environment of their own."""
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        quiet = [folder / "bin" / "python", "-m", "pip", "install", "-q", "--only-binary=:all:"]
        subprocess.run([*quiet, "uv>=0.9", "poetry>=2.3", "pipenv>=2026", "pdm>=2.26", *OF_PDM], check=True)
        return cls(folder / "bin")

    def lock(self, tool: str, project: Path, python: Path, options: Sequence[str] = ()) -> None:
        """Write the lock of a project.

        :param options: of PDM
        """
        choice = {"uv": ["--python", str(python)], "pdm": ["-G", ":all", *options]}.get(tool, [])
        environment = self._environment(project, python) if tool in ("pipenv", "pdm") else None
        self._run(tool, project, "lock", *choice, environment=environment)

    def export(self, project: Path) -> None:
        """Write a ``pylock.toml``."""
        self._run("uv", project, "export", "--format", "pylock.toml", "-o", "pylock.toml", "--no-emit-project")

    def installed_from_pylock(self, project: Path, python: Path) -> list[str]:
        """``name==version`` of everything that uv would install from it."""
        environment = self._environment(project, python)
        asked = ("pip", "sync", "pylock.toml", "--dry-run", "--python", str(environment / "bin" / "python"))
        return sorted(re.findall(r"(?m)^ \+ ([^ \n]+==[^ \n]+)", self._run("uv", project, *asked)))

    def given_to_pip(self, project: Path, python: Path, options: Sequence[str]) -> list[str]:
        """``name-version`` of everything that pip would install for ``pipenv sync``."""
        environment = self._environment(project, python)
        log = project / "pip.log"
        log.unlink(missing_ok=True)
        # It gives them to pip, which then says what it would do; its own log is read, since Pipenv shows none of it.
        told = {"PIP_DRY_RUN": "1", "PIP_LOG": str(log), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        self._run("pipenv", project, "sync", *options, environment=environment, variables=told)
        said = re.findall(r"Would install (.+)", log.read_text(encoding="utf-8")) if log.exists() else []
        return sorted({canonical(each) for line in said for each in line.split()})

    def installed(self, tool: str, project: Path, python: Path, options: Sequence[str]) -> list[str]:
        """``name==version`` of everything that would be installed, the project itself left out.

        :param python: an interpreter, whose machine it is
        """
        if tool == "uv":
            asked = ("sync", "--frozen", "--dry-run", "--no-install-project", "--python", str(python), *options)
            return sorted(re.findall(r"(?m)^ \+ ([^ \n]+==[^ \n]+)", self._run(tool, project, *asked)))
        environment = self._environment(project, python)
        if tool == "pdm":
            said = self._run(tool, project, "sync", "--dry-run", "--no-self", *options, environment=environment)
            return sorted(f"{name}=={version}" for name, version in re.findall(r"(?m)^  - (\S+) (\S+)$", said))
        said = self._run(tool, project, "install", "--dry-run", "--no-ansi", *options, environment=environment)
        found = re.findall(r"(?m)^ +- Installing (\S+) \(([^ )]+)[^)]*\)(.*)$", said)
        return sorted(f"{name}=={version}" for name, version, rest in found if "Skipped" not in rest)

    def without_wheels(self, project: Path, python: Path) -> set[str]:
        """The projects of which uv takes no wheel: it stops at each, where it must not build."""
        found: list[str] = []
        while True:
            left_out = [word for name in found for word in ("--no-install-package", name)]
            asked = ("sync", "--frozen", "--dry-run", "--no-build", "--python", str(python), *left_out)
            done = self._done("uv", project, asked)
            if done.returncode == 0:
                return set(found)
            stopped = re.search(r"Distribution `([^=@ ]+)", done.stderr)
            assert stopped is not None, done.stderr
            found.append(stopped[1])

    @staticmethod
    def _environment(project: Path, python: Path) -> Path:
        """An empty one for an interpreter."""
        environment = project / f".empty{'-'.join(python.parts[1:])}"
        if not environment.exists():
            subprocess.run([python, "-m", "venv", "--without-pip", environment], check=True)
        return environment

    def _run(
        self,
        tool: str,
        project: Path,
        *arguments: str,
        environment: Path | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> str:
        done = self._done(tool, project, arguments, environment, variables)
        assert done.returncode == 0, f"{tool} {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def _done(
        self,
        tool: str,
        project: Path,
        arguments: Sequence[str],
        environment: Path | None = None,
        told: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        variables = {
            **os.environ,
            **(told or {}),
            "PDM_CHECK_UPDATE": "0",
            "PIPENV_YES": "1",
            "PIPENV_NOSPIN": "1",
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_NO_CONFIG": "1",
            "POETRY_VIRTUALENVS_CREATE": "1",
        }
        if environment is not None:
            variables |= {"VIRTUAL_ENV": str(environment), "PATH": f"{environment / 'bin'}:{variables['PATH']}"}
        command = [self.folder / tool, *arguments]
        return subprocess.run(command, cwd=project, env=variables, capture_output=True, text=True, check=False)


def canonical(name_and_version: str) -> str:
    """``typing-extensions-4.1``, however the name is spelled."""
    name, _, version = name_and_version.rpartition("-")
    return f"{re.sub(r'[-_.]+', '-', name).lower()}-{version}"


def interpreters() -> Iterator[tuple[str, Path]]:
    """Interpreters at hand: their full versions, one for each minor version."""
    found: dict[str, tuple[str, Path]] = {}
    for python in (Path(sys.executable), *sorted(_HOME.glob(".pyenv/versions/3.*/bin/python"))):
        asked = [python, "-c", "import platform; print(platform.python_version())"]
        version = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
        if re.fullmatch(r"3\.\d+\.\d+", version):
            found.setdefault(version.rpartition(".")[0], (version, python))
    yield from found.values()


def record(tools: LockTools) -> None:
    """Lock the projects, and write what each command would install on each interpreter."""
    import shutil
    import tempfile

    for tool, commands in (("uv", UV_OPTIONS), ("poetry", POETRY_OPTIONS), ("pdm", PDM_OPTIONS)):
        said = []
        for version, python in interpreters():
            if not "3.11" <= version < "3.15":
                continue
            with tempfile.TemporaryDirectory() as folder:
                project = Path(folder) / "shop"
                shutil.copytree(RECORDED / tool, project)
                if not (RECORDED / tool / f"{tool}.lock").exists():
                    tools.lock(tool, project, python)
                    shutil.copy(project / f"{tool}.lock", RECORDED / tool)
                for options in commands:
                    installed = tools.installed(tool, project, python, options)
                    said.append({"python": version, "options": list(options), "installed": installed})
        (RECORDED / tool / "installed.json").write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    record(LockTools(Path(sys.argv[1])))
