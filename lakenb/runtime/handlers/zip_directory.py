"""A zip archive's directory, looked through before the library that reads it is let near.

The library makes an object of every entry that the directory has, and believes what it says. So its length
and its entries are counted first, and what no honest archive holds is found: entries that share bytes (a few
kilobytes that stand for petabytes), names that lead out of the archive, two entries of one name.

The layout is that of PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 (structure) and 4.4 (fields).
"""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZIP_STORED

from lakenb.runtime.faults import FaultError, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import IO
    from zipfile import ZipInfo

_END = Struct("<4s4H2IH")  # 4.3.16, end of central directory
_LOCATOR = Struct("<4sIQI")  # 4.3.15, zip64's end of central directory locator
_END_64 = Struct("<4sQ2H2I4Q")  # 4.3.14, zip64's end of central directory
_ENTRY = Struct("<4s6H3I5H2I")  # 4.3.12, one entry of the directory
_LOCAL = Struct("<4s5H3I2H")  # 4.3.7, what stands before an entry's bytes
_LONGEST_COMMENT = 65_535
_MOST_DIRECTORY_BYTES = 16 * 1024 * 1024
_SMALL = 1024 * 1024  # what is no longer than this harms nobody, however it was squeezed

_ENCRYPTED = 0x0001 | 0x0040 | 0x2000  # 4.4.4: bits 0 and 6 of an entry, 13 of the directory
_PATCH = 0x0020
_METHODS = {9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "XZ", 99: "AES"}
_DRIVE = re.compile(r"[A-Za-z]:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_LONGEST_PATH = 1000


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one archive; see `lakenb.ZipInflate`."""

    max_archive_bytes: int = 384 * 1024 * 1024
    max_files: int = 10_000
    max_file_bytes: int = 512 * 1024 * 1024
    max_total_bytes: int = 1024 * 1024 * 1024
    max_ratio: int = 200

    def check(self, size: int, packed: int, what: str) -> None:
        """Refuse what has grown too much.

        Parameters
        ----------
        size, packed
            How long something is so far, and how long it was in the archive.
        what
            What it is, as the start of a sentence.
        """
        if size > max(_SMALL, self.max_ratio * packed):
            reason = f"{what} is more than {self.max_ratio} times as long as in the archive: raise max_ratio"
            raise FaultError(Kind.TOO_LARGE, reason)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in an archive.

    Parameters
    ----------
    info
        As the library describes it.
    path
        Its name, with slashes between folders.
    place
        What errors call it: names may be content.
    """

    info: ZipInfo
    path: str
    place: str

    @property
    def name(self) -> str:
        """The file's name without its folders."""
        return self.path.rpartition("/")[2]

    @property
    def shown_path(self) -> str:
        """The path for people: without control characters, of bounded length."""
        return _CONTROL.sub("_", self.path)[-_LONGEST_PATH:]


def directory_start(file: IO[bytes], limits: Limits) -> int:
    """Return where an archive's directory begins, once it is known to be of a size that can be read.

    Raises
    ------
    FaultError
        If the file is no whole archive, or has too many entries.
    """
    size = file.seek(0, 2)
    before = max(0, size - _END.size - _LONGEST_COMMENT - _LOCATOR.size - _END_64.size)
    file.seek(before)
    tail = file.read()
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or place + _END.size > len(tail):
        raise _no_archive(file)
    _, disk, first_disk, here, count, length, offset, comment = _END.unpack_from(tail, place)
    if place + _END.size + comment != len(tail):
        raise FaultError(
            Kind.MALFORMED, "the archive does not end where it says: it breaks off, or more follows"
        )
    if tail[max(0, place - _LOCATOR.size) : place][:4] == b"PK\x06\x07":
        place -= _LOCATOR.size + _END_64.size
        if place < 0 or tail[place : place + 4] != b"PK\x06\x06":
            raise _damaged("its zip64 record is not where it must be")
        _, _, _, _, disk, first_disk, here, count, length, offset = _END_64.unpack_from(tail, place)
    if disk or first_disk or here != count:
        raise FaultError(Kind.UNSUPPORTED, "the archive is one of several volumes, which are not read")
    start: int = before + place - length
    if offset > start:
        raise _damaged("its directory lies outside of it")
    _check_size(count, length, limits)
    file.seek(start)
    _check_count(file.read(length), count)
    return start


def _check_size(count: int, length: int, limits: Limits) -> None:
    """Refuse a directory of too many entries, by what it says alone."""
    if count > limits.max_files:
        reason = f"the archive has {count} entries, and this node reads at most {limits.max_files}"
        raise FaultError(Kind.TOO_LARGE, f"{reason}: raise max_files")
    if length > _MOST_DIRECTORY_BYTES:
        reason = f"the archive's directory has {length} bytes; at most {_MOST_DIRECTORY_BYTES} are read"
        raise FaultError(Kind.TOO_LARGE, reason)


def _check_count(directory: bytes, count: int) -> None:
    """Refuse a directory that has not exactly the entries that it says."""
    place = found = 0
    while place < len(directory):
        if (
            found == count
            or place + _ENTRY.size > len(directory)
            or directory[place : place + 4] != b"PK\x01\x02"
        ):
            raise _damaged("its directory has other entries than it says")
        fields = _ENTRY.unpack_from(directory, place)
        place += _ENTRY.size + sum(fields[10:13])  # name, extra field, comment
        found += 1
    if place != len(directory) or found != count:
        raise _damaged("its directory has other entries than it says")


def checked_entries(
    infos: Sequence[ZipInfo], file: IO[bytes], start: int, limits: Limits
) -> tuple[list[Entry], int]:
    """Return an archive's files in the directory's order, and how many links and devices were left out.

    Parameters
    ----------
    infos
        All entries of the directory.
    file, start
        The archive, and where its directory begins.
    limits
        What is refused.

    Raises
    ------
    FaultError
        If any entry is encrypted, of a kind that is not read, beyond a bound, or was made to harm.
    """
    found: list[Entry] = []
    paths: set[str] = set()
    left_out = 0
    for number, info in enumerate(infos, start=1):
        place = f"entry {number} of {len(infos)}"
        path = _path(info, place)
        if path.rstrip("/") in paths:
            raise FaultError(Kind.HOSTILE, f"{place} has the name of another one: readers would disagree")
        paths.add(path.rstrip("/"))
        if path.endswith("/"):
            if info.file_size:
                raise FaultError(Kind.MALFORMED, f"{place} is a folder, and holds bytes nevertheless")
        elif stat.S_IFMT(info.external_attr >> 16) not in {0, stat.S_IFREG}:
            left_out += 1  # a link, a device: no document
        else:
            _check_entry(info, place, limits)
            found.append(Entry(info, path, place))
    _check_sizes(found, limits)
    _check_overlaps(infos, file, start)
    return found, left_out


def _path(info: ZipInfo, place: str) -> str:
    """Return an entry's name with slashes, as Windows' own programs do not always write them."""
    path = info.orig_filename.replace("\\", "/")
    if "\0" in path:
        raise FaultError(Kind.HOSTILE, f"{place} has a name with a NUL: readers would disagree about it")
    if path.startswith("/") or _DRIVE.match(path) or ".." in path.split("/"):
        raise FaultError(Kind.HOSTILE, f"{place} has a name that leads out of the archive")
    if not path.strip("/"):
        raise FaultError(Kind.MALFORMED, f"{place} has no name")
    return path


def _check_entry(info: ZipInfo, place: str, limits: Limits) -> None:
    if info.flag_bits & _ENCRYPTED or info.compress_type == 99:  # noqa: PLR2004 - AE-x, appendix E
        raise FaultError(Kind.ENCRYPTED, f"{place} of the archive is encrypted")
    if info.compress_type not in {ZIP_STORED, ZIP_DEFLATED} or info.flag_bits & _PATCH:
        method = _METHODS.get(info.compress_type, f"number {info.compress_type}")
        reason = f"{place} is packed by the method {method}: stored and deflated ones are read"
        raise FaultError(Kind.UNSUPPORTED, reason)
    if info.file_size > limits.max_file_bytes:
        reason = f"{place} has {info.file_size} bytes, and this node makes at most {limits.max_file_bytes}"
        raise FaultError(Kind.TOO_LARGE, f"{reason} of one: raise max_file_bytes")
    limits.check(info.file_size, info.compress_size, place)


def _check_sizes(entries: Iterable[Entry], limits: Limits) -> None:
    total = sum(entry.info.file_size for entry in entries)
    if total > limits.max_total_bytes:
        reason = f"the archive holds {total} bytes, and this node makes at most {limits.max_total_bytes}"
        raise FaultError(Kind.TOO_LARGE, f"{reason}: raise max_total_bytes")


def _check_overlaps(infos: Sequence[ZipInfo], file: IO[bytes], start: int) -> None:
    """Refuse entries that share bytes with each other or with the directory."""
    ordered = sorted(infos, key=lambda info: info.header_offset)
    ends = [info.header_offset for info in ordered[1:]] + [start]
    for info, end in zip(ordered, ends, strict=False):
        if not 0 <= info.header_offset <= start - _LOCAL.size:
            raise _damaged("an entry lies outside of it")
        file.seek(info.header_offset)
        fields = _LOCAL.unpack(file.read(_LOCAL.size))
        if fields[0] != b"PK\x03\x04":
            raise _damaged("an entry is not where its directory says")
        if info.header_offset + _LOCAL.size + sum(fields[9:11]) + info.compress_size > end:
            raise FaultError(
                Kind.HOSTILE, "entries of the archive share bytes: it was made to grow without end"
            )


def _damaged(why: str) -> FaultError:
    return FaultError(Kind.MALFORMED, f"the archive is damaged: {why}")


def _no_archive(file: IO[bytes]) -> FaultError:
    file.seek(0)
    if file.read(4) == b"PK\x03\x04":
        return FaultError(
            Kind.MALFORMED, "the archive breaks off: its directory, which is its end, is missing"
        )
    return FaultError(Kind.MALFORMED, "the document is no zip archive")
