"""File systems and where they can stand: in the subnets of a node's VPC, one mount target in each zone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.errors import Fault
from lakenb.graph.services import Service

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakenb.graph.network_parts import Subnet
    from lakenb.graph.networks import Vpc
    from lakenb.graph.steps import Step

# Amazon EFS User Guide, "Creating and managing mount targets": one in each availability zone, and no region
# has more than six.
MOST_MOUNT_TARGETS = 6


def mounted_in(vpc: Vpc) -> tuple[Subnet, ...]:
    """Return the subnets of a given VPC in which mount targets stand: the first of each zone.

    A subnet whose zone is not known is taken for the only one of its zone.
    """
    first: dict[str, Subnet] = {}
    for subnet in vpc.placed_in:
        first.setdefault(subnet.zone or subnet.id, subnet)
    return tuple(first.values())


def mount_faults(steps: Iterable[Step], vpc: Vpc | None) -> Iterator[Fault]:
    """Yield what is wrong with the placement of nodes that have a file system.

    Parameters
    ----------
    steps
        A pipeline's.
    vpc
        The pipeline's own VPC; a step's goes before it.
    """
    for step in steps:
        if Service.FILES not in step.services():
            continue
        placed, where = step.vpc or vpc, f"node {step.id!r}"
        if placed is None:
            what = f"the file system of {step.id!r} can be reached in a VPC only, and the node has none"
            yield Fault(what, where, 'give the node vpc=lk.Vpc(create=True), or on="s3"')
        elif not placed.create and not placed.id:
            what = f"the VPC of {step.id!r} is not named, and its file system needs a security group there"
            yield Fault(what, where, 'name it: lk.Vpc(id="vpc-...", subnets=[...], security_groups=[...])')
        elif len(mounted_in(placed)) > MOST_MOUNT_TARGETS:
            what = f"the VPC of {step.id!r} has {len(mounted_in(placed))} subnets of as many zones"
            mend = f"name at most {MOST_MOUNT_TARGETS} subnets, each in a zone of its own"
            yield Fault(what, where, mend)
