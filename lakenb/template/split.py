"""A template that one stack cannot hold, as nested stacks under one root.

The whole is the same: every resource keeps its logical id, its properties and its physical name; a value of
another stack comes in as a parameter, which the root takes from the other one's outputs.

Source: AWS CloudFormation User Guide, "Embed stacks within other stacks using nested stacks".
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from hashlib import sha256
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lakenb.template.build import to_json
from lakenb.template.names import ASSET_BUCKET, stored_under
from lakenb.template.partition import (
    OUTPUTS,
    PARAMETERS,
    RESOURCES,
    TEMPLATE_BYTES,
    awaited,
    homes,
    imported,
)
from lakenb.template.references import Reference, rewritten

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakenb.template.resources import Resource

STACK = "AWS::CloudFormation::Stack"
# a nested stack has a name and an id of its own; names are made from the root's
_OF_THE_ROOT = {"AWS::StackName": "PipelineStackName", "AWS::StackId": "PipelineStackId"}


@dataclass(frozen=True, slots=True)
class Split:
    """A template as it is deployed.

    Parameters
    ----------
    root
        The template of the stack that people deploy.
    nested
        Templates of its nested stacks, by the logical ids of the resources that deploy them, in an order in
        which each takes values of earlier ones alone. Empty where one stack holds everything.
    homes
        The nested stack of each resource by logical id; what is not named is the root's.
    """

    root: dict[str, Any]
    nested: Mapping[str, dict[str, Any]] = field(default_factory=lambda: MappingProxyType({}))
    homes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def templates(self) -> dict[str, dict[str, Any]]:
        """Every template by the logical id of its stack, the root's by the empty text, which comes first."""
        return {"": self.root, **self.nested}


def split(template: Mapping[str, Any]) -> Split:
    """Return a template as one stack if that can hold it, else as a root with nested stacks.

    Parameters
    ----------
    template
        Of the whole pipeline, as `build` returns it.

    Returns
    -------
    Split
        The same value for the same template. That its parts are within the quotas is for `quota_faults`
        to say: a single node may be more than a stack takes.
    """
    if fits_one_stack(template):
        return Split(dict(template))
    found = homes(template)
    return _Writer(template, found).split()


def fits_one_stack(template: Mapping[str, Any]) -> bool:
    """Tell whether a template is within the quotas of one stack."""
    counts = (("Resources", RESOURCES), ("Parameters", PARAMETERS), ("Outputs", OUTPUTS))
    return (
        all(len(template.get(section, {})) <= most for section, most in counts)
        and len(to_json(template).encode()) <= TEMPLATE_BYTES
    )


def template_hash(template: Mapping[str, Any]) -> str:
    """Return the hash by which a nested template is an asset."""
    return sha256(to_json(template).encode()).hexdigest()


def template_key(template: Mapping[str, Any]) -> str:
    """Return the key of a nested template in the asset bucket."""
    return stored_under(template_hash(template), ".json")


