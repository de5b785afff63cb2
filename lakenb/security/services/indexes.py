"""What a node with an index in a bucket needs.

The index is the node's state: it is read, listed and made tidy, which nobody may do with a store. So it has a
bucket of its own in which no document lies, and no other role holds anything on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.security.values import EVERYTHING, Sort, Statement, Target, of

if TYPE_CHECKING:
    from lakenb.graph.graph import Graph
    from lakenb.security.values import ExtraRole

# Amazon S3 API Reference, permissions of GetObject, PutObject (conditional puts need no other), DeleteObject;
# Amazon S3 User Guide, "Uploading and copying objects using multipart upload": parts are put, or given up.
_ACTIONS = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload")


def index_objects(node: str) -> Target:
    """Return all objects of a node's index."""
    return Target(Sort.INDEX_OBJECTS.value, node, EVERYTHING)


def statements(graph: Graph, node: str) -> tuple[Statement, ...]:  # noqa: ARG001 - all indexes are used alike
    """Return what the node's role may do: all that LanceDB does with the files of its tables."""
    return (
        Statement(
            "KeepIndex", _ACTIONS, (index_objects(node),), f"'{node}' keeps its index in a bucket of its own"
        ),
        Statement(
            "ListIndex",
            ("s3:ListBucket",),
            (of(Sort.INDEX_BUCKET, node),),
            f"'{node}' finds the newest version of its index by listing",
        ),
    )


def roles(graph: Graph, node: str) -> tuple[ExtraRole, ...]:  # noqa: ARG001 - of the registry's form
    """Return the roles that services take for the node: none, S3 acts for nobody here."""
    return ()
