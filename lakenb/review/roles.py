"""P1 to P4 of a node's role: what it needs, and nothing else anywhere; and that it can do what it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.iam.proof.principals import holder
from lakenb.iam.proof.values import Modality, Obligation, Shape
from lakenb.review.case import ANY, Task, Unit
from lakenb.review.deputies import LAMBDA
from lakenb.review.needs import OVER_TLS, PLAIN, everything

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.iam.policies import Policy
    from lakenb.iam.proof.values import Who
    from lakenb.review.case import Case
    from lakenb.review.needs import Need, Resources
    from lakenb.review.wanted import WantedNode

_NO_RESOURCE = "${*}"  # the star itself: what a request names whose action has no resource


def role_unit(case: Case, node: WantedNode, own: Resources) -> Unit:
    """Return what concerns the role of one node."""
    needs = case.needs[node.id]
    identity = case.world.identities.get(case.found.nodes[node.id].role)
    reached = [arn for need in needs for arn in need.may.resources]
    doors = tuple(one.policy for one in case.world.endpoints)  # on the way of functions in a VPC
    policies: tuple[Policy | None, ...] = (*case.guards(reached), *case.open_guards, *doors)
    if identity is not None:
        policies = (*identity.policies, *identity.boundaries, identity.trust, *policies)
    return Unit(
        ("role", node.id),
        (own, needs, case.found.cache_arn, tuple(case.indexes.items()), case.state_services),
        policies,
        lambda: tuple(_role_tasks(case, node, own, needs)),
    )


def _role_tasks(case: Case, node: WantedNode, own: Resources, needs: tuple[Need, ...]) -> Iterator[Task]:
    role = case.found.nodes[node.id].role
    if role not in case.world.identities:
        return
    who = holder(case.world, role)
    yield _secrecy(case, node, own, who, needs)
    plain = _plain(case, node, who, needs)
    if plain is not None:
        yield plain
    for need in needs:
        for must in need.must:
            yield Task(Obligation("P10", node.id, need.text, Modality.CAN, who, must), about=need.claim)
    if own.role:
        service = case.service(LAMBDA)
        zone = Shape(("sts:AssumeRole",), (own.role,), OVER_TLS)
        text = f"Lambda runs the function of '{node.id}' with its role"
        yield Task(Obligation("P10", node.id, text, Modality.CAN, service, zone), about="P9")


def _secrecy(case: Case, node: WantedNode, own: Resources, who: Who, needs: tuple[Need, ...]) -> Task:
    """Return the task that a role may do what it needs and nothing else, anywhere."""
    may = tuple(need.may for need in needs)
    store = own.bucket if node.puts is not None else ""
    text = f"'{node.id}' may do what it needs and nothing else"
    whole = Obligation("P1", node.id, text, Modality.ONLY, who, Shape(ANY, ANY), may)
    return Task(whole, parts_of(case, node.id, who, f"'{node.id}'", may, store=store))


def parts_of(
    case: Case, node: str, who: Who, words: str, may: tuple[Shape, ...], *, store: str = ""
) -> tuple[Obligation, ...]:
    """Return the obligations that a role of a node does nothing but what it may, by claims.

    Parameters
    ----------
    case
        The pipeline in its world.
    node, who, words
        Whose role it is, who asks with it, and what people call it.
    may
        What is allowed.
    store
        The ARN of its own store.
    """
    zones = tuple(_zones(case, words, store))
    # INVARIANT: what 'elsewhere' leaves out is judged by the zones, or it is an action of one service on a
    # resource of another, which no request is (Service Authorization Reference); together they are everything
    others = (*(zone for _, _, zone in zones), *_impossible(case, store))
    parts = [Obligation(claim, node, text, Modality.ONLY, who, zone, may) for claim, text, zone in zones]
    text = f"{words} does nothing beyond its pipeline"
    elsewhere = Obligation("P1", node, text, Modality.ONLY, who, Shape(ANY, ANY), (*may, *others))
    return (*parts, elsewhere)


def _zones(case: Case, words: str, store: str) -> Iterator[tuple[str, str, Shape]]:
    """Yield the parts of everything that a claim is about: claim, what it says, the part."""
    documents = tuple(
        pattern
        for bucket in dict.fromkeys(case.buckets.values())
        if bucket not in {store, case.found.cache_arn}
        for pattern in everything(bucket)
    )
    if documents:
        text = f"{words} reads what its direct producers provide, and no other documents"
        yield "P1", text, Shape(("s3:*",), documents)
    if store:
        yield "P2", f"{words} only puts into its own store", Shape(("s3:*",), everything(store))
    if case.cache:
        text = f"{words} reads the cache and puts under its own part of it only"
        yield "P3", text, Shape(("s3:*",), case.cache)
    arn = f"arn:{case.world.partition}:{{}}:*".format
    for service, what in (("sqs", "queue and dead-letter queue"), ("sns", "topic"), ("logs", "log")):
        zone = Shape((f"{service}:*",), (arn(service), _NO_RESOURCE))
        yield "P4", f"{words} uses its own {what} only", zone
    if case.keys.all:
        text = f"{words} uses keys for its own reads and puts only, through the service that does them"
        yield "P6", text, Shape(("kms:*",), (arn("kms"), _NO_RESOURCE))
    yield from _state_zones(case, words)


def _state_zones(case: Case, words: str) -> Iterator[tuple[str, str, Shape]]:
    text = f"{words} does with its own state what its kind does, and nothing with that of others"
    for service in case.state_services:
        where = f"arn:{case.world.partition}:{service}:*"
        yield "P2", text, Shape((f"{service}:*",), (where, _NO_RESOURCE))
    indexes = tuple(pattern for index in case.indexes.values() for pattern in everything(index))
    if indexes:
        yield "P2", text, Shape(("s3:*",), indexes)
    roles = tuple(role for own in case.own.values() for role in own.extra_roles())
    if roles:
        text = f"{words} hands a role on to the service that it is for, and to nobody else"
        yield "P9", text, Shape(("iam:PassRole",), roles)


def _impossible(case: Case, store: str) -> Iterator[Shape]:
    known = (*case.buckets.values(), *case.indexes.values(), *filter(None, (store, case.found.cache_arn)))
    yield Shape(ANY, tuple(pattern for bucket in dict.fromkeys(known) for pattern in everything(bucket)))
    services = ("sqs", "sns", "logs", *(("kms",) if case.keys.all else ()), *case.state_services)
    yield Shape(tuple(f"{service}:*" for service in services), ANY)
    yield Shape(ANY, tuple(f"arn:{case.world.partition}:{service}:*" for service in services))


def _plain(case: Case, node: WantedNode, who: Who, needs: tuple[Need, ...]) -> Task | None:
    """Return the task that a role does nothing on the pipeline's own without TLS."""
    made = {arn for one in case.own.values() for arn in one.documents()[1:]}
    made |= {*case.cache[1:], *case.indexes.values()}
    given = {one.queue for one in case.own.values() if one.is_given_queue}
    arns = [arn for need in needs for arn in need.may.resources if arn not in given]
    kinds = {
        "s3:*": tuple(arn for arn in arns if arn.partition("/")[0] in made),
        "sqs:*": tuple(arn for arn in arns if arn.split(":")[2:3] == ["sqs"]),
        "sns:Publish": tuple(arn for arn in arns if arn.split(":")[2:3] == ["sns"]),
    }
    text = f"'{node.id}' does nothing without TLS"

    def obligation(zone: Shape) -> Obligation:
        return Obligation("P7", node.id, text, Modality.ONLY, who, zone)

    parts = tuple(obligation(Shape((action,), some, PLAIN)) for action, some in kinds.items() if some)
    if not parts:
        return None
    return Task(
        obligation(Shape(tuple(kinds), tuple(arn for some in kinds.values() for arn in some), PLAIN)), parts
    )
