"""Colours, light and dark, and the style that changes one for the other inside the picture.

The layout program writes the light colours; the style maps each of them to a variable, which the reader's
theme sets: by ``prefers-color-scheme`` where the picture stands alone or in an ``<img>``, by the
notebook's own marks where it is a part of the page. Every rule is scoped to the picture.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

FONT: Final = "Helvetica"
FONTS: Final = "Helvetica,Arial,'Liberation Sans','Nimbus Sans',Arimo,'DejaVu Sans Condensed',sans-serif"

# name: (light, dark). Light values differ from each other: the style finds an element by them.
COLOURS: Final = {
    "panel": ("#fdfdfe", "#161a20"),
    "frame": ("#d5dae1", "#39414d"),
    "text": ("#1c222b", "#e8ecf1"),
    "quiet": ("#596373", "#a5b0be"),
    "trigger": ("#fdf5e0", "#352c17"),
    "trigger-line": ("#b98a1c", "#c9a14a"),
    "transformer": ("#e9f1fb", "#1b2b40"),
    "transformer-line": ("#5a84b8", "#6f9bd0"),
    "pass-through": ("#f4f3f8", "#272534"),
    "pass-through-line": ("#837aa8", "#9d94c4"),
    "connector": ("#e8f5ec", "#1a3124"),
    "connector-line": ("#4f956a", "#63ad7f"),
    "cache": ("#e5f4f4", "#16302f"),
    "cache-line": ("#2b8583", "#4fb0ad"),
    "alarm-fill": ("#fdebe8", "#421c19"),
    "alarm": ("#b3261e", "#ff8a80"),
    "read": ("#2a5591", "#8ab8f2"),
    "forwarded": ("#7a3fb0", "#cba3f5"),
    "message": ("#717b8a", "#97a2b1"),
    "cache-arrow": ("#1f7a78", "#5cc2be"),
}


def light(name: str) -> str:
    """Return the light colour of this name."""
    return COLOURS[name][0]


def _variables(theme: int) -> str:
    return ";".join(f"--{name}:{both[theme]}" for name, both in COLOURS.items())


def _rules(scope: str) -> str:
    themes = _variables(0), _variables(1)
    mapped = "".join(
        f".{scope} [{attribute}='{both[0]}']{{{attribute}:var(--{name})}}"
        for name, both in COLOURS.items()
        for attribute in ("fill", "stroke")
    )
    return (
        f".{scope}{{{themes[0]};width:100%;height:auto;color-scheme:light dark}}"
        f"@media (prefers-color-scheme:dark){{.{scope}{{{themes[1]}}}}}"
        f"[data-jp-theme-light='true'] .{scope},.vscode-light .{scope}{{{themes[0]}}}"
        f"[data-jp-theme-light='false'] .{scope},.vscode-dark .{scope}{{{themes[1]}}}"
        f"@media print{{.{scope}.{scope}{{{themes[0]}}}}}"
        f".{scope} text{{direction:ltr;unicode-bidi:isolate;white-space:pre}}"
        f"{mapped}"
    )


# the style's own digest, so that pictures of two versions in one page do not dress each other
SCOPE: Final = f"lakenb-{sha256(_rules('').encode()).hexdigest()[:8]}"
STYLE: Final = _rules(SCOPE)
