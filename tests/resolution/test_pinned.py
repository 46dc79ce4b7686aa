"""When nothing is searched for: what lines pin, as long as it is in nobody's way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from index_server import Index, sdist, wheel
from pytest_deploycheck.resolution import resolver
from pytest_deploycheck.resolution.asked import Asked
from pytest_deploycheck.resolution.bound import Bound
from pytest_deploycheck.resolution.cache import Cache
from pytest_deploycheck.resolution.http.transport import Transport
from pytest_deploycheck.resolution.index import IndexClient
from pytest_deploycheck.resolution.indexes import Indexes
from pytest_deploycheck.resolution.pinned import picked_as_pinned
from pytest_deploycheck.resolution.places import Places
from pytest_deploycheck.resolution.result import Outcome, Resolution
from pytest_deploycheck.resolution.target import Target
from pytest_deploycheck.resolution.view import TargetView

TARGET = Target("3.13.4", "manylinux_2_36_x86_64")

Resolve = Callable[..., tuple[Resolution, bool]]


@pytest.fixture
def client(tmp_path: Path) -> Iterator[IndexClient]:
    client = IndexClient(Transport(timeout=5.0), Cache(tmp_path / "cache"))
    yield client
    client.close()


@pytest.fixture
def resolve(index: Index, client: IndexClient, monkeypatch: pytest.MonkeyPatch) -> Resolve:
    """Resolves lines, those with ``-c`` being constraints: what is found, and whether it was searched for."""
    index.add(
        wheel("web", "1.0", requires_dist=["base>=1", "cli[color]; extra == 'cli'"], provides_extra=["cli"]),
        wheel("web", "2.0", requires_dist=["base>=2"]),
        wheel("cli", "1.0", requires_dist=["color; extra == 'color'"], provides_extra=["color"]),
        wheel("base", "1.0"),
        wheel("base", "1.0+local"),
        wheel("base", "2.0"),
        sdist("base", "3.0"),
        wheel("color", "1.0rc1"),
        wheel("color", "1.0", requires_python="<3.13"),
        wheel("linked", "1.0", requires_dist=[f"base @ {index.origin}/files/base-1.0-py3-none-any.whl"]),
    )
    searched: list[bool] = []

    def noted(*arguments: object) -> object:
        found = picked_as_pinned(*arguments)  # type: ignore[arg-type]
        searched.append(found is None)
        return found

    def resolved(*lines: str) -> tuple[Resolution, bool]:
        asked = list(map(line, lines))
        hash_checking = any(each.hashes for each in asked)
        monkeypatch.setattr(resolver, "picked_as_pinned", noted)
        found = resolver.resolve(
            "in.txt", asked, TargetView(Indexes(client, Places((index.url,))), TARGET), hash_checking=hash_checking
        )
        monkeypatch.setattr(resolver, "picked_as_pinned", lambda *_: None)
        view = TargetView(Indexes(client, Places((index.url,))), TARGET)
        assert resolver.resolve("in.txt", asked, view, hash_checking=hash_checking) == found
        return found, searched[-1]

    return resolved


def line(text: str) -> Asked:
    requirement, *hashes = text.removeprefix("-c ").split(" --hash=")
    return Asked(Requirement(requirement), constraint=text.startswith("-c "), hashes=tuple(hashes))


def picked(resolution: Resolution) -> list[str]:
    return [f"{each.name}=={each.version}" for each in resolution.distributions]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["web==1.0", "base==2.0"], ["base==2.0", "web==1.0"]),
        (["base===2.0", "web==1.0"], ["base==2.0", "web==1.0"]),
        (["web", "-c web==1.0", "-c base==2.0"], ["base==2.0", "web==1.0"]),
        (["web==1.0", "web>=0.5", "base==1.0"], ["base==1.0+local", "web==1.0"]),
        (["web[cli]==1.0", "base==2.0", "cli==1.0", "color==1.0rc1"],
         ["base==2.0", "cli==1.0", "color==1.0rc1", "web==1.0"]),
    ],
)  # fmt: skip
def test_nothing_is_searched_for_where_all_is_pinned(resolve: Resolve, lines: list[str], expected: list[str]) -> None:
    found, searched = resolve(*lines)
    assert (picked(found), searched) == (expected, False)
    assert {each.name: each.required_by for each in found.distributions}["base"] == ("web",)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["web==1.0"], ["base==3.0", "web==1.0"]),
        (["web==1.0", "base"], ["base==3.0", "web==1.0"]),
        # Until the pin is read, another version is looked at.
        (["web==1.0", "base>=1", "base==2.0"], ["base==2.0", "web==1.0"]),
        (["web==1.0", "base==1.0", "base!=1.0+local"], ["base==1.0", "web==1.0"]),
        (["linked==1.0", "-c base==1.0"], ["base==1.0", "linked==1.0"]),
        (["web==2.0", "base==1.0"], []),
        (["color==1.0"], []),
        (["web==3.0"], []),
        (["nobody==1.0"], []),
    ],
)
def test_else_the_resolver_searches(resolve: Resolve, lines: list[str], expected: list[str]) -> None:
    found, searched = resolve(*lines)
    assert (picked(found), searched) == (expected, True)
    assert (found.outcome is Outcome.OK) == bool(expected)


def test_a_bound_on_the_time_holds_here_too(index: Index, client: IndexClient) -> None:
    index.add(wheel("demo", "1.0"))
    view = TargetView(Indexes(client, Places((index.url,))), TARGET)
    found = resolver.resolve("in.txt", [Asked(Requirement("demo==1.0"))], view, bound=Bound(-1))
    assert found.outcome is Outcome.UNREACHABLE
    assert found.message.startswith("gave up after 0 s and 1 rounds")


def test_what_is_wished_first_may_be_wished_last_by_the_resolver(index: Index, resolve: Resolve) -> None:
    index.add(
        sdist("moved", "1.0+local"),
        wheel("moved", "1.0"),
        wheel("top", "1.0", requires_dist=["mid", "aux"]),
        wheel("mid", "1.0", requires_dist=["moved!=1.0+local"]),
        wheel("aux", "1.0", requires_dist=["moved"]),
    )
    found, searched = resolve("top", *(f"-c {name}==1.0" for name in ("top", "mid", "aux", "moved")))
    assert searched
    assert (picked(found), found.built_in_passing) == (
        ["aux==1.0", "mid==1.0", "moved==1.0", "top==1.0"],
        ("moved-1.0+local.tar.gz",),
    )


def test_what_two_of_three_lines_leave_is_looked_at_too(index: Index, resolve: Resolve) -> None:
    built = sdist("hashed", "1.0")
    other = wheel("hashed", "1.0")
    index.add(built, other)
    one, two = (f" --hash=sha256={each.sha256}" for each in (built, other))
    found, searched = resolve(f"hashed==1.0{two}{one}", f"hashed==1.0{one}", f"hashed==1.0{two}")
    assert searched
    assert (picked(found), found.built_in_passing) == (["hashed==1.0"], ("hashed-1.0.tar.gz",))


def test_what_was_checked_on_the_way_is_not_checked_for_the_resolver(index: Index, resolve: Resolve) -> None:
    moved = wheel("moved", "1.0")
    chain = [
        moved,
        wheel("a", "1.0", requires_dist=["z"]),
        wheel("z", "1.0", requires_dist=["moved"]),
        wheel("b", "1.0", requires_dist=["c"]),
        wheel("c", "1.0", requires_dist=["d"]),
        wheel("d", "1.0", requires_dist=[f"moved @ {index.origin}/files/{moved.filename}"]),
    ]
    index.add(*chain)
    pins = [f"{each.project}==1.0 --hash=sha256={each.sha256}" for each in chain]
    found, searched = resolve("a", "b", *(f"-c {each}" for each in pins))
    assert searched
    assert (found.outcome, found.message) == (
        Outcome.INVALID,
        "in hash-checking mode every distribution needs a --hash, and some have none",
    )
