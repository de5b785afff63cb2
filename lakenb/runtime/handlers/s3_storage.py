"""The S3 storage connector: each document ends in a bucket of the user's, its event as JSON beside it.

``<prefix>output/<chain id>/<id>/<name>`` and ``<the same>.event.json``. All documents of one upload lie
together; the id, derived from the event's, keeps them apart; the name says what the upload was called, and
for a document made from it which one it is (``contract.txt``, or ``contract-00003.txt`` for a chunk).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from lakenb.runtime.names import safe_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.runtime.documents import InputDocument
    from lakenb.runtime.outputs import Context, Output


def handle(document: InputDocument, context: Context) -> Iterator[Output]:
    """Return the copy of a document, and the event about it."""
    storage_class = context.options.get("storage_class", "STANDARD")
    has_copy = context.options.get("copy_documents", True)
    key = f"output/{context.chain_id}/{context.output_id(0)}/{stored_name(document.source.url, document.url)}"
    if has_copy:
        yield context.copy(key=key, storage_class=storage_class)
    # The cache forgets, this bucket does not: metadata that was moved there comes back into the event.
    event = document.event
    whole = replace(event, data=replace(event.data, metadata=document.metadata))
    yield context.document(
        whole.to_json(),
        type="application/json",
        key=f"{key}.event.json",
        storage_class=storage_class,
        is_companion=has_copy,
    )


def stored_name(source_url: str, document_url: str) -> str:
    """Return the file name under which people find a document again.

    Examples
    --------
    >>> stored_name("s3://inbox/2026/a%20contract.txt", "s3://inbox/2026/a%20contract.txt")
    'a_contract.txt'
    >>> stored_name("s3://inbox/2026/a%20contract.txt", "s3://chunks/1f/2e/00003.txt")
    'a_contract-00003.txt'
    """
    source, document = _file_name(source_url), _file_name(document_url)
    if source_url == document_url:
        return safe_name(source)
    stem = source.rpartition(".")[0] or source
    suffix = "." + document.rpartition(".")[2] if "." in document else ""
    own = safe_name(document).removesuffix(suffix)
    return safe_name(stem)[:60].strip("._-") + "-" + own[:60] + suffix[:16] if own else safe_name(stem)


def _file_name(url: str) -> str:
    return unquote(urlsplit(url).path).rstrip("/").rpartition("/")[2]
