"""The zip reader, on honest archives, on broken ones, and on those made to harm it."""

from __future__ import annotations

import io
import os
import tempfile
import time
import zipfile
from dataclasses import replace
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lakenb as lk
from lakenb.events import S3Location
from lakenb.runtime.faults import FaultError
from tests.runtime.handling import Made, fault_of, handled, peaks_mib
from tests.zips import DEVICE, LINK, File, archive, both, directory, overlapping, patched

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakenb.events import CloudEvent
    from tests.runtime.room import Room

HANDLER = "lakenb.runtime.handlers.zip_inflate"
MEBIBYTE = 2**20
ZEROS = bytes(3 * MEBIBYTE)


@pytest.fixture
def file(tmp_path: Path) -> Callable[[bytes], Path]:
    def write(body: bytes) -> Path:
        path = tmp_path / "a.zip"
        path.write_bytes(body)
        return path

    return write


def inflated(body: bytes, step: lk.Step | None = None) -> list[Made]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.zip"
        path.write_bytes(body)
        return handled(step or lk.ZipInflate(), path)


def zipped(event: CloudEvent) -> CloudEvent:
    data = event.data
    return replace(event, data=replace(data, document=replace(data.document, type="application/zip")))


def test_every_file_becomes_a_document_of_its_own_type(file: Callable[[bytes], Path]) -> None:
    body = archive(
        File("letters/", b""),
        File("letters/a.txt", b"Dear A"),
        File("letters/b.PDF", b"%PDF-1.7"),
        File("picture", b"\x89PNG\r\n\x1a\n" + bytes(600)),
        File("notes", b"who knows"),
        File("inner.zip", archive(File("x.txt"))),
        File("empty.csv", b""),
        File("plain.json", b"{}", method=zipfile.ZIP_STORED),
    )
    made = handled(lk.ZipInflate(), file(body))
    assert [(one.name, one.type) for one in made] == [
        ("a.txt", "text/plain"),
        ("b.PDF", "application/pdf"),
        ("picture", "image/png"),
        ("notes", "application/octet-stream"),
        ("inner.zip", "application/zip"),
        ("empty.csv", "text/csv"),
        ("plain.json", "application/json"),
    ]
    assert [len(one.body) for one in made] == [6, 8, 608, 9, len(archive(File("x.txt"))), 0, 2]
    assert made[0].metadata == {
        "title": "a.txt",
        "custom": {"zip": {"entryOf": "s3://inbox/a", "path": "letters/a.txt"}},
    }
    assert handled(lk.ZipInflate(), file(body)) == made


def test_links_and_devices_are_left_out_and_counted(file: Callable[[bytes], Path]) -> None:
    body = archive(File("a.txt"), File("link.txt", b"/etc/passwd", LINK), File("tty", b"", DEVICE))
    (made,) = handled(lk.ZipInflate(), file(body))
    assert made.metadata["custom"]["zip"]["leftOut"] == 2


def test_backslashes_are_read_as_slashes(file: Callable[[bytes], Path]) -> None:
    (made,) = handled(lk.ZipInflate(), file(archive(File("letters\\a.txt"))))
    assert (made.name, made.metadata["custom"]["zip"]["path"]) == ("a.txt", "letters/a.txt")


def test_bytes_before_an_archive_are_no_part_of_it(file: Callable[[bytes], Path]) -> None:
    (made,) = handled(lk.ZipInflate(), file(b"#!/bin/program\n" * 99 + archive(File("a.txt"))))
    assert made.body == b"abc"


