"""P8: what the endpoints of a VPC let through, for the functions that are placed in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakenb.iam.parser import policy as compiled
from lakenb.iam.policies import PolicyKind
from lakenb.iam.proof.principals import administrator, holder
from lakenb.iam.proof.values import Modality, Obligation, Shape, Who
from lakenb.review.case import ANY, Task, Unit
from lakenb.review.given_networks import is_given
from lakenb.review.networks import ATTACH, called, is_placed, service_of, vpc_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.iam.stacks.world import Endpoint
    from lakenb.review.case import Case
    from lakenb.review.needs import Need

CLAIM = "P8"
# AWS PrivateLink Guide, "Control access to VPC endpoints using endpoint policies": none gives full access
_OPEN = compiled(
    {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}},
    PolicyKind.ENDPOINT,
    label="the full access that an endpoint without a policy gives",
)


def endpoint_units(case: Case) -> Iterator[Unit]:
    """Yield what concerns placed functions, and the endpoints on their way."""
    yield from _own_code(case)
    yield from _pinned(case)
    for way in ways(case):
        identity = case.world.identities.get(case.found.nodes[way.node].role)
        if identity is None:
            continue
        needs = case.needs[way.node]
        reached = (arn for need in needs for arn in need.may.resources)
        policies = (way.endpoint.policy, *identity.policies, *identity.boundaries, *case.guards(reached))
        name = ("endpoint", f"{way.node} {way.endpoint.logical_id}")
        yield Unit(name, (needs, way.endpoint.id), policies, way.tasks(case))
    # every endpoint of such a VPC that the template makes is a door out of it, whether or not a function
    # needs it. A given one is its owner's, and may serve others: what else it lets through is an assumption.
    networks = {vpc_of(case.index, case.found.nodes[node]) for node in case.needs} - {""}
    for endpoint in case.world.endpoints:
        if endpoint.vpc in networks and not is_given(case.world, endpoint.logical_id):
            wanted = _needed(case, endpoint)
            name = ("endpoint", endpoint.logical_id)
            yield Unit(name, wanted, (endpoint.policy,), _Narrow(case, endpoint, wanted))


def _own_code(case: Case) -> Iterator[Unit]:
    """Yield that a function's own code cannot do what Lambda does with its role to place it."""
    for node, own in case.own.items():
        found = case.found.nodes[node]
        identity = case.world.identities.get(found.role)
        if identity is None or node not in case.needs or not is_placed(case.index, found):
            continue
        policies = (*identity.policies, *identity.boundaries)
        yield Unit(("network", node), own.function, policies, _OwnCode(case, node))


def _pinned(case: Case) -> Iterator[Unit]:
    """Yield that the roles of nodes that are bound to an endpoint do nothing in S3 by another way."""
    for node, wish in case.wanted.nodes.items():
        found = case.found.nodes.get(node)
        identity = None if found is None else case.world.identities.get(found.role)
        if found is None or identity is None or not wish.is_pinned:
            continue
        vpc = vpc_of(case.index, found)
        ids = tuple(
            one.id for one in case.world.endpoints if vpc and one.vpc == vpc and service_of(one) == "s3"
        )
        policies = (*identity.policies, *identity.boundaries, *case.open_guards)
        yield Unit(("pinned", node), ids, policies, _Pinned(case, node, ids))


@dataclass(frozen=True, slots=True, eq=False)
class _Pinned:
    """The task that a role does what it does in S3 through the endpoint of its VPC alone."""

    case: Case
    node: str
    endpoints: tuple[str, ...]

    def __call__(self) -> tuple[Task, ...]:
        who = holder(self.case.world, self.case.found.nodes[self.node].role)
        text = f"'{self.node}' does what it does in S3 through the endpoint of its VPC only"
        needs = (Shape(("s3:*",), ANY, (("aws:sourcevpce", self.endpoints),)),) if self.endpoints else ()
        return (Task(Obligation(CLAIM, self.node, text, Modality.ONLY, who, Shape(("s3:*",), ANY), needs)),)


