"""The scene as text: for terminals, for screen readers, and where no layout is to be had."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.views.picture.scene import Kind
from lakenb.views.picture.texts import clean, cut

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakenb.views.picture.scene import Arrow, Scene

_WIDEST = 88


def plain(scene: Scene) -> str:
    """Return a scene as aligned text: boxes, then what goes from one to another, alarms first."""
    lines = [f"{cut(scene.title, _WIDEST)}: {scene.summary}"]
    titles = {box.name: cut(box.title, 40) for box in scene.boxes}
    alarms = [arrow for arrow in scene.arrows if arrow.kind is Kind.UNINTENDED]
    if alarms:
        lines += ["", "NOT INTENDED", *_arrows(alarms, titles)]
    if scene.missing:
        lines += ["", "MISSING: the model asks for it, the template does not hold it"]
        lines += (f"  {clean(lack)}" for lack in scene.missing)
    lines += ["", *scene.notes] if scene.notes else []
    lines.append("")
    wide = max((len(title) for title in titles.values()), default=0)
    captions = {box.name: ", ".join(filter(None, (box.word, clean(box.caption)))) for box in scene.boxes}
    part = max(map(len, captions.values()), default=0)
    for box in scene.boxes:
        told = [cut(f"{line.word} {line.text}".strip(), _WIDEST) for line in box.lines] or [""]
        lines.append(f"{titles[box.name]:{wide}}  {captions[box.name]:{part}}  {told[0]}")
        lines += (f"{'':{wide}}  {'':{part}}  {line}" for line in told[1:])
    others = [arrow for arrow in scene.arrows if arrow.kind is not Kind.UNINTENDED]
    if others:
        lines += ["", *_arrows(others, titles)]
    return "\n".join(line.rstrip() for line in lines)


def _arrows(arrows: Iterable[Arrow], titles: dict[str, str]) -> list[str]:
    rows = [
        (f"{titles[arrow.tail]} -> {titles[arrow.head]}", arrow.kind.value, (*arrow.lines, *arrow.notes))
        for arrow in arrows
    ]
    wide = max(len(ends) for ends, _, _ in rows)
    word = max(len(kind) for _, kind, _ in rows)
    found = []
    for ends, kind, told in rows:
        clear = [cut(line, _WIDEST) for line in told]
        found.append(f"{ends:{wide}}  {kind:{word}}  {clear[0]}")
        found += (f"{'':{wide}}  {'':{word}}  {line}" for line in clear[1:])
    return found
