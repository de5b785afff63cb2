"""Every small change to a template that could make it less safe, or useless: one at a time, none left out.

They know nothing of pipelines: statements are found wherever they stand, and of properties each one is
dropped, weakened and pointed elsewhere. What of it does not matter is argued in `survivors`, not here.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Template = dict[str, Any]
Path = tuple[str | int, ...]
DROP = object()

STATEMENTS = frozenset(
    {
        "statement deleted", "effect flipped", "action dropped", "action widened", "NotAction for Action",
        "resource dropped", "resource widened", "resource *", "resource of another",
        "NotResource for Resource", "condition dropped", "condition's value changed",
        "condition's value dropped", "condition's value *", "operator negated", "operator IfExists",
        "principal *", "principal of another service", "principal account",
    }
)  # fmt: skip
PROPERTIES = frozenset(
    {
        "property dropped", "switch turned", "number lowered", "number raised", "text changed",
        "reference to another", "resource deleted", "lifetime dropped", "lifetime Delete", "order dropped",
    }
)  # fmt: skip
_NEGATED = {
    "ArnEquals": "ArnNotEquals", "ArnLike": "ArnNotLike", "StringEquals": "StringNotEquals",
    "StringLike": "StringNotLike", "NumericLessThan": "NumericGreaterThanEquals", "IpAddress": "NotIpAddress",
    "ArnNotEquals": "ArnEquals", "ArnNotLike": "ArnLike", "StringNotEquals": "StringEquals",
    "StringNotLike": "StringLike", "NumericGreaterThanEquals": "NumericLessThan",
}  # fmt: skip
_LIKE = {
    "ArnEquals": "ArnLike",
    "StringEquals": "StringLike",
    "ArnLike": "ArnLike",
    "StringLike": "StringLike",
}
_DOCUMENTS = frozenset({"PolicyDocument", "AssumeRolePolicyDocument", "KeyPolicy", "ResourcePolicy"})


class Mutant(NamedTuple):
    """One change.

    Parameters
    ----------
    kind
        One of `STATEMENTS` or `PROPERTIES`.
    place
        ``LogicalId Path.To[0] 'Sid'``, and what was put there where that needs telling.
    template
        The whole template, everything untouched shared with the original.
    type
        The resource's.
    """

    kind: str
    place: str
    template: Template
    type: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.place}"


def mutants(template: Template) -> Iterator[Mutant]:
    """Return every change, in the template's order."""
    others = _others(template["Resources"])
    for logical_id, resource in template["Resources"].items():
        for kind, path, value, told in chain(
            _of_statements(resource, others), _of_properties(resource, others)
        ):
            resources = dict(template["Resources"])
            if path:
                resources[logical_id] = changed(resource, path, value)
            else:
                del resources[logical_id]
            place = f"{logical_id} {_shown(path)}{told}".rstrip()
            yield Mutant(kind, place, {**template, "Resources": resources}, resource["Type"])


def changed(value: Any, path: Path, new: Any) -> Any:
    """Return a value with another at a path; `DROP` takes it out."""
    if not path:
        return new
    here, *rest = path
    if isinstance(value, list):
        index = int(here)
        inner = [] if new is DROP and not rest else [changed(value[index], tuple(rest), new)]
        return [*value[:index], *inner, *value[index + 1 :]]
    if new is DROP and not rest:
        return {key: each for key, each in value.items() if key != here}
    return {key: changed(each, tuple(rest), new) if key == here else each for key, each in value.items()}


def _shown(path: Path) -> str:
    text = "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in path)
    return text.removeprefix(".").removeprefix("Properties.")


def _others(resources: Mapping[str, Template]) -> dict[str, str]:
    """Return for each resource the next one of its type."""
    by_type: dict[str, list[str]] = defaultdict(list)
    for logical_id, resource in resources.items():
        by_type[resource["Type"]].append(logical_id)
    return {
        each: names[(index + 1) % len(names)]
        for names in by_type.values()
        if len(names) > 1
        for index, each in enumerate(names)
    }


