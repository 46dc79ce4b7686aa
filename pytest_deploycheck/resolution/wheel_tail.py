"""METADATA out of a wheel's last bytes, without reading the whole directory of the archive.

A directory has an entry for each file, which :mod:`zipfile` reads one by one: for a wheel of a thousand files that
takes longer than to fetch it. Whatever looks unusual here is left to :mod:`zipfile`.

https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16
"""

from __future__ import annotations

import struct
import zlib

from packaging.utils import canonicalize_name

_MEMBER = b".dist-info/METADATA"
# Size and place of the directory, from the record at the very end.
_END, _END_FIELDS = b"PK\x05\x06", struct.Struct("<12xII")
# Flags, method, CRC, compressed size, length of the name, place of the member.
_ENTRY, _ENTRY_FIELDS, _ENTRY_SIZE = b"PK\x01\x02", struct.Struct("<8xHH4xII4xH12xI"), 46
# Lengths of the name and of the extra field.
_LOCAL, _LOCAL_FIELDS, _LOCAL_SIZE = b"PK\x03\x04", struct.Struct("<26xHH"), 30

_STORED, _DEFLATED = 0, 8
_ENCRYPTED = 1
# What stands where a number is too large for its field (ZIP64).
_ELSEWHERE = 0xFFFFFFFF


def metadata_in_tail(tail: bytes, start: int, project: str) -> bytes | None:
    """The content of the project's ``METADATA``.

    :param tail: the last bytes of the wheel
    :param start: where they begin in it
    :param project: the normalised name
    :returns: None where it is not all in there, or anything is unusual
    """
    try:
        end = tail.rindex(_END)
        size, place = _END_FIELDS.unpack_from(tail, end)
        directory = tail[place - start : place - start + size]
        if place < start or _ELSEWHERE in (size, place) or len(directory) != size:
            return None
        entry = _entry(directory, project)
        return None if entry is None else _member(tail, start, directory, entry)
    except (ValueError, struct.error, zlib.error):
        return None


def _entry(directory: bytes, project: str) -> int | None:
    """Where the entry of the project's METADATA begins; other projects' may lie in the same wheel."""
    found = directory.find(_MEMBER)
    while found != -1:
        entry = directory.rindex(_ENTRY, 0, found)
        length = _ENTRY_FIELDS.unpack_from(directory, entry)[4]
        name = directory[entry + _ENTRY_SIZE : entry + _ENTRY_SIZE + length]
        stem = name.removesuffix(_MEMBER)
        if stem != name and b"/" not in stem and canonicalize_name(stem.partition(b"-")[0].decode()) == project:
            return entry
        found = directory.find(_MEMBER, found + 1)
    return None


def _member(tail: bytes, start: int, directory: bytes, entry: int) -> bytes | None:
    flags, method, checksum, size, _, place = _ENTRY_FIELDS.unpack_from(directory, entry)
    local = place - start
    if local < 0 or _ELSEWHERE in (size, place) or flags & _ENCRYPTED or not tail.startswith(_LOCAL, local):
        return None
    data = local + _LOCAL_SIZE + sum(_LOCAL_FIELDS.unpack_from(tail, local))
    packed = tail[data : data + size]
    if len(packed) != size or method not in (_STORED, _DEFLATED):
        return None
    content = zlib.decompress(packed, -zlib.MAX_WBITS) if method == _DEFLATED else packed
    return content if zlib.crc32(content) == checksum else None
