"""From templates to worlds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypedDict

from lakenb.errors import Fault, TemplateError
from lakenb.iam.stacks.classes import Classes
from lakenb.iam.stacks.context import Context, by_default, looped, wanted
from lakenb.iam.stacks.link import Linker
from lakenb.iam.stacks.parts import NOTHING, Compiler
from lakenb.iam.stacks.reading import Reading, read
from lakenb.iam.stacks.settings import Choice, Settings, settings_of
from lakenb.iam.stacks.survey import Survey, surveyed
from lakenb.iam.stacks.variants import MOST_WORLDS, variants
from lakenb.iam.stacks.world import Unresolved, World

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Unpack

    from lakenb.iam.stacks.source import Source

_NONE: Mapping[str, str] = MappingProxyType({})


class Known(TypedDict, total=False):
    """What is known of a deployment; see `Reader.worlds`."""

    parameters: Mapping[str, str]
    account: str | None
    region: str | None
    stack_name: str | None
    physical: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class _Read:
    """The last reading: what was asked, what was seen, and what came of it."""

    settings: Settings
    survey: Survey
    readings: Mapping[tuple[Any, ...], Reading]
    worlds: tuple[World, ...]


class Reader:
    """Reads templates into worlds, and remembers its last reading: what did not change keeps its policies."""

    def __init__(self) -> None:
        self._compiler = Compiler()
        self._linker = Linker(self._compiler)
        self._classes = Classes()
        self._last: _Read | None = None

    def worlds(
        self,
        source: Source,
        *,
        parameters: Mapping[str, str] = _NONE,
        account: str | None = None,
        region: str | None = None,
        stack_name: str | None = None,
        physical: Mapping[str, str] | None = None,
    ) -> tuple[World, ...]:
        """Return the worlds of a template; the first is the neutral one.

        Parameters
        ----------
        source
            The template with its nested ones.
        parameters
            Values of the root stack's parameters.
        account, region, stack_name
            Where it is deployed, if that is known.
        physical
            What ``Ref`` returns for resources that are deployed, by `Resource.logical_id`.

        Returns
        -------
        tuple[World, ...]
            At most 64. Where there would be more, `World.unresolved` of each says so.

        Raises
        ------
        TemplateError
            If it cannot be read, with every fault.

        Examples
        --------
        >>> from lakenb.iam.stacks.source import source
        >>> [world] = Reader().worlds(source({"Resources": {"Store": {"Type": "AWS::S3::Bucket"}}}))
        >>> world.resources["Store"].arn
        'arn:aws:s3:::store-ee7da936b5cb'
        """
        try:
            last = self._last
            before = last.survey if last else {}
            same, survey = looped(*surveyed(source, before), parameters, before)
            settings = settings_of(same, survey, parameters, account, region, stack_name, physical)
            if last and last.settings == settings and _is_same(last.survey, survey):
                return last.worlds
            self._last = self._read(same, survey, settings, last)
        except RecursionError:
            mend = "nest less deeply, and let names and conditions hang on fewer others"
            raise TemplateError(
                [Fault("the template is nested too deeply to be read", "template", mend)]
            ) from None
        return self._last.worlds

    def _read(self, source: Source, survey: Survey, settings: Settings, last: _Read | None) -> _Read:
        choices, is_whole = variants(settings, source, wanted(source, survey))
        context = Context(settings, survey, source)
        before = last.readings if last else {}
        is_same = last is not None and _has_same_frame(last, settings, source, survey)
        readings: dict[tuple[Any, ...], Reading] = {}

        def world(choice: Choice, renamed: Mapping[str, str], nearest: Reading | None) -> World:
            key = (*choice.key, tuple(renamed.items()))
            known = before.get(key)
            readings[key] = read(
                settings.deployment(choice, renamed),
                source,
                self._compiler,
                known or nearest,
                is_same=is_same and known is not None,
            )
            return self._world(readings[key], choice, context)

        found: list[World] = []
        for choice in choices:
            nearest = next(iter((*readings.values(), *before.values())), None)
            found.append(world(choice, {}, nearest))
        for choice, neutral, reading in zip(choices, tuple(found), tuple(readings.values()), strict=True):
            made = {path: each for path, each in reading.deployment.names.items() if each.is_made}
            classes, complete = self._classes.of(neutral, made, context.tokens(choice))
            room = MOST_WORLDS - len(found)
            is_whole = is_whole and complete and len(classes) <= room
            for each in classes[:room]:
                sentences = (*choice.sentences, each.sentence)
                named = replace(choice, values={**choice.values, **each.values}, sentences=sentences)
                found.append(world(named, each.renamed, reading))
        if not is_whole:
            what = f"conditions and wildcards make more worlds than the {MOST_WORLDS} that are followed"
            more = Unresolved("template", "Conditions", what)
            found = [replace(each, unresolved=(*each.unresolved, more)) for each in found]
        return _Read(settings, survey, readings, tuple(found))

    def _world(self, reading: Reading, choice: Choice, context: Context) -> World:
        deployment = reading.deployment
        resources = {path: reading.entries[path].resource for path in sorted(reading.entries)}
        parts = {path: each.part for path, each in reading.entries.items() if each.part is not NOTHING}
        unresolved = [one for each in reading.entries.values() for one in each.unresolved]
        linked = self._linker.linked(resources, deployment.names, parts, reading.doubts, deployment.partition)
        names = {each.name: f"${{{path}}}" for path, each in deployment.names.items() if each.is_made}
        names |= {text: f"${{{name}}}" for name, text in context.tokens(choice).items()}
        if "AWS::AccountId" in context.settings.free:
            names[deployment.account] = "${AWS::AccountId}"
        return World(
            partition=deployment.partition,
            region=deployment.region,
            account=deployment.account,
            stack_name=deployment.stack_name,
            resources=MappingProxyType(resources),
            identities=MappingProxyType(linked.identities),
            guards=MappingProxyType(linked.guards),
            endpoints=linked.endpoints,
            unresolved=tuple(dict.fromkeys([*unresolved, *linked.unresolved])),
            choices=choice.sentences,
            assumptions=(*context.assumptions(choice), *by_default(resources, linked.guards)),
            names=MappingProxyType(names),
        )


def worlds(source: Source, **known: Unpack[Known]) -> tuple[World, ...]:
    """Return the worlds of a template, read afresh; see `Reader.worlds`."""
    return Reader().worlds(source, **known)


def _is_same(before: Survey, now: Survey) -> bool:
    return len(before) == len(now) and all(before.get(key) is each for key, each in now.items())


def _has_same_frame(last: _Read, settings: Settings, source: Source, survey: Survey) -> bool:
    """Return whether nothing but resources of a single stack changed since the last reading."""
    if source.nested or last.settings != settings:
        return False
    frames = [
        {key: each for key, each in one.items() if key[0] != "Resources"} for one in (last.survey, survey)
    ]
    return _is_same(*frames)
