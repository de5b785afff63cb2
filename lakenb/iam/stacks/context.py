"""What the worlds of one reading share: parameters in use, conditions that matter, assumptions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from lakenb.iam.stacks.parameters import default_of, opaque
from lakenb.iam.stacks.reading import IGNORED
from lakenb.iam.stacks.survey import Survey, surveyed
from lakenb.iam.stacks.template import kind_of, section
from lakenb.iam.stacks.transforms import unrolled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakenb.iam.policies import Policy
    from lakenb.iam.stacks.settings import Choice, Settings
    from lakenb.iam.stacks.source import Source
    from lakenb.iam.stacks.variants import Wanted
    from lakenb.iam.stacks.world import Resource

_TOPIC: Final = "AWS::SNS::Topic"
_CUSTOM: Final = ("Custom::", "AWS::CloudFormation::CustomResource")


@dataclass(frozen=True, slots=True)
class Context:
    """What the worlds of one reading share."""

    settings: Settings
    survey: Survey
    source: Source

    def used(self) -> Iterator[tuple[str, Any]]:
        """Return the root's parameters that are not given and that something refers to."""
        named = {each for (table, _), seen in self.survey.items() if "/" not in table for each in seen.names}
        for name, declared in section(self.source.template, "Parameters").items():
            if name in named and name not in self.settings.given:
                yield name, declared

    def tokens(self, choice: Choice) -> dict[str, str]:
        """Return the made-up texts of parameters and of the stack's name, by their names."""
        found = {}
        for name, declared in self.used():
            text = opaque(name, declared)
            default = default_of(declared)
            if choice.values.get(name, text if default is None else default) == text:
                found[name] = text
        if "AWS::StackName" in self.settings.free and "AWS::StackName" not in choice.values:
            found["AWS::StackName"] = self.settings.stack_name
        return found

    def assumptions(self, choice: Choice) -> Iterator[str]:
        """Return what is assumed of the deployment, in sentences."""
        made = self.tokens(choice)
        for name, declared in self.used():
            if name in made:
                yield f"The parameter {name} is a text that nothing else here names, without wildcards."
            elif name not in choice.values:
                yield f"The parameter {name} has its default {default_of(declared)!r}."
        if "AWS::Region" in self.settings.free and "AWS::Region" not in choice.values:
            yield f"The stack's region is {self.settings.region}."
        named = sorted({each for seen in self.survey.values() for each in seen.accounts})
        if "AWS::AccountId" in self.settings.free and named:
            yield f"The stack's account is none that the template names ({', '.join(named)})."


def looped(
    source: Source, survey: Survey, parameters: Mapping[str, str], before: Survey
) -> tuple[Source, Survey]:
    """Return the templates with their loops written out, and what they hold then."""

    def texts(name: str) -> list[str] | None:
        declared = section(source.template, "Parameters").get(name)
        found = parameters.get(name, default_of(declared))
        return [each.strip() for each in found.split(",")] if isinstance(found, str) else None

    def written_out(one: Source, *, is_root: bool) -> Source:
        inner = {name: written_out(each, is_root=False) for name, each in one.nested.items()}
        same = unrolled(one, texts if is_root else lambda _: None)
        return same if all(inner[name] is one.nested[name] for name in inner) else replace(same, nested=inner)

    found = written_out(source, is_root=True)
    return (source, survey) if found is source else surveyed(found, before)


def by_default(resources: Mapping[str, Resource], guards: Mapping[str, Policy]) -> Iterator[str]:
    """Return what is assumed of resources that do more than their properties say."""
    bare = [path for path, each in resources.items() if each.type == _TOPIC and each.arn not in guards]
    if bare:
        names = ", ".join(bare)
        yield f"Topics without a policy have AWS's default one, which is for their own account: {names}."
    custom = [path for path, each in resources.items() if each.type.startswith(_CUSTOM)]
    if custom:
        names = ", ".join(custom)
        yield f"Custom resources run code when the stack is deployed; they change no policy: {names}."
    logs = [path for path, each in resources.items() if each.type == "AWS::Logs::ResourcePolicy"]
    if logs:
        yield f"Log groups outside the template are not looked at, whatever {', '.join(logs)} says of them."


def wanted(source: Source, survey: Survey) -> Wanted:
    """Return the conditions that resources ask for, and nested stacks' outputs."""
    return frozenset(_asked(source, "", survey))


def _asked(source: Source, prefix: str, survey: Survey) -> Iterator[tuple[str, str]]:
    for table in ("Resources", "Outputs"):
        if table == "Outputs" and not prefix:
            continue
        for name, written in section(source.template, table).items():
            if kind_of(written) not in IGNORED:
                yield from ((prefix, each) for each in survey[prefix + table, name].conditions)
    for name, inner in source.nested.items():
        yield from _asked(inner, f"{prefix}{name}/", survey)
