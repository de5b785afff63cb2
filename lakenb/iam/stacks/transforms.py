"""Transforms: what a template leaves to macros, and loops, which can be unrolled here.

Pages: AWS CloudFormation User Guide, "Transform section"; Template Reference, "Fn::ForEach". A macro may
change or add anything, so a template that names one that is not known here is doubted as a whole; AWS SAM
adds resources for its own types and leaves the others alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from lakenb.iam.shown import short

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from lakenb.iam.stacks.source import Source

LANGUAGE: Final = "AWS::LanguageExtensions"
SAM: Final = "AWS::Serverless-2016-10-31"
LOOP: Final = "Fn::ForEach::"
_HARMLESS: Final = frozenset(
    {LANGUAGE, SAM, "AWS::SecretsManager-2020-07-23", "AWS::SecretsManager-2024-09-16"}
)
_MOST_MADE: Final = 20_000
_LOOP_PARTS: Final = 3
_LOOPED: Final = ("Resources", "Outputs", "Conditions")


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that may add policies to what is here, and is not known.

    Parameters
    ----------
    path, where, what
        As in `lakenb.iam.stacks.world.Unresolved`.
    reached
        Texts that it was given: it may add policies to what they name, and to what has a name of its own.
        None: it may add any policy to anything, and change those that are there.
    is_apart
        Whether it makes something of its own only, and leaves alone what is here.
    """

    path: str
    where: str
    what: str
    reached: tuple[str, ...] | None = None
    is_apart: bool = False


def transforms(template: Mapping[str, Any]) -> Iterator[str]:
    """Return the names of a template's transforms; one that has no name by what it is."""
    written = template.get("Transform")
    for each in written if isinstance(written, list) else [written]:
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict) and isinstance(each.get("Name"), str):
            yield each["Name"]
        elif each is not None:
            yield short(each)


def adds_resources(template: Mapping[str, Any]) -> bool:
    """Return whether something may add resources that cannot be seen here."""
    names = template.get("Resources", ())
    return any(each != LANGUAGE for each in transforms(template)) or any(
        each.startswith("Fn::") for each in names
    )


def doubts(template: Mapping[str, Any], prefix: str) -> Iterator[Doubt]:
    """Return what transforms and loops may add."""
    for name in transforms(template):
        if name not in _HARMLESS:
            what = f"the transform {name} may change or add any resource"
            yield Doubt(f"{prefix}template", "Transform", what)
        elif name == SAM:
            what = "the transform AWS::Serverless-2016-10-31 makes resources of its own, which are not read"
            yield Doubt(f"{prefix}template", "Transform", what, is_apart=True)
    for name in template.get("Resources", ()):
        if name.startswith("Fn::"):
            what = "what it makes is known when the stack is deployed; it may add any resource"
            yield Doubt(f"{prefix}template", f"Resources.{name}", what)


def unrolled(source: Source, texts: Callable[[str], list[str] | None]) -> Source:
    """Return a template with its loops written out; a loop over what is not known stays.

    Parameters
    ----------
    source
        The template.
    texts
        The values of a parameter that is a list; None where they are not known.
    """
    if LANGUAGE not in set(transforms(source.template)):
        return source
    loops = _Loops(texts)
    template = dict(source.template)
    for section in _LOOPED:
        if isinstance(template.get(section), dict):
            template[section] = {
                name: each
                if not _has_loop(name, each)
                else loops.written_out({name: each}, {}).get(name, each)
                for name, each in template[section].items()
                if not name.startswith(LOOP)
            } | loops.written_out(
                {name: each for name, each in template[section].items() if name.startswith(LOOP)}, {}
            )
    return replace(source, template=template)


def _has_loop(name: str, value: Any) -> bool:
    rest: list[Any] = [{name: value}]
    while rest:
        each = rest.pop()
        if isinstance(each, dict):
            if any(key.startswith(LOOP) for key in each):
                return True
            rest += each.values()
        elif isinstance(each, list):
            rest += each
    return False


class _Loops:
    def __init__(self, texts: Callable[[str], list[str] | None]) -> None:
        self.texts = texts
        self.made = 0

    def written_out(self, value: Any, bound: Mapping[str, str]) -> Any:
        """Return a value with its loops written out, and what loops stand for put in its place."""
        if isinstance(value, str):
            return _filled(value, bound) if bound else value
        if isinstance(value, list):
            return [self.written_out(each, bound) for each in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1 and isinstance(value.get("Ref"), str) and value["Ref"] in bound:
            return bound[value["Ref"]]
        found: dict[str, Any] = {}
        for key, each in value.items():
            rows = self.rows(each, bound) if key.startswith(LOOP) else None
            if rows is None:
                found[_filled(key, bound)] = (
                    self.written_out(each, bound) if not key.startswith(LOOP) else each
                )
                continue
            identifier, items, body = rows
            for item in items:
                self.made += 1
                inner = self.written_out(body, {**bound, identifier: item})
                found |= inner if isinstance(inner, dict) else {}
        return found

    def rows(self, written: Any, bound: Mapping[str, str]) -> tuple[str, list[str], Any] | None:
        """Return a loop's name, items and body; None where they are not known."""
        if not (isinstance(written, list) and len(written) == _LOOP_PARTS and isinstance(written[0], str)):
            return None
        identifier, over, body = written
        if not isinstance(body, dict):
            return None
        over = self.written_out(over, bound)
        if isinstance(over, dict) and len(over) == 1 and isinstance(over.get("Ref"), str):
            over = self.texts(over["Ref"])
        if not isinstance(over, list) or self.made + len(over) > _MOST_MADE:
            return None
        items: list[str] = []
        for each in over:
            match each:
                case str():
                    items.append(each)
                case {"Ref": str(name)} if len(each) == 1 and (found := self.texts(name)) is not None:
                    items += found
                case _:
                    return None
        return identifier, items, body


def _filled(text: str, bound: Mapping[str, str]) -> str:
    for name, value in bound.items():
        if name in text:
            text = text.replace(f"${{{name}}}", value).replace(
                f"&{{{name}}}", re.sub(r"[^A-Za-z0-9]", "", value)
            )
    return text
