"""P8: a function in a VPC reaches, inside it, every service that its own code calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakenb.iam.proof.values import Verdict
from lakenb.review.find import variables
from lakenb.review.given_networks import is_given
from lakenb.review.properties.reading import Said, plain_text, said
from lakenb.review.properties.security_groups import lets_in, lets_out
from lakenb.review.properties.values import PropertyNote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakenb.graph.networks import Vpc
    from lakenb.iam.stacks.world import Resource
    from lakenb.review.find import FoundNode
    from lakenb.review.properties.surroundings import Surroundings
    from lakenb.review.properties.values import PropertyResult

_LET_OUT = "let the function's security group send to TCP port 443 of the endpoint"


def networks(around: Surroundings, name: str) -> Iterator[PropertyResult]:
    """Return the results of P8 for a node that is placed in a VPC, or should be."""
    node = around.node(name)
    function = around.resource(node.function)
    if function is None:
        return
    place = said(function, "VpcConfig")
    if place.is_there and place.value not in ({}, None):
        yield from _placed(around, name, node, place)
        yield from _where_asked(around, name, place)
    elif _wants_vpc(around, name):
        text = f"the function of '{name}' runs in its VPC"
        mend = "set VpcConfig with SubnetIds and SecurityGroupIds"
        yield around.result("P8", name, text, Verdict.FAILED, place, mend)


def network_notes(around: Surroundings) -> Iterator[PropertyNote]:
    """Return which nodes P8 does not speak of, and what a VPC has no need of."""
    outside: list[str] = []
    inside: list[str] = []
    for name, node in around.found.nodes.items():
        function = around.resource(node.function)
        if function is not None:
            is_placed = function.properties.get("VpcConfig") not in ({}, None)
            (inside if is_placed else outside).append(name)
    if outside:
        names = ", ".join(f"'{name}'" for name in outside)
        yield PropertyNote("P8", f"not applicable: no VPC for {names}")
    if inside:
        text = (
            "the Lambda service polls queues and writes logs from its own network: an endpoint for Logs is "
        )
        yield PropertyNote("P8", text + "published, and no function's code needs it")
        yield from _ways_out(around, inside)


def _ways_out(around: Surroundings, placed: list[str]) -> Iterator[PropertyNote]:
    """Yield which given subnets lead to the internet beside the endpoints."""
    for name in placed:
        vpc = _vpc(around, name)
        for subnet in () if vpc is None else vpc.placed_in:
            out = sorted({route.target for route in subnet.routes or () if route.leads_out})
            if out:
                text = f"the given subnet {subnet.id} leads to the internet, too ({', '.join(out)})"
                yield PropertyNote("P8", text)


def _vpc(around: Surroundings, name: str) -> Vpc | None:
    """Return the VPC that the graph names for a node."""
    graph, step = around.graph, around.step(name)
    return None if graph is None or step is None else step.vpc or graph.vpc


def _wants_vpc(around: Surroundings, name: str) -> bool:
    return _vpc(around, name) is not None


def _where_asked(around: Surroundings, name: str, place: Said) -> Iterator[PropertyResult]:
    """Yield whether a function stands in the very subnets and security groups that its graph names."""
    vpc = _vpc(around, name)
    if vpc is None or vpc.create:
        return
    for part, asked in (("SubnetIds", vpc.placed_in), ("SecurityGroupIds", vpc.guarded_by)):
        ids = {one.id for one in asked}
        found = place.at(part)
        if any("${" in one for one in ids):  # of a CDK app: known at deployment
            continue
        same = {str(one.value) for one in found.items()} == ids
        verdict = Verdict.PROVED if same else Verdict.FAILED if found.is_known else Verdict.UNDECIDED
        words = "subnets" if part == "SubnetIds" else "security groups"
        mend = f"set {part} to {', '.join(sorted(ids))}"
        yield around.result("P8", name, f"'{name}' has the {words} that it was given", verdict, found, mend)


def _placed(around: Surroundings, name: str, node: FoundNode, place: Said) -> Iterator[PropertyResult]:
    text = f"the function of '{name}' has subnets and security groups of one VPC"
    subnets, groups = place.at("SubnetIds"), place.at("SecurityGroupIds")
    for part in (subnets, groups):
        if not part.is_known or not part.items():
            verdict = Verdict.FAILED if part.is_known else Verdict.UNDECIDED
            yield around.result("P8", name, text, verdict, part, "name at least one of each in VpcConfig")
            return
    vpcs = {_vpc_of(around, str(subnet.value)) for subnet in subnets.items()}
    apart = _group_elsewhere(around, groups, vpcs)
    if len(vpcs) > 1 or apart is not None:
        mend = "name subnets and security groups of one VPC"
        yield around.result("P8", name, text, Verdict.FAILED, apart or subnets, mend)
        return
    yield around.result("P8", name, text, Verdict.PROVED, subnets, "")
    for service in _needed(around, node):
        yield _reaches(around, name, service, place)


def _group_elsewhere(around: Surroundings, groups: Said, vpcs: set[str]) -> Said | None:
    """Return the place of a security group that stands in another VPC than the subnets."""
    for group in groups.items():
        for resource in around.of_type("AWS::EC2::SecurityGroup"):
            where = plain_text(resource.properties.get("VpcId", ""))
            is_known = said(resource, "VpcId").is_known and "" not in vpcs
            if resource.ref == group.value and is_known and where not in vpcs:
                return said(resource, "VpcId")
    return None


def _needed(around: Surroundings, node: FoundNode) -> tuple[str, ...]:
    """Return the services that the function's own code calls.

    Lambda itself polls the queue and writes the log, outside of the VPC. S3, SQS and SNS call KMS themselves,
    and a file system is mounted, not called.
    """
    function = around.resource(node.function)
    told = {} if function is None else variables(function)
    state = node.state
    has_documents = bool(node.store_arn or node.sources or told.get("LAKENB_CACHE") or state.index)
    is_called = {
        "dynamodb": bool(state.table),
        "s3": has_documents or not told,
        "scheduler": bool(state.open_group),
        "sqs": bool(node.dead_letters),
        "sns": bool(node.topic) and not node.is_announced,
        "states": bool(state.machine),
    }
    return tuple(service for service in _IN_ORDER if is_called[service])


@dataclass(frozen=True, slots=True)
class _Placed:
    """Where a function stands."""

    config: Said
    vpc: str
    subnets: frozenset[str]
    groups: frozenset[str]
    lists: Mapping[str, str]


_IN_ORDER = ("s3", "sqs", "sns", "dynamodb", "scheduler", "states")
_Check = tuple[Said, Verdict, str]
_ORDER = (Verdict.PROVED, Verdict.UNDECIDED, Verdict.FAILED)


def _reaches(around: Surroundings, name: str, service: str, config: Said) -> PropertyResult:
    """Return whether an endpoint of a service serves all subnets of a function."""
    text = f"'{name}' reaches {service.upper()} through an endpoint of its VPC"
    subnets = frozenset(str(one.value) for one in config.at("SubnetIds").items())
    groups = frozenset(str(one.value) for one in config.at("SecurityGroupIds").items())
    vpcs = {_vpc_of(around, subnet) for subnet in subnets}
    if "" in vpcs:
        place = config.at("SubnetIds")
        evidence = "the VPC of its subnets is not in this template: its endpoints cannot be seen"
        return around.result("P8", name, text, Verdict.UNDECIDED, place, "", evidence=evidence)
    vpc = _vpc(around, name)
    lists = {} if vpc is None else {one: vpc.prefix_list(one) for one in _IN_ORDER}
    placed = _Placed(config, min(vpcs), subnets, groups, lists)
    tried = [_endpoint(around, endpoint, placed) for endpoint in _endpoints(around, service, placed.vpc)]
    if not tried:
        mend = f"add an endpoint for com.amazonaws.{around.world.region}.{service} to the VPC of '{name}'"
        evidence = f"no endpoint of {around.shown(placed.vpc)} for {service}"
        return around.result("P8", name, text, Verdict.FAILED, config, mend, evidence=evidence)
    place, verdict, mend = min(tried, key=lambda one: _ORDER.index(one[1]))
    return around.result("P8", name, text, verdict, place, mend)


def _endpoints(around: Surroundings, service: str, vpc: str) -> Iterator[Resource]:
    """Yield the endpoints that are, or may be, a service's in a VPC."""
    for endpoint in around.of_type("AWS::EC2::VPCEndpoint"):
        served, where = said(endpoint, "ServiceName"), said(endpoint, "VpcId")
        is_for = not served.is_known or str(served.value).rpartition(".")[2] == service
        if is_for and (where.value == vpc or not where.is_known):
            yield endpoint


