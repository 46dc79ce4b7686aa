"""Which requirement lines allow one version only."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_deploycheck.sources.requirements import read_requirements

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("line", "is_pinned"),
    [
        ("demo==1.0", True),
        ("demo[extra] == 1.0 ; python_version > '3'", True),
        ("demo===1.0", True),
        ("demo==1.0,>=0.9", True),
        ("demo==1.*", False),
        ("demo~=1.0", False),
        ("demo>=1,<=1", False),
        ("demo", False),
        ("https://example.org/demo-1.0.tar.gz", True),
        ("demo @ https://example.org/demo-1.0-py3-none-any.whl", True),
        (f"demo @ git+https://example.org/demo.git@{COMMIT}", True),
        (f"git+ssh://git@example.org/demo.git@{COMMIT}#egg=demo", True),
        ("demo @ git+https://example.org/demo.git@v1.0", False),
        ("demo @ git+https://example.org/demo.git", False),
        (f"demo @ git+https://example.org/{COMMIT}.git", False),
        ("./folder", True),
        ("-e ./folder", True),
        ("-e git+https://example.org/demo.git#egg=demo", False),
    ],
)
def test_a_line_is_pinned_where_next_week_brings_no_other_version(tmp_path: Path, line: str, is_pinned: bool) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "pyproject.toml").write_text("[project]\nname = 'demo'\n")
    (tmp_path / "requirements.txt").write_text(f"{line}\n")
    read = read_requirements(tmp_path / "requirements.txt", tmp_path, {})
    assert read.problems == ()
    assert [each.is_pinned for each in read.lines] == [is_pinned]
