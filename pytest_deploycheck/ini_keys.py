"""Keys of pytest's configuration file that look like this plugin's, and are not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from pytest_deploycheck.location import Location
from pytest_deploycheck.options import OPTIONS
from pytest_deploycheck.render.spelling import KnownNames


def assert_known(config: pytest.Config, keys: Iterable[str]) -> None:
    """Refuse keys that nobody reads; another plugin may have registered one that begins as ours do.

    :raises pytest.UsageError: somebody wrote one; the message says where, and what may have been meant
    """
    unknown = [key for key in dict.fromkeys(keys) if not _is_registered(config, key)]
    if unknown:
        raise pytest.UsageError("\n".join(_sentence(config, key) for key in unknown))


def _is_registered(config: pytest.Config, key: str) -> bool:
    try:
        config.getini(key)
    except ValueError as error:
        return not str(error).startswith("unknown configuration value")
    return True


def _sentence(config: pytest.Config, key: str) -> str:
    names = [option.name for option in OPTIONS]
    meant = KnownNames(names).meant(key)
    hint = f"did you mean {meant}?" if meant else f"there are {', '.join(names)}"
    return f"{_place(config, key)}: there is no setting {key}: {hint}"


def _place(config: pytest.Config, key: str) -> str:
    if config.inipath is None or any(each.startswith(f"{key}=") for each in config.getoption("override_ini") or ()):
        return f"-o {key}"
    path = config.inipath
    shown = path.relative_to(config.rootpath).as_posix() if path.is_relative_to(config.rootpath) else str(path)
    return str(Location(shown, _line(path, key)))


def _line(path: Path, key: str) -> int:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    pattern = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*[=:]""")
    return next((number for number, line in enumerate(lines, 1) if pattern.match(line)), 1)
