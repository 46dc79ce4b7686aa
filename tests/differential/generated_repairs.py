"""Random small indexes whose requirements files mostly need a repair, and the smallest repair by trying them all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations, product

from differential.generated import SDIST, Case, Offered
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from index_server import Switches
from pytest_deploycheck.resolution.asked import Asked
from pytest_deploycheck.resolution.resolver import resolve
from pytest_deploycheck.resolution.target import Target
from pytest_deploycheck.resolution.view import TargetView

PROJECTS = ("alpha", "beta", "gamma", "delta")
VERSIONS = ("1.0", "1.1", "2.0", "2.1", "3.0")
SPECIFIERS = ("", "", "==1.0", "==1.1", "==2.0", "<2", ">=2", "~=2.0", ">=1.1", "<3,>=1.1", "!=2.1", "==1.*")
LINES = ("==1.0", "==1.0", "==1.1", "==2.0", "==2.1", "==3.0", "", ">=1.1", "<3", "~=1.0", ">=2,<3")

# What there is of a version: wheels for both targets, for one of them, for none.
ANY, CP312, CP313 = "py3-none-any", "cp312-cp312-manylinux_2_17_x86_64", "cp313-cp313-manylinux_2_17_x86_64"
KINDS = ((SDIST,), (SDIST,), (ANY,), (ANY,), (ANY,), (ANY, SDIST), (CP312, SDIST), (CP313, SDIST), (CP312, CP313))
TARGETS = (Target("3.12.1", "manylinux_2_36_x86_64"), Target("3.13.4", "manylinux_2_36_x86_64"))


@st.composite
def broken(draw: st.DrawFn) -> Case:
    """An index of wheels and source distributions, and lines that often fail there or pick what has to be built."""
    offered: list[Offered] = []
    for at, project in enumerate(PROJECTS):
        for version in draw(st.lists(st.sampled_from(VERSIONS), min_size=1, max_size=5, unique=True)):
            requires = tuple(
                f"{other}{draw(st.sampled_from(SPECIFIERS))}"
                for other in PROJECTS[at + 1 :]
                if draw(st.integers(0, 2)) == 0
            )
            common = Offered(project, version, "", "", requires=requires, extras=())
            for kind in draw(st.sampled_from(KINDS)):
                suffix = ".tar.gz" if kind == SDIST else f"-{kind}.whl"
                offered.append(replace(common, kind=kind, filename=f"{project}-{version}{suffix}"))
    named = draw(st.lists(st.sampled_from(PROJECTS), min_size=1, max_size=4, unique=True))
    lines = tuple(f"{project}{draw(st.sampled_from(LINES))}" for project in named)
    return Case(tuple(offered), (), lines, (), Switches(), "folder")


def fewest(case: Case, asked: Sequence[Asked], views: Sequence[TargetView]) -> int | None:
    """How many lines have to be pinned elsewhere, or added, for pip to pick wheels alone; None: none suffice."""
    versions = {name: sorted({Version(f.version) for f in case.files if f.project == name}) for name in PROJECTS}
    lines = [each for each in asked if each.requirement]
    named = {canonicalize_name(each.requirement.name) for each in lines if each.requirement}
    lines += [Asked(Requirement(name)) for name in PROJECTS if name not in named]
    written = len(asked)
    for size in range(len(lines) + 1):
        for changing in combinations(range(len(lines)), size):
            for pins in product(*(versions[_name(lines[at])] for at in changing)):
                chosen = dict(zip(changing, pins, strict=True))
                if _are_wheels(list(_changed(lines, written, chosen)), views):
                    return size
    return None


def _changed(lines: Sequence[Asked], written: int, chosen: dict[int, Version]) -> Iterator[Asked]:
    for at, line in enumerate(lines):
        if at in chosen:
            pinned = Requirement(str(line.requirement))
            pinned.specifier = SpecifierSet(f"=={chosen[at]}")
            yield replace(line, requirement=pinned)
        elif at < written:
            yield line


def _are_wheels(asked: Sequence[Asked], views: Sequence[TargetView]) -> bool:
    return all(resolve("", asked, view, is_trial=True).has_wheels_only for view in views)


def _name(line: Asked) -> NormalizedName:
    assert line.requirement
    return canonicalize_name(line.requirement.name)
