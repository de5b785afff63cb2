from __future__ import annotations

from typing import Any

import pytest

import lakenb as lk


@pytest.mark.parametrize(
    ("options", "types"),
    [
        ({}, ("text/plain",)),
        ({"output": "html"}, ("text/html",)),
        ({"output": "json"}, ("application/json",)),
        ({"output": "json", "include_attachments": True}, ("*/*",)),
    ],
)
def test_what_an_email_processor_sends_follows_its_options(
    options: dict[str, Any], types: tuple[str, ...]
) -> None:
    assert lk.EmailTextProcessor(**options).row.output_types == types
    assert lk.EmailTextProcessor.row.output_types == ("text/plain",)


def test_an_edge_is_checked_against_what_the_options_say() -> None:
    inbox = lk.S3Trigger("inbox")
    splitter = lk.RecursiveCharacterTextSplitter()
    inbox.pipe(lk.EmailTextProcessor(include_attachments=True)).pipe(lk.ZipInflate()).pipe(splitter)
    with pytest.raises(lk.IncompatibleEdgeError, match="sends text/html, but"):
        inbox.pipe(lk.EmailTextProcessor(output="html")).pipe(splitter)


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"output": "pdf"}, "output is 'pdf'"),
        ({"include_attachments": 1}, "include_attachments is 1, but it must be True or False"),
        ({"max_parts": 0}, "max_parts is 0; 1 to 10000 are possible"),
        ({"max_depth": 1.5}, "max_depth is 1.5, but it must be a whole number"),
        ({"max_message_bytes": 2**40}, "max_message_bytes is 1099511627776; 1 to 469762048 are possible"),
    ],
)
def test_wrong_options_of_an_email_processor_are_refused(options: dict[str, Any], what: str) -> None:
    with pytest.raises(lk.OptionError, match=what):
        lk.EmailTextProcessor(**options)


@pytest.mark.parametrize(
    "name", ["max_archive_bytes", "max_files", "max_file_bytes", "max_ratio", "max_total_bytes"]
)
def test_wrong_bounds_of_an_archive_are_refused(name: str) -> None:
    for value in (0, True, "9", 2**41):
        with pytest.raises(lk.OptionError, match=name):
            lk.ZipInflate(**{name: value})


def test_all_wrong_options_are_said_at_once() -> None:
    with pytest.raises(lk.OptionError) as refused:
        lk.ZipInflate(max_files=0, max_ratio=0, max_fils=1)  # type: ignore[call-arg]  # the mistake itself
    assert len(refused.value.faults) == 3
    assert "max_files" in str(refused.value)
