#!/usr/bin/env python3
"""Write ``settings.md`` from the table of settings: ``python docs/settings.py > docs/settings.md``."""

from __future__ import annotations

from pytest_deploycheck.options import COMMANDS, OPTIONS, Option

HEAD = """\
# Settings

<!-- Written by docs/settings.py from pytest_deploycheck/options.py. -->

Each of them is an option on the command line and a key in pytest's configuration file, whichever that is:
`pytest.ini`, `tox.ini`, `setup.cfg`, `[tool.pytest.ini_options]`, or `[tool.pytest]` with TOML's own types (pytest 9).
The command line goes before the file, as everywhere in pytest; `-o key=value` goes before the key. A key that begins
with `deploycheck` and does not exist is an error, with what may have been meant. Paths on the command line start where
pytest is started, those in a file at the file.

```toml
[tool.pytest]
deploycheck = true
deploycheck_target = ["3.13", "3.14"]
deploycheck_ignore = ["gitignore # nothing is built here"]
deploycheck_timeout = 30
```

Write options with `=`: pytest takes the value of `--deploycheck-json report.json` for a test path while it looks for
its root.

| option | key | what a TOML file holds | meaning | default |
|---|---|---|---|---|
"""
TYPES = {"flag": "true or false", "paths": "a list of texts", "lines": "a list of texts", "words": "a list of texts"}
TYPES["number"] = "a number"


def row(option: Option) -> str:
    """A line of the table."""
    value = f"={option.metavar}" if option.metavar else ""
    cells = (f"`{option.option}{value}`", f"`{option.name}`", TYPES.get(option.kind, "a text"))
    return f"| {' | '.join((*cells, option.help, option.default))} |\n"


def document() -> str:
    """All of it."""
    commands = "".join(f"| `{name}` | | | {meaning} | |\n" for name, meaning in COMMANDS)
    return HEAD + "".join(map(row, OPTIONS)) + commands


if __name__ == "__main__":
    print(document(), end="")
