"""The index that pip is configured with on this machine: its environment variables and its configuration files."""

from __future__ import annotations

import configparser
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from platformdirs import site_config_path, user_config_path

PYPI = "https://pypi.org/simple"


@dataclass(frozen=True)
class PipConfiguration:
    """What of pip's configuration concerns a resolution.

    :param cert: a bundle of certificate authorities
    :param client_cert: a file that holds a client's certificate and key
    """

    index_url: str = PYPI
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    no_index: bool = False
    trusted_hosts: tuple[str, ...] = ()
    cert: str | None = None
    client_cert: str | None = None
    proxy: str | None = None


def pip_configuration(environ: Mapping[str, str]) -> PipConfiguration:
    """Read pip's settings as pip does: files first, ``[install]`` over ``[global]``, then the environment.

    https://pip.pypa.io/en/stable/topics/configuration/

    :raises ValueError: a configuration file cannot be parsed; the message names it
    """
    values = dict(_from_files(environ))
    for name, value in environ.items():
        if name.startswith("PIP_") and value:
            values[name[4:].lower().replace("_", "-")] = value
    return PipConfiguration(
        index_url=values.get("index-url") or values.get("pypi-url") or PYPI,
        extra_index_urls=tuple(values.get("extra-index-url", "").split()),
        find_links=tuple(values.get("find-links", "").split()),
        no_index=values.get("no-index", "").lower() in ("1", "true", "yes", "on", "y", "t"),
        trusted_hosts=tuple(values.get("trusted-host", "").split()),
        cert=values.get("cert"),
        client_cert=values.get("client-cert"),
        proxy=values.get("proxy"),
    )


def _from_files(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    parsers = [_parse(path) for path in _files(environ) if path.is_file()]
    for section in ("global", "install"):
        for parser in parsers:
            if parser.has_section(section):
                for name, value in parser.items(section):
                    yield name.replace("_", "-"), value


def _files(environ: Mapping[str, str]) -> Iterator[Path]:
    """pip's files, the weakest first."""
    chosen = environ.get("PIP_CONFIG_FILE")
    if chosen == os.devnull:
        return
    name = "pip.ini" if sys.platform == "win32" else "pip.conf"
    yield site_config_path("pip", appauthor=False) / name
    if sys.platform not in ("win32", "darwin"):
        yield Path("/etc") / name
    yield Path.home() / ("pip" if sys.platform == "win32" else ".pip") / name
    yield user_config_path("pip", appauthor=False, roaming=True) / name
    yield Path(sys.prefix) / name
    if chosen:
        yield Path(chosen)


def _parse(path: Path) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(path.read_text(encoding="utf-8"), source=str(path))
    except (configparser.Error, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: pip's configuration cannot be parsed: {error}") from error
    except OSError:
        pass
    return parser
