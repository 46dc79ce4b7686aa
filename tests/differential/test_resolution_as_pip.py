"""Random small indexes, served over HTTP with real wheels and sdists: real pip and this resolution pick the same files.

The target is the machine that the test runs on, since pip can only be asked about that one. The number of examples is
bounded here; ``DIFFERENTIAL_EXAMPLES=1000`` looks longer, and elsewhere each time.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote

import pytest
from differential.generated import HOST, Case, cases
from hypothesis import HealthCheck, Phase, given, settings

from index_server import Distribution, Index, Switches, wheel
from pytest_deploycheck.resolutions import Resolutions
from pytest_deploycheck.settings import Settings
from pytest_deploycheck.sources.requirements import read_requirements
from pytest_deploycheck.subjects import Source

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="describes this machine as a Linux target")

EXAMPLES = int(os.environ.get("DIFFERENTIAL_EXAMPLES", "100"))


class Pip:
    """A process that asks pip."""

    def __init__(self) -> None:
        quiet = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("pip_worker.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**quiet, "PIP_CONFIG_FILE": os.devnull},
        )
        assert self._process.stdin
        assert self._process.stdout
        self._questions: IO[str] = self._process.stdin
        self._answers: IO[str] = self._process.stdout

    def ask(self, index_url: str, file: Path, *options: str) -> dict[str, Any]:
        """The outcome and what was picked.

        :param options: what pip is given beside, or in place of, the file
        """
        asked = [*(() if file.is_dir() else ("-r", str(file))), *options]
        folder = file if file.is_dir() else file.parent
        question = {"index_url": index_url, "requirements": asked, "folder": str(folder)}
        self._questions.write(json.dumps(question) + "\n")
        self._questions.flush()
        answer: dict[str, Any] = json.loads(self._answers.readline())
        return answer

    def close(self) -> None:
        """End the process."""
        self._questions.close()
        self._process.wait(timeout=30)
        self._answers.close()


@pytest.fixture(scope="module")
def pip() -> Iterator[Pip]:
    process = Pip()
    yield process
    process.close()


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


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="DIFFERENTIAL_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
    # Explaining a failure takes as long as finding it, and the example says it all.
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
)
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
