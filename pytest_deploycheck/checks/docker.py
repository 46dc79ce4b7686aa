"""Is there what Docker builds from, and can it be said what it runs?"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_deploycheck.checks.blueprint import findings
from pytest_deploycheck.checks.registry import Subject, check
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import Finding, NothingToDecide, Severity
from pytest_deploycheck.location import Location
from pytest_deploycheck.render.blueprint import Service
from pytest_deploycheck.render.document import Scalar, Table
from pytest_deploycheck.render.image import image_faults
from pytest_deploycheck.render.validation import service_subject
from pytest_deploycheck.sources.tree import inner_path, spelled

_DOCKERFILE = "Dockerfile"


def _is_docker(service: Service, deployment: Deployment) -> bool:
    subject = service_subject(service.fields, service.name)
    return subject.runtime == "docker" and "built" in subject.traits


@check(
    "docker",
    Subject.SERVICE,
    applies=_is_docker,
    sources=("https://render.com/docs/blueprint-spec, 2026-11-24", "https://render.com/docs/docker, 2026-11-25"),
)
def docker(service: Service, deployment: Deployment) -> Iterator[Finding]:
    """The Dockerfile and the folder that it is built in are in the repository, spelled as they are there.

    Both are relative to the root of the repository; where only rootDir has them, nothing is said against that. Linux
    tells capitals apart, so what is found on macOS or Windows may not be found there. A service with a ``repo`` of
    its own is built from that one: what is not here may be there, and nothing is decided.

    To satisfy it::

        runtime: docker
        dockerfilePath: ./api/Dockerfile
        dockerContext: ./api
    """
    wrong = [each for each in (_dockerfile(service, deployment), _context(service, deployment)) if each is not None]
    if wrong and service.fields.scalar("repo") is not None:
        raise NothingToDecide(f"{service.name} is built from a repo that it names, which may not be this one")
    yield from wrong
    command = service.fields.scalar("dockerCommand")
    if command is not None and not command.text.strip():
        message = f"the dockerCommand of {service.name} is empty, so the image's own command is run"
        yield Finding("docker", command.location, message, fix=("leave it out",), severity=Severity.ADVICE)


def _dockerfile(service: Service, deployment: Deployment) -> Finding | None:
    named, context = service.fields.scalar("dockerfilePath"), service.fields.scalar("dockerContext")
    name = named.text if named is not None else _DOCKERFILE
    # Without a path it is at the root; that it may as well be in the context, as Docker has it, no document denies.
    folders = ["", context.text] if named is None and context is not None else [""]
    found, near = _look_up(service, deployment, [f"{folder}/{name}".lstrip("/") for folder in folders])
    if found is not None and (deployment.root / found).is_file():
        return None
    location = named.location if named else service.location
    return _missing(service, "file", name, location, near if found is None else None, "dockerfilePath")


def _context(service: Service, deployment: Deployment) -> Finding | None:
    named = service.fields.scalar("dockerContext")
    if named is None:
        return None
    found, near = _look_up(service, deployment, [named.text])
    if found is not None and (deployment.root / found).is_dir():
        return None
    return _missing(service, "folder", named.text, named.location, near if found is None else None, "dockerContext")


def _look_up(service: Service, deployment: Deployment, paths: list[str]) -> tuple[str | None, str | None]:
    """The first of some paths that is there, at the root or in rootDir; and one that differs in capitals only."""
    bases = dict.fromkeys((".", service.folder))
    candidates = [inner_path(base, path or ".") for base in bases for path in paths]
    spellings = [(each, spelled(deployment.root, each)) for each in candidates if each is not None]
    found = next((each for each, spelling in spellings if each == spelling), None)
    return found, next((spelling for _, spelling in spellings if spelling is not None), None)


def _missing(service: Service, called: str, name: str, location: Location, near: str | None, field: str) -> Finding:
    if near is not None:
        message = f"{service.name} is built from {name}, which is spelled {near} in the repository"
        evidence = ("Linux tells capitals apart",)
        return Finding("docker", location, message, evidence, fix=(f"write {field}: ./{near}",))
    message = f"{service.name} is built from {name}, and there is no such {called} in the repository"
    fix = f"add it, or name it with {field}, relative to the root of the repository"
    return Finding("docker", location, message, fix=(fix,))


def _has_image(service: Service, deployment: Deployment) -> bool:
    return _image_url(service) is not None


def _image_url(service: Service) -> Scalar | None:
    image = service.fields.get("image")
    url = image.scalar("url") if isinstance(image, Table) else None
    is_image = service.runtime is not None and service.runtime.text == "image"
    return url if is_image and url is not None and url.text.strip() else None


@check(
    "image",
    Subject.SERVICE,
    applies=_has_image,
    sources=(
        "https://render.com/docs/deploying-an-image, 2026-11-25",
        "https://pkg.go.dev/github.com/distribution/reference, 2026-11-25",
    ),
)
def image(service: Service, deployment: Deployment) -> Iterator[Finding]:
    """The image has an address that Docker takes, with a version that stays.

    An address is a registry, a name in small letters, and a tag or a digest, without ``https://``. What ``latest``
    means changes without a commit, and Render may have an older one in its cache, so that is advice.

    To satisfy it::

        runtime: image
        image:
          url: ghcr.io/org/app:1.4.2
    """
    url = _image_url(service)
    assert url is not None
    return findings("image", image_faults(url, service.name))
