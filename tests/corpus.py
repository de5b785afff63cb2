"""Over a hundred real documents of eight kinds, and broken ones made from them, for whole runs."""

from __future__ import annotations

import io
import zipfile
from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING

from tests.mails import pythons_own
from tests.real_documents import IMAGES, PDFS, PHOTOGRAPHS, fetched

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# members of the archives, so that each kind is met below another
PACKED = ("crazyones.pdf", "git.pdf", "side-by-side-subfig.pdf", "crazyones.txt")


def write_corpus(folder: Path, sources: Path) -> list[str]:
    """Write the documents into a folder and return their names, sorted.

    Parameters
    ----------
    folder
        An existing folder.
    sources
        Where packages are kept once they are fetched.
    """
    pdfs = fetched(sources, PDFS) / "resources"
    images = fetched(sources, IMAGES) / "test" / "images"
    photographs = fetched(sources, PHOTOGRAPHS) / "tests" / "images"
    mails = pythons_own()
    assert mails is not None, (
        "these tests need Python's own test package: apt-get install libpython3.11-testsuite"
    )
    made = dict(_whole(pdfs, images, photographs, mails))
    made |= dict(_composed(pdfs))
    made |= dict(_broken(made))
    for name, content in made.items():
        (folder / name).write_bytes(content)
    return sorted(made)


def _whole(pdfs: Path, images: Path, photographs: Path, mails: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(mails.glob("msg_*.txt")):
        yield f"{path.stem}.eml", path.read_bytes()
    for path in sorted((*pdfs.glob("*.pdf"), *pdfs.glob("*.txt"))):
        if path.stat().st_size < 400_000:
            yield path.name, path.read_bytes()
    for path in sorted((*images.iterdir(), *photographs.iterdir())):
        if path.is_file() and path.stat().st_size < 2_000_000:
            yield f"image-{path.name}", path.read_bytes()
    for folder in ("audiodata", "imghdrdata"):
        for path in sorted((mails.parent.parent / folder).iterdir()):
            if path.is_file() and path.suffix != ".py":
                yield path.name, path.read_bytes()
    for name in ("zipdir.zip", "zip_cp437_header.zip"):
        yield name, (mails.parent.parent / name).read_bytes()


def _composed(pdfs: Path) -> Iterator[tuple[str, bytes]]:
    """A PDF in a zip in an e-mail, and its parts on their own."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in PACKED:
            archive.writestr(zipfile.ZipInfo(f"papers/{name}"), (pdfs / name).read_bytes())
    yield "papers.zip", packed.getvalue()
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = "a@example.org", "b@example.org", "The papers"
    message["Date"] = "Mon, 02 Nov 2026 10:00:00 +0000"
    message.set_content("Please find the papers in the archive.\n")
    message.add_attachment(packed.getvalue(), maintype="application", subtype="zip", filename="papers.zip")
    message.set_boundary("=-boundary-=")
    yield "papers.eml", message.as_bytes()


def _broken(whole: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """Empty files of each kind, files that break off, and files that are not what their name says."""
    for suffix in ("eml", "pdf", "png", "txt", "zip"):
        yield f"broken-empty.{suffix}", b""
    cut = ("crazyones.pdf", "git.pdf", "papers.zip", "zipdir.zip", "python.png", "python.jpg", "python.webp")
    for name in cut:
        yield f"broken-half-{name}", whole[name][: len(whole[name]) // 2]
    for suffix in ("pdf", "png", "jpg", "zip"):
        yield f"broken-text.{suffix}", b"This is text, whatever it is called. " * 20
    for name in ("python.png", "pluck-pcm8.wav"):
        yield f"broken-{name}.txt", whole[name]
