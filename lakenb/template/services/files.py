"""A node's file system, the one way into it, and where it stands in the node's VPC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakenb.graph.mounts import mounted_in
from lakenb.graph.networks import vpc_of
from lakenb.graph.services import Service
from lakenb.security.services.files import file_system_statements
from lakenb.template.names import Kind
from lakenb.template.networks import placement
from lakenb.template.policies import document
from lakenb.template.resources import resource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakenb.template.networks import Placement
    from lakenb.template.resources import Resource, View

# Lambda API Reference, FileSystemConfig: below /mnt
MOUNT_PATH = "/mnt/index"
_NFS = 2049
_USER = "1000"
_FOLDER = "/index"
_PERMISSIONS = "0750"
_MOUNT_TARGETS = (
    Kind.MOUNT_TARGET_A,
    Kind.MOUNT_TARGET_B,
    Kind.MOUNT_TARGET_C,
    Kind.MOUNT_TARGET_D,
    Kind.MOUNT_TARGET_E,
    Kind.MOUNT_TARGET_F,
)


def resources(view: View) -> dict[Kind, Resource]:
    """Return the file system, its access point, its security group and a mount target in each zone.

    Outside of a VPC there is none: the pipeline refuses such a node.
    """
    where = placement(view.graph, view.node)
    if where is None:
        return {}
    return {
        Kind.FILES: _file_system(view),
        Kind.FILES_GROUP: _group(view, where),
        Kind.ACCESS_POINT: _access_point(view),
        **{kind: _mount_target(view, subnet) for kind, subnet in _stands(view, where).items()},
    }


def environment(view: View) -> dict[str, Any]:  # noqa: ARG001 - the same for every node
    """Return what the node's function is told of its files: the folder at which they are mounted."""
    return {"LAKENB_FILES": MOUNT_PATH}


def mount(view: View, function: Resource) -> None:
    """Let a node's function mount its file system, if it has one.

    Parameters
    ----------
    view
        The node's view of the graph.
    function
        The function's resource; changed in place.

    Notes
    -----
    Source: AWS CloudFormation, AWS::Lambda::Function, FileSystemConfigs: it awaits the mount targets.
    """
    where = placement(view.graph, view.node)
    if Service.FILES not in view.step.services() or where is None:
        return
    point = view.arn(Kind.ACCESS_POINT)
    function["Properties"]["FileSystemConfigs"] = [{"Arn": point, "LocalMountPath": MOUNT_PATH}]
    function["DependsOn"] = [view.id(kind) for kind in _stands(view, where)]


def _stands(view: View, where: Placement) -> Mapping[Kind, Any]:
    """Return the subnets of mount targets: all of a VPC that is made, of a given one each zone's first."""
    vpc = vpc_of(view.graph, view.node)
    given = () if vpc is None or vpc.create else tuple(subnet.id for subnet in mounted_in(vpc))
    return dict(zip(_MOUNT_TARGETS, given or where.subnets, strict=False))


def _file_system(view: View) -> Resource:
    """Return the file system: encrypted, and left behind with what it holds when the stack is deleted.

    It is not backed up. The events make the index anew, and a backup would lie in a vault whose key and
    policy are not this pipeline's.
    """
    properties = {
        "BackupPolicy": {"Status": "DISABLED"},
        "Encrypted": True,
        "FileSystemPolicy": document(file_system_statements(view.node), view.arns),
        "ThroughputMode": "elastic",
    }
    return resource("AWS::EFS::FileSystem", properties, retain=True)


def _access_point(view: View) -> Resource:
    """Return the access point: one user that is not root, in a folder of its own."""
    owner = {"OwnerGid": _USER, "OwnerUid": _USER, "Permissions": _PERMISSIONS}
    properties = {
        "FileSystemId": {"Ref": view.id(Kind.FILES)},
        "PosixUser": {"Gid": _USER, "Uid": _USER},
        "RootDirectory": {"CreationInfo": owner, "Path": _FOLDER},
    }
    return resource("AWS::EFS::AccessPoint", properties)


def _group(view: View, where: Placement) -> Resource:
    """Return the security group of the mount targets: NFS from the functions' groups, and nothing out."""
    ports = {"IpProtocol": "tcp", "FromPort": _NFS, "ToPort": _NFS}
    taken = [
        {**ports, "Description": "from the functions of the pipeline", "SourceSecurityGroupId": group}
        for group in where.security_groups
    ]
    # without a rule AWS adds one that lets everything out; a mount target sends nothing by itself
    nothing = {**ports, "CidrIp": "127.0.0.1/32", "Description": "nowhere: a mount target only answers"}
    properties = {
        "GroupDescription": f"The file system of {view.node}",
        "SecurityGroupEgress": [nothing],
        "SecurityGroupIngress": taken,
        "VpcId": where.vpc,
    }
    return resource("AWS::EC2::SecurityGroup", properties)


def _mount_target(view: View, subnet: Any) -> Resource:
    properties = {
        "FileSystemId": {"Ref": view.id(Kind.FILES)},
        "SecurityGroups": [{"Fn::GetAtt": [view.id(Kind.FILES_GROUP), "GroupId"]}],
        "SubnetId": subnet,
    }
    return resource("AWS::EFS::MountTarget", properties)
