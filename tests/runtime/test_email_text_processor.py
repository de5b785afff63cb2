"""The e-mail processor, on messages with a known content, on Python's own, and on those made to harm it."""

from __future__ import annotations

import json
import os
import tempfile
import time
from base64 import encodebytes
from collections import Counter
from dataclasses import replace
from email.message import EmailMessage
from email.policy import SMTP, default
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lakenb as lk
from lakenb.runtime.faults import FaultError
from tests.mails import HEADERS, composed, message, pythons_own
from tests.runtime.handling import Made, fault_of, handled, peaks_mib

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.policy import EmailPolicy

    from tests.runtime.room import Room

HANDLER = "lakenb.runtime.handlers.email_text_processor"
MEBIBYTE = 2**20
# What Python's own messages are: bytes of text and the attachments, or the kind of the fault.
REAL: dict[str, tuple[int, str] | str] = {
    "msg_01.txt": (37, ""),
    "msg_02.txt": (717, "5 message/rfc822"),
    "msg_03.txt": (37, ""),
    "msg_04.txt": (0, "2 text/plain"),
    "msg_05.txt": (37, "1 message/rfc822"),
    "msg_06.txt": (0, "1 message/rfc822"),
    "msg_07.txt": (36, "1 image/gif"),
    "msg_08.txt": "NoText",
    "msg_09.txt": "NoText",
    "msg_10.txt": (196, ""),
    "msg_11.txt": (0, "1 message/rfc822"),
    "msg_12.txt": "NoText",
    "msg_12a.txt": "NoText",
    "msg_13.txt": (55, "1 image/gif"),
    "msg_14.txt": (225, ""),
    "msg_15.txt": (20, "1 image/gif"),
    "msg_16.txt": (438, "1 message/delivery-status, 1 message/rfc822"),
    "msg_17.txt": "Malformed",
    "msg_18.txt": "NoText",
    "msg_19.txt": "Malformed",
    "msg_20.txt": (37, ""),
    "msg_21.txt": (7, ""),
    "msg_22.txt": (31, "2 image/jpeg"),
    "msg_23.txt": (14, ""),
    "msg_24.txt": "NoText",
    "msg_25.txt": (4211, ""),
    "msg_26.txt": (31, "1 image/bmp"),
    "msg_27.txt": (5, ""),
    "msg_28.txt": (0, "2 message/rfc822"),
    "msg_29.txt": (37, ""),
    "msg_30.txt": (0, "2 message/rfc822"),
    "msg_31.txt": "Malformed",
    "msg_32.txt": (14, ""),
    "msg_33.txt": (15, ""),
    "msg_34.txt": (107, "1 message/rfc822"),
    "msg_35.txt": (56, ""),
    "msg_36.txt": (15, "2 message/external-body"),
    "msg_37.txt": (0, "1 text/x-one, 2 text/x-two"),
    "msg_38.txt": (1858, ""),
    "msg_39.txt": (50, "6 application/octet-stream"),
    "msg_40.txt": (105, ""),
    "msg_41.txt": (15, ""),
    "msg_42.txt": (6, "1 message/rfc822"),
    "msg_43.txt": (1168, "1 message/delivery-status, 1 text/rfc822-headers"),
    "msg_44.txt": (0, "2 text/plain"),
    "msg_45.txt": (29, "1 application/pgp-signature"),
    "msg_46.txt": (0, "1 message/rfc822"),
    "msg_47.txt": (9, ""),
}


@pytest.fixture
def file(tmp_path: Path) -> Callable[[bytes], Path]:
    def write(body: bytes) -> Path:
        path = tmp_path / "a.eml"
        path.write_bytes(body)
        return path

    return write


def read(body: bytes, step: lk.Step | None = None) -> list[Made]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.eml"
        path.write_bytes(body)
        return handled(step or lk.EmailTextProcessor(), path)


def text_of(body: bytes, output: str = "text") -> str:
    (made,) = read(body, lk.EmailTextProcessor(output=output))
    return made.body.decode()


def test_a_message_becomes_its_plain_text() -> None:
    (made,) = read(composed().as_bytes())
    assert (made.type, made.body.decode()) == ("text/plain", "Grüße\nfrom plain text.\n")
    assert made.metadata == {
        "title": "Grüße, and more",
        "authors": ["Ann Exämple <ann@example.org>"],
        "createdAt": "2026-01-31T11:00:00.000Z",
        "keywords": ["a", "long word"],
        "custom": {"email": {"attachments": 4, "messageId": "<1@example.org>"}},
    }


def test_a_message_becomes_its_html_that_says_it_is_utf_8() -> None:
    (made,) = read(composed().as_bytes(), lk.EmailTextProcessor(output="html"))
    assert made.type == "text/html"
    assert made.body.startswith(b"\xef\xbb\xbf<html>")
    assert "Grüße <b>from</b> HTML" in made.body.decode()


