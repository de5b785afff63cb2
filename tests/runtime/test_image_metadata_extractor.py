"""The image metadata extractor, on pictures of known colours, on real ones, and on those made to harm it."""

from __future__ import annotations

import io
import json
import struct
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from PIL import ExifTags, Image

import lakenb.runtime.handlers.image_metadata_extractor as handler
from lakenb import ImageMetadataExtractor
from lakenb.events.metadata import check_metadata
from tests.real_documents import IMAGES, PHOTOGRAPHS, fetched
from tests.runtime.handling import fault_of, handled, outcome, peaks_mib

if TYPE_CHECKING:
    from pathlib import Path

    from lakenb.events import CloudEvent
    from tests.runtime.room import Room

MEBIBYTE = 2**20
RED = (200, 30, 40)
TEXT_TAGS = sorted(tag for tag, name in ExifTags.TAGS.items() if tag >= 50_700 and name != "Padding")[:45]
# What each real picture is: format, width, height, orientation, camera - or the kind of its fault.
REAL: dict[str, tuple[str, int, int, int | None, str | None] | str] = {
    "issue84.jp2": "Malformed",
    "multipage_tiff_example.tif": ("tiff", 800, 600, 1, None),
    "test-rotated.avif": ("avif", 630, 420, 1, None),
    "test-rotated.heic": "Malformed",
    "test-rotated.jpg": ("jpeg", 802, 670, 6, None),
    "test.avif": ("avif", 630, 420, None, None),
    "test.gif": ("gif", 802, 670, None, None),
    "test.png": ("png", 802, 670, None, None),
    "test.svg": "Malformed",
    "test.tiff": ("tiff", 802, 670, 1, None),
    "test_24.bmp": "Malformed",
    "test_vp8x.webp": ("webp", 200, 1, None, None),
}
CAMERAS: dict[str, tuple[str, int, int, int | None, str | None] | str] = {
    "01.tif": ("tiff", 300, 400, None, "QV-R51"),
    "02.jpg": ("jpeg", 400, 210, 1, "QV-R51"),
    "large.jpg": ("jpeg", 500, 667, None, "QV-R51"),
    "noexif.jpg": ("jpeg", 50, 50, None, None),
    "notjpeg.jpg": "EmptyDocument",
    "r_canon.jpg": ("jpeg", 80, 80, 1, "Canon PowerShot G1 X Mark II"),
    "r_ricoh.jpg": ("jpeg", 80, 80, 1, "GR"),
    "r_sigma.jpg": ("jpeg", 80, 80, 1, "SIGMA DP3 Merrill"),
    "r_sony.jpg": ("jpeg", 80, 80, 1, "DSC-RX1R"),
}


@pytest.fixture(scope="session")
def real(pytestconfig: pytest.Config) -> Path:
    return fetched(pytestconfig.cache.mkdir("documents"), IMAGES) / "test" / "images"


@pytest.fixture(scope="session")
def photographs(pytestconfig: pytest.Config) -> Path:
    return fetched(pytestconfig.cache.mkdir("documents"), PHOTOGRAPHS) / "tests" / "images"


def encoded(image: Image.Image, format_: str, **more: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, format_, **more)
    return out.getvalue()


