"""What ``pdm sync`` and ``pdm install`` install, and what is wrong with a lock. PDM itself says the same of real ones:
``tests/differential/test_locks_as_their_tools.py``."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sources.locks.project import LockedProject

PYPROJECT = """\
[project]
name = "shop"
version = "1"
requires-python = ">=3.11"
dependencies = ["web[fast]>=1", "old; python_version < '3.12'"]

[project.optional-dependencies]
mail = ["mailer"]

[dependency-groups]
dev = ["tester", { include-group = "lint" }]
lint = ["linter"]

[tool.pdm.dev-dependencies]
docs = ["sphinx", "-e file:///${PROJECT_ROOT}/tool"]
"""
HEAD = """\
[metadata]
groups = ["default", "dev", "docs", "lint", "mail"]
strategy = ["inherit_metadata"]
lock_version = "4.5.1"

[[metadata.targets]]
requires_python = ">=3.11"
"""
WALKED = HEAD.replace('"inherit_metadata"', "")


def package(name: str, groups: str, more: str = "", *, tag: str = "py3-none-any", version: str = "1.0") -> str:
    files = f'files = [{{ file = "{name}-{version}-{tag}.whl", hash = "sha256:{"0" * 64}" }}]\n'
    listed = ", ".join(f'"{each}"' for each in groups.split())
    said = f"groups = [{listed}]\n" if groups else ""
    return f'\n[[package]]\nname = "{name}"\nversion = "{version}"\n{said}{more}{files}'


def lock(head: str = HEAD) -> str:
    inherits = "inherit_metadata" in head

    def entry(name: str, groups: str, more: str = "") -> str:
        return package(name, groups if inherits else "", more)

    marker = "marker = \"python_version < '3.12'\"\n" if inherits else ""
    return head + "".join(
        (
            entry("core", "default"),
            entry("linter", "dev lint"),
            entry("mailer", "mail"),
            entry("old", "default", marker),
            entry("quick", "default", "marker = \"sys_platform == 'linux'\"\n" if inherits else ""),
            entry("sphinx", "docs"),
            entry("tester", "dev"),
            entry("web", "default", 'dependencies = ["core>=1"]\n'),
            entry(
                "web", "default", 'extras = ["fast"]\ndependencies = ["quick; sys_platform == \'linux\'", "web==1.0"]\n'
            ),
        )
    )


@pytest.fixture(params=[HEAD, WALKED], ids=["inherited", "walked"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> LockedProject:
    return LockedProject.of(tmp_path, {"pyproject.toml": PYPROJECT, "pdm.lock": lock(request.param)})


def names(project: LockedProject, command: str, python: str = "3.12.1") -> str:
    return " ".join(each.partition("==")[0] for each in project.installed(command, python))


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("pdm sync", "core linter mailer quick sphinx tester web"),
        ("pdm install", "core linter mailer quick sphinx tester web"),
        ("pdm sync --prod", "core quick web"),
        ("pdm sync --production -G mail", "core mailer quick web"),
        ("pdm sync -d", "core linter quick sphinx tester web"),
        ("pdm sync -G lint", "core linter quick web"),
        ("pdm sync -G docs,mail --no-default", "mailer sphinx"),
        ("pdm sync --with :all --prod", "core mailer quick web"),
        ("pdm sync --without docs", "core linter mailer quick tester web"),
        ("pdm sync --no-default", "linter sphinx tester"),
        ("pdm sync -G dev", "core linter quick tester web"),
        ("pdm sync -G nothing-such --prod", "core quick web"),
    ],
)
def test_groups_are_those_that_options_choose(project: LockedProject, command: str, expected: str) -> None:
    assert names(project, command) == expected


def test_markers_are_those_of_the_target(project: LockedProject) -> None:
    assert names(project, "pdm sync --prod", "3.11.4") == "core old quick web"
    found = project.resolution("pdm sync --prod", platform="win_amd64")
    assert [each.name for each in found.distributions] == ["core", "web"]


def test_what_others_require_is_blamed_on_the_line_of_the_project(project: LockedProject) -> None:
    found = {each.name: each for each in project.resolution("pdm sync").distributions}
    assert [name for name, _ in found["quick"].chain] == ["web", "quick"]
    assert [str(each.line) for each in (found["quick"], found["core"], found["mailer"], found["linter"])] == [
        "pyproject.toml:5",
        "pyproject.toml:5",
        "pyproject.toml:8",
        "pyproject.toml:12",
    ]


@pytest.mark.parametrize(
    ("targets", "python", "platform", "is_for"),
    [
        ('requires_python = ">=3.12"\n', "3.11.4", "manylinux_2_36_x86_64", False),
        ('requires_python = ">=3.11"\nplatform = "manylinux_2_17_x86_64"\n', "3.11.4", "manylinux_2_36_x86_64", True),
        ('requires_python = ">=3.11"\nplatform = "linux"\n', "3.11.4", "manylinux_2_36_aarch64", True),
        ('requires_python = ">=3.11"\nplatform = "windows"\n', "3.11.4", "manylinux_2_36_x86_64", False),
        ('requires_python = ">=3.11"\nplatform = "macos_arm64"\n', "3.11.4", "manylinux_2_36_x86_64", False),
        ('requires_python = ">=3.11"\nimplementation = "pypy"\n', "3.11.4", "manylinux_2_36_x86_64", False),
    ],
)
def test_a_lock_is_for_its_targets(tmp_path: Path, targets: str, python: str, platform: str, is_for: bool) -> None:
    text = lock().replace('requires_python = ">=3.11"\n', targets, 1)
    project = LockedProject.of(tmp_path, {"pyproject.toml": PYPROJECT, "pdm.lock": text})
    found = project.resolution("pdm sync", python, platform)
    assert (found.outcome.value == "ok") is is_for, found.message


def test_of_a_version_the_files_are_by_name_or_by_url(tmp_path: Path) -> None:
    url = "https://files.example.org/a/web-1.0.tar.gz"
    static = HEAD.replace('"inherit_metadata"', '"inherit_metadata", "static_urls"')
    files = f'files = [{{ url = "{url}", hash = "" }}]'
    web = re.sub("files = .*", files, package("web", "default"))
    others = (("old", "default"), ("tester", "dev"), ("linter", "dev lint"), ("sphinx", "docs"))
    text = static + web + "".join(package(*each) for each in others)
    project = LockedProject.of(tmp_path, {"pyproject.toml": PYPROJECT.replace("[fast]", ""), "pdm.lock": text})
    found = {each.name: each.file for each in project.resolution("pdm sync --prod", "3.11.4").distributions}
    assert (found["web"].url, found["web"].filename) == (url, "web-1.0.tar.gz")
    assert (found["old"].url, found["old"].filename) == ("", "old-1.0-py3-none-any.whl")


@pytest.mark.parametrize(
    ("settings", "variables", "expected"),
    [
        ('[tool.pdm.resolution]\nno-binary = ["core"]\n', {}, "PDM finds no distribution of core 1.0 in pdm.lock"),
        ("", {"PDM_NO_BINARY": "web,core"}, "PDM finds no distribution of web 1.0, core 1.0 in pdm.lock"),
        ('[tool.pdm.resolution]\nexcludes = ["core"]\n', {}, ""),
    ],
)
def test_settings_that_leave_out_files_or_projects(
    project: LockedProject, settings: str, variables: dict[str, str | None], expected: str
) -> None:
    (project.root / "pyproject.toml").write_text(PYPROJECT + settings)
    found = project.resolution("pdm sync --prod", **variables)
    assert found.message == expected
    if not expected:
        assert [each.name for each in found.distributions] == ["quick", "web"]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("pdm install --check", ["pdm.lock:5 refused: pyproject.toml has changed since, and --check stops there"]),
        ("pdm install", ["pdm.lock:5 unknown: pyproject.toml has changed since: PDM would resolve anew before"]),
        ("pdm install --frozen-lockfile", ["pdm.lock:5 unknown: pyproject.toml has changed since: PDM would"]),
        ("pdm sync", []),
    ],
)
def test_a_lock_that_does_not_fit(project: LockedProject, command: str, expected: list[str]) -> None:
    text = (project.root / "pdm.lock").read_text()
    outdated = text.replace('lock_version = "4.5.1"\n', 'lock_version = "4.5.1"\ncontent_hash = "sha256:00"\n')
    (project.root / "pdm.lock").write_text(outdated)
    problems = project.problems(command)
    assert [found.startswith(said) for found, said in zip(problems, expected, strict=True)] == [True] * len(expected)
    warnings = [each.text for each in project.lock(command).file.warnings]
    assert warnings == ([] if expected else ["pyproject.toml has changed since the lock was made"])


def test_a_group_that_the_lock_has_not_stops_pdm(project: LockedProject) -> None:
    text = (project.root / "pdm.lock").read_text().replace(', "mail"]', "]")
    (project.root / "pdm.lock").write_text(text)
    (problem,) = project.problems("pdm sync -G mail")
    assert problem.startswith("pdm.lock:2 refused: the lock does not have the group mail, so PDM stops")
    assert project.problems("pdm sync") == []


@pytest.mark.parametrize(
    ("command", "unknown"),
    [
        ("pdm sync -L other.lock", "the option -L"),
        ("pdm sync --global", "the option --global"),
        ("PDM_USE_UV=1 pdm sync", "the variable PDM_USE_UV"),
    ],
)
def test_what_is_not_followed_is_said(project: LockedProject, command: str, unknown: str) -> None:
    words = command.split()
    variables = dict(each.split("=") for each in words if "=" in each)
    found = project.installation(" ".join(each for each in words if "=" not in each), **variables)
    assert found.lock is None
    assert found.unknown == (unknown,)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "pdm.lock:1 refused: a lock of PDM says the version of its format, and this one does not"),
        ('[metadata]\nlock_version = "5.0"\n', "pdm.lock:2 unknown: its format is 5.0, and those known here are 4.4, "),
        (HEAD + '[[package]]\nversion = "1"\n', "pdm.lock:8 refused: a package needs a name"),
        (HEAD + '[[package]]\nname = "a"\nversion = "x!"\n', "pdm.lock:8 refused: a version such as 1.0 was expected"),
        (HEAD.replace("targets]]\n", 'targets]]\nplatform = "amiga"\n'), "pdm.lock:8 refused: the platform 'amiga' is"),
    ],
)
def test_a_lock_that_cannot_be_read(project: LockedProject, text: str, expected: str) -> None:
    (project.root / "pdm.lock").write_text(text)
    (problem,) = project.problems("pdm sync")
    assert problem.startswith(expected)


def test_a_setting_that_lets_uv_resolve_is_not_followed(project: LockedProject) -> None:
    (project.root / "pdm.toml").write_text("use_uv = true\n")
    (problem,) = project.problems("pdm sync")
    assert problem == "pdm.toml:1 unknown: what PDM lets uv resolve from its lock is not followed"
