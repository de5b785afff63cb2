"""A condition behind mail and archives, run with IAM enforced: forwarded reads, and strict copies."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

import lakenb as lk
from tests.mails import HEADERS

if TYPE_CHECKING:
    from pathlib import Path

LIMIT = 20


def is_long(doc: Any) -> bool:
    return bool(doc.size > LIMIT)


def branching(*, strict: bool) -> lk.Pipeline:
    mail = lk.S3Trigger("inbox", prefix="in/").pipe(lk.EmailTextProcessor("mail", include_attachments=True))
    files = mail.pipe(lk.ZipInflate("unzip")).pipe(lk.Passthrough("tag", metadata={"run": "blue"}))
    texts = lk.when("data.document.type").equals("text/plain")
    long = lk.Condition("long", predicate=is_long).with_sources(files).with_sources(mail, filter=texts)
    both = mail.pipe(long, filter=texts)
    return lk.Pipeline(
        "mails",
        both.pipe(lk.S3Storage("big"), filter=lk.matched),
        both.pipe(lk.S3Storage("small"), filter=lk.mismatched),
        strict=strict,
    )


@pytest.mark.parametrize("strict", [False, True])
def test_a_document_takes_the_branch_that_its_condition_says(strict: bool, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as target:
        target.writestr("short.txt", "abc")
        target.writestr("long.txt", "x" * 100)
    head = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nA text that is long enough.\n--b\n"
    zipped = b"Content-Type: application/zip; name=x.zip\nContent-Transfer-Encoding: binary\n\n"
    (tmp_path / "good.eml").write_bytes(HEADERS + head + zipped + packed.getvalue() + b"\n--b--\n")
    (tmp_path / "cut.eml").write_bytes(HEADERS + head)
    pipe = branching(strict=strict)
    run = pipe.run([tmp_path / "good.eml", tmp_path / "cut.eml"])
    counts = {edge: tuple(numbers) for edge, *numbers in run.account}
    assert run.is_complete
    assert counts["long -> big"] == (3, 2, 0, 1)
    assert counts["long -> small"] == (3, 1, 0, 2)
    assert counts["inbox -> mail"] == (2, 1, 1, 0)
    reads = {(row[1], row[3]) for row in pipe.grants if row[2] == "s3:GetObject"}
    assert ("big", "long/*" if strict else "mail/*") in reads
    assert (("big", "mail/*") in reads) == (not strict)
