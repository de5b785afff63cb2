"""Everybody who is no node: other roles, other accounts, anybody, services. They may do nothing here."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

from lakenb.iam.proof.principals import holder
from lakenb.iam.proof.values import Modality, Obligation, Shape
from lakenb.iam.requests import Sort
from lakenb.review.case import ANY, Task, Unit
from lakenb.review.deliveries import deliveries
from lakenb.review.deputies import EVENTS, LAMBDA, S3, SNS, SOURCE_ACCOUNT, SOURCE_ARN
from lakenb.review.extra import services_of
from lakenb.review.kms import service_needs
from lakenb.review.needs import OVER_TLS, Part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.iam.proof.values import Who
    from lakenb.review.case import Case
    from lakenb.review.extra import Extra
    from lakenb.review.needs import Resources


def strangers_unit(case: Case, subject: str, parts: tuple[Part, ...], roles: tuple[str, ...] = ()) -> Unit:
    """Return what strangers whom a policy names may do on some resources: nothing, services apart."""
    arns = tuple(arn for part in parts for arn in part.arns)
    return Unit(
        ("strangers", subject),
        (parts, _extras(case, subject), tuple(one.label for one in (*case.callers, *case.administrators))),
        case.guards(arns),
        lambda: tuple(_stranger_tasks(case, subject, parts, arns, roles)),
    )


def _stranger_tasks(
    case: Case, subject: str, parts: tuple[Part, ...], arns: tuple[str, ...], roles: tuple[str, ...]
) -> Iterator[Task]:
    own = case.own.get(subject)
    for who in case.callers:
        if who.principal.sort is Sort.SERVICE:
            text = f"{who.label} acts on what '{subject}' has for the pipeline's own sources only"
            needs = _deputy_needs(case, who.label, own)
            yield Task(Obligation("P9", subject, text, Modality.ONLY, who, Shape(ANY, arns), needs))
        else:
            yield _nothing(who, subject, who.label, parts)
    if roles:
        text = f"nobody of the account becomes {'a' if len(roles) > 1 else 'the'} role of '{subject}'"
        zone = Shape(("sts:*",), roles)
        for who in case.administrators:
            yield Task(Obligation("P1", subject, text, Modality.ONLY, who, zone))


def _extras(case: Case, subject: str) -> tuple[Extra, ...]:
    return tuple(one for one in case.extras if one.node == subject)


def bystanders_unit(case: Case) -> Unit:
    """Return what strangers whom no policy names may do on all of the pipeline's resources: nothing."""
    parts = _joined([*(part for own in case.own.values() for part in own.parts()), *case.shared()])
    arns = tuple(arn for part in parts for arn in part.arns)
    labels = tuple(one.label for one in case.bystanders)
    return Unit(
        ("bystanders", ""),
        (parts, labels),
        tuple(case.world.guards.values()),
        lambda: tuple(
            replace(_nothing(who, "the pipeline", who.label, parts), is_one=True)
            for who in case.bystanders
            if arns
        ),
    )


def _nothing(who: Who, subject: str, name: str, parts: tuple[Part, ...]) -> Task:
    """Return the task that somebody may do nothing on some resources, by services and claims."""

    def obligation(claim: str, words: str, zone: Shape) -> Obligation:
        kept = "P9" if who.principal.sort is Sort.SERVICE else claim
        return Obligation(kept, subject, f"{name} may do nothing on {words}", Modality.ONLY, who, zone)

    arns = tuple(arn for part in parts for arn in part.arns)
    several = tuple(obligation(part.claim, part.words, Shape(part.actions, part.arns)) for part in parts)
    return Task(obligation("P1", "what is the pipeline's", Shape(ANY, arns)), several)


def _deputy_needs(case: Case, service: str, own: Resources | None) -> tuple[Shape, ...]:
    """Return what a service may do for any source of the pipeline's account (P4 says for which)."""
    if own is None:
        return ()
    world = case.world
    here = f"arn:{world.partition}:{{}}:{world.region}:{world.account}:*"
    queues = own.queues()
    match service:
        case _ if service == LAMBDA:
            return (Shape(("sts:AssumeRole",), (own.role,)),) if own.role else ()
        case _ if service == SNS:
            context: tuple[tuple[str, tuple[str, ...]], ...] = ((SOURCE_ARN, (here.format("sns"),)),)
        case _ if service == EVENTS:
            context = ((SOURCE_ARN, (here.format("events"),)),)
        case _ if service == S3:
            bucket = f"arn:{world.partition}:s3:::*"
            context = ((SOURCE_ACCOUNT, (world.account,)), (SOURCE_ARN, (bucket,)))
        case _:
            return services_of(own, case.extras, service)
    return (Shape(("sqs:SendMessage",), queues, context),) if queues else ()


