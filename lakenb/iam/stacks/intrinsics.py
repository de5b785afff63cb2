"""Intrinsic functions: from what a template writes to what it means in one world.

Page: AWS CloudFormation Template Reference, "Intrinsic function reference". What cannot be resolved becomes
`UNKNOWN` and is noted; what CloudFormation would refuse is a fault. Neither is passed over.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from lakenb.iam.shown import short
from lakenb.iam.stacks.world import UNKNOWN

NO_VALUE: Final = object()
"""What ``AWS::NoValue`` stands for: the property, or the list's item, is not there."""

_LONGEST: Final = 200_000
_MOST_ITEMS: Final = 10_000
_DYNAMIC = re.compile(r"\{\{resolve:[^}]*\}\}")
_HOLE = re.compile(r"\$\{(!?)([^}]*)\}")
_MOST_RANGES: Final = 256
_PAIR: Final = 2
_TRIPLE: Final = 3


class Scope(Protocol):
    """What an intrinsic function can ask of the stack that it stands in."""

    def ref(self, name: str) -> Any:
        """Return what ``Ref`` returns; raises LookupError with a sentence where nothing has the name."""

    def attribute(self, logical_id: str, name: str) -> Any:
        """Return an attribute of a resource; raises LookupError likewise."""

    def condition(self, name: str) -> bool:
        """Return whether a condition holds; raises LookupError likewise."""
        ...

    def mapped(self, name: str, first: str, second: str) -> Any:
        """Return a value of a mapping; None where it has no such keys; raises LookupError likewise."""

    def imported(self, name: str) -> str | None:
        """Return the value of an export of the stacks at hand."""

    @property
    def region(self) -> str:
        """The region."""
        ...


class Notes(Protocol):
    """Where a resolver writes what it found wrong or unknown, with the node that it found it in."""

    def fault(self, what: str, node: object, mend: str) -> None:
        """Note what CloudFormation would refuse."""

    def unknown(self, what: str, node: object) -> None:
        """Note what cannot be known."""


class Resolver:
    """Resolves values in one stack, and notes what cannot be resolved.

    Parameters
    ----------
    scope
        The stack.
    notes
        Where to write.
    """

    __slots__ = ("notes", "scope")

    def __init__(self, scope: Scope, notes: Notes) -> None:
        self.scope: Scope = scope
        self.notes: Notes = notes

    def value(self, given: Any) -> Any:
        """Return a value with every intrinsic function resolved; `NO_VALUE` where there is to be none."""
        kind = type(given)
        if kind is str:
            return given if "{{resolve:" not in given else self._dynamic(given)
        if kind is dict:
            if len(given) == 1:
                [(name, argument)] = given.items()
                function = FUNCTIONS.get(name)
                if function is not None:
                    return function(self, argument, given)
            return self._mapping(given)
        if kind is list:
            value = self.value
            return [found for each in given if (found := value(each)) is not NO_VALUE]
        return given

    def _mapping(self, given: Mapping[str, Any]) -> Any:
        found = {}
        for key, each in given.items():
            if key.startswith("Fn::"):
                return self.unknown(f"{key} is not known here", given)
            value = self.value(each)
            if value is not NO_VALUE:
                found[key] = value
        return found

    def text(self, given: Any, node: object) -> str:
        """Return a value as text; a list or object where a text belongs is a fault."""
        kind = type(given)
        if kind is str:
            return given  # type: ignore[no-any-return]  # its type was compared
        found = self.value(given) if kind is dict or kind is list else given
        if type(found) is str:
            return found
        if isinstance(found, bool):
            return "true" if found else "false"
        if isinstance(found, (int, float)):
            return str(found)
        if found is NO_VALUE:
            return ""
        self.notes.fault(f"{short(found)} stands where a text belongs", node, "write a text")
        return UNKNOWN

    def unknown(self, what: str, node: object) -> str:
        """Note that something cannot be known; returns what stands for it."""
        self.notes.unknown(what, node)
        return UNKNOWN

    def wrong(self, function: str, node: object, shape: str) -> str:
        """Note that a function's argument has the wrong shape."""
        self.notes.fault(f"{function} is given {short(_argument(node))}", node, f"write {function}: {shape}")
        return UNKNOWN

    def listed(self, given: Any, function: str, node: object, shape: str) -> list[Any] | str:
        """Return a resolved list, or `UNKNOWN`."""
        found = self.value(given)
        if isinstance(found, list) and len(found) <= _MOST_ITEMS:
            return found
        if isinstance(found, str) and UNKNOWN in found:
            return UNKNOWN
        return self.wrong(function, node, shape)

    def _dynamic(self, text: str) -> str:
        self.notes.unknown("a dynamic reference is read when the stack is deployed", text)
        return _DYNAMIC.sub(UNKNOWN, text)


