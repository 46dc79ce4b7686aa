"""A project with a lock, read and resolved as a run does it, without a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_deploycheck.resolution.locked.resolve import resolve_locked
from pytest_deploycheck.resolution.result import Resolution
from pytest_deploycheck.resolution.target import Target
from pytest_deploycheck.sources.installs import read_installs
from pytest_deploycheck.sources.locks.lock_file import LockFile
from pytest_deploycheck.sources.locks.reading import LockInstallation, read_lock_installation
from pytest_deploycheck.sources.shell.reading import read_commands
from pytest_deploycheck.sources.shell.text import text_of_file

PLATFORM = "manylinux_2_36_x86_64"


@dataclass(frozen=True)
class LockedProject:
    """A folder with a lock and what goes with it."""

    root: Path

    @classmethod
    def of(cls, root: Path, files: Mapping[str, str]) -> LockedProject:
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        return cls(root)

    def installation(self, command: str, **variables: str | None) -> LockInstallation:
        """What a command line says; its first command that installs from a project's files."""
        commands = read_commands(text_of_file("build.sh", command), ".", self.root, "/checkout", {})
        project = read_installs(commands).from_projects[0]
        told = [(name, value, project.command.location) for name, value in variables.items()]
        return read_lock_installation(project, told, self.root)

    def lock(self, command: str, **variables: str | None) -> LockFile:
        """The lock that it installs from."""
        found = self.installation(command, **variables).lock
        assert found is not None, f"{command} is followed"
        return found

    def problems(self, command: str) -> list[str]:
        """What is wrong, with its place: refused by the tool, or not known here."""
        found = self.lock(command).file.problems
        return [f"{each.location} {'refused' if each.refused else 'unknown'}: {each.expected}" for each in found]

    def resolution(
        self, command: str, python: str = "3.12.1", platform: str = PLATFORM, **told: str | None
    ) -> Resolution:
        """What is installed on a target, without asking what source distributions say."""
        lock = self.lock(command, **told)
        assert lock.locked is not None, self.problems(command)
        assert not lock.file.problems, self.problems(command)
        return resolve_locked(lock.locked, Target(python, platform))

    def installed(
        self, command: str, python: str = "3.12.1", platform: str = PLATFORM, **told: str | None
    ) -> list[str]:
        """``name==version`` of all of it."""
        found = self.resolution(command, python, platform, **told)
        assert not found.message, found.message
        return [f"{each.name}=={each.version}" for each in found.distributions]
