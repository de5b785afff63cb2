"""What EXIF says, as bounded JSON: names instead of numbers, and nothing that only a camera's maker reads."""

from __future__ import annotations

import math
import unicodedata
from typing import Any

_MAX_TEXT = 1_000
_MAX_ITEMS = 32
_MAX_TAGS = 200
_MAX_AUTHORS = 20
_ORIENTATION = 0x0112
_ARTIST = "Artist"
_EXIF_DIRECTORY = 0x8769
_GPS_DIRECTORY = 0x8825
# How the pixels lie in the file, pointers into it, and blocks that are formats of their own.
_LEFT_OUT = frozenset(
    {
        "BitsPerSample",
        "CFAPattern",
        "ColorMap",
        "Compression",
        "ExifInteroperabilityOffset",
        "ExifOffset",
        "ExtraSamples",
        "FillOrder",
        "FreeByteCounts",
        "FreeOffsets",
        "GPSInfo",
        "GrayResponseCurve",
        "IPTCNAA",
        "ImageLength",
        "ImageResources",
        "ImageWidth",
        "InterColorProfile",
        "JPEGACTables",
        "JPEGDCTables",
        "JPEGInterchangeFormat",
        "JPEGInterchangeFormatLength",
        "JPEGQTables",
        "JPEGTables",
        "JpegIFByteCount",
        "JpegIFOffset",
        "MakerNote",
        "NewSubfileType",
        "Padding",
        "PhotometricInterpretation",
        "PlanarConfiguration",
        "Predictor",
        "PrintImageMatching",
        "RowsPerStrip",
        "SampleFormat",
        "SamplesPerPixel",
        "StripByteCounts",
        "StripOffsets",
        "SubIFDs",
        "SubfileType",
        "TileByteCounts",
        "TileLength",
        "TileOffsets",
        "TileWidth",
        "TransferFunction",
        "XMLPacket",
    }
)
_DEGREES = (1, 60, 3600)


def readable(exif: Any) -> dict[str, Any]:
    """Return the tags that have a name and a value that can be shown, sorted by name.

    Parameters
    ----------
    exif
        Pillow's ``Exif``.
    """
    from PIL import ExifTags  # noqa: PLC0415 - of the confined child

    found: dict[str, Any] = {}
    directories = (
        (exif, ExifTags.TAGS),
        (exif.get_ifd(_EXIF_DIRECTORY), ExifTags.TAGS),
        (exif.get_ifd(_GPS_DIRECTORY), ExifTags.GPSTAGS),
    )
    for directory, names in directories:
        for tag, value in directory.items():
            name = names.get(tag)
            if name is None or name in _LEFT_OUT or len(found) >= _MAX_TAGS:
                continue
            shown = _shown(value)
            if shown is not None:
                found[name] = shown
    return dict(sorted(found.items()))


def orientation(exif: Any) -> int | None:
    """Return how the picture is turned, 1 to 8 as EXIF counts."""
    value = exif.get(_ORIENTATION)
    return value if value in range(1, 9) else None


def authors(told: dict[str, Any]) -> list[str]:
    """Return the artists that EXIF names."""
    artists = told.get(_ARTIST)
    names = artists.split(";") if isinstance(artists, str) else []
    return [name.strip() for name in names if name.strip()][:_MAX_AUTHORS]


def geolocation(told: dict[str, Any]) -> dict[str, float]:
    """Return latitude and longitude in degrees, north and east positive; nothing if either is not told.

    Examples
    --------
    >>> geolocation(
    ...     {
    ...         "GPSLatitude": [48.0, 30.0, 0.0],
    ...         "GPSLatitudeRef": "N",
    ...         "GPSLongitude": [2.0, 15.0, 36.0],
    ...         "GPSLongitudeRef": "W",
    ...     }
    ... )
    {'latitude': 48.5, 'longitude': -2.26}
    """
    latitude = _degrees(told, "GPSLatitude", "NS", 90)
    longitude = _degrees(told, "GPSLongitude", "EW", 180)
    if latitude is None or longitude is None:
        return {}
    return {"latitude": latitude, "longitude": longitude}


def _degrees(told: dict[str, Any], name: str, letters: str, most: int) -> float | None:
    parts, letter = told.get(name), told.get(f"{name}Ref")
    if letter not in (*letters,) or not isinstance(parts, list) or len(parts) != len(_DEGREES):
        return None
    if not all(isinstance(part, int | float) for part in parts):
        return None
    degrees = sum(part / divisor for part, divisor in zip(parts, _DEGREES, strict=True))
    return round(-degrees if letter == letters[1] else degrees, 6) if 0 <= degrees <= most else None


def _shown(value: Any) -> Any:
    """Return a tag's value as JSON; None if there is nothing to show."""
    match value:
        case bool():
            return value
        case int():
            return value if abs(value) < 2**53 else None
        case str():
            return _line(value)
        case bytes():
            return _line(value.decode("ascii", "replace")) if _is_printable(value) else None
        case tuple() | list():
            items = [_shown(item) for item in value[:_MAX_ITEMS]]
            is_whole = len(value) <= _MAX_ITEMS and None not in items
            return items if is_whole and items else None
        case _:
            return _number(value)


def _number(value: Any) -> float | None:
    """Return a fraction as a number; None for a division by nothing, which cameras write for 'unknown'."""
    try:
        number = round(float(value), 6)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _line(text: str) -> str | None:
    visible = "".join(" " if unicodedata.category(character)[0] == "C" else character for character in text)
    return " ".join(visible.split())[:_MAX_TEXT].rstrip() or None


def _is_printable(value: bytes) -> bool:
    text = value.rstrip(b"\0 ")
    return 0 < len(text) <= _MAX_TEXT and text.isascii() and text.decode("ascii").isprintable()