def bounded(resolver: Resolver, text: str, node: object) -> str:
    """Return a text, or `UNKNOWN` for one that has become too long to be meant."""
    return text if len(text) <= _LONGEST else resolver.unknown("a text is longer than 200,000 letters", node)


def _argument(node: object) -> object:
    return next(iter(node.values())) if isinstance(node, Mapping) and node else node


def _ref(resolver: Resolver, argument: Any, node: object) -> Any:
    if not isinstance(argument, str):
        return resolver.wrong("Ref", node, "a logical id")
    try:
        return resolver.scope.ref(argument)
    except LookupError as error:
        resolver.notes.fault(str(error.args[0]), node, str(error.args[1]))
        return UNKNOWN


def _attribute(resolver: Resolver, argument: Any, node: object) -> Any:
    match argument:
        case [str(logical_id), (str() | dict()) as name]:
            attribute = resolver.text(name, node)
        case str(path) if "." in path:
            logical_id, _, attribute = path.partition(".")
        case _:
            return resolver.wrong("Fn::GetAtt", node, "[LogicalId, Attribute]")
    return _asked(resolver, logical_id, attribute, node)


def _asked(resolver: Resolver, logical_id: str, attribute: str, node: object) -> Any:
    if UNKNOWN in attribute:
        return resolver.unknown(f"which attribute of {logical_id} is meant is not known", node)
    try:
        found = resolver.scope.attribute(logical_id, attribute)
    except LookupError as error:
        resolver.notes.fault(str(error.args[0]), node, str(error.args[1]))
        return UNKNOWN
    if found is None:
        return resolver.unknown(f"what {logical_id} returns as {attribute} is told by no template here", node)
    return found


def _sub(resolver: Resolver, argument: Any, node: object) -> Any:
    match argument:
        case str(text):
            given: Mapping[str, Any] = {}
        case [str(text), dict(given)]:
            pass
        case _:
            return resolver.wrong("Fn::Sub", node, "a text, or [text, {Name: value}]")
    if "{{resolve:" in text:
        text = resolver.value(text)

    def filled(found: re.Match[str]) -> str:
        name = found[2].strip()
        if found[1]:
            return f"${{{found[2]}}}"
        if name in given:
            return resolver.text(given[name], node)
        logical_id, dot, attribute = name.partition(".")
        value = _asked(resolver, logical_id, attribute, node) if dot else _ref(resolver, name, node)
        return resolver.text(value if value is not NO_VALUE else "", node)

    return bounded(resolver, _HOLE.sub(filled, text), node)


def _join(resolver: Resolver, argument: Any, node: object) -> Any:
    if not (isinstance(argument, list) and len(argument) == _PAIR and isinstance(argument[0], str)):
        return resolver.wrong("Fn::Join", node, "[separator, [value, ...]]")
    separator, values = argument
    found = values if type(values) is list else resolver.listed(values, "Fn::Join", node, "[separator, list]")
    if isinstance(found, str):
        return UNKNOWN
    texts = []
    for each in found:
        value = each if type(each) is str and "{{" not in each else resolver.value(each)
        if value is NO_VALUE:
            continue
        if type(value) is list:  # a list parameter among the values
            texts += [resolver.text(inner, node) for inner in value]
        else:
            texts.append(value if type(value) is str else resolver.text(value, node))
    return bounded(resolver, separator.join(texts), node)


def _select(resolver: Resolver, argument: Any, node: object) -> Any:
    if not (isinstance(argument, list) and len(argument) == _PAIR):
        return resolver.wrong("Fn::Select", node, "[index, [value, ...]]")
    index = resolver.text(argument[0], node)
    values = resolver.listed(argument[1], "Fn::Select", node, "[index, list]")
    if isinstance(values, str) or UNKNOWN in index:
        return UNKNOWN
    if not (index.isascii() and index.isdigit() and len(index) < 6):  # noqa: PLR2004 - no list is longer
        return resolver.wrong("Fn::Select", node, "[index, list] with an index from 0")
    if int(index) >= len(values):
        return resolver.unknown(
            f"Fn::Select asks for item {index} of a list that has {len(values)} here", node
        )
    return values[int(index)]


def _split(resolver: Resolver, argument: Any, node: object) -> Any:
    if not (
        isinstance(argument, list) and len(argument) == _PAIR and isinstance(argument[0], str) and argument[0]
    ):
        return resolver.wrong("Fn::Split", node, "[separator, text]")
    text = resolver.text(argument[1], node)
    # an unknown text may hold the separator any number of times
    return UNKNOWN if UNKNOWN in text else text.split(argument[0])


