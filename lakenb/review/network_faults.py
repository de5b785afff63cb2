"""What a given VPC lacks for the nodes that are placed in it: one fault for each node and service."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lakenb.errors import Fault
from lakenb.graph.networks import placed
from lakenb.iam.proof.prover import prove
from lakenb.iam.proof.values import Verdict
from lakenb.iam.stacks.read import Reader
from lakenb.iam.stacks.source import source
from lakenb.review.case import Case
from lakenb.review.endpoints import ways
from lakenb.review.find import Index, find
from lakenb.review.given_networks import is_given, network_name, with_given
from lakenb.review.properties.networks import networks
from lakenb.review.properties.surroundings import Surroundings
from lakenb.review.wanted import wanted

_NAMED = re.compile(r"\$\{((?:vpc|subnet|sg|rtb|vpce)-[^}]*)\}")  # ids, which are nobody's resources here

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakenb.graph.graph import Graph
    from lakenb.iam.stacks.world import World
    from lakenb.review.properties.values import PropertyResult


def network_faults(template: Mapping[str, Any], graph: Graph) -> tuple[Fault, ...]:
    """Return what the described VPCs of a pipeline lack.

    Missing endpoints, private names that are off, subnets whose routes do not lead to a gateway, security
    groups that are closed, endpoint policies that are too narrow. What is not known is no fault: it is
    assumed, or undecided, when the template is verified.

    Parameters
    ----------
    template
        The pipeline's template.
    graph
        The pipeline.

    Returns
    -------
    tuple[Fault, ...]
        Sorted by node; empty for a pipeline without a described VPC, without reading its template.
    """
    described = {node: vpc for node, vpc in placed(graph).items() if vpc.is_described}
    if not described:
        return ()
    world = with_given(Reader().worlds(source(dict(template)))[0], graph)
    index = Index(world)
    found = find(world, graph, index=index)
    around = Surroundings(world, found, graph)
    faults: dict[Fault, None] = {}
    for node, vpc in described.items():
        where = f"node {node!r}, {network_name(vpc)}"
        for result in networks(around, node) if node in found.nodes else ():
            if result.verdict is Verdict.FAILED:
                faults[_fault(world, result, where)] = None
    for fault in _narrow(world, Case(world, found, wanted(graph), index)):
        faults[fault] = None
    return tuple(faults)


def _fault(world: World, result: PropertyResult, where: str) -> Fault:
    """Return a result as a fault: in the words of somebody who has no template before them."""

    def plain(text: str) -> str:
        return _NAMED.sub(r"\1", text).replace(f".{world.region}.", ".<region>.")

    said = result.text.replace(" reaches ", " does not reach ", 1)
    denied = said if said != result.text else f"it does not hold that {result.text}"
    place = f"{result.logical_id} " if is_given(world, result.logical_id) else ""
    return Fault(f"{denied}: {place}{plain(result.evidence)}", where, plain(result.mend))


def _narrow(world: World, case: Case) -> Iterator[Fault]:
    """Yield which policies of given endpoints stop a node."""
    for way in ways(case):
        policy = way.endpoint.policy
        if policy is None or not is_given(world, way.endpoint.logical_id):
            continue
        for task in way.tasks(case)():
            outcome = prove(world, task.whole)
            if outcome.verdict is not Verdict.FAILED or outcome.witness is None:
                continue
            asked = f"{outcome.witness.action} on {world.shown(outcome.witness.resource)}"
            whose = f"the policy of the endpoint {way.endpoint.id} for {way.service}"
            what = f"{whose} does not let {way.node!r} do {asked}"
            mend = f"ask the owner of {way.endpoint.id} to let its policy allow it"
            yield Fault(what, f"node {way.node!r}, the endpoint {way.endpoint.id}", mend)
