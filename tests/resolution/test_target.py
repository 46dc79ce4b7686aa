"""The machine a resolution is for, computed on any machine."""

from __future__ import annotations

import sys

import pytest
from packaging import tags
from packaging.markers import Marker

from pytest_deploycheck.resolution.target import InvalidTarget, Target, architecture, glibc_minor, parse_target

RENDER = "manylinux_2_36_x86_64"


def parsed(text: str) -> Target:
    return parse_target(text, RENDER, {"3.12": "3.12.16", "3.13": "3.13.18"}.get)


@pytest.mark.parametrize(
    ("text", "expected", "name"),
    [
        ("3.12", Target("3.12.16", RENDER), "3.12-manylinux_2_36_x86_64"),
        ("3.13.4", Target("3.13.4", RENDER), "3.13-manylinux_2_36_x86_64"),
        ("3.13t", Target("3.13.18", RENDER, free_threaded=True), "3.13t-manylinux_2_36_x86_64"),
        ("3.99", Target("3.99.0", RENDER), "3.99-manylinux_2_36_x86_64"),
        ("3.12-win_amd64", Target("3.12.16", "win_amd64"), "3.12-win_amd64"),
        ("3.12.1-macosx_14_0_arm64", Target("3.12.1", "macosx_14_0_arm64"), "3.12-macosx_14_0_arm64"),
    ],
)
def test_a_target_is_a_python_and_perhaps_a_platform(text: str, expected: Target, name: str) -> None:
    assert parsed(text) == expected
    assert parsed(text).name == name


@pytest.mark.parametrize("text", ["", "3", "2.7", "python3.12", "3.12-", "3.12-linux", "3.12-manylinux_2_36", "3.12.x"])
def test_what_is_no_target_is_refused_with_what_was_expected(text: str) -> None:
    with pytest.raises(InvalidTarget, match=r"manylinux_2_36_x86_64"):
        parsed(text)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="compares with the tags of this machine, a Linux one")
def test_the_tags_of_this_machine_as_a_target_are_those_that_packaging_reads_off_it() -> None:
    own = list(tags.sys_tags())
    platform = next(tag.platform for tag in own if tag.platform.startswith("manylinux"))
    free_threaded = own[0].abi.endswith("t")
    target = Target(".".join(map(str, sys.version_info[:3])), platform, free_threaded)
    musl = [tag for tag in own if tag.platform.startswith("musllinux")]
    assert list(target.tags) == [tag for tag in own if tag not in musl]


def test_a_target_accepts_older_glibcs_and_their_older_names() -> None:
    platforms = Target("3.12.1", RENDER).platforms
    assert platforms[:2] == ("linux_x86_64", RENDER)
    older = ("manylinux_2_17_x86_64", "manylinux2014_x86_64", "manylinux_2_5_x86_64", "manylinux1_x86_64")
    assert [each for each in platforms if each in older] == list(older)
    assert "manylinux_2_38_x86_64" not in platforms


def test_on_arm_the_oldest_glibc_is_2_17() -> None:
    platforms = Target("3.12.1", "manylinux_2_28_aarch64").platforms
    assert platforms[-2:] == ("manylinux_2_17_aarch64", "manylinux2014_aarch64")


@pytest.mark.parametrize(
    ("target", "accepted", "refused"),
    [
        (Target("3.13.0", RENDER), "cp313-cp313-linux_x86_64", "cp313-cp313t-linux_x86_64"),
        (Target("3.13.0", RENDER, free_threaded=True), "cp313-cp313t-linux_x86_64", "cp313-cp313-linux_x86_64"),
        (Target("3.13.0", RENDER, free_threaded=True), "py3-none-any", "cp39-abi3-linux_x86_64"),
        (Target("3.13.0", RENDER), "cp39-abi3-manylinux_2_28_x86_64", "cp314-abi3-manylinux_2_28_x86_64"),
        (Target("3.7.17", RENDER), "cp37-cp37m-manylinux1_x86_64", "cp37-cp37-manylinux1_x86_64"),
        (Target("3.12.0", "musllinux_1_2_x86_64"), "py3-none-musllinux_1_1_x86_64", "py3-none-manylinux1_x86_64"),
        (Target("3.12.0", "macosx_14_0_arm64"), "cp312-cp312-macosx_11_0_universal2", "py3-none-macosx_15_0_arm64"),
        (Target("3.12.0", "win_amd64"), "cp312-cp312-win_amd64", "cp312-cp312-win32"),
    ],
)
def test_tags_follow_the_interpreter_and_the_platform(target: Target, accepted: str, refused: str) -> None:
    assert tags.parse_tag(accepted) <= set(target.tags)
    assert not tags.parse_tag(refused) & set(target.tags)


@pytest.mark.parametrize(
    ("target", "marker", "holds"),
    [
        (Target("3.12.1", RENDER), 'sys_platform == "win32"', False),
        (Target("3.12.1", RENDER), 'platform_system == "Linux" and os_name == "posix"', True),
        (Target("3.12.1", RENDER), 'platform_machine == "x86_64"', True),
        (Target("3.11.2", RENDER), 'python_full_version < "3.11.3"', True),
        (Target("3.11.3", RENDER), 'python_full_version < "3.11.3"', False),
        (Target("3.13.0", RENDER), 'python_version >= "3.13"', True),
        (Target("3.13.0", RENDER), 'platform_python_implementation == "PyPy"', False),
        (Target("3.12.1", "macosx_14_0_arm64"), 'sys_platform == "darwin" and platform_machine == "arm64"', True),
        (Target("3.12.1", "win_amd64"), 'sys_platform == "win32" and platform_machine == "AMD64"', True),
    ],
)
def test_markers_are_evaluated_for_the_target(
    monkeypatch: pytest.MonkeyPatch, target: Target, marker: str, holds: bool
) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    assert Marker(marker).evaluate({**target.environment, "extra": ""}) is holds


@pytest.mark.parametrize(
    ("platform", "minor", "arch"),
    [
        ("manylinux_2_38_x86_64", 38, "x86_64"),
        ("manylinux2014_aarch64", 17, "aarch64"),
        ("manylinux1_i686", 5, "i686"),
        ("musllinux_1_2_x86_64", None, "x86_64"),
        ("linux_armv7l", None, "armv7l"),
        ("macosx_11_0_arm64", None, "arm64"),
        ("any", None, "any"),
    ],
)
def test_a_platform_tag_tells_its_glibc_and_its_architecture(platform: str, minor: int | None, arch: str) -> None:
    assert glibc_minor(platform) == minor
    assert architecture(platform) == arch
