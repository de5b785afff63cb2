"""The decorator in a real notebook's kernel: cells have no file, and run more than once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jupyter_client.manager import start_new_kernel

import lakenb

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFINE = """
import lakenb as lk
LIMIT = 3

@lk.middleware(input="text/plain", output="text/plain")
def first_words(doc, ctx):
    "Keep the first words."
    yield ctx.document(" ".join("".join(doc.text()).split()[:LIMIT]), type="text/plain")
"""
SHOW = """
from lakenb.packaging import function_zip
print(function_zip(first_words("first").code()).hash)
"""
REFUSED = """
lines = open("/dev/null"); lines.close()
try:
    @lk.middleware(input="text/plain", output=None)
    def bad(doc, ctx):
        return {"title": lines.read() + Out[1] + display(1)}
except lk.TravelError as error:
    print(error)
"""
TIMED = """%%time
try:
    @lk.middleware(input="text/plain", output=None)
    def timed(doc, ctx):
        return {}
    print(timed.travels.source)
except lk.TravelError as error:
    print(error)
"""
MAGIC = """
%precision 3
@lk.middleware(input="text/plain", output=None)
def magic(doc, ctx):
    return {}
print(magic.travels.source)
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """What each cell printed."""
    folder = tmp_path_factory.mktemp("notebook")
    root = str(Path(lakenb.__file__).parents[1])
    surroundings = {**os.environ, "PYTHONPATH": root, "IPYTHONDIR": str(folder)}
    manager, client = start_new_kernel(kernel_name="python3", env=surroundings, cwd=str(folder))
    try:
        yield [printed(client, cell) for cell in (DEFINE, SHOW, DEFINE, SHOW, REFUSED, TIMED, MAGIC)]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def printed(client: Any, cell: str) -> str:
    """Run a cell and return what it printed; an error in it is one here."""
    texts: list[str] = []

    def hear(message: dict[str, Any]) -> None:
        if message["msg_type"] == "stream":
            texts.append(message["content"]["text"])

    answer = client.execute_interactive(cell, timeout=60, output_hook=hear)["content"]
    assert answer["status"] == "ok", answer
    return "".join(texts)


def test_the_same_cell_twice_gives_the_same_hash(told: list[str]) -> None:
    assert len(told[1].strip()) == 64
    assert told[1] == told[3]


def test_the_cell_that_names_what_cannot_travel_says_so(told: list[str]) -> None:
    assert "'bad': it reads lines, which is an open file (_io.TextIOWrapper)" in told[4]
    assert "'bad': it uses display, and on Lambda there is no notebook" in told[4]
    assert "'bad': it reads Out, which is not the notebook's own" in told[4]


def test_a_cell_under_a_magic_has_no_source_and_one_with_a_magic_has(told: list[str]) -> None:
    assert "the source of 'timed' cannot be seen" in told[5]
    assert "(without a magic such as %%time at its top)" in told[5]
    assert told[6] == "def magic(doc, ctx):\n    return {}\n\n"
