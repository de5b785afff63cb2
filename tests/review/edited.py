"""Templates of pipelines, changed in one place."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, TypeAlias

from lakenb.iam.stacks.source import source
from lakenb.review.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakenb.graph.graph import Graph
    from lakenb.review.findings import Finding
    from lakenb.review.verification import Verification

Template: TypeAlias = dict[str, Any]
Edit: TypeAlias = "Callable[[Template], None]"


def edited(graph: Any, *edits: Edit) -> Template:
    """Return a pipeline's template with some edits of its resources."""
    template: Template = copy.deepcopy(graph.template())
    for edit in edits:
        edit(template["Resources"])
    return template


def verified(graph: Graph, *edits: Edit) -> Verification:
    """Return what becomes of the claims on a pipeline's edited template."""
    return verify(source(edited(graph, *edits)), graph)


def of_claim(verification: Verification, claim: str) -> list[Finding]:
    return [one for one in verification.findings if one.claim == claim]


def statements(resources: Template, logical_id: str) -> list[Template]:
    """Return the statements of a role's own policy or of a resource's policy, to be changed in place."""
    properties = resources[logical_id]["Properties"]
    if "Policies" in properties:
        properties = properties["Policies"][0]
    found: list[Template] = properties["PolicyDocument"]["Statement"]
    return found


def statement(resources: Template, logical_id: str, sid: str) -> Template:
    return next(one for one in statements(resources, logical_id) if one["Sid"] == sid)


def without(logical_id: str, sid: str) -> Edit:
    """Return the edit that takes a statement out."""

    def edit(resources: Template) -> None:
        statements(resources, logical_id).remove(statement(resources, logical_id, sid))

    return edit


def allowing(role: str, action: Any, resource: Any, **more: Any) -> Edit:
    """Return the edit that lets a role do more."""

    def edit(resources: Template) -> None:
        added = {"Sid": "Added", "Effect": "Allow", "Action": action, "Resource": resource, **more}
        statements(resources, role).append(added)

    return edit


def arn(logical_id: str) -> Template:
    return {"Fn::GetAtt": [logical_id, "Arn"]}


def within(logical_id: str, keys: str) -> Template:
    """Return objects of a bucket."""
    return {"Fn::Join": ["", [arn(logical_id), f"/{keys}"]]}