def test_plain_text_becomes_html_on_request() -> None:
    body = message("Content-Type: text/plain; charset=utf-8", "", "1 < 2 & 3")
    assert text_of(body, "html") == "\ufeff<pre>1 &lt; 2 &amp; 3\n</pre>\n"


def test_html_becomes_plain_text_where_there_is_nothing_else() -> None:
    body = message(
        "Content-Type: text/html",
        "",
        "<head><title>t</title><style>p{}</style></head><p>One<script>two()</script> &amp; three</p><li>four",
    )
    assert text_of(body) == "One & three\n\n- four\n"


def test_a_message_becomes_json() -> None:
    (made,) = read(composed().as_bytes(), lk.EmailTextProcessor(output="json"))
    value = json.loads(made.body)
    assert made.type == "application/json"
    assert "from</b> HTML" in value.pop("html")
    assert value == {
        "subject": "Grüße, and more",
        "from": [{"name": "Ann Exämple", "address": "ann@example.org"}],
        "to": [{"name": "Bo Li", "address": "bo@example.org"}, {"name": "", "address": "cy@example.org"}],
        "cc": [],
        "date": "2026-01-31T11:00:00.000Z",
        "messageId": "<1@example.org>",
        "inReplyTo": "",
        "attachments": [
            {"name": "dot.png", "type": "image/png", "size": 17},
            {"name": "con tract.pdf", "type": "application/octet-stream", "size": 108},
            {"name": "täble.csv", "type": "text/csv", "size": 10},
            {"name": "", "type": "message/rfc822", "size": value["attachments"][3]["size"]},
        ],
        "text": "Grüße\nfrom plain text.\n",
    }


def test_attachments_become_documents_of_their_own_types() -> None:
    body = composed().as_bytes()
    made = read(body, lk.EmailTextProcessor(include_attachments=True))
    assert [(one.type, one.name) for one in made] == [
        ("text/plain", ""),
        ("image/png", "dot.png"),
        ("application/pdf", "con tract.pdf"),
        ("text/csv", "täble.csv"),
        ("message/rfc822", ""),
    ]
    assert made[2].body == b"%PDF-1.7 " + bytes(99)
    assert made[2].metadata == {
        "title": "con tract.pdf",
        "custom": {"email": {"attachmentOf": "s3://inbox/a"}},
    }
    assert text_of(made[4].body) == "within\n"
    assert read(body, lk.EmailTextProcessor(include_attachments=True)) == made


def test_a_message_of_attachments_alone_has_no_text_document() -> None:
    body = message("Content-Type: application/pdf", "Content-Transfer-Encoding: base64", "", "JVBERi0xLjc=")
    (made,) = read(body, lk.EmailTextProcessor(include_attachments=True))
    assert (made.type, made.body) == ("application/pdf", b"%PDF-1.7")
    assert json.loads(text_of(body, "json"))["text"] is None


@pytest.mark.parametrize(
    ("charset", "body", "text", "said"),
    [
        ("utf-8", b"a\xffb", "a\ufffdb\n", {"replacedCharacters": 1}),
        ("iso-8859-1", b"caf\xe9", "café\n", {}),
        ("us-ascii", "café".encode(), "café\n", {}),
        ("gb2312", "中文".encode("gb18030"), "中文\n", {}),
        ("iso-2022-jp", "日本".encode("iso2022_jp"), "日本\n", {}),
        ("no-such-charset", b"abc", "abc\n", {"damage": ["charset"]}),
        ("zlib", b"abc", "abc\n", {"damage": ["charset"]}),
        ("unicode_escape", b"\\x41", "\\x41\n", {"damage": ["charset"]}),
        ("punycode", b"abc", "abc\n", {"damage": ["charset"]}),
        ("", b"nul\0", "nul\ufffd\n", {"replacedCharacters": 1}),
    ],
)
def test_a_bad_charset_is_said_and_not_fatal(
    charset: str, body: bytes, text: str, said: dict[str, object]
) -> None:
    head = f"Content-Type: text/plain; charset={charset}\n\n".encode() if charset else b"\n"
    (made,) = read(HEADERS + head + body + b"\n")
    assert made.body.decode() == text
    assert made.metadata["custom"]["email"] == {"attachments": 0, **said}


