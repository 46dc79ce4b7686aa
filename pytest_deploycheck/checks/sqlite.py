"""Does a service keep a database where it is lost?"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pytest_deploycheck.checks.registry import Subject, check
from pytest_deploycheck.checks.start_command import is_started_python
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import Finding, Severity
from pytest_deploycheck.render.blueprint import Service, ValueFrom
from pytest_deploycheck.render.document import Table
from pytest_deploycheck.render.platform import platform_facts

if TYPE_CHECKING:
    from pytest_deploycheck.sources.python.sqlite import SqliteFile
    from pytest_deploycheck.sources.start.start import Start

# What people call a variable that says which database is to be used.
_OF_DATABASE = re.compile(r"DATABASE|POSTGRES|SQLALCHEMY|(^|_)(DB|PG|MYSQL)(_|$)", re.IGNORECASE)


@check("sqlite", Subject.SERVICE, applies=is_started_python, sources=("https://render.com/docs/disks, 2026-11-23",))
def sqlite(service: Service, deployment: Deployment) -> Iterator[Finding]:
    """The SQLite files that the code of the service opens are on a disk, since all others are lost with each deploy.

    The file system of a service is replaced with each deploy and each restart, and what was written to it is gone.
    Only what lies below the mount path of a disk stays.

    To satisfy it, put the file on a disk, or use a database::

        disk:
          name: data
          mountPath: /var/data
    """
    said: set[str] = set()
    for start in deployment.started.commands(service):
        for file in deployment.started.sqlite(start):
            path = _absolute(file, start.directory)
            is_kept = path is None or _is_on_disk(service, path) or _is_replaced(file, service, start)
            if path is not None and not is_kept and path not in said:
                said.add(path)
                yield _lost(service, file, path)


def _is_replaced(file: SqliteFile, service: Service, start: Start) -> bool:
    """Whether a variable that is set names another database, or the place of a disk."""
    if file.variable.upper() in {name.upper() for name in start.environment}:
        return True
    variables = service.environment.values()
    has_database = any(each.comes_from is ValueFrom.DATABASE or _OF_DATABASE.search(each.key) for each in variables)
    return file.is_setting and has_database


def _absolute(file: SqliteFile, directory: str | None) -> str | None:
    """Where the file is when the program runs; None where that is not known."""
    if file.path.startswith("/") or directory is None:
        return posixpath.normpath(file.path) if file.path.startswith("/") else None
    return posixpath.normpath(posixpath.join(platform_facts().checkout, directory, file.path))


def _is_on_disk(service: Service, path: str) -> bool:
    disk = service.fields.get("disk")
    mount = disk.scalar("mountPath") if isinstance(disk, Table) else None
    return mount is not None and PurePosixPath(path).is_relative_to(posixpath.normpath(mount.text))


def _lost(service: Service, file: SqliteFile, path: str) -> Finding:
    name = PurePosixPath(path).name
    place = posixpath.dirname(path)
    variable = f" where {file.variable} is not set" if file.variable else ""
    instead = f"set {file.variable} to a database" if file.variable else "use a database"
    return Finding(
        "sqlite",
        file.location,
        f"{service.name} keeps {name} in {place}{variable}, and what is written there is lost with each deploy",
        evidence=("the file system is ephemeral but for disks: https://render.com/docs/disks",),
        fix=(f"{instead} of the blueprint (databases:)", "give it a disk, and keep the file below its mountPath"),
        severity=Severity.ADVICE,
    )
