"""The resources of the bucket of a node's index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lakenb.template.names import Kind
    from lakenb.template.resources import Resource, View


def resources(view: View) -> dict[Kind, Resource]:  # noqa: ARG001 - written by what needs it
    """Return the resources, by kind."""
    return {}


def environment(view: View) -> dict[str, Any]:  # noqa: ARG001 - written by what needs it
    """Return what the node's function is told of them."""
    return {}
