"""What travels of a function, and what is refused: each with the line that names it, and the mend."""

from __future__ import annotations

import json
import types
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lakenb as lk
from lakenb.catalog.custom import Travelling, travelling
from lakenb.catalog.travel.values import literal, value_refusal
from tests.cells import Notebook

if TYPE_CHECKING:
    from pathlib import Path

OUT_OF_CODE = (
    "keep it out of the code, which all who may read the function can read: its place is a secret store "
    "such as AWS Secrets Manager"
)


def packed(cell: str, name: str = "f", **options: Any) -> Travelling:
    return travelling(Notebook().run(cell)[name], **options)


def loaded(made: Travelling, entry: str = "handle") -> Any:
    """Return the module that travels, run on its own."""
    module = types.ModuleType("lakenb_user")
    exec(compile(made.module(entry), "lakenb_user.py", "exec"), vars(module))  # noqa: S102 - as a function does
    return module


def refused(cell: str, name: str = "f", **options: Any) -> list[tuple[str, str, str]]:
    with pytest.raises(lk.TravelError) as error:
        packed(cell, name, **options)
    return [(fault.what, fault.where, fault.mend) for fault in error.value.faults]


def test_functions_values_and_imports_of_the_notebook_travel() -> None:
    made = packed("""
        import json
        import re as r
        import xml.etree.ElementTree
        from collections import Counter
        from datetime import datetime as moment
        from math import pi
        SIZES = {"a": [1, 2.5, -0.0, None, True], "é": "\\n'\\""}
        UNREAD = open

        def helper(text: SomeType, most=SIZES["a"][0]) -> AnotherType:
            return Counter(r.findall("[a-z]", text)).most_common(most + twice(0))

        def twice(n):
            return len(helper.__name__) and n

        def f(n):
            sorted([1], key=lambda one: SIZES["a"][0] + one)
            return [helper("aab"), SIZES, pi, xml.etree.ElementTree.__name__, json.dumps(n), moment.max.year]
    """)
    assert made.imports == (
        "from collections import Counter",
        "from datetime import datetime as moment",
        "import json",
        "import re as r",
        "import xml.etree.ElementTree",
    )
    values = {"SIZES": {"a": [1, 2.5, -0.0, None, True], "é": "\n'\""}, "pi": 3.141592653589793}
    assert json.loads(made.globals_json) == values
    assert made.source.index("def twice") < made.source.index("def helper") < made.source.index("def f")
    found = loaded(made).handle(1)
    assert found == [[("a", 2)], values["SIZES"], values["pi"], "xml.etree.ElementTree", "1", 9999]
    assert [type(one) for one in found[1]["a"]] == [int, float, float, type(None), bool]


def test_a_function_may_call_itself_and_a_method_may_have_the_name_of_a_global() -> None:
    made = packed("""
        append = object()
        def f(n):
            found = []
            found.append(n)
            return found + (f(n - 1) if n else [])
    """)
    assert loaded(made).handle(2) == [2, 1, 0]
    assert made.globals_json == "{}"


def test_a_nested_definition_moves_to_the_margin_and_its_texts_stay() -> None:
    made = packed('''
        if True:
            def f(n):
                text = """
          a
            b"""
            # a comment to the left
                return f"""{text}
         {n}"""
    ''')
    assert made.source.startswith("def f(n):\n    text = ")
    assert loaded(made).handle(3) == "\n  a\n    b\n {n}".replace("{n}", "3")


def test_decorators_of_ours_stay_behind_and_others_are_refused() -> None:
    made = Notebook().run("""
        import lakenb as lk
        passing = lk.middleware(input="*/*", output=None)

        @passing
        def f(doc, ctx):
            return {}
    """)["f"]
    assert made.travels.source == "def f(doc, ctx):\n    return {}\n"
    assert refused("""
        def deco(g):
            return g

        @deco
        def f(doc, ctx):
            return {}
    """) == [
        (
            "'f' has a decorator, which does not travel",
            "function 'f'",
            "leave it out, or do inside the function what it does",
        )
    ]