WHOLE = archive(File("a.txt", b"Hello" * 99))
BAD = {
    "empty": (b"", "EmptyDocument", "the document is empty"),
    "no zip": (b"%PDF-1.7" * 99, "Malformed", "the document is no zip archive"),
    "truncated": (
        WHOLE[:-9],
        "Malformed",
        "the archive breaks off: its directory, which is its end, is missing",
    ),
    "cut in the middle": (WHOLE[:60], "Malformed", "the archive breaks off"),
    "more behind it": (WHOLE + b"more", "Malformed", "the archive does not end where it says"),
    "no entry": (archive(), "EmptyDocument", "the archive holds no file"),
    "folders only": (archive(File("a/", b"")), "EmptyDocument", "the archive holds no file"),
    "folder with bytes": (archive(File("a/", b"abc")), "Malformed", "entry 1 of 1 is a folder"),
    "encrypted": (both(WHOLE, 6, 8, "<H", 1), "Encrypted", "entry 1 of 1 of the archive is encrypted"),
    "another method": (archive(File("a.txt", method=zipfile.ZIP_LZMA)), "Unsupported", "by the method LZMA"),
    "unknown method": (both(WHOLE, 8, 10, "<H", 77), "Unsupported", "by the method number 77"),
    "volumes": (patched(WHOLE, b"PK\x05\x06", 4, "<H", 1), "Unsupported", "is one of several volumes"),
    "wrong checksum": (both(WHOLE, 14, 16, "<I", 7), "Malformed", "entry 1 of 1 cannot be read"),
    "shorter than it says": (both(WHOLE, 22, 24, "<I", 900), "Malformed", "entry 1 of 1 is shorter than"),
    "longer than it says": (both(WHOLE, 22, 24, "<I", 9), "Malformed", "entry 1 of 1 cannot be read"),
    "packed outside": (both(WHOLE, 18, 20, "<I", 10**6), "Hostile", "share bytes"),
    "entry outside": (patched(WHOLE, b"PK\x01\x02", 42, "<I", 10**6), "Malformed", "an entry lies outside"),
    "directory outside": (patched(WHOLE, b"PK\x05\x06", 16, "<I", 10**6), "Malformed", "lies outside of it"),
    "other name inside": (WHOLE.replace(b"a.txt", b"b.txt", 1), "Malformed", "entry 1 of 1 cannot be read"),
    "fewer than said": (directory(2, 3), "Malformed", "other entries than it says"),
    "more than said": (directory(60_000, 5), "Malformed", "other entries than it says"),
    "traversal": (archive(File("a/../../etc/passwd")), "Hostile", "entry 1 of 1 has a name that leads out"),
    "backslashed traversal": (archive(File("a\\..\\..\\b")), "Hostile", "has a name that leads out"),
    "absolute": (archive(File("/etc/passwd")), "Hostile", "has a name that leads out"),
    "drive": (archive(File("c:\\windows\\a.dll")), "Hostile", "has a name that leads out"),
    "NUL": (archive(File("a.txt\0.exe")), "Hostile", "has a name with a NUL"),
    "no name": (archive(File("")), "Malformed", "has no name"),
    "two of one name": (archive(File("a.txt"), File("a.txt", b"b")), "Hostile", "the name of another one"),
    "file and folder": (archive(File("a"), File("a/", b"")), "Hostile", "the name of another one"),
    "shared bytes": (overlapping(ZEROS[:999], ("a.txt", "b.txt", "c.txt")), "Hostile", "share bytes"),
    "bomb": (archive(File("a.txt", ZEROS)), "TooLarge", "more than 200 times as long as in the archive"),
    "a million entries": (
        directory(1, 10**6),
        "TooLarge",
        "has 1000000 entries, and this node reads at most",
    ),
    "a long directory": (directory(1, 9, 2**29), "Malformed", "lies outside of it"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_archive_fails_with_its_reason(case: str, file: Callable[[bytes], Path]) -> None:
    body, kind, reason = BAD[case]
    fault = fault_of(lk.ZipInflate(), file(body))
    assert (fault.kind, reason in fault.reason) == (kind, True), fault.reason
    assert "passwd" not in fault.reason
    assert ".txt" not in fault.reason


@pytest.mark.parametrize(
    ("bound", "reason"),
    [
        ({"max_archive_bytes": 100}, "more than 100 bytes"),
        ({"max_files": 1}, "has 2 entries, and this node reads at most 1: raise max_files"),
        ({"max_file_bytes": 9}, "entry 1 of 2 has 10 bytes, and this node makes at most 9 of one"),
        ({"max_total_bytes": 19}, "the archive holds 20 bytes, and this node makes at most 19"),
    ],
)
def test_bounds_are_options(bound: dict[str, int], reason: str, file: Callable[[bytes], Path]) -> None:
    body = archive(File("a.txt", b"0123456789"), File("b.txt", b"0123456789"))
    fault = fault_of(lk.ZipInflate(**bound), file(body))  # type: ignore[arg-type]  # all are numbers
    assert fault.kind == "TooLarge"
    assert reason in fault.reason


def test_a_ratio_is_allowed_on_request(file: Callable[[bytes], Path]) -> None:
    (made,) = handled(lk.ZipInflate(max_ratio=1032), file(archive(File("a.txt", ZEROS))))
    assert made.body == ZEROS


def test_sizes_are_counted_and_not_believed(file: Callable[[bytes], Path]) -> None:
    # both records say 1,000 bytes: the bomb is cut off there, and its checksum gives it away
    body = both(archive(File("a.txt", bytes(50 * MEBIBYTE))), 22, 24, "<I", 1000)
    began = time.monotonic()
    assert fault_of(lk.ZipInflate(), file(body)).kind == "Malformed"
    assert time.monotonic() - began < 5


PIECES = st.sampled_from(
    ["..", ".", "/", "\\", "a", "b.txt", "C:", "c", ":", " ", "%2e%2e", "é", "\u202e", "\n", "~"]
)
NAMES = st.one_of(st.lists(PIECES, max_size=8).map("".join), st.text(max_size=12))


def leads_out(name: str) -> bool:
    """Return what Windows, which knows all the ways, says about a name."""
    path = PureWindowsPath(name)
    return (
        ".." in path.parts
        or bool(path.root)
        or bool(path.drive and path.drive[0].isascii() and path.drive[0].isalpha())
    )


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        NAMES.filter(lambda name: not any("\ud800" <= c <= "\udfff" for c in name)), min_size=1, max_size=4
    )
)
def test_no_name_leads_out_of_the_archive_or_is_lost(names: list[str]) -> None:
    files = [File(name, f"{number}".encode() if not name.replace("\\", "/").endswith("/") else b"")
             for number, name in enumerate(names)]  # fmt: skip
    plain = [name.replace("\\", "/").rstrip("/") for name in names]
    is_hostile = any(map(leads_out, names)) or "\0" in "".join(names) or len(set(plain)) < len(plain)
    made: list[Made] | str = "nothing"
    try:
        made = inflated(archive(*files))
    except FaultError as fault:
        made = fault.kind
    if isinstance(made, str):
        assert made in ({"Hostile", "Malformed"} if is_hostile else {"Malformed", "EmptyDocument"})
        return
    assert not is_hostile
    assert [one.body for one in made] == [file.body for file in files if file.body]
    for one in made:
        assert not any(slash in one.name for slash in "/\\")
        assert ".." not in one.metadata["custom"]["zip"]["path"].split("/")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_an_altered_archive_is_read_or_fails_and_nothing_else(data: st.DataObject) -> None:
    body = bytearray(archive(File("a.txt", b"Hello " * 50), File("b/c.txt", b"x", method=zipfile.ZIP_STORED)))
    for place in data.draw(st.lists(st.integers(0, len(body) - 1), max_size=6)):
        body[place] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(body)) | st.just(len(body)))
    try:
        made = inflated(bytes(body[:end]))
    except FaultError as fault:
        assert len(fault.reason) > 10  # noqa: PT017 - either outcome is right
        return
    assert sum(len(one.body) for one in made) <= 1000