@pytest.mark.parametrize(
    ("encoding", "body", "text", "is_damaged"),
    [
        ("base64", "SGVs!bG8=", "Hello", True),
        ("base64", "SGVsbG8", "Hello", True),
        ("base64", "SGVsbA==SGVsbG8=", "HellHello", True),
        ("base64", "SGVsb\nG8=", "Hello", False),
        ("quoted-printable", "caf=C3=A9 =\nau lait =ZZ", "café au lait =ZZ\n", False),
        ("x-unknown", "Hello", "Hello\n", True),
        ("8BIT", "Hello", "Hello\n", False),
    ],
)
def test_a_bad_transfer_encoding_is_said_and_not_fatal(
    encoding: str, body: str, text: str, is_damaged: bool
) -> None:
    (made,) = read(message(f"Content-Transfer-Encoding: {encoding}", "", body))
    assert made.body.decode() == text
    damage = made.metadata["custom"]["email"].get("damage", [])
    assert damage == (["transfer encoding"] if is_damaged else [])


def test_an_inner_delimiter_that_is_missing_is_said_and_not_fatal() -> None:
    body = message(
        "Content-Type: multipart/mixed; boundary=o",
        "",
        "--o",
        "Content-Type: multipart/alternative; boundary=i",
        "",
        "--i",
        "",
        "inner",
        "--o--",
    )
    (made,) = read(body)
    assert (made.body, made.metadata["custom"]["email"]["damage"]) == (b"inner", ["delimiter"])


MIXED = ("Content-Type: multipart/mixed; boundary=b", "", "--b", "", "one", "--b", "", "two", "--b--")
NESTED = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(30))
BAD = {
    "empty": (b"", "EmptyDocument", "the document is empty: there is no message in it"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(999), "Malformed", "the document is no e-mail"),
    "a text": (b"Hello, world.\n\nHow are you?\n", "Malformed", "the document is no e-mail"),
    "headers alone": (HEADERS, "NoText", "the message holds no text"),
    "attachment alone": (message("Content-Type: image/png", "", "x"), "NoText", "the message holds no text"),
    "truncated": (message(*MIXED[:-1]), "Malformed", "breaks off: its last delimiter is missing"),
    "no part": (message(*MIXED[:2], "text"), "Malformed", "breaks off: its last delimiter is missing"),
    "encrypted": (
        message("Content-Type: multipart/encrypted; boundary=b", "", "--b",
                "Content-Type: application/pgp-encrypted", "", "Version: 1", "--b--"),
        "Encrypted", "the message is encrypted"),
    "S/MIME": (message("Content-Type: application/pkcs7-mime", "", "MIIB"), "Encrypted", "is encrypted"),
    "nested": (HEADERS + NESTED.encode(), "TooLarge", "nested more than 20 deep: raise max_depth"),
    "many parts": (message(*MIXED[:2], *["--b", "", "x"] * 1001), "TooLarge", "more than 1000 parts"),
    "headers without end": (HEADERS + b"X: y\n" * 200_000, "TooLarge", "headers of more than 524288 bytes"),
    "much HTML": (
        message("Content-Type: text/html", "", "<p>" * 3_000_000), "TooLarge", "take output='html'"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_message_fails_with_its_reason(case: str, file: Callable[[bytes], Path]) -> None:
    body, kind, reason = BAD[case]
    began = time.monotonic()
    fault = fault_of(lk.EmailTextProcessor(), file(body))
    assert (fault.kind, reason in fault.reason) == (kind, True), fault.reason
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("bound", "reason"),
    [
        ({"max_message_bytes": 100}, "this node reads at most 100: raise max_message_bytes"),
        ({"max_attachment_bytes": 100}, "has attachments of more than 100 bytes: raise max_attachment_bytes"),
        ({"max_parts": 2}, "has more than 2 parts: raise max_parts"),
        ({"max_depth": 1}, "nested more than 1 deep: raise max_depth"),
    ],
)
def test_bounds_are_options(bound: dict[str, int], reason: str, file: Callable[[bytes], Path]) -> None:
    step = lk.EmailTextProcessor(include_attachments=True, **bound)  # type: ignore[arg-type]  # all are numbers
    fault = fault_of(step, file(composed().as_bytes()))
    assert fault.kind == "TooLarge"
    assert reason in fault.reason


HOSTILE_VALUES = (
    "(" * 5000, '"' * 5000, "<" * 5000, "a@" * 5000, ";" * 5000, "=?utf-8?q?a?= " * 500, "[:" * 5000,
    "=?zlib?b?eJw=?=", "=?punycode?q?" + "a" * 5000 + "?=", "=?unicode_escape?q?=5Cud800?=", ",:" * 5000,
)  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE_VALUES)
def test_no_header_stops_the_reader(value: str) -> None:
    names = ("From", "Subject", "Date", "Keywords", "Content-Disposition", "Content-Transfer-Encoding")
    head = "".join(f"{name}: {value}\n" for name in names)
    began = time.monotonic()
    (made,) = read(f"Message-ID: <1@x>\n{head}Content-Type: text/plain; x={value}\n\nHello\n".encode(),
                   lk.EmailTextProcessor(output="json"))  # fmt: skip
    assert json.loads(made.body)["text"] in {"Hello\n", None}
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("name", sorted(REAL))
def test_pythons_own_messages_have_the_outcome_that_stands_in_the_table(name: str) -> None:
    folder = pythons_own()
    if folder is None:
        pytest.skip("Python's own tests are not installed (Debian: libpython3.11-testsuite)")
    try:
        made = read((folder / name).read_bytes(), lk.EmailTextProcessor(include_attachments=True))
    except FaultError as fault:
        assert fault.kind == REAL[name]  # noqa: PT017 - what the table says
        return
    text = sum(len(one.body) for one in made[:1] if "attachments" in one.metadata["custom"]["email"])
    attached = Counter(one.type for one in made if "attachmentOf" in one.metadata["custom"]["email"])
    assert (text, ", ".join(f"{count} {kind}" for kind, count in attached.items())) == REAL[name]


TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=200)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    policy=st.sampled_from([SMTP, default]),
    encoding=st.sampled_from(["base64", "quoted-printable", "8bit"]),
    lines=st.lists(TEXTS, min_size=1, max_size=5),
    has_html=st.booleans(),
    attached=st.lists(st.tuples(TEXTS, st.binary(max_size=300)), max_size=3),
)
def test_what_was_written_is_read(
    policy: EmailPolicy, encoding: str, lines: list[str], has_html: bool, attached: list[tuple[str, bytes]]
) -> None:
    mail = EmailMessage(policy=policy)
    mail["From"] = "a@example.org"
    text = "\n".join(lines) + "x\n"
    mail.set_content(text, charset="utf-8", cte=encoding)
    if has_html:
        mail.add_alternative(f"<p>{text}</p>", "html")
    for name, body in attached:
        mail.add_attachment(body, "application", "x-a", filename=name + "x")
    made = read(mail.as_bytes(), lk.EmailTextProcessor(include_attachments=True))
    assert made[0].body.decode() == text
    assert [one.body for one in made[1:]] == [body for _, body in attached]
    for one in made[1:]:
        assert not any(slash in one.name for slash in "/\\")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_an_altered_message_is_read_or_fails_and_nothing_else(data: st.DataObject) -> None:
    body = bytearray(composed().as_bytes())
    for place in data.draw(st.lists(st.integers(0, len(body) - 1), max_size=8)):
        body[place] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(body)) | st.just(len(body)))
    output = data.draw(st.sampled_from(["text", "html", "json"]))
    try:
        made = read(bytes(body[:end]), lk.EmailTextProcessor(output=output, include_attachments=True))
    except FaultError as fault:
        assert len(fault.reason) > 10  # noqa: PT017 - either outcome is right
        return
    assert made


def test_text_and_attachments_are_stored_and_announced(room: Room) -> None:
    room.settings = replace(room.settings, node="mail", handler=HANDLER)
    step = lk.EmailTextProcessor(include_attachments=True)
    event = room.upload("a.eml", composed().as_bytes())
    room.run(event, options=step.own_options())
    events = {made.data.document.type: made for made in room.published(5)}
    assert sorted(events) == ["application/pdf", "image/png", "message/rfc822", "text/csv", "text/plain"]
    assert events["application/pdf"].data.document.url.endswith("/con_tract.pdf")
    assert events["message/rfc822"].data.document.url.endswith("/00004.eml")
    assert events["text/plain"].data.metadata["title"] == "Grüße, and more"
    assert room.body(events["application/pdf"].data.document.url) == b"%PDF-1.7 " + bytes(99)


@pytest.mark.parametrize("kind", ["base64", "binary", "text"])
def test_a_message_of_a_hundred_megabytes_passes_within_bounds(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "long.eml"
    head = {
        "base64": b"Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n",
        "binary": b"Content-Type: application/pdf\nContent-Transfer-Encoding: binary\n\n",
        "text": b"Content-Type: text/plain; charset=iso-8859-1\n\n",
    }[kind]
    block = {
        "base64": encodebytes(os.urandom(57 * 18_397)),
        "binary": os.urandom(MEBIBYTE).replace(b"\n", b"x"),
        "text": "café au lait, and so on and on\r\n".encode("latin-1") * (MEBIBYTE // 32),
    }[kind]
    with path.open("wb") as stream:
        stream.write(HEADERS + b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHello\n--b\n" + head)
        for _ in range(100):
            stream.write(block)
        stream.write(b"\n--b--\n")
    step = "lk.EmailTextProcessor(include_attachments=True)"
    before, peak, _ = peaks_mib(step, path, "drained")
    assert peak - before < 64, f"{peak - before} MiB"
