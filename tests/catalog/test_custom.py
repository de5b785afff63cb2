"""Middlewares of the user's own, from the decorator to the step."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from datetime import timedelta
from typing import Any

import pytest

import lakenb as lk
from lakenb.graph.steps import Part
from lakenb.packaging import function_zip
from tests.cells import Notebook

OUTPUT_MEND = (
    'name the MIME types, such as output="text/plain" or output=["text/plain", "text/html"]; '
    "None passes documents on"
)
CELL = '''
import lakenb as lk
LIMIT = 3

@lk.middleware(input="text/plain", output=["application/json", "Text/HTML"], packages=["idna==3.10"])
def count_words(doc, ctx):
    """Count words."""
    yield ctx.document("x" * LIMIT, type="application/json")
'''


def ran(text: str = CELL) -> Any:
    return Notebook().run(text)["count_words"]


def test_a_function_becomes_a_kind_of_step() -> None:
    count = ran()
    step = count("count", max_retries=3, memory_mib=512)
    assert isinstance(step, lk.Step)
    assert (step.id, step.max_retries, step.settings().memory_mib) == ("count", 3, 512)
    assert count().id == "count-words"
    assert step.row.part is Part.TRANSFORMER
    assert step.row.input_types == ("text/plain",)
    assert step.row.output_types == ("application/json", "text/html")
    assert step.own_options() == {"output": ["application/json", "text/html"]}
    assert json.loads(json.dumps(step.own_options())) == step.own_options()
    assert repr(step) == "count_words('count', max_retries=3, memory_mib=512)"
    assert repr(count()) == "count_words()"
    assert repr(count) == (
        "<middleware 'count-words': text/plain -> application/json, text/html, packages idna==3.10>"
    )
    assert count.__doc__ == "Count words."


def test_the_function_itself_can_still_be_called() -> None:
    class Context:
        def document(self, body: str, *, type: str) -> tuple[str, str]:  # noqa: A002 - the field's word
            return body, type

    assert list(ran().function(None, Context())) == [("xxx", "application/json")]


def test_defaults_of_the_options_are_the_middlewares() -> None:
    decorate = lk.middleware(
        input="*/*", output=None, memory_mib=1024, timeout=timedelta(minutes=5), batch_size=1
    )
    step = decorate(_passing)()
    settings = step.settings()
    assert (settings.memory_mib, settings.timeout, settings.batch_size) == (1024, timedelta(minutes=5), 1)
    assert step.row.part is Part.PASS_THROUGH
    assert step.row.output_types == ("*/*",)
    assert step.own_options() == {"output": None}
    assert step.id == "passing"


def _passing(doc: Any, ctx: Any) -> dict[str, str]:  # noqa: ARG001 - the interface
    return {"title": doc.url}


def test_the_module_that_travels_is_shown_and_is_what_travels() -> None:
    count = ran()
    assert repr(count.travels) == textwrap.dedent('''\
        imports:
        none

        globals:
        {
          "LIMIT": 3
        }

        source:
        def count_words(doc, ctx):
            """Count words."""
            yield ctx.document("x" * LIMIT, type="application/json")
    ''')
    (source,) = count("a").code().sources
    assert source == (
        "lakenb_user.py",
        textwrap.dedent('''\
            from __future__ import annotations

            LIMIT = 3

            def count_words(doc, ctx):
                """Count words."""
                yield ctx.document("x" * LIMIT, type="application/json")

            handle = count_words
        '''),
    )
    assert count("a").travels == count.travels


def test_the_same_cell_twice_is_the_same_zip_and_the_same_step() -> None:
    notebook = Notebook()
    first = notebook.run(CELL)["count_words"]
    second = notebook.run("1 + 1\n") and notebook.run("# moved down\n\n" + CELL)["count_words"]
    assert first is not second
    assert function_zip(first("a").code()).hash == function_zip(second("a").code()).hash
    assert first("a") == second("a")
    changed = notebook.run(CELL.replace("LIMIT = 3", "LIMIT = 4"))["count_words"]
    assert function_zip(changed("a").code()).hash != function_zip(first("a").code()).hash
    assert changed("a") != first("a")


def test_a_step_takes_its_place_in_a_pipeline() -> None:
    step = ran()("count")
    pipe = lk.Pipeline("words", lk.S3Trigger("inbox").pipe(step).pipe(lk.S3Storage("results")))
    variables = pipe.template()["Resources"]["CountFunction"]["Properties"]["Environment"]["Variables"]
    assert variables["LAKENB_HANDLER"] == "lakenb.runtime.handlers.custom"
    assert json.loads(variables["LAKENB_OPTIONS"]) == {"output": ["application/json", "text/html"]}
    with pytest.raises(lk.IncompatibleEdgeError, match="'count' accepts text/plain"):
        ran(CELL.replace('"text/plain"', '"image/png"'))("png").pipe(step)


def test_wrong_options_of_a_step_are_gathered() -> None:
    with pytest.raises(lk.OptionError) as refused:
        ran()("Count", max_retris=3, memory_mib=1)
    assert [fault.mend for fault in refused.value.faults] == [
        "did you mean max_retries?",
        "for example 'count'",
        "set memory_mib to a number from 128 to 10240",
    ]


def test_wrong_options_of_the_decorator_are_gathered() -> None:
    with pytest.raises(lk.OptionError) as refused:
        lk.middleware(
            input="text",
            packages=["idna", 3],  # type: ignore[list-item]  # the mistake itself
            memory_mib=1,
            timeout=3,  # type: ignore[arg-type]  # the mistake itself
            batch_size=0,
        )
    assert [(fault.what, fault.mend) for fault in refused.value.faults] == [
        ("input holds 'text', which is no MIME type", 'write it as "text/plain" or "image/*"'),
        ("output is missing", OUTPUT_MEND),
        ("packages holds 'idna', which is no exact requirement", "write 'idna==<version>'"),
        (
            "packages holds 3, which is no exact requirement",
            "write a package's name and one version, such as 'idna==3.10'; no options, paths or URLs",
        ),
        (
            "memory_mib is 1; AWS takes 128 to 10240 MiB (Lambda quotas)",
            "set memory_mib to a number from 128 to 10240",
        ),
        (
            "batch_size is 0; AWS takes 1 to 10000 messages (Lambda, CreateEventSourceMapping)",
            "set batch_size to a number from 1 to 10000",
        ),
        (
            "timeout is 3, which is no duration",
            "write timeout=timedelta(seconds=...), so that the unit can be read",
        ),
    ]


def test_a_decorator_without_its_options_says_how_it_is_written() -> None:
    with pytest.raises(lk.OptionError) as refused:
        lk.middleware(_passing)
    assert str(refused.value) == (
        "lk.middleware was given a function, and needs its options first\n"
        "  where: lk.middleware(...)\n"
        '  mend:  write @lk.middleware(input="text/plain", output="application/json") above the function'
    )


def test_a_name_that_cannot_be_an_id_is_refused() -> None:
    with pytest.raises(lk.OptionError) as refused:
        Notebook().run("""
            import lakenb as lk
            @lk.middleware(input="*/*", output=None)
            def größe(doc, ctx):
                return {}
        """)
    assert "where: the name of the function 'größe'" in str(refused.value)


PROMPT = """
import lakenb as lk
def f(doc, ctx): return None

try: lk.middleware(input="*/*", output=None)(f)
except lk.TravelError as error: print(error)

"""


def test_a_prompt_that_keeps_no_source_is_refused() -> None:
    command = [sys.executable, "-c", f"import lakenb as lk\nexec({PROMPT!r})"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == (
        "the source of 'f' cannot be seen\n"
        "  where: function 'f'\n"
        "  mend:  write it in a notebook's cell (without a magic such as %%time at its top) or in a file; "
        "a plain Python prompt keeps no source\n"
    )
