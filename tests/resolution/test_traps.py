"""The traps that a resolution for another machine can fall into, each on a real index.

Every test runs twice: as it is, and on what claims to be a Mac with another Python. What is read from the running
interpreter instead of the target gives another answer there.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import sys
import sysconfig
import urllib.request  # noqa: F401  # It looks at the machine when it is first imported.
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from packaging import markers, tags

from index_server import Index, sdist, wheel
from pytest_deploycheck.resolution import bound
from pytest_deploycheck.resolution.result import Kind, Outcome, Resolution
from pytest_deploycheck.resolution.target import Target
from pytest_deploycheck.resolutions import Resolutions
from pytest_deploycheck.settings import Settings
from pytest_deploycheck.sources.requirements import read_requirements
from pytest_deploycheck.subjects import Source

TARGET = Target("3.13.4", "manylinux_2_36_x86_64")
CP313 = "cp313-cp313-manylinux_2_17_x86_64.manylinux2014_x86_64"

Resolve = Callable[..., Resolution]


def pretend_to_be_a_mac(patch: pytest.MonkeyPatch) -> None:
    """Let all that tells of the running machine tell of a Mac with Python 3.9."""
    told = {
        "machine": "arm64",
        "system": "Darwin",
        "release": "24.1.0",
        "version": "Darwin Kernel Version 24.1.0",
        "python_version": "3.9.1",
        "python_implementation": "CPython",
        "mac_ver": ("15.1", ("", "", ""), "arm64"),
        "libc_ver": ("", ""),
    }
    for name, value in told.items():
        patch.setattr(platform, name, lambda *_, value=value, **__: value)
    patch.setattr(sys, "platform", "darwin")
    patch.setattr(sysconfig, "get_platform", lambda: "macosx-15.0-arm64")
    patch.setattr(os, "name", "posix")
    # os.name is the same on both; a marker environment of its own shows whether anything asks for the running one's.
    patch.setattr(markers, "default_environment", lambda: {**MAC_ENVIRONMENT})
    patch.setattr(tags, "sys_tags", lambda **_: iter([tags.Tag("cp39", "cp39", "macosx_15_0_arm64")]))


MAC_ENVIRONMENT = {
    "implementation_name": "pypy",
    "implementation_version": "3.9.1",
    "os_name": "java",
    "platform_machine": "arm64",
    "platform_python_implementation": "PyPy",
    "platform_release": "24.1.0",
    "platform_system": "Darwin",
    "platform_version": "Darwin Kernel Version 24.1.0",
    "python_full_version": "3.9.1",
    "python_version": "3.9",
    "sys_platform": "darwin",
}


@pytest.fixture(params=["this machine", "a Mac"])
def resolve(request: pytest.FixtureRequest, index: Index, tmp_path: Path) -> Resolve:
    """Resolves the lines of a requirements file."""
    environ = {
        "PIP_INDEX_URL": index.url,
        "PIP_CONFIG_FILE": os.devnull,
        "PYTEST_DEPLOYCHECK_CACHE": str(tmp_path / "cache"),
    }

    def resolved(*lines: str, constraints: tuple[str, ...] = (), target: Target = TARGET) -> Resolution:
        (tmp_path / "constraints.txt").write_text("\n".join(constraints))
        (tmp_path / "requirements.txt").write_text("\n".join([*lines, "-c constraints.txt"]))
        file = read_requirements(Path("requirements.txt"), tmp_path, environ)
        with pytest.MonkeyPatch.context() as patch:
            if request.param == "a Mac":
                pretend_to_be_a_mac(patch)
            resolutions = Resolutions(Settings(root=tmp_path), environ)
            # A target of its own, since one remembers its tags and its marker environment.
            resolution = resolutions.get(Source(file, ()), replace(target))
            resolutions.close()
        return resolution

    return resolved


def picked(resolution: Resolution) -> list[str]:
    """The names of the files, once all is well."""
    assert resolution.outcome is Outcome.OK, resolution.message
    return [each.file.filename for each in resolution.distributions]


def test_the_newest_version_is_taken_though_it_is_a_source_distribution(index: Index, resolve: Resolve) -> None:
    index.add(wheel("demo", "1.0"), sdist("demo", "2.0", files={"src/demo.c": "", "setup.py": ""}))
    resolution = resolve("demo")
    assert picked(resolution) == ["demo-2.0.tar.gz"]
    assert [(each.kind, each.version) for each in resolution.distributions] == [(Kind.SDIST, "2.0")]


def test_an_older_wheel_is_taken_where_only_wheels_are_allowed(index: Index, resolve: Resolve) -> None:
    index.add(wheel("demo", "1.0"), sdist("demo", "2.0"))
    assert picked(resolve("--only-binary :all:", "demo")) == ["demo-1.0-py3-none-any.whl"]


def test_yanked_versions_alone_are_no_match(index: Index, resolve: Resolve) -> None:
    index.add(wheel("demo", "1.0", yanked="broken"), wheel("demo", "1.1", yanked=""))
    resolution = resolve("demo>=1.0")
    assert resolution.outcome is Outcome.NO_MATCH
    assert resolution.message == "pip finds no distribution for demo>=1.0"
    assert resolution.evidence[-1] == "yanked, so that only a pin takes them: 1.1, 1.0"


def test_a_line_before_the_pin_sees_all_versions(index: Index, resolve: Resolve) -> None:
    index.add(wheel("demo", "1.0"), sdist("demo", "2.0"))
    resolution = resolve("demo", "demo==1.1")
    assert (resolution.outcome, resolution.message) == (
        Outcome.CONFLICT,
        "nothing fits: demo (line 1); demo==1.1 (line 2)",
    )
    assert resolve("demo==1.1", "demo").outcome is Outcome.NO_MATCH
    # pip builds what it comes upon first.
    assert resolve("demo", "demo==1.0").built_in_passing == ("demo-2.0.tar.gz",)
    assert resolve("demo", "demo==1.0", constraints=("demo<2",)).built_in_passing == ()
    assert resolve("demo==1.0", "demo").built_in_passing == ()


def test_a_yanked_version_is_taken_where_it_is_pinned(index: Index, resolve: Resolve) -> None:
    index.add(wheel("demo", "1.0", yanked="broken"), wheel("demo", "1.1"))
    assert picked(resolve("demo==1.0")) == ["demo-1.0-py3-none-any.whl"]


def test_a_pin_from_elsewhere_admits_a_yanked_version_too(index: Index, resolve: Resolve) -> None:
    index.add(wheel("demo", "1.0", yanked=""), wheel("demo", "2.0"), wheel("top", "1.0", requires_dist=["demo==1.0"]))
    assert picked(resolve("demo>=1", "top")) == ["demo-1.0-py3-none-any.whl", "top-1.0-py3-none-any.whl"]


def test_pre_releases_are_taken_where_there_is_nothing_else(index: Index, resolve: Resolve) -> None:
    index.add(wheel("demo", "2.0rc1"), wheel("demo", "2.0b2"))
    assert picked(resolve("demo")) == ["demo-2.0rc1-py3-none-any.whl"]


def test_pre_releases_are_left_where_an_older_final_version_fits(index: Index, resolve: Resolve) -> None:
    index.add(wheel("demo", "2.0rc1"), wheel("demo", "1.0"))
    assert picked(resolve("demo")) == ["demo-1.0-py3-none-any.whl"]
    assert picked(resolve("--pre", "demo")) == ["demo-2.0rc1-py3-none-any.whl"]


MARKED = (
    'windows ; sys_platform == "win32"',
    'mac ; sys_platform == "darwin"',
    'linux ; sys_platform == "linux"',
    'system ; platform_system == "Linux" and os_name == "posix"',
    'machine ; platform_machine == "x86_64"',
    'arm ; platform_machine == "arm64"',
    'old ; python_version < "3.13"',
    'patch ; python_full_version == "3.13.4"',
    'cpython ; implementation_name == "cpython" and platform_python_implementation == "CPython"',
)


def test_markers_are_true_or_false_on_the_target(index: Index, resolve: Resolve) -> None:
    index.add(*(wheel(each.partition(" ")[0], "1.0") for each in MARKED))
    index.add(wheel("demo", "1.0", requires_dist=MARKED))
    needed = ["cpython", "linux", "machine", "patch", "system"]
    assert [each.name for each in resolve("demo").distributions] == sorted([*needed, "demo"])
    assert [each.name for each in resolve(*MARKED).distributions] == needed


def test_markers_of_a_windows_target_are_windows(index: Index, resolve: Resolve) -> None:
    index.add(*(wheel(each.partition(" ")[0], "1.0") for each in MARKED))
    windows = Target("3.12.1", "win_amd64")
    assert [each.name for each in resolve(*MARKED, target=windows).distributions] == ["cpython", "old", "windows"]


def test_what_depends_on_the_kernel_of_the_machine_is_not_known(index: Index, resolve: Resolve) -> None:
    of_kernel = 'demo ; platform_release >= "5"'
    index.add(wheel("demo", "1.0"), wheel("top", "1.0", requires_dist=[of_kernel]))
    resolution = resolve("six", of_kernel)
    assert resolution.outcome is Outcome.UNREACHABLE
    depends = '`platform_release >= "5"` is true depends on the kernel of the machine, which is not known'
    assert resolution.message == f"requirements.txt:2: whether {depends}"
    resolution = resolve("top")
    assert resolution.outcome is Outcome.UNREACHABLE
    assert resolution.message == f"top-1.0-py3-none-any.whl requires demo: whether {depends}"


@pytest.mark.parametrize(
    ("marker", "is_needed"),
    [
        ('sys_platform == "darwin" and platform_release >= "20.0"', False),
        ('"24" in platform_version and sys_platform == "darwin"', False),
        ("sys_platform == 'linux' or (platform_version not in 'x' and platform_release == platform_version)", True),
    ],
)
def test_the_kernel_is_of_no_account_where_the_rest_of_a_marker_decides(
    index: Index, resolve: Resolve, marker: str, is_needed: bool
) -> None:
    index.add(wheel("demo", "1.0"), wheel("top", "1.0", requires_dist=[f"demo ; {marker}"]))
    assert [each.name for each in resolve("top").distributions] == ["demo", "top"][not is_needed :]


def test_a_line_whose_marker_has_no_answer_is_where_pip_breaks_off(index: Index, resolve: Resolve) -> None:
    index.add(wheel("demo", "1.0"))
    resolution = resolve("demo", 'demo ; platform_system ~= "Linux"')
    assert resolution.outcome is Outcome.INVALID
    assert resolution.message == (
        'requirements.txt:2: pip breaks off here: `platform_system ~= "Linux"` has no answer: '
        "~= and === compare versions, and here is none: use == or `in`"
    )
    resolution = resolve("demo ; 'x' in extras", constraints=("demo ; 'y' in dependency_groups",))
    assert resolution.outcome is Outcome.INVALID
    assert resolution.message == (
        'constraints.txt:1: pip breaks off here: `"y" in dependency_groups` has no answer: '
        "'dependency_groups' is known in lock files alone"
    )


def test_a_file_with_a_marker_that_has_no_answer_is_where_pip_breaks_off(index: Index, resolve: Resolve) -> None:
    unasked = "six ; extra == 'fast' and platform_system ~= 'Linux'"
    index.add(wheel("demo", "1.0", requires_dist=[unasked], provides_extra=["fast"]), wheel("demo", "0.9"))
    resolution = resolve("demo")
    assert resolution.outcome is Outcome.INVALID
    assert resolution.message == (
        'demo-1.0-py3-none-any.whl requires six: `extra == "fast" and platform_system ~= "Linux"` has no answer: '
        "~= and === compare versions, and here is none: use == or `in`; pip stops at such a file: "
        "whoever runs the index has to mend it, and until then `demo!=1.0` leaves it out"
    )
    assert picked(resolve("demo!=1.0")) == ["demo-0.9-py3-none-any.whl"]


def test_a_marker_that_compares_versions_has_an_answer(index: Index, resolve: Resolve) -> None:
    index.add(wheel("demo", "1.0"), wheel("more", "1.0"))
    assert picked(resolve('demo ; python_version ~= "3.8"', "more ; python_version === '2.7'")) == [
        "demo-1.0-py3-none-any.whl"
    ]


def test_a_wheel_for_a_newer_glibc_is_no_candidate(index: Index, resolve: Resolve) -> None:
    index.add(wheel("demo", "1.0", "cp313-cp313-manylinux_2_38_x86_64"), sdist("demo", "1.0"))
    assert picked(resolve("demo")) == ["demo-1.0.tar.gz"]


def test_a_wheel_for_a_newer_glibc_alone_is_no_match(index: Index, resolve: Resolve) -> None:
    index.add(wheel("demo", "1.0", "cp313-cp313-manylinux_2_38_x86_64"))
    resolution = resolve("demo")
    assert resolution.outcome is Outcome.NO_MATCH
    assert any("needs glibc 2.38; this platform has 2.36" in line for line in resolution.evidence)


def test_a_free_threaded_wheel_is_not_for_the_usual_build(index: Index, resolve: Resolve) -> None:
    index.add(wheel("demo", "1.0", "cp313-cp313t-manylinux_2_17_x86_64"))
    assert resolve("demo").outcome is Outcome.NO_MATCH
    free_threaded = Target("3.13.4", "manylinux_2_36_x86_64", free_threaded=True)
    assert picked(resolve("demo", target=free_threaded)) == ["demo-1.0-cp313-cp313t-manylinux_2_17_x86_64.whl"]


def test_extras_reach_through_two_levels(index: Index, resolve: Resolve) -> None:
    index.add(
        wheel("demo", "1.0", requires_dist=['middle[deep]>=1 ; extra == "all"'], provides_extra=["all"]),
        wheel("middle", "1.0", requires_dist=['bottom ; extra == "deep"'], provides_extra=["deep"]),
        wheel("bottom", "1.0"),
    )
    resolution = resolve("demo[all]")
    assert picked(resolution) == [f"{name}-1.0-py3-none-any.whl" for name in ("bottom", "demo", "middle")]
    assert resolution.distributions[0].chain == (("demo", "1.0"), ("middle", "1.0"), ("bottom", "1.0"))


def test_an_extra_may_require_other_extras_of_its_own_project(index: Index, resolve: Resolve) -> None:
    requires = ['demo[fast] ; extra == "all"', 'quick ; extra == "fast"']
    index.add(wheel("demo", "1.0", requires_dist=requires, provides_extra=["all", "fast"]), wheel("quick", "1.0"))
    assert picked(resolve("demo[all]")) == ["demo-1.0-py3-none-any.whl", "quick-1.0-py3-none-any.whl"]


def test_an_extra_that_no_version_has_is_no_fault(index: Index, resolve: Resolve) -> None:
    index.add(wheel("demo", "1.0"))
    assert picked(resolve("demo[nonsense]")) == ["demo-1.0-py3-none-any.whl"]


def test_constraints_that_forbid_what_is_required_are_a_conflict(index: Index, resolve: Resolve) -> None:
    index.add(wheel("demo", "1.0"), wheel("demo", "2.0"), wheel("top", "1.0", requires_dist=["demo>=2"]))
    resolution = resolve("top", constraints=("demo<2",))
    assert resolution.outcome is Outcome.CONFLICT
    expected = "nothing fits: top==1.0 (line 1) requires demo>=2; (constraint) demo<2 (constraints.txt:1)"
    assert resolution.message == expected


def test_each_constraint_line_of_a_conflict_is_named_as_pip_names_it(index: Index, resolve: Resolve) -> None:
    index.add(wheel("demo", "1.0"), wheel("demo", "2.0"), wheel("other", "1.0"))
    resolution = resolve("demo>=2", "other", constraints=("# pinned", "Demo<3", "other<2", "demo<2"))
    assert [(str(each), str(each.line).rpartition("/")[2]) for each in resolution.causes] == [
        ("demo>=2 is asked for", "requirements.txt:1"),
        ("the user requested (constraint) demo<2", "constraints.txt:4"),
        ("the user requested (constraint) demo<3", "constraints.txt:2"),
    ]


def test_constraints_are_no_part_of_a_conflict_over_other_projects(index: Index, resolve: Resolve) -> None:
    index.add(wheel("demo", "1.0"), wheel("other", "1.0"))
    resolution = resolve("demo==1.0", "demo!=1.0", "other", constraints=("other<2",))
    assert [each.is_constraint for each in resolution.causes] == [False, False]


def test_a_constraint_that_names_a_file_is_named_with_it_and_without_its_login(index: Index, resolve: Resolve) -> None:
    index.add(wheel("demo", "1.0"), wheel("demo", "2.0"))
    host = index.origin.partition("//")[2]
    constraint = f"demo @ http://user:word@{host}/files/demo-1.0-py3-none-any.whl"
    resolution = resolve(f"demo @ {index.origin}/files/demo-2.0-py3-none-any.whl", constraints=(constraint,))
    expected = f"the user requested (constraint) demo (from http://****@{host}/files/demo-1.0-py3-none-any.whl)"
    assert str(resolution.causes[-1]) == expected


def test_constraints_do_not_install_anything(index: Index, resolve: Resolve) -> None:
    index.add(wheel("demo", "1.0"), wheel("other", "1.0"))
    assert picked(resolve("demo", constraints=("other==1.0",))) == ["demo-1.0-py3-none-any.whl"]


def test_a_constraint_on_the_project_binds_it_with_extras(index: Index, resolve: Resolve) -> None:
    for version in ("1.0", "2.0"):
        index.add(wheel("demo", version, requires_dist=['quick ; extra == "fast"'], provides_extra=["fast"]))
    index.add(wheel("quick", "1.0"))
    resolution = resolve("demo[fast]", constraints=("demo<2",))
    assert picked(resolution) == ["demo-1.0-py3-none-any.whl", "quick-1.0-py3-none-any.whl"]


def test_a_constraint_that_names_a_file_decides_where_it_comes_from(index: Index, resolve: Resolve) -> None:
    index.add(wheel("demo", "1.0"), wheel("demo", "2.0"))
    constraint = f"demo @ {index.origin}/files/demo-1.0-py3-none-any.whl"
    assert picked(resolve("demo", constraints=(constraint,))) == ["demo-1.0-py3-none-any.whl"]
    other = f"demo @ {index.origin}/files/demo-2.0-py3-none-any.whl"
    assert resolve(other, constraints=(constraint,)).outcome is Outcome.CONFLICT


def test_hashes_choose_among_the_files_of_a_version(index: Index, resolve: Resolve) -> None:
    source = sdist("demo", "1.0")
    index.add(wheel("demo", "1.0"), source)
    assert picked(resolve(f"demo==1.0 --hash=sha256:{source.sha256}")) == ["demo-1.0.tar.gz"]


def test_hashes_that_do_not_match_are_no_match(index: Index, resolve: Resolve) -> None:
    index.add(wheel("demo", "1.0"))
    resolution = resolve(f"demo==1.0 --hash=sha256:{'0' * 64}")
    assert resolution.outcome is Outcome.NO_MATCH
    assert resolution.message == "the index has other files than those whose hashes are given"
    (evidence,) = resolution.evidence
    assert evidence.startswith("not the hash given: demo-1.0-py3-none-any.whl has sha256=")


def test_one_hash_demands_a_hash_of_everything(index: Index, resolve: Resolve) -> None:
    demo = wheel("demo", "1.0", requires_dist=["other==1.0"])
    index.add(demo, wheel("other", "1.0"))
    resolution = resolve(f"demo==1.0 --hash=sha256:{demo.sha256}")
    assert resolution.outcome is Outcome.INVALID
    assert "needs a --hash" in resolution.message
    assert resolution.evidence == ("without a hash: demo 1.0 -> other 1.0",)


def test_a_hash_of_an_algorithm_that_the_index_does_not_give_is_computed(index: Index, resolve: Resolve) -> None:
    demo = wheel("demo", "1.0")
    index.add(demo)
    assert picked(resolve(f"demo==1.0 --hash=sha512:{hashlib.sha512(demo.content).hexdigest()}"))
    assert resolve(f"demo==1.0 --hash=sha512:{'0' * 128}").outcome is Outcome.NO_MATCH


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("py3-none-any", CP313, "cp38-abi3-manylinux_2_17_x86_64"), CP313),
        (("cp38-abi3-manylinux_2_17_x86_64", "py3-none-manylinux_2_17_x86_64"), "cp38-abi3-manylinux_2_17_x86_64"),
        (("cp313-cp313-manylinux_2_17_x86_64", "cp313-cp313-manylinux_2_28_x86_64"), "manylinux_2_28_x86_64"),
        (("cp313-none-any", "py3-none-any"), "cp313-none-any"),
        (("py3-none-any", "py2.py3-none-any"), "py2.py3-none-any"),  # Alike: the last on the page.
    ],
)
def test_the_most_specific_tag_wins(index: Index, resolve: Resolve, names: tuple[str, ...], expected: str) -> None:
    index.add(*(wheel("demo", "1.0", each) for each in names))
    assert picked(resolve("demo"))[0].endswith(f"{expected}.whl")


def test_the_highest_build_tag_wins_as_a_number(index: Index, resolve: Resolve) -> None:
    index.add(*(wheel("demo", "1.0", build_tag=each) for each in ("9", "10", "1")), wheel("demo", "1.0"))
    assert picked(resolve("demo")) == ["demo-1.0-10-py3-none-any.whl"]


@pytest.mark.parametrize("alias", ["manylinux1", "manylinux2010", "manylinux2014", "manylinux_2_5", "manylinux_2_36"])
def test_every_name_of_an_older_glibc_will_do(index: Index, resolve: Resolve, alias: str) -> None:
    index.add(wheel("demo", "1.0", f"cp313-cp313-{alias}_x86_64"))
    assert picked(resolve("demo")) == [f"demo-1.0-cp313-cp313-{alias}_x86_64.whl"]


def test_musllinux_is_not_manylinux(index: Index, resolve: Resolve) -> None:
    index.add(wheel("demo", "1.0", "cp313-cp313-musllinux_1_1_x86_64"), wheel("demo", "1.0", CP313))
    assert picked(resolve("demo")) == [f"demo-1.0-{CP313}.whl"]
    alpine = Target("3.13.4", "musllinux_1_2_x86_64")
    assert picked(resolve("demo", target=alpine)) == ["demo-1.0-cp313-cp313-musllinux_1_1_x86_64.whl"]


def test_a_wheel_for_both_macs_is_for_none_of_linux(index: Index, resolve: Resolve) -> None:
    name = "cp313-cp313-macosx_10_13_universal2"
    index.add(wheel("demo", "1.0", name), sdist("demo", "0.9"))
    assert picked(resolve("demo")) == ["demo-0.9.tar.gz"]
    for arch in ("arm64", "x86_64"):
        assert picked(resolve("demo", target=Target("3.13.4", f"macosx_14_0_{arch}"))) == [f"demo-1.0-{name}.whl"]


def test_a_project_may_be_missing_on_one_of_two_indexes(index: Index, resolve: Resolve) -> None:
    with Index() as other:
        index.add(wheel("demo", "1.0", requires_dist=["private"]))
        other.add(wheel("private", "1.0"), wheel("demo", "0.9"))
        resolution = resolve(f"--extra-index-url {other.url}", "demo")
        assert picked(resolution) == ["demo-1.0-py3-none-any.whl", "private-1.0-py3-none-any.whl"]
        assert resolution.distributions[1].file.url.startswith(other.origin)


def test_a_project_on_neither_index_is_no_match(index: Index, resolve: Resolve) -> None:
    with Index() as other:
        resolution = resolve(f"--extra-index-url {other.url}", "demo")
    searched = f"there is no project 'demo'; what was searched: {index.url}, {other.url}"
    assert (resolution.outcome, resolution.evidence) == (Outcome.NO_MATCH, (searched,))


@pytest.mark.parametrize("malformed", [">=3.8.*", "nonsense", ">=3.99,", "3"])
def test_a_malformed_requires_python_excludes_nothing(index: Index, resolve: Resolve, malformed: str) -> None:
    index.add(wheel("demo", "2.0", requires_python=malformed), wheel("demo", "1.0"))
    excluded = malformed == ">=3.99,"  # A comma too many is no fault to pip.
    assert picked(resolve("demo")) == [f"demo-{'1.0' if excluded else '2.0'}-py3-none-any.whl"]


def test_a_requires_python_that_only_the_metadata_tells_is_no_match(index: Index, resolve: Resolve) -> None:
    index.add(wheel("demo", "2.0", requires_python=">=3.14", page_requires_python=""))
    resolution = resolve("demo")
    assert resolution.outcome is Outcome.NO_MATCH
    assert resolution.message == "the target's Python is 3.13.4, and demo==2.0 requires Python >=3.14"


def test_invalid_file_names_are_passed_over(index: Index, resolve: Resolve) -> None:
    wheels = ("demo-9-nonsense.whl", "demo-9..0-py3-none-any.whl", "demo-9.0-x1-py3-none-any.whl")
    index.add(*(wheel("demo", "9.0", filename=name) for name in wheels))
    others = ("demo-latest.tar.gz", "demo.tar.gz", "demo-9.0.exe", "demo-9.0-py2.7.tar.gz", "demo-9.0-py3.13.tar.gz")
    index.add(*(sdist("demo", "9.0", filename=name) for name in others))
    index.add(wheel("demo", "1.0"))
    assert picked(resolve("demo")) == ["demo-1.0-py3-none-any.whl"]


def test_a_file_that_is_another_version_inside_is_passed_over(index: Index, resolve: Resolve) -> None:
    index.add(wheel("demo", "2.0", metadata="Metadata-Version: 2.1\nName: demo\nVersion: 3.0\n"), wheel("demo", "1.0"))
    assert picked(resolve("demo")) == ["demo-1.0-py3-none-any.whl"]
    resolution = resolve("demo==2.0")
    assert resolution.outcome is Outcome.NO_MATCH
    assert resolution.evidence[-1] == "demo-2.0-py3-none-any.whl: its metadata says demo 3.0"


def test_a_version_with_a_requirement_that_cannot_be_parsed_is_passed_over(index: Index, resolve: Resolve) -> None:
    index.add(wheel("demo", "2.0", requires_dist=["other>=1.0.*"]), sdist("demo", "2.0"), wheel("demo", "1.0"))
    assert picked(resolve("demo")) == ["demo-1.0-py3-none-any.whl"]


def test_a_folder_of_find_links_is_an_index_without_metadata(index: Index, resolve: Resolve, tmp_path: Path) -> None:
    folder = tmp_path / "wheels"
    folder.mkdir()
    for each in (wheel("demo", "1.0"), sdist("demo", "2.0"), sdist("demo", "3.0", filename="demo-3.0.tar.bz2")):
        (folder / each.filename).write_bytes(each.content)
    assert picked(resolve("--no-index", "--find-links wheels", "demo")) == ["demo-2.0.tar.gz"]


def never_ending(index: Index) -> tuple[str, ...]:
    """Fill an index on which all combinations of versions have to be tried, since none of them fits."""
    names = [f"p{number}" for number in range(8)]
    for name in names:
        others = [other for other in names if other != name]
        for version in range(8):
            requires = [f"{other}!={version}" for other in others] + ["last"]
            index.add(wheel(name, f"{version}.0", requires_dist=requires, filler=0))
    index.add(*(wheel("last", f"{n}.0", requires_dist=[f"p{n % 8}>8"], filler=0) for n in range(8)))
    return tuple(names)


@pytest.mark.parametrize(
    ("constant", "value", "expected"),
    [("MOST_SECONDS", 1.0, "gave up after 1 s and "), ("MOST_ROUNDS", 200, " s and 200 rounds")],
)
def test_a_resolution_that_goes_on_and_on_is_given_up(
    index: Index, resolve: Resolve, monkeypatch: pytest.MonkeyPatch, constant: str, value: float, expected: str
) -> None:
    monkeypatch.setattr(bound, constant, value)
    names = never_ending(index)
    resolution = resolve(*names)
    assert resolution.outcome is Outcome.UNREACHABLE
    assert expected in resolution.message
    tried = re.search(r"tried over and over: (p\d) \((?:\d+,)*\d+ times\), (p\d) ", resolution.message)
    assert tried
    assert {tried[1], tried[2]} <= set(names)


def pyproject(name: str, *dependencies: str) -> str:
    return f'[project]\nname = "{name}"\nversion = "1.0"\ndependencies = {list(dependencies)}\n'


def test_projects_in_subdirectories_of_one_archive_are_told_apart(index: Index, resolve: Resolve) -> None:
    files = {"pyproject.toml": pyproject("root"), "pkgs/one/pyproject.toml": pyproject("one", "demo")}
    index.add(wheel("demo", "1.0"), sdist("mono", "1.0", pkg_info="", files=files, filename="mono-1.0.zip"))
    url = f"{index.origin}/files/mono-1.0.zip"
    resolution = resolve(f"root @ {url}", f"one @ {url}#subdirectory=pkgs/one")
    assert [each.name for each in resolution.distributions] == ["demo", "one", "root"]
    resolution = resolve(f"one @ {url}#subdirectory=pkgs")
    assert resolution.outcome is Outcome.INVALID
    assert resolution.message == (
        f"requirements.txt:1: {url}: it is no Python project: neither setup.py nor pyproject.toml is in it"
    )


def test_a_file_url_may_be_relative_to_where_pip_is_started(index: Index, resolve: Resolve, tmp_path: Path) -> None:
    index.add(wheel("demo", "1.0"))
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "pyproject.toml").write_text(pyproject("pkg", "demo"))
    for line in ("pkg @ file:pkg", "pkg@file:./pkg", "-e file:pkg", "file:pkg/../pkg"):
        assert [each.name for each in resolve(line).distributions] == ["demo", "pkg"]


def test_what_a_folder_was_last_built_as_is_of_no_account(index: Index, resolve: Resolve, tmp_path: Path) -> None:
    index.add(wheel("demo", "1.0"), wheel("stale", "1.0"))
    (tmp_path / "pkg.egg-info").mkdir()
    (tmp_path / "pkg.egg-info" / "requires.txt").write_text("stale\n")
    (tmp_path / "setup.py").write_text("from setuptools import setup\nsetup(name='pkg', install_requires=['demo'])\n")
    assert [each.name for each in resolve("-e .").distributions] == ["demo", "pkg"]


def test_a_file_that_a_line_names_and_that_is_not_there_is_told_with_the_line(index: Index, resolve: Resolve) -> None:
    resolution = resolve("# why", f"demo @ {index.origin}/files/demo-1.0.tar.gz")
    assert resolution.outcome is Outcome.UNREACHABLE
    assert resolution.message == f"requirements.txt:2: {index.origin}/files/demo-1.0.tar.gz: answered 404"


def test_a_wheel_that_a_line_names_for_another_machine_is_told_with_the_line(index: Index, resolve: Resolve) -> None:
    resolution = resolve(f"demo @ {index.origin}/files/demo-1.0-cp312-cp312-win_amd64.whl")
    assert resolution.outcome is Outcome.INVALID
    wheel_of_another = "demo-1.0-cp312-cp312-win_amd64.whl is not a wheel for 3.13-manylinux_2_36_x86_64"
    assert resolution.message == f"requirements.txt:1: {wheel_of_another}"


def test_a_wheel_that_a_line_names_has_to_say_its_version(index: Index, resolve: Resolve) -> None:
    index.add(wheel("demo", "1.0", metadata="Metadata-Version: 2.1\nName: demo\nVersion: latest\n"))
    resolution = resolve(f"demo @ {index.origin}/files/demo-1.0-py3-none-any.whl")
    assert resolution.outcome is Outcome.INVALID
    assert resolution.message.endswith("the version in its metadata is not valid: latest")
