"""The file of settings that a program does nothing without, such as alembic's: is it where the program runs?"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_deploycheck.checks.started_code import CHECK, found_elsewhere, is_made, shown
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import Finding, Severity
from pytest_deploycheck.render.blueprint import Service
from pytest_deploycheck.sources.shell.certainty import certain_places
from pytest_deploycheck.sources.shell.command import Commands, Word

if TYPE_CHECKING:
    from pytest_deploycheck.sources.start.program import Program
    from pytest_deploycheck.sources.start.start import Start


def settings_findings(service: Service, start: Start, commands: Commands, deployment: Deployment) -> Iterator[Finding]:
    """What is missing of it.

    :param commands: all of the command line
    """
    needed = _needed(start)
    if needed is None or start.program is None or start.directory is None:
        return
    folder = deployment.root / start.directory
    path = posixpath.normpath(posixpath.join(start.directory, needed.text))
    codebase = deployment.started.codebase(start.directory)
    if not folder.is_dir() or path.startswith(("/", "../")) or codebase.has_file(deployment.root / path):
        return
    name = posixpath.basename(path)
    if _is_in_toml(start.program, folder / "pyproject.toml") or _may_be_made(
        name, start.program, service, commands, deployment
    ):
        return
    is_certain = start.command.location in certain_places(commands, deployment.root)
    is_certain = is_certain and deployment.knows_groups(service)
    near = codebase.near_file(deployment.root / path)
    fix = [f"write {near}: Linux tells upper and lower case apart"] if near else []
    fix += found_elsewhere(name, posixpath.dirname(path) or ".", deployment.root)
    yield Finding(
        CHECK,
        needed.location,
        f"{service.name} runs {start.command}, and there is no {name} in {shown(posixpath.dirname(path) or '.')}",
        fix=tuple(fix) or (f"add the file, or name it: {start.program.settings_option[0]} PATH",),
        severity=Severity.ERROR if is_certain else Severity.ADVICE,
    )


def _needed(start: Start) -> Word | None:
    """The file, as the command names it, or else as the program does; None where it needs none, or it is not known."""
    program, options = start.program, start.options
    subcommand = options.operands[0].text if options.operands else ""
    if program is None or subcommand not in program.settings_for or program.settings_variable in start.environment:
        return None
    named = options.values(program.settings_option)
    if not named:
        return Word(program.settings, start.command.location)
    return named[0] if len(named) == 1 and named[0].is_known else None


def _is_in_toml(program: Program, path: Path) -> bool:
    try:
        return f"[{program.settings_table}" in path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


def _may_be_made(name: str, program: Program, service: Service, commands: Commands, deployment: Deployment) -> bool:
    """By the build, or by a command beside the program that names it."""
    if is_made(deployment.build(service), name):
        return True
    others = (each for each in commands.commands if each.program != program.name)
    words = (each.text for other in others for each in other.arguments)
    return any(name in each for each in words) or any(name in out for each in commands.commands for out in each.outputs)
