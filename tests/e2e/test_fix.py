"""``--deploycheck-fix``, as a user runs it: what it shows, what it writes, and that the next run is green."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from command import Deploycheck
from index_server import Index, sdist, wheel

CP313 = "cp313-cp313-manylinux_2_17_x86_64.manylinux2014_x86_64"
FIX, WRITE = "--deploycheck-fix", "--deploycheck-fix=write"

BLUEPRINT = """\
services:
  - type: web
    name: api   # the only one
    env: python
    plan: free
    healthCheckPath: /health
    autoDeploy: false
    buildCommand: pip install -r requirements.txt
    startCommand: gunicorn app:app
    envVars:
      # Which one?
      - key: PYTHON_VERSION
        value: 3.13
"""

MENDED = """\
services:
  - type: web
    name: api   # the only one
    runtime: python
    plan: free
    healthCheckPath: /health
    autoDeployTrigger: "off"
    buildCommand: pip install --no-cache-dir -r requirements.txt
    startCommand: gunicorn app:app
    envVars:
      - key: CARGO_HOME
        value: /opt/render/project/.cargo
      - key: RUSTUP_HOME
        value: /opt/render/project/.rustup
      # Which one?
      - key: PYTHON_VERSION
        value: "3.13.18"
"""


@pytest.fixture
def project(deploycheck: Deploycheck, index: Index) -> Deploycheck:
    """A service with a fault of each kind that can be mended without asking."""
    index.add(sdist("demo", "1.0"), wheel("demo", "1.1", CP313), wheel("gunicorn", "23.0"))
    deploycheck.project(
        {
            "render.yaml": BLUEPRINT,
            "requirements.txt": "# ours\ndemo==1.0  # native\ngunicorn\n",
            "app.py": "def app(environ, start_response): ...\n",
        }
    )
    return deploycheck


def section(result: pytest.RunResult) -> str:
    """What it says of fixes."""
    _, _, found = result.stdout.str().partition("deploycheck fixes ")
    return found.partition("\n")[2].partition("\n====")[0]


def contents(folder: Path) -> dict[str, bytes]:
    return {
        each.name: each.read_bytes()
        for each in folder.iterdir()
        if each.suffix in (".yaml", ".txt") or each.name == ".gitignore"
    }


def test_without_writing_it_shows_a_diff_that_git_applies(project: Deploycheck, index: Index) -> None:
    before = contents(project.path)
    shown = section(project(FIX, index=index))
    assert contents(project.path) == before
    assert "-demo==1.0  # native\n+demo==1.1  # native\n" in shown
    assert "nothing is written: --deploycheck-fix=write does it" in shown
    diff = shown.partition("nothing is written")[0]
    subprocess.run(["git", "apply"], cwd=project.path, input=diff, text=True, check=True)
    assert (project.path / "render.yaml").read_text() == MENDED
    assert (project.path / ".gitignore").read_text() == ".cargo/\n.rustup/\n"


def test_what_is_written_is_green_and_written_once(project: Deploycheck, index: Index) -> None:
    first = section(project(WRITE, index=index))
    assert "written: render.yaml" in first
    assert "written: requirements.txt" in first
    written = contents(project.path)
    assert written["render.yaml"].decode() == MENDED
    assert written["requirements.txt"] == b"# ours\ndemo==1.1  # native\ngunicorn\n"
    again = project(WRITE, "-W", "error", index=index)
    assert again.ret == pytest.ExitCode.OK
    assert section(again).strip() == "nothing to change"
    assert contents(project.path) == written


def test_workers_find_the_same_fixes(project: Deploycheck, index: Index) -> None:
    pytest.importorskip("xdist")
    project(WRITE, "-n", "2", index=index)
    assert (project.path / "render.yaml").read_text() == MENDED


def test_line_endings_byte_order_marks_and_encodings_stay(deploycheck: Deploycheck, index: Index) -> None:
    index.add(sdist("demo", "1.0"), wheel("demo", "1.1", CP313))
    for encoding in ("utf-8-sig", "utf-16"):
        text = "# früh\r\ndemo==1.0\r\n"
        (deploycheck.path / "requirements.txt").write_bytes(text.encode(encoding))
        deploycheck(WRITE, "--deploycheck-target=3.13", index=index)
        changed = (deploycheck.path / "requirements.txt").read_bytes()
        assert changed == text.replace("1.0", "1.1").encode(encoding)


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments], cwd=folder, check=True)


def test_files_with_uncommitted_changes_are_left_unless_told(project: Deploycheck, index: Index) -> None:
    git(project.path, "init", "-q")
    git(project.path, "add", "render.yaml", "requirements.txt")
    git(project.path, "commit", "-q", "-m", "all")
    requirements = project.path / "requirements.txt"
    requirements.write_text(requirements.read_text() + "# more\n")
    before = contents(project.path)
    refused = project(WRITE, index=index)
    assert refused.ret == pytest.ExitCode.USAGE_ERROR
    assert "nothing is written, since requirements.txt could not be had back: it has uncommitted changes" in section(
        refused
    )
    after = contents(project.path)
    assert {name: after[name] for name in before} == before
    project(WRITE, "--deploycheck-fix-dirty", index=index)
    assert requirements.read_text() == "# ours\ndemo==1.1  # native\ngunicorn\n# more\n"


def test_another_python_is_the_fix_where_that_is_the_smaller_change(deploycheck: Deploycheck, index: Index) -> None:
    for name in ("one", "two"):
        index.add(
            wheel(name, "1.0", "cp312-cp312-manylinux_2_17_x86_64"), sdist(name, "1.0"), wheel(name, "2.0", CP313)
        )
    deploycheck.project(
        {
            "render.yaml": BLUEPRINT.replace("value: 3.13", 'value: "3.13.4"'),
            "requirements.txt": "one==1.0\ntwo==1.0\n",
            "app.py": "app = None\n",
        }
    )
    shown = section(deploycheck(FIX, index=index))
    assert '-        value: "3.13.4"\n+        value: "3.12.16"\n' in shown
    assert "a/requirements.txt" not in shown
    asked = section(deploycheck(FIX, "--deploycheck-target=3.13", index=index))
    assert "-one==1.0\n-two==1.0\n+one==2.0\n+two==2.0\n" in asked


def test_a_line_in_a_build_command_is_changed_there(deploycheck: Deploycheck, index: Index) -> None:
    index.add(sdist("demo", "1.0"), wheel("demo", "1.1", CP313))
    blueprint = BLUEPRINT.replace("-r requirements.txt", "--no-cache-dir 'demo==1.0'").replace("3.13", '"3.13.4"')
    deploycheck.project({"render.yaml": blueprint, "app.py": "app = None\n"})
    deploycheck(WRITE, index=index)
    assert "pip install --no-cache-dir 'demo==1.1'\n" in (deploycheck.path / "render.yaml").read_text()


def test_what_it_would_not_understand_is_refused(deploycheck: Deploycheck) -> None:
    result = deploycheck("--deploycheck-fix=yes")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--deploycheck-fix=yes: expected `diff`, which changes nothing, or `write`*"])


@pytest.fixture
def before(deploycheck: Deploycheck) -> Deploycheck:
    deploycheck.example("nexus/before")
    return deploycheck


def test_of_the_incident_four_lines_change(before: Deploycheck, nexus_index: Index) -> None:
    requirements = before.path / "requirements.txt"
    old = requirements.read_text().splitlines()
    before(WRITE, "--deploycheck-target=3.13", "requirements.txt", index=nexus_index)
    changed = [new for new, line in zip(requirements.read_text().splitlines(), old, strict=True) if new != line]
    assert changed == ["aiogram==3.11.0", "pydantic==2.8.0", "aiohttp==3.10.5", "orjson==3.10.7"]
    again = before(WRITE, "--deploycheck-target=3.13", "requirements.txt", index=nexus_index)
    again.assert_outcomes(passed=19)


def test_of_the_published_fix_one_line_changes(deploycheck: Deploycheck, nexus_index: Index) -> None:
    deploycheck.example("nexus/after")
    requirements = deploycheck.path / "requirements.txt"
    old = requirements.read_text().splitlines()
    result = deploycheck(WRITE, "--deploycheck-target=3.12", "requirements.txt", index=nexus_index)
    result.stdout.fnmatch_lines(["  fix: write aiogram==3.16.0 (line 1): all 67 distributions are wheels then"])
    changed = [new for new, line in zip(requirements.read_text().splitlines(), old, strict=True) if new != line]
    assert changed == ["aiogram==3.16.0"]
    again = deploycheck("--deploycheck-target=3.12", "requirements.txt", index=nexus_index)
    assert again.ret == pytest.ExitCode.OK


def test_a_health_check_asks_a_route_that_is_known(deploycheck: Deploycheck, index: Index) -> None:
    index.add(wheel("fastapi", "1.0"), wheel("uvicorn", "1.0"))
    deploycheck.project(
        {
            "render.yaml": BLUEPRINT.replace("    healthCheckPath: /health\n", "").replace(
                "gunicorn app:app", "uvicorn app:app --host 0.0.0.0 --port $PORT"
            ),
            "requirements.txt": "fastapi\nuvicorn\n",
            "app.py": "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/healthz')\ndef health(): ...\n",
        }
    )
    shown = section(deploycheck(FIX, "-k", "health-check-path", index=index))
    assert "+    healthCheckPath: /healthz\n" in shown
    (deploycheck.path / "app.py").write_text("app = None\n")
    assert section(deploycheck(FIX, "-k", "health-check-path", index=index)).strip() == "nothing to change"
