"""What commands install."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_deploycheck.sources.installs import Install, Installs, read_installs
from pytest_deploycheck.sources.shell.reading import read_commands
from pytest_deploycheck.sources.shell.text import text_of_file


def read(command: str) -> Installs:
    return read_installs(read_commands(text_of_file("line", command), ".", Path("/nowhere"), "/checkout", {}))


def only(command: str) -> Install:
    (install,) = read(command).installs
    return install


def paths(command: str) -> list[str | None]:
    return [each.path(named) for each in read(command).installs for named in each.requirements]


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ("pip install -r requirements.txt", ["requirements.txt"]),
        ("pip install --upgrade pip && pip install -r requirements.txt", ["requirements.txt"]),
        ("pip3 install -rrequirements.txt", ["requirements.txt"]),
        ("pip3.12 install --requirement=a.txt --requirement b.txt", ["a.txt", "b.txt"]),
        ("python -m pip install -r a.txt; python3 -m pip install -r b.txt", ["a.txt", "b.txt"]),
        (".venv/bin/pip --quiet install -r a.txt", ["a.txt"]),
        ("cd app\npip install -r a.txt", ["app/a.txt"]),
        ("(cd app; pip install -r a.txt); pip install -r b.txt", ["app/a.txt", "b.txt"]),
        ("cd app; cd ../lib\npip install -r ../a.txt", ["a.txt"]),
        ("if [ -f a.txt ]; then pip install -r a.txt; fi", ["a.txt"]),
        ("pip install -r 'my file.txt' -r \"b.txt\"", ["my file.txt", "b.txt"]),
        ("pip install git+https://host/x.git#egg=x -r a.txt # -r b.txt", ["a.txt"]),
        ("uv pip install --system -r a.txt -p 3.12 -r b.txt", ["a.txt", "b.txt"]),
        ("uv pip install --requirements a.txt", ["a.txt"]),
        ("cat a.txt && pip install -r a.txt", ["a.txt"]),
        ("pip install -r a.txt && pip install -r a.txt", ["a.txt", "a.txt"]),
        ("pip download -r a.txt; echo pip install -r a.txt; pip freeze; pip", []),
        ("npm ci && npm run build", []),
    ],
)
def test_the_requirements_files_that_it_installs(command: str, named: list[str]) -> None:
    assert paths(command) == named


@pytest.mark.parametrize(
    "command",
    [
        "cd $HOME && pip install -r a.txt",
        "cd && pip install -r a.txt",
        "pip install -r https://host/a.txt",
        "pip install -r /dev/stdin",
        "pip install -r $X",
        "pip install -r ../../a.txt",
        "pip-compile -o a.txt && pip install -r a.txt",
        "uv export --output-file=a.txt; pip install -r a.txt",
        "pip freeze > a.txt && pip install -r ./a.txt",
        "cp b.txt a.txt; pip install -r a.txt",
    ],
)
def test_files_of_which_is_not_known_what_they_hold(command: str) -> None:
    assert paths(command) == [None]
    assert [each.unknown for each in read(command).installs] == [tuple(read(command).installs[-1].requirements)]


def test_projects_are_told_from_the_values_of_options() -> None:
    install = only("pip install -c c.txt --target lib -e . gunicorn -i https://x --pre uvicorn[standard]")
    assert [each.text for each in install.projects] == ["gunicorn", "uvicorn[standard]"]
    assert [each.text for each in install.editables] == ["."]
    assert [each.text for each in install.constraints] == ["c.txt"]
    options = [(each.spelling, each.value.text if each.value else None) for each in install.options]
    assert options == [("--target", "lib"), ("-i", "https://x"), ("--pre", None)]


@pytest.mark.parametrize(
    ("command", "tools"),
    [
        ("pip install -U pip setuptools wheel", True),
        ("pip install 'pip>=24' uv==0.5", True),
        ("pip install pip x", False),
        ("pip install -r pip", False),
        ("pip install $X", False),
    ],
)
def test_an_upgrade_of_pip_installs_nothing_of_the_project(command: str, tools: bool) -> None:
    assert only(command).only_upgrades_tools is tools


@pytest.mark.parametrize(
    ("command", "has"),
    [
        ("pip install --no-cache-dir x", True),
        ("pip --no-cache-dir install x", True),
        ("pip install --only-binary=:all: x", False),
        ("pip install x --no-cache-dirs", False),
    ],
)
def test_flags(command: str, has: bool) -> None:
    assert only(command).has_flag("--no-cache-dir") is has


def test_a_flag_with_a_value_is_that_flag_only() -> None:
    install = only("pip install --only-binary=:all: x")
    assert (install.has_flag("--only-binary"), install.has_flag("--only-binary=:none:")) == (True, False)


def test_each_word_knows_where_it_stands() -> None:
    command = "pip install -U pip && \\\n python -m pip install --requirement=a.txt -rb.txt"
    *_, install = read(command).installs
    lines = command.split("\n")
    found = [
        (each.location.line, lines[each.location.line - 1][each.location.column - 1 :]) for each in install.requirements
    ]
    assert found == [(2, "a.txt -rb.txt"), (2, "b.txt")]
    assert (install.location.line, install.location.column) == (2, 12)


@pytest.mark.parametrize(
    ("command", "needs", "lock", "is_locked"),
    [
        ("uv sync --no-dev --frozen", ("pyproject.toml",), "uv.lock", True),
        ("uv sync", ("pyproject.toml",), "uv.lock", False),
        ("poetry install --only main", ("pyproject.toml",), "poetry.lock", False),
        ("pipenv install --deploy --system", (), "Pipfile.lock", True),
        ("conda env create -f environment.yml", (), "", False),
        ("pip-sync", (), "", False),
    ],
)
def test_commands_that_install_what_a_projects_files_say(
    command: str, needs: tuple[str, ...], lock: str, is_locked: bool
) -> None:
    (found,) = read(command).from_projects
    assert (found.needs, found.lock, found.is_locked) == (needs, lock, is_locked)


@pytest.mark.parametrize(
    ("command", "unknown", "impossible"),
    [
        ("just build", ["just build"], []),
        ("poetry build", ["poetry build"], []),
        ("git pull && python manage.py migrate && uv pip freeze", [], []),
        ("apt-get install -y libpq-dev", [], ["apt-get install -y libpq-dev"]),
        ("sudo pip install x", [], ["pip install x"]),
    ],
)
def test_what_else_commands_do(command: str, unknown: list[str], impossible: list[str]) -> None:
    found = read(command)
    assert ([str(each) for each in found.unknown], [str(each) for each in found.impossible]) == (unknown, impossible)
