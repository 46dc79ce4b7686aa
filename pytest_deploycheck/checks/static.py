"""Is there what a static site publishes, and can its rules ever hold?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_deploycheck.checks.registry import Subject, check
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import Finding, NothingToDecide, Severity
from pytest_deploycheck.render.blueprint import Service
from pytest_deploycheck.render.document import Scalar
from pytest_deploycheck.sources.tree import inner_path, spelled

_EVERYTHING = "/*"
# Commands that people write where there is nothing to build: none of them makes a folder.
_BUILDS_NOTHING = re.compile(r"\s*(?:(?:echo\b|true\b|:|#)[^;&|><`$\n]*|exit 0)?\s*")


def _is_static(service: Service, deployment: Deployment) -> bool:
    is_web = service.type is not None and service.type.text == "web"
    return is_web and service.runtime is not None and service.runtime.text == "static"


@check(
    "static",
    Subject.SERVICE,
    applies=_is_static,
    sources=(
        "https://render.com/docs/static-sites, 2026-11-25",
        "https://render.com/docs/redirects-rewrites, 2026-11-25",
        "https://render.com/docs/static-site-headers, 2026-11-25",
    ),
)
def static(service: Service, deployment: Deployment) -> Iterator[Finding]:
    """The published folder is in the repository where nothing builds it, and each rule can hold.

    What a build command makes is not known here, so only without one is the folder looked for: where it is not there,
    the deploy fails. Rules are tried from the top: one below a rule for ``/*`` is never reached, which is advice.

    To satisfy it, publish a folder that is there or is built, and let the general rule be the last::

        buildCommand: npm ci && npm run build
        staticPublishPath: ./dist
        routes:
          - {type: redirect, source: /old, destination: /new}
          - {type: rewrite, source: /*, destination: /index.html}
    """
    path = service.fields.scalar("staticPublishPath")
    if path is not None and path.text.strip():
        yield from _published(service, path, deployment)
    yield from _rules(service, "routes", "source")
    yield from _rules(service, "headers", "path")
    yield from _unreached(service)


def _published(service: Service, path: Scalar, deployment: Deployment) -> Iterator[Finding]:
    if path.text.startswith("/"):
        message = f"the staticPublishPath of {service.name} is relative to its folder, and begins with a slash"
        fix = f"write staticPublishPath: .{path.text}"
        yield Finding("static", path.location, message, fix=(fix,), severity=Severity.ADVICE)
        return
    place = inner_path(service.folder, path.text)
    if place is None:
        message = f"the staticPublishPath of {service.name} leads out of the repository: {path.text}"
        yield Finding("static", path.location, message, fix=("write a folder of the repository",))
    elif not _is_built(service):
        yield from _not_there(service, path, [place, *filter(None, [inner_path(path.text)])], deployment)


def _is_built(service: Service) -> bool:
    command = service.build_command.text if service.build_command is not None else ""
    return not _BUILDS_NOTHING.fullmatch(command)


def _not_there(service: Service, path: Scalar, places: list[str], deployment: Deployment) -> Iterator[Finding]:
    """
    :param places: from rootDir on and from the root on, of which the documents do not say enough
    """
    spellings = [spelled(deployment.root, each) for each in places]
    if any(
        place == spelling and (deployment.root / place).is_dir()
        for place, spelling in zip(places, spellings, strict=True)
    ):
        return
    if service.fields.scalar("repo") is not None:
        raise NothingToDecide(f"{service.name} is built from a repo that it names, which may not be this one")
    near = next((each for each in spellings if each is not None and each not in places), None)
    if near is not None:
        message = f"{service.name} publishes {path.text}, which is spelled {near} in the repository"
        yield Finding("static", path.location, message, ("Linux tells capitals apart",), (f"write ./{near}",))
    else:
        message = f"{service.name} publishes {path.text}, which is not in the repository, and nothing builds it"
        fix = ("add a buildCommand that makes it, or name a folder that is there",)
        yield Finding("static", path.location, message, fix=fix)


def _rules(service: Service, field: str, key: str) -> Iterator[Finding]:
    """Paths that no request has: each begins with a slash."""
    for rule in service.fields.mappings(field):
        path = rule.scalar(key)
        if path is not None and path.text.strip() and not path.text.startswith("/"):
            yield Finding(
                "static",
                path.location,
                f"the {key} {path.text!r} in the {field} of {service.name} does not begin with a slash",
                fix=(f"write {key}: /{path.text}",),
                severity=Severity.ADVICE,
            )


def _unreached(service: Service) -> Iterator[Finding]:
    above: Scalar | None = None
    seen: dict[str, Scalar] = {}
    for route in service.fields.mappings("routes"):
        source = route.scalar("source")
        if source is None:
            continue
        first = above or seen.get(source.text)
        if first is not None:
            line = first.location.line
            message = (
                f"the route {source.text} of {service.name} is never reached: line {line} has {first.text} already"
            )
            fix = (f"move it above line {line}" if above else "leave one of them out",)
            yield Finding("static", source.location, message, fix=fix, severity=Severity.ADVICE)
        if source.text == _EVERYTHING and above is None:
            above = source
        seen.setdefault(source.text, source)
