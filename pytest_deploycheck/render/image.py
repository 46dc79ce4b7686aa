"""The address of an image, as Docker reads it: https://pkg.go.dev/github.com/distribution/reference."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_deploycheck.render.document import Scalar
from pytest_deploycheck.render.fault import Fault
from pytest_deploycheck.urls import without_logins

_PATH = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]+)?")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]{32,}")
_SHA256_LENGTH = len("sha256:") + 64

# A page for people, and no registry: https://docs.docker.com/docker-hub/
_PAGES = ("hub.docker.com",)

_LATEST = "what that is changes without a change in the repository, and an older one may be cached"
_WITH_VERSION = "write a version, such as :1.4.2, or a digest, @sha256:…"


def image_faults(url: Scalar, service: str) -> Iterator[Fault]:
    """What is wrong with the ``url`` of an image, at most one thing."""
    text = url.text.strip()
    if wrong := _wrong(text):
        message, fix = wrong
        yield Fault(url.location, f"the image of {service} {message}", (fix,) if fix else ())
        return
    name, _, digest = text.partition("@")
    tag = _tag_of(name)
    if not digest and tag in ("", "latest"):
        message = f"the image of {service} has {'the tag latest' if tag else 'no tag, which is latest'}"
        yield Fault(url.location, message, (_WITH_VERSION,), (_LATEST,), is_certain=False)


def _wrong(text: str) -> tuple[str, str] | None:
    """Why Docker refuses an address, and what to write; None where it takes it."""
    if scheme := re.match(r"[a-z]+://", text):
        return (
            f"begins with {scheme[0]}, and an image has none",
            f"write {without_logins(text)[len(scheme[0]) :].removeprefix('****@')}",
        )
    if re.search(r"\s", text):
        return "has a blank in its address", ""
    rest, at, digest = text.partition("@")
    if at and (not _DIGEST.fullmatch(digest) or (digest.startswith("sha256:") and len(digest) != _SHA256_LENGTH)):
        return "has a digest that is none: sha256: and 64 hexadecimal digits were expected", ""
    tag = _tag_of(rest)
    name = rest[: -len(tag) - 1] if ":" in rest.rpartition("/")[2] else rest
    if name != rest and not _TAG.fullmatch(tag):
        return f"has the tag {tag!r}, which is none", ""
    return _wrong_name(name, rest)


def _tag_of(name: str) -> str:
    return name.rpartition("/")[2].partition(":")[2]


def _wrong_name(name: str, with_tag: str) -> tuple[str, str] | None:
    host, slash, path = name.partition("/")
    has_host = bool(slash) and ("." in host or ":" in host or host == "localhost" or host != host.lower())
    if not has_host:
        host, path = "", name
    if host in _PAGES:
        repository = path.removeprefix("r/").replace("_/", "library/", 1)
        return f"is at {host}, which is a page and no registry", f"write docker.io/{repository}{with_tag[len(name) :]}"
    if host and not _HOST.fullmatch(host):
        return f"has the registry {host!r}, which is no host", ""
    if _PATH.fullmatch(path):
        return None
    if _PATH.fullmatch(path.lower()):
        lower = f"{host}/{path.lower()}" if host else path.lower()
        return f"has capitals in its name {path!r}, and Docker takes none", f"write {lower}{with_tag[len(name) :]}"
    return f"has the name {path!r}, which Docker does not take", ""
