"""The index that pip is configured with on this machine: its environment variables and its configuration files.

As pip 26.3 reads them (``configuration.py``, ``cli/parser.py``): ``[install]`` goes before ``[global]``, the
environment before both; within a section a later file goes before an earlier one, and an empty value there takes a
value back.

https://pip.pypa.io/en/stable/topics/configuration/
"""

from __future__ import annotations

import configparser
import locale
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from platformdirs import PlatformDirs

PYPI = "https://pypi.org/simple"

_TRUE = frozenset({"y", "yes", "t", "true", "on", "1"})
_FALSE = frozenset({"n", "no", "f", "false", "off", "0"})
_FLAGS = frozenset({"no-index", "no-proxy-env", "no-input"})
_KEYRING_PROVIDERS = ("auto", "disabled", "import", "subprocess")


class InvalidConfiguration(ValueError):
    """pip would stop at its configuration; the message says at what, without values, which may be secret."""


@dataclass(frozen=True)
class PipConfiguration:
    """What of pip's configuration concerns where distributions come from.

    :param cert: a bundle of certificate authorities
    :param client_cert: a file that holds a client's certificate and key
    :param proxy: for all requests; the environment's proxies and bundles then count no longer
    :param no_proxy_env: they do not count in any case
    :param no_input: keyring, which may ask its user something, is not used unless a provider is named
    """

    index_url: str = field(default=PYPI, repr=False)  # These may hold credentials.
    extra_index_urls: tuple[str, ...] = field(default=(), repr=False)
    find_links: tuple[str, ...] = field(default=(), repr=False)
    no_index: bool = False
    trusted_hosts: tuple[str, ...] = ()
    cert: str | None = None
    client_cert: str | None = None
    proxy: str | None = field(default=None, repr=False)
    no_proxy_env: bool = False
    no_input: bool = False
    keyring_provider: str = "auto"

    @property
    def usable_keyring(self) -> str:
        """The keyring provider that pip would use."""
        return "disabled" if self.no_input and self.keyring_provider == "auto" else self.keyring_provider


def pip_configuration(environ: Mapping[str, str]) -> PipConfiguration:
    """Read pip's settings.

    :raises InvalidConfiguration: a file cannot be parsed, or a value is not what pip expects
    """
    values = _values(environ)
    return PipConfiguration(
        index_url=values.get("index-url", PYPI),
        extra_index_urls=tuple(values.get("extra-index-url", "").split()),
        find_links=tuple(map(_expanded, values.get("find-links", "").split())),
        no_index=_is_yes(values.get("no-index")),
        trusted_hosts=tuple(values.get("trusted-host", "").split()),
        cert=_path(values.get("cert")),
        client_cert=_path(values.get("client-cert")),
        proxy=values.get("proxy"),
        no_proxy_env=_is_yes(values.get("no-proxy-env")),
        no_input=_is_yes(values.get("no-input")),
        keyring_provider=values.get("keyring-provider", "auto"),
    )


def _values(environ: Mapping[str, str]) -> dict[str, str]:
    layers: dict[str, dict[str, str]] = {"global": {}, "install": {}, "environment": {}}
    for path in _files(environ):
        parser = _parse(path)
        for section in ("global", "install"):
            if parser.has_section(section):
                layers[section].update(parser.items(section))
    for name, value in environ.items():
        if name.startswith("PIP_"):
            layers["environment"][_key(name[4:])] = value
    values: dict[str, str] = {}
    for layer in layers.values():
        for name, value in layer.items():
            if value:
                _check(name, value)
                # pip knows the same option by two names.
                values["index-url" if name == "pypi-url" else name] = value
    return values


def _check(name: str, value: str) -> None:
    """pip stops at a value that it does not expect, even if another goes before it."""
    if name in _FLAGS and value.lower() not in _TRUE | _FALSE:
        raise InvalidConfiguration(f"pip's {name} is yes or no, true or false, 1 or 0, and nothing else")
    if name == "keyring-provider" and value not in _KEYRING_PROVIDERS:
        raise InvalidConfiguration(f"pip's keyring-provider is one of {', '.join(_KEYRING_PROVIDERS)}")


def _key(name: str) -> str:
    return name.lower().replace("_", "-").removeprefix("--")


def _is_yes(value: str | None) -> bool:
    return value is not None and value.lower() in _TRUE


def _path(value: str | None) -> str | None:
    return None if value is None else os.path.expanduser(value)


def _expanded(link: str) -> str:
    """A link as pip takes it: ``~`` is the home directory where that gives something that is there."""
    expanded = os.path.expanduser(link) if link.startswith("~") else link
    return expanded if os.path.exists(expanded) else link


def _files(environ: Mapping[str, str]) -> Iterator[Path]:
    """pip's files, the weakest first."""
    chosen = environ.get("PIP_CONFIG_FILE")
    if chosen == os.devnull:
        return
    on_windows = platform.system() == "Windows"
    name = "pip.ini" if on_windows else "pip.conf"
    for folder in _site_folders():
        yield folder / name
    if not (chosen and os.path.exists(chosen)):
        yield Path.home() / ("pip" if on_windows else ".pip") / name
        yield _user_folder() / name
    yield Path(sys.prefix) / name
    if chosen:
        yield Path(chosen)


def _site_folders() -> Iterator[Path]:
    folders = PlatformDirs("pip", appauthor=False, multipath=True)
    system = platform.system()
    said = folders.site_data_dir if system == "Darwin" else folders.site_config_dir
    yield from map(Path, [said] if system == "Windows" else said.split(os.pathsep))
    if system not in ("Windows", "Darwin"):
        yield Path("/etc")


def _user_folder() -> Path:
    folders = PlatformDirs("pip", appauthor=False, roaming=True)
    own = Path(folders.user_data_dir)
    if platform.system() == "Darwin":
        # pip's own way there: the Mac's folder if there is one, else that of Linux.
        return own if own.is_dir() else Path.home() / ".config" / "pip"
    return Path(folders.user_config_dir)


class _Parser(configparser.RawConfigParser):
    def optionxform(self, optionstr: str) -> str:
        return _key(optionstr)


def _parse(path: Path) -> configparser.RawConfigParser:
    parser = _Parser()
    encoding = "utf-8" if sys.flags.utf8_mode else locale.getpreferredencoding(False)
    try:
        parser.read(path, encoding=encoding)
    except UnicodeDecodeError:
        raise InvalidConfiguration(f"{path}: pip's configuration is not in {encoding}") from None
    except configparser.Error as error:
        line = getattr(error, "lineno", None) or next((number for number, _ in getattr(error, "errors", ())), None)
        where = f"{path}:{line}" if line else str(path)
        raise InvalidConfiguration(f"{where}: pip's configuration cannot be parsed ({type(error).__name__})") from None
    return parser
