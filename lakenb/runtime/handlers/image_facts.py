"""What is read from an image. Runs confined: its decoders are native code, and its input is hostile.

Pixels are counted by the header before any is decoded. A picture of at most `DECODED_PIXELS` (of WebP and
AVIF, `DECODED_WEBP_PIXELS`) is decoded once, for its dominant colour and to learn whether it is whole; a JPEG
in a fraction of its size, down to an eighth. Of a larger one the container's end is looked for instead, and
there is no dominant colour. A WebP so large is not even opened: its decoder would take memory for all of it.
"""

from __future__ import annotations

import math
import os
import struct
import warnings
import zlib
from typing import IO, TYPE_CHECKING, Any

from lakenb.runtime.faults import FaultError, Kind
from lakenb.runtime.handlers.image_exif import authors, geolocation, orientation, readable
from lakenb.runtime.handlers.image_riff import riff_exif, riff_size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakenb.runtime.confined import Piece

DECODED_PIXELS = 10_000_000  # four bytes each: 40 MB; of a progressive JPEG three to six
FORMATS = ("AVIF", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
DECODED_WEBP_PIXELS = 4_000_000  # of WebP and AVIF, whose decoders take up to 16 bytes each
_NAMES = {"MPO": "jpeg"}  # a JPEG with further pictures behind the first
# Decoders of these two take the whole file into memory.
_MAX_BYTES_IN_MEMORY = 32 * 2**20
_TAIL_BYTES = 65_536
_SMALL = 64  # pixels along the longer side of the sample whose colours are counted
_BIN = 32  # colours closer than this, in each of red, green and blue, count as one
_OPAQUE = 128
_COUNTED_MODES = frozenset(
    {"1", "CMYK", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBX", "RGBa", "YCbCr", "LAB", "HSV"}
)
# What Pillow raises about bad input, beside its own.
_BROKEN = (
    ArithmeticError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
_TILE_SIZES = (322, 323)  # TIFF 6.0, section 15: TileWidth and TileLength
_PIECES = ((273, 279), (324, 325))  # offsets and lengths of strips and of tiles


def read(file: IO[bytes], options: Mapping[str, Any]) -> Iterator[Piece]:
    """Return an image's metadata, as one piece.

    Parameters
    ----------
    file
        The image.
    options
        ``max_pixels``.

    Raises
    ------
    FaultError
        If it is no image of a known format, cut off, or has too many pixels.
    """
    from PIL import Image  # noqa: PLC0415 - of the child: the function's own process never loads it

    warnings.simplefilter("ignore")  # libraries warn about what we judge
    Image.MAX_IMAGE_PIXELS = None  # our own bound is checked instead, and named
    size = os.fstat(file.fileno()).st_size
    _check_length(file, size)
    webp = riff_size(file, size)
    if webp:
        _check_pixels(*webp, options["max_pixels"])
        if math.prod(webp) > DECODED_WEBP_PIXELS:
            exif = Image.Exif()
            exif.load(riff_exif(file, size))
            yield _metadata(*webp, "webp", None, exif), b""
            return
    try:
        image = Image.open(file, formats=FORMATS)
    except _BROKEN:
        raise FaultError(
            Kind.MALFORMED, "the document is no JPEG, PNG, TIFF, WebP, GIF or AVIF, or its start is damaged"
        ) from None
    try:
        facts = _facts(image, file, size, options["max_pixels"])
    except _BROKEN:
        raise FaultError(Kind.MALFORMED, "the image is damaged or cut off") from None
    yield facts, b""


def _facts(image: Any, file: IO[bytes], size: int, max_pixels: int) -> dict[str, Any]:
    """Return the metadata of an open image."""
    width, height = image.size
    _check_pixels(width, height, max_pixels)
    for length in _tile(image):
        _check_pixels(length, 1, max_pixels)
    name = _NAMES.get(image.format, image.format.lower())
    _check_end(image, name, file, size)
    held = width * height
    if name == "jpeg":
        image.draft(None, (_SMALL, _SMALL))
        if "progressive" not in image.info:  # whose decoder holds all of it, however small the picture
            held = math.prod(image.size)
    colour = None
    if held <= (DECODED_WEBP_PIXELS if name in {"avif", "webp"} else DECODED_PIXELS):
        image.load()
        colour = _dominant_colour(image)
    return _metadata(width, height, name, colour, _exif(image))


def _metadata(width: int, height: int, name: str, colour: str | None, exif: Any) -> dict[str, Any]:
    told = readable(exif)
    names = authors(told)
    known = {
        "dominantColor": colour,
        "exif": told,
        "orientation": orientation(exif),
        "geolocation": geolocation(told),
    }
    attributes = {
        "dimensions": {"width": width, "height": height},
        "format": name,
        **{field: value for field, value in known.items() if value},
    }
    return {**({"authors": names} if names else {}), "properties": {"kind": "image", "attrs": attributes}}


def _check_pixels(width: int, height: int, max_pixels: int) -> None:
    if width < 1 or height < 1:
        raise FaultError(Kind.MALFORMED, f"the image is damaged: it has {width} x {height} pixels")
    if width * height > max_pixels:
        reason = f"the image has {width} x {height} pixels, over this node's {max_pixels}: raise max_pixels"
        raise FaultError(Kind.TOO_LARGE, reason)


def _check_length(file: IO[bytes], size: int) -> None:
    """Refuse a WebP or AVIF that is too long: their decoders take all of it into memory."""
    start = file.read(12)
    file.seek(0)
    if (start[8:] == b"WEBP" or start[4:8] == b"ftyp") and size > _MAX_BYTES_IN_MEMORY:
        reason = f"the image has {size} bytes, and of its format at most {_MAX_BYTES_IN_MEMORY} are read"
        raise FaultError(Kind.TOO_LARGE, reason)


def _tile(image: Any) -> list[int]:
    """Return the pixels of a TIFF's tile: its decoder makes room for them, however small the image."""
    sizes = [image.tag_v2.get(tag) for tag in _TILE_SIZES] if image.format == "TIFF" else []
    return [math.prod(sizes)] if sizes and all(isinstance(size, int) for size in sizes) else []


def _check_end(image: Any, name: str, file: IO[bytes], size: int) -> None:
    """Refuse an image whose container is cut off: of animations, and of large images, not all is decoded."""
    at = file.tell()
    file.seek(max(0, size - _TAIL_BYTES))
    tail = file.read()
    file.seek(at)
    match name:
        case "gif":
            is_whole = tail.rstrip(b"\0")[-1:] == b";"
        case "png":
            is_whole = b"IEND" in tail
        case "tiff":
            is_whole = _last_byte(image) <= size
        case "jpeg" if image.size[0] * image.size[1] > DECODED_PIXELS:
            is_whole = b"\xff\xd9" in tail
        case _:
            is_whole = True
    if not is_whole:
        raise FaultError(Kind.MALFORMED, "the image is cut off")


def _last_byte(image: Any) -> int:
    """Return where the pixels of a TIFF end."""
    ends = [0]
    for offsets_tag, lengths_tag in _PIECES:
        offsets, lengths = (image.tag_v2.get(tag, ()) for tag in (offsets_tag, lengths_tag))
        pairs = [value if isinstance(value, tuple) else (value,) for value in (offsets, lengths)]
        ends += [offset + length for offset, length in zip(*pairs, strict=False)]
    return max(ends)


def _exif(image: Any) -> Any:
    """Return the EXIF data of an image, without decoding it for them."""
    from PIL import Image  # noqa: PLC0415 - of the child

    if image.format == "PNG":  # Pillow would decode it to look behind the pixels, too
        exif = Image.Exif()
        if data := image.info.get("exif"):
            exif.load(data)
        return exif
    return image.getexif()


def _dominant_colour(image: Any) -> str | None:
    """Return the colour that most of a decoded picture has, roughly: the mean of the fullest bin."""
    if image.mode not in _COUNTED_MODES:
        return None  # 16 and 32 bits have no agreed white
    factor = max(1.0, max(image.size) / _SMALL)
    size = (max(1, int(image.size[0] / factor)), max(1, int(image.size[1] / factor)))
    small = image.resize(size, resample=0).convert("RGBA")  # the nearest pixels: no copy of the whole
    bins: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
    pixels = struct.iter_unpack("4B", small.tobytes())
    for *colour, alpha in pixels:
        if alpha >= _OPAQUE:
            bins.setdefault(tuple(part // _BIN for part in colour), []).append(tuple(colour))
    if not bins:
        return None
    fullest = min(bins.values(), key=lambda colours: (-len(colours), colours[0]))
    mean = (round(sum(parts) / len(fullest)) for parts in zip(*fullest, strict=True))
    return "#" + "".join(f"{part:02x}" for part in mean)