def test_a_global_that_changes_later_has_travelled_already() -> None:
    notebook = Notebook()
    names = notebook.run("LIMITS = [1]\ndef f():\n    return LIMITS\n")
    made = travelling(names["f"])
    names["LIMITS"].append(2)
    assert loaded(made).handle() == [1]


def test_a_function_of_a_file_travels_and_one_that_changed_since_does_not(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("def f(n):\n    return n + 1\n")
    names: dict[str, Any] = {"__name__": "mine"}
    exec(compile(path.read_text(), str(path), "exec"), names)  # noqa: S102 - as an import does
    assert loaded(travelling(names["f"])).handle(1) == 2
    path.write_text("def f(n):\n    return n + 2  # another line\n")
    with pytest.raises(lk.TravelError) as error:
        travelling(names["f"])
    assert str(error.value) == (
        "the source of 'f' is not what runs: its file has changed, or a tool rewrote it\n"
        "  where: function 'f'\n"
        "  mend:  run the cell again; after a change of a file, restart the kernel"
    )


def test_lambdas_on_one_line_are_told_apart() -> None:
    names = Notebook().run(
        "import re\nfirst, second = (lambda e: e + 1), (lambda é: (lambda e: é + e)(\n  2))\n"
    )
    for name, expected in (("first", 6), ("second", 7)):
        made = travelling(names[name], entry="predicate", arguments=1)
        assert made.name == "predicate"
        assert loaded(made, "predicate").predicate(5) == expected


def test_a_lambda_uses_imports_and_no_values() -> None:
    made = packed("import re\nf = lambda e: bool(re.match('a', e))\n", entry="predicate")
    assert loaded(made, "predicate").predicate("ab") is True
    assert refused("LIMIT = 3\nf = lambda e: e.size > LIMIT\n", entry="predicate") == [
        (
            "the lambda: it reads the global LIMIT, and a lambda takes no values along",
            "function '<lambda>', line 2 of it: lambda e: e.size > LIMIT",
            "write it as a def: the value then travels with it, and can be seen",
        )
    ]


# what the cell holds, the expression that the function reads it by, what is wrong with it, the mend
REFUSED_VALUES = [
    ("X = open('/dev/null')\nX.close()", "it reads X, which is an open file (_io.TextIOWrapper)",
     "open what is needed in the function; only the document and /tmp are there"),
    ("Y = 1\nX = lambda n: n + Y", "it uses X, which is a lambda", "write it as def X(...): ..."),
    ("class X: pass", "it uses X, a class of the notebook",
     "define the class inside the function, or use a dict"),
    ("class Y: pass\nX = Y()", "it reads X, which is a __main__.Y",
     "give the function what JSON can say (texts, numbers, lists, dicts), or make the value inside of it"),
    ("X = (1, 2)", "it reads X, which is a tuple", "write it as a list; a tuple would come back as one"),
    ("X = {1}", "it reads X, which is a set", "write it as a sorted list, and make the set in the function"),
    ("X = b'a'", "it reads X, which is a bytes", "keep it as text, and encode it in the function"),
    ("X = float('nan')", "it reads X, which is nan: JSON cannot say it",
     "use None for it, or make it in the function"),
    ("X = [1, -float('inf')]", "it reads X[1], which is -inf: JSON cannot say it",
     "use None for it, or make it in the function"),
    ("X = {'a': {1: 2}}", "it reads X['a'], which has the key 1: JSON's keys are texts",
     "write the keys as texts"),
    ("X = []\nX.append(X)", "it reads X[0], which holds itself", "give the function a value that ends"),
    ("X = [0]\nfor _ in range(50): X = [X]",
     f"it reads X{'[0]' * 40}, which is nested deeper than 40 levels", "make it flatter"),
    ("X = 10 ** 5000", "it reads X, which is a number of more digits than Python writes",
     "compute it in the function"),
    ("X = '\\ud800'", "it reads X, which is no Unicode text (a lone surrogate)", "write it anew"),
    ("import re\nX = re.compile('a')", "it reads X, which is a re.Pattern",
     "keep the pattern as text, and call re.compile in the function"),
    ("from datetime import date\nX = date.today()", "it reads X, which is a datetime.date",
     "keep its isoformat() as text, and call date.fromisoformat in the function"),
    ("import pandas\nX = pandas.DataFrame({'a': [1]})", "it reads X, which is a pandas.DataFrame",
     "keep what is needed as a list or dict, such as frame.to_dict('list')"),
    ("import numpy\nX = numpy.float64(1)",
     "it reads X, which is a numpy.float64", "make it a number of Python, by its item()"),
    ("from collections import OrderedDict\nX = OrderedDict()",
     "it reads X, which is a collections.OrderedDict, a kind of dict", "make it a plain dict"),
    ("from functools import partial\nX = partial(print)", "it reads X, which is a functools.partial",
     "give the function what JSON can say (texts, numbers, lists, dicts), or make the value inside of it"),
    ("def Y(): pass\nX = Y", "it uses X, which is the function Y under another name",
     "call Y, or define it as X"),
    ("import lakenb as X", "it uses lakenb, which is the notebook's side of lakenb and does not travel",
     "use what the document and the context offer, or the names of lakenb.runtime"),
    ("from lakenb import S3Trigger as X",
     "it uses lakenb.catalog.triggers, which is the notebook's side of lakenb and does not travel",
     "use what the document and the context offer, or the names of lakenb.runtime"),
    ("", "it reads X, which is not defined", "define X in a cell above this one"),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "what", "mend"), REFUSED_VALUES)