def _vpc_of(around: Surroundings, subnet: str) -> str:
    """Return the VPC of a subnet: of the template, or by an endpoint that stands in the same subnet."""
    for resource in around.of_type("AWS::EC2::Subnet"):
        if resource.ref == subnet:
            return plain_text(resource.properties.get("VpcId"))
    for endpoint in around.of_type("AWS::EC2::VPCEndpoint"):
        if any(one.value == subnet for one in said(endpoint, "SubnetIds").items()):
            return plain_text(endpoint.properties.get("VpcId"))
    return ""


def _endpoint(around: Surroundings, endpoint: Resource, placed: _Placed) -> _Check:
    """Return the worst that is to be said of the way to an endpoint."""
    kind, served, where = (said(endpoint, name) for name in ("VpcEndpointType", "ServiceName", "VpcId"))
    checks: list[_Check] = [
        (place, Verdict.UNDECIDED, "") for place in (kind, served, where) if not place.is_known
    ]
    if kind.value == "Interface":
        checks += _interface(around, endpoint, placed)
    elif kind.value == "Gateway" or not kind.is_there:  # what CloudFormation makes where nothing is written
        checks += _gateway(around, endpoint, placed)
    elif kind.is_known:
        checks.append((kind, Verdict.FAILED, "set VpcEndpointType to Interface or Gateway"))
    document = said(endpoint, "PolicyDocument")
    if not document.is_known and is_given(around.world, endpoint.logical_id):
        checks.append((document, Verdict.UNDECIDED, "say what the endpoint's policy is"))
    return max(reversed(checks), key=lambda check: _ORDER.index(check[1]))


