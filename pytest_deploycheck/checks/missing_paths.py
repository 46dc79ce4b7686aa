"""Scripts that a command line runs and folders that it goes to, and that are not in the repository."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import Finding, Severity
from pytest_deploycheck.render.blueprint import Service
from pytest_deploycheck.sources.shell.certainty import certain_places
from pytest_deploycheck.sources.shell.command import Command, Commands, Script, Word


def missing_paths(check: str, service: Service, commands: Commands, deployment: Deployment) -> Iterator[Finding]:
    """What is missing, where it is named.

    :param check: whose finding it is
    """
    if not deployment.service_folder(service).is_dir():
        return
    certain = certain_places(commands, deployment.root)
    for script in commands.scripts:
        if not script.is_there:
            message = f"{service.name} runs {script.path}, and there is no such file in the repository"
            severity = Severity.ERROR if script.location in certain else Severity.ADVICE
            yield Finding(check, script.location, message, fix=(_as_written(script, deployment),), severity=severity)
    for command in commands.commands:
        folder = _folder_gone_to(command)
        if folder is not None and folder.location in certain:
            inside = posixpath.normpath(posixpath.join(command.directory or "", folder.text))
            if not (deployment.root / inside).is_dir():
                message = f"{service.name} goes to {folder}, and there is no such folder in the repository"
                fix = "name a folder relative to where the command runs"
                yield Finding(check, folder.location, message, fix=(fix,))


def _as_written(script: Script, deployment: Deployment) -> str:
    """Names that differ in case only are the same file on some machines, and not on Linux."""
    path = deployment.root / script.path
    names = (each.name for each in path.parent.iterdir()) if path.parent.is_dir() else iter(())
    same = next((name for name in names if name.lower() == path.name.lower()), None)
    return (
        f"write {same}, as the file is named" if same else "add the file, or name it relative to where the command runs"
    )


def _folder_gone_to(command: Command) -> Word | None:
    """The folder of a ``cd`` within the repository."""
    if command.words[0].text != "cd" or len(command.words) != 2 or command.directory is None:
        return None
    folder = command.words[1]
    is_inside = folder.is_known and not folder.text.startswith(("/", "-"))
    return folder if is_inside else None
