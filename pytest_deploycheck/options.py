"""Every setting, once: what pytest registers, what ``Settings`` is read from, and what the documentation lists.

A new setting is a row here, a field of ``Settings``, and the line that reads it. This module is imported at every start
of pytest.
"""

from __future__ import annotations

from typing import NamedTuple


class Option(NamedTuple):
    """A setting: ``--deploycheck-target`` on the command line, ``deploycheck_target`` in pytest's configuration file.

    :param kind: ``flag``, ``path``, ``paths``, ``text``, ``lines``, ``words`` (split as a shell does) or ``number``
    :param metavar: what its value is called
    :param default: in words, as the help shows it
    :param bare: what it means on the command line where its value is left out; empty where it needs one
    """

    name: str
    kind: str
    metavar: str
    help: str
    default: str = ""
    bare: str = ""

    @property
    def option(self) -> str:
        """On the command line."""
        return "--" + self.name.replace("_", "-")

    @property
    def is_repeatable(self) -> bool:
        """Whether it may be given several times; in a configuration file it is a list, one entry a line."""
        return self.kind in ("paths", "lines")

    @property
    def explanation(self) -> str:
        """One sentence, for the help."""
        repeatable = "; repeatable" if self.is_repeatable else ""
        default = f" (default: {self.default})" if self.default else ""
        return f"{self.help}{repeatable}{default}"


OPTIONS = (
    Option("deploycheck", "flag", "", "turn the deploy checks on"),
    Option(
        "deploycheck_blueprint", "path", "PATH", "Render's blueprint", "render.yaml, then render.yml, in the project"
    ),
    Option(
        "deploycheck_requirements",
        "paths",
        "PATH",
        "a requirements file or a lock to check",
        "what the blueprint's build commands install, else requirements.txt, a lock of uv, Poetry, PDM, Pipenv, "
        "or pylock.toml",
    ),
    Option(
        "deploycheck_projects",
        "paths",
        "FOLDER",
        "a folder with a blueprint or requirements of its own, in a repository with several",
        "the root is the only project",
    ),
    Option(
        "deploycheck_target",
        "lines",
        "TARGET",
        "what to install on: 3.13, 3.13.4 or 3.13-manylinux_2_36_x86_64",
        "what each service would get",
    ),
    Option(
        "deploycheck_platform",
        "text",
        "TAG",
        "the newest wheel platform that the build machine accepts, or the name of a platform that a plugin adds",
        "manylinux_2_36_x86_64",
    ),
    Option(
        "deploycheck_service_created",
        "text",
        "DATE",
        "when the services were created, YYYY-MM-DD: it decides which default Python they have",
        "today, and the message says so",
    ),
    Option("deploycheck_strict", "flag", "", "let advice fail"),
    Option(
        "deploycheck_ignore",
        "lines",
        "CHECK",
        "checks to skip: a check's name or a node id pattern, then ` # reason`",
    ),
    Option(
        "deploycheck_pip_flags",
        "words",
        "FLAGS",
        "flags that each `pip install` of a build command should have",
        "--no-cache-dir",
    ),
    Option("deploycheck_gitignore", "lines", "NAME", "a further directory that .gitignore should cover"),
    Option(
        "deploycheck_fix",
        "text",
        "MODE",
        "show what would mend the findings as a diff, or `write` it",
        "neither; without a value `diff`",
        bare="diff",
    ),
    Option(
        "deploycheck_fix_dirty", "flag", "", "let --deploycheck-fix=write change files that git could not give back"
    ),
    Option("deploycheck_matrix", "flag", "", "show on which Pythons each source would deploy as it is"),
    Option("deploycheck_json", "path", "PATH", "write a machine-readable report"),
    Option("deploycheck_sarif", "path", "PATH", "write a report for code scanning (SARIF 2.1.0)"),
    Option("deploycheck_checklist", "path", "PATH", "write a checklist for the people who deploy (Markdown)"),
    Option("deploycheck_html", "path", "PATH", "write a report to read in a browser, in one file"),
    Option("deploycheck_offline", "flag", "", "use only what the cache holds"),
    Option("deploycheck_timeout", "number", "SECONDS", "how long to wait for an answer of the index", "15"),
    Option(
        "deploycheck_cache",
        "path",
        "FOLDER",
        "where the cache is; the variable PYTEST_DEPLOYCHECK_CACHE goes before it",
        "the user's cache directory",
    ),
)

# What only the command line can ask for, since it is done once: an option and its help.
COMMANDS = (("--deploycheck-cache-clear", "remove what the cache holds, then stop, or go on with --deploycheck"),)
