"""``setup.py`` and ``setup.cfg``: what setuptools will make of them, as far as that shows without running them."""

from __future__ import annotations

import ast
import configparser
import re
import threading
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from packaging.utils import canonicalize_name

from pytest_deploycheck.resolution.pyproject import Dependencies, with_extra

# https://setuptools.pypa.io/en/latest/userguide/distribution.html#tagging-and-daily-build-or-snapshot-releases
_TAG = re.compile(r"^tag.build[ \t]*[=:][ \t]*\S|^tag.date[ \t]*[=:][ \t]*[1tyo]", re.MULTILINE | re.IGNORECASE)

# What setup.cfg says instead of a value: where it stands.
_ELSEWHERE = ("file:", "attr:")
# pbr takes requirements from files of its own choice.
_REQUIREMENTS_ITSELF = "pbr"

# The filters of warnings are the whole process's.
_PARSING = threading.Lock()


def dependencies_of_setup(
    script: str | None, configuration: str, read: Callable[[str], str | None] = lambda path: None
) -> Dependencies | None:
    """What ``setup.py`` gives, and for each that it does not give what ``setup.cfg`` says, as setuptools has it.

    :param script: ``setup.py``, None where there is none
    :param read: gives the text of another file, None where that is not at hand
    :returns: None where they do not say it, or only to who runs them
    :raises RecursionError: it is nested too deep for this moment's stack; so is MemoryError
    """
    given = {} if script is None else _setup_arguments(script)
    said = _sections(configuration)
    if given is None or said is None or (script is None and not said) or _REQUIREMENTS_ITSELF in given:
        return None
    try:
        options = said.get("options", {})
        requires = _lines(_literal(given, "install_requires")) or _listed(options.get("install_requires", ""), read)
        extras = _extras(_literal(given, "extras_require")) or {
            extra: _listed(text, read) for extra, text in said.get("options.extras_require", {}).items()
        }
    except (ValueError, TypeError, SyntaxError):
        return None
    return sectioned({"": requires, **extras})


def python_of_setup(script: str | None, configuration: str) -> str | None:
    """``python_requires``, which an old ``PKG-INFO`` does not repeat.

    :raises RecursionError: as for :func:`dependencies_of_setup`
    """
    given = (_setup_arguments(script or "") or {}).get("python_requires")
    if given is not None:
        return _string(given)
    return (_sections(configuration) or {}).get("options", {}).get("python_requires")


def identity_of_setup(script: str | None, configuration: str) -> dict[str, str]:
    """``name`` and ``version`` as far as they are given as strings, which every build then repeats.

    :raises RecursionError: as for :func:`dependencies_of_setup`
    """
    given = {} if script is None else _setup_arguments(script)
    if given is None:
        return {}
    # A tag of the version may be added to what the script says.
    fields = ("name",) if "[egg_info]" in configuration and re.search(_TAG, configuration) else ("name", "version")
    said = (_sections(configuration) or {}).get("metadata", {})
    values = {field: _string(given[field]) if field in given else _plain(said.get(field)) for field in fields}
    return {field: value for field, value in values.items() if value}


def _string(value: ast.expr) -> str | None:
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None


def _plain(value: str | None) -> str | None:
    return None if value is None or value.strip().startswith(_ELSEWHERE) else value.strip()


def sectioned(sections: Mapping[str, Iterable[str]]) -> Dependencies:
    """Requirement strings by ``extra``, by ``:marker``, or by ``extra:marker``, as setuptools writes them.

    https://setuptools.pypa.io/en/latest/deprecated/python_eggs.html#requires-txt
    """
    requires: list[str] = []
    extras: dict[str, None] = {}
    for section, lines in sections.items():
        extra, _, marker = section.partition(":")
        if extra:
            extras[canonicalize_name(extra)] = None
        for line in lines:
            conditional = f"{line} ; {marker}" if marker else line
            requires.append(with_extra(conditional, extra) if extra else conditional)
    return Dependencies(tuple(requires), tuple(extras))


