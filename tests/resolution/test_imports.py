"""What it takes to speak HTTP is there once something is asked over HTTP, and not before."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from index_server import Index, wheel

UNASKED = """\
import json
import sys
before = set(sys.modules)
from pytest_deploycheck.resolution.http.transport import Transport, redacted
transport = Transport(timeout=5, cert="/nowhere.pem", proxy="", trusted_hosts=["example.org"])
bare = transport.without_credentials("https://user:secret@example.org/simple/")
transport.trust(["example.com:8080"])
assert transport.is_secure("http://example.com:8080/") and redacted(bare) == "https://example.org/simple/"
"""
LOADED = """
print(json.dumps(sorted(set(sys.modules) - before)))
transport.close()
"""
HTTP = {"certifi", "http.client", "requests", "ssl", "urllib3"}


def loaded(code: str, folder: Path) -> set[str]:
    run = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    return set(json.loads(run.stdout))


def test_without_a_request_nothing_of_http_is_imported(tmp_path: Path) -> None:
    modules = loaded(UNASKED + LOADED, tmp_path)
    assert "pytest_deploycheck.resolution.http.transport" in modules
    assert modules.isdisjoint(HTTP)


def test_with_the_first_request_all_of_it_is(tmp_path: Path) -> None:
    with Index() as index:
        index.add(wheel("demo", "1.0"))
        modules = loaded(f"{UNASKED}assert transport.get('{index.url}demo/').status == 200{LOADED}", tmp_path)
    assert modules >= HTTP


def test_what_requests_warns_of_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "chardet.py").write_text("__version__ = '99.0'\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    with Index() as index:
        index.add(wheel("demo", "1.0"))
        loaded(f"{UNASKED}assert transport.get('{index.url}demo/').status == 200{LOADED}", tmp_path)
