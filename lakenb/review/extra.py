"""Roles that services take for a node: who may take them, for whom, and the one thing that they may do."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from lakenb.iam.proof.principals import holder
from lakenb.iam.proof.values import Modality, Obligation, Shape
from lakenb.review.case import ANY, Task, Unit
from lakenb.review.deputies import SCHEDULER, SOURCE_ACCOUNT, SOURCE_ARN, STATES, keys_sent
from lakenb.review.kms import extra_key_needs
from lakenb.review.needs import OVER_TLS, Need
from lakenb.review.roles import parts_of
from lakenb.review.state import FIELDS, WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.iam.policies import Policy
    from lakenb.review.case import Case
    from lakenb.review.needs import Resources
    from lakenb.review.wanted import WantedNode

_TAKEN_BY = {"schedule_role": SCHEDULER, "machine_role": STATES}


@dataclass(frozen=True, slots=True)
class Extra:
    """A role that a service takes for a node.

    Parameters
    ----------
    node, sort
        Whose it is, and which: ``schedule_role`` or ``machine_role``.
    role, arn
        Its logical id, and its ARN.
    service
        Who takes it.
    context
        What AWS documents the service to send along: for whom it works (P9).
    needs
        What it may do, and must be able to.
    """

    node: str
    sort: str
    role: str
    arn: str
    service: str
    context: tuple[tuple[str, tuple[str, ...]], ...]
    needs: tuple[Need, ...]

    @property
    def words(self) -> str:
        """What it is, for people."""
        return f"the {WORDS[self.sort]} of '{self.node}'"


def extras(case: Case) -> Iterator[Extra]:
    """Yield the roles that services take for the nodes of a pipeline: those that its nodes declare."""
    for node, own in case.nodes:
        state = case.found.nodes[node.id].state
        declared = {name for service in node.services for name in FIELDS[service]}
        for sort, service in _TAKEN_BY.items():
            role = getattr(state, sort)
            source = source_of(own, sort)
            if sort in declared and role in case.world.identities and source:
                values = {SOURCE_ARN: source, SOURCE_ACCOUNT: case.world.account}
                keys = keys_sent(service, "sts:AssumeRole", "trust policy")
                context = tuple(sorted((key, (values[key],)) for key in keys))
                needs = (*_needs(node, own, sort), *extra_key_needs(case.world, case.keys, own, sort))
                arn = getattr(own.state, sort)
                yield Extra(node.id, sort, role, arn, service, context, needs)


def source_of(own: Resources, sort: str) -> str:
    """Return for which ARN a service takes a role: a schedule's group, a state machine."""
    state = own.state
    if sort == "machine_role":
        return state.machine
    if state.group:
        return state.group
    if state.schedule:
        # schedule/GROUP/NAME; the page: "the ARN you specify must be a schedule group"
        head, _, rest = state.schedule.partition(":schedule/")
        return f"{head}:schedule-group/{rest.partition('/')[0]}"
    return ""


def _needs(node: WantedNode, own: Resources, sort: str) -> Iterator[Need]:
    """Yield what a service does with its role: it brings on what the node handed it, or lays it aside."""
    if sort == "machine_role":
        text = f"the state machine of '{node.id}' publishes to its topic"
        yield from _sends(text, "sns:Publish", own.topic)
    else:
        yield from _sends(f"schedules of '{node.id}' send to its queue", "sqs:SendMessage", own.queue)
    who = "the state machine" if sort == "machine_role" else "a schedule"
    text = f"what {who} of '{node.id}' cannot bring on is laid aside in its dead-letter queue"
    yield from _sends(text, "sqs:SendMessage", own.dead_letters)


def _sends(text: str, action: str, arn: str) -> Iterator[Need]:
    if arn:
        yield Need("P4", text, Shape((action,), (arn,)), (Shape((action,), (arn,), OVER_TLS),))


def extra_units(case: Case) -> Iterator[Unit]:
    """Yield what concerns the roles that services take for nodes."""
    for extra in case.extras:
        identity = case.world.identities[extra.role]
        reached = [arn for need in extra.needs for arn in need.may.resources]
        policies: tuple[Policy | None, ...] = (
            *identity.policies,
            *identity.boundaries,
            identity.trust,
            *case.guards(reached),
            *case.open_guards,
        )
        values = (extra, case.found.cache_arn, tuple(case.indexes.items()), case.state_services)
        yield Unit(("extra", extra.role), values, policies, partial(_tasks, case, extra))


def _tasks(case: Case, extra: Extra) -> tuple[Task, ...]:
    who = holder(case.world, extra.role)
    may = tuple(need.may for need in extra.needs)
    text = f"{extra.words} may do what it is for and nothing else"
    whole = Obligation("P1", extra.node, text, Modality.ONLY, who, Shape(ANY, ANY), may)
    parts = parts_of(case, extra.node, who, extra.words, may)
    can = (
        Task(Obligation("P10", extra.node, need.text, Modality.CAN, who, must), about=need.claim)
        for need in extra.needs
        for must in need.must
    )
    zone = Shape(("sts:AssumeRole",), (extra.arn,), tuple(sorted((*extra.context, *OVER_TLS))))
    text = f"{extra.service} takes {extra.words}"
    asks = case.service(extra.service)
    taken = Task(Obligation("P10", extra.node, text, Modality.CAN, asks, zone), about="P9")
    return (Task(whole, parts), *can, taken)


def services_of(own: Resources, extra: tuple[Extra, ...], service: str) -> tuple[Shape, ...]:
    """Return what a service may do with the roles of one node: take them, for the node alone."""
    return tuple(
        Shape(("sts:AssumeRole",), (one.arn,), one.context)
        for one in extra
        if one.node == own.id and one.service == service
    )
