"""One request decided; who may do something; what somebody may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakenb.errors import Fault, PolicyError
from lakenb.iam.proof.globs import contains, glob
from lakenb.iam.questions.access import (
    ORDER,
    Access,
    Standing,
    access,
    asked,
    explained,
    plain_context,
    standing_words,
)
from lakenb.iam.questions.askers import asker, everyone
from lakenb.iam.questions.classes import classes
from lakenb.iam.questions.grants import actions_meet, grants, resources_meet
from lakenb.iam.questions.places import described, has_wildcard, literal, resource_text
from lakenb.iam.questions.wording import context_words
from lakenb.iam.requests import request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from lakenb.iam.proof.values import Who, Witness
    from lakenb.iam.questions.grants import Grant
    from lakenb.iam.stacks.world import World
    from lakenb.iam.truth import Decision


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """The decision on one request.

    Parameters
    ----------
    decision
        The evaluator's.
    sentence
        The decision in one sentence.
    reasons
        Why, the deciding reason first, in the template's words.
    statement
        What decides, as ``policy, statement``; empty where no statement does.
    assumed
        What is assumed of who asks; empty for the template's own.
    """

    decision: Decision
    sentence: str
    reasons: tuple[str, ...]
    statement: str = ""
    assumed: str = ""

    def __repr__(self) -> str:
        """Return the sentence, and a line for each reason."""
        notes = (f"  assumed: {self.assumed}",) if self.assumed else ()
        return "\n".join((self.sentence, *(f"  {reason}" for reason in self.reasons), *notes))

    def __bool__(self) -> bool:
        """Return whether it is allowed for certain."""
        return self.decision.is_allowed


@dataclass(frozen=True, slots=True)
class Row:
    """Access of somebody by one action text to one resource text.

    Parameters
    ----------
    principal
        Who, by label.
    action, resource
        What, on what: texts of the statement, the resource in plain words.
    standing
        How it stands.
    condition
        On what condition, in words; else empty.
    statement
        The Allow that grants it, or what denies, as ``policy, statement``.
    why
        Of denied and undecided, a sentence; else empty.
    witness
        A request of the set with its decision.
    """

    principal: str
    action: str
    resource: str
    standing: Standing
    condition: str
    statement: str
    why: str
    witness: Witness | None

    def __str__(self) -> str:
        """Return one line."""
        by = f" (by {self.statement})" if self.statement and not self.why else ""
        how = standing_words(self.standing, self.condition, self.why)
        return f"{self.principal}: {self.action} on {self.resource}: {how}{by}"


@dataclass(frozen=True, slots=True, repr=False)
class Rows:
    """The answer to a question that has several rows; prints as lines.

    Parameters
    ----------
    question
        What was asked, in words.
    rows
        Sorted by principal, action and resource.
    """

    question: str
    rows: tuple[Row, ...]

    def __repr__(self) -> str:
        """Return the question, and a line for each row."""
        lines = tuple(f"  {row}" for row in self.rows) or (
            "  nobody" if "?" in self.question else "  nothing",
        )
        return "\n".join((self.question, *lines))


def can(
    world: World,
    principal: str,
    action: str,
    resource: str,
    context: Mapping[str, Any] | None = None,
) -> Answer:
    """Decide one request.

    Parameters
    ----------
    world
        One deployment of a template.
    principal
        As `lakenb.iam.questions.askers.asker` takes it.
    action
        One, such as ``s3:GetObject``.
    resource
        An ARN, or words such as ``${Store}/in/x``.
    context
        Context keys, as `lakenb.iam.requests.request` takes them. Over TLS and directly unless told
        otherwise; what else is not given is absent.

    Raises
    ------
    PolicyError
        If a name is none of the template's, or the request is malformed.
    """
    who = asker(world, principal)
    text = resource_text(world, resource)
    if text != "*" and has_wildcard(text):
        what = f"{resource!r} is about many resources, and one request is about one"
        mend = "name one resource, or ask who_can or what_can, which take wildcards"
        raise PolicyError([Fault(what, "the question", mend)])
    told = request("anonymous", action, text, context=context, where="the question").context
    made = asked(world, who, action, text, {**plain_context(world, who, action, text), **told})
    found = explained(world, made, who)
    deciding = next((each for each in found.reasons if each.statement), None)
    return Answer(
        found.decision,
        _sentence(who.label, action, described(world, literal(text)), found.decision, told, world),
        tuple(world.shown(each.text) for each in found.reasons),
        f"{deciding.policy}, {deciding.statement}" if deciding is not None else "",
        who.assumes,
    )


def _sentence(  # noqa: PLR0917 - one sentence from all its parts, called in one place
    who: str, action: str, place: str, decision: Decision, told: Mapping[str, tuple[str, ...]], world: World
) -> str:
    verb = {
        "ALLOWED": "can",
        "EXPLICITLY_DENIED": "cannot",
        "IMPLICITLY_DENIED": "cannot",
        "UNDECIDED": "may or may not",
    }[decision.value]
    context = f" with {context_words(sorted(told.items()), world)}" if told else ""
    how = {"EXPLICITLY_DENIED": ": a statement denies it", "IMPLICITLY_DENIED": ": nothing allows it"}
    return f"{who} {verb} {action} {place}{context}{how.get(decision.value, '')}"


def who_can(world: World, action: str, resource: str) -> Rows:
    """Return everybody who may do something, on what condition and by which statement.

    Parameters
    ----------
    world
        One deployment of a template.
    action
        An action, or a glob such as ``s3:Get*``: whoever may do any of them is told.
    resource
        As for `can`; with wildcards, whoever may do it on any of them is told.

    Returns
    -------
    Rows
        The template's identities and the strangers to whom it is not denied.

    Raises
    ------
    PolicyError
        If a name is none of the template's, or the action is none.
    """
    wanted = action_text(action)
    text = resource_text(world, resource)
    rows: list[Row] = []
    for who in everyone(world):
        found = min(
            _accesses(world, who, wanted, text), key=lambda each: ORDER[each[1].standing], default=None
        )
        if found is not None and found[1].standing is not Standing.DENIED:
            rows.append(_row(who, action, described(world, found[0]), found[1]))
    return Rows(f"who can {action} {described(world, text)}?", tuple(rows))


def what_can(world: World, principal: str) -> Rows:
    """Return what somebody may do, text by text, after denies and boundaries.

    Returns
    -------
    Rows
        One row for each action text on each resource text of an Allow that names it; wholly denied ones are
        left out, and stand in `lakenb.iam.questions.vacuous`.
    """
    who = asker(world, principal)
    rows: dict[tuple[str, str], Row] = {}
    for grant in grants(world, who):
        found = reached(world, who, grant, grant.action, grant.resource)
        if found.standing is Standing.DENIED:
            continue
        row = _row(who, grant.action, described(world, grant.resource), found)
        key = (grant.action.lower(), grant.resource)
        if key not in rows or ORDER[row.standing] < ORDER[rows[key].standing]:
            rows[key] = row
    ordered = sorted(rows.values(), key=lambda row: (row.resource, row.action))
    return Rows(f"what {who.label} can do", tuple(ordered))


def action_text(action: str) -> str:
    """Return an action or glob of actions; raises PolicyError where it is none."""
    plain = action.replace("*", "x").replace("?", "x")
    if action != "*":
        request("anonymous", plain, "*", where="the question")
    return action


def _accesses(world: World, who: Who, action: str, resource: str) -> Iterator[tuple[str, Access]]:
    """Yield how each Allow lets somebody reach into a set, with the part of its resources."""
    for grant in grants(world, who):
        if actions_meet(grant.action, action) and resources_meet(grant.resource, resource):
            part = grant.resource if contains(glob(resource), glob(grant.resource)) else resource
            yield part, reached(world, who, grant, action, part)


def reached(world: World, who: Who, grant: Grant, action: str, resource: str) -> Access:
    """Return how a set of requests stands, by one Allow that reaches into it."""
    likely = classes(grant.action if has_wildcard(action) else action)[0][1]
    return access(world, who, grant, likely, action, resource)


def _row(who: Who, action: str, place: str, found: Access) -> Row:
    return Row(
        who.label, action, place, found.standing, found.condition, found.statement, found.why, found.witness
    )
