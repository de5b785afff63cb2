"""The splitter's rule: what its documentation says, for every text and however the text comes."""

from __future__ import annotations

import time
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakenb.runtime.handlers.recursive_character_text_splitter import Chunk, Rule, split

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXTS = st.text(st.sampled_from("ab \n🙂é."), max_size=200)
MEBIBYTE = 2**20


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    size = draw(st.integers(1, 40))
    overlap = draw(st.integers(0, size - 1))
    separators = draw(st.lists(st.sampled_from(["\n\n", "\n", " ", "", ". ", "🙂"]), max_size=4, unique=True))
    return Rule(size, overlap, tuple(separators))


def expected(text: str, rule: Rule) -> list[Chunk]:
    """Return the chunks by the documented rule, read word for word."""
    chunks, s = [], 0
    while text:
        if len(text) - s <= rule.chunk_size:
            return [*chunks, Chunk(text[s:], s, len(text))]
        e = s + rule.chunk_size
        for separator in rule.separators:
            region = text[s + rule.chunk_overlap + 1 : s + rule.chunk_size]
            if separator == "":
                break
            if separator in region:
                e = s + rule.chunk_overlap + 1 + region.rindex(separator) + len(separator)
                break
        chunks.append(Chunk(text[s:e], s, e))
        s = e - rule.chunk_overlap
    return chunks


def cut(text: str, lengths: list[int]) -> list[str]:
    """Return a text in blocks of these lengths, and the rest."""
    blocks = []
    for length in lengths:
        blocks.append(text[:length])
        text = text[length:]
    return [*blocks, text]


@given(TEXTS, rules(), st.lists(st.integers(0, 50), max_size=8))
def test_the_chunks_are_those_of_the_documented_rule(text: str, rule: Rule, lengths: list[int]) -> None:
    assert list(split(cut(text, lengths), rule)) == expected(text, rule)


@given(TEXTS, rules())
def test_chunks_cover_the_text_and_overlap_by_exactly_the_overlap(text: str, rule: Rule) -> None:
    chunks = list(split([text], rule))
    whole = ""
    for chunk in chunks:
        assert chunk.text == text[chunk.start : chunk.end]
        assert 0 < len(chunk.text) <= rule.chunk_size
        assert chunk.start == max(len(whole) - rule.chunk_overlap, 0)
        whole = text[: chunk.end]
    assert whole == text


@given(TEXTS, rules())
def test_the_bound_in_bytes_refuses_what_would_be_too_many_chunks_of_ascii(text: str, rule: Rule) -> None:
    ascii_text = text.encode("ascii", "replace").decode()
    count = len(list(split([ascii_text], rule)))
    limited = Rule(rule.chunk_size, rule.chunk_overlap, rule.separators, max(count, 1))
    assert len(ascii_text) <= limited.max_bytes


def test_paragraphs_are_kept_before_lines_and_words() -> None:
    text = "One two.\n\nThree four\nfive six seven"
    rule = Rule(chunk_size=20, chunk_overlap=0)
    assert [chunk.text for chunk in split([text], rule)] == ["One two.\n\n", "Three four\n", "five six seven"]


def test_an_empty_text_has_no_chunks() -> None:
    assert list(split(["", ""], Rule())) == []


@pytest.mark.parametrize(("size", "overlap"), [(10, 10), (10, 11), (0, 0), (10, -1)])
def test_a_rule_that_never_ends_is_refused(size: int, overlap: int) -> None:
    with pytest.raises(ValueError, match="smaller than chunk_size"):
        Rule(size, overlap)


def test_a_hundred_megabytes_pass_through_a_small_window() -> None:
    blocks_of_text = 1600
    block = ("The quick brown fox jumps over the lazy dog.\n" * 1457)[: 2**16]

    def blocks() -> Iterator[str]:
        for _ in range(blocks_of_text):
            yield block

    tracemalloc.start()
    began = time.monotonic()
    total = sum(len(chunk.text) for chunk in split(blocks(), Rule(MEBIBYTE, 0)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total == blocks_of_text * 2**16
    assert peak < 16 * MEBIBYTE, f"{peak} bytes at most, after {time.monotonic() - began:.1f} s"
