"""As a new user has it: the plugin as a wheel in an environment of its own, and the examples as they stand."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from index_server import Index, wheel

ROOT = Path(__file__).parents[2]
TARGETS = ("cp312-cp312", "cp313-cp313", "cp314-cp314")
PARTS = ("pytest_deploycheck", "pyproject.toml", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its interpreter: both wheels are installed in it; what they need is found where these tests find it."""
    folder = tmp_path_factory.mktemp("fresh")
    wheels = [_built(_copied(folder / "plugin", PARTS)), _built(_example(folder, "company-rules"))]
    venv.EnvBuilder(symlinks=os.name != "nt").create(folder / "env")
    python = folder / "env" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    _pip("--python", python, "install", "--no-deps", *wheels)
    site = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    # Behind what is installed there; the .pth files in it, such as that of an editable install, are not read.
    Path(site, "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return python


def _copied(folder: Path, parts: tuple[str, ...]) -> Path:
    folder.mkdir()
    for name in parts:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder)
    return folder


def _example(folder: Path, name: str) -> Path:
    return Path(shutil.copytree(ROOT / "examples" / name, folder / name))


def _built(folder: Path) -> Path:
    _pip("wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", folder / "dist", folder)
    (built,) = (folder / "dist").iterdir()
    return built


def _pip(*arguments: str | Path) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return _example(tmp_path, "own-rules")


@pytest.fixture
def index(index: Index) -> Index:
    index.add(wheel("itsdangerous", "2.2.0"), wheel("iniconfig", "2.1.0"))
    index.add(*(wheel("markupsafe", "3.0.3", tags=f"{each}-manylinux_2_17_x86_64") for each in TARGETS))
    return index


def run(environment: Path, project: Path, index: Index, *arguments: str) -> tuple[int, str]:
    """The exit code, and what stands on the screen."""
    variables = {**os.environ, "PIP_INDEX_URL": index.url, "PYTHONPATH": "", "PYTEST_ADDOPTS": "-p no:randomly"}
    command = [environment, "-m", "pytest", *arguments]
    done = subprocess.run(command, cwd=project, env=variables, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr


def test_the_projects_own_tests_run_there(environment: Path, project: Path, index: Index) -> None:
    shown = "import pytest_deploycheck, company_rules; print(pytest_deploycheck.__file__, company_rules.__file__)"
    where = subprocess.run([environment, "-c", shown], cwd=project, capture_output=True, text=True, check=True).stdout
    assert all(str(environment.parents[1]) in each for each in where.split())
    code, screen = run(environment, project, index, "-v")
    assert code == 0, screen
    assert "tests/test_deploy.py::test_no_compiling[3.14] PASSED" in screen
    assert "9 passed" in screen


def test_the_companys_rules_are_items_there(environment: Path, project: Path, index: Index) -> None:
    code, screen = run(environment, project, index, "--deploycheck", "-m", "deploycheck", "-v")
    assert code == 0, screen
    assert "render.yaml::shop-mails::company-region PASSED" in screen
    assert "::markupsafe[company-pinned] PASSED" in screen


def test_each_of_the_companys_three_rules_can_fail(environment: Path, project: Path, index: Index) -> None:
    blueprint = (project / "render.yaml").read_text()
    blueprint = blueprint.replace("region: frankfurt", "region: oregon", 1).replace("    region: frankfurt\n", "", 1)
    blueprint = blueprint.replace("      - key: PYTHON_VERSION\n        value: 3.13.4\n", "", 1)
    (project / "render.yaml").write_text(blueprint)
    (project / "requirements" / "base.txt").write_text("itsdangerous>=2\nmarkupsafe==3.0.3\n")
    code, screen = run(environment, project, index, "--deploycheck", "-m", "deploycheck", "-k", "company or python")
    assert code == 1
    for expected in (
        "render.yaml:5: shop-api runs in oregon",
        "render.yaml:16: shop-mails has no region, and so runs in Oregon",
        "requirements/base.txt:1: itsdangerous>=2 allows more than one version",
        "render.yaml:2: nothing pins the Python of shop-api",
    ):
        assert expected in screen
