"""``pylock.toml`` as a source, by the command as users run it: installed by pip, and by uv."""

from __future__ import annotations

import pytest
from locked_shop import BLUEPRINT, CORE, CORE_SDIST, PLAIN, T312, T313, WEB

from command import Deploycheck
from index_server import Distribution, Index, wheel

HEAD = """\
lock-version = "1.0"
created-by = "hand"
requires-python = ">=3.11"
extras = ["mail"]
dependency-groups = ["docs"]
"""
MAIL = wheel("mailer", "3.0")
DOCS = wheel("sphinx", "4.0")


def entry(index: Index, *files: Distribution, marker: str = "") -> str:
    """A package of a lock."""
    version = files[0].filename.removesuffix(".tar.gz").split("-")[1]
    lines = ["[[packages]]", f'name = "{files[0].project}"', f'version = "{version}"']
    lines += [f'marker = "{marker}"'] if marker else []
    tables = {
        each.is_wheel: f'{{ url = "{index.origin}/files/{each.filename}", hashes = {{ sha256 = "{each.sha256}" }} }}'
        for each in files
    }
    lines += [f"sdist = {tables[False]}"] if False in tables else []
    lines += [f"wheels = [{tables[True]}]"] if True in tables else []
    return "\n".join(lines) + "\n\n"


def lock(index: Index, head: str = HEAD, *, without: str = "") -> str:
    entries = {
        "core": entry(index, CORE, CORE_SDIST),
        "plain": entry(index, PLAIN),
        "web": entry(index, WEB),
        "mailer": entry(index, MAIL, marker="'mail' in extras"),
        "sphinx": entry(index, DOCS, marker="'docs' in dependency_groups"),
    }
    return head + "\n" + "".join(text for name, text in entries.items() if name != without)


@pytest.fixture
def shop(deploycheck: Deploycheck, index: Index) -> Deploycheck:
    """A project whose lock has a wheel of everything on 3.12, and has to compile on 3.13."""
    index.add(PLAIN, WEB, CORE, CORE_SDIST, MAIL, DOCS)
    deploycheck.project({"pylock.toml": lock(index), "main.py": ""})
    return deploycheck


def test_what_a_service_starts_is_added_to_what_the_lock_is_made_from(shop: Deploycheck, index: Index) -> None:
    blueprint = BLUEPRINT.format(command="pip install -r pylock.toml").replace("python main.py", "gunicorn main:app")
    shop.project({"render.yaml": blueprint})
    result = shop("--deploycheck-target=3.12", "-k", "start-program", index=index)
    result.stdout.fnmatch_lines(
        [
            "render.yaml:*: api starts gunicorn, and nothing installs gunicorn",
            "*fix: add gunicorn to what pylock.toml is made from, and lock anew",
        ]
    )


@pytest.mark.parametrize(
    ("command", "installer"), [("pip install -r pylock.toml", "pip"), ("uv pip sync pylock.toml", "uv pip")]
)
def test_what_is_installed_from_it_has_items_of_its_own(
    shop: Deploycheck, index: Index, command: str, installer: str
) -> None:
    shop.project({"render.yaml": BLUEPRINT.format(command=command)})
    report = shop.report(index=index)
    ended = {each["nodeid"]: each["outcome"] for each in report["items"] if each["nodeid"].startswith("pylock.toml")}
    assert ended == {
        f"pylock.toml::{T313}::resolves": "passed",
        f"pylock.toml::{T313}::core": "failed",
        f"pylock.toml::{T313}::plain": "passed",
        f"pylock.toml::{T313}::web": "passed",
        f"pylock.toml::{T313}::mailer": "skipped",
        f"pylock.toml::{T313}::sphinx": "skipped",
    }
    (finding,) = [each for each in report["findings"] if each["check"] == "wheel"]
    assert (finding["path"], finding["line"]) == ("pylock.toml", 7)
    told = {"pip": "--only-binary=core to pip install", "uv pip": "--only-binary core to uv pip"}[installer]
    assert finding["fixes"] == [
        "set PYTHON_VERSION to 3.12.16: all 3 distributions of pylock.toml have wheels there",
        f"add {told} (render.yaml:5): it then names what has no wheel at once",
    ]
    assert not [each for each in report["findings"] if "not known" in each["message"]]


