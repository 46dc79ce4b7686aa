"""What ``docs/writing-your-own.md`` shows is run as it stands there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from command import Deploycheck
from index_server import Index, sdist, wheel

DOCUMENT = (Path(__file__).parents[2] / "docs" / "writing-your-own.md").read_text(encoding="utf-8")
COMMON, *SECTIONS = re.split(r"^## ", DOCUMENT, flags=re.MULTILINE)
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(text: str) -> list[tuple[str, str]]:
    """The fenced blocks: their language and what stands in them."""
    return BLOCK.findall(text)


@pytest.fixture
def index(index: Index) -> Index:
    tags = ("cp312-cp312-manylinux_2_17_x86_64", "cp313-cp313-manylinux_2_17_x86_64")
    index.add(
        wheel("framework", "4.1.0", requires_dist=["coreparts"]),
        wheel("coreparts", "1.0"),
        *(wheel("fastjson", "2.0", tags=each) for each in tags),
        sdist("fastjson", "2.0", requires_dist=[]),
    )
    return index


@pytest.mark.parametrize(
    "section", [each for each in SECTIONS if blocks(each)], ids=lambda text: text.partition("\n")[0].replace(" ", "-")
)
def test_a_section_is_as_it_says(deploycheck: Deploycheck, index: Index, section: str) -> None:
    deploycheck.project({"pytest.ini": "[pytest]\n"})
    commands = 0
    for language, text in [*blocks(COMMON), *blocks(section)]:
        first, _, rest = text.partition("\n")
        if language != "console":
            deploycheck.project({first.removeprefix("# "): text})
            continue
        program, *arguments = shlex.split(first.removeprefix("$ "))
        assert program == "pytest"
        result = deploycheck.own(*arguments, index=index)
        result.stdout.fnmatch_lines([line.replace("[", "[[]").replace("...", "*") for line in rest.splitlines()])
        commands += 1
    assert commands
