"""The pytest hooks and nothing else: everything behind them is imported only when it is asked for.

That is with ``--deploycheck``, or where a test takes one of the fixtures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_deploycheck import fixtures, hooks
from pytest_deploycheck.options import COMMANDS, OPTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

# What pytest's configuration file may hold for each kind of option; what a TOML file says in its own types, too.
_INI_TYPES: Mapping[str, str] = {
    "flag": "bool",
    "paths": "linelist",
    "lines": "linelist",
    "words": "args",
    # The type came with pytest 8.4.
    "number": "float" if pytest.version_tuple >= (8, 4) else "string",
}

_MARKERS = (
    "deploycheck: a check by pytest-deploycheck; `-m deploycheck` selects them all",
    "render_services(type=..., runtime=..., name=...): run the test once for each matching service of the blueprint, "
    "which it takes as `render_service`; each may be several in a list, and a name may hold wildcards",
    'deploy_targets("3.13", ...): run the test once for each of these targets, for which `deploy_resolution` is then',
    'requirements("requirements/*.txt", ...): run the test once for each requirement line of these files, which it '
    "takes as `requirement`; without a file, of those that are deployed",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options and ini keys."""
    group = parser.getgroup("deploycheck", "deploy checks (pytest-deploycheck)")
    for option in OPTIONS:
        if option.kind == "flag":
            group.addoption(option.option, action="store_true", default=None, help=option.explanation)
        elif option.bare:
            group.addoption(
                option.option, nargs="?", const=option.bare, metavar=option.metavar, help=option.explanation
            )
        elif option.is_repeatable:
            group.addoption(option.option, action="append", metavar=option.metavar, help=option.explanation)
        else:
            group.addoption(option.option, metavar=option.metavar, help=option.explanation)
        ini_type = _INI_TYPES.get(option.kind, "string")
        parser.addini(option.name, f"{option.help} (as {option.option})", type=ini_type, default=None)  # type: ignore[arg-type]
    for name, help_text in COMMANDS:
        group.addoption(name, action="store_true", default=False, help=help_text)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """What others extend this plugin with."""
    pluginmanager.add_hookspecs(hooks)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """``--deploycheck-cache-clear``. Workers of pytest-xdist have the option too, and leave it to their controller."""
    if not config.getoption("deploycheck_cache_clear") or hasattr(config, "workerinput"):
        return None
    from pytest_deploycheck.cache_clear import clear_cache

    clear_cache(config)
    return None if _is_on(config) else pytest.ExitCode.OK


# The last: what others register when they are configured is there.
@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register fixtures and markers; with ``--deploycheck``, plan the checks and collect them."""
    for marker in _MARKERS:
        config.addinivalue_line("markers", marker)
    config.pluginmanager.register(fixtures, "deploycheck-fixtures")
    if config.option.help or config.option.version:
        return
    _assert_keys_are_known(config)
    if _is_on(config):
        from pytest_deploycheck.garbage import not_collected

        with not_collected():
            _start(config)


def _start(config: pytest.Config) -> None:
    from pytest_deploycheck.plain_imports import PlainImports

    PlainImports.for_run(config)
    from pytest_deploycheck.mending import Mending
    from pytest_deploycheck.reporting import Reporting
    from pytest_deploycheck.session import DeploycheckSession

    session = DeploycheckSession.start(config)
    config.pluginmanager.register(session, "deploycheck-session")
    reporting = Reporting(config, session.projects, session.files)
    config.pluginmanager.register(Mending(session.projects, reporting.gathering), "deploycheck-mending")
    config.pluginmanager.register(reporting, "deploycheck-reports")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests that are run for several services, requirements, targets or projects."""
    if fixtures.ROOT not in metafunc.fixturenames and not _has_own_marker(metafunc):
        return
    from pytest_deploycheck.plain_imports import PlainImports

    PlainImports.for_run(metafunc.config)
    from pytest_deploycheck.own.parametrisation import parametrise

    parametrise(metafunc)


def _has_own_marker(metafunc: pytest.Metafunc) -> bool:
    return any(mark.name in fixtures.MARKERS for mark in metafunc.definition.own_markers)


def _is_on(config: pytest.Config) -> bool:
    """Whether the checks are asked for, by themselves or by what only they can tell."""
    asked = (config.getoption(f"deploycheck{each}") for each in ("", "_fix", "_matrix"))
    return any(asked) or bool(config.getini("deploycheck"))


def _assert_keys_are_known(config: pytest.Config) -> None:
    """:raises pytest.UsageError: the configuration file has a key of this plugin that does not exist"""
    # pytest 9 calls it otherwise, and warns of the old name; there is no public way to list what a file holds.
    given = config._inicfg if hasattr(config, "_inicfg") else config.inicfg
    overrides = (each.partition("=")[0] for each in config.getoption("override_ini") or ())
    names = {option.name for option in OPTIONS}
    odd = [key for key in (*given, *overrides) if key.startswith("deploycheck") and key not in names]
    if odd:
        from pytest_deploycheck.ini_keys import assert_known

        assert_known(config, odd)
