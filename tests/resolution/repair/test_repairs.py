"""The smallest repair of small requirements files, each on a real index: which lines change, and what they become."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from index_server import Fault, Index, sdist, wheel
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.fixing.file_text import FileText
from pytest_deploycheck.repairs import Mended
from pytest_deploycheck.resolution.http.transport import Unreachable
from pytest_deploycheck.settings import Ignore, Settings

CP312, CP313, CP314 = (f"cp{n}-cp{n}-manylinux_2_17_x86_64.manylinux2014_x86_64" for n in (312, 313, 314))
NODE = "requirements.txt::3.13-manylinux_2_36_x86_64"

Mend = Callable[..., Mended]


@pytest.fixture
def mend(index: Index, tmp_path: Path) -> Mend:
    """Gives the repair of a requirements file, and checks that its edits say the same."""

    def mend(text: str, *targets: str, ignore: tuple[Ignore, ...] = ()) -> Mended:
        (tmp_path / "requirements.txt").write_text(text)
        environ = {**os.environ, "PIP_INDEX_URL": index.url, "PYTEST_DEPLOYCHECK_CACHE": str(tmp_path / "cache")}
        deployment = Deployment(Settings(root=tmp_path, targets=targets or ("3.13",), ignore=ignore), environ)
        (source,) = deployment.sources
        mended = deployment.repairs.of(source)
        deployment.resolutions.close()
        return mended

    return mend


def written(mended: Mended, text: str) -> str:
    """A requirements file with the repair."""
    return FileText("requirements.txt", text).edited(mended.edits).text


def test_a_pin_becomes_the_first_newer_version_with_a_wheel(index: Index, mend: Mend) -> None:
    index.add(wheel("demo", "1.0", CP312), sdist("demo", "1.0"), sdist("demo", "1.1"))
    index.add(wheel("demo", "1.2", CP313), wheel("demo", "1.3", CP313), wheel("demo", "2.0", CP313))
    mended = mend("demo==1.0\n")
    assert written(mended, "demo==1.0\n") == "demo==1.2\n"
    assert mended.is_fewest
    assert mended.advice() == "write demo==1.2 (line 1): all it takes is a wheel then"


def test_only_what_has_to_change_changes_and_all_else_of_a_line_stays(index: Index, mend: Mend) -> None:
    index.add(sdist("native", "1.0"), wheel("native", "1.4", CP313), wheel("plain", "1.0"), wheel("plain", "2.0"))
    text = "# ours\nplain == 1.0  # why\nNative[fast] == 1.0 ; python_version > '3'   # because\n"
    assert written(mend(text), text) == text.replace("Native[fast] == 1.0", "Native[fast] == 1.4")


def test_the_line_that_keeps_another_from_a_wheel_changes_too(index: Index, mend: Mend) -> None:
    index.add(*(wheel("app", v, requires_dist=[f"core<{n}"]) for v, n in (("1.0", 2), ("1.1", 2), ("1.2", 4))))
    index.add(sdist("core", "1.0"), sdist("core", "2.0"), wheel("core", "3.0", CP313))
    mended = mend("app==1.0\ncore==1.0\n")
    assert [each.after for each in mended.changes] == ["app==1.2", "core==3.0"]
    assert mended.is_fewest
    assert mended.advice().startswith("change 2 lines: app==1.2 (line 1), core==3.0 (line 2): all 2 distributions")


def test_a_conflict_is_mended_by_the_smallest_step_and_upwards(index: Index, mend: Mend) -> None:
    index.add(wheel("app", "1.0", requires_dist=["core<2"]), wheel("app", "1.5", requires_dist=["core<3"]))
    index.add(wheel("core", "1.9"), wheel("core", "2.0"))
    mended = mend("app==1.0\ncore==2.0\n")
    assert [each.after for each in mended.changes] == ["app==1.5"]
    assert not mended.changes[0].is_downgrade


def test_a_patch_is_preferred_to_a_minor_and_that_to_a_major(index: Index, mend: Mend) -> None:
    index.add(wheel("one", "1.0.0", requires_dist=["two==1.0.1"]), wheel("one", "2.0.0", requires_dist=["two==1.0.0"]))
    index.add(wheel("two", "1.0.0"), wheel("two", "1.0.1"))
    assert [each.after for each in mend("one==1.0.0\ntwo==1.0.0\n").changes] == ["two==1.0.1"]


def test_a_downgrade_is_said_to_be_one(index: Index, mend: Mend) -> None:
    index.add(wheel("demo", "1.0", CP313), sdist("demo", "2.0"), sdist("demo", "3.0"))
    mended = mend("demo==2.0\n")
    assert [(each.after, each.is_downgrade) for each in mended.changes] == [("demo==1.0", True)]
    assert "demo==1.0 (line 1, a downgrade)" in mended.advice()


def test_it_is_never_a_pre_release(index: Index, mend: Mend) -> None:
    index.add(sdist("demo", "1.0"), wheel("demo", "1.1rc1", CP313), wheel("demo", "1.2.dev3", CP313))
    index.add(wheel("demo", "2.0", CP313))
    assert [each.after for each in mend("demo==1.0\n").changes] == ["demo==2.0"]


def test_it_is_never_a_yanked_version(index: Index, mend: Mend) -> None:
    index.add(sdist("demo", "1.0"), wheel("demo", "1.1", CP313, yanked="broken"), wheel("demo", "1.2", CP313))
    assert [each.after for each in mend("demo==1.0\n").changes] == ["demo==1.2"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("demo~=1.0", "demo~=1.0,<1.9"),
        ("demo ~= 1.0.0", "demo ~= 1.4.0"),
        ("demo>=1.0,<1.2", "demo>=1.0,<1.5"),
        ("demo >=1.0, <1.2", "demo >=1.0, <1.5"),
        ("demo==1.0.*", "demo==1.4.*"),
        ("demo<=1.1", "demo<=1.4"),
        ("demo<2,!=1.4", "demo<2"),
        ("demo===1.0", "demo===1.4"),
        ("demo(==1.0)", "demo(==1.4)"),
    ],
)
def test_a_line_keeps_its_shape(index: Index, mend: Mend, before: str, after: str) -> None:
    index.add(sdist("demo", "1.0"), sdist("demo", "1.1"), wheel("demo", "1.4", CP313), sdist("demo", "1.9"))
    if "!=" in before:
        index.projects.clear()
        index.add(sdist("demo", "1.0"), wheel("demo", "1.4", CP313))
    text = f"{before}\n"
    assert written(mend(text), text) == f"{after}\n"


@pytest.mark.parametrize(("before", "after"), [("demo", "demo<2.0"), ("demo>=1.0", "demo>=1.0,<2.0")])
def test_a_range_whose_newest_version_has_no_wheel_is_bounded(
    index: Index, mend: Mend, before: str, after: str
) -> None:
    index.add(wheel("demo", "1.0", CP313), wheel("demo", "1.5", CP313), sdist("demo", "2.0"))
    mended = mend(f"{before}\n")
    assert written(mended, f"{before}\n") == f"{after}\n"
    assert (mended.changes[0].version, mended.changes[0].is_downgrade) == ("1.5", False)


def test_what_nobody_has_a_line_for_gets_one(index: Index, mend: Mend) -> None:
    index.add(wheel("app", "1.0", requires_dist=["core"]), wheel("core", "1.0", CP313), sdist("core", "1.1"))
    mended = mend("app==1.0")
    assert written(mended, "app==1.0") == "app==1.0\ncore<1.1"
    assert mended.advice() == "write core<1.1 (a new line, which picks 1.0): all 2 distributions are wheels then"


def test_a_line_that_is_ignored_with_a_reason_stays_and_may_be_built(index: Index, mend: Mend) -> None:
    index.add(sdist("built", "1.0"), wheel("built", "2.0", CP313), sdist("demo", "1.0"), wheel("demo", "2.0", CP313))
    mended = mend("built==1.0\ndemo==1.0\n", ignore=(Ignore(f"{NODE}::built", "we build it"),))
    assert [each.after for each in mended.changes] == ["demo==2.0"]


def test_where_only_an_ignored_line_could_change_there_is_no_repair(index: Index, mend: Mend) -> None:
    index.add(wheel("app", "1.0", requires_dist=["core<2"]), wheel("app", "1.5", requires_dist=["core<3"]))
    index.add(wheel("core", "2.0"))
    mended = mend("app==1.0\ncore==2.0\n", ignore=(Ignore(f"{NODE}::app", "not now"),))
    assert not mended.changes
    assert mended.is_certain
    assert [each.text for each in mended.reasons] == [
        "pip would fail on 3.13-manylinux_2_36_x86_64: pip finds no distribution for core<2, which app 1.0 requires",
        "these lines stay as they are, since they are ignored with a reason: app (line 1)",
    ]


def test_one_change_is_for_all_targets(index: Index, mend: Mend) -> None:
    index.add(sdist("demo", "1.0"), wheel("demo", "1.1", CP313), wheel("demo", "1.2", CP314))
    index.add(wheel("demo", "1.3", CP313), wheel("demo", "1.3", CP314))
    assert [each.after for each in mend("demo==1.0\n", "3.13", "3.14").changes] == ["demo==1.3"]
    assert [each.after for each in mend("demo==1.0\n", "3.13").changes] == ["demo==1.1"]


def test_a_line_that_counts_on_one_target_changes_for_that(index: Index, mend: Mend) -> None:
    index.add(sdist("demo", "1.0"), wheel("demo", "1.1", CP313), wheel("demo", "2.0", CP314), sdist("demo", "2.0"))
    text = 'demo==1.0; python_version<"3.14"\ndemo==2.0; python_version>="3.14"\n'
    assert written(mend(text, "3.13", "3.14"), text) == text.replace("demo==1.0", "demo==1.1")


def test_a_project_without_any_wheel_is_named_with_since_when(index: Index, mend: Mend) -> None:
    index.add(wheel("old", "1.0", CP312), sdist("old", "1.1"), sdist("old", "1.2"))
    mended = mend("old==1.1\n")
    assert not mended.changes
    assert mended.is_certain
    assert [each.text for each in mended.reasons] == [
        "old has no wheel in any version for 3.13-manylinux_2_36_x86_64: "
        "its last one for this platform is of 1.0, for cp312"
    ]


def test_what_can_be_a_wheel_becomes_one_beside_what_cannot(index: Index, mend: Mend) -> None:
    index.add(wheel("app", "1.0", requires_dist=["never"]), sdist("never", "1.0"))
    index.add(sdist("demo", "1.0"), wheel("demo", "2.0", CP313))
    mended = mend("app==1.0\ndemo==1.0\n")
    assert [each.after for each in mended.changes] == ["demo==2.0"]
    assert [each.text for each in mended.reasons] == [
        "never has no wheel in any version for 3.13-manylinux_2_36_x86_64, and app (line 1) cannot do without it: "
        "its only version, 1.0, is published as source alone"
    ]
    assert mended.advice() == "write demo==2.0 (line 2): what can be a wheel is one then"


def test_what_can_stand_in_for_it_is_resolved_before_it_is_named(index: Index, mend: Mend) -> None:
    index.add(sdist("psycopg2", "2.9.9"), wheel("psycopg2-binary", "2.9.9", CP313))
    assert [each.text for each in mend("psycopg2==2.9.9\n").alternatives] == [
        "psycopg2-binary==2.9.9 in place of psycopg2==2.9.9 in line 1 has wheels and resolves: the code stays as it is"
    ]


def test_what_has_no_wheel_either_is_not_named_in_its_place(index: Index, mend: Mend) -> None:
    index.add(sdist("psycopg2", "2.9.9"), sdist("psycopg2-binary", "2.9.9"))
    assert not mend("psycopg2==2.9.9\n").alternatives


def test_hashes_are_those_of_all_files_of_the_new_version(index: Index, mend: Mend) -> None:
    old, new = sdist("demo", "1.0"), wheel("demo", "1.1", CP313)
    mac = wheel("demo", "1.1", "cp313-cp313-macosx_14_0_arm64")
    index.add(old, new, mac)
    text = f"demo==1.0 \\\n    --hash=sha256:{old.sha256} \\\n    --hash=sha256:{'0' * 64}  # pinned\n"
    digests = sorted((new.sha256, mac.sha256))
    assert written(mend(text), text) == (
        f"demo==1.1 \\\n    --hash=sha256:{digests[0]} \\\n    --hash=sha256:{digests[1]}  # pinned\n"
    )


def test_hashes_of_sdists_alone_are_refreshed_for_the_same_version(index: Index, mend: Mend) -> None:
    source, built = sdist("demo", "1.0"), wheel("demo", "1.0", CP313)
    index.add(source, built)
    text = f"demo==1.0 --hash=sha256:{source.sha256}\n"
    digests = sorted((source.sha256, built.sha256))
    assert written(mend(text), text) == f"demo==1.0 --hash=sha256:{digests[0]} \\\n    --hash=sha256:{digests[1]}\n"


def test_a_line_of_a_constraints_file_changes_there(index: Index, mend: Mend, tmp_path: Path) -> None:
    index.add(sdist("demo", "1.0"), wheel("demo", "1.1", CP313))
    (tmp_path / "constraints.txt").write_text("# all\ndemo==1.0\n")
    mended = mend("-c constraints.txt\ndemo\n")
    assert [(each.start.path, each.start.line, each.text) for each in mended.edits] == [("constraints.txt", 2, "==1.1")]


def test_a_line_of_an_included_file_changes_there(index: Index, mend: Mend, tmp_path: Path) -> None:
    index.add(sdist("demo", "1.0"), wheel("demo", "1.1", CP313))
    (tmp_path / "base.txt").write_text("demo==1.0\n")
    mended = mend("-r base.txt\n")
    assert [(each.start.path, each.start.line, each.text) for each in mended.edits] == [("base.txt", 1, "==1.1")]


def test_what_pip_is_told_to_build_is_named_as_that(index: Index, mend: Mend) -> None:
    index.add(sdist("demo", "1.0"), wheel("demo", "1.0", CP313), wheel("demo", "1.1", CP313))
    assert [each.text for each in mend("--no-binary demo\ndemo==1.0\n").reasons] == [
        "pip is told to build demo from source: an option such as --no-binary says so"
    ]


def test_lines_that_no_version_brings_together_are_named(index: Index, mend: Mend) -> None:
    index.add(wheel("app", "1.0", requires_dist=["core<2"]), wheel("tool", "1.0", requires_dist=["core>=2"]))
    index.add(wheel("core", "1.0"), wheel("core", "2.0"))
    mended = mend("app==1.0\ntool==1.0\n")
    assert (mended.changes, mended.is_certain) == ((), True)
    assert [each.text for each in mended.reasons] == [
        "whatever version app (line 1) and tool (line 2) had, pip would fail on 3.13-manylinux_2_36_x86_64: "
        "nothing fits: app==1.0 (line 1) requires core<2; tool==1.0 (line 2) requires core>=2"
    ]


def test_a_repository_that_needs_a_compiler_stays(index: Index, mend: Mend, tmp_path: Path) -> None:
    index.add(sdist("demo", "1.0"), wheel("demo", "1.1", CP313))
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "pyproject.toml").write_text('[project]\nname = "own"\nversion = "1"\n')
    (folder / "setup.py").write_text("from setuptools import setup\nsetup(ext_modules=[])\n")
    (folder / "own.c").write_text("")
    mended = mend("./own\ndemo==1.0\n")
    assert [each.after for each in mended.changes] == ["demo==1.1"]
    assert [each.text for each in mended.reasons] == ["own is built from the source that a line names itself"]


def test_a_sound_file_needs_nothing(index: Index, mend: Mend) -> None:
    index.add(wheel("demo", "1.0"))
    assert mend("demo==1.0\n") == Mended()


def test_an_index_out_of_reach_is_no_proof(index: Index, mend: Mend) -> None:
    index.add(sdist("demo", "1.0"), wheel("demo", "1.1", CP313))
    index.fault(Fault("/simple/demo/", status=503, times=None))
    with pytest.raises(Unreachable):
        mend("demo==1.0\n")