def other_units(case: Case) -> Iterator[Unit]:
    """Yield what concerns the roles and users of the template that are no node's."""
    roles = {case.found.nodes[node].role for node in case.own if node in case.wanted.nodes}
    roles |= {one.role for one in case.extras}
    others = [
        (name, identity)
        for name, identity in case.world.identities.items()
        if name not in roles and identity.principal is not None
    ]
    if not others:
        return
    parts = _joined([*(part for own in case.own.values() for part in own.parts()), *case.shared()])
    arns = tuple(arn for part in parts for arn in part.arns)
    guards = case.guards(arns)
    for name, identity in others:
        policies = (*identity.policies, *identity.boundaries, *guards)
        yield Unit(("other", name), parts, policies, partial(_other, case, name, parts))


def _joined(parts: list[Part]) -> tuple[Part, ...]:
    """Return the parts of all nodes as one for each service and claim."""
    arns: dict[tuple[str, tuple[str, ...]], dict[str, None]] = {}
    words: dict[tuple[str, tuple[str, ...]], str] = {}
    for part in parts:
        key = (part.claim, part.actions)
        arns.setdefault(key, {}).update(dict.fromkeys(part.arns))
        words.setdefault(key, part.words.partition(" of '")[0])
    return tuple(Part(key[0], f"{words[key]} of the pipeline", key[1], tuple(arns[key])) for key in arns)


def _other(case: Case, name: str, parts: tuple[Part, ...]) -> tuple[Task, ...]:
    return (_nothing(holder(case.world, name), name, f"{name}, which is no node's,", parts),)


def key_units(case: Case) -> Iterator[Unit]:
    """Yield what strangers and services may do with each key."""
    for key in case.keys.all:
        sources = _sources(case, key)
        needs = service_needs(case.world, case.keys, key, sources)
        labels = tuple(one.label for one in case.strangers)
        values = (labels, tuple(sorted(needs.items())))
        yield Unit(("key", key), values, case.guards((key,)), partial(_key_tasks, case, key, needs))


def _sources(case: Case, key: str) -> dict[str, set[str]]:
    """Return by service for which sources it brings messages to queues under a key."""
    found: dict[str, set[str]] = {}
    for node, own in case.nodes:
        for one in deliveries(case, node, own):
            if case.keys.of.get(one.queue) == key:
                found.setdefault(one.service, set()).add(one.source)
    return found


def _key_tasks(case: Case, key: str, needs: dict[str, tuple[Shape, ...]]) -> tuple[Task, ...]:
    shown = case.world.shown(key)
    zone = Shape(("kms:*",), (key,))
    tasks = []
    for who in case.strangers:
        own = needs.get(who.label, ())
        text = f"{who.label} may do nothing with {shown}"
        if own:
            text = f"{who.label} uses {shown} for the pipeline's own sources only"
        claim = "P9" if who.principal.sort is Sort.SERVICE else "P6"
        tasks.append(Task(Obligation(claim, shown, text, Modality.ONLY, who, zone, own)))
    for service, own in needs.items() if key in case.keys.made else ():  # a given key's owner lets them
        who = case.service(service)
        for shape in own:
            for asked in _asked(shape):
                sources = ", ".join(value for key, (value,) in asked.context if key in _SOURCES)
                text = f"{service} can use {shown} for the pipeline" + (f", for {sources}" if sources else "")
                obligation = Obligation("P10", shown, case.world.shown(text), Modality.CAN, who, asked)
                tasks.append(Task(obligation, about="P6"))
    return tuple(tasks)


_SOURCES = (SOURCE_ARN, "kms:encryptioncontext:aws:logs:arn")


def _asked(shape: Shape) -> Iterator[Shape]:
    """Yield a request of what a service may do, for each of its sources, without wildcards in actions."""
    actions = tuple(action.rstrip("*") for action in shape.actions)
    known = {"kms:ReEncrypt": "kms:ReEncryptFrom", "kms:Describe": "kms:DescribeKey"}
    for values in product(*(values for _, values in shape.context)):
        carried = ((key, (value,)) for (key, _), value in zip(shape.context, values, strict=True))
        context = tuple(sorted((*carried, *OVER_TLS)))
        yield Shape(tuple(known.get(one, one) for one in actions), shape.resources, context)
