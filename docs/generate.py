"""Write ``docs/checks.md`` from the registry: ``.venv/bin/python docs/generate.py``.

What is said of a check stands with it: in the docstring of its function, and in the sources of its decorator.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pytest_deploycheck.checks.built_in import checks
from pytest_deploycheck.checks.registry import Check, Subject

PAGE = Path(__file__).parent / "checks.md"
HOW = "To satisfy it"

INTRODUCTION = """\
# Checks

<!-- Made by docs/generate.py from the docstrings of the checks: change them, not this. -->

What each check asserts, why, how to satisfy it, and how to leave it out. One that does not hold FAILS; what is in
doubt, or only better done otherwise, is advice, a pytest warning. An item is there only where there is something to
check.

To leave a check out, name it in the settings of pytest, with a reason, which is shown where it is SKIPPED. In place of
its name a node id may stand, in which `*` is anything: `render.yaml::api::*  # its own pipeline checks it`.
"""

NODE_IDS = {
    Subject.BLUEPRINT: "render.yaml::blueprint::{name}",
    Subject.SERVICE: "render.yaml::<service>::{name}",
    Subject.RESOLUTION: "requirements.txt::<target>::{name}",
    Subject.REQUIREMENT: "requirements.txt::<target>::<project>",
}
TITLES = {
    Subject.BLUEPRINT: "The blueprint and the repository",
    Subject.SERVICE: "Each service",
    Subject.RESOLUTION: "Each requirements file",
    Subject.REQUIREMENT: "Each requirement",
}


@dataclass(frozen=True)
class Documented:
    """What a docstring says of a check, in its parts; each is empty where it is missing."""

    summary: str
    why: str
    how: str
    example: str


def documented(check: Check) -> Documented:
    """The parts of a check's docstring: a line, why, ``To satisfy it …::`` and an indented example."""
    text = inspect.cleandoc(check.run.__doc__ or "")
    before, found, after = text.partition(HOW)
    summary, _, why = before.partition("\n\n")
    how, _, example = after.partition("::\n\n")
    return Documented(
        " ".join(summary.split()), why.strip(), f"{HOW}{how}" if found else "", textwrap.dedent(example).rstrip()
    )


def page() -> str:
    """The whole page."""
    return "\n".join((INTRODUCTION, *_contents(), *(line for subject in Subject for line in _chapter(subject))))


def _contents() -> Iterator[str]:
    yield "| check | it asserts |"
    yield "|---|---|"
    for subject in Subject:
        for check in checks(subject):
            yield f"| [`{check.name}`](#{check.name}) | {_markdown(_capital(documented(check).summary))} |"
    yield ""


def _chapter(subject: Subject) -> Iterator[str]:
    yield f"## {TITLES[subject]}"
    yield ""
    for check in checks(subject):
        yield from _section(check)


def _section(check: Check) -> Iterator[str]:
    parts = documented(check)
    node_id = NODE_IDS[check.subject].format(name=check.name)
    yield from (f"### {check.name}", "", f"`{node_id}`", "")
    yield from (f"**{_markdown(_capital(parts.summary))}**", "")
    yield from (_markdown(parts.why), "")
    yield from (f"{_markdown(parts.how)}:", "", f"```{_language(parts.example)}", parts.example, "```", "")
    yield from ("To leave it out:", "", "```ini", "deploycheck_ignore =", f"    {check.name}  # the reason", "```", "")
    yield from (f"Source: {_source(each)}" for each in check.sources)
    yield ""


def _source(text: str) -> str:
    url, _, date = text.rpartition(", ")
    return f"<{url}>, {date}  "


def _capital(sentence: str) -> str:
    return sentence if sentence.startswith(("pip ", ".", "git ", "`")) else sentence[:1].upper() + sentence[1:]


def _markdown(text: str) -> str:
    """A docstring marks code with two backticks, and Markdown with one."""
    return re.sub(r"``(.+?)``", r"`\1`", text, flags=re.DOTALL)


def _language(example: str) -> str:
    if example.startswith("$ "):
        return "console"
    return "text" if "==" in example else "yaml"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