def test_an_archive_becomes_documents_with_events(room: Room) -> None:
    room.settings = replace(room.settings, node="unzip", handler=HANDLER)
    body = archive(
        File("a/x.txt", b"one"), File("b/x.txt", b"two"), File("\u202etxt.exe"), File("x" * 300 + ".pdf")
    )
    event = zipped(room.upload("a.zip", body))
    first = room.run(event, options=lk.ZipInflate().own_options())
    events = room.published(4)
    assert {made.data.document.type for made in events} == {
        "text/plain",
        "application/octet-stream",
        "application/pdf",
    }
    for made in events:
        location = S3Location.from_url(made.data.document.url)
        chain, identity, name = location.key.split("/")
        assert (chain, identity) == (event.data.chain_id, made.id)
        assert len(name.encode()) <= 170
    assert room.run(event, options=lk.ZipInflate().own_options()).done["outputs"] == first.done["outputs"]


def test_nothing_is_published_of_an_archive_whose_last_file_is_damaged(room: Room) -> None:
    room.settings = replace(room.settings, node="unzip", handler=HANDLER)
    good = archive(File("a.txt", b"one"), File("b.txt", os.urandom(500), method=zipfile.ZIP_STORED))
    place = good.index(b"b.txt") + 100
    body = good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :]
    room.run(zipped(room.upload("a.zip", body)), options={})
    (letter,) = room.dead()
    assert (letter["kind"], letter["reason"]) == (
        "Malformed",
        "entry 2 of 2 cannot be read: its bytes are damaged",
    )
    assert room.published(0) == []


def test_a_file_of_a_hundred_megabytes_passes_within_bounds(tmp_path: Path) -> None:
    path = tmp_path / "long.zip"
    line = os.urandom(MEBIBYTE // 2) + bytes(MEBIBYTE // 2)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target, target.open("long.bin", "w") as stream:
        for _ in range(100):
            stream.write(line)
    before, peak, _ = peaks_mib("lk.ZipInflate()", path, "drained")
    assert peak - before < 64, f"{peak - before} MiB"


def test_a_directory_of_many_entries_is_read_within_bounds(tmp_path: Path) -> None:
    path = tmp_path / "many.zip"
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as target:
        for number in range(10_000):
            target.writestr(f"{number}.txt", b"")
    path.write_bytes(made.getvalue())
    before, peak, _ = peaks_mib("lk.ZipInflate()", path, "drained")
    assert peak - before < 64, f"{peak - before} MiB"
