"""An install command, read with its options, variables and files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from pytest_deploycheck.location import Location
from pytest_deploycheck.sources.installation import Installation, Variable, read_installation
from pytest_deploycheck.sources.installs import read_installs
from pytest_deploycheck.sources.requirements import RequirementsFile
from pytest_deploycheck.sources.shell.reading import read_commands
from pytest_deploycheck.sources.shell.text import text_of_file

FILES = {
    "base.txt": "flask==3.0.0\n",
    "more.txt": "--extra-index-url https://more/simple\nnumpy\n",
    "limits.txt": "flask<4\n",
    "tokens.txt": "--index-url https://${TOKEN}@host/simple\nx\n",
}


def installation(
    command: str,
    root: Path,
    variables: Mapping[str, str | None] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Installation:
    for path, content in FILES.items():
        (root / path).write_text(content)
    values = variables or {}
    commands = read_commands(text_of_file("render.yaml", command), ".", root, "/checkout", values)
    *_, install = read_installs(commands).installs
    given = [Variable(name, value, Location("render.yaml", 9)) for name, value in values.items()]
    given += [Variable(name, value, install.location) for name, value in install.command.environment.items()]
    return read_installation(install, given, root, environ or {})


def file(command: str, root: Path, variables: Mapping[str, str | None] | None = None) -> RequirementsFile:
    found = installation(command, root, variables).file
    assert found is not None
    assert found.problems == ()
    return found


def shown(found: RequirementsFile) -> list[str]:
    return [f"{line.location}:{line.location.column} {line.text}" for line in found.lines]


def test_files_and_projects_are_installed_together(tmp_path: Path) -> None:
    found = file("pip install gunicorn -r base.txt -r more.txt -c limits.txt", tmp_path)
    assert shown(found) == ["render.yaml:1:13 gunicorn", "base.txt:1:1 flask==3.0.0", "more.txt:2:1 numpy"]
    assert [line.text for line in found.constraints] == ["flask<4"]
    assert (found.path, found.options.extra_index_urls) == ("base.txt", ("https://more/simple",))


def test_projects_alone_are_named_after_where_they_stand(tmp_path: Path) -> None:
    found = file("pip install 'flask>=3' uvicorn[standard]", tmp_path)
    assert (found.path, shown(found)) == (
        "render.yaml",
        ["render.yaml:1:13 'flask>=3'", "render.yaml:1:24 uvicorn[standard]"],
    )
    assert [str(line.requirement) for line in found.lines] == ["flask>=3", "uvicorn[standard]"]


@pytest.mark.parametrize(
    ("command", "variables"),
    [
        ("pip install --extra-index-url https://two/s --index-url=https://one/s -r base.txt", {}),
        ("PIP_INDEX_URL=https://one/s pip install --extra-index-url https://two/s -r base.txt", {}),
        ("export PIP_EXTRA_INDEX_URL=https://two/s\npip install -i https://one/s -r base.txt", {}),
        ("pip install -r base.txt", {"PIP_INDEX_URL": "https://one/s", "PIP_EXTRA_INDEX_URL": "https://two/s"}),
        ("pip install -r base.txt -i https://$HOST/s --extra-index-url https://two/s", {"HOST": "one"}),
        ("uv pip install -r base.txt --default-index https://one/s --index https://two/s", {}),
        ("uv pip install -r base.txt", {"UV_DEFAULT_INDEX": "https://one/s", "UV_INDEX": "https://two/s"}),
    ],
)
def test_indexes_of_options_and_variables(command: str, variables: dict[str, str | None], tmp_path: Path) -> None:
    assert file(command, tmp_path, variables).options.index_urls(["https://else/s"]) == (
        "https://one/s",
        "https://two/s",
    )


def test_an_index_of_the_file_goes_before_that_of_the_command(tmp_path: Path) -> None:
    found = file("pip install -i https://one/s -r tokens.txt", tmp_path, {"TOKEN": "secret-token"})
    assert found.options.index_urls(()) == ("https://secret-token@host/simple",)


@pytest.mark.parametrize(
    "command",
    [
        "pip install --pre -r base.txt",
        "PIP_PRE=1 pip install -r base.txt",
        "uv pip install --prerelease allow -r base.txt",
    ],
)
def test_pre_releases(command: str, tmp_path: Path) -> None:
    assert file(command, tmp_path).options.pre


def test_a_flag_that_a_variable_turns_off(tmp_path: Path) -> None:
    assert not file("PIP_PRE=0 pip install -r base.txt", tmp_path).options.pre


@pytest.mark.parametrize(
    ("command", "variables"),
    [
        ("pip install --only-binary=:all: --no-binary numpy -r base.txt", {}),
        ("pip install --no-binary numpy -r base.txt", {"PIP_ONLY_BINARY": ":all:"}),
    ],
)
def test_formats(command: str, variables: dict[str, str | None], tmp_path: Path) -> None:
    formats = file(command, tmp_path, variables).options.format_control
    assert (formats.allowed("flask"), formats.allowed("numpy")) == ({"binary"}, {"source"})


def test_a_constraint_by_a_variable(tmp_path: Path) -> None:
    assert [line.text for line in file("PIP_CONSTRAINT=limits.txt pip install flask", tmp_path).constraints] == [
        "flask<4"
    ]


@pytest.mark.parametrize(
    ("command", "variables", "unknown"),
    [
        ("pip install -r base.txt -i $INDEX", {}, ("the option -i $INDEX",)),
        ("pip install -r base.txt", {"PIP_INDEX_URL": None}, ("the variable PIP_INDEX_URL",)),
        ("pip install -r base.txt $MORE", {}, ("the requirement $MORE",)),
        ("pip install -r https://host/r.txt", {}, ("the file https://host/r.txt",)),
        ("pip install --group dev x", {}, ("the requirement dev",)),
    ],
)
def test_what_is_not_known(
    command: str, variables: dict[str, str | None], unknown: tuple[str, ...], tmp_path: Path
) -> None:
    assert installation(command, tmp_path, variables).unknown == unknown


def test_a_token_that_this_machine_has_is_used_for_an_index(tmp_path: Path) -> None:
    found = installation("pip install -r base.txt -i https://$TOKEN@host/s", tmp_path, environ={"TOKEN": "abcdef"})
    assert found.file is not None
    assert (found.unknown, found.file.options.index_url) == ((), "https://abcdef@host/s")


def test_no_value_of_a_variable_is_shown(tmp_path: Path) -> None:
    found = installation("pip install 'x @ $URL'", tmp_path, {"URL": "no-url-but-a-secret"}).file
    assert found is not None
    assert "no-url-but-a-secret" not in f"{found.problems}{[line.text for line in found.lines]}"


def test_a_file_that_is_missing_is_left_to_the_check_of_the_command(tmp_path: Path) -> None:
    found = installation("pip install -r gone.txt", tmp_path)
    assert (found.file, found.unknown) == (None, ())


def test_which_variables_decide_is_known(tmp_path: Path) -> None:
    assert installation("pip install -r tokens.txt", tmp_path, {"TOKEN": "abcdef", "X": "1"}).looked_up == {
        "TOKEN": "abcdef"
    }
    assert installation("pip install -r base.txt", tmp_path, {"X": "1"}).looked_up == {}


@pytest.mark.parametrize(
    ("command", "variables", "is_told"),
    [
        ("pip install --no-deps -r base.txt", {}, True),
        ("uv pip install --no-deps flask", {}, True),
        ("pip install -r base.txt", {"PIP_NO_DEPS": "1"}, True),
        ("uv pip install -r base.txt", {"PIP_NO_DEPS": "1"}, False),
        ("pip install -r base.txt", {"PIP_NO_DEPS": "off"}, False),
    ],
)
def test_pip_may_be_told_to_install_no_dependencies(
    tmp_path: Path, command: str, variables: dict[str, str | None], is_told: bool
) -> None:
    file = installation(command, tmp_path, variables).file
    assert file is not None
    assert file.without_dependencies is is_told