class _Writer:
    """Writes the stacks once it is known which resource is where."""

    def __init__(self, template: Mapping[str, Any], found: Mapping[str, str]) -> None:
        self.template = template
        self.homes = found
        self.resources: Mapping[str, Resource] = template["Resources"]
        self.given: Mapping[str, Any] = template.get("Parameters", {})
        self.stacks = tuple(dict.fromkeys(found.values()))
        self.parameters: dict[str, dict[str, Any]] = {stack: {} for stack in self.stacks}
        self.outputs: dict[str, dict[str, Any]] = {stack: {} for stack in self.stacks}
        self.awaited: defaultdict[str, set[str]] = defaultdict(set)

    def split(self) -> Split:
        """Return the whole: resources first, since they tell which values cross."""
        inside = {stack: self._inside(stack) for stack in self.stacks}
        of_root = self._inside("")
        rest = {
            section: self._rewritten(value, "") if section == "Outputs" else value
            for section, value in self.template.items()
            if section != "Resources"
        }
        nested = {stack: self._nested(stack, inside[stack]) for stack in self.stacks}
        stacks = {stack: self._stack(stack, made) for stack, made in nested.items()}
        root = {**rest, "Resources": dict(sorted((of_root | stacks).items()))}
        return Split(root, MappingProxyType(nested), MappingProxyType(dict(self.homes)))

    def _inside(self, stack: str) -> dict[str, Resource]:
        """Return a stack's own resources, with the values of others as what comes in."""
        return {
            name: self._resource(made, stack)
            for name, made in self.resources.items()
            if self.homes.get(name, "") == stack
        }

    def _resource(self, made: Resource, stack: str) -> Resource:
        """Return a resource as it stands in its stack; what it awaits elsewhere, its stack awaits."""
        written: Resource = self._rewritten(made, stack)
        needed = {need: self.homes.get(need, "") for need in awaited(made)}
        elsewhere = {home or need for need, home in needed.items() if home != stack}
        if not elsewhere:
            return written
        own = {need for need, home in needed.items() if home == stack}
        if stack:
            self.awaited[stack] |= elsewhere
        else:
            own |= elsewhere
        written.pop("DependsOn")
        if own:
            written["DependsOn"] = min(own) if len(own) == 1 else sorted(own)
        return written

    def _rewritten(self, value: Any, stack: str) -> Any:
        return rewritten(value, lambda reference: self._instead(reference, stack))

    def _instead(self, reference: Reference, stack: str) -> Any:
        """Return what stands for a reference in a stack, or None where it stands for itself."""
        is_here = self.homes.get(reference.name, "") == stack
        is_resource = reference.name in self.resources
        is_root_s = reference.name in self.given or reference.name in _OF_THE_ROOT
        if is_here if is_resource else not (stack and is_root_s):
            return None
        value = imported(reference, self.resources)
        source = self._in_root(value)
        found = {"Ref": self._parameter(stack, value, source)} if stack else source
        if value == reference:
            return found
        return {"Fn::Sub": ["arn:${AWS::Partition}:s3:::${Bucket}", {"Bucket": found}]}

    def _in_root(self, value: Reference) -> dict[str, Any]:
        """Return a value as the root has it: its own, or an output of a nested stack."""
        home = self.homes.get(value.name, "")
        if not home:
            return value.value
        output = _name(value, self.outputs[home], {"Value": value.value})
        self.outputs[home][output] = {"Value": value.value}
        return {"Fn::GetAtt": [home, f"Outputs.{output}"]}

    def _parameter(self, stack: str, value: Reference, source: Any) -> str:
        name = _OF_THE_ROOT.get(value.name)
        if name is None:
            own = {one: None for one, home in self.homes.items() if home == stack}
            name = _name(value, own | self.parameters[stack], source)
        self.parameters[stack][name] = source
        return name

    def _nested(self, stack: str, resources: Mapping[str, Resource]) -> dict[str, Any]:
        written: dict[str, Any] = {
            "AWSTemplateFormatVersion": "2010-09-09",
            "Description": f"{self.template.get('Description', 'lakenb pipeline')}, {stack}",
            "Parameters": {name: {"Type": "String"} for name in sorted(self.parameters[stack])},
            "Resources": dict(resources),
            "Outputs": dict(sorted(self.outputs[stack].items())),
        }
        return {section: value for section, value in written.items() if value}

    def _stack(self, stack: str, template: Mapping[str, Any]) -> Resource:
        """Return the resource of a nested stack."""
        key = template_key(template)
        url = f"https://s3.${{AWS::Region}}.${{AWS::URLSuffix}}/{ASSET_BUCKET}/{key}"
        made: Resource = {
            "Type": STACK,
            "Properties": {
                "TemplateURL": {"Fn::Sub": url},
                "Parameters": dict(sorted(self.parameters[stack].items())),
            },
            # where the CDK command line, and our own reader, find the template beside the root's
            "Metadata": {"aws:asset:path": f"asset.{key}", "aws:asset:property": "TemplateURL"},
            "DeletionPolicy": "Delete",
            "UpdateReplacePolicy": "Delete",
        }
        if awaits := sorted(self.awaited[stack]):
            made["DependsOn"] = awaits
        return made


def _name(value: Reference, taken: Mapping[str, Any], written: Any) -> str:
    """Return the name of a value that crosses, which nothing else has: what it is told of, and what."""
    name = value.name + (value.attribute.replace(".", "") or "Ref")
    while name in taken and taken[name] != written:
        name += "Value"
    return name
