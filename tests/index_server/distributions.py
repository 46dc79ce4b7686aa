"""Wheels and sdists made on demand in memory, the same bytes every time."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

# 2020-01-01: archives carry times, and a fixed one keeps their sha256 the same from run to run.
_ZIP_TIME = (2020, 1, 1, 0, 0, 0)
_TAR_TIME = 1_577_836_800

FILLER = 20_000


@dataclass(frozen=True)
class Distribution:
    """One file that an index offers; its content is built when it is first asked for.

    :param project: the normalised name, which is the page it stands on
    :param metadata: the METADATA or PKG-INFO text; None where a recording has none, and so no content either
    :param yanked: the reason, perhaps empty; None where it is not yanked (PEP 592)
    :param upload_time: as PEP 700 has it, ``2026-11-23T12:00:00Z``; None leaves it out
    """

    project: str
    filename: str
    metadata: str | None
    build: Callable[[], bytes]
    requires_python: str | None = None
    yanked: str | None = None
    upload_time: str | None = None

    @cached_property
    def content(self) -> bytes:
        """The archive. Without recorded metadata there is none to be had: ask :attr:`is_recorded` first."""
        return self.build()

    @property
    def is_recorded(self) -> bool:
        return self.metadata is not None

    @property
    def is_wheel(self) -> bool:
        return self.filename.endswith(".whl")

    @cached_property
    def sha256(self) -> str:
        """The hex digest of the content, or a made-up one where the content can never be fetched."""
        return hashlib.sha256(self.content if self.is_recorded else self.filename.encode()).hexdigest()

    @cached_property
    def metadata_sha256(self) -> str:
        return hashlib.sha256((self.metadata or "").encode()).hexdigest()


def normalised(name: str) -> str:
    """PEP 503's normalised form, which stands in URLs."""
    return re.sub(r"[-_.]+", "-", name).lower()


def wheel(
    name: str,
    version: str,
    tags: str = "py3-none-any",
    *,
    requires_dist: Iterable[str] = (),
    provides_extra: Iterable[str] = (),
    requires_python: str | None = None,
    yanked: str | None = None,
    build_tag: str | None = None,
    filename: str | None = None,
    metadata: str | None = None,
    page_requires_python: str | None = None,
    files: Mapping[str, str] | None = None,
    filler: int = FILLER,
    upload_time: str | None = None,
) -> Distribution:
    """A wheel with METADATA, WHEEL, RECORD, the ``files`` given and a member of ``filler`` bytes that do not compress.

    :param tags: the tag part of the file name, compressed sets included: ``cp312-cp312-manylinux_2_17_x86_64``
    :param filename: instead of the one that follows from the rest
    :param metadata: METADATA's text, instead of the one that follows from the rest
    :param page_requires_python: what the page says where it differs from METADATA
    """
    text = (
        metadata_text(name, version, requires_dist, provides_extra, requires_python) if metadata is None else metadata
    )
    stem = f"{_escaped(name)}-{version}"
    spelled = "-".join(filter(None, (stem, build_tag, tags)))
    return Distribution(
        normalised(name),
        filename or f"{spelled}.whl",
        text,
        lambda: wheel_content(stem, text, tags, files or {}, filler),
        requires_python if page_requires_python is None else page_requires_python,
        yanked,
        upload_time,
    )


def sdist(
    name: str,
    version: str,
    *,
    requires_dist: Iterable[str] = (),
    requires_python: str | None = None,
    pkg_info: str | None = None,
    files: Mapping[str, str] | None = None,
    yanked: str | None = None,
    filename: str | None = None,
    filler: int = 0,
    upload_time: str | None = None,
) -> Distribution:
    """A ``.tar.gz`` (or, by its ``filename``, a ``.zip``) with PKG-INFO and the ``files`` given.

    :param pkg_info: PKG-INFO's text, instead of Metadata 2.2 with nothing dynamic (PEP 643); empty: no PKG-INFO
    :param files: text by path below the archive's top folder; an empty pyproject.toml is added to what is no project
    """
    text = metadata_text(name, version, requires_dist, (), requires_python) if pkg_info is None else pkg_info
    spelled = filename or f"{_escaped(name)}-{version}.tar.gz"
    members = ({"PKG-INFO": text} if text else {}) | dict(files or {})
    if not {"setup.py", "pyproject.toml"} & members.keys():
        members["pyproject.toml"] = ""
    return Distribution(
        normalised(name),
        spelled,
        text,
        lambda: sdist_content(spelled, members, filler),
        requires_python,
        yanked,
        upload_time,
    )


def metadata_text(
    name: str,
    version: str,
    requires_dist: Iterable[str] = (),
    provides_extra: Iterable[str] = (),
    requires_python: str | None = None,
) -> str:
    """Core metadata, version 2.2: in a sdist all of it can be relied upon."""
    lines = ["Metadata-Version: 2.2", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Python: {requires_python}"] if requires_python else []
    lines += [f"Provides-Extra: {each}" for each in provides_extra]
    lines += [f"Requires-Dist: {each}" for each in requires_dist]
    return "\n".join(lines) + "\n"


def wheel_content(stem: str, metadata: str, tags: str, files: Mapping[str, str], filler: int) -> bytes:
    """The archive, its ``.dist-info`` last as build tools have it, so that a ranged read of the tail works."""
    folder = f"{stem}.dist-info"
    members = {path: text.encode() for path, text in files.items()}
    if filler:
        members[f"{stem.replace('-', '_')}_filler.bin"] = _noise(stem, filler)
    members[f"{folder}/METADATA"] = metadata.encode()
    members[f"{folder}/WHEEL"] = _wheel_text(tags).encode()
    members[f"{folder}/RECORD"] = "".join(f"{path},,\n" for path in [*members, f"{folder}/RECORD"]).encode()
    return _zipped(members)


def sdist_content(filename: str, files: Mapping[str, str], filler: int) -> bytes:
    """The archive with everything below one top folder."""
    top = re.sub(r"\.(tar\.gz|zip)$", "", filename)
    members = {f"{top}/{path}": text.encode() for path, text in files.items()}
    if filler:
        members[f"{top}/filler.bin"] = _noise(filename, filler)
    return _zipped(members) if filename.endswith(".zip") else _tarred(members)


def _wheel_text(tags: str) -> str:
    python, abi, platform = tags.split("-")
    each = [f"Tag: {p}-{a}-{t}\n" for p in python.split(".") for a in abi.split(".") for t in platform.split(".")]
    pure = "true" if tags.endswith("-none-any") else "false"
    return f"Wheel-Version: 1.0\nGenerator: index_server\nRoot-Is-Purelib: {pure}\n" + "".join(each)


def _zipped(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in members.items():
            member = zipfile.ZipInfo(path, _ZIP_TIME)
            member.external_attr = 0o644 << 16
            kind = zipfile.ZIP_STORED if path.endswith(".bin") else zipfile.ZIP_DEFLATED
            archive.writestr(member, content, kind)
    return buffer.getvalue()


def _tarred(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, content in members.items():
            member = tarfile.TarInfo(path)
            member.size, member.mtime = len(content), _TAR_TIME
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), 6, mtime=_TAR_TIME)


def _noise(seed: str, size: int) -> bytes:
    """Bytes that do not compress: else a wheel of any size would fit into the first ranged read."""
    return hashlib.shake_128(seed.encode()).digest(size)


def _escaped(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()
