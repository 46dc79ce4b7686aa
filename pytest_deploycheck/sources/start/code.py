"""The code of a user that a program is given: ``module:attribute``, a file, a package."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pytest_deploycheck.location import Location
from pytest_deploycheck.sources.shell.command import Command, Word
from pytest_deploycheck.sources.shell.wrapping import PYTHON
from pytest_deploycheck.sources.start.options import Options, part_of
from pytest_deploycheck.sources.start.program import Program

_PYTHON_VALUED = frozenset({"-W", "-X", "--check-hash-based-pycs"})
_FACTORY = re.compile(r"(?P<name>[A-Za-z_][\w.]*)\s*\((?P<arguments>.*)\)", re.DOTALL)


@dataclass(frozen=True)
class Code:
    """The code of a user that a program is given.

    :param kind: ``application``, ``file``, ``module``, ``celery``, ``dotted``, ``flask``
    :param name: of the module, dotted, or of the file
    :param attribute: of the module; empty where none is said
    :param is_call: whether the attribute is called: ``app:create_app()``
    :param is_default: whether the program looks for that attribute by itself
    :param word: what says it
    :param variable: the environment variable that says it, instead
    """

    kind: str
    name: str
    attribute: str
    word: Word
    is_call: bool = False
    is_default: bool = False
    variable: str = ""

    @property
    def attribute_location(self) -> Location:
        """Where the attribute stands in the word."""
        is_named = not self.variable and self.word.text.startswith(f"{self.name}:")
        return part_of(self.word, len(self.name) + 1).location if is_named else self.word.location


def code_of(program: Program, options: Options, environment: Mapping[str, str | None], command: Command) -> Code | None:
    """What a program of the table is given; None where that is not known."""
    if not program.serves or (options.has(program.elsewhere) and program.serves == "file"):
        return None
    word, variable = _said(program, options), ""
    if word is None and program.application_variable:
        said = environment.get(program.application_variable)
        if said is None:
            return None
        word, variable = Word(said, command.location), program.application_variable
    if word is None or not word.is_known:
        return None
    kind = program.serves
    if kind in ("file", "module") or (kind == "flask" and (word.text.endswith(".py") or "/" in word.text)):
        return Code("file" if kind == "flask" else kind, word.text, "", word, variable=variable)
    return _module_and_attribute(program, word, variable)


def _said(program: Program, options: Options) -> Word | None:
    if program.application:
        return options.value(program.application)
    return options.operands[0] if options.operands else None


def _module_and_attribute(program: Program, word: Word, variable: str) -> Code:
    name, _, attribute = word.text.partition(":")
    call = _FACTORY.fullmatch(attribute.strip())
    is_default = not attribute and bool(program.attribute)
    text = call["name"] if call else attribute.strip() or program.attribute
    return Code(program.serves, name.strip(), text, word, call is not None, is_default, variable)


def _script(words: tuple[Word, ...]) -> tuple[Word | None, tuple[Word, ...]]:
    """The file that Python is given, and the words behind it."""
    at = 0
    while at < len(words) and words[at].text.startswith("-"):
        if words[at].text in ("-c", "-"):
            return None, ()
        at += 2 if words[at].text in _PYTHON_VALUED else 1
    return (words[at], words[at + 1 :]) if at < len(words) else (None, ())


def code_of_python(command: Command) -> tuple[Code | None, tuple[Word, ...]]:
    """What Python itself is given, and the words behind it: ``python x.py``, ``python -m package``, ``./x.py``."""
    first, words = command.words[0], command.arguments
    code: Code | None = None
    if command.wrappers and command.wrappers[-1] == "python -m":
        code = Code("module", first.text, "", first)
    elif PYTHON.fullmatch(command.program):
        script, words = _script(words)
        code = Code("file", script.text, "", script) if script is not None else None
    elif first.text.endswith(".py") and "/" in first.text:
        code = Code("file", first.text, "", first)
    return (code if code is not None and code.word.is_known else None), words
