"""Whether templates have the shape of templates, and what they hold.

A value that is equal to the one seen before keeps what was found, and is replaced by the very same value:
what did not change is told by identity from here on.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from lakenb.errors import Fault, TemplateError
from lakenb.iam.shown import short
from lakenb.iam.stacks.look import MOST_NODES, Seen, look, snapshot
from lakenb.iam.stacks.source import Source

SECTIONS: Final = (
    "AWSTemplateFormatVersion", "Conditions", "Description", "Globals", "Hooks", "Mappings", "Metadata",
    "Outputs", "Parameters", "Resources", "Rules", "Transform",
)  # fmt: skip
_UNREAD: Final = frozenset({"Metadata", "Description", "Rules", "Hooks"})
_DEEPEST_NESTING: Final = 8
_MOST_STACKS: Final = 500
_MEND: Final = "mend the value: a template is made of texts, numbers, true, false, lists and objects"

Survey = Mapping[tuple[str, str], Seen]
"""By the path of nested stacks with section, and the name in the section."""


def surveyed(source: Source, before: Survey) -> tuple[Source, Survey]:
    """Return the templates with what is equal to earlier values replaced by these, and what they hold.

    Raises
    ------
    TemplateError
        If something is no template, with every fault.
    """
    surveyor = _Surveyor(before)
    same = surveyor.stack(source, "", 0)
    if sum(each.nodes for each in surveyor.found.values()) > MOST_NODES:
        mend = "split it, and write no aliases of aliases"
        surveyor.fault("the template holds more than two million values", "template", mend)
    if surveyor.faults:
        raise TemplateError(list(dict.fromkeys(surveyor.faults)))
    return same, surveyor.found


@dataclass(slots=True)
class _Surveyor:
    before: Survey
    found: dict[tuple[str, str], Seen] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    stacks: int = 0

    def fault(self, what: str, where: str, mend: str) -> None:
        self.faults.append(Fault(what, where, mend))

    def stack(self, source: Source, prefix: str, depth: int) -> Source:
        template, where = source.template, prefix.rstrip("/") or "template"
        self.stacks += 1
        if depth > _DEEPEST_NESTING or self.stacks > _MOST_STACKS:
            self.fault("stacks are nested too deeply", where, "nest fewer stacks in one another")
            return source
        if not isinstance(template, Mapping):
            self.fault(f"{short(template)} is no template", where, "give an object with Resources")
            return source
        self.sections(template, where)
        same: dict[str, Any] = {}
        for section, value in template.items():
            check = _CHECKS.get(section)
            if check is not None:
                same[section] = self.table(value, section, prefix, check)
            elif section not in _UNREAD:
                same[section] = self.seen(section, value, prefix)
        nested = {
            name: self.stack(inner, f"{prefix}{name}/", depth + 1) for name, inner in source.nested.items()
        }
        return Source(same, MappingProxyType(nested), source.name)

    def sections(self, template: Mapping[Any, Any], where: str) -> None:
        for name in template:
            if name not in SECTIONS:
                near = difflib.get_close_matches(str(name), SECTIONS, n=1, cutoff=0.7)
                mend = f"did you mean {near[0]}?" if near else f"there are: {', '.join(SECTIONS)}"
                self.fault(f"there is no section {short(name)}", where, mend)
        if "Resources" not in template:
            self.fault("the template has no Resources", where, "add them")

    def table(self, value: Any, section: str, prefix: str, check: Check) -> dict[str, Any]:
        place = prefix + section
        if not isinstance(value, Mapping):
            self.fault(
                f"{section} are {short(value)}", place, "write an object of names and what they stand for"
            )
            return {}
        same = {}
        for name, each in value.items():
            if not isinstance(name, str) or not name:
                self.fault(f"{short(name)} is no name", place, "write a text")
                continue
            same[name] = self.seen(name, each, place)
            if not name.startswith("Fn::"):  # a loop, or a transform: `lakenb.iam.stacks.transforms`
                check(same[name], f"{place}.{name}", self.faults)
        return same

    def seen(self, name: str, value: Any, place: str) -> Any:
        earlier = self.before.get((place, name))
        raw = snapshot(value)
        is_same = earlier is not None and raw is not None and earlier.raw == raw
        seen = earlier if earlier is not None and is_same else look(value, raw)
        self.found[place, name] = seen
        self.faults += [Fault(what, f"{place}.{name}", _MEND) for what in seen.faults]
        return seen.written


Check = Callable[[Any, str, list[Fault]], None]


def _resource(written: Any, where: str, faults: list[Fault]) -> None:
    if not isinstance(written, dict):
        faults.append(Fault(f"{short(written)} is no resource", where, "write an object with a Type"))
        return
    kind = written.get("Type")
    if not isinstance(kind, str) or not kind:
        faults.append(Fault("the resource has no Type", where, "write one, such as AWS::S3::Bucket"))
    if not isinstance(written.get("Properties", {}), (dict, type(None))):
        what = f"its Properties are {short(written['Properties'])}"
        faults.append(Fault(what, f"{where}.Properties", "write an object"))
    if not isinstance(written.get("Condition", ""), str):
        faults.append(
            Fault("its Condition is no name", f"{where}.Condition", "name a condition of the template")
        )


def _parameter(written: Any, where: str, faults: list[Fault]) -> None:
    if not isinstance(written, dict) or not isinstance(written.get("Type"), str):
        faults.append(Fault(f"{short(written)} is no parameter", where, "write an object with a Type"))
    elif not isinstance(written.get("Default", ""), (str, int, float)):
        faults.append(Fault("its Default is no text", f"{where}.Default", "write a text or a number"))
    elif not isinstance(written.get("AllowedValues", []), list):
        faults.append(
            Fault("its AllowedValues are no list", f"{where}.AllowedValues", "write a list of texts")
        )


def _mapping(written: Any, where: str, faults: list[Fault]) -> None:
    rows = written.values() if isinstance(written, dict) else [None]
    if not all(isinstance(each, dict) for each in rows):
        faults.append(Fault(f"{short(written)} is no mapping", where, "write an object of objects"))


def _condition(written: Any, where: str, faults: list[Fault]) -> None:
    if not isinstance(written, dict) or len(written) != 1:
        mend = "write an object of one function, such as Fn::Equals"
        faults.append(Fault(f"{short(written)} is no condition", where, mend))


def _output(written: Any, where: str, faults: list[Fault]) -> None:
    if not isinstance(written, dict) or "Value" not in written:
        faults.append(Fault(f"{short(written)} is no output", where, "write an object with a Value"))


_CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "Resources": _resource,
        "Parameters": _parameter,
        "Mappings": _mapping,
        "Conditions": _condition,
        "Outputs": _output,
    }
)
