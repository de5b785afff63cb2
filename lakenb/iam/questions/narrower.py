"""A narrower policy: what somebody needs of what it is allowed, and nothing else, proved again."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from lakenb.errors import Fault, PolicyError
from lakenb.iam.parser import policy
from lakenb.iam.patterns import Variable
from lakenb.iam.policies import PolicyKind
from lakenb.iam.proof.globs import contains, glob, of_action
from lakenb.iam.proof.needs import needs as compiled_needs
from lakenb.iam.proof.prover import prove
from lakenb.iam.proof.values import Modality, Obligation, Shape, Verdict
from lakenb.iam.questions.access import Standing
from lakenb.iam.questions.asked import action_text, reached
from lakenb.iam.questions.askers import asker
from lakenb.iam.questions.changes import changes
from lakenb.iam.questions.compare import Both, Comparison
from lakenb.iam.questions.grants import actions_meet, grants, met, policy_grants, resources_meet
from lakenb.iam.questions.places import described, glob_of, literal, resource_text
from lakenb.iam.questions.sentences import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from lakenb.iam.policies import Statement
    from lakenb.iam.proof.needs import Needs
    from lakenb.iam.proof.values import Outcome, Who
    from lakenb.iam.questions.grants import Grant
    from lakenb.iam.stacks.world import World

_VERSION: Final = "2012-10-17"


@dataclass(frozen=True, slots=True)
class Used:
    """A request that was made: what its maker needs.

    Parameters
    ----------
    action, resource
        One action, and one resource as `lakenb.iam.questions.asked.can` takes it.
    """

    action: str
    resource: str


@dataclass(frozen=True, slots=True, repr=False)
class Tightened:
    """A narrower policy, and whether it is right.

    Parameters
    ----------
    principal
        Whose.
    policy
        The policy document, to stand in place of all identity-based policies.
    outcome
        Of the proof that with it nothing but the needs is allowed. FAILED where a resource-based policy
        grants more by itself.
    missing
        Needs that are not allowed today, and are not by the new policy; sentences.
    lost
        Needs that the new policy does not allow although they are allowed today; none when it is right.
    removed
        What is no longer allowed, sentences.
    """

    principal: str
    policy: Mapping[str, Any]
    outcome: Outcome
    missing: tuple[str, ...]
    lost: tuple[str, ...]
    removed: tuple[str, ...]

    def __repr__(self) -> str:
        """Return the policy as JSON, with what is proved of it."""
        if self.outcome.verdict is Verdict.PROVED:
            told = f"proved: {self.principal} can then do what it needs, and nothing else"
        else:
            told = f"{self.outcome.verdict.value}: {self.outcome.why}"
        lines = [json.dumps(self.policy, indent=2), told]
        lines += [f"not allowed today: {each}" for each in self.missing]
        lines += [f"lost: {each}" for each in self.lost]
        return "\n".join((*lines, *self.removed))


def tighten(
    world: World, principal: str, needs: Sequence[Shape] = (), *, used: Iterable[Used] = ()
) -> Tightened:
    """Return a policy that allows what is needed of what is allowed today, and nothing else.

    Parameters
    ----------
    world
        One deployment of a template.
    principal
        A role or user of the template.
    needs
        What it needs, as sets of requests: texts of the world.
    used
        Requests that it made, each a need.

    Raises
    ------
    PolicyError
        If it is none of the template's, or nothing is needed.
    """
    who = asker(world, principal)
    if not who.logical_id:
        what = f"{who.label} has no policies in the template"
        raise PolicyError([Fault(what, "the question", "name a role or user of the template")])
    wanted = (*needs, *_needs(world, used))
    if not wanted:
        raise PolicyError(
            [Fault("nothing is needed", "the question", "give needs, or requests that were made")]
        )
    statements = list(_statements(who, wanted))
    document: dict[str, Any] = {"Version": _VERSION, "Statement": statements}
    made = policy(document, PolicyKind.IDENTITY, label=f"the narrower policy of {who.label}")
    narrow = replace(who, identity=(made,))
    claim = f"{who.label} can do what it needs, and nothing else"
    everything = Shape(("*",), ("*",))
    obligation = Obligation("tighten", who.label, claim, Modality.ONLY, narrow, everything, wanted)
    lost, removed = _lost(world, who, narrow, compiled_needs(wanted))
    return Tightened(
        who.label, document, prove(world, obligation), tuple(_missing(world, who, wanted)), lost, removed
    )


def _needs(world: World, used: Iterable[Used]) -> Iterator[Shape]:
    """Yield the requests that were made as needs, the actions on one resource together."""
    by_resource: dict[str, dict[str, None]] = {}
    for each in used:
        text = resource_text(world, each.resource)
        by_resource.setdefault(text, {})[action_text(each.action)] = None
    for resource, actions in sorted(by_resource.items()):
        yield Shape(tuple(sorted(actions)), (resource if resource == "*" else literal(resource),))


def _statements(who: Who, needs: Sequence[Shape]) -> Iterator[dict[str, Any]]:
    """Yield the statements: of each Allow what is needed, under its own conditions; and every Deny."""
    kept: dict[tuple[str, str], tuple[dict[str, None], dict[str, Any]]] = {}
    for grant in (each for one in who.identity for each in policy_grants(one)):
        for each in needs:
            for action, resource in _both(grant, each):
                conditions = _conditions(grant.statement, each)
                key = (resource, json.dumps(conditions, sort_keys=True))
                kept.setdefault(key, ({}, conditions))[0].setdefault(action)
    by_actions: dict[tuple[tuple[str, ...], str], tuple[list[str], dict[str, Any]]] = {}
    for (resource, told), (actions, conditions) in kept.items():
        by_actions.setdefault((tuple(sorted(actions)), told), ([], conditions))[0].append(resource)
    for (names, _), (resources, conditions) in sorted(by_actions.items()):
        found: dict[str, Any] = {"Effect": "Allow", "Action": list(names), "Resource": sorted(resources)}
        yield found | ({"Condition": conditions} if conditions else {})
    for one in who.identity:
        yield from (written(each) for each in one.statements if not each.is_allow)


def _both(grant: Grant, wanted: Shape) -> Iterator[tuple[str, str]]:
    """Yield the texts of what an Allow and a need have in common."""
    for action in wanted.actions:
        if not actions_meet(grant.action, action):
            continue
        name = action if contains(of_action(grant.action), of_action(action)) else grant.action
        for resource in wanted.resources:
            if contains(glob(grant.resource), glob(resource)):
                yield name, resource
            elif contains(glob(resource), glob(grant.resource)) or met(grant.resource, resource):
                yield name, grant.resource


def _conditions(statement: Statement, wanted: Shape) -> dict[str, Any]:
    """Return an Allow's own conditions, and what a need's requests carry."""
    found: dict[str, dict[str, list[str]]] = {}
    for each in statement.conditions:
        found.setdefault(each.operator, {})[each.key] = list(each.values)
    for key, texts in wanted.context:
        if all(
            each.name != key or each.operator not in {"StringEquals", "StringLike"}
            for each in statement.conditions
        ):
            found.setdefault("StringLike", {}).setdefault(key, list(texts))
    return found


def written(statement: Statement) -> dict[str, Any]:
    """Return a statement as AWS writes it, in the policy's new version."""
    actions = "NotAction" if statement.actions.is_negated else "Action"
    resources = "NotResource" if statement.is_negated_resources else "Resource"
    found: dict[str, Any] = {"Effect": "Allow" if statement.is_allow else "Deny"}
    if statement.label.startswith("'"):
        found["Sid"] = statement.label.strip("'")
    found[actions] = list(statement.actions.texts)
    found[resources] = [
        each.source if any(isinstance(piece, Variable) for piece in each.pieces) else glob_of(each)
        for each in statement.resources or ()
    ]
    conditions: dict[str, dict[str, list[str]]] = {}
    for one in statement.conditions:
        conditions.setdefault(one.operator, {})[one.key] = list(one.values)
    return found | ({"Condition": conditions} if conditions else {})


def _missing(world: World, who: Who, needs: Iterable[Shape]) -> Iterator[str]:
    for each in needs:
        for action in each.actions:
            for resource in each.resources:
                found = [
                    reached(world, who, grant, action, resource)
                    for grant in grants(world, who)
                    if actions_meet(grant.action, action) and resources_meet(grant.resource, resource)
                ]
                if all(one.standing is Standing.DENIED for one in found):
                    why = f", {found[0].why}" if found else ", no statement allows it"
                    yield f"{action} {described(world, resource)}{why}"


def _lost(world: World, who: Who, narrow: Who, needs: Needs) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what is needed and lost by the new policy, and all that is lost."""
    comparison = Comparison(world, world)
    both = Both(who.label, who, narrow)
    needed: dict[str, None] = {}
    for difference in comparison.of(both):
        for request, _, _ in difference.requests:
            if needs.covering(request) is not None:
                needed[f"{request.action} {described(world, literal(request.resource))}"] = None
    removed = dict.fromkeys(row.sentence for row in changes(comparison, both) if row.kind is Kind.LOSES)
    return tuple(needed), tuple(removed)
