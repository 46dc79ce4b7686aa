"""The options of a requirements file: which there are, and what they add up to.

https://pip.pypa.io/en/stable/reference/requirements-file-format/#supported-options, and as pip 26.3 reads them.
"""

from __future__ import annotations

import optparse
import os
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NoReturn
from urllib.parse import urlsplit

from packaging.utils import canonicalize_name

ALL, NONE = ":all:", ":none:"

# Spellings of each option that takes a value, by the name of what it sets.
VALUED = {
    "index_url": ("-i", "--index-url", "--pypi-url"),
    "extra_index_url": ("--extra-index-url",),
    "constraint": ("-c", "--constraint"),
    "requirement": ("-r", "--requirement"),
    "editable": ("-e", "--editable"),
    "find_links": ("-f", "--find-links"),
    "no_binary": ("--no-binary",),
    "only_binary": ("--only-binary",),
    "all_releases": ("--all-releases",),
    "only_final": ("--only-final",),
    "trusted_host": ("--trusted-host",),
    "hash": ("--hash",),
    "config_settings": ("-C", "--config-settings"),
}
FLAGS = {
    "no_index": "--no-index",
    "prefer_binary": "--prefer-binary",
    "require_hashes": "--require-hashes",
    "no_require_hashes": "--no-require-hashes",
    "pre": "--pre",
}
# pip 26.3, cmdoptions.py, use_new_feature
FEATURES = (
    "fast-deps",
    "inprocess-build-deps",
    "venv-isolation",
    "truststore",
    "no-binary-enable-wheel-cache",
    "build-constraint",
)
# pip 26.3, utils/hashes.py, STRONG_HASHES: the digest's length in hexadecimal digits.
HASHES = {"sha256": 64, "sha384": 96, "sha512": 128}

# pip applies these while it parses a line, so they hold whatever else stands there; the others only on their own line.
CONTROLS = frozenset({"no_binary", "only_binary", "all_releases", "only_final"})
OF_A_REQUIREMENT = frozenset({"hash", "config_settings"})
# Of these, pip uses the first on a line and drops the rest.
FIRST_ONLY = frozenset({"requirement", "constraint", "editable", "find_links"})


class BadOptions(ValueError):
    """Options that pip refuses: the message says what was expected."""


@dataclass(frozen=True)
class Said:
    """One option as it stands in a line.

    :param sets: what it sets, a key of :data:`VALUED` or :data:`FLAGS`, or ``use_feature``
    :param option: its spelling, an abbreviation completed
    :param value: empty for a flag
    """

    sets: str
    option: str
    value: str = ""

    def __str__(self) -> str:
        return f"{self.option} {self.value}".rstrip()


@dataclass(frozen=True)
class LineOptions:
    """The options of one line.

    :param said: in their order
    :param leftover: the words that belong to no option; pip drops them without a word
    """

    said: tuple[Said, ...] = ()
    leftover: tuple[str, ...] = ()

    def values(self, *sets: str) -> tuple[str, ...]:
        """What the options of these names say, in order."""
        return tuple(each.value for each in self.said if each.sets in sets)

    def says(self, sets: str) -> bool:
        """Whether there is such an option."""
        return any(each.sets == sets for each in self.said)

    def without_effect(self, effective: frozenset[str]) -> Iterator[str]:
        """What pip ignores on a line where only some options count."""
        first: set[str] = set()
        for each in self.said:
            if each.sets not in effective or (each.sets in FIRST_ONLY and each.sets in first):
                yield str(each)
            first.add(each.sets)
        if self.leftover:
            yield " ".join(self.leftover)


def requirement_and_options(line: str) -> tuple[str, LineOptions]:
    """Split a line where the first word begins with ``-``: what stands before, and the options from there on.

    Words are separated by blanks only, not by tabs, as pip has it; a tab before ``--hash`` is therefore an error.

    :raises BadOptions: pip refuses the options
    """
    words = line.split(" ")
    start = next((at for at, word in enumerate(words) if word.startswith("-")), len(words))
    options = _options(" ".join(words[start:])) if start < len(words) else LineOptions()
    return " ".join(words[:start]), options


def _options(text: str) -> LineOptions:
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise BadOptions(f"the options cannot be split into words ({error}): close the quote") from None
    parser = _parser()
    _, leftover = parser.parse_args(words)
    return LineOptions(tuple(parser.said), tuple(leftover))


