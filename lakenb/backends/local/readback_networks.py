"""Networks on the embedded AWS: where a function is placed is a record there, with no network behind it.

What a placed function's code asks for carries the ids of the VPC and of the endpoint that it would take on
AWS, so a role that is bound to the endpoint works here as there (`launcher.networks`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakenb.backends.local.launcher.networks import TAG_ENDPOINT, TAG_VPC
from lakenb.graph.networks import placed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakenb.backends.local.seam import Emulator
    from lakenb.backends.local.stack import Stack
    from lakenb.graph.graph import Graph

_PARTS = ("SecurityGroupIds", "SubnetIds")
NOT_EXERCISED = (
    "The VPC of {nodes}: the embedded AWS has no network. Its endpoints, their policies, its security groups "
    "and private names were not exercised here; the proof on the template stands"
)


def not_exercised(graph: Graph) -> tuple[str, ...]:
    """Return what a run says of the VPCs that its functions would be in; nothing where there is none."""
    nodes = ", ".join(repr(node) for node in placed(graph))
    return (NOT_EXERCISED.format(nodes=nodes),) if nodes else ()


def placement_differences(
    wanted: Mapping[str, Any], found: Mapping[str, Any]
) -> Iterator[tuple[str, Any, Any]]:
    """Yield where a function's placement is not what the template says."""
    if "VpcConfig" in wanted:
        yield "VpcConfig", _ids(wanted["VpcConfig"]), _ids(found.get("VpcConfig", {}))


def _ids(config: Mapping[str, Any]) -> dict[str, list[str]]:
    return {part: sorted(config.get(part, [])) for part in _PARTS}


def name_given_endpoints(emulator: Emulator, stack: Stack, graph: Graph) -> None:
    """Tell the embedded AWS the endpoint for S3 of given VPCs to which roles are bound.

    A VPC that the stack does not make does not exist there. The ids go into tags of the functions on the
    embedded AWS, where its launcher reads them; the template has no such tags.
    """
    functions = emulator.client("lambda")
    for node, vpc in placed(graph).items():
        if vpc.pin and not vpc.create:
            arn = f"arn:aws:lambda:{stack.region}:{stack.account}:function:{stack.name}_{node}"
            tags = {TAG_ENDPOINT: vpc.endpoint("s3"), TAG_VPC: vpc.id or "vpc-given"}
            functions.tag_resource(Resource=arn, Tags=tags)
