"""The documents say what is true: what they show of runs is what runs show, and what they name exists."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from _pytest.config.argparsing import Parser

from index_server import Index
from pytest_deploycheck import plugin

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
SHOWN = sorted(path.stem for path in (ROOT / "docs" / "shown").glob("*.txt"))


@pytest.fixture(scope="module")
def pictures() -> ModuleType:
    """docs/pictures.py, which is no part of a package."""
    spec = importlib.util.spec_from_file_location("pictures", ROOT / "docs" / "pictures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", SHOWN)
def test_what_is_shown_of_a_run_is_what_it_shows(pictures: ModuleType, nexus_index: Index, name: str) -> None:
    shown = (ROOT / "docs" / "shown" / f"{name}.txt").read_text(encoding="utf-8")
    assert pictures.output(*pictures.RUNS[name], nexus_index.url) == shown, "run docs/pictures.py, and look at it"


def test_the_picture_holds_the_failure_and_refers_to_nothing_outside() -> None:
    svg = (ROOT / "docs" / "images" / "failure.svg").read_text(encoding="utf-8")
    assert "pydantic_core-2.14.6.tar.gz" in svg.replace("&#160;", " ")
    assert set(re.findall(r'https?://[^"\s<)]+', svg)) <= {"http://www.w3.org/2000/svg", "https://www.textualize.io"}


def blocks(path: Path, language: str) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    return (match[1] for match in re.finditer(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_recipe_in_yaml_can_be_read(path: Path) -> None:
    for block in blocks(path, "yaml"):
        list(yaml.safe_load_all(block))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_option_and_key_that_is_named_exists(path: Path) -> None:
    parser = Parser(_ispytest=True)
    plugin.pytest_addoption(parser)
    options = {name for option in parser.getgroup("deploycheck").options for name in option.names()}
    text = path.read_text(encoding="utf-8")
    assert set(re.findall(r"--deploycheck[a-z-]*[a-z]", text)) <= options
    assert set(re.findall(r"(?<![\w-])deploycheck_[a-z_]+", text)) <= set(parser._inidict)
