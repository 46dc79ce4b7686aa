"""Can a disk be mounted where it is asked for, and what does it hide there?"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import PurePosixPath

from pytest_deploycheck.checks.registry import Subject, check
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import Finding, Severity
from pytest_deploycheck.render.blueprint import Service
from pytest_deploycheck.render.document import Scalar, Table
from pytest_deploycheck.render.fields import blueprint_fields
from pytest_deploycheck.render.platform import platform_facts

_ELSEWHERE = "write a folder of its own, such as mountPath: /var/data"


def _mount_path(service: Service) -> Scalar | None:
    disk = service.fields.get("disk")
    path = disk.scalar("mountPath") if isinstance(disk, Table) else None
    return path if path and path.text.strip() else None


def _has_mount_path(service: Service, deployment: Deployment) -> bool:
    return _mount_path(service) is not None


@check("disk", Subject.SERVICE, applies=_has_mount_path, sources=("https://render.com/docs/disks, 2026-11-23",))
def disk(service: Service, deployment: Deployment) -> Iterator[Finding]:
    """The disk is mounted at an absolute path that Render allows, and hides nothing that the service needs.

    An empty disk lies over what the build left in that folder. Some folders Render refuses, though not those below
    them; mounted over the source or the virtual environment, the service finds neither its code nor its packages.

    To satisfy it, mount it in a folder of its own, and write there::

        disk:
          name: data
          mountPath: /var/data
          sizeGB: 5
    """
    path = _mount_path(service)
    assert path is not None
    facts = platform_facts()
    folder = posixpath.normpath(path.text.strip())
    if folder.startswith("//"):  # POSIX keeps two slashes at the beginning, and nobody means them.
        folder = folder[1:]
    if not folder.startswith("/"):
        message = f"the disk of {service.name} has to be mounted at an absolute path, and is at {path.text!r}"
        below = posixpath.normpath(f"{facts.checkout}/{folder}")
        yield Finding("disk", path.location, message, fix=(f"write mountPath: {below}", _ELSEWHERE))
    elif folder in facts.mount_paths.forbidden:
        message = f"the disk of {service.name} cannot be mounted at {folder}, only below it"
        yield Finding("disk", path.location, message, fix=(f"write mountPath: {folder.rstrip('/')}/data", _ELSEWHERE))
    elif _is_native(service):
        yield from _hidden(service, path, folder, deployment)


def _is_native(service: Service) -> bool:
    return service.runtime is not None and service.runtime.text in blueprint_fields().traits["native"]


def _hidden(service: Service, path: Scalar, folder: str, deployment: Deployment) -> Iterator[Finding]:
    checkout, mounted = platform_facts().checkout, PurePosixPath(folder)
    environment = PurePosixPath(platform_facts().mount_paths.virtual_environment)
    if service.is_native_python and mounted in (environment, environment / "bin", environment / "lib"):
        message = f"the disk of {service.name} hides {environment}, where its packages are installed"
        yield Finding("disk", path.location, message, fix=(_ELSEWHERE,))
        return
    if not mounted.is_relative_to(checkout) or service.fields.scalar("repo") is not None:
        return  # Another repository's files are not known here.
    relative = mounted.relative_to(checkout)
    if service.root_dir and PurePosixPath(service.folder).is_relative_to(relative):
        message = f"the disk of {service.name} hides its rootDir {service.root_dir.text}, where its commands run"
        yield Finding("disk", path.location, message, fix=(_ELSEWHERE,))
    elif count := _files_in(deployment, relative):
        files = "a file" if count == 1 else f"{count} files"
        yield Finding(
            "disk",
            path.location,
            f"the disk of {service.name} hides {relative}, in which the repository has {files}",
            evidence=("what is written there at run time stays, what the repository has there is not seen",),
            fix=(_ELSEWHERE,),
            severity=Severity.ADVICE,
        )


def _files_in(deployment: Deployment, folder: PurePosixPath) -> int:
    """How many entries a folder of the repository has, but for those that only keep it in git."""
    place = deployment.root / folder
    return sum(not each.name.startswith(".git") for each in place.iterdir()) if place.is_dir() else 0
