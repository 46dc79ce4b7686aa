"""Pages of the site that are made from the code each time it is built: MkDocs calls this (``hooks`` in mkdocs.yml)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files as resources
from typing import TYPE_CHECKING, Any

from _pytest.config.argparsing import Parser

from pytest_deploycheck import plugin

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are not there as files."""
    from mkdocs.structure.files import File

    for path, page in (("settings.md", settings), ("reference/report.md", report)):
        if files.get_file_from_path(path) is None:
            files.append(File.generated(config, path, content="\n".join(page()) + "\n"))
    return files


def settings() -> Iterator[str]:
    """Every option and ini key, as pytest itself knows them."""
    parser = Parser(_ispytest=True)
    plugin.pytest_addoption(parser)
    yield from ("# Settings", "", "## Options", "", "| option | meaning |", "|---|---|")
    for option in parser.getgroup("deploycheck").options:
        attributes = option.attrs()
        value = f"={attributes['metavar']}" if attributes.get("metavar") else ""
        yield f"| `{option.names()[0]}{value}` | {_cell(attributes.get('help', ''))} |"
    yield from ("", "## Keys", "")
    yield "In `pytest.ini`, `tox.ini`, or `[tool.pytest.ini_options]` of `pyproject.toml`, where all values are quoted."
    yield from ("", "| key | type | meaning |", "|---|---|---|")
    for key, (text, kind, _) in parser._inidict.items():
        yield f"| `{key}` | {kind or 'string'} | {_cell(text)} |"


def report() -> Iterator[str]:
    """The keys of the report for machines, from its schema."""
    schema = json.loads((resources("pytest_deploycheck.reports") / "schema-1.json").read_text(encoding="utf-8"))
    yield from ("# The report for machines", "")
    yield f"`--deploycheck-json=PATH` writes it. {schema['description']}"
    yield from ("", "The schema itself is in the package, `pytest_deploycheck/reports/schema-1.json`:", "", "```python")
    yield from ("from importlib.resources import files", "")
    yield 'schema = (files("pytest_deploycheck.reports") / "schema-1.json").read_text()'
    yield from ("```", "", "| key | type | meaning |", "|---|---|---|")
    yield from _keys(schema, "")


def _keys(schema: dict[str, Any], above: str) -> Iterator[str]:
    for name, entry in schema["properties"].items():
        path = f"{above}{name}"
        yield f"| `{path}` | {_kind(entry)} | {_cell(entry.get('description', ''))} |"
        inner = entry.get("items", entry)
        if "properties" in inner:
            yield from _keys(inner, f"{path}[]." if "items" in entry else f"{path}.")


def _kind(entry: dict[str, Any]) -> str:
    if "const" in entry:
        return f"`{json.dumps(entry['const'])}`"
    if "enum" in entry:
        return ", ".join(f"`{each}`" for each in entry["enum"])
    kinds = entry["type"] if isinstance(entry["type"], list) else [entry["type"]]
    return " or ".join(kinds)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