def _if(resolver: Resolver, argument: Any, node: object) -> Any:
    if not (isinstance(argument, list) and len(argument) == _TRIPLE and isinstance(argument[0], str)):
        return resolver.wrong("Fn::If", node, "[condition, then, else]")
    try:
        holds = resolver.scope.condition(argument[0])
    except LookupError as error:
        resolver.notes.fault(str(error.args[0]), node, str(error.args[1]))
        return UNKNOWN
    return resolver.value(argument[1] if holds else argument[2])


def _find_in_map(resolver: Resolver, argument: Any, node: object) -> Any:
    has_default = isinstance(argument, list) and len(argument) == _TRIPLE + 1
    if not (isinstance(argument, list) and (len(argument) == _TRIPLE or has_default)):
        return resolver.wrong("Fn::FindInMap", node, "[map, first key, second key]")
    name, first, second = (resolver.text(each, node) for each in argument[:3])
    if UNKNOWN in name + first + second:
        return UNKNOWN
    try:
        found = resolver.scope.mapped(name, first, second)
    except LookupError as error:
        resolver.notes.fault(str(error.args[0]), node, str(error.args[1]))
        return UNKNOWN
    if found is not None:
        return found
    default = argument[3] if has_default else None
    if isinstance(default, dict) and "DefaultValue" in default:
        return resolver.value(default["DefaultValue"])
    return resolver.unknown(f"the mapping {name} has nothing for {first!r} and {second!r}", node)


def _import_value(resolver: Resolver, argument: Any, node: object) -> Any:
    name = resolver.text(argument, node)
    found = resolver.scope.imported(name)
    if found is None:
        return resolver.unknown(f"the export {short(name)} belongs to a stack that is not given here", node)
    return found


def _base64(resolver: Resolver, argument: Any, node: object) -> Any:
    text = resolver.text(argument, node)
    return UNKNOWN if UNKNOWN in text else base64.b64encode(text.encode("utf-8", "replace")).decode()


def _cidr(resolver: Resolver, argument: Any, node: object) -> Any:
    if not (isinstance(argument, list) and len(argument) in {_PAIR, _TRIPLE}):
        return resolver.wrong("Fn::Cidr", node, "[range, count, bits]")
    texts = [resolver.text(each, node) for each in argument]
    if any(UNKNOWN in text for text in texts):
        return UNKNOWN
    try:
        network = ipaddress.ip_network(texts[0], strict=False)
        count, bits = int(texts[1]), int(texts[2]) if len(texts) == _TRIPLE else 8
        length = network.max_prefixlen - bits
    except ValueError:
        return resolver.unknown(f"Fn::Cidr of {short(texts)} is no list of ranges", node)
    if not (1 <= count <= _MOST_RANGES and network.prefixlen <= length <= network.max_prefixlen):
        return resolver.unknown(f"Fn::Cidr of {short(texts)} is no list of ranges", node)
    subnets = network.subnets(new_prefix=length)
    return [str(each) for each, _ in zip(subnets, range(count), strict=False)]


def _get_azs(resolver: Resolver, argument: Any, node: object) -> Any:
    region = resolver.text(argument, node) or resolver.scope.region
    return UNKNOWN if UNKNOWN in region else [f"{region}{letter}" for letter in "abc"]


def _length(resolver: Resolver, argument: Any, node: object) -> Any:
    found = resolver.listed(argument, "Fn::Length", node, "a list")
    return UNKNOWN if isinstance(found, str) else len(found)


def _to_json(resolver: Resolver, argument: Any, node: object) -> Any:
    text = json.dumps(resolver.value(argument), ensure_ascii=False, separators=(",", ":"), default=str)
    return bounded(resolver, text, node)


def _transform(resolver: Resolver, argument: Any, node: object) -> Any:
    name = argument.get("Name") if isinstance(argument, dict) else argument
    return resolver.unknown(
        f"what the transform {short(name)} makes is known when the stack is deployed", node
    )


FUNCTIONS: Mapping[str, Callable[[Resolver, Any, object], Any]] = {
    "Ref": _ref,
    "Fn::GetAtt": _attribute,
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::If": _if,
    "Fn::FindInMap": _find_in_map,
    "Fn::ImportValue": _import_value,
    "Fn::Base64": _base64,
    "Fn::Cidr": _cidr,
    "Fn::GetAZs": _get_azs,
    "Fn::Length": _length,
    "Fn::ToJsonString": _to_json,
    "Fn::Transform": _transform,
}
