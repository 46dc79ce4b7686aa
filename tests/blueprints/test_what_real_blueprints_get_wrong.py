"""Each pattern that 37 public blueprints show, or that deploys to Render often fail by, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from index_server import Index, sdist, wheel
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import CannotCheck, Finding, NothingToDecide
from pytest_deploycheck.plan import plan
from pytest_deploycheck.settings import Settings

PIN = '      - key: PYTHON_VERSION\n        value: "3.12.4"\n'
EXTENSION = {
    "setup.py": "from setuptools import Extension, setup\nsetup(ext_modules=[Extension('_psycopg', ['psycopg.c'])])\n",
    "psycopg.c": "",
}
FLASK = "from flask import Flask\napp = Flask(__name__)\n@app.get('/health')\ndef health(): return 'ok'\n"


class Project:
    """One web service, right in all but what a test changes."""

    def __init__(self, root: Path, index: Index) -> None:
        self.root = root
        self.index = index
        self.files: dict[str, str | bytes] = {"requirements.txt": "flask\ngunicorn\n", "app.py": FLASK}
        self.fields = {
            "runtime": "python",
            "plan": "starter",
            "buildCommand": "pip install --no-cache-dir -r requirements.txt",
            "startCommand": "gunicorn app:app",
            "healthCheckPath": "/health",
        }
        self.variables = PIN
        self.further = ""

    def blueprint(self) -> str:
        fields = "".join(f"    {name}: {value}\n" for name, value in self.fields.items() if value)
        variables = f"    envVars:\n{self.variables}" if self.variables else ""
        return f"services:\n  - type: web\n    name: shop\n{fields}{variables}{self.further}"

    def findings(self, *checks: str) -> list[Finding]:
        """Of these checks, as the command makes them."""
        (self.root / "render.yaml").write_text(self.files.pop("render.yaml", None) or self.blueprint())
        for path, content in self.files.items():
            (self.root / path).write_bytes(content.encode() if isinstance(content, str) else content)
        deployment = Deployment(Settings(root=self.root), {"PIP_INDEX_URL": self.index.url})
        return [each for each in _made(deployment) if each.check in checks]

    def only(self, check: str) -> str:
        """The one finding of a check: severity, place and message."""
        (finding,) = self.findings(check)
        return f"{finding.severity.value} {finding.location}:{finding.location.column} {finding.message}"


def _made(deployment: Deployment) -> Iterator[Finding]:
    for file in plan(deployment):
        for _, planned in file.node_ids():
            try:
                yield from planned.check.run(planned.subject, deployment)
            except (NothingToDecide, CannotCheck):
                continue


@pytest.fixture
def shop(tmp_path: Path, index: Index) -> Project:
    index.add(wheel("flask", "3.0.0"), wheel("gunicorn", "22.0.0"))
    return Project(tmp_path, index)


def test_nothing_is_said_of_a_service_that_is_right(shop: Project) -> None:
    names = (
        "health-check-path",
        "python-version",
        "build-command",
        "start-command",
        "start-program",
        "port",
        "resolves",
    )
    assert shop.findings(*names, "wheel", "variables", "environment", "sqlite", "fields", "services") == []


# What real blueprints hold.


def test_most_web_services_have_no_health_check_path(shop: Project) -> None:
    del shop.fields["healthCheckPath"]
    assert shop.only("health-check-path").startswith("error render.yaml:2:5 shop has no healthCheckPath")


def test_half_of_the_services_pin_no_python(shop: Project) -> None:
    shop.variables = ""
    assert shop.only("python-version").startswith("advice render.yaml:2:5 nothing pins the Python of shop")


def test_a_version_of_two_numbers_is_none(shop: Project) -> None:
    shop.variables = PIN.replace('"3.12.4"', "'3.11'")
    assert shop.only("python-version").startswith(
        "error render.yaml:11:16 shop: PYTHON_VERSION has to be fully qualified"
    )


@pytest.mark.parametrize(
    ("command", "place"),
    [
        ("uvicorn app:app --host 0.0.0.0 --port 8000", "7:57"),
        ("streamlit run app.py --server.port 8501 --server.address 0.0.0.0", "7:54"),
        ("uvicorn app:app", "7:19"),
        ("flask run", "7:19"),
    ],
)
def test_a_port_is_fixed_or_the_default_of_the_server(shop: Project, command: str, place: str) -> None:
    shop.fields["startCommand"] = command
    (finding, *_) = shop.findings("port")
    assert (finding.severity.value, f"{finding.location.line}:{finding.location.column}") == ("error", place)


def test_a_program_that_fixes_its_port_itself(shop: Project) -> None:
    shop.fields["startCommand"] = "python app.py"
    shop.files["app.py"] = f"{FLASK}if __name__ == '__main__':\n    app.run(port=5000)\n"
    (finding, *_) = shop.findings("port")
    assert (finding.severity.value, finding.location.path, finding.location.line) == ("error", "app.py", 6)


def test_the_default_port_of_render_written_out_is_right(shop: Project) -> None:
    shop.fields["startCommand"] = "uvicorn app:app --host 0.0.0.0 --port 10000"
    assert [each for each in shop.findings("port") if each.severity.value == "error"] == []


def test_placeholders_of_secrets_stand_in_values(shop: Project) -> None:
    shop.variables += "      - key: BOT_TOKEN\n        value: your-bot-token-here\n"
    assert shop.only("variables").startswith("advice render.yaml:13:16")


@pytest.mark.parametrize("command", ["./build.sh", "chmod +x build.sh && ./build.sh", "bash build.sh"])
def test_pip_hides_in_a_script(shop: Project, command: str) -> None:
    shop.fields["buildCommand"] = f'"{command}"'
    shop.files["build.sh"] = "#!/usr/bin/env bash\nset -o errexit\npip install -r requirements.txt\n"
    assert shop.only("build-command") == (
        "advice build.sh:3:1 shop: `pip install -r requirements.txt` lacks --no-cache-dir"
    )


def test_uv_installs_from_a_lock_that_is_not_there(shop: Project) -> None:
    shop.fields["buildCommand"] = "uv sync --no-dev --frozen"
    shop.files["pyproject.toml"] = '[project]\nname = "shop"\nversion = "1"\n'
    said = [f"{each.severity.value} {each.message}" for each in shop.findings("build-command")]
    assert said == [
        "advice what `uv sync --no-dev --frozen` installs for shop is not known: "
        "only pip, uv pip and the locks of uv, Poetry, PDM and Pipenv are followed",
        "error shop runs `uv sync --no-dev --frozen`, and there is no uv.lock in the root",
    ]


def test_a_blueprint_holds_a_list_of_requirements(shop: Project) -> None:
    shop.files["render.yaml"] = "flask==3.0.0\ngunicorn==22.0.0\n"
    assert shop.only("syntax").startswith("error render.yaml:1:1")


def test_an_unknown_key_is_ignored_in_silence(shop: Project) -> None:
    shop.fields["postdeployCommand"] = "python app.py"
    assert shop.only("fields").startswith("error render.yaml:9:5 shop has the unknown field 'postdeployCommand'")


def test_a_requirements_file_in_utf_16_is_read_as_pip_reads_it(shop: Project) -> None:
    shop.files["requirements.txt"] = "flask\r\ngunicorn\r\n".encode("utf-16")
    assert shop.findings("resolves", "wheel", "start-program") == []


def test_a_requirement_with_a_dash_before_its_version(shop: Project) -> None:
    shop.files["requirements.txt"] = "flask\ngunicorn\nrequests==-2.31.0\n"
    assert shop.only("resolves").startswith("error requirements.txt:3:1 pip refuses this line: requests==-2.31.0")


# What deploys fail by.


def test_a_wheel_is_missing_and_rust_would_compile(shop: Project) -> None:
    """``metadata-generation-failed``, maturin and cargo."""
    cargo = {"pyproject.toml": '[build-system]\nrequires = ["maturin"]\nbuild-backend = "maturin"\n', "Cargo.toml": ""}
    shop.index.add(wheel("core", "1.0", "cp311-cp311-manylinux_2_17_x86_64"), sdist("core", "1.0", files=cargo))
    shop.index.add(wheel("pydantic", "2.5", requires_dist=["core==1.0"]))
    shop.files["requirements.txt"] = "flask\ngunicorn\npydantic==2.5\n"
    (finding,) = shop.findings("wheel")
    assert f"{finding.location} {finding.message}".startswith("requirements.txt:3 pydantic==2.5 would compile on 3.12-")
    assert "needs a Rust compiler" in finding.evidence[1]


def test_requirements_do_not_fit_together(shop: Project) -> None:
    """``ResolutionImpossible``."""
    shop.index.add(wheel("bot", "1.0", requires_dist=["flask<3"]))
    shop.files["requirements.txt"] = "flask==3.0.0\ngunicorn\nbot==1.0\n"
    assert "bot==1.0 (line 3) requires flask<3" in shop.only("resolves")


def test_a_pinned_version_never_supported_that_python(shop: Project) -> None:
    """``No matching distribution found``: tensorflow 2.15.0 on 3.12."""
    shop.index.add(wheel("tensorflow", "2.15.0", "cp311-cp311-manylinux_2_17_x86_64"))
    shop.files["requirements.txt"] = "flask\ngunicorn\ntensorflow==2.15.0\n"
    assert shop.only("resolves").startswith("error requirements.txt:3:1 ")
    assert "tensorflow==2.15.0" in shop.only("resolves")


def test_an_old_source_distribution_meets_a_modern_setuptools(shop: Project) -> None:
    """``backend-unavailable``: numpy 1.24.3 on 3.12."""
    project = {"pyproject.toml": '[build-system]\nrequires = ["setuptools", "cython"]\n', "numpy/core.c": ""}
    shop.index.add(
        wheel("numpy", "1.24.3", "cp311-cp311-manylinux_2_17_x86_64"), sdist("numpy", "1.24.3", files=project)
    )
    shop.files["requirements.txt"] = "flask\ngunicorn\nnumpy==1.24.3\n"
    assert shop.only("wheel").startswith("error requirements.txt:3:1 numpy==1.24.3 would")


def test_psycopg2_needs_pg_config(shop: Project) -> None:
    """``pg_config executable not found``."""
    shop.index.add(sdist("psycopg2", "2.9.9", files=EXTENSION))
    shop.files["requirements.txt"] = "flask\ngunicorn\npsycopg2==2.9.9\n"
    assert shop.only("wheel").startswith("error requirements.txt:3:1 psycopg2==2.9.9 would compile")


def test_a_server_listens_on_loopback(shop: Project) -> None:
    """``No open ports detected``."""
    shop.fields["startCommand"] = "gunicorn --bind 127.0.0.1:8000 app:app"
    (finding, *_) = shop.findings("port")
    assert (finding.severity.value, finding.location.line, finding.location.column) == ("error", 7, 35)


def test_gunicorn_is_not_among_the_requirements(shop: Project) -> None:
    """``gunicorn: command not found``."""
    shop.files["requirements.txt"] = "flask\n"
    assert shop.only("start-program").startswith("error render.yaml:7:19 ")


def test_the_module_of_the_application_is_elsewhere(shop: Project) -> None:
    """``ModuleNotFoundError``."""
    shop.fields["startCommand"] = "gunicorn main:app"
    assert shop.only("start-command").startswith("error render.yaml:7:28 ")


def test_the_application_has_another_name(shop: Project) -> None:
    """``Failed to find attribute``."""
    shop.fields["startCommand"] = "gunicorn app:application"
    assert shop.only("start-command").startswith("error render.yaml:7:")


MIGRATE = "alembic upgrade head && gunicorn app:app"


@pytest.mark.parametrize(
    ("start", "words", "column"),
    [
        (MIGRATE, "alembic upgrade head, and there is no alembic.ini in the root", 19),
        ("cd db && alembic -x a=b upgrade head", "alembic -x a=b upgrade head, and there is no alembic.ini in db", 28),
        (
            "alembic -c db/other.ini upgrade head",
            "alembic -c db/other.ini upgrade head, and there is no other.ini in db",
            30,
        ),
    ],
)
def test_a_migration_without_its_settings_cannot_start(shop: Project, start: str, words: str, column: int) -> None:
    (shop.root / "db").mkdir()
    shop.fields["startCommand"] = start
    assert shop.only("start-command") == f"error render.yaml:7:{column} shop runs {words}"


@pytest.mark.parametrize(
    ("start", "path"),
    [
        (MIGRATE, "alembic.ini"),
        ("cd db && alembic upgrade head", "db/alembic.ini"),
        ("alembic --config=db/a.ini upgrade head", "db/a.ini"),
        ("alembic -c $WHERE upgrade head", "x"),
        ("ALEMBIC_CONFIG=db/a.ini alembic upgrade head", "x"),
        ("cp db/alembic.ini.example alembic.ini && alembic upgrade head", "x"),
        ("sed s/a/b/ db/template > alembic.ini; alembic upgrade head", "x"),
        ("alembic --version; alembic init migrations; gunicorn app:app", "x"),
        ("cd $WHERE && alembic upgrade head", "x"),
    ],
)
def test_a_migration_with_its_settings_can_start(shop: Project, start: str, path: str) -> None:
    (shop.root / "db").mkdir()
    shop.files[path] = "[alembic]\n"
    shop.fields["startCommand"] = start
    assert shop.findings("start-command") == []


def test_the_settings_of_a_migration_may_stand_in_the_project_s_own(shop: Project) -> None:
    shop.files["pyproject.toml"] = '[tool.alembic]\nscript_location = "migrations"\n'
    shop.fields["startCommand"] = MIGRATE
    assert shop.findings("start-command") == []


def test_where_the_settings_of_a_migration_are_is_said(shop: Project) -> None:
    (shop.root / "db").mkdir()
    shop.files["db/alembic.ini"] = "[alembic]\n"
    shop.fields["preDeployCommand"] = "alembic upgrade head"
    (finding,) = shop.findings("start-command")
    assert finding.fix == ("run it in db, where alembic.ini is: rootDir, or cd",)


@pytest.mark.parametrize("start", ["alembic upgrade head || true", "test -d db && alembic upgrade head"])
def test_a_migration_that_may_fail_or_not_run_is_advice(shop: Project, start: str) -> None:
    shop.fields["startCommand"] = f"{start}; gunicorn app:app"
    assert shop.only("start-command").startswith("advice render.yaml:7:")


def test_the_requirements_file_is_not_where_the_command_runs(shop: Project) -> None:
    """``Could not open requirements file``."""
    (shop.root / "backend").mkdir()
    shop.fields["rootDir"] = "backend"
    (finding,) = shop.findings("build-command")
    assert f"{finding.severity.value} {finding.message}" == (
        "error shop installs requirements.txt, and there is no such file in backend"
    )


@pytest.mark.parametrize(("path", "words"), [("/healthz", "/healthz"), ("/", "/")])
def test_nothing_answers_the_health_check(shop: Project, path: str, words: str) -> None:
    """Health check time-outs."""
    shop.fields["healthCheckPath"] = path
    said = shop.only("health-check-path")
    assert said.startswith("error render.yaml:8:22 ")
    assert words in said


def test_sqlite_is_on_a_file_system_that_does_not_stay(shop: Project) -> None:
    shop.files["app.py"] = f"{FLASK}import sqlite3\nconnection = sqlite3.connect('shop.db')\n"
    assert shop.only("sqlite").startswith("advice app.py:6:")


def test_a_free_plan_for_what_has_none(shop: Project) -> None:
    """Out of memory on free is known only when it runs; that a worker cannot be free at all is known before."""
    shop.fields["plan"] = "free"
    shop.further = (
        "  - {type: worker, name: jobs, runtime: node, plan: free, buildCommand: npm ci, startCommand: node x}\n"
    )
    found = [f"{each.severity.value} {each.location.line}" for each in shop.findings("plan", "fields")]
    assert "error 12" in found
