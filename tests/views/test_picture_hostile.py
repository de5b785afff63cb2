from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakenb.views.picture import picture
from lakenb.views.picture.texts import clean, cut
from tests.views.hostile import HOSTILE, UNSEEN, planted
from tests.views.pictured import SVG, parsed, texts

ELEMENTS = {"svg", "style", "desc", "rect", "g", "title", "path", "polygon", "polyline", "ellipse", "text"}
ATTRIBUTES = {
    "class", "style", "role", "aria-label", "width", "height", "viewBox", "font-family", "x", "y", "rx", "ry",
    "cx", "cy", "fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "transform", "d",
    "points", "text-anchor", "font-size", "font-weight",
}  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_becomes_anything_but_text(text: str) -> None:
    drawn = picture(planted(text), title=text)
    assert drawn.note == ""
    root = parsed(drawn.svg)
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in ELEMENTS
        assert set(element.attrib) <= ATTRIBUTES
    calm = parsed(picture(planted("calm"), title="calm").svg)
    assert root[0].text == calm[0].text, "the style is the same for every picture"
    groups = [[group.get("class") for group in each.iter(f"{SVG}g")].count("node") for each in (root, calm)]
    assert abs(groups[0] - groups[1]) <= 1, "an empty text may be one stranger less, none is a box more"


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_form_holds_what_a_terminal_or_browser_acts_on(text: str) -> None:
    drawn = picture(planted(text), title=text)
    for form in (drawn.svg, drawn.text, drawn.dot):
        assert not any(letter in form for letter in UNSEEN)
        assert form.encode()  # no half of a surrogate pair


def test_a_long_text_is_cut_where_it_is_seen_and_whole_in_the_tooltip() -> None:
    drawn = picture(planted("x" * 200))
    assert max(map(len, texts(drawn))) <= 160
    assert any("…" in text for text in texts(drawn))
    assert "x" * 200 in "".join(title.text or "" for title in parsed(drawn.svg).iter(f"{SVG}title"))


def test_letters_as_wide_as_high_get_the_room_that_they_need() -> None:
    root = parsed(picture(planted("calm"), title="\u65e5" * 80).svg)
    assert float(root.get("viewBox", "").split()[2]) >= 80 * 15


@given(st.text(alphabet=st.characters()))
def test_a_clean_text_has_no_unseen_letter(text: str) -> None:
    unseen = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert not any(unicodedata.category(letter) in unseen for letter in clean(text))


@given(st.text(max_size=300), st.integers(6, 80))
def test_a_cut_text_is_no_longer_than_asked(text: str, most: int) -> None:
    assert len(cut(text, most)) <= most


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=80))
def test_any_text_gives_a_picture(text: str) -> None:
    drawn = picture(planted(text), title=text)
    assert drawn.note == ""
    assert parsed(drawn.svg).get("role") == "img"
