"""The tables in a real browser: themes, widths, paper, and names that would run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lakenb.records.tables import Table
from lakenb.views.tables.access import access_table
from lakenb.views.tables.encryption import encryption_table
from lakenb.views.tables.endpoints import endpoints_table
from lakenb.views.tables.grants import grants_table
from tests.backends.local.everything import everything
from tests.examples import chain, letters
from tests.records.test_table_html import HOSTILE
from tests.views.tables.reading import read_back

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

# What a front end puts around an output: its colours as variables, and rules of its own for tables.
PAGE = """<!doctype html><meta charset="utf-8"><style>
:root {{--jp-layout-color0: {ground}; --jp-content-font-color1: {ink}}}
body {{background: {ground}; color: {ink}; margin: 0; font-family: sans-serif}}
.out table {{margin-left: auto; table-layout: fixed; font-size: 12px}}
.out td, .out th {{text-align: right; color: red; vertical-align: middle}}
.out tbody tr:nth-child(odd) {{background: yellow}}
</style><div class="out">{html}</div>"""
THEMES = {
    "light": ("rgb(255, 255, 255)", "rgb(20, 20, 20)"),
    "dark": ("rgb(17, 17, 17)", "rgb(238, 238, 238)"),
}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1000, "height": 800})
    yield opened
    opened.close()


def show(page: Page, *tables: Table, theme: str = "light") -> None:
    ground, ink = THEMES[theme]
    html = "".join(table._repr_html_() or "" for table in tables)
    page.set_content(PAGE.format(ground=ground, ink=ink, html=html))


def every_table() -> tuple[Table, ...]:
    seen = [read_back(letters()), read_back(everything()), read_back(chain(48))]
    makers = (grants_table, access_table, encryption_table, endpoints_table)
    return tuple(make(one) for one in seen for make in makers)


@pytest.mark.parametrize("theme", THEMES)
def test_text_follows_the_theme_and_stands_left(page: Page, theme: str) -> None:
    show(page, grants_table(read_back()), theme=theme)
    style = page.eval_on_selector(
        "tbody td",
        "cell => [getComputedStyle(cell).color, getComputedStyle(cell).textAlign,"
        " getComputedStyle(cell.parentElement).backgroundColor]",
    )
    assert style == [THEMES[theme][1], "left", "rgba(0, 0, 0, 0)"]


def test_no_table_makes_the_page_wider(page: Page) -> None:
    show(page, *every_table())
    assert page.evaluate("document.documentElement.scrollWidth") == 1000


def test_hostile_names_neither_run_nor_widen_the_page(page: Page) -> None:
    ran: list[str] = []
    page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: ran.append(request.url))
    rows = tuple((name, name, name, name) for name in HOSTILE)
    show(page, Table("names", ("resource", "why", "action", HOSTILE[0]), rows, HOSTILE))
    assert page.evaluate("document.documentElement.scrollWidth") == 1000
    assert page.eval_on_selector_all("script, img", "found => found.length") == 0
    assert page.eval_on_selector_all("tbody tr", "rows => rows.length") == len(HOSTILE)
    assert ran == []


def test_the_first_column_of_fifty_stores_stays_in_sight(page: Page) -> None:
    show(page, access_table(read_back(chain(48))))
    page.eval_on_selector(".lakenb-t", "box => {box.scrollLeft = 900; box.scrollTop = 300}")
    places = page.eval_on_selector_all(
        ".lakenb-wide tbody td:first-child", "cells => cells.map(cell => cell.getBoundingClientRect().left)"
    )
    assert set(places) == {0}
    assert page.eval_on_selector(".lakenb-wide thead th", "cell => cell.getBoundingClientRect().left") == 0


def test_paper_clips_nothing(page: Page) -> None:
    # 556 px is what an exported notebook leaves on A4, beside margins and prompts
    page.set_viewport_size({"width": 556, "height": 900})
    show(page, *every_table())
    page.emulate_media(media="print")
    clipped = page.eval_on_selector_all(
        ".lakenb-t",
        "boxes => boxes.filter(box => box.offsetParent && (box.scrollWidth > box.clientWidth + 1"
        " || box.scrollHeight > box.clientHeight + 1)).map(box => box.querySelector('table').id)",
    )
    assert clipped == []
    assert not page.locator(".lakenb-screen").first.is_visible()
    assert page.locator(".lakenb-paper td").last.is_visible()
    kinds = page.eval_on_selector("thead", "head => getComputedStyle(head).display")
    assert kinds == "table-header-group"
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_folds_open_by_keyboard(page: Page) -> None:
    show(page, encryption_table(read_back()))
    page.focus("summary")
    page.keyboard.press("Enter")
    assert page.locator("details").first.locator("tbody tr").first.is_visible()
