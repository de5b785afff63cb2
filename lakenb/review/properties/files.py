"""P2 and P10 of file systems: one access point, which fixes user and folder, and a way to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.iam.proof.values import Verdict
from lakenb.review.properties.reading import said, whole, worst

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.iam.stacks.world import Resource
    from lakenb.review.find import FoundNode
    from lakenb.review.properties.surroundings import Surroundings
    from lakenb.review.properties.values import PropertyResult

_POINT, _TARGET = "AWS::EFS::AccessPoint", "AWS::EFS::MountTarget"
_ROOT = 0


def files(around: Surroundings, name: str) -> Iterator[PropertyResult]:
    """Return the results for a node with a file system."""
    node = around.node(name)
    system, point = around.resource(node.state.files), around.resource(node.state.access_point)
    function = around.resource(node.function)
    if system is None or point is None or function is None:
        return
    yield _one_door(around, name, system, point)
    yield from _fixed(around, name, point)
    yield _mounted(around, name, function)
    yield _reached(around, name, node, function)


def _one_door(around: Surroundings, name: str, system: Resource, point: Resource) -> PropertyResult:
    text = f"the file system of '{name}' has one access point, its own"
    for other in around.of_type(_POINT):
        place = said(other, "FileSystemId")
        if other is point or (place.is_known and place.value not in {system.ref, system.arn}):
            continue
        verdict = Verdict.FAILED if place.is_known else Verdict.UNDECIDED
        return around.result("P2", name, text, verdict, place, f"leave {other.logical_id} out")
    return around.result(
        "P2", name, text, Verdict.PROVED, whole(point.logical_id), "", evidence="no other one"
    )


def _fixed(around: Surroundings, name: str, point: Resource) -> Iterator[PropertyResult]:
    # Amazon EFS User Guide, "Working with Amazon EFS access points": it enforces a user and a root directory
    text = f"whoever mounts the file system of '{name}' is one user, and not root"
    user, group = (said(point, "PosixUser", one) for one in ("Uid", "Gid"))
    verdicts = [_not_root(place.number(), is_known=place.is_known) for place in (user, group)]
    place = user if verdicts[0] is not Verdict.PROVED else group
    mend = "set PosixUser with a Uid and a Gid above 0"
    yield around.result("P2", name, text, worst(verdicts), place, mend)


def _not_root(number: float | None, *, is_known: bool) -> Verdict:
    if number is not None and number > _ROOT:
        return Verdict.PROVED
    return Verdict.FAILED if is_known else Verdict.UNDECIDED


def _mounted(around: Surroundings, name: str, function: Resource) -> PropertyResult:
    text = f"the function of '{name}' finds its file system where it is told"
    told = said(function, "Environment", "Variables", "LAKENB_FILES")
    path = said(function, "FileSystemConfigs", 0, "LocalMountPath")
    verdict = told.equals(path.value) if path.is_there and told.is_there else Verdict.FAILED
    mend = "name the same folder in LAKENB_FILES and in FileSystemConfigs"
    return around.result("P10", name, text, verdict, told, mend)


def _reached(around: Surroundings, name: str, node: FoundNode, function: Resource) -> PropertyResult:
    """Return whether there is a mount target for each subnet of a function: in it, or in its zone.

    AWS Lambda Developer Guide, "Configuring file system access for Lambda functions": each zone that the
    function runs in needs one. Zones of given subnets stand in the graph, if anywhere.
    """
    text = f"the function of '{name}' reaches a mount target of its file system"
    subnets = said(function, "VpcConfig", "SubnetIds")
    system = around.resource(node.state.files)
    mend = "place the function in a VPC, and add a mount target in each of its subnets"
    if not subnets.items() or system is None:
        verdict = Verdict.FAILED if subnets.is_known else Verdict.UNDECIDED
        return around.result("P10", name, text, verdict, subnets, mend)
    targets = [one for one in around.of_type(_TARGET) if said(one, "FileSystemId").value == system.ref]
    served = {str(said(one, "SubnetId").value) for one in targets}
    zones = _zones(around, name)
    reached = {zones[one] for one in served & zones.keys()} - {""}
    missing = [
        one
        for one in subnets.items()
        if str(one.value) not in served and zones.get(str(one.value), "") not in reached
    ]
    verdict = Verdict.PROVED
    if missing:
        verdict = Verdict.FAILED if subnets.is_known else Verdict.UNDECIDED
    place = missing[0] if missing else subnets
    return around.result("P10", name, text, verdict, place, mend)


def _zones(around: Surroundings, name: str) -> dict[str, str]:
    """Return the zones of given subnets, as the graph describes them."""
    step, graph = around.step(name), around.graph
    vpc = None if step is None or graph is None else step.vpc or graph.vpc
    return {} if vpc is None else {one.id: one.zone for one in vpc.placed_in}
