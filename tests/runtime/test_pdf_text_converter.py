"""The PDF converter, on documents with a known content, on real ones, and on those made to harm it."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PIL import Image

import lakenb.runtime.handlers.pdf_text_converter as handler
from lakenb import PdfTextConverter
from tests.pdfs import A4, bomb, pdf, repeated
from tests.real_documents import PDFS, fetched
from tests.runtime.handling import fault_of, handled, outcome, peaks_mib

if TYPE_CHECKING:
    from pathlib import Path

    from lakenb.events import CloudEvent
    from tests.runtime.room import Room

PAGES: list[str | bytes] = ["One two.\nThree.", b"", "Four five."]
BOOK = pdf(PAGES, title="A \u20ac book\u0000\n of  pages", author="Ann Example; Bo Li;")
# What each real document holds: characters of text in its pages, or the kind of its fault.
REAL: dict[str, tuple[int, ...] | str] = {
    "AutoCad_Simple.pdf": (7,),
    "FormTestFromOo.pdf": (163,),
    "Seige_of_Vicksburg_Sample_OCR.pdf": (2095, 1865, 1814, 2331, 2212, 1990),
    "attachment.pdf": (900,),
    "box.pdf": "NoText",
    "crazyones-encrypted-256.pdf": "Encrypted",
    "crazyones.pdf": (900,),
    "encrypted-file.pdf": "Encrypted",
    "encrypted_doc_no_id.pdf": "NoText",
    "encryption/r3-user-password.pdf": "Encrypted",
    "encryption/r4-owner-password.pdf": (38,),
    "encryption/r6-empty-password.pdf": (38,),
    "git.pdf": "NoText",
    "imagemagick-images.pdf": (10, 10, 10, 10),
    "imagemagick-lzw.pdf": "NoText",
    "issue-297.pdf": (12,),
    "libreoffice-writer-password.pdf": "Encrypted",
    "metadata.pdf": (10,),
    "multilang.pdf": (128,),
    "selenium-pypdf-issue-177.pdf": (56,),
    "toy.pdf": (93,),
    "two-different-pages.pdf": (1, 1),
}


@pytest.fixture(scope="session")
def real(pytestconfig: pytest.Config) -> Path:
    return fetched(pytestconfig.cache.mkdir("documents"), PDFS) / "resources"


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "book.pdf"
    path.write_bytes(BOOK)
    return path


def written(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "a.pdf"
    path.write_bytes(content)
    return path


def test_a_pdf_becomes_one_text(book: Path) -> None:
    (made,) = handled(PdfTextConverter(), book)
    assert made.body == b"One two.\nThree.\n\nFour five.\n"
    assert (made.type, made.name) == ("text/plain", "text.txt")
    assert made.metadata == {
        "title": "A \u20ac book of pages",
        "authors": ["Ann Example", "Bo Li"],
        "properties": {"kind": "text", "attrs": {"pages": 3}},
    }


def test_each_page_that_has_text_becomes_a_text(book: Path) -> None:
    made = handled(PdfTextConverter(task="pages"), book)
    assert [(page.name, page.body) for page in made] == [
        ("page-00001.txt", b"One two.\nThree.\n"),
        ("page-00003.txt", b"Four five.\n"),
    ]
    assert made[1].metadata["properties"] == {"kind": "text", "attrs": {"page": 3, "pages": 3}}


def test_each_page_becomes_a_picture(book: Path) -> None:
    made = handled(PdfTextConverter(task="images", dpi=72), book)
    assert [page.name for page in made] == ["page-00001.png", "page-00002.png", "page-00003.png"]
    assert {page.type for page in made} == {"image/png"}
    attributes = {
        "dimensions": {"width": A4[0], "height": A4[1]},
        "format": "png",
        "custom": {"page": 2, "pages": 3},
    }
    assert made[1].metadata["properties"] == {"kind": "image", "attrs": attributes}
    pictures = [Image.open(io.BytesIO(page.body)) for page in made]
    assert [picture.size for picture in pictures] == [A4] * 3
    assert pictures[1].getcolors() == [(A4[0] * A4[1], (255, 255, 255))]
    shades = pictures[0].convert("L").tobytes()
    assert min(shades) < 64
    assert max(shades) == 255
    assert [round(dpi) for dpi in pictures[0].info["dpi"]] == [72, 72]


@pytest.mark.parametrize("task", ["text", "pages", "images"])
def test_the_same_pdf_gives_the_same_bytes(book: Path, task: str) -> None:
    step = PdfTextConverter(task=task, dpi=50)
    assert handled(step, book) == handled(step, book)


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [(None, None, [1, 3]), (2, None, [3]), (None, 1, [1]), (3, 3, [3]), (2, 2, "NoText"), (1, 99, [1, 3]),
     (4, None, "NoPages")],
)  # fmt: skip
def test_pages_can_be_chosen(
    book: Path, first: int | None, last: int | None, expected: list[int] | str
) -> None:
    made = outcome(PdfTextConverter(task="pages", first_page=first, last_page=last), book)
    if isinstance(made, str):
        assert made == expected
    else:
        assert [page.metadata["properties"]["attrs"]["page"] for page in made] == expected


@pytest.mark.parametrize("name", REAL)
def test_real_documents_have_the_outcome_of_the_table(real: Path, name: str) -> None:
    made = outcome(PdfTextConverter(task="pages"), real / name)
    lengths = made if isinstance(made, str) else tuple(len(page.body.decode()) - 1 for page in made)
    assert lengths == REAL[name]


def test_what_a_real_document_says_is_its_own_text(real: Path) -> None:
    (made,) = handled(PdfTextConverter(), real / "crazyones.pdf")
    assert made.body.startswith(b"The Crazy Ones\nOctober 14, 1998\nHeres to the crazy ones.")
    (scanned,) = handled(
        PdfTextConverter(first_page=1, last_page=1), real / "Seige_of_Vicksburg_Sample_OCR.pdf"
    )
    assert b"conspicuous and dan-\ngerous for use." in scanned.body
    assert scanned.metadata["authors"] == ["DSI"]


def test_scans_and_forms_become_pictures(real: Path) -> None:
    step = PdfTextConverter(task="images", dpi=40)
    sizes = {name: outcome(step, real / name) for name in ("git.pdf", "form.pdf", "indirect-rotation.pdf")}
    assert {name: len(made) for name, made in sizes.items()} == {
        "git.pdf": 1,
        "form.pdf": 1,
        "indirect-rotation.pdf": 5,
    }


@pytest.mark.parametrize(
    ("content", "kind", "reason"),
    [
        (b"", "EmptyDocument", "is empty"),
        (b"hello, I am a text", "Malformed", "is no PDF"),
        (b"PK\x03\x04" + bytes(4000), "Malformed", "is no PDF"),
        (b"%PDF-1.7\n%%EOF\n", "Malformed", "its structure cannot be read"),
        (BOOK[: len(BOOK) // 2], "Malformed", "is cut off"),
        (BOOK[:-7], "Malformed", "is cut off"),
        (pdf([]), "Malformed", "its structure cannot be read"),
        (pdf([b"", b""]), "NoText", "it may be scanned"),
    ],
)
def test_a_bad_pdf_has_a_fault_with_its_reason(
    tmp_path: Path, content: bytes, kind: str, reason: str
) -> None:
    fault = fault_of(PdfTextConverter(), written(tmp_path, content))
    assert fault.kind == kind
    assert reason in fault.reason


def test_bytes_before_and_behind_a_pdf_do_no_harm(tmp_path: Path) -> None:
    (made,) = handled(PdfTextConverter(), written(tmp_path, b"\n\n" + BOOK + bytes(5000)))
    assert made.body.startswith(b"One two.")


def test_more_pages_than_the_bound_are_refused(book: Path) -> None:
    fault = fault_of(PdfTextConverter(max_pages=2), book)
    assert (fault.kind, fault.reason) == (
        "TooLarge",
        (
            "the PDF has 3 pages to read, and this node reads at most 2: "
            "raise max_pages, or set first_page and last_page"
        ),
    )
    assert len(handled(PdfTextConverter(max_pages=2, last_page=2), book)) == 1


def test_a_page_of_a_giants_size_is_never_drawn(tmp_path: Path) -> None:
    path = written(tmp_path, pdf(["hello"], size=(14_400, 14_400)))
    fault = fault_of(PdfTextConverter(task="images"), path)
    assert fault.kind == "TooLarge"
    assert "over this node's 25000000: lower dpi, or raise max_pixels and memory_mib" in fault.reason
    assert handled(PdfTextConverter(), path)[0].body == b"hello\n"


@pytest.mark.parametrize(
    "content", [bomb(2), repeated(b"0 0 m 10 10 l S\n", 100)], ids=["nested deflate", "operators"]
)
def test_a_pdf_that_asks_for_gigabytes_gets_a_verdict(tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path, content)
    assert path.stat().st_size < 2**18
    fault = fault_of(PdfTextConverter(memory_mib=512), path)
    assert (fault.kind, fault.reason) == (
        "TooLarge",
        "reading the document needs more than 352 MiB: raise memory_mib, if it can be trusted",
    )


def test_a_hundred_megabytes_pass_through_a_small_window(tmp_path: Path) -> None:
    path = written(tmp_path, pdf(["hello"] * 50, ballast=100 * 2**20))
    before, own, child = peaks_mib("lk.PdfTextConverter()", path)
    assert own - before < 32
    assert child < 64


def test_a_document_over_the_disks_bound_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "sparse.pdf"
    with path.open("wb") as file:
        file.truncate(257 * 2**20)
    assert fault_of(PdfTextConverter(), path).kind == "TooLarge"


def uploaded(room: Room, content: bytes) -> CloudEvent:
    event = room.upload("a.pdf", content)
    described = replace(event.data.document, type="application/pdf")
    return replace(event, data=replace(event.data, document=described))


def test_pages_are_stored_and_their_events_sent(room: Room) -> None:
    options = PdfTextConverter(task="pages").own_options()
    result = room.run(uploaded(room, BOOK), options=options, handler=handler)
    assert result.failures == []
    events = sorted(room.published(2), key=lambda made: made.data.document.url.rpartition("/")[2])
    assert [room.body(made.data.document.url) for made in events] == [b"One two.\nThree.\n", b"Four five.\n"]
    assert [made.data.document.type for made in events] == ["text/plain"] * 2
    assert events[0].data.metadata["authors"] == ("Ann Example", "Bo Li")


def test_a_locked_pdf_ends_as_a_dead_letter_and_nothing_is_stored(room: Room, real: Path) -> None:
    event = uploaded(room, (real / "encrypted-file.pdf").read_bytes())
    result = room.run(event, options=PdfTextConverter().own_options(), handler=handler)
    assert result.failures == []
    (letter,) = room.dead()
    assert (letter["kind"], letter["reason"]) == ("Encrypted", "the PDF opens with a password only")
    assert json.loads(event.to_json()) == letter["event"]
    assert room.keys(room.store) == []


def test_a_text_without_words_is_never_stored(room: Room) -> None:
    room.run(uploaded(room, pdf([b""])), options=PdfTextConverter().own_options(), handler=handler)
    (letter,) = room.dead()
    assert letter["kind"] == "NoText"
    assert room.keys(room.store) == []
