"""The checks of a blueprint and its services: one small blueprint each, and the exact finding."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_deploycheck.checks.built_in import checks
from pytest_deploycheck.checks.registry import Subject
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import CannotCheck, Finding, NothingToDecide
from pytest_deploycheck.plan import plan
from pytest_deploycheck.settings import Settings
from pytest_deploycheck.sources.gitignore import Gitignore

WEB = "services:\n  - type: web\n    name: api\n    runtime: python\n"
PIP = "    buildCommand: pip install --no-cache-dir -r requirements.txt\n"
HEALTH = "    healthCheckPath: /up\n"
START = "    startCommand: python -m http.server $PORT\n"
PINNED = "    envVars:\n      - {key: PYTHON_VERSION, value: 3.13.4}\n"
HOMES = "      - {key: CARGO_HOME, value: /tmp/c}\n      - {key: RUSTUP_HOME, value: /tmp/r}\n"
WHOLE = WEB + PIP + START + HEALTH + PINNED + HOMES


@pytest.fixture(autouse=True)
def root(tmp_path: Path) -> Path:
    (tmp_path / "requirements.txt").write_text("# none\n")
    (tmp_path / "app.py").touch()
    (tmp_path / ".gitignore").write_text("c/\nr/\n")
    return tmp_path


def findings(root: Path, blueprint: str, check: str, settings: Settings | None = None) -> list[Finding]:
    """What a check has to say of all of its subjects."""
    (root / "render.yaml").write_text(blueprint)
    deployment = Deployment(settings or Settings(root=root, offline=True), {})
    planned = [each for file in plan(deployment) for _, each in file.node_ids() if each.check.name == check]
    return [finding for each in planned for finding in each.check.run(each.subject, deployment)]


def shown(found: list[Finding]) -> list[tuple[str, int, str]]:
    return [(each.severity.value, each.location.line, each.message) for each in found]


@pytest.mark.parametrize("check", [each.name for kind in (Subject.BLUEPRINT, Subject.SERVICE) for each in checks(kind)])
def test_a_blueprint_without_a_fault_has_no_finding(root: Path, check: str) -> None:
    assert findings(root, WHOLE, check) == []


@pytest.mark.parametrize(
    ("blueprint", "line", "message"),
    [
        ("services: []\n", 1, "the blueprint has no services"),
        ("previews: {}\n", 1, "the blueprint has no services"),
        ("services: hello\n", 1, "services of the blueprint has to be a list, and is a single value"),
        (WEB + "  - foo\n", 5, "a service has to be a mapping with type and name"),
        (WEB.replace("    name: api\n", ""), 2, "a service needs a name"),
        (WEB.replace("name: api", 'name: " "'), 2, "a service needs a name"),
        (WEB + WEB.partition("\n")[2], 6, "there is a service api already, in line 3"),
        (WEB.replace("type: web", "plan: free"), 2, "api has no type"),
        (WEB.replace("web", "webb"), 2, "api has the unknown type 'webb'"),
        (WEB.replace("web", "psql"), 2, "api has the unknown type 'psql'"),
        (WEB.replace("    runtime: python\n", ""), 2, "api has no runtime"),
        (WEB.replace("python", "pyton"), 4, "api has the unknown runtime 'pyton'"),
    ],
)
def test_services(root: Path, blueprint: str, line: int, message: str) -> None:
    assert shown(findings(root, blueprint, "services")) == [("error", line, message)]


def test_a_near_miss_is_named(root: Path) -> None:
    (finding,) = findings(root, WEB.replace("python", "pyton"), "services")
    assert finding.fix == ("write runtime: python",)


@pytest.mark.parametrize(
    "entry", ["type: keyvalue", "type: redis", "type: web\n    env: docker", "type: cron\n    runtime: go"]
)
def test_known_services_are_known(root: Path, entry: str) -> None:
    assert findings(root, f"services:\n  - name: api\n    {entry}\n", "services") == []


@pytest.mark.parametrize(
    ("variable", "severity", "line", "words"),
    [
        ("", "advice", 2, "nothing pins the Python of api: the default of a service created on"),
        ("value: 3.10", "error", 10, "YAML reads PYTHON_VERSION's 3.10 as the number 3.1"),
        ("value: '3.13'", "error", 10, "PYTHON_VERSION has to be fully qualified, and is '3.13'"),
        ("value: 3.6.1", "error", 10, "Python 3.6.1 is older than 3.7.3"),
        ("sync: false", "advice", 9, "PYTHON_VERSION is set outside the blueprint"),
    ],
)
def test_python_version(root: Path, variable: str, severity: str, line: int, words: str) -> None:
    entry = f"    envVars:\n      -\n        key: PYTHON_VERSION\n        {variable}\n" if variable else ""
    (finding,) = findings(root, WEB + PIP + HEALTH + entry, "python-version")
    assert (finding.severity.value, finding.location.line) == (severity, line)
    assert words in finding.message


@pytest.mark.parametrize(("created", "said"), [("", "assumed, since"), ("set", "as set")])
def test_an_assumed_day_is_said_to_be_assumed(root: Path, created: str, said: str) -> None:
    from datetime import date

    settings = Settings(root=root, service_created=date(2025, 1, 1) if created else None)
    (finding,) = findings(root, WEB, "python-version", settings)
    assert said in finding.evidence[0]
    assert ("3.11.11" in finding.message) is bool(created)


def test_a_day_that_no_document_covers(root: Path) -> None:
    from datetime import date

    (finding,) = findings(root, WEB, "python-version", Settings(root=root, service_created=date(2023, 11, 15)))
    assert finding.message.endswith("created on 2023-11-15 is given by no document")


@pytest.mark.parametrize(
    ("command", "severity", "message"),
    [
        (None, "error", "api has no buildCommand, so nothing installs its requirements"),
        ("echo done", "error", "the build command of api installs no requirements"),
        ("pip install --no-cache-dir -U pip", "error", "the build command of api installs no requirements"),
        (
            "pip install 'x",
            "error",
            "the build command of api cannot be read as a shell's: the quote here is not closed",
        ),
        (
            "pip install --no-cache-dir -r gone.txt",
            "error",
            "api installs gone.txt, and there is no such file in the root",
        ),
        ("pip install -r requirements.txt", "advice", "api: `pip install -r requirements.txt` lacks --no-cache-dir"),
        (
            "just build && just more",
            "advice",
            "what `just build`, `just more` installs for api is not known: "
            "only pip, uv pip and the locks of uv, Poetry, PDM and Pipenv are followed",
        ),
    ],
)
def test_build_command(root: Path, command: str | None, severity: str, message: str) -> None:
    blueprint = WEB + (f"    buildCommand: {command}\n" if command else "")
    assert shown(findings(root, blueprint, "build-command")) == [(severity, 5 if command else 2, message)]


@pytest.mark.parametrize(
    "command",
    [
        "PIP_NO_CACHE_DIR=1 pip install -r requirements.txt",
        "if true; then pip install --no-cache-dir -r requirements.txt; fi",
    ],
)
def test_a_build_command_that_installs(root: Path, command: str) -> None:
    assert findings(root, WEB + f"    buildCommand: {command}\n", "build-command") == []


@pytest.mark.parametrize(
    ("command", "unknown"),
    [
        ("pip install -r https://host/r.txt", ("the file https://host/r.txt",)),
        ("pip install -r requirements.txt --index-url $INDEX", ("the option --index-url $INDEX",)),
        ("pip install -r requirements.txt $EXTRA", ("the requirement $EXTRA",)),
        ("pip install --group dev", ("the requirement dev",)),
        ("cd $X && pip install -r r.txt", ("the file r.txt",)),
        ("poetry export -o made.txt && pip install -r made.txt", ("the file made.txt",)),
        ("sort x > made.txt; pip install -r made.txt", ("the file made.txt",)),
    ],
)
def test_what_is_not_known_is_said(root: Path, command: str, unknown: tuple[str, ...]) -> None:
    flags = Settings(root=root, pip_flags=())
    (finding,) = findings(root, WEB + f"    buildCommand: {command}\n", "build-command", flags)
    assert (finding.severity.value, finding.evidence) == ("advice", unknown)


def test_a_variable_of_unknown_value_may_change_what_pip_picks(root: Path) -> None:
    variable = "    envVars: [{key: PIP_INDEX_URL, sync: false}]\n"
    (finding,) = findings(root, WEB + PIP + variable, "build-command")
    assert finding.evidence == ("the variable PIP_INDEX_URL",)


@pytest.mark.parametrize(
    ("command", "needed"),
    [
        ("uv sync", ["pyproject.toml"]),
        ("uv sync --frozen", ["pyproject.toml", "uv.lock"]),
        ("uv sync --frozen -p 3.12", ["pyproject.toml", "uv.lock"]),
        ("uv sync --frozen --project api", []),
        ("pdm sync -p api", []),
        ("poetry install", ["pyproject.toml"]),
        ("python -m uv sync", ["pyproject.toml"]),
        ("pipenv install --deploy", ["Pipfile.lock"]),
        ("pip-sync requirements.txt", []),
    ],
)
def test_what_other_programs_install_is_said_not_to_be_known(root: Path, command: str, needed: list[str]) -> None:
    advice, *missing = findings(root, WEB + f"    buildCommand: {command}\n", "build-command")
    assert [each.message.rpartition("no ")[2] for each in missing] == [f"{name} in the root" for name in needed]
    assert advice.severity.value == "advice"
    assert "is not known: only pip, uv pip and the locks of uv, Poetry, PDM and Pipenv are followed" in advice.message


def test_a_root_directory_that_is_not_there(root: Path) -> None:
    blueprint = WEB + "    buildCommand: poetry install\n    rootDir: gone\n"
    (root / "pyproject.toml").write_text("")
    assert shown(findings(root, blueprint, "build-command"))[0] == (
        "error",
        6,
        "the rootDir of api is gone, and there is no such folder",
    )


def test_a_command_may_change_its_directory(root: Path) -> None:
    (root / "backend").mkdir()
    command = "    buildCommand: cd backend && pip install --no-cache-dir -r requirements.txt\n"
    (finding,) = findings(root, WEB + command, "build-command")
    assert finding.message == "api installs requirements.txt, and there is no such file in backend"
    (root / "backend" / "requirements.txt").write_text("")
    assert findings(root, WEB + command, "build-command") == []


def test_databases_alone_are_a_blueprint_too(root: Path) -> None:
    assert findings(root, "databases: [{name: db}]\n", "services") == []


def test_a_version_file_with_a_mark_is_read_and_one_of_other_bytes_is_a_mistake(root: Path) -> None:
    (root / ".python-version").write_bytes(b"\xef\xbb\xbf3.12.4\n")
    assert findings(root, WEB, "python-version") == []
    (root / ".python-version").write_bytes("3.12.4".encode("utf-16"))
    (finding,) = findings(root, WEB, "python-version")
    assert finding.message.startswith("api: .python-version has to hold a version and nothing else")


def test_each_install_of_a_block_has_its_own_line(root: Path) -> None:
    blueprint = WEB + "    buildCommand: |\n      pip install -U pip\n      pip install -r requirements.txt\n"
    assert [each.location.line for each in findings(root, blueprint, "build-command")] == [6, 7]


@pytest.mark.parametrize("given", ["apps/api", "/apps/api/", "./Apps/api", "Apps/API/"])
def test_a_root_directory_that_differs_in_capitals_is_said_to_be_spelled_otherwise(root: Path, given: str) -> None:
    (root / "Apps" / "Api").mkdir(parents=True)
    (finding,) = findings(root, WEB + PIP + f"    rootDir: {given}\n", "build-command")
    assert (finding.severity.value, finding.location.line, finding.message) == (
        *("error", 6),
        f"the rootDir of api is {given}, which is spelled Apps/Api in the repository",
    )
    assert finding.fix == ("write rootDir: Apps/Api",)


def test_a_file_is_no_root_directory_however_it_is_spelled(root: Path) -> None:
    (root / "Api").touch()
    (finding,) = findings(root, WEB + PIP + "    rootDir: api\n", "build-command")
    assert finding.message == "the rootDir of api is api, and there is no such folder"


def test_files_are_looked_for_in_the_root_directory_of_the_service(root: Path) -> None:
    (root / "app").mkdir()
    (finding,) = findings(root, WEB + PIP + "    rootDir: app\n", "build-command")
    assert finding.message == "api installs requirements.txt, and there is no such file in app"


def test_other_flags_can_be_asked_for(root: Path) -> None:
    flags = Settings(root=root, pip_flags=("--only-binary",))
    (finding,) = findings(root, WEB + PIP, "build-command", flags)
    assert finding.message.endswith("lacks --only-binary")
    assert findings(root, WEB + PIP, "build-command", Settings(root=root, pip_flags=())) == []


def test_a_flag_may_be_set_as_a_variable(root: Path) -> None:
    variable = "    envVars: [{key: PIP_NO_CACHE_DIR, value: 1}]\n"
    assert findings(root, WEB + PIP.replace(" --no-cache-dir", "") + variable, "build-command") == []


@pytest.mark.parametrize(
    ("variables", "line", "message"),
    [
        ("", 2, "api: CARGO_HOME and RUSTUP_HOME are not set, and the default place cannot be written to"),
        (
            "      - {key: CARGO_HOME, value: /tmp/c}\n",
            2,
            "api: RUSTUP_HOME is not set, and the default place cannot be written to",
        ),
        (
            HOMES.replace("/tmp/c", "/usr/local/cargo"),
            8,
            "api: CARGO_HOME is set to /usr/local/cargo, which cannot be written to",
        ),
        (
            HOMES.replace("value: /tmp/r", "sync: false"),
            9,
            "api: RUSTUP_HOME is set outside the blueprint, so what it is cannot be known here",
        ),
    ],
)
def test_build_home(root: Path, variables: str, line: int, message: str) -> None:
    found = findings(root, WEB + PIP + PINNED + variables, "build-home")
    assert shown(found) == [("advice", line, message)]


def test_where_nothing_resolves_nothing_is_said_of_rust(root: Path) -> None:
    (root / "requirements.txt").write_text("demo=1\n")
    with pytest.raises(NothingToDecide, match=r"requirements\.txt does not resolve: pip refuses 1 line of it"):
        findings(root, WEB + PIP, "build-home")


def test_what_is_not_known_to_be_installed_is_not_said_to_be_harmless(root: Path) -> None:
    (root / "requirements.txt").unlink()
    (finding,) = findings(root, WEB + "    buildCommand: poetry install\n", "build-home")
    assert finding.evidence == ("what it installs is not known here; where that needs Rust, the build fails",)


def test_the_command_may_set_the_homes_itself(root: Path) -> None:
    command = "    buildCommand: export CARGO_HOME=/tmp/c RUSTUP_HOME=$PWD/r; pip install -r requirements.txt\n"
    assert findings(root, WEB + command, "build-home") == []


@pytest.mark.parametrize(
    ("field", "line", "message"),
    [
        ("", 2, "api has no healthCheckPath"),
        ("    healthCheckPath:\n", 2, "api has no healthCheckPath"),
        ("    healthCheckPath: up\n", 5, "the healthCheckPath of api has to start with a slash, and is 'up'"),
    ],
)
def test_health_check_path(root: Path, field: str, line: int, message: str) -> None:
    assert shown(findings(root, WEB + field, "health-check-path")) == [("error", line, message)]


@pytest.mark.parametrize("kind", ["type: worker", "type: pserv", "type: cron"])
def test_who_serves_no_web_needs_no_health_check(root: Path, kind: str) -> None:
    assert findings(root, WEB.replace("type: web", kind), "health-check-path") == []


@pytest.mark.parametrize(
    ("ignored", "missing"),
    [
        ("c/\nr/\n", []),
        (".*\nc\n", ["r"]),
        ("", ["c", "r"]),
        (None, ["c", "r"]),
        ("*/\n!c/\n", ["c"]),
        ("/c\n/r\n", []),
    ],
)
def test_gitignore(root: Path, ignored: str | None, missing: list[str]) -> None:
    if ignored is None:
        (root / ".gitignore").unlink()
    else:
        (root / ".gitignore").write_text(ignored)
    found = findings(root, WHOLE, "gitignore")
    assert [each.message.partition("/")[0] for each in found] == missing
    assert {each.severity.value for each in found} <= {"advice"}
    assert {each.location.path for each in found} <= {".gitignore"}


def test_gitignore_has_further_names_by_the_settings(root: Path) -> None:
    (finding,) = findings(root, WEB, "gitignore", Settings(root=root, gitignore=(".venv/", "c")))
    assert finding.message.startswith(".venv/ is not ignored")


@pytest.mark.parametrize(
    ("home", "line"),
    [
        ("/opt/render/project/.cargo", ".cargo/"),
        ("/tmp/.cargo", ".cargo/"),
        ("/tmp/cargo", "/cargo/"),
        ("/opt/render/project/cargo", "/cargo/"),
        ("/opt/render/project/src/build/cargo", "/build/cargo/"),
        ("/opt/render/project/src/.cargo", "/.cargo/"),
        ("build/cargo", "/build/cargo/"),
        ("../cargo", "/cargo/"),
    ],
)
def test_a_line_for_a_build_home_covers_no_folder_of_sources(root: Path, home: str, line: str) -> None:
    (finding,) = findings(root, WHOLE.replace("/tmp/c", home), "gitignore")
    assert finding.message.startswith(f"{line.removeprefix('/')} is not ignored, ")
    assert finding.fix == (f"add the line {line} to .gitignore",)
    assert [each.text for each in finding.edits] == [f"{line}\n"]
    (root / ".gitignore").write_text(f"r/\n{line}\n")
    assert findings(root, WHOLE.replace("/tmp/c", home), "gitignore") == []
    ignored = Gitignore.read(root)
    assert not ignored.covers(f"native/{home.rpartition('/')[2]}/lib.rs") or line == ".cargo/"


def test_a_relative_build_home_is_below_the_root_directory(root: Path) -> None:
    (root / "web").mkdir()
    blueprint = WHOLE.replace("/tmp/c", "build/cargo") + "    rootDir: web\n"
    (finding,) = findings(root, blueprint, "gitignore")
    assert finding.fix == ("add the line /web/build/cargo/ to .gitignore",)


def test_a_gitignore_that_cannot_be_read_is_a_fault_of_its_own(root: Path) -> None:
    (root / ".gitignore").write_bytes(b"c/\n\xff\xff\n")
    with pytest.raises(CannotCheck, match=r"\.gitignore cannot be read"):
        findings(root, WHOLE, "gitignore")
    assert Gitignore.read(root).covers("c/")


def test_where_no_home_is_set_there_is_nothing_to_ignore(root: Path) -> None:
    (root / "render.yaml").write_text(WEB)
    names = [node_id for file in plan(Deployment(Settings(root=root), {})) for node_id, _ in file.node_ids()]
    assert "render.yaml::blueprint::gitignore" not in names
