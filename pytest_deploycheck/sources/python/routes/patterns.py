"""Paths as frameworks write them, as regular expressions."""

from __future__ import annotations

import re

# https://werkzeug.palletsprojects.com/routing/#built-in-converters; a converter that is not known takes anything.
_WERKZEUG = {
    "string": "[^/]+",
    "": "[^/]+",
    "int": r"\d+",
    "float": r"\d+\.\d+",
    "path": ".+",
    "uuid": "[0-9a-fA-F-]{36}",
}
# https://www.starlette.dev/routing/#path-parameters
_STARLETTE = {
    "str": "[^/]+",
    "": "[^/]+",
    "int": "[0-9]+",
    "float": r"[0-9]+(?:\.[0-9]+)?",
    "path": ".*",
    "uuid": "[0-9a-fA-F-]{32,36}",
}
# https://docs.djangoproject.com/en/5.2/topics/http/urls/#path-converters
_DJANGO = {
    "str": "[^/]+",
    "": "[^/]+",
    "int": "[0-9]+",
    "slug": "[-a-zA-Z0-9_]+",
    "uuid": "[0-9a-f-]{36}",
    "path": ".+",
}

_ANGLES = re.compile(r"<(?:(?P<converter>[^:<>()]*)(?:\([^<>]*\))?:)?[^<>]+>")
_BRACES = re.compile(r"\{[^{}:]+(?::(?P<converter>[^{}]*))?\}")


def of_werkzeug(rule: str) -> str:
    """A rule of Flask: ``/users/<int:id>``."""
    return _with_converters(rule, _ANGLES, _WERKZEUG)


def of_starlette(path: str) -> str:
    """A path of Starlette: ``/users/{id:int}``."""
    return _with_converters(path, _BRACES, _STARLETTE)


def of_django(route: str) -> str:
    """A route of Django's ``path()``: ``users/<int:pk>/``."""
    return _with_converters(route, _ANGLES, _DJANGO)


def of_django_regex(expression: str, *, is_prefix: bool) -> str | None:
    """A regular expression of Django's ``re_path()``, None where it is none.

    :param is_prefix: whether further patterns stand behind it
    """
    body = expression.removeprefix("^").removeprefix("\\A").removesuffix("\\Z")
    ends = body.endswith("$") and not body.endswith("\\$")
    # The names of groups stand there twice where two patterns are put together.
    body = re.sub(r"\(\?P<\w+>", "(?:", body[:-1] if ends else body)
    behind = "" if is_prefix or ends else ".*"
    try:
        re.compile(f"(?:{body}){behind}")
    except re.error:
        return None
    return f"(?:{body}){behind}" if "|" in body else f"{body}{behind}"


def _with_converters(path: str, parameter: re.Pattern[str], converters: dict[str, str]) -> str:
    pattern, at = "", 0
    for match in parameter.finditer(path):
        pattern += re.escape(path[at : match.start()]) + converters.get((match["converter"] or "").strip(), ".+")
        at = match.end()
    return pattern + re.escape(path[at:])