def _elsewhere(value: Any, others: Mapping[str, str]) -> Any:
    """Return a value that refers to the next resource of the type, or the value itself."""
    match value:
        case {"Ref": str(name)}:
            return {"Ref": others.get(name, name)}
        case {"Fn::GetAtt": [str(name), attribute]}:
            return {"Fn::GetAtt": [others.get(name, name), attribute]}
        case dict():
            return {key: _elsewhere(each, others) for key, each in value.items()}
        case list():
            return [_elsewhere(each, others) for each in value]
        case _:
            return value


_Change = tuple[str, Path, Any, str]


def _of_statements(resource: Template, others: Mapping[str, str]) -> Iterator[_Change]:
    for path, statement in _statements(resource.get("Properties", {}), ("Properties",)):
        told = f" {statement['Sid']!r}" if "Sid" in statement else ""
        yield "statement deleted", path, DROP, told
        effect = "Deny" if statement["Effect"] == "Allow" else "Allow"
        yield "effect flipped", (*path, "Effect"), effect, told
        for make in (_actions, _resources, _conditions, _principals):
            for kind, inner, value, more in make(statement, others):
                yield kind, (*path, *inner), value, f"{told}{more}"


def _statements(value: Any, path: Path) -> Iterator[tuple[Path, Template]]:
    if isinstance(value, dict):
        for key, each in value.items():
            if key == "Statement" and isinstance(each, list):
                for index, statement in enumerate(each):
                    yield (*path, key, index), statement
            else:
                yield from _statements(each, (*path, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _statements(each, (*path, index))


def _actions(statement: Template, _: Mapping[str, str]) -> Iterator[_Change]:
    if "Action" not in statement:
        return
    listed, single = _listed(statement["Action"])
    for index, action in enumerate(listed):
        place = ("Action",) if single else ("Action", index)
        if not single:
            yield "action dropped", place, DROP, f" {action}"
        wide = action.partition(":")[0] + ":*"
        if action not in {wide, "*"}:
            yield "action widened", place, wide, f" {action}"
    yield "NotAction for Action", (), _renamed(statement, "Action", "NotAction"), ""


def _resources(statement: Template, others: Mapping[str, str]) -> Iterator[_Change]:
    if "Resource" not in statement:
        return
    listed, single = _listed(statement["Resource"])
    for index, resource in enumerate(listed):
        place = ("Resource",) if single else ("Resource", index)
        if not single:
            yield "resource dropped", place, DROP, ""
        if resource == "*":
            continue
        yield "resource *", place, "*", ""
        yield "resource widened", place, _shorter(resource), ""
        elsewhere = _elsewhere(resource, others)
        if elsewhere != resource:
            yield "resource of another", place, elsewhere, ""
    yield "NotResource for Resource", (), _renamed(statement, "Resource", "NotResource"), ""


def _shorter(resource: Any) -> Any:
    """Return a resource that ends in a wildcard earlier than it did; a mere reference gets one appended."""
    match resource:
        case {"Fn::Join": ["", [*first, str(last)]]}:
            # "/letters/*" becomes "/l*"; "/*" becomes "*", which reaches other buckets
            return {"Fn::Join": ["", [*first, f"{last[:2]}*" if len(last) > 2 else "*"]]}
        case {"Fn::Sub": str(text)}:
            return {"Fn::Sub": f"{text[:-3]}*" if not text.endswith("}") else f"{text}*"}
        case str():
            return f"{resource[:-3]}*"
        case _:
            return {"Fn::Join": ["", [resource, "*"]]}


def _conditions(statement: Template, others: Mapping[str, str]) -> Iterator[_Change]:
    for operator, keys in statement.get("Condition", {}).items():
        here = ("Condition", operator)
        for key, values in keys.items():
            told = f" {operator} {key}"
            yield "condition dropped", ("Condition",), _without(statement["Condition"], operator, key), told
            yield "condition's value changed", (*here, key), _other_value(values, operator), told
            elsewhere = _elsewhere(values, others)
            if elsewhere != values:
                yield "condition's value changed", (*here, key), elsewhere, f"{told} to another's"
            listed, single = _listed(values)
            for index in range(0 if single else len(listed)):
                yield "condition's value dropped", (*here, key, index), DROP, told
            for kind, new in (
                ("operator negated", _NEGATED.get(operator)),
                ("operator IfExists", f"{operator}IfExists"),
            ):
                if new is not None:
                    yield (
                        kind,
                        ("Condition",),
                        _with(statement["Condition"], operator, key, new, values),
                        told,
                    )
            if operator in _LIKE:
                wide = _with(statement["Condition"], operator, key, _LIKE[operator], "*")
                yield "condition's value *", ("Condition",), wide, told


def _principals(statement: Template, _: Mapping[str, str]) -> Iterator[_Change]:
    if "Principal" not in statement or statement["Principal"] == "*":
        return
    yield "principal *", ("Principal",), "*", ""
    yield "principal account", ("Principal",), {"AWS": {"Ref": "AWS::AccountId"}}, ""
    if "Service" in statement["Principal"]:
        yield "principal of another service", ("Principal",), {"Service": "ec2.amazonaws.com"}, ""


def _of_properties(resource: Template, others: Mapping[str, str]) -> Iterator[_Change]:
    yield "resource deleted", (), DROP, ""
    for name in ("DeletionPolicy", "UpdateReplacePolicy"):
        if name in resource:
            yield "lifetime dropped", (name,), DROP, ""
            if resource[name] != "Delete":
                yield "lifetime Delete", (name,), "Delete", ""
    if "DependsOn" in resource:
        yield "order dropped", ("DependsOn",), DROP, ""
    for key, each in resource.get("Properties", {}).items():
        yield from _property(each, ("Properties", key), others)


def _property(value: Any, path: Path, others: Mapping[str, str]) -> Iterator[_Change]:
    yield "property dropped", path, DROP, ""
    if path[-1] in _DOCUMENTS:
        return
    if isinstance(value, dict) and not _is_intrinsic(value):
        for key, each in value.items():
            yield from _property(each, (*path, key), others)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _property(each, (*path, index), others)
    else:
        for kind, new in _others_for(value, others):
            yield kind, path, new, ""


def _is_intrinsic(value: Template) -> bool:
    return len(value) == 1 and next(iter(value)).startswith(("Ref", "Fn::"))


def _others_for(value: Any, others: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """Return what could stand in a property instead of its value."""
    match value:
        case bool():
            yield "switch turned", not value
        case int():
            if value:
                yield "number lowered", value // 2
            yield "number raised", 2 * value + 1
        case str():
            yield "text changed", f"{value}-changed"
        case dict():
            elsewhere = _elsewhere(value, others)
            is_same = elsewhere == value
            yield "text changed" if is_same else "reference to another", "changed" if is_same else elsewhere


def _listed(value: Any) -> tuple[list[Any], bool]:
    """Return an element's values, and whether there is only one, written where its list would be."""
    listed = value if isinstance(value, list) else [value]
    return listed, len(listed) == 1


def _renamed(statement: Template, old: str, new: str) -> Template:
    return {new if key == old else key: value for key, value in statement.items()}


def _without(condition: Template, operator: str, key: str) -> Template:
    keys = {each: value for each, value in condition[operator].items() if each != key}
    rest = {each: value for each, value in condition.items() if each != operator}
    return {**rest, operator: keys} if keys else rest


def _with(condition: Template, operator: str, key: str, new: str, values: Any) -> Template:
    rest = _without(condition, operator, key)
    return {**rest, new: {**rest.get(new, {}), key: values}}


def _other_value(values: Any, operator: str) -> Any:
    if operator.startswith("Bool"):
        return "true" if values in {"false", False} else "false"
    if operator.startswith("Numeric"):
        return "0"
    if operator.startswith("Arn"):
        return "arn:aws:sns:eu-west-1:999988887777:changed"
    return "changed"
