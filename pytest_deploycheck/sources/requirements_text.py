"""The text of a requirements file: bytes to characters, characters to logical lines.

The rules are pip's own, https://pip.pypa.io/en/stable/reference/requirements-file-format/ ; where that page is silent,
what pip 26.3 does (``pip/_internal/req/req_file.py``).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pytest_deploycheck.urls import USER_AND_PASSWORD

# UTF-32 stands before UTF-16: the byte order mark of UTF-16-LE is how that of UTF-32-LE begins.
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
CODING = re.compile(rb"coding[:=]\s*([-\w.]+)")
COMMENT = re.compile(r"(?:^|\s+)#.*$")
VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
# What may stand before the @ and be shown: variables that were not expanded, and the user name of every Git server.
HARMLESS = re.compile(r"(?:git|\$\{[A-Z0-9_]+\}(?::\$\{[A-Z0-9_]+\})?)")


class Undecodable(ValueError):
    """Bytes that are no text in the file's encoding.

    :ivar line: where they stand, counted from 1
    :ivar column: counted from 1
    """

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


@dataclass(frozen=True)
class LogicalLine:
    """A line as pip sees it: continuation lines joined, the comment gone.

    :param line: of its first physical line, counted from 1
    :param column: where its text begins in that, counted from 1
    :param text: before variables were expanded, so that it can be shown
    :param expanded: what pip parses; it may hold secrets
    :param variables: each that was expanded, with its value
    """

    line: int
    column: int
    text: str
    expanded: str
    variables: tuple[tuple[str, str], ...] = ()

    def showable(self, message: str) -> str:
        """A message about this line without the values of its variables and without credentials."""
        for name, value in reversed(self.variables):
            # Its words too: a message may quote a part of it, and a part of a token is still a secret.
            for secret in (value, *re.findall(r"[^\s'\"\\/@:]{4,}", value)):
                message = message.replace(secret, f"${{{name}}}")
        return redacted(message)


def decoded(data: bytes) -> str:
    """A requirements file's text: by its byte order mark, else its PEP 263 comment, else UTF-8.

    pip tries the locale's encoding last; that of the platform is UTF-8 again, so here it is not tried.

    :raises Undecodable: it cannot be decoded, or names an encoding that Python does not know
    """
    mark, encoding = encoding_of(data)
    line = next((number for number, text in enumerate(data.split(b"\n")[:2], 1) if _coding(text)), 1)
    return _decoded(data[len(mark) :], encoding, 1 if mark else line)


def encoding_of(data: bytes, *, is_python: bool = True) -> tuple[bytes, str]:
    """A text's byte order mark, if it has one, and its encoding.

    :param is_python: whether a comment in its first lines may name the encoding (PEP 263)
    """
    for mark, encoding in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return mark, encoding
    coding = next(filter(None, map(_coding, data.split(b"\n")[:2])), "") if is_python else ""
    return b"", coding or "utf-8"


def _coding(line: bytes) -> str:
    found = CODING.search(line) if line.startswith(b"#") else None
    return found[1].decode("ascii") if found else ""


def _decoded(data: bytes, encoding: str, line: int) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, errors="ignore")
        lines = f"{before}.".splitlines()
        wrong = data[error.start : error.end].hex(" ")
        message = f"the bytes {wrong} are not {encoding} ({error.reason})"
        raise Undecodable(message, len(lines), len(lines[-1])) from None
    except (LookupError, UnicodeError):
        raise Undecodable(f"Python knows no text encoding {encoding!r}", line, 1) from None


def logical_lines(content: str, environ: Mapping[str, str]) -> Iterator[LogicalLine]:
    """The lines that say something, in order, with ``${VARIABLE}`` taken from an environment.

    A variable that is unset or empty stays as it is written, and so does every name that is not upper case.
    """
    for number, column, joined in _joined(content):
        text = COMMENT.sub("", joined).strip()
        if text:
            variables = tuple((name, environ[name]) for name in VARIABLE.findall(text) if environ.get(name))
            expanded = text
            for name, value in variables:
                expanded = expanded.replace(f"${{{name}}}", value)
            yield LogicalLine(number, column, redacted(text), expanded, variables)


def _joined(content: str) -> Iterator[tuple[int, int, str]]:
    """Line number, column and text, with lines that end in a backslash joined to what follows."""
    parts: list[str] = []
    number = column = 1
    for current, line in enumerate(content.splitlines(), start=1):
        if not parts:
            number, column = current, len(line) - len(line.lstrip()) + 1
        is_comment = COMMENT.match(line)
        if line.endswith("\\") and not is_comment:
            # pip strips backslashes from both ends, not only the one that continues the line.
            parts.append(line.strip("\\"))
            continue
        # The blank keeps a comment that ends a continued line from becoming part of it.
        parts.append(f" {line}" if is_comment else line)
        yield number, column, "".join(parts)
        parts = []
    if parts:
        yield number, column, "".join(parts)


def redacted(text: str) -> str:
    """A text without the credentials of the URLs in it."""
    return USER_AND_PASSWORD.sub(lambda found: found[0] if HARMLESS.fullmatch(found[1]) else "//****@", text)
