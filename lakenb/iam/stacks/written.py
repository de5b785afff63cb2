"""From a file's text to a template: JSON, and YAML with CloudFormation's tags.

YAML is read event by event into plain values: no object is ever constructed, nothing recurses, an alias
counts as often as it stands there, and a text such as ``2012-10-17`` or ``012345678901`` stays a text.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from lakenb.errors import Fault, TemplateError

MOST_LETTERS: Final = 10_000_000
_MOST_VALUES: Final = 1_000_000
_DEEPEST: Final = 80
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVER: Any = yaml.resolver.Resolver()
_NOTHING: Final = object()
_TAG: Final = "tag:yaml.org,2002:"
_PLAIN_TAGS: Final = frozenset(
    {_TAG + name for name in ("str", "int", "float", "bool", "null", "map", "seq")}
)
_SHORT: Final = frozenset(
    {
        "And", "Base64", "Cidr", "Equals", "FindInMap", "ForEach", "GetAZs", "GetAtt", "If", "ImportValue",
        "Join", "Length", "Not", "Or", "Select", "Split", "Sub", "ToJsonString", "Transform",
    }
)  # fmt: skip
_BOOLEANS: Final = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def template_of(text: str, where: str) -> Any:
    """Return what a text holds: JSON if it begins like it, else YAML.

    Raises
    ------
    TemplateError
        If it is neither.

    Examples
    --------
    >>> template_of("Arn: !GetAtt Store.Arn", "stack.yaml")
    {'Arn': {'Fn::GetAtt': ['Store', 'Arn']}}
    """
    if len(text) > MOST_LETTERS:
        raise _refused("the file is longer than 10,000,000 letters", where, "split the template")
    return _json(text, where) if text.lstrip("\ufeff \t\r\n").startswith("{") else _yaml(text, where)


def _refused(what: str, where: str, mend: str) -> TemplateError:
    return TemplateError([Fault(what, where, mend)])


# --- JSON -----------------------------------------------------------------------------------------


def _json(text: str, where: str) -> Any:
    twice: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) < len(items):
            times = Counter(name for name, _ in items)
            twice.extend(name for name in found if times[name] > 1)
        return found

    def number(name: str) -> Any:
        raise ValueError(f"{name} is no number of JSON")

    try:
        found = json.loads(text.lstrip("\ufeff"), object_pairs_hook=pairs, parse_constant=number)
    except json.JSONDecodeError as error:
        if error.msg.startswith(("Expecting property name", "Expecting ',' delimiter", "Expecting value")):
            try:  # a flow mapping of YAML begins like JSON
                return _yaml(text, where)
            except TemplateError:
                pass
        place = f"{where}, line {error.lineno}, column {error.colno}"
        raise _refused(f"the file is no JSON: {error.msg}", place, "mend the text there") from None
    except (ValueError, RecursionError) as error:
        what = (
            "it is nested too deeply"
            if isinstance(error, RecursionError)
            else str(error).split(";", maxsplit=1)[0]
        )
        raise _refused(f"the file cannot be read as JSON: {what}", where, "mend the text") from None
    if twice:
        faults = [Fault(f"the key {name!r} stands twice in one object", where, "keep one") for name in twice]
        raise TemplateError(list(dict.fromkeys(faults)))
    return found


# --- YAML -----------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Open:
    """A list or object that is not closed yet: how many values it holds, and the key that waits for one."""

    holder: Any
    tag: str | None
    anchor: str | None
    size: int = 1
    key: str | None = None
    merged: dict[str, Any] = field(default_factory=dict)


class _Builder:
    """Builds plain values from the events of a YAML text."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.faults: list[Fault] = []
        self.values = 0
        self.root: Any = None
        self.is_done = False
        self.open: list[_Open] = []
        self.anchors: dict[str, tuple[Any, int]] = {}

    def fault(self, what: str, event: yaml.Event, mend: str) -> None:
        mark = event.start_mark
        place = f"{self.where}, line {mark.line + 1}, column {mark.column + 1}" if mark else self.where
        self.faults.append(Fault(what, place, mend))

    def take(self, event: yaml.Event) -> None:
        """Take one event."""
        match event:
            case yaml.ScalarEvent():
                self.count(1)
                self.add(self.tagged(event.tag, self.scalar(event), event), 1, event.anchor, event)
            case yaml.AliasEvent():
                value, size = self.anchors.get(str(event.anchor), (_NOTHING, 1))
                if value is _NOTHING:
                    mend = "set its anchor before it"
                    self.fault(f"the alias *{event.anchor} stands for nothing", event, mend)
                self.count(size)
                self.add(value, size, None, event)
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                self.count(1)
                is_list = isinstance(event, yaml.SequenceStartEvent)
                self.open.append(_Open([] if is_list else {}, event.tag, event.anchor))
                if len(self.open) > _DEEPEST:
                    raise _refused("the file is nested more than 80 levels deep", self.where, "nest less")
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                done = self.open.pop()
                if done.merged:
                    done.holder.update({**done.merged, **done.holder})
                self.add(self.tagged(done.tag, done.holder, event), done.size, done.anchor, event)
            case yaml.DocumentStartEvent() if self.is_done:
                self.fault("the file holds more than one document", event, "keep one")

    def count(self, size: int) -> None:
        self.values += size
        if self.values > _MOST_VALUES:
            mend = "write no aliases of aliases, and split the template"
            raise _refused("the file holds more than 1,000,000 values, aliases counted", self.where, mend)

    def add(self, value: Any, size: int, anchor: str | None, event: yaml.Event) -> None:
        """Put a finished value where it belongs."""
        if anchor is not None:
            self.anchors[anchor] = value, size
        if not self.open:
            self.root, self.is_done = value, True
            return
        inner = self.open[-1]
        inner.size += size
        if isinstance(inner.holder, list):
            inner.holder.append(value)
        elif inner.key is None:
            inner.key = self.key(value, event)
        else:
            self.put(inner, inner.key, value, event)
            inner.key = None

    def key(self, value: Any, event: yaml.Event) -> str:
        if isinstance(value, bool):
            return str(getattr(event, "value", value))
        if isinstance(value, (str, int, float)):
            return str(value)
        self.fault("a key is no text", event, "write a text")
        return ""

    def put(self, inner: _Open, key: str, value: Any, event: yaml.Event) -> None:
        if key == "<<" and isinstance(value, (dict, list)):
            for each in value if isinstance(value, list) else [value]:
                for name, one in each.items() if isinstance(each, dict) else ():
                    inner.merged.setdefault(name, one)
            return
        if key in inner.holder:
            self.fault(f"the key {key!r} stands twice in one object", event, "keep one")
        inner.holder[key] = value

    def scalar(self, event: yaml.ScalarEvent) -> Any:
        text = event.value
        if event.tag is not None and event.tag not in _PLAIN_TAGS:
            return text
        if event.tag == _TAG + "str" or not (event.implicit[0] or event.tag):
            return text
        kind = event.tag or _RESOLVER.resolve(yaml.ScalarNode, text, (True, False))
        if kind == _TAG + "null":
            return None
        if kind == _TAG + "bool":
            return _BOOLEANS.get(text.lower(), text)
        if kind in {_TAG + "int", _TAG + "float"}:
            return _number(text)
        return text

    def tagged(self, tag: str | None, value: Any, event: yaml.Event) -> Any:
        if tag is None or tag in _PLAIN_TAGS or tag == "!":
            return value
        name = tag.removeprefix("!")
        if name in {"Ref", "Condition"}:
            return {name: value}
        if name == "GetAtt" and isinstance(value, str):
            logical_id, dot, attribute = value.partition(".")
            return {"Fn::GetAtt": [logical_id, attribute] if dot else value}
        if name in _SHORT:
            return {f"Fn::{name}": value}
        self.fault(f"there is no tag {tag}", event, "use CloudFormation's tags, such as !Ref and !Sub")
        return value


def _number(text: str) -> Any:
    """Return a number if writing it gives the same text: an account's leading zero must not get lost."""
    for read in (int, float):
        try:
            found = read(text)
        except (ValueError, OverflowError):
            continue
        if str(found) == text:
            return found
    return text


def _yaml(text: str, where: str) -> Any:
    builder = _Builder(where)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{where}, line {mark.line + 1}, column {mark.column + 1}" if mark else where
        what = getattr(error, "problem", None) or "it holds a letter that YAML does not allow"
        raise _refused(f"the file is no YAML: {what}", place, "mend the text there") from None
    if builder.faults:
        raise TemplateError(builder.faults)
    return builder.root
