"""The pytest hooks and nothing else: everything behind them is imported only when ``--deploycheck`` is on."""

from __future__ import annotations

import pytest

# The command line's options, each also an ini key: name, ini type, metavar, help.
_OPTIONS = (
    ("deploycheck", "bool", None, "turn the deploy checks on"),
    (
        "deploycheck_blueprint",
        "string",
        "PATH",
        "Render's blueprint (default: render.yaml, then render.yml, at the root)",
    ),
    (
        "deploycheck_requirements",
        "linelist",
        "PATH",
        "a requirements file to check; repeatable (default: what the blueprint's build commands install, "
        "else requirements.txt)",
    ),
    (
        "deploycheck_target",
        "linelist",
        "TARGET",
        "3.13, 3.13.4 or 3.13-manylinux_2_36_x86_64; repeatable (default: what each service would get)",
    ),
    ("deploycheck_offline", "bool", None, "use only what the cache holds"),
    ("deploycheck_json", "string", "PATH", "write a machine-readable report"),
    ("deploycheck_sarif", "string", "PATH", "write a report for code scanning (SARIF 2.1.0)"),
    ("deploycheck_checklist", "string", "PATH", "write a checklist for the people who deploy (Markdown)"),
    ("deploycheck_html", "string", "PATH", "write a report to read in a browser, in one file"),
)

# Settings that only the ini file has: name, type, help.
_INI_ONLY = (
    (
        "deploycheck_service_created",
        "string",
        "when the services were created, YYYY-MM-DD: decides their default Python",
    ),
    ("deploycheck_platform", "string", "the newest wheel platform the build machine accepts"),
    ("deploycheck_pip_flags", "args", "flags that each `pip install` of a build command should have"),
    ("deploycheck_gitignore", "linelist", "further directory names that .gitignore should cover"),
    ("deploycheck_strict", "bool", "let advice fail"),
    ("deploycheck_ignore", "linelist", "checks to skip: a check's name or a node id pattern, then ` # reason`"),
    ("deploycheck_timeout", "string", "seconds to wait for an answer of the index"),
    ("deploycheck_cache", "string", "the folder of the cache (PYTEST_DEPLOYCHECK_CACHE goes before it)"),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options and ini keys."""
    group = parser.getgroup("deploycheck", "deploy checks (pytest-deploycheck)")
    for name, kind, metavar, help_text in _OPTIONS:
        option = "--" + name.replace("_", "-")
        if kind == "bool":
            group.addoption(option, action="store_true", default=None, help=help_text)
        elif kind == "linelist":
            group.addoption(option, action="append", metavar=metavar, help=help_text)
        else:
            group.addoption(option, metavar=metavar, help=help_text)
        parser.addini(name, f"{help_text} (as {option})", type=kind)  # type: ignore[arg-type]
    clear = "remove what the cache holds, then stop, or go on with --deploycheck"
    group.addoption("--deploycheck-cache-clear", action="store_true", default=False, help=clear)
    for name, kind, help_text in _INI_ONLY:
        parser.addini(name, help_text, type=kind, default=None)  # type: ignore[arg-type]


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """``--deploycheck-cache-clear``. Workers of pytest-xdist have the option too, and leave it to their controller."""
    if not config.getoption("deploycheck_cache_clear") or hasattr(config, "workerinput"):
        return None
    from pytest_deploycheck.cache_clear import clear_cache

    clear_cache(config)
    return None if config.getoption("deploycheck") or config.getini("deploycheck") else pytest.ExitCode.OK


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker; with ``--deploycheck``, plan the checks and collect them."""
    config.addinivalue_line("markers", "deploycheck: a check by pytest-deploycheck; `-m deploycheck` selects them all")
    if config.getoption("deploycheck") or config.getini("deploycheck"):
        from pytest_deploycheck.plain_imports import PlainImports

        finder = PlainImports()
        finder.install()
        config.add_cleanup(finder.remove)
        from pytest_deploycheck.reporting import Reporting
        from pytest_deploycheck.session import DeploycheckSession

        session = DeploycheckSession.start(config)
        config.pluginmanager.register(session, "deploycheck-session")
        reporting = Reporting(config, session.settings, (session.deployment,), session.files)
        config.pluginmanager.register(reporting, "deploycheck-reports")