def picture(mode: str = "RGB", colour: Any = RED, size: tuple[int, int] = (90, 60)) -> Image.Image:
    """Return a picture of one colour, with a stripe of black."""
    made = Image.new(mode, size, colour)
    made.paste(Image.new(mode, (size[0], size[1] // 4)))
    return made


def written(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "a"
    path.write_bytes(content)
    return path


def attributes(path: Path, **options: Any) -> dict[str, Any]:
    (made,) = handled(ImageMetadataExtractor(**options), path)
    check_metadata(made.metadata)
    assert made.metadata["properties"]["kind"] == "image"
    found: dict[str, Any] = made.metadata["properties"]["attrs"]
    return found


FRAMES = [Image.new("RGB", (90, 60), RED), Image.new("RGB", (90, 60), (0, 0, 250))]
WHOLE = {
    "jpeg": encoded(picture(), "JPEG", quality=95),
    "progressive jpeg": encoded(picture(), "JPEG", quality=95, progressive=True),
    "cmyk jpeg": encoded(picture().convert("CMYK"), "JPEG", quality=95),
    "png": encoded(picture(), "PNG"),
    "palette png": encoded(picture().quantize(8), "PNG"),
    "transparent png": encoded(picture("RGBA", (*RED, 255)), "PNG"),
    "tiff": encoded(picture(), "TIFF"),
    "deflated tiff": encoded(picture(), "TIFF", compression="tiff_adobe_deflate"),
    "tiff of two": encoded(FRAMES[0], "TIFF", save_all=True, append_images=FRAMES[1:]),
    "gif": encoded(picture(), "GIF"),
    "animated gif": encoded(FRAMES[0], "GIF", save_all=True, append_images=FRAMES[1:]),
    "webp": encoded(picture(), "WEBP", quality=95),
    "lossless webp": encoded(picture(), "WEBP", lossless=True),
    "animated webp": encoded(FRAMES[0], "WEBP", save_all=True, append_images=FRAMES[1:]),
    "avif": encoded(picture(), "AVIF", quality=95),
}


@pytest.mark.parametrize("name", WHOLE)
def test_dimensions_format_and_colour_are_told(tmp_path: Path, name: str) -> None:
    found = attributes(written(tmp_path, WHOLE[name]))
    assert found["dimensions"] == {"width": 90, "height": 60}
    assert found["format"] == ("tiff" if name == "tiff of two" else name.rpartition(" ")[2])
    shown = bytes.fromhex(found["dominantColor"][1:])
    assert all(abs(one - other) < 16 for one, other in zip(shown, RED, strict=True))


@pytest.mark.parametrize("name", WHOLE)
def test_a_picture_that_is_cut_off_is_a_fault(tmp_path: Path, name: str) -> None:
    content = WHOLE[name]
    if name == "tiff of two":
        content = content[: len(content) // 2 - 200]  # of several pages the first counts
    for length in (len(content) // 2, len(content) - 20, 12):
        assert outcome(ImageMetadataExtractor(), written(tmp_path, content[:length])) == "Malformed", length


@pytest.mark.parametrize("name", REAL)
def test_real_pictures_have_the_outcome_of_the_table(real: Path, name: str) -> None:
    assert summary(real / name) == REAL[name]


@pytest.mark.parametrize("name", CAMERAS)
def test_real_photographs_have_the_outcome_of_the_table(photographs: Path, name: str) -> None:
    assert summary(photographs / name) == CAMERAS[name]


def summary(path: Path) -> tuple[str, int, int, int | None, str | None] | str:
    made = outcome(ImageMetadataExtractor(), path)
    if isinstance(made, str):
        return made
    found = made[0].metadata["properties"]["attrs"]
    size, model = found["dimensions"], found.get("exif", {}).get("Model")
    return found["format"], size["width"], size["height"], found.get("orientation"), model


def test_the_exif_of_a_camera_is_told_by_name(photographs: Path) -> None:
    told = attributes(photographs / "r_canon.jpg")["exif"]
    assert told.keys().isdisjoint({"MakerNote", "JPEGInterchangeFormat", "StripOffsets"})
    assert {
        name: told[name] for name in ("Make", "FNumber", "ExposureTime", "DateTimeOriginal", "ExifVersion")
    } == {
        "Make": "Canon",
        "FNumber": 5.6,
        "ExposureTime": 0.02,
        "DateTimeOriginal": "2013:12:17 14:04:24",
        "ExifVersion": "0230",
    }


def test_artists_place_and_orientation_are_told(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "Ann Example; Bo\x01 Li"
    exif[ExifTags.Base.Orientation] = 8
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    gps.update({1: "S", 2: (33.0, 30.0, 0.0), 3: "E", 4: (151.0, 12.0, 36.0)})
    path = written(tmp_path, encoded(picture(), "JPEG", exif=exif))
    found = attributes(path)
    assert found["orientation"] == 8
    assert found["geolocation"] == {"latitude": -33.5, "longitude": 151.21}
    assert handled(ImageMetadataExtractor(), path)[0].metadata["authors"] == ["Ann Example", "Bo Li"]


def test_hostile_exif_is_bounded_and_never_stops_a_picture(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = "x" * 50_000
    exif[ExifTags.Base.Orientation] = 9
    exif[ExifTags.Base.Artist] = "\x00\x01;;"
    found = attributes(written(tmp_path, encoded(picture(), "JPEG", exif=exif)))
    assert "orientation" not in found
    assert found["exif"] == {"ImageDescription": "x" * 1000, "Orientation": 9, "Artist": ";;"}
    broken = b"Exif\0\0II*\0\x08\0\0\0" + b"\xff" * 500
    assert attributes(written(tmp_path, encoded(picture(), "JPEG", exif=broken)))["format"] == "jpeg"


@pytest.mark.parametrize(
    ("content", "kind", "reason"),
    [
        (b"", "EmptyDocument", "is empty"),
        (b"hello", "Malformed", "is no JPEG"),
        (b"%PDF-1.7\n%%EOF\n", "Malformed", "is no JPEG"),
        (encoded(picture(), "BMP"), "Malformed", "is no JPEG"),
        (b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><svg/>", "Malformed", "is no JPEG"),
        (b"RIFF\x10\0\0\0WEBP", "Malformed", "is cut off"),
    ],
)
def test_what_is_no_picture_is_a_fault_with_its_reason(
    tmp_path: Path, content: bytes, kind: str, reason: str
) -> None:
    fault = fault_of(ImageMetadataExtractor(), written(tmp_path, content))
    assert fault.kind == kind
    assert reason in fault.reason


def exif_of(tags: list[int], text: bytes) -> bytes:
    """Return EXIF data in which each of the tags has the same text."""
    at = 8 + 2 + 12 * len(tags) + 4
    entries = b"".join(
        struct.pack("<HHII", tag, 2, len(text), at + index * len(text)) for index, tag in enumerate(tags)
    )
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + bytes(4) + text * len(tags)


def png_of(width: int, height: int, data: bytes = b"") -> bytes:
    """Return a PNG of one bit a pixel whose header says so."""
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)),
        (b"IDAT", data),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def webp_of(width: int, height: int) -> bytes:
    """Return an animated WebP whose header says so, and which has no frames."""
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunks = b"VP8X" + struct.pack("<IB3x", 10, 2) + size + b"ANIM" + struct.pack("<IIH", 6, 0, 0)
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks


def tiff_of(width: int, height: int, tile: int) -> bytes:
    """Return a deflated TIFF of one tile."""
    tags = [(256, width), (257, height), (258, 8), (259, 8), (262, 1), (277, 1), (322, tile), (323, tile)]
    tags += [(324, 8), (325, 8)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II*\0" + struct.pack("<I", 16) + bytes(8) + struct.pack("<H", len(tags)) + entries + bytes(4)


@pytest.mark.parametrize(
    "content",
    [png_of(60_000, 60_000), webp_of(16_384, 16_384), tiff_of(60_000, 60_000, 16), tiff_of(8, 8, 65_520)],
    ids=["png", "webp", "tiff", "tiff of a giant tile"],
)
def test_a_bomb_is_refused_by_its_header(tmp_path: Path, content: bytes) -> None:
    fault = fault_of(ImageMetadataExtractor(), written(tmp_path, content))
    assert fault.kind == "TooLarge"
    assert "pixels, over this node's 200000000: raise max_pixels" in fault.reason


def test_a_large_picture_is_told_by_its_header_alone(tmp_path: Path) -> None:
    row = bytes(1 + 12_000 // 8)
    data = zlib.compress(row * 12_000)
    found = attributes(written(tmp_path, png_of(12_000, 12_000, data)))
    assert found == {"dimensions": {"width": 12_000, "height": 12_000}, "format": "png"}
    cut = png_of(12_000, 12_000, data)[:-12]
    assert outcome(ImageMetadataExtractor(), written(tmp_path, cut)) == "Malformed"


def test_a_large_webp_is_told_without_opening_it(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Maker"
    path = written(tmp_path, encoded(Image.new("RGB", (3_000, 2_000)), "WEBP", exif=exif))
    assert attributes(path) == {
        "dimensions": {"width": 3_000, "height": 2_000},
        "format": "webp",
        "exif": {"Make": "Maker"},
    }
    path.write_bytes(webp_of(14_000, 14_000))
    assert attributes(path) == {"dimensions": {"width": 14_000, "height": 14_000}, "format": "webp"}


def test_a_large_photograph_is_decoded_in_an_eighth_of_its_size(tmp_path: Path) -> None:
    path = written(tmp_path, encoded(Image.new("RGB", (8_000, 6_000), RED), "JPEG", quality=90))
    found = attributes(path)
    assert found["dimensions"] == {"width": 8_000, "height": 6_000}
    assert found["dominantColor"].startswith("#c")
    path.write_bytes(path.read_bytes()[:-5_000])
    assert outcome(ImageMetadataExtractor(), path) == "Malformed"


def test_pixels_of_the_bound_pass_and_one_more_does_not(tmp_path: Path) -> None:
    path = written(tmp_path, WHOLE["png"])
    assert attributes(path, max_pixels=5_400)["format"] == "png"
    assert fault_of(ImageMetadataExtractor(max_pixels=5_399), path).kind == "TooLarge"


def test_a_hundred_megabytes_pass_through_a_small_window(tmp_path: Path) -> None:
    path = written(tmp_path, encoded(Image.new("RGB", (7_000, 5_000), RED), "TIFF"))
    assert path.stat().st_size > 100 * MEBIBYTE
    before, own, child = peaks_mib("lk.ImageMetadataExtractor()", path)
    assert own - before < 32
    assert child < 64
    path.write_bytes(path.read_bytes()[: 90 * MEBIBYTE])
    assert outcome(ImageMetadataExtractor(), path) == "Malformed"


@pytest.mark.parametrize(
    "kind", ["RGBA PNG", "P PNG", "RGB TIFF", "RGB WEBP", "RGB AVIF", "progressive JPEG"]
)
def test_the_largest_picture_that_is_decoded_stays_in_the_window(tmp_path: Path, kind: str) -> None:
    mode, format_ = kind.split()
    image = Image.new("RGB", (5_000, 2_000), RED).convert("RGB" if mode == "progressive" else mode)
    if format_ in {"AVIF", "WEBP"}:
        image = image.crop((0, 0, 2_000, 2_000))
    path = written(
        tmp_path, encoded(image, format_, **({"progressive": True} if mode == "progressive" else {}))
    )
    assert attributes(path)["dominantColor"].startswith("#c")
    _, _, child = peaks_mib("lk.ImageMetadataExtractor()", path)
    assert child < 36 + 64, child  # what the child has without a picture, and the window


@pytest.mark.parametrize("name", ["jpeg", "png", "avif"])
def test_the_same_picture_gives_the_same_metadata(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, WHOLE[name])
    assert handled(ImageMetadataExtractor(), path) == handled(ImageMetadataExtractor(), path)


def uploaded(room: Room, content: bytes) -> CloudEvent:
    event = room.upload("a.jpg", content)
    described = replace(event.data.document, type="image/jpeg")
    return replace(event, data=replace(event.data, document=described))


def test_the_document_goes_on_where_it_lies_with_more_metadata(room: Room) -> None:
    event = uploaded(room, WHOLE["jpeg"])
    options = ImageMetadataExtractor().own_options()
    result = room.run(event, options=options, store=None, handler=handler)
    assert result.failures == []
    (made,) = room.published(1)
    assert made.data.document == event.data.document
    assert made.data.metadata["properties"]["attrs"]["dimensions"] == {"width": 90, "height": 60}
    assert room.keys(room.store) == []


def test_metadata_too_large_for_an_event_goes_to_the_cache(room: Room) -> None:
    event = uploaded(room, encoded(picture(), "JPEG", exif=exif_of(TEXT_TAGS, b"y" * 900)))
    options = ImageMetadataExtractor().own_options()
    room.run(event, options=options, store=None, handler=handler)
    (made,) = room.published(1)
    found = made.data.metadata["properties"]["attrs"]
    assert "exif" not in found
    assert (found["format"], found["dimensions"]) == ("jpeg", {"width": 90, "height": 60})
    cached = json.loads(room.body(made.data.metadata["more"]))
    assert len(cached["properties"]["attrs"]["exif"]) == len(TEXT_TAGS)


def test_a_damaged_picture_ends_as_a_dead_letter(room: Room) -> None:
    event = uploaded(room, WHOLE["jpeg"][:-200])
    options = ImageMetadataExtractor().own_options()
    assert room.run(event, options=options, store=None, handler=handler).failures == []
    (letter,) = room.dead()
    assert (letter["kind"], letter["reason"]) == ("Malformed", "the image is damaged or cut off")
