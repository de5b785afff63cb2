"""Text of HTML: what a reader sees, however the document is cut, and in time that does not explode."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakenb.runtime.handlers.html_text import text_of_html


def text_of(*pieces: str) -> str:
    return "".join(text_of_html(pieces))


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("", ""),
        ("  one\n two ", "one two\n"),
        ("<p>one<p>two", "one\n\ntwo\n"),
        ("<div>one</div><div>two<br>three</div>", "one\ntwo\nthree\n"),
        ("<ul><li>one</li><li>two</li></ul>", "- one\n- two\n"),
        ("<tr><td>1</td><td>2</td></tr><tr><td>3</td></tr>", "1\t2\n3\n"),
        ("<pre>a\n  b</pre>c", "a\n  b\n\nc\n"),
        ("a<b>b</b> <i>c</i>", "ab c\n"),
        ("&lt;b&gt; &amp;amp; &eacute;&#233;&#xe9; &nbsp; &copy &unknown;", "<b> &amp; ééé © &unknown;\n"),
        ("1 < 2 > 0 <3 a<", "1 < 2 > 0 <3 a<\n"),
        ("a<!-- <p>no</p> -->b<!-->c<!DOCTYPE x>d<?php e?>f", "abcdf\n"),
        ("a<script>if (1 < 2) x = '</p>'</script >b<STYLE>p{}</Style>c", "abc\n"),
        ("<a href=\"x>y\" title='\"'>one</a> <p it's>two", "one\n\ntwo\n"),
        ("<title>t</title>one<textarea>no</textarea>", "one\n"),
        ("one<script>never ends", "one\n"),
        ("one<!-- never ends", "one\n"),
        ("one<p class=x", "one\n"),
        ("&#" + "9" * 100_000 + ";", "\ufffd\n"),
        ("&#xD800;&#0;", "\ufffd\ufffd\n"),
    ],
)
def test_html_is_laid_out_as_text(source: str, text: str) -> None:
    assert text_of(source) == text


PIECES = st.sampled_from(
    ["<p>", "</p>", "<b", ">", "<", "!--", "-->", "<!", "&amp;", "&", "#60;", "<script>", "</script", "</",
     "a", " ", "\n", "=", '"', "'", "<pre>", "</pre>", "<li>", "<td>", "</td>", "é", "/", "<br/>", "-", "&lt"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=30).map("".join), st.lists(st.integers(0, 200), max_size=6))
def test_where_a_document_is_cut_makes_no_difference(source: str, cuts: list[int]) -> None:
    places = [0, *sorted(cut % (len(source) + 1) for cut in cuts), len(source)]
    pieces = [source[first:last] for first, last in pairwise(places)]
    assert text_of(*pieces) == text_of(source)


@pytest.mark.parametrize(
    "unit",
    ["<!--", "<![", "<!", "</", "<a ", '<a b="', "<a b='", "&", "<?", "<script>", "<", "&#", "&#9", "=",
     "<a =", "<script></script", "<p>", "<pre>", "<td>", " <b> ", "</script "],
)  # fmt: skip
def test_time_grows_with_the_length_alone(unit: str) -> None:
    # a scan to the end for each of these would take minutes
    source = unit * (2**19 // len(unit))
    began = time.monotonic()
    text_of(*(source[place : place + 2**14] for place in range(0, len(source), 2**14)))
    assert time.monotonic() - began < 10