def _gateway(around: Surroundings, endpoint: Resource, placed: _Placed) -> Iterator[_Check]:
    service = str(said(endpoint, "ServiceName").value).rpartition(".")[2]
    known = placed.lists.get(service, "")
    yield placed.config, lets_out(around, placed.groups, frozenset(), "", prefix_list=known), _LET_OUT
    tables = said(endpoint, "RouteTableIds")
    routed = {str(one.value) for one in tables.items()}
    for subnet in sorted(placed.subnets):
        used = {
            str(said(one, "RouteTableId").value)
            for one in around.of_type("AWS::EC2::SubnetRouteTableAssociation")
            if said(one, "SubnetId").value == subnet
        }
        if not tables.is_known:
            verdict = Verdict.UNDECIDED
        elif used:
            verdict = Verdict.PROVED if used <= routed else Verdict.FAILED
        else:  # the VPC's main route table, which no template names
            verdict = Verdict.UNDECIDED if routed else Verdict.FAILED
        yield tables, verdict, f"name the route table of {around.shown(subnet)} in RouteTableIds"


def _interface(around: Surroundings, endpoint: Resource, placed: _Placed) -> Iterator[_Check]:
    own = said(endpoint, "SecurityGroupIds")
    receivers = frozenset(str(one.value) for one in own.items())
    mend = "let the endpoint's security group take TCP port 443 from the function's security group"
    is_let = lets_in(around, receivers, placed.groups, placed.vpc) if own.is_known else Verdict.UNDECIDED
    yield own, is_let, mend
    yield placed.config, lets_out(around, placed.groups, receivers, placed.vpc), _LET_OUT
    subnets = said(endpoint, "SubnetIds")
    verdict = Verdict.PROVED if subnets.items() else Verdict.FAILED
    yield subnets, verdict, "name the subnets in which the endpoint stands"
    private = said(endpoint, "PrivateDnsEnabled")
    mend = "set PrivateDnsEnabled to true: the service's own name must lead to the endpoint"
    yield private, private.equals(wanted=True), mend
    for resource in around.of_type("AWS::EC2::VPC"):
        if resource.ref == placed.vpc:
            # Amazon VPC User Guide, "DNS attributes for your VPC": private DNS wants both
            names, support = said(resource, "EnableDnsHostnames"), said(resource, "EnableDnsSupport")
            yield names, names.equals(wanted=True), "set EnableDnsHostnames to true"
            verdict = support.equals(wanted=True) if support.is_there else Verdict.PROVED
            yield support, verdict, "set EnableDnsSupport to true, or leave it out"
