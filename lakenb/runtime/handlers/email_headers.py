"""An e-mail's headers as plain values: read with the standard library, which does not survive every header.

A header is written by a stranger. Its value is cut to a length before it is parsed, and what the parser does
not take is read as it stands.
"""

from __future__ import annotations

import re
from datetime import UTC
from email.parser import BytesParser
from email.policy import compat32
from email.policy import default as policy
from typing import TYPE_CHECKING, Any

from lakenb.errors import EventError
from lakenb.events import normalize_mime_type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# The parser copies what is left of a value at each word: twice the length is four times the work.
_LONGEST_VALUE = 4096
_LONGEST_TEXT = 1000
_MOST_ADDRESSES = 50
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\s]+")
_BOUNDARY = re.compile(r"boundary\s*=\s*(?:\"([^\"]*)\"|([^;\s]+))", re.IGNORECASE)
_KNOWN = frozenset((
    "bcc", "cc", "content-transfer-encoding", "content-type", "date", "delivered-to", "dkim-signature",
    "from", "in-reply-to", "message-id", "mime-version", "received", "references", "reply-to",
    "return-path", "sender", "subject", "to", "x-mailer",
))  # fmt: skip


class Headers:
    """The headers of a message or of a part of one.

    Parameters
    ----------
    block
        Their bytes, without the empty line that ends them.
    """

    def __init__(self, block: bytes) -> None:
        # this policy divides the lines and leaves the values alone; `_parsed` takes them one by one
        message = BytesParser(policy=compat32).parsebytes(block, headersonly=True)
        self._values: dict[str, tuple[str, str]] = {}
        for name, value in message.raw_items():
            self._values.setdefault(name.lower(), (name, str(value)[:_LONGEST_VALUE]))
        self._headers: dict[str, Any] = {}  # parsed ones: each is parsed once

    @property
    def is_of_a_message(self) -> bool:
        """Whether any of them is one that messages have."""
        return not _KNOWN.isdisjoint(self._values)

    def text(self, name: str) -> str:
        """Return a header as text on one line; empty when there is none."""
        parsed = self._parsed(name, str)
        if parsed is None:
            _, raw = self._values.get(name, ("", ""))
            parsed = raw.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        return one_line(parsed)

    def addresses(self, name: str) -> list[dict[str, str]]:
        """Return the people in a header as ``{"name", "address"}``, at most fifty."""
        found = self._parsed(name, lambda header: header.addresses[:_MOST_ADDRESSES])
        if found is None:
            raw = self.text(name)
            return [{"name": "", "address": raw}] if raw else []
        return [{"name": one_line(one.display_name), "address": one_line(one.addr_spec)} for one in found]

    @property
    def date(self) -> str | None:
        """When the message was written, in UTC as ISO 8601; None when it does not say."""
        moment = self._parsed("date", lambda header: header.datetime)
        if moment is None:
            return None
        if moment.tzinfo is None:  # "-0000": the time is in UTC, the place is not told (RFC 5322, 3.3)
            moment = moment.replace(tzinfo=UTC)
        try:
            return str(moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"))
        except (OverflowError, ValueError):
            return None

    @property
    def keywords(self) -> list[str]:
        """The message's own keywords."""
        return [word for word in map(str.strip, self.text("keywords").split(",")) if word]

    def mime_type(self, instead: str) -> str:
        """Return the MIME type; another one where there is none that can be read."""
        said = self._parsed("content-type", lambda header: header.content_type)
        try:
            return normalize_mime_type(said) if said else instead
        except EventError:
            return instead

    def parameter(self, name: str) -> str:
        """Return a parameter of the content type; empty when there is none."""
        value = self._parsed("content-type", lambda header: header.params.get(name))
        return one_line(value or "")

    @property
    def boundary(self) -> bytes:
        """What stands between the parts of a multipart; empty when it is not told."""
        said = self._parsed("content-type", lambda header: header.params.get("boundary")) or ""
        if not said:  # the parser stopped; what follows is lost without it
            found = _BOUNDARY.search(self._values.get("content-type", ("", ""))[1])
            said = (found[1] or found[2] or "") if found else ""
        return said.rstrip().encode("utf-8", "surrogateescape")

    @property
    def transfer_encoding(self) -> str:
        """How the body is encoded, in lower case."""
        return self.text("content-transfer-encoding").partition(";")[0].strip().lower()

    @property
    def is_attachment(self) -> bool:
        """Whether the part is meant to be kept as a file rather than read."""
        said = self._parsed("content-disposition", lambda header: header.content_disposition)
        return said == "attachment" or bool(self.filename)

    @property
    def filename(self) -> str:
        """The file's name without its folders; empty when it has none."""
        said = self._parsed("content-disposition", lambda header: header.params.get("filename"))
        name = one_line(said or "") or self.parameter("name")
        return name.replace("\\", "/").rstrip("/").rpartition("/")[2]

    def _parsed(self, name: str, take: Callable[[Any], Any]) -> Any:
        """Return what is asked of a parsed header; None where the parser fails, or there is none."""
        if name not in self._values:
            return None
        try:
            if name not in self._headers:
                self._headers[name] = None  # of one that the parser does not take
                self._headers[name] = policy.header_fetch_parse(*self._values[name])
            return take(self._headers[name])
        except Exception:  # noqa: BLE001 - it raises nearly anything for some headers: see the module's text
            return None


def one_line(text: str) -> str:
    r"""Return a text on one line, without control characters, of bounded length.

    Examples
    --------
    >>> one_line("a\r\n b\x00")
    'a b'
    """
    return _CONTROL.sub(" ", text[: 2 * _LONGEST_TEXT])[:_LONGEST_TEXT].strip()


def people(addresses: Iterable[dict[str, str]]) -> list[str]:
    """Return addresses as people write them."""
    both = ((one["name"], one["address"].strip("<>")) for one in addresses)  # <> sends what bounced
    return [f"{name} <{address}>" if name and address else name or address for name, address in both]
