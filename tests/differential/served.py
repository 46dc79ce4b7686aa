"""A random case, served over HTTP with real wheels and sdists, and what comes of it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from differential.generated import HOST, Case

from index_server import Distribution, Index, Switches
from pytest_deploycheck.resolution.result import Resolution
from pytest_deploycheck.resolutions import Resolutions
from pytest_deploycheck.settings import Settings
from pytest_deploycheck.sources.requirements import read_requirements
from pytest_deploycheck.subjects import Source


class Served:
    """The indexes of a case, and the folder with its requirements file."""

    def __init__(self, case: Case, folder: Path, index: Index, extra: Index, more: Index) -> None:
        self.folder = folder
        self.index = index
        self._extra, self._more = extra, more
        self._digests: dict[str, Distribution] = {}
        for each in case.files:
            built = each.built(self.known)
            self._digests[each.filename] = built
            {"index": index, "extra": extra, "links": more}[each.place].add(built)
        self._links = self._linked(case.links)

    def known(self, text: str) -> str:
        """A text with all put in that stands in angle brackets."""
        text = text.replace("<files>", f"{self.index.origin}/files").replace("<extra>", self._extra.url)
        if "<links>" in text:
            text = text.replace("<links>", self._links)
        return re.sub(r"<(sha\d+) of ([^>]+)>", lambda found: self._digest(found[1], found[2]), text)

    def placed(self, url: str) -> str:
        """A URL, readable and the same in every run: ``index/alpha-1.0.tar.gz``."""
        places = {self.index.origin: "index", self._extra.origin: "extra", self._more.origin: "links"}
        origin, _, path = url.partition("#")[0].partition("/files/")
        return f"{places.get(origin, 'links')}/{unquote(path or url.rpartition('/')[2])}"

    def _digest(self, algorithm: str, filename: str) -> str:
        # A file may require another by its URL and hash, before that one is built.
        built = self._digests.get(filename)
        return hashlib.new(algorithm, built.content).hexdigest() if built else "0" * 64

    def _linked(self, form: str) -> str:
        offered = [file for project in self._more.projects.values() for file in project.files]
        folder = self.folder / "links"
        folder.mkdir()
        if form == "folder":
            for file in offered:
                (folder / file.filename).write_bytes(file.content)
            return str(folder)
        if form == "page" or not offered:
            page = folder / "links.html"
            page.write_text("<html><body>" + "\n".join(map(self._anchor, offered)))
            return str(page)
        return f"{self._more.url}{offered[0].project}/"

    def _anchor(self, file: Distribution) -> str:
        yanked = "" if file.yanked is None else f' data-yanked="{file.yanked}"'
        python = (file.requires_python or "").replace("<", "&lt;").replace(">", "&gt;")
        return f'<a href="{self._more.origin}/files/{file.filename}" data-requires-python="{python}"{yanked}>x</a>'


@contextlib.contextmanager
def served(case: Case, folder: Path) -> Iterator[tuple[Served, Path]]:
    """Serve a case, and write its requirements file."""
    with Index(case.switches) as index, Index(case.switches) as extra, Index(Switches()) as more:
        place = Served(case, folder, index, extra, more)
        file = folder / "requirements.txt"
        (folder / "constraints.txt").write_text(place.known("\n".join(case.constraints)))
        file.write_text(place.known("\n".join([*case.options, "-c constraints.txt", *case.lines])))
        yield place, file


def ours(index_url: str, file: Path, cache: Path) -> Resolution:
    """What this resolution finds for the lines of a file."""
    environ = {"PIP_INDEX_URL": index_url, "PIP_CONFIG_FILE": os.devnull, "PYTEST_DEPLOYCHECK_CACHE": str(cache)}
    resolutions = Resolutions(Settings(root=file.parent), environ)
    source = Source(read_requirements(file, file.parent, environ), ())
    resolution = resolutions.get(source, HOST)
    resolutions.close()
    return resolution


def assert_same(place: Served, resolution: Resolution, theirs: dict[str, Any], case: object) -> None:
    """The same files and the same outcome as pip's."""
    # Not by name: what pip reports is that in the metadata, which before Python 3.11 may be another one.
    expected = sorted(place.placed(url) for _, url in theirs["picked"])
    found = sorted(place.placed(each.file.url) for each in resolution.distributions)
    outcome = resolution.outcome.value
    said = f"{case}\nours: {resolution.message}\npip: {theirs['message']}"
    assert (outcome, found) == (theirs["outcome"], expected), said
