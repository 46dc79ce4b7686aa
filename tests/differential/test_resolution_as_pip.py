"""Random small indexes, served over HTTP with real wheels and sdists: real pip and this resolution pick the same files.

The target is the machine that the test runs on, since pip can only be asked about that one. The number of examples is
bounded here; ``DIFFERENTIAL_EXAMPLES=1000`` looks longer, and elsewhere each time.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from differential.generated import HOST, Case, cases
from differential.pip_process import Pip, random_examples
from hypothesis import given

from index_server import Distribution, Index, Switches, wheel
from pytest_deploycheck.resolutions import Resolutions
from pytest_deploycheck.settings import Settings
from pytest_deploycheck.sources.requirements import read_requirements
from pytest_deploycheck.subjects import Source

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="describes this machine as a Linux target")


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


def ours(index_url: str, file: Path, cache: Path) -> tuple[str, list[str], str]:
    """The outcome, the URLs of what this resolution picks, and its message."""
    environ = {"PIP_INDEX_URL": index_url, "PIP_CONFIG_FILE": os.devnull, "PYTEST_DEPLOYCHECK_CACHE": str(cache)}
    resolutions = Resolutions(Settings(root=file.parent), environ)
    source = Source(read_requirements(file, file.parent, environ), ())
    resolution = resolutions.get(source, HOST)
    resolutions.close()
    picked = [each.file.url for each in resolution.distributions]
    return resolution.outcome.value, picked, resolution.message


@random_examples(100)
@given(case=cases())
def test_the_same_files_and_the_same_outcome_as_pip(
    case: Case, pip: Pip, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("case")
    with served(case, folder) as (place, file):
        theirs = pip.ask(place.index.url, file)
        outcome, picked, message = ours(place.index.url, file, folder / "cache")
        # Not by name: what pip reports is that in the metadata, which before Python 3.11 may be another one.
        expected = sorted(place.placed(url) for _, url in theirs["picked"])
        found = sorted(map(place.placed, picked))
    # Only the outcome of a resolution that failed is compared, so nothing is said of what it had picked.
    if outcome != "ok":
        found = []
    assert (outcome, found) == (theirs["outcome"], expected), f"{case}\nours: {message}\npip: {theirs['message']}"


def test_where_pip_goes_round_in_a_circle_nothing_is_known(pip: Pip, tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("alpha\n")
    with Index() as index:
        index.add(
            wheel("alpha", "0.9", requires_dist=["beta"]),
            wheel("beta", "0.9", requires_dist=["alpha", "delta"], provides_extra=["fast"]),
            wheel("beta", "1.0", requires_dist=["gamma~=1.0; extra == 'fast'", "delta"], provides_extra=["fast"]),
            wheel("gamma", "0.9"),
            wheel("delta", "0.9", requires_dist=["beta[fast]"]),
        )
        theirs = pip.ask(index.url, file)
        outcome, _, message = ours(index.url, file, tmp_path / "cache")
    assert (outcome, theirs["outcome"]) == ("unreachable", "unreachable"), theirs["message"]
    assert message == (
        "pip breaks off with a RecursionError here: it goes round in a circle of projects that require each other; "
        "tried over and over: beta (3 times); pin these to the versions that shall be installed"
    )
