"""While a resolution takes long, one line says how far it is; then it is gone."""

from __future__ import annotations

import io
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping

import pyte
import pytest
from terminal.on_a_terminal import screens

from command import Deploycheck
from index_server import Fault, Index, wheel
from pytest_deploycheck.terminal.progress import ProgressLine

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals of this kind")

COMMAND = (sys.executable, "-m", "pytest", "--deploycheck", "--deploycheck-target=3.13", "-p", "no:cacheprovider")


@pytest.fixture
def index(index: Index) -> Index:
    """Each page takes longer than the patience of whoever looks."""
    index.add(wheel("demo", "1.0", requires_dist=["deep"]), wheel("deep", "3.0"))
    index.fault(Fault("/simple/*", delay=0.8))
    return index


@pytest.fixture
def slow(deploycheck: Deploycheck) -> Deploycheck:
    deploycheck.project({"requirements.txt": "demo==1.0\n", "pytest.ini": "[pytest]\n"})
    return deploycheck


def run(project: Deploycheck, index: Index, *arguments: str, cache: str = "one", **environment: str) -> list[list[str]]:
    variables = {**os.environ, "PIP_INDEX_URL": index.url, "PYTEST_DEPLOYCHECK_CACHE": cache, **environment}
    return list(screens((*COMMAND, *arguments), project.path, variables))


def progress(seen: list[list[str]]) -> Iterator[str]:
    return (line for screen in seen for line in screen if " fetched, " in line)


def settled(screen: list[str]) -> str:
    """The last screen without what differs from run to run."""
    return re.sub(r"cache (one|two)|in \d+\.\d+s =+|=+ \d passed", "", "\n".join(screen))


def test_it_says_what_is_fetched_behind_what_pytest_has_written(slow: Deploycheck, index: Index) -> None:
    seen = list(progress(run(slow, index)))
    assert "requirements.txt   0 fetched, 1 to go: demo (requirements.txt on 3.13)" in seen
    assert any("1 to go: deep" in line for line in seen)


@pytest.mark.parametrize("arguments", [(), ("-v",), ("-s",)], ids=["dots", "verbose", "uncaptured"])
def test_nothing_of_it_is_left(slow: Deploycheck, index: Index, arguments: tuple[str, ...]) -> None:
    seen = run(slow, index, *arguments)
    assert list(progress(seen))
    quiet = run(slow, index, *arguments, TERM="dumb", cache="two")
    assert settled(seen[-1]) == settled(quiet[-1])
    assert "2 passed" in "\n".join(seen[-1])


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [(("-q",), {}), ((), {"CI": "true"}), ((), {"TERM": "dumb"}), (("-n1",), {})],
    ids=["quiet", "in CI", "on a dumb terminal", "in a worker"],
)
def test_it_is_quiet(
    slow: Deploycheck, index: Index, arguments: tuple[str, ...], environment: Mapping[str, str]
) -> None:
    seen = run(slow, index, *arguments, **environment)
    assert not list(progress(seen))
    assert "2 passed" in "\n".join(seen[-1])


def test_it_is_quiet_in_a_log(slow: Deploycheck, index: Index) -> None:
    result = slow("--deploycheck-target=3.13", index=index)
    result.assert_outcomes(passed=2)
    assert "fetched," not in result.stdout.str()


def shown(stream: io.StringIO, columns: int = 60) -> str:
    screen = pyte.Screen(columns, 3)
    pyte.Stream(screen).feed(stream.getvalue())
    return screen.display[0].rstrip()


def test_words_replace_each_other_and_are_gone_at_last() -> None:
    stream = io.StringIO()
    line = ProgressLine(stream, lambda: 50)
    stream.write("requirements.txt ..")
    line.say("a way out of many words")
    assert shown(stream) == "requirements.txt ..  a way out of many words"
    time.sleep(0.11)
    line.say("short")
    assert shown(stream) == "requirements.txt ..  short"
    line.say("")
    stream.write("F")
    assert shown(stream) == "requirements.txt ..F"


def test_what_does_not_fit_is_cut_off_and_where_nothing_fits_nothing_is_shown() -> None:
    stream = io.StringIO()
    ProgressLine(stream, lambda: 30).say("a way out of very many words, and of caf\N{LATIN SMALL LETTER E WITH ACUTE}s")
    assert shown(stream) == "  a way out of very many wo..."
    stream = io.StringIO()
    ProgressLine(stream, lambda: 10).say("nothing")
    assert stream.getvalue() == ""
