"""``pdm.lock``.

https://pdm-project.org/en/latest/usage/lockfile/; the format is that of PDM 2.29 (``models/repositories/lock.py``), by
tests/differential/test_locks_as_their_tools.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.direct import direct_file
from pytest_deploycheck.resolution.file import File
from pytest_deploycheck.resolution.locked.lock import PDM, Dependency, Lock, Package
from pytest_deploycheck.sources.locks.constraint import marker_of
from pytest_deploycheck.sources.locks.tables import BadFile, tables_of, typed, version_of
from pytest_deploycheck.sources.locks.toml_text import TomlText
from pytest_deploycheck.urls import url_in

# The strategy by which each package says itself in which groups and under which marker it is.
INHERIT = "inherit_metadata"
# https://pdm-project.org/en/latest/usage/lock-targets/: the systems of platforms, and their architectures.
_SYSTEMS = {"linux": "linux", "manylinux": "linux", "musllinux": "linux", "alpine": "linux"}
_SYSTEMS |= {"macos": "darwin", "windows": "win32"}
_PLATFORM = re.compile(r"(?P<system>[a-z]+)(?:_\d+_\d+)?(?:_(?P<machine>x86_64|amd64|aarch64|arm64|i686|x86))?")


def read_pdm_lock(toml: TomlText, folder: Path) -> Lock:
    """Read a lock.

    :param folder: in which it lies, absolute
    :raises BadFile: it lacks what its format demands
    """
    metadata = toml.table("metadata")
    strategy = typed(metadata, "strategy", list, toml.line_of("strategy"), [])
    read = [_package(table, at, folder, inherits=INHERIT in strategy) for table, at in toml.packages()]
    packages = tuple(_merged(read))
    if INHERIT in strategy:
        # Who is installed each says itself: requirements only tell who brings it in.
        known = {each.name for each in packages}
        packages = tuple(replace(each, **_known(each, known)) for each in packages)
    where = toml.line_of("requires_python") if metadata.get("targets") else Location(toml.path)
    targets = tables_of(metadata, "targets", where)
    pythons = [_specifier(typed(each, "requires_python", str, where, ""), where) for each in targets]
    # Old locks have none, and locks for one Python and any platform need no more than it.
    if not targets or set().union(*targets) <= {"requires_python"}:
        text = " or ".join(map(str, pythons))
        return Lock(toml.path, PDM, packages, tuple(pythons) or None, text, where)
    environments = tuple(_environment(each, where) for each in targets)
    return Lock(toml.path, PDM, packages, environments=environments, environments_location=where)


def _specifier(text: str, place: Location) -> SpecifierSet:
    try:
        return SpecifierSet(text)
    except InvalidSpecifier as error:
        raise BadFile(place, f"a version specifier such as >=3.12 was expected, and {text!r} is none") from error


def _environment(target: dict[str, Any], place: Location) -> str:
    """A target that the lock was made for, as a marker."""
    parts = [marker_of("python_full_version", typed(target, "requires_python", str, place, "")) or ""]
    platform = typed(target, "platform", str, place, "")
    if platform:
        found = _PLATFORM.fullmatch(platform)
        if found is None or found["system"] not in _SYSTEMS:
            raise BadFile(place, f"the platform {platform!r} is not known")
        parts.append(f"sys_platform == '{_SYSTEMS[found['system']]}'")
        if found["machine"]:
            same: dict[str, tuple[str, ...]] = {"x86_64": ("x86_64", "AMD64"), "amd64": ("x86_64", "AMD64")}
            same |= dict.fromkeys(("aarch64", "arm64"), ("aarch64", "arm64", "ARM64"))
            names = same.get(found["machine"], (found["machine"],))
            machines = " or ".join(f"platform_machine == '{each}'" for each in names)
            parts.append(f"({machines})")
    implementation = typed(target, "implementation", str, place, "")
    if implementation:
        parts.append(f"implementation_name == '{implementation}'")
    return " and ".join(filter(None, parts))


def _package(table: dict[str, Any], place: Location, folder: Path, *, inherits: bool) -> Package:
    name = typed(table, "name", str, place, "")
    if not name:
        raise BadFile(place, "a package needs a name")
    link = _link(table, place, folder)
    extras = tuple(canonicalize_name(str(each)) for each in typed(table, "extras", list, place, []))
    required = tuple(_dependencies(table, place))
    return Package(
        canonicalize_name(name),
        version_of(table, place, is_needed=not link),
        place,
        tuple(_files(table, place, link)),
        () if extras else required,
        # Of several extras together each brings all that they require.
        dict.fromkeys(extras, required),
        conditions=_conditions(table, place) if inherits else None,
        link=link,
    )


def _conditions(table: dict[str, Any], place: Location) -> dict[str, str]:
    marker = typed(table, "marker", str, place, "")
    return {canonicalize_name(str(each)): marker for each in typed(table, "groups", list, place, [])}


def _merged(read: list[Package]) -> Iterator[Package]:
    """One package for what has an entry for itself, and one for each choice of extras."""
    found: dict[tuple[str, str, str], Package] = {}
    for each in read:
        key = (each.name, each.version, each.link)
        known = found.get(key)
        if known is None:
            found[key] = each
            continue
        conditions = None
        if known.conditions is not None and each.conditions is not None:
            conditions = _either(known.conditions, each.conditions)
        found[key] = replace(
            known,
            dependencies=known.dependencies or each.dependencies,
            extras={**known.extras, **each.extras},
            conditions=conditions,
        )
    yield from found.values()


def _either(one: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
    both = {group: f"({one[group]}) or ({other[group]})" for group in one.keys() & other.keys()}
    # An empty marker always holds.
    always = {group: "" for group in both if not (one[group] and other[group])}
    return {**one, **other, **both, **always}


def _known(package: Package, names: set[NormalizedName]) -> dict[str, Any]:
    """Its requirements without what the lock does not have."""

    def known(dependencies: tuple[Dependency, ...]) -> tuple[Dependency, ...]:
        return tuple(each for each in dependencies if each.name in names)

    extras = {extra: known(each) for extra, each in package.extras.items()}
    return {"dependencies": known(package.dependencies), "extras": extras}


def _dependencies(table: dict[str, Any], place: Location) -> Iterator[Dependency]:
    for text in typed(table, "dependencies", list, place, []):
        try:
            read = Requirement(str(text))
        except InvalidRequirement as error:
            raise BadFile(place, f"a requirement such as name>=1.0 was expected, and {text!r} is none") from error
        extras = frozenset(map(canonicalize_name, read.extras))
        ranges = (read.specifier,) if read.specifier else ()
        yield Dependency(canonicalize_name(read.name), str(read.marker or ""), extras, ranges=ranges)


def _link(table: dict[str, Any], place: Location, folder: Path) -> str:
    for kind in ("git", "hg", "svn", "bzr"):
        if url := typed(table, kind, str, place, ""):
            return f"{kind}+{url}@{table.get('revision', table.get('ref', ''))}"
    if url := typed(table, "url", str, place, ""):
        return url
    if path := typed(table, "path", str, place, ""):
        is_file = path.endswith((".whl", ".tar.gz", ".zip"))
        return url_in(folder, path) + ("" if is_file else "/")
    return ""


def _files(table: dict[str, Any], place: Location, link: str) -> Iterator[File]:
    """By name, or, with the strategy ``static_urls``, by URL."""
    for position, each in enumerate(tables_of(table, "files", place)):
        url = typed(each, "url", str, place, "") or link
        name = typed(each, "file", str, place, "") or direct_file(url).filename
        if not name:
            raise BadFile(place, "each of files needs a file or a url")
        digest = typed(each, "hash", str, place, "").replace(":", "=", 1)
        yield File(position, name, url, (digest,) if digest else (), None, None, None, None)
