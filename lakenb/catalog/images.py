"""Middlewares that work on images."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from datetime import timedelta
from typing import Any, ClassVar

from lakenb.catalog.confinement import confinement, confinement_faults
from lakenb.errors import Fault
from lakenb.graph.options import wrong_type
from lakenb.graph.steps import Part, Row, Step, middleware

IMAGE_TYPES = ("image/avif", "image/gif", "image/jpeg", "image/png", "image/tiff", "image/webp")


@middleware
@dataclass(frozen=True, slots=True, repr=False)
class ImageMetadataExtractor(Step):
    """Tell what images are, and pass them on unchanged.

    Parameters
    ----------
    max_pixels
        Most pixels, by the header; an image of more fails, and no pixel of it is decoded.

    Notes
    -----
    Takes and sends AVIF, GIF, JPEG, PNG, TIFF and WebP. The metadata gets dimensions (as stored, not turned),
    format, orientation, EXIF with place and artists where there are any, and up to ten million pixels the
    dominant colour. Of an animation the first picture counts. All other parameters: see `Step`.
    """

    row: ClassVar[Row] = Row(
        kind="image-metadata-extractor",
        part=Part.PASS_THROUGH,
        input_types=IMAGE_TYPES,
        output_types=IMAGE_TYPES,
        handler="lakenb.runtime.handlers.image_metadata_extractor",
        memory_mib=512,
        timeout=timedelta(seconds=60),
        # the newest whose wheels every Python of Lambda can load: 3.11 runs on glibc 2.26
        packages=("pillow==12.2.0",),
    )

    _: KW_ONLY
    max_pixels: int = 200_000_000

    def own_faults(self, where: str) -> list[Fault]:
        """Return what is wrong with the bound, and with the memory."""
        faults = confinement_faults(self.settings(), where)
        if isinstance(self.max_pixels, bool) or not isinstance(self.max_pixels, int):
            faults.append(wrong_type("max_pixels", self.max_pixels, "a whole number", where))
        elif self.max_pixels < 1:
            faults.append(Fault(f"max_pixels is {self.max_pixels}", where, "set max_pixels to at least 1"))
        return faults

    def own_options(self) -> dict[str, Any]:
        """Return the options that travel to the handler."""
        return {"max_pixels": self.max_pixels, **confinement(self.settings())}
