"""One difference between two templates in one sentence, with the smallest example."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Final

from lakenb.iam.proof.actions import shown
from lakenb.iam.proof.globs import contains, glob, of_action
from lakenb.iam.proof.witness import witness
from lakenb.iam.questions.access import in_force, plain_context
from lakenb.iam.questions.grants import actions_meet, grants, resources_meet
from lakenb.iam.questions.places import described, forms, has_wildcard, literal
from lakenb.iam.questions.wording import conditions_words, context_words
from lakenb.iam.truth import YES, Decision

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.iam.conditions import Condition
    from lakenb.iam.policies import Statement
    from lakenb.iam.proof.values import Who, Witness
    from lakenb.iam.questions.compare import Comparison, Difference
    from lakenb.iam.questions.grants import Grant
    from lakenb.iam.requests import Request
    from lakenb.iam.stacks.world import World

_KINDS: Final = {"AWS::IAM::Role": "Role", "AWS::IAM::User": "User"}
_SHOWN: Final = 3


class Kind(Enum):
    """What a change does."""

    GAINS = "can now"
    LOSES = "can no longer"
    OPENS = "may perhaps now"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that somebody can do in one template and not in the other.

    Parameters
    ----------
    principal
        The label.
    kind
        Gained, lost, or open where it was decided.
    action, resource
        What, on what: a text of a statement, and in plain words.
    sentence
        All of it in one sentence with an example.
    witness
        The smallest request that is decided differently, with the decision of the world where it is allowed
        or open.
    """

    principal: str
    kind: Kind
    action: str
    resource: str
    sentence: str
    witness: Witness

    def __str__(self) -> str:
        """Return the sentence."""
        return self.sentence


def told(comparison: Comparison, found: Difference) -> Iterator[Change]:
    """Yield the changes that one difference holds: at most one of each kind."""
    for kind in Kind:
        requests = tuple(each for each in found.requests if _kind(each[1], each[2]) is kind)
        if requests:
            is_whole = found.is_whole and len(requests) == len(found.requests)
            yield _Telling(comparison, found, kind, requests[0], is_whole).change()


def _kind(before: Decision, after: Decision) -> Kind:
    if after is Decision.ALLOWED:
        return Kind.GAINS
    if after is Decision.UNDECIDED and before is not Decision.ALLOWED:
        return Kind.OPENS
    return Kind.LOSES


