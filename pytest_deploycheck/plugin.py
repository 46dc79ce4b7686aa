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
    ("deploycheck_fix_dirty", "bool", None, "let --deploycheck-fix=write change files with uncommitted changes"),
    ("deploycheck_matrix", "bool", None, "show on which Pythons each source would deploy without building anything"),
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
    # With an optional value, so that it stands alone: `--deploycheck-fix`, `--deploycheck-fix=write`.
    fix = "show what would mend the findings as a diff; =write writes it"
    group.addoption("--deploycheck-fix", nargs="?", const="diff", metavar="write", help=fix)
    parser.addini("deploycheck_fix", f"{fix} (as --deploycheck-fix)", type="string")
    clear = "remove what the cache holds, then stop, or go on with --deploycheck"
    group.addoption("--deploycheck-cache-clear", action="store_true", default=False, help=clear)
    for name, kind, help_text in _INI_ONLY:
        parser.addini(name, help_text, type=kind, default=None)  # type: ignore[arg-type]


def _is_on(config: pytest.Config) -> bool:
    """Whether the checks are asked for, by themselves or by what only they can tell."""
    asked = (config.getoption(f"deploycheck{each}") for each in ("", "_fix", "_matrix"))
    return any(asked) or bool(config.getini("deploycheck"))


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """``--deploycheck-cache-clear``. Workers of pytest-xdist have the option too, and leave it to their controller."""
    if not config.getoption("deploycheck_cache_clear") or hasattr(config, "workerinput"):
        return None
    from pytest_deploycheck.cache_clear import clear_cache

    clear_cache(config)
    return None if _is_on(config) else pytest.ExitCode.OK


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker; with ``--deploycheck``, plan the checks and collect them."""
    config.addinivalue_line("markers", "deploycheck: a check by pytest-deploycheck; `-m deploycheck` selects them all")
    if _is_on(config):
        from pytest_deploycheck.plain_imports import PlainImports

        finder = PlainImports()
        finder.install()
        config.add_cleanup(finder.remove)
        from pytest_deploycheck.session import DeploycheckSession

        config.pluginmanager.register(DeploycheckSession.start(config), "deploycheck-session")
