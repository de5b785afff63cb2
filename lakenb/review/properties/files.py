"""P2 and P10 of file systems: one access point, which fixes user and folder, and a way to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.iam.proof.values import Verdict
from lakenb.review.properties.reading import attribute, plain_text, said, whole, worst
from lakenb.review.properties.security_groups import lets_in, lets_out
from lakenb.review.properties.values import PropertyNote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.iam.stacks.world import Resource
    from lakenb.review.find import FoundNode
    from lakenb.review.properties.reading import Said
    from lakenb.review.properties.surroundings import Surroundings
    from lakenb.review.properties.values import PropertyResult

_POINT, _TARGET, _SUBNET = "AWS::EFS::AccessPoint", "AWS::EFS::MountTarget", "AWS::EC2::Subnet"
_GROUP = "AWS::EC2::SecurityGroup"
_ROOT, _NFS = 0, 2049


def files(around: Surroundings, name: str) -> Iterator[PropertyResult]:
    """Return the results for a node with a file system."""
    node = around.node(name)
    system, point = around.resource(node.state.files), around.resource(node.state.access_point)
    function = around.resource(node.function)
    if system is None or point is None or function is None:
        return
    yield _one_door(around, name, system, point)
    yield _no_copies(around, name, system)
    yield from _fixed(around, name, point)
    yield _mounted(around, name, function)
    yield _reached(around, name, node, function)
    targets = _targets(around, system)
    yield _awaits(around, name, function, targets)
    for target in targets:
        yield _open_way(around, name, function, target)


def file_notes(around: Surroundings) -> Iterator[PropertyNote]:
    """Return what is taken for granted of security groups that are not of the template."""
    for name, node in around.found.nodes.items():
        function = around.resource(node.function)
        if node.state.files and function is not None and _strange_groups(around, function):
            text = f"'{name}' reaches its file system if its given security groups send to TCP port {_NFS}"
            yield PropertyNote("P8", text)


def _targets(around: Surroundings, system: Resource) -> tuple[Resource, ...]:
    return tuple(one for one in around.of_type(_TARGET) if said(one, "FileSystemId").value == system.ref)


def _awaits(
    around: Surroundings, name: str, function: Resource, targets: tuple[Resource, ...]
) -> PropertyResult:
    # AWS CloudFormation, AWS::Lambda::Function, FileSystemConfigs: it must depend on the mount targets
    text = f"the function of '{name}' is made when its file system can be mounted"
    place = attribute(function, "DependsOn")
    awaited = {str(one.value) for one in place.items()}
    wanted = {one.logical_id.rpartition("/")[2] for one in targets}
    verdict = Verdict.PROVED if wanted <= awaited else Verdict.FAILED
    mend = f"let the function depend on {' and '.join(sorted(wanted))}"
    return around.result("P10", name, text, verdict, place, mend)


def _open_way(around: Surroundings, name: str, function: Resource, target: Resource) -> PropertyResult:
    """Return whether security groups let NFS through between a function and a mount target."""
    text = f"security groups let the function of '{name}' reach {target.logical_id}"
    own = frozenset(str(one.value) for one in said(function, "VpcConfig", "SecurityGroupIds").items())
    place = said(target, "SecurityGroups")
    receivers = frozenset(str(one.value) for one in place.items())
    subnet = said(target, "SubnetId").value
    vpc = next(
        (plain_text(one.properties.get("VpcId")) for one in around.of_type(_SUBNET) if one.ref == subnet), ""
    )
    verdicts = [lets_in(around, receivers, own, vpc, port=_NFS) if place.is_known else Verdict.UNDECIDED]
    if not _strange_groups(around, function):
        verdicts.append(lets_out(around, own, receivers, vpc, port=_NFS))
    mend = f"let the target's group take TCP port {_NFS} from the function's, and the function's send there"
    return around.result("P10", name, text, worst(verdicts), place, mend)


def _strange_groups(around: Surroundings, function: Resource) -> bool:
    """Return whether any of a function's security groups is not of the template."""
    own = {one.ref for one in around.of_type(_GROUP)} | {
        str(one.properties.get("GroupId", "")) for one in around.of_type(_GROUP)
    }
    return any(one.value not in own for one in said(function, "VpcConfig", "SecurityGroupIds").items())


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


def _no_copies(around: Surroundings, name: str, system: Resource) -> PropertyResult:
    # Amazon EFS User Guide, "Replicating EFS file systems": EFS copies all of it, without a role's leave
    text = f"what the file system of '{name}' holds goes nowhere else"
    place = said(system, "ReplicationConfiguration")
    verdict = Verdict.PROVED
    if place.is_there:
        verdict = Verdict.FAILED if place.is_known else Verdict.UNDECIDED
    return around.result("P2", name, text, verdict, place, "leave ReplicationConfiguration out")


def _fixed(around: Surroundings, name: str, point: Resource) -> Iterator[PropertyResult]:
    # Amazon EFS User Guide, "Working with Amazon EFS access points": it enforces a user and a root directory
    text = f"whoever mounts the file system of '{name}' is one user, and not root"
    user, group = (said(point, "PosixUser", one) for one in ("Uid", "Gid"))
    verdicts = [_not_root(place.number(), is_known=place.is_known) for place in (user, group)]
    place = user if verdicts[0] is not Verdict.PROVED else group
    mend = "set PosixUser with a Uid and a Gid above 0"
    yield around.result("P2", name, text, worst(verdicts), place, mend)
    text = f"the access point of '{name}' leads to a folder of its own, which is made for that user"
    folder, made = said(point, "RootDirectory", "Path"), said(point, "RootDirectory", "CreationInfo")
    owners = [made.at(one).equals(place.value) for one, place in (("OwnerUid", user), ("OwnerGid", group))]
    is_inside = isinstance(folder.value, str) and folder.value.startswith("/") and folder.value != "/"
    verdicts = [_plain(is_inside, folder), _plain(made.at("Permissions").is_there, made), *owners]
    mend = "set RootDirectory with a Path below / and a CreationInfo for the user of PosixUser"
    yield around.result("P10", name, text, worst(verdicts), folder, mend)


def _plain(is_so: bool, place: Said) -> Verdict:
    if is_so:
        return Verdict.PROVED
    return Verdict.FAILED if place.is_known else Verdict.UNDECIDED


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
