"""Where pip searches for a source: its configuration, changed by the options of the source as pip changes it."""

from __future__ import annotations

import os
from pathlib import Path

from pytest_deploycheck.resolution.http.transport import Transport, redacted
from pytest_deploycheck.resolution.pip_configuration import PipConfiguration
from pytest_deploycheck.resolution.places import Places
from pytest_deploycheck.sources.requirements import IndexOptions


def searched(configured: PipConfiguration, said: IndexOptions, transport: Transport) -> Places:
    """The places, without credentials: these the transport keeps, and the hosts that are trusted.

    :param said: by the source
    """
    urls = said.index_urls(() if configured.no_index else (configured.index_url, *configured.extra_index_urls))
    find_links = (*configured.find_links, *said.find_links)
    transport.trust(said.trusted_hosts)
    bare_urls = dict.fromkeys(transport.without_credentials(_as_url(url)) for url in urls)
    bare_links = dict.fromkeys(transport.without_credentials(link, is_index=False) for link in find_links)
    ignored = {url: reason for url in (*bare_urls, *bare_links) if (reason := _passed_over(url, transport))}
    used, used_links = (tuple(url for url in found if url not in ignored) for found in (bare_urls, bare_links))
    return Places(used, used_links, tuple(ignored.values()))


def _as_url(index: str) -> str:
    """An index as a URL; pip takes a folder too."""
    return Path(index).resolve().as_uri() if "://" not in index and os.path.exists(index) else index


def _passed_over(place: str, transport: Transport) -> str:
    """Why pip does not search a place, as a sentence; empty where it does."""
    if not transport.is_secure(place):
        return f"pip ignores {redacted(place)}: it is not https, and no --trusted-host names it"
    if "://" not in place and not place.startswith("file:") and not os.path.exists(place):
        return f"pip ignores {redacted(place)}: it is no URL, and there is no such file or folder"
    return ""
