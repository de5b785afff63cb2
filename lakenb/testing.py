"""Assertions on permissions, for the test suite of whoever owns a template or a pipeline.

Each is about every request of a set, not about some that were tried: the prover decides, and an assertion
that fails names a concrete request.

Examples
--------
>>> import lakenb as lk
>>> inbox = lk.S3Trigger("inbox", prefix="letters/")
>>> pipe = lk.Pipeline("letters", inbox.pipe(lk.S3Storage("results")))
>>> assert_cannot(pipe, "InboxRole", "s3:PutObject", "*")
>>> assert_cannot(pipe, "anonymous", "*", "*")
>>> assert_only(pipe, "InboxRole", "sqs:*", "*", allowed=[
...     ("sqs:*", "${InboxQueue}"), ("sqs:SendMessage", "${InboxDeadLetters}")])
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lakenb.api import Pipeline
from lakenb.errors import Fault, PolicyError
from lakenb.iam.proof.prover import prove
from lakenb.iam.proof.values import Modality, Obligation, Shape, Verdict
from lakenb.iam.questions.asked import action_text
from lakenb.iam.questions.askers import asker
from lakenb.iam.questions.places import described, resource_text
from lakenb.iam.questions.wording import context_words
from lakenb.iam.stacks.read import worlds
from lakenb.iam.stacks.source import Source, load, source, together

if TYPE_CHECKING:
    from lakenb.iam.proof.values import Outcome, Who, Witness
    from lakenb.iam.stacks.world import World

Template = Mapping[str, Any] | Pipeline | str | os.PathLike[str] | Source
"""A template as a mapping, a pipeline, or the path of a template or cloud assembly."""


def assert_cannot(template: Template, principal: str, action: str, resource: str, **context: Any) -> None:
    """Assert that no request of a set is allowed.

    Parameters
    ----------
    template
        A template as a mapping, a pipeline, or the path of a JSON or YAML template or cloud assembly.
    principal
        A logical id such as ``InboxRole``, an ARN, a service, ``anonymous``, or a stranger such as
        ``another account``.
    action
        An action, or a glob such as ``s3:Put*``; ``*`` is every action.
    resource
        An ARN or the template's words, with wildcards: ``${Store}/*``; ``*`` is every resource.
    **context
        What the requests carry, by key with ``__`` for the colon: ``aws__SecureTransport="true"``. Values
        may have wildcards. Without any, requests carry whatever they can.

    Raises
    ------
    AssertionError
        If one is allowed, with that request and the statements that allow it; and if that is undecided.
    PolicyError
        If a name is none of the template's, with near spellings.
    """
    _assert(template, principal, (action, resource), context, ())


def assert_only(
    template: Template,
    principal: str,
    action: str,
    resource: str,
    *,
    allowed: Sequence[tuple[str, str]],
    **context: Any,
) -> None:
    """Assert that of a set of requests no other is allowed than those that are listed.

    Parameters
    ----------
    template, principal, action, resource, **context
        As for `assert_cannot`.
    allowed
        Pairs of action and resource, both with wildcards: what may be allowed. Whether it is, is not
        asserted.

    Raises
    ------
    AssertionError, PolicyError
        As for `assert_cannot`.
    """
    _assert(template, principal, (action, resource), context, tuple(allowed))


def _assert(
    template: Template,
    principal: str,
    texts: tuple[str, str],
    context: Mapping[str, Any],
    allowed: tuple[tuple[str, str], ...],
) -> None:
    for world in _worlds(template):
        who = asker(world, principal)
        zone = Shape((action_text(texts[0]),), (resource_text(world, texts[1]),), _limits(context))
        needs = tuple(Shape((action_text(one),), (resource_text(world, other),)) for one, other in allowed)
        but = " but what is listed" if allowed else ""
        text = f"{who.label} cannot {texts[0]} {described(world, zone.resources[0])}{but}"
        obligation = Obligation("assertion", who.label, text, Modality.ONLY, who, zone, needs)
        outcome = prove(world, obligation)
        if outcome.verdict is not Verdict.PROVED:
            raise AssertionError(_told(world, who, text, outcome))


def _limits(context: Mapping[str, Any]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found: dict[str, tuple[str, ...]] = {}
    for name, value in context.items():
        key = name.replace("__", ":").lower()
        several = value if isinstance(value, (list, tuple)) else (value,)
        if not several or not all(isinstance(each, (str, int, float)) for each in several):
            mend = "give a text, a number, true, false, or a list of them"
            raise PolicyError([Fault(f"{value!r} is no value of a key", f"the context key {key}", mend)])
        found[key] = tuple(str(each).lower() if isinstance(each, bool) else str(each) for each in several)
    return tuple(sorted(found.items()))


def _told(world: World, who: Who, text: str, outcome: Outcome) -> str:
    """Return why an assertion does not hold, in the template's words."""
    if outcome.verdict is Verdict.UNDECIDED:
        lines = [f"not proved: {text}", f"  {world.shown(outcome.why)}"]
    else:
        lines = [f"not so: {text}"]
    if outcome.witness is not None:
        lines += _request(world, outcome.witness)
    lines += [f"  assumed: {each}" for each in (who.assumes, *world.choices) if each]
    return "\n".join(lines)


def _request(world: World, witness: Witness) -> list[str]:
    carried = f" with {context_words(witness.context, world)}" if witness.context else ""
    request = f"{witness.who} {witness.action} {world.shown(witness.resource)}{carried}"
    return [f"  {witness.decision.value}: {request}", *(f"  {world.shown(each)}" for each in witness.reasons)]


def _worlds(template: Template) -> tuple[World, ...]:
    """Return every deployment of a template that policies tell apart."""
    if isinstance(template, Pipeline):
        made = template.templates()
        return worlds(together(made.root, made.nested, template.id))
    if isinstance(template, Source):
        return worlds(template)
    if isinstance(template, Mapping):
        return worlds(source(template))
    return worlds(load(template))