def test_what_cannot_travel_is_refused_where_it_is_read(cell: str, what: str, mend: str) -> None:
    faults = refused(f"{cell}\ndef f(doc, ctx):\n    return 1 + X\n")
    assert faults == [(f"'f': {what}", "function 'f', line 2 of it: return 1 + X", mend)]


@pytest.mark.parametrize(
    ("expression", "what", "mend"),
    [
        ("input()", "it uses input(), and on Lambda nobody is there to answer", "leave it out"),
        ("breakpoint()", "it uses breakpoint(), and on Lambda nobody is there to answer", "leave it out"),
        ("get_ipython()", "it uses get_ipython, and on Lambda there is no notebook",
         "leave it out; print writes to the log"),
        ("eval('X')", "it uses eval(), which hides what it reads",
         "name what it reads, so that it can be found and travel"),
        ("globals()", "it uses globals(), which hides what it reads",
         "name what it reads, so that it can be found and travel"),
        ("Out[1]", "it reads Out, which is not the notebook's own and changes with where it runs",
         "keep what it holds under a name of your own"),
        ("__name__", "it reads __name__, which is not the notebook's own and changes with where it runs",
         "keep what it holds under a name of your own"),
        ("LIMITZ", "it reads LIMITZ, which is not defined", "did you mean LIMIT?"),
    ],
)  # fmt: skip
def test_names_of_the_notebook_alone_are_refused(expression: str, what: str, mend: str) -> None:
    faults = refused(f"LIMIT = 1\nOut = {{}}\ndef f(doc, ctx):\n    return {expression}\n")
    assert faults == [(f"'f': {what}", f"function 'f', line 2 of it: return {expression}", mend)]


