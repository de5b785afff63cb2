"""The sections of a template, and what stands in them, as written."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

STACK: Final = "AWS::CloudFormation::Stack"


def section(template: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a section of a template; empty where it is not there."""
    found = template.get(name)
    return found if isinstance(found, dict) else {}


def kind_of(resource: Any) -> str:
    """Return a resource's type; empty where it has none."""
    kind = resource.get("Type", "") if isinstance(resource, dict) else ""
    return kind if isinstance(kind, str) else ""


def properties_of(resource: Any) -> Mapping[str, Any]:
    """Return a resource's properties as written; empty where they are none."""
    found = resource.get("Properties") if isinstance(resource, dict) else None
    return found if isinstance(found, dict) else {}


def meant(name: str, known: Iterable[str]) -> str:
    """Return how to mend a name that is not there: the nearest one that is."""
    near = difflib.get_close_matches(name, [each for each in known if isinstance(each, str)], n=1)
    return f"did you mean {near[0]}?" if near else "name one that is there, or add it"
