"""The bucket of a node's index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakenb.security.services.indexes import index_objects
from lakenb.security.statements import bucket_statements
from lakenb.security.values import Sort, of
from lakenb.template.names import Kind
from lakenb.template.policies import document
from lakenb.template.resources import bucket, resource

if TYPE_CHECKING:
    from lakenb.template.resources import Resource, View


def resources(view: View) -> dict[Kind, Resource]:
    """Return the bucket, which nothing expires in, and its policy: over TLS 1.2 only, as every bucket's."""
    statements = bucket_statements(of(Sort.INDEX_BUCKET, view.node), index_objects(view.node))
    policy = {"Bucket": {"Ref": view.id(Kind.INDEX)}, "PolicyDocument": document(statements, view.arns)}
    return {Kind.INDEX: bucket({}), Kind.INDEX_POLICY: resource("AWS::S3::BucketPolicy", policy)}


def environment(view: View) -> dict[str, Any]:
    """Return what the node's function is told of its index: the bucket."""
    return {"LAKENB_INDEX": {"Ref": view.id(Kind.INDEX)}}
