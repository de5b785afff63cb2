from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

import lakenb as lk
from lakenb import ImageMetadataExtractor, PdfTextConverter


@pytest.mark.parametrize(
    ("task", "sends"), [("text", "text/plain"), ("pages", "text/plain"), ("images", "image/png")]
)
def test_the_task_of_a_pdf_converter_decides_what_it_sends(task: str, sends: str) -> None:
    assert PdfTextConverter(task=task).row.output_types == (sends,)
    assert PdfTextConverter.row.output_types == ("text/plain",)


def test_pictures_of_pages_are_refused_by_a_consumer_of_text() -> None:
    pictures = lk.S3Trigger("inbox").pipe(PdfTextConverter("pdf", task="images"))
    with pytest.raises(lk.IncompatibleEdgeError, match="'pdf' sends image/png, but"):
        pictures.pipe(lk.RecursiveCharacterTextSplitter())
    assert pictures.pipe(ImageMetadataExtractor()).output_types() == ("image/png",)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"task": "image"}, "task is 'image'\n  where: node 'pdf'\n  mend:  one of text, pages, images"),
        ({"task": ["text"]}, "one of text, pages, images"),
        ({"first_page": 0}, "set first_page to at least 1"),
        ({"last_page": True}, "last_page is True, but it must be a whole number"),
        ({"first_page": 3, "last_page": 2}, "set last_page to first_page or more"),
        ({"dpi": 10_000}, "set dpi to a number from 18 to 1200"),
        ({"max_pages": 0}, "set max_pages to a number from 1 to 10000"),
        ({"max_pixels": 1.5}, "max_pixels is 1.5, but it must be a whole number"),
        ({"memory_mib": 128}, "set memory_mib to at least 256"),
    ],
)
def test_a_wrong_option_of_a_pdf_converter_says_how_to_mend_it(options: dict[str, Any], message: str) -> None:
    with pytest.raises(lk.OptionError) as caught:
        PdfTextConverter("pdf", **options)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_pixels": 0}, "set max_pixels to at least 1"),
        ({"max_pixels": "many"}, "max_pixels is 'many', but it must be a whole number"),
        ({"memory_mib": 200}, "set memory_mib to at least 256"),
    ],
)
def test_a_wrong_option_of_an_image_extractor_says_how_to_mend_it(
    options: dict[str, Any], message: str
) -> None:
    with pytest.raises(lk.OptionError) as caught:
        ImageMetadataExtractor(**options)
    assert message in str(caught.value)


def test_the_bounds_of_a_document_follow_the_nodes_memory_and_timeout() -> None:
    options = PdfTextConverter(memory_mib=2048, timeout=timedelta(seconds=100)).own_options()
    assert (options["child_memory_mib"], options["child_seconds"]) == (1888, 90.0)
