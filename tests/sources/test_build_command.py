"""What a build command installs."""

from __future__ import annotations

import pytest

from pytest_deploycheck.sources.build_command import BuildCommand, read_build_command


def files(command: str) -> list[str]:
    return [name for install in read_build_command(command).installs for name in install.requirement_files]


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ("pip install -r requirements.txt", ["requirements.txt"]),
        ("pip install --upgrade pip && pip install -r requirements.txt", ["requirements.txt"]),
        ("pip3 install -rrequirements.txt", ["requirements.txt"]),
        ("pip3.12 install --requirement=a.txt --requirement b.txt", ["a.txt", "b.txt"]),
        ("python -m pip install -r a.txt; python3 -m pip install -r b.txt", ["a.txt", "b.txt"]),
        (".venv/bin/pip --quiet install -r a.txt", ["a.txt"]),
        ("pip install \\\n  --no-cache-dir \\\n  -r a.txt\n", ["a.txt"]),
        ("cd app\npip install -r a.txt", ["a.txt"]),
        ("(cd app; pip install -r a.txt)", ["a.txt"]),
        ("if [ -f a.txt ]; then pip install -r a.txt; fi", ["a.txt"]),
        ("{ time pip install -r a.txt; }", ["a.txt"]),
        ("python -u -m pip install -r a.txt", ["a.txt"]),
        ("pip install -r 'my file.txt' -r \"b.txt\"", ["my file.txt", "b.txt"]),
        ("pip install -r a.txt > log.txt 2>&1", ["a.txt"]),
        ("PIP_NO_CACHE_DIR=1 pip install -r a.txt", ["a.txt"]),
        ("env A=b pip install -r a.txt", ["a.txt"]),
        ("pip install -r a.txt # -r b.txt, it's not needed", ["a.txt"]),
        ("pip install git+https://host/x.git#egg=x -r a.txt", ["a.txt"]),
        ("pip download -r a.txt", []),
        ("echo pip install -r a.txt", []),
        ("pip freeze", []),
        ("pip", []),
        ("npm ci && npm run build", []),
        ("", []),
    ],
)
def test_the_requirements_files_that_it_installs(command: str, named: list[str]) -> None:
    assert files(command) == named


@pytest.mark.parametrize(
    ("command", "paths"),
    [
        ("cd app && pip install -r a.txt", [("app/a.txt",)]),
        ("cd app; cd ../lib\npip install -r ../a.txt", [("a.txt",)]),
        ("(cd app; pip install -r a.txt); pip install -r b.txt", [("app/a.txt",), ("b.txt",)]),
        ("cd $HOME && pip install -r a.txt", [()]),
        ("cd && pip install -r a.txt", [()]),
        ("cd - && pip install -r a.txt", [()]),
        ("pip install -r https://host/a.txt -r /dev/stdin -r $X -r b.txt", [("b.txt",)]),
        ("pip-compile -o a.txt && pip install -r a.txt -r b.txt", [("b.txt",)]),
    ],
)
def test_where_its_files_are(command: str, paths: list[tuple[str, ...]]) -> None:
    assert [install.paths for install in read_build_command(command).installs] == paths


def test_projects_are_told_from_the_values_of_options() -> None:
    (install,) = read_build_command(
        "pip install -c c.txt --target lib -e . gunicorn -i https://x uvicorn[standard]"
    ).installs
    assert install.projects == (".", "gunicorn", "uvicorn[standard]")


@pytest.mark.parametrize(
    ("command", "tools"),
    [("pip install -U pip setuptools wheel", True), ("pip install pip x", False), ("pip install -r pip", False)],
)
def test_an_upgrade_of_pip_installs_nothing_of_the_project(command: str, tools: bool) -> None:
    (install,) = read_build_command(command).installs
    assert install.only_upgrades_tools is tools


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
    (install,) = read_build_command(command).installs
    assert install.has_flag("--no-cache-dir") is has


def test_an_install_knows_where_it_stands() -> None:
    command = "pip install -U pip && \\\n python -m pip install -r a.txt"
    assert [command[each.offset :][:6] for each in read_build_command(command).installs] == ["pip in", "python"]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("./build.sh", BuildCommand(not_followed=("./build.sh",))),
        ("chmod +x build.sh && bash build.sh", BuildCommand(not_followed=("bash build.sh",))),
        ("make build", BuildCommand(not_followed=("make build",))),
        ("uv sync --frozen", BuildCommand(other_installers=("uv sync --frozen",))),
        ("poetry install", BuildCommand(other_installers=("poetry install",))),
        ("poetry build", BuildCommand(not_followed=("poetry build",))),
        ("npm ci && git pull", BuildCommand()),
        ("export CARGO_HOME=/tmp/c A='b c'", BuildCommand(environment={"CARGO_HOME": "/tmp/c", "A": "b c"})),
        ("echo 'open", BuildCommand(mistake='the quote at "\'open" is not closed')),
    ],
)
def test_what_else_a_command_does(command: str, expected: BuildCommand) -> None:
    assert read_build_command(command) == expected
