"""From an e-mail's bytes to what they stand for; what cannot be decoded is counted, and is not fatal."""

from __future__ import annotations

import codecs
import io
import re
from binascii import a2b_base64, a2b_qp
from string import ascii_letters, digits
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_BASE64 = (ascii_letters + digits + "+/=").encode()
_NOT_BASE64 = bytes(sorted(set(range(256)) - set(_BASE64)))
_SPACE = b" \t\r\n\v\f"
_BROKEN = re.compile("[\0\ufffd]")
_REPLACEMENT = "\ufffd"
_BYTE_ORDER_MARK = "\ufeff"

# Those that mail is written in. Others that Python knows are no charsets (zlib, unicode_escape), or take
# time that grows with the square of the text (punycode, idna, utf-7).
_CHARSETS = frozenset((
    "ascii", "utf-8", "utf-16", "utf-16-be", "utf-16-le", "utf-32", "utf-32-be", "utf-32-le", "koi8-r",
    "koi8-u", "mac-roman", "tis-620", "big5", "big5hkscs", "euc_jp", "euc_kr", "gb18030", "gb2312", "gbk",
    "hz", "johab", "shift_jis", "iso2022_jp", "iso2022_jp_1", "iso2022_jp_2", "iso2022_kr",
    *(f"iso8859-{number}" for number in (*range(1, 12), 13, 14, 15, 16)),
    *(f"cp{number}" for number in (437, 850, 852, 855, 858, 866, 874, 932, 949, 950, *range(1250, 1259))),
))  # fmt: skip
# Charsets under whose name mail carries a larger one: the larger reads both.
_LARGER = {"ascii": "utf-8", "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949"}


class Decoder(Protocol):
    """Undoes a content transfer encoding."""

    is_damaged: bool

    def feed(self, data: bytes) -> bytes:
        """Return what some more bytes stand for, as far as that can be told."""
        ...

    def finish(self) -> bytes:
        """Return what is left."""
        ...


def transfer_decoder(encoding: str) -> Decoder:
    """Return a decoder for a ``Content-Transfer-Encoding``; an unknown one leaves the bytes as they are."""
    match encoding:
        case "base64":
            return _Base64()
        case "quoted-printable":
            return _QuotedPrintable()
        case _:
            return _Identity(is_damaged=encoding not in {"", "7bit", "8bit", "binary"})


class _Identity:
    def __init__(self, *, is_damaged: bool) -> None:
        self.is_damaged = is_damaged

    def feed(self, data: bytes) -> bytes:
        return data

    def finish(self) -> bytes:
        return b""


class _Base64:
    """Reads what RFC 2045, section 6.8 describes, and over what does not belong there."""

    def __init__(self) -> None:
        self.is_damaged = False
        self._rest = b""
        self._is_padded = False

    def feed(self, data: bytes) -> bytes:
        clean = data.translate(None, _NOT_BASE64)
        if len(clean) != len(data.translate(None, _SPACE)):
            self.is_damaged = True
        *padded, last = (self._rest + clean).split(b"=")
        behind = (*padded, last) if self._is_padded else (*padded[1:], last) if padded else ()
        if any(behind):
            self.is_damaged = True  # an end within the text: several were joined
        self._is_padded = self._is_padded or bool(padded)
        made = b"".join(map(self._quads, padded))
        whole = len(last) - len(last) % 4
        self._rest = last[whole:]
        return made + a2b_base64(last[:whole])

    def finish(self) -> bytes:
        if self._rest:
            self.is_damaged = True  # cut off, or without its padding
        made, self._rest = self._quads(self._rest), b""
        return made

    def _quads(self, text: bytes) -> bytes:
        if len(text) % 4 == 1:  # six bits: no byte
            self.is_damaged = True
            text = text[:-1]
        return a2b_base64(text + b"=" * (-len(text) % 4))


class _QuotedPrintable:
    def __init__(self) -> None:
        self.is_damaged = False
        self._rest = b""

    def feed(self, data: bytes) -> bytes:
        data = self._rest + data
        cut = data.rfind(b"=", max(0, len(data) - 2))  # =3D and =\r\n are three bytes long
        cut = len(data) if cut < 0 else cut
        self._rest = data[cut:]
        return a2b_qp(data[:cut])

    def finish(self) -> bytes:
        made, self._rest = a2b_qp(self._rest), b""
        return made


class TextDecoder:
    """Decodes a text of a charset, with line feeds as the only ends of lines.

    Parameters
    ----------
    charset
        What the message says; empty when it says nothing.

    Attributes
    ----------
    replaced
        How many characters stand for bytes that are none.
    is_unknown
        Whether the charset is none that is read here: UTF-8 takes its place.
    """

    def __init__(self, charset: str) -> None:
        self.replaced: int = 0
        codec = _codec(charset or "utf-8")
        self.is_unknown: bool = codec is None
        self._codec = codec or "utf-8"

    def decode(self, blocks: Iterable[bytes]) -> Iterator[str]:
        """Return the text piece by piece."""
        characters = codecs.getincrementaldecoder(self._codec)("replace")
        decoder = io.IncrementalNewlineDecoder(characters, translate=True)
        is_start = True
        for block in blocks:
            text = decoder.decode(block)
            if is_start and text:
                text, is_start = text.removeprefix(_BYTE_ORDER_MARK), False
            yield self._clean(text)
        yield self._clean(decoder.decode(b"", final=True))

    def _clean(self, text: str) -> str:
        text, count = _BROKEN.subn(_REPLACEMENT, text)
        self.replaced += count
        return text


def _codec(charset: str) -> str | None:
    """Return Python's name of a charset that mail is read in; None for any other."""
    try:
        name = codecs.lookup(charset).name
    except (LookupError, ValueError):  # a name with a NUL is a ValueError
        return None
    return _LARGER.get(name, name) if name in _CHARSETS else None
