"""What stands at which path of the index: pages and files, before anything of HTTP."""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from index_server.distributions import Distribution
from index_server.switches import Switches

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"
TEXT_HTML = "text/html"


@dataclass
class Project:
    """One project's files, in the order of its page."""

    name: str
    files: list[Distribution] = field(default_factory=list)


@dataclass(frozen=True)
class Resource:
    """A body and its type."""

    content: bytes
    media_type: str
    cache_control: str | None = None

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.content).hexdigest()[:32]}"'


class Site:
    """All projects, and how they look under the switches of the moment."""

    def __init__(self, switches: Switches) -> None:
        self.switches = switches
        self.projects: dict[str, Project] = {}
        self._files: dict[str, Distribution] = {}
        self._pages: dict[tuple[str, ...], bytes] = {}

    def add(self, distributions: Iterable[Distribution]) -> None:
        """Put files at the end of their projects' pages; one of the same name replaces the former."""
        for each in distributions:
            project = self.projects.setdefault(each.project, Project(each.project))
            project.files = [file for file in project.files if file.filename != each.filename] + [each]
            self._files[each.filename] = each
        self._pages.clear()

    def add_project(self, project: Project) -> None:
        """Put a whole project in place, with no look at what stood there."""
        self.projects[project.name] = project
        self._files.update({file.filename: file for file in project.files})
        self._pages.clear()

    def file(self, filename: str) -> Distribution | None:
        return self._files.get(filename)

    def page(self, name: str | None, media_type: str, base: str) -> Resource | None:
        """A project's page, or with None the list of projects; None where there is no such project."""
        if name is not None and name not in self.projects:
            return None
        switches = self.switches
        key = (name or "", media_type, base, repr(switches))
        if (content := self._pages.get(key)) is None:
            project = None if name is None else self.projects[name]
            content = self._render(project, media_type == JSON, base)
            self._pages[key] = content
        kind = media_type if media_type == JSON else f"{media_type}; charset=utf-8"
        return Resource(content, kind, switches.cache_control)

    def _render(self, project: Project | None, as_json: bool, base: str) -> bytes:
        if project is None:
            names = sorted(self.projects)
            return (_json_list(names) if as_json else _html_list(names)).encode()
        entries = [self._entry(file, base) for file in project.files]
        return (_json_page(project.name, entries) if as_json else _html_page(project.name, entries)).encode()

    def _entry(self, file: Distribution, base: str) -> dict[str, Any]:
        """PEP 691's entry, out of which HTML is made too."""
        switches = self.switches
        entry: dict[str, Any] = {"filename": file.filename, "url": f"{base}{file.filename}", "hashes": {}}
        if switches.hashes != "none":
            entry["hashes"] = {"sha256": file.sha256 if switches.hashes == "right" else "0" * 64}
        if file.requires_python is not None:
            entry["requires-python"] = file.requires_python
        if file.yanked is not None:
            entry["yanked"] = file.yanked or True
        if file.upload_time is not None:
            entry["upload-time"] = file.upload_time
        if switches.sizes and file.is_recorded:
            entry["size"] = len(file.content)
        if file.is_wheel and switches.metadata in ("advertised", "broken"):
            entry["core-metadata"] = {"sha256": file.metadata_sha256} if switches.metadata_hash else True
            entry["dist-info-metadata"] = entry["core-metadata"]
        return entry


def chosen_type(accept: str, switches: Switches) -> str | None:
    """The media type for an ``Accept`` header, as PEP 691 negotiates it; None where none will do."""
    offered = ([JSON] if switches.json else []) + ([HTML, TEXT_HTML] if switches.html else [])
    latest = {kind.replace(".v1+", ".latest+"): kind for kind in (JSON, HTML)}
    best: tuple[float, str] | None = None
    for part in accept.split(","):
        kind, *parameters = (piece.strip() for piece in part.split(";"))
        quality = next((float(each[2:]) for each in parameters if each.startswith("q=")), 1.0)
        kind = latest.get(kind, kind)
        # Who takes anything gets HTML where there is some: that is what PyPI does too.
        kind = (TEXT_HTML if switches.html else JSON) if kind in ("*/*", "") else kind
        if kind in offered and quality > 0 and (best is None or quality > best[0]):
            best = (quality, kind)
    return best[1] if best else None


def _json_list(names: Iterable[str]) -> str:
    return json.dumps({"meta": {"api-version": "1.1"}, "projects": [{"name": name} for name in names]})


def _html_list(names: Iterable[str]) -> str:
    return _document("Simple index", [f'<a href="{name}/">{name}</a>' for name in names])


def _json_page(name: str, entries: list[dict[str, Any]]) -> str:
    return json.dumps({"meta": {"api-version": "1.1"}, "name": name, "files": entries})


def _html_page(name: str, entries: list[dict[str, Any]]) -> str:
    return _document(f"Links for {name}", [_anchor(entry) for entry in entries])


def _anchor(entry: dict[str, Any]) -> str:
    fragment = "".join(f"#{kind}={digest}" for kind, digest in entry["hashes"].items())
    attributes = {"href": entry["url"] + fragment}
    if "requires-python" in entry:
        attributes["data-requires-python"] = entry["requires-python"]
    if "yanked" in entry:
        attributes["data-yanked"] = "" if entry["yanked"] is True else entry["yanked"]
    for key in ("core-metadata", "dist-info-metadata"):
        if key in entry:
            attributes[f"data-{key}"] = "true" if entry[key] is True else f"sha256={entry[key]['sha256']}"
    written = " ".join(f'{key}="{html.escape(value)}"' for key, value in attributes.items())
    return f"<a {written}>{html.escape(entry['filename'])}</a><br/>"


def _document(title: str, lines: list[str]) -> str:
    head = f'<meta name="pypi:repository-version" content="1.1"><title>{title}</title>'
    return "<!DOCTYPE html>\n<html><head>" + head + "</head><body>\n" + "\n".join(lines) + "\n</body></html>\n"
