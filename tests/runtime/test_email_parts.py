"""The reader of e-mail's parts against the standard library's, and its decoders against whole ones."""

from __future__ import annotations

import email
import io
from base64 import encodebytes
from contextlib import closing
from email.policy import default
from itertools import pairwise
from quopri import encodestring
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakenb.runtime.handlers.email_decoding import transfer_decoder
from lakenb.runtime.handlers.email_parts import Limits, Spool, read_message
from tests.mails import composed, pythons_own

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

LIMITS = Limits(2**30, 2**30, 1000, 20)
# Where the two differ, and rightly: the other one takes these for one text, or loses parts.
OTHERWISE = {
    "msg_15.txt": "a delimiter of the outer multipart within the inner one, which has the same",
    "msg_17.txt": "a multipart without any delimiter: cut off",
    "msg_25.txt": "a multipart that does not name its delimiter: read as text",
    "msg_31.txt": "a multipart whose delimiter never comes: cut off",
    "msg_37.txt": "parts of nothing at all",
    "msg_39.txt": "multiparts within each other of the same delimiter",
    "msg_41.txt": "a multipart that does not name its delimiter: read as text",
}

Leaf = tuple[str, bytes | None]


def leaves(body: bytes) -> list[Leaf]:
    with closing(Spool()) as spool:
        root, _ = read_message(cast("io.BufferedReader", io.BytesIO(body)), spool, LIMITS, lambda _: True)
        return [
            (part.type, b"".join(spool.read(part.start, part.start + part.size))) for part in root.leaves()
        ]


def librarys(part: EmailMessage) -> Iterator[Leaf]:
    kind = part.get_content_type()
    if kind.startswith("message/") and part.is_multipart():
        yield kind, None  # which has no bytes of its own there
    elif part.is_multipart():
        for child in part.iter_parts():
            yield from librarys(cast("EmailMessage", child))
    else:
        yield kind, cast("bytes", part.get_payload(decode=True))


def same(ours: list[Leaf], theirs: list[Leaf]) -> bool:
    pairs = list(zip(ours, theirs, strict=False))
    return len(ours) == len(theirs) and all(
        one[0] == other[0] and other[1] in (None, one[1]) for one, other in pairs
    )


def test_a_composed_message_has_the_parts_that_the_library_finds() -> None:
    body = composed().as_bytes()
    assert same(leaves(body), list(librarys(email.message_from_bytes(body, policy=default))))


@pytest.mark.parametrize("number", [*range(1, 48), "12a"])
def test_pythons_own_messages_have_the_parts_that_the_library_finds(number: int | str) -> None:
    folder = pythons_own()
    if folder is None:
        pytest.skip("Python's own tests are not installed (Debian: libpython3.11-testsuite)")
    name = f"msg_{number:02}.txt" if isinstance(number, int) else f"msg_{number}.txt"
    body = (folder / name).read_bytes()
    theirs = list(librarys(email.message_from_bytes(body, policy=default)))
    assert same(leaves(body), theirs) == (name not in OTHERWISE)


def decoded(encoding: str, pieces: list[bytes]) -> bytes:
    decoder = transfer_decoder(encoding)
    made = b"".join([*map(decoder.feed, pieces), decoder.finish()])
    assert not decoder.is_damaged
    return made


def pieces(body: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    return [body[first:last] for first, last in pairwise(places)]


@given(st.binary(max_size=300), st.lists(st.integers(0, 500), max_size=8))
def test_base64_is_decoded_however_it_is_cut(body: bytes, cuts: list[int]) -> None:
    assert decoded("base64", pieces(encodebytes(body), cuts)) == body


@given(st.binary(max_size=300), st.lists(st.integers(0, 900), max_size=8))
def test_quoted_printable_is_decoded_however_it_is_cut(body: bytes, cuts: list[int]) -> None:
    body = body.replace(b"\r", b"")
    assert decoded("quoted-printable", pieces(encodestring(body), cuts)) == body
