"""Pages of the site that are made from the code each time it is built: MkDocs calls this (``hooks`` in mkdocs.yml)."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterator
from importlib.resources import files as resources
from typing import TYPE_CHECKING, Any

from pytest_deploycheck import fixtures as fixtures_module
from pytest_deploycheck import hooks as hooks_module
from pytest_deploycheck import plugin

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are not there as files."""
    from mkdocs.structure.files import File

    for path, page in PAGES.items():
        files.append(File.generated(config, path, content="\n".join(page()) + "\n"))
    return files


def fixtures() -> Iterator[str]:
    """Every fixture with its scope, from the source: pytest's own objects differ from one pytest to the next."""
    yield from ("# Fixtures and markers", "")
    yield "They need no `--deploycheck`: to take one is to ask for it. How they are used: [writing your"
    yield "own](../writing-your-own.md)."
    for function in ast.parse(inspect.getsource(fixtures_module)).body:
        if isinstance(function, ast.FunctionDef) and (scope := _scope(function)):
            yield from ("", f"## {function.name}", "", f"Scope: {scope}.", "")
            yield from _prose(ast.get_docstring(function) or "")
    yield from ("", "## Markers", "")
    for each in plugin._MARKERS:
        found = re.fullmatch(r"(\w+(?:\(.*?\))?): (.*)", each)
        assert found is not None, each
        yield f"- `{found[1]}`: {found[2]}"


def _scope(function: ast.FunctionDef) -> str:
    """Of a fixture; empty where it is none."""
    for decorator in function.decorator_list:
        text = ast.unparse(decorator)
        if text.startswith("pytest.fixture"):
            found = re.search(r"scope='(\w+)'", text)
            return found[1] if found else "function"
    return ""


def hooks() -> Iterator[str]:
    """Every hook, from its docstring."""
    yield from ("# Hooks", "", *_prose(inspect.getdoc(hooks_module) or ""))
    for name, function in vars(hooks_module).items():
        if name.startswith("pytest_deploycheck_"):
            arguments = ", ".join(inspect.signature(function).parameters)
            yield from ("", f"## {name}", "", "```python", f"def {name}({arguments}): ...", "```", "")
            yield from _prose(inspect.getdoc(function) or "")


def _prose(docstring: str) -> Iterator[str]:
    """A docstring as Markdown: its fields are a list."""
    before, *fields = re.split(r"^(?=:(?:param|returns|raises))", docstring, flags=re.MULTILINE)
    yield _code(before.strip())
    yield ""
    for field in fields:
        name, _, text = field.strip().removeprefix(":").partition(": ")
        yield f"- {_name(name)}: {_code(' '.join(text.split()))}"


def _code(text: str) -> str:
    """A docstring marks code with two backticks, and Markdown with one."""
    return re.sub(r"``(.+?)``", r"`\1`", text)


def _name(field: str) -> str:
    kind, _, name = field.partition(" ")
    return {"param": f"`{name}`", "raises": f"raises `{name}`"}.get(kind, kind)


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


PAGES = {"reference/fixtures.md": fixtures, "reference/hooks.md": hooks, "reference/report.md": report}
