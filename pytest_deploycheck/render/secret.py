"""Values that should not stand in a blueprint: secrets and what stands for one, by the dated facts of ``secrets.json``.

No function here gives back a part of a value, so that no message can show one.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from pytest_deploycheck.urls import USER_AND_PASSWORD

# A whole text of this length is no placeholder, and no key is shorter than the other.
_LONGEST_PLACEHOLDER = 200
_SHORTEST_SECRET = 16
_SHORTEST_PASSWORD = 6


@dataclass(frozen=True)
class SecretKind:
    """A kind of secret.

    :param called: with its article, as messages have it
    :param key: the variable that it is known by, where its own form is not enough
    :param is_certain: whether all that look like it are secret
    :param because: why not
    """

    called: str
    pattern: re.Pattern[str]
    key: str = ""
    is_certain: bool = True
    because: str = ""


@dataclass(frozen=True)
class _Facts:
    kinds: tuple[SecretKind, ...]
    examples: re.Pattern[str]
    placeholders: re.Pattern[str]
    secret_names: re.Pattern[str]
    public_names: re.Pattern[str]


@lru_cache(maxsize=1)
def _facts() -> _Facts:
    table = secrets_table()
    names = table["secret_names"]
    return _Facts(
        kinds=tuple(
            SecretKind(
                row["called"],
                re.compile(row["pattern"]),
                row.get("key", ""),
                row.get("certain", True),
                row.get("because", ""),
            )
            for row in table["secrets"]
        ),
        examples=re.compile(table["examples"]["pattern"], re.IGNORECASE),
        placeholders=re.compile("|".join(f"(?:{each})" for each in table["placeholders"]["patterns"])),
        secret_names=re.compile(names["pattern"]),
        public_names=re.compile(names["except"]),
    )


@lru_cache(maxsize=1)
def secrets_table() -> dict[str, Any]:
    """The file."""
    text = files("pytest_deploycheck.render").joinpath("secrets.json").read_text(encoding="utf-8")
    table: dict[str, Any] = json.loads(text)
    return table


def secret_in(key: str, value: str) -> SecretKind | None:
    """The kind of secret that a variable's value holds, None where it holds none that is known, or an example."""
    if len(value) < _SHORTEST_SECRET:
        return None
    for kind in _facts().kinds:
        if kind.key and kind.key != key:
            continue
        found = kind.pattern.fullmatch(value) if kind.key else kind.pattern.search(value)
        if found and not _facts().examples.search(found[0]):
            return kind
    return None


def is_placeholder(value: str) -> bool:
    """Whether a value stands for another that somebody has to put in."""
    text = value.strip().casefold()
    return 0 < len(text) <= _LONGEST_PLACEHOLDER and _facts().placeholders.fullmatch(text) is not None


def may_be_secret(key: str, value: str) -> bool:
    """Whether a value is not to be shown: by its name, by its form, or since a URL in it has a password."""
    return bool(is_named_secret(key, value) or secret_in(key, value) or USER_AND_PASSWORD.search(value))


def is_named_secret(key: str, value: str) -> bool:
    """Whether a variable is called as secrets are, and has a value that may be one."""
    name = key.upper()
    if not _facts().secret_names.fullmatch(name) or _facts().public_names.search(name):
        return False
    is_short = len(value) < _SHORTEST_PASSWORD
    return not (is_short or value.startswith("/") or "$" in value or value.casefold() in ("disabled", "enabled"))
