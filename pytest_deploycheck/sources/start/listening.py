"""What a program listens on, by its options, its variables and its defaults."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace

from pytest_deploycheck.location import Location
from pytest_deploycheck.sources.shell.command import Word
from pytest_deploycheck.sources.start.options import Options, part_of, read_options
from pytest_deploycheck.sources.start.program import Program, program_facts


@dataclass(frozen=True)
class Setting:
    """A host or a port.

    :param text: as the program gets it; None where that is not known
    :param word: the word that says it; None where nobody does, and it is the program's own
    :param variable: the environment variable that says it
    """

    text: str | None
    word: Word | None = None
    variable: str = ""

    @property
    def is_said(self) -> bool:
        """Whether the command or a variable says it."""
        return self.word is not None or bool(self.variable)


@dataclass(frozen=True)
class Listening:
    """What a program listens on."""

    host: Setting
    port: Setting


def listening_of(program: Program, options: Options, environment: Mapping[str, str | None]) -> Listening | None:
    """Where a program of the table listens; None where that is not known."""
    if options.has(program.elsewhere):
        return None
    if program.arguments_variable and not options.has(program.bind) and program.arguments_variable in environment:
        further = environment[program.arguments_variable]
        if further is None:
            return None
        options = _with_arguments(program, options, further)
    bind = options.value(program.bind)
    if bind is not None:
        return bound_to(bind)
    operand = program.port_operand
    word = options.operands[operand] if operand is not None and len(options.operands) > operand else None
    host = _setting(options.value(program.host), program.host_variable, environment, program.default_host)
    port = _setting(word or options.value(program.port), program.port_variable, environment, program.default_port)
    return Listening(host, port)


def _with_arguments(program: Program, options: Options, text: str) -> Options:
    try:
        words = shlex.split(text)
    except ValueError:
        return options
    place = options.operands[0].location if options.operands else Location("")
    further = read_options([Word(each, place, "$" not in each) for each in words], program.flags)
    return replace(options, options=(*further.options, *options.options))


def bound_to(word: Word) -> Listening | None:
    """``host:port``, ``:port``, ``host``, ``[::]:port``; sockets of other kinds are not looked at."""
    text = word.text.partition("://")[2] or word.text
    if word.text.startswith(("unix:", "fd:", "fd://")) or "/" in text:
        return None
    # The last colon that stands in no ${PORT:-8000}.
    match = re.fullmatch(r"(?P<host>\[[^\]]*\]|[^:$]*)(?::(?P<port>.*))?", text, re.DOTALL)
    if match is None:
        return None
    host = Setting(match["host"].strip("[]"), word)
    if match["port"] is None:
        return Listening(host, Setting(None, word))
    return Listening(host, Setting(match["port"], part_of(word, match.start("port") + len(word.text) - len(text))))


def _setting(
    word: Word | None, variable: str, environment: Mapping[str, str | None], default: int | str | None
) -> Setting:
    if word is not None:
        return Setting(word.text, word)
    if variable and variable in environment:
        return Setting(environment[variable], variable=variable)
    return Setting(None if default is None else str(default))


def of_manage(options: Options) -> Listening | None:
    """https://docs.djangoproject.com/en/stable/ref/django-admin/#runserver."""
    facts = program_facts().manage
    words = options.operands
    if not words or words[0].text != facts.subcommand:
        return None
    if len(words) < 2:
        return Listening(Setting(facts.default_host), Setting(str(facts.default_port)))
    host, colon, port = words[1].text.rpartition(":")
    if "$" in host and "{" in host:  # 0.0.0.0:${PORT:-8000}
        host, colon, port = words[1].text.partition(":")
    said = Setting("0.0.0.0" if host == "0" else host, words[1]) if colon else Setting(facts.default_host)
    return Listening(said, Setting(port, part_of(words[1], len(host) + len(colon))))
