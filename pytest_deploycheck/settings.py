"""Options and ini values, as one frozen value."""

from __future__ import annotations

import itertools
import math
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pytest_deploycheck.options import OPTIONS


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

    :param root: of the repository: what paths in messages and node ids are relative to
    :param folder: the project's, where its files are looked for; None for the root
    :param projects: folders, each of them a project; empty where the root is the only one
    :param blueprint: relative to the root; None to look for the usual names
    :param requirements: relative to the root; empty to take what the build commands install
    :param targets: as written; empty to take what each service would get
    :param service_created: None where nobody said it
    :param platform: a platform tag or the name of one that a plugin adds; None to take the platform's own
    :param platforms: the tags of those that plugins add, by name
    :param pip_flags: None to take the default
    :param fix: ``diff`` to show what would mend the findings, ``write`` to write it; None for neither
    :param fix_dirty: also write files that have uncommitted changes
    :param matrix: resolve each source on all Pythons that Render has
    :param timeout: seconds
    :param cache: a folder; None to take the user's cache directory
    """

    root: Path
    folder: Path | None = None
    projects: tuple[Path, ...] = ()
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
    platforms: Mapping[str, str] = field(default_factory=dict)
    pip_flags: tuple[str, ...] = ("--no-cache-dir",)
    gitignore: tuple[str, ...] = ()
    strict: bool = False
    ignore: tuple[Ignore, ...] = ()
    timeout: float = 15.0
    cache: Path | None = None
    fix: str | None = None
    fix_dirty: bool = False
    matrix: bool = False


def read_settings(config: pytest.Config) -> Settings:
    """Read the command line, then the ini file.

    :raises pytest.UsageError: a value is not what is expected; the message says which and what is
    """
    _assert_root_is_the_users(config)
    chosen = _Values(config)
    defaults = Settings(root=config.rootpath)
    settings = Settings(
        root=config.rootpath,
        projects=chosen.paths("deploycheck_projects"),
        blueprint=chosen.path("deploycheck_blueprint"),
        requirements=chosen.paths("deploycheck_requirements"),
        targets=tuple(chosen.many("deploycheck_target")),
        offline=bool(chosen.one("deploycheck_offline")),
        json=chosen.path("deploycheck_json"),
        sarif=chosen.path("deploycheck_sarif"),
        checklist=chosen.path("deploycheck_checklist"),
        html=chosen.path("deploycheck_html"),
        service_created=_date(chosen.one("deploycheck_service_created")),
        platform=chosen.one("deploycheck_platform") or None,
        pip_flags=chosen.words("deploycheck_pip_flags", defaults.pip_flags),
        gitignore=tuple(chosen.many("deploycheck_gitignore")),
        strict=bool(chosen.one("deploycheck_strict")),
        ignore=tuple(map(_ignore, chosen.many("deploycheck_ignore"))),
        cache=chosen.path("deploycheck_cache"),
        timeout=chosen.seconds("deploycheck_timeout", defaults.timeout),
        fix=_fix(chosen.one("deploycheck_fix")),
        fix_dirty=bool(chosen.one("deploycheck_fix_dirty")),
        matrix=bool(chosen.one("deploycheck_matrix")),
    )
    _assert_projects_make_sense(settings)
    return settings


def _assert_projects_make_sense(settings: Settings) -> None:
    """:raises pytest.UsageError: a project is no folder, or a file is named that would be each one's"""
    for folder in settings.projects:
        if not folder.is_dir():
            raise pytest.UsageError(f"deploycheck_projects: there is no folder {folder}")
    for name, value in (("blueprint", settings.blueprint), ("requirements", settings.requirements)):
        if settings.projects and value:
            raise pytest.UsageError(
                f"deploycheck_{name} names the files of one project, and deploycheck_projects says that there are "
                "several: each of them has its own"
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


_PATH_OPTIONS = frozenset(each.option for each in OPTIONS if each.kind in ("path", "paths"))


class _Values:
    """A value from the command line, else from the ini file."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def one(self, name: str) -> Any:
        """:raises pytest.UsageError: the ini file has a value of another type"""
        given = self._config.getoption(name, None)
        if given is not None:
            return given
        try:
            return self._config.getini(name)
        except (TypeError, ValueError) as error:  # From pytest 9.2 on, it is a usage error already.
            raise pytest.UsageError(f"{name}: {error}") from error

    def many(self, name: str) -> list[str]:
        value = self.one(name) or []
        return [value] if isinstance(value, str) else list(value)

    def words(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """On the command line as in an ini file: one text, which is split as a shell does."""
        value = self.one(name)
        return default if value is None else tuple(shlex.split(value) if isinstance(value, str) else value)

    def seconds(self, name: str, default: float) -> float:
        try:
            value = self.one(name)
            seconds = default if value is None or value == "" else float(value)
        except (pytest.UsageError, ValueError) as error:
            raise pytest.UsageError(f"{name}: expected a number of seconds, such as 15: {error}") from error
        if not 0 < seconds < math.inf:
            raise pytest.UsageError(f"{name} = {value}: expected a number of seconds, such as 15")
        return seconds

    def path(self, name: str) -> Path | None:
        return next(iter(self.paths(name)), None)

    def paths(self, name: str) -> tuple[Path, ...]:
        """Absolute: from the command line relative to where pytest was started, from the ini file to that file."""
        ini_folder = self._config.inipath.parent if self._config.inipath else self._config.rootpath
        on_command_line = self._config.getoption(name, None) is not None
        folder = self._config.invocation_params.dir if on_command_line else ini_folder
        paths = dict.fromkeys((folder / text).resolve() for text in self.many(name) if text.strip())
        return tuple(paths)


def _fix(text: str | None) -> str | None:
    if not text or text in ("diff", "write"):
        return text or None
    raise pytest.UsageError(
        f"--deploycheck-fix={text}: expected `diff`, which changes nothing, or `write`; "
        "where a path follows, write --deploycheck-fix=diff"
    )


def _date(text: str | None) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise pytest.UsageError(
            f"deploycheck_service_created = {text}: expected a date such as 2026-02-11 (year-month-day)"
        ) from None


def _ignore(line: str) -> Ignore:
    pattern, _, reason = line.partition(" #")
    if not reason.strip():
        raise pytest.UsageError(
            f"deploycheck_ignore: {line!r} gives no reason: write `{pattern.strip()} # why it is ignored`"
        )
    return Ignore(pattern.strip(), reason.strip())
