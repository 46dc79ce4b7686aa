"""The machine a resolution is for: its wheel tags and its marker environment, built, never read from this one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from packaging.markers import Marker
from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.version import Version

from pytest_deploycheck.resolution.markers import UndecidedMarker, holds

_TARGET = re.compile(r"(?P<minor>3\.\d+)(?:\.(?P<patch>\d+))?(?P<threads>t?)(?:-(?P<platform>[a-z0-9_]+))?")
_PLATFORM = re.compile(
    r"(?:(?P<libc>manylinux|musllinux)_(?P<major>\d+)_(?P<minor>\d+)_(?P<arch>\w+)"
    r"|macosx_(?P<mac_major>\d+)_(?P<mac_minor>\d+)_(?P<mac_arch>arm64|x86_64)"
    r"|win_(?P<win_arch>amd64|arm64)|(?P<win32>win32))"
)

# A glibc that offers a newer version runs the wheels of each older one, and each of these carries an older name too.
# https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/
_LEGACY_MANYLINUX = {(2, 17): "manylinux2014", (2, 12): "manylinux2010", (2, 5): "manylinux1"}
_OLDEST_GLIBC_MINOR = {"x86_64": 5, "i686": 5}
_OLDEST_GLIBC_MINOR_ELSEWHERE = 17


class InvalidTarget(ValueError):
    """A target that cannot be understood; the message says what was expected."""


@dataclass(frozen=True)
class Target:
    """A Python version and a platform.

    :param python: the full version, ``3.13.4``: the patch counts in markers and in ``Requires-Python``
    :param platform: the newest platform tag the machine accepts, ``manylinux_2_36_x86_64``
    :param free_threaded: the build without the global interpreter lock
    """

    python: str
    platform: str
    free_threaded: bool = False

    @property
    def minor(self) -> str:
        """``3.13``, or ``3.13t`` for the free-threaded build."""
        return ".".join(self.python.split(".")[:2]) + ("t" if self.free_threaded else "")

    @property
    def name(self) -> str:
        """``3.13-manylinux_2_36_x86_64``: what node ids and reports say."""
        return f"{self.minor}-{self.platform}"

    @property
    def full_name(self) -> str:
        """The name with the patch version, for runs in which two targets differ in nothing else."""
        return f"{self.python}{'t' if self.free_threaded else ''}-{self.platform}"

    @property
    def python_version(self) -> Version:
        """The full version, to compare with."""
        return Version(self.python)

    @property
    def interpreter(self) -> str:
        """``cp313``."""
        return "cp" + "".join(self.python.split(".")[:2])

    @property
    def minor_tag(self) -> str:
        """``cp313``, or ``cp313t``: what a wheel built for this Python alone is called."""
        return self.interpreter + ("t" if self.free_threaded else "")

    @property
    def machine(self) -> str:
        """Words that occur in the names of all wheels built for it alone: ``linux x86_64``, ``macosx``, ``win``."""
        family = self.platform.partition("_")[0]
        if family in ("manylinux", "musllinux"):
            return f"linux {architecture(self.platform)}"
        return "macosx" if family == "macosx" else "win"

    @cached_property
    def platforms(self) -> tuple[str, ...]:
        """Every platform tag the machine accepts, most wanted first."""
        return tuple(_platforms(self.platform))

    @cached_property
    def tags(self) -> tuple[Tag, ...]:
        """Every wheel tag the machine accepts, most wanted first, in the order of pip on that machine.

        pip's own ``--platform`` takes one platform literally, without the older ones that its machine accepts as well.
        """
        version = self.python_version.release[:2]
        abi = self.minor_tag + ("m" if version < (3, 8) else "")
        cpython = cpython_tags(version, abis=[abi], platforms=self.platforms)
        return (*cpython, *compatible_tags(version, interpreter=self.interpreter, platforms=self.platforms))

    @cached_property
    def tag_rank(self) -> dict[Tag, int]:
        """The position of each tag: the smaller, the more wanted."""
        rank: dict[Tag, int] = {}
        for position, tag in enumerate(self.tags):
            rank.setdefault(tag, position)
        return rank

    @cached_property
    def environment(self) -> dict[str, str]:
        """The marker environment (PEP 508), every variable of it: none is left to the running interpreter.

        ``platform_release`` and ``platform_version`` cannot be known and are empty: see :meth:`holds`.
        """
        system = _MARKERS[self.platform.partition("_")[0]]
        return {
            "implementation_name": "cpython",
            "implementation_version": self.python,
            "os_name": system["os_name"],
            "platform_machine": _machine(self.platform),
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": system["platform_system"],
            "platform_version": "",
            "python_full_version": self.python,
            "python_version": ".".join(self.python.split(".")[:2]),
            "sys_platform": system["sys_platform"],
        }

    def holds(self, marker: Marker | None, extra: str = "") -> bool:
        """Whether a marker is true here; no marker always is.

        :raises UndecidedMarker: that cannot be said
        """
        return marker is None or holds(marker, {**self.environment, "extra": extra})

    def may_hold(self, marker: Marker | None) -> bool:
        """Whether a marker is true here, or it cannot be said that it is not."""
        try:
            return self.holds(marker)
        except UndecidedMarker:
            return True


_LINUX = {"os_name": "posix", "platform_system": "Linux", "sys_platform": "linux"}
_WINDOWS = {"os_name": "nt", "platform_system": "Windows", "sys_platform": "win32"}
_MARKERS = {
    "manylinux": _LINUX,
    "musllinux": _LINUX,
    "macosx": {"os_name": "posix", "platform_system": "Darwin", "sys_platform": "darwin"},
    "win": _WINDOWS,
    "win32": _WINDOWS,
}


def parse_target(text: str, platform: str, latest_patch: Callable[[str], str | None]) -> Target:
    """Read ``3.13``, ``3.13.4``, ``3.13t`` or ``3.13-manylinux_2_36_x86_64``.

    :param platform: the platform where the text names none
    :param latest_patch: given ``3.13``, the newest released ``3.13.x``, or None where it is not known
    :raises InvalidTarget: the text is none of these
    """
    match = _TARGET.fullmatch(text.strip())
    if match is None:
        raise InvalidTarget(f"{text!r} is no target: expected 3.13, 3.13.4 or 3.13-manylinux_2_36_x86_64")
    chosen = checked_platform(match["platform"] or platform)
    python = f"{match['minor']}.{match['patch']}" if match["patch"] else latest_patch(match["minor"])
    return Target(python or f"{match['minor']}.0", chosen, bool(match["threads"]))


def checked_platform(tag: str) -> str:
    """The tag of a platform that can be a target's.

    :raises InvalidTarget: it is none
    """
    if _PLATFORM.fullmatch(tag) is None:
        raise InvalidTarget(
            f"{tag!r} is no platform tag that is understood: expected such as manylinux_2_36_x86_64, "
            "musllinux_1_2_x86_64, macosx_14_0_arm64 or win_amd64"
        )
    return tag


def glibc_minor(platform: str) -> int | None:
    """The glibc 2.x minor that a platform tag asks for: 36 of ``manylinux_2_36_x86_64``; None for other platforms."""
    for (_, minor), name in _LEGACY_MANYLINUX.items():
        if platform.startswith(f"{name}_"):
            return minor
    match = re.match(r"manylinux_2_(\d+)_", platform)
    return int(match[1]) if match else None


def architecture(platform: str) -> str:
    """``x86_64`` of ``manylinux_2_36_x86_64`` and of ``manylinux2014_x86_64``; ``any`` and unknown tags as they are."""
    match = re.fullmatch(r"(?:(?:many|musl)linux_\d+_\d+|manylinux\d+|linux|macosx_\d+_\d+|win)_(\w+)", platform)
    return match[1] if match else platform


def _machine(platform: str) -> str:
    arch = architecture(platform)
    return {"amd64": "AMD64", "win32": "x86"}.get(arch, "ARM64" if platform == "win_arm64" else arch)


def _platforms(platform: str) -> Iterator[str]:
    match = _PLATFORM.fullmatch(platform)
    if match is None or match["win_arch"] or match["win32"]:
        yield platform
    elif match["mac_arch"]:
        yield from mac_platforms((int(match["mac_major"]), int(match["mac_minor"])), match["mac_arch"])
    else:
        yield from _linux_platforms(match["libc"], int(match["major"]), int(match["minor"]), match["arch"])


def _linux_platforms(libc: str, major: int, minor: int, arch: str) -> Iterator[str]:
    yield f"linux_{arch}"
    oldest = 0 if libc == "musllinux" else _OLDEST_GLIBC_MINOR.get(arch, _OLDEST_GLIBC_MINOR_ELSEWHERE)
    for version in range(minor, oldest - 1, -1):
        yield f"{libc}_{major}_{version}_{arch}"
        if libc == "manylinux" and (legacy := _LEGACY_MANYLINUX.get((major, version))):
            yield f"{legacy}_{arch}"
