"""What commands ask of a ``pylock.toml``, and how one is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_deploycheck.location import Location
from pytest_deploycheck.sources.installation import Installation, Variable, read_installation
from pytest_deploycheck.sources.installs import read_installs
from pytest_deploycheck.sources.locks.pylock import read_pylock
from pytest_deploycheck.sources.locks.tables import BadFile
from pytest_deploycheck.sources.pylock_names import NamedPylock, is_pylock
from pytest_deploycheck.sources.shell.reading import read_commands
from pytest_deploycheck.sources.shell.text import text_of_file

HEAD = 'lock-version = "1.0"\ncreated-by = "hand"\n'
HASH = f'hashes = {{ sha256 = "{"0" * 64}" }}'
WHEEL = f'{{ path = "wheels/plain-1.0-py3-none-any.whl", {HASH} }}'
PLAIN = f'[[packages]]\nname = "plain"\nversion = "1.0"\nwheels = [{WHEEL}]\n'


def installation(root: Path, command: str, *variables: Variable) -> Installation:
    commands = read_commands(text_of_file("build.sh", command), ".", root, "/checkout", {})
    return read_installation(read_installs(commands).installs[0], variables, root, {})


def asked(root: Path, command: str) -> list[tuple[str, set[str], set[str], bool]]:
    """Path, extras, groups, and whether default groups are among them, of each lock."""
    named = installation(root, command).install.named_pylocks
    return [(each.path, set(each.extras), set(each.groups), each.has_default_groups) for each in named]


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("pylock.toml", True),
        ("locks/pylock.web-1.toml[a,b]", True),
        ("./pylock.toml", True),
        ("pylock.a.b.toml", False),
        ("my-pylock.toml", False),
        ("pylock.toml.txt", False),
        ("Pylock.toml", False),
    ],
)
def test_a_lock_is_known_by_its_name(text: str, is_one: bool) -> None:
    assert is_pylock(text) is is_one


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("pip install -r pylock.toml", [("pylock.toml", set(), set(), True)]),
        ("pip install -r 'pylock.toml[Mail_er,b]'", [("pylock.toml", {"mail-er", "b"}, set(), True)]),
        (
            "pip install -r 'pylock.toml[a]' -r ./pylock.toml[b] --group pylock.toml:Docs",
            [("pylock.toml", {"a", "b"}, {"docs"}, True)],
        ),
        ("pip install --group=a/pylock.x.toml:docs", [("a/pylock.x.toml", set(), {"docs"}, False)]),
        ("pip install --group docs -r requirements.txt", []),
        ("uv pip install -r pylock.toml --extra a --extra b", [("pylock.toml", {"a", "b"}, set(), True)]),
        ("uv pip sync pylock.toml --group docs", [("pylock.toml", set(), {"docs"}, False)]),
        ("cd a && pip install -r pylock.toml", [("a/pylock.toml", set(), set(), True)]),
        ("pip install -r https://example.org/pylock.toml", []),
    ],
)
def test_extras_and_groups_are_read_as_the_installer_does(
    tmp_path: Path, command: str, expected: list[tuple[str, set[str], set[str], bool]]
) -> None:
    (tmp_path / "a").mkdir()
    assert asked(tmp_path, command) == expected


@pytest.mark.parametrize(
    ("command", "unknown"),
    [
        ("pip install -r https://example.org/pylock.toml", ("the file https://example.org/pylock.toml",)),
        ("pip install -r pylock.toml --group docs", ("the requirement docs",)),
        ("uv pip install -r pylock.toml --group docs", ()),
        ("pip install -r pylock.toml --group pylock.toml:docs", ()),
        ("pip install -r $LOCK/pylock.toml", ("the file $LOCK/pylock.toml",)),
    ],
)
def test_what_cannot_be_known_is_said(tmp_path: Path, command: str, unknown: tuple[str, ...]) -> None:
    (tmp_path / "pylock.toml").write_text(HEAD + PLAIN)
    assert installation(tmp_path, command).unknown == unknown


def test_a_lock_in_a_variable_is_not_taken_for_requirements(tmp_path: Path) -> None:
    (tmp_path / "pylock.toml").write_text(HEAD + PLAIN)
    told = Variable("PIP_REQUIREMENT", "pylock.toml", Location("render.yaml", 3))
    assert installation(tmp_path, "pip install plain", told).unknown == (
        "the lock in the variable PIP_REQUIREMENT: name it in the command",
    )


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("uv pip install -r pylock.toml flask", "uv takes no requirements beside a pylock.toml"),
        ("uv pip install -r pylock.toml -r requirements.txt", "uv takes no requirements beside a pylock.toml"),
        ("uv pip install -r pylock.toml -c constraints.txt", "uv takes no constraints beside a pylock.toml"),
        ("uv pip install -r pylock.toml -r pylock.b.toml", "uv takes no other lock beside a pylock.toml"),
    ],
)
def test_what_uv_refuses_beside_a_lock(tmp_path: Path, command: str, expected: str) -> None:
    for name in ("pylock.toml", "pylock.b.toml"):
        (tmp_path / name).write_text(HEAD + PLAIN)
    file = installation(tmp_path, command).file
    assert file is not None
    (problem,) = file.problems
    assert problem.expected == f"{expected}: give them to a command of their own"
    assert problem.refused


def test_files_lie_where_the_lock_says(tmp_path: Path) -> None:
    folder = tmp_path / "locks"
    folder.mkdir()
    packages = (
        PLAIN
        + '[[packages]]\nname = "zipped"\n'
        + f'archive = {{ url = "https://example.org/z.zip", {HASH}, subdirectory = "a" }}\n'
        + '[[packages]]\nname = "own"\ndirectory = { path = "../own", editable = true }\n'
        + '[[packages]]\nname = "cloned"\nvcs = { type = "git", url = "https://example.org/c", commit-id = "abc" }\n'
    )
    (folder / "pylock.toml").write_text(HEAD + packages)
    lock = read_pylock(NamedPylock("locks/pylock.toml", Location("build.sh")), tmp_path, "pip").lock
    assert lock.packages[0].files[0].url == (folder / "wheels/plain-1.0-py3-none-any.whl").as_uri()
    assert [each.link for each in lock.packages] == [
        "",
        "https://example.org/z.zip#subdirectory=a",
        f"{(tmp_path / 'own').as_uri()}/",
        "git+https://example.org/c@abc",
    ]


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ('created-by = "hand"\npackages = []\n', 1, "Missing required value in 'lock-version'"),
        ('created-by = "hand"\nlock-version = "2.0"\npackages = []\n', 2, "pip knows version 1 of the format"),
        (HEAD + PLAIN + '[[packages]]\nname = "b"\nversion = "x"\n', 7, "packages[1].version"),
        (HEAD + PLAIN + PLAIN.replace("plain-1.0", "plain-2.0"), 7, "packages[1].wheels[0]"),
    ],
)
def test_what_is_wrong_is_told_at_its_place(tmp_path: Path, text: str, line: int, expected: str) -> None:
    (tmp_path / "pylock.toml").write_text(text)
    with pytest.raises(BadFile) as caught:
        read_pylock(NamedPylock("pylock.toml", Location("build.sh")), tmp_path, "pip")
    assert expected in str(caught.value)
    assert caught.value.location.line == line


def test_an_extra_that_the_lock_does_not_declare_is_worth_a_word(tmp_path: Path) -> None:
    (tmp_path / "pylock.toml").write_text(HEAD + PLAIN)
    file = installation(tmp_path, "pip install -r pylock.toml[mail] --group pylock.toml:docs").file
    assert file is not None
    assert not file.problems
    assert [each.text for each in file.warnings] == ["the extra mail", "the group docs"]
