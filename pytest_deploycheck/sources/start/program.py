"""The programs that start commands name: dated facts, read from ``programs.json``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

# The port is that of the variable PORT where nobody says another one.
OF_VARIABLE = "$PORT"


@dataclass(frozen=True)
class Program:
    """One row of the table.

    :param name: as commands call it
    :param subcommand: the word behind it that the row is for; empty for any
    :param distributions: those that have it, any of them
    :param serves: what its operand is: ``application`` (``module:attribute``), ``file``, ``flask``, ``celery``,
        ``module``, ``dotted``; empty for what is not looked at
    :param attribute: of the module, where the operand has none
    :param optional: whether it finds one by itself
    :param application: options that name what it serves, instead of an operand
    :param application_variable: the environment variable that does
    :param host: options
    :param port: options
    :param bind: options with both, ``host:port``
    :param port_operand: the operand that is the port, by its number
    :param host_variable: the environment variable that stands in for the option
    :param port_variable: as for the host
    :param arguments_variable: one with further options
    :param default_host: None where it is not known
    :param default_port: a number, :data:`OF_VARIABLE`, or None where it is not known
    :param listens: whether it may listen on a port at all
    :param elsewhere: options after which it is not known what it listens on, or what it serves
    :param chdir: options with the directory that it changes to
    :param path: options with directories that Python then searches, too
    :param config: options with a configuration file in Python
    :param default_config: the one that is read where no option names another
    :param toml: a configuration file in TOML
    :param settings: a file without which it does nothing
    :param settings_table: the table of ``pyproject.toml`` that stands in for it
    :param settings_option: options that name another
    :param settings_variable: the environment variable that does
    :param settings_for: the subcommands that need it
    :param worker_class: options with the class of its workers
    :param flags: options without a value
    :param by_package: whether it imports a file under the name that it has in its packages
    :param of_python: whether it comes with Python
    """

    name: str
    subcommand: str = ""
    modules: tuple[str, ...] = ()
    distributions: tuple[str, ...] = ()
    serves: str = ""
    attribute: str = ""
    optional: bool = False
    application: tuple[str, ...] = ()
    application_variable: str = ""
    host: tuple[str, ...] = ()
    port: tuple[str, ...] = ()
    bind: tuple[str, ...] = ()
    port_operand: int | None = None
    host_variable: str = ""
    port_variable: str = ""
    arguments_variable: str = ""
    default_host: str | None = None
    default_port: int | str | None = None
    listens: bool = True
    elsewhere: tuple[str, ...] = ()
    chdir: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    config: tuple[str, ...] = ()
    default_config: str = ""
    toml: str = ""
    settings: str = ""
    settings_table: str = ""
    settings_option: tuple[str, ...] = ()
    settings_variable: str = ""
    settings_for: tuple[str, ...] = ()
    worker_class: tuple[str, ...] = ()
    flags: frozenset[str] = frozenset()
    by_package: bool = False
    of_python: bool = False


@dataclass(frozen=True)
class ProgramFacts:
    """The table.

    :param programs: by name; rows for subcommands first
    :param manage: ``manage.py runserver`` of Django
    :param manage_no_servers: commands of ``manage.py`` that listen on no port
    :param worker_classes: the distributions that have each of gunicorn's classes of workers
    :param no_servers: programs that listen on no port
    :param make_no_modules: programs after which there are no more Python modules in the repository than before
    """

    programs: Mapping[str, tuple[Program, ...]]
    manage: Program
    manage_no_servers: frozenset[str]
    worker_classes: Mapping[str, tuple[str, ...]]
    no_servers: frozenset[str]
    make_no_modules: frozenset[str]

    def named(self, name: str) -> tuple[Program, ...]:
        """The rows for a program."""
        return self.programs.get(name, ())


@lru_cache(maxsize=1)
def program_facts() -> ProgramFacts:
    """The facts."""
    table = json.loads(files("pytest_deploycheck.sources.start").joinpath("programs.json").read_text(encoding="utf-8"))
    programs: dict[str, tuple[Program, ...]] = {}
    for program in map(_program, table["rows"]):
        for name in (program.name, *program.modules):
            programs[name] = (*programs.get(name, ()), program)
    return ProgramFacts(
        programs,
        _program({"program": "manage.py", **table["manage"]}),
        frozenset(table["manage_no_servers"]),
        {name: tuple(several) for name, several in table["worker_classes"].items()},
        frozenset(table["no_servers"]),
        frozenset(table["make_no_modules"]),
    )


def _program(row: Mapping[str, Any]) -> Program:
    fields = dict(_fields(row))
    return Program(name=row["program"], flags=frozenset(row.get("flags", ())), **fields)


def _fields(row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        if name not in ("program", "flags"):
            yield name, tuple(value) if isinstance(value, list) else value
