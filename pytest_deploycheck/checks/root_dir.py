"""Is there the folder that a service is built from?"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_deploycheck.checks.registry import Subject, check
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import Finding
from pytest_deploycheck.render.blueprint import Service
from pytest_deploycheck.sources.tree import inner_path, is_folder, spelled


def _is_built_below(service: Service, deployment: Deployment) -> bool:
    """Whether it has a folder in this repository; of a Python one the check of its build command says it."""
    return service.folder != "." and service.fields.scalar("repo") is None and not service.is_native_python


@check(
    "root-dir",
    Subject.SERVICE,
    applies=_is_built_below,
    sources=("https://render.com/docs/monorepo-support, 2026-11-25",),
)
def root_dir(service: Service, deployment: Deployment) -> Iterator[Finding]:
    """The rootDir is a folder of the repository, spelled as it is there.

    All commands of the service run in it, and files outside of it are not there when it is built. Where there is no
    such folder the build fails before its first command. Of a native Python service ``build-command`` says so.

    To satisfy it, name the folder from the root of the repository on::

        rootDir: services/api
    """
    yield from folder_findings("root-dir", service, service.folder, deployment)


def folder_findings(check: str, service: Service, folder: str, deployment: Deployment) -> Iterator[Finding]:
    """That there is no such folder, or that it is spelled otherwise.

    :param check: whose finding it is
    :param folder: the rootDir, from the root of the repository
    """
    given = service.root_dir
    if given is None or is_folder(deployment.root, folder):
        return
    near = spelled(deployment.root, folder) if inner_path(folder) is not None else None
    if near is not None and near != folder and (deployment.root / near).is_dir():
        message = f"the rootDir of {service.name} is {given.text}, which is spelled {near} in the repository"
        yield Finding(check, given.location, message, ("Linux tells capitals apart",), (f"write rootDir: {near}",))
    else:
        message = f"the rootDir of {service.name} is {given.text}, and there is no such folder"
        yield Finding(check, given.location, message, fix=("name a folder of the repository",))
