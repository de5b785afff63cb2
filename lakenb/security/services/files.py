"""What a node with a file system needs, and what the file system refuses to everybody.

Without a policy of its own, EFS lets every client that reaches a mount target mount, write and act as root
(Amazon EFS User Guide, "Using IAM to control access to file systems", default policy). The policy here allows
nobody anything: what is allowed, the node's role says, and it says by which access point.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.security.values import EVERYONE, Condition, Sort, Statement, of

if TYPE_CHECKING:
    from lakenb.graph.graph import Graph
    from lakenb.security.values import ExtraRole

# Service Authorization Reference, "Amazon Elastic File System": the actions of NFS clients, and its keys.
MOUNT, WRITE, ROOT = (
    "elasticfilesystem:ClientMount",
    "elasticfilesystem:ClientWrite",
    "elasticfilesystem:ClientRootAccess",
)
_POINT = "elasticfilesystem:AccessPointArn"
_WITHOUT_TLS = (Condition("Bool", "aws:SecureTransport", ("false",)),)
_WITHOUT_POINT = (Condition("Null", _POINT, ("true",)),)


def statements(graph: Graph, node: str) -> tuple[Statement, ...]:  # noqa: ARG001 - all file systems are used alike
    """Return what the node's role may do: mount and write by its access point, never as root.

    Source: AWS Lambda Developer Guide, "Configuring Amazon EFS file system access", execution role
    permissions; Amazon EFS User Guide, "Using access points in IAM policies".
    """
    by_point = Condition("StringEquals", _POINT, (of(Sort.ACCESS_POINT, node),))
    why = f"'{node}' keeps its index on a file system of its own, by its access point"
    return (Statement("MountFiles", (MOUNT, WRITE), (of(Sort.FILES, node),), why, (by_point,)),)


def roles(graph: Graph, node: str) -> tuple[ExtraRole, ...]:  # noqa: ARG001 - of the registry's form
    """Return the roles that services take for the node: none, Lambda mounts with the function's own."""
    return ()


def file_system_statements(node: str) -> tuple[Statement, ...]:
    """Return the policy of a node's file system: over TLS, by an access point, and never as root.

    The access point is not named: it is made after the file system whose policy this is. There is one, and
    the role names it.
    """
    itself = (of(Sort.ANYTHING),)  # in the policy of a resource: that one; its ARN would name itself
    tls = f"nobody reaches the file system of '{node}' without TLS"
    point = f"nobody reaches the file system of '{node}' but by an access point"
    root = f"nobody is root on the file system of '{node}'"
    return (
        Statement("DenyPlainNfs", ("elasticfilesystem:*",), itself, tls, _WITHOUT_TLS, EVERYONE, "Deny"),
        Statement(
            "DenyWithoutAccessPoint", (MOUNT, WRITE, ROOT), itself, point, _WITHOUT_POINT, EVERYONE, "Deny"
        ),
        Statement("DenyRoot", (ROOT,), itself, root, (), EVERYONE, "Deny"),
    )
