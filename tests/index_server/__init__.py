"""A package index for tests: a real HTTP server over generated or recorded distributions.

    with Index(Switches(ranges="ignored")) as index:
        index.add(wheel("demo", "1.0", requires_dist=["other>=2"]))
        index.add(sdist("other", "2.0", files={"src/other.c": ""}))
        ...  # PIP_INDEX_URL=index.url
        assert index.requested("/files/*") == []

What is served are real wheels and sdists, which real pip installs. Nothing of the package under test is imported here,
so that the index cannot share its mistakes.
"""

from __future__ import annotations

from index_server.distributions import Distribution, sdist, wheel
from index_server.recording import recorded
from index_server.server import Index, Request
from index_server.site import Project
from index_server.switches import Fault, Switches

__all__ = ["Distribution", "Fault", "Index", "Project", "Request", "Switches", "recorded", "sdist", "wheel"]
