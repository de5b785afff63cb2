"""Pictures in a real browser: nothing runs, nothing is outside the panel, both themes are legible."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

import lakenb as lk
from lakenb.views.picture import picture
from lakenb.views.picture.theme import COLOURS
from tests.examples import chain, letters
from tests.views.hostile import HOSTILE, planted
from tests.views.pictured import fan, forwarding, picture_of, with_stranger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

# every letter within the panel, and what is written on a box within that box
OUTSIDE = """svg => {
  const panel = svg.getBoundingClientRect(), found = [];
  const leaves = (inner, outer) => inner.left < outer.left - 1 || inner.right > outer.right + 1
    || inner.top < outer.top - 1 || inner.bottom > outer.bottom + 1;
  for (const text of svg.querySelectorAll("text")) {
    const box = text.closest("g.node");
    const shape = box && box.querySelector("path, polygon, ellipse").getBoundingClientRect();
    if (leaves(text.getBoundingClientRect(), panel)) found.push("panel: " + text.textContent);
    if (shape && leaves(text.getBoundingClientRect(), shape)) found.push("box: " + text.textContent);
  }
  return found;
}"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1100, "height": 800})
    yield opened
    opened.close()


def luminance(colour: str) -> float:
    channels = [int(part) / 255 for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def rgb(colour: str) -> str:
    return f"rgb({', '.join(str(int(colour[place : place + 2], 16)) for place in (1, 3, 5))})"


def test_no_hostile_text_runs_or_loads_anything(page: Page) -> None:
    asked: list[str] = []
    dialogs: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    drawings = [picture(planted(text), title=text).svg for text in HOSTILE]
    page.set_content(f"<title>calm</title><body>{''.join(drawings)}</body>")
    page.evaluate("document.querySelectorAll('svg *').forEach(one => one.dispatchEvent(new Event('click')))")
    assert page.title() == "calm"
    assert page.locator("svg").count() == len(HOSTILE)
    assert page.locator("body > :not(svg)").count() == 0
    assert page.locator("script, foreignObject, image, use, a, img").count() == 0
    assert dialogs == []
    assert asked == []


def test_labels_of_a_chain_in_rows_keep_off_the_header(page: Page) -> None:
    steps = [lk.RecursiveCharacterTextSplitter(f"n-{number}") for number in range(7)]
    handle = lk.S3Trigger("inbox").handle()
    for step in steps:
        handle = handle.pipe(step, filter=lk.when("data.document.size").gt(100))
    page.set_content(
        f"<body>{picture_of(lk.Pipeline('rows', handle.pipe(lk.S3Storage('results')))).svg}</body>"
    )
    overlaps = """svg => {
      const box = one => one.getBoundingClientRect(), heads = [...svg.querySelectorAll(":scope > g > text")];
      const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
      const labels = [...svg.querySelectorAll("g.label text, g.node")];
      return heads.filter(head => labels.some(label => meet(box(head), box(label)))).length;
    }"""
    assert page.locator("svg").evaluate(overlaps) == 0


def test_every_text_stays_in_its_box_and_in_the_panel(page: Page) -> None:
    pipes = (letters(), forwarding(), chain(5), chain(48), fan(48))
    drawings = [picture_of(pipe) for pipe in pipes]
    drawings += [picture(with_stranger(letters())), *(picture(planted(t), title=t) for t in HOSTILE)]
    for drawn in drawings:
        page.set_content(f"<body>{drawn.svg}</body>")
        assert page.locator("svg").evaluate(OUTSIDE) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_follows_the_theme_of_the_system(page: Page, theme: str) -> None:
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]  # a literal, by the parameters
    page.set_content(f"<body>{picture_of(letters()).svg}</body>")
    panel = page.locator("svg > rect").evaluate("one => getComputedStyle(one).fill")
    assert panel == rgb(COLOURS["panel"][theme == "dark"])


@pytest.mark.parametrize("system", ["light", "dark"])
@pytest.mark.parametrize("notebook", ["light", "dark"])
def test_a_notebooks_own_theme_wins_over_the_systems(page: Page, system: str, notebook: str) -> None:
    page.emulate_media(color_scheme=system)  # type: ignore[arg-type]  # a literal, by the parameters
    is_light = str(notebook == "light").lower()
    page.set_content(f'<body data-jp-theme-light="{is_light}">{picture_of(letters()).svg}</body>')
    panel = page.locator("svg > rect").evaluate("one => getComputedStyle(one).fill")
    assert panel == rgb(COLOURS["panel"][notebook == "dark"])


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_has_contrast_on_everything_that_it_stands_on(theme: int) -> None:
    def of(name: str) -> str:
        return rgb(COLOURS[name][theme])

    fills = ("panel", "trigger", "transformer", "pass-through", "connector", "cache", "alarm-fill")
    for fill in fills:
        assert contrast(of("text"), of(fill)) >= 7
        assert contrast(of("quiet"), of(fill)) >= 4.5
    for on_panel in ("forwarded", "alarm"):
        assert contrast(of(on_panel), of("panel")) >= 4.5
    assert contrast(of("alarm"), of("alarm-fill")) >= 4.5
    for line in ("read", "message", "cache-arrow", "trigger-line", "connector-line"):
        assert contrast(of(line), of("panel")) >= 3


def test_two_pictures_and_their_page_do_not_disturb_each_other(page: Page) -> None:
    drawn = picture_of(letters()).svg
    look = "one => { const s = getComputedStyle(one); return [s.fill, s.stroke, s.color, s.maxWidth].join() }"
    plain = '<p id="p">text</p><svg id="s"><rect fill="#fdfdfe"/><text>x</text></svg>'
    page.set_content(f"<body>{plain}</body>")
    before = [page.locator(where).evaluate(look) for where in ("#p", "#s", "#s rect", "#s text")]
    page.set_content(f"<body>{plain}{drawn}{drawn}</body>")
    assert [page.locator(where).evaluate(look) for where in ("#p", "#s", "#s rect", "#s text")] == before


def test_it_is_drawn_whole_in_an_image_of_any_width(page: Page) -> None:
    data = base64.b64encode(picture_of(letters()).svg.encode()).decode()
    page.set_content(f'<img style="width:400px" src="data:image/svg+xml;base64,{data}">')
    ratio = page.locator("img").evaluate("one => one.naturalWidth / one.naturalHeight")
    size = page.locator("img").bounding_box()
    assert size is not None
    assert size["width"] / size["height"] == pytest.approx(ratio, rel=0.02)