@pytest.mark.parametrize(
    "statement",
    ["import idna", "import idna.core as x", "from idna import encode", "from idna.core import encode"],
)
def test_a_package_that_is_not_declared_is_refused_wherever_it_is_imported(statement: str) -> None:
    import idna  # noqa: PLC0415 - its version is part of the mend

    name = statement.rpartition(" ")[2]
    inside = f"def f(doc, ctx):\n    {statement}\n    return {name}\n"
    outside = f"{statement}\ndef f(doc, ctx):\n    return {name}\n"
    for cell, line in ((inside, statement), (outside, f"return {name}")):
        assert refused(cell) == [
            (
                "'f': it uses idna, which none of its packages brings",
                f"function 'f', line 2 of it: {line}",
                f"add 'idna=={idna.__version__}' to packages",
            )
        ]
        assert packed(cell, packages=["idna==3.10"]).name == "f"


def test_a_package_brings_modules_of_other_names() -> None:
    cell = "def f(doc, ctx):\n    import yaml, dateutil.parser\n"
    (fault,) = refused(cell, packages=["PyYAML==6.0.2"])
    assert fault[0] == "'f': it uses dateutil, which none of its packages brings"
    assert packed(cell, packages=["PyYAML==6.0.2", "python-dateutil==2.9.0.post0"]).name == "f"


def test_a_module_that_is_not_installed_here_may_come_from_a_package_that_is_not_either() -> None:
    cell = "def f(doc, ctx):\n    import unheard_of\n"
    assert refused(cell, packages=["idna==3.10"]) == [
        (
            "'f': it uses unheard_of, which none of its packages brings",
            "function 'f', line 2 of it: import unheard_of",
            "add the package that brings unheard_of to packages, as name==version",
        )
    ]
    assert packed(cell, packages=["not-installed-here==1.0"]).name == "f"
    assert packed(cell, packages=["unheard-of==1.0", "idna==3.10"]).name == "f"


def test_lambdas_own_modules_and_the_runtimes_names_need_no_package() -> None:
    made = packed("""
        import boto3
        from lakenb.runtime.faults import FaultError
        def f(doc, ctx):
            import os.path
            raise FaultError("Odd", f"{boto3} {os.path.sep}")
    """)
    assert made.imports == ("from lakenb.runtime.faults import FaultError", "import boto3")


def test_what_is_around_a_function_does_not_travel() -> None:
    cell = """
        def make():
            rate = 2
            def f(doc, ctx):
                return doc * rate
            return f
        f = make()
    """
    assert refused(cell) == [
        (
            "'f' reads rate of the function around it, which does not travel",
            "function 'f', line 2 of it: return doc * rate",
            "give the value to a global of the notebook, or define it inside",
        )
    ]


def test_setting_a_global_is_refused() -> None:
    assert refused("""
        COUNT = 0
        def f(doc, ctx):
            global COUNT
            COUNT += 1
    """) == [
        (
            "'f' sets the global COUNT, and each invocation may run in another process",
            "function 'f', line 3 of it: COUNT += 1",
            "return or yield what it found",
        )
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PASSWORD", "'hunter2'"),
        ("apiKey", "'abc'"),
        ("OPENAI_API_KEY", "'abc'"),
        ("session_token", "['abc']"),
        ("CONFIG", "{'db': {'password': 'abc'}}"),
    ],
)
def test_a_secret_by_its_name_is_refused_and_not_shown(name: str, value: str) -> None:
    (fault,) = refused(f"{name} = {value}\ndef f(doc, ctx):\n    return {name}\n")
    assert "looks like a secret by its name" in fault[0]
    assert fault[2] == f"{OUT_OF_CODE}; if it is none, give it another name"
    assert "abc" not in str(fault)
    assert "hunter2" not in str(fault)


@pytest.mark.parametrize(
    ("name", "value"), [("MAX_TOKENS", "500"), ("token", "None"), ("SORT_KEY", "'title'"), ("PASSWORD", "''")]
)
def test_what_is_no_secret_travels(name: str, value: str) -> None:
    assert packed(f"{name} = {value}\ndef f(doc, ctx):\n    return {name}\n").name == "f"


