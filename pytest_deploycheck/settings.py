"""Options and ini values, as one frozen value."""

from __future__ import annotations

import itertools
import math
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Ignore:
    """An entry of ``deploycheck_ignore``.

    :param pattern: a check's name, or a node id pattern (:mod:`fnmatch`)
    :param reason: why; there is no entry without one
    """

    pattern: str
    reason: str


@dataclass(frozen=True)
class Settings:
    """What the user chose.

    :param blueprint: relative to the root; None to look for the usual names
    :param requirements: relative to the root; empty to take what the build commands install
    :param targets: as written; empty to take what each service would get
    :param service_created: None where nobody said it
    :param platform: a platform tag; None to take the platform's own
    :param pip_flags: None to take the default
    :param timeout: seconds
    :param cache: a folder; None to take the user's cache directory
    """

    root: Path
    blueprint: Path | None = None
    requirements: tuple[Path, ...] = ()
    targets: tuple[str, ...] = ()
    offline: bool = False
    json: Path | None = None
    sarif: Path | None = None
    checklist: Path | None = None
    html: Path | None = None
    service_created: date | None = None
    platform: str | None = None
    pip_flags: tuple[str, ...] = ("--no-cache-dir",)
    gitignore: tuple[str, ...] = ()
    strict: bool = False
    ignore: tuple[Ignore, ...] = ()
    timeout: float = 15.0
    cache: Path | None = None


def read_settings(config: pytest.Config) -> Settings:
    """Read the command line, then the ini file.

    :raises pytest.UsageError: a value is not what is expected; the message says which and what is
    """
    _assert_root_is_the_users(config)
    chosen = _Values(config)
    defaults = Settings(root=config.rootpath)
    flags = config.getini("deploycheck_pip_flags")
    return Settings(
        root=config.rootpath,
        blueprint=next(iter(chosen.paths("deploycheck_blueprint")), None),
        requirements=chosen.paths("deploycheck_requirements"),
        targets=tuple(chosen.many("deploycheck_target")),
        offline=bool(chosen.one("deploycheck_offline")),
        json=next(iter(chosen.paths("deploycheck_json")), None),
        sarif=next(iter(chosen.paths("deploycheck_sarif")), None),
        checklist=next(iter(chosen.paths("deploycheck_checklist")), None),
        html=next(iter(chosen.paths("deploycheck_html")), None),
        service_created=_date(config.getini("deploycheck_service_created")),
        platform=config.getini("deploycheck_platform") or None,
        pip_flags=defaults.pip_flags if flags is None else tuple(flags),
        gitignore=tuple(config.getini("deploycheck_gitignore") or ()),
        strict=bool(config.getini("deploycheck_strict")),
        ignore=tuple(map(_ignore, config.getini("deploycheck_ignore") or ())),
        cache=next(iter(chosen.paths("deploycheck_cache")), None),
        timeout=_seconds(config.getini("deploycheck_timeout"), defaults.timeout),
    )


def _assert_root_is_the_users(config: pytest.Config) -> None:
    """pytest takes the value of an option that it does not know yet for a test path, and so for its rootdir.

    :raises pytest.UsageError: it did, and lost the user's configuration file over it
    """
    given = config.invocation_params.args
    here = config.invocation_params.dir
    for option, value in itertools.pairwise(given):
        if str(option) in _PATH_OPTIONS and config.inipath is None and config.rootpath != here:
            path = (here / str(value)).resolve()
            if path.exists() and Path(os.path.commonpath((here, path))) == config.rootpath:
                raise pytest.UsageError(
                    f"pytest takes {value} for a test, and so {config.rootpath} for its root: write {option}={value}"
                )


_PATH_OPTIONS = (
    "--deploycheck-blueprint",
    "--deploycheck-requirements",
    "--deploycheck-json",
    "--deploycheck-sarif",
    "--deploycheck-checklist",
    "--deploycheck-html",
)


class _Values:
    """A value from the command line, else from the ini file."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def one(self, name: str) -> Any:
        given = self._config.getoption(name, None)
        return self._config.getini(name) if given is None else given

    def many(self, name: str) -> list[str]:
        value = self.one(name) or []
        return [value] if isinstance(value, str) else list(value)

    def paths(self, name: str) -> tuple[Path, ...]:
        """Absolute: from the command line relative to where pytest was started, from the ini file to that file."""
        ini_folder = self._config.inipath.parent if self._config.inipath else self._config.rootpath
        on_command_line = self._config.getoption(name, None) is not None
        folder = self._config.invocation_params.dir if on_command_line else ini_folder
        paths = dict.fromkeys((folder / text).resolve() for text in self.many(name) if text.strip())
        return tuple(paths)


def _date(text: str | None) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise pytest.UsageError(
            f"deploycheck_service_created = {text}: expected a date such as 2026-02-11 (year-month-day)"
        ) from None


def _seconds(text: str | None, default: float) -> float:
    if not text:
        return default
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise pytest.UsageError(f"deploycheck_timeout = {text}: expected a number of seconds, such as 15")
    return seconds


def _ignore(line: str) -> Ignore:
    pattern, _, reason = line.partition(" #")
    if not reason.strip():
        raise pytest.UsageError(
            f"deploycheck_ignore: {line!r} gives no reason: write `{pattern.strip()} # why it is ignored`"
        )
    return Ignore(pattern.strip(), reason.strip())
