"""Which files pip would consider, and in which order: a table of small pages."""

from __future__ import annotations

import pytest
from packaging.specifiers import SpecifierSet

from pytest_deploycheck.resolution.asked import Preferences
from pytest_deploycheck.resolution.candidates import ProjectCandidates, is_pinned
from pytest_deploycheck.resolution.file import File
from pytest_deploycheck.resolution.page import FoundFiles, ProjectPage
from pytest_deploycheck.resolution.target import Target

TARGET = Target("3.13.4", "manylinux_2_36_x86_64")
LINUX = "manylinux_2_17_x86_64.manylinux2014_x86_64"


def offered(*names: str) -> ProjectPage:
    """A page; after a file's name may follow ``!`` for yanked, ``|`` and its Requires-Python, ``#`` and its hash."""
    files = []
    for position, text in enumerate(names):
        text, _, digest = text.partition("#")
        text, _, requires_python = text.partition("|")
        name = text.rstrip("!")
        hashes = (f"sha256={digest}",) if digest else ()
        yanked = "withdrawn" if text.endswith("!") else None
        files.append(File(position, name, f"https://f/{name}", hashes, requires_python or None, yanked, None, None))
    return FoundFiles.among("demo", files)


def tried(page: ProjectPage, specifier: str = "", target: Target = TARGET, **preferences: object) -> list[str]:
    candidates = ProjectCandidates(page, target, Preferences(**preferences))  # type: ignore[arg-type]
    return [files[0].filename for _, files in candidates.select(SpecifierSet(specifier))]


@pytest.mark.parametrize(
    ("page", "specifier", "expected"),
    [
        pytest.param(
            offered("demo-1.0-py3-none-any.whl", "demo-1.10.tar.gz", "demo-1.9-py3-none-any.whl"),
            "",
            ["demo-1.10.tar.gz", "demo-1.9-py3-none-any.whl", "demo-1.0-py3-none-any.whl"],
            id="the newest version, even where it is only a sdist",
        ),
        pytest.param(
            offered("demo-1.0.tar.gz", f"demo-1.0-cp313-cp313-{LINUX}.whl", "demo-1.0-py3-none-any.whl"),
            "==1.0",
            [f"demo-1.0-cp313-cp313-{LINUX}.whl"],
            id="the wheel with the most specific tag",
        ),
        pytest.param(
            offered("demo-1.0-py3-none-any.whl", "demo-1.0-2-py3-none-any.whl", "demo-1.0-1-py3-none-any.whl"),
            "",
            ["demo-1.0-2-py3-none-any.whl"],
            id="the highest build tag",
        ),
        pytest.param(
            offered("demo-1.0-1-py3-none-any.whl", f"demo-1.0-cp313-abi3-{LINUX}.whl"),
            "",
            [f"demo-1.0-cp313-abi3-{LINUX}.whl"],
            id="the tag before the build tag",
        ),
        pytest.param(
            offered("demo-1.0.zip", "demo-1.0.tar.gz"),
            "",
            ["demo-1.0.tar.gz"],
            id="of equal files the last on the page",
        ),
        pytest.param(
            offered("demo-1.0.tar.gz", "demo-1.0-cp313-cp313-manylinux_2_38_x86_64.whl"),
            "",
            ["demo-1.0.tar.gz"],
            id="no wheel for a newer glibc",
        ),
        pytest.param(
            offered("demo-1.0-cp313-cp313t-linux_x86_64.whl", "demo-0.9.tar.gz"),
            "",
            ["demo-0.9.tar.gz"],
            id="no free-threaded wheel",
        ),
        pytest.param(
            offered("demo-1.0-cp38-abi3-linux_x86_64.whl"), "", ["demo-1.0-cp38-abi3-linux_x86_64.whl"], id="abi3"
        ),
        pytest.param(
            offered("demo-2.0-py3-none-any.whl|>=3.14", "demo-1.0-py3-none-any.whl|>=3.8"),
            "",
            ["demo-1.0-py3-none-any.whl"],
            id="only what supports the Python",
        ),
        pytest.param(
            offered("demo-2.0-py3-none-any.whl|<3.13.4", "demo-1.0-py3-none-any.whl"),
            "",
            ["demo-1.0-py3-none-any.whl"],
            id="the patch version of the Python counts",
        ),
        pytest.param(
            offered("demo-2.0-py3-none-any.whl|>=3.8.*,nonsense"),
            "",
            ["demo-2.0-py3-none-any.whl"],
            id="a malformed Requires-Python excludes nothing",
        ),
        pytest.param(
            offered("demo-2.0-py3-none-any.whl!", "demo-1.0-py3-none-any.whl"),
            "",
            ["demo-1.0-py3-none-any.whl"],
            id="nothing yanked",
        ),
        pytest.param(
            offered("demo-2.0-py3-none-any.whl!"), "==2.0", ["demo-2.0-py3-none-any.whl"], id="yanked, but pinned"
        ),
        pytest.param(offered("demo-2.0-py3-none-any.whl!"), ">=2.0", [], id="yanked only, and not pinned"),
        pytest.param(offered("demo-2.0-py3-none-any.whl!"), "==2.*", [], id="a wildcard is no pin"),
        pytest.param(
            offered("demo-2.0-py3-none-any.whl!", "demo-2.0.tar.gz"),
            "==2.0",
            ["demo-2.0.tar.gz"],
            id="the wheel yanked, the sdist not",
        ),
        pytest.param(
            offered("demo-2.0rc1-py3-none-any.whl", "demo-1.0-py3-none-any.whl"),
            "",
            ["demo-1.0-py3-none-any.whl"],
            id="no pre-release",
        ),
        pytest.param(
            offered("demo-2.0rc1-py3-none-any.whl", "demo-1.0-py3-none-any.whl"),
            ">=2.0rc1",
            ["demo-2.0rc1-py3-none-any.whl"],
            id="a pre-release that the specifier names",
        ),
        pytest.param(
            offered("demo-2.0rc1-py3-none-any.whl", "demo-2.0b1-py3-none-any.whl"),
            "",
            ["demo-2.0rc1-py3-none-any.whl", "demo-2.0b1-py3-none-any.whl"],
            id="pre-releases only",
        ),
        pytest.param(
            offered("demo-2.0rc1-py3-none-any.whl", "demo-1.0-cp27-cp27m-win32.whl"),
            "",
            ["demo-2.0rc1-py3-none-any.whl"],
            id="a pre-release where no final one fits the target",
        ),
        pytest.param(
            offered("demo-2.0rc1-py3-none-any.whl", "demo-1.0-py3-none-any.whl!"),
            "",
            [],
            id="a yanked final release still rules out pre-releases",
        ),
        pytest.param(
            offered("demo-1.0.0-py3-none-any.whl", "demo-1.0-py2-none-any.whl"),
            "==1",
            ["demo-1.0.0-py3-none-any.whl"],
            id="spellings of one version are one version",
        ),
        pytest.param(
            offered("demo-1.0-nonsense.whl", "demo-1..0-py3-none-any.whl", "demo-latest.tar.gz", "demo-0.1.zip"),
            "",
            ["demo-0.1.zip"],
            id="invalid file names are passed over",
        ),
    ],
)
def test_the_order_is_pips(page: ProjectPage, specifier: str, expected: list[str]) -> None:
    assert tried(page, specifier) == expected