@dataclass(frozen=True, slots=True, eq=False)
class _OwnCode:
    """The task that a function's code does nothing to networks.

    AWS Lambda Developer Guide, "Using source function ARN to control function access behavior": what the
    code asks for carries the function's ARN, what Lambda asks for to attach the function does not.
    """

    case: Case
    node: str

    def __call__(self) -> tuple[Task, ...]:
        case, node = self.case, self.node
        who = holder(case.world, case.found.nodes[node].role)
        by_code = (("lambda:sourcefunctionarn", (case.own[node].function,)),)
        text = f"the code of '{node}' itself does nothing to networks"
        zone = Shape(ATTACH, ANY, by_code)
        return (Task(Obligation(CLAIM, node, text, Modality.ONLY, who, zone)),)


def _needed(case: Case, endpoint: Endpoint) -> tuple[Shape, ...]:
    """Return what an endpoint may let through: what placed nodes' code does by it, where they need it."""
    needs = [
        need.may
        for node in case.needs
        if vpc_of(case.index, case.found.nodes[node]) == endpoint.vpc
        for need in case.needs[node]
        if _is_by(need, service_of(endpoint))
    ]
    actions = tuple(sorted({action for one in needs for action in one.actions}))
    arns = tuple(sorted({arn for one in needs for arn in one.resources}))
    return (Shape(actions, arns),) if needs else ()


def _is_by(need: Need, service: str) -> bool:
    """Return whether a need is met by a service's endpoint; a log's own may be there for nobody's sake."""
    return called(need.may) == service or (service == "logs" and need.may.actions[0].startswith("logs:"))


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """A node's function, and an endpoint that what it calls goes through."""

    node: str
    service: str
    endpoint: Endpoint

    def tasks(self, case: Case) -> Through:
        """Return what makes the tasks."""
        return Through(case, self)


@dataclass(frozen=True, slots=True, eq=False)
class Through:
    """The tasks that what a function calls gets through an endpoint."""

    case: Case
    way: Way

    def __call__(self) -> tuple[Task, ...]:
        """Return the tasks."""
        case, way = self.case, self.way
        who = holder(case.world, case.found.nodes[way.node].role)
        tasks = []
        for need in case.needs[way.node]:
            for must in need.must[:1]:
                if called(must) != way.service:
                    continue
                path = {**dict(must.context), "aws:sourcevpc": (way.endpoint.vpc,)}
                path["aws:sourcevpce"] = (way.endpoint.id,)
                zone = Shape(must.actions, must.resources, tuple(sorted(path.items())))
                text = f"{need.text} through {way.endpoint.logical_id}"
                obligation = Obligation("P10", way.node, text, Modality.CAN, who, zone)
                tasks.append(Task(obligation, about=CLAIM))
        return tuple(tasks)


@dataclass(frozen=True, slots=True, eq=False)
class _Narrow:
    """The task that an endpoint lets through what the pipeline needs, and nothing beyond it."""

    case: Case
    endpoint: Endpoint
    needs: tuple[Shape, ...]

    def __call__(self) -> tuple[Task, ...]:
        policy = _OPEN if self.endpoint.policy is None else self.endpoint.policy
        # an endpoint's policy grants nothing: it is weighed here as if it were all that somebody has
        label = f"whoever comes through {self.endpoint.logical_id}"
        who = Who(label, administrator(self.case.world).principal, identity=(policy,))
        name = self.endpoint.logical_id
        text = f"{name} lets through what the pipeline does with its own resources only"
        zone = Shape((f"{service_of(self.endpoint)}:*",), ANY)
        return (Task(Obligation(CLAIM, name, text, Modality.ONLY, who, zone, self.needs)),)


def ways(case: Case) -> Iterator[Way]:
    """Yield the ways of the placed nodes' functions through endpoints."""
    for node in case.needs:
        vpc = vpc_of(case.index, case.found.nodes[node])
        services = {called(must) for need in case.needs[node] for must in need.must} - {""}
        for endpoint in case.world.endpoints:
            if vpc and endpoint.vpc == vpc and service_of(endpoint) in services:
                yield Way(node, service_of(endpoint), endpoint)
