"""P8: what the endpoints of a VPC let through, for the functions that are placed in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakenb.iam.parser import policy as compiled
from lakenb.iam.policies import PolicyKind
from lakenb.iam.proof.principals import administrator, holder
from lakenb.iam.proof.values import Modality, Obligation, Shape, Who
from lakenb.review.case import ANY, Task, Unit
from lakenb.review.needs import everything
from lakenb.review.networks import vpc_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.iam.stacks.world import Endpoint
    from lakenb.review.case import Case

CLAIM = "P8"
# What the function's own code calls; polling and logging are Lambda's, which is outside the VPC.
_CALLED = ("s3", "sns", "sqs")
_POLLED = "sqs:ReceiveMessage"
# AWS PrivateLink Guide, "Control access to VPC endpoints using endpoint policies": none gives full access
_OPEN = compiled(
    {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}},
    PolicyKind.ENDPOINT,
    label="the full access that an endpoint without a policy gives",
)


def endpoint_units(case: Case) -> Iterator[Unit]:
    """Yield what concerns the endpoints on the way of functions in a VPC."""
    ways = tuple(_ways(case))
    for way in ways:
        identity = case.world.identities.get(case.found.nodes[way.node].role)
        if identity is None:
            continue
        needs = case.needs[way.node]
        reached = (arn for need in needs for arn in need.may.resources)
        policies = (way.endpoint.policy, *identity.policies, *identity.boundaries, *case.guards(reached))
        name = ("endpoint", f"{way.node} {way.endpoint.logical_id}")
        yield Unit(name, (needs, way.endpoint.id), policies, way.tasks(case))
    # every endpoint of such a VPC is a door out of it, whether or not a function needs it
    networks = {vpc_of(case.index, case.found.nodes[node]) for node in case.needs} - {""}
    for endpoint in (one for one in case.world.endpoints if one.vpc in networks):
        arns = tuple(_reached(case))
        yield Unit(("endpoint", endpoint.logical_id), arns, (endpoint.policy,), _Narrow(case, endpoint, arns))


def _reached(case: Case) -> Iterator[str]:
    """Yield the resources that the pipeline works on, given buckets among them."""
    for one in case.own.values():
        yield from (arn for part in one.parts() for arn in part.arns)
        if one.bucket and one.is_given:
            yield from everything(one.bucket)
    yield from (arn for part in case.shared() for arn in part.arns)


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """A node's function, and an endpoint that what it calls goes through."""

    node: str
    service: str
    endpoint: Endpoint

    def tasks(self, case: Case) -> _Through:
        return _Through(case, self)


@dataclass(frozen=True, slots=True, eq=False)
class _Through:
    """The tasks that what a function calls gets through an endpoint."""

    case: Case
    way: _Way

    def __call__(self) -> tuple[Task, ...]:
        case, way = self.case, self.way
        who = holder(case.world, case.found.nodes[way.node].role)
        way_taken = (("aws:sourcevpc", (way.endpoint.vpc,)), ("aws:sourcevpce", (way.endpoint.id,)))
        tasks = []
        for need in case.needs[way.node]:
            for must in need.must[:1]:
                if not must.actions[0].startswith(f"{way.service}:") or _POLLED in must.actions:
                    continue
                context = tuple(sorted((*must.context, *way_taken)))
                zone = Shape(must.actions, must.resources, context)
                text = f"{need.text} through {way.endpoint.logical_id}"
                obligation = Obligation("P10", way.node, text, Modality.CAN, who, zone)
                tasks.append(Task(obligation, about="P8"))
        return tuple(tasks)


@dataclass(frozen=True, slots=True, eq=False)
class _Narrow:
    """The task that an endpoint lets through what the pipeline needs, and nothing beyond it."""

    case: Case
    endpoint: Endpoint
    arns: tuple[str, ...]

    def __call__(self) -> tuple[Task, ...]:
        asks = administrator(self.case.world)
        policy = _OPEN if self.endpoint.policy is None else self.endpoint.policy
        # an endpoint's policy grants nothing: it is weighed here as if it were all that somebody has
        label = f"whoever comes through {self.endpoint.logical_id}"
        who = Who(label, asks.principal, identity=(policy,))
        text = f"{self.endpoint.logical_id} lets through what goes to the pipeline's resources only"
        needs = (Shape(ANY, self.arns),)
        service = self.endpoint.service.rpartition(".")[2]
        zone = Shape((f"{service}:*",), ANY)
        return (Task(Obligation(CLAIM, self.endpoint.logical_id, text, Modality.ONLY, who, zone, needs)),)


def _ways(case: Case) -> Iterator[_Way]:
    for node in case.needs:
        vpc = vpc_of(case.index, case.found.nodes[node])
        for endpoint in case.world.endpoints:
            service = endpoint.service.rpartition(".")[2]
            if vpc and endpoint.vpc == vpc and service in _CALLED:
                yield _Way(node, service, endpoint)
