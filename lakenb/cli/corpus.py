"""A small corpus for the demo, the same for the same seed."""

from __future__ import annotations

import random
import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_LETTERS = 8
_SUBJECTS = (
    "The tenant",
    "Our office",
    "The harbour",
    "The archive",
    "Your neighbour",
    "The clerk",
    "This village",
)
_VERBS = ("received", "returned", "mislaid", "copied", "translated", "stamped", "weighed", "forwarded")
_OBJECTS = (
    "the second contract",
    "three parcels",
    "an invoice",
    "the map of the valley",
    "both keys",
    "a petition",
)
_ENDS = ("on Monday", "without delay", "after the storm", "in good order", "against a receipt", "by mistake")


def write_corpus(folder: Path, seed: int) -> None:
    """Write letters, and three files that are something else: empty, no text, a picture.

    Parameters
    ----------
    folder
        An existing folder.
    seed
        Equal seeds write equal bytes.
    """
    chance = random.Random(seed)  # noqa: S311 - prose for a demo, not a secret
    for number in range(1, _LETTERS + 1):
        paragraphs = [_paragraph(chance) for _ in range(chance.randint(3, 6))]
        text = f"Letter {number}\n\n" + "\n\n".join(paragraphs) + "\n"
        (folder / f"letter {number}.txt").write_text(text, encoding="utf-8")
    (folder / "empty.txt").write_bytes(b"")
    (folder / "no text.txt").write_bytes(bytes(range(128, 256)))
    (folder / "stamp.png").write_bytes(_png(8, 8))


def _paragraph(chance: random.Random) -> str:
    words = (_SUBJECTS, _VERBS, _OBJECTS, _ENDS)
    sentences = (" ".join(chance.choice(choices) for choices in words) for _ in range(chance.randint(3, 6)))
    return ". ".join(sentences) + "."


def _png(width: int, height: int) -> bytes:
    """Return a grey picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = (b"\x00" + b"\x80" * width) * height
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
