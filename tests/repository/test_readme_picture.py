"""The picture on the first screen is what its code draws."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "pictures" / "contracts.svg"


def composed() -> Any:
    """Return the pipeline of the README's first block, composed by that very text."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"```python\n(.*?)\n\npipe  #", text, flags=re.DOTALL)
    assert found is not None
    names: dict[str, Any] = {}
    exec(compile(found[1], "README.md", "exec"), names)  # noqa: S102 - our own README
    return names["pipe"]


def test_the_readmes_picture_is_drawn_by_the_readmes_code() -> None:
    drawn = composed().draw().svg
    assert drawn == PICTURE.read_text(encoding="utf-8"), (
        "draw it again: pipe.save('docs/pictures/contracts.svg')"
    )
