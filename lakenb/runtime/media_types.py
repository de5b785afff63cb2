"""What a file is: by its name, by what its uploader said, by its first bytes.

The table is ours, because a machine's own (``/etc/mime.types``) differs from machine to machine, and a
document's type decides which nodes see it.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from lakenb.errors import EventError
from lakenb.events import normalize_mime_type

if TYPE_CHECKING:
    from collections.abc import Mapping

UNKNOWN = "application/octet-stream"
SIGNATURE_BYTES = 512

_OFFICE = "application/vnd.openxmlformats-officedocument"
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument"

# The first suffix of a type names new files of it.
_SUFFIXES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "application/epub+zip": ("epub",),
        "application/geo+json": ("geojson",),
        "application/gzip": ("gz", "tgz"),
        "application/json": ("json",),
        "application/ld+json": ("jsonld",),
        "application/msword": ("doc", "dot"),
        "application/pdf": ("pdf",),
        "application/postscript": ("ps", "eps", "ai"),
        "application/rtf": ("rtf",),
        "application/sql": ("sql",),
        "application/toml": ("toml",),
        "application/vnd.apache.parquet": ("parquet",),
        "application/vnd.ms-excel": ("xls", "xlt"),
        "application/vnd.ms-outlook": ("msg",),
        "application/vnd.ms-powerpoint": ("ppt", "pps"),
        f"{_OPEN_DOCUMENT}.presentation": ("odp",),
        f"{_OPEN_DOCUMENT}.spreadsheet": ("ods",),
        f"{_OPEN_DOCUMENT}.text": ("odt",),
        f"{_OFFICE}.presentationml.presentation": ("pptx",),
        f"{_OFFICE}.spreadsheetml.sheet": ("xlsx",),
        f"{_OFFICE}.wordprocessingml.document": ("docx",),
        "application/x-7z-compressed": ("7z",),
        "application/x-bzip2": ("bz2",),
        "application/x-ndjson": ("ndjson", "jsonl"),
        "application/x-subrip": ("srt",),
        "application/x-tar": ("tar",),
        "application/x-xz": ("xz",),
        "application/xhtml+xml": ("xhtml",),
        "application/xml": ("xml", "xsd", "xsl"),
        "application/yaml": ("yaml", "yml"),
        "application/zip": ("zip",),
        "application/zstd": ("zst",),
        "audio/aac": ("aac",),
        "audio/flac": ("flac",),
        "audio/midi": ("mid", "midi"),
        "audio/mp4": ("m4a",),
        "audio/mpeg": ("mp3",),
        "audio/ogg": ("ogg", "oga", "opus"),
        "audio/wav": ("wav",),
        "audio/x-aiff": ("aif", "aiff"),
        "font/otf": ("otf",),
        "font/ttf": ("ttf",),
        "font/woff2": ("woff2",),
        "image/avif": ("avif",),
        "image/bmp": ("bmp",),
        "image/gif": ("gif",),
        "image/heic": ("heic",),
        "image/jpeg": ("jpg", "jpeg", "jpe", "jfif"),
        "image/jp2": ("jp2",),
        "image/png": ("png",),
        "image/svg+xml": ("svg",),
        "image/tiff": ("tif", "tiff"),
        "image/vnd.adobe.photoshop": ("psd",),
        "image/vnd.microsoft.icon": ("ico",),
        "image/webp": ("webp",),
        "message/rfc822": ("eml", "mht", "mhtml"),
        "text/calendar": ("ics",),
        "text/css": ("css",),
        "text/csv": ("csv",),
        "text/html": ("html", "htm"),
        "text/javascript": ("js", "mjs"),
        "text/markdown": ("md", "markdown"),
        "text/plain": ("txt", "text", "log"),
        "text/tab-separated-values": ("tsv",),
        "text/vcard": ("vcf",),
        "text/vtt": ("vtt",),
        "text/x-python": ("py",),
        "text/x-rst": ("rst",),
        "text/x-tex": ("tex",),
        "video/mp4": ("mp4", "m4v"),
        "video/mpeg": ("mpg", "mpeg"),
        "video/quicktime": ("mov",),
        "video/webm": ("webm",),
        "video/x-matroska": ("mkv",),
        "video/x-msvideo": ("avi",),
    }
)
_TYPES = MappingProxyType({suffix: type_ for type_, suffixes in _SUFFIXES.items() for suffix in suffixes})

# Where the bytes stand, what they are, and the type that they tell.
_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"%PDF-", "application/pdf"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (8, b"WEBP", "image/webp"),
    (8, b"WAVE", "audio/wav"),
    (8, b"AVI ", "video/x-msvideo"),
    (0, b"8BPS", "image/vnd.adobe.photoshop"),
    (0, b"fLaC", "audio/flac"),
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", "video/x-matroska"),
    (30, b"mimetypeapplication/epub+zip", "application/epub+zip"),
    (30, b"mimetypeapplication/vnd.oasis.opendocument.text", f"{_OPEN_DOCUMENT}.text"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"PK\x05\x06", "application/zip"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"BZh", "application/x-bzip2"),
    (0, b"\xfd7zXZ\x00", "application/x-xz"),
    (0, b"(\xb5/\xfd", "application/zstd"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (257, b"ustar", "application/x-tar"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"%!PS", "application/postscript"),
    (0, b"PAR1", "application/vnd.apache.parquet"),
    (0, b"BM", "image/bmp"),
)
# What clients and S3 itself write when nobody said what a file is.
_UNSAID = frozenset(
    {UNKNOWN, "binary/octet-stream", "application/x-www-form-urlencoded", "application/x-directory"}
)


def type_of_name(name: str) -> str | None:
    """Return the MIME type that a file's name tells, if it tells one."""
    _, dot, suffix = name.rpartition(".")
    return _TYPES.get(suffix.lower()) if dot else None


def type_of_header(content_type: str | None) -> str | None:
    """Return the MIME type that an object's ``Content-Type`` tells, if it tells one."""
    try:
        told = normalize_mime_type(content_type or "")
    except EventError:
        return None
    return None if told in _UNSAID else told


def type_of_bytes(start: bytes) -> str | None:
    """Return the MIME type that a file's first bytes tell, if they tell one."""
    for offset, signature, told in _SIGNATURES:
        if start[offset : offset + len(signature)] == signature:
            return told
    return None


def suffix_of_type(mime_type: str) -> str:
    """Return the suffix, with its dot, that names files of a type; none if there is none."""
    suffixes = _SUFFIXES.get(mime_type)
    return f".{suffixes[0]}" if suffixes else ""