def _setup_arguments(script: str) -> dict[str, ast.expr] | None:
    """What is given to the one ``setup()`` call.

    None where it is not sure that it is the one call, or where anything is unpacked in it.
    """
    try:
        module = _parsed(script)
    except (SyntaxError, ValueError):
        return None
    called = (each.value for each in _always_run(module) if isinstance(each, ast.Expr))
    calls = [each for each in called if isinstance(each, ast.Call) and _names_setup(each.func)]
    if len(calls) != 1 or sum(map(_names_setup, ast.walk(module))) != 1:
        return None
    keywords = {keyword.arg: keyword.value for keyword in calls[0].keywords}
    if calls[0].args or None in keywords:
        return None
    named = _named_once(module)
    return {name: named.get(_name(value), value) for name, value in keywords.items() if name}


def _named_once(module: ast.Module) -> dict[str, ast.expr]:
    """What stands under a name that is given to it once, and looked at once: in the call."""
    mentioned = Counter(map(_name, ast.walk(module)))
    assigned = (each for each in module.body if isinstance(each, ast.Assign) and len(each.targets) == 1)
    values = {_name(each.targets[0]): each.value for each in assigned}
    return {name: value for name, value in values.items() if name and mentioned[name] == 2}


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _parsed(script: str) -> ast.Module:
    # An escape like "\d" is a warning: not for the user, whose file it is not, and no error where warnings are errors.
    with _PARSING, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(script.removeprefix("\ufeff"))


def _always_run(module: ast.Module) -> Iterator[ast.stmt]:
    """The statements of the module, and those under ``if __name__ == "__main__":``."""
    for statement in module.body:
        if isinstance(statement, ast.If) and ast.unparse(statement.test) in _MAIN:
            yield from statement.body
        else:
            yield statement


_MAIN = ("__name__ == '__main__'", "'__main__' == __name__")


def _names_setup(node: ast.AST) -> bool:
    """Whether a node stands for ``setup``, or may give something else this name, or it another."""
    if isinstance(node, ast.alias):
        return node.asname is not None and "setup" in (node.name, node.asname)
    name = next((getattr(node, field) for field in ("id", "attr", "arg", "name") if hasattr(node, field)), None)
    return name == "setup" and not isinstance(node, ast.keyword)


def _literal(given: Mapping[str, ast.expr], name: str) -> object:
    """:raises ValueError: it is computed"""
    return ast.literal_eval(given[name]) if name in given else None


def _lines(value: object) -> list[str]:
    if not value:
        return []
    if isinstance(value, str):
        return [line.strip() for line in value.splitlines() if line.strip()]
    if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
        return list(value)
    raise ValueError("no literal list of requirements")


def _extras(value: object) -> dict[str, list[str]]:
    if not value:
        return {}
    if isinstance(value, dict) and all(isinstance(extra, str) for extra in value):
        return {extra: _lines(lines) for extra, lines in value.items()}
    raise ValueError("no literal table of extras")


def _sections(configuration: str) -> dict[str, dict[str, str]] | None:
    """The sections that setuptools takes a project's metadata from; None where it cannot be parsed."""
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(configuration)
    except configparser.Error:
        return None
    names = ("metadata", "options", "options.extras_require")
    found = {name: dict(parser[name]) for name in names if parser.has_section(name)}
    if "options" in found:  # The old spelling.
        found["options"] = {option.replace("-", "_"): value for option, value in found["options"].items()}
    return found


def _listed(text: str, read: Callable[[str], str | None]) -> list[str]:
    """Lines, or on one line what stands between semicolons; perhaps in another file.

    :raises ValueError: they cannot be had
    """
    if text.strip().startswith(_ELSEWHERE):
        text = _in_files(text.strip(), read)
    lines = (line.strip() for line in (text.splitlines() if "\n" in text else text.split(";")))
    return [line for line in lines if line and not line.startswith("#")]


def _in_files(directive: str, read: Callable[[str], str | None]) -> str:
    """What ``file: one.txt, two.txt`` stands for."""
    kind, _, paths = directive.partition(":")
    texts = [read(path.strip()) for path in paths.split(",")]
    if kind != "file" or None in texts:
        raise ValueError("in another file")
    return "\n".join(filter(None, texts))
