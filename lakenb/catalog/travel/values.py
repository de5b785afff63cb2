"""Values of globals that travel: JSON's own types, exactly, and nothing that looks like a secret."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from lakenb.graph.options import shown

# What goes wrong with a value, and how to mend it.
Refusal = tuple[str, str]

_DEEPEST = 40  # Python's own parser ends at about a hundred
# Words of a name that stand for a secret; a number or a truth value under such a name is none (max_tokens).
_SECRET = re.compile(
    r"(?:^|_)(?:password|passwd|passphrase|pwd|secret|secrets|token|credential|credentials|"
    r"api_?key|access_?key|private_?key|secret_?key|auth_?key|account_?key)(?:_|$)",
)
# Access key ids of AWS (IAM User Guide, "Unique identifiers"), and private keys as PEM writes them.
_SECRET_VALUE = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----")
_STORE = (
    "keep it out of the code, which all who may read the function can read: its place is a secret store "
    "such as AWS Secrets Manager"
)
# By the type's full name; the type's own module need not be loaded.
_MENDS = {
    "builtins.tuple": "write it as a list; a tuple would come back as one",
    "builtins.set": "write it as a sorted list, and make the set in the function",
    "builtins.frozenset": "write it as a sorted list, and make the frozenset in the function",
    "builtins.bytes": "keep it as text, and encode it in the function",
    "builtins.range": "keep its bounds as numbers, and make the range in the function",
    "datetime.datetime": "keep its isoformat() as text, and call datetime.fromisoformat in the function",
    "datetime.date": "keep its isoformat() as text, and call date.fromisoformat in the function",
    "decimal.Decimal": "keep its str() as text, and make the Decimal in the function",
    "re.Pattern": "keep the pattern as text, and call re.compile in the function",
    "_io.TextIOWrapper": "open what is needed in the function; only the document and /tmp are there",
    "_io.BufferedReader": "open what is needed in the function; only the document and /tmp are there",
    "_io.BufferedWriter": "open what is needed in the function; only the document and /tmp are there",
    "builtins.generator": "make a list of it, or make the generator in the function",
    "pandas.core.frame.DataFrame": "keep what is needed as a list or dict, such as frame.to_dict('list')",
    "pandas.DataFrame": "keep what is needed as a list or dict, such as frame.to_dict('list')",
    "pandas.core.series.Series": "keep what is needed as a list, such as series.tolist()",
    "pandas.Series": "keep what is needed as a list, such as series.tolist()",
    "numpy.ndarray": "keep it as a list, by its tolist()",
}
_MEND = "give the function what JSON can say (texts, numbers, lists, dicts), or make the value inside of it"


def value_refusal(name: str, value: Any) -> Refusal | None:
    """Return why a global's value cannot travel, or None.

    Types are taken exactly: what comes back is what was there, or it is refused.

    Examples
    --------
    >>> value_refusal("limits", {"a": [1, 2.5, None, True]})
    >>> value_refusal("limits", {"a": (1, 2)})
    ("limits['a'], which is a tuple", 'write it as a list; a tuple would come back as one')
    """
    return _refusal(name, name, value, ())


def literal(value: Any) -> str:
    """Return a value that can travel as Python writes it, which is exact."""
    return repr(value)


def to_json(values: dict[str, Any]) -> str:
    """Return the globals as JSON, a line for each name."""
    if not values:
        return "{}"
    lines = (
        f"  {json.dumps(name)}: {json.dumps(values[name], ensure_ascii=False)}" for name in sorted(values)
    )
    return "{\n" + ",\n".join(lines) + "\n}"


def secret_within(text: str) -> str | None:
    """Return why a text must not travel: it holds what only a secret looks like."""
    if _SECRET_VALUE.search(text):
        return "a text that looks like a key of AWS or a private key"
    return None


def _refusal(path: str, name: str, value: Any, outer: tuple[int, ...]) -> Refusal | None:
    """Return the first thing that is wrong with a value or with one inside of it."""
    kind = type(value)
    if kind is list or kind is dict:
        return _nested_refusal(path, name, value, outer)
    if kind is str:
        return _text_refusal(path, name, value)
    if kind is int:
        return _int_refusal(path, value)
    if kind is float and not math.isfinite(value):
        return f"{path}, which is {value}: JSON cannot say it", "use None for it, or make it in the function"
    return None if value is None or kind in {bool, float} else _type_refusal(path, value)


def _nested_refusal(path: str, name: str, value: Any, outer: tuple[int, ...]) -> Refusal | None:
    """Return the first thing that is wrong within a list or a dict."""
    if id(value) in outer:
        return f"{path}, which holds itself", "give the function a value that ends"
    if len(outer) >= _DEEPEST:
        return f"{path}, which is nested deeper than {_DEEPEST} levels", "make it flatter"
    inside = (*outer, id(value))
    if isinstance(value, list):
        found = (_refusal(f"{path}[{index}]", name, one, inside) for index, one in enumerate(value))
        return next((refusal for refusal in found if refusal), None)
    for key, one in value.items():
        if type(key) is not str:
            return f"{path}, which has the key {shown(key)}: JSON's keys are texts", "write the keys as texts"
        where = f"{path}[{shown(key)}]"
        if refusal := _text_refusal(f"a key of {path}", "", key) or _refusal(where, key, one, inside):
            return refusal
    return None


def _int_refusal(path: str, value: int) -> Refusal | None:
    try:
        str(value)
    except ValueError:  # Python's own bound on digits
        return f"{path}, which is a number of more digits than Python writes", "compute it in the function"
    return None


def _text_refusal(path: str, name: str, value: str) -> Refusal | None:
    try:
        value.encode()
    except UnicodeEncodeError:
        return f"{path}, which is no Unicode text (a lone surrogate)", "write it anew"
    if value and _SECRET.search(_words(name)):
        return (
            f"{path}, which looks like a secret by its name",
            f"{_STORE}; if it is none, give it another name",
        )
    if reason := secret_within(value):
        return f"{path}, which is {reason}", _STORE
    return None


def _words(name: str) -> str:
    """Return a name in lower case, its words divided by underscores."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+", "_", name).lower()


def _type_refusal(path: str, value: Any) -> Refusal:
    kind = type(value)
    full = f"{kind.__module__}.{kind.__qualname__}"
    called = kind.__qualname__ if kind.__module__ == "builtins" else full
    if full.startswith("_io."):
        return f"{path}, which is an open file ({called})", _MENDS.get(full, _MENDS["_io.BufferedReader"])
    if kind.__module__.partition(".")[0] == "numpy" and hasattr(value, "item") and full not in _MENDS:
        return f"{path}, which is a {called}", "make it a number of Python, by its item()"
    if isinstance(value, (str, int, float, list, dict)):
        base = next(one for one in (str, int, float, list, dict) if isinstance(value, one))
        return f"{path}, which is a {called}, a kind of {base.__name__}", f"make it a plain {base.__name__}"
    return f"{path}, which is a {called}", _MENDS.get(full, _MEND)