def test_what_would_compile_is_told_at_the_package_of_the_lock(shop: Deploycheck, index: Index) -> None:
    result = shop(f"--deploycheck-target={T313}", index=index)
    result.stdout.fnmatch_lines(
        [
            f"pylock.toml:7: core==1.5 would compile on {T313}",
            "  core 1.5 (pylock.toml:7)",
            f"  {CORE_SDIST.filename} is a source distribution built with maturin: it needs a Rust compiler",
            "  its wheels for this platform: cp312; none for cp313",
            "  fix: set PYTHON_VERSION to 3.12.*: all 3 distributions of pylock.toml have wheels there",
        ]
    )


def test_no_index_is_asked_for_what_the_lock_has(shop: Deploycheck, index: Index) -> None:
    shop(f"--deploycheck-target={T312}", index=index).assert_outcomes(passed=4, skipped=2)
    assert index.requested("/simple/*") == []
    index.requests.clear()
    # What pip would look into is kept.
    shop(f"--deploycheck-target={T312}", "--deploycheck-offline", index=index).assert_outcomes(passed=4, skipped=2)
    assert index.requests == []


def test_pip_looks_into_wheels_so_that_nothing_is_known_where_they_cannot_be_had(shop: Deploycheck) -> None:
    result = shop(f"--deploycheck-target={T312}", "--deploycheck-offline")
    result.stdout.fnmatch_lines(["pylock.toml:1: cannot be checked: this run is offline, and the cache does not hold:"])
    result.assert_outcomes(errors=6)


def test_uv_installs_the_lock_as_it_is_so_that_wheels_need_no_network(shop: Deploycheck) -> None:
    command = BLUEPRINT.format(command="uv pip install -r pylock.toml").replace("3.13.4", "3.12.4")
    shop.project({"render.yaml": command})
    result = shop("--deploycheck-offline", "pylock.toml::3.12-manylinux_2_36_x86_64::web")
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("pip install -r pylock.toml[mail]", {"core", "mailer", "plain", "web"}),
        ("pip install -r 'pylock.toml[mail]' --group pylock.toml:docs", {"core", "mailer", "plain", "sphinx", "web"}),
        ("pip install --group=pylock.toml:docs", {"core", "plain", "sphinx", "web"}),
        ("uv pip install -r pylock.toml --extra mail", {"core", "mailer", "plain", "web"}),
        ("uv pip install -r pylock.toml --all-extras --group docs", {"core", "mailer", "plain", "sphinx", "web"}),
        ("uv pip sync pylock.toml --group docs", {"core", "plain", "sphinx", "web"}),
    ],
)
def test_extras_and_groups_are_those_of_the_command(
    shop: Deploycheck, index: Index, command: str, names: set[str]
) -> None:
    shop.project({"render.yaml": BLUEPRINT.format(command=f'"{command}"')})
    (resolution,) = shop.report(index=index)["resolutions"]
    assert {each["name"] for each in resolution["distributions"]} == names


def test_what_the_lock_lacks_pip_refuses_and_uv_does_not_look_for(shop: Deploycheck, index: Index) -> None:
    shop.project({"pylock.toml": lock(index, without="core")})
    result = shop(f"--deploycheck-target={T312}", index=index)
    result.stdout.fnmatch_lines(
        ["pylock.toml:1: in hash-checking mode every distribution has to be pinned *", "*hash: web 2.0 -> core 1.5"]
    )
    result.assert_outcomes(failed=1, skipped=4)
    shop.project({"render.yaml": BLUEPRINT.format(command="uv pip sync pylock.toml")})
    (resolution,) = shop.report(index=index)["resolutions"]
    assert [each["name"] for each in resolution["distributions"]] == ["plain", "web"]