class _Parser(optparse.OptionParser):
    """optparse, as in pip: so unambiguous abbreviations, ``--option=value`` and ``-rfile`` are understood alike."""

    def __init__(self) -> None:
        super().__init__(add_help_option=False)
        self.said: list[Said] = []

    def error(self, msg: str) -> NoReturn:
        """Raise, where optparse would print and exit."""
        unknown = msg.removeprefix("no such option: ")
        if unknown == msg:
            raise BadOptions(msg)
        raise BadOptions(f"pip takes no {unknown} in a requirements file: delete it, or give it on pip's command line")

    def heard(self, option: optparse.Option, spelling: str, value: str | None, _: object) -> None:
        """Note an option, in the order of the line."""
        assert option.dest is not None
        said = Said(option.dest, spelling, value or "")
        _check(said)
        self.said.append(said)


def _parser() -> _Parser:
    parser = _Parser()
    for sets, spellings in VALUED.items():
        parser.add_option(*spellings, dest=sets, action="callback", callback=parser.heard, type="string")
    for sets, spelling in FLAGS.items():
        parser.add_option(spelling, dest=sets, action="callback", callback=parser.heard)
    choices = list(FEATURES)
    parser.add_option(
        "--use-feature", dest="use_feature", action="callback", callback=parser.heard, type="choice", choices=choices
    )
    return parser


def _check(said: Said) -> None:
    if said.sets == "hash":
        algorithm, colon, _ = said.value.partition(":")
        if not colon or algorithm not in HASHES:
            raise BadOptions(f"{said.option} takes ALGORITHM:DIGEST, with {', '.join(HASHES)} as ALGORITHM")
    elif said.sets == "config_settings" and "=" not in said.value:
        raise BadOptions(f"{said.option} takes KEY=VALUE")
    elif said.sets in CONTROLS and said.value.startswith("-"):
        raise BadOptions(f"{said.option} takes project names, {ALL} or {NONE}, not {said.value}")


@dataclass(frozen=True)
class FormatControl:
    """Which kinds of distributions ``--no-binary`` and ``--only-binary`` leave.

    :param no_binary: canonical project names, or ``:all:``
    :param only_binary: likewise
    """

    no_binary: frozenset[str] = frozenset()
    only_binary: frozenset[str] = frozenset()

    def allowed(self, name: str) -> frozenset[str]:
        """Of a project: ``binary`` (wheels), ``source`` (sdists) or both; its own name counts more than ``:all:``."""
        name = canonicalize_name(name)
        for key in (name, ALL):
            if key in self.only_binary:
                return frozenset({"binary"})
            if key in self.no_binary:
                return frozenset({"source"})
        return frozenset({"binary", "source"})

    def said(self, option: str, value: str) -> FormatControl:
        """With ``no_binary`` or ``only_binary`` said on top."""
        if option == "no_binary":
            return FormatControl(*_exclusive(value, self.no_binary, self.only_binary))
        only_binary, no_binary = _exclusive(value, self.only_binary, self.no_binary)
        return FormatControl(no_binary, only_binary)


@dataclass(frozen=True)
class ReleaseControl:
    """Which projects may have pre-releases: ``--pre``, ``--all-releases`` and ``--only-final``.

    :param all_releases: canonical project names, or ``:all:``
    :param only_final: likewise
    """

    all_releases: frozenset[str] = frozenset()
    only_final: frozenset[str] = frozenset()

    def allows_prereleases(self, name: str) -> bool | None:
        """Of a project; None where nothing is said, so PEP 440's default holds."""
        name = canonicalize_name(name)
        for key in (name, ALL):
            if key in self.all_releases:
                return True
            if key in self.only_final:
                return False
        return None

    def said(self, option: str, value: str) -> ReleaseControl:
        """With ``all_releases`` or ``only_final`` said on top."""
        if option == "all_releases":
            return ReleaseControl(*_exclusive(value, self.all_releases, self.only_final))
        only_final, all_releases = _exclusive(value, self.only_final, self.all_releases)
        return ReleaseControl(all_releases, only_final)


