"""The e-mail processor: what a message says becomes a document, and its attachments, if they are wanted.

What it says, exactly. The parts of type ``text/plain`` and ``text/html`` that are no attachments are read in
their order; of the alternatives of a ``multipart/alternative`` the last one that has the wanted form, else
the last one that has any text. An attachment is every other part, and every part with a file name.

A message that breaks off before its last delimiter fails: nobody can tell what is missing. One that is merely
written badly - another charset than it says, base64 with holes - does not: its metadata tells the damage.
"""

from __future__ import annotations

import html
import json
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakenb.runtime.faults import FaultError, Kind
from lakenb.runtime.handlers.email_decoding import TextDecoder
from lakenb.runtime.handlers.email_headers import people
from lakenb.runtime.handlers.email_parts import Limits, Part, Spool, read_message
from lakenb.runtime.handlers.html_text import text_of_html
from lakenb.runtime.media_types import SIGNATURE_BYTES, UNKNOWN, suffix_of_type, type_of_bytes, type_of_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lakenb.runtime.documents import InputDocument
    from lakenb.runtime.outputs import Context, NewDocument

_TYPES = {"text": "text/plain", "html": "text/html", "json": "application/json"}
_ENCRYPTED = frozenset(("multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"))
# A stranger's HTML may be nothing but tags; a small function reads some 200 KB of them in a second.
_MOST_HTML_BYTES = 8 * 1024 * 1024
# Behind it a reader knows UTF-8, whatever the document itself says: it was written for another charset.
_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class Rule:
    """What to make of a message; see `lakenb.EmailTextProcessor`."""

    output: str = "text"
    include_attachments: bool = False
    max_message_bytes: int = 384 * 1024 * 1024
    max_attachment_bytes: int = 256 * 1024 * 1024
    max_parts: int = 1000
    max_depth: int = 20

    @property
    def limits(self) -> Limits:
        """The bounds of a message."""
        return Limits(self.max_message_bytes, self.max_attachment_bytes, self.max_parts, self.max_depth)


def handle(document: InputDocument, context: Context) -> Iterator[NewDocument]:
    """Return what a message says, and its attachments, as documents.

    Raises
    ------
    FaultError
        If the document is no message, is empty, encrypted, cut off or beyond a bound, or says nothing.
    """
    rule = Rule(**context.options)
    if document.size == 0:
        raise FaultError(Kind.EMPTY_DOCUMENT, "the document is empty: there is no message in it")
    if document.size is not None and document.size > rule.max_message_bytes:
        reason = (
            f"the message has {document.size} bytes, and this node reads at most {rule.max_message_bytes}"
        )
        raise FaultError(Kind.TOO_LARGE, f"{reason}: raise max_message_bytes")
    with closing(Spool()) as spool:
        message = _message(document, spool, rule)
        yield from message.said(context)
        if rule.include_attachments:
            for part in message.attachments:
                yield _attached(document, context, spool, part)


def _message(document: InputDocument, spool: Spool, rule: Rule) -> _Message:
    """Read a message; refuse what is none, or is not whole."""

    def is_kept(part: Part) -> bool:
        return rule.include_attachments or not part.is_attachment

    with document.open() as stream:
        root, is_cut_off = read_message(stream, spool, rule.limits, is_kept)
    if not root.headers.is_of_a_message:
        reason = "the document is no e-mail: it does not begin with headers that messages have"
        raise FaultError(Kind.MALFORMED, reason)
    if is_cut_off:
        raise FaultError(Kind.MALFORMED, "the message breaks off: its last delimiter is missing")
    message = _Message(document, root, spool, rule)
    if not message.is_readable:
        if any(part.type in _ENCRYPTED for part in (root, *root.leaves())):
            raise FaultError(
                Kind.ENCRYPTED, "the message is encrypted, or signed in a form that hides its text"
            )
        reason = "the message holds no text: there is nothing in it to read"
        raise FaultError(Kind.NO_TEXT, reason)
    return message