@dataclass(frozen=True, slots=True, eq=False)
class _Telling:
    """One difference, on its way into a sentence.

    Parameters
    ----------
    comparison, found
        The worlds, and what differs.
    kind
        What it does.
    first
        The smallest request that it does it to.
    is_whole
        Whether it does it to all that was looked at.
    """

    comparison: Comparison
    found: Difference
    kind: Kind
    first: tuple[Request, Decision, Decision]
    is_whole: bool

    @property
    def world(self) -> World:
        """The world in which it is allowed, or open."""
        return self.comparison.old if self.kind is Kind.LOSES else self.comparison.new

    @property
    def who(self) -> Who:
        """Who it is about there."""
        both = self.found.who
        return (both.old if self.kind is Kind.LOSES else both.new) or both.either

    def change(self) -> Change:
        """Return the change."""
        asked, before, after = self.first
        request = replace(asked, principal=self.who.principal)
        policies = in_force(self.world, self.who, request.resource)
        decision = before if self.kind is Kind.LOSES else after
        seen = witness(self.who, request, policies, decision)
        action, resource = self._texts()
        place = described(self.world, resource)
        sentence = (
            f"{title(self.world, self.who)} {self._how(action, place)}{self._example(action, resource)}"
        )
        return Change(self.who.label, self.kind, action, place, sentence, seen)

    def _texts(self) -> tuple[str, str]:
        """Return the narrower of the Allow's and the changed statement's texts."""
        grant, atom = self.found.grant, self.found.atom
        is_inside = contains(of_action(grant.action), of_action(atom.action))
        folded = (atom.action if is_inside else grant.action).lower()
        spelled = (*grant.statement.actions.texts, *atom.statement.actions.texts)
        action = next((text for text in spelled if text.lower() == folded), folded)
        is_inside = contains(glob(grant.resource), glob(atom.resource))
        resource = atom.resource if is_inside else grant.resource
        guard = grant.guard or atom.guard
        if guard and not resource.startswith(literal(guard)):
            resource = forms(guard)[-1] if ":s3:::" in guard else literal(guard)
        return action, resource

    def _how(self, action: str, place: str) -> str:
        """Return what changes: a condition of what stays, a part, or all."""
        stays = self._stays()
        if stays:
            return f"can {action} {place} {stays}"
        atom = self.found.atom
        if not atom.is_allow:
            words = "" if atom.is_whole else conditions_words(atom.statement.conditions, self.world)
            return f"{self.kind.value} {action} {place}{f' when {words}' if words else ''}"
        request = self.first[0]
        context = plain_context(self.world, self.who, request.action, request.resource)
        plain = replace(request, context=context)
        missed = [each for each in atom.statement.conditions if each.holds(plain) != YES]
        words = conditions_words(missed, self.world)
        rest = "" if self.is_whole else self._rest()
        return f"{self.kind.value} {action} {place}{f' if {words}' if words else ''}{rest}"

    def _stays(self) -> str:
        """Return which conditions come or go, where the same text stays allowed on both sides."""
        atom = self.found.atom
        if not atom.is_allow:
            return ""
        here = _conditions(atom.statement)
        for grant in self._counterparts():
            there = _conditions(grant.statement)
            old, new = (there, here) if self.found.is_new else (here, there)
            gone = conditions_words((old[key] for key in old if key not in new), self.world)
            come = conditions_words((new[key] for key in new if key not in old), self.world)
            if gone and come:
                return f"now only if {come}, no longer if {gone}"
            if come and self.kind is Kind.LOSES:
                return f"now only if {come}"
            if gone and self.kind is not Kind.LOSES:
                return f"and no longer needs that {gone}"
        return ""

    def _other_side(self) -> tuple[World, Who | None]:
        """Return the side on which the changed statement does not stand."""
        both = self.found.who
        old, new = (self.comparison.old, both.old), (self.comparison.new, both.new)
        return old if self.found.is_new else new

    def _counterparts(self) -> Iterator[Grant]:
        """Yield the Allow statements of the other side that cover the changed one's text."""
        world, who = self._other_side()
        action, resource = of_action(self.found.atom.action), glob(self.found.atom.resource)
        for grant in grants(world, who) if who is not None else ():
            if contains(of_action(grant.action), action) and contains(glob(grant.resource), resource):
                yield grant

    def _rest(self) -> str:
        """Return what of a text the other side allows: what is left, or what was allowed before."""
        world, who = self._other_side()
        atom = self.found.atom
        places = dict.fromkeys(
            described(world, grant.resource)
            for grant in (grants(world, who) if who is not None else ())
            if actions_meet(grant.action, atom.action)
            and resources_meet(grant.resource, atom.resource)
            and grant.resource != atom.resource
        )
        listed = " and ".join(list(places)[:_SHOWN])
        before = "" if self.kind is Kind.LOSES else "before "
        return f", {before}only {listed}" if listed else ""

    def _example(self, action: str, resource: str) -> str:
        """Return an example, where the sentence does not name the only request there is."""
        request = self.first[0]
        plain = plain_context(self.world, self.who, request.action, request.resource)
        extra = [(key, each) for key, each in sorted(request.context.items()) if plain.get(key) != each]
        is_one = resource in {request.resource, literal(request.resource)} and not has_wildcard(action)
        if is_one and not extra:
            return ""
        on = described(self.world, literal(request.resource))
        carried = f" with {context_words(extra, self.world)}" if extra else ""
        name = f"{shown(request.action)} " if has_wildcard(action) else ""
        return f", for example {'not ' if self.kind is Kind.LOSES else ''}{name}{on}{carried}"


def title(world: World, who: Who) -> str:
    """Return what a sentence calls somebody: ``Role Reader``."""
    identity = world.identities.get(who.logical_id)
    kind = _KINDS.get(identity.type, "") if identity is not None else ""
    return f"{kind} {who.label}" if kind else who.label


def _conditions(statement: Statement) -> dict[object, Condition]:
    return {(each.operator, each.name, frozenset(each.values)): each for each in statement.conditions}
