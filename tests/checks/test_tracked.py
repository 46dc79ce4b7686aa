"""The checks of the repository, on real ones that git makes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import CannotCheck, Finding, NothingToDecide
from pytest_deploycheck.plan import plan
from pytest_deploycheck.settings import Settings

CHECKS = ("tracked", "executable", "line-endings", "env-file")
SERVICE = """\
services:
  - type: web
    name: api
    runtime: python
    buildCommand: {build}
    startCommand: python app.py
    healthCheckPath: /up
"""
PIP = "pip install -r requirements.txt"
SCRIPT = "#!/usr/bin/env bash\npip install -r requirements.txt\n"


class Repository:
    """A folder that git knows, with files that are there from the beginning."""

    def __init__(self, root: Path, *, is_new: bool = True) -> None:
        self.root = root
        if not is_new:
            return
        self.git("init", "-q")
        self.write("app.py", "print()\n")
        self.write("requirements.txt", "# none\n")

    def git(self, *command: str) -> str:
        settings = ("-c", "core.autocrlf=false", "-c", "user.name=a", "-c", "user.email=a@example.com")
        done = subprocess.run(["git", *settings, *command], cwd=self.root, check=True, capture_output=True, text=True)
        return done.stdout

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
        return file

    def add(self, *paths: str) -> None:
        self.git("add", *(paths or ("--all",)))

    def planned(self, build: str = PIP, blueprint: str = SERVICE) -> dict[str, list[Finding]]:
        """What each check of the repository has to say; a check without an item is left out."""
        self.write("render.yaml", blueprint.format(build=build))
        deployment = Deployment(Settings(root=self.root, offline=True), {})
        planned = [each for file in plan(deployment) for _, each in file.node_ids() if each.check.name in CHECKS]
        return {each.check.name: list(each.check.run(each.subject, deployment)) for each in planned}

    def findings(self, build: str = PIP, blueprint: str = SERVICE) -> list[str]:
        return [
            f"{each.check} {each.severity.value} {each.location.path}:{each.location.line}:{each.location.column} "
            f"{each.message}"
            for found in self.planned(build, blueprint).values()
            for each in found
        ]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def test_a_repository_without_a_fault_has_no_finding(repository: Repository) -> None:
    repository.write("build.sh", SCRIPT)
    repository.add()
    repository.git("update-index", "--chmod=+x", "build.sh")
    assert repository.planned("./build.sh") == {name: [] for name in CHECKS}


def test_a_file_that_git_ignores_is_not_there_at_deploy(repository: Repository) -> None:
    repository.write(".gitignore", "*.log\n*.txt\n")
    repository.add()
    assert repository.findings() == [
        "tracked error render.yaml:5:34 api installs requirements.txt, which git ignores, "
        "so it is not there when Render builds"
    ]
    (finding,) = repository.planned()["tracked"]
    assert finding.evidence == (".gitignore:2: *.txt",)
    assert finding.fix == ("git add --force requirements.txt", "take it out of .gitignore")


def test_a_rule_of_the_user_s_own_is_not_shown(repository: Repository) -> None:
    repository.write(".git/info/exclude", "app.py\n")
    repository.add()
    (finding,) = repository.planned()["tracked"]
    assert finding.message == "api runs app.py, which git ignores, so it is not there when Render builds"
    excludes = repository.write("excludes", "app.py\n")
    repository.write(".git/info/exclude", "")
    repository.git("config", "core.excludesFile", str(excludes))
    (finding,) = repository.planned()["tracked"]
    assert finding.evidence == ("a rule outside of the repository: app.py",)


def test_a_file_that_is_ignored_and_added_by_force_is_there(repository: Repository) -> None:
    repository.write(".gitignore", "*.txt\n")
    repository.git("add", "--force", "requirements.txt")
    repository.add()
    assert repository.findings() == []


def test_a_rule_may_be_taken_back(repository: Repository) -> None:
    repository.write(".gitignore", "*.txt\n!requirements.txt\n")
    assert [each for each in repository.findings() if " error " in each] == []


def test_a_file_that_is_not_added_yet_is_advice(repository: Repository) -> None:
    repository.add("requirements.txt")
    assert repository.findings() == ["tracked advice render.yaml:6:26 api runs app.py, which is not in git yet"]


def test_files_that_requirements_include_are_needed_too(repository: Repository) -> None:
    repository.write("requirements.txt", "-r requirements/base.txt\n")
    repository.write("requirements/base.txt", "# none\n")
    repository.write(".gitignore", "base.txt\n")
    repository.add()
    (finding,) = repository.planned()["tracked"]
    assert finding.message.startswith("api installs requirements/base.txt, which git ignores")


def test_a_name_in_other_capitals_is_another_file_on_linux(repository: Repository) -> None:
    repository.add("app.py")
    (repository.root / "requirements.txt").rename(repository.root / "Requirements.txt")
    repository.add("Requirements.txt")
    repository.write("requirements.txt", "# as macOS and Windows have it\n")
    assert repository.findings() == [
        "tracked error render.yaml:5:34 api installs requirements.txt, which is Requirements.txt in git"
    ]


def test_the_file_that_pins_the_python_has_to_be_in_git(repository: Repository) -> None:
    repository.write(".python-version", "3.13\n")
    repository.write(".gitignore", ".python-version\n")
    repository.add()
    assert repository.findings() == [
        "tracked error .python-version:1:1 api has its Python from .python-version, which git ignores, "
        "so it is not there when Render builds"
    ]


@pytest.mark.parametrize(("build", "severity"), [("uv sync", "advice"), ("uv sync --frozen", "error")])
def test_a_lock_file_is_needed_by_those_that_ask_for_it(repository: Repository, build: str, severity: str) -> None:
    repository.write("pyproject.toml", '[project]\nname = "api"\nversion = "1"\n')
    repository.write("uv.lock", "version = 1\n")
    repository.write(".gitignore", "*.lock\n")
    repository.add()
    assert repository.findings(build) == [
        f"tracked {severity} render.yaml:5:19 api installs from uv.lock, which git ignores, "
        "so it is not there when Render builds"
    ]


@pytest.mark.parametrize(
    ("runtime", "start", "made"),
    [
        ("node", "node dist/server.js", "dist/server.js"),
        ("node", "./dist/server.js", "dist/server.js"),
        ("go", "./app", "app"),
        ("elixir", "_build/prod/rel/app/bin/app start", "_build/prod/rel/app/bin/app"),
    ],
)
def test_what_a_build_makes_need_not_be_in_git(repository: Repository, runtime: str, start: str, made: str) -> None:
    repository.write(made, "#!/bin/sh\n").chmod(0o755)
    repository.write(".gitignore", f"{made.partition('/')[0]}\n")
    repository.add()
    blueprint = SERVICE.replace("python app.py", start).replace("runtime: python", f"runtime: {runtime}")
    assert repository.findings("make", blueprint) == []


def test_a_program_that_a_compiler_made_need_not_be_in_git(repository: Repository) -> None:
    repository.write("bin/tool", "\x7fELF\0\0").chmod(0o755)
    repository.write(".gitignore", "bin/\n")
    repository.add()
    assert repository.findings(blueprint=SERVICE.replace("python app.py", "bin/tool && python app.py")) == []


def test_a_script_that_starts_a_python_service_has_to_be_in_git(repository: Repository) -> None:
    repository.write("start.sh", "#!/bin/sh\npython app.py\n").chmod(0o755)
    repository.write(".gitignore", "*.sh\n")
    repository.add()
    (finding,) = repository.findings(blueprint=SERVICE.replace("python app.py", "./start.sh"))
    assert "api runs start.sh, which git ignores" in finding


def test_a_dockerfile_has_to_be_in_git(repository: Repository) -> None:
    repository.write("docker/Dockerfile", "FROM alpine\n")
    repository.write(".gitignore", "docker/\n")
    repository.add()
    blueprint = (
        "services:\n  - type: worker\n    name: jobs\n    runtime: docker\n    dockerfilePath: ./docker/Dockerfile\n"
    )
    assert repository.findings(blueprint=blueprint) == [
        "tracked error render.yaml:5:21 jobs is built from docker/Dockerfile, which git ignores, "
        "so it is not there when Render builds"
    ]


@pytest.mark.parametrize("path", ["app.py", "scripts/build.sh"])
def test_what_another_repository_may_have_is_not_missed(repository: Repository, path: str) -> None:
    repository.write(path, SCRIPT)
    repository.write(".gitignore", "*.sh\n")
    blueprint = SERVICE + "    repo: https://github.com/example/other\n"
    assert repository.findings("bash scripts/build.sh", blueprint) == []


def test_a_script_run_by_its_name_has_to_be_executable_in_git(repository: Repository) -> None:
    repository.write("build.sh", SCRIPT).chmod(0o644)
    repository.add()
    assert repository.findings("./build.sh") == [
        "executable error render.yaml:5:19 api runs build.sh, which is not executable in git: permission denied"
    ]
    (finding,) = repository.planned("./build.sh")["executable"]
    assert finding.fix == ("git update-index --chmod=+x build.sh", "write bash build.sh")


def test_a_script_that_another_runs_has_to_be_executable_too(repository: Repository) -> None:
    repository.write("build.sh", "#!/bin/sh\nscripts/assets.sh\n")
    repository.write("scripts/assets.sh", "#!/bin/sh\n").chmod(0o644)
    repository.add()
    assert repository.findings("sh build.sh") == [
        "executable error build.sh:2:1 api runs scripts/assets.sh, which is not executable in git: permission denied"
    ]


@pytest.mark.parametrize(
    "build",
    [
        "bash build.sh",
        "sh ./build.sh",
        ". ./build.sh",
        "chmod +x build.sh && ./build.sh",
        "chmod a+x ./build.sh; ./build.sh",
        "chmod 755 build.sh && ./build.sh",
        "chmod +x *.sh && ./build.sh",
        "chmod -R 755 . && ./build.sh",
    ],
)
def test_a_script_that_a_shell_runs_or_that_is_made_executable_need_not_be(repository: Repository, build: str) -> None:
    repository.write("build.sh", SCRIPT).chmod(0o644)
    repository.add()
    assert repository.findings(build) == []


def test_what_the_build_makes_executable_is_so_at_the_start(repository: Repository) -> None:
    repository.write("start.sh", "#!/bin/sh\npython app.py\n").chmod(0o644)
    repository.add()
    blueprint = SERVICE.replace("python app.py", "./start.sh")
    assert len(repository.findings(blueprint=blueprint)) == 1
    assert repository.findings(f"{PIP} && chmod +x start.sh", blueprint) == []


def test_a_script_with_crlf_has_no_interpreter(repository: Repository) -> None:
    repository.write("build.sh", SCRIPT.replace("\n", "\r\n"))
    repository.add()
    assert repository.findings("bash build.sh") == [
        "line-endings error render.yaml:5:24 api runs build.sh, whose lines end with CRLF in a checkout"
    ]
    (finding,) = repository.planned("bash build.sh")["line-endings"]
    assert finding.evidence[0] == "git has it with crlf"


def test_attributes_decide_on_the_lines_of_a_checkout(repository: Repository) -> None:
    repository.write("build.sh", SCRIPT)
    repository.write(".gitattributes", "*.sh text eol=crlf\n")
    repository.add()
    (finding,) = repository.planned("bash build.sh")["line-endings"]
    assert finding.evidence[0] == "git has it with lf, and text eol=crlf"
    repository.write(".gitattributes", "*.sh text eol=lf\n")
    repository.write("build.sh", SCRIPT.replace("\n", "\r\n"))
    repository.git("add", "--renormalize", ".")
    assert repository.planned("bash build.sh")["line-endings"] == []


def test_python_reads_lines_of_either_kind(repository: Repository) -> None:
    repository.write("app.py", "print()\r\n")
    repository.add()
    assert repository.findings() == []


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        (".env", True),
        (".env.production", True),
        ("backend/.env", True),
        (".env.example", False),
        (".env.sample", False),
        ("tests/.env", False),
        (".envrc", False),
    ],
)
def test_an_env_file_in_git(repository: Repository, path: str, is_one: bool) -> None:
    repository.write(path, "TOKEN=a\n")
    repository.write("backend/app.py", "print()\n")
    repository.write("backend/requirements.txt", "# none\n")
    repository.add()
    found = repository.findings(blueprint=SERVICE + "    rootDir: backend\n")
    expected = f"env-file advice {path}:1:1 {path} is in git, and such a file holds secrets"
    assert found == ([expected] if is_one else [])


def test_a_project_below_the_root_of_a_repository(tmp_path: Path) -> None:
    outer = Repository(tmp_path)
    outer.write(".gitignore", "requirements.txt\n")
    (tmp_path / "service").mkdir()
    inner = Repository(tmp_path / "service", is_new=False)
    inner.write("app.py", "print()\n")
    inner.write("requirements.txt", "# none\n")
    outer.add()
    (finding,) = inner.planned()["tracked"]
    assert finding.evidence == ("../.gitignore:1: requirements.txt",)


def test_files_of_a_submodule_are_not_known(repository: Repository, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = Repository(tmp_path_factory.mktemp("other"))
    other.add()
    other.git("commit", "-q", "-m", "first")
    repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other.root), "shared")
    repository.add()
    assert repository.findings("pip install -r requirements.txt && python shared/app.py") == []


def test_outside_of_a_repository_there_are_no_items(tmp_path: Path) -> None:
    (tmp_path / "render.yaml").write_text(SERVICE.format(build=PIP))
    (tmp_path / "requirements.txt").write_text("# none\n")
    names = [each.check.name for file in plan(Deployment(Settings(root=tmp_path), {})) for _, each in file.node_ids()]
    assert not set(CHECKS) & set(names)


def test_without_git_nothing_is_decided(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository.root))
    with pytest.raises(NothingToDecide, match="there is no git on the path"):
        repository.planned()


def test_a_git_of_the_repository_is_not_run(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "git.bat" if os.name == "nt" else "git"
    repository.write(name, "#!/bin/sh\necho run > was-run\n").chmod(0o755)
    monkeypatch.setenv("PATH", str(repository.root) + os.pathsep + os.environ["PATH"])
    with pytest.raises(NothingToDecide, match="there is no git on the path"):
        repository.planned()
    assert not (repository.root / "was-run").exists()


def test_a_broken_repository_is_no_pass(repository: Repository) -> None:
    repository.write(".git/HEAD", "nonsense\n")
    with pytest.raises(CannotCheck, match="git does not answer"):
        repository.planned()


def test_nothing_that_a_repository_configures_is_run(repository: Repository) -> None:
    spy = repository.write("spy.sh", f"#!/bin/sh\necho run >> '{repository.root}/was-run'\nexit 1\n")
    spy.chmod(0o755)
    repository.write("build.sh", SCRIPT)
    repository.write(".gitattributes", "*.sh filter=spy diff=spy\n")
    repository.add("app.py", "requirements.txt", "build.sh")
    for key in (
        *("core.fsmonitor", "core.sshCommand", "core.pager", "core.editor", "core.askPass", "diff.external"),
        *("filter.spy.clean", "filter.spy.smudge", "filter.spy.process", "diff.spy.textconv", "credential.helper"),
    ):
        repository.git("config", key, str(spy))
    for hook in ("post-index-change", "fsmonitor-watchman", "query-watchman", "reference-transaction"):
        repository.write(f".git/hooks/{hook}", spy.read_text()).chmod(0o755)
    (repository.root / "was-run").unlink(missing_ok=True)
    repository.planned("./build.sh")
    assert not (repository.root / "was-run").exists()


def test_a_hook_of_another_repository_may_run_this(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.add()
    monkeypatch.setenv("GIT_DIR", str(repository.root / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(repository.root / "elsewhere" / "index"))
    assert repository.findings() == []