def _exclusive(value: str, target: frozenset[str], other: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Add names to one of two sets that exclude each other: ``:all:`` empties both first, ``:none:`` only that one."""
    names = value.split(",")
    if ALL in names:
        names = names[len(names) - names[::-1].index(ALL) :]
        target, other = frozenset({ALL}), frozenset()
        if NONE not in names:
            # Names after :all: are covered by it; pip does not keep them.
            return target, other
    for name in names:
        if name == NONE:
            target = frozenset()
        else:
            target |= {canonicalize_name(name)}
            other -= {canonicalize_name(name)}
    return target, other


@dataclass(frozen=True)
class IndexOptions:
    """What the option lines say, each on top of those before it.

    :param index_url: None where not said, so the configured one holds
    :param extra_index_urls: those said after the last ``--index-url``
    :param no_index: no index at all from there on; later index options are ignored
    :param find_links: an existing path relative to the file that names it is absolute here; else as written
    :param pre: ``--pre`` was said; :attr:`release_control` holds what follows
    """

    index_url: str | None = field(default=None, repr=False)  # It may hold credentials, as may the next two.
    extra_index_urls: tuple[str, ...] = field(default=(), repr=False)
    no_index: bool = False
    find_links: tuple[str, ...] = field(default=(), repr=False)
    format_control: FormatControl = FormatControl()
    release_control: ReleaseControl = ReleaseControl()
    prefer_binary: bool = False
    pre: bool = False
    require_hashes: bool = False
    no_require_hashes: bool = False
    trusted_hosts: tuple[str, ...] = ()
    features: tuple[str, ...] = ()

    def checks_hashes(self, any_has_one: bool) -> bool:
        """Whether every distribution needs a hash: asked for, or because something that is asked for has one.

        https://pip.pypa.io/en/stable/topics/secure-installs/#hash-checking-mode
        """
        return self.require_hashes or (any_has_one and not self.no_require_hashes)

    def index_urls(self, configured: Sequence[str]) -> tuple[str, ...]:
        """The indexes in pip's order.

        :param configured: what the command line and pip's configuration say, ``--extra-index-url`` included. A file's
            ``--index-url`` replaces them all, not only the first.
        """
        if self.no_index:
            return ()
        first = tuple(configured) if self.index_url is None else (self.index_url,)
        return first + self.extra_index_urls

    def with_controls(self, options: LineOptions) -> IndexOptions:
        """After a line of any kind: the options that hold wherever they stand."""
        formats, releases = self.format_control, self.release_control
        for each in options.said:
            if each.sets in ("no_binary", "only_binary"):
                formats = formats.said(each.sets, each.value)
            elif each.sets in ("all_releases", "only_final"):
                releases = releases.said(each.sets, each.value)
        return replace(self, format_control=formats, release_control=releases)

    def with_line(self, options: LineOptions, directory: str) -> IndexOptions:
        """After a line of options only.

        :param directory: of the requirements file, which ``--find-links`` is looked for in
        :raises BadOptions: a value that pip refuses
        """
        for host in options.values("trusted_host"):
            _check_host(host)
        result = replace(
            self._with_indexes(options),
            find_links=self.find_links + _find_links(options, directory),
            prefer_binary=self.prefer_binary or options.says("prefer_binary"),
            require_hashes=self.require_hashes or options.says("require_hashes"),
            no_require_hashes=self.no_require_hashes or options.says("no_require_hashes"),
            trusted_hosts=self.trusted_hosts + options.values("trusted_host"),
            features=tuple(dict.fromkeys(self.features + options.values("use_feature"))),
        )
        if result.require_hashes and result.no_require_hashes:
            raise BadOptions("--require-hashes and --no-require-hashes exclude each other: keep one of them")
        return result._with_pre() if options.says("pre") else result

    def _with_indexes(self, options: LineOptions) -> IndexOptions:
        if self.no_index or options.says("no_index"):
            return replace(self, no_index=True, index_url=None, extra_index_urls=())
        urls = [url for url in options.values("index_url")[-1:] if url]
        before = () if urls else self.extra_index_urls
        index_url = urls[0] if urls else self.index_url
        return replace(self, index_url=index_url, extra_index_urls=before + options.values("extra_index_url"))

    def _with_pre(self) -> IndexOptions:
        releases = replace(self.release_control, all_releases=self.release_control.all_releases | {ALL})
        return replace(self, pre=True, release_control=releases)


def _find_links(options: LineOptions, directory: str) -> tuple[str, ...]:
    first = options.values("find_links")[:1]
    paths = (os.path.join(directory, value) for value in first)
    return tuple(path if os.path.exists(path) else value for path, value in zip(paths, first, strict=True))


def _check_host(host: str) -> None:
    bare_ipv6 = host.count(":") > 1 and "@" not in host and "[" not in host
    try:
        parts = urlsplit(f"https://[{host}]" if bare_ipv6 else f"https://{host}")
        valid = parts.hostname is not None and (parts.port is None or parts.port >= 0)
    except ValueError:
        valid = False
    if not valid:
        raise BadOptions(f"--trusted-host takes HOST or HOST:PORT, not '{host}'")
