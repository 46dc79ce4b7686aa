"""``Pipfile.lock`` as a source, by the command as users run it."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest
from locked_shop import BLUEPRINT, CORE, CORE_SDIST, PLAIN, T312, T313, WEB, assert_never_passes

from command import Deploycheck
from index_server import Distribution, Index, wheel
from pytest_deploycheck.sources.locks.pipfile import Pipfile
from pytest_deploycheck.sources.locks.toml_text import TomlText

PIPFILE = """\
[[source]]
name = "own"
url = "{url}"
verify_ssl = false

[packages]
web = "*"
plain = {{version = ">=1", markers = "sys_platform == 'linux'"}}

[dev-packages]
tester = "*"

[docs]
sphinx = "*"

[requires]
python_version = "3.13"
"""
TESTER = wheel("tester", "1.0", requires_dist=["not-locked"])
SPHINX = wheel("sphinx", "4.0")


def entry(*files: Distribution, **more: Any) -> dict[str, Any]:
    version = files[0].filename.removesuffix(".tar.gz").split("-")[1]
    return {"hashes": [f"sha256:{each.sha256}" for each in files], "version": f"=={version}", **more}


def lock(pipfile: str, url: str, **changed: Any) -> str:
    (digest, *_) = Pipfile(TomlText.read("Pipfile", pipfile.encode())).hashes
    content = {
        "_meta": {
            "hash": {"sha256": digest},
            "pipfile-spec": 6,
            "requires": {"python_version": "3.13"},
            "sources": [{"name": "own", "url": url, "verify_ssl": False}],
        },
        "default": {
            "core": entry(CORE, CORE_SDIST),
            "plain": entry(PLAIN, markers="sys_platform == 'linux'"),
            "web": entry(WEB, index="own"),
        },
        "develop": {"tester": entry(TESTER)},
        "docs": {"sphinx": entry(SPHINX)},
    }
    return json.dumps(content | changed, indent=4)


@pytest.fixture
def shop(deploycheck: Deploycheck, index: Index) -> Deploycheck:
    """A project whose lock has a wheel of everything on 3.12, and has to compile on 3.13."""
    index.add(PLAIN, WEB, CORE, CORE_SDIST, TESTER, SPHINX)
    index.add(wheel("web", "3.0"), wheel("plain", "2.0"))
    pipfile = PIPFILE.format(url=index.url)
    deploycheck.project({"Pipfile": pipfile, "Pipfile.lock": lock(pipfile, index.url), "main.py": ""})
    return deploycheck


def run(shop: Deploycheck, index: Index, command: str) -> dict[str, Any]:
    shop.project({"render.yaml": BLUEPRINT.format(command=f'"{command}"')})
    report: dict[str, Any] = shop.report(index=index)
    return report


def test_what_pipenv_installs_has_items_of_its_own(shop: Deploycheck, index: Index) -> None:
    report = run(shop, index, "pip install pipenv && pipenv install --system --deploy")
    ended = {each["nodeid"]: each["outcome"] for each in report["items"] if each["nodeid"].startswith("Pipfile.lock")}
    assert ended == {
        f"Pipfile.lock::{T313}::resolves": "passed",
        f"Pipfile.lock::{T313}::plain": "passed",
        f"Pipfile.lock::{T313}::web": "failed",
    }
    resolution = next(each for each in report["resolutions"] if each["source"] == "Pipfile.lock")
    core = next(each for each in resolution["distributions"] if each["name"] == "core")
    assert (core["filename"], core["required_by"], core["chain"]) == (
        CORE_SDIST.filename,
        ["web"],
        ["web 2.0", "core 1.5"],
    )
    assert (core["requirement_path"], core["requirement_line"]) == ("Pipfile", 7)
    assert not [each for each in report["findings"] if "not known" in each["message"]]


def test_what_would_compile_is_told_at_the_line_of_the_pipfile(shop: Deploycheck, index: Index) -> None:
    shop.project({"render.yaml": BLUEPRINT.format(command="pipenv sync")})
    shop(index=index).stdout.fnmatch_lines(
        [
            f"Pipfile:7: web (*) would compile on {T313}",
            "  web 2.0 -> core 1.5 (Pipfile.lock:19)",
            f"  {CORE_SDIST.filename} is a source distribution built with maturin: it needs a Rust compiler",
            "  its wheels for this platform: cp312; none for cp313",
            "  fix: set PYTHON_VERSION to 3.12.16: all 3 distributions of Pipfile.lock have wheels there",
            "  or: set PIP_ONLY_BINARY=core before pipenv (render.yaml:5): it then names what has no wheel at once",
        ]
    )


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("pipenv sync", {"core", "plain", "web"}),
        ("pipenv sync --dev", {"core", "plain", "tester", "web"}),
        ("pipenv sync --categories docs", {"sphinx"}),
        ("pipenv sync --categories 'packages, docs' --dev", {"core", "plain", "sphinx", "web"}),
        ("pipenv sync --all", {"core", "plain", "sphinx", "tester", "web"}),
        ("pipenv install --ignore-pipfile", {"core", "plain", "web"}),
        ("pipenv install -d --deploy", {"core", "plain", "tester", "web"}),
        ("pipenv install --deploy --categories=docs --dev", {"core", "plain", "tester", "web"}),
        ("PIPENV_DEFAULT_CATEGORIES=docs pipenv sync", {"sphinx"}),
    ],
)
def test_categories_are_those_of_the_command(shop: Deploycheck, index: Index, command: str, names: set[str]) -> None:
    (resolution,) = run(shop, index, command)["resolutions"]
    assert resolution["outcome"] == "ok", resolution["message"]
    assert {each["name"] for each in resolution["distributions"]} == names


def test_an_entry_that_pip_may_not_take_another_file_of(shop: Deploycheck, index: Index) -> None:
    pipfile = (shop.path / "Pipfile").read_text()
    wrong = {"core": {"hashes": [f"sha256:{'0' * 64}"], "version": "==1.5"}, "web": entry(WEB)}
    shop.project({"Pipfile.lock": lock(pipfile, index.url, default=wrong)})
    shop(f"--deploycheck-target={T312}", index=index).stdout.fnmatch_lines(
        ["Pipfile.lock:1: the index has other files than those whose hashes are given *", f"*: {CORE.filename} has *"]
    )


def test_what_has_no_hash_is_given_to_pip_apart(shop: Deploycheck, index: Index) -> None:
    pipfile = (shop.path / "Pipfile").read_text()
    mixed = {"web": entry(WEB), "plain": {"version": "*", "markers": "python_version >= '3.8'"}}
    shop.project({"Pipfile.lock": lock(pipfile, index.url, default=mixed)})
    (resolution,) = shop.report(index=index)["resolutions"]
    assert [f"{each['name']} {each['version']}" for each in resolution["distributions"]] == ["plain 2.0", "web 2.0"]


def test_each_entry_is_looked_for_on_its_own_index_alone(shop: Deploycheck, index: Index) -> None:
    pipfile = (shop.path / "Pipfile").read_text()
    with Index() as other:
        other.add(wheel("web", "2.0", requires_dist=["core"]))
        sources = [
            {"name": "own", "url": index.url, "verify_ssl": False},
            {"name": "other", "url": other.url, "verify_ssl": False},
        ]
        meta = {"hash": {"sha256": ""}, "pipfile-spec": 6, "requires": {}, "sources": sources}
        default = {"plain": entry(PLAIN), "web": entry(WEB, index="other")}
        shop.project({"Pipfile.lock": lock(pipfile, index.url, _meta=meta, default=default)})
        (resolution,) = shop.report(f"--deploycheck-target={T312}", index=index)["resolutions"]
        assert resolution["outcome"] == "ok"
        assert other.requested("/simple/*") == ["/simple/web/"]
        assert index.requested("/simple/*") == ["/simple/plain/"]


@pytest.mark.parametrize(
    ("command", "outcome", "said"),
    [
        ("pipenv install --deploy", "failed", "Pipfile has changed since, and --deploy stops there: *"),
        ("pipenv install", "error", "*Pipfile has changed since: Pipenv would lock anew before it installs: *"),
        ("pipenv install --system", "passed", "Pipfile has changed since the lock was made"),
        ("pipenv sync", "passed", ""),
        ("pipenv install --ignore-pipfile", "passed", ""),
    ],
)
def test_a_lock_of_another_pipfile(shop: Deploycheck, index: Index, command: str, outcome: str, said: str) -> None:
    shop.project({"Pipfile": (shop.path / "Pipfile").read_text().replace('web = "*"', 'web = ">=1"')})
    report = run(shop, index, command)
    (item,) = [each for each in report["items"] if each["nodeid"].endswith("::resolves")]
    assert item["outcome"] == outcome
    findings = [each for each in report["findings"] if each["check"] == "resolves"]
    told = [item.get("reason") or "", *(f"{each['message']} {' '.join(each['evidence'])}" for each in findings)]
    assert any(fnmatchcase(each, f"*{said}*") for each in told), told


@pytest.mark.parametrize(("command", "is_refused"), [("pipenv install --deploy", True), ("pipenv sync", False)])
def test_deploy_asks_for_the_python_of_the_pipfile(
    shop: Deploycheck, index: Index, command: str, is_refused: bool
) -> None:
    blueprint = BLUEPRINT.format(command=command).replace("3.13.4", "3.12.4")
    shop.project({"render.yaml": blueprint})
    (resolution,) = shop.report(index=index)["resolutions"]
    told = "Pipenv stops: Pipfile asks for Python 3.13, and the target's is 3.12.4"
    assert (resolution["outcome"], resolution["message"]) == (("no-match", told) if is_refused else ("ok", ""))


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("pipenv install flask", "it locks flask too before it installs"),
        ("pipenv install --skip-lock", "the option --skip-lock"),
        ("pipenv sync --extra-pip-args=--pre", "the option --extra-pip-args"),
        ("PIPENV_PIPFILE=other/Pipfile pipenv sync", "the variable PIPENV_PIPFILE"),
    ],
)
def test_what_is_not_followed_is_said_and_passes_nothing(
    shop: Deploycheck, index: Index, command: str, said: str
) -> None:
    report = run(shop, index, command)
    assert not [each for each in report["items"] if "lock" in each["nodeid"] and each["outcome"] == "passed"]
    assert said in json.dumps(report)


def test_a_variable_of_an_index_is_that_of_the_service_or_of_this_machine(
    shop: Deploycheck, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = index.url.replace("://", "://user:${OWN_TOKEN}@")
    pipfile = PIPFILE.format(url=url)
    shop.project({"Pipfile": pipfile, "Pipfile.lock": lock(pipfile, url)})
    arguments = ("--deploycheck-requirements=Pipfile.lock", f"--deploycheck-target={T312}")
    result = shop(*arguments, index=index)
    result.stdout.fnmatch_lines(["*the source own needs the variable OWN_TOKEN: set it for this run too*"])
    monkeypatch.setenv("OWN_TOKEN", "a-secret-of-mine")
    blueprint = BLUEPRINT.format(command="pipenv sync").replace("3.13.4", "3.12.4")
    shop.project({"render.yaml": blueprint})
    result = shop(index=index)
    assert "a-secret-of-mine" not in result.stdout.str()
    assert {each.headers.get("authorization", "")[:5] for each in index.requests if "/simple/" in each.path} == {
        "Basic"
    }


@pytest.mark.parametrize(
    ("text", "outcome", "shown"),
    [
        ("{", "failed", "Pipfile.lock:1: Pipenv cannot read this file"),
        ('{"_meta": {"pipfile-spec": 7}}', "errors", "*its format is 7, and the one known here is 6*"),
        ('{"default": {}}', "failed", "*Pipenv cannot read this file"),
        (
            '{"_meta": {"pipfile-spec": 6}, "default": {"a": {"version": "one two"}}}',
            "failed",
            "*Pipenv refuses this: *",
        ),
    ],
)
def test_a_lock_that_cannot_be_read_never_passes(shop: Deploycheck, text: str, outcome: str, shown: str) -> None:
    assert_never_passes(shop, "Pipfile.lock", text, outcome, shown)


def test_the_checklist_names_pipenv(shop: Deploycheck, index: Index) -> None:
    shop("--deploycheck-checklist=list.md", f"--deploycheck-target={T312}", index=index)
    text = (shop.path / "list.md").read_text(encoding="utf-8")
    assert "- [x] Pipenv can install what the lock has" in text