@pytest.mark.parametrize("text", ["AKIAABCDEFGHIJKLMNOP", "-----BEGIN RSA PRIVATE KEY-----"])
def test_a_secret_by_its_look_is_refused_in_values_and_in_the_source(text: str) -> None:
    (fault,) = refused(f"X = ['a', '{text} b']\ndef f(doc, ctx):\n    return X\n")
    assert fault[0] == "'f': it reads X[1], which is a text that looks like a key of AWS or a private key"
    assert fault[2] == OUT_OF_CODE
    assert refused(f"def f(doc, ctx):\n    return '{text}'\n") == [
        (
            "'f': it holds a text that looks like a key of AWS or a private key",
            "function 'f', line 2 of it",
            "keep it in a secret store, never in code",
        )
    ]


def test_every_fault_is_told_at_once_and_where_it_is() -> None:
    faults = refused("""
        def helper(text):
            return OTHER + text

        def f(doc, ctx):
            input()
            return helper(doc) + THIRD
    """)
    assert [where for _, where, _ in faults] == [
        "function 'f', line 3 of it: return helper(doc) + THIRD",
        "function 'helper', line 2 of it: return OTHER + text",
        "function 'f', line 2 of it: input()",
    ]


@pytest.mark.parametrize(
    ("definition", "what", "mend"),
    [
        ("async def f(doc, ctx): pass", "'f' is asynchronous, and nothing awaits it",
         "define it with def, not async def"),
        ("def f(doc): pass",
         "'f' is called with 2 arguments, and takes (doc): too many positional arguments",
         "let it take 2 arguments, with defaults for any more"),
        ("def f(doc, ctx, more): pass",
         "'f' is called with 2 arguments, and takes (doc, ctx, more): missing a required argument: 'more'",
         "let it take 2 arguments, with defaults for any more"),
    ],
)  # fmt: skip
def test_a_function_must_be_callable_as_it_will_be(definition: str, what: str, mend: str) -> None:
    assert refused(definition + "\n", arguments=2) == [(what, "function 'f'", mend)]


@pytest.mark.parametrize("thing", [len, str, object(), print])
def test_only_plain_functions_travel(thing: Any) -> None:
    with pytest.raises(lk.TravelError, match="is no plain function") as error:
        travelling(thing)
    assert error.value.fault.mend == "define it with def, in a cell or a file"


def test_the_name_of_the_entry_is_taken() -> None:
    assert refused("handle = 3\ndef f(doc, ctx):\n    return handle\n") == [
        ("'f' reads handle, which is its own name where it goes", "function 'f'", "give handle another name")
    ]
    assert loaded(packed("def handle(n):\n    return n\n", "handle")).handle(1) == 1


def test_too_much_to_be_shown_and_started_with_is_refused() -> None:
    (fault,) = refused("X = ['a' * 1000] * 2000\ndef f(doc, ctx):\n    return X\n")
    assert fault[0].endswith("characters; 1,048,576 travel")
    assert fault[2] == "read so much from a document, or put it into a package of its own"


def test_middlewares_are_not_called_by_functions() -> None:
    with pytest.raises(lk.TravelError) as error:
        Notebook().run("""
            import lakenb as lk

            @lk.middleware(input="*/*", output=None)
            def first(doc, ctx):
                return {}

            @lk.middleware(input="*/*", output=None)
            def second(doc, ctx):
                return first(doc, ctx)
        """)
    assert str(error.value) == (
        "'second': it uses first, which is a middleware\n"
        "  where: function 'second', line 2 of it: return first(doc, ctx)\n"
        "  mend:  put what both need into a plain function, and call it from both"
    )


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def same(left: Any, right: Any) -> bool:
    """Return whether two values are equal, types and order of keys included."""
    if type(left) is not type(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    return repr(left) == repr(right)


@given(JSON_VALUES)
def test_what_travels_arrives_exactly(value: Any) -> None:
    if value_refusal("value", value) is not None:
        return
    assert same(eval(literal(value), {"__builtins__": {}}), value)  # noqa: S307 - a literal
    assert same(json.loads(json.dumps(value)), value)