BOTH = offered("demo-2.0.tar.gz", "demo-1.0-py3-none-any.whl")


@pytest.mark.parametrize(
    ("preferences", "expected"),
    [
        ({"formats": frozenset({"binary"})}, ["demo-1.0-py3-none-any.whl"]),
        ({"formats": frozenset({"source"})}, ["demo-2.0.tar.gz"]),
        ({"formats": frozenset()}, []),
        ({"prefer_binary": True}, ["demo-1.0-py3-none-any.whl", "demo-2.0.tar.gz"]),
    ],
)
def test_options_on_formats_count(preferences: dict[str, object], expected: list[str]) -> None:
    assert tried(BOTH, **preferences) == expected


def test_pre_admits_pre_releases() -> None:
    page = offered("demo-2.0rc1-py3-none-any.whl", "demo-1.0-py3-none-any.whl")
    assert tried(page, prereleases=True)[0] == "demo-2.0rc1-py3-none-any.whl"
    assert tried(page, ">=2.0rc1", prereleases=False) == []


def with_hashes(page: ProjectPage, *hashes: str) -> list[str]:
    candidates = ProjectCandidates(page, TARGET, Preferences())
    return [files[0].filename for _, files in candidates.select(SpecifierSet(), frozenset(hashes))]


def test_hashes_choose_among_files() -> None:
    page = offered("demo-1.0-py3-none-any.whl#aa", "demo-1.0.tar.gz#bb", "demo-1.1.tar.gz#cc", "demo-1.2.tar.gz")
    assert with_hashes(page, "sha256=bb") == ["demo-1.0.tar.gz", "demo-1.2.tar.gz"]


def test_hashes_that_match_nothing_leave_all_files() -> None:
    page = offered("demo-1.0-py3-none-any.whl#aa")
    assert with_hashes(page, "sha256=zz") == ["demo-1.0-py3-none-any.whl"]


@pytest.mark.parametrize(
    ("specifier", "pinned"), [("==1", True), ("===1", True), ("==1.*", False), (">=1,<=1", False), (">0,==1", True)]
)
def test_a_pin_allows_one_version(specifier: str, pinned: bool) -> None:
    assert is_pinned(SpecifierSet(specifier)) is pinned