@pytest.mark.parametrize("installer", ["pip", "uv pip"])
@pytest.mark.parametrize(
    ("head", "said"),
    [
        (
            HEAD.replace(">=3.11", ">=3.14"),
            "pylock.toml:3: the target's Python is 3.13.4, and pylock.toml was made for >=3.14 *",
        ),
        (
            HEAD + "environments = [\"sys_platform == 'win32'\"]\n",
            "pylock.toml:6: {} stops: none of the environments that pylock.toml was made for is the target *",
        ),
    ],
)
def test_a_target_that_the_lock_was_not_made_for_fails(
    shop: Deploycheck, index: Index, head: str, said: str, installer: str
) -> None:
    command = BLUEPRINT.format(command=f"{installer} install -r pylock.toml")
    shop.project({"pylock.toml": lock(index, head), "render.yaml": command})
    shop(index=index).stdout.fnmatch_lines([said.format(installer)])


@pytest.mark.parametrize("installer", ["pip", "uv pip"])
def test_a_package_without_a_file_for_the_target_fails_at_its_place(
    shop: Deploycheck, index: Index, installer: str
) -> None:
    text = lock(index, without="core") + entry(index, CORE)
    shop.project({"pylock.toml": text, "render.yaml": BLUEPRINT.format(command=f"{installer} install -r pylock.toml")})
    shop(index=index).stdout.fnmatch_lines(
        [
            f"pylock.toml:29: {installer} finds no distribution of core 1.5 in pylock.toml (on {T313})",
            "* its wheels for this platform: cp312; none for cp313",
        ]
    )


@pytest.mark.parametrize(
    ("text", "outcome", "shown"),
    [
        ("lock-version = \n", "failed", "pylock.toml:1: pip cannot read this file"),
        (HEAD + '[[packages]]\nname = "Web"\n', "failed", "*Name 'Web' is not normalized*"),
        (HEAD.replace("1.0", "2.0") + "packages = []\n", "failed", "*pip knows version 1 of the format: *"),
    ],
)
def test_what_is_no_lock_pip_refuses(shop: Deploycheck, text: str, outcome: str, shown: str) -> None:
    shop.project({"pylock.toml": text})
    result = shop()
    result.stdout.fnmatch_lines([shown])
    result.assert_outcomes(**{outcome: 1})


def test_the_pip_of_an_older_python_does_not_know_such_locks(shop: Deploycheck, index: Index) -> None:
    shop.project({"render.yaml": BLUEPRINT.format(command="pip install -r pylock.toml")})
    messages = [each["message"] for each in shop.report(index=index)["findings"] if each["check"] == "build-command"]
    old = (
        "the pip of Python 3.13.4 is older than 26.1 and takes pylock.toml for a list of requirements, which it is not"
    )
    assert f"api: {old}" in messages
    shop.project({"render.yaml": BLUEPRINT.format(command="pip install -U pip && pip install -r pylock.toml")})
    messages = [each["message"] for each in shop.report(index=index)["findings"] if each["check"] == "build-command"]
    assert f"api: {old}" not in messages


def test_a_lock_that_is_not_there_ends_the_build(shop: Deploycheck, index: Index) -> None:
    shop.project({"render.yaml": BLUEPRINT.format(command="pip install -r 'locks/pylock.web.toml[mail]'")})
    (finding,) = [each for each in shop.report(index=index)["findings"] if "no such file" in each["message"]]
    assert finding["message"] == "api installs pylock.web.toml, and there is no such file in locks"


def test_no_fix_touches_the_lock(shop: Deploycheck, index: Index) -> None:
    before = (shop.path / "pylock.toml").read_bytes()
    shop("--deploycheck-fix=write", f"--deploycheck-target={T313}", index=index)
    assert (shop.path / "pylock.toml").read_bytes() == before


@pytest.mark.parametrize(
    ("command", "asserted"),
    [
        ("pip install -r pylock.toml", "pip can install what the lock has"),
        ("uv pip sync pylock.toml", "uv pip can install what the lock has"),
    ],
)
def test_the_checklist_names_the_tool(shop: Deploycheck, index: Index, command: str, asserted: str) -> None:
    shop.project({"render.yaml": BLUEPRINT.format(command=command)})
    shop("--deploycheck-checklist=list.md", index=index)
    text = (shop.path / "list.md").read_text(encoding="utf-8")
    assert f"- [x] {asserted}" in text
    assert "pip finds a distribution for every requirement" not in text