class _Message:
    """A message that was read."""

    def __init__(self, document: InputDocument, root: Part, spool: Spool, rule: Rule) -> None:
        self._document = document
        self._root = root
        self._spool = spool
        self._rule = rule
        self._damage = {damage for part in _parts(root) for damage in part.damage}
        self._replaced = 0
        self.attachments = [part for part in root.leaves() if part.is_attachment]
        wanted = "text/html" if rule.output == "html" else "text/plain"
        self._texts = _chosen(root, wanted)

    @property
    def is_readable(self) -> bool:
        """Whether anything can be made of it."""
        if self._rule.output == "json" or self._texts:
            return self._root.type not in _ENCRYPTED
        return self._rule.include_attachments and bool(self.attachments) and self._root.type not in _ENCRYPTED

    def said(self, context: Context) -> Iterator[NewDocument]:
        """Return the document of what the message says; none if it says nothing."""
        if not self._texts and self._rule.output != "json":
            return
        pieces = {"text": self._text, "html": self._html, "json": self._json}[self._rule.output]()
        body = (piece.encode("utf-8", "replace") for piece in pieces)
        # what could not be decoded is known at the end, which is when metadata is asked for
        yield context.document(body, type=_TYPES[self._rule.output], metadata=self._metadata)

    def _text(self) -> Iterator[str]:
        for number, part in enumerate(self._texts):
            yield "\n" if number else ""
            yield from self._plain(part)

    def _html(self) -> Iterator[str]:
        yield _BYTE_ORDER_MARK
        for part in self._texts:
            if part.type == "text/html":
                yield from self._decoded(part)
                yield "\n"
            else:
                yield "<pre>"
                yield from (html.escape(piece, quote=False) for piece in self._decoded(part))
                yield "</pre>\n"

    def _json(self) -> Iterator[str]:
        headers = self._root.headers
        fields = {
            "subject": headers.text("subject"),
            "from": headers.addresses("from"),
            "to": headers.addresses("to"),
            "cc": headers.addresses("cc"),
            "date": headers.date,
            "messageId": headers.text("message-id"),
            "inReplyTo": headers.text("in-reply-to"),
            "attachments": [
                {"name": part.headers.filename, "type": part.type, "size": part.size}
                for part in self.attachments
            ],
        }
        yield json.dumps(fields, ensure_ascii=False, indent=None)[:-1]
        yield ', "text": '
        yield from _json_string(self._text()) if self._texts else ("null",)
        texts = [part for part in _chosen(self._root, "text/html") if part.type == "text/html"]
        yield ', "html": '
        yield from (
            _json_string(piece for part in texts for piece in self._decoded(part)) if texts else ("null",)
        )
        yield "}"

    def _plain(self, part: Part) -> Iterator[str]:
        """Return a part as plain text."""
        if part.type == "text/plain":
            return self._decoded(part)
        if part.size > _MOST_HTML_BYTES:
            reason = f"the message has {part.size} bytes of HTML; text is made of at most {_MOST_HTML_BYTES}"
            raise FaultError(Kind.TOO_LARGE, f"{reason}: take output='html', which passes it on")
        return text_of_html(self._decoded(part))

    def _decoded(self, part: Part) -> Iterator[str]:
        decoder = TextDecoder(part.headers.parameter("charset"))
        if decoder.is_unknown:
            self._damage.add("charset")
        yield from decoder.decode(self._spool.read(part.start, part.start + part.size))
        self._replaced += decoder.replaced

    def _metadata(self) -> Mapping[str, Any]:
        headers = self._root.headers
        own: dict[str, Any] = {"attachments": len(self.attachments)}
        if message_id := headers.text("message-id"):
            own["messageId"] = message_id
        if self._damage:
            own["damage"] = sorted(self._damage)
        if self._replaced:
            own["replacedCharacters"] = self._replaced
        values = {
            "title": headers.text("subject"),
            "authors": people(headers.addresses("from")),
            "createdAt": headers.date,
            "keywords": headers.keywords,
        }
        said = {name: value for name, value in values.items() if value}
        return {**said, **self._document.with_custom({"email": own})}


def _chosen(part: Part, wanted: str) -> list[Part]:
    """Return the texts of a part that are to be read."""
    if not part.is_multipart:
        return [] if part.is_attachment or not part.size else [part]
    found = [texts for child in part.children if (texts := _chosen(child, wanted))]
    if part.type != "multipart/alternative":
        return [text for texts in found for text in texts]
    fitting = [texts for texts in found if any(text.type == wanted for text in texts)]
    return (fitting or found or [[]])[-1]


def _parts(part: Part) -> Iterator[Part]:
    yield part
    for child in part.children:
        yield from _parts(child)


def _attached(document: InputDocument, context: Context, spool: Spool, part: Part) -> NewDocument:
    """Return the document of an attachment."""
    end = part.start + part.size
    name = part.headers.filename
    start = next(spool.read(part.start, min(end, part.start + SIGNATURE_BYTES)), b"")
    mime_type = _type(part, name, start)
    if name and "." not in name:
        name += suffix_of_type(mime_type)
    own: dict[str, Any] = {"attachmentOf": document.url}
    if part.damage:
        own["damage"] = sorted(part.damage)
    metadata = {**({"title": name} if name else {}), **document.with_custom({"email": own})}
    return context.document(spool.read(part.start, end), type=mime_type, name=name or None, metadata=metadata)


def _type(part: Part, name: str, start: bytes) -> str:
    """Return an attachment's type as a trigger tells an upload's: by its name, by its label, by its bytes."""
    if part.type.startswith("message/"):
        return part.type
    said = None if part.type == UNKNOWN else part.type
    return type_of_name(name) or said or type_of_bytes(start) or UNKNOWN


def _json_string(pieces: Iterable[str]) -> Iterator[str]:
    yield '"'
    for piece in pieces:
        yield json.dumps(piece, ensure_ascii=False)[1:-1]
    yield '"'
